"""Two classes, in a database of its own for each test."""

import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from school.database.migrate import upgrade
from school.database.writer import open_writer

TESTS = Path(__file__).parents[1]
sys.path.append(str(TESTS / "appservice" / "web"))  # where the pages' school stands


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "schulbote.db"
    upgrade(URL.create("sqlite", database=str(path)))
    return path


@pytest.fixture
async def engine(empty_database: Path, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    database = shutil.copy(empty_database, tmp_path / "schulbote.db")
    engine = open_writer(URL.create("sqlite+aiosqlite", database=str(database)))
    yield engine
    await engine.dispose()
