"""What Synapse and the module inside it call: transactions of events, questions about users and rooms, logins,
refusals, changed profiles.

A transaction is answered with 200 when everything in it that must not be lost is stored; otherwise Synapse sends it
again (Matrix spec, application service API, "Pushing events").

A Synapse that was killed has transactions that it sends only after one has failed, oldest first. So the first one after
each start of either side fails, and a ping lets Synapse begin again at once.
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

import structlog
from aiohttp import web

from school.domain.decisions import Reason
from school.domain.first_code import SignedInWith
from school.domain.people import UserId

log = structlog.get_logger()

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
OnEvents: TypeAlias = Callable[[Sequence[Mapping[str, Any]]], Awaitable[None]]
OnStart: TypeAlias = Callable[[], None]
OnBehind: TypeAlias = Callable[[], Coroutine[Any, Any, None]]
OnLogin: TypeAlias = Callable[[UserId], Coroutine[Any, Any, None]]
OnSignedIn: TypeAlias = Callable[[UserId, SignedInWith, datetime], Awaitable[None]]
OnRefusal: TypeAlias = Callable[[UserId, Reason], Awaitable[None]]
OnProfile: TypeAlias = Callable[[UserId], Awaitable[None]]

_REMEMBERED_TRANSACTIONS: Final = 100


class Endpoints:
    """The routes. What they lead to is given as functions."""

    def __init__(
        self,
        *,
        homeserver_token: str,
        module_token: str,
        on_events: OnEvents,
        on_start: OnStart,
        on_behind: OnBehind,
        on_login: OnLogin,
        on_signed_in: OnSignedIn,
        on_refusal: OnRefusal,
        on_profile: OnProfile,
    ) -> None:
        self._homeserver_token = homeserver_token
        self._module_token = module_token
        self._on_events = on_events
        self._on_start = on_start
        self._on_behind = on_behind
        self._on_login = on_login
        self._on_signed_in = on_signed_in
        self._on_refusal = on_refusal
        self._on_profile = on_profile
        self._done: list[tuple[str | None, ...]] = []
        self._may_be_behind = True
        self._working: set[asyncio.Task[None]] = set()

    def routes(self) -> list[web.RouteDef]:
        """For an aiohttp application."""
        from_homeserver = self._only_with(self._homeserver_token)
        from_module = self._only_with(self._module_token)
        return [
            web.put("/_matrix/app/v1/transactions/{id}", from_homeserver(self._transaction)),
            web.post("/_matrix/app/v1/ping", from_homeserver(self._ping)),
            web.get("/_matrix/app/v1/users/{id}", from_homeserver(self._not_found)),
            web.get("/_matrix/app/v1/rooms/{id}", from_homeserver(self._not_found)),
            web.post("/_schulbote/module/start", from_module(self._start)),
            web.post("/_schulbote/module/login", from_module(self._login)),
            web.post("/_schulbote/module/signed_in", from_module(self._signed_in)),
            web.post("/_schulbote/module/refusal", from_module(self._refusal)),
            web.post("/_schulbote/module/profile", from_module(self._profile)),
        ]

    def _only_with(self, token: str) -> Callable[[Handler], Handler]:
        expected = f"Bearer {token}".encode()

        def guard(handler: Handler) -> Handler:
            async def guarded(request: web.Request) -> web.StreamResponse:
                given = request.headers.get("Authorization", "").encode(errors="surrogateescape")
                if not hmac.compare_digest(given, expected):
                    return web.json_response({"errcode": "M_FORBIDDEN", "error": "Wrong token"}, status=403)
                return await handler(request)

            return guarded

        return guard

    async def _transaction(self, request: web.Request) -> web.StreamResponse:
        events = (await request.json()).get("events", [])
        # The id alone tells nothing: a Synapse on SQLite counts from the beginning again when it is restarted.
        transaction = (request.match_info["id"], *(event.get("event_id") for event in events))
        if self._may_be_behind:
            self._may_be_behind = False
            self._in_background(self._on_behind())
            raise web.HTTPServiceUnavailable
        if transaction not in self._done:
            await self._on_events(events)
            self._done = [*self._done[-_REMEMBERED_TRANSACTIONS:], transaction]
        return web.json_response({})

    async def _ping(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({})

    async def _not_found(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({"errcode": "M_NOT_FOUND", "error": "Not found"}, status=404)

    async def _start(self, _request: web.Request) -> web.StreamResponse:
        self._may_be_behind = True
        self._on_start()
        return web.json_response({})

    async def _login(self, request: web.Request) -> web.StreamResponse:
        user_id = UserId(str((await request.json())["user_id"]))
        # The module does not wait for long; the work goes on when it has hung up.
        await asyncio.shield(self._in_background(self._on_login(user_id)))
        return web.json_response({})

    async def _signed_in(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        at = datetime.fromtimestamp(float(body["at"]), UTC)
        await self._on_signed_in(UserId(str(body["user_id"])), SignedInWith(str(body["with"])), at)
        return web.json_response({})

    def _in_background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return task

    async def _refusal(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        await self._on_refusal(UserId(str(body["user_id"])), Reason(str(body["reason"])))
        return web.json_response({})

    async def _profile(self, request: web.Request) -> web.StreamResponse:
        await self._on_profile(UserId(str((await request.json())["user_id"])))
        return web.json_response({})
