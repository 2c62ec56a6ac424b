"""What is deleted by itself, and what is not."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builders import BEN, IDA, NOON
from sqlalchemy.ext.asyncio import AsyncEngine
from task_school import DAY, DUE, HOUR, PDF, Tasks, pieces, with_tasks

from school.domain.school_groups import SchoolYear
from school.domain.task_dates import Dates
from tasks.keeping import TaskKeeping

YEAR = SchoolYear(month=7, day=31, notice=timedelta(days=56))


@pytest.fixture
async def tasks(school_file: Path, engine: AsyncEngine) -> AsyncIterator[Tasks]:
    async with with_tasks(school_file, engine) as tasks:
        yield tasks


def keeping(tasks: Tasks, days: int | None = None) -> TaskKeeping:
    return TaskKeeping(tasks.book, store=tasks.store, uploads=tasks.uploads, year=YEAR, days=days)


async def test_a_task_goes_with_its_files_at_the_end_of_the_school_year(tasks: Tasks) -> None:
    task = await tasks.task()
    file = await tasks.file(task)
    await tasks.handed_in(task)
    tasks.now = datetime(2026, 7, 31, 21, 59, tzinfo=UTC)
    await keeping(tasks).keep()
    assert len(await tasks.checking.of_teacher(IDA)) == 1
    tasks.now = datetime(2026, 7, 31, 22, 0, tzinfo=UTC)
    await keeping(tasks).keep()
    assert await tasks.checking.of_teacher(IDA) == []
    assert await tasks.giving.find(IDA, file.id) == (None, None)
    assert tasks.store.folders() == frozenset()


async def test_or_when_the_school_says_counted_from_the_last_date_that_anybody_has(tasks: Tasks) -> None:
    task = await tasks.task(dates=Dates(due=DUE))
    await tasks.setting.extend(IDA, task.id, BEN.id, DUE + 10 * DAY)
    for day, there in ((14, 1), (16, 0)):
        tasks.now = NOON + day * DAY
        await keeping(tasks, days=4).keep()
        assert len(await tasks.checking.of_teacher(IDA)) == there


async def test_a_file_without_a_name_goes_the_second_time_that_it_is_seen(tasks: Tasks) -> None:
    task, keeps = await tasks.task(), keeping(tasks)
    first = await tasks.file(task)
    named = await tasks.file(task, name="b.pdf", content=PDF + b"2")
    await tasks.working.remove_file(BEN, task.id, first.id)
    await keeps.keep()
    assert len(tasks.store.blobs(task.id)) == 2
    await keeps.keep()
    assert tasks.store.blobs(task.id) == {named.blob}


async def test_files_that_nobody_went_on_with_go(tasks: Tasks) -> None:
    task = await tasks.task(dates=Dates(due=DUE + 30 * DAY))
    _, spot = await tasks.working.spot(BEN, task.id)
    assert spot is not None
    upload = await tasks.uploads.announce(spot, BEN.id, "a.pdf", 100)
    assert not isinstance(upload, str)
    await tasks.uploads.take(upload, 0, pieces(PDF))
    tasks.now += 2 * DAY + HOUR
    await keeping(tasks).keep()
    assert (await tasks.working.look(BEN, task.id)).unfinished == []
