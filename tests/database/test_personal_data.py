"""Whatever table there is: what it keeps about somebody is in their export, and gone when they are erased."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Column, Date, Double, Integer, String, Table, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from school.database.audit import Action, record
from school.database.erasure import Leaver, erase
from school.database.personal_data import KEPT, NOT_ABOUT_PEOPLE, Kept, Subject, everything_about
from school.database.tables import audit_log, group_rooms, groups, metadata, persons, rest_overrides, wards
from school.domain.people import PersonId, UserId

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
JAN = Subject(person_id=PersonId("jan-1"), user_id=UserId("@jan:school.example"))
IDA = Subject(person_id=PersonId("ida-1"), user_id=UserId("@ida:school.example"))
GROUP = "group-5a"
NAMES_SOMEBODY = ("person", "user", "sender", "actor", "owner", "host", "member", "guardian", "ward", "deput", "author")


def names_somebody(column: Column[Any]) -> bool:
    points = any(key.column.table is persons for key in column.foreign_keys)
    return points or any(word in column.name for word in NAMES_SOMEBODY)


def test_every_table_is_about_people_or_says_why_not() -> None:
    about_people = {kept.table.name for kept in KEPT}
    assert about_people | set(NOT_ABOUT_PEOPLE) == set(metadata.tables)
    assert about_people & set(NOT_ABOUT_PEOPLE) == set()


@pytest.mark.parametrize("table", metadata.tables.values(), ids=str)
def test_every_column_that_names_somebody_is_known(table: Table) -> None:
    known = {kept.column for kept in KEPT if kept.table is table}
    also_looked_at = {"actor", "user_id"} if table in (audit_log, persons) else set()  # by reading the whole row
    named = {column.name for column in table.columns if names_somebody(column)}
    assert named <= known | also_looked_at, "each needs a line in school.database.personal_data"


# A row of every table.


def made_up(column: Column[Any], whose: Subject, mark: str) -> Any:
    """Something that fits a column."""
    for key in column.foreign_keys:
        return {persons: whose.person_id, groups: GROUP}[key.column.table]
    match column.type:
        case Boolean():
            return True
        case Double():
            return NOW.timestamp()
        case Date():
            return date(2026, 3, 2)
        case JSON():
            return [mark]
        case Integer():
            return int.from_bytes(mark.encode()[-3:])
        case String():
            return f"{column.name}-{mark}"
    raise AssertionError(f"{column} needs something made up")


def row_of(kept: Kept, whose: Subject, other: Subject) -> dict[str, Any]:
    owner = other if kept.name == "deputy_for_somebody" else whose
    mark = f"{kept.name or kept.table.name}-of-{owner.person_id}"
    if kept.table is group_rooms:
        mark = "of-both"
    elif kept.emptied == (kept.column,) and kept.name != "deputy_for_somebody":
        mark = "of-the-one" if owner is JAN else "of-the-other"  # all of it stays but the name
    counted = {column.name for column in kept.table.columns if column.name == "id" and isinstance(column.type, Integer)}
    row = {column.name: made_up(column, whose, mark) for column in kept.table.columns if column.name not in counted}
    if kept.table is wards:
        row = {"guardian_id": other.person_id, "ward_id": other.person_id}
    if kept.table is group_rooms:
        return row | {"kind": "group", "moderators": [IDA.user_id, JAN.user_id], "lets_in": None}
    named = whose.user_id if kept.column in ("user_id", "sender") else whose.person_id
    if kept.name == "deputy_for_somebody":
        row["person_id"] = other.person_id
    return row | {kept.column: named}


async def fill(connection: AsyncConnection) -> None:
    for who in (JAN, IDA):
        name = who.person_id.partition("-")[0].title()
        values = {"given_name": name, "family_name": f"{name}ssen", "role": "teacher", "standing": "left"}
        await connection.execute(insert(persons).values(id=who.person_id, user_id=who.user_id, left_at=1.0, **values))
    await connection.execute(
        insert(groups).values(id=GROUP, key=GROUP, name="Klasse 5a", kind="class", origin="school", standing="active")
    )
    filled = [kept for kept in KEPT if kept.table not in (audit_log, persons)]
    for whose, other in ((JAN, IDA), (IDA, JAN)):
        for kept in filled:
            if kept.table in (group_rooms, wards) and whose is IDA:
                continue  # those rows are of both
            await connection.execute(insert(kept.table).values(row_of(kept, whose, other)))
    for actor, target, details in (
        (JAN.person_id, IDA.person_id, {}),
        ("schulbote sync", "register", {"left": [JAN.person_id, IDA.person_id]}),
        (IDA.person_id, IDA.person_id, {}),
    ):
        await record(
            connection,
            at=NOW,
            actor=actor,
            action=Action.REST_STARTED,
            target=target,
            by_right="x",
            details=details,
        )


async def rows_of_all_tables(engine: AsyncEngine) -> dict[str, list[str]]:
    async with engine.connect() as connection:
        return {
            table.name: [str(row) for row in await connection.execute(select(table))]
            for table in metadata.tables.values()
        }


async def test_the_export_has_the_rows_of_every_table_and_nothing_of_anybody_else(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await fill(connection)
        found = await everything_about(connection, JAN)
    by_name = {name: rows for topic in found.values() for name, rows in topic.items()}
    assert set(by_name) == {kept.name or kept.table.name for kept in KEPT}
    assert [name for name, rows in by_name.items() if not rows] == []
    assert [row.pop("deputy") for row in by_name["rests"]] == ["deputy-rests-of-jan-1", "ida-1"], "whom Jan has named"
    assert "ida" not in json.dumps(by_name | {"children": []}).lower()
    assert by_name["children"] == [{"id": "ida-1", "given_name": "Ida", "family_name": "Idassen"}]
    assert by_name["guardians"] == [{}], "how many, not who"
    assert by_name["groups"] == [{"name": "Klasse 5a", "kind": "class", "origin": "school"}]
    assert [(row["actor"], row["target"], row["details"]) for row in by_name["audit_log"]] == [
        ("jan-1", "teacher", {}),
        ("schulbote sync", "register", {"left": ["jan-1"]}),
    ]


async def test_no_secret_is_in_the_export(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await fill(connection)
        told = json.dumps(list((await everything_about(connection, JAN)).values()))
    for secret in ("digest-", "sync_token-", "txn_id-", "token_hash-"):
        assert secret not in told


async def test_times_are_written_for_people(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await fill(connection)
        found = await everything_about(connection, JAN)
    [account] = next(topic for topic in found.values() if "account" in topic)["account"]
    assert account["in_use_since"] == "2026-03-02T18:00:00+00:00"


async def test_nothing_of_somebody_erased_stays_but_the_matrix_id_and_the_audit_log(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await fill(connection)
    before = await rows_of_all_tables(writer)
    async with writer.begin() as connection:
        nobody = await erase(connection, Leaver(person_id=JAN.person_id, user_id=JAN.user_id))
    after = await rows_of_all_tables(writer)
    assert {name for name, rows in after.items() if any("jan" in row.lower() for row in rows)} == {
        "persons",
        "audit_log",
    }
    async with writer.connect() as connection:
        [row] = (await connection.execute(select(persons).where(persons.c.user_id == JAN.user_id))).mappings()
    expected: Mapping[str, Any] = {"id": nobody, "given_name": "", "family_name": "", "standing": "erased"}
    assert {key: row[key] for key in expected} == expected
    with_both = {"wards", "rest_overrides"}
    idas = [{name: sum("ida" in r.lower() for r in rows) for name, rows in now.items()} for now in (before, after)]
    assert {name for name in idas[0] if idas[0][name] != idas[1][name]} == with_both
    async with writer.connect() as connection:
        rests = await connection.execute(select(rest_overrides.c.person_id, rest_overrides.c.deputy))
        assert sorted(map(tuple, rests), key=str) == [("ida-1", "deputy-rests-of-ida-1"), ("ida-1", None)]
