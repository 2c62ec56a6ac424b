from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from school.database.audit import Action, record
from school.database.tables import audit_log

NOW = datetime(2026, 3, 2, 18, 30, tzinfo=UTC)


async def record_one(connection: AsyncConnection) -> None:
    await record(
        connection,
        at=NOW,
        actor="p-ida",
        action=Action.REST_STARTED,
        target="p-ida",
        by_right="default:teacher:rest",
        details={"until": NOW.timestamp(), "ids": ["a", "b"]},
    )


async def test_an_entry_says_who_what_whom_and_by_which_right(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await record_one(connection)
    async with writer.begin() as connection:
        (row,) = (await connection.execute(select(audit_log))).mappings()
    assert dict(row) == {
        "id": 1,
        "at": NOW.timestamp(),
        "actor": "p-ida",
        "action": "rest_started",
        "target": "p-ida",
        "by_right": "default:teacher:rest",
        "details": {"until": NOW.timestamp(), "ids": ["a", "b"]},
    }


async def test_what_was_rolled_back_was_not_recorded(writer: AsyncEngine) -> None:
    async with writer.connect() as connection:
        await record_one(connection)
        await connection.rollback()
        assert (await connection.execute(select(audit_log))).all() == []


@pytest.mark.parametrize(
    "change", [update(audit_log).values(actor="nobody"), delete(audit_log)], ids=["update", "delete"]
)
async def test_the_database_refuses_to_change_an_entry(writer: AsyncEngine, change: object) -> None:
    async with writer.begin() as connection:
        await record_one(connection)
    with pytest.raises(DBAPIError, match="append-only"):
        async with writer.begin() as connection:
            await connection.execute(change)  # type: ignore[call-overload]
    async with writer.begin() as connection:
        assert (await connection.execute(select(audit_log.c.actor))).scalars().all() == ["p-ida"]


async def test_the_database_refuses_the_ways_around_it(writer: AsyncEngine) -> None:
    around = "TRUNCATE audit_log"
    if writer.dialect.name == "sqlite":
        around = (
            "INSERT OR REPLACE INTO audit_log (id, at, actor, action, target, by_right, details) "
            "VALUES (1, 0, 'nobody', 'x', 'x', 'x', '{}')"
        )
    async with writer.begin() as connection:
        await record_one(connection)
        await record_one(connection)
    with pytest.raises(DBAPIError, match="append-only"):
        async with writer.begin() as connection:
            await connection.execute(text(around))
