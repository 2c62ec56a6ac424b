"""Personal links that lead their person to a page without a password, and proofs that count once.

Only hashes are kept. A link goes when it is used, or when its time is over.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.tables import spent_proofs, web_links
from school.domain.people import UserId

MOST_OF_ONE: Final = 20
"""So many unused links somebody may have; one more ends the oldest."""

# In the words that both databases know: of two at once one is the first.
_SPEND: Final = text("INSERT INTO spent_proofs (proof_hash, until) VALUES (:proof_hash, :until) ON CONFLICT DO NOTHING")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """One link: whom it leads where, and until when."""

    token_hash: str
    user_id: UserId
    path: str
    made_at: float
    ends_at: float


async def keep_link(connection: AsyncConnection, row: LinkRow) -> None:
    """Keeps a new link."""
    own = web_links.c.user_id == row.user_id
    await connection.execute(
        insert(web_links).values(
            token_hash=row.token_hash, user_id=row.user_id, path=row.path, made_at=row.made_at, ends_at=row.ends_at
        )
    )
    newest = select(web_links.c.token_hash).where(own).order_by(web_links.c.made_at.desc()).limit(MOST_OF_ONE)
    await connection.execute(delete(web_links).where(own, web_links.c.token_hash.not_in(newest)))


async def read_link(connection: AsyncConnection, token_hash: str, *, at: float) -> LinkRow | None:
    """A link that can be used; looking at it uses nothing up."""
    row = (
        await connection.execute(
            select(web_links).where(web_links.c.token_hash == token_hash, web_links.c.ends_at > at)
        )
    ).first()
    if row is None:
        return None
    return LinkRow(
        token_hash=row.token_hash,
        user_id=UserId(row.user_id),
        path=row.path,
        made_at=row.made_at,
        ends_at=row.ends_at,
    )


async def use_link(connection: AsyncConnection, token_hash: str, *, at: float) -> LinkRow | None:
    """Uses a link up; None if there is none, or somebody else was faster."""
    row = await read_link(connection, token_hash, at=at)
    if row is None:
        return None
    used = await connection.execute(delete(web_links).where(web_links.c.token_hash == token_hash))
    return row if used.rowcount > 0 else None


async def end_links(connection: AsyncConnection, user_id: UserId) -> None:
    """Nobody uses a link of this person any more."""
    await connection.execute(delete(web_links).where(web_links.c.user_id == user_id))


async def spend(connection: AsyncConnection, proof_hash: str, *, until: float) -> bool:
    """Takes a proof; False if it was taken before. `until` is when it proves nothing any more by itself."""
    return (await connection.execute(_SPEND, {"proof_hash": proof_hash, "until": until})).rowcount > 0


async def forget_past_links(connection: AsyncConnection, *, before: float) -> None:
    """Links and proofs whose time is over go."""
    await connection.execute(delete(web_links).where(web_links.c.ends_at < before))
    await connection.execute(delete(spent_proofs).where(spent_proofs.c.until < before))
