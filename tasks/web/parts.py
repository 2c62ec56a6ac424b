"""What every page of tasks stands on."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Final

from aiohttp import web

from appservice.school_view import SchoolView
from appservice.web.problems import Problem, Trouble
from appservice.web.uploads import SentFile
from appservice.web.visit import Visit
from school.database.task_files import File, Spot
from school.domain.decisions import Decision
from school.domain.people import PersonId
from school.domain.task_dates import Dates
from school.domain.week import instant
from school.texts import Texts
from tasks.answers import Trouble as TaskTrouble
from tasks.book import TaskBook
from tasks.checking_desk import CheckingDesk
from tasks.file_kinds import FileFault
from tasks.giving_files import GivingFiles
from tasks.scanning import ScannerDownError
from tasks.setting_desk import SettingDesk
from tasks.store import FileStore
from tasks.uploads import Uploads
from tasks.working_desk import WorkingDesk

_PIECE: Final = 256 * 1024
LONGEST_FIELD: Final = 128 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFile:
    """A file as a page names it."""

    id: str
    name: str
    size: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageParts:
    """The desks, and what the school wants."""

    book: TaskBook
    setting: SettingDesk
    working: WorkingDesk
    checking: CheckingDesk
    giving: GivingFiles
    uploads: Uploads
    store: FileStore
    view: SchoolView

    # Words

    def when(self, moment: datetime, visit: Visit) -> str:
        """A moment as people say it."""
        return visit.texts.when(moment, self.view.zone, now=self.book.now())

    def dates(self, dates: Dates, visit: Visit) -> list[tuple[str, str]]:
        """The dates of a task, each with what it is."""
        found = [("due", dates.due)]
        if dates.opens is not None and dates.opens > self.book.now():
            found.insert(0, ("opens", dates.opens))
        if dates.last is not None and dates.last != dates.due:
            found.append(("last", dates.last))
        return [(visit.texts.say(f"task.date.{name}"), self.when(moment, visit)) for name, moment in found]

    def files(self, files: Sequence[File], visit: Visit) -> list[TaskFile]:
        """Files with what is to be known of them."""
        return [
            TaskFile(id=file.id, name=file.name, size=size_of(file.size, visit), sha256=file.sha256) for file in files
        ]

    def names(self, people: Sequence[PersonId]) -> str:
        """What people are called who are at the school."""
        found = (self.book.directory.person_by_id(each) for each in people)
        return ", ".join(person.display_name for person in found if person is not None)

    # What is refused, or goes wrong

    def refused(self, visit: Visit, decision: Decision | None) -> web.Response:
        """A page that says why somebody may not, and what they can do.

        Raises:
            Problem: there is nothing that could be refused.
        """
        if decision is None or decision.reason is None:
            raise Problem(Trouble.NOT_FOUND)
        return visit.page("task_refused.html", status=403, why=Texts(visit.texts.language).refusal(decision.reason))

    def wrong(self, visit: Visit, trouble: TaskTrouble | FileFault) -> str:
        """What is wrong, in a sentence."""
        kind = "fault" if isinstance(trouble, FileFault) else "trouble"
        limits = self.uploads.limits
        megabytes, files = (visit.texts.number(each) for each in (limits.max_bytes // 1024**2, limits.most_files))
        return visit.texts.say(f"task.{kind}.{trouble}", megabytes=megabytes, files=files)

    # Times and files that browsers send

    def moment(self, text: str) -> datetime | None:
        """What a field for a time says, on the school's clock; None if it says nothing, or no time."""
        try:
            wall = datetime.strptime(text, "%Y-%m-%dT%H:%M")  # noqa: DTZ007 - the school's wall
        except ValueError:
            return None
        if not 2000 <= wall.year <= 2200:
            return None
        return instant(self.view.zone, wall.date(), wall.hour * 60 + wall.minute)

    def field(self, moment: datetime | None) -> str:
        """What stands in such a field."""
        return "" if moment is None else moment.astimezone(self.view.zone).strftime("%Y-%m-%dT%H:%M")

    async def take(self, visit: Visit, spot: Spot, sent: Sequence[SentFile]) -> list[str]:
        """Puts files of a form where they belong; returns what is wrong with some of them."""
        wrong = []
        for each in sent:
            fault: FileFault | None = FileFault.TOO_LARGE
            if each.file is not None:
                try:
                    progress = await self.uploads.take_whole(spot, visit.person.id, each.name, read(each.file))
                except ScannerDownError as error:
                    raise Problem(Trouble.TRY_AGAIN, wait_seconds=30) from error
                fault = progress.fault
            if fault is not None:
                wrong.append(visit.texts.say("task.not_taken", name=each.name, why=self.wrong(visit, fault)))
        return wrong


async def read(file: BinaryIO) -> AsyncIterator[bytes]:
    """What lies in a file, piece by piece."""
    while piece := await asyncio.to_thread(file.read, _PIECE):
        yield piece


def size_of(size: int, visit: Visit) -> str:
    """How large a file is, roughly."""
    if size < 1024**2:
        return f"{visit.texts.number(max(1, round(size / 1024)))} KB"
    return f"{visit.texts.number(round(size / 1024**2))} MB"


def task_in(visit: Visit) -> str:
    """The task in the address."""
    return visit.request.match_info["task"]


def page_of(task_id: str) -> str:
    """Where a task is."""
    return f"/task/{task_id}"
