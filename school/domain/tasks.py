"""Tasks: for whom, until when, and who may do what with them.

Asked anew each time, of the directory and the rights as they are then:
1. Nobody who is not in the register.
2. Its teachers are who set it and whom they added, each for as long as they hold `set_tasks`. Only they see what others
   hand in. When none is left, the leadership names another; that alone lets it see nothing.
3. It is for whoever is in one of its groups or named singly, and holds `submit_tasks`. Who left its groups reads what
   they handed in, and hands in nothing.
4. A guardian sees of a child's task its title, its dates and how far the child is, if the school allows it.
5. Nobody but its teachers sees a task before it is published.
What may be handed in, and when, is in `school.domain.hand_ins`; the dates are in `school.domain.task_dates`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NewType
from unicodedata import normalize

from school.domain.decisions import NO_RULE, Decision, Reason, allow, refuse
from school.domain.directory import Directory
from school.domain.groups import GroupId
from school.domain.people import Person, PersonId
from school.domain.rights import Right, Rights
from school.domain.task_dates import Dates

TaskId = NewType("TaskId", str)
"""A random text; it stands in the address of the task's page."""

TEACHERS_ONLY: Final = "tasks:teachers"
ASSIGNED_ONLY: Final = "tasks:assigned"
LEADERLESS_ONLY: Final = "tasks:leaderless"
_UNKNOWN: Final = "directory:sender"


class Part(StrEnum):
    """As what somebody sees a task."""

    TEACHER = "teacher"
    LEARNER = "learner"
    FORMER = "former"
    """A learner who is not in its groups any more."""
    GUARDIAN = "guardian"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task. `teachers` are all of them, who set it included."""

    id: TaskId
    setter: PersonId | None
    """None: they were erased."""
    title: str
    dates: Dates
    text: str = ""
    teachers: frozenset[PersonId] = frozenset()
    groups: frozenset[GroupId] = frozenset()
    people: frozenset[PersonId] = frozenset()
    extensions: Mapping[PersonId, datetime] = field(default_factory=lambda: MappingProxyType({}))
    """Until when it is due for single people."""
    published_at: datetime | None = None
    """None: it is a draft. Later than now: it will be published then."""
    closed_at: datetime | None = None
    """Since when its teachers take nothing more."""
    team_size: int = 1
    feedback_together: bool = False
    """Feedback is shown to all at one time, not to each as it is written."""
    number: int = 0
    """Grows with every change that people are told of (RFC 5545, SEQUENCE)."""

    def is_published(self, now: datetime) -> bool:
        """Whether anybody but its teachers knows of it."""
        return self.published_at is not None and self.published_at <= now

    def is_for(self, person: Person) -> bool:
        """Whether somebody is among those for whom it is."""
        return person.id in self.people or not self.groups.isdisjoint(person.groups)

    def dates_of(self, person_id: PersonId) -> Dates:
        """The dates that hold for somebody: the later of theirs and everybody's."""
        own = self.extensions.get(person_id)
        return self.dates if own is None else self.dates.extended(own)

    @property
    def ends_at(self) -> datetime:
        """The last date that it has for anybody."""
        all_dates = (self.dates, *map(self.dates_of, self.extensions))
        return max(dates.last or dates.due for dates in all_dates)

    def is_closed(self, now: datetime) -> bool:
        """Whether its teachers take nothing more."""
        return self.closed_at is not None and self.closed_at <= now

    def was_open(self, since: datetime, now: datetime) -> bool:
        """Whether people could work on it at some time after `since`: then an outage since then concerns it."""
        return self.is_published(now) and not self.is_closed(now) and not self.dates.is_due(since)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitled:
    """As what somebody sees a task; a refusal has no part."""

    decision: Decision
    part: Part | None = None


def learners_of(task: Task, directory: Directory, rights: Rights) -> list[Person]:
    """Everybody who has to hand it in, by name."""
    found = {person.id: person for group in task.groups for person in directory.members(group)}
    singly = (directory.person_by_id(person_id) for person_id in task.people)
    found |= {person.id: person for person in singly if person is not None}
    learners = [person for person in found.values() if rights.holds(person, Right.SUBMIT_TASKS)]
    return sorted(learners, key=lambda each: (_sorts(each.family_name), _sorts(each.given_name), each.id))


def _sorts(name: str) -> str:
    """Ä stands beside A."""
    return normalize("NFKD", name.casefold())


def may_set(person: Person | None, groups: frozenset[GroupId], people: Iterable[Person], rights: Rights) -> Decision:
    """Whether somebody may set these a task. Groups that they are not in they must be allowed to write to; single
    people they must be allowed to write to, or share a group with."""
    if person is None:
        return refuse(Reason.UNKNOWN_PERSON, _UNKNOWN)
    ruling = rights.ruling(person, Right.SET_TASKS)
    if ruling is None or not ruling.allow:
        return refuse(Reason.NO_TASKS, NO_RULE if ruling is None else ruling.id)
    if not groups <= person.groups and not rights.holds(person, Right.WRITE_TO_GROUPS):
        return refuse(Reason.NOT_IN_GROUP, ASSIGNED_ONLY)
    reaches_all = rights.holds(person, Right.MESSAGE_EVERYONE)
    for each in people:
        if not rights.holds(each, Right.SUBMIT_TASKS):
            return refuse(Reason.NO_TASKS, ASSIGNED_ONLY)
        if not reaches_all and not person.shares_group_with(each):
            return refuse(Reason.NO_COMMON_GROUP, ASSIGNED_ONLY)
    return allow(ruling.id)


def may_lead(person: Person | None, task: Task, rights: Rights) -> Decision:
    """Whether somebody is one of its teachers: changes it, sees what was handed in, returns it."""
    if person is None:
        return refuse(Reason.UNKNOWN_PERSON, _UNKNOWN)
    if person.id not in task.teachers:
        return refuse(Reason.NOT_YOUR_TASK, TEACHERS_ONLY)
    ruling = rights.ruling(person, Right.SET_TASKS)
    if ruling is None or not ruling.allow:
        return refuse(Reason.NO_TASKS, NO_RULE if ruling is None else ruling.id)
    return allow(ruling.id)


def has_teacher(task: Task, directory: Directory, rights: Rights) -> bool:
    """Whether anybody is left who may lead it."""
    return any(may_lead(directory.person_by_id(each), task, rights) for each in task.teachers)


def may_add_teacher(person: Person | None, task: Task, other: Person, directory: Directory, rights: Rights) -> Decision:
    """Whether somebody may make another one of its teachers: its teachers may, and the leadership where none is left,
    but nobody makes themselves one."""
    if person is None:
        return refuse(Reason.UNKNOWN_PERSON, _UNKNOWN)
    if not rights.holds(other, Right.SET_TASKS):
        return refuse(Reason.NO_TASKS, TEACHERS_ONLY)
    leads = may_lead(person, task, rights)
    if leads:
        return leads
    if not person.leadership or person.id == other.id:
        return leads
    if has_teacher(task, directory, rights):
        return leads
    return allow(LEADERLESS_ONLY)


def may_see(person: Person | None, task: Task, rights: Rights, now: datetime, *, has_handed_in: bool) -> Entitled:
    """As what somebody sees a task itself; for a guardian's look at a child's there is `may_see_of_child`."""
    if person is None:
        return Entitled(decision=refuse(Reason.UNKNOWN_PERSON, _UNKNOWN))
    leads = may_lead(person, task, rights)
    if leads:
        return Entitled(decision=leads, part=Part.TEACHER)
    if not task.is_published(now):
        return Entitled(decision=refuse(Reason.NOT_YOUR_TASK, ASSIGNED_ONLY))
    submits = rights.ruling(person, Right.SUBMIT_TASKS)
    if submits is not None and submits.allow and task.is_for(person):
        return Entitled(decision=allow(submits.id), part=Part.LEARNER)
    if has_handed_in:
        return Entitled(decision=allow(ASSIGNED_ONLY), part=Part.FORMER)
    return Entitled(decision=refuse(Reason.NOT_YOUR_TASK, ASSIGNED_ONLY))


def may_see_of_child(
    person: Person | None, child: Person, task: Task, rights: Rights, now: datetime, *, school_allows: bool
) -> Entitled:
    """Whether a guardian sees how far a child is with a task."""
    if person is None:
        return Entitled(decision=refuse(Reason.UNKNOWN_PERSON, _UNKNOWN))
    if not school_allows or child.id not in person.wards:
        return Entitled(decision=refuse(Reason.NOT_YOUR_TASK, ASSIGNED_ONLY))
    if may_see(child, task, rights, now, has_handed_in=False).part is not Part.LEARNER:
        return Entitled(decision=refuse(Reason.NOT_YOUR_TASK, ASSIGNED_ONLY))
    return Entitled(decision=allow("tasks.guardians_see"), part=Part.GUARDIAN)
