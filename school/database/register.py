"""The register in the database: reading it as a roster, writing what a sync decided."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

from sqlalchemy import BindParameter, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.tables import Part, RegisterState, groups, memberships, person_aliases, persons, wards
from school.database.versions import bump
from school.domain.groups import GroupId, GroupKind, GroupOrigin
from school.domain.people import PersonId, Role, UserId
from school.domain.roster import GroupKey, Roster, RosterGroup, RosterPerson


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the database has. `roster` is who and what is active; the rest are all ids ever given."""

    roster: Roster
    group_ids: Mapping[GroupKey, GroupId] = field(default_factory=dict)
    user_ids: Mapping[PersonId, UserId] = field(default_factory=dict)
    aliases: Mapping[PersonId, PersonId] = field(default_factory=dict)
    """Further ids of people who have one already."""


async def read_known(connection: AsyncConnection) -> Known:
    """Everything that came from the register; groups that teachers made are not in it."""
    group_rows = (await connection.execute(select(groups).where(groups.c.origin == GroupOrigin.REGISTER))).all()
    key_of = {row.id: GroupKey(row.key) for row in group_rows}
    active_groups = {
        GroupKey(row.key): RosterGroup(key=GroupKey(row.key), name=row.name, kind=GroupKind(row.kind))
        for row in group_rows
        if row.standing == RegisterState.ACTIVE
    }
    groups_of: dict[str, set[GroupKey]] = defaultdict(set)
    for person_id, group_id in await connection.execute(select(memberships.c.person_id, memberships.c.group_id)):
        if key_of.get(group_id) in active_groups:
            groups_of[person_id].add(key_of[group_id])
    wards_of: dict[str, set[PersonId]] = defaultdict(set)
    for guardian_id, ward_id in await connection.execute(select(wards.c.guardian_id, wards.c.ward_id)):
        wards_of[guardian_id].add(PersonId(ward_id))
    person_rows = (await connection.execute(select(persons))).all()
    active = {row.id for row in person_rows if row.standing == RegisterState.ACTIVE}
    people = {
        PersonId(row.id): RosterPerson(
            id=PersonId(row.id),
            given_name=row.given_name,
            family_name=row.family_name,
            role=Role(row.role),
            groups=frozenset(groups_of[row.id]),
            leadership=row.leadership,
            wards=frozenset(wards_of[row.id] & active),
        )
        for row in person_rows
        if row.id in active
    }
    return Known(
        roster=Roster(persons=people, groups=active_groups),
        group_ids={GroupKey(row.key): GroupId(row.id) for row in group_rows},
        user_ids={PersonId(row.id): UserId(row.user_id) for row in person_rows},
        aliases={
            PersonId(alias): PersonId(person_id)
            for alias, person_id in await connection.execute(select(person_aliases.c.alias, person_aliases.c.person_id))
        },
    )


async def write_people(
    connection: AsyncConnection, people: Iterable[RosterPerson], user_ids: Mapping[PersonId, UserId]
) -> None:
    """Adds people, or changes those whose id is known (also back from having left). `user_ids` has the new ones'."""
    new, known = [], []
    for person in people:
        values = {
            "given_name": person.given_name,
            "family_name": person.family_name,
            "role": person.role,
            "leadership": person.leadership,
            "standing": RegisterState.ACTIVE,
            "left_at": None,
        }
        if person.id in user_ids:
            new.append(values | {"id": person.id, "user_id": user_ids[person.id]})
        else:
            known.append(values | {"known_id": person.id})
    if new:
        await connection.execute(insert(persons), new)
    if known:
        changes: dict[str, BindParameter[Any]] = {name: bindparam(name) for name in known[0] if name != "known_id"}
        of_person = update(persons).where(persons.c.id == bindparam("known_id")).values(changes)
        await connection.execute(of_person, known)


async def write_aliases(connection: AsyncConnection, aliases: Mapping[PersonId, PersonId]) -> None:
    """Remembers by which new ids known people were recognised."""
    if aliases:
        rows = [{"alias": alias, "person_id": person_id} for alias, person_id in aliases.items()]
        await connection.execute(insert(person_aliases), rows)


async def write_wards(connection: AsyncConnection, people: Sequence[RosterPerson]) -> None:
    """Makes the wards of these people what the register says. After `write_people`: a ward may be new."""
    guardians = [{"of": person.id} for person in people]
    rows = [{"guardian_id": person.id, "ward_id": ward} for person in people for ward in sorted(person.wards)]
    if guardians:
        await connection.execute(delete(wards).where(wards.c.guardian_id == bindparam("of")), guardians)
    if rows:
        await connection.execute(insert(wards), rows)


async def mark_left(connection: AsyncConnection, people: Iterable[PersonId], at: float) -> None:
    """People who are not in the register any more. They keep their row, so that their Matrix id stays theirs, and what
    the register does not know: their places in groups that teachers made, which count again if they come back."""
    leavers = [{"of": person_id} for person_id in people]
    if leavers:
        of: BindParameter[str] = bindparam("of")
        of_register = select(groups.c.id).where(groups.c.origin == GroupOrigin.REGISTER)
        given_up = (memberships.c.person_id == of) & memberships.c.group_id.in_(of_register)
        await connection.execute(delete(memberships).where(given_up), leavers)
        await connection.execute(delete(wards).where((wards.c.guardian_id == of) | (wards.c.ward_id == of)), leavers)
        left = {"standing": RegisterState.LEFT, "left_at": at}
        await connection.execute(update(persons).where(persons.c.id == of).values(left), leavers)


async def write_group(connection: AsyncConnection, group: RosterGroup, *, known_as: GroupKey | None = None) -> None:
    """Adds a group, or changes the one that is `known_as` a key (also back from having ended)."""
    values = {"key": group.key, "name": group.name, "kind": group.kind, "standing": RegisterState.ACTIVE}
    if known_as is not None and known_as != group.key:  # an ended group may have had the new key: it gives it up
        former = update(groups).where(groups.c.key == group.key, groups.c.standing == RegisterState.LEFT)
        await connection.execute(former.values(key=groups.c.key + " (ended " + groups.c.id + ")"))
    changed = await connection.execute(update(groups).where(groups.c.key == (known_as or group.key)).values(**values))
    if changed.rowcount == 0:
        await connection.execute(insert(groups).values(id=token_hex(8), origin=GroupOrigin.REGISTER, **values))


async def end_groups(connection: AsyncConnection, keys: Iterable[GroupKey]) -> None:
    """Groups that are not in the register any more; nobody is in them."""
    for key in keys:
        of_group = select(groups.c.id).where(groups.c.key == key).scalar_subquery()
        await connection.execute(delete(memberships).where(memberships.c.group_id == of_group))
        await connection.execute(update(groups).where(groups.c.key == key).values(standing=RegisterState.LEFT))


async def write_memberships(
    connection: AsyncConnection,
    *,
    added: Iterable[tuple[PersonId, GroupKey]],
    removed: Iterable[tuple[PersonId, GroupKey]],
) -> None:
    """Puts people into groups and takes them out. After the groups have their new keys."""
    rows = await connection.execute(select(groups.c.key, groups.c.id))
    id_of: dict[str, str] = dict(rows.all())
    old = [{"of": person_id, "out_of": id_of[key]} for person_id, key in removed]
    if old:
        out = (memberships.c.person_id == bindparam("of")) & (memberships.c.group_id == bindparam("out_of"))
        await connection.execute(delete(memberships).where(out), old)
    new = [{"person_id": person_id, "group_id": id_of[key]} for person_id, key in added]
    if new:
        await connection.execute(insert(memberships), new)


async def people_changed(connection: AsyncConnection) -> None:
    """Tells every process that there is a new directory."""
    await bump(connection, Part.PEOPLE)
