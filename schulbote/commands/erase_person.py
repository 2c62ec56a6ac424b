"""`schulbote erase-person`."""

import asyncio
from pathlib import Path

import click

from school.config import Settings, load_settings
from schulbote.connections import open_database, open_homeserver
from schulbote.person_erasure import NotConfirmedError, erase_person, find_erasable, told_at_first


@click.command()
@click.argument("person", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def command(config: Path, person: tuple[str, ...], yes: bool) -> None:
    """Erase somebody who has left, at once instead of after register.erase_after_days. It cannot be undone.

    PERSON is an id of the register, a Matrix id or a name. Synapse has to run. Asks for the user name first.
    """
    settings = load_settings(config)
    asyncio.run(_erase(settings, " ".join(person), asks=not yes))


async def _erase(settings: Settings, words: str, *, asks: bool) -> None:
    async with open_database(settings) as engine, open_homeserver(settings) as homeserver:
        known = await find_erasable(engine, words)
        if known is None:
            click.echo("They were erased already.")
            return
        if asks:
            click.echo(told_at_first(known))
            _require_word(known.person.user_id[1:].partition(":")[0])
        deleted = await erase_person(engine, homeserver, known)
    click.echo(f"{known.person.user_id} is erased. Held messages of theirs that were deleted: {deleted}.")


def _require_word(user_name: str) -> None:
    try:
        typed = click.prompt(f"Type the user name ({user_name}) to go on", default="", show_default=False)
    except click.Abort:
        typed = ""
    if typed.strip().removeprefix("@").partition(":")[0] != user_name:
        raise NotConfirmedError("Nobody was erased: that was not the user name.")
