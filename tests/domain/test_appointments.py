"""Who makes, sees, changes and answers appointments."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from builders import BEN, CARL, GABI, IDA, OTTO, ZOE, policy

from school.domain.appointment_times import Times
from school.domain.appointments import (
    Appointment,
    AppointmentId,
    may_answer,
    may_change,
    may_make,
    may_see,
)
from school.domain.decisions import Reason
from school.domain.groups import GroupId
from school.domain.people import Person
from school.domain.rights import Level, Right, Rule

CLASS, OTHER = GroupId("5a"), GroupId("6b")
DAY = date(2026, 10, 16)
TRIP = Appointment(
    id=AppointmentId("a"),
    maker=IDA.id,
    title="Wandertag",
    place="Bahnhof",
    groups=frozenset({CLASS}),
    times=Times(first_day=DAY, last_day=DAY),
    asks=True,
    changed_at=datetime(2026, 10, 1, tzinfo=UTC),
)
NO_VISITS = Rule(level=Level.PERSON, subject=IDA.id, right=Right.WRITE_TO_GROUPS, allow=False, id="rights:1")


@pytest.mark.parametrize(
    ("person", "groups", "may"),
    [
        pytest.param(IDA, [CLASS], True, id="a teacher for their class"),
        pytest.param(OTTO, [CLASS], True, id="a teacher who may write to every group"),
        pytest.param(IDA, [], False, id="for nobody"),
        pytest.param(BEN, [CLASS], False, id="a pupil for their class"),
        pytest.param(GABI, [GroupId("parents-5a")], False, id="a mother for the parents"),
        pytest.param(ZOE, [CLASS], False, id="a role without rights"),
    ],
)
def test_who_makes_one(person: Person, groups: list[GroupId], may: bool) -> None:
    assert bool(may_make(person, groups, policy().rights)) is may


def test_without_the_right_to_write_to_groups_a_teacher_makes_them_for_their_own() -> None:
    rights = policy(NO_VISITS).rights
    assert may_make(IDA, [CLASS], rights)
    assert may_make(IDA, [CLASS, OTHER], rights).reason is Reason.NOT_IN_GROUP


def test_a_school_may_give_the_right_to_others() -> None:
    rule = Rule(level=Level.PERSON, subject=ZOE.id, right=Right.WRITE_TO_GROUPS, allow=True, id="rights:1")
    assert may_make(ZOE, [CLASS], policy(rule).rights).rule == "rights:1"


@pytest.mark.parametrize(
    ("person", "sees", "changes"),
    [
        pytest.param(IDA, True, True, id="who made it"),
        pytest.param(BEN, True, False, id="a pupil of the class"),
        pytest.param(OTTO, False, False, id="a teacher of another class"),
        pytest.param(CARL, False, False, id="a pupil of another class"),
        pytest.param(GABI, False, False, id="a mother"),
    ],
)
def test_who_sees_and_who_changes_one(person: Person, sees: bool, changes: bool) -> None:
    assert (bool(may_see(person, TRIP)), bool(may_change(person, TRIP))) == (sees, changes)


def test_the_teachers_of_its_groups_change_what_a_colleague_made() -> None:
    assert may_change(IDA, replace(TRIP, maker=OTTO.id))
    assert may_change(IDA, replace(TRIP, maker=None)), "also when they were erased"


def test_who_made_one_and_is_no_teacher_any_more_changes_nothing() -> None:
    assert may_change(replace(IDA, role=BEN.role), TRIP).reason is Reason.NOT_A_MODERATOR


@pytest.mark.parametrize(
    ("person", "appointment", "is_open", "reason"),
    [
        pytest.param(BEN, TRIP, True, None, id="a pupil of the class"),
        pytest.param(IDA, TRIP, True, None, id="its teacher"),
        pytest.param(CARL, TRIP, True, Reason.NOT_IN_GROUP, id="a pupil of another class"),
        pytest.param(BEN, TRIP, False, Reason.NOT_OFFERED, id="when it has begun"),
        pytest.param(BEN, replace(TRIP, asks=False), True, Reason.NOT_OFFERED, id="where nobody asks"),
        pytest.param(BEN, replace(TRIP, is_off=True), True, Reason.NOT_OFFERED, id="when it is off"),
        pytest.param(OTTO, replace(TRIP, maker=OTTO.id), True, Reason.NOT_IN_GROUP, id="who only made it"),
    ],
)
def test_who_answers(person: Person, appointment: Appointment, is_open: bool, reason: Reason | None) -> None:
    assert may_answer(person, appointment, is_open=is_open).reason is reason
