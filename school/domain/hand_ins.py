"""What learners hand in: how far somebody is, and what may still be done.

1. A draft is no hand-in. A hand-in is a version; it stays when the next one comes.
2. It may be replaced until it is due, as long as no feedback was shown. Then it stays, unless a teacher returns it;
   what was returned is handed in anew while the task takes anything from this person.
3. Whether it is late is told by the dates as they are now: who gets more time afterwards is not late.
4. Several hand in as one where the task allows it: the team has one draft, one list of versions and one feedback, and
   nobody is in two of a task.
5. Its dates are those of the member who has most time.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NewType

from school.domain.decisions import NO_RULE, Decision, Reason, allow, refuse
from school.domain.people import Person, PersonId
from school.domain.rights import Right, Rights
from school.domain.task_dates import NO_GRACE, Dates
from school.domain.tasks import ASSIGNED_ONLY, Part, Task, TaskId, may_see

HandInId = NewType("HandInId", str)

_DATES: Final = "tasks:dates"
_VERSIONS: Final = "tasks:versions"
_TEAMS: Final = "tasks:teams"


class State(StrEnum):
    """How far a learner is, in the learner's words."""

    NEW = "new"
    BEGUN = "begun"
    """There is a draft."""
    HANDED_IN = "handed_in"
    LATE = "late"
    """It came late, or is owed still."""
    RETURNED = "returned"
    """A teacher wants it once more."""
    CLOSED = "closed"
    """It has its feedback, or nothing is taken any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What was handed in at one time, and what a teacher said of it."""

    number: int
    by: PersonId | None
    """None: they were erased."""
    at: datetime
    text: str = ""
    returned_at: datetime | None = None
    feedback: str = ""
    mark: str = ""
    """Points or a mark, as the teacher writes it."""
    feedback_at: datetime | None = None
    """When a teacher wrote it; None: nobody has checked it."""
    shown_at: datetime | None = None
    """Since when the learners may read it."""

    @property
    def feedback_is_shown(self) -> bool:
        return self.shown_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandIn:
    """What one learner, or a team, has of a task."""

    id: HandInId
    task: TaskId
    members: frozenset[PersonId]
    begun_at: datetime
    draft: str | None = None
    """None: nothing was written since the last version."""
    versions: Sequence[Version] = ()

    @property
    def newest(self) -> Version | None:
        """What counts."""
        return self.versions[-1] if self.versions else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How somebody stands with a task, for them and for its teachers."""

    state: State
    handed_in_at: datetime | None = None
    is_late: bool = False
    """What was handed in came late."""
    is_missing: bool = False
    """It should have been handed in, and was not."""
    is_checked: bool = False


def dates_for(task: Task, members: Iterable[PersonId]) -> Dates:
    """The dates of a team: of whom has most time."""
    return max((task.dates_of(each) for each in members), key=lambda dates: dates.due, default=task.dates)


def standing(
    task: Task, person: PersonId, hand_in: HandIn | None, now: datetime, grace: timedelta = NO_GRACE
) -> Standing:
    """How far somebody is. `hand_in`: theirs, if they have one."""
    dates = dates_for(task, {person} if hand_in is None else hand_in.members)
    is_over = _is_over(task, dates, now)
    newest = None if hand_in is None else hand_in.newest
    if newest is None:
        missing = dates.is_late(now, grace)
        if is_over:
            return Standing(state=State.CLOSED, is_missing=True)
        if missing:
            return Standing(state=State.LATE, is_missing=True)
        return Standing(state=State.NEW if hand_in is None else State.BEGUN)
    is_late = dates.is_late(newest.at, grace)
    checked = newest.feedback_at is not None
    if newest.returned_at is not None:
        state = State.CLOSED if is_over else State.RETURNED
    elif newest.feedback_is_shown:
        state = State.CLOSED
    else:
        state = State.LATE if is_late else State.HANDED_IN
    return Standing(state=state, handed_in_at=newest.at, is_late=is_late, is_checked=checked)


def may_hand_in(person: Person | None, task: Task, hand_in: HandIn | None, rights: Rights, now: datetime) -> Decision:
    """Whether somebody may hand in now, or keep a draft for it. `hand_in`: what they have, alone or in a team."""
    if person is None:
        return refuse(Reason.UNKNOWN_PERSON, "directory:sender")
    if hand_in is not None and person.id not in hand_in.members:
        return refuse(Reason.NOT_YOUR_TASK, ASSIGNED_ONLY)
    if not task.is_published(now):
        return refuse(Reason.NOT_YOUR_TASK, ASSIGNED_ONLY)
    entitled = may_see(person, task, rights, now, has_handed_in=hand_in is not None)
    if entitled.part is Part.FORMER:
        return refuse(Reason.NOT_YOUR_TASK, ASSIGNED_ONLY)
    if not entitled.decision:
        return entitled.decision
    submits = rights.ruling(person, Right.SUBMIT_TASKS)
    if submits is None or not submits.allow:
        return refuse(Reason.NO_TASKS, NO_RULE if submits is None else submits.id)
    if not task.is_for(person):
        return refuse(Reason.NOT_YOUR_TASK, ASSIGNED_ONLY)
    dates = dates_for(task, {person.id} if hand_in is None else hand_in.members)
    if not dates.is_open(now):
        return refuse(Reason.TASK_NOT_OPEN, _DATES)
    if _is_over(task, dates, now):
        return refuse(Reason.TASK_IS_OVER, _DATES)
    newest = None if hand_in is None else hand_in.newest
    if newest is None or newest.returned_at is not None:
        return allow(submits.id)
    if dates.is_due(now) or newest.feedback_is_shown:
        return refuse(Reason.HAND_IN_STAYS, _VERSIONS)
    return allow(submits.id)


def may_team_up(
    person: Person,
    others: Collection[Person],
    task: Task,
    rights: Rights,
    *,
    hand_ins: Mapping[PersonId, HandIn],
    now: datetime,
) -> Decision:
    """Whether somebody may hand in together with others. `hand_ins`: what there is of this task, by person. Who has
    begun alone may still come into a team; who has handed in, or is in one, may not."""
    own = hand_ins.get(person.id)
    decision = may_hand_in(person, task, own, rights, now)
    if not decision:
        return decision
    if len({person.id, *(each.id for each in others)}) > task.team_size:
        return refuse(Reason.TEAM_TOO_LARGE, _TEAMS)
    if own is not None and own.versions:
        return refuse(Reason.HAND_IN_STAYS, _VERSIONS)
    for other in others:
        if not task.is_for(other) or not rights.holds(other, Right.SUBMIT_TASKS):
            return refuse(Reason.NOT_YOUR_TASK, ASSIGNED_ONLY)
        theirs = hand_ins.get(other.id)
        if theirs is None or theirs is own:
            continue
        if theirs.versions or len(theirs.members) > 1:
            return refuse(Reason.IN_ANOTHER_TEAM, _TEAMS)
    return decision


def may_read(person: Person | None, task: Task, hand_in: HandIn, rights: Rights, now: datetime) -> Decision:
    """Whether somebody may read a hand-in: its members, as long as they are at the school, and the task's teachers."""
    if person is None:
        return refuse(Reason.UNKNOWN_PERSON, "directory:sender")
    entitled = may_see(person, task, rights, now, has_handed_in=person.id in hand_in.members)
    if not entitled.decision:
        return entitled.decision
    if entitled.part is Part.TEACHER or person.id in hand_in.members:
        return entitled.decision
    return refuse(Reason.NOT_YOUR_TASK, ASSIGNED_ONLY)


def _is_over(task: Task, dates: Dates, now: datetime) -> bool:
    return task.is_closed(now) or dates.is_over(now)
