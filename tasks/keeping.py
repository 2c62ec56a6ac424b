"""What goes on by itself: tasks whose time is over are deleted, files that nobody names are swept away."""

import asyncio

import structlog

from school.database.task_files import blobs_of
from school.database.tasks import forget_task, task_ids, tasks_due_before
from school.domain.school_groups import SchoolYear
from school.domain.task_dates import kept_until
from school.domain.tasks import TaskId
from tasks.book import TaskBook
from tasks.store import FileStore
from tasks.uploads import Uploads

log = structlog.get_logger()


class TaskKeeping:
    """Asked every hour or so. `days`: how long tasks are kept, if not until the end of the school year."""

    def __init__(
        self, book: TaskBook, *, store: FileStore, uploads: Uploads, year: SchoolYear, days: int | None
    ) -> None:
        self._book = book
        self._store = store
        self._uploads = uploads
        self._year = year
        self._days = days
        self._unnamed: dict[TaskId, frozenset[str]] = {}

    async def keep(self) -> None:
        """Deletes what is over."""
        now = self._book.now()
        async with self._book.reading() as connection:
            tasks = await tasks_due_before(connection, now)
        for task in tasks:
            if kept_until(task.ends_at, self._book.zone, self._year, self._days) > now:
                continue
            async with self._book.writing() as connection:
                await forget_task(connection, task.id)
            log.info("task_forgotten", task=task.id)
        await self._uploads.forget_unfinished()
        await self._sweep()

    async def _sweep(self) -> None:
        """The disk is looked at before the database: what comes in between is there and known. A file has its row a
        moment after its bytes, so what has no name goes when it had none the last time either."""
        folders = await asyncio.to_thread(self._store.folders)
        async with self._book.reading() as connection:
            known = await task_ids(connection)
        await asyncio.to_thread(self._store.forget_folders, folders, but=known)
        before, self._unnamed = self._unnamed, {}
        for task_id in known:
            lie_there = await asyncio.to_thread(self._store.blobs, task_id)
            if not lie_there:
                continue
            async with self._book.reading() as connection:
                unnamed = lie_there - await blobs_of(connection, task_id)
            await asyncio.to_thread(self._store.forget, task_id, unnamed & before.get(task_id, frozenset()))
            self._unnamed[task_id] = unnamed
