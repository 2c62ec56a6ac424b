"""Everybody of whom there is a row: also who left, and who was erased (then nothing but the Matrix id is known)."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import Connection, select

from school.database.tables import RegisterState, memberships, persons, wards
from school.domain.groups import GroupId
from school.domain.people import Person, PersonId, Role, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPerson:
    """Somebody, and whether they are in the register."""

    person: Person
    standing: RegisterState


def read_everybody(connection: Connection) -> list[KnownPerson]:
    """Everybody who ever was in the register."""
    groups_of: defaultdict[str, set[GroupId]] = defaultdict(set)
    for person_id, group_id in connection.execute(select(memberships.c.person_id, memberships.c.group_id)):
        groups_of[person_id].add(GroupId(group_id))
    wards_of: defaultdict[str, set[PersonId]] = defaultdict(set)
    for guardian_id, ward_id in connection.execute(select(wards.c.guardian_id, wards.c.ward_id)):
        wards_of[guardian_id].add(PersonId(ward_id))
    return [
        KnownPerson(
            person=Person(
                id=PersonId(row.id),
                user_id=UserId(row.user_id),
                given_name=row.given_name,
                family_name=row.family_name,
                role=Role(row.role),
                groups=frozenset(groups_of[row.id]),
                leadership=row.leadership,
                wards=frozenset(wards_of[row.id]),
            ),
            standing=RegisterState(row.standing),
        )
        for row in connection.execute(select(persons))
    ]
