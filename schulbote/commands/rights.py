"""`schulbote rights`."""

import asyncio
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from school.config import load_settings
from schulbote.json_text import as_text
from schulbote.rights_diff import difference
from schulbote.rights_table import lines_for_nobody, lines_in_force, table_as_json, table_rows
from schulbote.seen_rooms import try_to_see_rooms
from schulbote.standing_now import read_standing


@click.command()
@click.option("--diff", "new", type=click.Path(path_type=Path), help="What this school.yaml would open and close.")
@click.option("--json", "as_json", is_flag=True, help="The same for programs.")
@click.pass_obj
def command(config: Path, new: Path | None, as_json: bool) -> None:
    """Show the table of rights, or what another one would change. Nothing is applied."""
    settings = load_settings(config)
    other = None if new is None else load_settings(new)
    policy = read_standing(settings).policy
    if other is not None:
        found = difference(policy, other, lambda: asyncio.run(try_to_see_rooms(settings)))
        click.echo(as_text(found.as_json()) if as_json else "\n".join(found.lines()))
        for line in () if as_json else found.fits_nobody:
            click.echo(line, err=True)
        return
    if as_json:
        click.echo(as_text(table_as_json(settings, policy)))
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
