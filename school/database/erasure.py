"""Erasing people who left: nothing of them stays but the Matrix id, so that nobody ever gets it (GDPR art. 17)."""

from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_hex

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.tables import (
    HeldState,
    RegisterState,
    accounts,
    bot_words,
    control_rooms,
    first_codes,
    held_messages,
    joins,
    left_rooms,
    person_aliases,
    persons,
    rest_overrides,
    silences,
)
from school.domain.people import PersonId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaver:
    """Somebody who has left the school."""

    person_id: PersonId
    user_id: UserId


async def leavers(connection: AsyncConnection, *, before: float) -> Sequence[Leaver]:
    """Who left before an instant and is not erased yet."""
    rows = await connection.execute(
        select(persons.c.id, persons.c.user_id).where(
            persons.c.standing == RegisterState.LEFT, persons.c.left_at < before
        )
    )
    return [Leaver(person_id=PersonId(row.id), user_id=UserId(row.user_id)) for row in rows]


async def erase(connection: AsyncConnection, leaver: Leaver) -> str:
    """Forgets a person; returns the random id under which the Matrix id stays taken."""
    for table in (accounts, first_codes, joins, left_rooms, person_aliases, rest_overrides):
        await connection.execute(delete(table).where(table.c.person_id == leaver.person_id))
    for by_user in (bot_words, control_rooms, silences):
        await connection.execute(delete(by_user).where(by_user.c.user_id == leaver.user_id))
    await connection.execute(
        delete(held_messages).where(
            held_messages.c.sender == leaver.user_id, held_messages.c.state != HeldState.WAITING
        )
    )
    named = rest_overrides.c.deputy == leaver.person_id
    await connection.execute(update(rest_overrides).where(named).values(deputy=None))
    nobody = f"erased-{token_hex(8)}"
    await connection.execute(
        update(persons)
        .where(persons.c.id == leaver.person_id)
        .values(id=nobody, given_name="", family_name="", leadership=False, standing=RegisterState.ERASED)
    )
    return nobody
