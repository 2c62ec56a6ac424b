import asyncio
from typing import Any

import pytest
from builders import BEN, GABI, IDA, OTTO

from appservice.direct_rooms import DirectRooms, RoomStamps
from appservice.homeserver import NotThereError, RefusedError, TryLaterError
from school.domain.people import UserId
from school.domain.rooms import STAMP_KEY, RoomKind


class FakeHomeserver:
    """Rooms with their stamps, and people's account data. Answers as slowly as a real one: others get their turn."""

    def __init__(self, kinds: dict[str, str] | None = None) -> None:
        self.kinds = kinds or {}
        self.asked: list[str] = []
        self.joins: list[tuple[str, UserId]] = []
        self.data: dict[UserId, dict[str, Any]] = {}
        self.writes = 0
        self.people: dict[str, set[UserId]] = {}
        self.made: list[tuple[UserId, dict[str, Any]]] = []
        self.refusal: Exception | None = None
        self.error: Exception | None = None

    async def state(self, room_id: str, event_type: str, *, as_user: UserId) -> dict[str, Any]:
        await asyncio.sleep(0)
        self.asked.append(room_id)
        if self.error is not None:
            raise self.error
        if room_id not in self.kinds:
            raise NotThereError("HTTP 404")
        return {STAMP_KEY: {"kind": self.kinds[room_id]}}

    async def join(self, room_id: str, *, as_user: UserId) -> None:
        self.joins.append((room_id, as_user))

    async def members(self, room_id: str, *, as_user: UserId) -> frozenset[UserId]:
        if as_user not in self.people.get(room_id, set()):
            raise RefusedError("HTTP 403")
        return frozenset(self.people[room_id])

    async def create_room(self, request: dict[str, Any], *, as_user: UserId) -> str:
        await asyncio.sleep(0)
        if self.refusal is not None:
            raise self.refusal
        self.made.append((as_user, request))
        room_id = f"!made{len(self.made)}"
        self.kinds[room_id] = "direct"
        self.people[room_id] = {as_user, *request["invite"]}
        return room_id

    async def account_data(self, user_id: UserId, data_type: str) -> dict[str, Any]:
        assert data_type == "m.direct"
        await asyncio.sleep(0)
        return dict(self.data.get(user_id, {}))

    async def set_account_data(self, user_id: UserId, data_type: str, content: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        self.writes += 1
        self.data[user_id] = content


def rooms_of(homeserver: Any) -> DirectRooms:
    return DirectRooms(homeserver, RoomStamps(homeserver))


def create(room_id: str, kind: str) -> dict[str, Any]:
    return {"room_id": room_id, "content": {STAMP_KEY: {"kind": kind}}}


# --- Accepting invitations --------------------------------------------------------------------------------------


async def test_who_is_invited_to_a_direct_room_joins_and_both_find_each_other() -> None:
    homeserver = FakeHomeserver({"!d": "direct"})
    await rooms_of(homeserver).invited("!d", BEN.user_id, IDA.user_id)
    assert homeserver.joins == [("!d", IDA.user_id)]
    assert homeserver.data == {BEN.user_id: {IDA.user_id: ["!d"]}, IDA.user_id: {BEN.user_id: ["!d"]}}


@pytest.mark.parametrize("kind", ["chat", "control", "nonsense"])
async def test_nobody_is_brought_into_another_room(kind: str) -> None:
    homeserver = FakeHomeserver({"!r": kind})
    await rooms_of(homeserver).invited("!r", BEN.user_id, IDA.user_id)
    assert (homeserver.joins, homeserver.data) == ([], {})


async def test_an_invitation_that_comes_twice_changes_nothing_the_second_time() -> None:
    homeserver = FakeHomeserver({"!d": "direct"})
    direct_rooms = rooms_of(homeserver)
    for _ in range(2):
        await direct_rooms.invited("!d", BEN.user_id, IDA.user_id)
    assert homeserver.writes == 2
    assert homeserver.data[IDA.user_id] == {BEN.user_id: ["!d"]}


# --- m.direct ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param({}, {IDA.user_id: ["!new"]}, id="the first direct room"),
        pytest.param(
            {OTTO.user_id: ["!a"]}, {OTTO.user_id: ["!a"], IDA.user_id: ["!new"]}, id="others keep their rooms"
        ),
        pytest.param({IDA.user_id: ["!a"]}, {IDA.user_id: ["!a", "!new"]}, id="a second room with the same person"),
        pytest.param({IDA.user_id: ["!new"]}, {IDA.user_id: ["!new"]}, id="the room is there already"),
        pytest.param({IDA.user_id: "words"}, {IDA.user_id: ["!new"]}, id="a text instead of a list"),
        pytest.param({IDA.user_id: None}, {IDA.user_id: ["!new"]}, id="null instead of a list"),
        pytest.param({IDA.user_id: 5}, {IDA.user_id: ["!new"]}, id="a number instead of a list"),
        pytest.param({IDA.user_id: [5, {}]}, {IDA.user_id: [5, {}, "!new"]}, id="odd things in the list stay"),
        pytest.param({"x": {}}, {"x": {}, IDA.user_id: ["!new"]}, id="keys that are no people stay"),
    ],
)
async def test_a_room_is_merged_into_the_list(before: dict[str, Any], after: dict[str, Any]) -> None:
    homeserver = FakeHomeserver()
    homeserver.data[BEN.user_id] = before
    await rooms_of(homeserver).remember("!new", BEN.user_id, IDA.user_id)
    assert homeserver.data[BEN.user_id] == after


async def test_two_rooms_at_the_same_moment_are_both_remembered() -> None:
    homeserver = FakeHomeserver()
    direct_rooms = rooms_of(homeserver)
    others = (IDA, OTTO, GABI)
    await asyncio.gather(*(direct_rooms.remember(f"!{p.id}", BEN.user_id, p.user_id) for p in others))
    assert homeserver.data[BEN.user_id] == {p.user_id: [f"!{p.id}"] for p in others}


# --- The room of two --------------------------------------------------------------------------------------------

BOTH = {BEN.user_id, IDA.user_id}


async def test_the_newest_direct_room_of_two_is_found() -> None:
    homeserver = FakeHomeserver({"!a": "direct", "!b": "direct"})
    homeserver.people = {"!a": set(BOTH), "!b": set(BOTH)}
    homeserver.data[BEN.user_id] = {IDA.user_id: ["!a", "!b"]}
    assert await rooms_of(homeserver).between(BEN.user_id, IDA.user_id) == "!b"
    assert homeserver.made == []


@pytest.mark.parametrize(
    ("kind", "people"),
    [
        pytest.param("chat", BOTH, id="a chat"),
        pytest.param("nonsense", BOTH, id="a room without a stamp"),
        pytest.param("direct", {BEN.user_id}, id="one that the other has left"),
        pytest.param("direct", {IDA.user_id}, id="one that they have left themselves"),
        pytest.param("direct", {BEN.user_id, OTTO.user_id}, id="one with somebody else"),
        pytest.param("direct", {*BOTH, OTTO.user_id}, id="one with a third"),
    ],
)
async def test_what_m_direct_says_is_looked_at(kind: str, people: set[UserId]) -> None:
    """People write it themselves."""
    homeserver = FakeHomeserver({"!a": kind})
    homeserver.people["!a"] = people
    homeserver.data[BEN.user_id] = {IDA.user_id: ["!a"]}
    assert await rooms_of(homeserver).between(BEN.user_id, IDA.user_id) == "!made1"


@pytest.mark.parametrize("known", [{}, {IDA.user_id: "words"}, {IDA.user_id: [5, {}]}, {IDA.user_id: ["!unknown"]}])
async def test_where_there_is_none_it_is_made_and_both_are_in_it(known: dict[str, Any]) -> None:
    homeserver = FakeHomeserver()
    homeserver.data[BEN.user_id] = known
    room_id = await rooms_of(homeserver).between(BEN.user_id, IDA.user_id)
    [(maker, request)] = homeserver.made
    assert (maker, request["is_direct"], request["invite"]) == (BEN.user_id, True, [IDA.user_id])
    assert homeserver.joins == [(room_id, IDA.user_id)]
    assert homeserver.data[IDA.user_id] == {BEN.user_id: [room_id]}


async def test_two_at_once_make_one_room() -> None:
    homeserver = FakeHomeserver()
    direct_rooms = rooms_of(homeserver)
    found = await asyncio.gather(*(direct_rooms.between(BEN.user_id, IDA.user_id) for _ in range(3)))
    assert set(found) == {"!made1"}
    assert len(homeserver.made) == 1


async def test_who_may_not_write_to_the_other_makes_no_room() -> None:
    homeserver = FakeHomeserver()
    homeserver.refusal = RefusedError("HTTP 403: Nein", words="Nein")
    with pytest.raises(RefusedError):
        await rooms_of(homeserver).between(BEN.user_id, GABI.user_id)
    assert homeserver.data == {}


# --- Stamps -----------------------------------------------------------------------------------------------------


async def test_a_stamp_is_asked_for_once() -> None:
    homeserver: Any = FakeHomeserver({"!d": "direct"})
    stamps = RoomStamps(homeserver)
    for _ in range(3):
        stamp = await stamps.of("!d", seen_by=BEN.user_id)
        assert stamp is not None
        assert stamp.kind is RoomKind.DIRECT
    assert homeserver.asked == ["!d"]


async def test_a_stamp_that_came_by_is_not_asked_for() -> None:
    homeserver: Any = FakeHomeserver()
    stamps = RoomStamps(homeserver)
    stamps.learn(create("!c", "control"))
    stamp = await stamps.of("!c", seen_by=BEN.user_id)
    assert stamp is not None
    assert stamp.kind is RoomKind.CONTROL
    assert homeserver.asked == []


async def test_a_room_without_a_stamp_is_remembered_as_such() -> None:
    homeserver: Any = FakeHomeserver({"!r": "nonsense"})
    stamps = RoomStamps(homeserver)
    assert await stamps.of("!r", seen_by=BEN.user_id) is None
    assert await stamps.of("!r", seen_by=BEN.user_id) is None
    assert homeserver.asked == ["!r"]


@pytest.mark.parametrize("error", [NotThereError("HTTP 404"), RefusedError("HTTP 403")])
async def test_what_could_not_be_seen_is_asked_for_again(error: Exception) -> None:
    homeserver: Any = FakeHomeserver({"!d": "direct"})
    homeserver.error = error
    stamps = RoomStamps(homeserver)
    assert await stamps.of("!d", seen_by=BEN.user_id) is None
    homeserver.error = None
    assert await stamps.of("!d", seen_by=BEN.user_id) is not None


async def test_a_homeserver_that_is_busy_is_no_answer() -> None:
    homeserver: Any = FakeHomeserver()
    homeserver.error = TryLaterError("HTTP 503")
    with pytest.raises(TryLaterError):
        await RoomStamps(homeserver).of("!d", seen_by=BEN.user_id)


async def test_only_so_many_stamps_are_remembered() -> None:
    homeserver: Any = FakeHomeserver({"!0": "direct"})
    stamps = RoomStamps(homeserver)
    for number in range(10_001):
        stamps.learn(create(f"!{number}", "direct"))
    await stamps.of("!10000", seen_by=BEN.user_id)
    assert homeserver.asked == []
    await stamps.of("!0", seen_by=BEN.user_id)
    assert homeserver.asked == ["!0"]
