"""The shelf of a group: what was shared in its rooms, found again.

1. On it is what the rooms of the group (its room and its announcements) show now: pictures, videos, recordings and
   files, each as its newest version says. What waits sealed is not there before it is delivered; what was deleted is
   gone.
2. Somebody sees the files of the rooms that they are in, as long as they may be in rooms of the group at all.
3. Whoever may write in the group's room may put something there: it is a message like any other.
4. Folders are made, renamed, taken away and filled by the teachers of the group. What was in a folder that is taken
   away stays on the shelf.
5. What a file is, its message says; only what cannot carry a program is ever shown, and only if it begins as files of
   its type do. Everything else is kept on the disk of whoever wants it (`school.domain.shelf_files`).
"""

import unicodedata
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NewType

from school.domain.decisions import Decision, Reason, allow, refuse
from school.domain.groups import GroupId
from school.domain.people import TEACHER, Person, UserId
from school.domain.policy import Policy
from school.domain.rooms import Room, RoomKind, RoomStamp
from school.domain.shelf_files import FileKind, kind_of

FolderId = NewType("FolderId", str)

LONGEST_FOLDER_NAME: Final = 80
MOST_FOLDERS: Final = 100
"""Of one group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedFile:
    """A file on a shelf, as its message says. `event_id` is that of the message."""

    event_id: str
    room_id: str
    sender: UserId
    sent_at: datetime
    name: str
    media_type: str
    size: int | None
    uri: str
    folder: FolderId | None = None

    @property
    def kind(self) -> FileKind:
        return kind_of(self.media_type)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder of a group."""

    id: FolderId
    name: str


class Order(StrEnum):
    """By what a shelf is put in order."""

    NEWEST = "newest"
    NAME = "name"
    PERSON = "person"
    KIND = "kind"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to see of a shelf. Each of `words` has to be in the name of a file, or of who shared it."""

    order: Order = Order.NEWEST
    words: str = ""
    folder: FolderId | None = None


def may_look(person: Person, group: GroupId, policy: Policy) -> Decision:
    """Whether somebody may see the shelf of a group at all."""
    stamp = RoomStamp(kind=RoomKind.GROUP, group=group)
    return policy.may_enter_group(person.user_id, Room(stamp=stamp, creator=policy.bot, members=frozenset()))


def may_tidy(person: Person, group: GroupId) -> Decision:
    """Whether somebody may make folders and fill them."""
    if person.role == TEACHER and group in person.groups:
        return allow("rooms:teachers_lead")
    return refuse(Reason.NOT_A_MODERATOR, "rooms:teachers_lead")


def folder_name(text: str, taken: Collection[str]) -> str | None:
    """A name for a folder, without what nobody sees; None: it is none, or there is one of that name (`taken` are the
    names of the others)."""
    name = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    if not 0 < len(name) <= LONGEST_FOLDER_NAME or folded(name) in map(folded, taken):
        return None
    return name


def folded(text: str) -> str:
    """A text as it is compared: without case, accents and dots, as people look for it."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def arranged(files: Iterable[SharedFile], wish: Wish, name_of: Callable[[UserId], str]) -> Sequence[SharedFile]:
    """What somebody wants to see, in the order in which they want to. Within one order the newest comes first."""
    words = folded(wish.words).split()
    found = [
        file
        for file in files
        if (wish.folder is None or file.folder == wish.folder)
        and _has(words, folded(f"{file.name}\n{name_of(file.sender)}"))
    ]
    found.sort(key=lambda file: (file.sent_at, file.event_id), reverse=True)
    found.sort(key=_KEYS[wish.order](name_of))
    return found


def _has(words: Collection[str], text: str) -> bool:
    return all(word in text for word in words)


_Key = Callable[[SharedFile], Any]
_KINDS: Final = tuple(FileKind)
_KEYS: Final[dict[Order, Callable[[Callable[[UserId], str]], _Key]]] = {
    Order.NEWEST: lambda _: lambda _file: 0,
    Order.NAME: lambda _: lambda file: folded(file.name),
    Order.PERSON: lambda name_of: lambda file: folded(name_of(file.sender)),
    Order.KIND: lambda _: lambda file: _KINDS.index(file.kind),
}
