from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from school.database.places import SURE_AFTER, forget_places, remember_place, sure_place

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
STEP = timedelta(minutes=4)


async def test_the_sure_place_is_ten_minutes_old_or_the_first(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        assert await sure_place(connection) is None
        sure = []
        for number in range(6):
            await remember_place(connection, f"s{number}", at=NOON + number * STEP)
            sure.append(await sure_place(connection))
    assert sure == ["s0", "s0", "s0", "s0", "s1", "s2"]
    assert 3 * STEP > SURE_AFTER > 2 * STEP


async def test_a_clock_that_was_set_back_leaves_no_place_of_the_future(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await remember_place(connection, "future", at=NOON + timedelta(days=1))
        await remember_place(connection, "now", at=NOON)
        assert await sure_place(connection) == "now"
        await forget_places(connection)
        assert await sure_place(connection) is None
