"""Files of tasks: what they are called, how large they are, and where their bytes lie.

A row names a blob of the file store (`tasks.store`); several rows may name the same one. A blob that no row names any
more is swept away.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.task_tables import hand_in_members, task_files, task_uploads
from school.domain.hand_ins import HandInId
from school.domain.people import PersonId
from school.domain.tasks import TaskId


class Purpose(StrEnum):
    """What a file is for."""

    MATERIAL = "material"
    """It belongs to the task."""
    WORK = "work"
    """It is handed in, or lies with a draft."""
    FEEDBACK = "feedback"
    """A teacher gives it back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a file belongs: to a task, to a draft (a hand-in without a version), or to a version."""

    task: TaskId
    purpose: Purpose
    hand_in: HandInId | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file. `sha256` is what its receipt says: the hash of its bytes, in hexadecimal."""

    id: str
    spot: Spot
    by: PersonId | None
    name: str
    media_type: str
    size: int
    sha256: str
    blob: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that is on its way: so many bytes of it have arrived."""

    id: str
    spot: Spot
    by: PersonId
    name: str
    size: int
    touched_at: datetime
    received: int = 0


async def add_file(connection: AsyncConnection, file: File) -> None:
    """A file has arrived whole."""
    columns = {
        "id": file.id,
        "person_id": file.by,
        "name": file.name,
        "media_type": file.media_type,
        "size": file.size,
        "sha256": file.sha256,
        "blob": file.blob,
        "at": file.at.timestamp(),
    }
    await connection.execute(insert(task_files).values(columns | _columns(file.spot)))


async def read_file(connection: AsyncConnection, file_id: str) -> File | None:
    """One of them."""
    found = await _read(connection, task_files.c.id == file_id)
    return found[0] if found else None


async def material_of(connection: AsyncConnection, task_id: TaskId) -> list[File]:
    """What belongs to a task itself."""
    of_task = (task_files.c.task_id == task_id) & (task_files.c.purpose == Purpose.MATERIAL.value)
    return await _read(connection, of_task)


async def files_of(connection: AsyncConnection, hand_in_ids: Iterable[HandInId]) -> list[File]:
    """What lies with hand-ins, of all their versions."""
    return await _read(connection, task_files.c.hand_in_id.in_(list(hand_in_ids)))


async def files_of_task(connection: AsyncConnection, task_id: TaskId) -> list[File]:
    """All of a task and its hand-ins."""
    return await _read(connection, task_files.c.task_id == task_id)


async def number_at(connection: AsyncConnection, spot: Spot) -> int:
    """How many files lie in one place."""
    c = task_files.c
    here = (c.task_id == spot.task) & (c.purpose == spot.purpose.value)
    here &= c.hand_in_id.is_(None) if spot.hand_in is None else c.hand_in_id == spot.hand_in
    here &= c.version.is_(None) if spot.version is None else c.version == spot.version
    return await connection.scalar(select(func.count()).select_from(task_files).where(here)) or 0


async def files_about(connection: AsyncConnection, person_id: PersonId) -> list[File]:
    """What somebody handed in, alone or in a team, and what they brought besides."""
    own = select(hand_in_members.c.hand_in_id).where(hand_in_members.c.person_id == person_id)
    handed_in = task_files.c.hand_in_id.in_(own) & (task_files.c.purpose == Purpose.WORK.value)
    return await _read(connection, or_(handed_in, task_files.c.person_id == person_id))


async def remove_file(connection: AsyncConnection, file_id: str) -> None:
    """A file goes. Its bytes are swept away later."""
    await connection.execute(delete(task_files).where(task_files.c.id == file_id))


async def blobs_of(connection: AsyncConnection, task_id: TaskId) -> frozenset[str]:
    """What is named by any file of a task."""
    names = await connection.scalars(select(task_files.c.blob).where(task_files.c.task_id == task_id))
    return frozenset(names)


async def add_upload(connection: AsyncConnection, upload: Upload) -> None:
    """A file is announced."""
    columns = {
        "id": upload.id,
        "person_id": upload.by,
        "name": upload.name,
        "size": upload.size,
        "received": upload.received,
        "touched_at": upload.touched_at.timestamp(),
    }
    await connection.execute(insert(task_uploads).values(columns | _columns(upload.spot)))


async def read_upload(connection: AsyncConnection, upload_id: str) -> Upload | None:
    """One of them."""
    row = (await connection.execute(select(task_uploads).where(task_uploads.c.id == upload_id))).first()
    return None if row is None else _upload(row)


async def uploads_of(connection: AsyncConnection, person_id: PersonId) -> list[Upload]:
    """What somebody has announced and not brought yet."""
    rows = await connection.execute(select(task_uploads).where(task_uploads.c.person_id == person_id))
    return [_upload(row) for row in rows]


async def uploads_older_than(connection: AsyncConnection, moment: datetime) -> list[Upload]:
    """What nobody has gone on with for long."""
    old = task_uploads.c.touched_at < moment.timestamp()
    return [_upload(row) for row in await connection.execute(select(task_uploads).where(old))]


async def has_received(connection: AsyncConnection, upload_id: str, received: int, *, at: datetime) -> None:
    """How much of it has arrived."""
    here = update(task_uploads).where(task_uploads.c.id == upload_id)
    await connection.execute(here.values(received=received, touched_at=at.timestamp()))


async def end_upload(connection: AsyncConnection, upload_id: str) -> bool:
    """It is whole, or given up; False if it was already."""
    return bool((await connection.execute(delete(task_uploads).where(task_uploads.c.id == upload_id))).rowcount)


async def _read(connection: AsyncConnection, condition: ColumnElement[bool]) -> list[File]:
    query = select(task_files).where(condition).order_by(task_files.c.at, task_files.c.id)
    return [_file(row) for row in await connection.execute(query)]


def _columns(spot: Spot) -> dict[str, Any]:
    return {
        "task_id": spot.task,
        "hand_in_id": spot.hand_in,
        "version": spot.version,
        "purpose": spot.purpose.value,
    }


def _spot(row: Row[Any]) -> Spot:
    return Spot(
        task=TaskId(row.task_id),
        purpose=Purpose(row.purpose),
        hand_in=None if row.hand_in_id is None else HandInId(row.hand_in_id),
        version=row.version,
    )


def _file(row: Row[Any]) -> File:
    return File(
        id=row.id,
        spot=_spot(row),
        by=None if row.person_id is None else PersonId(row.person_id),
        name=row.name,
        media_type=row.media_type,
        size=row.size,
        sha256=row.sha256,
        blob=row.blob,
        at=datetime.fromtimestamp(row.at, UTC),
    )


def _upload(row: Row[Any]) -> Upload:
    return Upload(
        id=row.id,
        spot=_spot(row),
        by=PersonId(row.person_id),
        name=row.name,
        size=row.size,
        touched_at=datetime.fromtimestamp(row.touched_at, UTC),
        received=row.received,
    )
