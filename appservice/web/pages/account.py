"""`/account`: what is stored about somebody and until when; where they are signed in, and the way out there."""

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.first_codes import OWN_ACCOUNT
from appservice.homeserver import Homeserver
from appservice.web.identity import Identities
from appservice.web.my_data import MyData
from appservice.web.pages.start import what_was_done
from appservice.web.problems import Problem, Trouble
from appservice.web.visit import Visit
from school.clock import Clock, utc_now
from school.database import audit
from school.domain.people import Person

_LONGEST_DEVICE_ID = 512


class Account:
    """Shows somebody what there is of them."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        identities: Identities,
        my_data: MyData,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._identities = identities
        self._my_data = my_data
        self._clock = clock

    async def show(self, visit: Visit) -> web.Response:
        """All of it."""
        about = await self._my_data.of(visit.person, visit.texts)
        return visit.page("account.html", about=about, done=what_was_done(visit))

    async def sign_out_device(self, visit: Visit) -> web.Response:
        """One messenger is signed out. There is no way from here to somebody else's."""
        device_id = (await visit.form()).text("device")
        if not 0 < len(device_id) <= _LONGEST_DEVICE_ID:
            raise Problem(Trouble.MALFORMED)
        await self._homeserver.sign_out(visit.person.user_id, device_id)
        await self._record(visit.person, audit.Action.DEVICE_SIGNED_OUT)
        return visit.go("/account?done=device_signed_out")

    async def sign_out_everywhere(self, visit: Visit) -> web.Response:
        """All messengers are signed out, and these pages in every browser, this one too."""
        await visit.form()
        person = visit.person
        await self._homeserver.end_sessions(person.user_id)
        await self._identities.end_all(person.user_id)
        await self._record(person, audit.Action.SIGNED_OUT_EVERYWHERE)
        response = visit.go("/?done=signed_out_everywhere")
        await self._identities.end(response, visit.identity)
        return response

    async def _record(self, person: Person, action: audit.Action) -> None:
        async with self._engine.begin() as connection:
            await audit.record(
                connection,
                at=self._clock(),
                actor=person.id,
                action=action,
                target=person.id,
                by_right=OWN_ACCOUNT,
                details={},
            )
