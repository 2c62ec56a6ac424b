"""Catching up with held messages of which nobody told the appservice.

Synapse hands events over once. What it had in memory only when it was killed, or handed over to a database that was
restored from a backup since, never comes again. So the database remembers a place in the stream of events that is some
minutes old; after every start, of the appservice or of Synapse, the rooms of all teachers are looked through from there
on, before anything is delivered. What is found and known already costs nothing.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import Homeserver, NotThereError, RefusedError
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.database.places import forget_places, remember_place, sure_place
from school.domain.people import TEACHER, UserId
from school.sealing import HELD_KEY

log = structlog.get_logger()

_REMEMBER_SECONDS: Final = 300.0
_AGAIN_SECONDS: Final = 1.0
_PATIENCE_SECONDS: Final = 600.0
_AT_ONCE: Final = 4
_LIMIT: Final = 100
_HELD_TYPES: Final = ("m.room.message",)
"""What is held at all (`synapse_modules.holding`)."""

Event = Mapping[str, Any]


class _NoPlaceError(Exception):
    """The place is none of this homeserver's: it has another database now."""


class CatchingUp:
    """Looks for what was missed. `run` works until it is cancelled; `done` tells when the first look is over."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        view: SchoolView,
        take_in: Callable[[Sequence[Event]], Awaitable[int]],
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._view = view
        self._take_in = take_in
        self._clock = clock
        self._wake = asyncio.Event()
        self.done = asyncio.Event()

    def again(self) -> None:
        """Synapse was started: something may be missing."""
        self._wake.set()

    async def until_done(self) -> None:
        """Waits for the first look, but not for ever: what is known is not kept back for what may be missing."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.done.wait(), _PATIENCE_SECONDS)

    async def run(self) -> None:
        """Looks at the start and whenever it is told to; remembers the place now and then."""
        self._wake.set()
        while True:
            looks = self._wake.is_set()
            self._wake.clear()
            try:
                if looks:
                    await self.look()
                    self.done.set()
                await self.remember()
            except Exception as error:
                log.warning("catching_up_waits", error=str(error))
                if looks:
                    self._wake.set()
                await asyncio.sleep(_AGAIN_SECONDS)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _REMEMBER_SECONDS)

    async def look(self) -> None:
        """Takes in what was held since the sure place and is not known.

        Raises:
            TryLaterError: the homeserver does not answer now.
            CannotDecideError: there is no directory.
        """
        async with self._engine.connect() as connection:
            place = await sure_place(connection)
        if place is None:
            return
        found: dict[str, Event] = {}
        slots = asyncio.Semaphore(_AT_ONCE)

        async def look_as(user_id: UserId) -> None:
            async with slots:
                found.update({event["event_id"]: event for event in await self._held_since(user_id, place)})

        try:
            async with asyncio.TaskGroup() as group:
                for user_id in self._teachers():
                    group.create_task(look_as(user_id))
        except* _NoPlaceError:
            log.warning("place_in_stream_unknown")
            async with self._engine.begin() as connection:
                await forget_places(connection)
        taken = await self._take_in(list(found.values()))
        log.info("caught_up", held=len(found), unknown=taken)

    async def remember(self) -> None:
        """Remembers where the stream ends now."""
        for user_id in self._teachers():
            with contextlib.suppress(RefusedError, NotThereError):
                place = await self._homeserver.place_in_stream(user_id)
                async with self._engine.begin() as connection:
                    await remember_place(connection, place, at=self._clock())
                return

    def _teachers(self) -> Iterator[UserId]:
        return (person.user_id for person in self._view.now.policy.directory.people if person.role == TEACHER)

    async def _held_since(self, user_id: UserId, place: str) -> list[Event]:
        bot = self._homeserver.bot
        try:
            news = await self._homeserver.news_since(user_id, place, types=_HELD_TYPES, not_senders=[bot], limit=_LIMIT)
        except NotThereError:
            return []
        except RefusedError as error:
            if error.status == HTTPStatus.BAD_REQUEST:
                raise _NoPlaceError from error
            return []  # no account yet
        held: list[Event] = []
        for room_id, of_room in news.items():
            events = of_room.events
            if not of_room.is_all:
                events = [
                    event
                    async for event in self._homeserver.messages_after(
                        room_id, place, types=_HELD_TYPES, as_user=user_id
                    )
                ]
            held += [{**event, "room_id": room_id} for event in events if HELD_KEY in event["content"]]
        return held
