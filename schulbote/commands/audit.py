"""`schulbote audit verify | show`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy import Connection

from school.config import Settings, load_settings
from school.database.audit_reading import read_entries, verify
from school.database.everybody import read_everybody
from school.database.migrate import upgrade
from school.database.reader import open_reader
from schulbote.audit_view import about, as_json, as_line, names_of_everybody, read_known, read_since
from schulbote.connections import audit_keys
from schulbote.json_text import as_text


@click.group()
def command() -> None:
    """The audit log: who did what to whom, when, by which right."""


@command.command(name="verify")
@click.option("--known", "known", multiple=True, metavar="NUMBER:HASH", help="An entry that was written down before.")
@click.pass_obj
def _verify(config: Path, known: tuple[str, ...]) -> None:
    """Say whether nothing in the log was changed or removed, and how it ends. Exit status: 0 nothing was, 1 something.

    Write the last line down somewhere else and give it with --known the next time: then even a whole older log put
    back is found.
    """
    settings = load_settings(config)
    known_before = [read_known(one) for one in known]
    keys = audit_keys(settings)
    with _reading(settings) as connection:
        found = verify(connection, keys, known_before)
    if found.broken:
        click.echo(f"The audit log was changed. {found.broken}", err=True)
        sys.exit(1)
    click.echo(f"The audit log fits: {found.entries} entries.")
    if found.chain.cut_number:
        click.echo(f"Those up to {found.chain.cut_number} were deleted when their time (keep.audit_days) was over.")
    if found.chain.number:
        click.echo(f"{found.chain.number}:{found.chain.hash}")


@command.command(name="show")
@click.option("--person", metavar="PERSON", help="Only what names somebody: an id, a Matrix id or a name.")
@click.option("--since", metavar="TIME", help='2026-05-01, "2026-05-01 10:00", 30d or 12h.')
@click.option("--json", "as_json_", is_flag=True, help="With all details, for programs.")
@click.pass_obj
def _show(config: Path, person: str | None, since: str | None, as_json_: bool) -> None:
    """Show the entries, the oldest first."""
    settings = load_settings(config)
    start = None if since is None else read_since(since, now=datetime.now(UTC), zone=settings.zone)
    with _reading(settings) as connection:
        everybody = read_everybody(connection)
        entries = read_entries(connection, since=start)
        shown = entries if person is None else about(entries, person, everybody)
        if as_json_:
            click.echo(as_text([as_json(entry) for entry in shown]))
            return
        names = names_of_everybody(everybody)
        for entry in shown:
            click.echo(as_line(entry, names, settings.zone))


@contextmanager
def _reading(settings: Settings) -> Iterator[Connection]:
    url = settings.database.sqlalchemy_url("sync")
    upgrade(url, audit_key=audit_keys(settings)[0])
    engine = open_reader(url)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()
