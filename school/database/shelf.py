"""What lies on the shelves of groups: the files of their rooms, folders, and until when each room was looked at."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, Select, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.shelf_tables import shelf_files, shelf_places, shelf_rooms
from school.database.tables import RegisterState, group_rooms, persons
from school.domain.groups import GroupId
from school.domain.people import UserId, display_name
from school.domain.rooms import ROOMS_OF_GROUPS, RoomKind
from school.domain.shelf import FolderId, SharedFile
from school.domain.shelf_files import Described

_OF_GROUPS = tuple(kind.value for kind in ROOMS_OF_GROUPS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A message with a file, as an event told it. `edit_event_id` is the edit that it looks like now."""

    event_id: str
    room_id: str
    sender: str
    sent_at_ms: int
    file: Described
    edit_event_id: str | None = None


# The rooms


async def rooms_with_shelf(connection: AsyncConnection) -> Sequence[str]:
    """Every room whose files are on a shelf."""
    query = select(group_rooms.c.room_id).where(group_rooms.c.kind.in_(_OF_GROUPS))
    return list(await connection.scalars(query.order_by(group_rooms.c.room_id)))


async def rooms_of_shelf(connection: AsyncConnection, group_id: GroupId) -> dict[str, RoomKind]:
    """The rooms of one group's shelf."""
    here = (group_rooms.c.group_id == group_id) & group_rooms.c.kind.in_(_OF_GROUPS)
    rows = await connection.execute(select(group_rooms.c.room_id, group_rooms.c.kind).where(here))
    return {row.room_id: RoomKind(row.kind) for row in rows}


async def groups_of_rooms(connection: AsyncConnection, room_ids: Collection[str]) -> frozenset[GroupId]:
    """The groups whose rooms are among these."""
    here = group_rooms.c.kind.in_(_OF_GROUPS)
    rows = await connection.execute(select(group_rooms.c.room_id, group_rooms.c.group_id).where(here))
    return frozenset(GroupId(row.group_id) for row in rows if row.room_id in room_ids)


async def looked_until(connection: AsyncConnection) -> dict[str, datetime]:
    """Until when each room was looked at; those that never were are missing."""
    rows = await connection.execute(select(shelf_rooms))
    return {row.room_id: datetime.fromtimestamp(row.looked_until, UTC) for row in rows}


async def room_was_looked_at(connection: AsyncConnection, room_id: str, until: datetime) -> None:
    """All that was written in a room before `until` is known."""
    await connection.execute(delete(shelf_rooms).where(shelf_rooms.c.room_id == room_id))
    await connection.execute(insert(shelf_rooms).values(room_id=room_id, looked_until=until.timestamp()))


async def forget_room(connection: AsyncConnection, room_id: str) -> None:
    """Nothing of a room is on a shelf any more. If it is there again one day, it is looked through anew."""
    await connection.execute(delete(shelf_files).where(shelf_files.c.room_id == room_id))
    await connection.execute(delete(shelf_rooms).where(shelf_rooms.c.room_id == room_id))


async def rooms_known(connection: AsyncConnection) -> frozenset[str]:
    """Every room of which something is known."""
    files, rooms = select(shelf_files.c.room_id).distinct(), select(shelf_rooms.c.room_id)
    return frozenset([*await connection.scalars(files), *await connection.scalars(rooms)])


# What the events say


async def take_file(connection: AsyncConnection, seen: Seen, *, doubt: str | None = None) -> bool:
    """A message with a file was seen; False if it is known, or in no room of a group, or of somebody erased. `doubt` is
    an event after which it may say something else."""
    is_of_group = select(group_rooms.c.room_id).where(
        group_rooms.c.room_id == seen.room_id, group_rooms.c.kind.in_(_OF_GROUPS)
    )
    is_erased = select(persons.c.id).where(
        persons.c.user_id == seen.sender, persons.c.standing == RegisterState.ERASED.value
    )
    if await connection.scalar(is_of_group) is None or await connection.scalar(is_erased) is not None:
        return False
    try:
        async with connection.begin_nested():
            await connection.execute(insert(shelf_files).values(**_values(seen), doubt=doubt))
    except IntegrityError:
        return False
    return True


async def doubt_file(connection: AsyncConnection, room_id: str, event_id: str, doubt: str) -> bool:
    """The event `doubt` changed a message, or an edit of it: its file is not shown before it is known how. False if it
    has no file on a shelf."""
    concerned = (shelf_files.c.event_id == event_id) | (shelf_files.c.edit_event_id == event_id)
    here = concerned & (shelf_files.c.room_id == room_id)
    return (await connection.execute(update(shelf_files).where(here).values(doubt=doubt))).rowcount > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A message that has to be looked at, and the event for whose sake."""

    room_id: str
    event_id: str
    because: str


async def doubts(connection: AsyncConnection) -> Sequence[Doubt]:
    """The messages that have to be looked at."""
    rows = await connection.execute(select(shelf_files).where(shelf_files.c.doubt.is_not(None)))
    return [Doubt(room_id=row.room_id, event_id=row.event_id, because=row.doubt) for row in rows]


async def settle_doubt(connection: AsyncConnection, doubt: Doubt, seen: Seen | None) -> None:
    """What a message says now; None: it has no file any more. If something has happened to it since it was looked at,
    it has to be looked at once more."""
    here = (shelf_files.c.event_id == doubt.event_id) & (shelf_files.c.doubt == doubt.because)
    if seen is not None:
        await connection.execute(update(shelf_files).where(here).values(**_values(seen), doubt=None))
    elif (await connection.execute(delete(shelf_files).where(here))).rowcount:
        await connection.execute(delete(shelf_places).where(shelf_places.c.event_id == doubt.event_id))


def _values(seen: Seen) -> dict[str, Any]:
    return {
        "event_id": seen.event_id,
        "room_id": seen.room_id,
        "sender": seen.sender,
        "sent_at_ms": seen.sent_at_ms,
        "name": seen.file.name,
        "media_type": seen.file.media_type,
        "size": seen.file.size,
        "uri": seen.file.uri,
        "edit_event_id": seen.edit_event_id,
    }


# What people see


async def files_in(connection: AsyncConnection, room_ids: Collection[str]) -> Sequence[SharedFile]:
    """All files of some rooms."""
    return [_file(row) for row in await connection.execute(_files().where(shelf_files.c.room_id.in_(room_ids)))]


async def read_file(connection: AsyncConnection, event_id: str, room_ids: Collection[str]) -> SharedFile | None:
    """One file, if it is in one of these rooms."""
    here = (shelf_files.c.event_id == event_id) & shelf_files.c.room_id.in_(room_ids)
    row = (await connection.execute(_files().where(here))).first()
    return None if row is None else _file(row)


async def names_of_senders(connection: AsyncConnection, room_ids: Collection[str]) -> dict[UserId, str]:
    """What those are called who shared something, also if they have left."""
    senders = select(shelf_files.c.sender).where(shelf_files.c.room_id.in_(room_ids))
    query = select(persons.c.user_id, persons.c.given_name, persons.c.family_name)
    rows = await connection.execute(query.where(persons.c.user_id.in_(senders)))
    return {UserId(row.user_id): display_name(row.given_name, row.family_name) for row in rows}


def _files() -> Select[Any]:
    joined = shelf_files.outerjoin(shelf_places, shelf_places.c.event_id == shelf_files.c.event_id)
    return select(shelf_files, shelf_places.c.folder_id).select_from(joined).where(shelf_files.c.doubt.is_(None))


def _file(row: Row[Any]) -> SharedFile:
    return SharedFile(
        event_id=row.event_id,
        room_id=row.room_id,
        sender=UserId(row.sender),
        sent_at=datetime.fromtimestamp(row.sent_at_ms / 1000, UTC),
        name=row.name,
        media_type=row.media_type,
        size=row.size,
        uri=row.uri,
        folder=None if row.folder_id is None else FolderId(row.folder_id),
    )
