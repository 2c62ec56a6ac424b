"""Reading the directory: one immutable snapshot, whole or not at all.

Inside Synapse this runs in a thread. A thread that holds the interpreter's lock for long stops the reactor, so rows
come in slices and the lock is given back between them.
"""

import gc
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import chain, repeat
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, func, select

from school.database.tables import (
    Part,
    RegisterState,
    free_days,
    group_rooms,
    groups,
    held_rooms,
    memberships,
    persons,
    rest_overrides,
    room_rests,
    versions,
    wards,
)
from school.domain.directory import Directory
from school.domain.groups import Group, GroupId, GroupKind, GroupOrigin
from school.domain.hold import RoomMode
from school.domain.intervals import Span
from school.domain.people import Person, PersonId, Role, UserId, people_of
from school.domain.rest import Absence, PersonalRest

_SLICE: Final = 500
_BETWEEN: Final = " "
"""Between the ids of a person's groups, which are hexadecimal digits."""
_MANY_SLICES: Final = 20
"""So much that a round of the garbage collector over it takes milliseconds."""
_ROOM_MODES: Final = {mode.value: mode for mode in RoomMode}
_NO_GROUPS: Final[frozenset[GroupId]] = frozenset()
_NOBODY: Final[frozenset[PersonId]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class RestBook:
    """What of the rest time is no fixed setting: people's own rests, free days, rooms that are not drained yet, and
    what was said of rooms (`_read_room_modes`)."""

    personal: Mapping[UserId, PersonalRest] = field(default_factory=dict)
    free_days: Mapping[date, str] = field(default_factory=dict)
    held_rooms: frozenset[str] = frozenset()
    room_modes: Mapping[str, RoomMode] = field(default_factory=dict)


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
    """The newest snapshot. Parts and people that did not change since `previous` are taken from it; an unchanged one
    is `previous` itself. Must run in one transaction, so that numbers and rows belong together."""
    now = read_versions(connection)
    if previous is None:
        return Snapshot(versions=now, directory=_read_directory(connection), rest=_read_rest(connection))
    changed = {part for part in Part if now.get(part) != previous.versions.get(part)}
    if not changed:
        return previous
    return replace(
        previous,
        versions=now,
        directory=_read_directory(connection, previous.directory) if Part.PEOPLE in changed else previous.directory,
        rest=_read_rest(connection),
    )


def _slices(connection: Connection, query: Select[Any]) -> Iterator[Sequence[Row[Any]]]:
    with connection.execute(query.execution_options(yield_per=_SLICE)) as result:
        for number, rows in enumerate(result.partitions(), start=1):
            yield rows
            if number % _MANY_SLICES == 0:
                gc.freeze()
            time.sleep(0)


def _rows(connection: Connection, query: Select[Any]) -> Iterator[Any]:
    return chain.from_iterable(_slices(connection, query))


@contextmanager
def _without_collector() -> Iterator[None]:
    """The garbage collector goes through all objects with the lock held, the more often the more are made. Those made
    here are not its business: they name each other in no circle, and are freed as soon as nobody names them. Where they
    are many, gc.freeze() keeps the rounds of others (Synapse makes its own) and all later ones from them, too; what
    else is there at that moment stays until the end if it is garbage in circles, which is little."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _read_directory(connection: Connection, previous: Directory | None = None) -> Directory:
    with _without_collector():
        active = [
            Group(id=GroupId(group_id), name=name, kind=GroupKind(kind), origin=GroupOrigin(origin))
            for group_id, name, kind, origin in _rows(
                connection,
                select(groups.c.id, groups.c.name, groups.c.kind, groups.c.origin).where(
                    groups.c.standing == RegisterState.ACTIVE
                ),
            )
        ]
        groups_of = _read_groups_of(connection, {group.id: group.id for group in active})
        people = _read_people(connection, groups_of, _read_wards_of(connection))
        if previous is not None:
            people = (_kept(person, previous) for person in people)
        return Directory(people, active)


def _read_groups_of(connection: Connection, active: Mapping[str, GroupId]) -> dict[str, frozenset[GroupId]]:
    listed_before: dict[str, frozenset[GroupId]] = {}
    shared: dict[frozenset[GroupId], frozenset[GroupId]] = {}
    groups_of: dict[str, frozenset[GroupId]] = {}
    of_one_person = select(memberships.c.person_id, func.aggregate_strings(memberships.c.group_id, _BETWEEN)).group_by(
        memberships.c.person_id
    )
    for person_id, listed in _rows(connection, of_one_person):
        in_groups = listed_before.get(listed)
        if in_groups is None:
            in_groups = frozenset(active[group] for group in listed.split(_BETWEEN) if group in active)
            in_groups = listed_before[listed] = shared.setdefault(in_groups, in_groups)
        groups_of[person_id] = in_groups
    return groups_of


def _read_wards_of(connection: Connection) -> dict[str, frozenset[PersonId]]:
    wards_of: dict[str, frozenset[PersonId]] = {}
    for guardian_id, ward_id in _rows(connection, select(wards.c.guardian_id, wards.c.ward_id)):
        wards_of[guardian_id] = wards_of.get(guardian_id, _NOBODY) | {PersonId(ward_id)}
    return wards_of


def _read_people(
    connection: Connection, groups_of: dict[str, frozenset[GroupId]], wards_of: dict[str, frozenset[PersonId]]
) -> Iterator[Person]:
    """Everybody; takes what it needs out of both mappings."""
    roles: dict[str, Role] = {}
    columns = [persons.c[name] for name in ("id", "user_id", "given_name", "family_name", "role", "leadership")]
    for rows in _slices(connection, select(*columns).where(persons.c.standing == RegisterState.ACTIVE)):
        ids, user_ids, given_names, family_names, of_roles, leadership = zip(*rows, strict=True)
        yield from people_of(
            len(rows),
            (
                ids,
                user_ids,
                given_names,
                family_names,
                map(roles.setdefault, of_roles, of_roles),
                map(groups_of.pop, ids, repeat(_NO_GROUPS)),
                leadership,
                map(wards_of.pop, ids, repeat(_NOBODY)),
            ),
        )


def _kept(person: Person, previous: Directory) -> Person:
    """The same object as before if nothing changed: then two directories take hardly more room than one, and little
    is to be freed when the older one goes."""
    before = previous.person(person.user_id)
    return before if before == person else person


def _read_rest(connection: Connection) -> RestBook:
    spans: dict[UserId, dict[str, list[Span]]] = defaultdict(lambda: defaultdict(list))
    absences: dict[UserId, list[Absence]] = defaultdict(list)
    columns = [rest_overrides.c[name] for name in ("kind", "starts_at", "ends_at", "deputy")]
    of_person = select(persons.c.user_id, *columns).join(persons, persons.c.id == rest_overrides.c.person_id)
    for row in _rows(connection, of_person):
        span = Span(datetime.fromtimestamp(row.starts_at, UTC), datetime.fromtimestamp(row.ends_at, UTC))
        user_id = UserId(row.user_id)
        if row.kind == "absence":
            absences[user_id].append(Absence(span, None if row.deputy is None else PersonId(row.deputy)))
        else:
            spans[user_id][row.kind].append(span)
    return RestBook(
        personal={
            user_id: PersonalRest(
                rests=tuple(spans[user_id]["rest"]),
                pauses=tuple(spans[user_id]["pause"]),
                absences=tuple(absences[user_id]),
            )
            for user_id in [*spans, *absences]
        },
        free_days=dict(_rows(connection, select(free_days.c.day, free_days.c.name))),
        held_rooms=frozenset(room for (room,) in _rows(connection, select(held_rooms.c.room_id))),
        room_modes=_read_room_modes(connection),
    )


def _read_room_modes(connection: Connection) -> dict[str, RoomMode]:
    """What was said of rooms. Rooms of groups are silent; they are named only while something waits in them, because
    who asks then may not see a room's stamp."""
    of_groups = select(group_rooms.c.room_id).join(held_rooms, held_rooms.c.room_id == group_rooms.c.room_id)
    modes = {room_id: RoomMode.SILENT for (room_id,) in _rows(connection, of_groups)}
    said = _rows(connection, select(room_rests.c.room_id, room_rests.c.mode))
    return modes | {room_id: _ROOM_MODES[mode] for room_id, mode in said if mode in _ROOM_MODES}
