from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from builders import IDA, OTTO
from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.group_rooms import GroupRooms
from appservice.homeserver import TryLaterError
from school.database.mirror import GroupRoomRow, RoomsOfGroup, forget_room, group_room_rows
from school.database.tables import group_rooms, groups
from school.database.teachers_only import set_teachers_only
from school.domain.conference_widget import LAYOUT, WIDGET, WIDGET_ID, layout, widget_of
from school.domain.groups import Group, GroupId, GroupKind
from school.domain.layout import RoomLayout
from school.domain.rooms import RoomKind, power_levels, stamp_from
from school.domain.teachers_only import is_for_teachers_only, with_teachers_only

CLASS = Group(id=GroupId("g5a"), name="Klasse 5a", kind=GroupKind.CLASS)


class FakeHomeserver:
    """Rooms as they were asked for, and the state that was written later. `fails_after` breaks off in between."""

    def __init__(self) -> None:
        self.rooms: dict[str, dict[str, Any]] = {}
        self.state_written: list[tuple[str, str, str, dict[str, Any]]] = []
        self.levels: dict[str, dict[str, Any]] = {}
        self.half_made: set[str] = set()
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
        if event_type == "m.room.power_levels":
            self.levels[room_id] = dict(content)

    async def state(self, room_id: str, event_type: str) -> dict[str, Any]:
        assert event_type == "m.room.power_levels"
        return self.levels.get(room_id) or dict(self.rooms[room_id]["power_level_content_override"])

    async def rooms_made_by_bot(self) -> frozenset[str]:
        return frozenset(self.rooms)

    async def whole_state(self, room_id: str) -> list[dict[str, Any]]:
        request = self.rooms[room_id]
        create = {"type": "m.room.create", "content": request["creation_content"]}
        levels = {"type": "m.room.power_levels", "content": request.get("power_level_content_override", {})}
        return [create] if room_id in self.half_made else [create, levels, *request.get("initial_state", [])]

    async def delete_room(self, room_id: str) -> None:
        self._step()
        del self.rooms[room_id]

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


def group_rooms_of(engine: AsyncEngine, homeserver: Any, **layout: Any) -> GroupRooms:
    layouts = {GroupKind.CLASS: RoomLayout(**layout)}
    return GroupRooms(engine=engine, homeserver=homeserver, server_name="school.test", layouts=layouts)


async def known(engine: AsyncEngine) -> RoomsOfGroup:
    async with engine.connect() as connection:
        return (await group_room_rows(connection)).get(CLASS.id, {})


async def test_a_group_gets_one_space_and_one_room_in_it(engine: AsyncEngine, homeserver: FakeHomeserver) -> None:
    rooms = group_rooms_of(engine, homeserver)
    assert rooms.lacks_rooms(CLASS, {})
    await rooms.ensure(CLASS, [IDA.user_id], {})
    assert not rooms.lacks_rooms(CLASS, await known(engine))
    assert homeserver.kinds == [RoomKind.SPACE, RoomKind.GROUP]
    space, room = homeserver.rooms.values()
    assert space["creation_content"]["type"] == "m.space"
    assert "type" not in room["creation_content"]
    assert homeserver.state_written == [("!0", "m.space.child", "!1", {"via": ["school.test"], "suggested": True})]
    assert await known(engine) == {
        RoomKind.SPACE: GroupRoomRow(
            group_id=CLASS.id, kind=RoomKind.SPACE, room_id="!0", name="Klasse 5a", lets_in=()
        ),
        RoomKind.GROUP: GroupRoomRow(
            group_id=CLASS.id,
            kind=RoomKind.GROUP,
            room_id="!1",
            name="Klasse 5a",
            moderators=(IDA.user_id,),
            linked=True,
            lets_in=("!0",),
        ),
    }
    assert rooms.are_right(CLASS, [IDA.user_id], await known(engine))


async def test_rooms_of_groups_are_private_and_not_federated(engine: AsyncEngine, homeserver: FakeHomeserver) -> None:
    await group_rooms_of(engine, homeserver).ensure(CLASS, [], {})
    for request in homeserver.rooms.values():
        assert (request["visibility"], request["preset"], request["room_version"]) == ("private", "private_chat", "12")
        assert request["creation_content"]["m.federate"] is False
        assert "room_alias_name" not in request
        assert "topic" not in request


def name_of(request: Mapping[str, Any]) -> str:
    return str(state_of(request, "m.room.name")["name"])


def state_of(request: Mapping[str, Any], event_type: str) -> dict[str, Any]:
    [content] = [event["content"] for event in request["initial_state"] if event["type"] == event_type]
    return dict(content)


async def test_only_who_is_in_the_space_enters_the_room(engine: AsyncEngine, homeserver: FakeHomeserver) -> None:
    rooms = group_rooms_of(engine, homeserver)
    await rooms.ensure(CLASS, [], {})
    space, room = homeserver.rooms.values()
    assert state_of(room, "m.room.join_rules") == {
        "join_rule": "restricted",
        "allow": [{"type": "m.room_membership", "room_id": "!0"}],
    }
    assert state_of(space, "m.room.join_rules") == {"join_rule": "invite"}
    assert state_of(room, "m.room.history_visibility") == {"history_visibility": "shared"}


async def test_where_people_wait_all_is_open_and_closed_afterwards(
    engine: AsyncEngine, homeserver: FakeHomeserver
) -> None:
    rooms = group_rooms_of(engine, homeserver)
    await rooms.ensure(CLASS, [], {}, lets_in=None)
    for request in homeserver.rooms.values():
        assert state_of(request, "m.room.join_rules") == {"join_rule": "public"}
    everything = {CLASS.id: await known(engine)}
    for found in rooms.ajar({CLASS.id: CLASS}, everything):
        await rooms.close(*found)
    inside = {"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": "!0"}]}
    closed = [(written[0], written[3]) for written in homeserver.state_written if written[1] == "m.room.join_rules"]
    assert closed == [("!0", {"join_rule": "invite"}), ("!1", inside)]
    assert rooms.ajar({CLASS.id: CLASS}, {CLASS.id: await known(engine)}) == []


async def test_a_new_space_is_closed_and_then_opened_by_the_space_of_the_staff(
    engine: AsyncEngine, homeserver: FakeHomeserver
) -> None:
    rooms = group_rooms_of(engine, homeserver)
    await rooms.ensure(CLASS, [], {}, lets_in=None)
    everything = {CLASS.id: await known(engine)}
    space, room = everything[CLASS.id].values()
    assert rooms.ajar({CLASS.id: CLASS}, everything) == [(space, ()), (room, ("!0",))]
    staff = Group(id=GroupId("staff"), name="Lehrer", kind=GroupKind.STAFF)
    its_space = GroupRoomRow(group_id=staff.id, kind=RoomKind.SPACE, room_id="!staff", name="Lehrer", lets_in=())
    everything[staff.id] = {RoomKind.SPACE: its_space}
    for found in reversed(rooms.ajar({CLASS.id: CLASS, staff.id: staff}, everything)):
        await rooms.close(*found)
    allow = [{"type": "m.room_membership", "room_id": "!staff"}]
    rules = {"join_rule": "restricted", "allow": allow}
    assert homeserver.state_written[-1] == ("!0", "m.room.join_rules", "", rules)
    everything[CLASS.id] = await known(engine)
    assert rooms.ajar({CLASS.id: CLASS, staff.id: staff}, everything) == []


async def test_a_space_for_which_nobody_waits_is_made_closed(engine: AsyncEngine, homeserver: FakeHomeserver) -> None:
    rooms = group_rooms_of(engine, homeserver)
    await rooms.ensure(CLASS, [], {}, lets_in=())
    space, _ = homeserver.rooms.values()
    assert state_of(space, "m.room.join_rules") == {"join_rule": "invite"}
    assert rooms.ajar({CLASS.id: CLASS}, {CLASS.id: await known(engine)}) == []


async def test_a_space_without_staff_lets_in_the_invited_only(engine: AsyncEngine, homeserver: FakeHomeserver) -> None:
    rooms = group_rooms_of(engine, homeserver)
    await rooms.ensure(CLASS, [], {}, lets_in=None)
    for found in rooms.ajar({CLASS.id: CLASS}, {CLASS.id: await known(engine)}):
        await rooms.close(*found)
    assert ("!0", "m.room.join_rules", "", {"join_rule": "invite"}) in homeserver.state_written


async def test_a_kind_without_spaces_has_rooms_that_are_closed(engine: AsyncEngine, homeserver: FakeHomeserver) -> None:
    rooms = group_rooms_of(engine, homeserver, space=False, name="{group}: Gespräch")
    await rooms.ensure(CLASS, [IDA.user_id], {})
    [room] = homeserver.rooms.values()
    assert name_of(room) == "Klasse 5a: Gespräch"
    assert state_of(room, "m.room.join_rules") == {"join_rule": "invite"}
    assert not [event for event in room["initial_state"] if event["type"] == "m.space.parent"]
    assert rooms.are_right(CLASS, [IDA.user_id], await known(engine))
    assert rooms.ajar({CLASS.id: CLASS}, {CLASS.id: await known(engine)}) == []


async def test_announcements_come_when_the_school_wants_them_and_stay(
    engine: AsyncEngine, homeserver: FakeHomeserver
) -> None:
    plain = group_rooms_of(engine, homeserver)
    await plain.ensure(CLASS, [IDA.user_id], {})
    rooms = group_rooms_of(engine, homeserver, announcements="{group}: Ankündigungen")
    assert rooms.lacks_rooms(CLASS, await known(engine))
    await rooms.ensure(CLASS, [IDA.user_id], await known(engine))
    assert homeserver.kinds == [RoomKind.SPACE, RoomKind.GROUP, RoomKind.ANNOUNCEMENTS]
    announcements = homeserver.rooms["!2"]
    assert name_of(announcements) == "Klasse 5a: Ankündigungen"
    assert announcements["power_level_content_override"] == power_levels(RoomKind.ANNOUNCEMENTS, [IDA.user_id])
    assert announcements["power_level_content_override"]["events_default"] == 50
    assert state_of(announcements, "m.room.join_rules") == state_of(homeserver.rooms["!1"], "m.room.join_rules")
    assert rooms.are_right(CLASS, [IDA.user_id], await known(engine))
    assert plain.are_right(CLASS, [IDA.user_id], await known(engine))
    assert not rooms.are_right(CLASS, [], await known(engine))


async def test_teachers_of_a_group_moderate_its_room_and_not_its_space(
    engine: AsyncEngine, homeserver: FakeHomeserver
) -> None:
    await group_rooms_of(engine, homeserver).ensure(CLASS, [OTTO.user_id, IDA.user_id], {})
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
    await rooms.ensure(CLASS, [], {})
    renamed = replace(CLASS, name="Klasse 6a")
    assert not rooms.are_right(renamed, [], await known(engine))
    await rooms.ensure(renamed, [], await known(engine))
    assert homeserver.state_written[1:] == [
        (room_id, "m.room.name", "", {"name": "Klasse 6a"}) for room_id in ("!0", "!1")
    ]
    assert rooms.are_right(renamed, [], await known(engine))


async def test_new_moderators_are_written_as_whole_power_levels(
    engine: AsyncEngine, homeserver: FakeHomeserver
) -> None:
    rooms = group_rooms_of(engine, homeserver)
    await rooms.ensure(CLASS, [IDA.user_id], {})
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
        await rooms.ensure(CLASS, [IDA.user_id], {})
    homeserver.fails_after = None
    await rooms.ensure(CLASS, [IDA.user_id], await known(engine))
    assert homeserver.kinds == [RoomKind.SPACE, RoomKind.GROUP]
    assert len(homeserver.state_written) == 1
    assert rooms.are_right(CLASS, [IDA.user_id], await known(engine))


@pytest.mark.parametrize("remembered", ["nothing", "the space"])
async def test_rooms_that_were_made_and_not_remembered_are_found_by_their_stamp(
    engine: AsyncEngine, homeserver: FakeHomeserver, remembered: str
) -> None:
    rooms = group_rooms_of(engine, homeserver)
    await rooms.ensure(CLASS, [IDA.user_id], {})
    before = await known(engine)
    rows = {} if remembered == "nothing" else {CLASS.id: {RoomKind.SPACE: before[RoomKind.SPACE]}}
    found = await rooms.take_up(rows)
    assert {kind: row.room_id for kind, row in found[CLASS.id].items()} == {
        RoomKind.SPACE: "!0",
        RoomKind.GROUP: "!1",
    }
    await rooms.ensure(CLASS, [IDA.user_id], found[CLASS.id])
    assert len(homeserver.rooms) == 2
    assert rooms.are_right(CLASS, [IDA.user_id], await known(engine))


async def test_a_room_that_the_homeserver_did_not_live_to_finish_is_made_anew(
    engine: AsyncEngine, homeserver: FakeHomeserver
) -> None:
    rooms = group_rooms_of(engine, homeserver)
    await rooms.ensure(CLASS, [IDA.user_id], {})
    homeserver.half_made = {"!1"}
    found = await rooms.take_up({})
    assert found[CLASS.id].keys() == {RoomKind.SPACE}
    assert homeserver.rooms.keys() == {"!0"}


async def test_a_room_of_no_group_is_not_taken_up(engine: AsyncEngine, homeserver: FakeHomeserver) -> None:
    await homeserver.create_room({"creation_content": {}})
    assert await group_rooms_of(engine, homeserver).take_up({}) == {}


# --- Rooms in which only teachers write -------------------------------------------------------------------------


async def hush(engine: AsyncEngine, *, on: bool = True) -> None:
    async with engine.begin() as connection:
        assert await set_teachers_only(connection, CLASS.id, on=on)


async def test_a_sync_tells_the_homeserver_what_a_teacher_said(engine: AsyncEngine, homeserver: FakeHomeserver) -> None:
    rooms = group_rooms_of(engine, homeserver, announcements="Neues")
    await rooms.ensure(CLASS, [IDA.user_id], {})
    await hush(engine)
    assert not rooms.are_right(CLASS, [IDA.user_id], await known(engine))
    await rooms.ensure(CLASS, [IDA.user_id], await known(engine))
    whole = power_levels(RoomKind.GROUP, [IDA.user_id])
    assert homeserver.state_written[-1] == ("!1", "m.room.power_levels", "", with_teachers_only(whole, []))
    assert rooms.are_right(CLASS, [IDA.user_id], await known(engine))
    await hush(engine, on=False)
    await rooms.ensure(CLASS, [IDA.user_id], await known(engine))
    assert homeserver.state_written[-1] == ("!1", "m.room.power_levels", "", whole)


async def test_new_moderators_do_not_undo_it_and_visitors_go_on_writing(
    engine: AsyncEngine, homeserver: FakeHomeserver
) -> None:
    rooms = group_rooms_of(engine, homeserver)
    await hush(engine)
    await rooms.ensure(CLASS, [IDA.user_id], {})
    visited = with_teachers_only(power_levels(RoomKind.GROUP, [IDA.user_id]), ["@visitor:school.test"])  # type: ignore[list-item]
    homeserver.levels["!1"] = visited
    await rooms.ensure(CLASS, [IDA.user_id, OTTO.user_id], await known(engine))
    assert homeserver.levels["!1"]["users"] == {IDA.user_id: 50, OTTO.user_id: 50, "@visitor:school.test": 25}
    assert is_for_teachers_only(homeserver.levels["!1"])


async def test_a_room_that_is_made_anew_keeps_it(engine: AsyncEngine, homeserver: FakeHomeserver) -> None:
    rooms = group_rooms_of(engine, homeserver)
    await rooms.ensure(CLASS, [IDA.user_id], {})
    await hush(engine)
    async with engine.begin() as connection:
        await forget_room(connection, "!1")
    await rooms.ensure(CLASS, [IDA.user_id], await known(engine))
    space, _, again = homeserver.rooms.values()
    assert is_for_teachers_only(again["power_level_content_override"])
    assert not is_for_teachers_only(space["power_level_content_override"])
    assert rooms.are_right(CLASS, [IDA.user_id], await known(engine))


async def test_a_room_that_is_taken_up_keeps_it(engine: AsyncEngine, homeserver: FakeHomeserver) -> None:
    rooms = group_rooms_of(engine, homeserver)
    await hush(engine)
    await rooms.ensure(CLASS, [IDA.user_id], {})
    async with engine.begin() as connection:
        await forget_room(connection, "!1")
    await rooms.ensure(CLASS, [IDA.user_id], (await rooms.take_up({}))[CLASS.id])
    assert is_for_teachers_only(await homeserver.state("!1", "m.room.power_levels"))
    assert len(homeserver.rooms) == 2


# The widget


def with_widget(engine: AsyncEngine, homeserver: Any, widget: dict[str, Any] | None) -> GroupRooms:
    return GroupRooms(engine=engine, homeserver=homeserver, server_name="school.test", widget=widget)


async def test_the_widget_stands_in_the_groups_room_and_nowhere_else(
    engine: AsyncEngine, homeserver: FakeHomeserver
) -> None:
    widget = widget_of("https://bote.school.test", "Videokonferenz")
    await with_widget(engine, homeserver, widget).ensure(CLASS, [], {})
    space, room = homeserver.rooms.values()
    assert state_of(room, WIDGET) == widget
    assert state_of(room, LAYOUT) == layout()
    assert WIDGET not in {event["type"] for event in space["initial_state"]}
    assert with_widget(engine, homeserver, widget).are_right(CLASS, [], await known(engine))


async def test_the_widget_is_placed_once_changed_and_taken_away(
    engine: AsyncEngine, homeserver: FakeHomeserver
) -> None:
    await with_widget(engine, homeserver, None).ensure(CLASS, [], {})
    del homeserver.state_written[:]
    before = widget_of("https://alt.school.test", "Videokonferenz")
    after = widget_of("https://neu.school.test", "Videokonferenz")
    for widget in (before, before, after, None, None):
        rooms = with_widget(engine, homeserver, widget)
        if not rooms.are_right(CLASS, [], await known(engine)):
            await rooms.ensure(CLASS, [], await known(engine))
    written = [content for _, kind, key, content in homeserver.state_written if (kind, key) == (WIDGET, WIDGET_ID)]
    assert written == [before, after, {}]
    positions = [content for _, kind, _, content in homeserver.state_written if kind == LAYOUT]
    assert positions == [layout(), layout(), {}]


async def test_a_room_that_is_found_again_keeps_its_widget_in_mind(
    engine: AsyncEngine, homeserver: FakeHomeserver
) -> None:
    widget = widget_of("https://bote.school.test", "Videokonferenz")
    await with_widget(engine, homeserver, widget).ensure(CLASS, [], {})
    async with engine.begin() as connection:
        await connection.execute(delete(group_rooms))
    found = (await with_widget(engine, homeserver, None).take_up({}))[CLASS.id]
    assert found[RoomKind.GROUP].widget == widget
    assert not with_widget(engine, homeserver, None).are_right(CLASS, [], found)
