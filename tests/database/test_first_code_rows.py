import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, insert, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from school.database.code_reader import read_first_code
from school.database.first_codes import (
    accounts_in_use,
    all_first_codes,
    end_first_code,
    first_code_used,
    save_first_codes,
)
from school.database.tables import accounts, persons
from school.domain.first_code import FirstCode
from school.domain.people import PersonId

BEN, BEA = PersonId("p-ben"), PersonId("p-bea")
NOON = datetime(2026, 8, 17, 12, 0, 0, 250_000, tzinfo=UTC)
HOUR = timedelta(hours=1)


def code(digest: str, made_at: datetime = NOON) -> FirstCode:
    return FirstCode(digest=digest, made_at=made_at, expires_at=made_at + 30 * 24 * HOUR)


@pytest.fixture(autouse=True)
async def _two_pupils(writer: AsyncEngine) -> None:
    rows = [
        {"id": person, "user_id": f"@{name}:school.example", "given_name": name, "family_name": "", "role": "student"}
        for person, name in ((BEN, "ben"), (BEA, "bea"))
    ]
    async with writer.begin() as connection:
        await connection.execute(insert(persons), rows)


async def test_what_is_kept_arrives_at_the_reader_as_it_was(writer: AsyncEngine, reader: Engine) -> None:
    async with writer.begin() as connection:
        await save_first_codes(connection, {BEN: code("b1"), BEA: code("b2")})
        assert await all_first_codes(connection) == {BEN: code("b1"), BEA: code("b2")}
        assert await connection.run_sync(read_first_code, BEN) == code("b1")
    with reader.begin() as connection:
        assert read_first_code(connection, BEN) == code("b1")
        assert read_first_code(connection, PersonId("p-nobody")) is None


async def test_a_new_code_takes_the_place_of_the_one_before(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await save_first_codes(connection, {BEN: code("old"), BEA: code("beas")})
        await first_code_used(connection, BEN, NOON + HOUR)
        await end_first_code(connection, BEN, NOON + HOUR)
        await save_first_codes(connection, {BEN: code("new", NOON + 2 * HOUR)})
        assert await all_first_codes(connection) == {BEN: code("new", NOON + 2 * HOUR), BEA: code("beas")}


async def test_the_first_use_is_the_first(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await save_first_codes(connection, {BEN: code("b1")})
        assert await first_code_used(connection, BEN, NOON + HOUR)
        assert not await first_code_used(connection, BEN, NOON + 2 * HOUR)
        assert not await first_code_used(connection, BEA, NOON + HOUR)
        assert (await all_first_codes(connection))[BEN].used_at == NOON + HOUR


async def test_a_code_ends_once_and_never_before_it_was_made(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await save_first_codes(connection, {BEN: code("b1")})
        assert not await first_code_used(connection, BEN, NOON - HOUR)
        assert not await end_first_code(connection, BEN, NOON - HOUR)
        assert await end_first_code(connection, BEN, NOON + HOUR)
        assert not await end_first_code(connection, BEN, NOON + 2 * HOUR)
        assert (await all_first_codes(connection))[BEN].ended_at == NOON + HOUR


async def test_no_codes_are_nothing_to_do(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await save_first_codes(connection, {})
        assert await all_first_codes(connection) == {}


async def test_who_has_signed_in(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        for person, since in ((BEN, NOON.timestamp()), (BEA, None)):
            values = {"person_id": person, "display_name": "B", "in_use_since": since}
            await connection.execute(insert(accounts).values(**values))
        assert await accounts_in_use(connection) == {BEN}


@pytest.mark.parametrize("empty", ["postgresql"], indirect=True)
async def test_a_code_that_cannot_be_read_at_once_is_not_waited_for(writer: AsyncEngine, reader: Engine) -> None:
    async with writer.begin() as connection:
        await save_first_codes(connection, {BEN: code("b1")})
    async with writer.begin() as connection:
        await connection.execute(text("LOCK TABLE first_codes IN ACCESS EXCLUSIVE MODE"))
        asked_at = time.monotonic()
        with pytest.raises(OperationalError, match="statement timeout"), reader.begin() as reading:
            read_first_code(reading, BEN)
        assert 2 < time.monotonic() - asked_at < 8, "three seconds, and a slow machine"
    with reader.begin() as reading:
        assert read_first_code(reading, BEN) == code("b1")
        assert reading.scalar(text("SHOW statement_timeout")) == "3s"
    with reader.begin() as reading:
        assert reading.scalar(text("SHOW statement_timeout")) == "20s", "for all else the limit is what it was"
