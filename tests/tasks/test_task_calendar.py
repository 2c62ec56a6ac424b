"""What is due stands in everybody's calendar, as another program reads it."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from a_school import GERMAN
from builders import BEA, BEN, CARL, GABI, IDA, OTTO
from icalendar import Calendar
from sqlalchemy.ext.asyncio import AsyncEngine
from task_school import CLASS, DAY, DUE, NOON, OTHER_CLASS, Tasks, wish, with_tasks

from appservice.calendar.feeds import Feeds
from school.domain.people import Person
from school.domain.task_dates import Dates
from tasks.calendar_entries import TaskEntries

URL = "https://bote.test"


@pytest.fixture
async def tasks(school_file: Path, engine: AsyncEngine) -> AsyncIterator[Tasks]:
    async with with_tasks(school_file, engine) as tasks:
        yield tasks


@pytest.fixture
def entries(tasks: Tasks) -> Callable[..., Any]:
    view = tasks.school.view
    feeds = Feeds(
        engine=tasks.school.engine,
        view=view,
        public_url=URL,
        name="Termine",
        host="school.test",
        clock=lambda: tasks.now,
    )
    told = TaskEntries(tasks.book, working=tasks.working, checking=tasks.checking, texts=GERMAN, public_url=URL)
    feeds.add(told.of)

    async def read(person: Person) -> list[Any]:
        token = (await feeds.make(person)).removeprefix(f"{URL}/calendar/").removesuffix(".ics")
        return list(Calendar.from_ical(await feeds.read(token) or b"").walk("VEVENT"))

    return read


async def test_a_task_stands_on_its_day_with_its_hour(tasks: Tasks, entries: Callable[..., Any]) -> None:
    task = await tasks.task()
    [event] = await entries(BEN)
    assert str(event["summary"]) == "Abgabe bis 14:00 Uhr: Gedicht · Klasse 5a"
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (DUE.date(), DUE.date() + DAY)
    assert str(event["url"]) == f"{URL}/tasks/{task.id}"
    assert str(event["uid"]) == f"task-{task.id}@school.test"
    assert [len(await entries(who)) for who in (IDA, OTTO, CARL, GABI)] == [1, 0, 0, 0]


async def test_who_has_more_time_has_another_day_and_nobody_learns_it(
    tasks: Tasks, entries: Callable[..., Any]
) -> None:
    task = await tasks.task()
    assert (await tasks.setting.extend(IDA, task.id, BEN.id, DUE + 3 * DAY)).is_done
    assert (await entries(BEN))[0].decoded("dtstart") == (DUE + 3 * DAY).date()
    assert (await entries(BEA))[0].decoded("dtstart") == DUE.date()


async def test_a_change_keeps_the_id_and_counts(tasks: Tasks, entries: Callable[..., Any]) -> None:
    task = await tasks.task()
    [before] = await entries(BEN)
    moved = wish(dates=Dates(due=DUE + DAY, last=DUE + 2 * DAY))
    assert (await tasks.setting.change(IDA, task.id, moved)).is_done
    [after] = await entries(BEN)
    assert after["uid"] == before["uid"]
    assert after["sequence"] > before["sequence"]
    assert after.decoded("dtstart") == (DUE + DAY).date()


async def test_what_is_closed_before_it_was_due_stands_there_as_cancelled(
    tasks: Tasks, entries: Callable[..., Any]
) -> None:
    task = await tasks.task()
    tasks.now = NOON + timedelta(hours=1)
    assert (await tasks.setting.close(IDA, task.id)).is_done
    assert [str(event["status"]) for event in await entries(BEN)] == ["CANCELLED"]


async def test_nobody_reads_of_a_draft(tasks: Tasks, entries: Callable[..., Any]) -> None:
    await tasks.task(published_at=None)
    assert [await entries(who) for who in (BEN, IDA)] == [[], []]


async def test_no_name_of_a_child_stands_there(tasks: Tasks, entries: Callable[..., Any]) -> None:
    await tasks.task(title="Nachschreiben mit Ben", groups=frozenset({CLASS, OTHER_CLASS}))
    assert str((await entries(IDA))[0]["summary"]) == "Abgabe bis 14:00 Uhr: Aufgabe · Klasse 5a · Klasse 6b"
