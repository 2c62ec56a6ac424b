"""`schulbote sync`."""

import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path

import click
from rich.console import Console

from roster_sync.mirror import MirrorReport
from roster_sync.plan import Plan
from roster_sync.runner import PlanSeen, StoppedError
from school.config import Settings, load_settings
from schulbote.connections import open_database, open_homeserver, open_runner
from schulbote.json_text import as_text
from schulbote.plan_view import show_plan
from schulbote.progress import shown
from schulbote.syncing import readers_of, roster_sync


@click.command()
@click.option("--dry-run", is_flag=True, help="Show the plan and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="The plan for programs.")
@click.option("--confirm", is_flag=True, help="Apply also a plan that removes many people.")
@click.pass_obj
def command(config: Path, dry_run: bool, as_json: bool, confirm: bool) -> None:
    """Make the messenger follow the school's register."""
    settings = load_settings(config)
    asyncio.run(_sync(settings, dry_run=dry_run, as_json=as_json, confirm=confirm))


async def _sync(settings: Settings, *, dry_run: bool, as_json: bool, confirm: bool) -> None:
    readers = readers_of(settings)
    console = Console(stderr=as_json)
    async with open_database(settings) as engine:
        sync = roster_sync(settings, engine, readers)
        if dry_run:
            register = sync.read()
            _doubt(register.doubts)
            _show(await sync.plan(register), console, as_json=as_json)
            return

        def planned(seen: PlanSeen) -> None:
            _doubt(seen.doubts)
            _show(seen.plan, console, as_json=as_json)

        async with open_homeserver(settings) as homeserver:
            runner = open_runner(settings, engine, homeserver, sync=lambda: sync)
            try:
                with shown(console) as progress:
                    done = await runner.run(
                        actor="schulbote sync", confirmed=confirm, on_plan=planned, progress=progress
                    )
            except StoppedError as error:
                _doubt(error.plan.doubts)
                raise
    if done.report is not None:
        _tell(done.report)


def _doubt(doubts: Iterable[str]) -> None:
    for doubt in doubts:
        click.echo(doubt, err=True)


def _show(plan: Plan, console: Console, *, as_json: bool) -> None:
    if as_json:
        click.echo(as_text(plan.as_json()))
        return
    show_plan(plan, console)


def _tell(report: MirrorReport) -> None:
    """What a person has to know of a mirror's run.

    Raises:
        SystemExit: 1, if something was not done.
    """
    for user_id in report.locked_by_admin:
        click.echo(f"{user_id} is locked by an administrator and stays so.", err=True)
    for failure in report.failures:
        click.echo(f"Not done: {failure}", err=True)
    if report.failures:
        click.echo("Start the sync again to try these once more.", err=True)
        sys.exit(1)
