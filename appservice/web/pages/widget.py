"""`/widget/session`: who looks at a page inside a messenger. The page's script asks the messenger for an OpenID token
and gives it to us once; from then on there is a session as for every other page.

A messenger's word counts only for its own server, and a token only once, although Synapse would say yes for an hour.
"""

from typing import Final

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.proofs import LoginRefusal, Proofs
from appservice.web.forms import ensure_from_here
from appservice.web.identity import Identities, Way, hash_of
from appservice.web.limits import Limits
from appservice.web.problems import Problem, Trouble
from appservice.web.visit import Visit
from school.clock import Clock, utc_now
from school.database.web_links import spend

_TOKEN_SECONDS: Final = 3600
"""For so long Synapse says whose a token is."""


class WidgetSession:
    """Takes the token of a messenger."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        proofs: Proofs,
        identities: Identities,
        limits: Limits,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._proofs = proofs
        self._identities = identities
        self._limits = limits
        self._clock = clock

    async def begin(self, visit: Visit) -> web.Response:
        """`{"access_token": …, "matrix_server_name": …}`, as the messenger gave it."""
        ensure_from_here(visit.request, visit.site)
        token, server_name = await _read(visit.request)
        self._limits.proofs.ensure_free(visit.household)
        found = await self._proofs.by_widget(token, server_name)
        if isinstance(found, LoginRefusal) or not await self._is_first(token):
            self._limits.proofs.count(visit.household)
            raise Problem(Trouble.LINK_IS_OVER)
        response = web.json_response({})
        await self._identities.begin(response, found, Way.WIDGET, instead_of=visit.identity, framed=True)
        return response

    async def _is_first(self, token: str) -> bool:
        async with self._engine.begin() as connection:
            return await spend(connection, hash_of(token), until=self._clock().timestamp() + _TOKEN_SECONDS)


async def _read(request: web.Request) -> tuple[str, str]:
    # Another site's script cannot send this type without asking first, and is not answered when it asks.
    if request.content_type != "application/json":
        raise Problem(Trouble.MALFORMED)
    try:
        body = await request.json()
    except (ValueError, LookupError, RecursionError) as error:
        raise Problem(Trouble.MALFORMED) from error
    token = body.get("access_token") if isinstance(body, dict) else None
    server_name = body.get("matrix_server_name") if isinstance(body, dict) else None
    if not isinstance(token, str) or not isinstance(server_name, str):
        raise Problem(Trouble.MALFORMED)
    return token, server_name
