"""What stands in a calendar (ICS, RFC 5545).

1. Times are in UTC, or are whole days: no calendar program has to know zones. Each time of what is repeated is an entry
   of its own.
2. Calendars are copied to other companies: there is no name of a pupil or guardian in them (`without_names`).
3. An entry keeps its id for ever; when it changes, its number grows, and when it is off it stands there as cancelled.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from re import findall
from typing import Final

from icalendar import Calendar, Event

from school.domain.people import TEACHER, Person

_SHORTEST_NAME: Final = 3
_CANCELLED: Final = "CANCELLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry. `starts` and `ends` are instants, or days if it is whole days; `ends` is the first that does not
    belong to it. `id` is ours alone: the name of the server is put behind it."""

    id: str
    summary: str
    starts: datetime | date
    ends: datetime | date
    page: str
    place: str = ""
    number: int = 0
    is_off: bool = False
    changed_at: datetime | None = None
    """None: it is made anew each time."""


def calendar_of(entries: Iterable[Entry], *, name: str, host: str, now: datetime) -> bytes:
    """A calendar with these entries."""
    calendar = Calendar()
    calendar.add("prodid", "-//Schulbote//Calendar//")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval;value=duration", "PT1H")
    calendar.add("x-published-ttl", "PT1H")
    for entry in entries:
        calendar.add_component(_event(entry, host, now))
    return bytes(calendar.to_ical())


def without_names(text: str, people: Iterable[Person], *, otherwise: str) -> str:
    """The text, if no pupil or guardian is named in it."""
    words = {word.casefold() for word in findall(r"\w+", text)}
    for person in people:
        if person.role == TEACHER:
            continue
        names = findall(r"\w+", f"{person.given_name} {person.family_name}".casefold())
        if any(len(name) >= _SHORTEST_NAME and name in words for name in names):
            return otherwise
    return text


def _event(entry: Entry, host: str, now: datetime) -> Event:
    event = Event()
    event.add("uid", f"{entry.id}@{host}")
    event.add("dtstamp", entry.changed_at or now)
    event.add("sequence", entry.number)
    event.add("dtstart", entry.starts)
    event.add("dtend", entry.ends)
    event.add("summary", entry.summary)
    event.add("url", entry.page)
    if entry.place:
        event.add("location", entry.place)
    if entry.is_off:
        event.add("status", _CANCELLED)
    return event
