"""`schulbote status`."""

import asyncio
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from school.config import load_settings
from schulbote.json_text import as_text
from schulbote.status import look_at_everything


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The same for programs.")
@click.pass_obj
def command(config: Path, as_json: bool) -> None:
    """Say what is waiting, who is silent, and whether something is wrong (then the exit status is 1)."""
    settings = load_settings(config)
    found = asyncio.run(look_at_everything(settings))
    if as_json:
        click.echo(as_text(found.as_json()))
    else:
        table = Table(show_header=False)
        for row in found.rows(settings):
            table.add_row(*row)
        Console().print(table)
        for problem in found.problems:
            click.echo(problem, err=True)
    sys.exit(1 if found.problems else 0)
