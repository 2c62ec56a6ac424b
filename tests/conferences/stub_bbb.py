"""A server that answers what BigBlueButton 3 answers, for tests: it keeps meetings in memory, checks every checksum by
code of its own, refuses joins that a real one refuses, and calls back three times when a meeting ends.

As a program: `python stub_bbb.py SECRET PORT [CERTIFICATE KEY]`. Beside BigBlueButton's own API it has
`GET /stub/calls` (what was asked so far), `POST /stub/leave?meetingID=…&userID=…`,
`POST /stub/end?meetingID=…` and `POST /stub/broken?on=1`.
"""

import asyncio
import hashlib
import hmac
import ssl
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from aiohttp import ClientError, ClientSession, web

PREFIX: Final = "/bigbluebutton/api"
ALGORITHMS: Final = ("sha1", "sha256", "sha384", "sha512")


def element(name: str, value: object) -> str:
    return f"<{name}>{escape(str(value))}</{name}>"


def success(inner: str = "") -> web.Response:
    text = f"<response><returncode>SUCCESS</returncode>{inner}</response>"
    return web.Response(text=text, content_type="text/xml")


def failed(key: str, message: str) -> web.Response:
    inner = element("messageKey", key) + element("message", message)
    return web.Response(text=f"<response><returncode>FAILED</returncode>{inner}</response>", content_type="text/xml")


@dataclass
class Attendee:
    user_id: str
    full_name: str
    role: str
    guest: bool

    def xml(self) -> str:
        inner = element("userID", self.user_id) + element("fullName", self.full_name) + element("role", self.role)
        return f"<attendee>{inner}</attendee>"


@dataclass
class Meeting:
    parameters: dict[str, str]
    create_time: int
    slides: bytes = b""
    attendees: list[Attendee] = field(default_factory=list)
    lobby: list[Attendee] = field(default_factory=list)
    has_run: bool = False

    def xml(self) -> str:
        has = {
            "meetingName": self.parameters["name"],
            "meetingID": self.parameters["meetingID"],
            "internalMeetingID": internal_id(self),
            "createTime": self.create_time,
            "attendeePW": "ap",
            "moderatorPW": "mp",
            "running": str(self.has_run).lower(),
            "recording": "false",
            "endTime": 0,
            "participantCount": len(self.attendees),
            "moderatorCount": sum(each.role == "MODERATOR" for each in self.attendees),
        }
        people = "".join(each.xml() for each in self.attendees)
        meta = "".join(element(key[5:], text) for key, text in self.parameters.items() if key.startswith("meta_"))
        fields = "".join(element(name, value) for name, value in has.items())
        return f"{fields}<attendees>{people}</attendees><metadata>{meta}</metadata>"


def internal_id(meeting: Meeting) -> str:
    named = meeting.parameters["meetingID"].encode()
    return f"{hashlib.sha1(named).hexdigest()}-{meeting.create_time}"


@dataclass
class StubBbb:
    """The server. `calls` are what was asked with a right checksum: call and parameters."""

    secret: str
    meetings: dict[str, Meeting] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    refused: int = 0
    broken: bool = False
    ended_calls: int = 3

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", PREFIX + "/{call}", self.answer)
        app.router.add_get("/stub/calls", self._calls)
        app.router.add_post("/stub/leave", self._leave)
        app.router.add_post("/stub/end", self._end_by_itself)
        app.router.add_post("/stub/broken", self._break)
        app.on_cleanup.append(self._stop)
        self._tasks: set[asyncio.Task[None]] = set()
        return app

    def asked(self, call: str) -> list[dict[str, str]]:
        return [parameters for name, parameters in self.calls if name == call]

    # BigBlueButton's side

    async def answer(self, request: web.Request) -> web.Response:
        call, query, body = request.match_info["call"], request.rel_url.raw_query_string, await request.read()
        if self.broken:
            return web.Response(status=503, text="broken")
        form = request.content_type == "application/x-www-form-urlencoded"
        if not query and request.method == "POST" and form:
            query, body = body.decode(), b""
        if not self._is_signed(call, query):
            self.refused += 1
            return failed("checksumError", "Checksums do not match")
        parameters = dict(parse_qsl(query, keep_blank_values=True))
        parameters.pop("checksum")
        self.calls.append((call, parameters))
        known = {
            "create": self._create,
            "join": self._join,
            "end": self._end,
            "isMeetingRunning": self._is_running,
            "getMeetingInfo": self._info,
            "getMeetings": self._all,
        }
        if call not in known:
            return failed("unsupportedRequest", "This request is not supported.")
        return known[call](parameters, body)

    def _is_signed(self, call: str, query: str) -> bool:
        parts = query.split("&")
        sums = [part.removeprefix("checksum=") for part in parts if part.startswith("checksum=")]
        signed = "&".join(part for part in parts if not part.startswith("checksum="))
        right = [hashlib.new(name, f"{call}{signed}{self.secret}".encode()).hexdigest() for name in ALGORITHMS]
        return any(hmac.compare_digest(one, each) for one in sums for each in right)

    def _create(self, parameters: dict[str, str], slides: bytes) -> web.Response:
        known = self.meetings.get(parameters["meetingID"])
        if known is not None and known.parameters != parameters:
            return failed("idNotUnique", "A meeting already exists with that meeting ID and other parameters.")
        if known is None:
            known = Meeting(parameters=parameters, create_time=int(time.time() * 1000), slides=slides)
            self.meetings[parameters["meetingID"]] = known
            key = ""
        else:
            key = "duplicateWarning"
        answers = {
            "meetingID": parameters["meetingID"],
            "internalMeetingID": internal_id(known),
            "attendeePW": "ap",
            "moderatorPW": "mp",
            "createTime": known.create_time,
            "hasUserJoined": str(known.has_run).lower(),
            "messageKey": key,
        }
        return success("".join(element(name, value) for name, value in answers.items()))

    def _join(self, parameters: dict[str, str], _body: bytes) -> web.Response:
        meeting = self.meetings.get(parameters["meetingID"])
        if meeting is None:
            return failed("notFound", "We could not find a meeting with that meeting ID")
        if parameters.get("createTime", str(meeting.create_time)) != str(meeting.create_time):
            return failed("mismatchCreateTimeParam", "The createTime parameter submitted mismatches the current one.")
        comer = Attendee(
            parameters.get("userID", ""),
            parameters["fullName"],
            parameters.get("role", "VIEWER"),
            parameters.get("guest") == "true",
        )
        if comer.guest and meeting.parameters.get("guestPolicy") == "ASK_MODERATOR":
            meeting.lobby.append(comer)
            return web.Response(text=f"<h1>Lobby</h1><p>{escape(comer.full_name)}</p>", content_type="text/html")
        meeting.attendees = [each for each in meeting.attendees if each.user_id != comer.user_id] + [comer]
        meeting.has_run = True
        text = f"<h1>{escape(meeting.parameters['name'])}</h1><p>{escape(comer.full_name)}: {comer.role}</p>"
        return web.Response(text=text, content_type="text/html")

    def _end(self, parameters: dict[str, str], _body: bytes) -> web.Response:
        if not self.end(parameters["meetingID"]):
            return failed("notFound", "We could not find a meeting with that meeting ID")
        return success(element("messageKey", "sentEndMeetingRequest"))

    def _is_running(self, parameters: dict[str, str], _body: bytes) -> web.Response:
        meeting = self.meetings.get(parameters["meetingID"])
        return success(element("running", str(meeting is not None and meeting.has_run).lower()))

    def _info(self, parameters: dict[str, str], _body: bytes) -> web.Response:
        meeting = self.meetings.get(parameters["meetingID"])
        if meeting is None:
            return failed("notFound", "We could not find a meeting with that meeting ID")
        return success(meeting.xml())

    def _all(self, _parameters: dict[str, str], _body: bytes) -> web.Response:
        return success(f"<meetings>{''.join(f'<meeting>{each.xml()}</meeting>' for each in self._open())}</meetings>")

    def _open(self) -> Iterator[Meeting]:
        yield from self.meetings.values()

    # What happens in meetings

    def end(self, meeting_id: str) -> bool:
        """The meeting is over, whoever said so; its address for that is called, more often than once."""
        meeting = self.meetings.pop(meeting_id, None)
        if meeting is not None and (address := meeting.parameters.get("meetingEndedURL")):
            task = asyncio.get_running_loop().create_task(self._tell(address))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return meeting is not None

    async def _tell(self, address: str) -> None:
        async with ClientSession() as session:
            for _ in range(self.ended_calls):
                mark = "&" if "?" in address else "?"
                with suppress(ClientError, OSError):
                    async with session.get(f"{address}{mark}recordingmarks=false") as answer:
                        await answer.read()

    def leave(self, meeting_id: str, user_id: str) -> None:
        """Somebody closes the window; without a moderator the meeting ends where it was told to."""
        meeting = self.meetings[meeting_id]
        meeting.attendees = [each for each in meeting.attendees if each.user_id != user_id]
        moderated = any(each.role == "MODERATOR" for each in meeting.attendees)
        if not moderated and meeting.parameters.get("endWhenNoModerator") == "true":
            self.end(meeting_id)

    async def _calls(self, _request: web.Request) -> web.Response:
        meetings: dict[str, Any] = {
            each.parameters["meetingID"]: {
                "name": each.parameters["name"],
                "attendees": [vars(one) for one in each.attendees],
                "lobby": [vars(one) for one in each.lobby],
                "parameters": each.parameters,
                "slides": each.slides.decode(),
            }
            for each in self._open()
        }
        return web.json_response({"calls": self.calls, "refused": self.refused, "meetings": meetings})

    async def _leave(self, request: web.Request) -> web.Response:
        self.leave(request.query["meetingID"], request.query["userID"])
        return web.Response()

    async def _end_by_itself(self, request: web.Request) -> web.Response:
        self.end(request.query["meetingID"])
        return web.Response()

    async def _break(self, request: web.Request) -> web.Response:
        self.broken = request.query.get("on") == "1"
        return web.Response()

    async def _stop(self, _app: web.Application) -> None:
        for task in list(self._tasks):
            task.cancel()


def main() -> None:
    secret, port, *files = sys.argv[1:]
    context = None
    if files:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
    web.run_app(StubBbb(secret).app(), host="127.0.0.1", port=int(port), ssl_context=context, print=None)


if __name__ == "__main__":
    main()
