"""`/conferences`: what goes on now and what is planned, for whoever is signed in."""

from aiohttp import web

from appservice.web.visit import Visit
from bbb_widget.web.parts import PageParts
from bbb_widget.web.people_page import page_of
from school.database.conferences import Conference
from school.domain.conferences import ConferenceState


class ListPage:
    """Names only what somebody may take part in."""

    def __init__(self, parts: PageParts) -> None:
        self._parts = parts

    async def show(self, visit: Visit) -> web.Response:
        """Both lists."""
        now = await self._parts.desk.open_for(visit.person)
        planned = [each for each in await self._parts.desk.planned_for(visit.person) if each not in now]
        return visit.page(
            "conference_list.html",
            offered=self._parts.desk.is_offered,
            now=[self._line(each, visit) for each in now],
            planned=[self._line(each, visit) for each in planned if each.state is ConferenceState.PLANNED],
        )

    def _line(self, conference: Conference, visit: Visit) -> tuple[str, str, str]:
        """Its title, its page, and when it is."""
        at = conference.planned_at if conference.state is ConferenceState.PLANNED else None
        when = "" if at is None else self._parts.when(at, visit)
        return conference.title, page_of(conference.id), when
