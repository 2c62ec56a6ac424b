"""The API of BigBlueButton 3, as far as conferences need it. Refuses what a real one refuses, and tells three times
that a meeting is over, as some do."""

import asyncio
import hashlib
import hmac
from contextlib import suppress
from typing import Final
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from aiohttp import ClientError, ClientSession, web

from bbb_widget.simulated.meetings import Attendee, Meeting, Meetings
from bbb_widget.simulated.pages import ParticipantPages
from school.clock import Clock, utc_now

_ALGORITHMS: Final = ("sha1", "sha256", "sha384", "sha512")
_FORM: Final = "application/x-www-form-urlencoded"
_ENDED_CALLS: Final = 3


class SimulatedBbb:
    """The server. `prefix` is where it is, such as "/bigbluebutton"."""

    def __init__(self, secret: str, *, prefix: str, clock: Clock = utc_now) -> None:
        self._secret = secret
        self._prefix = prefix
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self.meetings = Meetings(self._tell_over)
        self._pages = ParticipantPages(self.meetings, prefix=f"{prefix}/client")
        self._known = {
            "create": self._create,
            "join": self._join,
            "end": self._end,
            "isMeetingRunning": self._is_running,
            "getMeetingInfo": self._info,
            "getMeetings": self._all,
        }

    def routes(self) -> list[web.RouteDef]:
        """For an aiohttp application."""
        return [web.route("*", f"{self._prefix}/api/{{call}}", self.answer), *self._pages.routes()]

    async def answer(self, request: web.Request) -> web.Response:
        """One call of the API."""
        call, query, body = request.match_info["call"], request.rel_url.raw_query_string, await request.read()
        if not query and request.method == "POST" and request.content_type == _FORM:
            query, body = body.decode(errors="replace"), b""
        if not self._is_signed(call, query):
            return failed("checksumError", "Checksums do not match")
        parameters = dict(parse_qsl(query, keep_blank_values=True))
        parameters.pop("checksum")
        if call not in self._known:
            return failed("unsupportedRequest", "This request is not supported.")
        if call not in ("getMeetings",) and not parameters.get("meetingID"):
            return failed("missingParamMeetingID", "You must specify a meeting ID for the meeting.")
        return self._known[call](parameters, body)

    def _is_signed(self, call: str, query: str) -> bool:
        parts = query.split("&")
        sums = [part.removeprefix("checksum=") for part in parts if part.startswith("checksum=")]
        signed = "&".join(part for part in parts if not part.startswith("checksum="))
        text = f"{call}{signed}{self._secret}".encode()
        right = [hashlib.new(name, text).hexdigest().encode() for name in _ALGORITHMS]
        return any(hmac.compare_digest(one.encode(), each) for one in sums for each in right)

    def _create(self, parameters: dict[str, str], slides: bytes) -> web.Response:
        meeting_id = parameters["meetingID"]
        known = self.meetings.open.get(meeting_id)
        if not parameters.get("name"):
            return failed("missingParamName", "You must specify a name for the meeting.")
        if known is not None and known.parameters != parameters:
            return failed("idNotUnique", "A meeting already exists with that meeting ID and other parameters.")
        meeting = known or Meeting(
            parameters=parameters, slides=slides, create_time=int(self._clock().timestamp() * 1000)
        )
        self.meetings.open[meeting_id] = meeting
        answers = {
            "meetingID": meeting_id,
            "internalMeetingID": meeting.internal_id,
            "attendeePW": "ap",
            "moderatorPW": "mp",
            "createTime": meeting.create_time,
            "hasUserJoined": _word(meeting.has_run),
            "messageKey": "" if known is None else "duplicateWarning",
        }
        return success(_elements(answers))

    def _join(self, parameters: dict[str, str], _body: bytes) -> web.Response:
        meeting = self.meetings.open.get(parameters["meetingID"])
        if meeting is None:
            return _not_found()
        if parameters.get("createTime", str(meeting.create_time)) != str(meeting.create_time):
            return failed("mismatchCreateTimeParam", "The createTime parameter submitted mismatches the current one.")
        if not parameters.get("fullName"):
            return failed("missingParamFullName", "You must specify a name for the attendee.")
        comer = Attendee(
            user_id=parameters.get("userID", ""),
            full_name=parameters["fullName"],
            role=parameters.get("role", "VIEWER"),
            guest=parameters.get("guest") == "true",
        )
        seat = self.meetings.come(meeting, comer)
        return web.Response(status=302, headers={"Location": f"{self._prefix}/client/{seat}"})

    def _end(self, parameters: dict[str, str], _body: bytes) -> web.Response:
        if not self.meetings.end(parameters["meetingID"]):
            return _not_found()
        return success(_element("messageKey", "sentEndMeetingRequest"))

    def _is_running(self, parameters: dict[str, str], _body: bytes) -> web.Response:
        meeting = self.meetings.open.get(parameters["meetingID"])
        return success(_element("running", _word(meeting is not None and meeting.has_run)))

    def _info(self, parameters: dict[str, str], _body: bytes) -> web.Response:
        meeting = self.meetings.open.get(parameters["meetingID"])
        return _not_found() if meeting is None else success(_about(meeting))

    def _all(self, _parameters: dict[str, str], _body: bytes) -> web.Response:
        meetings = "".join(f"<meeting>{_about(each)}</meeting>" for each in self.meetings.open.values())
        return success(f"<meetings>{meetings}</meetings>")

    def _tell_over(self, meeting: Meeting) -> None:
        if address := meeting.parameters.get("meetingEndedURL"):
            task = asyncio.get_running_loop().create_task(_call(address))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def _call(address: str) -> None:
    mark = "&" if "?" in address else "?"
    async with ClientSession() as session:
        for _ in range(_ENDED_CALLS):
            with suppress(ClientError, OSError):
                async with session.get(f"{address}{mark}recordingmarks=false") as answer:
                    await answer.read()


def success(inner: str = "") -> web.Response:
    """What was asked is done."""
    text = f"<response><returncode>SUCCESS</returncode>{inner}</response>"
    return web.Response(text=text, content_type="text/xml")


def failed(key: str, message: str) -> web.Response:
    """It is not, and why."""
    inner = _elements({"messageKey": key, "message": message})
    return web.Response(text=f"<response><returncode>FAILED</returncode>{inner}</response>", content_type="text/xml")


def _not_found() -> web.Response:
    return failed("notFound", "We could not find a meeting with that meeting ID")


def _about(meeting: Meeting) -> str:
    fields = {
        "meetingName": meeting.name,
        "meetingID": meeting.parameters["meetingID"],
        "internalMeetingID": meeting.internal_id,
        "createTime": meeting.create_time,
        "attendeePW": "ap",
        "moderatorPW": "mp",
        "running": _word(meeting.has_run),
        "recording": "false",
        "endTime": 0,
        "participantCount": len(meeting.attendees),
        "moderatorCount": sum(each.leads for each in meeting.comers),
    }
    people = "".join(
        f"<attendee>{_elements({'userID': one.user_id, 'fullName': one.full_name, 'role': one.role})}</attendee>"
        for one in meeting.attendees
    )
    meta = {key[5:]: text for key, text in meeting.parameters.items() if key.startswith("meta_")}
    return f"{_elements(fields)}<attendees>{people}</attendees><metadata>{_elements(meta)}</metadata>"


def _elements(values: dict[str, object] | dict[str, str]) -> str:
    return "".join(_element(name, value) for name, value in values.items())


def _element(name: str, value: object) -> str:
    return f"<{name}>{escape(str(value))}</{name}>"


def _word(is_so: bool) -> str:
    return "true" if is_so else "false"
