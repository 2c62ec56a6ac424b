"""First codes: of each person the digest of the newest one, and what became of it. A code itself is nowhere."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.code_reader import code_of
from school.database.tables import accounts, first_codes
from school.domain.first_code import FirstCode
from school.domain.people import PersonId

# In the words that both databases know: a new code takes the place of the one before.
_SAVE: Final = text(
    "INSERT INTO first_codes (person_id, digest, made_at, expires_at) "
    "VALUES (:person_id, :digest, :made_at, :expires_at) "
    "ON CONFLICT (person_id) DO UPDATE SET digest = excluded.digest, made_at = excluded.made_at, "
    "expires_at = excluded.expires_at, used_at = NULL, ended_at = NULL"
)


async def all_first_codes(connection: AsyncConnection) -> dict[PersonId, FirstCode]:
    """What is kept of everybody's newest code."""
    rows = await connection.execute(select(first_codes))
    return {PersonId(row.person_id): code_of(row) for row in rows}


async def save_first_codes(connection: AsyncConnection, codes: Mapping[PersonId, FirstCode]) -> None:
    """New codes, which nobody has used yet. Those that people had are over."""
    rows = [
        {
            "person_id": person_id,
            "digest": code.digest,
            "made_at": code.made_at.timestamp(),
            "expires_at": code.expires_at.timestamp(),
        }
        for person_id, code in codes.items()
    ]
    if rows:
        await connection.execute(_SAVE, rows)


async def first_code_used(connection: AsyncConnection, person_id: PersonId, at: datetime) -> bool:
    """Somebody has signed in with their code; False if it was not for the first time, or is not of this code."""
    done = await connection.execute(
        update(first_codes)
        .where(
            first_codes.c.person_id == person_id,
            first_codes.c.used_at.is_(None),
            first_codes.c.made_at <= at.timestamp(),
        )
        .values(used_at=at.timestamp())
    )
    return done.rowcount > 0


async def end_first_code(connection: AsyncConnection, person_id: PersonId, at: datetime) -> bool:
    """From a moment on somebody needs no code any more. A code that was made later is not meant; False if there was
    none to end."""
    done = await connection.execute(
        update(first_codes)
        .where(
            first_codes.c.person_id == person_id,
            first_codes.c.ended_at.is_(None),
            first_codes.c.made_at <= at.timestamp(),
        )
        .values(ended_at=at.timestamp())
    )
    return done.rowcount > 0


async def accounts_in_use(connection: AsyncConnection) -> frozenset[PersonId]:
    """Who has ever signed in."""
    query = select(accounts.c.person_id).where(accounts.c.in_use_since.is_not(None))
    return frozenset(map(PersonId, await connection.scalars(query)))
