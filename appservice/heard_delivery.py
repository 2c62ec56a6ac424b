"""Delivering to people who hear again: silence ends before the first held message comes."""

from typing import Any

from appservice.delivery import Delivery
from appservice.homeserver import Homeserver, NotThereError, RefusedError
from appservice.silence import Silence
from school.database.held import HeldMessage
from school.domain.people import UserId


class HeardDelivery(Delivery):
    """A delivery that rings."""

    def __init__(self, *, silence: Silence, homeserver: Homeserver, **parts: Any) -> None:
        super().__init__(homeserver=homeserver, **parts)
        self._silence = silence
        self._rooms = homeserver

    async def deliver(self, message: HeldMessage) -> None:
        """Delivers a message after nobody is silent in its room whose rest is over.

        Raises:
            TryLaterError: the homeserver does not answer now.
        """
        late = await self._silence.late()
        if late:
            await self._silence.lift([user_id for user_id in await self._members(message) if user_id in late])
        await super().deliver(message)

    async def _members(self, message: HeldMessage) -> frozenset[UserId]:
        try:
            return await self._rooms.members(message.room_id, as_user=UserId(message.sender))
        except (RefusedError, NotThereError):
            return frozenset()  # the sender has left; delivering will say so
