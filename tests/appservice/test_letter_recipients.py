"""To whom the letters of a class go, and in which order they are handed out."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from builders import group, person

from appservice.letters import Recipient, letter_to, recipients
from school.domain.directory import Directory
from school.domain.groups import GroupKind
from school.domain.people import GUARDIAN, STUDENT, TEACHER, Person
from school.texts import Language, Texts

CLASS, OTHER = group("8.1", "Klasse 8.1"), group("8.2", "Klasse 8.2")
PARENTS = group("parents", "Sorgeberechtigte 8.1", GroupKind.GUARDIANS)
STAFF = group("staff", "Lehrer", GroupKind.STAFF)
GROUPS = (CLASS, OTHER, PARENTS, STAFF)


def named(name: str, family: str, role: str, *groups: str, wards: Iterable[Person] = ()) -> Person:
    one = person(name, role, *groups)  # type: ignore[arg-type]
    return replace(one, family_name=family, wards=frozenset(ward.id for ward in wards))


ZOE = named("zoe", "Adam", STUDENT, "8.1")
BEN = named("ben", "Öztürk", STUDENT, "8.1")
MIA = named("mia", "Öztürk", STUDENT, "8.2")
TIM = named("tim", "Zander", STUDENT, "8.1", "8.2")
ELIF = named("elif", "Öztürk", GUARDIAN, "parents", wards=(BEN, MIA))
CAN = named("can", "Demir", GUARDIAN, wards=(BEN,))
PIA = named("pia", "Adam", GUARDIAN, "parents", wards=(ZOE, TIM))
UTE = named("ute", "Frei", GUARDIAN, "8.1", "parents")
IDA = named("ida", "Groß", TEACHER, "8.1", "staff", "parents")
OLE = named("ole", "Lange", TEACHER, "staff")
DIRECTORY = Directory([OLE, UTE, TIM, MIA, IDA, ELIF, CAN, PIA, BEN, ZOE], GROUPS)


def names(found: Iterable[Recipient]) -> list[str]:
    return [one.person.given_name for one in found]


def test_a_class_is_its_pupils_each_before_their_guardians() -> None:
    assert names(recipients(DIRECTORY, [CLASS])) == ["Zoe", "Pia", "Ben", "Can", "Elif", "Tim", "Ute"]


def test_umlauts_are_sorted_where_people_look_for_them() -> None:
    assert names(recipients(DIRECTORY, [CLASS], STUDENT)) == ["Zoe", "Ben", "Tim"]


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        pytest.param(STUDENT, ["Zoe", "Ben", "Tim"], id="pupils"),
        pytest.param(GUARDIAN, ["Pia", "Can", "Elif", "Ute"], id="guardians of the pupils, and those in the group"),
        pytest.param(TEACHER, ["Ida"], id="teachers"),
        pytest.param("staff", [], id="nobody has this role"),
    ],
)
def test_with_a_role_only_those_who_have_it(role: str, expected: list[str]) -> None:
    assert names(recipients(DIRECTORY, [CLASS], role)) == expected  # type: ignore[arg-type]


def test_the_group_of_guardians_is_its_guardians() -> None:
    assert names(recipients(DIRECTORY, [PARENTS])) == ["Pia", "Ute", "Elif"]


def test_the_staff_is_all_of_its_members() -> None:
    assert names(recipients(DIRECTORY, [STAFF])) == ["Ida", "Ole"]


def test_nobody_gets_two_letters() -> None:
    found = names(recipients(DIRECTORY, [CLASS, OTHER, PARENTS]))
    assert found == ["Zoe", "Pia", "Ben", "Can", "Elif", "Tim", "Ute", "Mia"]


def test_an_empty_group_has_no_letters() -> None:
    assert recipients(DIRECTORY, [group("empty")]) == []


def test_a_letter_names_class_and_children_for_whoever_hands_it_out() -> None:
    texts = Texts(Language.GERMAN)
    letters = {one.person: letter_to(one, "k7wq", texts) for one in recipients(DIRECTORY, [CLASS])}
    assert letters[BEN].way == "Klasse 8.1"
    assert letters[ELIF].way == "Klasse 8.1 · Kind: Ben Öztürk"
    assert letters[PIA].way == "Klasse 8.1 · Kind: Zoe Adam, Tim Zander"
    assert letters[UTE].way == "Klasse 8.1"
    assert (letters[PIA].name, letters[PIA].user_name, letters[PIA].code) == ("Pia Adam", "pia", "k7wq")


def test_guardians_do_not_learn_of_children_in_other_classes() -> None:
    [elif_] = [one for one in recipients(DIRECTORY, [CLASS]) if one.person == ELIF]
    assert elif_.wards == (BEN,)
