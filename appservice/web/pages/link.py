"""`/link/…`: a personal link from the bot. Looking shows whose it is; the button signs in."""

from aiohttp import web

from appservice.web.identity import Identities, Way
from appservice.web.limits import Limits
from appservice.web.links import Links
from appservice.web.problems import Problem, Trouble
from appservice.web.visit import Visit, local_path
from school.database.web_links import LinkRow


class PersonalLink:
    """Shows links, and takes them."""

    def __init__(self, *, links: Links, identities: Identities, limits: Limits) -> None:
        self._links = links
        self._identities = identities
        self._limits = limits

    async def show(self, visit: Visit) -> web.Response:
        """Whose link this is, and a button."""
        self._ensure_may_try(visit)
        row = self._known(visit, await self._links.look_at(_token(visit)))
        person = self._identities.person_of(row.user_id)
        if person is None:
            raise Problem(Trouble.LINK_IS_OVER)
        return visit.page("link.html", invited=person)

    async def use(self, visit: Visit) -> web.Response:
        """Signs in whose link it is, and leads to the page."""
        await visit.form()
        self._ensure_may_try(visit)
        row = self._known(visit, await self._links.use(_token(visit)))
        response = visit.go(local_path(row.path))
        await self._identities.begin(response, row.user_id, Way.LINK, instead_of=visit.identity)
        return response

    def _ensure_may_try(self, visit: Visit) -> None:
        self._limits.proofs.ensure_free(visit.household)

    def _known(self, visit: Visit, row: LinkRow | None) -> LinkRow:
        if row is None:
            self._limits.proofs.count(visit.household)
            raise Problem(Trouble.LINK_IS_OVER)
        return row


def _token(visit: Visit) -> str:
    return visit.request.match_info["token"]
