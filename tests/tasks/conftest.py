"""The school of the appservice's tests, in a database of its own for each test."""

import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from school.database.migrate import upgrade
from school.database.writer import open_writer

sys.path += [
    str(Path(__file__).parents[1] / place) for place in ("appservice", "appservice/web")
]  # the school, its pages


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "schulbote.db"
    upgrade(URL.create("sqlite", database=str(path)))
    return path


@pytest.fixture
def school_file(empty_database: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(empty_database, tmp_path / "schulbote.db"))


@pytest.fixture
async def engine(school_file: Path) -> AsyncIterator[AsyncEngine]:
    engine = open_writer(URL.create("sqlite+aiosqlite", database=str(school_file)))
    yield engine
    await engine.dispose()
