"""What people see who came: who is there, the lobby, and buttons where BigBlueButton has them. Each page says that it
is a simulation. A page's address is known to its person alone."""

from typing import Final

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from appservice.web.languages import language_for
from bbb_widget.simulated.meetings import Attendee, Meeting, Meetings, Where
from bbb_widget.simulated.words import WORDS
from school.texts import Language

_AGAIN_SECONDS: Final = 3
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'",
}


class ParticipantPages:
    """Below `prefix`."""

    def __init__(self, meetings: Meetings, *, prefix: str) -> None:
        self._meetings = meetings
        self._prefix = prefix
        environment = Environment(
            loader=PackageLoader(__package__), autoescape=True, undefined=StrictUndefined, auto_reload=False
        )
        self._template = environment.get_template("simulated.html")

    def routes(self) -> list[web.RouteDef]:
        """For an aiohttp application."""
        return [
            web.get(f"{self._prefix}/{{seat}}", self._show),
            web.post(f"{self._prefix}/{{seat}}/{{deed:leave|end|accept|deny}}", self._do),
        ]

    async def _show(self, request: web.Request) -> web.Response:
        meeting, person = self._seat(request)
        language = language_for(None, request.headers.get("Accept-Language", ""), Language.GERMAN)
        where = person.where
        text = self._template.render(
            say=WORDS[language],
            language=language.value,
            meeting=meeting,
            person=person,
            where=where.value,
            page=request.path,
            back=meeting.parameters.get("logoutURL", ""),
        )
        refresh = {"Refresh": str(_AGAIN_SECONDS)} if where in (Where.INSIDE, Where.LOBBY) else {}
        return web.Response(text=text, content_type="text/html", headers=_HEADERS | refresh)

    async def _do(self, request: web.Request) -> web.Response:
        meeting, person = self._seat(request)
        deed, who = request.match_info["deed"], str((await request.post()).get("who", ""))
        if deed == "leave":
            self._meetings.leave(meeting, person.user_id)
        elif not person.leads:
            raise web.HTTPForbidden
        elif deed == "end":
            self._meetings.end(meeting.parameters["meetingID"])
        else:
            self._meetings.let_in(meeting, who, inside=deed == "accept")
        location = f"{self._prefix}/{request.match_info['seat']}"
        return web.Response(status=303, headers={"Location": location})

    def _seat(self, request: web.Request) -> tuple[Meeting, Attendee]:
        found = self._meetings.seat(request.match_info["seat"])
        if found is None:
            raise web.HTTPNotFound
        return found
