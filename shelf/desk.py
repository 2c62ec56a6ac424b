"""The desk of the shelves: everything that somebody sees or does there. The pages only ask it.

Who asks is looked at each time anew: whether they may be in rooms of the group, in the directory, and in which of its
rooms they are, on the homeserver. Who may not see a shelf does not learn whether there is one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any, BinaryIO, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from appservice.homeserver import HomeserverError, RefusedError
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.database import audit, held
from school.database.shelf import files_in, groups_of_rooms, names_of_senders, read_file, rooms_of_shelf
from school.database.shelf_folders import (
    add_folder,
    folders_of,
    put_into,
    remove_folder,
    rename_folder,
    was_delivered_as,
)
from school.domain.decisions import REASON_KEY
from school.domain.groups import Group, GroupId
from school.domain.people import Person, UserId
from school.domain.rooms import RoomKind
from school.domain.shelf import (
    MOST_FOLDERS,
    Folder,
    FolderId,
    SharedFile,
    Wish,
    arranged,
    folded,
    folder_name,
    may_look,
    may_tidy,
)
from school.domain.shelf_files import FileKind, kind_of, plain_name, type_of
from school.sealing import HELD_KEY
from shelf.index import ShelfIndex

_MSGTYPES = {FileKind.PICTURE: "m.image", FileKind.VIDEO: "m.video", FileKind.SOUND: "m.audio"}


class Messenger(Protocol):
    """What is asked of the homeserver."""

    async def joined_rooms(self, user_id: UserId) -> list[str]: ...

    async def put_file(self, file: BinaryIO, media_type: str, *, as_user: UserId) -> str: ...

    async def send(
        self, room_id: str, event_type: str, content: Mapping[str, Any], *, txn_id: str, as_user: UserId
    ) -> str: ...

    async def event(self, room_id: str, event_id: str, *, as_user: UserId) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The shelf of a group as one person sees it. `rooms` are those that they are in."""

    group: Group
    rooms: Mapping[str, RoomKind]
    folders: Sequence[Folder]
    may_tidy: bool

    @property
    def room_id(self) -> str | None:
        """Where what they put on the shelf is said."""
        return next((room_id for room_id, kind in self.rooms.items() if kind is RoomKind.GROUP), None)

    def folder(self, folder_id: str) -> Folder | None:
        """The folder of this id."""
        return next((folder for folder in self.folders if folder.id == folder_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """Files in order, and what those are called who shared them."""

    files: Sequence[SharedFile]
    names: Mapping[UserId, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """A file that somebody wants to share; name and type are what their browser says. `once` names this one attempt."""

    name: str
    media_type: str
    size: int
    file: BinaryIO
    once: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What became of a file: it waits for somebody's rest, or was refused in these words, or else is there."""

    name: str
    waits: bool = False
    refused: str | None = None


class ShelfDesk:
    """Shows shelves, and puts things on them."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        view: SchoolView,
        messenger: Messenger,
        index: ShelfIndex,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._view = view
        self._messenger = messenger
        self._index = index
        self._clock = clock

    async def shelves(self, person: Person) -> Sequence[Group]:
        """The groups whose shelves somebody sees, by their names.

        Raises:
            HomeserverError: it does not say in which rooms they are.
        """
        policy = self._view.now.policy
        joined = await self._messenger.joined_rooms(person.user_id)
        async with self._engine.connect() as connection:
            ids = await groups_of_rooms(connection, frozenset(joined))
        groups = [group for one in ids if (group := policy.directory.group(one)) is not None]
        seen = [group for group in groups if may_look(person, group.id, policy)]
        return sorted(seen, key=lambda group: folded(group.name))

    async def open(self, person: Person, group_id: GroupId) -> Shelf | None:
        """A shelf that somebody sees; None: there is none for them.

        Raises:
            HomeserverError: it does not say in which rooms they are.
        """
        policy = self._view.now.policy
        group = policy.directory.group(group_id)
        if group is None or not may_look(person, group_id, policy):
            return None
        joined = frozenset(await self._messenger.joined_rooms(person.user_id))
        async with self._engine.connect() as connection:
            rooms = await rooms_of_shelf(connection, group_id)
            folders = await folders_of(connection, group_id)
        seen = {room_id: kind for room_id, kind in rooms.items() if room_id in joined}
        if not seen:
            return None
        return Shelf(group=group, rooms=seen, folders=folders, may_tidy=bool(may_tidy(person, group_id)))

    async def contents(self, shelf: Shelf, wish: Wish) -> Contents:
        """The files of a shelf as somebody wants to see them."""
        async with self._engine.connect() as connection:
            files = await files_in(connection, shelf.rooms)
            names = await names_of_senders(connection, shelf.rooms)
        return Contents(files=arranged(files, wish, lambda user_id: names.get(user_id, "")), names=names)

    async def names(self, shelf: Shelf) -> Mapping[UserId, str]:
        """What those are called who shared something on a shelf."""
        async with self._engine.connect() as connection:
            return await names_of_senders(connection, shelf.rooms)

    async def file(self, shelf: Shelf, event_id: str) -> SharedFile | None:
        """One file of a shelf."""
        async with self._engine.connect() as connection:
            return await read_file(connection, event_id, shelf.rooms)

    # Folders. Asked only for who may tidy; False: nothing has changed.

    async def make_folder(self, person: Person, shelf: Shelf, text: str) -> bool:
        """Makes a folder, unless there is one of that name, or too many."""
        name = folder_name(text, [folder.name for folder in shelf.folders])
        if not shelf.may_tidy or name is None or len(shelf.folders) >= MOST_FOLDERS:
            return False
        folder = Folder(id=FolderId(token_urlsafe(9)), name=name)
        async with self._engine.begin() as connection:
            made = await add_folder(connection, shelf.group.id, folder)
            if made:
                await self._record(connection, person, shelf)
        return made

    async def rename_folder(self, person: Person, shelf: Shelf, folder: Folder, text: str) -> bool:
        """Gives a folder another name, unless another one has it."""
        name = folder_name(text, [other.name for other in shelf.folders if other.id != folder.id])
        if not shelf.may_tidy or name is None:
            return False
        async with self._engine.begin() as connection:
            renamed = await rename_folder(connection, shelf.group.id, Folder(id=folder.id, name=name))
            if renamed:
                await self._record(connection, person, shelf)
        return renamed

    async def remove_folder(self, person: Person, shelf: Shelf, folder: Folder) -> bool:
        """Takes a folder away; its files stay on the shelf."""
        if not shelf.may_tidy:
            return False
        async with self._engine.begin() as connection:
            await remove_folder(connection, shelf.group.id, folder.id)
            await self._record(connection, person, shelf)
        return True

    async def put(self, shelf: Shelf, file: SharedFile, folder: Folder | None) -> bool:
        """Puts a file into a folder, or out of any."""
        if not shelf.may_tidy:
            return False
        async with self._engine.begin() as connection:
            await put_into(connection, file.event_id, None if folder is None else folder.id)
        return True

    async def _record(self, connection: AsyncConnection, person: Person, shelf: Shelf) -> None:
        await audit.record(
            connection,
            at=self._clock(),
            actor=person.id,
            action=audit.Action.FOLDER_CHANGED,
            target=shelf.group.id,
            by_right=may_tidy(person, shelf.group.id).rule,
            details={},
        )

    # Sharing

    async def share(self, person: Person, shelf: Shelf, new: NewFile, folder: Folder | None) -> Shared:
        """Says a file in the group's room, in the name of whoever shares it: rights and rest are as for any message.

        Raises:
            TryLaterError: the homeserver does not answer now; nothing is said, or it will be said once.
        """
        name, room_id = plain_name(new.name), shelf.room_id
        media_type = type_of(new.media_type, name)
        if room_id is None:
            return Shared(name=name, refused="")
        try:
            uri = await self._messenger.put_file(new.file, media_type, as_user=person.user_id)
            content = {
                "msgtype": _MSGTYPES.get(kind_of(media_type), "m.file"),
                "body": name,
                "filename": name,
                "url": uri,
                "info": {"mimetype": media_type, "size": new.size},
                "m.mentions": {},
            }
            txn_id = f"shelf-{person.user_id}-{new.once}"
            event_id = await self._messenger.send(
                room_id, "m.room.message", content, txn_id=txn_id, as_user=person.user_id
            )
        except RefusedError as error:
            return Shared(name=name, refused=error.words)
        became = await self._became(person, room_id, event_id)
        if REASON_KEY in became:
            return Shared(name=name, refused=str(became.get("body", "")))
        if folder is not None:
            await self._place(event_id, folder)
        return Shared(name=name, waits=HELD_KEY in became)

    async def _became(self, person: Person, room_id: str, event_id: str) -> Mapping[str, Any]:
        """What stands in the room: the module may have put a notice in the message's place. If it is a file it lies on
        the shelf from now on, and not only when the homeserver tells everybody."""
        try:
            event = await self._messenger.event(room_id, event_id, as_user=person.user_id)
        except HomeserverError:
            return {}  # it is said, and that is what counts
        await self._index.take([event])
        return dict(event["content"])

    async def _place(self, event_id: str, folder: Folder) -> None:
        async with self._engine.begin() as connection:
            await put_into(connection, event_id, folder.id)
            delivered = (await held.delivered_as(connection, [event_id])).get(event_id)
            if delivered is not None:  # its rest has ended in between
                await was_delivered_as(connection, event_id, delivered.event_id)
