"""Guardians to whom a register gives no id, and what becomes of them when their contact data change."""

import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from roster_sync.apply import apply_plan
from roster_sync.identity import recognise
from roster_sync.plan import Guard, Plan, make_plan
from school.database.register import Known, read_known
from school.domain.people import GUARDIAN, STUDENT, TEACHER, PersonId, UserId
from school.domain.roster import Roster, RosterPerson, hashed_id, is_hashed

FREE = Guard(people=100, share=1.0)


def made_of(text: str) -> PersonId:
    return hashed_id(hashlib.sha256(text.encode()).digest())


def child(name: str) -> RosterPerson:
    return RosterPerson(id=PersonId(name), given_name=name, family_name="Groß", role=STUDENT)


def guardian(contact: str, *children: RosterPerson, name: str = "Ute Groß", ident: str | None = None) -> RosterPerson:
    given, family = name.split()
    return RosterPerson(
        id=PersonId(ident) if ident else made_of(f"{name} {contact}"),
        given_name=given,
        family_name=family,
        role=GUARDIAN,
        wards=frozenset(one.id for one in children),
    )


KIM, LEA = child("kim"), child("lea")
IDA = RosterPerson(id=PersonId("ida"), given_name="Ida", family_name="Groß", role=TEACHER)


def roster(*people: RosterPerson) -> Roster:
    return Roster(persons={one.id: one for one in (KIM, LEA, IDA, *people)}, groups={})


UTE, UTE_MOVED = guardian("old@x", KIM), guardian("new@x", KIM)


def test_hashed_ids_are_told_from_those_of_a_register() -> None:
    assert is_hashed(UTE.id)
    assert UTE.id != UTE_MOVED.id
    assert not any(is_hashed(PersonId(ident)) for ident in ("g-1", "G00001", "g-" + "a" * 21, "kim"))


def test_new_contact_data_make_no_new_person() -> None:
    found = recognise(roster(UTE_MOVED), roster(UTE), {})
    assert found.new_aliases == {UTE_MOVED.id: UTE.id}
    assert found.roster == roster(UTE)
    assert make_plan(roster(UTE_MOVED), roster(UTE), FREE) == Plan(people_recognised={UTE_MOVED.id: UTE.id})


@pytest.mark.parametrize(
    ("before", "now"),
    [
        pytest.param([UTE], [guardian("new@x", LEA)], id="another child"),
        pytest.param([UTE], [guardian("new@x", KIM, name="Ute Klein")], id="another name"),
        pytest.param([guardian("old@x", KIM, ident="G1")], [UTE_MOVED], id="the register has given an id"),
        pytest.param([UTE], [guardian("new@x", KIM, ident="G2")], id="the register gives an id now"),
        pytest.param([UTE], [UTE_MOVED, guardian("third@x", KIM)], id="one of two could be it"),
        pytest.param([UTE, guardian("third@x", KIM)], [UTE_MOVED], id="it could be one of two"),
        pytest.param([UTE], [UTE, UTE_MOVED], id="the old one is still there"),
    ],
)
def test_what_is_not_sure_is_two_people(before: list[RosterPerson], now: list[RosterPerson]) -> None:
    found = recognise(roster(*now), roster(*before), {})
    assert found.new_aliases == {}
    assert found.roster.persons == roster(*now).persons


def test_a_new_family_name_is_a_doubt_for_a_human() -> None:
    married = guardian("old@x", KIM, name="Ute Klein")
    [doubt] = make_plan(roster(married), roster(UTE), FREE).doubts
    assert doubt.startswith("Ute Groß is no longer in the register, and Ute Klein is new and has the same child.")


def test_who_was_recognised_stays_so_and_may_stand_there_twice() -> None:
    aliases = {UTE_MOVED.id: UTE.id}
    assert make_plan(roster(UTE_MOVED), roster(UTE), FREE, aliases).is_empty
    both = [guardian("old@x", KIM), guardian("new@x", LEA)]
    merged = recognise(roster(*both), roster(UTE), aliases).roster
    assert [one for one in merged.persons.values() if one.role == GUARDIAN] == [guardian("old@x", KIM, LEA)]


async def follow(engine: AsyncEngine, register: Roster, known: Known, plan: Plan) -> None:
    details: dict[str, Any] = {"server_name": "school.example", "reserved": (), "actor": "the test"}
    async with engine.begin() as connection:
        await apply_plan(connection, plan, known, at=datetime(2026, 9, 1, tzinfo=UTC), **details)


async def known_to(engine: AsyncEngine) -> Known:
    async with engine.connect() as connection:
        return await read_known(connection)


async def test_one_account_through_three_sets_of_contact_data(writer: AsyncEngine) -> None:
    for contact in ("old@x", "new@x", "third@x", "new@x"):
        register, known = roster(guardian(contact, KIM)), await known_to(writer)
        await follow(writer, register, known, make_plan(register, known.roster, FREE, known.aliases))
    known = await known_to(writer)
    guardians = [ident for ident, person in known.roster.persons.items() if person.role == GUARDIAN]
    assert guardians == [UTE.id]
    assert known.user_ids[UTE.id] == UserId("@ute.gross:school.example")
    assert known.aliases == {UTE_MOVED.id: UTE.id, guardian("third@x", KIM).id: UTE.id}
