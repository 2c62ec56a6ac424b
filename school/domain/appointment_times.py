"""When appointments are: once or every few weeks, at an hour or the whole day.

1. Hours are those on the school's clock, whatever it does: 14:00 stays 14:00 across a change of the clocks.
2. A whole day is a date, and belongs to no zone. It may be several days on end.
3. What is repeated ends, a year from its first day at the latest.
4. Each time has a number, from 0, which stays with it when all of them are moved.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from school.domain.week import instant

LONGEST: Final = timedelta(days=31)
LONGEST_SERIES: Final = timedelta(days=366)
MOST_WEEKS: Final = 4
_DAY: Final = timedelta(days=1)
_FARTHEST: Final = timedelta(days=3 * 366)


class TimesTrouble(StrEnum):
    """Why times cannot be those of an appointment. Each has a sentence."""

    ENDS_BEFORE = "ends_before"
    TOO_LONG = "too_long"
    OVERLAPS = "overlaps"
    """It would come again before it is over."""
    NO_LAST_DAY = "no_last_day"
    SERIES_TOO_LONG = "series_too_long"
    IN_THE_PAST = "in_the_past"
    TOO_FAR = "too_far"


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """`start` and `end` are minutes of the day on the wall; None: the whole day. `weeks` 0: only once; else it comes
    again every so many weeks, up to the day `until`."""

    first_day: date
    last_day: date
    start: int | None = None
    end: int | None = None
    weeks: int = 0
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One of the times. Instants in UTC, or dates if it is the whole day; then `ends` is the day after the last one."""

    number: int
    starts: datetime | date
    ends: datetime | date

    @property
    def is_whole_day(self) -> bool:
        return not isinstance(self.starts, datetime)

    def is_over(self, now: datetime, zone: ZoneInfo) -> bool:
        """Whether nothing of it is still to come."""
        return _instant(self.ends, zone) <= now

    def has_begun(self, now: datetime, zone: ZoneInfo) -> bool:
        """Whether it is going on or over."""
        return _instant(self.starts, zone) <= now

    def order(self, zone: ZoneInfo) -> datetime:
        """By what times are put in order."""
        return _instant(self.starts, zone)


def slots_of(times: Times, zone: ZoneInfo) -> Sequence[Slot]:
    """All the times."""
    return [_slot(times, number, day, zone) for number, day in enumerate(_days(times))]


def trouble_with(times: Times, now: datetime, zone: ZoneInfo) -> TimesTrouble | None:
    """What is wrong with times that somebody wants; None: nothing."""
    length = times.last_day - times.first_day
    today = now.astimezone(zone).date()
    if times.last_day < times.first_day or (not length and _minutes(times) <= 0):
        return TimesTrouble.ENDS_BEFORE
    if length > LONGEST:
        return TimesTrouble.TOO_LONG
    if times.first_day - today > _FARTHEST:
        return TimesTrouble.TOO_FAR
    if times.weeks:
        if times.until is None or times.until < times.first_day:
            return TimesTrouble.NO_LAST_DAY
        if times.until - times.first_day > LONGEST_SERIES:
            return TimesTrouble.SERIES_TOO_LONG
        if length >= timedelta(weeks=times.weeks):
            return TimesTrouble.OVERLAPS
    if slots_of(times, zone)[-1].is_over(now, zone):
        return TimesTrouble.IN_THE_PAST
    return None


def gone_after(before: Times, gone: Iterable[Slot], after: Times, zone: ZoneInfo) -> tuple[Slot, ...]:
    """The times that calendars may still show, and that are none any more after a change."""
    known = {slot.number: slot for slot in (*gone, *slots_of(before, zone))}
    left = len(_days(after))
    return tuple(known[number] for number in sorted(known) if number >= left)


def _minutes(times: Times) -> int:
    return 1 if times.start is None or times.end is None else times.end - times.start


def _days(times: Times) -> Sequence[date]:
    days = [times.first_day]
    if times.weeks and times.until is not None:
        while (day := days[-1] + timedelta(weeks=times.weeks)) <= times.until:
            days.append(day)
    return days


def _slot(times: Times, number: int, day: date, zone: ZoneInfo) -> Slot:
    last = day + (times.last_day - times.first_day)
    if times.start is None or times.end is None:
        return Slot(number=number, starts=day, ends=last + _DAY)
    return Slot(number=number, starts=instant(zone, day, times.start), ends=instant(zone, last, times.end))


def _instant(moment: datetime | date, zone: ZoneInfo) -> datetime:
    return moment if isinstance(moment, datetime) else instant(zone, moment, 0)
