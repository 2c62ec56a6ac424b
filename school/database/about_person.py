"""What the database knows of one person, for that person to read."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.tables import HeldState, accounts, audit_log, held_messages, rest_overrides, web_sessions
from school.domain.people import PersonId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much there is of somebody. Times are in seconds since the epoch."""

    in_use_since: float | None
    waiting: int
    """Messages of theirs that are held."""
    rests: int
    """Rests, pauses and absences of their own."""
    browsers: int
    """Where they are signed in to the web pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """A line of the audit log that names somebody."""

    at: float
    action: str
    by_themselves: bool


async def counts_of(connection: AsyncConnection, person_id: PersonId, user_id: UserId) -> Counts:
    """Everything that can be counted."""
    waiting = (held_messages.c.sender == user_id) & (held_messages.c.state == HeldState.WAITING)
    return Counts(
        in_use_since=await connection.scalar(select(accounts.c.in_use_since).where(accounts.c.person_id == person_id)),
        waiting=await connection.scalar(select(func.count()).select_from(held_messages).where(waiting)) or 0,
        rests=await connection.scalar(
            select(func.count()).select_from(rest_overrides).where(rest_overrides.c.person_id == person_id)
        )
        or 0,
        browsers=await connection.scalar(
            select(func.count()).select_from(web_sessions).where(web_sessions.c.user_id == user_id)
        )
        or 0,
    )


async def deeds_about(connection: AsyncConnection, person_id: PersonId, *, limit: int) -> Sequence[Deed]:
    """The newest lines of the audit log of what somebody did, or what was done to them."""
    rows = await connection.execute(
        select(audit_log.c.at, audit_log.c.action, audit_log.c.actor)
        .where((audit_log.c.actor == person_id) | (audit_log.c.target == person_id))
        .order_by(audit_log.c.id.desc())
        .limit(limit)
    )
    return [Deed(at=row.at, action=row.action, by_themselves=row.actor == person_id) for row in rows]
