"""The desk at which tasks are set: made, changed, published, closed, extended.

1. Each time it is asked anew who the person is to the task, and whether they may set a task to all for whom it will be.
2. A change of a task that is out grows its number, and whoever tells people of it hears (`on_change`).
3. After an outage all open tasks get so many days more: the leadership for the whole school, a teacher for their own.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Final, TypeAlias

from school.database.audit import Action
from school.database.tasks import (
    add_task,
    add_teacher,
    change_task,
    extend_for,
    published_tasks,
    read_task,
)
from school.domain.decisions import NO_RULE, Decision, Reason, allow, refuse
from school.domain.people import Person, PersonId
from school.domain.rights import Right
from school.domain.task_dates import DateTrouble
from school.domain.tasks import (
    Task,
    TaskId,
    has_teacher,
    learners_of,
    may_add_teacher,
    may_lead,
    may_set,
)
from tasks.answers import Answer, Trouble, Wish
from tasks.book import TaskBook

_ID_BYTES: Final = 16
LONGEST_TITLE: Final = 120
LONGEST_TEXT: Final = 20_000
LARGEST_TEAM: Final = 40
MOST_DAYS: Final = 60
_A_YEAR: Final = timedelta(days=366)
_OF_DATES: Final = {
    DateTrouble.OPENS_TOO_LATE: Trouble.OPENS_TOO_LATE,
    DateTrouble.ENDS_TOO_EARLY: Trouble.ENDS_TOO_EARLY,
    DateTrouble.IN_THE_PAST: Trouble.IN_THE_PAST,
}
OnChange: TypeAlias = Callable[[Task], Awaitable[None]]


class SettingDesk:
    """For teachers of tasks."""

    def __init__(self, book: TaskBook) -> None:
        self._book = book
        self.on_change: list[OnChange] = []

    async def new(self, person: Person, wish: Wish) -> Answer:
        """Sets a task, or begins a draft of one."""
        task = _as_wished(Task(id=TaskId(token_urlsafe(_ID_BYTES)), setter=person.id, title="", dates=wish.dates), wish)
        task = replace(task, teachers=frozenset({person.id}))
        decision, trouble = self._looked_at(person, task)
        if trouble is not None or not decision:
            return Answer(decision=decision, trouble=trouble)
        now = self._book.now()
        async with self._book.writing() as connection:
            await add_task(connection, task, wrapped_key=self._book.keys.new(task.id), at=now)
            await self._book.record(connection, person, Action.TASK_SET, task.id, decision, groups=sorted(task.groups))
        await self._tell(task, now)
        return self._done(decision, task)

    async def change(self, person: Person, task_id: str, wish: Wish) -> Answer:
        """Changes what a task is, for whom and until when."""
        async with self._book.writing() as connection:
            known = await read_task(connection, task_id)
            led = self._led(person, known)
            if known is None or not led.decision:
                return led
            task = replace(_as_wished(known, wish), number=known.number + 1)
            decision, trouble = self._looked_at(person, task, known)
            if trouble is not None or not decision:
                return Answer(decision=decision, trouble=trouble, task=known)
            await change_task(connection, task)
            await self._book.record(connection, person, Action.TASK_CHANGED, task.id, decision)
        await self._tell(task, self._book.now())
        return self._done(decision, task)

    async def publish(self, person: Person, task_id: str) -> Answer:
        """People know of it from now on."""
        now = self._book.now()
        return await self._changed(
            person, task_id, lambda task: task if task.is_published(now) else replace(task, published_at=now)
        )

    async def close(self, person: Person, task_id: str, *, closed: bool = True) -> Answer:
        """Nothing is taken any more, or again."""
        now = self._book.now()
        return await self._changed(person, task_id, lambda task: replace(task, closed_at=now if closed else None))

    async def extend(self, person: Person, task_id: str, learner: PersonId, due: datetime) -> Answer:
        """More time for one person."""
        async with self._book.writing() as connection:
            task = await read_task(connection, task_id)
            led = self._led(person, task)
            if task is None or not led.decision:
                return led
            if due <= task.dates.due or due <= self._book.now():
                return Answer(decision=led.decision, trouble=Trouble.NOT_LATER, task=task)
            known = {each.id for each in learners_of(task, self._book.directory, self._book.rights)}
            if learner not in known:
                return Answer(decision=led.decision, trouble=Trouble.NOBODY, task=task)
            await extend_for(connection, task.id, learner, due)
            await self._book.record(connection, person, Action.TASK_CHANGED, task.id, led.decision, more_time=learner)
            task = await read_task(connection, task_id)
        return Answer(decision=led.decision, task=task)

    async def extend_all(self, person: Person, days: int, since: datetime) -> tuple[Answer, list[Task]]:
        """So many days more for every task that people could work on since an instant; returns those."""
        decision = self._may_extend_all(person)
        if not decision:
            return Answer(decision=decision), []
        if not 1 <= days <= MOST_DAYS:
            return Answer(decision=decision, trouble=Trouble.DAYS), []
        now, extended = self._book.now(), []
        async with self._book.writing() as connection:
            for task in await published_tasks(connection, due_after=since, now=now):
                if not task.was_open(since, now) or not self._may_extend(person, task):
                    continue
                later = replace(task, dates=task.dates.later_by(days, self._book.zone), number=task.number + 1)
                await change_task(connection, later)
                extended.append(later)
            await self._book.record(
                connection, person, Action.TASK_ALL_EXTENDED, "tasks", decision, days=days, tasks=len(extended)
            )
        for task in extended:
            await self._tell(task, now)
        return Answer(decision=decision), extended

    async def add_teacher(self, person: Person, task_id: str, other: Person) -> Answer:
        """One more teacher; the leadership names one where none is left."""
        async with self._book.writing() as connection:
            task = await read_task(connection, task_id)
            if task is None:
                return Answer(trouble=Trouble.UNKNOWN)
            today, directory, rights = self._book.today(person), self._book.directory, self._book.rights
            decision = may_add_teacher(today, task, other, directory, rights)
            if decision and other.id not in task.teachers:
                await add_teacher(connection, task.id, other.id)
                await self._book.record(connection, person, Action.TASK_TEACHER_ADDED, other.id, decision, task=task.id)
                task = replace(task, teachers=task.teachers | {other.id})
        return Answer(decision=decision, task=task)

    async def leaderless(self, person: Person) -> list[Task]:
        """Tasks that nobody leads any more, for the leadership."""
        today, now = self._book.today(person), self._book.now()
        if today is None or not today.leadership:
            return []
        async with self._book.reading() as connection:
            tasks = await published_tasks(connection, due_after=now - _A_YEAR, now=now)
        directory, rights = self._book.directory, self._book.rights
        return [task for task in tasks if not has_teacher(task, directory, rights)]

    # What all of it stands on

    def _led(self, person: Person, task: Task | None) -> Answer:
        if task is None:
            return Answer(trouble=Trouble.UNKNOWN)
        decision = may_lead(self._book.today(person), task, self._book.rights)
        return Answer(decision=decision, task=task if decision else None)

    async def _changed(self, person: Person, task_id: str, change: Callable[[Task], Task]) -> Answer:
        async with self._book.writing() as connection:
            known = await read_task(connection, task_id)
            led = self._led(person, known)
            if known is None or not led.decision:
                return led
            task = change(known)
            if task == known:
                return led
            task = replace(task, number=known.number + 1)
            await change_task(connection, task)
            await self._book.record(connection, person, Action.TASK_CHANGED, task.id, led.decision)
        await self._tell(task, self._book.now())
        return self._done(led.decision, task)

    def _looked_at(self, person: Person, task: Task, before: Task | None = None) -> tuple[Decision, Trouble | None]:
        directory, rights = self._book.directory, self._book.rights
        people = [found for each in sorted(task.people) if (found := directory.person_by_id(each)) is not None]
        decision = may_set(self._book.today(person), task.groups, people, rights)
        if not decision:
            return decision, None
        if not task.title or len(task.title) > LONGEST_TITLE:
            return decision, Trouble.TITLE
        if len(task.text) > LONGEST_TEXT:
            return decision, Trouble.TOO_LONG
        if not 1 <= task.team_size <= LARGEST_TEAM:
            return decision, Trouble.TEAM_SIZE
        if not learners_of(task, directory, rights):
            return decision, Trouble.NOBODY
        wrong = task.dates.trouble(self._book.now())
        is_as_before = before is not None and before.dates.due == task.dates.due
        if wrong is None or (wrong is DateTrouble.IN_THE_PAST and is_as_before):
            return decision, None
        return decision, _OF_DATES[wrong]

    def _done(self, decision: Decision, task: Task) -> Answer:
        doubt = task.dates.doubt(self._book.zone, self._book.free_days)
        return Answer(decision=decision, task=task, doubt=doubt)

    def _may_extend_all(self, person: Person) -> Decision:
        today = self._book.today(person)
        if today is None:
            return refuse(Reason.UNKNOWN_PERSON, "directory:sender")
        if today.leadership:
            return allow("tasks:leadership")
        ruling = self._book.rights.ruling(today, Right.SET_TASKS)
        if ruling is not None and ruling.allow:
            return allow(ruling.id)
        return refuse(Reason.NO_TASKS, NO_RULE if ruling is None else ruling.id)

    def _may_extend(self, person: Person, task: Task) -> bool:
        today = self._book.today(person)
        return today is not None and (today.leadership or bool(may_lead(today, task, self._book.rights)))

    async def _tell(self, task: Task, now: datetime) -> None:
        if task.is_published(now):
            for hears in self.on_change:
                await hears(task)


def _as_wished(task: Task, wish: Wish) -> Task:
    return replace(
        task,
        title=" ".join(wish.title.split()),
        text=wish.text.strip(),
        groups=wish.groups,
        people=wish.people,
        dates=wish.dates,
        published_at=wish.published_at,
        team_size=wish.team_size,
        feedback_together=wish.feedback_together,
    )
