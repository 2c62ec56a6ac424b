"""What is waiting: how much, since when, until when, and whether something should have gone out already.

Only looks (`appservice.holds`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.holds import HoldLook
from appservice.homeserver import Homeserver
from school.database import held
from school.domain.intervals import earliest
from school.standing import Standing

OVERDUE_AFTER: Final = timedelta(minutes=10)
"""So long a release may take before somebody should look."""
_MEMBERS_KNOWN: Final = timedelta(minutes=5)


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
        self._holds = HoldLook(homeserver=homeserver, standing=standing, remember=_MEMBERS_KNOWN)

    async def look(self, now: datetime) -> Waiting:
        """What is waiting at `now`.

        Raises:
            CannotDecideError: nobody can be known just now.
            HomeserverError: it is not known who is in the rooms.
        """
        async with self._engine.connect() as connection:
            rooms = await held.waiting(connection)
        await self._holds.learn(rooms, now)
        # What one sender wrote in one room waits for the same people.
        alike = {(message.room_id, message.sender): message for messages in rooms.values() for message in messages}
        holds = {key: self._holds.hold(message, now) for key, message in alike.items()}
        was_due = {
            key
            for key, message in alike.items()
            if holds[key] is None and self._holds.hold(message, now - OVERDUE_AFTER) is None
        }
        overdue = [
            message
            for messages in rooms.values()
            for message in messages
            if (message.room_id, message.sender) in was_due and message.written_at < now - OVERDUE_AFTER
        ]
        return Waiting(
            messages=sum(map(len, rooms.values())),
            rooms=len(rooms),
            oldest=min((message.written_at for messages in rooms.values() for message in messages), default=None),
            next_release=earliest(now if hold is None else hold.until for hold in holds.values()),
            overdue=len(overdue),
        )
