"""What the bot has to say to people who rest: kept until the rest ends, then said once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.tables import bot_words
from school.domain.people import UserId

# In the words that both databases know: what is kept already is not kept twice.
_KEEP: Final = text(
    "INSERT INTO bot_words (txn_id, user_id, body, at) VALUES (:txn_id, :user_id, :body, :at) ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One thing to say. `txn_id` tells it from all others; `at` is when it was kept."""

    txn_id: str
    user_id: UserId
    body: str
    at: float


async def keep_word(connection: AsyncConnection, word: Word) -> None:
    """Keeps a word; one that is kept already stays as it is."""
    values = {"txn_id": word.txn_id, "user_id": word.user_id, "body": word.body, "at": word.at}
    await connection.execute(_KEEP, values)


async def kept_words(connection: AsyncConnection) -> Sequence[Word]:
    """Everything that is to be said, in the order in which it was kept."""
    rows = await connection.execute(select(bot_words).order_by(bot_words.c.at, bot_words.c.txn_id))
    return [Word(txn_id=row.txn_id, user_id=UserId(row.user_id), body=row.body, at=row.at) for row in rows]


async def word_is_said(connection: AsyncConnection, word: Word) -> None:
    """A word needs no saying any more."""
    await connection.execute(delete(bot_words).where(bot_words.c.txn_id == word.txn_id))
