"""Rooms whose messages wait, or do not, whatever is the rule for their kind (`school.domain.hold`)."""

from collections.abc import Collection

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.tables import Part, group_rooms, room_rests
from school.database.versions import bump, lock
from school.domain.groups import GroupId
from school.domain.hold import RoomMode
from school.domain.rooms import RoomKind


async def set_room_rest(connection: AsyncConnection, room_id: str, mode: RoomMode) -> bool:
    """Lets a room hold, or not; False if that is so already because somebody said so."""
    await lock(connection, Part.REST)
    known = await connection.scalar(select(room_rests.c.mode).where(room_rests.c.room_id == room_id))
    if known == mode:
        return False
    await connection.execute(delete(room_rests).where(room_rests.c.room_id == room_id))
    await connection.execute(insert(room_rests).values(room_id=room_id, mode=mode.value))
    await bump(connection, Part.REST)
    return True


async def rooms_of_groups(connection: AsyncConnection, groups: Collection[GroupId]) -> list[str]:
    """The rooms in which groups talk."""
    here = group_rooms.c.group_id.in_(groups) & (group_rooms.c.kind == RoomKind.GROUP.value)
    return [str(room_id) for room_id in await connection.scalars(select(group_rooms.c.room_id).where(here))]


async def room_of_group(connection: AsyncConnection, group_id: GroupId) -> str | None:
    """The room in which a group talks."""
    room_id = await connection.scalar(
        select(group_rooms.c.room_id).where(
            group_rooms.c.group_id == group_id, group_rooms.c.kind == RoomKind.GROUP.value
        )
    )
    return None if room_id is None else str(room_id)
