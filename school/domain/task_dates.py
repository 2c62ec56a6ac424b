"""The dates of a task: open from, due, last possible.

1. Before it opens nothing can be handed in; without that date it is open at once.
2. What comes after it was due is late, but for the school's grace of some minutes.
3. What would come after the last possible moment is refused; without that date late work is taken until the task is
   closed.
4. Dates that are moved by days stay at their hour on the wall, whatever the clocks do.
Spans are half-open: what comes at the moment at which it is due is late, without grace.
"""

from collections.abc import Set
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from school.domain.intervals import as_utc
from school.domain.school_groups import SchoolYear
from school.domain.week import instant

_SATURDAY: Final = 5
_DAY: Final = timedelta(days=1)
NO_GRACE: Final = timedelta(0)


class DateTrouble(StrEnum):
    """Why dates cannot be a task's."""

    OPENS_TOO_LATE = "opens_too_late"
    """It would be due before it opens."""
    ENDS_TOO_EARLY = "ends_too_early"
    """Nothing could be handed in any more before it is due."""
    IN_THE_PAST = "in_the_past"
    """It would be due already."""


class DateDoubt(StrEnum):
    """What a teacher may not have thought of."""

    WEEKEND = "weekend"
    FREE_DAY = "free_day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """Kept in UTC, whatever zone they are given in.

    Raises:
        ValueError: one of them has no zone.
    """

    due: datetime
    opens: datetime | None = None
    last: datetime | None = None

    def __post_init__(self) -> None:
        for name in ("due", "opens", "last"):
            given = getattr(self, name)
            object.__setattr__(self, name, None if given is None else as_utc(given))

    def is_open(self, at: datetime) -> bool:
        """Whether the first of them has passed."""
        return self.opens is None or self.opens <= at

    def is_due(self, at: datetime) -> bool:
        """Whether it should have been handed in."""
        return self.due <= at

    def is_late(self, at: datetime, grace: timedelta = NO_GRACE) -> bool:
        """Whether what is handed in at `at` is late."""
        return self.due + grace <= at

    def is_over(self, at: datetime) -> bool:
        """Whether nothing is taken any more."""
        return self.last is not None and self.last <= at

    def extended(self, due: datetime) -> "Dates":
        """The same for somebody who has until `due`: who had time after that, has as much. Nobody gets less time."""
        due = as_utc(due)
        if due <= self.due:
            return self
        more = due - self.due
        return replace(self, due=due, last=None if self.last is None else self.last + more)

    def later_by(self, days: int, zone: ZoneInfo) -> "Dates":
        """Due and last possible moved by whole days."""
        last = None if self.last is None else moved(self.last, days, zone)
        return replace(self, due=moved(self.due, days, zone), last=last)

    def trouble(self, now: datetime) -> DateTrouble | None:
        """What is wrong with them, None if nothing is."""
        if self.opens is not None and self.opens >= self.due:
            return DateTrouble.OPENS_TOO_LATE
        if self.last is not None and self.last < self.due:
            return DateTrouble.ENDS_TOO_EARLY
        if self.due <= now:
            return DateTrouble.IN_THE_PAST
        return None

    def doubt(self, zone: ZoneInfo, free_days: Set[date]) -> DateDoubt | None:
        """Whether it is due on a day without school."""
        day = last_day(self.due, zone)
        if day in free_days:
            return DateDoubt.FREE_DAY
        return DateDoubt.WEEKEND if day.weekday() >= _SATURDAY else None


def last_day(due: datetime, zone: ZoneInfo) -> date:
    """The last day on which something can be handed in in time: due at midnight is the day before."""
    return (as_utc(due) - timedelta(microseconds=1)).astimezone(zone).date()


def moved(moment: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The same time on the wall so many days later. An hour that the clocks skip is the first one after it."""
    local = as_utc(moment).astimezone(zone)
    of_minute = timedelta(seconds=local.second, microseconds=local.microsecond)
    return instant(zone, local.date() + days * _DAY, local.hour * 60 + local.minute) + of_minute


def kept_until(last: datetime, zone: ZoneInfo, year: SchoolYear, days: int | None) -> datetime:
    """Until when a task is kept with all that was handed in. `last`: its last date of all. Without a number of days it
    is the end of the school year."""
    day = last_day(last, zone)
    return end_of_day(year.first_end(day) if days is None else day + days * _DAY, zone)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The midnight after a day: when a task is due that is due "on Friday"."""
    return instant(zone, day + _DAY, 0)
