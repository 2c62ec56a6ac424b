from datetime import datetime, timedelta
from typing import Any

import pytest
from builders import BOT, IDA, NOON, OTTO
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.replies import TAKEN_BACK_KEY
from appservice.bot.taking_back import TakingBack
from appservice.homeserver import TryLaterError
from school.database.audit import Action, record
from school.database.control import remember_control_room
from school.domain.people import Person, PersonId, UserId

MINUTE = timedelta(minutes=1)


class Rooms:
    """What the bot has said where, and what it has deleted."""

    bot = BOT

    def __init__(self) -> None:
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.deleted: list[str] = []
        self.looked_at: list[str] = []
        self.is_busy = False

    def says(self, room_id: str, event_id: str, at: datetime, *, secret: bool = True) -> None:
        content = {"body": "k7wq-m3fxd-9dtrb"} | ({TAKEN_BACK_KEY: True} if secret else {})
        event = {"event_id": event_id, "content": content, "origin_server_ts": int(at.timestamp() * 1000)}
        self.events.setdefault(room_id, []).insert(0, event)

    async def newest_events(self, room_id: str, *, sender: UserId, limit: int) -> list[dict[str, Any]]:
        assert sender == BOT
        if self.is_busy:
            raise TryLaterError("HTTP 503")
        self.looked_at.append(room_id)
        return self.events.get(room_id, [])[:limit]

    async def redact(self, room_id: str, event_id: str, *, txn_id: str, as_user: UserId) -> None:
        assert (txn_id, as_user) == (f"take-back-{event_id}", BOT)
        self.deleted.append(event_id)
        [event] = [event for event in self.events[room_id] if event["event_id"] == event_id]
        event["content"] = {}


class Stage:
    """A school in which Ida and Otto have rooms with the bot. It is noon."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.rooms = Rooms()
        self.now = NOON
        self.taking_back = self.started_anew()

    def started_anew(self) -> TakingBack:
        people = {person.id: person for person in (IDA, OTTO)}
        rooms: Any = self.rooms
        self.taking_back = TakingBack(
            engine=self.engine, homeserver=rooms, person_of=people.get, clock=lambda: self.now
        )
        return self.taking_back

    async def look_after(self, passed: timedelta) -> list[str]:
        """What is deleted when one looks so long after noon."""
        self.now = NOON + passed
        self.rooms.deleted.clear()
        self.rooms.looked_at.clear()
        await self.taking_back.look()
        return list(self.rooms.deleted)

    async def reset(self, who: Person | str, at: datetime = NOON) -> None:
        actor = who if isinstance(who, str) else who.id
        async with self.engine.begin() as connection:
            await record(
                connection,
                at=at,
                actor=actor,
                action=Action.PASSWORD_RESET,
                target=PersonId("p-ben"),
                by_right="a test",
                details={},
            )


@pytest.fixture
async def stage(engine: AsyncEngine) -> Stage:
    async with engine.begin() as connection:
        for room_id, person in (("!ida1", IDA), ("!ida2", IDA), ("!otto", OTTO)):
            await remember_control_room(connection, room_id, person.user_id, NOON.timestamp())
    return Stage(engine)


async def test_a_secret_is_there_for_ten_minutes_in_whatever_room_it_was_told(stage: Stage) -> None:
    await stage.reset(IDA)
    stage.rooms.says("!ida1", "$secret", NOON)
    stage.rooms.says("!ida2", "$another", NOON + 2 * MINUTE)
    stage.rooms.says("!ida1", "$word", NOON, secret=False)
    assert await stage.look_after(9 * MINUTE) == []
    assert await stage.look_after(10 * MINUTE) == ["$secret"]
    assert await stage.look_after(12 * MINUTE) == ["$another"]
    assert await stage.look_after(13 * MINUTE) == [], "once"


async def test_it_is_taken_back_after_a_restart_too_within_a_day(stage: Stage) -> None:
    await stage.reset(IDA)
    stage.rooms.says("!ida1", "$secret", NOON)
    stage.started_anew()
    assert await stage.look_after(timedelta(hours=23)) == ["$secret"]


async def test_an_answer_that_came_late_is_not_missed(stage: Stage) -> None:
    """The homeserver was busy for ten minutes."""
    await stage.reset(IDA)
    assert await stage.look_after(10 * MINUTE) == []
    stage.rooms.says("!ida1", "$late", NOON + 10 * MINUTE)
    assert await stage.look_after(20 * MINUTE) == ["$late"]


async def test_only_rooms_of_those_who_reset_something_are_looked_at_and_not_for_ever(stage: Stage) -> None:
    await stage.reset(IDA)
    await stage.reset("operator")
    await stage.look_after(10 * MINUTE)
    assert set(stage.rooms.looked_at) == {"!ida1", "!ida2"}
    await stage.look_after(30 * MINUTE)
    await stage.look_after(31 * MINUTE)
    assert stage.rooms.looked_at == []
    await stage.reset(IDA, NOON + 31 * MINUTE)
    await stage.look_after(32 * MINUTE)
    assert set(stage.rooms.looked_at) == {"!ida1", "!ida2"}


async def test_a_homeserver_that_is_busy_is_asked_again(stage: Stage) -> None:
    await stage.reset(IDA)
    stage.rooms.says("!ida1", "$secret", NOON)
    stage.rooms.is_busy = True
    assert await stage.look_after(40 * MINUTE) == []
    stage.rooms.is_busy = False
    assert await stage.look_after(41 * MINUTE) == ["$secret"]
