from datetime import UTC, datetime

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.settling import Settling
from school.database import held
from school.database.held import HeldMessage
from school.database.tables import HeldState

AT_MS = int(datetime(2026, 11, 7, 22, tzinfo=UTC).timestamp() * 1000)


def message(number: int) -> HeldMessage:
    return HeldMessage(
        event_id=f"$held{number}",
        room_id="!room",
        sender="@gabi:schule.test",
        event_type="m.room.message",
        origin_server_ts_ms=AT_MS + number,
    )


async def states(engine: AsyncEngine, number: int) -> list[str | None]:
    async with engine.connect() as connection:
        return [await held.state_of(connection, message(each).event_id) for each in range(number)]


@pytest.fixture
async def waiting(engine: AsyncEngine) -> int:
    number = 40
    async with engine.begin() as connection:
        for each in range(number):
            await held.add(connection, message(each))
    return number


async def test_it_is_written_when_asked_or_when_there_is_much(engine: AsyncEngine, waiting: int) -> None:
    settling = Settling(engine)
    for each in range(31):
        await settling.note(message(each), HeldState.DELIVERED, delivered_event_id=f"$new{each}")
    assert set(await states(engine, waiting)) == {HeldState.WAITING}
    await settling.note(message(31), HeldState.WITHDRAWN)
    assert await states(engine, 33) == [HeldState.DELIVERED] * 31 + [HeldState.WITHDRAWN, HeldState.WAITING]
    await settling.note(message(32), HeldState.REFUSED)
    await settling.write()
    assert (await states(engine, 33))[32] == HeldState.REFUSED
    async with engine.connect() as connection:
        assert (await held.delivered_as(connection, ["$held7"]))["$held7"].event_id == "$new7"


async def test_what_cannot_be_written_is_written_later(engine: AsyncEngine, waiting: int) -> None:
    settling = Settling(engine)
    await settling.note(message(0), HeldState.DELIVERED, delivered_event_id="$new0")

    def fail(*_: object) -> None:
        raise OperationalError("UPDATE", {}, Exception("the disk is full"))

    event.listen(engine.sync_engine, "before_cursor_execute", fail)
    with pytest.raises(OperationalError):
        await settling.write()
    event.remove(engine.sync_engine, "before_cursor_execute", fail)
    await settling.note(message(1), HeldState.DELIVERED, delivered_event_id="$new1")
    await settling.write()
    assert await states(engine, 3) == [HeldState.DELIVERED, HeldState.DELIVERED, HeldState.WAITING]
