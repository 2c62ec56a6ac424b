"""Spans of time, half-open: the start belongs to a span, the end does not.

Everything here is UTC. Two aware datetimes of one other zone compare and subtract by wall clock, so that the night
in which the clocks go forward would have an hour too many.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime


def as_utc(instant: datetime) -> datetime:
    """The same instant in UTC.

    Raises:
        ValueError: `instant` has no zone, so that nobody knows which instant it is.
    """
    if instant.tzinfo is UTC:
        return instant
    if instant.utcoffset() is None:
        raise ValueError(f"{instant} has no time zone")
    return instant.astimezone(UTC)


def earliest(instants: Iterable[datetime | None]) -> datetime | None:
    """The first of those that are known, None if none is."""
    return min((instant for instant in instants if instant is not None), default=None)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `start` until just before `end`, kept in UTC whatever zone they are given in.

    Raises:
        ValueError: one of them has no zone, or the span would be empty.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", as_utc(self.start))
        object.__setattr__(self, "end", as_utc(self.end))
        if self.start >= self.end:
            raise ValueError(f"a span that starts at {self.start} cannot end at {self.end}")


Spans = tuple[Span, ...]
"""Spans as `merged` returns them: in order, and between any two of them is a gap."""


def merged(spans: Iterable[Span]) -> Spans:
    """The same time in as few spans as possible: what overlaps or touches becomes one."""
    result: list[Span] = []
    for span in sorted(spans):
        if result and span.start <= result[-1].end:
            result[-1] = Span(result[-1].start, max(span.end, result[-1].end))
        else:
            result.append(span)
    return tuple(result)


def end_of(spans: Spans, at: datetime) -> datetime | None:
    """When the span that covers `at` ends, None if none does."""
    following = bisect_right(spans, at, key=_start)
    if following and at < spans[following - 1].end:
        return spans[following - 1].end
    return None


def next_start(spans: Spans, after: datetime) -> datetime | None:
    """When the first span begins that begins later than `after`, None if none does."""
    following = bisect_right(spans, after, key=_start)
    return spans[following].start if following < len(spans) else None


def _start(span: Span) -> datetime:
    return span.start
