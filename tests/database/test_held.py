"""Held messages in the database: in order, each once, and a room stays held until it is drained."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Engine, select
from sqlalchemy.ext.asyncio import AsyncEngine

from school.database import held
from school.database.held import Delivered, HeldMessage
from school.database.snapshot import RestBook, read_snapshot
from school.database.tables import HeldState, Part, held_messages, versions

KIM = "@kim:school.example"


def message(event_id: str, room_id: str = "!room") -> HeldMessage:
    return HeldMessage(
        event_id=event_id,
        room_id=room_id,
        sender=KIM,
        event_type="m.room.message",
        origin_server_ts_ms=1_788_000_000_000,
    )


async def add(engine: AsyncEngine, *messages: HeldMessage) -> list[bool]:
    result = []
    for one in messages:
        async with engine.begin() as connection:
            result.append(await held.add(connection, one))
    return result


async def settle(engine: AsyncEngine, event_id: str, state: HeldState, delivered: str | None = None) -> bool:
    async with engine.begin() as connection:
        return await held.settle(connection, event_id, state, delivered_event_id=delivered)


async def waiting(engine: AsyncEngine) -> dict[str, list[str]]:
    async with engine.connect() as connection:
        return {room: [one.event_id for one in those] for room, those in (await held.waiting(connection)).items()}


async def open_drained(engine: AsyncEngine) -> bool:
    async with engine.begin() as connection:
        return await held.open_drained_rooms(connection)


async def rest_version(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return await connection.scalar(select(versions.c.number).where(versions.c.part == Part.REST)) or 0


def book(reader: Engine) -> RestBook:
    with reader.begin() as connection:
        return read_snapshot(connection).rest


async def test_they_wait_in_the_order_of_writing_by_room(writer: AsyncEngine) -> None:
    await add(writer, message("$2", "!b"), message("$1", "!a"), message("$3", "!b"), message("$0", "!a"))
    assert await waiting(writer) == {"!b": ["$2", "$3"], "!a": ["$1", "$0"]}
    assert list(await waiting(writer)) == ["!b", "!a"]


async def test_an_event_that_comes_twice_is_one_message(writer: AsyncEngine) -> None:
    assert await add(writer, message("$1"), message("$2"), message("$1")) == [True, True, False]
    assert await waiting(writer) == {"!room": ["$1", "$2"]}
    await settle(writer, "$1", HeldState.DELIVERED)
    assert await add(writer, message("$1")) == [False]
    assert await waiting(writer) == {"!room": ["$2"]}


async def test_everything_about_a_message_comes_back_and_no_words(writer: AsyncEngine) -> None:
    await add(writer, message("$1"))
    async with writer.begin() as connection:
        await held.set_receipt(connection, "$1", "$receipt", datetime(2026, 9, 1, 5, 30, tzinfo=UTC))
        assert (await held.waiting(connection))["!room"] == [
            HeldMessage(
                event_id="$1",
                room_id="!room",
                sender=KIM,
                event_type="m.room.message",
                origin_server_ts_ms=1_788_000_000_000,
                receipt_event_id="$receipt",
            )
        ]
    assert not {"content", "body", "sealed"} & set(held_messages.c.keys())


async def test_a_receipt_may_know_no_end(writer: AsyncEngine) -> None:
    await add(writer, message("$1"))
    async with writer.begin() as connection:
        await held.set_receipt(connection, "$1", "$receipt", datetime(2026, 9, 1, 5, 30, tzinfo=UTC))
        await held.set_receipt(connection, "$1", "$other", None)
        row = (await connection.execute(select(held_messages))).one()
    assert (row.receipt_event_id, row.due_at) == ("$other", None)


async def test_a_message_is_settled_once(writer: AsyncEngine) -> None:
    await add(writer, message("$1"))
    assert await settle(writer, "$1", HeldState.WITHDRAWN)
    assert not await settle(writer, "$1", HeldState.DELIVERED, "$d")
    assert not await settle(writer, "$unknown", HeldState.DELIVERED, "$d")
    async with writer.connect() as connection:
        row = (await connection.execute(select(held_messages))).one()
    assert (row.state, row.delivered_event_id) == (HeldState.WITHDRAWN, None)


async def test_held_and_delivered_are_found_from_each_other(writer: AsyncEngine) -> None:
    await add(writer, message("$1"), message("$2"), message("$3"))
    await settle(writer, "$1", HeldState.DELIVERED, "$d1")
    await settle(writer, "$2", HeldState.REFUSED)
    async with writer.connect() as connection:
        assert await held.delivered_as(connection, ["$1", "$2", "$3", "$4"]) == {
            "$1": Delivered(event_id="$d1", room_id="!room", sender=KIM)
        }
        assert await held.delivered_as(connection, []) == {}
        assert await held.held_behind(connection, "$d1") == message("$1")
        assert await held.held_behind(connection, "$1") is None


# Rooms that are not drained.


async def test_a_room_is_held_from_its_first_message_until_the_last_is_settled(
    writer: AsyncEngine, reader: Engine
) -> None:
    await add(writer, message("$1", "!a"), message("$2", "!a"), message("$3", "!b"))
    assert book(reader).held_rooms == {"!a", "!b"}
    await settle(writer, "$1", HeldState.DELIVERED)
    await settle(writer, "$3", HeldState.WITHDRAWN)
    assert await open_drained(writer)
    assert book(reader).held_rooms == {"!a"}
    await settle(writer, "$2", HeldState.REFUSED)
    assert await open_drained(writer)
    assert book(reader).held_rooms == frozenset()
    assert not await open_drained(writer)


async def test_the_modules_are_told_only_when_a_room_is_held_or_opened(writer: AsyncEngine) -> None:
    await add(writer, message("$1"), message("$2"))
    assert await rest_version(writer) == 1
    await settle(writer, "$1", HeldState.DELIVERED)
    await open_drained(writer)
    assert await rest_version(writer) == 1
    await settle(writer, "$2", HeldState.DELIVERED)
    await open_drained(writer)
    assert await rest_version(writer) == 2
    await open_drained(writer)
    assert await rest_version(writer) == 2


async def test_a_room_is_not_opened_while_a_message_for_it_is_being_added(writer: AsyncEngine, reader: Engine) -> None:
    await add(writer, message("$1"))
    await settle(writer, "$1", HeldState.DELIVERED)
    adding = asyncio.Event()

    async def slow_add() -> None:
        async with writer.begin() as connection:
            await held.add(connection, message("$2"))
            adding.set()
            await asyncio.sleep(0.3)

    async def opened() -> bool:
        await adding.wait()
        return await open_drained(writer)

    _, was_opened = await asyncio.gather(slow_add(), opened())
    assert not was_opened
    assert book(reader).held_rooms == {"!room"}
    assert await waiting(writer) == {"!room": ["$2"]}


async def test_messages_of_one_room_may_arrive_at_once(writer: AsyncEngine, reader: Engine) -> None:
    assert await asyncio.gather(*(add(writer, message(f"${number}")) for number in range(8))) == [[True]] * 8
    async with writer.connect() as connection:
        positions = [row.position for row in await connection.execute(select(held_messages))]
    assert len(set(positions)) == 8
    assert book(reader).held_rooms == {"!room"}


async def test_messages_of_which_nobody_told_in_time_come_before_those_written_later(writer: AsyncEngine) -> None:
    def at(event_id: str, ms: int) -> HeldMessage:
        return replace(message(event_id), origin_server_ts_ms=ms)

    await add(writer, at("$5", 5), at("$8", 8), message("$other", "!other"))
    async with writer.begin() as connection:
        for late in (at("$9", 9), at("$7", 7), at("$6", 6), at("$2", 2), at("$1", 1)):
            assert await held.add(connection, late, late=True)
        assert not await held.add(connection, at("$5", 5), late=True)
    assert (await waiting(writer))["!room"] == ["$1", "$2", "$5", "$6", "$7", "$8", "$9"]
    assert await add(writer, at("$10", 10)) == [True]
    assert (await waiting(writer))["!room"][-1] == "$10"


async def test_messages_are_looked_up_with_what_became_of_them(writer: AsyncEngine) -> None:
    one, other = message("$1"), message("$2")
    await add(writer, one, other)
    await settle(writer, "$2", HeldState.WITHDRAWN)
    async with writer.connect() as connection:
        found = await held.look_up(connection, ["$1", "$2", "$3"])
    assert found == {"$1": (one, HeldState.WAITING), "$2": (other, HeldState.WITHDRAWN)}
    assert one.written_at == datetime.fromtimestamp(1_788_000_000, UTC)
