"""The secret addresses of people's calendars: one for each, of which a hash is kept. A new one ends the one before."""

from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.tables import conference_feeds
from school.domain.people import PersonId


async def set_feed(connection: AsyncConnection, person_id: PersonId, token_hash: str, *, at: datetime) -> None:
    """From now on this is the address of somebody's calendar."""
    await end_feed(connection, person_id)
    values = {"person_id": person_id, "token_hash": token_hash, "made_at": at.timestamp()}
    await connection.execute(insert(conference_feeds).values(values))


async def end_feed(connection: AsyncConnection, person_id: PersonId) -> bool:
    """Somebody's calendar has no address any more; False if it had none."""
    mine = conference_feeds.c.person_id == person_id
    return bool((await connection.execute(delete(conference_feeds).where(mine))).rowcount)


async def has_feed(connection: AsyncConnection, person_id: PersonId) -> bool:
    """Whether somebody's calendar has an address."""
    mine = conference_feeds.c.person_id == person_id
    return await connection.scalar(select(conference_feeds.c.person_id).where(mine)) is not None


async def person_of_feed(connection: AsyncConnection, token_hash: str) -> PersonId | None:
    """Whose calendar this is."""
    here = conference_feeds.c.token_hash == token_hash
    found = await connection.scalar(select(conference_feeds.c.person_id).where(here))
    return None if found is None else PersonId(found)
