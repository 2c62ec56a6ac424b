"""First codes inside Synapse, while a real PostgreSQL keeps them waiting."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from builders import BEN, policy
from sqlalchemy import Engine, insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from school.database.first_codes import save_first_codes
from school.database.tables import persons
from school.domain.first_code import FirstCode, digest_of
from school.texts import Language, Texts
from synapse_modules.first_codes import PASSWORD, CodeDoor

KEY, CODE = b"k" * 32, "k7wq-m3fxd-9dtrb"
NOW = datetime(2026, 8, 17, 9, 0, tzinfo=UTC)


class Api:
    """Of Synapse's module API what the door asks for, with real threads and real time."""

    def get_qualified_user_id(self, username: str) -> str:
        return f"@{username}:school.test"

    async def check_user_exists(self, user_id: str) -> str:
        return user_id

    async def defer_to_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.to_thread(function, *args)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Standing:
    policy = policy()


async def tries(door: CodeDoor) -> object:
    return await asyncio.ensure_future(door.check("ben", PASSWORD, {"password": CODE}))


@pytest.fixture
async def door(writer: AsyncEngine, reader: Engine) -> CodeDoor:
    """With Ben's code."""
    kept = FirstCode(digest=digest_of(CODE, BEN.id, KEY), made_at=NOW, expires_at=NOW + timedelta(days=30))
    async with writer.begin() as connection:
        values = {"user_id": BEN.user_id, "given_name": "Ben", "family_name": "Groß", "role": BEN.role}
        await connection.execute(insert(persons).values(id=BEN.id, **values))
        await save_first_codes(connection, {BEN.id: kept})
    return CodeDoor(
        Api(),  # type: ignore[arg-type]
        reader,
        KEY,
        Texts(Language.ENGLISH),
        standing=Standing,  # type: ignore[arg-type]
        own_password_since=lambda _: None,
        clock=lambda: NOW,
    )


@pytest.mark.parametrize("empty", ["postgresql"], indirect=True)
async def test_a_table_that_is_locked_keeps_nobody_waiting_for_long(
    door: CodeDoor, writer: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    assert await tries(door) == (BEN.user_id, None)
    async with writer.begin() as connection:
        await connection.execute(text("LOCK TABLE first_codes IN ACCESS EXCLUSIVE MODE"))
        asked_at = time.monotonic()
        # More than there are threads for.
        assert await asyncio.gather(*(tries(door) for _ in range(6))) == [None] * 6
        assert time.monotonic() - asked_at < 12
    assert "cannot decide: the first codes cannot be read" in caplog.text
    assert await tries(door) == (BEN.user_id, None), "afterwards all is well"


@pytest.mark.parametrize("empty", ["postgresql"], indirect=True)
async def test_a_server_that_has_stopped_keeps_nobody_waiting_for_long(
    door: CodeDoor, reader: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    assert await tries(door) == (BEN.user_id, None)
    with reader.connect() as connection:
        server = connection.scalar(text("SELECT pg_backend_pid()"))
    os.kill(server, signal.SIGSTOP)  # it keeps its own limits no more than a dead one
    try:
        asked_at = time.monotonic()
        assert await tries(door) is None
        assert time.monotonic() - asked_at < 8
        assert "cannot decide: the first codes cannot be read" in caplog.text
    finally:
        os.kill(server, signal.SIGCONT)
    assert await tries(door) == (BEN.user_id, None), "afterwards all is well"
