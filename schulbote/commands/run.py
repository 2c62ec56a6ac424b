"""`schulbote run`."""

import asyncio
import logging
import sys
from pathlib import Path

import click
import structlog

from school.config import load_settings
from schulbote.service import serve


@click.command()
@click.pass_obj
def command(config: Path) -> None:
    """Run the appservice: the bot, the rest queue, the web pages."""
    settings = load_settings(config)
    _log_lines()
    asyncio.run(serve(settings))


def _log_lines() -> None:
    """One line an event, with keys; no message text is ever given to the log."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
