"""30 tasks of 150 people, and 300 pupils who hand in 5 MB each within a minute: `python -m bench.many_tasks FOLDER`."""

import asyncio
import hashlib
import json
import random
import resource
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import URL, create_engine, insert
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.school_view import SchoolView
from school.config import load_settings
from school.database.migrate import upgrade
from school.database.reader import open_reader
from school.database.tables import groups, memberships, persons
from school.database.task_files import Upload
from school.database.writer import open_writer
from school.domain.groups import GroupId
from school.domain.people import Person, PersonId
from school.domain.task_dates import Dates
from school.domain.tasks import Task
from school.standing import StandingKeeper
from tasks.answers import Wish
from tasks.book import TaskBook
from tasks.checking_desk import CheckingDesk
from tasks.keys import TaskKeys
from tasks.scanning import Scanner
from tasks.setting_desk import SettingDesk
from tasks.store import FileStore
from tasks.uploads import Limits, Uploads
from tasks.working_desk import WorkingDesk

TASKS: Final = 30
PUPILS: Final = 300
CLASSES: Final = 10
_BYTES: Final = 5 * 1024 * 1024
_RUSH_SECONDS: Final = 60.0
_NOW: Final = datetime(2026, 5, 5, 12, 0, tzinfo=UTC)
_SCHOOL_YAML: Final = """\
school: {{name: Many}}
matrix: {{server_name: school.test, homeserver_url: "http://127.0.0.1:8008"}}
database: {{url: "sqlite:///{file}"}}
"""


def fill(file: Path) -> None:
    """One teacher, 300 pupils in ten classes."""
    url = URL.create("sqlite", database=str(file))
    upgrade(url)
    people = [("t", "teacher"), *((f"p{number}", "student") for number in range(PUPILS))]
    engine = create_engine(url)
    with engine.begin() as connection:
        rows = [
            {"id": name, "user_id": f"@{name}:school.test", "given_name": name, "family_name": "Groß", "role": role}
            for name, role in people
        ]
        connection.execute(insert(persons), rows)
        known = [
            {"id": f"g{number}", "key": f"g{number}", "name": f"Class {number}", "kind": "class", "origin": "register"}
            for number in range(CLASSES)
        ]
        connection.execute(insert(groups), known)
        member = [{"person_id": f"p{number}", "group_id": f"g{number % CLASSES}"} for number in range(PUPILS)]
        connection.execute(insert(memberships), member)
    engine.dispose()


class Desks:
    """The desks of tasks over one database."""

    def __init__(self, folder: Path, engine: AsyncEngine, view: SchoolView) -> None:
        school = load_settings(folder / "school.yaml").tasks
        book = TaskBook(engine=engine, view=view, keys=TaskKeys([b"s" * 32]), school=school, clock=lambda: _NOW)
        self.view = view
        self.setting, self.working, self.checking = SettingDesk(book), WorkingDesk(book), CheckingDesk(book)
        self.uploads = Uploads(
            engine=engine,
            store=FileStore(folder / "files"),
            keys=book.keys,
            scanner=Scanner(None),
            limits=Limits(),
            clock=lambda: _NOW,
        )

    def person(self, name: str) -> Person:
        found = self.view.now.policy.directory.person_by_id(PersonId(name))
        assert found is not None
        return found

    async def task(self, number: int, classes: int) -> Task:
        """A task for so many classes of thirty."""
        wish = Wish(
            title=f"Task {number}",
            groups=frozenset(GroupId(f"g{each}") for each in range(classes)),
            dates=Dates(due=_NOW + timedelta(days=1 + number)),
            published_at=_NOW,
        )
        answer = await self.setting.new(self.person("t"), wish)
        assert answer.task is not None, answer
        return answer.task


async def timed(ask: Callable[[], Awaitable[object]], times: int = 20) -> float:
    """The median, in milliseconds."""
    found = []
    for _ in range(times):
        begun = time.perf_counter()
        await ask()
        found.append(time.perf_counter() - begun)
    return 1000 * sorted(found)[times // 2]


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    """As they come from a network."""
    for start in range(0, len(content), 65_536):
        yield content[start : start + 65_536]
        await asyncio.sleep(0)


async def rush(desks: Desks, task: Task) -> tuple[int, list[float]]:
    """300 pupils bring a file each and hand it in within a minute; meanwhile pages are looked at. Returns how many
    hand-ins arrived whole, and how long the pages took, in milliseconds."""
    content = b"%PDF-1.7" + random.Random(1).randbytes(_BYTES - 8)
    wanted, done, took = hashlib.sha256(content).hexdigest(), 0, []

    async def one(number: int) -> None:
        nonlocal done
        await asyncio.sleep(number * _RUSH_SECONDS / PUPILS)
        pupil = desks.person(f"p{number}")
        _, spot = await desks.working.spot(pupil, task.id)
        assert spot is not None
        upload = await desks.uploads.announce(spot, pupil.id, "a.pdf", len(content))
        assert isinstance(upload, Upload)
        await desks.uploads.take(upload, 0, pieces(content))
        handed_in = await desks.working.hand_in(pupil, task.id, "")
        done += handed_in.receipt is not None and handed_in.receipt.files[0].sha256 == wanted

    async def look() -> None:
        dice = random.Random(2)
        while True:
            begun = time.perf_counter()
            await desks.working.look(desks.person(f"p{dice.randrange(PUPILS)}"), task.id)
            took.append(1000 * (time.perf_counter() - begun))
            await asyncio.sleep(0.05)

    looking = asyncio.create_task(look())
    await asyncio.gather(*(one(number) for number in range(PUPILS)))
    looking.cancel()
    return done, took


async def measured(folder: Path) -> list[tuple[str, str, str]]:
    """The figures."""
    file = folder / "schulbote.db"
    fill(file)
    (folder / "school.yaml").write_text(_SCHOOL_YAML.format(file=file))
    settings = load_settings(folder / "school.yaml")
    reader = open_reader(settings.database.sqlalchemy_url("sync"))
    view = SchoolView(StandingKeeper(settings, reader, lambda: 0.0), settings.zone)
    await view.refresh()
    engine = open_writer(settings.database.sqlalchemy_url("async"))
    desks = Desks(folder, engine, view)
    teacher = desks.person("t")
    tasks = [await desks.task(number, 5) for number in range(TASKS)]
    for task in tasks:
        for number in range(PUPILS):
            if number % CLASSES < 4:
                await desks.working.hand_in(desks.person(f"p{number}"), task.id, "Done.")
    of_all = await timed(lambda: desks.checking.of_teacher(teacher))
    of_one = await timed(lambda: desks.checking.overview(teacher, tasks[0].id))
    done, took = await rush(desks, await desks.task(TASKS, CLASSES))
    p95 = sorted(took)[int(len(took) * 0.95)]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    await engine.dispose()
    reader.dispose()
    return [
        ("overview of 30 tasks of 150 people", f"{of_all:.0f} ms", "at most 150 ms"),
        ("overview of one task", f"{of_one:.0f} ms", ""),
        ("hand-ins of 5 MB within a minute", f"{done} of {PUPILS}", "every file whole, by its hash"),
        ("a task's page meanwhile, p95", f"{p95:.0f} ms", "without HTTP; at most 500 ms"),
        ("memory at most", f"{memory:.0f} MiB", "of this process, which plays the pupils, too; at most 300 MiB"),
    ]


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measured(Path(sys.argv[1])))))
