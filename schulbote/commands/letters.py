"""`schulbote letters`."""

import asyncio
from pathlib import Path
from typing import Final

import click

from school.config import Settings, load_settings
from school.config.letters import LetterLanguage
from school.domain.directory import Directory
from school.errors import WrongUseError
from schulbote.connections import open_database, open_first_codes
from schulbote.letters import Printed, Wish, write_letters
from schulbote.named import chosen_groups, find_role
from schulbote.standing_now import read_standing

_LANGUAGES: Final = [language.value for language in LetterLanguage]


@click.command()
@click.option("--class", "groups", multiple=True, required=True, metavar="GROUP", help="A class or another group.")
@click.option("--role", help="Only those of this role: student, guardian, teacher, …")
@click.option("--language", type=click.Choice(_LANGUAGES), help="The second language of the letters.")
@click.option("--all-new", is_flag=True, help="Also for those who have a password already.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The PDF, one page a person.")
@click.option("--force", is_flag=True, help="Overwrite the file if it is there.")
@click.pass_obj
def command(
    config: Path,
    groups: tuple[str, ...],
    role: str | None,
    language: str | None,
    all_new: bool,
    out: Path,
    force: bool,
) -> None:
    """Make letters with new first codes: for the pupils of a class and their guardians, or for a group.

    --class may stand there several times; "*" in it stands for anything. Older codes of these people are over. Where
    people sign in with other passwords than ours the letters have no codes.
    """
    settings = load_settings(config)
    _require_place(out, force=force)
    directory = read_standing(settings).policy.directory
    wish = Wish(
        groups=chosen_groups(directory, groups),
        role=None if role is None else find_role(settings.rights.all_roles, role),
        language=None if language is None else LetterLanguage(language),
        all_new=all_new,
    )
    printed = asyncio.run(_write(settings, directory, wish, out))
    for line in printed.lines(out):
        click.echo(line)
    for doubt in printed.doubts():
        click.echo(doubt, err=True)


async def _write(settings: Settings, directory: Directory, wish: Wish, out: Path) -> Printed:
    async with open_database(settings) as engine:
        return await write_letters(settings, open_first_codes(settings, engine), directory, wish, out)


def _require_place(out: Path, *, force: bool) -> None:
    """Asked before anything is made.

    Raises:
        WrongUseError: there can be no new file.
    """
    if out.is_dir():
        raise WrongUseError(f"{out} is a folder. Name a file in it with --out.")
    if out.exists() and not force:
        raise WrongUseError(f"{out} is there already and is not overwritten. Choose another name, or add --force.")
    if not out.absolute().parent.is_dir():
        raise WrongUseError(f"There is no folder {out.absolute().parent}. Make it first, or choose another one.")
