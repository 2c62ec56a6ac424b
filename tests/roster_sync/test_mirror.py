"""The mirror against a homeserver that counts: it does what is missing, nothing twice, and takes up what was cut."""

import asyncio
import copy
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, select
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.departures import Departures
from appservice.group_mirror import moderators_of
from appservice.group_rooms import GroupRooms
from appservice.homeserver import RefusedError
from appservice.seats import Seats
from roster_sync.apply import apply_plan
from roster_sync.mirror import Mirror, MirrorReport
from roster_sync.plan import Guard, make_plan
from school.database import held
from school.database.held import HeldMessage
from school.database.locks import set_lock
from school.database.mirror import account_rows, begin_use, group_room_rows
from school.database.register import read_known
from school.database.snapshot import read_snapshot
from school.database.tables import HeldState, held_messages, joins, metadata, persons
from school.database.writer import open_writer
from school.domain.directory import Directory
from school.domain.groups import GroupKind
from school.domain.people import GUARDIAN, STUDENT, TEACHER, PersonId, Role, UserId
from school.domain.policy import Policy
from school.domain.rights import Rights
from school.domain.rooms import STAMP_KEY, RoomKind, power_levels
from school.domain.roster import GroupKey, Roster, RosterGroup, RosterPerson

SERVER = "school.example"
BOT = UserId(f"@schulbote:{SERVER}")


class KilledError(BaseException):
    """The process is gone. No `except Exception` sees it."""


_READING = frozenset(
    {"accounts", "state", "rooms_made_by_bot", "list_rooms", "room_members", "joined_rooms", "whole_state"}
)


@dataclass
class FakeHomeserver:
    """What the mirror needs of a homeserver, in memory. `calls` is what it was asked, in order.

    At call number `dies_at` the asking process dies, before the homeserver did it or just after; from then on
    nothing that is asked arrives.
    """

    accounts_by_id: dict[str, dict[str, Any]] = field(default_factory=dict)
    rooms: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, ...]] = field(default_factory=list)
    fails: Callable[[tuple[str, ...]], bool] = lambda _: False
    dies_at: int | None = None
    dies_after_it: bool = False
    bot: UserId = BOT
    hosts_refused: set[UserId] = field(default_factory=set)
    made: int = 0

    def _ask(self, *call: str, do: Callable[[], Any]) -> Any:
        self.calls.append(call)
        number = len(self.calls)
        if self.dies_at is not None and (number > self.dies_at or (number == self.dies_at and not self.dies_after_it)):
            raise KilledError
        if self.fails(call):
            raise RefusedError(f"HTTP 400: {call[0]}", status=400)
        answer = do()
        if number == self.dies_at:
            raise KilledError
        return answer

    @property
    def writes(self) -> list[tuple[str, ...]]:
        return [call for call in self.calls if call[0] not in _READING]

    async def accounts(self) -> AsyncIterator[dict[str, Any]]:
        for account in self._ask("accounts", do=lambda: copy.deepcopy(list(self.accounts_by_id.values()))):
            yield account

    async def put_account(self, user_id: UserId, **values: Any) -> None:
        await asyncio.sleep(0)

        def put() -> None:
            if user_id not in self.accounts_by_id:
                values.pop("locked", None)  # as Synapse does, which makes an account open whatever is asked for
            self.accounts_by_id.setdefault(user_id, {"name": user_id, "sessions": 1}).update(values)

        self._ask("put_account", user_id, *sorted(values), do=put)

    async def end_sessions(self, user_id: UserId) -> None:
        await asyncio.sleep(0)
        self._ask("end_sessions", user_id, do=lambda: self.accounts_by_id[user_id].update(sessions=0))

    async def create_room(self, request: Mapping[str, Any]) -> str:
        await asyncio.sleep(0)
        self.made += 1
        room_id = f"!{self.made}"
        state = {
            ("m.room.create", ""): request["creation_content"],
            ("m.room.power_levels", ""): request["power_level_content_override"],
        } | {(one["type"], one.get("state_key", "")): one["content"] for one in request["initial_state"]}
        room = {"members": {BOT}, "invited": set(), "state": copy.deepcopy(state)}
        self._ask("create_room", state["m.room.name", ""]["name"], do=lambda: self.rooms.update({room_id: room}))
        return room_id

    async def set_state(self, room_id: str, event_type: str, state_key: str, content: Mapping[str, Any]) -> None:
        await asyncio.sleep(0)
        written = {(event_type, state_key): copy.deepcopy(dict(content))}
        self._ask("set_state", room_id, event_type, do=lambda: self.rooms[room_id]["state"].update(written))

    async def state(self, room_id: str, event_type: str, state_key: str = "") -> dict[str, Any]:
        return self._ask("state", room_id, do=lambda: self.rooms[room_id]["state"][event_type, state_key])

    async def list_rooms(self) -> AsyncIterator[dict[str, Any]]:
        def shown() -> list[dict[str, Any]]:
            return [
                {
                    "room_id": room_id,
                    "name": room["state"]["m.room.name", ""]["name"],
                    "joined_members": len(room["members"]),
                }
                for room_id, room in self.rooms.items()
            ]

        for room in self._ask("list_rooms", do=shown):
            yield room

    async def room_members(self, room_id: str) -> list[UserId]:
        return self._ask("room_members", room_id, do=lambda: sorted(self.rooms[room_id]["members"]))

    async def joined_rooms(self, user_id: UserId) -> list[str]:
        def inside() -> list[str]:
            return [room_id for room_id, room in self.rooms.items() if user_id in room["members"]]

        return self._ask("joined_rooms", user_id, do=inside)

    async def leave(self, room_id: str, *, as_user: UserId) -> None:
        self._ask("leave", room_id, as_user, do=lambda: self.rooms[room_id]["members"].remove(as_user))

    async def redact_sent_at(self, user_id: UserId, room_id: str, *, at_ms: int) -> None:
        self._ask("redact_sent_at", user_id, room_id, str(at_ms), do=lambda: None)

    async def erase(self, user_id: UserId) -> None:
        self._ask("erase", user_id, do=lambda: self.accounts_by_id.pop(user_id))

    async def whole_state(self, room_id: str) -> list[dict[str, Any]]:
        sender = self.rooms[room_id].get("creator", BOT)
        state = self.rooms[room_id]["state"].items()
        events = [{"type": kind, "content": content, "sender": sender} for (kind, _), content in state]
        return self._ask("whole_state", room_id, do=lambda: events)

    async def rooms_made_by_bot(self) -> frozenset[str]:
        return self._ask("rooms_made_by_bot", do=lambda: frozenset(self.rooms))

    async def join(self, room_id: str, *, as_user: UserId) -> None:
        await asyncio.sleep(0)
        self._ask("join", room_id, as_user, do=lambda: self._come_in(self.rooms[room_id], as_user))

    def _come_in(self, room: dict[str, Any], user_id: UserId) -> None:
        closed = room["state"]["m.room.join_rules", ""]["join_rule"] == "invite"
        if closed and user_id not in room["invited"] | room["members"]:
            raise RefusedError("HTTP 403: not invited", status=403)
        room["invited"].discard(user_id)
        room["members"].add(user_id)

    async def invite(self, room_id: str, user_id: UserId, *, as_user: UserId | None = None) -> None:
        await asyncio.sleep(0)
        if as_user in self.hosts_refused:
            raise RefusedError("HTTP 403: may not invite", status=403)
        if user_id in self.rooms[room_id]["members"]:
            self.calls.append(("invite", room_id, user_id))
            raise RefusedError("HTTP 403: is in the room", status=403)
        self._ask("invite", room_id, user_id, do=lambda: self.rooms[room_id]["invited"].add(user_id))

    async def kick(self, room_id: str, user_id: UserId) -> None:
        await asyncio.sleep(0)
        if user_id not in self.rooms[room_id]["members"]:
            self.calls.append(("kick", room_id, user_id))
            raise RefusedError("HTTP 403: not in the room", status=403)
        self._ask("kick", room_id, user_id, do=lambda: self.rooms[room_id]["members"].remove(user_id))


# A small school, and what is done with it.


def person(person_id: str, *groups: str, role: Role = STUDENT, family: str = "Groß") -> RosterPerson:
    return RosterPerson(
        id=PersonId(person_id),
        given_name=person_id.title(),
        family_name=family,
        role=role,
        groups=frozenset(map(GroupKey, groups)),
    )


def group(key: str, name: str | None = None) -> RosterGroup:
    return RosterGroup(key=GroupKey(key), name=name or key.title(), kind=GroupKind.CLUB)


def roster(*members: RosterPerson | RosterGroup) -> Roster:
    return Roster(
        persons={member.id: member for member in members if isinstance(member, RosterPerson)},
        groups={member.key: member for member in members if isinstance(member, RosterGroup)},
    )


def user(person_id: str) -> UserId:
    return UserId(f"@{person_id}.gross:{SERVER}")


SCHOOL = roster(
    person("ida", "choir", role=TEACHER),
    person("tom", "choir", "band", role=TEACHER),
    person("kim", "choir", "band"),
    person("lea", "choir"),
    person("ute", "band", role=GUARDIAN),
    group("choir"),
    group("band"),
)
IN_USE = ("ida", "tom", "kim", "lea")


async def follow(engine: AsyncEngine, register: Roster) -> Directory:
    """The directory after a sync."""
    async with engine.begin() as connection:
        known = await read_known(connection)
        await apply_plan(
            connection,
            make_plan(register, known.roster, Guard()),
            known,
            server_name=SERVER,
            reserved=(),
            at=datetime(2026, 9, 1, tzinfo=UTC),
            actor="the test",
        )
    return await directory_of(engine)


async def directory_of(engine: AsyncEngine) -> Directory:
    async with engine.connect() as connection:
        return (await connection.run_sync(read_snapshot)).directory


async def use(engine: AsyncEngine, *people: str) -> None:
    """These have logged in once."""
    async with engine.begin() as connection:
        for person_id in people:
            assert await begin_use(connection, PersonId(person_id), 1.0)


async def nothing() -> None: ...


async def mirror(
    engine: AsyncEngine,
    homeserver: FakeHomeserver,
    *,
    known: Callable[[], Awaitable[None]] = nothing,
    **options: Any,
) -> MirrorReport:
    rooms = GroupRooms(engine=engine, homeserver=homeserver, server_name=SERVER)  # type: ignore[arg-type]
    parts: dict[str, Any] = {
        "rooms": rooms,
        "seats": Seats(engine=engine, homeserver=homeserver),  # type: ignore[arg-type]
        "departures": Departures(engine=engine, homeserver=homeserver),  # type: ignore[arg-type]
        "erase_after_days": 90,
        "policy_of": lambda directory: Policy(directory=directory, rights=Rights(), bot=BOT),
    }
    work = Mirror(engine=engine, homeserver=homeserver, **parts | options)  # type: ignore[arg-type]
    return await work.run(await directory_of(engine), known=known)


async def filled(engine: AsyncEngine) -> FakeHomeserver:
    """A homeserver that has the small school, with four of five people in their rooms; its calls are forgotten."""
    homeserver = FakeHomeserver()
    await follow(engine, SCHOOL)
    await mirror(engine, homeserver)
    await use(engine, *IN_USE)
    await mirror(engine, homeserver)
    homeserver.calls.clear()
    return homeserver


async def end_state(engine: AsyncEngine, homeserver: FakeHomeserver) -> dict[str, Any]:
    """All that counts, with rooms named by their groups."""
    async with engine.connect() as connection:
        rows = await group_room_rows(connection)
        known = sorted(map(repr, await account_rows(connection)))
        taken = {tuple(row) for row in await connection.execute(select(joins))}
        directory = await connection.run_sync(read_snapshot)
    title = {group_id: one.name for group_id, one in directory.directory.groups.items()}
    words = {RoomKind.SPACE: "space", RoomKind.GROUP: "room"}
    places = {
        row.room_id: f"{words[kind]} of {title.get(g, g)}" for g, own in rows.items() for kind, row in own.items()
    }

    def named(value: Any) -> Any:
        match value:
            case str():
                return "a group's id" if value in rows else places.get(value, value)
            case dict():
                return {named(key): named(one) for key, one in value.items()}
            case list() | tuple():
                return type(value)(map(named, value))
        return value

    return {
        "accounts": homeserver.accounts_by_id,
        "known accounts": known,
        "rooms": {places[room_id]: named(room) for room_id, room in homeserver.rooms.items() if room_id in places},
        "seats": {(places[room], one) for room, one in taken},
        "orphans": homeserver.rooms.keys() - places.keys(),
        "rows": {
            (title.get(group_id, group_id), kind): named(asdict(row))
            for group_id, own in rows.items()
            for kind, row in own.items()
        },
    }


# From nothing.


async def test_the_first_run_makes_every_account_and_room_and_seats_nobody(writer: AsyncEngine) -> None:
    homeserver = FakeHomeserver()
    await follow(writer, SCHOOL)
    report = await mirror(writer, homeserver)
    assert report == MirrorReport(accounts_made=5, rooms_changed=2)
    assert {name: one["displayname"] for name, one in homeserver.accounts_by_id.items()} == {
        user(one): f"{one.title()} Groß" for one in ("ida", "tom", "kim", "lea", "ute")
    }
    assert Counter(call[0] for call in homeserver.writes) == {"put_account": 5, "create_room": 4, "set_state": 2}
    assert all(room["members"] == {BOT} for room in homeserver.rooms.values())


async def test_every_group_has_a_space_with_a_room_for_its_members(writer: AsyncEngine) -> None:
    homeserver = FakeHomeserver()
    directory = await follow(writer, SCHOOL)
    await mirror(writer, homeserver)
    async with writer.connect() as connection:
        rows = await group_room_rows(connection)
    assert rows.keys() == directory.groups.keys()
    for group_id, own in rows.items():
        space_id, room_id = own[RoomKind.SPACE].room_id, own[RoomKind.GROUP].room_id
        space, room = homeserver.rooms[space_id]["state"], homeserver.rooms[room_id]["state"]
        assert space["m.room.create", ""] == {
            "m.federate": False,
            "type": "m.space",
            STAMP_KEY: {"kind": "space", "group": group_id},
        }
        assert room["m.room.create", ""] == {"m.federate": False, STAMP_KEY: {"kind": "group", "group": group_id}}
        assert space["m.space.child", room_id] == {"via": [SERVER], "suggested": True}
        assert room["m.space.parent", space_id] == {"via": [SERVER], "canonical": True}
        assert space["m.room.join_rules", ""] == {"join_rule": "invite"}
        assert room["m.room.join_rules", ""] == {
            "join_rule": "restricted",
            "allow": [{"type": "m.room_membership", "room_id": space_id}],
        }
        assert room["m.room.history_visibility", ""] == {"history_visibility": "shared"}
        teachers = [one.user_id for one in directory.members(group_id) if one.role == TEACHER]
        assert room["m.room.power_levels", ""] == power_levels(RoomKind.GROUP, teachers)
        assert space["m.room.power_levels", ""] == power_levels(RoomKind.SPACE)
        assert ("m.room.topic", "") not in space


async def test_those_who_use_their_account_are_in_their_rooms_and_nobody_else(writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    rooms = (await end_state(writer, homeserver))["rooms"]
    assert {name: room["members"] - {BOT} for name, room in rooms.items()} == {
        "space of Choir": {user("ida"), user("tom"), user("kim"), user("lea")},
        "room of Choir": {user("ida"), user("tom"), user("kim"), user("lea")},
        "space of Band": {user("tom"), user("kim")},
        "room of Band": {user("tom"), user("kim")},
    }


async def test_rooms_are_made_while_the_modules_get_to_know_the_directory_and_nobody_joins_before(
    writer: AsyncEngine,
) -> None:
    homeserver = FakeHomeserver()
    await follow(
        writer,
        replace(SCHOOL, groups={}, persons={i: replace(p, groups=frozenset()) for i, p in SCHOOL.persons.items()}),
    )
    await mirror(writer, homeserver)
    await use(writer, *IN_USE)
    await follow(writer, SCHOOL)
    made_before: list[int] = []

    async def known() -> None:
        made_before.append(len(homeserver.rooms))
        assert all(room["members"] == {BOT} for room in homeserver.rooms.values())

    await mirror(writer, homeserver, known=known)
    assert made_before == [4]
    assert all(len(room["members"]) > 1 for room in homeserver.rooms.values())


async def test_an_account_is_made_without_a_password_and_keeps_the_one_that_was_chosen(writer: AsyncEngine) -> None:
    homeserver = FakeHomeserver()
    await follow(writer, SCHOOL)
    await mirror(writer, homeserver)
    assert not any("password" in account for account in homeserver.accounts_by_id.values())
    homeserver.accounts_by_id[user("kim")]["password"] = "my own"
    await follow(writer, replace(SCHOOL, persons=SCHOOL.persons | {"kim": person("kim", "choir", family="Klein")}))
    await mirror(writer, homeserver)
    assert homeserver.accounts_by_id[user("kim")] == {
        "name": user("kim"),
        "displayname": "Kim Klein",
        "password": "my own",
        "sessions": 1,
    }


async def test_progress_begins_at_none_and_ends_at_all_for_every_stage(writer: AsyncEngine) -> None:
    told: dict[str, list[tuple[int, int]]] = {}
    await follow(writer, SCHOOL)
    await mirror(
        writer, FakeHomeserver(), progress=lambda stage, done, total: told.setdefault(stage, []).append((done, total))
    )
    assert {stage: (steps[0], steps[-1]) for stage, steps in told.items()} == {
        "accounts": ((0, 5), (5, 5)),
        "rooms of staff": ((0, 0), (0, 0)),
        "rooms": ((0, 2), (2, 2)),
        "memberships": ((0, 0), (0, 0)),
        "rooms closed": ((0, 0), (0, 0)),
        "accounts of people who left": ((0, 0), (0, 0)),
        "people erased": ((0, 0), (0, 0)),
        "roles": ((0, 0), (0, 0)),
    }


# Nothing to do.


async def test_a_second_run_writes_nothing_and_asks_once(writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    assert await mirror(writer, homeserver) == MirrorReport()
    assert homeserver.writes == []
    assert len(homeserver.calls) <= 2


# Changes.


async def test_somebody_who_leaves_is_taken_out_then_locked_then_signed_out(writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    people = {key: value for key, value in SCHOOL.persons.items() if key != "kim"}
    await follow(writer, replace(SCHOOL, persons=people))
    report = await mirror(writer, homeserver)
    assert report == MirrorReport(accounts_closed=1)
    kinds = [call[0] for call in homeserver.writes]
    assert kinds == ["kick"] * 4 + ["put_account", "end_sessions"]
    assert all(user("kim") in call for call in homeserver.writes)
    assert not any(user("kim") in room["members"] for room in homeserver.rooms.values())
    assert homeserver.accounts_by_id[user("kim")]["locked"]
    homeserver.calls.clear()
    assert await mirror(writer, homeserver) == MirrorReport()
    assert homeserver.writes == []


async def test_who_comes_back_is_let_in_again(writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    await follow(writer, replace(SCHOOL, persons={k: v for k, v in SCHOOL.persons.items() if k != "kim"}))
    await mirror(writer, homeserver)
    await follow(writer, SCHOOL)
    report = await mirror(writer, homeserver)
    assert report.failures == []
    assert report.locked_by_admin == []
    assert not homeserver.accounts_by_id[user("kim")]["locked"]
    assert sum(user("kim") in room["members"] for room in homeserver.rooms.values()) == 4


async def test_who_was_never_given_an_account_needs_none_closed(writer: AsyncEngine) -> None:
    await follow(writer, SCHOOL)
    await follow(writer, replace(SCHOOL, persons={k: v for k, v in SCHOOL.persons.items() if k != "kim"}))
    homeserver = FakeHomeserver()
    report = await mirror(writer, homeserver)
    assert report.accounts_closed == 0
    assert user("kim") not in homeserver.accounts_by_id


async def test_who_changes_group_changes_rooms(writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    await follow(writer, replace(SCHOOL, persons=SCHOOL.persons | {"lea": person("lea", "band")}))
    assert await mirror(writer, homeserver) == MirrorReport()
    rooms = (await end_state(writer, homeserver))["rooms"]
    assert {name for name, room in rooms.items() if user("lea") in room["members"]} == {"space of Band", "room of Band"}
    assert Counter(call[0] for call in homeserver.writes) == {"invite": 1, "join": 2, "kick": 2}


async def test_moderators_change_with_one_write_of_the_whole_content(writer: AsyncEngine) -> None:
    """Ida goes, Tom stays, Max comes: up and down in one event, with every other key still there."""
    homeserver = await filled(writer)
    people = SCHOOL.persons | {"ida": person("ida", role=TEACHER), "max": person("max", "choir", role=TEACHER)}
    directory = await follow(writer, replace(SCHOOL, persons=people))
    await mirror(writer, homeserver)
    [write] = [call for call in homeserver.writes if call[0] == "set_state"]
    async with writer.connect() as connection:
        rows = await group_room_rows(connection)
    [choir] = [own[RoomKind.GROUP] for own in rows.values() if own[RoomKind.GROUP].name == "Choir"]
    assert write == ("set_state", choir.room_id, "m.room.power_levels")
    assert homeserver.rooms[choir.room_id]["state"]["m.room.power_levels", ""] == power_levels(
        RoomKind.GROUP, [user("tom"), user("max")]
    )
    assert set(moderators_of(directory, directory.groups[choir.group_id])) == {user("tom"), user("max")}


async def test_a_renamed_group_keeps_its_rooms(writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    await follow(writer, replace(SCHOOL, groups=SCHOOL.groups | {"choir": group("choir", "Chor")}))
    assert await mirror(writer, homeserver) == MirrorReport(rooms_changed=1)
    assert [call[2] for call in homeserver.writes] == ["m.room.name", "m.room.name"]
    names = sorted(room["state"]["m.room.name", ""]["name"] for room in homeserver.rooms.values())
    assert names == ["Band", "Band", "Chor", "Chor"]


async def test_a_group_that_ended_loses_its_people_and_keeps_its_rooms(writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    people = {key: replace(one, groups=one.groups - {"band"}) for key, one in SCHOOL.persons.items()}
    await follow(writer, Roster(persons=people, groups={GroupKey("choir"): group("choir")}))
    await mirror(writer, homeserver)
    assert {call[0] for call in homeserver.writes} == {"kick"}
    assert len(homeserver.rooms) == 4


# Leaving the school, and coming back.


def chat(homeserver: FakeHomeserver, *members: str, kind: RoomKind = RoomKind.CHAT) -> str:
    """A room that the first of these people made."""
    room_id = f"!chat{len(homeserver.rooms)}"
    state = {
        ("m.room.create", ""): {STAMP_KEY: {"kind": kind.value}},
        ("m.room.name", ""): {"name": "Runde"},
        ("m.room.join_rules", ""): {"join_rule": "invite"},
    }
    people = {user(one) for one in members}
    homeserver.rooms[room_id] = {"members": people, "invited": set(), "state": state, "creator": user(members[0])}
    return room_id


def without(person_id: str) -> Roster:
    return replace(SCHOOL, persons={key: one for key, one in SCHOOL.persons.items() if key != person_id})


async def test_who_leaves_the_school_leaves_every_room_and_comes_back_into_every_room(writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    rooms = [chat(homeserver, "ida", "kim"), chat(homeserver, "tom", "kim", kind=RoomKind.DIRECT)]
    before = copy.deepcopy(homeserver.rooms)
    await follow(writer, without("kim"))
    assert (await mirror(writer, homeserver)).accounts_closed == 1
    assert not any(user("kim") in room["members"] for room in homeserver.rooms.values())
    assert homeserver.accounts_by_id[user("kim")]["locked"] is True
    await follow(writer, SCHOOL)
    assert (await mirror(writer, homeserver)).failures == []
    assert homeserver.rooms == before
    assert homeserver.accounts_by_id[user("kim")]["locked"] is False
    homeserver.rooms[rooms[0]]["members"].remove(user("kim"))
    await mirror(writer, homeserver)
    assert user("kim") not in homeserver.rooms[rooms[0]]["members"], "only what was left with the school is returned to"


async def test_who_may_invite_brings_somebody_back_and_a_room_without_such_a_person_is_given_up(
    writer: AsyncEngine,
) -> None:
    homeserver = await filled(writer)
    one, other = chat(homeserver, "ida", "kim", "tom"), chat(homeserver, "ida", "kim")
    await follow(writer, without("kim"))
    await mirror(writer, homeserver)
    homeserver.hosts_refused = {user("ida")}
    await follow(writer, SCHOOL)
    assert (await mirror(writer, homeserver)).failures == []
    assert user("kim") in homeserver.rooms[one]["members"]
    assert user("kim") not in homeserver.rooms[other]["members"]


async def test_after_their_time_people_are_erased_and_their_id_stays_taken(writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    await follow(writer, without("kim"))
    await mirror(writer, homeserver)
    assert (await mirror(writer, homeserver)).people_erased == 0
    assert (await mirror(writer, homeserver, erase_after_days=0)).people_erased == 1
    assert ("erase", user("kim")) in homeserver.calls
    async with writer.connect() as connection:
        rows = (await connection.execute(select(persons).where(persons.c.user_id == user("kim")))).all()
        every_row = [
            str(row)
            for table in metadata.tables.values()
            if table.name != "audit_log"
            for row in await connection.execute(select(table))
        ]
    assert [(row.given_name, row.family_name, row.standing) for row in rows] == [("", "", "erased")]
    assert [row for row in every_row if "'kim'" in row or "Kim" in row] == []
    assert (await mirror(writer, homeserver, erase_after_days=0)).people_erased == 0
    await follow(writer, SCHOOL)
    report = await mirror(writer, homeserver)
    assert (report.accounts_made, report.failures) == (1, [])
    assert "@kim.gross2:school.example" in homeserver.accounts_by_id


async def hold(engine: AsyncEngine, person_id: str, number: int, state: HeldState = HeldState.WAITING) -> None:
    message = HeldMessage(
        event_id=f"${number}",
        room_id=f"!{number}",
        sender=user(person_id),
        event_type="m.room.message",
        origin_server_ts_ms=number,
    )
    async with engine.begin() as connection:
        await held.add(connection, message)
        if state is not HeldState.WAITING:
            await held.settle(connection, message.event_id, state)


async def held_rows(engine: AsyncEngine) -> list[str]:
    async with engine.connect() as connection:
        return list(await connection.scalars(select(held_messages.c.event_id).order_by(held_messages.c.event_id)))


async def left_with_held_messages(engine: AsyncEngine) -> FakeHomeserver:
    homeserver = await filled(engine)
    await follow(engine, without("kim"))
    await mirror(engine, homeserver)
    await hold(engine, "kim", 1)
    await hold(engine, "kim", 2, HeldState.DELIVERED)
    await hold(engine, "kim", 3, HeldState.REFUSED)
    await hold(engine, "lea", 4)
    homeserver.calls.clear()
    return homeserver


async def test_what_was_never_delivered_is_deleted_before_its_sender_is_erased(writer: AsyncEngine) -> None:
    homeserver = await left_with_held_messages(writer)
    assert (await mirror(writer, homeserver, erase_after_days=0)).failures == []
    kim = user("kim")
    assert homeserver.writes == [("redact_sent_at", kim, "!1", "1"), ("redact_sent_at", kim, "!3", "3"), ("erase", kim)]
    assert await held_rows(writer) == ["$4"], "what others wrote waits on"


async def test_a_seal_that_cannot_be_deleted_keeps_nobody_from_being_erased(writer: AsyncEngine) -> None:
    homeserver = await left_with_held_messages(writer)
    homeserver.fails = lambda call: call[0] == "redact_sent_at"
    report = await mirror(writer, homeserver, erase_after_days=0)
    assert (report.failures, report.people_erased) == ([], 1)
    assert await held_rows(writer) == ["$4"]


@pytest.mark.parametrize("dies_after_it", [False, True])
@pytest.mark.parametrize("what", ["redact_sent_at", "erase"])
async def test_an_erasure_that_was_killed_is_done_again(writer: AsyncEngine, what: str, dies_after_it: bool) -> None:
    homeserver = await left_with_held_messages(writer)

    def dies(call: tuple[str, ...]) -> bool:
        if call[0] == what and homeserver.dies_at is None:
            homeserver.dies_at = len(homeserver.calls)
            homeserver.dies_after_it = dies_after_it
            if not dies_after_it:
                raise KilledError
        return False

    homeserver.fails = dies
    with pytest.raises(KilledError):
        await mirror(writer, homeserver, erase_after_days=0)
    homeserver.fails, homeserver.dies_at = lambda _: False, None
    homeserver.accounts_by_id.setdefault(user("kim"), {"name": user("kim")})  # it is there, and ended
    assert (await mirror(writer, homeserver, erase_after_days=0)).people_erased == 1
    assert await held_rows(writer) == ["$4"]
    async with writer.connect() as connection:
        standing = await connection.scalar(select(persons.c.standing).where(persons.c.user_id == user("kim")))
    assert standing == "erased"


# What somebody else changed.


async def test_who_was_taken_out_of_the_room_of_their_group_is_brought_back(writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    before = copy.deepcopy(homeserver.rooms)
    for room in homeserver.rooms.values():
        room["members"].discard(user("kim"))
    assert (await mirror(writer, homeserver)).failures == []
    assert homeserver.rooms == before


async def test_a_room_or_a_person_that_got_another_name_gets_its_own_back(writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    before = copy.deepcopy(homeserver.rooms)
    for room in homeserver.rooms.values():
        room["state"]["m.room.name", ""] = {"name": "Quatsch"}
    homeserver.accounts_by_id[user("kim")]["displayname"] = "Quatsch"
    await mirror(writer, homeserver)
    assert homeserver.rooms == before
    assert homeserver.accounts_by_id[user("kim")]["displayname"] == "Kim Groß"


@pytest.mark.parametrize("kinds", [{RoomKind.GROUP}, {RoomKind.SPACE}, {RoomKind.SPACE, RoomKind.GROUP}])
async def test_a_room_that_an_admin_deleted_is_made_anew(writer: AsyncEngine, kinds: set[RoomKind]) -> None:
    homeserver = await filled(writer)
    async with writer.connect() as connection:
        rows = await group_room_rows(connection)
    [choir] = [own for own in rows.values() if own[RoomKind.GROUP].name == "Choir"]
    for kind in kinds:
        del homeserver.rooms[choir[kind].room_id]
    assert (await mirror(writer, homeserver)).failures == []
    rooms = (await end_state(writer, homeserver))["rooms"]
    members = {user("ida"), user("tom"), user("kim"), user("lea")}
    assert {name: room["members"] - {BOT} for name, room in rooms.items() if "Choir" in name} == {
        "space of Choir": members,
        "room of Choir": members,
    }
    assert ("m.space.child", "room of Choir") in rooms["space of Choir"]["state"]
    [door] = rooms["room of Choir"]["state"]["m.room.join_rules", ""]["allow"]
    assert door["room_id"] == "space of Choir"
    homeserver.calls.clear()
    await mirror(writer, homeserver)
    assert homeserver.writes == []


async def test_a_guest_stays_until_the_role_is_another_one(writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    async with writer.connect() as connection:
        rows = await group_room_rows(connection)
    visited = [row.room_id for own in rows.values() for row in own.values() if row.name == "Band"]
    for room_id in visited:
        homeserver.rooms[room_id]["members"].add(user("ida"))
    await mirror(writer, homeserver)
    assert all(user("ida") in homeserver.rooms[room_id]["members"] for room_id in visited)
    await follow(writer, replace(SCHOOL, persons=SCHOOL.persons | {"ida": person("ida", "choir", role=GUARDIAN)}))
    await mirror(writer, homeserver)
    assert not any(user("ida") in homeserver.rooms[room_id]["members"] for room_id in visited)
    assert sum(user("ida") in room["members"] for room in homeserver.rooms.values()) == 2


# What is not the mirror's.


async def test_a_lock_by_an_admin_is_reported_and_stays(writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    homeserver.accounts_by_id[user("kim")]["locked"] = True
    await follow(writer, replace(SCHOOL, persons=SCHOOL.persons | {"kim": person("kim", "choir", family="Klein")}))
    report = await mirror(writer, homeserver)
    assert report.locked_by_admin == [user("kim")]
    assert report.failures == []
    assert homeserver.accounts_by_id[user("kim")]["locked"]
    assert homeserver.accounts_by_id[user("kim")]["displayname"] == "Kim Klein"


async def lock(writer: AsyncEngine, person_id: str) -> None:
    async with writer.begin() as connection:
        await set_lock(connection, PersonId(person_id), datetime(2026, 3, 2, tzinfo=UTC))


async def test_a_lock_by_the_leadership_stays_and_is_nothing_to_report(writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    homeserver.accounts_by_id[user("kim")]["locked"] = True
    await lock(writer, "kim")
    assert await mirror(writer, homeserver) == MirrorReport()
    assert homeserver.writes == []
    assert homeserver.accounts_by_id[user("kim")]["locked"]


@pytest.mark.parametrize("opened", [True, False], ids=["opened by somebody", "which nobody told the homeserver"])
async def test_a_lock_by_the_leadership_is_told_again(opened: bool, writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    if opened:
        homeserver.accounts_by_id[user("kim")]["locked"] = False
    await lock(writer, "kim")
    await mirror(writer, homeserver)
    assert homeserver.accounts_by_id[user("kim")] | {"displayname": ""} == {
        "name": user("kim"),
        "displayname": "",
        "locked": True,
        "sessions": 0,
    }
    homeserver.calls.clear()
    await mirror(writer, homeserver)
    assert homeserver.writes == []


async def test_who_was_locked_comes_back_locked(writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    await lock(writer, "kim")
    for roster in (without("kim"), SCHOOL):
        await follow(writer, roster)
        await mirror(writer, homeserver)
        assert homeserver.accounts_by_id[user("kim")]["locked"]


async def test_an_account_that_is_made_for_somebody_locked_is_locked(writer: AsyncEngine) -> None:
    await follow(writer, SCHOOL)
    await lock(writer, "kim")
    homeserver = FakeHomeserver()
    await mirror(writer, homeserver)
    accounts = homeserver.accounts_by_id
    assert [user_id for user_id, account in accounts.items() if account.get("locked")] == [user("kim")]


async def test_an_administrators_account_is_given_to_nobody(writer: AsyncEngine) -> None:
    homeserver = FakeHomeserver()
    homeserver.accounts_by_id[user("kim")] = {"name": user("kim"), "admin": True}
    await follow(writer, SCHOOL)
    report = await mirror(writer, homeserver)
    assert report.failures == [f"{user('kim')} is an administrator's account and was not given to a person"]
    assert homeserver.accounts_by_id[user("kim")] == {"name": user("kim"), "admin": True}
    assert report.accounts_made == 4


# What fails.


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (("put_account", user("kim")), [f"accounts: {user('kim')}: HTTP 400: put_account"]),
        (("create_room", "Choir"), ["rooms: Choir: HTTP 400: create_room"]),
    ],
    ids=["an account", "a room"],
)
async def test_what_fails_is_named_and_stops_nothing_else(
    writer: AsyncEngine, call: tuple[str, str], told: list[str]
) -> None:
    homeserver = FakeHomeserver(fails=lambda asked: asked[:2] == call)
    await follow(writer, SCHOOL)
    report = await mirror(writer, homeserver)
    assert report.failures == told
    assert report.accounts_made + report.rooms_changed == 6
    homeserver.fails = lambda _: False
    assert (await mirror(writer, homeserver)).failures == []
    assert len(homeserver.accounts_by_id) == 5
    assert len(homeserver.rooms) == 4


async def test_a_seat_that_cannot_be_taken_is_counted_and_taken_next_time(writer: AsyncEngine) -> None:
    homeserver = FakeHomeserver()
    await follow(writer, SCHOOL)
    await mirror(writer, homeserver)
    await use(writer, *IN_USE)
    homeserver.fails = lambda asked: asked[0] == "join" and asked[2] == user("lea")
    assert (await mirror(writer, homeserver)).failures == ["2 memberships could not be changed"]
    homeserver.fails = lambda _: False
    homeserver.calls.clear()
    assert (await mirror(writer, homeserver)).failures == []
    assert Counter(call[0] for call in homeserver.writes) == {"invite": 1, "join": 2}


async def test_who_is_out_of_the_room_already_is_no_failure(writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    for room in homeserver.rooms.values():
        room["members"].discard(user("lea"))
    await follow(writer, replace(SCHOOL, persons=SCHOOL.persons | {"lea": person("lea")}))
    assert (await mirror(writer, homeserver)).failures == []
    assert (await mirror(writer, homeserver)) == MirrorReport()


async def test_a_space_that_was_made_under_an_old_name_gets_the_new_one(writer: AsyncEngine) -> None:
    """The run ended between the space and its room; then the group was renamed."""
    made: list[str] = []

    def second_room(asked: tuple[str, ...]) -> bool:
        if asked[0] == "create_room":
            made.append(asked[1])
        return len(made) > 1

    homeserver = FakeHomeserver(fails=second_room)
    await follow(writer, roster(person("ida", "choir", role=TEACHER), group("choir")))
    assert (await mirror(writer, homeserver)).failures
    homeserver.fails = lambda _: False
    await follow(writer, roster(person("ida", "choir", role=TEACHER), group("choir", "Chor")))
    assert (await mirror(writer, homeserver)).failures == []
    assert [room["state"]["m.room.name", ""]["name"] for room in homeserver.rooms.values()] == ["Chor", "Chor"]


# Killed at any moment.


def next_day() -> Roster:
    """One of everything: Kim leaves, Lea changes group, Ida is no moderator any more, Max is new and one, Tom has
    another name, the choir too, a group is new."""
    people = {key: value for key, value in SCHOOL.persons.items() if key != "kim"} | {
        "lea": person("lea", "band", "drama"),
        "ida": person("ida", "drama", role=TEACHER),
        "max": person("max", "choir", role=TEACHER),
        "tom": person("tom", "choir", "band", role=TEACHER, family="Klein"),
    }
    groups = SCHOOL.groups | {"choir": group("choir", "Chor"), "drama": group("drama")}
    return Roster(persons=people, groups=groups)  # type: ignore[arg-type]


@pytest.mark.parametrize("empty", ["sqlite"], indirect=True)
@pytest.mark.parametrize("after_it", [False, True], ids=["before the homeserver did it", "after it"])
async def test_killed_at_any_call_the_next_run_ends_where_an_undisturbed_one_does(
    writer: AsyncEngine, tmp_path: Path, after_it: bool
) -> None:
    before = await filled(writer)
    await follow(writer, next_day())
    await writer.dispose()  # so that all of it is in the file
    template = tmp_path / "school.db"

    async def copied(name: str) -> AsyncEngine:
        shutil.copy(template, tmp_path / name)
        return open_writer(URL.create("sqlite+aiosqlite", database=str(tmp_path / name)))

    engine, undisturbed = await copied("undisturbed.db"), copy.deepcopy(before)
    assert (await mirror(engine, undisturbed)).failures == []
    wanted = await end_state(engine, undisturbed)
    await engine.dispose()
    assert wanted["orphans"] == set()
    last = len(undisturbed.calls)
    assert last > 25

    for number in range(1, last + 1):
        engine, homeserver = await copied(f"{number}.db"), copy.deepcopy(before)
        homeserver.dies_at, homeserver.dies_after_it = number, after_it
        with pytest.raises(KilledError):
            await mirror(engine, homeserver)
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()}, return_exceptions=True)
        await engine.dispose()
        engine = open_writer(engine.url)
        homeserver.dies_at = None
        report = await mirror(engine, homeserver)
        assert report.failures == [], f"killed at call {number}"
        assert await end_state(engine, homeserver) == wanted, f"killed at call {number}"
        homeserver.calls.clear()
        await mirror(engine, homeserver)
        assert homeserver.writes == [], f"killed at call {number}"
        await engine.dispose()
