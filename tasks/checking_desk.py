"""The desk at which teachers check: who has handed in, what it is, what they say of it.

1. Only its teachers, each time. A draft is not theirs to see.
2. Feedback is shown as it is written, or, where the task says so, to all at one time.
3. What is returned may be handed in again; who would have no time for that gets some with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.audit import Action
from school.database.hand_ins import give_feedback, hand_ins_of, read_hand_in, return_version, show_feedback
from school.database.task_files import File, Purpose, Spot, files_of, files_of_task, material_of
from school.database.tasks import extend_for, read_task, seen_by, tasks_of_teacher
from school.domain.hand_ins import HandIn, dates_for, standing
from school.domain.people import Person, PersonId
from school.domain.task_dates import moved
from school.domain.tasks import Task, learners_of, may_lead
from tasks.answers import Answer, Counts, Overview, Row, ToCheck, Trouble
from tasks.book import TaskBook

LONGEST_FEEDBACK: Final = 20_000
LONGEST_MARK: Final = 20
_DAYS_TO_REVISE: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything:
    """All that was handed in for a task, to be packed."""

    task: Task
    rows: Sequence[Row]
    files: Sequence[File]


class CheckingDesk:
    """For teachers of tasks."""

    def __init__(self, book: TaskBook) -> None:
        self._book = book

    # Looking

    async def of_teacher(self, person: Person) -> list[Counts]:
        """Their tasks with how much of each is there, the one that is due next first."""
        async with self._book.reading() as connection:
            tasks = await tasks_of_teacher(connection, person.id)
            led = [task for task in tasks if may_lead(self._book.today(person), task, self._book.rights)]
            everything = await hand_ins_of(connection, [task.id for task in led])
        by_task: dict[str, list[HandIn]] = {}
        for hand_in in everything:
            by_task.setdefault(hand_in.task, []).append(hand_in)
        return [self._counts(task, by_task.get(task.id, [])) for task in led]

    def _counts(self, task: Task, hand_ins: Sequence[HandIn]) -> Counts:
        now, grace = self._book.now(), self._book.grace
        of_person = {member: hand_in for hand_in in hand_ins for member in hand_in.members}
        learners = {person.id for person in learners_of(task, self._book.directory, self._book.rights)}
        former = {member for member, hand_in in of_person.items() if hand_in.versions} - learners
        stands = [standing(task, each, of_person.get(each), now, grace) for each in (*learners, *former)]
        handed_in = [each for each in stands if each.handed_in_at is not None]
        return Counts(
            task=task,
            learners=len(learners),
            handed_in=len(handed_in),
            late=sum(each.is_late for each in handed_in),
            missing=sum(each.is_missing for each in stands),
            unchecked=sum(not each.is_checked for each in handed_in),
        )

    async def overview(self, person: Person, task_id: str) -> Overview:
        """Everybody for whom a task is, by name."""
        async with self._book.reading() as connection:
            led = await self._led(connection, person, task_id)
            if led.task is None:
                return Overview(decision=led.decision)
            hand_ins = await hand_ins_of(connection, [led.task.id])
            seen = {person_id: at for (_, person_id), at in (await seen_by(connection, [led.task.id])).items()}
        return Overview(decision=led.decision, task=led.task, rows=self._rows(led.task, hand_ins, seen))

    async def missing(self, person: Person, task_id: str) -> list[Person]:
        """Who owes it, or will owe it if they do nothing."""
        overview = await self.overview(person, task_id)
        return [row.person for row in overview.rows if row.standing.handed_in_at is None and not row.is_former]

    async def look(self, person: Person, task_id: str, hand_in_id: str) -> ToCheck:
        """One hand-in with all its versions, and the ones before and after it in the overview."""
        overview = await self.overview(person, task_id)
        if overview.task is None:
            return ToCheck(decision=overview.decision)
        order = _order(overview.rows)
        rows = [row for row in overview.rows if row.hand_in is not None and row.hand_in.id == hand_in_id]
        if not rows or rows[0].hand_in is None or hand_in_id not in order:
            return ToCheck(decision=overview.decision, task=overview.task)
        hand_in, place = rows[0].hand_in, order.index(rows[0].hand_in.id)
        async with self._book.reading() as connection:
            files = [file for file in await files_of(connection, [hand_in.id]) if file.spot.version is not None]
        return ToCheck(
            decision=overview.decision,
            task=overview.task,
            hand_in=hand_in,
            members=[row.person for row in rows],
            standing=rows[0].standing,
            files=files,
            before=order[place - 1] if place else None,
            after=order[place + 1] if place + 1 < len(order) else None,
            number=place + 1,
            of=len(order),
        )

    async def everything(self, person: Person, task_id: str) -> tuple[Answer, Everything | None]:
        """All that was handed in, for one archive. It is written down that somebody had it."""
        overview = await self.overview(person, task_id)
        if overview.task is None or overview.decision is None:
            return Answer(decision=overview.decision, trouble=Trouble.UNKNOWN), None
        async with self._book.writing() as connection:
            files = [
                file for file in await files_of_task(connection, overview.task.id) if file.spot.version is not None
            ]
            await self._book.record(connection, person, Action.TASK_COLLECTED, overview.task.id, overview.decision)
        return Answer(decision=overview.decision), Everything(task=overview.task, rows=overview.rows, files=files)

    # Saying something of it

    async def feedback(self, person: Person, task_id: str, hand_in_id: str, text: str, mark: str) -> Answer:
        """Feedback on what was handed in last."""
        async with self._book.writing() as connection:
            led, hand_in = await self._handed_in(connection, person, task_id, hand_in_id)
            if led.task is None or hand_in is None or hand_in.newest is None:
                return led
            if len(text) > LONGEST_FEEDBACK or len(mark) > LONGEST_MARK:
                return Answer(decision=led.decision, task=led.task, trouble=Trouble.TOO_LONG)
            await give_feedback(
                connection,
                hand_in.id,
                hand_in.newest.number,
                text=text.strip(),
                mark=mark.strip(),
                at=self._book.now(),
                shown=not led.task.feedback_together,
            )
        return led

    async def feedback_spot(self, person: Person, task_id: str, hand_in_id: str) -> tuple[Answer, Spot | None]:
        """Where a file belongs that a teacher gives back."""
        async with self._book.reading() as connection:
            led, hand_in = await self._handed_in(connection, person, task_id, hand_in_id)
        if led.task is None or hand_in is None or hand_in.newest is None:
            return led, None
        number = hand_in.newest.number
        return led, Spot(task=led.task.id, purpose=Purpose.FEEDBACK, hand_in=hand_in.id, version=number)

    async def give_back(self, person: Person, task_id: str, hand_in_id: str, until: datetime | None = None) -> Answer:
        """Returns what was handed in last, to be done once more."""
        now = self._book.now()
        async with self._book.writing() as connection:
            led, hand_in = await self._handed_in(connection, person, task_id, hand_in_id)
            task = led.task
            if task is None or led.decision is None or hand_in is None or hand_in.newest is None:
                return led
            if until is not None and until <= now:
                return Answer(decision=led.decision, task=task, trouble=Trouble.NOT_LATER)
            if until is None and dates_for(task, hand_in.members).is_over(now):
                until = moved(now, _DAYS_TO_REVISE, self._book.zone)
            if until is not None and until > dates_for(task, hand_in.members).due:
                for member in sorted(hand_in.members):
                    await extend_for(connection, task.id, member, until)
            await return_version(connection, hand_in.id, hand_in.newest.number, at=now)
            await self._book.record(connection, person, Action.TASK_RETURNED, hand_in.id, led.decision, task=task.id)
        return led

    async def show_all(self, person: Person, task_id: str) -> tuple[Answer, int]:
        """Shows all feedback of a task that is written; returns how much that was."""
        async with self._book.writing() as connection:
            led = await self._led(connection, person, task_id)
            if led.task is None:
                return led, 0
            return led, await show_feedback(connection, led.task.id, at=self._book.now())

    async def material_spot(self, person: Person, task_id: str) -> tuple[Answer, Spot | None]:
        """Where a file belongs that goes with the task."""
        async with self._book.reading() as connection:
            led = await self._led(connection, person, task_id)
        return led, None if led.task is None else Spot(task=led.task.id, purpose=Purpose.MATERIAL)

    async def material(self, person: Person, task_id: str) -> tuple[Answer, list[File]]:
        """A task as its teacher changes it, with its files."""
        async with self._book.reading() as connection:
            led = await self._led(connection, person, task_id)
            return led, [] if led.task is None else await material_of(connection, led.task.id)

    # What all of it stands on

    async def _led(self, connection: AsyncConnection, person: Person, task_id: str) -> Answer:
        task = await read_task(connection, task_id)
        if task is None:
            return Answer(trouble=Trouble.UNKNOWN)
        decision = may_lead(self._book.today(person), task, self._book.rights)
        return Answer(decision=decision, task=task if decision else None)

    async def _handed_in(
        self, connection: AsyncConnection, person: Person, task_id: str, hand_in_id: str
    ) -> tuple[Answer, HandIn | None]:
        led = await self._led(connection, person, task_id)
        if led.task is None:
            return led, None
        hand_in = await read_hand_in(connection, hand_in_id)
        if hand_in is None or hand_in.task != led.task.id or hand_in.newest is None:
            return Answer(decision=led.decision, trouble=Trouble.UNKNOWN), None
        return led, hand_in

    def _rows(self, task: Task, hand_ins: Sequence[HandIn], seen: Mapping[PersonId, datetime]) -> list[Row]:
        directory, now, grace = self._book.directory, self._book.now(), self._book.grace
        of_person = {member: hand_in for hand_in in hand_ins for member in hand_in.members}
        learners = learners_of(task, directory, self._book.rights)
        known = {person.id for person in learners}
        others = [directory.person_by_id(member) for member, each in of_person.items() if each.versions]
        former = [person for person in others if person is not None and person.id not in known]
        return [
            Row(
                person=person,
                standing=standing(task, person.id, of_person.get(person.id), now, grace),
                dates=task.dates_of(person.id),
                hand_in=_without_draft(of_person.get(person.id)),
                seen_at=seen.get(person.id),
                is_former=person.id not in known,
            )
            for person in (*learners, *former)
        ]


def _order(rows: Sequence[Row]) -> list[str]:
    """Every hand-in that is there, once, as its first member stands in the overview."""
    found = (row.hand_in for row in rows)
    return list(dict.fromkeys(each.id for each in found if each is not None and each.versions))


def _without_draft(hand_in: HandIn | None) -> HandIn | None:
    return None if hand_in is None else replace(hand_in, draft=None)
