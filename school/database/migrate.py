"""Bringing the database up to the tables that this program knows.

Every program calls `upgrade` when it starts. Several may at once: one does the work, the others wait and find it
done. All missing steps are one transaction, so a step that fails leaves the database as it was.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from school.domain.audit_chain import NO_KEY
from school.errors import FailedError

_STEPS: Final = Path(__file__).parent / "migrations" / "versions"
_WAIT_SECONDS: Final = 60
"""How long another process may take for the same work, or a reader may hold a table that is to be changed."""
_ADVISORY_LOCK: Final = 0x5363_6875_6C62  # "Schulb"; any number that no other program of this database uses


class MigrateError(FailedError):
    """A database that cannot be brought up to date. The text is a sentence for the person who looks after it."""


class DatabaseFolderError(MigrateError):
    """The folder in which the database file should be made does not exist."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"The folder {folder} for the database does not exist. Make it, and give it to the user that Schulbote "
            "runs as."
        )


class SchemaTooNewError(MigrateError):
    """The database has been changed by a program that knows more steps than this one."""

    def __init__(self, found: str, known: str) -> None:
        super().__init__(
            f"The database was written by a newer Schulbote: it is at step {found}, this program knows the steps up "
            f"to {known}. Install the newer Schulbote, or put back the backup from before the update."
        )


def upgrade(url: URL, *, audit_key: bytes = NO_KEY) -> None:
    """Make the tables, or change them to what this program knows. `url` names a synchronous driver; with `audit_key`
    entries of the audit log are chained that were not before.

    Raises:
        MigrateError: the database cannot be used by this program.
    """
    if _is_up_to_date(url):
        return
    if url.get_backend_name() == "sqlite":
        _upgrade_sqlite(url, audit_key)
    else:
        _upgrade_postgresql(url, audit_key)


def _is_up_to_date(url: URL) -> bool:
    """Whether the database is at the newest step: nearly always, and then alembic, which is slow to come, can stay
    away."""
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        return False
    newest = max(path.name for path in _STEPS.glob("[0-9]*.py")).partition("_")[0]
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            return list(connection.scalars(text("SELECT version_num FROM alembic_version"))) == [newest]
    except DBAPIError:  # no such table yet, or something that the real work will tell in a sentence
        return False


def _upgrade_sqlite(url: URL, audit_key: bytes) -> None:
    file = Path(url.database or "")
    if not file.parent.is_dir():
        raise DatabaseFolderError(file.parent)
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": _WAIT_SECONDS})

    def on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # else the driver ends transactions before some statements
        connection.execute("PRAGMA journal_mode = WAL")

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    # The folder's lock, because two who switch a new file to the write-ahead log at once do not wait for each other.
    with _locked(file.parent):
        _ensure_private_file(file)
        with engine.begin() as connection:
            _take_missing_steps(connection, audit_key)


def _upgrade_postgresql(url: URL, audit_key: bytes) -> None:
    engine = create_engine(
        url,
        poolclass=NullPool,
        connect_args={"connect_timeout": _WAIT_SECONDS, "options": f"-c lock_timeout={_WAIT_SECONDS}s"},
    )
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ADVISORY_LOCK})
        _take_missing_steps(connection, audit_key)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _ensure_private_file(file: Path) -> None:
    """A new file is for its owner only. An existing one keeps the mode that somebody may have given it on purpose;
    it is not even opened, since closing it would drop the locks that SQLite has on it in this process."""
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        if file.stat().st_size == 0:
            file.chmod(0o600)


def _take_missing_steps(connection: Connection, audit_key: bytes) -> None:
    from alembic.command import upgrade as run_missing_steps
    from alembic.config import Config
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "school.database:migrations")
    config.attributes.update(connection=connection, audit_key=audit_key)
    steps = ScriptDirectory.from_config(config)
    known = {step.revision for step in steps.walk_revisions()}
    for found in MigrationContext.configure(connection).get_current_heads():
        if found not in known:
            raise SchemaTooNewError(found, str(steps.get_current_head()))
    run_missing_steps(config, "head")
