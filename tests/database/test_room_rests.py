import pytest
from sqlalchemy import Engine, insert
from sqlalchemy.ext.asyncio import AsyncEngine

from school.database.room_rests import set_room_rest
from school.database.snapshot import read_snapshot
from school.database.tables import Part, group_rooms, groups, held_rooms
from school.domain.hold import RoomMode

CHAT, CLASS, OTHER_CLASS = "!chat", "!5a", "!5b"


@pytest.fixture(autouse=True)
async def _two_classes(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        for group, room in (("5a", CLASS), ("5b", OTHER_CLASS)):
            named = {"id": group, "key": group, "name": group, "kind": "class", "origin": "register"}
            await connection.execute(insert(groups).values(named))
            made = {"room_id": room, "name": group, "moderators": [], "linked": True}
            await connection.execute(insert(group_rooms).values(group_id=group, kind="group", **made))


def modes(reader: Engine) -> tuple[dict[str, RoomMode], int]:
    """What the modules would read, and its version number."""
    with reader.begin() as connection:
        snapshot = read_snapshot(connection)
    return dict(snapshot.rest.room_modes), snapshot.versions.get(Part.REST, 0)


async def say(writer: AsyncEngine, room_id: str, mode: RoomMode) -> bool:
    async with writer.begin() as connection:
        return await set_room_rest(connection, room_id, mode)


async def test_what_was_said_last_of_a_room_holds(writer: AsyncEngine, reader: Engine) -> None:
    assert modes(reader) == ({}, 0)
    assert await say(writer, CHAT, RoomMode.SILENT)
    assert await say(writer, CLASS, RoomMode.HOLD)
    assert modes(reader) == ({CHAT: RoomMode.SILENT, CLASS: RoomMode.HOLD}, 2)
    assert await say(writer, CHAT, RoomMode.HOLD)
    assert modes(reader) == ({CHAT: RoomMode.HOLD, CLASS: RoomMode.HOLD}, 3)


async def test_what_is_so_already_is_nothing_new(writer: AsyncEngine, reader: Engine) -> None:
    assert await say(writer, CHAT, RoomMode.HOLD)
    assert not await say(writer, CHAT, RoomMode.HOLD)
    assert modes(reader)[1] == 1


async def test_a_groups_room_in_which_something_waits_is_known_to_be_silent(
    writer: AsyncEngine, reader: Engine
) -> None:
    async with writer.begin() as connection:
        for room in (CHAT, CLASS, OTHER_CLASS):
            await connection.execute(insert(held_rooms).values(room_id=room))
    await say(writer, OTHER_CLASS, RoomMode.HOLD)
    assert modes(reader)[0] == {CLASS: RoomMode.SILENT, OTHER_CLASS: RoomMode.HOLD}
