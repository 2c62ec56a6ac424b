"""The rules of the shelves: what is on one, who sees it, in which order."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from builders import BEN, CARL, GABI, IDA, NOBODY, OTTO, ZOE, policy

from school.domain.decisions import Reason
from school.domain.groups import GroupId
from school.domain.people import Person, UserId
from school.domain.rights import Level, Right, Rule
from school.domain.shelf import (
    LONGEST_FOLDER_NAME,
    FolderId,
    Order,
    SharedFile,
    Wish,
    arranged,
    folded,
    folder_name,
    may_look,
    may_tidy,
)

CLASS = GroupId("5a")
NOON = datetime(2026, 5, 5, 12, 0, tzinfo=UTC)
NAMES = {IDA.user_id: "Ida Groß", BEN.user_id: "Ben Äpfel"}


def file(name: str, *, who: Person = IDA, media_type: str = "image/png", minutes: int = 0, **more: Any) -> SharedFile:
    return SharedFile(
        event_id=f"${name}",
        room_id="!room",
        sender=who.user_id,
        sent_at=NOON + timedelta(minutes=minutes),
        name=name,
        media_type=media_type,
        size=1,
        uri="mxc://school.test/a",
        **more,
    )


@pytest.mark.parametrize(
    ("person", "sees"),
    [
        pytest.param(IDA, True, id="a teacher of the class"),
        pytest.param(BEN, True, id="a pupil of the class"),
        pytest.param(OTTO, True, id="a teacher who may visit all groups"),
        pytest.param(CARL, False, id="a pupil of another class"),
        pytest.param(GABI, False, id="a mother"),
        pytest.param(ZOE, False, id="a role without rights"),
    ],
)
def test_who_may_see_a_shelf_at_all(person: Person, sees: bool) -> None:
    assert bool(may_look(person, CLASS, policy())) is sees


def test_a_teacher_from_whom_visiting_was_taken_sees_only_their_own_groups() -> None:
    rule = Rule(level=Level.PERSON, subject=OTTO.id, right=Right.WRITE_TO_GROUPS, allow=False, id="rights:1")
    assert may_look(OTTO, CLASS, policy(rule)).reason is Reason.NOT_IN_GROUP
    assert may_look(OTTO, GroupId("6b"), policy(rule))


def test_who_has_left_sees_nothing() -> None:
    gone = Person(id=BEN.id, user_id=NOBODY, given_name="", family_name="", role=BEN.role, groups=BEN.groups)
    assert may_look(gone, CLASS, policy()).reason is Reason.UNKNOWN_PERSON


@pytest.mark.parametrize(
    ("person", "tidies"),
    [
        pytest.param(IDA, True, id="a teacher of the group"),
        pytest.param(OTTO, False, id="a teacher who only visits"),
        pytest.param(BEN, False, id="a pupil"),
    ],
)
def test_only_teachers_of_the_group_make_folders(person: Person, tidies: bool) -> None:
    assert bool(may_tidy(person, CLASS)) is tidies


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Arbeitsblätter", "Arbeitsblätter"),
        ("  Woche \n 12\t", "Woche 12"),
        ("x" * LONGEST_FOLDER_NAME, "x" * LONGEST_FOLDER_NAME),
        ("x" * (LONGEST_FOLDER_NAME + 1), None),
        (" \u200b\u202e ", None),
        ("", None),
        ("AUSFLUG", None),
        ("Ausflüg", None),
    ],
)
def test_names_of_folders(text: str, name: str | None) -> None:
    assert folder_name(text, ["Ausflug"]) == name


@pytest.mark.parametrize(
    ("text", "found_as"), [("Übung", "ubung"), ("STRASSE", "straße"), ("Café", "CAFE"), ("e\u0301", "é")]
)
def test_people_find_what_they_mean(text: str, found_as: str) -> None:
    assert folded(text) == folded(found_as)


FILES = [
    file("Blatt 2.pdf", media_type="application/pdf", minutes=1),
    file("ärger.png", who=BEN, minutes=3),
    file("blatt 1.pdf", media_type="application/pdf", minutes=2, folder=FolderId("f")),
    file("Zoo.mp4", who=BEN, media_type="video/mp4"),
]


@pytest.mark.parametrize(
    ("wish", "names"),
    [
        (Wish(), ["ärger.png", "blatt 1.pdf", "Blatt 2.pdf", "Zoo.mp4"]),
        (Wish(order=Order.NAME), ["ärger.png", "blatt 1.pdf", "Blatt 2.pdf", "Zoo.mp4"]),
        (Wish(order=Order.PERSON), ["ärger.png", "Zoo.mp4", "blatt 1.pdf", "Blatt 2.pdf"]),
        (Wish(order=Order.KIND), ["ärger.png", "Zoo.mp4", "blatt 1.pdf", "Blatt 2.pdf"]),
        (Wish(words="BLATT"), ["blatt 1.pdf", "Blatt 2.pdf"]),
        (Wish(words="blatt 2"), ["Blatt 2.pdf"]),
        (Wish(words="apfel zoo"), ["Zoo.mp4"]),
        (Wish(words="gross"), ["blatt 1.pdf", "Blatt 2.pdf"]),
        (Wish(folder=FolderId("f")), ["blatt 1.pdf"]),
        (Wish(words="niemand"), []),
    ],
    ids=str,
)
def test_what_somebody_wants_to_see_comes_in_the_order_they_want(wish: Wish, names: list[str]) -> None:
    known: Mapping[UserId, str] = NAMES
    assert [each.name for each in arranged(FILES, wish, lambda user_id: known.get(user_id, ""))] == names
