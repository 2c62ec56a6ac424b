"""Tasks as the database keeps them: for whom, until when, by whom."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.task_tables import (
    hand_in_members,
    hand_in_versions,
    hand_ins,
    task_files,
    task_groups,
    task_people,
    task_teachers,
    task_uploads,
    tasks,
)
from school.domain.groups import GroupId
from school.domain.people import PersonId
from school.domain.task_dates import Dates
from school.domain.tasks import Task, TaskId


async def add_task(connection: AsyncConnection, task: Task, *, wrapped_key: str, at: datetime) -> None:
    """A new one."""
    made = {"id": task.id, "made_at": at.timestamp(), "wrapped_key": wrapped_key, "messages": []}
    await connection.execute(insert(tasks).values(person_id=task.setter, **made, **_columns(task)))
    await _write_groups(connection, task)
    await _name_people(connection, task)
    for teacher in sorted(task.teachers):
        await add_teacher(connection, task.id, teacher)


async def change_task(connection: AsyncConnection, task: Task) -> None:
    """Writes what its teachers say of a task. Extensions, and who has seen it, are not among that."""
    await connection.execute(update(tasks).where(tasks.c.id == task.id).values(_columns(task)))
    await connection.execute(delete(task_groups).where(task_groups.c.task_id == task.id))
    await _write_groups(connection, task)
    of_task = task_people.c.task_id == task.id
    await connection.execute(update(task_people).where(of_task).values(named=False))
    await _name_people(connection, task)


async def add_teacher(connection: AsyncConnection, task_id: TaskId, person_id: PersonId) -> None:
    """One more teacher of a task."""
    await connection.execute(insert(task_teachers).values(task_id=task_id, person_id=person_id))


async def extend_for(connection: AsyncConnection, task_id: TaskId, person_id: PersonId, due: datetime) -> None:
    """More time for one person."""
    await _of_person(connection, task_id, person_id, due_at=due.timestamp())


async def has_seen(connection: AsyncConnection, task_id: TaskId, person_id: PersonId, *, at: datetime) -> None:
    """Somebody for whom it is looks at a task; the first time is kept."""
    here = (task_people.c.task_id == task_id) & (task_people.c.person_id == person_id)
    seen = await connection.scalar(select(task_people.c.seen_at).where(here))
    if seen is None:
        await _of_person(connection, task_id, person_id, seen_at=at.timestamp())


async def seen_by(connection: AsyncConnection, task_ids: Iterable[TaskId]) -> dict[tuple[TaskId, PersonId], datetime]:
    """When people looked at tasks first."""
    query = select(task_people).where(task_people.c.task_id.in_(task_ids), task_people.c.seen_at.is_not(None))
    rows = await connection.execute(query)
    return {(TaskId(row.task_id), PersonId(row.person_id)): datetime.fromtimestamp(row.seen_at, UTC) for row in rows}


async def wrapped_key_of(connection: AsyncConnection, task_id: TaskId) -> str | None:
    """The key of its files; None if there is no such task."""
    key: str | None = await connection.scalar(select(tasks.c.wrapped_key).where(tasks.c.id == task_id))
    return key


async def read_task(connection: AsyncConnection, task_id: str) -> Task | None:
    """One of them."""
    found = await _read(connection, tasks.c.id == task_id)
    return found[0] if found else None


async def tasks_of_teacher(connection: AsyncConnection, person_id: PersonId) -> list[Task]:
    """Those of one teacher, the one that is due next first."""
    own = select(task_teachers.c.task_id).where(task_teachers.c.person_id == person_id)
    return await _read(connection, tasks.c.id.in_(own))


async def tasks_for(
    connection: AsyncConnection, person_id: PersonId, groups: Collection[GroupId], *, now: datetime
) -> list[Task]:
    """Published tasks for somebody who is in these groups, and those that they have handed in something for."""
    by_group = select(task_groups.c.task_id).where(task_groups.c.group_id.in_(groups))
    named = (task_people.c.person_id == person_id) & task_people.c.named.is_(True)
    by_name = select(task_people.c.task_id).where(named)
    by_work = select(hand_in_members.c.task_id).where(hand_in_members.c.person_id == person_id)
    is_theirs = or_(tasks.c.id.in_(by_group), tasks.c.id.in_(by_name), tasks.c.id.in_(by_work))
    return await _read(connection, is_theirs & (tasks.c.published_at <= now.timestamp()))


async def published_tasks(connection: AsyncConnection, *, due_after: datetime, now: datetime) -> list[Task]:
    """Those that people know of and that are due after an instant, if only for somebody who has more time."""
    later = due_after.timestamp()
    for_somebody = select(task_people.c.task_id).where(task_people.c.due_at > later)
    is_due = or_(tasks.c.due_at > later, tasks.c.id.in_(for_somebody))
    return await _read(connection, is_due & (tasks.c.published_at <= now.timestamp()))


async def tasks_due_before(connection: AsyncConnection, moment: datetime) -> list[Task]:
    """Those that were due before an instant, also what nobody published."""
    return await _read(connection, tasks.c.due_at < moment.timestamp())


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What people were told of a task: in which messages by room, in which words, and whom by name."""

    words: str = ""
    rooms: Mapping[str, str] = field(default_factory=dict)
    people: frozenset[PersonId] = frozenset()


async def untold_tasks(connection: AsyncConnection, *, now: datetime) -> list[tuple[Task, Told]]:
    """Published tasks of whose newest number people were not told, and what they were told before."""
    is_new = or_(tasks.c.told_number.is_(None), tasks.c.told_number != tasks.c.number)
    found = await _read(connection, is_new & (tasks.c.published_at <= now.timestamp()))
    query = select(tasks.c.id, tasks.c.messages).where(tasks.c.id.in_([task.id for task in found]))
    told = {row.id: row.messages for row in await connection.execute(query)}
    return [(task, _told(told[task.id])) for task in found]


async def task_is_told(connection: AsyncConnection, task: Task, told: Told) -> None:
    """People know of it as it is."""
    written = {"words": told.words, "rooms": dict(told.rooms), "people": sorted(told.people)}
    here = update(tasks).where(tasks.c.id == task.id)
    await connection.execute(here.values(told_number=task.number, messages=written))


async def reminded_of(connection: AsyncConnection, task: Task) -> bool:
    """People are reminded of its date now; False if they were already."""
    due = task.dates.due.timestamp()
    unsaid = or_(tasks.c.reminded_for.is_(None), tasks.c.reminded_for != due)
    here = update(tasks).where(tasks.c.id == task.id, unsaid).values(reminded_for=due)
    return bool((await connection.execute(here)).rowcount)


async def reminded_of_own(connection: AsyncConnection, task: Task, person_id: PersonId) -> bool:
    """Somebody who has more time is reminded of their date now; False if they were already."""
    due = task.dates_of(person_id).due.timestamp()
    theirs = (task_people.c.task_id == task.id) & (task_people.c.person_id == person_id)
    unsaid = or_(task_people.c.reminded_for.is_(None), task_people.c.reminded_for != due)
    here = update(task_people).where(theirs, unsaid).values(reminded_for=due)
    return bool((await connection.execute(here)).rowcount)


async def came_in(
    connection: AsyncConnection, person_id: PersonId, *, after: datetime, before: datetime
) -> list[tuple[str, int]]:
    """For which tasks of a teacher how much was handed in between two instants, by title."""
    query = (
        select(tasks.c.title, func.count())
        .join(hand_ins, hand_ins.c.task_id == tasks.c.id)
        .join(hand_in_versions, hand_in_versions.c.hand_in_id == hand_ins.c.id)
        .join(task_teachers, task_teachers.c.task_id == tasks.c.id)
        .where(
            task_teachers.c.person_id == person_id,
            hand_in_versions.c.at >= after.timestamp(),
            hand_in_versions.c.at < before.timestamp(),
        )
        .group_by(tasks.c.id, tasks.c.title)
        .order_by(tasks.c.title, tasks.c.id)
    )
    return [(title, number) for title, number in await connection.execute(query)]


def _told(written: Any) -> Told:
    if not isinstance(written, dict):  # of a task from before anybody was told
        return Told()
    people = frozenset(map(PersonId, written["people"]))
    return Told(words=written["words"], rooms=written["rooms"], people=people)


async def task_ids(connection: AsyncConnection) -> list[TaskId]:
    """All that there are."""
    return [TaskId(task_id) for task_id in await connection.scalars(select(tasks.c.id))]


async def forget_task(connection: AsyncConnection, task_id: TaskId) -> None:
    """Takes away a task and all that was handed in. Without its key nobody opens what is left of its files."""
    of_task = select(hand_ins.c.id).where(hand_ins.c.task_id == task_id)
    await connection.execute(delete(hand_in_versions).where(hand_in_versions.c.hand_in_id.in_(of_task)))
    for table in (task_uploads, task_files, hand_in_members, hand_ins, task_people, task_teachers, task_groups):
        await connection.execute(delete(table).where(table.c.task_id == task_id))
    await connection.execute(delete(tasks).where(tasks.c.id == task_id))


async def _write_groups(connection: AsyncConnection, task: Task) -> None:
    if task.groups:
        rows = [{"task_id": task.id, "group_id": group} for group in sorted(task.groups)]
        await connection.execute(insert(task_groups), rows)


async def _name_people(connection: AsyncConnection, task: Task) -> None:
    for person_id in sorted(task.people):
        await _of_person(connection, task.id, person_id, named=True)


async def _of_person(connection: AsyncConnection, task_id: TaskId, person_id: PersonId, **values: Any) -> None:
    here = update(task_people).where(task_people.c.task_id == task_id, task_people.c.person_id == person_id)
    if not (await connection.execute(here.values(values))).rowcount:
        row = {"task_id": task_id, "person_id": person_id, "named": False} | values
        await connection.execute(insert(task_people).values(row))


async def _read(connection: AsyncConnection, condition: ColumnElement[bool]) -> list[Task]:
    rows = (await connection.execute(select(tasks).where(condition).order_by(tasks.c.due_at, tasks.c.id))).all()
    ids = [row.id for row in rows]
    teachers = await _gather(connection, select(task_teachers.c.task_id, task_teachers.c.person_id), ids)
    groups = await _gather(connection, select(task_groups.c.task_id, task_groups.c.group_id), ids)
    single: defaultdict[str, list[Row[Any]]] = defaultdict(list)
    asked = or_(task_people.c.named.is_(True), task_people.c.due_at.is_not(None))
    for row in await connection.execute(select(task_people).where(task_people.c.task_id.in_(ids), asked)):
        single[row.task_id].append(row)
    return [_task(row, teachers[row.id], groups[row.id], single[row.id]) for row in rows]


async def _gather(connection: AsyncConnection, query: Any, ids: Sequence[str]) -> defaultdict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for task_id, other in await connection.execute(query.where(query.selected_columns.task_id.in_(ids))):
        found[task_id].append(other)
    return found


def _task(row: Row[Any], teachers: Sequence[str], groups: Sequence[str], single: Sequence[Row[Any]]) -> Task:
    return Task(
        id=TaskId(row.id),
        setter=None if row.person_id is None else PersonId(row.person_id),
        title=row.title,
        text=row.text,
        teachers=frozenset(map(PersonId, teachers)),
        groups=frozenset(map(GroupId, groups)),
        people=frozenset(PersonId(one.person_id) for one in single if one.named),
        extensions={
            PersonId(one.person_id): datetime.fromtimestamp(one.due_at, UTC) for one in single if one.due_at is not None
        },
        dates=Dates(
            due=datetime.fromtimestamp(row.due_at, UTC), opens=_moment(row.opens_at), last=_moment(row.last_at)
        ),
        published_at=_moment(row.published_at),
        closed_at=_moment(row.closed_at),
        team_size=row.team_size,
        feedback_together=row.feedback_together,
        number=row.number,
    )


def _columns(task: Task) -> dict[str, Any]:
    return {
        "title": task.title,
        "text": task.text,
        "opens_at": _seconds(task.dates.opens),
        "due_at": task.dates.due.timestamp(),
        "last_at": _seconds(task.dates.last),
        "published_at": _seconds(task.published_at),
        "closed_at": _seconds(task.closed_at),
        "team_size": task.team_size,
        "feedback_together": task.feedback_together,
        "number": task.number,
    }


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
