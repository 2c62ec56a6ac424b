"""A school with tasks: the desks over a real database and a real folder, at a time that the test says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from a_school import School, a_school
from builders import BEN, IDA, NOON
from sqlalchemy import delete, insert, update
from sqlalchemy.ext.asyncio import AsyncEngine

from school.config.tasks import TaskSettings
from school.database.tables import Part, memberships, persons, wards
from school.database.task_files import File
from school.database.versions import bump
from school.domain.groups import GroupId
from school.domain.people import Person
from school.domain.task_dates import Dates
from school.domain.tasks import Task
from tasks.answers import Receipt, Wish
from tasks.book import TaskBook
from tasks.checking_desk import CheckingDesk
from tasks.giving_files import GivingFiles
from tasks.keys import TaskKeys
from tasks.scanning import Scanner
from tasks.setting_desk import SettingDesk
from tasks.store import FileStore
from tasks.uploads import Limits, Uploads
from tasks.working_desk import WorkingDesk

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CLASS, OTHER_CLASS, PARENTS = GroupId("5a"), GroupId("6b"), GroupId("parents-5a")
DUE, LAST = NOON + DAY, NOON + 2 * DAY
PDF = b"%PDF-1.7 Es war einmal"


def wish(**values: Any) -> Wish:
    """A task for class 5a, published."""
    given: dict[str, Any] = {
        "title": "Gedicht",
        "text": "Schreib **eins**.",
        "groups": frozenset({CLASS}),
        "dates": Dates(due=DUE, last=LAST),
        "published_at": NOON,
    }
    return Wish(**(given | values))


@dataclass
class Tasks:
    """The desks. `now` is what time it is."""

    school: School
    book: TaskBook
    setting: SettingDesk
    working: WorkingDesk
    checking: CheckingDesk
    giving: GivingFiles
    uploads: Uploads
    store: FileStore
    now: datetime = NOON

    async def task(self, who: Person = IDA, **values: Any) -> Task:
        answer = await self.setting.new(who, wish(**values))
        assert answer.is_done, answer
        assert answer.task is not None
        return answer.task

    async def file(self, task: Task, who: Person = BEN, name: str = "Gedicht.pdf", content: bytes = PDF) -> File:
        """A file that lies with somebody's draft."""
        answer, spot = await self.working.spot(who, task.id)
        assert spot is not None, answer
        progress = await self.uploads.take_whole(spot, who.id, name, pieces(content))
        assert progress.file is not None, progress
        return progress.file

    async def handed_in(self, task: Task, who: Person = BEN, text: str = "Es war einmal") -> Receipt:
        done = await self.working.hand_in(who, task.id, text)
        assert done.receipt is not None, done
        return done.receipt

    async def hand_in_id(self, task: Task, who: Person = BEN) -> str:
        seen = await self.working.look(who, task.id)
        assert seen.hand_in is not None
        return seen.hand_in.id

    async def moves(self, person: Person, *groups: GroupId) -> None:
        """The register has somebody in other groups from now on."""
        async with self.school.engine.begin() as connection:
            await connection.execute(delete(memberships).where(memberships.c.person_id == person.id))
            for group in groups:
                await connection.execute(insert(memberships).values(person_id=person.id, group_id=group))
            await bump(connection, Part.PEOPLE)
        await self.school.view.refresh()

    async def leaves(self, person: Person) -> None:
        """The register does not have somebody any more."""
        async with self.school.engine.begin() as connection:
            here = update(persons).where(persons.c.id == person.id)
            await connection.execute(here.values(standing="left", left_at=self.now.timestamp()))
            await bump(connection, Part.PEOPLE)
        await self.school.view.refresh()

    async def is_guardian(self, guardian: Person, child: Person) -> None:
        async with self.school.engine.begin() as connection:
            await connection.execute(insert(wards).values(guardian_id=guardian.id, ward_id=child.id))
            await bump(connection, Part.PEOPLE)
        await self.school.view.refresh()


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    yield content


@asynccontextmanager
async def with_tasks(
    database: Path, engine: AsyncEngine, *, more: tuple[Person, ...] = (), config: str = "", **settings: Any
) -> AsyncIterator[Tasks]:
    async with a_school(database, engine, more=more, config=config) as school:
        made: list[Tasks] = []
        clock = lambda: made[0].now if made else NOON  # noqa: E731 - the time is the school's
        wants = TaskSettings.model_construct(**({"grace_minutes": 0, "guardians_see": False} | settings))
        book = TaskBook(engine=engine, view=school.view, keys=TaskKeys([b"s" * 32]), school=wants, clock=clock)
        store = FileStore(database.parent / "files")
        uploads = Uploads(
            engine=engine, store=store, keys=book.keys, scanner=Scanner(None), limits=Limits(), clock=clock
        )
        tasks = Tasks(
            school=school,
            book=book,
            setting=SettingDesk(book),
            working=WorkingDesk(book),
            checking=CheckingDesk(book),
            giving=GivingFiles(book, store),
            uploads=uploads,
            store=store,
        )
        made.append(tasks)
        yield tasks
