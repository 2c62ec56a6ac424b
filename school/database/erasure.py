"""Erasing people who left: nothing of them stays but the Matrix id, so that nobody ever gets it (GDPR art. 17)."""

from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_hex

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.personal_data import Subject, erase_everything
from school.database.tables import RegisterState, persons
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
    await erase_everything(connection, Subject(person_id=leaver.person_id, user_id=leaver.user_id))
    nobody = f"erased-{token_hex(8)}"
    await connection.execute(
        update(persons)
        .where(persons.c.id == leaver.person_id)
        .values(id=nobody, given_name="", family_name="", leadership=False, standing=RegisterState.ERASED)
    )
    return nobody
