"""Who may do what with a task."""

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import BEA, BEN, CARL, EVERYBODY, GABI, GROUPS, HANNA, IDA, NOON, OTTO, ZOE, person, policy

from school.domain.decisions import Reason
from school.domain.directory import Directory
from school.domain.groups import GroupId
from school.domain.people import STUDENT, TEACHER, Person
from school.domain.rights import Level, Right, Rights, Rule, default_rules
from school.domain.task_dates import Dates
from school.domain.tasks import (
    Part,
    Task,
    TaskId,
    has_teacher,
    learners_of,
    may_add_teacher,
    may_lead,
    may_see,
    may_see_of_child,
    may_set,
)

HOUR = timedelta(hours=1)
CLASS, OTHER_CLASS, PARENTS = GroupId("5a"), GroupId("6b"), GroupId("parents-5a")
TASK = Task(
    id=TaskId("t"),
    setter=IDA.id,
    teachers=frozenset({IDA.id}),
    title="Gedicht",
    groups=frozenset({CLASS}),
    dates=Dates(due=NOON + 24 * HOUR),
    published_at=NOON - HOUR,
)
DRAFT = replace(TASK, published_at=None)
LATER = replace(TASK, published_at=NOON + HOUR)
FOR_CARL = replace(TASK, groups=frozenset(), people=frozenset({CARL.id}))
FORM = replace(TASK, groups=frozenset({PARENTS}))
RIGHTS = policy().rights
LEADER = replace(OTTO, leadership=True)
MOTHER = replace(GABI, wards=frozenset({BEN.id}))


def changed(subject: str, right: Right, *, allow: bool, level: Level = Level.ROLE) -> Rights:
    return Rights([*default_rules(), Rule(level=level, subject=subject, right=right, allow=allow, id="line 1")])


@pytest.mark.parametrize(
    ("who", "groups", "people", "reason"),
    [
        pytest.param(IDA, {CLASS}, [], None, id="a teacher sets their class a task"),
        pytest.param(IDA, {CLASS, OTHER_CLASS}, [], None, id="and any class, by the right to write to it"),
        pytest.param(IDA, set(), [CARL], None, id="and any single pupil"),
        pytest.param(IDA, {PARENTS}, [GABI], None, id="and guardians: a form to return is a task"),
        pytest.param(IDA, set(), [OTTO], Reason.NO_TASKS, id="but nobody who hands in nothing"),
        pytest.param(BEN, {CLASS}, [], Reason.NO_TASKS, id="a pupil sets none"),
        pytest.param(GABI, {PARENTS}, [], Reason.NO_TASKS, id="a guardian sets none"),
        pytest.param(ZOE, {CLASS}, [], Reason.NO_TASKS, id="a role without the right sets none"),
        pytest.param(None, {CLASS}, [], Reason.UNKNOWN_PERSON, id="nobody sets one"),
    ],
)
def test_who_sets_a_task(who: Person | None, groups: set[GroupId], people: list[Person], reason: Reason | None) -> None:
    assert may_set(who, frozenset(groups), people, RIGHTS).reason is reason


def test_who_may_not_write_to_all_groups_sets_tasks_in_their_own() -> None:
    own_only = changed(TEACHER, Right.WRITE_TO_GROUPS, allow=False)
    assert may_set(IDA, frozenset({CLASS}), [], own_only)
    assert may_set(IDA, frozenset({OTHER_CLASS}), [], own_only).reason is Reason.NOT_IN_GROUP


def test_who_may_not_write_to_everyone_sets_tasks_to_people_of_their_groups() -> None:
    near_only = changed(TEACHER, Right.MESSAGE_EVERYONE, allow=False)
    assert may_set(IDA, frozenset(), [BEN], near_only)
    assert may_set(IDA, frozenset(), [CARL], near_only).reason is Reason.NO_COMMON_GROUP


@pytest.mark.parametrize(
    ("task", "who", "expected"),
    [
        pytest.param(TASK, IDA, Part.TEACHER, id="its teacher"),
        pytest.param(DRAFT, IDA, Part.TEACHER, id="its teacher sees a draft"),
        pytest.param(TASK, OTTO, Reason.NOT_YOUR_TASK, id="no other teacher"),
        pytest.param(TASK, LEADER, Reason.NOT_YOUR_TASK, id="nor the leadership"),
        pytest.param(TASK, replace(OTTO, groups=IDA.groups), Reason.NOT_YOUR_TASK, id="nor a teacher of the class"),
        pytest.param(TASK, BEN, Part.LEARNER, id="a pupil of the class"),
        pytest.param(TASK, CARL, Reason.NOT_YOUR_TASK, id="no pupil of another class"),
        pytest.param(FOR_CARL, CARL, Part.LEARNER, id="a pupil who is named"),
        pytest.param(FOR_CARL, BEN, Reason.NOT_YOUR_TASK, id="nobody else then"),
        pytest.param(DRAFT, BEN, Reason.NOT_YOUR_TASK, id="nobody sees a draft"),
        pytest.param(LATER, BEN, Reason.NOT_YOUR_TASK, id="nor what will be published later"),
        pytest.param(FORM, GABI, Part.LEARNER, id="a guardian whom it is for"),
        pytest.param(TASK, MOTHER, Reason.NOT_YOUR_TASK, id="a guardian does not see the child's task itself"),
        pytest.param(TASK, ZOE, Reason.NOT_YOUR_TASK, id="a role without rights"),
        pytest.param(TASK, None, Reason.UNKNOWN_PERSON, id="nobody"),
    ],
)
def test_as_what_somebody_sees_a_task(task: Task, who: Person | None, expected: Part | Reason) -> None:
    entitled = may_see(who, task, RIGHTS, NOON, has_handed_in=False)
    assert expected in (entitled.part, entitled.decision.reason)
    assert (entitled.part is None) == (entitled.decision.reason is not None)


def test_what_is_published_later_is_seen_from_then_on() -> None:
    assert may_see(BEN, LATER, RIGHTS, NOON + HOUR, has_handed_in=False).part is Part.LEARNER


def test_who_changes_class_keeps_what_they_handed_in_and_nothing_else() -> None:
    moved = replace(BEN, groups=CARL.groups)
    assert may_see(moved, TASK, RIGHTS, NOON, has_handed_in=True).part is Part.FORMER
    assert may_see(moved, TASK, RIGHTS, NOON, has_handed_in=False).decision.reason is Reason.NOT_YOUR_TASK
    assert may_see(replace(CARL, groups=BEN.groups), TASK, RIGHTS, NOON, has_handed_in=False).part is Part.LEARNER


def test_a_pupil_without_the_right_has_no_task() -> None:
    without = changed(BEN.id, Right.SUBMIT_TASKS, allow=False, level=Level.PERSON)
    assert may_see(BEN, TASK, without, NOON, has_handed_in=False).decision.reason is Reason.NOT_YOUR_TASK
    assert BEN not in learners_of(TASK, Directory(EVERYBODY, GROUPS), without)


@pytest.mark.parametrize(
    ("who", "child", "task", "allows", "sees"),
    [
        pytest.param(MOTHER, BEN, TASK, True, True, id="of the own child, where the school allows it"),
        pytest.param(MOTHER, BEN, TASK, False, False, id="not where it does not"),
        pytest.param(MOTHER, BEA, TASK, True, False, id="of no other child"),
        pytest.param(GABI, BEN, TASK, True, False, id="no guardian of somebody else"),
        pytest.param(MOTHER, BEN, FOR_CARL, True, False, id="not a task that the child does not have"),
        pytest.param(MOTHER, BEN, DRAFT, True, False, id="no draft"),
        pytest.param(OTTO, BEN, TASK, True, False, id="no teacher by this way"),
        pytest.param(None, BEN, TASK, True, False, id="not nobody"),
    ],
)
def test_what_guardians_see(who: Person | None, child: Person, task: Task, allows: bool, sees: bool) -> None:
    entitled = may_see_of_child(who, child, task, RIGHTS, NOON, school_allows=allows)
    assert (entitled.part is Part.GUARDIAN) == sees == bool(entitled.decision)


def test_learners_are_those_who_hand_in_and_each_once() -> None:
    directory = Directory(EVERYBODY, GROUPS)
    both = replace(TASK, people=frozenset({BEN.id, CARL.id}))
    assert learners_of(both, directory, RIGHTS) == sorted([BEA, BEN, CARL], key=lambda each: each.given_name)
    assert learners_of(FORM, directory, RIGHTS)[0] == GABI


def test_learners_are_in_the_order_of_their_names() -> None:
    names = [("Zora", "Älter"), ("Anna", "Zander"), ("Anna", "berg")]
    people = [
        replace(person(f"p{number}", STUDENT, "5a"), given_name=given, family_name=family)
        for number, (given, family) in enumerate(names)
    ]
    found = learners_of(TASK, Directory(people, GROUPS), RIGHTS)
    assert [each.family_name for each in found] == ["Älter", "berg", "Zander"]


# A teacher leaves.


def test_who_may_set_none_any_more_leads_none() -> None:
    without = changed(IDA.id, Right.SET_TASKS, allow=False, level=Level.PERSON)
    assert may_lead(IDA, TASK, without).reason is Reason.NO_TASKS
    assert not has_teacher(TASK, Directory(EVERYBODY, GROUPS), without)


GONE = Directory([each for each in EVERYBODY if each is not IDA], GROUPS)
HERE = Directory(EVERYBODY, GROUPS)
UTA = person("uta", TEACHER, "5a")


@pytest.mark.parametrize(
    ("who", "other", "directory", "reason"),
    [
        pytest.param(IDA, UTA, HERE, None, id="its teacher adds another"),
        pytest.param(IDA, BEN, HERE, Reason.NO_TASKS, id="but nobody who may set none"),
        pytest.param(OTTO, UTA, HERE, Reason.NOT_YOUR_TASK, id="no other teacher does"),
        pytest.param(LEADER, UTA, HERE, Reason.NOT_YOUR_TASK, id="nor the leadership, while it has a teacher"),
        pytest.param(LEADER, UTA, GONE, None, id="the leadership does, when none is left"),
        pytest.param(LEADER, LEADER, GONE, Reason.NOT_YOUR_TASK, id="but not itself"),
        pytest.param(OTTO, OTTO, GONE, Reason.NOT_YOUR_TASK, id="nobody takes it over by themselves"),
        pytest.param(HANNA, UTA, GONE, Reason.NOT_YOUR_TASK, id="no guardian does"),
        pytest.param(None, UTA, GONE, Reason.UNKNOWN_PERSON, id="nobody does"),
    ],
)
def test_who_makes_somebody_a_teacher_of_a_task(
    who: Person | None, other: Person, directory: Directory, reason: Reason | None
) -> None:
    assert may_add_teacher(who, TASK, other, directory, RIGHTS).reason is reason


# An outage.


def test_an_outage_concerns_what_could_be_worked_on_since() -> None:
    since = NOON - 12 * HOUR
    assert TASK.was_open(since, NOON)
    assert replace(TASK, dates=Dates(due=NOON - HOUR)).was_open(since, NOON), "it came due meanwhile"
    assert not replace(TASK, dates=Dates(due=since)).was_open(since, NOON)
    assert not DRAFT.was_open(since, NOON)
    assert not replace(TASK, closed_at=NOON).was_open(since, NOON)


def test_more_time_for_one_person_is_theirs_alone_and_never_less_than_everybodys() -> None:
    until = NOON + 48 * HOUR
    task = replace(TASK, extensions={BEN.id: until})
    assert task.dates_of(BEN.id).due == until
    assert task.dates_of(BEA.id) == TASK.dates
    assert replace(task, dates=Dates(due=NOON + 72 * HOUR)).dates_of(BEN.id).due == NOON + 72 * HOUR


def test_it_ends_with_the_last_date_that_anybody_has() -> None:
    assert TASK.ends_at == TASK.dates.due
    with_last = replace(TASK, dates=replace(TASK.dates, last=NOON + 30 * HOUR))
    assert with_last.ends_at == NOON + 30 * HOUR
    assert replace(with_last, extensions={BEN.id: NOON + 48 * HOUR}).ends_at == NOON + 54 * HOUR
