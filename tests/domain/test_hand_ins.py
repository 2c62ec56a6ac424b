"""What is handed in, and how far somebody is."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from builders import BEA, BEN, CARL, GABI, IDA, NOON, OTTO, person, policy

from school.domain.decisions import Reason
from school.domain.groups import GroupId
from school.domain.hand_ins import (
    HandIn,
    HandInId,
    Standing,
    State,
    Version,
    dates_for,
    may_hand_in,
    may_read,
    may_team_up,
    standing,
)
from school.domain.people import STUDENT, Person, PersonId
from school.domain.rights import Level, Right, Rights, Rule, default_rules
from school.domain.task_dates import Dates
from school.domain.tasks import Task, TaskId

HOUR = timedelta(hours=1)
DUE, LAST = NOON + 24 * HOUR, NOON + 48 * HOUR
TASK = Task(
    id=TaskId("t"),
    setter=IDA.id,
    teachers=frozenset({IDA.id}),
    title="Gedicht",
    groups=frozenset({GroupId("5a")}),
    dates=Dates(opens=NOON, due=DUE, last=LAST),
    published_at=NOON - 24 * HOUR,
    team_size=2,
)
RIGHTS = policy().rights
BEGUN = HandIn(id=HandInId("h"), task=TASK.id, members=frozenset({BEN.id}), begun_at=NOON, draft="Es war")


def with_version(at: datetime, hand_in: HandIn = BEGUN, **values: object) -> HandIn:
    version = replace(Version(number=1, by=BEN.id, at=at), **values)  # type: ignore[arg-type]
    return replace(hand_in, draft=None, versions=(version,))


IN_TIME = with_version(DUE - HOUR)
CAME_LATE = with_version(DUE + HOUR)
CHECKED = with_version(DUE - HOUR, feedback_at=DUE, feedback="Schön")
SHOWN = with_version(DUE - HOUR, feedback_at=DUE, shown_at=DUE)
RETURNED = with_version(DUE - HOUR, returned_at=DUE)
CLOSED = replace(TASK, closed_at=NOON)


@pytest.mark.parametrize(
    ("task", "hand_in", "now", "expected"),
    [
        pytest.param(TASK, None, DUE - HOUR, Standing(state=State.NEW), id="nothing done yet"),
        pytest.param(TASK, BEGUN, DUE - HOUR, Standing(state=State.BEGUN), id="a draft is begun, not handed in"),
        pytest.param(TASK, None, DUE, Standing(state=State.LATE, is_missing=True), id="owed still"),
        pytest.param(TASK, BEGUN, DUE, Standing(state=State.LATE, is_missing=True), id="a draft is owed, too"),
        pytest.param(TASK, BEGUN, LAST, Standing(state=State.CLOSED, is_missing=True), id="over without a hand-in"),
        pytest.param(CLOSED, None, NOON, Standing(state=State.CLOSED, is_missing=True), id="closed by its teacher"),
        pytest.param(
            TASK, IN_TIME, DUE, Standing(state=State.HANDED_IN, handed_in_at=DUE - HOUR), id="handed in in time"
        ),
        pytest.param(
            TASK, IN_TIME, LAST, Standing(state=State.HANDED_IN, handed_in_at=DUE - HOUR), id="and stays so to the end"
        ),
        pytest.param(
            TASK, CAME_LATE, LAST, Standing(state=State.LATE, handed_in_at=DUE + HOUR, is_late=True), id="came late"
        ),
        pytest.param(
            TASK,
            CHECKED,
            LAST,
            Standing(state=State.HANDED_IN, handed_in_at=DUE - HOUR, is_checked=True),
            id="feedback that is not shown yet changes nothing for the learner",
        ),
        pytest.param(
            TASK,
            SHOWN,
            DUE,
            Standing(state=State.CLOSED, handed_in_at=DUE - HOUR, is_checked=True),
            id="closed with its feedback",
        ),
        pytest.param(
            TASK, RETURNED, DUE, Standing(state=State.RETURNED, handed_in_at=DUE - HOUR), id="returned for revision"
        ),
        pytest.param(
            TASK, RETURNED, LAST, Standing(state=State.CLOSED, handed_in_at=DUE - HOUR), id="returned, and over"
        ),
    ],
)
def test_how_far_somebody_is(task: Task, hand_in: HandIn | None, now: datetime, expected: Standing) -> None:
    assert standing(task, BEN.id, hand_in, now) == expected


def test_every_state_can_be_reached() -> None:
    cases = [(None, NOON), (BEGUN, NOON), (IN_TIME, DUE), (CAME_LATE, LAST), (RETURNED, DUE), (SHOWN, DUE)]
    assert [standing(TASK, BEN.id, hand_in, now).state for hand_in, now in cases] == list(State)


def test_who_gets_more_time_afterwards_was_not_late() -> None:
    longer = replace(TASK, extensions={BEN.id: DUE + 2 * HOUR})
    assert standing(longer, BEN.id, CAME_LATE, LAST).state is State.HANDED_IN
    all_longer = replace(TASK, dates=replace(TASK.dates, due=DUE + 2 * HOUR))
    assert standing(all_longer, BEN.id, CAME_LATE, LAST).state is State.HANDED_IN


def test_the_grace_counts_for_what_came_and_for_what_is_owed() -> None:
    grace = timedelta(minutes=90)
    assert standing(TASK, BEN.id, CAME_LATE, LAST, grace).state is State.HANDED_IN
    assert standing(TASK, BEN.id, None, DUE + HOUR, grace) == Standing(state=State.NEW)


MOVED = replace(BEN, groups=CARL.groups)


@pytest.mark.parametrize(
    ("who", "task", "hand_in", "now", "reason"),
    [
        pytest.param(BEN, TASK, None, NOON, None, id="as it opens"),
        pytest.param(BEN, TASK, None, NOON - HOUR, Reason.TASK_NOT_OPEN, id="not before"),
        pytest.param(BEN, TASK, BEGUN, DUE + HOUR, None, id="late"),
        pytest.param(BEN, TASK, BEGUN, LAST, Reason.TASK_IS_OVER, id="not after the last moment"),
        pytest.param(BEN, CLOSED, None, NOON, Reason.TASK_IS_OVER, id="not what is closed"),
        pytest.param(BEN, TASK, IN_TIME, DUE - timedelta(seconds=1), None, id="replaced until it is due"),
        pytest.param(BEN, TASK, IN_TIME, DUE, Reason.HAND_IN_STAYS, id="not replaced then"),
        pytest.param(BEN, TASK, CAME_LATE, DUE + 2 * HOUR, Reason.HAND_IN_STAYS, id="what came late is not replaced"),
        pytest.param(BEN, TASK, CHECKED, DUE - HOUR, None, id="feedback that nobody saw does not matter"),
        pytest.param(BEN, TASK, SHOWN, DUE - HOUR, Reason.HAND_IN_STAYS, id="not replaced after feedback"),
        pytest.param(BEN, TASK, RETURNED, DUE + HOUR, None, id="what was returned is handed in again"),
        pytest.param(BEN, TASK, RETURNED, LAST, Reason.TASK_IS_OVER, id="as long as anything is taken"),
        pytest.param(BEA, TASK, BEGUN, NOON, Reason.NOT_YOUR_TASK, id="not into somebody else's"),
        pytest.param(IDA, TASK, None, NOON, Reason.NO_TASKS, id="not its teacher"),
        pytest.param(OTTO, TASK, None, NOON, Reason.NOT_YOUR_TASK, id="no other teacher"),
        pytest.param(CARL, TASK, None, NOON, Reason.NOT_YOUR_TASK, id="no pupil of another class"),
        pytest.param(GABI, TASK, None, NOON, Reason.NOT_YOUR_TASK, id="no guardian for the child"),
        pytest.param(MOVED, TASK, BEGUN, NOON, Reason.NOT_YOUR_TASK, id="not who has left the class"),
        pytest.param(BEN, replace(TASK, published_at=None), None, NOON, Reason.NOT_YOUR_TASK, id="no draft of a task"),
        pytest.param(None, TASK, None, NOON, Reason.UNKNOWN_PERSON, id="nobody"),
    ],
)
def test_who_hands_in_what_and_when(
    who: Person | None, task: Task, hand_in: HandIn | None, now: datetime, reason: Reason | None
) -> None:
    assert may_hand_in(who, task, hand_in, RIGHTS, now).reason is reason


def test_more_time_lets_somebody_hand_in_after_the_last_moment() -> None:
    longer = replace(TASK, extensions={BEN.id: LAST})
    assert may_hand_in(BEN, longer, RETURNED, RIGHTS, LAST + HOUR)
    assert may_hand_in(BEA, longer, None, RIGHTS, LAST + HOUR).reason is Reason.TASK_IS_OVER


def test_a_teacher_who_is_given_the_right_hands_in_where_they_are_assigned() -> None:
    rule = Rule(level=Level.PERSON, subject=IDA.id, right=Right.SUBMIT_TASKS, allow=True, id="line 1")
    rights = Rights([*default_rules(), rule])
    assert may_hand_in(IDA, TASK, None, rights, NOON)
    other = replace(TASK, groups=frozenset({GroupId("6b")}))
    assert may_hand_in(IDA, other, None, rights, NOON).reason is Reason.NOT_YOUR_TASK
    assert may_hand_in(IDA, replace(TASK, published_at=None), None, rights, NOON).reason is Reason.NOT_YOUR_TASK


# Teams.

ANTON, TOGETHER = person("anton", STUDENT, "5a"), frozenset({BEN.id, BEA.id})
TEAM = replace(BEGUN, members=TOGETHER)


@pytest.mark.parametrize(
    ("others", "hand_ins", "reason"),
    [
        pytest.param([BEA], {}, None, id="two of a class"),
        pytest.param([BEA], {BEN.id: BEGUN}, None, id="also who has begun alone"),
        pytest.param([BEA], {BEA.id: replace(BEGUN, members=frozenset({BEA.id}))}, None, id="or the other one"),
        pytest.param([BEA], {BEN.id: TEAM, BEA.id: TEAM}, None, id="a team stays one"),
        pytest.param([BEA, ANTON], {}, Reason.TEAM_TOO_LARGE, id="not three, where two are allowed"),
        pytest.param([CARL], {}, Reason.NOT_YOUR_TASK, id="nobody of another class"),
        pytest.param([IDA], {}, Reason.NOT_YOUR_TASK, id="no teacher"),
        pytest.param(
            [ANTON], {ANTON.id: replace(BEGUN, members=frozenset({ANTON.id, BEA.id}))}, Reason.IN_ANOTHER_TEAM,
            id="nobody of another team",
        ),
        pytest.param([BEA], {BEA.id: replace(IN_TIME, members=frozenset({BEA.id}))}, Reason.IN_ANOTHER_TEAM,
            id="nobody who has handed in"),
        pytest.param([BEA], {BEN.id: IN_TIME}, Reason.HAND_IN_STAYS, id="not when one has handed in oneself"),
    ],
)  # fmt: skip
def test_who_hands_in_together(others: list[Person], hand_ins: dict[PersonId, HandIn], reason: Reason | None) -> None:
    assert may_team_up(BEN, others, TASK, RIGHTS, hand_ins=hand_ins, now=DUE - HOUR).reason is reason


def test_a_task_for_one_is_handed_in_alone() -> None:
    alone = replace(TASK, team_size=1)
    assert may_team_up(BEN, [BEA], alone, RIGHTS, hand_ins={}, now=NOON).reason is Reason.TEAM_TOO_LARGE


def test_a_team_has_the_time_of_the_member_who_has_most() -> None:
    longer = replace(TASK, extensions={BEA.id: DUE + HOUR})
    assert dates_for(longer, TOGETHER).due == DUE + HOUR
    assert dates_for(longer, {BEN.id}).due == DUE
    assert dates_for(longer, ()).due == DUE
    assert may_hand_in(BEN, longer, replace(IN_TIME, members=TOGETHER), RIGHTS, DUE)


@pytest.mark.parametrize(
    ("who", "reads"),
    [
        pytest.param(IDA, True, id="its teacher"),
        pytest.param(BEN, True, id="who handed it in"),
        pytest.param(BEA, True, id="the other one of the team"),
        pytest.param(MOVED, True, id="also after a change of class"),
        pytest.param(ANTON, False, id="nobody else of the class"),
        pytest.param(OTTO, False, id="no other teacher"),
        pytest.param(replace(OTTO, leadership=True), False, id="nor the leadership"),
        pytest.param(replace(GABI, wards=frozenset({BEN.id})), False, id="no guardian"),
        pytest.param(None, False, id="nobody"),
    ],
)
def test_who_reads_a_hand_in(who: Person | None, reads: bool) -> None:
    assert bool(may_read(who, TASK, replace(IN_TIME, members=TOGETHER), RIGHTS, LAST)) == reads
