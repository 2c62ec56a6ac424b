"""What has become of held messages, written down several at once: each commit waits for the disk, and so does the
homeserver's beside it.

What is not written yet when a process dies still waits for the next one, which looks into the room before it sends.
"""

from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from school.database import held
from school.database.held import HeldMessage
from school.database.tables import HeldState

log = structlog.get_logger()

_AT_ONCE: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settled:
    event_id: str
    state: HeldState
    delivered_event_id: str | None


class Settling:
    """Notes, and writes down."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._noted: list[_Settled] = []

    async def note(self, message: HeldMessage, state: HeldState, *, delivered_event_id: str | None = None) -> None:
        """A message is done with."""
        self._noted.append(_Settled(event_id=message.event_id, state=state, delivered_event_id=delivered_event_id))
        log.info("held_message_settled", held=message.event_id, state=state.value)
        if len(self._noted) >= _AT_ONCE:
            await self.write()

    async def write(self) -> None:
        """Returns when all is written that was noted. What cannot be written stays noted."""
        noted = self._noted
        if not noted:
            return
        self._noted = []
        try:
            async with self._engine.begin() as connection:
                for one in noted:
                    await held.settle(connection, one.event_id, one.state, delivered_event_id=one.delivered_event_id)
        except BaseException:
            self._noted = noted + self._noted
            raise
