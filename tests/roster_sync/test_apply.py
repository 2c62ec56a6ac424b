"""Applying a plan: afterwards the database holds the register, whatever it held before, or nothing has changed."""

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from roster_sync.apply import apply_plan
from roster_sync.plan import Guard, Plan, make_plan
from roster_sync.sources import read_register
from school.database.register import Known, read_known
from school.database.tables import Part, RegisterState, audit_log, memberships, persons, versions, wards
from school.domain.groups import GroupKind
from school.domain.people import GUARDIAN, STUDENT, TEACHER, PersonId
from school.domain.roster import GroupKey, Roster, RosterGroup, RosterPerson

AT = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
NOBODY = Roster(persons={}, groups={})


def person(person_id: str, *groups: str, **more: Any) -> RosterPerson:
    values = {"given_name": person_id.title(), "family_name": "Groß", "role": STUDENT} | more
    return RosterPerson(id=PersonId(person_id), groups=frozenset(map(GroupKey, groups)), **values)


def group(key: str, name: str | None = None, kind: GroupKind = GroupKind.CLUB) -> RosterGroup:
    return RosterGroup(key=GroupKey(key), name=name or key.upper(), kind=kind)


def roster(*members: RosterPerson | RosterGroup) -> Roster:
    return Roster(
        persons={member.id: member for member in members if isinstance(member, RosterPerson)},
        groups={member.key: member for member in members if isinstance(member, RosterGroup)},
    )


async def known(engine: AsyncEngine) -> Known:
    async with engine.connect() as connection:
        return await read_known(connection)


async def apply(
    engine: AsyncEngine, register: Roster, *, reserved: Iterable[str] = (), plan: Plan | None = None
) -> Plan:
    async with engine.begin() as connection:
        before = await read_known(connection)
        plan = plan or make_plan(register, before.roster, Guard())
        await apply_plan(
            connection,
            plan,
            before,
            server_name="school.example",
            reserved=reserved,
            at=AT,
            actor="the test",
        )
    return plan


async def people_version(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return await connection.scalar(select(versions.c.number).where(versions.c.part == Part.PEOPLE)) or 0


async def audit_lines(engine: AsyncEngine) -> list[Any]:
    async with engine.connect() as connection:
        return list(await connection.execute(select(audit_log).order_by(audit_log.c.id)))


def undoubted(register: Roster) -> Roster:
    return replace(register, doubts=())


@pytest.mark.parametrize("register", ["iserv", "oneroster"])
async def test_afterwards_the_database_has_the_register(
    writer: AsyncEngine, registers: Path, options: Any, register: str
) -> None:
    for day in ("oberschule", "oberschule-day2"):
        read = read_register(registers / day / register, options)
        await apply(writer, read)
        assert (await known(writer)).roster == undoubted(read)
    assert (await apply(writer, read)).is_empty


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_was_there_before(writer: AsyncEngine, seed: int) -> None:
    """Twelve registers in a row that have nothing to do with each other but their ids and keys."""
    dice = random.Random(seed)
    for _ in range(12):
        keys = dice.sample("abcdef", dice.randint(0, 6))
        ids = dice.sample([f"p{number}" for number in range(10)], dice.randint(0, 10))
        register = roster(
            *(group(key, dice.choice(["Chor", "Klasse 1"]), dice.choice(list(GroupKind)[:2])) for key in keys),
            *(
                person(
                    one,
                    *(key for key in keys if dice.random() < 0.5),
                    family_name=dice.choice(["Groß", "Klein"]),
                    role=dice.choice([TEACHER, GUARDIAN]),
                    leadership=dice.random() < 0.2,
                    wards=frozenset(PersonId(ward) for ward in ids if dice.random() < 0.2),
                )
                for one in ids
            ),
        )
        await apply(writer, register)
        assert (await known(writer)).roster == register


async def test_a_group_may_take_the_name_of_one_that_ended(writer: AsyncEngine) -> None:
    """Where the register has no ids for groups, a name is a key."""
    kim, lea = person("kim"), person("lea")
    await apply(writer, roster(replace(kim, groups=frozenset({"chor"})), lea, group("chor")))
    await apply(writer, roster(kim, replace(lea, groups=frozenset({"band"})), group("band")))
    band = (await known(writer)).group_ids[GroupKey("band")]
    register = roster(kim, replace(lea, groups=frozenset({"chor"})), group("chor"))
    plan = await apply(writer, register)
    assert [change.after.key for change in plan.groups_changed] == ["chor"]
    now = await known(writer)
    assert now.roster == register
    assert now.group_ids[GroupKey("chor")] == band


async def test_a_renamed_group_keeps_its_id_and_so_its_rooms(writer: AsyncEngine) -> None:
    await apply(writer, roster(person("kim", "a"), group("a")))
    before = (await known(writer)).group_ids[GroupKey("a")]
    await apply(writer, roster(person("kim", "b"), group("b")))
    assert (await known(writer)).group_ids == {GroupKey("b"): before}


async def test_a_group_that_comes_back_keeps_its_id(writer: AsyncEngine) -> None:
    await apply(writer, roster(person("kim", "a"), group("a")))
    before = (await known(writer)).group_ids
    await apply(writer, roster(person("kim")))
    await apply(writer, roster(person("kim", "a"), group("a")))
    now = await known(writer)
    assert now.group_ids == before
    assert now.roster == roster(person("kim", "a"), group("a"))


# Matrix ids.


async def test_namesakes_are_numbered(writer: AsyncEngine) -> None:
    twins = [person(one, given_name="Kim", family_name="Groß") for one in ("p1", "p2", "p3")]
    await apply(writer, roster(*twins))
    assert set((await known(writer)).user_ids.values()) == {
        "@kim.gross:school.example",
        "@kim.gross2:school.example",
        "@kim.gross3:school.example",
    }


async def test_the_id_of_somebody_who_left_is_never_given_again(writer: AsyncEngine) -> None:
    await apply(writer, roster(person("kim")))
    await apply(writer, NOBODY)
    await apply(writer, roster(person("new", given_name="Kim")))
    assert (await known(writer)).user_ids == {
        "kim": "@kim.gross:school.example",
        "new": "@kim.gross2:school.example",
    }


async def test_reserved_names_are_nobodys(writer: AsyncEngine) -> None:
    people = [person("p1", given_name="Admin", family_name=""), person("p2", given_name="Schulbote", family_name="")]
    await apply(writer, roster(*people), reserved={"admin", "schulbote"})
    assert (await known(writer)).user_ids == {"p1": "@admin2:school.example", "p2": "@schulbote2:school.example"}


async def test_a_new_name_changes_no_id(writer: AsyncEngine) -> None:
    await apply(writer, roster(person("kim")))
    await apply(writer, roster(person("kim", given_name="Lea", family_name="Klein")))
    now = await known(writer)
    assert now.user_ids == {"kim": "@kim.gross:school.example"}
    assert now.roster.persons[PersonId("kim")].given_name == "Lea"


async def test_who_comes_back_has_the_old_id_and_the_new_facts(writer: AsyncEngine) -> None:
    register = roster(person("kim", "a"), person("ute", role=GUARDIAN, wards=frozenset({PersonId("kim")})), group("a"))
    await apply(writer, register)
    ids = (await known(writer)).user_ids
    await apply(writer, roster(group("a")))
    back = roster(person("kim", family_name="Klein"), person("ute", role=GUARDIAN), group("a"))
    await apply(writer, back)
    now = await known(writer)
    assert now.roster == back
    assert now.user_ids == ids


async def test_who_left_keeps_a_row_and_nothing_that_hangs_on_it(writer: AsyncEngine) -> None:
    await apply(
        writer,
        roster(person("kim", "a"), person("ute", role=GUARDIAN, wards=frozenset({PersonId("kim")})), group("a")),
    )
    await apply(writer, roster(person("ute", role=GUARDIAN), group("a")))
    async with writer.connect() as connection:
        kim = (await connection.execute(select(persons).where(persons.c.id == "kim"))).one()
        assert (kim.standing, kim.left_at) == (RegisterState.LEFT, AT.timestamp())
        assert await connection.scalar(select(func.count()).select_from(memberships)) == 0
        assert await connection.scalar(select(func.count()).select_from(wards)) == 0


# The audit log, the version, all or nothing.


async def test_one_line_in_the_audit_log_with_the_whole_plan_and_nobodys_name(writer: AsyncEngine) -> None:
    await apply(writer, roster(person("kim", "a"), person("lea", "a"), group("a", "Chor")))
    [line] = await audit_lines(writer)
    assert line.details == {
        "counts": {
            "people_added": 2,
            "people_left": 0,
            "people_renamed": 0,
            "people_changed": 0,
            "people_recognised": 0,
            "groups_added": 1,
            "groups_changed": 0,
            "groups_ended": 0,
            "memberships_added": 2,
            "memberships_removed": 0,
        },
        "people": {"added": ["kim", "lea"], "left": [], "renamed": []},
        "groups": {"added": ["Chor"], "renamed": [], "ended": []},
        "memberships": {"added": [["kim", "Chor"], ["lea", "Chor"]], "removed": []},
        "blocked": None,
    }
    assert (line.actor, line.action, line.target, line.by_right) == (
        "the test",
        "sync_applied",
        "register",
        "import_people",
    )
    assert line.at == AT.timestamp()
    assert not [name for name in ("Kim", "Lea", "Groß") if name in str(line)]


async def test_the_version_is_counted_up_once(writer: AsyncEngine) -> None:
    await apply(writer, roster(person("kim", "a"), group("a")))
    assert await people_version(writer) == 1
    await apply(writer, roster(person("lea"), person("max"), group("b")))
    assert await people_version(writer) == 2


async def test_an_empty_plan_leaves_no_trace(writer: AsyncEngine) -> None:
    await apply(writer, roster(person("kim")))
    await apply(writer, roster(person("kim")))
    assert await people_version(writer) == 1
    assert len(await audit_lines(writer)) == 1


async def test_a_plan_that_fails_half_way_leaves_nothing(writer: AsyncEngine) -> None:
    await apply(writer, roster(person("kim", "a"), group("a")))
    before = await known(writer)
    register = roster(person("lea", "b"), group("b"))
    plan = make_plan(register, before.roster, Guard())
    broken = replace(plan, memberships_added=((PersonId("lea"), GroupKey("nowhere")),))
    with pytest.raises(KeyError):
        await apply(writer, register, plan=broken)
    assert await known(writer) == before
    assert await people_version(writer) == 1
    assert len(await audit_lines(writer)) == 1
