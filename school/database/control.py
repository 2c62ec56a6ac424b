"""Control rooms: in which room the bot talks with whom. It writes to the newest one that somebody has opened; to who
has opened none, in the one in which they were greeted."""

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.tables import control_rooms, greetings, group_rooms
from school.domain.people import UserId


async def remember_control_room(connection: AsyncConnection, room_id: str, user_id: UserId, at: float) -> None:
    """A person opened a room with the bot; knowing it twice is fine."""
    known = await connection.scalar(select(control_rooms.c.user_id).where(control_rooms.c.room_id == room_id))
    if known is None:
        await connection.execute(insert(control_rooms).values(room_id=room_id, user_id=user_id, opened_at=at))


async def newest_control_room(connection: AsyncConnection, user_id: UserId) -> str | None:
    """Where to write to a person; None if there is no room with them."""
    return await connection.scalar(
        select(control_rooms.c.room_id)
        .outerjoin(greetings, greetings.c.room_id == control_rooms.c.room_id)
        .where(control_rooms.c.user_id == user_id)
        .order_by(greetings.c.room_id.is_not(None), control_rooms.c.opened_at.desc())
        .limit(1)
    )


async def control_rooms_of(connection: AsyncConnection, user_id: UserId) -> list[str]:
    """Every room that a person has with the bot."""
    rooms = select(control_rooms.c.room_id).where(control_rooms.c.user_id == user_id)
    return list(await connection.scalars(rooms.order_by(control_rooms.c.opened_at)))


async def rooms_of_bot(connection: AsyncConnection) -> frozenset[str]:
    """Every room of which it is written down what it is for."""
    return frozenset(
        [
            *await connection.scalars(select(control_rooms.c.room_id)),
            *await connection.scalars(select(group_rooms.c.room_id)),
        ]
    )
