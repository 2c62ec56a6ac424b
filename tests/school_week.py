"""A school of fifty teachers as a clerk knows it who looks at the clock on the wall every minute: part-timers, people
with other hours, absences, holidays, a minimum. Works nothing out, and shares no line with `school.domain`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random

from builders import BERLIN, person

from school.domain.people import TEACHER, Person

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
WORKDAYS, ALL_DAYS = range(5), range(7)

Hours = tuple[range, int, int]
"""Weekdays, first and last minute; behind midnight it is the next day."""
Spans = list[tuple[datetime, datetime]]
SCHOOL: list[Hours] = [(WORKDAYS, 450, 1020)]
EVENING_SCHOOL: list[Hours] = [(range(4), 900, 1320), (range(4, 5), 840, 1080)]
BOARDING: list[Hours] = [(ALL_DAYS, 1200, 1590)]  # 20:00 to 2:30
EARLY: list[Hours] = [(ALL_DAYS, 150, 480)]  # from 2:30
MINIMUM: list[Hours] = [(range(4), 1260, 1800)]  # 21:00 to 6:00
OF_GROUPS: Mapping[str, list[Hours]] = {"evening": EVENING_SCHOOL, "boarding": BOARDING, "early": EARLY}


@dataclass
class Teacher:
    """Somebody as the clerk knows them."""

    person: Person
    hours: list[Hours]
    free: set[date]
    own: bool = False
    absences: Spans = field(default_factory=list)
    rests: Spans = field(default_factory=list)
    pauses: Spans = field(default_factory=list)

    def is_there(self, at: datetime, shown: datetime) -> bool:
        """Whether they can be reached at `at`, when the clock on the wall shows `shown`."""
        if in_hours(MINIMUM, shown, set()):
            return False
        said = self.said(at)
        return in_hours(self.hours, shown, self.free) if said is None else said

    def said(self, at: datetime) -> bool | None:
        """Whether they said that they can be reached then, or that they cannot."""
        if any(start <= at < end for start, end in self.pauses):
            return True
        if any(start <= at < end for start, end in (*self.rests, *self.absences)):
            return False
        return None

    def says_rest(self, at: datetime, until: datetime) -> None:
        """`!ruhe 2h`: takes the place of what they said of hours before."""
        self.rests, self.pauses = _ended(self.rests, at), _ended(self.pauses, at)
        self.rests.append((at, until))

    def says_pause(self, at: datetime, until: datetime) -> None:
        """`!ruhe aus bis 18:00`."""
        self.rests, self.pauses = _ended(self.rests, at), _ended(self.pauses, at)
        self.pauses.append((at, until))

    def says_over(self, at: datetime, clock: "Clock") -> None:
        """`!ruhe aus`: all that was said is over, and the rest of the calendar, too, until they are back anyhow."""
        self.says_absence_over(at)
        self.rests, self.pauses = _ended(self.rests, at), _ended(self.pauses, at)
        back = next(minute for minute, shown in clock.minutes if minute >= at and self.is_there(minute, shown))
        if back > at:
            self.pauses.append((at, back))

    def says_absence(self, at: datetime, start: datetime, end: datetime) -> None:
        """`!abwesend 24.11.-28.11.`: "I can be reached" was said before this."""
        self.pauses = _ended(self.pauses, max(at, start))
        self.absences.append((start, end))

    def says_absence_over(self, at: datetime) -> None:
        """`!abwesend aus`, while they are absent."""
        self.absences = _ended(self.absences, at)


def _ended(spans: Spans, at: datetime) -> Spans:
    """What runs ends; what comes later stays."""
    return [(start, min(end, at) if start < at else end) for start, end in spans if start != at]


def in_hours(hours: list[Hours], shown: datetime, free: set[date]) -> bool:
    today, minute = shown.date(), shown.hour * 60 + shown.minute
    return any(
        day.weekday() in weekdays and start <= passed < end and day not in free
        for day, passed in ((today, minute), (today - DAY, minute + 1440))
        for weekdays, start, end in hours
    )


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=BERLIN).astimezone(UTC)


@dataclass
class School:
    """Fifty teachers; `start` is a Monday."""

    start: date
    holidays: set[date]
    dice: Random

    def __post_init__(self) -> None:
        self.teachers = [self._teacher(number) for number in range(50)]

    def _teacher(self, number: int) -> Teacher:
        groups = [name for name, every in (("evening", 5), ("boarding", 9), ("early", 11)) if number % every == 0]
        hours = [line for name in groups for line in OF_GROUPS[name]] or SCHOOL
        who = Teacher(person(f"t{number}", TEACHER, *groups, f"class-{number % 8}"), hours, set(self.holidays))
        if number % 4 == 1:  # part-time: two or three days, of which one is off this week
            first = number % 3
            who.own, who.hours = True, [(range(first, first + 3), 450, 780)]
            who.free |= {self.start + number % 7 * DAY}
        return who

    def midnight(self) -> datetime:
        return midnight(self.start)


class Clock:
    """Every minute, and what the clock on the wall shows. Of an hour that it shows twice the clerk believes the
    first."""

    def __init__(self, start: datetime, days: int) -> None:
        shown = datetime.min  # noqa: DTZ901 - a clock on the wall has no zone
        self.minutes: list[tuple[datetime, datetime]] = []
        for number in range(-180, days * 1440):
            at = start + number * MINUTE
            shown = max(shown, at.astimezone(BERLIN).replace(tzinfo=None, fold=0))
            if number >= 0:
                self.minutes.append((at, shown))


def clerk(school: School, clock: Clock) -> Iterator[list[bool]]:
    """For each teacher, minute by minute, whether they are there."""
    in_minimum = [in_hours(MINIMUM, shown, set()) for _, shown in clock.minutes]
    known: dict[tuple[tuple[Hours, ...], frozenset[date]], list[bool]] = {}  # many have the same hours
    for teacher in school.teachers:
        key = tuple(teacher.hours), frozenset(teacher.free)
        if key not in known:
            known[key] = [in_hours(teacher.hours, shown, teacher.free) for _, shown in clock.minutes]
        said = [teacher.said(at) for at, _ in clock.minutes]
        yield [
            not least and (hours if words is None else words)
            for least, hours, words in zip(in_minimum, known[key], said, strict=True)
        ]


def first_there(there: Sequence[list[bool]], minute: int) -> int | None:
    found = [row.index(True, minute) for row in there if True in row[minute:]]
    return min(found, default=None)


LOOKED_AT = 15
"""Days: nobody is away for longer than a week and the weekend after it."""

WEEKS = {
    "the clock goes forward on Sunday": (date(2026, 3, 23), {date(2026, 3, 27)}),
    "the clock goes back on Sunday": (date(2026, 10, 19), {date(2026, 10, 22)}),
    "the year ends on Thursday": (date(2026, 12, 28), {date(2026, 12, 30) + n * DAY for n in range(4)}),
}
"""The Monday and the holidays of three weeks."""
