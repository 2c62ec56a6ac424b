"""A week in the life of a school, in simulated time: fifty teachers, part-timers, absences, a holiday, a night in which
the clock changes. What the domain says of each message is compared with a clerk who looks at the clock every minute."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from builders import BERLIN, BOT, GABI, group, person

from school.domain.calendars import Calendars, HoursLine, OwnDays
from school.domain.directory import Directory
from school.domain.hold import hold_for
from school.domain.intervals import Span
from school.domain.people import TEACHER, Person, PersonId
from school.domain.rest import Absence, Calendar, PersonalRest
from school.domain.rest_desk import RestDesk
from school.domain.week import Window

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
WORKDAYS, ALL_DAYS = range(5), range(7)
MESSAGES = 1500

Hours = tuple[range, int, int]
"""Weekdays, first and last minute; behind midnight it is the next day."""
SCHOOL: list[Hours] = [(WORKDAYS, 450, 1020)]
EVENING_SCHOOL: list[Hours] = [(range(4), 900, 1320), (range(4, 5), 840, 1080)]
BOARDING: list[Hours] = [(ALL_DAYS, 1200, 1590)]  # 20:00 to 2:30
EARLY: list[Hours] = [(ALL_DAYS, 150, 480)]  # from 2:30
MINIMUM: list[Hours] = [(range(4), 1260, 1800)]  # 21:00 to 6:00


@dataclass
class Teacher:
    """Somebody as the clerk knows them."""

    person: Person
    hours: list[Hours]
    free: set[date]
    own: bool = False
    absences: list[tuple[datetime, datetime]] = field(default_factory=list)
    rests: list[tuple[datetime, datetime]] = field(default_factory=list)
    pauses: list[tuple[datetime, datetime]] = field(default_factory=list)

    def is_there(self, at: datetime, shown: datetime) -> bool:
        """Whether they can be reached at `at`, when the clock on the wall shows `shown`."""
        if in_hours(MINIMUM, shown, set()):
            return False
        if any(start <= at < end for start, end in self.pauses):
            return True
        if any(start <= at < end for start, end in (*self.rests, *self.absences)):
            return False
        return in_hours(self.hours, shown, self.free)


def in_hours(hours: list[Hours], shown: datetime, free: set[date]) -> bool:
    today, minute = shown.date(), shown.hour * 60 + shown.minute
    return any(
        day.weekday() in weekdays and start <= passed < end and day not in free
        for day, passed in ((today, minute), (today - DAY, minute + 1440))
        for weekdays, start, end in hours
    )


def windows(hours: list[Hours]) -> tuple[Window, ...]:
    return tuple(Window(day, start, end) for weekdays, start, end in hours for day in weekdays)


@dataclass
class School:
    """Fifty teachers and what is said of their time; `start` is a Monday."""

    start: date
    holidays: set[date]
    dice: Random

    def __post_init__(self) -> None:
        self.teachers = [self._teacher(number) for number in range(50)]
        self.directory = Directory([GABI, *(teacher.person for teacher in self.teachers)])
        self.desk = self._desk()

    def _teacher(self, number: int) -> Teacher:
        groups = [name for name, every in (("evening", 5), ("boarding", 9), ("early", 11)) if number % every == 0]
        of_groups: dict[str, list[Hours]] = {"evening": EVENING_SCHOOL, "boarding": BOARDING, "early": EARLY}
        hours = [line for name in groups for line in of_groups[name]] or SCHOOL
        who = Teacher(person(f"t{number}", TEACHER, *groups), hours, set(self.holidays))
        if number % 4 == 1:  # part-time: two or three days, of which one is off this week
            first = number % 3
            who.own, who.hours = True, [(range(first, first + 3), 450, 780)]
            who.free |= {self.start + number % 7 * DAY}
        if number % 6 == 2:
            who.absences = [self._days(self.dice.randrange(5), self.dice.randrange(1, 6))]
        for spans in (who.rests, who.pauses):
            spans += [self._hours() for _ in range(self.dice.randrange(3))]
        return who

    def _days(self, first: int, number: int) -> tuple[datetime, datetime]:
        days = (self.start + first * DAY, self.start + (first + number) * DAY)
        start, end = (datetime(day.year, day.month, day.day, tzinfo=BERLIN).astimezone(UTC) for day in days)
        return start, end

    def _hours(self) -> tuple[datetime, datetime]:
        start = self.midnight() + self.dice.randrange(7 * 1440) * MINUTE
        return start, start + self.dice.randrange(1, 700) * MINUTE

    def midnight(self) -> datetime:
        return datetime(self.start.year, self.start.month, self.start.day, tzinfo=BERLIN).astimezone(UTC)

    def _desk(self) -> RestDesk:
        lines = {"evening": EVENING_SCHOOL, "boarding": BOARDING, "early": EARLY}
        own = [teacher for teacher in self.teachers if teacher.own]
        calendar = Calendar(
            zone=BERLIN, windows=windows(SCHOOL), free_days=frozenset(self.holidays), minimum=windows(MINIMUM)
        )
        return RestDesk(
            directory=self.directory,
            calendars=Calendars(
                school=calendar,
                group_lines={name: HoursLine(id=name, windows=windows(hours)) for name, hours in lines.items()},
                groups=map(group, lines),
                persons={
                    teacher.person.id: OwnDays(
                        hours=HoursLine(id=teacher.person.id, windows=windows(teacher.hours)),
                        free_days=frozenset(teacher.free - self.holidays),
                    )
                    for teacher in own
                },
            ),
            personal={teacher.person.user_id: said_by(teacher) for teacher in self.teachers}.get,
        )


def said_by(teacher: Teacher) -> PersonalRest:
    return PersonalRest(
        rests=tuple(Span(*span) for span in teacher.rests),
        pauses=tuple(Span(*span) for span in teacher.pauses),
        absences=tuple(Absence(Span(*span), PersonId("p-t0")) for span in teacher.absences),
    )


def clerk(school: School, days: int) -> Iterator[list[bool]]:
    """For each teacher, minute by minute, whether they are there. Of an hour that the clock shows twice it believes
    the first."""
    shown, minutes = datetime.min, []  # noqa: DTZ901 - a clock on the wall has no zone
    for number in range(-180, days * 1440):
        at = school.midnight() + number * MINUTE
        shown = max(shown, at.astimezone(BERLIN).replace(tzinfo=None, fold=0))
        if number >= 0:
            minutes.append((at, shown))
    for teacher in school.teachers:
        yield [teacher.is_there(at, wall) for at, wall in minutes]


def first_there(there: Sequence[list[bool]], minute: int) -> int | None:
    found = [row.index(True, minute) for row in there if True in row[minute:]]
    return min(found, default=None)


LOOKED_AT = 15
"""Days: nobody is away for longer than a week and the weekend after it."""


@pytest.mark.parametrize(
    ("start", "holidays"),
    [
        pytest.param(date(2026, 3, 23), {date(2026, 3, 27)}, id="the clock goes forward on Sunday"),
        pytest.param(date(2026, 10, 19), {date(2026, 10, 22)}, id="the clock goes back on Sunday"),
        pytest.param(
            date(2026, 12, 28), {date(2026, 12, 30) + n * DAY for n in range(4)}, id="the year ends on Thursday"
        ),
    ],
)
def test_each_message_waits_exactly_until_somebody_is_there(start: date, holidays: set[date]) -> None:
    dice = Random(start.toordinal())
    school = School(start, holidays, dice)
    there = list(clerk(school, LOOKED_AT))
    became: Counter[str] = Counter()
    any_time = [dice.randrange(7 * 86400) for _ in range(MESSAGES)]
    in_the_last_night = [6 * 86400 + dice.randrange(6 * 3600) for _ in range(MESSAGES // 3)]
    for second in sorted(any_time + in_the_last_night):
        now = school.midnight() + timedelta(seconds=second)
        chosen = dice.sample(range(50), dice.choice([1, 1, 1, 2, 3]))
        members = [GABI.user_id, BOT, *(school.teachers[number].person.user_id for number in chosen)]
        hold = hold_for(
            GABI.user_id,
            members,
            directory=school.directory,
            rest_of=lambda user_id, now=now: school.desk.rest_of(user_id, now),
            has_rest=school.desk.has_rest,
            bot=BOT,
        )
        expected = first_there([there[number] for number in chosen], second // 60)
        assert expected is not None
        if expected == second // 60:
            assert hold is None
            became["delivered at once"] += 1
            continue
        assert hold is not None, f"{now} {members}"
        assert hold.until == school.midnight() + expected * MINUTE, f"{now} {members}"
        became["held"] += 1
    assert min(became["held"], became["delivered at once"]) > MESSAGES / 10
