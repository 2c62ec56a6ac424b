"""`schulbote logins`."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import click

from appservice.letters import Recipient, recipients
from school.config import Settings, load_settings
from schulbote.connections import open_database, open_first_codes
from schulbote.json_text import as_text
from schulbote.logins import Logins, look_at_logins
from schulbote.named import chosen_groups, find_role
from schulbote.standing_now import read_standing


@click.command()
@click.option("--class", "groups", multiple=True, required=True, metavar="GROUP", help="A class or another group.")
@click.option("--role", help="Only those of this role: student, guardian, teacher, …")
@click.option("--json", "as_json", is_flag=True, help="Everybody, for programs.")
@click.pass_obj
def command(config: Path, groups: tuple[str, ...], role: str | None, as_json: bool) -> None:
    """Say who of a class, or of another group, has never signed in.

    Of a class the pupils and their guardians are meant. --class may stand there several times; "*" in it stands for
    anything.
    """
    settings = load_settings(config)
    directory = read_standing(settings).policy.directory
    wanted = None if role is None else find_role(settings.rights.all_roles, role)
    found = asyncio.run(_look(settings, recipients(directory, chosen_groups(directory, groups), wanted)))
    click.echo(as_text(found.as_json()) if as_json else "\n".join(found.lines()))


async def _look(settings: Settings, asked: Sequence[Recipient]) -> Logins:
    async with open_database(settings) as engine:
        return await look_at_logins(settings, open_first_codes(settings, engine), asked)
