"""Somebody gets what the log says of them, and nothing of anybody else."""

from typing import Any

import pytest

from school.domain.audit_about import for_person, names_one_of
from school.domain.audit_chain import Entry
from school.domain.people import GUARDIAN, STUDENT, TEACHER

BEN = {"S1", "@ben:school.test"}
ROLES = {"T1": TEACHER, "@ida:school.test": TEACHER, "S1": STUDENT, "S2": STUDENT, "G1": GUARDIAN}


def entry(actor: str = "T1", target: str = "S1", **details: Any) -> Entry:
    return Entry(number=7, at=1.0, actor=actor, action="x", target=target, by_right="reset_passwords", details=details)


@pytest.mark.parametrize(
    "one",
    [
        entry(actor="S1", target="T1"),
        entry(target="@ben:school.test"),
        entry(target="register", people={"left": ["S2", "S1"]}),
        entry(target="register", memberships={"added": [["S1", "Klasse 5a"]]}),
        entry(target="register", by_person={"S1": 1}),
    ],
    ids=["as actor", "by Matrix id", "in a list", "in a list of lists", "as a key"],
)
def test_an_entry_names_somebody_wherever_the_id_stands(one: Entry) -> None:
    assert names_one_of(one, BEN)


def test_an_id_inside_another_word_names_nobody() -> None:
    assert not names_one_of(entry(actor="S12", target="xS1", note="S1 and S2", number=1), BEN)


def test_others_are_what_they_are_at_the_school() -> None:
    assert for_person(entry(told="G1", number=3), BEN, ROLES) == Entry(
        number=7,
        at=1.0,
        actor="teacher",
        action="x",
        target="S1",
        by_right="reset_passwords",
        details={"told": "guardian", "number": 3},
    )


def test_of_lists_only_what_names_the_person_is_left() -> None:
    one = entry(
        actor="schulbote sync",
        target="register",
        counts={"people_left": 2},
        people={"added": ["S2", "unknown"], "left": ["S1", "S2"]},
        memberships={"removed": [["S1", "Klasse 5a"], ["S2", "Klasse 5a"]]},
        by_person={"S1": 1, "S2": 2},
    )
    own = for_person(one, BEN, ROLES)
    assert (own.actor, own.target) == ("schulbote sync", "register")
    assert own.details == {
        "counts": {"people_left": 2},
        "people": {"left": ["S1"]},
        "memberships": {"removed": [["S1", "Klasse 5a"]]},
        "by_person": {"S1": 1},
    }
