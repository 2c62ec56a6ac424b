"""Lists of people and groups, as people write them."""

from collections.abc import Sequence

import pytest
from builders import group, user

from appservice.bot.member_words import MemberWords, ask_back
from school.domain.directory import Directory
from school.domain.groups import GroupId, GroupKind
from school.domain.people import GUARDIAN, STUDENT, TEACHER, Person, PersonId, Role
from school.texts import Language, Texts

GERMAN = Texts(Language.GERMAN)


def called(name: str, role: Role, *groups: str, wards: Sequence[str] = ()) -> Person:
    given, _, family = name.rpartition(" ")
    localpart = name.casefold().replace(" ", ".")
    return Person(
        id=PersonId(localpart),
        user_id=user(localpart),
        given_name=given,
        family_name=family,
        role=role,
        groups=frozenset(map(GroupId, groups)),
        wards=frozenset(map(PersonId, wards)),
    )


ANNA, BEN = called("Anna Koch", STUDENT, "8.1"), called("Ben Braun", STUDENT, "8.1")
CEM, DANA = called("Cem Koch", STUDENT, "8.2"), called("Dana Müller-Groß", STUDENT, "8.2")
ERNA, FRANK = called("Erna Lange", TEACHER, "8.1"), called("Frank Und", TEACHER)
GABI = called("Gabi Koch", GUARDIAN, "g8.1", wards=["anna.koch", "cem.koch"])
HANS = called("Hans Braun", GUARDIAN, "g8.1", wards=["ben.braun"])
SCHOOL = Directory(
    (ANNA, BEN, CEM, DANA, ERNA, FRANK, GABI, HANS),
    (
        group("8.1", "Klasse 8.1"),
        group("8.2", "Klasse 8.2"),
        group("g8.1", "Sorgeberechtigte 8.1", GroupKind.GUARDIANS),
        group("song", "Chor und Band", GroupKind.CLUB),
        group("lange", "Lange Nacht", GroupKind.CLUB),
    ),
)
WORDS = MemberWords(SCHOOL)


@pytest.mark.parametrize(
    ("written", "people"),
    [
        ("Anna Koch", {ANNA}),
        ("anna koch, Ben Braun", {ANNA, BEN}),
        ("Anna Koch; Ben Braun\nFrau Lange.", {ANNA, BEN, ERNA}),
        ("Anna Koch und Ben Braun", {ANNA, BEN}),
        ("Frank Und", {FRANK}),
        ("Dana Mueller-Gross", {DANA}),
        ("@cem.koch", {CEM}),
        ("Klasse 8.1", {ANNA, BEN, ERNA}),
        ("8.1", {ANNA, BEN, ERNA}),
        ("Klasse 8.1, Klasse 8.2", {ANNA, BEN, CEM, DANA, ERNA}),
        ("Klasse 8.1 und 8.2", {ANNA, BEN, CEM, DANA, ERNA}),
        ("Klase 8.1, Anna Koch", {ANNA, BEN, ERNA}),
        ("Eltern 8.1", {GABI, HANS}),
        ("Eltern von Klasse 8.1", {GABI, HANS}),
        ("Eltern von Anna Koch", {GABI}),
        ("die Sorgeberechtigten von Ben Braun", {HANS}),
        ("parents of Ben Braun", {HANS}),
        ("Eltern von Klasse 8.2", {GABI}),
        ("Ben Braun mit Eltern", {BEN, HANS}),
        ("Ben Braun und Eltern", {BEN, HANS}),
        ("Klasse 8.1 mit Eltern", {ANNA, BEN, ERNA, GABI, HANS}),
        ("Eltern von Frau Lange", set()),
        ("Chor und Band", set()),
        ("", set()),
        (" , ;", set()),
    ],
)
def test_who_is_meant(written: str, people: set[Person]) -> None:
    meant = WORDS.read(written)
    assert meant.unclear == []
    assert set(meant.people) == people


@pytest.mark.parametrize(
    ("written", "choices"),
    [
        pytest.param("Koch", [ANNA, CEM, GABI], id="several people"),
        pytest.param("Anna Koch, Braun", [BEN, HANS], id="one of several parts"),
        pytest.param("Eltern von Koch", [ANNA, CEM, GABI], id="whose guardians"),
    ],
)
def test_who_can_be_meant_is_asked_back(written: str, choices: list[Person]) -> None:
    (one,) = WORDS.read(written).unclear
    assert sorted(one.people, key=lambda person: person.id) == choices
    assert one.groups == ()


def test_a_word_that_fits_a_person_and_a_group_is_asked_back() -> None:
    (one,) = WORDS.read("Lange").unclear
    assert [person.id for person in one.people] == ["erna.lange"]
    assert [found.name for found in one.groups] == ["Lange Nacht"]


@pytest.mark.parametrize(
    ("written", "near"),
    [
        ("Anna Kohc", "Anna Koch"),
        ("Klasse 8.3", "Klasse 8.1"),
        ("Xylophon Qwertz", None),
        ("Eltern von Bne Braun", "Ben Braun"),
    ],
)
def test_who_is_not_found_may_be_somebody_with_a_similar_name(written: str, near: str | None) -> None:
    (one,) = WORDS.read(written).unclear
    assert (one.people, one.groups, one.near) == ((), (), near)


def test_where_people_are_taken_out_a_name_means_somebody_who_is_in() -> None:
    assert list(WORDS.read("Koch", rather=[ANNA, BEN]).people) == [ANNA]
    assert list(WORDS.read("Ben Braun", rather=[ANNA]).people) == [BEN]


def test_nobody_is_meant_twice() -> None:
    assert len(WORDS.read("Klasse 8.1, Anna Koch, 8.1").people) == 3


def test_choices_begin_with_what_can_be_copied() -> None:
    said = ask_back(WORDS.read("Koch, Xylophon").unclear, SCHOOL, GERMAN).splitlines()
    assert said[0] == "Geändert ist nichts, weil noch nicht alle Namen klar sind:"
    assert said[1] == "• „Koch“ kann mehrere meinen:"
    assert "   @anna.koch – Anna Koch – Klasse 8.1" in said
    assert said[-2] == "• „Xylophon“ finde ich nicht."
    copied = [line.split()[0] for line in said if line.startswith("   @")]
    assert all(len(WORDS.read(choice).people) == 1 for choice in copied)


def test_many_choices_are_cut() -> None:
    many = [called(f"Kim{'abcdefgh'[number]} Weber", STUDENT) for number in range(8)]
    words = MemberWords(Directory(many))
    said = ask_back(words.read("Weber").unclear, Directory(many), GERMAN)
    assert said.count("@") == 6  # five choices, and the hint
    assert "und 3 weitere" in said
