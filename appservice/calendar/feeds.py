"""Everybody's calendar at a secret address that calendar programs ask by themselves.

The address is for one person and can be taken back; what it shows is decided anew each time. What stands there is
brought by others: planned conferences, appointments, what is due; whatever else has a date joins with `add`.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from hashlib import sha256
from secrets import token_urlsafe
from typing import Final, TypeAlias

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.calendar.entries import Entry, calendar_of
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.database.conference_feeds import end_feed, has_feed, person_of_feed, set_feed
from school.domain.people import Person

_PATH: Final = "/calendar"
_TOKEN_BYTES: Final = 24

Source: TypeAlias = Callable[[Person], Awaitable[Sequence[Entry]]]
"""What of one kind stands in somebody's calendar."""


class Feeds:
    """Makes addresses of calendars, and what is found there."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        view: SchoolView,
        public_url: str,
        name: str,
        host: str,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._view = view
        self._public_url = public_url
        self._name = name
        self._host = host
        self._clock = clock
        self._sources: list[Source] = []

    def add(self, source: Source) -> None:
        """From now on this stands in everybody's calendar, too."""
        self._sources.append(source)

    async def make(self, person: Person) -> str:
        """A new address for somebody's calendar; the one before is over."""
        token = token_urlsafe(_TOKEN_BYTES)
        async with self._engine.begin() as connection:
            await set_feed(connection, person.id, _hash_of(token), at=self._clock())
        return f"{self._public_url}{_PATH}/{token}.ics"

    async def end(self, person: Person) -> bool:
        """Takes the address back; False if there was none."""
        async with self._engine.begin() as connection:
            return await end_feed(connection, person.id)

    async def is_there(self, person: Person) -> bool:
        """Whether somebody's calendar has an address."""
        async with self._engine.connect() as connection:
            return await has_feed(connection, person.id)

    async def read(self, token: str) -> bytes | None:
        """The calendar at an address; None: there is none.

        Raises:
            HomeserverError: it is not known who is in a room.
        """
        async with self._engine.connect() as connection:
            person_id = await person_of_feed(connection, _hash_of(token))
        person = None if person_id is None else self._view.now.policy.directory.person_by_id(person_id)
        if person is None:
            return None
        return self.written([entry for source in self._sources for entry in await source(person)])

    def written(self, entries: Iterable[Entry]) -> bytes:
        """A calendar with these entries; in a file they have the ids that they have at an address."""
        return calendar_of(entries, name=self._name, host=self._host, now=self._clock())


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

    return [web.get("/calendar/{token}.ics", calendar)]


def _hash_of(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _without_stamps(calendar: bytes) -> bytes:
    """What changes only because time goes on is no change."""
    return b"\n".join(line for line in calendar.splitlines() if not line.startswith(b"DTSTAMP"))
