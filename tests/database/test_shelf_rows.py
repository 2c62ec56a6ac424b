"""The rows of the shelves, on each database."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from school.database.shelf import (
    Doubt,
    Seen,
    doubt_file,
    doubts,
    files_in,
    forget_room,
    groups_of_rooms,
    looked_until,
    names_of_senders,
    read_file,
    room_was_looked_at,
    rooms_known,
    rooms_of_shelf,
    rooms_with_shelf,
    settle_doubt,
    take_file,
)
from school.database.shelf_folders import (
    add_folder,
    folders_of,
    forget_empty_places,
    put_into,
    remove_folder,
    rename_folder,
    was_delivered_as,
)
from school.database.shelf_tables import shelf_places
from school.database.tables import RegisterState, group_rooms, groups, held_messages, persons
from school.domain.groups import GroupId
from school.domain.rooms import RoomKind
from school.domain.shelf import Folder, FolderId
from school.domain.shelf_files import Described
from shelf.index import ShelfIndex

NOON = datetime(2026, 5, 5, 12, 0, tzinfo=UTC)
ROOM, NEWS, SPACE, CHAT = "!room", "!news", "!space", "!chat"
CLASS = GroupId("5a")
FILE = Described(name="Übung.pdf", media_type="application/pdf", size=2**40, uri="mxc://school.test/a")


def seen(event_id: str = "$a", **values: Any) -> Seen:
    given: dict[str, Any] = {
        "event_id": event_id,
        "room_id": ROOM,
        "sender": "@ida:school.test",
        "sent_at_ms": int(NOON.timestamp() * 1000),
        "file": FILE,
    }
    return Seen(**(given | values))


async def fill(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        for group in ("5a", "6b"):
            row = {"id": group, "key": group, "name": group, "kind": "class", "origin": "register"}
            await connection.execute(insert(groups).values(row))
        for kind, room_id in (("space", SPACE), ("group", ROOM), ("announcements", NEWS)):
            values = {"group_id": "5a", "kind": kind, "room_id": room_id, "name": "x", "moderators": [], "linked": True}
            await connection.execute(insert(group_rooms).values(values))
        name = {"given_name": "Ida", "family_name": "Groß", "role": "teacher"}
        await connection.execute(insert(persons).values(id="p-ida", user_id="@ida:school.test", **name))


async def test_files_are_taken_once_and_only_in_rooms_of_groups(writer: AsyncEngine) -> None:
    await fill(writer)
    async with writer.begin() as connection:
        taken = [
            await take_file(connection, each)
            for each in (seen(), seen(), seen("$b", room_id=CHAT), seen("$c", room_id=SPACE), seen("$d", room_id=NEWS))
        ]
        assert taken == [True, False, False, False, True]
        assert [file.event_id for file in await files_in(connection, [ROOM])] == ["$a"]
        found = await read_file(connection, "$a", [ROOM])
        assert found is not None
        assert (found.name, found.size, found.sent_at, found.folder) == ("Übung.pdf", 2**40, NOON, None)
        assert await read_file(connection, "$a", [NEWS]) is None
        assert await files_in(connection, []) == []
        assert await names_of_senders(connection, [ROOM]) == {"@ida:school.test": "Ida Groß"}


async def test_rooms_and_groups_of_shelves(writer: AsyncEngine) -> None:
    await fill(writer)
    async with writer.begin() as connection:
        assert list(await rooms_with_shelf(connection)) == [NEWS, ROOM]
        rooms = await rooms_of_shelf(connection, CLASS)
        assert rooms == {ROOM: RoomKind.GROUP, NEWS: RoomKind.ANNOUNCEMENTS}
        assert await groups_of_rooms(connection, {ROOM, CHAT}) == {CLASS}
        assert await groups_of_rooms(connection, {SPACE}) == frozenset()


async def test_nothing_is_taken_of_somebody_erased(writer: AsyncEngine) -> None:
    await fill(writer)
    async with writer.begin() as connection:
        await connection.execute(update(persons).values(standing=RegisterState.ERASED.value))
        assert not await take_file(connection, seen())


async def test_a_doubt_is_settled_only_for_the_event_for_whose_sake_it_was(writer: AsyncEngine) -> None:
    await fill(writer)
    async with writer.begin() as connection:
        await take_file(connection, seen(edit_event_id="$edit"))
        assert not await doubt_file(connection, CHAT, "$a", "$1")
        assert await doubt_file(connection, ROOM, "$edit", "$1"), "by the edit, too"
        assert await doubt_file(connection, ROOM, "$a", "$2")
        assert list(await doubts(connection)) == [Doubt(room_id=ROOM, event_id="$a", because="$2")]
        assert await files_in(connection, [ROOM]) == []
        await put_into(connection, "$a", FolderId("f"))
        await settle_doubt(connection, Doubt(room_id=ROOM, event_id="$a", because="$1"), None)
        assert len(await doubts(connection)) == 1
        await settle_doubt(connection, Doubt(room_id=ROOM, event_id="$a", because="$2"), seen())
        assert [file.folder for file in await files_in(connection, [ROOM])] == ["f"]
        await doubt_file(connection, ROOM, "$a", "$3")
        await settle_doubt(connection, Doubt(room_id=ROOM, event_id="$a", because="$3"), None)
        assert (await connection.execute(select(shelf_places))).all() == [], "its place goes with it"


async def test_until_when_a_room_was_looked_at(writer: AsyncEngine) -> None:
    await fill(writer)
    async with writer.begin() as connection:
        await take_file(connection, seen())
        for _ in range(2):
            await room_was_looked_at(connection, ROOM, NOON)
        assert await looked_until(connection) == {ROOM: NOON}
        assert await rooms_known(connection) == {ROOM}
        await forget_room(connection, ROOM)
        assert await rooms_known(connection) == frozenset()


async def test_folders_have_names_of_their_own_in_each_group(writer: AsyncEngine) -> None:
    await fill(writer)
    first, second = Folder(id=FolderId("1"), name="Übung"), Folder(id=FolderId("2"), name="Woche")
    async with writer.begin() as connection:
        assert await add_folder(connection, CLASS, first)
        assert not await add_folder(connection, CLASS, Folder(id=FolderId("x"), name="UBUNG"))
        assert await add_folder(connection, GroupId("6b"), Folder(id=FolderId("y"), name="Übung"))
        assert await add_folder(connection, CLASS, second)
        assert not await rename_folder(connection, CLASS, Folder(id=second.id, name="übung"))
        assert await rename_folder(connection, CLASS, Folder(id=second.id, name="Abgabe"))
        assert [folder.name for folder in await folders_of(connection, CLASS)] == ["Abgabe", "Übung"]
        await put_into(connection, "$a", first.id)
        await remove_folder(connection, GroupId("6b"), first.id)
        assert len(await folders_of(connection, CLASS)) == 2, "only from its own group"
        await remove_folder(connection, CLASS, first.id)
        assert (await connection.execute(select(shelf_places))).all() == []


async def test_what_waits_keeps_its_place_until_it_is_delivered(writer: AsyncEngine) -> None:
    await fill(writer)
    held = {"event_id": "$held", "position": 1, "room_id": ROOM, "sender": "@ida:school.test"}
    async with writer.begin() as connection:
        row = held | {"event_type": "m.room.message", "origin_server_ts_ms": 1, "state": "waiting"}
        await connection.execute(insert(held_messages).values(row))
        for event_id in ("$held", "$nowhere"):
            await put_into(connection, event_id, FolderId("f"))
        await forget_empty_places(connection)
        assert [row.event_id for row in await connection.execute(select(shelf_places))] == ["$held"]
        await was_delivered_as(connection, "$held", "$a")
        await was_delivered_as(connection, "$unknown", "$b")
        assert [row.event_id for row in await connection.execute(select(shelf_places))] == ["$a"]


async def test_what_a_database_cannot_take_stops_nothing_else(writer: AsyncEngine) -> None:
    await fill(writer)

    class Nothing:
        async def event(self, room_id: str, event_id: str) -> dict[str, Any]:
            raise AssertionError

    content = {"msgtype": "m.file", "body": "a.png", "url": "mxc://school.test/a"}
    event = {"type": "m.room.message", "room_id": ROOM, "sender": "@ida:school.test", "origin_server_ts": 1}
    broken = event | {"event_id": "$\x00", "content": content, "origin_server_ts": 2**80}
    await ShelfIndex(engine=writer, events=Nothing()).take([broken, event | {"event_id": "$a", "content": content}])
    async with writer.connect() as connection:
        assert [file.event_id for file in await files_in(connection, [ROOM])] == ["$a"]
