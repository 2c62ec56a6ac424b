"""The version numbers of the directory's parts. Readers look at them to know whether there is something new."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.tables import Part

# One statement in the words that both databases know: SQLAlchemy has an upsert for each of them, none for both.
_BUMP: Final = text(
    "INSERT INTO versions (part, number) VALUES (:part, 1) "
    "ON CONFLICT (part) DO UPDATE SET number = versions.number + 1 RETURNING number"
)

_LOCK: Final = text(
    "INSERT INTO versions (part, number) VALUES (:part, 0) ON CONFLICT (part) DO UPDATE SET number = versions.number"
)


async def lock(connection: AsyncConnection, part: Part) -> None:
    """Makes everybody else who locks or bumps `part` wait until the transaction ends, without a new number."""
    await connection.execute(_LOCK, {"part": part.value})


async def bump(connection: AsyncConnection, part: Part) -> int:
    """Count `part` one up, in the transaction that changes it, and return the new number.

    Until that transaction ends, every other one that bumps the same part waits: who bumps both parts bumps
    `Part.PEOPLE` first, else two could wait for each other.
    """
    number: int = (await connection.execute(_BUMP, {"part": part.value})).scalar_one()
    return number
