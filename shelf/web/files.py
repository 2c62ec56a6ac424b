"""`/shelf/{group}/files/{file}`: one file, shown small or whole, taken along, put into a folder."""

from collections.abc import Collection
from typing import Final, Protocol

from aiohttp import web

from appservice.homeserver import NotThereError, RefusedError
from appservice.media import Pieces
from appservice.web.problems import Problem, Trouble
from appservice.web.sending import send_file
from appservice.web.visit import Visit
from school.domain.people import UserId
from school.domain.shelf import SharedFile
from school.domain.shelf_files import PICTURES, can_be_shown
from shelf.desk import Shelf, ShelfDesk
from shelf.index import ShelfIndex
from shelf.web.pages import ShelfPages
from shelf.web.words import address_of, event_of, told

_PIXELS: Final = 96
_SMALL_BYTES: Final = 500_000
"""So small a picture is shown itself where there is no smaller one."""


class Files(Protocol):
    """The homeserver's files."""

    def file(self, uri: str, *, as_user: UserId) -> Pieces: ...

    def thumbnail(self, uri: str, pixels: int, *, as_user: UserId) -> Pieces: ...


class FilePages:
    """Each asks the shelf first, and so whether its visitor sees it now."""

    def __init__(self, *, pages: ShelfPages, desk: ShelfDesk, index: ShelfIndex, files: Files) -> None:
        self._pages = pages
        self._desk = desk
        self._index = index
        self._files = files

    async def show(self, visit: Visit) -> web.Response:
        """What there is to know of a file."""
        shelf, file = await self._find(visit)
        names = await self._desk.names(shelf)
        return visit.page(
            "shelf_file.html",
            shelf=shelf,
            file=told(file, shelf, names, visit),
            folder=file.folder,
            done="put" if visit.asked("done") == "put" else None,
        )

    async def take(self, visit: Visit) -> web.StreamResponse:
        """The file, to keep."""
        _, file = await self._find(visit)
        return await self._send(visit, file, self._files.file(file.uri, as_user=visit.person.user_id))

    async def view(self, visit: Visit) -> web.StreamResponse:
        """The file, to look at, if it is of a type that can be shown."""
        _, file = await self._find(visit)
        if not can_be_shown(file.media_type):
            raise Problem(Trouble.NOT_FOUND)
        whole = self._files.file(file.uri, as_user=visit.person.user_id)
        return await self._send(visit, file, whole, shown_as=[file.media_type])

    async def thumbnail(self, visit: Visit) -> web.StreamResponse:
        """A small picture of a picture."""
        _, file = await self._find(visit)
        if file.media_type not in PICTURES:
            raise Problem(Trouble.NOT_FOUND)
        try:
            async with self._files.thumbnail(file.uri, _PIXELS, as_user=visit.person.user_id) as content:
                return await send_file(visit, content, name=file.name, shown_as=PICTURES)
        except (NotThereError, RefusedError) as error:  # it makes none of what was not called a picture when it came
            if file.size is None or file.size > _SMALL_BYTES:
                raise Problem(Trouble.NOT_FOUND) from error
        return await self.view(visit)

    async def put(self, visit: Visit) -> web.Response:
        """Puts a file into a folder, or out of any."""
        shelf, file = await self._find(visit)
        form = await visit.form()
        if not shelf.may_tidy:
            raise Problem(Trouble.NOT_FOUND)
        wanted = form.text("folder")
        folder = shelf.folder(wanted)
        if wanted and folder is None:
            raise Problem(Trouble.NOT_FOUND)
        await self._desk.put(shelf, file, folder)
        return visit.go(f"/shelf/{shelf.group.id}/files/{address_of(file.event_id)}?done=put")

    async def _find(self, visit: Visit) -> tuple[Shelf, SharedFile]:
        shelf = await self._pages.shelf(visit)
        file = await self._desk.file(shelf, event_of(visit.request.match_info["file"]))
        if file is None:
            raise Problem(Trouble.NOT_FOUND)
        return shelf, file

    async def _send(
        self, visit: Visit, file: SharedFile, pieces: Pieces, *, shown_as: Collection[str] = ()
    ) -> web.StreamResponse:
        try:
            async with pieces as content:
                return await send_file(visit, content, name=file.name, shown_as=shown_as)
        except (NotThereError, RefusedError) as error:
            await self._index.doubt(file.room_id, file.event_id)
            raise Problem(Trouble.NOT_FOUND) from error
