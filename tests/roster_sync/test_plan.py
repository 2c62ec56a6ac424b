"""The plan: small rosters as a table, the two days of the invented school, the guard, and that a plan is complete."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster_sync.plan import GroupChange, Guard, Plan, make_plan
from roster_sync.sources import read_register
from school.domain.groups import GroupKind
from school.domain.people import GUARDIAN, STUDENT, TEACHER, PersonId, Role
from school.domain.roster import GroupKey, Roster, RosterGroup, RosterPerson

GENEROUS = Guard(people=10**6, share=1.0)
NOBODY = Roster(persons={}, groups={})


def person(person_id: str, *groups: str, role: Role = STUDENT, family: str = "Groß", **more: Any) -> RosterPerson:
    return RosterPerson(
        id=PersonId(person_id),
        given_name=person_id.title(),
        family_name=family,
        role=role,
        groups=frozenset(map(GroupKey, groups)),
        **more,
    )


def group(key: str, name: str | None = None, kind: GroupKind = GroupKind.CLUB) -> RosterGroup:
    return RosterGroup(key=GroupKey(key), name=name or key.upper(), kind=kind)


def roster(*members: RosterPerson | RosterGroup) -> Roster:
    return Roster(
        persons={member.id: member for member in members if isinstance(member, RosterPerson)},
        groups={member.key: member for member in members if isinstance(member, RosterGroup)},
    )


def school(pupils: int, *, teachers: int = 1, classes: int = 1) -> Roster:
    """Pupils s0, s1, … spread over classes c0, c1, …, with teachers who are in no class."""
    return roster(
        *(group(f"c{number}", kind=GroupKind.CLASS) for number in range(classes)),
        *(person(f"s{number}", f"c{number % classes}") for number in range(pupils)),
        *(person(f"t{number}", role=TEACHER) for number in range(teachers)),
    )


def without(known: Roster, *ids: str) -> Roster:
    return Roster(persons={key: value for key, value in known.persons.items() if key not in ids}, groups=known.groups)


KIM, LEA = person("kim", "a"), person("lea", "a")
A, B = group("a"), group("b")
BASE = roster(KIM, LEA, A)

TABLE = {
    "nothing changed": (BASE, BASE, Plan()),
    "the first sync adds everything": (
        NOBODY,
        roster(KIM, A),
        Plan(people_added=(KIM,), groups_added=(A,), memberships_added=(("kim", "a"),)),
    ),
    "somebody new": (
        roster(KIM, A),
        BASE,
        Plan(people_added=(LEA,), memberships_added=(("lea", "a"),)),
    ),
    "somebody left, out of their groups too": (
        BASE,
        roster(KIM, A),
        Plan(people_left=(LEA,), memberships_removed=(("lea", "a"),)),
    ),
    "a new family name": (
        BASE,
        roster(replace(KIM, family_name="Klein"), LEA, A),
        Plan(people_renamed=(replace(KIM, family_name="Klein"),)),
    ),
    "another role": (
        BASE,
        roster(replace(KIM, role=TEACHER), LEA, A),
        Plan(people_changed=(replace(KIM, role=TEACHER),)),
    ),
    "the mark of leadership": (
        BASE,
        roster(replace(KIM, leadership=True), LEA, A),
        Plan(people_changed=(replace(KIM, leadership=True),)),
    ),
    "a child of one's own": (
        BASE,
        roster(replace(KIM, wards=frozenset({PersonId("lea")})), LEA, A),
        Plan(people_changed=(replace(KIM, wards=frozenset({PersonId("lea")})),)),
    ),
    "a new group": (
        BASE,
        roster(replace(KIM, groups=frozenset({"a", "b"})), LEA, A, B),
        Plan(groups_added=(B,), memberships_added=(("kim", "b"),)),
    ),
    "a group that ended": (
        roster(person("kim", "a", "b"), LEA, A, B),
        BASE,
        Plan(groups_ended=(B,), memberships_removed=(("kim", "b"),)),
    ),
    "another name under the same key": (
        BASE,
        roster(KIM, LEA, group("a", "Chor")),
        Plan(groups_changed=(GroupChange(before=A, after=group("a", "Chor")),)),
    ),
    "another kind under the same key": (
        BASE,
        roster(KIM, LEA, group("a", kind=GroupKind.COMMITTEE)),
        Plan(groups_changed=(GroupChange(before=A, after=group("a", kind=GroupKind.COMMITTEE)),)),
    ),
    "another key with the same members is the same group, renamed": (
        BASE,
        roster(person("kim", "b"), person("lea", "b"), B),
        Plan(groups_changed=(GroupChange(before=A, after=B),)),
    ),
    "another key with the same members and another kind is another group": (
        BASE,
        roster(person("kim", "b"), person("lea", "b"), group("b", kind=GroupKind.STAFF)),
        Plan(
            groups_added=(group("b", kind=GroupKind.STAFF),),
            groups_ended=(A,),
            memberships_added=(("kim", "b"), ("lea", "b")),
            memberships_removed=(("kim", "a"), ("lea", "a")),
        ),
    ),
    "another key with half of the members is another group": (
        BASE,
        roster(person("kim", "b"), person("lea"), B),
        Plan(
            groups_added=(B,),
            groups_ended=(A,),
            memberships_added=(("kim", "b"),),
            memberships_removed=(("kim", "a"), ("lea", "a")),
        ),
    ),
    "two empty groups are never taken for one": (
        roster(A),
        roster(B),
        Plan(groups_added=(B,), groups_ended=(A,)),
    ),
    "a renamed group keeps four of five members": (
        roster(*(person(f"p{number}", "a") for number in range(5)), A),
        roster(*(person(f"p{number}", "b") for number in range(4)), person("p4"), B),
        Plan(groups_changed=(GroupChange(before=A, after=B),), memberships_removed=(("p4", "b"),)),
    ),
}


@pytest.mark.parametrize(("known", "register", "plan"), TABLE.values(), ids=TABLE)
def test_the_plan_is_the_difference(known: Roster, register: Roster, plan: Plan) -> None:
    assert make_plan(register, known, GENEROUS) == plan


@pytest.mark.parametrize(("known", "register", "plan"), TABLE.values(), ids=TABLE)
def test_only_a_plan_without_changes_is_empty(known: Roster, register: Roster, plan: Plan) -> None:
    assert make_plan(register, known, GENEROUS).is_empty == (plan == Plan())


# The two days of the invented school.


def ids_in(expected: Mapping[str, Any], read: Roster) -> dict[str, str]:
    """The id that a reader gave to each expected person: the same one, but for guardians in IServ files."""
    guardian = {(p.given_name, p.family_name, p.wards): p.id for p in read.persons.values() if p.role == GUARDIAN}
    return {
        person["id"]: person["id"]
        if person["role"] != "guardian"
        else guardian[person["given"], person["family"], frozenset(expected["wards"][person["id"]])]
        for person in expected["persons"]
    }


@pytest.mark.parametrize("register", ["iserv", "oneroster"])
def test_the_second_day_is_what_the_two_answers_differ_in(registers: Path, options: Any, register: str) -> None:
    answers, rosters = [], []
    for school_name in ("oberschule", "oberschule-day2"):
        answers.append(json.loads((registers / school_name / "expected.json").read_text()))
        rosters.append(read_register(registers / school_name / register, options))
    ids = ids_in(answers[0], rosters[0]) | ids_in(answers[1], rosters[1])
    was, now = ({person["id"]: person for person in answer["persons"]} for answer in answers)
    names_were, names = ({group["id"]: group["name"] for group in answer["groups"]} for answer in answers)
    pairs_were, pairs = (
        {(person["id"], key) for person in people.values() for key in person["groups"]} for people in (was, now)
    )

    plan = make_plan(rosters[1], rosters[0], Guard())
    shown = json.loads(json.dumps(plan.as_json()))

    def same(found: list[Any], wanted: Any) -> bool:
        return sorted(found) == sorted(wanted)

    assert same(shown["people"]["added"], [ids[one] for one in now.keys() - was.keys()])
    assert same(shown["people"]["left"], [ids[one] for one in was.keys() - now.keys()])
    assert same(
        shown["people"]["renamed"],
        [
            ids[one]
            for one in was.keys() & now.keys()
            if (was[one]["given"], was[one]["family"]) != (now[one]["given"], now[one]["family"])
        ],
    )
    assert same(shown["groups"]["added"], [names[key] for key in names.keys() - names_were.keys()])
    assert same(
        shown["groups"]["renamed"], [names[k] for k in names.keys() & names_were.keys() if names[k] != names_were[k]]
    )
    assert shown["groups"]["ended"] == []
    assert same(shown["memberships"]["added"], [[ids[one], names[key]] for one, key in pairs - pairs_were])
    assert same(shown["memberships"]["removed"], [[ids[one], names[key]] for one, key in pairs_were - pairs])
    assert shown["blocked"] is None
    # And so that a mistake in the answers does not hide one in the plan:
    assert shown["groups"] == {"added": ["Theater-AG"], "renamed": ["Schulkonferenz 2026/27"], "ended": []}
    assert (len(shown["people"]["added"]), len(shown["people"]["left"])) == (2, 3)
    assert shown["people"]["renamed"] == ["T00003"]
    assert ["S00002", "Klasse 8.2"] in shown["memberships"]["added"]
    assert ["S00002", "Klasse 8.1"] in shown["memberships"]["removed"]


@pytest.mark.parametrize("register", ["iserv", "oneroster"])
@pytest.mark.parametrize("day", ["oberschule", "oberschule-day2"])
def test_the_same_register_again_is_nothing_to_do(registers: Path, options: Any, day: str, register: str) -> None:
    read = read_register(registers / day / register, options)
    assert make_plan(read_register(registers / day / register, options), read, Guard()) == Plan()


# The guard.


def gone(known: Roster, number: int) -> Roster:
    return without(known, *(f"s{index}" for index in range(number)))


BIG, HUNDRED = school(999), school(99)

BLOCKED = {
    "11 people of 1000": (BIG, gone(BIG, 11), "11 of 1000 people would leave, and at most 10 may"),
    "6 % of 100": (HUNDRED, gone(HUNDRED, 6), "6 of 100 people would leave, and at most 5 may"),
    "one person of ten": (school(9), gone(school(9), 1), "1 of 10 people would leave, and at most 0 may"),
    "everybody": (HUNDRED, NOBODY, "100 of 100 people would leave"),
    "a whole role": (BIG, without(BIG, "t0"), "Nobody would be left with the role teacher."),
    "a role, because its people changed it": (
        BIG,
        roster(*BIG.groups.values(), *(replace(one, role=STUDENT) for one in BIG.persons.values())),
        "Nobody would be left with the role teacher.",
    ),
    "a whole class": (
        BIG,
        roster(*(replace(one, groups=frozenset()) for one in BIG.persons.values())),
        "C0 would end.",
    ),
    "a class with nobody in it": (
        BIG,
        roster(*BIG.groups.values(), *(replace(one, groups=frozenset()) for one in BIG.persons.values())),
        "Nobody would be left in C0.",
    ),
}

PASSES = {
    "10 people of 1000": (BIG, gone(BIG, 10)),
    "5 % of 100": (HUNDRED, gone(HUNDRED, 5)),
    "a club that ended": (
        roster(*BIG.persons.values(), *BIG.groups.values(), group("choir")),
        BIG,
    ),
    "a class that was empty before": (
        roster(*BIG.persons.values(), *BIG.groups.values(), group("c9", kind=GroupKind.CLASS)),
        roster(*BIG.persons.values(), *BIG.groups.values(), group("c9", "C9 neu", kind=GroupKind.CLASS)),
    ),
    "a class under a new name": (
        BIG,
        roster(
            group("c0", "Klasse 9", kind=GroupKind.CLASS),
            *BIG.persons.values(),
        ),
    ),
    "a class under a new key": (
        BIG,
        roster(
            group("k", "Klasse 9", kind=GroupKind.CLASS),
            *(
                replace(one, groups=frozenset({GroupKey("k")}) if one.groups else frozenset())
                for one in BIG.persons.values()
            ),
        ),
    ),
    "the first sync, however small": (NOBODY, school(2)),
    "the first sync with an empty class": (NOBODY, school(0, classes=3)),
}


@pytest.mark.parametrize(("known", "register", "sentence"), BLOCKED.values(), ids=BLOCKED)
def test_a_large_removal_waits_for_a_person(known: Roster, register: Roster, sentence: str) -> None:
    blocked = make_plan(register, known, Guard()).blocked
    assert blocked is not None
    assert blocked.startswith(sentence)
    assert "--confirm" in blocked
    assert blocked.endswith(".")


@pytest.mark.parametrize(("known", "register"), PASSES.values(), ids=PASSES)
def test_a_small_removal_does_not_wait(known: Roster, register: Roster) -> None:
    assert make_plan(register, known, Guard()).blocked is None


def test_the_school_chooses_how_many_may_leave() -> None:
    assert make_plan(gone(BIG, 11), BIG, Guard(people=11)).blocked is None
    assert make_plan(gone(HUNDRED, 6), HUNDRED, Guard(share=0.06)).blocked is None
    assert make_plan(gone(BIG, 1), BIG, Guard(people=0)).blocked is not None


def test_a_blocked_plan_without_changes_would_still_be_empty() -> None:
    assert Plan(blocked="no").is_empty


# For programs.


def test_the_json_has_the_shape_of_the_contract_and_no_names_of_people() -> None:
    known = roster(person("kim", "a"), person("lea", "a", family="Lang"), person("max", "b"), A, B)
    register = roster(
        person("kim", "a", family="Klein"),
        person("lea", "c", family="Lang"),
        person("ute"),
        group("a", "Chor"),
        group("c"),
    )
    shown = make_plan(register, known, Guard()).as_json()
    assert shown == {
        "people": {"added": ["ute"], "left": ["max"], "renamed": ["kim"]},
        "groups": {"added": ["C"], "renamed": ["Chor"], "ended": ["B"]},
        "memberships": {"added": [["lea", "C"]], "removed": [["lea", "Chor"], ["max", "B"]]},
        "blocked": "1 of 3 people would leave, and at most 0 may without a person's word. Look at the plan, and if it "
        "is right, start the sync again with --confirm.",
    }
    assert json.loads(json.dumps(shown)) == shown
    assert not {"Klein", "Groß", "Lang", "Kim"} & set(json.dumps(shown, ensure_ascii=False).replace('"', " ").split())


# Complete: applied to what is known, a plan gives the register.


def applied(plan: Plan, known: Roster) -> Roster:
    """What every effector of a plan has to do, as a pure function."""
    new_key = {change.before.key: change.after.key for change in plan.groups_changed}
    ended = {group.key for group in plan.groups_ended}
    groups = {key: group for key, group in known.groups.items() if key not in ended and key not in new_key}
    groups |= {change.after.key: change.after for change in plan.groups_changed}
    groups |= {group.key: group for group in plan.groups_added}
    of_person: dict[PersonId, set[GroupKey]] = {
        one.id: {new_key.get(key, key) for key in one.groups} for one in known.persons.values()
    }
    people = dict(known.persons)
    for left in plan.people_left:
        del people[left.id]
    for one in (*plan.people_added, *plan.people_renamed, *plan.people_changed):
        people[one.id] = one
    for person_id, key in plan.memberships_removed:
        of_person[person_id].remove(key)
    for person_id, key in plan.memberships_added:
        assert key not in of_person.setdefault(person_id, set())
        of_person[person_id].add(key)
    return Roster(
        persons={
            person_id: replace(one, groups=frozenset(of_person.get(person_id, ()))) for person_id, one in people.items()
        },
        groups=groups,
    )


@st.composite
def rosters(draw: st.DrawFn) -> Roster:
    keys = draw(st.sets(st.sampled_from("abcdef"), max_size=6))
    ids = sorted(draw(st.sets(st.sampled_from([f"p{number}" for number in range(8)]))))
    groups = [
        group(key, draw(st.sampled_from(["Chor", "Klasse 1"])), draw(st.sampled_from(list(GroupKind)[:2])))
        for key in sorted(keys)
    ]
    people = [
        person(
            one,
            *draw(st.sets(st.sampled_from(sorted(keys)))) if keys else (),
            role=draw(st.sampled_from([TEACHER, STUDENT])),
            family=draw(st.sampled_from(["Groß", "Klein"])),
            wards=frozenset(draw(st.sets(st.sampled_from(ids), max_size=2))),
        )
        for one in ids
    ]
    return roster(*groups, *people)


@given(rosters(), rosters())
def test_a_plan_applied_to_what_is_known_gives_the_register(register: Roster, known: Roster) -> None:
    plan = make_plan(register, known, Guard())
    assert applied(plan, known) == register
    assert make_plan(register, applied(plan, known), Guard()) == Plan()


@given(rosters())
def test_a_plan_of_the_known_is_empty(known: Roster) -> None:
    assert make_plan(known, known, Guard(people=0, share=0)) == Plan()
