"""Reading the directory: one immutable snapshot, whole or not at all.

Inside Synapse this runs in a thread. A thread that holds the interpreter's lock for long stops the reactor, so rows
come in slices and the lock is given back between them.
"""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, func, select

from school.database.tables import (
    Part,
    RegisterState,
    free_days,
    groups,
    held_rooms,
    memberships,
    persons,
    rest_overrides,
    versions,
    wards,
)
from school.domain.directory import Directory
from school.domain.groups import Group, GroupId, GroupKind, GroupOrigin
from school.domain.intervals import Span
from school.domain.people import Person, PersonId, Role, UserId
from school.domain.rest import PersonalRest

_SLICE: Final = 500
_BETWEEN: Final = " "
"""Between the ids of a person's groups, which are hexadecimal digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestBook:
    """What of the rest time is no fixed setting: people's own rests, free days, rooms that are not drained yet."""

    personal: Mapping[UserId, PersonalRest] = field(default_factory=dict)
    free_days: frozenset[date] = frozenset()
    held_rooms: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The directory as it was at one moment. `versions` tells whether there is a newer one."""

    versions: Mapping[Part, int]
    directory: Directory
    rest: RestBook


def read_versions(connection: Connection) -> dict[Part, int]:
    """The version numbers now; a part that was never written is missing."""
    return {Part(part): number for part, number in connection.execute(select(versions.c.part, versions.c.number))}


def read_snapshot(connection: Connection, previous: Snapshot | None = None) -> Snapshot:
    """The newest snapshot. Parts that did not change since `previous` are taken from it; an unchanged one is
    `previous` itself. Must run in one transaction, so that numbers and rows belong together."""
    now = read_versions(connection)
    if previous is None:
        return Snapshot(versions=now, directory=_read_directory(connection), rest=_read_rest(connection))
    changed = {part for part in Part if now.get(part) != previous.versions.get(part)}
    if not changed:
        return previous
    return replace(
        previous,
        versions=now,
        directory=_read_directory(connection) if Part.PEOPLE in changed else previous.directory,
        rest=_read_rest(connection),
    )


def _rows(connection: Connection, query: Select[Any]) -> Iterator[Any]:
    with connection.execute(query.execution_options(yield_per=_SLICE)) as result:
        for slice_of_rows in result.partitions():
            yield from slice_of_rows
            time.sleep(0)


def _read_directory(connection: Connection) -> Directory:
    sets: dict[str, frozenset[GroupId]] = {}
    shared: dict[frozenset[GroupId], frozenset[GroupId]] = {}
    groups_of: dict[str, frozenset[GroupId]] = {}
    for person_id, listed in _rows(
        connection,
        select(memberships.c.person_id, func.aggregate_strings(memberships.c.group_id, _BETWEEN))
        .join(groups, groups.c.id == memberships.c.group_id)
        .where(groups.c.standing == RegisterState.ACTIVE)
        .group_by(memberships.c.person_id),
    ):
        if listed not in sets:
            in_groups = frozenset(map(GroupId, listed.split(_BETWEEN)))
            sets[listed] = shared.setdefault(in_groups, in_groups)
        groups_of[person_id] = sets[listed]
    wards_of: dict[str, list[PersonId]] = defaultdict(list)
    for guardian_id, ward_id in _rows(connection, select(wards.c.guardian_id, wards.c.ward_id)):
        wards_of[guardian_id].append(PersonId(ward_id))
    roles: dict[str, Role] = {}
    none_of_them: frozenset[GroupId] = frozenset()
    people = (
        Person(
            id=PersonId(row.id),
            user_id=UserId(row.user_id),
            given_name=row.given_name,
            family_name=row.family_name,
            role=roles.setdefault(row.role, Role(row.role)),
            groups=groups_of.pop(row.id, none_of_them),
            leadership=row.leadership,
            wards=frozenset(wards_of.pop(row.id, ())),
        )
        for row in _rows(connection, select(persons).where(persons.c.standing == RegisterState.ACTIVE))
    )
    return Directory(
        people,
        [
            Group(id=GroupId(row.id), name=row.name, kind=GroupKind(row.kind), origin=GroupOrigin(row.origin))
            for row in _rows(connection, select(groups).where(groups.c.standing == RegisterState.ACTIVE))
        ],
    )


def _read_rest(connection: Connection) -> RestBook:
    spans: dict[UserId, dict[str, list[Span]]] = defaultdict(lambda: defaultdict(list))
    for row in _rows(
        connection,
        select(persons.c.user_id, rest_overrides.c.kind, rest_overrides.c.starts_at, rest_overrides.c.ends_at).join(
            persons, persons.c.id == rest_overrides.c.person_id
        ),
    ):
        span = Span(datetime.fromtimestamp(row.starts_at, UTC), datetime.fromtimestamp(row.ends_at, UTC))
        spans[UserId(row.user_id)][row.kind].append(span)
    return RestBook(
        personal={
            user_id: PersonalRest(rests=tuple(kinds.get("rest", ())), pauses=tuple(kinds.get("pause", ())))
            for user_id, kinds in spans.items()
        },
        free_days=frozenset(day for (day,) in _rows(connection, select(free_days.c.day))),
        held_rooms=frozenset(room for (room,) in _rows(connection, select(held_rooms.c.room_id))),
    )
