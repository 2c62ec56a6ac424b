from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from builders import IDA, OTTO
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.group_rooms import GroupRooms
from appservice.homeserver import TryLaterError
from school.database.mirror import GroupRoomRow, group_room_rows
from school.database.tables import groups
from school.domain.groups import Group, GroupId, GroupKind
from school.domain.rooms import RoomKind, power_levels, stamp_from

CLASS = Group(id=GroupId("g5a"), name="Klasse 5a", kind=GroupKind.CLASS)


class FakeHomeserver:
    """Rooms as they were asked for, and the state that was written later. `fails_after` breaks off in between."""

    def __init__(self) -> None:
        self.rooms: dict[str, dict[str, Any]] = {}
        self.state_written: list[tuple[str, str, str, dict[str, Any]]] = []
        self.fails_after: int | None = None

    def _step(self) -> None:
        if self.fails_after is not None:
            self.fails_after -= 1
            if self.fails_after < 0:
                raise TryLaterError("HTTP 503")

    async def create_room(self, request: Mapping[str, Any]) -> str:
        self._step()
        room_id = f"!{len(self.rooms)}"
        self.rooms[room_id] = dict(request)
        return room_id

    async def set_state(self, room_id: str, event_type: str, state_key: str, content: Mapping[str, Any]) -> None:
        self._step()
        self.state_written.append((room_id, event_type, state_key, dict(content)))

    async def rooms_made_by_bot(self) -> frozenset[str]:
        return frozenset(self.rooms)

    async def state(self, room_id: str, event_type: str) -> dict[str, Any]:
        content: dict[str, Any] = self.rooms[room_id]["creation_content"]
        return content

    @property
    def kinds(self) -> list[RoomKind]:
        stamps = [stamp_from(request["creation_content"]) for request in self.rooms.values()]
        return [stamp.kind for stamp in stamps if stamp is not None]


@pytest.fixture
async def homeserver(engine: AsyncEngine) -> FakeHomeserver:
    values = {"id": CLASS.id, "key": "5a", "name": CLASS.name, "kind": CLASS.kind, "origin": "register"}
    async with engine.begin() as connection:
        await connection.execute(insert(groups).values(**values))
    return FakeHomeserver()


def group_rooms_of(engine: AsyncEngine, homeserver: Any) -> GroupRooms:
    return GroupRooms(engine=engine, homeserver=homeserver, server_name="school.test")


async def known(engine: AsyncEngine) -> GroupRoomRow | None:
    async with engine.connect() as connection:
        return (await group_room_rows(connection)).get(CLASS.id)


async def test_a_group_gets_one_space_and_one_room_in_it(engine: AsyncEngine, homeserver: FakeHomeserver) -> None:
    await group_rooms_of(engine, homeserver).ensure(CLASS, [IDA.user_id], None)
    assert homeserver.kinds == [RoomKind.SPACE, RoomKind.GROUP]
    space, room = homeserver.rooms.values()
    assert space["creation_content"]["type"] == "m.space"
    assert "type" not in room["creation_content"]
    assert homeserver.state_written == [("!0", "m.space.child", "!1", {"via": ["school.test"], "suggested": True})]
    row = await known(engine)
    assert row == GroupRoomRow(
        group_id=CLASS.id,
        space_id="!0",
        room_id="!1",
        linked=True,
        is_open=True,
        name="Klasse 5a",
        moderators=(IDA.user_id,),
    )
    assert GroupRooms.are_right(CLASS, [IDA.user_id], row)


async def test_rooms_of_groups_are_private_and_not_federated(engine: AsyncEngine, homeserver: FakeHomeserver) -> None:
    await group_rooms_of(engine, homeserver).ensure(CLASS, [], None)
    for request in homeserver.rooms.values():
        assert (request["visibility"], request["preset"], request["room_version"]) == ("private", "private_chat", "12")
        assert request["creation_content"]["m.federate"] is False
        assert "room_alias_name" not in request
        assert "topic" not in request


def state_of(request: Mapping[str, Any], event_type: str) -> dict[str, Any]:
    [content] = [event["content"] for event in request["initial_state"] if event["type"] == event_type]
    return dict(content)


async def test_only_who_is_in_the_space_enters_the_room(engine: AsyncEngine, homeserver: FakeHomeserver) -> None:
    rooms = group_rooms_of(engine, homeserver)
    await rooms.ensure(CLASS, [], None)
    space, room = homeserver.rooms.values()
    assert state_of(room, "m.room.join_rules") == {
        "join_rule": "restricted",
        "allow": [{"type": "m.room_membership", "room_id": "!0"}],
    }
    assert state_of(space, "m.room.join_rules") == {"join_rule": "public"}
    row = await known(engine)
    assert row is not None
    assert row.is_open
    await rooms.close(row)
    assert homeserver.state_written[-1] == ("!0", "m.room.join_rules", "", {"join_rule": "invite"})
    assert await known(engine) == replace(row, is_open=False)
    assert state_of(room, "m.room.history_visibility") == {"history_visibility": "shared"}


async def test_teachers_of_a_group_moderate_its_room_and_not_its_space(
    engine: AsyncEngine, homeserver: FakeHomeserver
) -> None:
    await group_rooms_of(engine, homeserver).ensure(CLASS, [OTTO.user_id, IDA.user_id], None)
    space, room = homeserver.rooms.values()
    assert room["power_level_content_override"] == power_levels(RoomKind.GROUP, [IDA.user_id, OTTO.user_id])
    assert space["power_level_content_override"] == power_levels(RoomKind.SPACE)


async def test_what_is_right_is_not_touched(engine: AsyncEngine, homeserver: FakeHomeserver) -> None:
    rooms = group_rooms_of(engine, homeserver)
    for _ in range(2):
        await rooms.ensure(CLASS, [IDA.user_id], await known(engine))
    assert len(homeserver.rooms) == 2
    assert len(homeserver.state_written) == 1


async def test_a_new_name_is_written_to_both(engine: AsyncEngine, homeserver: FakeHomeserver) -> None:
    rooms = group_rooms_of(engine, homeserver)
    await rooms.ensure(CLASS, [], None)
    renamed = replace(CLASS, name="Klasse 6a")
    assert not GroupRooms.are_right(renamed, [], await known(engine))
    await rooms.ensure(renamed, [], await known(engine))
    assert homeserver.state_written[1:] == [
        (room_id, "m.room.name", "", {"name": "Klasse 6a"}) for room_id in ("!0", "!1")
    ]
    assert GroupRooms.are_right(renamed, [], await known(engine))


async def test_new_moderators_are_written_as_whole_power_levels(
    engine: AsyncEngine, homeserver: FakeHomeserver
) -> None:
    rooms = group_rooms_of(engine, homeserver)
    await rooms.ensure(CLASS, [IDA.user_id], None)
    await rooms.ensure(CLASS, [OTTO.user_id], await known(engine))
    assert homeserver.state_written[1:] == [
        ("!1", "m.room.power_levels", "", power_levels(RoomKind.GROUP, [OTTO.user_id]))
    ]


@pytest.mark.parametrize("steps", range(3))
async def test_a_run_that_was_broken_off_is_taken_up(
    engine: AsyncEngine, homeserver: FakeHomeserver, steps: int
) -> None:
    rooms = group_rooms_of(engine, homeserver)
    homeserver.fails_after = steps
    with pytest.raises(TryLaterError):
        await rooms.ensure(CLASS, [IDA.user_id], None)
    homeserver.fails_after = None
    await rooms.ensure(CLASS, [IDA.user_id], await known(engine))
    assert homeserver.kinds == [RoomKind.SPACE, RoomKind.GROUP]
    assert len(homeserver.state_written) == 1
    assert GroupRooms.are_right(CLASS, [IDA.user_id], await known(engine))


@pytest.mark.parametrize("remembered", ["nothing", "the space"])
async def test_rooms_that_were_made_and_not_remembered_are_found_by_their_stamp(
    engine: AsyncEngine, homeserver: FakeHomeserver, remembered: str
) -> None:
    rooms = group_rooms_of(engine, homeserver)
    await rooms.ensure(CLASS, [IDA.user_id], None)
    before = await known(engine)
    assert before is not None
    rows = {} if remembered == "nothing" else {CLASS.id: replace(before, room_id=None)}
    found = await rooms.take_up(rows)
    assert (found[CLASS.id].space_id, found[CLASS.id].room_id) == ("!0", "!1")
    await rooms.ensure(CLASS, [IDA.user_id], found[CLASS.id])
    assert len(homeserver.rooms) == 2
    assert GroupRooms.are_right(CLASS, [IDA.user_id], await known(engine))


async def test_a_room_of_no_group_is_not_taken_up(engine: AsyncEngine, homeserver: FakeHomeserver) -> None:
    await homeserver.create_room({"creation_content": {}})
    assert await group_rooms_of(engine, homeserver).take_up({}) == {}
