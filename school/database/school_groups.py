"""Groups that teachers made: what a desk changes and a keeper looks after. Whoever changes one locks the people's part
of the directory first and bumps it at the end (`school.database.versions`)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from secrets import token_hex
from typing import Final

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.tables import RegisterState, group_owners, groups, memberships, persons, school_groups
from school.domain.groups import Group, GroupId, GroupKind, GroupOrigin
from school.domain.people import PersonId

# In the words that both databases know: somebody is in a group once, and owns it once.
_IN: Final = text("INSERT INTO memberships (person_id, group_id) VALUES (:person_id, :group_id) ON CONFLICT DO NOTHING")
_OWNS: Final = text(
    "INSERT INTO group_owners (group_id, person_id) VALUES (:group_id, :person_id) ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolGroup:
    """A group that a teacher made. `owners` are those who are still in the register."""

    group: Group
    ends_on: date
    told_on: date | None = None
    """When its owners were told of this end."""
    owners: frozenset[PersonId] = frozenset()
    unowned_told: bool = False
    """Whether the leadership was told that nobody owns it."""
    rooms_begun: bool = False
    """Whether somebody has begun to make its rooms: one that is not known may be there all the same."""


async def read_school_groups(connection: AsyncConnection) -> Mapping[GroupId, SchoolGroup]:
    """Those that have not ended, by their ids."""
    owners: dict[str, set[PersonId]] = {}
    active = select(group_owners.c.group_id, group_owners.c.person_id).join(
        persons, persons.c.id == group_owners.c.person_id
    )
    for group_id, person_id in await connection.execute(active.where(persons.c.standing == RegisterState.ACTIVE)):
        owners.setdefault(group_id, set()).add(PersonId(person_id))
    rows = await connection.execute(
        select(groups.c.name, groups.c.kind, groups.c.origin, school_groups)
        .join(school_groups, school_groups.c.group_id == groups.c.id)
        .where(groups.c.standing == RegisterState.ACTIVE)
    )
    return {
        GroupId(row.group_id): SchoolGroup(
            group=Group(
                id=GroupId(row.group_id), name=row.name, kind=GroupKind(row.kind), origin=GroupOrigin(row.origin)
            ),
            ends_on=row.ends_on,
            told_on=row.told_on,
            owners=frozenset(owners.get(row.group_id, ())),
            unowned_told=row.unowned_told,
            rooms_begun=row.rooms_begun,
        )
        for row in rows
    }


async def read_school_group(connection: AsyncConnection, group_id: GroupId) -> SchoolGroup | None:
    """One of them; None if there is none, or it has ended."""
    return (await read_school_groups(connection)).get(group_id)


async def all_school_groups(connection: AsyncConnection) -> frozenset[GroupId]:
    """The ids of all groups that a teacher has ever made."""
    ids = await connection.scalars(select(groups.c.id).where(groups.c.origin == GroupOrigin.SCHOOL))
    return frozenset(map(GroupId, ids))


async def names_in_use(connection: AsyncConnection) -> list[str]:
    """The names of all groups that there are now, also of those in the register."""
    return list(await connection.scalars(select(groups.c.name).where(groups.c.standing == RegisterState.ACTIVE)))


async def add_school_group(
    connection: AsyncConnection, *, name: str, kind: GroupKind, ends_on: date, owner: PersonId
) -> Group:
    """Makes a group. The register has no key like the one that it gets."""
    group = Group(id=GroupId(token_hex(8)), name=name, kind=kind, origin=GroupOrigin.SCHOOL)
    values = {"id": group.id, "name": name, "kind": kind, "origin": group.origin, "standing": RegisterState.ACTIVE}
    await connection.execute(insert(groups).values(key=f"school:{group.id}", **values))
    await connection.execute(insert(school_groups).values(group_id=group.id, ends_on=ends_on))
    await add_owners(connection, group.id, [owner])
    return group


async def rename_school_group(connection: AsyncConnection, group_id: GroupId, name: str) -> None:
    """Gives a group another name."""
    await connection.execute(update(groups).where(groups.c.id == group_id).values(name=name))


async def end_school_group(connection: AsyncConnection, group_id: GroupId) -> None:
    """Ends a group; nobody is in it, and nobody owns it."""
    for table in (memberships, group_owners, school_groups):
        await connection.execute(delete(table).where(table.c.group_id == group_id))
    await connection.execute(update(groups).where(groups.c.id == group_id).values(standing=RegisterState.LEFT))


async def members_of(connection: AsyncConnection, group_id: GroupId) -> set[PersonId]:
    """Everybody who is in a group, also who has left the school and may come back."""
    query = select(memberships.c.person_id).where(memberships.c.group_id == group_id)
    return set(map(PersonId, await connection.scalars(query)))


async def add_members(connection: AsyncConnection, group_id: GroupId, people: Iterable[PersonId]) -> None:
    """Puts people into a group; who is in it stays."""
    rows = [{"person_id": person_id, "group_id": group_id} for person_id in people]
    if rows:
        await connection.execute(_IN, rows)


async def remove_members(connection: AsyncConnection, group_id: GroupId, people: Collection[PersonId]) -> None:
    """Takes people out of a group."""
    for person_id in people:
        here = (memberships.c.group_id == group_id) & (memberships.c.person_id == person_id)
        await connection.execute(delete(memberships).where(here))


async def add_owners(connection: AsyncConnection, group_id: GroupId, people: Iterable[PersonId]) -> None:
    """Makes people owners. Should the last of them leave, the leadership is told."""
    rows = [{"person_id": person_id, "group_id": group_id} for person_id in people]
    if rows:
        await connection.execute(_OWNS, rows)
        await _set(connection, group_id, unowned_told=False)


async def remove_owners(connection: AsyncConnection, group_id: GroupId, people: Collection[PersonId]) -> None:
    """Takes the ownership from people."""
    for person_id in people:
        here = (group_owners.c.group_id == group_id) & (group_owners.c.person_id == person_id)
        await connection.execute(delete(group_owners).where(here))


async def keep_until(connection: AsyncConnection, group_id: GroupId, ends_on: date) -> None:
    """A group lives longer, and nobody has been told of its new end."""
    await _set(connection, group_id, ends_on=ends_on, told_on=None)


async def end_told(connection: AsyncConnection, group_id: GroupId, on: date) -> None:
    """The owners of a group were told when it ends."""
    await _set(connection, group_id, told_on=on)


async def unowned_was_told(connection: AsyncConnection, group_id: GroupId) -> None:
    """The leadership was told that nobody owns a group."""
    await _set(connection, group_id, unowned_told=True)


async def rooms_are_begun(connection: AsyncConnection, group_ids: Iterable[GroupId]) -> None:
    """From now on rooms of these groups may be there that nobody remembers."""
    for group_id in group_ids:
        await _set(connection, group_id, rooms_begun=True)


async def _set(connection: AsyncConnection, group_id: GroupId, **values: object) -> None:
    await connection.execute(update(school_groups).where(school_groups.c.group_id == group_id).values(**values))
