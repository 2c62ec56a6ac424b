"""Accounts that the leadership has locked. A lock holds through every sync until somebody takes it back."""

from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.tables import locks
from school.domain.people import PersonId


async def is_locked(connection: AsyncConnection, person_id: PersonId) -> bool:
    """Whether the leadership has locked somebody's account."""
    return await connection.scalar(select(locks.c.person_id).where(locks.c.person_id == person_id)) is not None


async def set_lock(connection: AsyncConnection, person_id: PersonId, at: datetime) -> bool:
    """Remembers a lock; False if there is one."""
    if await is_locked(connection, person_id):
        return False
    await connection.execute(insert(locks).values(person_id=person_id, locked_at=at.timestamp()))
    return True


async def end_lock(connection: AsyncConnection, person_id: PersonId) -> bool:
    """Forgets a lock; False if there is none."""
    ended = await connection.execute(delete(locks).where(locks.c.person_id == person_id))
    return ended.rowcount > 0
