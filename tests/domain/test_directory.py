from dataclasses import FrozenInstanceError, fields

import pytest
from builders import BEA, BEN, CARL, EVERYBODY, GROUPS, IDA, NOBODY, person
from hypothesis import given
from hypothesis import strategies as st

from school.domain.directory import Directory
from school.domain.groups import GroupId
from school.domain.people import STUDENT, Person, PersonId, display_name, names_of, people_of

SCHOOL = Directory(EVERYBODY, GROUPS)


def test_a_person_is_found_by_matrix_id_and_by_the_registers_id() -> None:
    assert SCHOOL.person(BEN.user_id) is BEN
    assert SCHOOL.person_by_id(BEN.id) is BEN


def test_who_is_not_in_the_register_is_nobody() -> None:
    assert SCHOOL.person(NOBODY) is None
    assert SCHOOL.person_by_id(PersonId("p-ghost")) is None
    assert SCHOOL.group(GroupId("ghost")) is None
    assert SCHOOL.members(GroupId("ghost")) == ()


def test_the_members_of_a_group_are_those_who_name_it() -> None:
    assert set(SCHOOL.members(GroupId("5a"))) == {IDA, BEN, BEA}


def test_an_empty_directory_knows_nobody() -> None:
    nobody = Directory()
    assert len(nobody) == 0
    assert nobody.person(BEN.user_id) is None
    assert nobody.person_by_id(BEN.id) is None
    assert not nobody.groups


def test_groups_cannot_be_changed_from_outside() -> None:
    with pytest.raises(TypeError):
        SCHOOL.groups[GroupId("x")] = GROUPS[0]  # type: ignore[index]


def test_somebody_in_a_group_that_is_not_active_is_still_a_member_of_nothing_visible() -> None:
    school = Directory([person("eva", STUDENT, "ended")])
    assert school.group(GroupId("ended")) is None
    assert len(school.members(GroupId("ended"))) == 1


def test_two_share_a_group_or_they_do_not() -> None:
    assert BEN.shares_group_with(BEA)
    assert not BEN.shares_group_with(CARL)
    assert not person("eva", STUDENT).shares_group_with(person("emil", STUDENT))


@pytest.mark.parametrize(
    ("given_name", "family_name", "shown"),
    [
        pytest.param("Ida", "Groß", "Ida Groß", id="both parts"),
        pytest.param("Ida", "", "Ida", id="no family name"),
        pytest.param("", "Groß", "Groß", id="no given name"),
    ],
)
def test_how_a_name_is_written(given_name: str, family_name: str, shown: str) -> None:
    assert display_name(given_name, family_name) == shown


def test_many_people_made_at_once_are_people_like_any_other() -> None:
    columns = [[getattr(one, field.name) for one in EVERYBODY] for field in fields(Person)]
    made = people_of(len(EVERYBODY), columns)
    assert made == list(EVERYBODY)
    assert set(made) == set(EVERYBODY)
    assert list(map(repr, made)) == list(map(repr, EVERYBODY))
    with pytest.raises(FrozenInstanceError):
        made[0].given_name = "Eva"  # type: ignore[misc]


@pytest.mark.parametrize("number", [0, len(fields(Person)) - 1, len(fields(Person)) + 1])
def test_people_need_a_column_for_each_field(number: int) -> None:
    with pytest.raises(ValueError, match="zip"):
        people_of(1, [["x"]] * number)


def test_names_come_in_the_order_given() -> None:
    assert names_of([BEN, IDA]) == ["Ben Groß", "Ida Groß"]


@given(st.dictionaries(st.sampled_from("abcdef"), st.sets(st.sampled_from(["x", "y", "z"]))))
def test_members_and_memberships_say_the_same(school: dict[str, set[str]]) -> None:
    people = [person(name, STUDENT, *groups) for name, groups in school.items()]
    directory = Directory(people)
    assert len(directory) == len(people) == len(list(directory.people))
    for group in ("x", "y", "z"):
        assert set(directory.members(GroupId(group))) == {p for p in people if group in p.groups}
