import asyncio

from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncEngine

from school.database.snapshot import read_versions
from school.database.tables import Part
from school.database.versions import bump


async def test_a_part_that_was_never_written_has_no_number(reader: Engine) -> None:
    with reader.begin() as connection:
        assert read_versions(connection) == {}


async def test_twenty_at_once_count_twenty_up(writer: AsyncEngine, reader: Engine) -> None:
    async def bump_once() -> int:
        async with writer.begin() as connection:
            return await bump(connection, Part.REST)

    numbers = await asyncio.gather(*(bump_once() for _ in range(20)))
    assert sorted(numbers) == list(range(1, 21))
    with reader.begin() as connection:
        assert read_versions(connection) == {Part.REST: 20}
