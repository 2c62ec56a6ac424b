"""What was done on the homeserver: accounts, rooms of groups, who was brought into them.

Compared with the directory, these rows say what is still to do; so every step can be repeated after a crash.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.tables import (
    RegisterState,
    accounts,
    group_rooms,
    groups,
    joins,
    left_rooms,
    locks,
    memberships,
    persons,
    teachers_only_groups,
)
from school.domain.groups import GroupId
from school.domain.people import PersonId, Role, UserId, display_name
from school.domain.rooms import RoomKind

# In the words that both databases know: a sync and a first login may take the same seat at the same moment.
_TAKEN: Final = text("INSERT INTO joins (room_id, person_id) VALUES (:room_id, :person_id) ON CONFLICT DO NOTHING")
_LEFT: Final = text("INSERT INTO left_rooms (person_id, room_id) VALUES (:person_id, :room_id) ON CONFLICT DO NOTHING")


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
    """Whether it was locked because its person left."""
    is_barred: bool
    """Whether the leadership has locked it."""
    role: Role
    known_role: Role | None
    """The role with which the account's rooms were last looked through."""


async def account_rows(connection: AsyncConnection) -> list[AccountRow]:
    """Everybody who is or was in the register, without those whose data are erased."""
    rows = await connection.execute(
        select(
            persons.c.id,
            persons.c.user_id,
            persons.c.given_name,
            persons.c.family_name,
            persons.c.standing,
            persons.c.role,
            accounts.c.display_name,
            accounts.c.in_use_since,
            accounts.c.locked,
            accounts.c.role.label("known_role"),
            locks.c.locked_at,
        )
        .join(accounts, accounts.c.person_id == persons.c.id, isouter=True)
        .join(locks, locks.c.person_id == persons.c.id, isouter=True)
        .where(persons.c.standing != RegisterState.ERASED)
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
            is_barred=row.locked_at is not None,
            role=Role(row.role),
            known_role=None if row.known_role is None else Role(row.known_role),
        )
        for row in rows
    ]


async def account_made(connection: AsyncConnection, person_id: PersonId, name: str, role: Role) -> None:
    """An account exists and shows `name`. A new one is in no room that its role would not allow."""
    changed = await connection.execute(
        update(accounts).where(accounts.c.person_id == person_id).values(display_name=name)
    )
    if changed.rowcount == 0:
        new = {"person_id": person_id, "display_name": name, "locked": False, "role": role}
        await connection.execute(insert(accounts).values(**new))


async def account_looked_through(connection: AsyncConnection, person_id: PersonId, role: Role) -> None:
    """The rooms of an account are right for a role."""
    await connection.execute(update(accounts).where(accounts.c.person_id == person_id).values(role=role))


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
    """One room of a group, or its space, as the homeserver was told."""

    group_id: GroupId
    kind: RoomKind
    room_id: str
    name: str
    moderators: tuple[UserId, ...] = ()
    linked: bool = False
    """Whether the group's space names it as its room."""
    lets_in: tuple[str, ...] | None = None
    """The rooms whose members come in without an invitation. None: whoever may enter (the module asks the directory at
    each join all the same)."""
    teachers_only: bool = False
    """Whether the homeserver was told that only teachers write."""
    wants_teachers_only: bool = False
    """Whether a teacher said so."""
    widget: Mapping[str, Any] | None = None
    """The school's widget, as the homeserver was told; None: there is none."""


RoomsOfGroup: TypeAlias = Mapping[RoomKind, GroupRoomRow]


async def group_room_rows(connection: AsyncConnection) -> dict[GroupId, RoomsOfGroup]:
    """The rooms of all groups that have some, also of ended ones."""
    rooms: defaultdict[GroupId, dict[RoomKind, GroupRoomRow]] = defaultdict(dict)
    hushed = set(await connection.scalars(select(teachers_only_groups.c.group_id)))
    for row in await connection.execute(select(group_rooms)):
        group_id, kind = GroupId(row.group_id), RoomKind(row.kind)
        rooms[group_id][kind] = GroupRoomRow(
            group_id=group_id,
            kind=kind,
            room_id=row.room_id,
            name=row.name,
            moderators=tuple(UserId(user_id) for user_id in row.moderators),
            linked=row.linked,
            lets_in=None if row.lets_in is None else tuple(row.lets_in),
            teachers_only=row.teachers_only,
            wants_teachers_only=kind is RoomKind.GROUP and group_id in hushed,
            widget=row.widget,
        )
    return dict(rooms)


async def save_group_room(connection: AsyncConnection, row: GroupRoomRow) -> None:
    """Remembers how far a room of a group is."""
    values = {
        "room_id": row.room_id,
        "name": row.name,
        "moderators": list(row.moderators),
        "linked": row.linked,
        "lets_in": None if row.lets_in is None else list(row.lets_in),
        "teachers_only": row.teachers_only,
        "widget": None if row.widget is None else dict(row.widget),
    }
    here = (group_rooms.c.group_id == row.group_id) & (group_rooms.c.kind == row.kind)
    changed = await connection.execute(update(group_rooms).where(here).values(**values))
    if changed.rowcount == 0:
        await connection.execute(insert(group_rooms).values(group_id=row.group_id, kind=row.kind, **values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One person in one room of a group. `lets_in` is that of the room."""

    user_id: UserId
    person_id: PersonId
    room_id: str
    is_space: bool = False
    lets_in: tuple[str, ...] | None = None


async def missing_seats(connection: AsyncConnection, person_id: PersonId | None = None) -> list[Seat]:
    """Where people who use their account are not yet, though they are in the group."""
    query = (
        select(persons.c.user_id, persons.c.id, group_rooms.c.room_id, group_rooms.c.kind, group_rooms.c.lets_in)
        .join(memberships, memberships.c.person_id == persons.c.id)
        .join(groups, groups.c.id == memberships.c.group_id)
        .join(group_rooms, group_rooms.c.group_id == groups.c.id)
        .join(accounts, accounts.c.person_id == persons.c.id)
        .outerjoin(joins, (joins.c.room_id == group_rooms.c.room_id) & (joins.c.person_id == persons.c.id))
        .where(
            persons.c.standing == RegisterState.ACTIVE,
            groups.c.standing == RegisterState.ACTIVE,
            accounts.c.in_use_since.is_not(None),
            joins.c.room_id.is_(None),
        )
    )
    if person_id is not None:
        query = query.where(persons.c.id == person_id)
    return [
        Seat(
            user_id=user_id,
            person_id=person,
            room_id=room_id,
            is_space=kind == RoomKind.SPACE,
            lets_in=None if lets_in is None else tuple(lets_in),
        )
        for user_id, person, room_id, kind, lets_in in await connection.execute(query)
    ]


async def groups_in_use(connection: AsyncConnection) -> set[GroupId]:
    """The groups in which somebody uses their account."""
    query = (
        select(memberships.c.group_id)
        .join(accounts, accounts.c.person_id == memberships.c.person_id)
        .join(persons, persons.c.id == memberships.c.person_id)
        .where(accounts.c.in_use_since.is_not(None), persons.c.standing == RegisterState.ACTIVE)
        .distinct()
    )
    return set(map(GroupId, await connection.scalars(query)))


async def is_in_one_of(connection: AsyncConnection, person_id: PersonId, rooms: Sequence[str]) -> bool:
    """Whether somebody is in one of these rooms of groups."""
    query = select(joins.c.room_id).where(joins.c.person_id == person_id, joins.c.room_id.in_(rooms)).limit(1)
    return await connection.scalar(query) is not None


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
            group_rooms.c.room_id == joins.c.room_id,
        )
    )
    rows = await connection.execute(
        select(persons.c.user_id, persons.c.id, joins.c.room_id)
        .join(persons, persons.c.id == joins.c.person_id)
        .where(~member.exists())
    )
    return [Seat(user_id=user, person_id=person, room_id=room) for user, person, room in rows]


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


async def forget_seats(connection: AsyncConnection, room_id: str, people: Sequence[UserId]) -> None:
    """People are not in a room, though they were brought into it: their seats are missing again."""
    of_people = select(persons.c.id).where(persons.c.user_id.in_(people))
    await connection.execute(delete(joins).where(joins.c.room_id == room_id, joins.c.person_id.in_(of_people)))


async def forget_room(connection: AsyncConnection, room_id: str) -> None:
    """A room of a group is gone, and everybody who was in it."""
    await connection.execute(delete(joins).where(joins.c.room_id == room_id))
    await connection.execute(delete(group_rooms).where(group_rooms.c.room_id == room_id))


async def seated(connection: AsyncConnection) -> dict[str, set[UserId]]:
    """Who was brought into which room of a group."""
    rooms: defaultdict[str, set[UserId]] = defaultdict(set)
    query = select(joins.c.room_id, persons.c.user_id).join(persons, persons.c.id == joins.c.person_id)
    for room_id, user_id in await connection.execute(query):
        rooms[room_id].add(UserId(user_id))
    return dict(rooms)


async def remember_rooms(connection: AsyncConnection, person_id: PersonId, rooms: Sequence[str]) -> None:
    """Somebody is going to leave these rooms with the school."""
    if rooms:
        await connection.execute(_LEFT, [{"person_id": person_id, "room_id": room_id} for room_id in rooms])


async def remembered_rooms(connection: AsyncConnection, person_id: PersonId) -> list[str]:
    """The rooms that somebody left with the school."""
    query = select(left_rooms.c.room_id).where(left_rooms.c.person_id == person_id).order_by(left_rooms.c.room_id)
    return list(await connection.scalars(query))


async def forget_rooms(connection: AsyncConnection, person_id: PersonId) -> None:
    """Somebody is back in these rooms, as far as it could be."""
    await connection.execute(delete(left_rooms).where(left_rooms.c.person_id == person_id))
