from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from builders import BEN, BOT, EVENING, GABI, IDA, NOON, OTTO, resting, standing
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import HomeserverError, RefusedError, TryLaterError
from appservice.waiting import Waiting, WaitingLook
from school.database import held
from school.database.held import HeldMessage
from school.domain.people import Person, UserId
from school.domain.rest import PersonalRest
from school.standing import Standing

AT = NOON + timedelta(hours=2)
SOON = EVENING - timedelta(hours=1)


class FakeHomeserver:
    """Who is in which room."""

    bot = BOT

    def __init__(self) -> None:
        self.people: Mapping[str, set[UserId]] = {
            "!ida": {BEN.user_id, IDA.user_id},
            "!otto": {GABI.user_id, OTTO.user_id},
            "!both": {BEN.user_id, IDA.user_id, OTTO.user_id},
        }
        self.asked: list[str] = []
        self.trouble: HomeserverError | None = None

    async def members(self, room_id: str, *, as_user: UserId) -> frozenset[UserId]:
        self.asked.append(room_id)
        if self.trouble is not None:
            raise self.trouble
        return frozenset(self.people[room_id])


class School:
    """Rooms in which something waits."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.homeserver = FakeHomeserver()
        self.number = 0
        self.standing = standing()
        homeserver: Any = self.homeserver
        self.looking = WaitingLook(engine=engine, homeserver=homeserver, standing=lambda: self.standing)

    def rests(self, rests: Mapping[Person, PersonalRest]) -> None:
        self.standing: Standing = standing(rests=rests)

    async def waits(self, room_id: str, since: datetime, sender: Person = BEN) -> None:
        self.number += 1
        message = HeldMessage(
            event_id=f"${self.number}",
            room_id=room_id,
            sender=sender.user_id,
            event_type="m.room.message",
            origin_server_ts_ms=int(since.timestamp() * 1000),
        )
        async with self.engine.begin() as connection:
            await held.add(connection, message)


@pytest.fixture
def school(engine: AsyncEngine) -> School:
    return School(engine)


async def test_where_nothing_waits_there_is_nothing(school: School) -> None:
    assert await school.looking.look(AT) == Waiting()


async def test_the_first_room_whose_rest_ends_says_when_the_next_message_goes(school: School) -> None:
    school.rests({IDA: resting(NOON, EVENING), OTTO: resting(NOON, SOON)})
    await school.waits("!ida", NOON + timedelta(minutes=1))
    await school.waits("!ida", NOON + timedelta(minutes=2))
    await school.waits("!otto", NOON + timedelta(minutes=3), sender=GABI)
    written = datetime(2026, 5, 5, 12, 1, tzinfo=UTC)
    assert await school.looking.look(AT) == Waiting(messages=3, rooms=2, oldest=written, next_release=SOON)


async def test_a_room_with_two_who_rest_goes_with_the_first_of_them(school: School) -> None:
    school.rests({IDA: resting(NOON, EVENING), OTTO: resting(NOON, SOON)})
    await school.waits("!both", NOON)
    assert (await school.looking.look(AT)).next_release == SOON


async def test_what_colleagues_write_to_each_other_waits_for_one_and_for_the_other(school: School) -> None:
    school.rests({IDA: resting(NOON, EVENING), OTTO: resting(NOON, SOON)})
    school.homeserver.people = {"!colleagues": {IDA.user_id, OTTO.user_id}}
    await school.waits("!colleagues", NOON, sender=OTTO)
    await school.waits("!colleagues", NOON, sender=IDA)
    assert (await school.looking.look(AT)).next_release == SOON
    assert (await school.looking.look(SOON + timedelta(minutes=11))).overdue == 1


async def test_what_is_due_is_due_now_and_overdue_ten_minutes_later(school: School) -> None:
    school.rests({IDA: resting(NOON, EVENING)})
    await school.waits("!ida", NOON)
    await school.waits("!ida", EVENING + timedelta(minutes=5))
    assert (await school.looking.look(EVENING - timedelta(seconds=1))).overdue == 0
    at_the_end = await school.looking.look(EVENING)
    assert (at_the_end.next_release, at_the_end.overdue) == (EVENING, 0)
    assert (await school.looking.look(EVENING + timedelta(minutes=9))).overdue == 0
    assert (await school.looking.look(EVENING + timedelta(minutes=11))).overdue == 1, "the other was written just now"


async def test_who_is_in_a_room_is_asked_once_in_a_while(school: School) -> None:
    await school.waits("!ida", NOON)
    for minutes in (0, 1, 4):
        await school.looking.look(AT + timedelta(minutes=minutes))
    assert school.homeserver.asked == ["!ida"]
    await school.looking.look(AT + timedelta(minutes=6))
    assert school.homeserver.asked == ["!ida", "!ida"]


async def test_a_room_that_its_sender_has_left_waits_for_nobody(school: School) -> None:
    school.rests({IDA: resting(NOON, EVENING)})
    await school.waits("!ida", NOON)
    school.homeserver.trouble = RefusedError("HTTP 403", status=403)
    assert (await school.looking.look(AT)).next_release == AT


async def test_a_homeserver_that_is_away_is_no_answer(school: School) -> None:
    await school.waits("!ida", NOON)
    school.homeserver.trouble = TryLaterError("HTTP 503", status=503)
    with pytest.raises(TryLaterError):
        await school.looking.look(AT)
