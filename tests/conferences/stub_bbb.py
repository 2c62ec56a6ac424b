"""The simulated BigBlueButton (`bbb_widget.simulated`) as tests need it: it remembers what it was asked, breaks when it
is told to, and somebody can leave by themselves.

As a program: `python stub_bbb.py SECRET PORT [CERTIFICATE KEY]`. Beside BigBlueButton's own API it has
`GET /stub/calls` (what was asked so far, how long each answer took, what there is),
`POST /stub/leave?meetingID=…&userID=…[&still_waits=1]`, `POST /stub/end?meetingID=…` and `POST /stub/broken?on=1`.
"""

import ssl
import sys
from time import perf_counter
from typing import Any, Final
from urllib.parse import parse_qsl

from aiohttp import web

from bbb_widget.simulated import SimulatedBbb

PREFIX: Final = "/bigbluebutton"
_FORM: Final = "application/x-www-form-urlencoded"


class StubBbb(SimulatedBbb):
    """`calls` are what was asked with a right checksum: call and parameters."""

    def __init__(self, secret: str) -> None:
        super().__init__(secret, prefix=PREFIX)
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.seconds: list[float] = []
        self.refused = 0
        self.broken = False

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes(self.routes())
        app.router.add_get("/stub/calls", self._calls)
        app.router.add_post("/stub/leave", self._leave)
        app.router.add_post("/stub/end", self._end_by_itself)
        app.router.add_post("/stub/broken", self._break)
        return app

    async def answer(self, request: web.Request) -> web.Response:
        if self.broken:
            return web.Response(status=503, text="broken")
        began = perf_counter()
        answer = await super().answer(request)
        self.seconds.append(perf_counter() - began)
        if "checksumError" in (answer.text or ""):
            self.refused += 1
            return answer
        in_form = not request.rel_url.raw_query_string and request.content_type == _FORM
        asked = await request.text() if in_form else request.rel_url.raw_query_string
        parameters = dict(parse_qsl(asked, keep_blank_values=True))
        parameters.pop("checksum")
        self.calls.append((request.match_info["call"], parameters))
        return answer

    async def _calls(self, _request: web.Request) -> web.Response:
        meetings: dict[str, Any] = {
            meeting_id: {
                "name": each.name,
                "attendees": [vars(one) for one in each.attendees],
                "lobby": [vars(one) for one in each.lobby],
                "parameters": each.parameters,
                "slides": each.slides.decode(),
            }
            for meeting_id, each in self.meetings.open.items()
        }
        seen = {"calls": self.calls, "seconds": self.seconds, "refused": self.refused, "meetings": meetings}
        return web.json_response(seen)

    async def _leave(self, request: web.Request) -> web.Response:
        meeting, who = self.meetings.open[request.query["meetingID"]], request.query["userID"]
        self.meetings.leave(meeting, who, still_waits=request.query.get("still_waits") == "1")
        return web.Response()

    async def _end_by_itself(self, request: web.Request) -> web.Response:
        self.meetings.end(request.query["meetingID"])
        return web.Response()

    async def _break(self, request: web.Request) -> web.Response:
        self.broken = request.query.get("on") == "1"
        return web.Response()


def main() -> None:
    secret, port, *files = sys.argv[1:]
    context = None
    if files:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
    web.run_app(StubBbb(secret).app(), host="127.0.0.1", port=int(port), ssl_context=context, print=None)


if __name__ == "__main__":
    main()
