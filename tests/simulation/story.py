"""What happens in a week: who writes what to whom, what teachers say of their time, and what goes wrong. All of it is
decided beforehand by dice; the clerk hears of it at once, the programs when it happens."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final

from builders import BERLIN, person
from living_school import LivingSchool
from school_week import DAY, MINUTE, Clock, School, Teacher, clerk, first_there, midnight

from school.domain.groups import GroupId
from school.domain.people import GUARDIAN, STUDENT, Person
from school.domain.rooms import RoomKind, RoomStamp
from school.sealing import HELD_KEY

SECOND = timedelta(seconds=1)
CLASSES: Final = [GroupId(f"class-{number}") for number in range(3)]
GUARDIANS: Final = [person(f"g{number}", GUARDIAN) for number in range(10)]
PUPILS: Final = [person(f"s{number}", STUDENT, CLASSES[number % 3]) for number in range(9)]
DAYS: Final = 14
"""Until then everybody was there at least once who was written to in the first week."""


@dataclass(eq=False)
class Room:
    """A room as the clerk knows it: the numbers of its teachers, and who else is in it."""

    id: str
    teachers: list[int]
    others: list[Person]
    is_of_a_class: bool = False
    said: list[tuple[datetime, bool]] = field(default_factory=list)
    """Of a class's room: since when messages wait in it, or do not."""

    def waits_for(self, sender: Person, at: datetime) -> list[int]:
        """Of whom the first has to be there at `at`; nobody: it goes out."""
        teachers = [number for number in self.teachers if sender.id != f"p-t{number}"]
        if len(teachers) < len(self.teachers) and self.others:
            return []  # a teacher writes, and there is somebody who never rests
        if self.is_of_a_class:
            holds = [holds for since, holds in self.said if since <= at]
            return teachers if holds and holds[-1] else []
        return teachers


@dataclass(eq=False)
class Written:
    """Some words that somebody wrote, and what became of them at once."""

    room: Room
    sender: Person
    body: str
    at: datetime
    event_id: str = ""
    was_held: bool = False
    taken_back: bool = False


class Story:
    """One week in a living school."""

    def __init__(self, school: School, living: LivingSchool) -> None:
        self.school, self.living, self.dice = school, living, school.dice
        self.clock = Clock(school.midnight(), DAYS)
        self.rooms: list[Room] = []
        self.written: list[Written] = []
        self.changes: list[tuple[datetime, int]] = []
        """When which teacher said something of their time."""
        self.troubles: list[tuple[datetime, datetime]] = []
        """From when until when something goes wrong, or its consequences are felt."""
        self._deeds: list[tuple[datetime, Callable[[], Awaitable[Any]]]] = []
        self._numbers = count()

    async def prepare(self, *, bursts: int) -> None:
        """Decides what will happen."""
        await self._furnish()
        for number, who in enumerate(self.school.teachers):
            self._speaks_of_their_time(number, who)
        self._a_class_room_holds()
        self.there = list(clerk(self.school, self.clock))
        self._people_write(bursts)
        self._things_go_wrong()

    async def live(self, look: Callable[[], None]) -> None:
        """Lets it happen, and goes on until everybody was there once. `look` is called shortly before each moment at
        which somebody comes, goes or does something, and when it is quiet after it."""
        deeds = [asyncio.ensure_future(self._happens(at, do)) for at, do in self._deeds]
        await asyncio.sleep(10)  # everything has just been started
        for moment in sorted({at for at, _ in (*self._deeds, *self.comings_and_goings())}):
            if moment < self.living.loop.now():
                continue  # it was in the time of the last one
            await self.living.until(moment - SECOND / 2)
            look()
            await self.living.until(moment)
            await self._until_quiet()
            look()
            if all(deed.done() for deed in deeds) and moment > max(map(self.due, self.written)):
                break  # the second week is for those who were away
        await asyncio.gather(*deeds)

    async def _until_quiet(self) -> None:
        await self.living.until_quiet()
        while self.was_trouble(self.living.loop.now(), self.living.loop.now()):
            await self.living.until_quiet()

    async def _happens(self, at: datetime, do: Callable[[], Awaitable[Any]]) -> None:
        await asyncio.sleep((at - self.living.loop.now()).total_seconds())
        await do()

    def comings_and_goings(self) -> Iterator[tuple[datetime, int]]:
        """When whose rest begins or ends."""
        for number, row in enumerate(self.there):
            for minute in range(1, len(row)):
                if row[minute] is not row[minute - 1]:
                    yield self.school.midnight() + minute * MINUTE, number

    def is_there(self, number: int, at: datetime) -> bool:
        """Whether a teacher can be reached."""
        return self.there[number][(at - self.school.midnight()) // MINUTE]

    def due(self, written: Written) -> datetime:
        """From when on some words may be read."""
        at = written.at
        teachers = written.room.waits_for(written.sender, at)
        minute = first_there([self.there[number] for number in teachers], (at - self.school.midnight()) // MINUTE)
        silent = [since for since, holds in written.room.said if since > at and not holds]
        ends = [*silent, *([] if minute is None else [self.clock.minutes[minute][0]])]
        return max(at, min(ends)) if teachers else at

    def was_trouble(self, start: datetime, end: datetime) -> bool:
        """Whether anything went wrong then."""
        return any(begins <= end and start <= ends for begins, ends in self.troubles)

    def rests(self, who: Person, at: datetime) -> bool:
        """Whether somebody has a rest, and is in it."""
        number = next((number for number, one in enumerate(self.school.teachers) if one.person is who), None)
        return number is not None and not self.is_there(number, at)

    def is_away_until_the_end(self, number: int, at: datetime) -> bool:
        """Whether a teacher was not there any more after `at`."""
        first, last = (moment - self.school.midnight() for moment in (at, self.living.loop.now()))
        return True not in self.there[number][first // MINUTE : last // MINUTE]

    def said_just_now(self, written: Written) -> bool:
        """Whether a teacher of the room said something of their time so shortly before that not all know of it."""
        said = [at for at, number in self.changes if number in written.room.teachers]
        said += [at for at, _ in written.room.said]
        return any(at <= written.at < at + 3 * SECOND for at in said)

    # --- What will happen ---

    async def _furnish(self) -> None:
        make = self.living.synapse.make_room
        teachers = [who.person for who in self.school.teachers]
        for number, teacher in enumerate(teachers):
            await self.living.open_control_room(teacher)
            guardian = GUARDIANS[number % len(GUARDIANS)]
            self._room(make(RoomStamp(kind=RoomKind.DIRECT), guardian, teacher), [number], [guardian])
        for number in range(15):
            some = sorted(self.dice.sample(range(50), 2 + number % 2))
            guardian = GUARDIANS[number % len(GUARDIANS)]
            people = [teachers[some[0]], guardian, *(teachers[other] for other in some[1:])]
            self._room(make(RoomStamp(kind=RoomKind.CHAT), *people), some, [guardian])
        for number in range(8):
            some = sorted(self.dice.sample(range(50), 2 + number % 2))
            kind = RoomKind.DIRECT if len(some) == 2 else RoomKind.CHAT
            self._room(make(RoomStamp(kind=kind), *(teachers[other] for other in some)), some, [])
        for group in CLASSES:
            own = [number for number, teacher in enumerate(teachers) if group in teacher.groups]
            pupils = [pupil for pupil in PUPILS if group in pupil.groups]
            room_id = await self.living.open_group_room(group, *pupils, *(teachers[number] for number in own))
            self._room(room_id, own, pupils, is_of_a_class=True)

    def _room(self, room_id: str, teachers: list[int], others: list[Person], *, is_of_a_class: bool = False) -> None:
        self.rooms.append(Room(room_id, teachers, others, is_of_a_class))

    def _speaks_of_their_time(self, number: int, who: Teacher) -> None:
        moments = sorted(self.dice.sample(range(60, 7 * 1440), self.dice.randrange(3) if number % 3 else 0))
        if number % 6 == 2:
            moments.insert(0, 30)
        for minute in moments:
            at = self.school.midnight() + minute * MINUTE
            wall = at.astimezone(BERLIN)
            wishes = self.dice.randrange(5)
            if minute == 30:
                first = wall.date() + self.dice.randrange(4) * DAY
                last = first + self.dice.randrange(4) * DAY
                words = f"!abwesend {first.day}.{first.month}. - {last.day}.{last.month}."
                who.says_absence(at, midnight(first), midnight(last + DAY))
            elif any(start <= at < end for start, end in who.absences) and wishes < 2:
                words = "!abwesend aus"
                who.says_absence_over(at)
            elif wishes == 0:
                words = "!ruhe aus"
                who.says_over(at, self.clock)
            elif wishes < 3:
                hours = self.dice.randrange(1, 30)
                words = f"!ruhe {hours}h"
                who.says_rest(at, at + timedelta(hours=hours))
            else:
                hour = self.dice.choice([9, 12, 16, 20])
                until = datetime(wall.year, wall.month, wall.day, hour, tzinfo=BERLIN)
                until = until if until > wall else until + DAY  # the same time by the clock on the wall
                words = f"!ruhe aus bis {hour}:00"
                who.says_pause(at, until.astimezone(at.tzinfo))
            self.changes.append((at, number))
            self._says(who.person, at, words)

    def _says(self, who: Person, at: datetime, words: str) -> None:
        room_id = self.living.control[who.user_id]
        self._at(at, lambda: self.living.synapse.say(who, room_id, {"msgtype": "m.text", "body": words}))

    def _a_class_room_holds(self) -> None:
        room = self.rooms[-1]
        who = self.school.teachers[room.teachers[0]].person
        for days, word in ((1, "halten"), (4, "stumm")):
            at = self.school.midnight() + days * DAY + self.dice.randrange(600, 900) * MINUTE
            room.said.append((at, word == "halten"))
            self._says(who, at, f"!ruhe-raum {word} {CLASSES[-1]}")

    def _people_write(self, bursts: int) -> None:
        """Half of the messages are written in the seconds around a moment at which somebody comes or goes."""
        edges = sorted(edge for edge in self.comings_and_goings() if edge[0] < self.school.midnight() + 7 * DAY)
        for burst in range(bursts):
            start = self.school.midnight() + self.dice.randrange(3600, 7 * 86400) * SECOND
            rooms = [self.dice.choice(self.rooms) for _ in range(4)]
            if burst % 2:
                edge, number = self.dice.choice(edges)
                start = edge - 1.5 * SECOND
                rooms = [self.rooms[number], *(room for room in rooms if number in room.teachers)]
            for _ in range(self.dice.randrange(3, 12)):
                self._somebody_writes(self.dice.choice(rooms), start + self.dice.randrange(4000) * SECOND / 1000)

    def _somebody_writes(self, room: Room, at: datetime) -> None:
        teachers = [self.school.teachers[number].person for number in room.teachers]
        sender = self.dice.choice([*room.others * 3, *teachers])
        written = Written(room, sender, f"Wort-{next(self._numbers):06}", at)
        self.written.append(written)
        self._at(at, lambda: self._write(written))

    async def _write(self, written: Written) -> None:
        synapse = self.living.synapse
        content = {"msgtype": "m.text", "body": written.body}
        written.event_id = await synapse.say(written.sender, written.room.id, content)
        sent = synapse.sent[written.event_id]
        written.at, written.was_held = sent.at, HELD_KEY in sent.content
        if written.was_held and self.dice.random() < 0.05 and self.due(written) > written.at + MINUTE:
            written.taken_back = True
            await synapse.delete(written.sender, written.room.id, written.event_id)

    def _things_go_wrong(self) -> None:
        """In the middle of the releases of three mornings, and now and then."""
        synapse, living = self.living.synapse, self.living
        morning = self.school.midnight() + timedelta(hours=7, minutes=30, milliseconds=300)
        self._goes_wrong(morning + DAY, 8 * SECOND, self._restart_appservice)
        self._goes_wrong(morning + 2 * DAY, 30 * SECOND, self._be_down_for_a_while)
        self._goes_wrong(morning + 3 * DAY, 8 * SECOND, self._restart_synapse)

        def lost() -> str:
            now = living.loop.now()
            if self.dice.random() > 0.003 or any(at <= now < at + 4 * SECOND for at, _ in self.changes):
                return ""  # (who gets no answer to a command writes it again)
            self.troubles.append((now, now + 12 * SECOND))
            return self.dice.choice(["request", "answer"])

        synapse.lost = lost

    def _goes_wrong(self, at: datetime, lasts: timedelta, do: Callable[[], Awaitable[None]]) -> None:
        self.troubles.append((at, at + lasts))
        self._at(at, do)

    async def _restart_appservice(self) -> None:
        await self.living.kill_appservice()
        await self.living.start_appservice()

    async def _restart_synapse(self) -> None:
        self.living.synapse.restart()

    async def _be_down_for_a_while(self) -> None:
        self.living.synapse.is_down = True
        self.living.loop.call_later(15, setattr, self.living.synapse, "is_down", False)

    def _at(self, at: datetime, do: Callable[[], Awaitable[Any]]) -> None:
        self._deeds.append((at, do))
