"""What lies on the shelves is what stands in the rooms, in whatever order the events come, and how often."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from builders import BEN, IDA
from shelf_school import CHAT, NEWS, NOON_MS, OTHER, ROOM, FakeMessenger, content, delivered, fill, names_on_shelf
from sqlalchemy import event, update
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import RefusedError, TryLaterError
from school.database.shelf import looked_until
from school.database.shelf_folders import add_folder, folders_of, put_into
from school.database.shelf_tables import shelf_files, shelf_places
from school.database.tables import RegisterState, group_rooms, persons
from school.domain.groups import GroupId
from school.domain.shelf import Folder, FolderId
from school.sealing import HELD_KEY, SIGNED_KEY
from shelf.index import ShelfIndex
from shelf.looking_back import LookingBack

BUSY = TryLaterError("HTTP 503", status=503)
HELD = {"msgtype": "m.notice", "body": "🌙 wird zugestellt", HELD_KEY: "v1.sealed"}


class World:
    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.messenger = FakeMessenger()
        self.index = ShelfIndex(engine=engine, events=self.messenger)
        self.now = datetime.fromtimestamp(NOON_MS / 1000, UTC)
        self.looking = LookingBack(engine=engine, rooms=self.messenger, index=self.index, clock=lambda: self.now)

    async def take(self, *events: dict[str, Any]) -> None:
        await self.index.take(events)

    async def names(self, *rooms: str) -> list[str]:
        return await names_on_shelf(self.engine, *rooms)


@pytest.fixture
async def world(engine: AsyncEngine) -> World:
    world = World(engine)
    await fill(engine, world.messenger)
    return world


async def test_a_file_in_a_room_of_a_group_is_on_its_shelf(world: World) -> None:
    said = world.messenger.says
    await world.take(
        said(content("Blatt.pdf")),
        said(content("Aushang.png"), room=NEWS),
        said(content("Geheim.png"), room=CHAT),
        said(content("Verschlüsselt.png", url=None, file={"url": "mxc://school.test/b"})),
        said({"msgtype": "m.text", "body": "Kein Bild.png"}),
    )
    assert await world.names() == ["Aushang.png", "Blatt.pdf"]
    assert await world.names(ROOM) == ["Blatt.pdf"]


async def test_an_event_that_comes_twice_is_there_once(world: World) -> None:
    event = world.messenger.says(content("Blatt.pdf"))
    await world.take(event, event)
    await world.take(event)
    assert await world.names() == ["Blatt.pdf"]


async def test_a_deleted_message_is_gone_at_once(world: World) -> None:
    event = world.messenger.says(content("Peinlich.png"))
    await world.take(event)
    world.messenger.trouble = BUSY
    await world.take(world.messenger.deletes(event))
    assert await world.names() == [], "also while the homeserver does not answer"
    world.messenger.trouble = None
    await world.index.look_again()
    async with world.engine.connect() as connection:
        assert (await connection.execute(shelf_files.select())).all() == [], "and nothing is kept of it"


async def test_a_redaction_in_another_room_deletes_nothing(world: World) -> None:
    event = world.messenger.says(content("Blatt.pdf"))
    await world.take(event, world.messenger.says({"redacts": event["event_id"]}, room=OTHER, kind="m.room.redaction"))
    assert await world.names() == ["Blatt.pdf"]


async def test_an_edit_changes_the_name_and_the_old_one_is_not_shown_meanwhile(world: World) -> None:
    event = world.messenger.says(content("Klassenfoto Lena.png"))
    await world.take(event)
    await world.take(world.messenger.edits(event, content("Klassenfoto.png")))
    assert await world.names() == []
    await world.index.look_again()
    assert await world.names() == ["Klassenfoto.png"]


async def test_a_deleted_edit_brings_the_old_name_back(world: World) -> None:
    event = world.messenger.says(content("Alt.png"))
    edit = world.messenger.edits(event, content("Neu.png"))
    await world.take(event, edit)
    await world.index.look_again()
    await world.take(world.messenger.deletes(edit))
    assert await world.names() == []
    await world.index.look_again()
    assert await world.names() == ["Alt.png"]


async def test_an_edit_into_words_takes_the_file_away(world: World) -> None:
    event = world.messenger.says(content("Falsch.png"))
    await world.take(event, world.messenger.edits(event, {"msgtype": "m.text", "body": "Ups"}))
    await world.index.look_again()
    assert await world.names() == []


async def test_words_that_become_a_file_are_on_the_shelf(world: World) -> None:
    event = world.messenger.says({"msgtype": "m.text", "body": "gleich"})
    await world.take(event, world.messenger.edits(event, content("Da.png")))
    assert await world.names() == []
    await world.index.look_again()
    assert await world.names() == ["Da.png"]


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
async def test_the_order_of_events_does_not_matter(world: World, order: tuple[int, ...]) -> None:
    first = world.messenger.says(content("A.png"))
    second = world.messenger.says(content("B.png"))
    events = [first, second, world.messenger.edits(first, content("A2.png")), world.messenger.deletes(second)]
    for index in order:
        await world.take({**world.messenger.events[events[index]["event_id"]]})
    await world.index.look_again()
    assert await world.names() == ["A2.png"]


async def test_what_changes_while_it_is_looked_at_is_looked_at_again(world: World) -> None:
    event = world.messenger.says(content("1.png"))
    await world.take(event, world.messenger.edits(event, content("2.png")))
    ask = world.messenger.event

    async def slow(room_id: str, event_id: str, **more: Any) -> dict[str, Any]:
        answer = await ask(room_id, event_id, **more)
        if not changed:
            changed.append(world.messenger.edits(event, content("3.png"), at=2))
            await world.take(changed[0])
        return answer

    changed: list[Any] = []
    world.messenger.event = slow  # type: ignore[method-assign]
    await world.index.look_again()
    assert await world.names() == [], "2.png is not true any more"
    await world.index.look_again()
    assert await world.names() == ["3.png"]


async def test_what_waits_is_not_on_the_shelf_before_it_is_delivered_and_then_in_its_folder(world: World) -> None:
    folder = Folder(id=FolderId("f"), name="Woche 1")
    held = world.messenger.says(HELD, who=BEN)
    async with world.engine.begin() as connection:
        await add_folder(connection, GroupId("5a"), folder)
        await put_into(connection, held["event_id"], folder.id)
    await world.take(held)
    assert await world.names() == []
    async with world.engine.connect() as connection:
        assert (await connection.execute(shelf_files.select())).all() == []
    await world.take(world.messenger.says(delivered(content("Aufsatz.pdf"), held), who=BEN))
    assert await world.names() == ["Aufsatz.pdf"]
    async with world.engine.connect() as connection:
        [place] = (await connection.execute(shelf_places.select())).all()
        assert (place.folder_id, place.event_id) == ("f", "$event-1")
        assert list(await folders_of(connection, GroupId("5a"))) == [folder]


async def test_what_a_notice_says_of_itself_asks_nothing_of_the_database(world: World) -> None:
    held = world.messenger.says(HELD, who=BEN)
    edit = world.messenger.edits(held, {"msgtype": "m.notice", "body": "🌙 geschrieben"})
    edit["content"][SIGNED_KEY] = {"purpose": "receipt", "held": held["event_id"], "key": "k", "signature": "s"}
    begun = []
    event.listen(world.engine.sync_engine, "begin", begun.append)
    await world.take(held, edit)
    assert begun == []


async def test_nothing_that_is_broken_stops_the_others(world: World) -> None:
    broken = [
        {"type": "m.room.message", "room_id": ROOM, "content": content("x.png")},
        {"type": "m.room.message", "content": None},
        {"type": "m.room.redaction", "room_id": ROOM, "event_id": "$x", "content": {}},
        {"type": "m.room.message", "room_id": ROOM, "event_id": "$y", "content": {"m.relates_to": "no", "url": 3}},
        world.messenger.says(content("z\x00\ud800.png")),
        world.messenger.says({"redacts": "$\x00"}, kind="m.room.redaction"),
        world.messenger.says({"redacts": "$\ud800"}, kind="m.room.redaction"),
        world.messenger.says({"m.relates_to": {"rel_type": "m.replace", "event_id": "$\x00"}, "body": "x"}),
        world.messenger.says(content("y.png", info="x" * 9)),
    ]
    await world.take(*broken, world.messenger.says(content("Blatt.pdf")))
    assert await world.names() == ["Blatt.pdf", "y.png", "z .png"]


async def test_a_file_that_is_not_where_its_message_says_is_looked_at(world: World) -> None:
    event = world.messenger.says(content("Weg.png"))
    await world.take(event)
    del world.messenger.events[event["event_id"]]
    await world.index.doubt(ROOM, event["event_id"])
    await world.index.look_again()
    assert await world.names() == []


# Looking back


async def test_what_was_there_before_is_found_at_the_first_look(world: World) -> None:
    old = world.messenger.says(content("Alt.png"), at=-(10**10))
    world.messenger.edits(old, content("Umbenannt.png"), at=-(10**9))
    world.messenger.deletes(world.messenger.says(content("Gelöscht.png")))
    for number in range(150):
        world.messenger.says(content(f"{number:03}.png"), at=-number)
    await world.looking.look()
    await world.index.look_again()
    names = await world.names()
    assert (len(names), names[-1]) == (151, "Umbenannt.png")


async def test_what_happened_in_an_outage_is_found_and_nothing_is_read_twice(world: World) -> None:
    first = world.messenger.says(content("Bleibt.png"), at=-(10**9))
    gone = world.messenger.says(content("Gelöscht.png"), at=-(10**9))
    renamed = world.messenger.says(content("Alt.png"), at=-(10**9))
    await world.looking.look()
    assert len(await world.names()) == 3
    world.now += timedelta(days=1)
    later = 24 * 3600 * 1000
    world.messenger.edits(renamed, content("Neu.png"), at=later - 1)
    world.messenger.deletes(gone)["origin_server_ts"] = later
    world.messenger.says(content("Neues.png"), at=later - 5)
    assert first["event_id"] in world.messenger.events
    await world.looking.look()
    await world.index.look_again()
    assert await world.names() == ["Bleibt.png", "Neu.png", "Neues.png"]
    async with world.engine.connect() as connection:
        assert set((await looked_until(connection)).values()) == {world.now}


async def test_a_look_that_breaks_off_is_made_again(world: World) -> None:
    world.messenger.says(content("Blatt.png"))
    world.messenger.trouble = BUSY
    with pytest.raises(TryLaterError):
        await world.looking.look()
    async with world.engine.connect() as connection:
        assert await looked_until(connection) == {}
    world.messenger.trouble = None
    await world.looking.look()
    assert await world.names() == ["Blatt.png"]


async def test_nobody_who_was_erased_comes_back(world: World) -> None:
    world.messenger.says(content("Von Ida.png"), who=IDA)
    world.messenger.says(content("Von Ben.png"), who=BEN)
    async with world.engine.begin() as connection:
        erased = update(persons).where(persons.c.id == BEN.id).values(standing=RegisterState.ERASED.value)
        await connection.execute(erased)
    await world.looking.look()
    assert await world.names() == ["Von Ida.png"]


async def test_rooms_that_are_no_rooms_of_groups_any_more_have_no_shelf(world: World) -> None:
    async with world.engine.begin() as connection:
        await connection.execute(group_rooms.delete().where(group_rooms.c.room_id == OTHER))
    world.messenger.says(content("Blatt.png"), room=OTHER)
    await world.looking.look()
    assert await world.names() == []


async def test_what_was_in_a_room_goes_with_the_room(world: World) -> None:
    await world.take(world.messenger.says(content("Blatt.png"), room=OTHER), world.messenger.says(content("Da.png")))
    async with world.engine.begin() as connection:
        await put_into(connection, "$event-0", FolderId("f"))
    await world.looking.look()
    assert await world.names() == ["Blatt.png", "Da.png"]

    async def gone(room_id: str, **_: Any) -> AsyncIterator[dict[str, Any]]:
        raise RefusedError("HTTP 403", status=403)
        yield

    look, world.messenger.messages_before = world.messenger.messages_before, gone  # type: ignore[method-assign]
    await world.looking.look()
    assert await world.names() == []
    async with world.engine.connect() as connection:
        assert await looked_until(connection) == {}
    world.messenger.messages_before = look  # type: ignore[method-assign]
    await world.looking.look()
    assert await world.names() == ["Blatt.png", "Da.png"], "it was only that the bot was not in it"
    async with world.engine.connect() as connection:
        assert len((await connection.execute(shelf_places.select())).all()) == 1, "and it lies where it lay"


async def test_places_of_files_that_are_gone_are_forgotten(world: World) -> None:
    event = world.messenger.says(content("Blatt.png"))
    await world.take(event)
    async with world.engine.begin() as connection:
        await put_into(connection, event["event_id"], FolderId("f"))
        await put_into(connection, "$of-somebody-erased", FolderId("f"))
    await world.looking.look()
    async with world.engine.connect() as connection:
        assert [row.event_id for row in await connection.execute(shelf_places.select())] == [event["event_id"]]
