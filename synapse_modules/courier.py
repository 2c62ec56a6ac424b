"""Telling the appservice what leaves no event: a start, a login, a refusal, a changed profile.

A loopback POST with a shared secret. Nothing is decided by it and nothing is lost without it: the appservice looks
for itself from time to time.
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final

from twisted.internet.defer import CancelledError

from school.domain.decisions import Reason
from school.domain.first_code import SignedInWith

logger = logging.getLogger(__name__)

START_PATH: Final = "/_schulbote/module/start"
LOGIN_PATH: Final = "/_schulbote/module/login"
SIGNED_IN_PATH: Final = "/_schulbote/module/signed_in"
REFUSAL_PATH: Final = "/_schulbote/module/refusal"
PROFILE_PATH: Final = "/_schulbote/module/profile"

PostJson = Callable[[str, dict[str, Any], dict[bytes, list[bytes]]], Awaitable[Any]]
"""`(url, body, headers) -> answer`, as `SimpleHttpClient.post_json_get_json` does it."""


class Courier:
    """Carries messages to the appservice's web host."""

    def __init__(self, *, base_url: str, token: str, post_json: PostJson) -> None:
        self._base_url = base_url.rstrip("/")
        self._headers = {b"Authorization": [b"Bearer " + token.encode()]}
        self._post_json = post_json

    async def tell_start(self) -> bool:
        """A process of Synapse has started; False if nobody answered."""
        return await self._tell(START_PATH, {})

    async def tell_login(self, user_id: str) -> None:
        """Somebody has logged in; answered when they are in their rooms."""
        await self._tell(LOGIN_PATH, {"user_id": user_id})

    async def tell_signed_in(self, user_id: str, with_what: SignedInWith, at: datetime) -> bool:
        """What somebody has logged in with; False if nobody answered."""
        return await self._tell(SIGNED_IN_PATH, {"user_id": user_id, "with": with_what.value, "at": at.timestamp()})

    async def tell_refusal(self, user_id: str, reason: Reason) -> None:
        """Somebody was refused something that their client will not show the reason of."""
        await self._tell(REFUSAL_PATH, {"user_id": user_id, "reason": reason.value})

    async def tell_profile(self, user_id: str) -> None:
        """Somebody has changed something in their profile, where only what the register says belongs."""
        await self._tell(PROFILE_PATH, {"user_id": user_id})

    async def _tell(self, path: str, body: dict[str, Any]) -> bool:
        try:
            await self._post_json(self._base_url + path, body, self._headers)
        except CancelledError:
            raise
        except Exception as error:
            logger.info("The appservice was not told (%s): %r", path, error)
            return False
        return True
