"""What was handed in: whose it is, its draft, its versions and what teachers said of them.

A team gives up its separate beginnings when it forms: a draft is one person's until then, and goes into none of others.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.task_tables import hand_in_members, hand_in_versions, hand_ins, task_files, task_uploads
from school.domain.hand_ins import HandIn, HandInId, Version
from school.domain.people import PersonId
from school.domain.tasks import TaskId


async def read_hand_in(connection: AsyncConnection, hand_in_id: str) -> HandIn | None:
    """One of them."""
    found = await _read(connection, hand_ins.c.id == hand_in_id)
    return found[0] if found else None


async def hand_in_of(connection: AsyncConnection, task_id: TaskId, person_id: PersonId) -> HandIn | None:
    """What somebody has of a task."""
    here = (hand_in_members.c.task_id == task_id) & (hand_in_members.c.person_id == person_id)
    own = select(hand_in_members.c.hand_in_id).where(here)
    found = await _read(connection, hand_ins.c.id.in_(own))
    return found[0] if found else None


async def hand_ins_of(connection: AsyncConnection, task_ids: Iterable[TaskId]) -> list[HandIn]:
    """All of some tasks."""
    return await _read(connection, hand_ins.c.task_id.in_(list(task_ids)))


async def hand_ins_by(connection: AsyncConnection, person_id: PersonId) -> dict[TaskId, HandIn]:
    """All of one person, by task."""
    own = select(hand_in_members.c.hand_in_id).where(hand_in_members.c.person_id == person_id)
    return {each.task: each for each in await _read(connection, hand_ins.c.id.in_(own))}


async def begin_hand_in(connection: AsyncConnection, hand_in: HandIn) -> None:
    """Somebody begins, alone or with others who have begun nothing."""
    row = {"id": hand_in.id, "task_id": hand_in.task, "begun_at": hand_in.begun_at.timestamp(), "draft": hand_in.draft}
    await connection.execute(insert(hand_ins).values(row))
    await _put_members(connection, hand_in, hand_in.members)


async def set_team(connection: AsyncConnection, hand_in: HandIn, members: Collection[PersonId]) -> None:
    """From now on a hand-in is of these. What those who come in had begun alone goes."""
    of_task = hand_in_members.c.task_id == hand_in.task
    of_new = hand_in_members.c.person_id.in_(set(members) - hand_in.members)
    alone = await connection.scalars(select(hand_in_members.c.hand_in_id).where(of_task, of_new))
    for hand_in_id in alone.all():
        await forget_hand_in(connection, HandInId(hand_in_id))
    await connection.execute(delete(hand_in_members).where(hand_in_members.c.hand_in_id == hand_in.id))
    await _put_members(connection, hand_in, members)


async def keep_draft(connection: AsyncConnection, hand_in_id: HandInId, text: str) -> None:
    """What will be the text of the next version."""
    await connection.execute(update(hand_ins).where(hand_ins.c.id == hand_in_id).values(draft=text))


async def add_version(
    connection: AsyncConnection, hand_in_id: HandInId, *, by: PersonId, at: datetime, text: str
) -> int:
    """Something is handed in: the text, and the files that lie with the draft. Returns its number."""
    of_this = hand_in_versions.c.hand_in_id == hand_in_id
    known = await connection.scalar(select(func.max(hand_in_versions.c.number)).where(of_this))
    number = int(known or 0) + 1
    row = {"hand_in_id": hand_in_id, "number": number, "person_id": by, "at": at.timestamp()}
    await connection.execute(insert(hand_in_versions).values(row | {"text": text, "feedback": "", "mark": ""}))
    with_draft = (task_files.c.hand_in_id == hand_in_id) & task_files.c.version.is_(None)
    await connection.execute(update(task_files).where(with_draft).values(version=number))
    await connection.execute(update(hand_ins).where(hand_ins.c.id == hand_in_id).values(draft=None))
    return number


async def give_feedback(
    connection: AsyncConnection,
    hand_in_id: HandInId,
    number: int,
    *,
    text: str,
    mark: str,
    at: datetime,
    shown: bool,
) -> None:
    """What a teacher says of a version."""
    values: dict[str, Any] = {"feedback": text, "mark": mark, "feedback_at": at.timestamp()}
    if shown:
        values["shown_at"] = at.timestamp()
    await _of_version(connection, hand_in_id, number, **values)


async def return_version(connection: AsyncConnection, hand_in_id: HandInId, number: int, *, at: datetime) -> None:
    """A version is to be done once more; what was said of it is shown with that."""
    await _of_version(connection, hand_in_id, number, returned_at=at.timestamp(), shown_at=at.timestamp())


async def show_feedback(connection: AsyncConnection, task_id: TaskId, *, at: datetime) -> int:
    """Shows all feedback of a task that is written and not shown yet; returns how much that is."""
    of_task = select(hand_ins.c.id).where(hand_ins.c.task_id == task_id)
    waiting = hand_in_versions.c.feedback_at.is_not(None) & hand_in_versions.c.shown_at.is_(None)
    here = update(hand_in_versions).where(hand_in_versions.c.hand_in_id.in_(of_task), waiting)
    return int((await connection.execute(here.values(shown_at=at.timestamp()))).rowcount)


async def forget_hand_in(connection: AsyncConnection, hand_in_id: HandInId) -> None:
    """Takes one away with all that is in it."""
    for table in (hand_in_versions, task_files, task_uploads, hand_in_members):
        await connection.execute(delete(table).where(table.c.hand_in_id == hand_in_id))
    await connection.execute(delete(hand_ins).where(hand_ins.c.id == hand_in_id))


async def _put_members(connection: AsyncConnection, hand_in: HandIn, members: Collection[PersonId]) -> None:
    rows = [{"task_id": hand_in.task, "person_id": each, "hand_in_id": hand_in.id} for each in sorted(members)]
    await connection.execute(insert(hand_in_members), rows)


async def _of_version(connection: AsyncConnection, hand_in_id: HandInId, number: int, **values: Any) -> None:
    here = (hand_in_versions.c.hand_in_id == hand_in_id) & (hand_in_versions.c.number == number)
    await connection.execute(update(hand_in_versions).where(here).values(values))


async def _read(connection: AsyncConnection, condition: ColumnElement[bool]) -> list[HandIn]:
    rows = (await connection.execute(select(hand_ins).where(condition).order_by(hand_ins.c.begun_at))).all()
    members: defaultdict[str, set[PersonId]] = defaultdict(set)
    named = select(hand_in_members.c.hand_in_id, hand_in_members.c.person_id)
    of_these = named.join(hand_ins, hand_ins.c.id == hand_in_members.c.hand_in_id).where(condition)
    for hand_in_id, person_id in await connection.execute(of_these):
        members[hand_in_id].add(PersonId(person_id))
    versions: defaultdict[str, list[Version]] = defaultdict(list)
    joined = select(hand_in_versions).join(hand_ins, hand_ins.c.id == hand_in_versions.c.hand_in_id)
    for row in await connection.execute(joined.where(condition).order_by(hand_in_versions.c.number)):
        versions[row.hand_in_id].append(_version(row))
    return [
        HandIn(
            id=HandInId(row.id),
            task=TaskId(row.task_id),
            members=frozenset(members[row.id]),
            begun_at=datetime.fromtimestamp(row.begun_at, UTC),
            draft=row.draft,
            versions=tuple(versions[row.id]),
        )
        for row in rows
    ]


def _version(row: Row[Any]) -> Version:
    return Version(
        number=row.number,
        by=None if row.person_id is None else PersonId(row.person_id),
        at=datetime.fromtimestamp(row.at, UTC),
        text=row.text,
        returned_at=_moment(row.returned_at),
        feedback=row.feedback,
        mark=row.mark,
        feedback_at=_moment(row.feedback_at),
        shown_at=_moment(row.shown_at),
    )


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
