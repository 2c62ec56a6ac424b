"""Places in the homeserver's stream of events: up to which everything was surely handed over."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.tables import places

SURE_AFTER: Final = timedelta(minutes=10)
"""So long after a moment everything that happened before it was handed over, if nothing died."""


async def remember_place(connection: AsyncConnection, token: str, *, at: datetime) -> None:
    """The stream ends here now. Places are forgotten when there is a newer one that is sure."""
    await connection.execute(delete(places).where(places.c.at >= at.timestamp()))  # a clock was set back
    await connection.execute(insert(places).values(at=at.timestamp(), token=token))
    sure = select(func.max(places.c.at)).where(places.c.at <= (at - SURE_AFTER).timestamp()).scalar_subquery()
    await connection.execute(delete(places).where(places.c.at < sure))


async def sure_place(connection: AsyncConnection) -> str | None:
    """The place before which nothing is missing; None if there is none yet."""
    return await connection.scalar(select(places.c.token).order_by(places.c.at).limit(1))


async def forget_places(connection: AsyncConnection) -> None:
    """None of them is a place of this homeserver."""
    await connection.execute(delete(places))
