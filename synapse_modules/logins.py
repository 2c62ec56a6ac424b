"""Telling the appservice of logins: it brings people into their rooms, and ends first codes that are needed no more.

A login waits a moment for the rooms, but never long. That a code was used, or a password of one's own, is told until
the appservice has heard it.
"""

from datetime import datetime
from typing import Final

from synapse.module_api import ModuleApi

from school.clock import Clock
from school.domain.first_code import SignedInWith
from school.domain.people import UserId
from synapse_modules.courier import Courier

_PAUSES: Final = (0.005, 0.01, 0.02, *[0.05] * 19)
"""In seconds, together almost one. Mostly nobody has to be brought anywhere."""


class Logins:
    """What the appservice is told, and what it has not heard yet."""

    def __init__(self, api: ModuleApi, courier: Courier, clock: Clock) -> None:
        self._api = api
        self._courier = courier
        self._clock = clock
        self._unheard: dict[tuple[UserId, SignedInWith], datetime] = {}

    async def on_login(self, user_id: UserId, with_what: SignedInWith) -> None:
        """Somebody has signed in."""
        if with_what is not SignedInWith.OTHER:
            at = self._unheard[user_id, with_what] = self._clock()
            self._api.run_as_background_process("schulbote_signed_in", self._tell, user_id, with_what, at)
        told = self._api.run_as_background_process("schulbote_login", self._courier.tell_login, user_id)
        for pause in _PAUSES:
            if told.called:
                return
            await self._api.sleep(pause)

    async def tell_again(self) -> None:
        """Tells what was not heard."""
        for (user_id, with_what), at in list(self._unheard.items()):
            await self._tell(user_id, with_what, at)

    def own_password_since(self, user_id: UserId) -> datetime | None:
        """When somebody signed in with a password of their own, as long as the appservice does not know it."""
        return self._unheard.get((user_id, SignedInWith.OWN_PASSWORD))

    async def _tell(self, user_id: UserId, with_what: SignedInWith, at: datetime) -> None:
        heard = await self._courier.tell_signed_in(user_id, with_what, at)
        if heard and self._unheard.get((user_id, with_what)) == at:
            del self._unheard[user_id, with_what]
