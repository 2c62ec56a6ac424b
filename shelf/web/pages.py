"""`/shelf` and `/shelf/{group}`: which shelves there are, and what lies on one; putting something there; folders."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Final, Protocol

from aiohttp import web

from appservice.homeserver import RefusedError, TryLaterError
from appservice.web.forms import TOKEN
from appservice.web.problems import Problem, Trouble
from appservice.web.uploads import SentFile
from appservice.web.visit import Visit
from school.domain.groups import GroupId
from school.domain.people import UserId
from school.domain.shelf import LONGEST_FOLDER_NAME, Folder, FolderId, Order, Wish
from shelf.desk import NewFile, Shared, Shelf, ShelfDesk
from shelf.web.words import told

ON_A_PAGE: Final = 50
MOST_FILES: Final = 20
DONE: Final = frozenset({"shared", "waits", "made", "renamed", "removed", "put"})
"""What may have been done. Each has a sentence."""
_LONGEST_WORDS: Final = 100
_LARGEST: Final = 50 * 1024 * 1024
"""Where the homeserver does not say how large a file may be."""


class Limits(Protocol):
    """How large files may be."""

    async def largest_file(self, user_id: UserId) -> int | None: ...


class ShelfPages:
    """Each shows what the desk says."""

    def __init__(self, *, desk: ShelfDesk, limits: Limits) -> None:
        self._desk = desk
        self._limits = limits
        self._sharing: set[UserId] = set()

    async def all(self, visit: Visit) -> web.Response:
        """Which shelves there are."""
        return visit.page("shelf_all.html", groups=await self._desk.shelves(visit.person))

    async def show(self, visit: Visit) -> web.Response:
        """One shelf."""
        return await self._page(visit, await self.shelf(visit))

    async def share(self, visit: Visit) -> web.Response:
        """Puts files on a shelf."""
        shelf = await self.shelf(visit)
        try:
            most_bytes = await self._limits.largest_file(visit.person.user_id) or _LARGEST
        except RefusedError:
            most_bytes = _LARGEST
        with self._one_at_a_time(visit.person.user_id):
            return await self._share_all(visit, shelf, most_bytes)

    @contextmanager
    def _one_at_a_time(self, user_id: UserId) -> Iterator[None]:
        """Files that are on their way lie on our disk: nobody fills it alone.

        Raises:
            Problem: somebody is sharing something already.
        """
        if user_id in self._sharing:
            raise Problem(Trouble.TOO_MANY, wait_seconds=5)
        self._sharing.add(user_id)
        try:
            yield
        finally:
            self._sharing.discard(user_id)

    async def _share_all(self, visit: Visit, shelf: Shelf, most_bytes: int) -> web.Response:
        async with visit.files(most_bytes=most_bytes, most=MOST_FILES) as form:
            folder = shelf.folder(form.text("folder"))
            once = sha256(form.text(TOKEN).encode()).hexdigest()[:32]
            shared = [
                await self._share(visit, shelf, sent, folder, f"{once}-{number}", most_bytes)
                for number, sent in enumerate(form.files)
            ]
        wrong = [each for each in shared if each.refused is not None]
        if not shared or wrong:
            said = [visit.texts.say("shelf.refused", name=each.name, why=each.refused or "") for each in wrong]
            return await self._page(visit, shelf, said or [visit.texts.say("shelf.no_file")])
        return self._back(visit, shelf, "waits" if any(each.waits for each in shared) else "shared", folder)

    async def make_folder(self, visit: Visit) -> web.Response:
        """Makes a folder."""
        shelf = await self._to_tidy(visit)
        name = (await visit.form()).text("name")
        if await self._desk.make_folder(visit.person, shelf, name):
            return self._back(visit, shelf, "made")
        return await self._page(visit, shelf, [visit.texts.say("shelf.folder_name", most=LONGEST_FOLDER_NAME)])

    async def change_folder(self, visit: Visit) -> web.Response:
        """Gives a folder another name, or takes it away."""
        shelf = await self._to_tidy(visit)
        form = await visit.form()
        folder = shelf.folder(visit.request.match_info["folder"])
        if folder is None:
            raise Problem(Trouble.NOT_FOUND)
        if form.is_set("remove"):
            await self._desk.remove_folder(visit.person, shelf, folder)
            return self._back(visit, shelf, "removed")
        if await self._desk.rename_folder(visit.person, shelf, folder, form.text("name")):
            return self._back(visit, shelf, "renamed", folder)
        return await self._page(visit, shelf, [visit.texts.say("shelf.folder_name", most=LONGEST_FOLDER_NAME)])

    async def shelf(self, visit: Visit) -> Shelf:
        """The shelf that an address names.

        Raises:
            Problem: there is none for this visitor.
        """
        shelf = await self._desk.open(visit.person, GroupId(visit.request.match_info["group"]))
        if shelf is None:
            raise Problem(Trouble.NOT_FOUND)
        return shelf

    async def _to_tidy(self, visit: Visit) -> Shelf:
        shelf = await self.shelf(visit)
        if not shelf.may_tidy:
            raise Problem(Trouble.NOT_FOUND)
        return shelf

    async def _share(
        self, visit: Visit, shelf: Shelf, sent: SentFile, folder: Folder | None, once: str, most_bytes: int
    ) -> Shared:
        if sent.file is None:
            most = visit.texts.number(most_bytes // 1_000_000)
            return Shared(name=sent.name, refused=visit.texts.say("shelf.too_large", most=most))
        new = NewFile(name=sent.name, media_type=sent.media_type, size=sent.size, file=sent.file, once=once)
        try:
            return await self._desk.share(visit.person, shelf, new, folder)
        except TryLaterError:
            return Shared(name=sent.name, refused=visit.texts.say("shelf.later"))

    def _back(self, visit: Visit, shelf: Shelf, done: str, folder: Folder | None = None) -> web.Response:
        inside = "" if folder is None else f"&folder={folder.id}"
        return visit.go(f"/shelf/{shelf.group.id}?done={done}{inside}")

    async def _page(self, visit: Visit, shelf: Shelf, wrong: Sequence[str] = ()) -> web.Response:
        folder = shelf.folder(visit.asked("folder"))
        wish = _wish(visit, folder)
        contents = await self._desk.contents(shelf, wish)
        pages = max(1, -(-len(contents.files) // ON_A_PAGE))
        number = min(_number(visit.asked("page")), pages)
        shown = contents.files[(number - 1) * ON_A_PAGE : number * ON_A_PAGE]
        return visit.page(
            "shelf_group.html",
            shelf=shelf,
            folder=folder,
            wish=wish,
            orders=[order.value for order in Order],
            files=[told(file, shelf, contents.names, visit) for file in shown],
            count=len(contents.files),
            number_of_page=number,
            pages=pages,
            done=visit.asked("done") if visit.asked("done") in DONE else None,
            wrong=wrong,
        )


def _wish(visit: Visit, folder: Folder | None) -> Wish:
    order = visit.asked("order")
    return Wish(
        order=Order(order) if order in set(Order) else Order.NEWEST,
        words=visit.asked("words")[:_LONGEST_WORDS],
        folder=None if folder is None else FolderId(folder.id),
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 6 and int(text) > 0 else 1
