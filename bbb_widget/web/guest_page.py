"""`/conference/guest/{token}`: the door for guests, who are nobody here: their link says who they are. Looking uses
nothing up, and does not sit in the conference; only the button leads in, and then to the lobby."""

from aiohttp import web

from appservice.web.limits import Limit
from appservice.web.visit import Visit
from bbb_widget.conferences import Entrance
from bbb_widget.web.parts import PageParts
from bbb_widget.web.people_page import STILL
from bbb_widget.web.standing import Can, standing
from school.database.conference_guests import Guest
from school.database.conferences import Conference


class GuestPage:
    """`misses` counts the links that lead nowhere, by whence they are asked for."""

    def __init__(self, parts: PageParts, misses: Limit) -> None:
        self._parts = parts
        self._misses = misses

    async def show(self, visit: Visit) -> web.Response:
        """Who is invited by whom, what is kept, and how the door is found."""
        found = await self._found(visit)
        return self._render(visit, await self._parts.guests.at_the_door(found), found)

    async def enter(self, visit: Visit) -> web.Response:
        """The button."""
        await visit.form()
        found = await self._found(visit)
        entrance = await self._parts.guests.join(_token(visit))
        address = None if entrance.ticket is None else await self._parts.desk.redeem(entrance.ticket)
        return self._render(visit, entrance, found) if address is None else visit.leave(address)

    async def _found(self, visit: Visit) -> tuple[Guest, Conference] | None:
        self._misses.ensure_free(visit.household)
        found = await self._parts.guests.look(_token(visit))
        if found is None:
            self._misses.count(visit.household)
        return found

    def _render(self, visit: Visit, entrance: Entrance, found: tuple[Guest, Conference] | None) -> web.Response:
        stands = standing(entrance, visit.texts, now=self._parts.clock(), zone=self._parts.view.zone)
        guest, conference = found or (None, None)
        host = None if conference is None else self._parts.view.now.policy.directory.person_by_id(conference.starter)
        stays = visit.asked(STILL) == "yes"
        response = visit.page(
            "conference_guest.html",
            status=stands.status,
            found=stands,
            can=Can,
            guest=guest,
            title="" if conference is None else conference.title,
            who="" if host is None else host.display_name,
            days=self._parts.school.attendance_days,
            recording=self._parts.school.recording,
            stays=stays,
        )
        if stands.again_seconds and not stays:
            response.headers["Refresh"] = str(stands.again_seconds)
        return response


def _token(visit: Visit) -> str:
    return visit.request.match_info["token"]
