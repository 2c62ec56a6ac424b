"""Who is kept silent while they rest, since when, and from which place in the stream of events on they missed things.

A row is written before the homeserver is told, and goes only when the person has been told what they missed: whoever
dies in between, somebody who reads the rows knows what is still to be done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.tables import accounts, persons, silences
from school.domain.people import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceRow:
    """One silence. With `ended_at` it is over, and only its summary is still owed."""

    user_id: UserId
    since: datetime
    sync_token: str | None
    ended_at: datetime | None = None


async def read_silences(connection: AsyncConnection, *, ended: bool) -> Sequence[SilenceRow]:
    """All that have ended, or all that have not; those that began first first."""
    which = silences.c.ended_at.is_not(None) if ended else silences.c.ended_at.is_(None)
    rows = await connection.execute(select(silences).where(which).order_by(silences.c.since, silences.c.user_id))
    return [
        SilenceRow(
            user_id=UserId(row.user_id),
            since=datetime.fromtimestamp(row.since, UTC),
            sync_token=row.sync_token,
            ended_at=None if row.ended_at is None else datetime.fromtimestamp(row.ended_at, UTC),
        )
        for row in rows
    ]


async def begin_silence(
    connection: AsyncConnection, user_id: UserId, *, since: datetime, sync_token: str | None
) -> None:
    """Somebody is silent from now on. If they were not yet told of an earlier silence, both are told as one."""
    again = await connection.execute(update(silences).where(silences.c.user_id == user_id).values(ended_at=None))
    if not again.rowcount:
        await connection.execute(
            insert(silences).values(user_id=user_id, since=since.timestamp(), sync_token=sync_token)
        )


async def end_silence(connection: AsyncConnection, user_id: UserId, *, at: datetime) -> None:
    """Somebody hears again."""
    await connection.execute(update(silences).where(silences.c.user_id == user_id).values(ended_at=at.timestamp()))


async def forget_silence(connection: AsyncConnection, row: SilenceRow) -> bool:
    """The summary of an ended silence is no longer owed; False if the person is silent again."""
    ended = silences.c.ended_at.is_not(None)
    forgotten = await connection.execute(delete(silences).where(silences.c.user_id == row.user_id, ended))
    return forgotten.rowcount > 0


async def count_silent(connection: AsyncConnection) -> int:
    """How many people are silent now."""
    silent = select(func.count()).select_from(silences).where(silences.c.ended_at.is_(None))
    return await connection.scalar(silent) or 0


async def in_use_since(connection: AsyncConnection, at: float) -> dict[UserId, float]:
    """Whose account has been in use since an instant or later, and when each was first used."""
    rows = await connection.execute(
        select(persons.c.user_id, accounts.c.in_use_since)
        .join(accounts, accounts.c.person_id == persons.c.id)
        .where(accounts.c.in_use_since >= at)
    )
    return {UserId(user_id): first for user_id, first in rows}
