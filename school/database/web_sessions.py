"""Who is signed in to the web pages. The rows know a browser by the hash of its token; whoever reads them can become
nobody. A session ends when its row goes, wherever the cookie still is."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.tables import accounts, locks, persons, web_sessions
from school.domain.people import UserId

MOST_OF_ONE: Final = 20
"""So many sessions somebody may have at once; one more ends the one that was used longest ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One session: whose it is, and in which way they showed who they are."""

    token_hash: str
    user_id: UserId
    way: str
    made_at: float
    seen_at: float


async def begin_session(connection: AsyncConnection, row: SessionRow) -> None:
    """Somebody has signed in."""
    await connection.execute(
        insert(web_sessions).values(
            token_hash=row.token_hash, user_id=row.user_id, way=row.way, made_at=row.made_at, seen_at=row.seen_at
        )
    )
    newest = (
        select(web_sessions.c.token_hash)
        .where(web_sessions.c.user_id == row.user_id)
        .order_by(web_sessions.c.seen_at.desc(), web_sessions.c.made_at.desc())
        .limit(MOST_OF_ONE)
    )
    too_many = web_sessions.c.token_hash.not_in(newest)
    await connection.execute(delete(web_sessions).where(web_sessions.c.user_id == row.user_id, too_many))


async def session_of(connection: AsyncConnection, token_hash: str) -> SessionRow | None:
    """The session of a browser; None if it has none, or whose account is locked."""
    query = (
        select(web_sessions)
        .outerjoin(persons, persons.c.user_id == web_sessions.c.user_id)
        .outerjoin(accounts, accounts.c.person_id == persons.c.id)
        .outerjoin(locks, locks.c.person_id == persons.c.id)
        .where(
            web_sessions.c.token_hash == token_hash,
            accounts.c.locked.is_not(True),
            locks.c.person_id.is_(None),
        )
    )
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    return SessionRow(
        token_hash=row.token_hash,
        user_id=UserId(row.user_id),
        way=row.way,
        made_at=row.made_at,
        seen_at=row.seen_at,
    )


async def session_seen(connection: AsyncConnection, token_hash: str, at: float) -> None:
    """A session was used."""
    await connection.execute(update(web_sessions).where(web_sessions.c.token_hash == token_hash).values(seen_at=at))


async def end_session(connection: AsyncConnection, token_hash: str) -> None:
    """A browser is signed out."""
    await connection.execute(delete(web_sessions).where(web_sessions.c.token_hash == token_hash))


async def end_web_sessions(connection: AsyncConnection, user_id: UserId, *, but: str | None = None) -> int:
    """Somebody is signed out of the pages everywhere, or everywhere but in one browser; returns how many there
    were."""
    ends = [web_sessions.c.user_id == user_id]
    if but is not None:
        ends.append(web_sessions.c.token_hash != but)
    return (await connection.execute(delete(web_sessions).where(*ends))).rowcount


async def forget_web_sessions(connection: AsyncConnection, *, made_before: float, seen_before: float) -> None:
    """Sessions that are over by themselves go."""
    over = (web_sessions.c.made_at < made_before) | (web_sessions.c.seen_at < seen_before)
    await connection.execute(delete(web_sessions).where(over))
