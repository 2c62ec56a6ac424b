"""Files that arrive in parts: the server's side of tus 1.0.0, its core with creation and termination (tus.io).

A script of the page announces a file (POST), asks how much of it has arrived (HEAD), brings the rest (PATCH) and, when
the connection was lost, asks and brings again. Each of these asks anew whether somebody may hand in, and whose the file
is.
"""

import asyncio
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import AsyncIterator
from typing import Final

from aiohttp import ClientError, web

from appservice.web.problems import Problem
from appservice.web.problems import Trouble as WebTrouble
from appservice.web.visit import Visit
from school.database.task_files import Spot, Upload, read_upload
from school.texts import Texts
from tasks.answers import Trouble
from tasks.file_kinds import FileFault
from tasks.scanning import ScannerDownError
from tasks.threads import EndedError
from tasks.uploads import WrongOffsetError
from tasks.web.parts import PageParts, page_of, task_in

VERSION: Final = "1.0.0"
_TYPE: Final = "application/offset+octet-stream"
_PIECE: Final = 64 * 1024
_SILENCE_SECONDS: Final = 60.0
_LONGEST_METADATA: Final = 2048


class UploadPage:
    """For the script of the page on which somebody works."""

    def __init__(self, parts: PageParts) -> None:
        self._parts = parts

    async def announce(self, visit: Visit) -> web.Response:
        """Somebody will bring a file (creation)."""
        spot = await self._spot(visit)
        if isinstance(spot, web.Response):
            return spot
        size = _number(visit, "Upload-Length")
        upload = await self._parts.uploads.announce(spot, visit.person.id, _name_in(visit), size)
        if isinstance(upload, FileFault):
            return self._fault(visit, upload)
        where = visit.site.path(f"{page_of(task_in(visit))}/uploads/{upload.id}")
        return _answer(201, {"Location": where, "Upload-Offset": "0"})

    async def look(self, visit: Visit) -> web.Response:
        """How much of it has arrived (core, HEAD)."""
        upload = await self._upload(visit)
        if isinstance(upload, web.Response):
            return upload
        received = await self._parts.uploads.received(upload)
        return _answer(200, {"Upload-Offset": str(received), "Upload-Length": str(upload.size)})

    async def take(self, visit: Visit) -> web.Response:
        """A part of it (core, PATCH)."""
        upload = await self._upload(visit)
        if isinstance(upload, web.Response):
            return upload
        if visit.request.content_type != _TYPE:
            return _answer(415)
        offset = _number(visit, "Upload-Offset")
        try:
            progress = await self._parts.uploads.take(upload, offset, _arriving(visit.request))
        except (WrongOffsetError, EndedError):
            return _answer(409)
        except (ClientError, ConnectionError, TimeoutError) as error:
            raise Problem(WebTrouble.TOO_SLOW) from error
        except ScannerDownError as error:
            raise Problem(WebTrouble.TRY_AGAIN, wait_seconds=30) from error
        if progress.fault is not None:
            return self._fault(visit, progress.fault)
        return _answer(204, {"Upload-Offset": str(progress.received)})

    async def give_up(self, visit: Visit) -> web.Response:
        """It will not be brought (termination)."""
        upload = await self._upload(visit)
        if isinstance(upload, web.Response):
            return upload
        await self._parts.uploads.give_up(upload)
        return _answer(204)

    async def _spot(self, visit: Visit) -> Spot | web.Response:
        """Where the file belongs, or what the script is told."""
        visit.by_script()
        if visit.request.headers.get("Tus-Resumable") != VERSION:
            return _answer(412, {"Tus-Version": VERSION})
        answer, spot = await self._parts.working.spot(visit.person, task_in(visit))
        if spot is not None:
            return spot
        if answer.decision is None:
            raise Problem(WebTrouble.NOT_FOUND)
        if answer.decision.reason is not None:
            return _error(403, Texts(visit.texts.language).refusal(answer.decision.reason))
        return _error(422, self._parts.wrong(visit, answer.trouble or Trouble.UNKNOWN))

    async def _upload(self, visit: Visit) -> Upload | web.Response:
        spot = await self._spot(visit)
        if isinstance(spot, web.Response):
            return spot
        async with self._parts.book.reading() as connection:
            upload = await read_upload(connection, visit.request.match_info["upload"])
        if upload is None or upload.by != visit.person.id or upload.spot.hand_in != spot.hand_in:
            raise Problem(WebTrouble.NOT_FOUND)
        return upload

    def _fault(self, visit: Visit, fault: FileFault) -> web.Response:
        return _error(422, self._parts.wrong(visit, fault))


def _error(status: int, sentence: str) -> web.Response:
    return web.json_response({"error": sentence}, status=status, headers={"Tus-Resumable": VERSION})


async def _arriving(request: web.Request) -> AsyncIterator[bytes]:
    while piece := await asyncio.wait_for(request.content.read(_PIECE), _SILENCE_SECONDS):
        yield piece


def _answer(status: int, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(status=status, headers={"Tus-Resumable": VERSION} | (headers or {}))


def _number(visit: Visit, header: str) -> int:
    given = visit.request.headers.get(header, "")
    if not given.isascii() or not given.isdigit() or len(given) > 15:
        raise Problem(WebTrouble.MALFORMED)
    return int(given)


def _name_in(visit: Visit) -> str:
    """The file's name in `Upload-Metadata`: pairs of a key and a value in base64."""
    given = visit.request.headers.get("Upload-Metadata", "")
    if len(given) > _LONGEST_METADATA:
        raise Problem(WebTrouble.MALFORMED)
    for pair in given.split(","):
        key, _, value = pair.strip().partition(" ")
        if key == "filename":
            try:
                return b64decode(value, validate=True).decode()
            except (Base64Error, ValueError) as error:
                raise Problem(WebTrouble.MALFORMED) from error
    return ""
