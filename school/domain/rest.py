"""Rest time: when somebody is off, and when they can be reached again.

What beats what, fixed:

1. A pause beats everything: in it the person can be reached.
2. An own rest (an evening off, an absence) beats the calendar.
3. A free day beats the school hours: a window that would begin on it does not exist. One that began the evening
   before goes on to its end.
4. In a window of the school hours the person can be reached, outside of all of them they rest.
5. A calendar without school hours (`windows=None`) never gives rest, on free days neither. A calendar with an empty
   list of windows always does.

Rests that follow each other without a gap are one rest. A wall time means the first instant at which the school's
clock shows it: of the hour that comes twice in autumn the first one, for starts and for ends (so that windows that
touch still touch), and for a minute that is skipped in spring the first one after it that exists. A window of which
nothing is left by that does not take place.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from school.domain.intervals import Span, as_utc, earliest, end_of, merged, next_start

HORIZON: Final = timedelta(days=400)
"""How far ahead anything is looked for: a school year and the summer after it."""

InstantOrNever: TypeAlias = datetime | None
"""An instant in UTC. None is "never": not within `HORIZON` of the instant asked about. It is not "does not rest"."""

_MINUTE: Final = timedelta(minutes=1)
_MINUTES_OF_A_DAY: Final = 24 * 60


class RestCause(StrEnum):
    """Why somebody rests at the instant asked about. It may change within one rest; the end is that of the whole."""

    OWN = "own"
    """They said so themselves, or are absent."""
    FREE_DAY = "free_day"
    """It is a public holiday, school holidays or a free day of the school."""
    OUTSIDE_HOURS = "outside_hours"
    """It is evening, night or a day without school hours."""


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A weekly span of local wall time in which people can be reached. More than 1440 minutes is the next day.

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """School hours and free days, in the wall time of the school. None as `windows`: this school keeps no hours."""

    zone: ZoneInfo
    windows: tuple[Window, ...] | None
    free_days: frozenset[date] = frozenset()
    _of_weekday: tuple[tuple[Window, ...], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        windows = sorted(self.windows or ())
        by_weekday = tuple(tuple(w for w in windows if w.weekday == weekday) for weekday in range(7))
        object.__setattr__(self, "_of_weekday", by_weekday)

    def cause_at(self, at: datetime) -> RestCause | None:
        """Why the calendar gives rest at `at`, None if it does not."""
        if self.windows is None:
            return None
        if any(start <= at < end for start, end in self._openings(at, at)):
            return None
        return RestCause.FREE_DAY if at.astimezone(self.zone).date() in self.free_days else RestCause.OUTSIDE_HOURS

    def opens(self, after: datetime, limit: datetime) -> datetime | None:
        """When the first window begins that begins later than `after`; None if not until `limit`."""
        return next((start for start, _ in self._openings(after, limit) if start > after), None)

    def closes(self, at: datetime, limit: datetime) -> datetime | None:
        """When the windows end that cover `at` and follow each other without a gap; None if not until `limit`."""
        if self.windows is None:
            return None
        end = at
        for start, window_end in self._openings(at, limit):
            if start > end or end > limit:
                break
            end = max(end, window_end)
        return end if end <= limit else None

    def _openings(self, first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Every window of which a part lies in first..last, and a few around them, as UTC, ordered by start."""
        # The day before, whose windows may cross midnight; the day after, where the clock goes back over midnight.
        first_day = first.astimezone(self.zone).toordinal() - 1
        last_day = last.astimezone(self.zone).toordinal() + 1
        for ordinal in range(first_day, last_day + 1):
            windows = self._of_weekday[(ordinal - 1) % 7]  # day 1 of the calendar was a Monday
            if not windows or (day := date.fromordinal(ordinal)) in self.free_days:
                continue
            for window in windows:
                start = _instant(self.zone, day, window.start_minute)
                end = _instant(self.zone, day, window.end_minute)
                if start < end:
                    yield start, end


@dataclass(frozen=True, slots=True)
class PersonalRest:
    """What a person said about their own time. Kept in order, with touching spans as one."""

    rests: tuple[Span, ...] = ()
    """Times in which they rest; absences are among them."""
    pauses: tuple[Span, ...] = ()
    """Times in which they can be reached whatever else says that they rest."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "rests", merged(self.rests))
        object.__setattr__(self, "pauses", merged(self.pauses))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """Somebody is off, and from `until` on they can really be reached again."""

    until: InstantOrNever
    cause: RestCause


def rest_at(calendar: Calendar, personal: PersonalRest, instant: datetime) -> Rest | None:
    """The rest that covers `instant`, None if the person can be reached then."""
    at = as_utc(instant)
    cause = _cause(calendar, personal, at)
    return None if cause is None else Rest(until=_end_of_rest(calendar, personal, at), cause=cause)


def ends_at(calendar: Calendar, personal: PersonalRest, instant: datetime) -> InstantOrNever:
    """From when on the person can be reached: `instant` itself if they do not rest then."""
    rest = rest_at(calendar, personal, instant)
    return as_utc(instant) if rest is None else rest.until


def next_change(calendar: Calendar, personal: PersonalRest, instant: datetime) -> InstantOrNever:
    """The first instant after `instant` at which a rest begins or ends. Until then `rest_at` may be remembered."""
    at = as_utc(instant)
    if _cause(calendar, personal, at) is None:
        return _start_of_rest(calendar, personal, at)
    return _end_of_rest(calendar, personal, at)


def first_back(rests: Iterable[Rest]) -> InstantOrNever:
    """When the first of these people can be reached again; None if none of them can, or nobody is there."""
    return earliest(rest.until for rest in rests)


def _cause(calendar: Calendar, personal: PersonalRest, at: datetime) -> RestCause | None:
    if end_of(personal.pauses, at) is not None:
        return None
    if end_of(personal.rests, at) is not None:
        return RestCause.OWN
    return calendar.cause_at(at)


def _end_of_rest(calendar: Calendar, personal: PersonalRest, at: datetime) -> InstantOrNever:
    """Jumps over one own rest or one closed time of the calendar after the other."""
    limit = at + HORIZON
    while at <= limit:
        cause = _cause(calendar, personal, at)
        if cause is None:
            return at
        own = cause is RestCause.OWN
        over = end_of(personal.rests, at) if own else calendar.opens(at, limit)
        following = earliest((over, next_start(personal.pauses, at)))
        if following is None:
            return None
        at = following
    return None


def _start_of_rest(calendar: Calendar, personal: PersonalRest, at: datetime) -> InstantOrNever:
    """The counterpart: jumps over one pause or one open time after the other."""
    limit = at + HORIZON
    while at <= limit:
        if _cause(calendar, personal, at) is not None:
            return at
        following = end_of(personal.pauses, at)
        if following is None:
            own = next_start(personal.rests, at)
            following = earliest((own, calendar.closes(at, min(limit, own or limit))))
        if following is None:
            return None
        at = following
    return None


@lru_cache(maxsize=4096)  # a whole school shares these few instants, and working one out is the slow part
def _instant(zone: ZoneInfo, day: date, minute: int) -> datetime:
    wall = datetime.combine(day, time(), zone) + minute * _MINUTE
    # Within one zone Python compares wall clocks: they differ if the clock skips this minute.
    while (instant := wall.astimezone(UTC)).astimezone(zone) != wall:
        wall += _MINUTE
    return instant
