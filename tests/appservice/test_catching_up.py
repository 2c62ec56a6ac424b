"""Looking for held messages of which nobody told, on a homeserver in memory and a real database."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from builders import BOT, IDA, OTTO, ZOE, standing
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.accounts import RoomNews
from appservice.catching_up import CatchingUp
from appservice.homeserver import RefusedError, TryLaterError
from school.database.places import remember_place, sure_place
from school.domain.people import UserId
from school.sealing import HELD_KEY

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def event(event_id: str, *, held: bool = True) -> dict[str, Any]:
    return {"event_id": event_id, "content": {HELD_KEY: {}} if held else {}}


@dataclass
class Stream:
    """What each person is told, as `{room: events}`; of a room in `long` only the last event at once."""

    bot: UserId = BOT
    rooms: dict[UserId, dict[str, list[dict[str, Any]]]] = field(default_factory=dict)
    long: set[str] = field(default_factory=set)
    errors: dict[UserId, Exception] = field(default_factory=dict)
    asked_from: set[str] = field(default_factory=set)

    async def news_since(self, user_id: UserId, place: str, **_: Any) -> Mapping[str, RoomNews]:
        self.asked_from.add(place)
        if user_id in self.errors:
            raise self.errors[user_id]
        return {
            room: RoomNews(events=events[-1:] if room in self.long else events, is_all=room not in self.long)
            for room, events in self.rooms.get(user_id, {}).items()
        }

    async def messages_after(self, room: str, place: str, *, as_user: UserId, **_: Any) -> AsyncIterator[Any]:
        for one in self.rooms[as_user][room]:
            yield one

    async def place_in_stream(self, user_id: UserId) -> str:
        if user_id in self.errors:
            raise self.errors[user_id]
        return "now"


@dataclass
class View:
    now: Any = field(default_factory=standing)


@pytest.fixture
def stream() -> Stream:
    return Stream()


@pytest.fixture
def taken() -> list[Sequence[Mapping[str, Any]]]:
    return []


@pytest.fixture
async def catching_up(engine: AsyncEngine, stream: Stream, taken: list[Sequence[Mapping[str, Any]]]) -> CatchingUp:
    async def take_in(events: Sequence[Mapping[str, Any]]) -> int:
        taken.append(events)
        return len(events)

    view: Any = View()
    homeserver: Any = stream
    return CatchingUp(engine=engine, homeserver=homeserver, view=view, take_in=take_in, clock=lambda: NOON)


async def place(engine: AsyncEngine, token: str | None = None) -> str | None:
    async with engine.begin() as connection:
        if token is not None:
            await remember_place(connection, token, at=NOON)
        return await sure_place(connection)


async def test_what_is_held_in_rooms_of_teachers_is_taken_in_once(
    engine: AsyncEngine, stream: Stream, catching_up: CatchingUp, taken: list[Sequence[Mapping[str, Any]]]
) -> None:
    await place(engine, "then")
    both = [event("$1"), event("$2", held=False)]
    stream.rooms = {IDA.user_id: {"!both": both, "!ida": [event("$3")]}, OTTO.user_id: {"!both": both}}
    await catching_up.look()
    [found] = taken
    assert {(one["event_id"], one["room_id"]) for one in found} == {("$1", "!both"), ("$3", "!ida")}
    assert len(found) == 2
    assert stream.asked_from == {"then"}


async def test_a_room_with_many_messages_is_read_whole(
    engine: AsyncEngine, stream: Stream, catching_up: CatchingUp, taken: list[Sequence[Mapping[str, Any]]]
) -> None:
    await place(engine, "then")
    stream.rooms, stream.long = {IDA.user_id: {"!long": [event("$1"), event("$2")]}}, {"!long"}
    await catching_up.look()
    assert [one["event_id"] for one in taken[0]] == ["$1", "$2"]


async def test_who_has_no_account_yet_is_passed_over(
    engine: AsyncEngine, stream: Stream, catching_up: CatchingUp, taken: list[Sequence[Mapping[str, Any]]]
) -> None:
    await place(engine, "then")
    stream.errors = {IDA.user_id: RefusedError("HTTP 403", status=403)}
    stream.rooms = {OTTO.user_id: {"!otto": [event("$1")]}}
    await catching_up.look()
    assert len(taken[0]) == 1
    assert await place(engine) == "then"


async def test_a_homeserver_that_is_away_is_no_reason_to_go_on(
    engine: AsyncEngine, stream: Stream, catching_up: CatchingUp, taken: list[Sequence[Mapping[str, Any]]]
) -> None:
    await place(engine, "then")
    stream.errors = {OTTO.user_id: TryLaterError("HTTP 503")}
    with pytest.raises(ExceptionGroup):
        await catching_up.look()
    assert taken == []


async def test_the_place_of_another_homeserver_is_forgotten(
    engine: AsyncEngine, stream: Stream, catching_up: CatchingUp
) -> None:
    await place(engine, "then")
    stream.errors = {one.user_id: RefusedError("HTTP 400", status=400) for one in (IDA, OTTO, ZOE)}
    await catching_up.look()
    assert await place(engine) is None


async def test_the_first_look_and_the_place_come_by_themselves_and_again_when_synapse_starts(
    engine: AsyncEngine, stream: Stream, catching_up: CatchingUp, taken: list[Sequence[Mapping[str, Any]]]
) -> None:
    running = asyncio.create_task(catching_up.run())
    await catching_up.until_done()
    async with asyncio.timeout(5):
        while await place(engine) is None:  # noqa: ASYNC110 - another program writes it
            await asyncio.sleep(0.01)
        assert (await place(engine), taken) == ("now", [])
        catching_up.again()
        while not taken:  # noqa: ASYNC110 - what it calls is the test
            await asyncio.sleep(0.01)
    assert stream.asked_from == {"now"}
    running.cancel()
