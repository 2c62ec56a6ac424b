"""The command line.

Exit status: 0 done; 1 refused or failed, with a sentence on stderr; 2 wrong use or wrong configuration, with a
sentence on stderr. A stack trace is a mistake of ours, never an answer to one of yours.
"""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import click
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError

from school.errors import FailedError, WrongUseError

_COMMANDS: Final = (
    "demo",
    "init",
    "run",
    "check",
    "sync",
    "why",
    "rights",
    "status",
    "letters",
    "logins",
    "reset-password",
    "audit",
    "export-person",
    "erase-person",
)
_DATABASE_FAILED: Final = (DatabaseError, OperationalError, InterfaceError)
"""Just these and not their children: it is away, or is no database. A broken constraint is a mistake of ours."""


class _Commands(click.Group):
    """Loads a command when it is called, and turns the errors that a user can cause into a sentence and an exit
    status."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"schulbote.commands.{cmd_name.replace('-', '_')}").command
        command.name = cmd_name
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except WrongUseError as error:
            click.echo(str(error), err=True)
            sys.exit(2)
        except FailedError as error:
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


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
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
