"""What is waiting: how much, since when, until when, and whether something should have gone out already.

Only looks. When a room's messages go out is worked out as the rest queue does, from those who are in the room now.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import Homeserver, HomeserverError
from school.database import held
from school.database.held import HeldMessage
from school.domain.hold import Hold, hold_for
from school.domain.intervals import earliest
from school.domain.people import UserId
from school.standing import Standing

OVERDUE_AFTER: Final = timedelta(minutes=10)
"""So long a release may take before somebody should look."""
_MEMBERS_KNOWN: Final = timedelta(minutes=5)
_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """All held messages of one moment."""

    messages: int = 0
    rooms: int = 0
    oldest: datetime | None = None
    """When the oldest was written."""
    next_release: datetime | None = None
    """When the first goes out: the moment itself, if one is due. None: no end of a rest is known."""
    overdue: int = 0
    """How many should have gone out `OVERDUE_AFTER` ago."""


class WaitingLook:
    """Looks at held messages. Remembers for some minutes who is in their rooms, because it is asked again and again."""

    def __init__(self, *, engine: AsyncEngine, homeserver: Homeserver, standing: Callable[[], Standing]) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._standing = standing
        self._members: dict[str, tuple[datetime, frozenset[UserId]]] = {}

    async def look(self, now: datetime) -> Waiting:
        """What is waiting at `now`.

        Raises:
            CannotDecideError: nobody can be known just now.
            HomeserverError: it is not known who is in the rooms.
        """
        async with self._engine.connect() as connection:
            rooms = await held.waiting(connection)
        self._members = {
            room_id: known
            for room_id, known in self._members.items()
            if room_id in rooms and now - known[0] < _MEMBERS_KNOWN
        }
        slots = asyncio.Semaphore(_AT_ONCE)
        firsts = [messages[0] for messages in rooms.values()]
        await asyncio.gather(*(self._learn_members(slots, message, now) for message in firsts))
        holds = {message.room_id: self._hold(message, now) for message in firsts}
        overdue = [
            message
            for room_id, messages in rooms.items()
            if holds[room_id] is None and self._hold(messages[0], now - OVERDUE_AFTER) is None
            for message in messages
            if _written(message) < now - OVERDUE_AFTER
        ]
        return Waiting(
            messages=sum(map(len, rooms.values())),
            rooms=len(rooms),
            oldest=min((_written(message) for messages in rooms.values() for message in messages), default=None),
            next_release=earliest(now if hold is None else hold.until for hold in holds.values()),
            overdue=len(overdue),
        )

    async def _learn_members(self, slots: asyncio.Semaphore, message: HeldMessage, now: datetime) -> None:
        if message.room_id in self._members:
            return
        async with slots:
            try:
                members = await self._homeserver.members(message.room_id, as_user=UserId(message.sender))
            except HomeserverError as error:
                if error.status not in (403, 404):
                    raise
                members = frozenset()  # the sender has left: there is nobody to wait for
            self._members[message.room_id] = (now, members)

    def _hold(self, message: HeldMessage, at: datetime) -> Hold | None:
        standing = self._standing()
        return hold_for(
            UserId(message.sender),
            self._members[message.room_id][1],
            directory=standing.policy.directory,
            rest_of=lambda user_id: standing.desk.look(user_id, at),  # what is remembered is the queue's, of now
            bot=self._homeserver.bot,
            has_rest=standing.desk.has_rest,
            mode=standing.mode_of(message.room_id),
        )


def _written(message: HeldMessage) -> datetime:
    return datetime.fromtimestamp(message.origin_server_ts_ms / 1000, UTC)
