"""What was done on the homeserver: accounts, rooms of groups, who was brought into them.

Compared with the directory, these rows say what is still to do; so every step can be repeated after a crash.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.tables import RegisterState, accounts, group_rooms, groups, joins, memberships, persons
from school.domain.groups import GroupId
from school.domain.people import PersonId, UserId, display_name

# In the words that both databases know: a sync and a first login may take the same seat at the same moment.
_TAKEN: Final = text("INSERT INTO joins (room_id, person_id) VALUES (:room_id, :person_id) ON CONFLICT DO NOTHING")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """A person of the directory and what their account is like (`known_name` None: there is none yet)."""

    person_id: PersonId
    user_id: UserId
    name: str
    is_active: bool
    known_name: str | None
    in_use: bool
    locked: bool


async def account_rows(connection: AsyncConnection) -> list[AccountRow]:
    """Everybody who is or was in the register."""
    rows = await connection.execute(
        select(
            persons.c.id,
            persons.c.user_id,
            persons.c.given_name,
            persons.c.family_name,
            persons.c.standing,
            accounts.c.display_name,
            accounts.c.in_use_since,
            accounts.c.locked,
        ).join(accounts, accounts.c.person_id == persons.c.id, isouter=True)
    )
    return [
        AccountRow(
            person_id=PersonId(row.id),
            user_id=UserId(row.user_id),
            name=display_name(row.given_name, row.family_name),
            is_active=row.standing == RegisterState.ACTIVE,
            known_name=row.display_name,
            in_use=row.in_use_since is not None,
            locked=bool(row.locked),
        )
        for row in rows
    ]


async def account_made(connection: AsyncConnection, person_id: PersonId, name: str) -> None:
    """An account exists and shows `name`."""
    changed = await connection.execute(
        update(accounts).where(accounts.c.person_id == person_id).values(display_name=name)
    )
    if changed.rowcount == 0:
        await connection.execute(insert(accounts).values(person_id=person_id, display_name=name, locked=False))


async def account_locked(connection: AsyncConnection, person_id: PersonId, *, locked: bool) -> None:
    """An account was seen locked, or open again."""
    await connection.execute(update(accounts).where(accounts.c.person_id == person_id).values(locked=locked))


async def begin_use(connection: AsyncConnection, person_id: PersonId, at: float) -> bool:
    """Somebody has logged in for the first time; False if it was not the first time, or there is no account."""
    changed = await connection.execute(
        update(accounts)
        .where(accounts.c.person_id == person_id, accounts.c.in_use_since.is_(None))
        .values(in_use_since=at)
    )
    return changed.rowcount > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRoomRow:
    """A group's space and room. `room_id` None: the run that made the space ended before it made the room. `is_open`:
    the space needs no invitation yet (the module asks the directory at each join all the same)."""

    group_id: GroupId
    space_id: str
    room_id: str | None
    linked: bool
    is_open: bool
    name: str
    moderators: tuple[UserId, ...]


async def group_room_rows(connection: AsyncConnection) -> dict[GroupId, GroupRoomRow]:
    """The rooms of all groups that have some, also of ended ones."""
    return {
        GroupId(row.group_id): GroupRoomRow(
            group_id=GroupId(row.group_id),
            space_id=row.space_id,
            room_id=row.room_id,
            linked=row.linked,
            is_open=row.is_open,
            name=row.name,
            moderators=tuple(UserId(user_id) for user_id in row.moderators),
        )
        for row in await connection.execute(select(group_rooms))
    }


async def save_group_room(connection: AsyncConnection, row: GroupRoomRow) -> None:
    """Remembers how far the rooms of a group are."""
    values = {
        "space_id": row.space_id,
        "room_id": row.room_id,
        "linked": row.linked,
        "is_open": row.is_open,
        "name": row.name,
        "moderators": list(row.moderators),
    }
    changed = await connection.execute(
        update(group_rooms).where(group_rooms.c.group_id == row.group_id).values(**values)
    )
    if changed.rowcount == 0:
        await connection.execute(insert(group_rooms).values(group_id=row.group_id, **values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One person in one room of a group. Spaces come before the rooms, which let the members of their space in."""

    user_id: UserId
    person_id: PersonId
    room_id: str
    is_space: bool
    by_invitation: bool = False


async def missing_seats(connection: AsyncConnection, person_id: PersonId | None = None) -> list[Seat]:
    """Where people who use their account are not yet, though they are in the group; spaces come first."""
    query = (
        select(persons.c.user_id, persons.c.id, group_rooms.c.space_id, group_rooms.c.is_open, group_rooms.c.room_id)
        .join(memberships, memberships.c.person_id == persons.c.id)
        .join(groups, groups.c.id == memberships.c.group_id)
        .join(group_rooms, group_rooms.c.group_id == groups.c.id)
        .join(accounts, accounts.c.person_id == persons.c.id)
        .where(
            persons.c.standing == RegisterState.ACTIVE,
            groups.c.standing == RegisterState.ACTIVE,
            accounts.c.in_use_since.is_not(None),
        )
    )
    taken_query = select(joins.c.room_id, joins.c.person_id)
    if person_id is not None:
        query = query.where(persons.c.id == person_id)
        taken_query = taken_query.where(joins.c.person_id == person_id)
    taken = {(room, person) for room, person in await connection.execute(taken_query)}
    spaces, rooms = [], []
    for user_id, person, space_id, is_open, room_id in await connection.execute(query):
        if (space_id, person) not in taken:
            closed = not is_open
            spaces.append(
                Seat(user_id=user_id, person_id=person, room_id=space_id, is_space=True, by_invitation=closed)
            )
        if room_id is not None and (room_id, person) not in taken:
            rooms.append(Seat(user_id=user_id, person_id=person, room_id=room_id, is_space=False))
    return spaces + rooms


async def stale_seats(connection: AsyncConnection) -> list[Seat]:
    """Where people still are, though they are not in the group any more (or the group has ended, or they left)."""
    member = (
        select(memberships.c.person_id)
        .join(groups, groups.c.id == memberships.c.group_id)
        .join(persons, persons.c.id == memberships.c.person_id)
        .join(group_rooms, group_rooms.c.group_id == groups.c.id)
        .where(
            memberships.c.person_id == joins.c.person_id,
            groups.c.standing == RegisterState.ACTIVE,
            persons.c.standing == RegisterState.ACTIVE,
            (group_rooms.c.space_id == joins.c.room_id) | (group_rooms.c.room_id == joins.c.room_id),
        )
    )
    rows = await connection.execute(
        select(persons.c.user_id, persons.c.id, joins.c.room_id)
        .join(persons, persons.c.id == joins.c.person_id)
        .where(~member.exists())
    )
    return [Seat(user_id=user, person_id=person, room_id=room, is_space=False) for user, person, room in rows]


async def seats_taken(connection: AsyncConnection, seats: Sequence[Seat]) -> None:
    """People were brought into rooms; knowing it twice is fine."""
    if seats:
        await connection.execute(_TAKEN, [{"room_id": seat.room_id, "person_id": seat.person_id} for seat in seats])


async def seats_left(connection: AsyncConnection, seats: Sequence[Seat]) -> None:
    """People were taken out of rooms."""
    for seat in seats:
        await connection.execute(
            delete(joins).where(joins.c.room_id == seat.room_id, joins.c.person_id == seat.person_id)
        )
