"""`/task/{task}/file/{file}` gives one file out, `/task/{task}/all.zip` everything that was handed in."""

from collections.abc import AsyncIterator, Iterator
from typing import Final

from aiohttp import ClientError, web

from appservice.web.headers import secure_file
from appservice.web.problems import Problem, Trouble
from appservice.web.sending import disposition, send_file
from appservice.web.visit import Visit
from school.database.task_files import File
from school.domain.shelf_files import PICTURES
from tasks.archive import Words, packed
from tasks.file_names import folder_name
from tasks.opening import NoSuchTaskError, key_of
from tasks.sealed_file import BrokenFileError, SealedReader
from tasks.threads import in_thread, pieces_of
from tasks.web.parts import PageParts, task_in

ZIP_COLUMNS: Final = ("family_name", "given_name", "version", "when", "mark", "file", "sha256")


class FilePage:
    """Each asks the desk first, and so whether its visitor may have it now."""

    def __init__(self, parts: PageParts) -> None:
        self._parts = parts

    async def take(self, visit: Visit) -> web.StreamResponse:
        """The file, to keep; pictures and PDFs to look at."""
        decision, file = await self._parts.giving.find(visit.person, visit.request.match_info["file"])
        if file is None or file.spot.task != task_in(visit):
            return self._parts.refused(visit, decision)
        try:
            reader = await self._parts.giving.open(file)
        except (FileNotFoundError, NoSuchTaskError, BrokenFileError) as error:
            raise Problem(Trouble.NOT_FOUND) from error
        shown_as = PICTURES if visit.asked("look") else ()
        return await send_file(visit, pieces_of(reader), name=file.name, shown_as=shown_as)

    async def everything(self, visit: Visit) -> web.StreamResponse:
        """One archive, made while it is sent."""
        parts, say = self._parts, visit.texts.say
        answer, everything = await parts.checking.everything(visit.person, task_in(visit))
        if everything is None:
            return parts.refused(visit, answer.decision)
        async with parts.book.reading() as connection:
            keys = {file.id: await key_of(connection, parts.book.keys, file.spot) for file in everything.files}

        def open_file(file: File) -> SealedReader:
            return parts.store.reader(everything.task.id, file.blob, keys[file.id], file.size)

        words = Words(
            table=say("task.zip.table"),
            version=say("task.zip.version"),
            text=say("task.zip.text"),
            feedback=say("task.zip.feedback"),
            columns=[say(f"task.zip.column.{name}") for name in ZIP_COLUMNS],
        )
        made = packed(everything, open_file, words, zone=parts.view.zone, now=parts.book.now())
        return await _sent(visit, in_threads(made), f"{folder_name(everything.task.title)}.zip")


async def in_threads(made: Iterator[bytes]) -> AsyncIterator[bytes]:
    """What an iterator makes, each piece in a thread."""

    while (piece := await in_thread(next, made, None)) is not None:
        if piece:
            yield piece


async def _sent(visit: Visit, pieces: AsyncIterator[bytes], name: str) -> web.StreamResponse:
    response = web.StreamResponse()
    response.content_type = "application/zip"
    response.headers["Content-Disposition"] = disposition("attachment", name)
    secure_file(response, visit.site)
    try:
        await response.prepare(visit.request)
        async for piece in pieces:
            await response.write(piece)
    except (ClientError, ConnectionError, TimeoutError, FileNotFoundError, BrokenFileError):
        # Half an archive must not look like a whole one.
        if visit.request.transport is not None:
            visit.request.transport.abort()
    return response
