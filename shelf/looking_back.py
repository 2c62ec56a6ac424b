"""Looking through the rooms for files of which nobody told: once through the whole of a room that was never looked at,
and, after every start and every hour, through what was written since the last look. Synapse hands events over once;
what it had in memory when it was killed never comes again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final, Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import NotThereError, RefusedError
from school.clock import Clock, utc_now
from school.database.shelf import forget_room, looked_until, room_was_looked_at, rooms_known, rooms_with_shelf
from school.database.shelf_folders import forget_empty_places
from shelf.index import MESSAGE, REDACTION, Event, ShelfIndex

log = structlog.get_logger()

EVERY_SECONDS: Final = 3600.0
_AGAIN_SECONDS: Final = 5.0
_ONCE_MORE: Final = timedelta(minutes=10)
"""What may have been on its way at the last look."""
_NOT_IN_IT: Final = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
_AT_ONCE: Final = 100
_OLDER_ONES: Final = 20
"""So many in a row are from before. One alone may bear an earlier time than that at which it was sent."""


class Rooms(Protocol):
    """The messages of rooms."""

    def messages_before(
        self, room_id: str, *, types: tuple[str, ...], only_files: bool = False
    ) -> AsyncIterator[dict[str, Any]]: ...


class LookingBack:
    """Looks. `run` works until it is cancelled."""

    def __init__(self, *, engine: AsyncEngine, rooms: Rooms, index: ShelfIndex, clock: Clock = utc_now) -> None:
        self._engine = engine
        self._rooms = rooms
        self._index = index
        self._clock = clock
        self._wake = asyncio.Event()

    def again(self) -> None:
        """Synapse was started: something may be missing."""
        self._wake.set()

    async def run(self) -> None:
        """Looks at the start, every hour, and whenever it is told to."""
        while True:
            self._wake.clear()
            pause = EVERY_SECONDS
            try:
                await self.look()
            except Exception as error:
                log.warning("shelf_looks_later", error=str(error))
                pause = _AGAIN_SECONDS
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), pause)

    async def look(self) -> None:
        """Looks through all rooms of groups; what is known of rooms that are there no more goes. What was done stays
        done if it breaks off.

        Raises:
            TryLaterError: the homeserver does not answer now.
        """
        async with self._engine.connect() as connection:
            room_ids, known = await rooms_with_shelf(connection), await looked_until(connection)
            gone = await rooms_known(connection) - set(room_ids)
        all_seen = True
        for room_id in room_ids:
            begun_at = self._clock()
            try:
                await self._look_through(room_id, known.get(room_id))
            except (NotThereError, RefusedError) as error:
                log.info("shelf_room_not_seen", room=room_id, error=str(error))
                if error.status in _NOT_IN_IT:
                    gone |= {room_id}
                all_seen = False
                continue
            async with self._engine.begin() as connection:
                await room_was_looked_at(connection, room_id, begun_at)
        async with self._engine.begin() as connection:
            for room_id in sorted(gone):
                await forget_room(connection, room_id)
            if all_seen:  # else a file may come back, and its folder is known nowhere else
                await forget_empty_places(connection)

    async def _look_through(self, room_id: str, until: datetime | None) -> None:
        # Of a room that was never looked at nothing is known that could have changed: what stands there is enough.
        types = (MESSAGE,) if until is None else (MESSAGE, REDACTION)
        last_ms = 0 if until is None else (until - _ONCE_MORE).timestamp() * 1000
        found: list[Event] = []
        older = 0
        async for event in self._rooms.messages_before(room_id, types=types, only_files=until is None):
            older = older + 1 if event["origin_server_ts"] < last_ms else 0
            if older >= _OLDER_ONES:
                break
            found.append({**event, "room_id": room_id})
            if len(found) >= _AT_ONCE:
                await self._index.take(found)
                found = []
        await self._index.take(found)
