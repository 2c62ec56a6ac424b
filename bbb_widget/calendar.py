"""Planned conferences as a calendar (ICS, RFC 5545).

1. Times are in UTC; each time of what is repeated is an entry of its own, so that no calendar has to know zones.
2. Calendars are copied to other companies: there is no name of a pupil or guardian in it. A title in which one of those
   for whom the conference is would be recognised is left out.
3. An entry keeps its id when its conference changes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from re import findall
from typing import Final
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from school.domain.conferences import ConferenceId, Times
from school.domain.people import TEACHER, Person

_LENGTH: Final = timedelta(minutes=60)
_AHEAD: Final = timedelta(weeks=26)
_SHORTEST_NAME: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What of a planned conference stands in a calendar. `groups` are names."""

    id: ConferenceId
    title: str
    groups: Sequence[str]
    times: Times
    page: str


def calendar_of(entries: Iterable[Entry], *, name: str, host: str, now: datetime, zone: ZoneInfo) -> bytes:
    """The calendar with all that comes in the next half year."""
    calendar = Calendar()
    calendar.add("prodid", "-//Schulbote//Conferences//")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval;value=duration", "PT1H")
    calendar.add("x-published-ttl", "PT1H")
    for entry in entries:
        for start in _starts(entry.times, now, zone):
            calendar.add_component(_event(entry, start, host, now))
    return bytes(calendar.to_ical())


def title_without_names(title: str, people: Iterable[Person], *, otherwise: str) -> str:
    """The title, if no pupil or guardian is named in it."""
    words = {word.casefold() for word in findall(r"\w+", title)}
    for person in people:
        if person.role == TEACHER:
            continue
        names = findall(r"\w+", f"{person.given_name} {person.family_name}".casefold())
        if any(len(name) >= _SHORTEST_NAME and name in words for name in names):
            return otherwise
    return title


def _starts(times: Times, now: datetime, zone: ZoneInfo) -> Iterable[datetime]:
    start: datetime | None = times.first if times.first + _LENGTH > now else times.next_after(now, zone)
    while start is not None and start < now + _AHEAD:
        yield start
        start = times.next_after(start, zone)


def _event(entry: Entry, start: datetime, host: str, now: datetime) -> Event:
    event = Event()
    event.add("uid", f"{entry.id}-{start:%Y%m%d}@{host}")
    event.add("dtstamp", now)
    event.add("dtstart", start)
    event.add("dtend", start + _LENGTH)
    named = [entry.title, *(group for group in entry.groups if group != entry.title)]
    event.add("summary", " · ".join(named))
    event.add("url", entry.page)
    event.add("location", entry.page)
    return event
