"""Guest lists: chats that somebody fills with the people of a group, and who was brought in that way."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.tables import guest_lists, guests
from school.domain.groups import GroupId
from school.domain.people import PersonId

# In the words that both databases know: a list is kept by whoever said so last, a guest stands on it once.
_KEEP: Final = text(
    "INSERT INTO guest_lists (room_id, group_id, host_id) VALUES (:room_id, :group_id, :host_id) "
    "ON CONFLICT (room_id, group_id) DO UPDATE SET host_id = excluded.host_id"
)
_NOTE: Final = text(
    "INSERT INTO guests (room_id, group_id, person_id) VALUES (:room_id, :group_id, :person_id) ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestList:
    """The people of a group are kept in a chat, in the name of `host`. `guests` were brought in, or were there when it
    began."""

    room_id: str
    group_id: GroupId
    host: PersonId
    guests: frozenset[PersonId] = frozenset()


async def read_guest_lists(connection: AsyncConnection) -> Sequence[GuestList]:
    """All of them, in a fixed order."""
    noted: dict[tuple[str, str], set[PersonId]] = {}
    for room_id, group_id, person_id in await connection.execute(select(guests)):
        noted.setdefault((room_id, group_id), set()).add(PersonId(person_id))
    rows = await connection.execute(select(guest_lists).order_by(guest_lists.c.room_id, guest_lists.c.group_id))
    return [
        GuestList(
            room_id=row.room_id,
            group_id=GroupId(row.group_id),
            host=PersonId(row.host_id),
            guests=frozenset(noted.get((row.room_id, row.group_id), ())),
        )
        for row in rows
    ]


async def keep_list(connection: AsyncConnection, room_id: str, group_id: GroupId, host: PersonId) -> None:
    """From now on a chat follows a group."""
    await connection.execute(_KEEP, {"room_id": room_id, "group_id": group_id, "host_id": host})


async def end_list(connection: AsyncConnection, room_id: str, group_id: GroupId) -> bool:
    """A chat does not follow a group any more; who is in it stays. False: it did not."""
    for table in (guests, guest_lists):
        here = (table.c.room_id == room_id) & (table.c.group_id == group_id)
        ended = await connection.execute(delete(table).where(here))
    return ended.rowcount > 0


async def note_guests(connection: AsyncConnection, room_id: str, group_id: GroupId, people: Iterable[PersonId]) -> None:
    """These need not be invited again."""
    rows = [{"room_id": room_id, "group_id": group_id, "person_id": person_id} for person_id in people]
    if rows:
        await connection.execute(_NOTE, rows)


async def forget_guests(
    connection: AsyncConnection, room_id: str, group_id: GroupId, people: Iterable[PersonId]
) -> None:
    """These are no guests by this list any more."""
    for person_id in people:
        here = (guests.c.room_id == room_id) & (guests.c.group_id == group_id) & (guests.c.person_id == person_id)
        await connection.execute(delete(guests).where(here))


async def forget_lists_of(connection: AsyncConnection, host: PersonId) -> None:
    """Ends everything that a person keeps."""
    kept = select(guest_lists.c.room_id, guest_lists.c.group_id).where(guest_lists.c.host_id == host)
    for room_id, group_id in (await connection.execute(kept)).all():
        await end_list(connection, room_id, GroupId(group_id))
