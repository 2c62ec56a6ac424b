"""Rest time: when somebody is off, and when they can be reached again.

What beats what, fixed:

1. The school's minimum beats everything: in it nobody can be reached.
2. A pause beats the rest: in it the person can be reached.
3. An absence, then an own rest (an evening off), beats the calendar.
4. A free day beats the hours: a window that would begin on it does not exist. One that began the evening before goes
   on to its end.
5. In a window of the hours the person can be reached, outside of all of them they rest. Whose hours they are says
   `school.domain.calendars`: the person's before those of their groups before the school's.
6. A calendar without hours (`windows=None`) never gives rest, on free days neither. A calendar with an empty list of
   windows always does.

Rests that follow each other without a gap are one rest. What a wall time means on the days on which the clock changes
says `school.domain.week`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from school.domain.intervals import Span, Spans, as_utc, earliest, end_of, merged, next_start
from school.domain.people import PersonId
from school.domain.week import Week, Window

HORIZON: Final = timedelta(days=400)
"""How far ahead anything is looked for: a school year and the summer after it."""

InstantOrNever: TypeAlias = datetime | None
"""An instant in UTC. None is "never": not within `HORIZON` of the instant asked about. It is not "does not rest"."""


class RestCause(StrEnum):
    """Why somebody rests at the instant asked about. It may change within one rest; the end is that of the whole."""

    OWN = "own"
    """They said so themselves."""
    ABSENT = "absent"
    """They are absent: ill, on a journey with a class, at home with a child."""
    FREE_DAY = "free_day"
    """It is a public holiday, school holidays or a free day of the school."""
    OUTSIDE_HOURS = "outside_hours"
    """It is evening, night or a day without school hours."""
    MINIMUM = "minimum"
    """Only because of the school's minimum: else they could be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Hours, free days and the minimum, in the wall time of the school. None as `windows`: no hours are kept."""

    zone: ZoneInfo
    windows: tuple[Window, ...] | None
    free_days: frozenset[date] = frozenset()
    minimum: tuple[Window, ...] = ()
    """Windows of rest that nobody undercuts. They begin on free days as on any other."""
    _hours: Week = field(init=False, repr=False, compare=False)
    _least: Week = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hours", Week(self.zone, self.windows or (), self.free_days))
        object.__setattr__(self, "_least", Week(self.zone, self.minimum))

    def cause_at(self, at: datetime) -> RestCause | None:
        """Why hours and free days give rest at `at`, None if they do not."""
        if self.windows is None or self._hours.covers(at):
            return None
        return RestCause.FREE_DAY if at.astimezone(self.zone).date() in self.free_days else RestCause.OUTSIDE_HOURS

    def opens(self, after: datetime, limit: datetime) -> datetime | None:
        """When the first window of the hours begins after `after`; None if not until `limit`."""
        return self._hours.opens(after, limit)

    def closes(self, at: datetime, limit: datetime) -> datetime | None:
        """When the hours end that cover `at`; None if not until `limit`."""
        return None if self.windows is None else self._hours.closes(at, limit)

    def is_minimum(self, at: datetime) -> bool:
        """Whether `at` is in the minimum."""
        return self._least.covers(at)

    def minimum_begins(self, after: datetime, limit: datetime) -> datetime | None:
        """When the minimum begins next; None if not until `limit`."""
        return self._least.opens(after, limit)

    def minimum_ends(self, at: datetime, limit: datetime) -> datetime | None:
        """When the minimum ends that covers `at`; None if not until `limit`."""
        return self._least.closes(at, limit)


OPEN_END: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""The end of an absence of which nobody knows the end."""


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody is not there, and who does their work meanwhile, if that was said."""

    span: Span
    deputy: PersonId | None = None


@dataclass(frozen=True, slots=True)
class PersonalRest:
    """What a person said about their own time. Kept in order, with touching spans as one."""

    rests: Spans = ()
    """Times in which they rest."""
    pauses: Spans = ()
    """Times in which they can be reached whatever else but the minimum says that they rest."""
    absences: tuple[Absence, ...] = ()
    """Each for itself, because each has its deputy."""
    _off: Spans = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rests", merged(self.rests))
        object.__setattr__(self, "pauses", merged(self.pauses))
        object.__setattr__(self, "absences", tuple(sorted(self.absences, key=lambda absence: absence.span)))
        object.__setattr__(self, "_off", merged([*self.rests, *(absence.span for absence in self.absences)]))

    @property
    def off(self) -> Spans:
        """Rests and absences as one."""
        return self._off

    def absent_at(self, at: datetime) -> bool:
        """Whether they are absent at `at`."""
        return any(absence.span.start <= at < absence.span.end for absence in self.absences)

    def deputy_within(self, start: datetime, end: InstantOrNever) -> PersonId | None:
        """The deputy of the first absence of which a part lies between these instants."""
        within = (a for a in self.absences if a.span.end > start and (end is None or a.span.start < end))
        return next((absence.deputy for absence in within), None)

    def next_absence_edge(self, after: datetime) -> datetime | None:
        """When an absence begins or ends next."""
        edges = (edge for absence in self.absences for edge in (absence.span.start, absence.span.end))
        return earliest(edge for edge in edges if edge > after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """Somebody is off, and from `until` on they can really be reached again."""

    until: InstantOrNever
    cause: RestCause
    deputy: PersonId | None = None
    """Who does their work, if they are absent in this rest: now, or later in it."""


def rest_at(calendar: Calendar, personal: PersonalRest, instant: datetime) -> Rest | None:
    """The rest that covers `instant`, None if the person can be reached then."""
    at = as_utc(instant)
    cause = _cause(calendar, personal, at)
    if cause is None:
        return None
    until = _end_of_rest(calendar, personal, at)
    return Rest(until=until, cause=cause, deputy=personal.deputy_within(at, until))


def ends_at(calendar: Calendar, personal: PersonalRest, instant: datetime) -> InstantOrNever:
    """From when on the person can be reached: `instant` itself if they do not rest then."""
    rest = rest_at(calendar, personal, instant)
    return as_utc(instant) if rest is None else rest.until


def next_change(calendar: Calendar, personal: PersonalRest, instant: datetime) -> InstantOrNever:
    """The first instant after `instant` at which a rest begins or ends."""
    at = as_utc(instant)
    if _cause(calendar, personal, at) is None:
        return _start_of_rest(calendar, personal, at)
    return _end_of_rest(calendar, personal, at)


def first_back(rests: Iterable[Rest]) -> InstantOrNever:
    """When the first of these people can be reached again; None if none of them can, or nobody is there."""
    return earliest(rest.until for rest in rests)


def _cause(calendar: Calendar, personal: PersonalRest, at: datetime) -> RestCause | None:
    only_minimum = RestCause.MINIMUM if calendar.is_minimum(at) else None
    if end_of(personal.pauses, at) is not None:
        return only_minimum
    if end_of(personal.off, at) is not None:
        return RestCause.ABSENT if personal.absent_at(at) else RestCause.OWN
    return calendar.cause_at(at) or only_minimum


def _end_of_rest(calendar: Calendar, personal: PersonalRest, at: datetime) -> InstantOrNever:
    """Jumps over one own rest, one closed time of the calendar or one minimum after the other."""
    limit = at + HORIZON
    while at <= limit:
        cause = _cause(calendar, personal, at)
        if cause is None:
            return at
        match cause:
            case RestCause.MINIMUM:
                over = calendar.minimum_ends(at, limit)
            case RestCause.OWN | RestCause.ABSENT:
                over = earliest((end_of(personal.off, at), next_start(personal.pauses, at)))
            case RestCause.FREE_DAY | RestCause.OUTSIDE_HOURS:
                over = earliest((calendar.opens(at, limit), next_start(personal.pauses, at)))
        if over is None:
            return None
        at = over
    return None


def _start_of_rest(calendar: Calendar, personal: PersonalRest, at: datetime) -> InstantOrNever:
    """The counterpart: jumps over one pause or one open time after the other, up to a minimum."""
    limit = at + HORIZON
    while at <= limit:
        if _cause(calendar, personal, at) is not None:
            return at
        over = end_of(personal.pauses, at)
        if over is None:
            own = next_start(personal.off, at)
            over = earliest((own, calendar.closes(at, min(limit, own or limit))))
        over = earliest((over, calendar.minimum_begins(at, min(limit, over or limit))))
        if over is None:
            return None
        at = over
    return None
