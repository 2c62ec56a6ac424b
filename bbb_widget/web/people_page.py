"""`/conference/{conference}`: the door for people of the school. Looking changes nothing, also where a program looks at
every link; only the button leads in, and asks everything anew."""

import re
from dataclasses import dataclass, replace
from typing import Final

from aiohttp import web

from appservice.web.problems import Problem, Trouble
from appservice.web.visit import Visit
from bbb_widget.conferences import Entrance, Gate
from bbb_widget.meeting_settings import Choices, goes_through_lobby
from bbb_widget.web.parts import PageParts
from bbb_widget.web.standing import Can, standing
from school.config.conferences import ConferenceSettings
from school.database.conferences import Conference
from school.domain.conferences import ConferenceState, Part
from school.domain.decisions import Decision

STILL: Final = "still"
"""In an address: the page does not look again by itself (WCAG 2.2, 2.2.1)."""
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DONE: Final = frozenset({"revoked"})


def conference_in(visit: Visit) -> str:
    """Which conference an address names.

    Raises:
        Problem: it could be none.
    """
    conference_id = visit.request.match_info["conference"]
    if _ID.fullmatch(conference_id) is None:
        raise Problem(Trouble.NOT_FOUND)
    return conference_id


def page_of(conference_id: str) -> str:
    """The path of a conference's page."""
    return f"/conference/{conference_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What whoever leads can choose; a school that wants no cameras offers none."""

    cameras: bool
    microphones: bool
    lobby: bool


class PeoplePage:
    """Shows the door, and opens it."""

    def __init__(self, parts: PageParts) -> None:
        self._parts = parts
        self._offered = Offered(
            cameras=parts.school.cameras,
            microphones=parts.school.microphones,
            lobby=not parts.school.lobby_for_everybody,
        )

    async def show(self, visit: Visit) -> web.Response:
        """How the door is found."""
        return await self.render(visit, await self._parts.desk.at_the_door(visit.person, conference_in(visit)))

    async def enter(self, visit: Visit) -> web.Response:
        """The button. Who begins the conference has chosen what the others may do."""
        form = await visit.form()
        conference_id = conference_in(visit)
        if form.is_set("chosen"):
            entrance = await self._parts.desk.at_the_door(visit.person, conference_id)
            if entrance.part is Part.MODERATOR and entrance.conference is not None and entrance.gate is Gate.OPEN:
                choices = Choices(
                    cameras=form.is_set("cameras"), microphones=form.is_set("microphones"), lobby=form.is_set("lobby")
                )
                if (trouble := await self._parts.desk.choose(entrance.conference, choices)) is not None:
                    return await self.render(visit, replace(entrance, gate=Gate.TROUBLE, trouble=trouble))
        entrance = await self._parts.desk.join(visit.person, conference_id)
        address = None if entrance.ticket is None else await self._parts.desk.redeem(entrance.ticket)
        return await self.render(visit, entrance) if address is None else visit.leave(address)

    async def refused(self, visit: Visit, decision: Decision) -> web.Response:
        """Somebody may take part, and not do this."""
        return await self.render(visit, Entrance(gate=Gate.REFUSED, decision=decision))

    async def render(
        self, visit: Visit, entrance: Entrance, *, link: str = "", wrong: str = "", name: str = ""
    ) -> web.Response:
        """The page. `link`: a guest's, who is called `name`; `wrong`: what is wrong with that name."""
        parts, conference = self._parts, entrance.conference
        found = standing(entrance, visit.texts, now=parts.clock(), zone=parts.view.zone)
        leads = entrance.part is Part.MODERATOR and conference is not None
        invited = []
        if leads and conference is not None and conference.state is not ConferenceState.ENDED:
            invited = [
                (guest.id, guest.name, parts.when(guest.expires_at, visit))
                for guest in await parts.guests.guests(conference)
            ]
        stays = visit.asked(STILL) == "yes"
        response = visit.page(
            "conference_door.html",
            status=400 if wrong else found.status,
            found=found,
            can=Can,
            title=visit.texts.say("conference.title") if conference is None else conference.title,
            page=page_of(conference_in(visit)),
            leads=leads,
            state="" if conference is None else conference.state.value,
            resting=await parts.desk.rest_now(visit.person, conference) if conference and found.can is Can.BEGIN else 0,
            planned=conference is not None and conference.state is ConferenceState.PLANNED,
            weekly=conference is not None and conference.weekly,
            waits_in_lobby=_waits_in_lobby(conference, entrance.part, parts.school),
            offered=self._offered,
            chosen=Choices() if conference is None else Choices(**conference.choices),
            guests=invited,
            attendance=parts.school.attendance_days > 0,
            link=link,
            wrong=wrong,
            name=name,
            stays=stays,
            done=visit.asked("done") if visit.asked("done") in _DONE else "",
        )
        if found.again_seconds and not stays:
            response.headers["Refresh"] = str(found.again_seconds)
        return response


def _waits_in_lobby(conference: Conference | None, part: Part | None, school: ConferenceSettings) -> bool:
    if conference is None or part is None:
        return False
    return goes_through_lobby(part, school, Choices(**conference.choices))
