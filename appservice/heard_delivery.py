"""Delivering to people who hear again: silence ends before the first held message comes."""

from collections.abc import Collection
from typing import Any

from appservice.delivery import Delivery
from appservice.silence import Silence
from school.database.held import HeldMessage
from school.domain.people import UserId


class HeardDelivery(Delivery):
    """A delivery that rings."""

    def __init__(self, *, silence: Silence, **parts: Any) -> None:
        super().__init__(**parts)
        self._silence = silence

    async def deliver(self, message: HeldMessage, members: Collection[UserId]) -> None:
        """Delivers a message after nobody is silent in its room whose rest is over.

        Raises:
            TryLaterError: the homeserver does not answer now.
        """
        late = await self._silence.late()
        if late:
            await self._silence.lift([user_id for user_id in members if user_id in late])
        await super().deliver(message, members)
