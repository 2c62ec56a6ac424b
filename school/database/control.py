"""Control rooms: in which room the bot talks with whom. The newest one of a person is the one the bot writes to."""

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.tables import control_rooms
from school.domain.people import UserId


async def remember_control_room(connection: AsyncConnection, room_id: str, user_id: UserId, at: float) -> None:
    """A person opened a room with the bot; knowing it twice is fine."""
    known = await connection.scalar(select(control_rooms.c.user_id).where(control_rooms.c.room_id == room_id))
    if known is None:
        await connection.execute(insert(control_rooms).values(room_id=room_id, user_id=user_id, opened_at=at))


async def newest_control_room(connection: AsyncConnection, user_id: UserId) -> str | None:
    """Where to write to a person; None if they never opened a room."""
    return await connection.scalar(
        select(control_rooms.c.room_id)
        .where(control_rooms.c.user_id == user_id)
        .order_by(control_rooms.c.opened_at.desc())
        .limit(1)
    )
