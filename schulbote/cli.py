"""The command line.

Exit status: 0 done; 1 refused or failed, with a sentence on stderr; 2 wrong use or wrong configuration, with a
sentence on stderr. A stack trace is a mistake of ours, never an answer to one of yours.
"""

import asyncio
import json
import logging
import sys
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

import click
import structlog
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError

from appservice.free_days import UnknownHolidaysError
from appservice.homeserver import HomeserverError, RefusedError
from roster_sync.mirror import MirrorReport
from roster_sync.plan import Plan
from roster_sync.runner import PlanSeen, StoppedError
from roster_sync.sync import BlockedError
from school.config import ConfigError, Settings, load_settings
from school.database.leases import LeaseLostError, LeaseTakenError
from school.database.migrate import MigrateError
from school.domain.roster import RegisterError
from schulbote.demo import DemoError, DemoFailedError, DemoOptions, run_demo
from schulbote.named import NotMeantError
from schulbote.new_school import FolderInUseError, init, samples
from schulbote.plan_view import show_plan
from schulbote.progress import shown
from schulbote.question import NotAskedError, read_question
from schulbote.rights_diff import difference
from schulbote.rights_table import lines_for_nobody, lines_in_force, names_some, table_as_json, table_rows
from schulbote.seen_rooms import NoSuchRoomError, see_room, try_to_see_rooms
from schulbote.service import AddressInUseError, open_database, open_homeserver, open_runner, serve
from schulbote.standing_now import NoDirectoryError, read_standing
from schulbote.syncing import NoRegisterError, readers_of, roster_sync
from schulbote.why import answer, place_of, place_seen

P = ParamSpec("P")
R = TypeVar("R")


class NotAdministeredError(Exception):
    """The homeserver answers, but it is not set up for Schulbote. The text says what to do."""


_WRONG_USE: Final = (
    ConfigError,
    DemoError,
    NoRegisterError,
    FolderInUseError,
    AddressInUseError,
    UnknownHolidaysError,
    NotAskedError,
    NotMeantError,
    NoSuchRoomError,
)
_FAILED: Final = (
    RegisterError,
    BlockedError,
    DemoFailedError,
    NotAdministeredError,
    HomeserverError,
    LeaseTakenError,
    LeaseLostError,
    MigrateError,
    NoDirectoryError,
)
_DATABASE_FAILED: Final = (DatabaseError, OperationalError, InterfaceError)
"""Just these and not their children: it is away, or is no database. A broken constraint is a mistake of ours."""


def _in_words(command: Callable[P, R]) -> Callable[P, R]:
    """Turns the errors that a user can cause into a sentence and an exit status."""

    @wraps(command)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except _WRONG_USE as error:
            click.echo(str(error), err=True)
            sys.exit(2)
        except _FAILED as error:
            click.echo(str(error), err=True)
            sys.exit(1)
        except DBAPIError as error:
            if type(error) not in _DATABASE_FAILED:
                raise
            click.echo(f"The database cannot be used: {' '.join(str(error.orig).split())}", err=True)
            sys.exit(1)
        except OSError as error:
            if error.filename is None:  # nothing that a user named
                raise
            click.echo(f"{error.filename} cannot be used: {error.strerror}.", err=True)
            sys.exit(1)

    return told


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path),
    default=Path("school.yaml"),
    show_default=True,
    help="The school's configuration.",
)
@click.version_option(package_name="schulbote")
@click.pass_context
def main(context: click.Context, config: Path) -> None:
    """Schulbote: a school's own messenger on a stock Matrix homeserver."""
    context.obj = config


@main.command()
@click.option("--home", type=click.Path(path_type=Path), default=Path("demo-home"), show_default=True)
@click.option("--register", type=click.Path(path_type=Path), help="A folder with IServ or OneRoster CSV files.")
@click.option("--port", type=int, default=8008, show_default=True, help="Synapse's port; the web pages take the next.")
@click.option("--reset", is_flag=True, help="Begin anew: forget everything in the demo's home.")
@_in_words
def demo(home: Path, register: Path | None, port: int, reset: bool) -> None:
    """Run a whole school on this machine, to try it out."""
    options = DemoOptions(
        home=home.absolute(),
        register=(register or samples() / "sample-register").absolute(),
        port=port,
        reset=reset,
    )
    asyncio.run(run_demo(options, Console()))


@main.command(name="init")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", required=True, help="The school's name, as people see it.")
@click.option("--server-name", required=True, help="What stands behind the colon of every user id. For ever.")
@click.option("--homeserver-url", default="http://127.0.0.1:8008", show_default=True)
@click.option("--public-url", required=True, help="Where the messengers of the people reach Synapse.")
@_in_words
def init_school(folder: Path, name: str, server_name: str, homeserver_url: str, public_url: str) -> None:
    """Write school.yaml, the secrets, and Synapse's settings for a new school."""
    for path in init(
        folder.absolute(), name=name, server_name=server_name, homeserver_url=homeserver_url, public_url=public_url
    ):
        click.echo(f"made {path}")
    click.echo("Next: put the settings of homeserver-schulbote.yaml into Synapse's configuration and restart it.")


@main.command()
@click.pass_obj
@_in_words
def run(config: Path) -> None:
    """Run the appservice: the bot, the rest queue, the web pages."""
    settings = load_settings(config)
    _log_lines()
    asyncio.run(serve(settings))


@main.command()
@click.pass_obj
@_in_words
def check(config: Path) -> None:
    """Read the configuration and say whether the homeserver answers."""
    settings = load_settings(config)
    click.echo(f"{settings.path} can be used.")
    if names_some(settings):
        _warn_of_lines_for_nobody(settings)
    asyncio.run(_check(settings))


def _warn_of_lines_for_nobody(settings: Settings) -> None:
    try:
        directory = read_standing(settings).policy.directory
    except NoDirectoryError:
        return  # nobody is there yet whom a line could mean
    for line in lines_for_nobody(settings, directory):
        click.echo(line, err=True)


async def _check(settings: Settings) -> None:
    async with open_homeserver(settings) as homeserver:
        try:
            updates = await homeserver.background_updates()
        except RefusedError as error:
            raise NotAdministeredError(
                f"{settings.matrix.homeserver_url} answers, but does not let the bot administer it ({error}). Its "
                "configuration needs the module and the registration that `schulbote init` wrote, and "
                "`schulbote run` has to have run once."
            ) from error
    click.echo(f"{settings.matrix.homeserver_url} answers, and the bot may administer it.")
    if updates:
        click.echo(f"It is still doing {updates} background updates of its database.")


@main.command()
@click.option("--dry-run", is_flag=True, help="Show the plan and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="The plan for programs.")
@click.option("--confirm", is_flag=True, help="Apply also a plan that removes many people.")
@click.pass_obj
@_in_words
def sync(config: Path, dry_run: bool, as_json: bool, confirm: bool) -> None:
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
        click.echo(_json(plan.as_json()))
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


@main.command()
@click.argument("question", nargs=-1, required=True, metavar="PERSON may ACTION [PERSON|GROUP|ROOM]...")
@click.option("--json", "as_json", is_flag=True, help="The answer for programs.")
@click.pass_obj
@_in_words
def why(config: Path, question: tuple[str, ...], as_json: bool) -> None:
    """Say whether somebody may do something, and which rule says so.

    A person is an id of the register, a Matrix id, or a name; a group is its name; a room is its id (!...). Actions:
    message PERSON, see PERSON, create_room [PERSON...], invite PERSON GROUP|ROOM, enter, write or leave GROUP|ROOM, or
    the name of a right. Exit status: 0 yes, 1 no.
    """
    settings = load_settings(config)
    policy = read_standing(settings).policy
    asked = read_question(question, policy.directory, policy.bot)
    place = None
    if asked.room_id is not None:
        place = place_seen(asyncio.run(see_room(settings, asked.room_id)))
    elif asked.group is not None:
        place = place_of(asked.group, policy.directory, policy.bot)
    answered = answer(asked, place, policy, settings)
    click.echo(_json(answered.as_json()) if as_json else "\n".join(answered.lines()))
    sys.exit(0 if answered.allowed else 1)


@main.command()
@click.option("--diff", "new", type=click.Path(path_type=Path), help="What this school.yaml would open and close.")
@click.option("--json", "as_json", is_flag=True, help="The same for programs.")
@click.pass_obj
@_in_words
def rights(config: Path, new: Path | None, as_json: bool) -> None:
    """Show the table of rights, or what another one would change. Nothing is applied."""
    settings = load_settings(config)
    other = None if new is None else load_settings(new)
    policy = read_standing(settings).policy
    if other is not None:
        found = difference(policy, other, lambda: asyncio.run(try_to_see_rooms(settings)))
        click.echo(_json(found.as_json()) if as_json else "\n".join(found.lines()))
        for line in () if as_json else found.fits_nobody:
            click.echo(line, err=True)
        return
    if as_json:
        click.echo(_json(table_as_json(settings, policy)))
        return
    header, *rows = table_rows(settings, policy)
    table = Table(*header)
    for row in rows:
        table.add_row(*row)
    Console().print(table)
    for line_in_force in lines_in_force(settings, policy):
        click.echo(line_in_force.told())
    for line in lines_for_nobody(settings, policy.directory):
        click.echo(line, err=True)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


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
