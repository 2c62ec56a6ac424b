"""`/login` and `/logout`: the form that asks the homeserver, and the way out."""

import asyncio
from typing import Final

from aiohttp import web

from appservice.proofs import LoginRefusal, LoginWays, Proofs
from appservice.web.identity import Identities, Way
from appservice.web.limits import Limits
from appservice.web.site import AFTER_LOGIN
from appservice.web.visit import Visit, local_path
from school.domain.first_code import read_code

_WAYS_SECONDS: Final = 60.0


class SignIn:
    """Signs people in by their password, and out."""

    def __init__(
        self,
        *,
        proofs: Proofs,
        identities: Identities,
        limits: Limits,
    ) -> None:
        self._proofs = proofs
        self._identities = identities
        self._limits = limits
        self._ways = LoginWays()
        self._ask_again_at = float("-inf")

    async def show(self, visit: Visit) -> web.Response:
        """The form, and the school's single sign-on."""
        return await self._form(visit, next_path=local_path(visit.asked("next"), ""))

    async def submit(self, visit: Visit) -> web.Response:
        """A name and a password."""
        form = await visit.form()
        name, password, next_path = form.text("name"), form.text("password"), local_path(form.text("next"), "")
        who = _alike(name)
        self._limits.addresses.attempt(visit.household)
        self._limits.names.attempt(who)
        found = await self._proofs.by_password(name, password, address=visit.address)
        if isinstance(found, LoginRefusal):
            return await self._form(visit, next_path=next_path, name=name, refusal=found)
        self._limits.names.forget(who)
        way = Way.PASSWORD if read_code(password) is None else Way.CODE
        response = visit.go(next_path or ("/password" if way is Way.CODE else AFTER_LOGIN))
        await self._identities.begin(response, found, way, instead_of=visit.identity)
        return response

    async def _form(
        self, visit: Visit, *, next_path: str, name: str = "", refusal: LoginRefusal | None = None
    ) -> web.Response:
        return visit.page(
            "login.html",
            status=200 if refusal is None else 403,
            ways=await self._offered(),
            next_path=next_path,
            name=name,
            refusal=None if refusal is None else refusal.value,
        )

    async def _offered(self) -> LoginWays:
        now = asyncio.get_running_loop().time()
        if now >= self._ask_again_at:
            self._ways = await self._proofs.ways()
            self._ask_again_at = now + _WAYS_SECONDS
        return self._ways

    async def ask_to_leave(self, visit: Visit) -> web.Response:
        """A page with the button: an address that somebody was sent signs nobody out."""
        return visit.page("logout.html")

    async def leave(self, visit: Visit) -> web.Response:
        """Signs out in this browser."""
        await visit.form()
        response = visit.go("/?done=signed_out")
        await self._identities.end(response, visit.identity)
        return response


def _alike(name: str) -> str:
    """What stands for a name when attempts are counted: with or without its server it is the same one."""
    return name.strip().lower().removeprefix("@").partition(":")[0]
