"""`schulbote reset-password`."""

import asyncio
from datetime import datetime
from pathlib import Path

import click

from school.clock import utc_now
from school.config import Settings, load_settings
from school.database import audit
from school.database.snapshot import read_snapshot
from school.errors import FailedError
from schulbote.connections import open_database, open_first_codes, open_homeserver
from schulbote.named import find_person
from schulbote.reset_words import new_ways_in


@click.command()
@click.argument("person", nargs=-1, required=True)
@click.pass_obj
def command(config: Path, person: tuple[str, ...]) -> None:
    """Give somebody a new first code, or a new password in the directory server. Their password and sessions end.

    PERSON is an id of the register, a Matrix id or a name; staff, too. Synapse has to run.
    """
    asyncio.run(_reset(load_settings(config), " ".join(person)))


async def _reset(settings: Settings, words: str) -> None:
    async with open_database(settings) as engine, open_homeserver(settings) as homeserver:
        async with engine.connect() as connection:
            directory = (await connection.run_sync(read_snapshot)).directory
        person = find_person(directory, words)
        codes = open_first_codes(settings, engine)
        ways_in = new_ways_in(settings, engine=engine, homeserver=homeserver, codes=codes)
        if ways_in.are_elsewhere:
            where = settings.accounts.oidc.passwords_at if settings.accounts.oidc else None
            raise FailedError(
                f"Passwords are kept by the single sign-on and reset there{f': {where}' if where else ''}."
            )
        async with engine.begin() as connection:
            await audit.record(
                connection,
                at=utc_now(),
                actor="operator",
                action=audit.Action.PASSWORD_RESET,
                target=person.id,
                by_right="command line",
                details={},
            )
        way_in = await ways_in.make(person, actor="operator", by_right="command line")
    click.echo(f"{person.display_name}, {person.user_id}")
    click.echo(way_in.code)
    if way_in.expires_at is not None:
        click.echo(f"It is good until {_day(way_in.expires_at, settings)}, or until they have chosen a password.")


def _day(moment: datetime, settings: Settings) -> str:
    return f"{moment.astimezone(settings.zone):%Y-%m-%d %H:%M}"
