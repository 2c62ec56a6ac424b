"""`schulbote export-person`."""

import asyncio
from pathlib import Path

import click

from school.config import Settings, load_settings
from schulbote.archive import require_place
from schulbote.connections import open_database, open_homeserver
from schulbote.person_export import Exported, export_person


@click.command()
@click.argument("person", nargs=-1, required=True)
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE.zip", help="The archive.")
@click.option("--with-files", is_flag=True, help="Also the files that the person has sent.")
@click.pass_obj
def command(config: Path, person: tuple[str, ...], out: Path, with_files: bool) -> None:
    """Write everything that is stored about one person into an archive, to be given to them.

    PERSON is an id of the register, a Matrix id or a name, also of somebody who has left. Synapse has to run.
    """
    settings = load_settings(config)
    require_place(out)
    done = asyncio.run(_export(settings, " ".join(person), out, with_files=with_files))
    click.echo(
        f"{out}: {done.person.person.display_name or done.person.person.user_id}, {done.messages} messages in "
        f"{done.rooms} rooms, {done.held} held messages, {done.files} files."
    )
    if done.files_missing:
        click.echo(f"{done.files_missing} files are not there any more.", err=True)


async def _export(settings: Settings, words: str, out: Path, *, with_files: bool) -> Exported:
    async with open_database(settings) as engine, open_homeserver(settings) as homeserver:
        return await export_person(settings, engine, homeserver, words, out, with_files=with_files)
