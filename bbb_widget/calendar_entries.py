"""Planned conferences in everybody's calendar: all their times of the next half year."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from appservice.calendar.entries import Entry, without_names
from appservice.school_view import SchoolView
from bbb_widget.circles import Circles
from bbb_widget.conferences import Place
from bbb_widget.desk import ConferenceDesk
from school.clock import Clock, utc_now
from school.database.conferences import Conference
from school.domain.conferences import ConferenceState, Times
from school.domain.people import Person
from school.texts import Language, Texts

_LENGTH: Final = timedelta(minutes=60)
_AHEAD: Final = timedelta(weeks=26)


class ConferenceEntries:
    """Tells what is planned for somebody."""

    def __init__(
        self,
        *,
        view: SchoolView,
        desk: ConferenceDesk,
        circles: Circles,
        zone: ZoneInfo,
        language: Language,
        clock: Clock = utc_now,
    ) -> None:
        self._view = view
        self._desk = desk
        self._circles = circles
        self._zone = zone
        self._texts = Texts(language)
        self._clock = clock

    async def of(self, person: Person) -> Sequence[Entry]:
        """Everything that is planned for somebody.

        Raises:
            HomeserverError: it is not known who is in a room.
        """
        return [entry for each in await self._desk.planned_for(person) for entry in await self._entries(each)]

    async def one(self, person: Person, conference_id: str) -> Sequence[Entry] | None:
        """One planned conference; None: there is none that somebody may take part in.

        Raises:
            HomeserverError: it is not known who is in the room.
        """
        seen = await self._desk.look(person, conference_id)
        conference = None if seen is None else seen.conference
        if conference is None or conference.planned_at is None or conference.state is ConferenceState.ENDED:
            return None
        return await self._entries(conference)

    async def _entries(self, conference: Conference) -> Sequence[Entry]:
        directory = self._view.now.policy.directory
        people = await self._circles.people(Place(room_id=conference.room_id, groups=conference.groups))
        groups = [group.name for each in sorted(conference.groups) if (group := directory.group(each)) is not None]
        title = without_names(conference.title, people, otherwise=self._texts.say("conference.untitled"))
        now = self._clock()
        times = Times(first=conference.planned_at or now, weekly=conference.weekly)
        page = self._desk.meetings.page(conference.id)
        summary = " · ".join([title, *(group for group in groups if group != title)])
        return [*entries_of(conference.id, summary, page, starts_of(times, now, self._zone))]


def starts_of(times: Times, now: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """All times that are not over, up to half a year from now."""
    start: datetime | None = times.first if times.first + _LENGTH > now else times.next_after(now, zone)
    while start is not None and start < now + _AHEAD:
        yield start
        start = times.next_after(start, zone)


def entries_of(conference_id: str, summary: str, page: str, starts: Iterable[datetime]) -> Iterator[Entry]:
    """An entry for each time."""
    for start in starts:
        yield Entry(
            id=f"{conference_id}-{start:%Y%m%d}",
            summary=summary,
            starts=start,
            ends=start + _LENGTH,
            page=page,
            place=page,
        )
