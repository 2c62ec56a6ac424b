"""What is due, in everybody's calendar: a day for each task, with the hour in its title. For learners the tasks that
they have, each on the day that holds for them; for teachers those that they lead."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from appservice.calendar.entries import Entry, without_names
from school.domain.people import Person
from school.domain.tasks import Task, learners_of
from school.texts import Texts
from tasks.book import TaskBook
from tasks.checking_desk import CheckingDesk
from tasks.working_desk import WorkingDesk

_DAY = timedelta(days=1)


class TaskEntries:
    """Tells what is due. Its entries are those of the desks: whoever does not see a task there does not see it here."""

    def __init__(
        self, book: TaskBook, *, working: WorkingDesk, checking: CheckingDesk, texts: Texts, public_url: str
    ) -> None:
        self._book = book
        self._working = working
        self._checking = checking
        self._texts = texts
        self._public_url = public_url

    async def of(self, person: Person) -> Sequence[Entry]:
        """All that is due for somebody."""
        due = {task.id: (task, due) for task, due in await self._tasks(person)}
        return [*self._entries(due.values())]

    async def _tasks(self, person: Person) -> list[tuple[Task, datetime]]:
        led = [(counts.task, counts.task.dates.due) for counts in await self._checking.of_teacher(person)]
        own = [(own.task, own.dates.due) for own in await self._working.own(person)]
        return [*led, *own]

    def _entries(self, tasks: Iterable[tuple[Task, datetime]]) -> Iterator[Entry]:
        now = self._book.now()
        for task, due in tasks:
            if not task.is_published(now):
                continue
            local = due.astimezone(self._book.zone)
            yield Entry(
                id=f"task-{task.id}",
                summary=self._texts.say("calendar.due", time=self._texts.hour(local), task=self._named(task)),
                starts=local.date(),
                ends=local.date() + _DAY,
                page=f"{self._public_url}/tasks/{task.id}",
                number=task.number,
                is_off=task.closed_at is not None and task.closed_at < due,
            )

    def _named(self, task: Task) -> str:
        directory = self._book.directory
        learners = learners_of(task, directory, self._book.rights)
        title = without_names(task.title, learners, otherwise=self._texts.say("calendar.task"))
        groups = sorted(group.name for one in task.groups if (group := directory.group(one)) is not None)
        return " · ".join([title, *groups])
