"""An empty database per test, on SQLite and on a real PostgreSQL that is started for the session."""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import URL, Engine, create_engine, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import NullPool

from school.database.migrate import upgrade
from school.database.reader import open_reader
from school.database.writer import open_writer

_START_SECONDS = 60

# How long one example takes says something about the machine, and nothing about the program.
settings.register_profile("school", deadline=None)
settings.load_profile("school")


@dataclass(frozen=True)
class Address:
    """One database, as the synchronous and the asynchronous programs name it."""

    sync: URL
    asynchronous: URL


def _missing(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and in CI nothing is left out")
    pytest.skip(reason)


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    return Path(on_path).resolve().parent if on_path else None


def _as_other_user(folder: Path) -> list[str]:
    """PostgreSQL refuses to run as root: what to put before its commands."""
    if os.geteuid() != 0:
        return []
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        user = pwd.getpwnam("nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    # The server ends with the tests, even when they are killed.
    return [
        "setpriv",
        f"--reuid={user.pw_uid}",
        f"--regid={user.pw_gid}",
        "--clear-groups",
        "--pdeathsig=INT",
        "--",
    ]


def _postgresql_url(folder: Path, database: str, driver: str = "psycopg2") -> URL:
    return URL.create(f"postgresql+{driver}", "school", database=database, query={"host": str(folder)})


def _administer(folder: Path, statement: str) -> None:
    engine = create_engine(_postgresql_url(folder, "postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(statement))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Path]:
    """The folder of the socket of a server of our own. It listens on no port."""
    binaries = _binaries()
    if binaries is None:
        _missing("PostgreSQL's server is not installed (apt-get install postgresql)")
        return
    folder = Path(tempfile.mkdtemp(prefix="schulbote-pg-", dir="/tmp"))  # a short path: sockets' are limited
    prefix = _as_other_user(folder)
    data = str(folder / "data")
    server = None
    try:
        options = [
            "--username=school",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "--no-instructions",
        ]
        subprocess.run(
            [*prefix, str(binaries / "initdb"), "-D", data, *options], check=True, capture_output=True, cwd=folder
        )
        settings = [f"unix_socket_directories={folder}", "listen_addresses=", "fsync=off"]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [*prefix, str(binaries / "postgres"), "-D", data, *(part for one in settings for part in ("-c", one))],
                stdout=log,
                stderr=log,
                cwd=folder,
            )
        ready = [str(binaries / "pg_isready"), "--quiet", "--host", str(folder)]
        give_up_at = time.monotonic() + _START_SECONDS
        while subprocess.run(ready, check=False).returncode != 0:
            if server.poll() is not None or time.monotonic() > give_up_at:
                pytest.fail(f"PostgreSQL did not start:\n{(folder / 'log').read_text()}")
            time.sleep(0.05)
        yield folder
    finally:
        if server is not None:
            server.terminate()
            server.wait()
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Address]:
    """A database without tables."""
    if request.param == "sqlite":
        file = str(tmp_path / "school.db")
        yield Address(
            sync=URL.create("sqlite+pysqlite", database=file),
            asynchronous=URL.create("sqlite+aiosqlite", database=file),
        )
        return
    folder: Path = request.getfixturevalue("postgresql")
    name = f"school_{secrets.token_hex(4)}"
    _administer(folder, f"CREATE DATABASE {name}")
    yield Address(sync=_postgresql_url(folder, name), asynchronous=_postgresql_url(folder, name, driver="asyncpg"))
    _administer(folder, f"DROP DATABASE {name}")  # not WITH (FORCE): a connection left open is a bug


@pytest.fixture
def database(empty: Address) -> Address:
    """A database with all tables."""
    upgrade(empty.sync)
    return empty


@pytest.fixture
async def writer(database: Address) -> AsyncIterator[AsyncEngine]:
    engine = open_writer(database.asynchronous)
    yield engine
    await engine.dispose()


@pytest.fixture
def reader(database: Address) -> Iterator[Engine]:
    engine = open_reader(database.sync)
    yield engine
    engine.dispose()
