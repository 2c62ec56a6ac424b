"""Guests of conferences, and who was there. A guest has a name and, of their link, a hash; both go when it ends."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.tables import conference_attendance, conference_guests
from school.domain.conferences import ConferenceId
from school.domain.people import PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """Somebody from outside who may come into one conference."""

    id: str
    conference_id: ConferenceId
    name: str
    expires_at: datetime
    revoked: bool = False
    uses: int = 0

    def may_come(self, now: datetime) -> bool:
        """Whether the invitation holds."""
        return not self.revoked and now < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Attended:
    """Somebody who was there. Guests are no person."""

    name: str
    person_id: PersonId | None
    came_at: datetime
    left_at: datetime


async def invite_guest(connection: AsyncConnection, guest: Guest, token_hash: str, *, at: datetime) -> None:
    """A new one."""
    await connection.execute(
        insert(conference_guests).values(
            id=guest.id,
            conference_id=guest.conference_id,
            name=guest.name,
            token_hash=token_hash,
            made_at=at.timestamp(),
            expires_at=guest.expires_at.timestamp(),
            uses=0,
        )
    )


async def guest_with(connection: AsyncConnection, token_hash: str) -> Guest | None:
    """Whose link this is."""
    row = (
        await connection.execute(select(conference_guests).where(conference_guests.c.token_hash == token_hash))
    ).first()
    return None if row is None else _guest(row)


async def guest_by_id(connection: AsyncConnection, guest_id: str) -> Guest | None:
    """One of them."""
    row = (await connection.execute(select(conference_guests).where(conference_guests.c.id == guest_id))).first()
    return None if row is None else _guest(row)


async def guests_of(connection: AsyncConnection, conference_id: str) -> list[Guest]:
    """Everybody who was invited, in the order in which they were."""
    here = select(conference_guests).where(conference_guests.c.conference_id == conference_id)
    return [_guest(row) for row in await connection.execute(here.order_by(conference_guests.c.made_at))]


async def guest_comes(connection: AsyncConnection, guest_id: str, *, at: datetime) -> None:
    """Counts a use of their link."""
    here = update(conference_guests).where(conference_guests.c.id == guest_id)
    await connection.execute(here.values(uses=conference_guests.c.uses + 1, used_at=at.timestamp()))


async def revoke_guest(connection: AsyncConnection, guest_id: str, *, at: datetime) -> bool:
    """Takes an invitation back; False if it was already."""
    here = (conference_guests.c.id == guest_id) & conference_guests.c.revoked_at.is_(None)
    done = await connection.execute(update(conference_guests).where(here).values(revoked_at=at.timestamp()))
    return bool(done.rowcount)


async def forget_guests(connection: AsyncConnection, *, at: datetime) -> None:
    """Deletes those whose links are over, and that they were there."""
    await connection.execute(delete(conference_guests).where(conference_guests.c.expires_at < at.timestamp()))
    await connection.execute(_FORGET_WHERE_THEY_WERE)


_FORGET_WHERE_THEY_WERE = text(
    "DELETE FROM conference_attendance WHERE person_id IS NULL AND NOT EXISTS ("
    "SELECT 1 FROM conference_guests AS guests WHERE guests.conference_id = conference_attendance.conference_id "
    "AND substr(conference_attendance.name, 1, length(guests.name) + 2) = guests.name || ' (')"
)
"""Others see guests by their name and a mark (`guest_name`)."""
# In the words that both databases know.
_SEEN = text(
    "INSERT INTO conference_attendance (meeting_id, bbb_id, conference_id, person_id, name, came_at, left_at) "
    "VALUES (:meeting_id, :bbb_id, :conference_id, :person_id, :name, :at, :at) "
    "ON CONFLICT (meeting_id, bbb_id) DO UPDATE SET left_at = excluded.left_at"
)


async def seen_there(
    connection: AsyncConnection,
    conference_id: ConferenceId,
    meeting_id: str,
    people: Mapping[str, tuple[PersonId | None, str]],
    *,
    at: datetime,
) -> None:
    """These people are in a meeting now: by their ids in BigBlueButton, who they are and what they are called."""
    here = {"meeting_id": meeting_id, "conference_id": conference_id, "at": at.timestamp()}
    rows = [here | {"bbb_id": bbb_id, "person_id": who, "name": name} for bbb_id, (who, name) in people.items()]
    if rows:
        await connection.execute(_SEEN, rows)


async def attendance_of(connection: AsyncConnection, conference_id: str) -> list[Attended]:
    """Who was there, in the order in which they came."""
    here = select(conference_attendance).where(conference_attendance.c.conference_id == conference_id)
    rows = await connection.execute(here.order_by(conference_attendance.c.came_at, conference_attendance.c.name))
    return [
        Attended(
            name=row.name,
            person_id=None if row.person_id is None else PersonId(row.person_id),
            came_at=datetime.fromtimestamp(row.came_at, UTC),
            left_at=datetime.fromtimestamp(row.left_at, UTC),
        )
        for row in rows
    ]


def _guest(row: Row[Any]) -> Guest:
    return Guest(
        id=row.id,
        conference_id=ConferenceId(row.conference_id),
        name=row.name,
        expires_at=datetime.fromtimestamp(row.expires_at, UTC),
        revoked=row.revoked_at is not None,
        uses=row.uses,
    )
