"""What is kept about a person in tasks and hand-ins.

Who handed in alone takes it along when they are erased; what a team handed in stays the others'. A task, and what a
teacher said in it, stays with its pupils without the teacher's name.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Select, case, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.hand_ins import forget_hand_in
from school.database.kept import Kept, Subject, Topic
from school.database.task_tables import (
    hand_in_members,
    hand_in_versions,
    hand_ins,
    task_files,
    task_people,
    task_teachers,
    task_uploads,
    tasks,
)
from school.domain.hand_ins import HandInId


class _HandIns(Kept):
    """With its only member goes the hand-in."""

    async def erase(self, connection: AsyncConnection, subject: Subject) -> None:
        own = select(hand_in_members.c.hand_in_id).where(self.is_of(subject))
        with_others = select(hand_in_members.c.hand_in_id).where(
            hand_in_members.c.hand_in_id.in_(own), hand_in_members.c.person_id != subject.person_id
        )
        alone = own.where(hand_in_members.c.hand_in_id.not_in(with_others))
        for hand_in_id in (await connection.scalars(alone)).all():
            await forget_hand_in(connection, HandInId(hand_in_id))
        await super().erase(connection, subject)


def _own_hand_ins(subject: Subject) -> Select[Any]:
    return select(hand_in_members.c.hand_in_id).where(hand_in_members.c.person_id == subject.person_id)


def _hand_ins_of(subject: Subject) -> Select[Any]:
    named = select(tasks.c.title.label("task"), hand_ins.c.begun_at, hand_ins.c.draft).select_from(hand_in_members)
    joined = named.outerjoin(hand_ins, hand_ins.c.id == hand_in_members.c.hand_in_id)
    with_task = joined.outerjoin(tasks, tasks.c.id == hand_in_members.c.task_id)
    return with_task.where(hand_in_members.c.person_id == subject.person_id)


def _versions_of(subject: Subject) -> Select[Any]:
    """Feedback that is not shown yet is the teacher's still."""
    columns = (hand_in_versions.c[name] for name in ("hand_in_id", "number", "at", "text", "returned_at", "shown_at"))
    is_shown = hand_in_versions.c.shown_at.is_not(None)
    told = select(
        tasks.c.title.label("task"),
        *columns,
        _where(is_shown, hand_in_versions.c.feedback).label("feedback"),
        _where(is_shown, hand_in_versions.c.mark).label("mark"),
    ).select_from(hand_in_versions)
    joined = told.outerjoin(hand_ins, hand_ins.c.id == hand_in_versions.c.hand_in_id)
    is_theirs = hand_in_versions.c.hand_in_id.in_(_own_hand_ins(subject))
    handed_in = hand_in_versions.c.person_id == subject.person_id
    return joined.outerjoin(tasks, tasks.c.id == hand_ins.c.task_id).where(or_(is_theirs, handed_in))


def _files_of(subject: Subject) -> Select[Any]:
    columns = (task_files.c[name] for name in ("name", "media_type", "size", "sha256", "purpose", "at"))
    is_theirs = task_files.c.hand_in_id.in_(_own_hand_ins(subject)) & (task_files.c.purpose == "work")
    return select(*columns).where(or_(is_theirs, task_files.c.person_id == subject.person_id))


def _where(condition: Any, column: Any) -> Any:
    return case((condition, column))


TASKS_KEPT: Final[Sequence[Kept]] = (
    _HandIns(table=hand_in_members, column="person_id", topic=Topic.TASKS, name="hand_ins", query=_hand_ins_of),
    Kept(
        table=hand_in_versions,
        column="person_id",
        topic=Topic.TASKS,
        name="handed_in",
        query=_versions_of,
        emptied=("person_id",),
    ),
    Kept(
        table=task_files,
        column="person_id",
        topic=Topic.TASKS,
        name="files_of_tasks",
        query=_files_of,
        emptied=("person_id",),
    ),
    Kept(table=task_uploads, column="person_id", topic=Topic.TASKS, name="files_on_their_way", hidden=("id",)),
    Kept(table=task_people, column="person_id", topic=Topic.TASKS, name="tasks_for_you_alone"),
    Kept(table=task_teachers, column="person_id", topic=Topic.TASKS, name="teacher_of_tasks"),
    Kept(
        table=tasks,
        column="person_id",
        topic=Topic.TASKS,
        name="tasks_set",
        hidden=("wrapped_key", "messages"),
        emptied=("person_id",),
    ),
)
"""In the order in which it is erased."""

NO_NAMES_IN_TASKS: Final[Mapping[str, str]] = {
    "hand_ins": "what is being handed in; whose it is stands elsewhere, and with the last of them it goes",
    "task_groups": "for which groups tasks are",
}
"""Tables that name nobody, and what is in them."""
