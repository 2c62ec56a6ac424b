"""Whom the bot has greeted. A row is written before anything is done and finished when the greeting is said, so that
nobody is greeted twice or forgotten, whoever dies in between."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.tables import RegisterState, accounts, greetings, persons
from school.domain.people import PersonId, UserId

_BEGIN: Final = text(
    "INSERT INTO greetings (person_id, begun_at) VALUES (:person_id, :begun_at) ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """Somebody who uses their account and was not greeted yet. `begun`: an attempt did not come to its end."""

    person_id: PersonId
    user_id: UserId
    given_name: str
    in_use_since: float
    begun: bool
    room_id: str | None


async def newcomers(connection: AsyncConnection) -> Sequence[Newcomer]:
    """Everybody who is still to be greeted; who came first is first."""
    rows = await connection.execute(
        select(
            persons.c.id,
            persons.c.user_id,
            persons.c.given_name,
            accounts.c.in_use_since,
            greetings.c.begun_at,
            greetings.c.room_id,
        )
        .join(accounts, accounts.c.person_id == persons.c.id)
        .outerjoin(greetings, greetings.c.person_id == persons.c.id)
        .where(
            persons.c.standing == RegisterState.ACTIVE,
            accounts.c.in_use_since.is_not(None),
            greetings.c.said_at.is_(None),
        )
        .order_by(accounts.c.in_use_since)
    )
    return [
        Newcomer(
            person_id=PersonId(row.id),
            user_id=UserId(row.user_id),
            given_name=row.given_name,
            in_use_since=row.in_use_since,
            begun=row.begun_at is not None,
            room_id=row.room_id,
        )
        for row in rows
    ]


async def greeting_begun(connection: AsyncConnection, person_id: PersonId, at: float) -> None:
    """Somebody is about to be greeted; knowing it twice is fine."""
    await connection.execute(_BEGIN, {"person_id": person_id, "begun_at": at})


async def greeting_has_room(connection: AsyncConnection, person_id: PersonId, room_id: str) -> None:
    """The room in which somebody is greeted is there."""
    await connection.execute(update(greetings).where(greetings.c.person_id == person_id).values(room_id=room_id))


async def greeting_said(connection: AsyncConnection, person_id: PersonId, at: float) -> None:
    """Somebody has been greeted."""
    await connection.execute(update(greetings).where(greetings.c.person_id == person_id).values(said_at=at))
