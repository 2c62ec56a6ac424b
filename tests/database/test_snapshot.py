import gc
import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from school.database.snapshot import Snapshot, read_snapshot, read_versions
from school.database.tables import Part, RegisterState, groups, held_rooms, memberships, persons, wards
from school.database.versions import bump
from school.domain.groups import Group, GroupId, GroupKind, GroupOrigin
from school.domain.people import GUARDIAN, STUDENT, Person, PersonId, UserId


def person_row(person_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": person_id,
        "user_id": f"@{person_id}:school.example",
        "given_name": person_id.title(),
        "family_name": "Groß",
        "role": "student",
        "leadership": False,
        "standing": RegisterState.ACTIVE.value,
    } | changes


def group_row(group_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": group_id,
        "key": group_id,
        "name": group_id.upper(),
        "kind": "class",
        "origin": "register",
        "standing": RegisterState.ACTIVE.value,
    } | changes


async def add(
    connection: AsyncConnection,
    *,
    people: Iterable[dict[str, Any]] = (),
    of_groups: Iterable[dict[str, Any]] = (),
    in_groups: Iterable[tuple[str, str]] = (),
) -> None:
    """Write people and groups as the sync does, with a new version number."""
    pairs = [{"person_id": person, "group_id": group} for person, group in in_groups]
    for table, rows in ((persons, list(people)), (groups, list(of_groups)), (memberships, pairs)):
        if rows:
            await connection.execute(insert(table), rows)
    await bump(connection, Part.PEOPLE)


def read(reader: Engine, previous: Snapshot | None = None) -> Snapshot:
    with reader.begin() as connection:
        return read_snapshot(connection, previous)


def names(snapshot: Snapshot) -> set[str]:
    return {person.given_name for person in snapshot.directory.people}


async def test_everything_about_a_person_arrives(writer: AsyncEngine, reader: Engine) -> None:
    async with writer.begin() as connection:
        await add(
            connection,
            people=[person_row("kim"), person_row("ute", role="guardian", leadership=True)],
            of_groups=[group_row("g1"), group_row("g2", kind="club", origin="school")],
            in_groups=[("kim", "g1"), ("kim", "g2"), ("ute", "g2")],
        )
        await connection.execute(insert(wards).values(guardian_id="ute", ward_id="kim"))
    directory = read(reader).directory
    assert set(directory.people) == {
        Person(
            id=PersonId("kim"),
            user_id=UserId("@kim:school.example"),
            given_name="Kim",
            family_name="Groß",
            role=STUDENT,
            groups=frozenset({GroupId("g1"), GroupId("g2")}),
        ),
        Person(
            id=PersonId("ute"),
            user_id=UserId("@ute:school.example"),
            given_name="Ute",
            family_name="Groß",
            role=GUARDIAN,
            groups=frozenset({GroupId("g2")}),
            leadership=True,
            wards=frozenset({PersonId("kim")}),
        ),
    }
    assert dict(directory.groups) == {
        "g1": Group(id=GroupId("g1"), name="G1", kind=GroupKind.CLASS),
        "g2": Group(id=GroupId("g2"), name="G2", kind=GroupKind.CLUB, origin=GroupOrigin.SCHOOL),
    }


async def test_who_left_and_groups_that_are_no_more_are_not_in_it(writer: AsyncEngine, reader: Engine) -> None:
    left = RegisterState.LEFT.value
    async with writer.begin() as connection:
        await add(
            connection,
            people=[person_row("kim"), person_row("max", standing=left)],
            of_groups=[group_row("g1"), group_row("g2", standing=left)],
            in_groups=[("kim", "g1"), ("kim", "g2"), ("max", "g1")],
        )
    directory = read(reader).directory
    assert directory.person(UserId("@max:school.example")) is None
    assert {person.id: set(person.groups) for person in directory.people} == {"kim": {"g1"}}
    assert list(directory.groups) == ["g1"]
    async with writer.begin() as connection:
        await connection.execute(update(persons).where(persons.c.id == "kim").values(standing=left))
        await bump(connection, Part.PEOPLE)
    assert len(read(reader).directory) == 0


async def test_an_unchanged_snapshot_is_the_same_object(writer: AsyncEngine, reader: Engine) -> None:
    empty = read(reader)
    assert read(reader, empty) is empty
    async with writer.begin() as connection:
        await add(connection, people=[person_row("kim")])
    first = read(reader, empty)
    assert names(first) == {"Kim"}
    assert read(reader, first) is first


async def test_a_change_of_rests_keeps_the_directory(writer: AsyncEngine, reader: Engine) -> None:
    async with writer.begin() as connection:
        await add(connection, people=[person_row("kim")])
    first = read(reader)
    async with writer.begin() as connection:
        await connection.execute(insert(held_rooms).values(room_id="!room"))
        await bump(connection, Part.REST)
    second = read(reader, first)
    assert second.directory is first.directory
    assert second.rest.held_rooms == {"!room"}
    assert second.versions == {Part.PEOPLE: 1, Part.REST: 1}


async def test_it_is_one_state_even_when_a_writer_commits_while_it_is_read(writer: AsyncEngine, reader: Engine) -> None:
    async with writer.begin() as connection:
        await add(connection, people=[person_row("kim")])
    with reader.begin() as reading:
        assert read_versions(reading) == {Part.PEOPLE: 1}
        async with writer.begin() as connection:
            await add(connection, people=[person_row("lea")])
            await connection.execute(insert(held_rooms).values(room_id="!room"))
            await bump(connection, Part.REST)
        during = read_snapshot(reading)
    assert names(during) == {"Kim"}
    assert during.rest.held_rooms == frozenset()
    assert during.versions == {Part.PEOPLE: 1}
    after = read(reader, during)
    assert names(after) == {"Kim", "Lea"}
    assert after.rest.held_rooms == {"!room"}
    assert after.versions == {Part.PEOPLE: 2, Part.REST: 1}


async def test_a_reader_does_not_wait_for_a_writer_and_sees_nothing_unfinished(
    writer: AsyncEngine, reader: Engine
) -> None:
    async with writer.connect() as connection:
        await add(connection, people=[person_row("kim")])
        started = time.monotonic()
        assert names(read(reader)) == set()
        assert time.monotonic() - started < 1
        await connection.commit()
    assert names(read(reader)) == {"Kim"}


async def test_twenty_thousand_people_share_equal_sets_of_groups(writer: AsyncEngine, reader: Engine) -> None:
    people = [f"p{number}" for number in range(20_000)]
    classes = [f"g{number}" for number in range(500)]
    async with writer.begin() as connection:
        await add(
            connection,
            people=map(person_row, people),
            of_groups=map(group_row, [*classes, "all"]),
            in_groups=[
                (person, group)
                for number, person in enumerate(people)
                for group in (classes[number % len(classes)], "all")
            ],
        )
    gc.unfreeze()
    try:
        directory = read(reader).directory
        assert gc.get_freeze_count() >= 20_000, "the garbage collector would go through them again and again"
    finally:
        gc.unfreeze()
    assert len(directory) == 20_000
    assert {person.id for person in directory.people} == set(people)
    assert all(person.groups == {classes[int(person.id[1:]) % 500], "all"} for person in directory.people)
    assert len({id(person.groups) for person in directory.people}) == 500
    assert len({id(person.role) for person in directory.people}) == 1
    assert len(directory.members(GroupId("g7"))) == 40


async def test_rows_come_in_slices(writer: AsyncEngine, reader: Engine) -> None:
    """Whoever reads gives the interpreter's lock back between them."""
    async with writer.begin() as connection:
        await add(connection, people=(person_row(f"p{number}") for number in range(1_200)))
    yield_pers: list[object] = []
    event.listen(
        reader,
        "before_cursor_execute",
        lambda _conn, _cursor, _statement, _parameters, context, _many: yield_pers.append(
            context.execution_options.get("yield_per")
        ),
    )
    assert len(read(reader).directory) == 1_200
    assert 500 in yield_pers


def read_plainly(connection: Connection) -> list[Person]:
    """What a snapshot should say of people, row by row and without haste."""
    active = RegisterState.ACTIVE
    open_groups = set(connection.scalars(select(groups.c.id).where(groups.c.standing == active)))
    member_of = [tuple(row) for row in connection.execute(select(memberships.c.person_id, memberships.c.group_id))]
    ward_of = [tuple(row) for row in connection.execute(select(wards.c.guardian_id, wards.c.ward_id))]
    return [
        Person(
            id=row.id,
            user_id=row.user_id,
            given_name=row.given_name,
            family_name=row.family_name,
            role=row.role,
            groups=frozenset(group for person, group in member_of if person == row.id and group in open_groups),
            leadership=row.leadership,
            wards=frozenset(ward for guardian, ward in ward_of if guardian == row.id),
        )
        for row in connection.execute(select(persons).where(persons.c.standing == active))
    ]


async def test_a_random_school_is_read_as_it_stands_in_the_tables(writer: AsyncEngine, reader: Engine) -> None:
    dice = random.Random(7)
    left, active = RegisterState.LEFT.value, RegisterState.ACTIVE.value
    people = [f"id with blank {number}" for number in range(620)]  # more than one slice
    classes = [f"{number:x}" for number in range(40)]
    async with writer.begin() as connection:
        await add(
            connection,
            people=[
                person_row(
                    person,
                    user_id=f"@p{number}:school.example",
                    role=dice.choice(["teacher", "student", "guardian", "staff"]),
                    leadership=dice.random() < 0.1,
                    standing=dice.choice([active, active, active, left]),
                )
                for number, person in enumerate(people)
            ],
            of_groups=[group_row(name, standing=dice.choice([active, active, left])) for name in classes],
            in_groups=[(person, name) for person in people for name in dice.sample(classes, dice.randrange(5))],
        )
        pairs = {(guardian, ward) for guardian in people for ward in dice.sample(people, dice.randrange(3))}
        await connection.execute(insert(wards), [{"guardian_id": g, "ward_id": w} for g, w in pairs])
    with reader.begin() as connection:
        plainly = read_plainly(connection)
        found = list(read_snapshot(connection).directory.people)
    assert 300 < len(plainly) < 620
    assert found == plainly  # the order, too
    assert {type(person.leadership) for person in found} == {bool}


async def test_who_did_not_change_is_the_same_object_as_before(writer: AsyncEngine, reader: Engine) -> None:
    async with writer.begin() as connection:
        await add(
            connection,
            people=map(person_row, ("kim", "lea", "max", "ute")),
            of_groups=[group_row("g1"), group_row("g2")],
            in_groups=[("kim", "g1"), ("lea", "g1"), ("max", "g1"), ("ute", "g2")],
        )
        await connection.execute(insert(wards).values(guardian_id="ute", ward_id="kim"))
    first = read(reader)
    async with writer.begin() as connection:
        await connection.execute(update(persons).where(persons.c.id == "lea").values(given_name="Leah"))
        await connection.execute(insert(wards).values(guardian_id="ute", ward_id="lea"))
        await add(connection, in_groups=[("max", "g2")])
    second = read(reader, first)
    before, after = ({person.id: person for person in snapshot.directory.people} for snapshot in (first, second))
    assert after[PersonId("kim")] is before[PersonId("kim")]
    assert after[PersonId("lea")].given_name == "Leah"
    assert after[PersonId("max")].groups == {"g1", "g2"}
    assert after[PersonId("ute")].wards == {"kim", "lea"}
    assert names(first) == {"Kim", "Lea", "Max", "Ute"}
    assert {person.id: person for person in read(reader).directory.people} == after


@contextmanager
def collector(switch: Callable[[], None]) -> Iterator[None]:
    was_enabled = gc.isenabled()
    switch()
    try:
        yield
    finally:
        (gc.enable if was_enabled else gc.disable)()


@pytest.mark.parametrize("switch", [gc.enable, gc.disable])
async def test_the_garbage_collector_waits_and_is_as_it_was_afterwards(
    writer: AsyncEngine, reader: Engine, switch: Callable[[], None]
) -> None:
    async with writer.begin() as connection:
        await add(connection, people=[person_row("kim")])
    running: list[bool] = []
    event.listen(
        reader,
        "before_cursor_execute",
        lambda _conn, _cursor, statement, *_: running.append(gc.isenabled()) if "persons" in statement else None,
    )
    with collector(switch):
        before, frozen = gc.isenabled(), gc.get_freeze_count()
        read(reader)
        assert gc.get_freeze_count() == frozen, "a small school is left to the collector"
        assert not running[0]
        assert gc.isenabled() is before
        async with writer.begin() as connection:
            await add(connection, of_groups=[group_row("g1", kind="nobody knows")])
        with pytest.raises(ValueError, match="nobody knows"):
            read(reader)
        assert gc.isenabled() is before
