"""Groups in whose room only teachers write, because one of them said so. It outlives the room: one that is made anew is
the same."""

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.tables import group_rooms, teachers_only_groups
from school.domain.groups import GroupId
from school.domain.rooms import RoomKind


async def groups_for_teachers_only(connection: AsyncConnection) -> set[GroupId]:
    """Every such group."""
    return set(map(GroupId, await connection.scalars(select(teachers_only_groups.c.group_id))))


async def is_for_teachers_only(connection: AsyncConnection, group_id: GroupId) -> bool:
    """Whether that is so in the room of a group."""
    here = teachers_only_groups.c.group_id == group_id
    return await connection.scalar(select(teachers_only_groups.c.group_id).where(here)) is not None


async def set_teachers_only(connection: AsyncConnection, group_id: GroupId, *, on: bool) -> bool:
    """Lets only teachers write, or everybody; False if that is so already."""
    if await is_for_teachers_only(connection, group_id) == on:
        return False
    if on:
        await connection.execute(insert(teachers_only_groups).values(group_id=group_id))
    else:
        await connection.execute(delete(teachers_only_groups).where(teachers_only_groups.c.group_id == group_id))
    return True


async def told_teachers_only(connection: AsyncConnection, room_id: str, *, on: bool) -> None:
    """The homeserver was told of it."""
    await connection.execute(update(group_rooms).where(group_rooms.c.room_id == room_id).values(teachers_only=on))


async def group_with_teachers_only(connection: AsyncConnection, room_id: str) -> GroupId | None:
    """The group whose room this is, if only teachers write there."""
    query = (
        select(group_rooms.c.group_id)
        .join(teachers_only_groups, teachers_only_groups.c.group_id == group_rooms.c.group_id)
        .where(group_rooms.c.room_id == room_id, group_rooms.c.kind == RoomKind.GROUP)
    )
    found = await connection.scalar(query)
    return None if found is None else GroupId(found)
