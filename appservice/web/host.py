"""The house of all pages: takes each request in, gives it to its page, turns what goes wrong into a kind page, and sets
the headers. A page itself is a function of a `Visit`; which page answers what is in `routes`."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import structlog
from aiohttp import web
from sqlalchemy.exc import DBAPIError

from appservice.homeserver import TryLaterError
from appservice.web.addresses import Proxies
from appservice.web.cookies import Cookies
from appservice.web.forms import LARGEST_BYTES, FormTokens
from appservice.web.headers import secure
from appservice.web.identity import Identities
from appservice.web.problems import Problem, Trouble
from appservice.web.rendering import Renderer
from appservice.web.site import Site
from appservice.web.visit import Visit
from school.standing import CannotDecideError

log = structlog.get_logger()

Page: TypeAlias = Callable[[Visit], Awaitable[web.StreamResponse]]
_Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

_FOR_PROGRAMS: Final = ("/_matrix/", "/_schulbote/")
"""Below these nobody comes by mistake who wants to read something."""
_VISIT: Final = web.RequestKey("visit", Visit)
_OF_STATUS: Final = {
    404: Trouble.NOT_FOUND,
    405: Trouble.WRONG_METHOD,
    413: Trouble.TOO_LARGE,
}
_LATER: Final = (CannotDecideError, TryLaterError, DBAPIError)


class WebHost:
    """What all pages stand on."""

    def __init__(
        self,
        *,
        site: Site,
        cookies: Cookies,
        tokens: FormTokens,
        renderer: Renderer,
        identities: Identities,
        proxies: Proxies,
    ) -> None:
        self._site = site
        self._cookies = cookies
        self._tokens = tokens
        self._renderer = renderer
        self._identities = identities
        self._proxies = proxies
        self._handlers: set[object] = set()

    def page(
        self,
        page: Page,
        *,
        signed_in: bool = False,
        framed: bool = False,
        as_json: bool = False,
        scripted: bool = False,
        leads_to: str = "",
    ) -> _Handler:
        """A handler for aiohttp. `signed_in`: only for who is signed in; others sign in first and come back. `framed`:
        the page may be in the window of a messenger. `as_json`: it is called by a script of ours. `scripted`: it
        has one itself. `leads_to`: its forms may lead there, too, by a redirection (a source of the
        Content-Security-Policy)."""

        async def handle(request: web.Request) -> web.StreamResponse:
            visit = request[_VISIT]
            visit.framed, visit.as_json, visit.scripted, visit.leads_to = framed, as_json, scripted, leads_to
            visit.identity = await self._identities.of(request, framed=framed)
            if signed_in and visit.identity is None:
                if request.method not in ("GET", "HEAD"):
                    raise Problem(Trouble.SIGNED_OUT)
                return visit.go(f"/login?next={request.rel_url.raw_path}")
            return await page(visit)

        return self.file(handle)

    def file(self, handler: _Handler) -> _Handler:
        """A handler that asks nobody who they are."""
        self._handlers.add(handler)
        return handler

    @web.middleware
    async def serve(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Around every request of the program. What else listens on the same port is left alone."""
        if not self._is_page(request):
            return await handler(request)
        remote = self._proxies.client_of(request.remote, request.headers.getall("X-Forwarded-For", []))
        request = request.clone(client_max_size=LARGEST_BYTES, remote=remote)
        visit = Visit(request, site=self._site, cookies=self._cookies, tokens=self._tokens, renderer=self._renderer)
        request[_VISIT] = visit
        response = await self._answer(visit, handler)
        if not response.prepared:  # else it is on its way, with headers of its own
            secure(response, self._site, framed=visit.framed, scripted=visit.scripted, leads_to=visit.leads_to)
        return response

    def _is_page(self, request: web.Request) -> bool:
        """Also what leads nowhere."""
        match = request.match_info
        if match.http_exception is not None:
            return not request.path.startswith(_FOR_PROGRAMS)
        return match.handler in self._handlers

    async def _answer(self, visit: Visit, handler: _Handler) -> web.StreamResponse:
        try:
            return await handler(visit.request)
        except Problem as problem:
            return visit.problem(problem)
        except web.HTTPException as error:
            response = visit.problem(Problem(_OF_STATUS.get(error.status, Trouble.MALFORMED)))
            if "Allow" in error.headers:
                response.headers["Allow"] = error.headers["Allow"]
            return response
        except _LATER as error:
            log.warning("page_must_wait", page=_name_of(visit.request), error=type(error).__name__)
            return visit.problem(Problem(Trouble.TRY_AGAIN, wait_seconds=5))
        except Exception:
            log.exception("page_failed", page=_name_of(visit.request))
            return visit.problem(Problem(Trouble.FAILED))


def _name_of(request: web.Request) -> str:
    """Which page, without what stands in its address: that may be a secret."""
    resource = request.match_info.route.resource
    return "" if resource is None else resource.canonical
