"""What whoever leads a conference does on its page: invites guests and takes their links back, ends it, sees who was
there."""

from aiohttp import web

from appservice.web.visit import Visit
from bbb_widget.conferences import Trouble
from bbb_widget.guest_desk import name_of_guest
from bbb_widget.web.parts import PageParts
from bbb_widget.web.people_page import PeoplePage, conference_in, page_of
from school.database.conferences import Conference
from school.domain.decisions import Reason


class LeadingPage:
    """Every button asks anew whether somebody still leads."""

    def __init__(self, parts: PageParts, door: PeoplePage) -> None:
        self._parts = parts
        self._door = door

    async def back(self, visit: Visit) -> web.Response:
        """Where somebody looks who has pressed a button here: at the page itself."""
        return visit.go(page_of(conference_in(visit)))

    async def invite(self, visit: Visit) -> web.Response:
        """A guest by name. Their link is shown now, and never again."""
        form = await visit.form()
        conference = await self._seen(visit)
        if isinstance(conference, web.Response):
            return conference
        words = form.text("name")
        name = name_of_guest(words)
        if name is None:
            return await self._shown(visit, wrong=visit.texts.say("conference.guest_name_wrong"), name=words)
        invited = await self._parts.guests.invite(visit.person, conference, name)
        if invited.decision.reason is Reason.TOO_MANY:
            return await self._shown(visit, wrong=visit.texts.say("conference.guest_too_many"), name=words)
        if not invited.decision:
            return await self._door.refused(visit, invited.decision)
        return await self._shown(visit, link=self._parts.guests.link(invited), name=name)

    async def revoke(self, visit: Visit) -> web.Response:
        """A guest's link is taken back."""
        form = await visit.form()
        conference = await self._seen(visit)
        if isinstance(conference, web.Response):
            return conference
        decision = await self._parts.guests.revoke(visit.person, conference, form.text("guest"))
        if not decision:
            return await self._door.refused(visit, decision)
        return visit.go(f"{page_of(conference.id)}?done=revoked")

    async def end(self, visit: Visit) -> web.Response:
        """The conference ends for everybody, or is called off."""
        await visit.form()
        conference = await self._seen(visit)
        if isinstance(conference, web.Response):
            return conference
        ended = await self._parts.desk.end(visit.person, conference.id)
        if ended is not None and not isinstance(ended, Trouble) and not ended:
            return await self._door.refused(visit, ended)
        return visit.go(page_of(conference.id))

    async def attendance(self, visit: Visit) -> web.Response:
        """Who was there, from when to when."""
        conference = await self._seen(visit)
        if isinstance(conference, web.Response):
            return conference
        decision, there = await self._parts.guests.attendance(visit.person, conference)
        if not decision:
            return await self._door.refused(visit, decision)
        when = self._parts.when
        return visit.page(
            "conference_attendance.html",
            title=conference.title,
            page=page_of(conference.id),
            days=self._parts.school.attendance_days,
            there=[(each.name, when(each.came_at, visit), when(each.left_at, visit)) for each in there],
        )

    async def _seen(self, visit: Visit) -> Conference | web.Response:
        """The conference, if somebody may come in; else what they read. Whether they lead it, the desks ask."""
        seen = await self._parts.desk.look(visit.person, conference_in(visit))
        if seen is None or seen.conference is None:
            return await self._door.show(visit)
        return seen.conference

    async def _shown(self, visit: Visit, *, link: str = "", wrong: str = "", name: str = "") -> web.Response:
        entrance = await self._parts.desk.at_the_door(visit.person, conference_in(visit))
        return await self._door.render(visit, entrance, link=link, wrong=wrong, name=name)
