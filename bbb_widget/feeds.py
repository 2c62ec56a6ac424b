"""Everybody's calendar of planned conferences, at a secret address that calendar programs ask by themselves; and a file
with one of them.

The address is for one person and can be taken back; what it shows is decided anew each time.
"""

from collections.abc import Iterable
from hashlib import sha256
from secrets import token_urlsafe
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.school_view import SchoolView
from bbb_widget.calendar import Entry, calendar_of, title_without_names
from bbb_widget.circles import Circles
from bbb_widget.conferences import Place
from bbb_widget.desk import ConferenceDesk
from bbb_widget.keys import hash_of_token
from school.clock import Clock, utc_now
from school.database.conference_feeds import end_feed, person_of_feed, set_feed
from school.database.conferences import Conference
from school.domain.conferences import ConferenceState, Times
from school.domain.people import Person
from school.texts import Language, Texts

_TOKEN_BYTES: Final = 24


class Feeds:
    """Makes addresses of calendars, and what is found there."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        view: SchoolView,
        desk: ConferenceDesk,
        circles: Circles,
        zone: ZoneInfo,
        host: str,
        language: Language,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._view = view
        self._desk = desk
        self._circles = circles
        self._zone = zone
        self._host = host
        self._texts = Texts(language)
        self._clock = clock

    async def make(self, person: Person) -> str:
        """A new address for somebody's calendar; the one before is over."""
        token = token_urlsafe(_TOKEN_BYTES)
        async with self._engine.begin() as connection:
            await set_feed(connection, person.id, hash_of_token(token), at=self._clock())
        return self._desk.meetings.calendar(token)

    async def end(self, person: Person) -> bool:
        """Takes the address back; False if there was none."""
        async with self._engine.begin() as connection:
            return await end_feed(connection, person.id)

    async def read(self, token: str) -> bytes | None:
        """The calendar at an address; None: there is none.

        Raises:
            HomeserverError: it is not known who is in a room.
        """
        async with self._engine.connect() as connection:
            person_id = await person_of_feed(connection, hash_of_token(token))
        person = None if person_id is None else self._view.now.policy.directory.person_by_id(person_id)
        if person is None:
            return None
        return await self._calendar(await self._desk.planned_for(person))

    async def one(self, person: Person, conference_id: str) -> bytes | None:
        """A calendar with one planned conference; None: there is none that somebody may take part in.

        Raises:
            HomeserverError: it is not known who is in the room.
        """
        seen = await self._desk.look(person, conference_id)
        conference = None if seen is None else seen.conference
        if conference is None or conference.planned_at is None or conference.state is ConferenceState.ENDED:
            return None
        return await self._calendar([conference])

    async def _calendar(self, conferences: Iterable[Conference]) -> bytes:
        entries = [await self._entry(each) for each in conferences]
        name = self._texts.say("conference.calendar_name")
        return calendar_of(entries, name=name, host=self._host, now=self._clock(), zone=self._zone)

    async def _entry(self, conference: Conference) -> Entry:
        directory = self._view.now.policy.directory
        people = await self._circles.people(Place(room_id=conference.room_id, groups=conference.groups))
        groups = [group.name for each in sorted(conference.groups) if (group := directory.group(each)) is not None]
        return Entry(
            id=conference.id,
            title=title_without_names(conference.title, people, otherwise=self._texts.say("conference.untitled")),
            groups=groups,
            times=Times(first=conference.planned_at or self._clock(), weekly=conference.weekly),
            page=self._desk.meetings.page(conference.id),
        )


def feed_routes(feeds: Feeds) -> list[web.RouteDef]:
    """For an aiohttp application that calendar programs reach."""

    async def calendar(request: web.Request) -> web.Response:
        found = await feeds.read(request.match_info["token"])
        if found is None:
            return web.Response(status=404)
        tag = f'"{sha256(_without_stamps(found)).hexdigest()[:32]}"'
        headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers=headers)
        return web.Response(body=found, content_type="text/calendar", charset="utf-8", headers=headers)

    return [web.get("/conference/calendar/{token}.ics", calendar)]


def _without_stamps(calendar: bytes) -> bytes:
    """What changes only because time goes on is no change."""
    return b"\n".join(line for line in calendar.splitlines() if not line.startswith(b"DTSTAMP"))
