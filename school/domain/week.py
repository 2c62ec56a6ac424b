"""A week of local wall time: the same windows every week, seen as instants in UTC.

A wall time means the first instant at which the school's clock shows it: of the hour that comes twice in autumn the
first one, for starts and for ends (so that windows that touch still touch), and for a minute that is skipped in spring
the first one after it that exists. A window of which nothing is left by that does not take place.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from school.domain.intervals import Span

_MINUTE: Final = timedelta(minutes=1)
_MINUTES_OF_A_DAY: Final = 24 * 60
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A weekly span of local wall time. More than 1440 minutes is the next day.

    Raises:
        ValueError: no such weekday or minute, or the window is empty.
    """

    weekday: int
    """0 is Monday, as in `date.weekday`."""
    start_minute: int
    end_minute: int

    def __post_init__(self) -> None:
        if not 0 <= self.weekday <= 6:
            raise ValueError(f"there is no weekday {self.weekday}: 0 is Monday, 6 is Sunday")
        if not 0 <= self.start_minute < _MINUTES_OF_A_DAY:
            raise ValueError(f"a window cannot start at minute {self.start_minute} of its day")
        if not self.start_minute < self.end_minute <= 2 * _MINUTES_OF_A_DAY:
            raise ValueError(f"a window from minute {self.start_minute} cannot end at minute {self.end_minute}")


@dataclass(frozen=True, slots=True)
class Week:
    """Windows that come every week, but do not begin on the days `left_out`."""

    zone: ZoneInfo
    windows: tuple[Window, ...]
    left_out: frozenset[date] = frozenset()
    _of_weekday: tuple[tuple[Window, ...], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        windows = sorted(self.windows)
        by_weekday = tuple(tuple(w for w in windows if w.weekday == weekday) for weekday in range(7))
        object.__setattr__(self, "_of_weekday", by_weekday)

    def covers(self, at: datetime) -> bool:
        """Whether a window covers `at`."""
        return any(start <= at < end for start, end in self._openings(at, at))

    def opens(self, after: datetime, limit: datetime) -> datetime | None:
        """When the first window begins that begins later than `after`; None if not until `limit`."""
        return next((start for start, _ in self._openings(after, limit) if start > after), None)

    def closes(self, at: datetime, limit: datetime) -> datetime | None:
        """When the windows end that cover `at` and follow each other without a gap; None if not until `limit`."""
        end = at
        for start, window_end in self._openings(at, limit):
            if start > end or end > limit:
                break
            end = max(end, window_end)
        return end if end <= limit else None

    def _openings(self, first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Every window of which a part lies in first..last, and a few around them, as UTC, ordered by start."""
        if not self.windows:
            return
        # The day before, whose windows may cross midnight; the day after, where the clock goes back over midnight.
        first_day = first.astimezone(self.zone).toordinal() - 1
        last_day = last.astimezone(self.zone).toordinal() + 1
        for ordinal in range(first_day, last_day + 1):
            windows = self._of_weekday[(ordinal - 1) % 7]  # day 1 of the calendar was a Monday
            if not windows or (day := date.fromordinal(ordinal)) in self.left_out:
                continue
            for window in windows:
                start = instant(self.zone, day, window.start_minute)
                end = instant(self.zone, day, window.end_minute)
                if start < end:
                    yield start, end


def days(zone: ZoneInfo, first: date, last: date) -> Span:
    """Whole days, from the first midnight of `first` to that after `last`.

    Raises:
        ValueError: they run backward.
    """
    return Span(instant(zone, first, 0), instant(zone, last + _DAY, 0))


@lru_cache(maxsize=4096)  # a whole school shares these few instants, and working one out is the slow part
def instant(zone: ZoneInfo, day: date, minute: int) -> datetime:
    """When the clock shows a minute of a day for the first time; the day may have more minutes than 1440."""
    wall = datetime.combine(day, time(), zone) + minute * _MINUTE
    # Within one zone Python compares wall clocks: they differ if the clock skips this minute.
    while (shown := wall.astimezone(UTC)).astimezone(zone) != wall:
        wall += _MINUTE
    return shown
