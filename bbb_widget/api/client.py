"""The client. Every call here may be repeated without harm (`create` and `end` say that there is nothing more to do),
so each is tried again when nobody answers; a `join` is an address for a browser and asks nobody."""

from ssl import SSLContext
from typing import Final, Self
from xml.etree.ElementTree import Element, SubElement, tostring

import stamina
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, TCPConnector
from yarl import URL

from bbb_widget.api import answers
from bbb_widget.api.errors import BbbRefusedError, BbbUnreachableError
from bbb_widget.api.server import BbbServer
from bbb_widget.api.values import Created, Document, Joining, MeetingInfo, NewMeeting

_TRIES: Final = 3
_PAUSE_SECONDS: Final = 0.3
_LARGEST_ANSWER: Final = 8 * 1024 * 1024
_NOT_FOUND: Final = "notFound"


class Bbb:
    """One server. Use as an async context manager. `trust`: whose certificates count, if not the system's."""

    def __init__(
        self,
        server: BbbServer,
        *,
        tries: int = _TRIES,
        pause_seconds: float = _PAUSE_SECONDS,
        trust: SSLContext | None = None,
    ) -> None:
        self._server = server
        self._trust = trust
        self._retry = stamina.AsyncRetryingCaller(
            attempts=tries,
            timeout=tries * server.timeout_seconds,
            wait_initial=pause_seconds,
            wait_jitter=pause_seconds,
        ).on(BbbUnreachableError)

    async def __aenter__(self) -> Self:
        self._session = ClientSession(
            connector=TCPConnector(ssl=self._trust or True), timeout=ClientTimeout(total=self._server.timeout_seconds)
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def create(self, meeting: NewMeeting) -> Created:
        """Makes a meeting; one that is there already with the same parameters is left as it is.

        Raises:
            BbbError: one of its kinds, as with every call.
        """
        return answers.created(await self._ask("create", meeting.parameters(), _slides(meeting)))

    async def end(self, meeting_id: str) -> bool:
        """Ends a meeting for everybody; False: there is none."""
        try:
            await self._ask("end", {"meetingID": meeting_id})
        except BbbRefusedError as error:
            if error.message_key == _NOT_FOUND:
                return False
            raise
        return True

    async def is_running(self, meeting_id: str) -> bool:
        """Whether somebody has come into a meeting that has not ended."""
        return answers.is_running(await self._ask("isMeetingRunning", {"meetingID": meeting_id}))

    async def info(self, meeting_id: str) -> MeetingInfo | None:
        """A meeting and who is in it; None: there is none."""
        try:
            return answers.meeting(await self._ask("getMeetingInfo", {"meetingID": meeting_id}))
        except BbbRefusedError as error:
            if error.message_key == _NOT_FOUND:
                return None
            raise

    async def meetings(self) -> list[MeetingInfo]:
        """Every meeting on the server. A large answer: for looking around, not for asking often."""
        return answers.meetings(await self._ask("getMeetings", {}))

    def join_address(self, joining: Joining) -> str:
        """Where a browser comes in. Personal; it never stands in a log."""
        return f"{self._server.address('join')}?{self._server.signed('join', joining.parameters())}"

    async def _ask(self, call: str, parameters: dict[str, str], body: bytes | None = None) -> Element:
        # What is signed is sent as it stands: left to itself, aiohttp would write some signs of it anew.
        address = URL(f"{self._server.address(call)}?{self._server.signed(call, parameters)}", encoded=True)
        return await self._retry(self._once, address, body)

    async def _once(self, address: URL, body: bytes | None) -> Element:
        try:
            if body is None:
                request = self._session.get(address, allow_redirects=False)
            else:
                request = self._session.post(
                    address, data=body, headers={"Content-Type": "application/xml"}, allow_redirects=False
                )
            async with request as response:
                return answers.read_answer(await _content(response))
        except (ClientError, TimeoutError, OSError) as error:
            raise BbbUnreachableError(f"BigBlueButton cannot be reached ({type(error).__name__}).") from None


async def _content(response: ClientResponse) -> bytes:
    if response.status >= 500:
        raise BbbUnreachableError(f"BigBlueButton is not well: it answers HTTP {response.status}.")
    content = await response.content.read(_LARGEST_ANSWER + 1)
    while not response.content.at_eof() and len(content) <= _LARGEST_ANSWER:
        content += await response.content.read(_LARGEST_ANSWER + 1 - len(content))
    if len(content) > _LARGEST_ANSWER:
        raise BbbUnreachableError("What answers at bbb.url sends too much to be BigBlueButton.")
    return content


def _slides(meeting: NewMeeting) -> bytes | None:
    """The body of `create` with slides (API reference, "preupload slides"). The checksum does not cover it."""
    if not meeting.documents:
        return None
    modules = Element("modules")
    module = SubElement(modules, "module", name="presentation")
    for document in meeting.documents:
        SubElement(module, "document", _attributes(document))
    return bytes(tostring(modules, encoding="utf-8", xml_declaration=True))


def _attributes(document: Document) -> dict[str, str]:
    downloadable = "true" if document.downloadable else "false"
    return {"url": document.url, "filename": document.filename, "downloadable": downloadable}
