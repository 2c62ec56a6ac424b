"""Which group may read who will be absent."""

from dataclasses import replace

import pytest
from builders import BEN, GABI, GROUPS, IDA, OTTO, ZOE, group

from school.domain.directory import Directory
from school.domain.groups import GroupId, GroupKind
from school.domain.office import NoOffice, find_office
from school.domain.people import Person

OFFICE = group("office", "Sekretariat", GroupKind.STAFF)


def directory(*members: Person, more: tuple[Person, ...] = ()) -> Directory:
    inside = [replace(person, groups=person.groups | {GroupId("office")}) for person in members]
    return Directory([*inside, *more], [*GROUPS, OFFICE])


@pytest.mark.parametrize("name", ["Sekretariat", "sekretariat", "SEKRETARIAT"])
def test_the_office_is_the_group_of_that_name(name: str) -> None:
    assert find_office(directory(ZOE, IDA), name) == OFFICE


@pytest.mark.parametrize(
    ("members", "name", "why"),
    [
        pytest.param((ZOE,), None, NoOffice.NOT_NAMED, id="the school names none"),
        pytest.param((ZOE,), "Verwaltung", NoOffice.NO_SUCH_GROUP, id="there is no such group"),
        pytest.param((), "Sekretariat", NoOffice.NOBODY_IN_IT, id="nobody would read it"),
        pytest.param((ZOE, BEN), "Sekretariat", NoOffice.NOT_FOR_STAFF_ALONE, id="a pupil would read it"),
        pytest.param((ZOE, GABI), "Sekretariat", NoOffice.NOT_FOR_STAFF_ALONE, id="a guardian would read it"),
    ],
)
def test_otherwise_there_is_none(members: tuple[Person, ...], name: str | None, why: NoOffice) -> None:
    assert find_office(directory(*members, more=(OTTO,)), name) is why


def test_two_groups_of_one_name_are_none() -> None:
    twice = Directory([ZOE], [OFFICE, replace(OFFICE, id=GroupId("other"))])
    assert find_office(twice, "Sekretariat") is NoOffice.NO_SUCH_GROUP
