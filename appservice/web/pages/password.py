"""`/password`: somebody chooses a password.

1. Who came with a code that is still valid, by the code itself or by a link from the bot, needs no old password.
   Everybody else shows the current one: an open browser or a found phone is not enough to take an account over.
2. First the homeserver has the new password, then the code ends. Whoever dies in between leaves both; the first login
   with the password ends the code.
3. Devices stay signed in, unless somebody wishes otherwise: the messenger on their phone is theirs. Who changes a
   password that they had mostly has a reason, so there the wish is set.
4. Where passwords belong to another program (LDAP, single sign-on), the page says where to go.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.first_codes import OWN_ACCOUNT
from appservice.homeserver import Homeserver, RefusedError
from appservice.proofs import LoginRefusal, Proofs
from appservice.web.identity import Identities, Identity, Way
from appservice.web.limits import Limits
from appservice.web.ports import FirstCodes
from appservice.web.problems import Problem, Trouble
from appservice.web.visit import Visit
from school.clock import Clock, utc_now
from school.database import audit
from school.domain.passwords import SHORTEST, fault_of
from school.domain.people import UserId

log = structlog.get_logger()

_WITHOUT_THE_OLD_ONE: Final = frozenset({Way.CODE, Way.LINK})

TellChosen = Callable[[UserId], Awaitable[None]]


class ChoosePassword:
    """Shows the form, and sets the password."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        proofs: Proofs,
        identities: Identities,
        codes: FirstCodes,
        limits: Limits,
        tell: TellChosen,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._proofs = proofs
        self._identities = identities
        self._codes = codes
        self._limits = limits
        self._tell = tell
        self._clock = clock

    async def show(self, visit: Visit) -> web.Response:
        """The form."""
        if not visit.site.passwords_are_ours:
            return visit.page("password_elsewhere.html")
        by_code = await self._is_by_code(visit.signed_in)
        return self._form(visit, by_code=by_code, everywhere=not by_code)

    async def choose(self, visit: Visit) -> web.Response:
        """A new password."""
        form = await visit.form()
        if not visit.site.passwords_are_ours:
            return visit.page("password_elsewhere.html", status=403)
        identity = visit.signed_in
        by_code, everywhere = await self._is_by_code(identity), form.is_set("everywhere")
        current, new = form.text("current"), form.text("new")
        wrong = self._wrong_with(visit, new, form.text("again"), before=None if by_code else current)
        if not wrong and not by_code:
            wrong = await self._wrong_with_current(visit, current)
        if not wrong:
            wrong = await self._set(identity, new, everywhere=everywhere)
        if wrong:
            return self._form(visit, by_code=by_code, everywhere=everywhere, wrong=wrong)
        return await self._done(visit, identity, everywhere=everywhere)

    def _form(
        self, visit: Visit, *, by_code: bool, everywhere: bool, wrong: dict[str, str] | None = None
    ) -> web.Response:
        """`wrong`: for each field what is wrong with it."""
        return visit.page(
            "password.html",
            status=422 if wrong else 200,
            by_code=by_code,
            everywhere=everywhere,
            wrong=wrong or {},
            shortest=SHORTEST,
        )

    async def _is_by_code(self, identity: Identity) -> bool:
        return identity.way in _WITHOUT_THE_OLD_ONE and await self._codes.valid_until(identity.person.id) is not None

    def _wrong_with(self, visit: Visit, new: str, again: str, *, before: str | None) -> dict[str, str]:
        person, site = visit.person, visit.site
        names = (person.given_name, person.family_name, person.user_id.partition(":")[0], site.school)
        fault = fault_of(new, about=names, before=before)
        if fault is not None:
            return {"new": f"password.fault.{fault}"}
        return {} if new == again else {"again": "password.not_the_same"}

    async def _wrong_with_current(self, visit: Visit, current: str) -> dict[str, str]:
        user_id = visit.person.user_id
        self._limits.names.attempt(user_id)
        found = await self._proofs.by_password(user_id, current, address=visit.address)
        if found is LoginRefusal.TOO_MANY:
            raise Problem(Trouble.TOO_MANY, wait_seconds=60)
        if found != user_id:
            return {"current": "password.current_is_wrong"}
        self._limits.names.forget(user_id)
        return {}

    async def _set(self, identity: Identity, new: str, *, everywhere: bool) -> dict[str, str]:
        person = identity.person
        try:
            await self._homeserver.set_password(person.user_id, new, sign_out=everywhere)
        except RefusedError as error:
            log.warning("password_refused", user=person.user_id, error=str(error))
            return {"new": "password.refused"}
        await self._codes.end(person.id)
        async with self._engine.begin() as connection:
            await audit.record(
                connection,
                at=self._clock(),
                actor=person.id,
                action=audit.Action.PASSWORD_CHOSEN,
                target=person.id,
                by_right=OWN_ACCOUNT,
                details={"way": identity.way.value, "signed_out": everywhere},
            )
        return {}

    async def _done(self, visit: Visit, identity: Identity, *, everywhere: bool) -> web.Response:
        user_id = identity.person.user_id
        if everywhere:
            await self._identities.end_all(user_id)
        response = visit.go("/?done=password_chosen")
        await self._identities.begin(response, user_id, Way.PASSWORD, instead_of=identity)
        await self._tell(user_id)
        return response
