"""Sending a file that somebody has shared: piece by piece, and shown only if it is what it says and can do no harm."""

from collections.abc import AsyncIterator, Collection
from urllib.parse import quote

from aiohttp import ClientError, web

from appservice.web.headers import secure_file
from appservice.web.visit import Visit
from school.domain.shelf_files import BEGINNING_BYTES, PDF, UNKNOWN_TYPE, looks_like


async def send_file(
    visit: Visit, pieces: AsyncIterator[bytes], *, name: str, shown_as: Collection[str] = ()
) -> web.StreamResponse:
    """Answers with a file. If it begins as files of one of the types `shown_as` do, the browser may show it; else it is
    kept on the disk of whoever asks."""
    beginning = b""
    async for piece in pieces:
        beginning += piece
        if len(beginning) >= BEGINNING_BYTES:
            break
    media_type = looks_like(beginning, shown_as)
    response = web.StreamResponse()
    response.content_type = media_type or UNKNOWN_TYPE
    response.headers["Content-Disposition"] = disposition("inline" if media_type else "attachment", name)
    secure_file(response, visit.site, locked_in=media_type != PDF)
    try:
        await response.prepare(visit.request)
        await response.write(beginning)
        async for piece in pieces:
            await response.write(piece)
    except (ClientError, ConnectionError, TimeoutError):
        # Half a file must not look like a whole one.
        if visit.request.transport is not None:
            visit.request.transport.abort()
    return response


def disposition(how: str, name: str) -> str:
    """RFC 6266: the name for browsers of today, and one that all understand."""
    plain = name.encode("ascii", "replace").decode().translate(str.maketrans('"\\?', "___"))
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
