"""Monday, 7:30: what was written to a whole school over the weekend is delivered, and who writes meanwhile hardly
notices it. The programs are the real ones; Synapse is in memory and does one thing at a time, and time is simulated."""

import asyncio
from collections import defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import quantiles
from typing import Any

from aiohttp import web
from builders import person
from living_school import LivingSchool
from memory_synapse import READ, Sent
from school_week import MINUTE, Clock, School, clerk
from simulated_time import cancelled, run_simulated

from appservice.pace import ROOMS_AT_ONCE
from school.database import held
from school.database.held import HeldMessage
from school.domain.groups import GroupId
from school.domain.people import GUARDIAN, STUDENT, Person
from school.domain.rooms import RoomKind, RoomStamp
from school.sealing import HELD_KEY, SIGNED_KEY, Purpose

MONDAY = date(2026, 5, 4)
CLASS = GroupId("class-0")
GUARDIANS = [person(f"g{number}", GUARDIAN) for number in range(60)]
PUPILS = [person(f"s{number}", STUDENT, CLASS) for number in range(5)]
ROOMS_OF_A_TEACHER, MESSAGES_IN_A_ROOM = 10, 8
SECOND = timedelta(seconds=1)
LONGEST_SECONDS = 180


def text(body: str) -> dict[str, str]:
    return {"msgtype": "m.text", "body": body}


class Morning:
    """A school on the last evening of a weekend."""

    def __init__(self, school: School, living: LivingSchool) -> None:
        self.living, self.synapse, self.dice = living, living.synapse, school.dice
        self.begin = school.midnight() + timedelta(hours=7, minutes=30)
        there = list(clerk(school, Clock(school.midnight(), 1)))
        teachers = [who.person for who in school.teachers]
        self.back = [teachers[number] for number, row in enumerate(there) if row[450] and not row[449]]
        self.away = [teachers[number] for number, row in enumerate(there) if not any(row[449:600])]
        self.of_the_class = [teacher for teacher in teachers if CLASS in teacher.groups]
        self.rooms: list[tuple[str, Person]] = []
        """The rooms in which something waits, those that wait longest first, and who writes there."""
        self.seconds: list[float] = []
        """How long each message took that went through."""
        self.receipts_wanted: dict[str, datetime] = {}

    def _direct_room(self, guardian: Person, teacher: Person) -> str:
        return self.synapse.make_room(RoomStamp(kind=RoomKind.DIRECT), guardian, teacher)

    async def weekend(self) -> None:
        """Everybody writes to everybody; an appservice that is restarted since has taken it in."""
        await self.living.kill_appservice()
        self.synapse.connect([web.put("/_matrix/app/v1/transactions/{id}", self._take_in)])
        pairs = [(guardian, teacher) for teacher in self.back for guardian in GUARDIANS[:ROOMS_OF_A_TEACHER]]
        self.dice.shuffle(pairs)
        self.rooms = [(self._direct_room(guardian, teacher), guardian) for guardian, teacher in pairs]
        for number in range(MESSAGES_IN_A_ROOM):
            for room_id, guardian in self.rooms:
                await self.synapse.say(guardian, room_id, text(f"{room_id} {number}"))
        await self.living.until_quiet()
        self.synapse.disconnect()

    async def _take_in(self, request: Any) -> web.Response:
        async with self.living.engine.begin() as connection:
            for event in (await request.json())["events"]:
                message = HeldMessage(
                    event_id=event["event_id"],
                    room_id=event["room_id"],
                    sender=event["sender"],
                    event_type=event["type"],
                    origin_server_ts_ms=event["origin_server_ts"],
                )
                await held.add(connection, message)
                await held.set_receipt(connection, message.event_id, "$receipt", self.begin)
        return web.Response()

    async def people_write(self) -> None:
        """All the time: in a class, to teachers who are not there yet, and to those whose messages are on their way."""
        class_room = await self.living.open_group_room(CLASS, *PUPILS, *self.of_the_class)
        others = [self._direct_room(GUARDIANS[-1], teacher) for teacher in self.away]
        while True:
            await asyncio.sleep(self.dice.uniform(0.1, 0.5))
            room_id, sender = self.dice.choice(
                [
                    (class_room, self.dice.choice(PUPILS)),
                    (self.dice.choice(others), GUARDIANS[-1]),
                    self.dice.choice(self.rooms),
                ]
            )
            began = self.living.loop.time()
            event_id = await self.synapse.say(sender, room_id, text("live"))
            self.seconds.append(self.living.loop.time() - began)
            if HELD_KEY in self.synapse.sent[event_id].content:
                self.receipts_wanted[event_id] = self.living.loop.now()

    def delivered(self) -> list[Sent]:
        return [sent for sent in self.synapse.stream if sent.purpose == Purpose.DELIVERY]


def test_thousands_at_half_past_seven_do_not_stall_the_living(tmp_path: Path) -> None:
    school = School(MONDAY, set(), Random(0))
    run_simulated(monday(school, tmp_path), start=school.midnight() - timedelta(hours=4))


async def monday(school: School, folder: Path) -> None:
    async with LivingSchool(folder, school, [*GUARDIANS, *PUPILS]) as living:
        morning = Morning(school, living)
        await morning.weekend()
        waiting = len(morning.rooms) * MESSAGES_IN_A_ROOM
        assert waiting > 2000
        await living.until(morning.begin - MINUTE - 10 * SECOND)
        await living.start_appservice()
        await asyncio.sleep(10)
        writing = asyncio.ensure_future(morning.people_write())
        await asyncio.sleep(60)
        assert not morning.delivered()
        idle, morning.seconds = morning.seconds, []
        for _ in range(LONGEST_SECONDS):
            await asyncio.sleep(1)
            if len(morning.delivered()) >= waiting:
                break
        busy = morning.seconds
        await cancelled(writing)
        await living.until_quiet()
        everything_comes_once_and_in_order(morning)
        the_rooms_that_wait_longest_come_first(morning)
        who_writes_meanwhile_has_a_receipt_within_two_seconds(morning)
        assert p95(busy) <= 2 * p95(idle) + READ


def everything_comes_once_and_in_order(morning: Morning) -> None:
    came: defaultdict[str, list[str]] = defaultdict(list)
    for sent in morning.delivered():
        if sent.content["body"] != "live":
            came[sent.event["room_id"]].append(sent.content["body"])
    for room_id, _ in morning.rooms:
        assert came[room_id] == [f"{room_id} {number}" for number in range(MESSAGES_IN_A_ROOM)]


def the_rooms_that_wait_longest_come_first(morning: Morning) -> None:
    """But for those that are worked on at once."""
    rooms = [room_id for room_id, _ in morning.rooms]
    firsts = [sent.event["room_id"] for sent in morning.delivered() if sent.content["body"].endswith(" 0")]
    for place, room_id in enumerate(firsts):
        assert abs(place - rooms.index(room_id)) < ROOMS_AT_ONCE


def who_writes_meanwhile_has_a_receipt_within_two_seconds(morning: Morning) -> None:
    """Or sees the message itself."""
    seen = {
        sent.content["m.relates_to"]["event_id"]
        if sent.purpose == Purpose.RECEIPT
        else sent.content[SIGNED_KEY]["held"]: sent.at
        for sent in reversed(morning.synapse.stream)
        if sent.purpose in (Purpose.RECEIPT, Purpose.DELIVERY)
    }
    assert len(morning.receipts_wanted) > 100
    for event_id, written in morning.receipts_wanted.items():
        assert seen[event_id] - written <= 2 * SECOND


def p95(seconds: list[float]) -> float:
    return quantiles(seconds, n=20)[-1]
