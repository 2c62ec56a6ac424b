"""`/login/sso`: by the school's single sign-on, where the homeserver offers it (Matrix spec, client-server API, "SSO
client login/authentication").

The browser goes to the homeserver and comes back with a token for one login. On the way it carries where it wants to
go, signed for this browser: whoever sends somebody else the end of a way of their own signs nobody in.
"""

from hashlib import sha256
from typing import Final
from urllib.parse import urlencode

from aiohttp import web
from itsdangerous import BadSignature, TimestampSigner

from appservice.proofs import LoginRefusal, Proofs
from appservice.web.identity import Identities, Way
from appservice.web.limits import Limits
from appservice.web.problems import Problem, Trouble
from appservice.web.visit import Visit, local_path

_ON_THE_WAY_SECONDS: Final = 600


class SingleSignOn:
    """Sends people there and takes them in when they are back."""

    def __init__(self, *, proofs: Proofs, identities: Identities, limits: Limits, key: str) -> None:
        self._proofs = proofs
        self._identities = identities
        self._limits = limits
        self._key = key

    async def go(self, visit: Visit) -> web.Response:
        """Off to the homeserver."""
        state = self._signer(visit.browser).sign(local_path(visit.asked("next"))).decode()
        back = visit.site.url("/login/sso/back")
        path = self._proofs.sso_path(visit.asked("provider"), back_to=f"{back}?{urlencode({'state': state})}")
        return visit.leave(visit.site.homeserver + path)

    async def come_back(self, visit: Visit) -> web.Response:
        """Back with a token."""
        self._limits.addresses.attempt(visit.household)
        next_path = self._unsigned(visit.asked("state"), visit.browser)
        if next_path is None:
            raise Problem(Trouble.FORM_IS_OLD)
        found = await self._proofs.by_token(visit.asked("loginToken"), address=visit.address)
        if isinstance(found, LoginRefusal):
            raise Problem(Trouble.TOO_MANY if found is LoginRefusal.TOO_MANY else Trouble.LINK_IS_OVER)
        response = visit.go(local_path(next_path))
        await self._identities.begin(response, found, Way.SSO, instead_of=visit.identity)
        return response

    def _unsigned(self, state: str, browser: str) -> str | None:
        try:
            return self._signer(browser).unsign(state, max_age=_ON_THE_WAY_SECONDS).decode()
        except (BadSignature, UnicodeError):
            return None

    def _signer(self, browser: str) -> TimestampSigner:
        return TimestampSigner(self._key, salt=f"sso:{browser}", key_derivation="hmac", digest_method=sha256)
