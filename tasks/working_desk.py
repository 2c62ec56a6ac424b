"""The desk at which learners work: see what they have, keep a draft, bring files, hand in.

1. Whatever changes something asks anew whether this person may hand in now.
2. A draft is seen by those whose it is, and by nobody else, its teachers included.
3. What is handed in is the draft as it lies there; the receipt says when, and the hash of each file.
"""

from dataclasses import replace
from secrets import token_urlsafe
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.hand_ins import (
    add_version,
    begin_hand_in,
    hand_in_of,
    hand_ins_by,
    hand_ins_of,
    keep_draft,
    read_hand_in,
    set_team,
)
from school.database.task_files import (
    File,
    Purpose,
    Spot,
    add_file,
    files_of,
    material_of,
    read_file,
    remove_file,
    uploads_of,
)
from school.database.tasks import has_seen, read_task, seen_by, tasks_for
from school.domain.hand_ins import HandIn, HandInId, dates_for, may_hand_in, may_team_up, standing
from school.domain.people import Person, PersonId
from school.domain.tasks import Part, Task, may_see, may_see_of_child
from tasks.answers import Answer, HandedIn, OfChild, Own, Receipt, Seen, Trouble
from tasks.book import TaskBook

_ID_BYTES: Final = 16
LONGEST_TEXT: Final = 20_000


class WorkingDesk:
    """For pupils and guardians who have tasks."""

    def __init__(self, book: TaskBook) -> None:
        self._book = book

    # Looking

    async def own(self, person: Person) -> list[Own]:
        """Everything that somebody has, the one that is due next first."""
        today, now = self._book.today(person), self._book.now()
        if today is None:
            return []
        async with self._book.reading() as connection:
            tasks = await tasks_for(connection, today.id, today.groups, now=now)
            hand_ins = await hand_ins_by(connection, today.id)
        found = []
        for task in tasks:
            hand_in = hand_ins.get(task.id)
            part = may_see(today, task, self._book.rights, now, has_handed_in=hand_in is not None).part
            if part not in (Part.LEARNER, Part.FORMER):
                continue
            dates = dates_for(task, {today.id} if hand_in is None else hand_in.members)
            stands = standing(task, today.id, hand_in, now, self._book.grace)
            newest = None if hand_in is None else hand_in.newest
            found.append(Own(task=task, dates=dates, standing=stands, has_news=bool(newest and newest.shown_at)))
        return sorted(found, key=lambda own: own.dates.due)

    async def of_children(self, person: Person) -> list[OfChild]:
        """How far somebody's children are, if the school lets guardians know."""
        today, now = self._book.today(person), self._book.now()
        if today is None or not self._book.school.guardians_see:
            return []
        found = []
        async with self._book.reading() as connection:
            for ward in sorted(today.wards):
                child = self._book.directory.person_by_id(ward)
                if child is None:
                    continue
                hand_ins = await hand_ins_by(connection, child.id)
                for task in await tasks_for(connection, child.id, child.groups, now=now):
                    entitled = may_see_of_child(
                        today, child, task, self._book.rights, now, school_allows=self._book.school.guardians_see
                    )
                    if not entitled.decision:
                        continue
                    hand_in = hand_ins.get(task.id)
                    dates = dates_for(task, {child.id} if hand_in is None else hand_in.members)
                    stands = standing(task, child.id, hand_in, now, self._book.grace)
                    found.append(OfChild(child=child, title=task.title, dates=dates, standing=stands))
        return found

    async def look(self, person: Person, task_id: str) -> Seen:
        """A task with what somebody has of it. Without a decision there is none."""
        today, now = self._book.today(person), self._book.now()
        async with self._book.reading() as connection:
            task = await read_task(connection, task_id)
            if task is None:
                return Seen()
            hand_in = None if today is None else await hand_in_of(connection, task.id, today.id)
            entitled = may_see(today, task, self._book.rights, now, has_handed_in=hand_in is not None)
            if today is None or not entitled.decision:
                return Seen(decision=entitled.decision)
            material = await material_of(connection, task.id)
            if entitled.part is Part.TEACHER:
                return Seen(
                    decision=entitled.decision, part=entitled.part, task=task, dates=task.dates, material=material
                )
            was_seen = (task.id, today.id) in await seen_by(connection, [task.id])
            files = [] if hand_in is None else await files_of(connection, [hand_in.id])
            on_their_way = await uploads_of(connection, today.id)
        if not was_seen:
            async with self._book.writing() as connection:
                await has_seen(connection, task.id, today.id, at=now)
        shown = None if hand_in is None else _as_shown(hand_in)
        return Seen(
            decision=entitled.decision,
            part=entitled.part,
            task=task,
            dates=dates_for(task, {today.id} if hand_in is None else hand_in.members),
            material=material,
            standing=standing(task, today.id, hand_in, now, self._book.grace),
            hand_in=shown,
            members=self._people(hand_in),
            files=[] if shown is None else [file for file in files if _is_shown(file, shown)],
            unfinished=[upload for upload in on_their_way if upload.spot.task == task.id],
            may_hand_in=may_hand_in(today, task, hand_in, self._book.rights, now),
        )

    # Working

    async def keep_draft(self, person: Person, task_id: str, text: str) -> Answer:
        """Keeps what was written so far. It is no hand-in."""
        async with self._book.writing() as connection:
            answer, hand_in = await self._to_work_on(connection, person, task_id)
            if hand_in is None:
                return answer
            if len(text) > LONGEST_TEXT:
                return replace(answer, trouble=Trouble.TOO_LONG)
            await keep_draft(connection, hand_in.id, text)
        return answer

    async def spot(self, person: Person, task_id: str) -> tuple[Answer, Spot | None]:
        """Where a file of theirs belongs now: to the draft."""
        async with self._book.writing() as connection:
            answer, hand_in = await self._to_work_on(connection, person, task_id)
            if hand_in is None or answer.task is None:
                return answer, None
            return answer, Spot(task=answer.task.id, purpose=Purpose.WORK, hand_in=hand_in.id)

    async def remove_file(self, person: Person, task_id: str, file_id: str) -> Answer:
        """Takes a file out of the draft."""
        async with self._book.writing() as connection:
            answer, hand_in = await self._to_work_on(connection, person, task_id)
            if hand_in is None:
                return answer
            file = await read_file(connection, file_id)
            if file is None or file.spot.hand_in != hand_in.id or not _is_in_draft(file):
                return replace(answer, trouble=Trouble.UNKNOWN)
            await remove_file(connection, file.id)
        return answer

    async def hand_in(self, person: Person, task_id: str, text: str) -> HandedIn:
        """Hands in what was written and the files that lie with it."""
        now = self._book.now()
        async with self._book.writing() as connection:
            answer, hand_in = await self._to_work_on(connection, person, task_id)
            if hand_in is None:
                return HandedIn(decision=answer.decision, trouble=answer.trouble)
            if len(text) > LONGEST_TEXT:
                return HandedIn(decision=answer.decision, trouble=Trouble.TOO_LONG)
            on_their_way = [each for each in await uploads_of(connection, person.id) if each.spot.hand_in == hand_in.id]
            if on_their_way:
                return HandedIn(decision=answer.decision, trouble=Trouble.UNFINISHED)
            files = [file for file in await files_of(connection, [hand_in.id]) if _is_in_draft(file)]
            if not files and not text.strip():
                return HandedIn(decision=answer.decision, trouble=Trouble.NOTHING)
            number = await add_version(connection, hand_in.id, by=person.id, at=now, text=text.strip())
            known = await read_hand_in(connection, hand_in.id)
        version = None if known is None else next(each for each in known.versions if each.number == number)
        receipt = None if version is None else Receipt(version=version, files=files)
        return HandedIn(decision=answer.decision, receipt=receipt)

    async def revise(self, person: Person, task_id: str) -> Answer:
        """Begins a new draft with what was handed in last: text and files."""
        async with self._book.writing() as connection:
            answer, hand_in = await self._to_work_on(connection, person, task_id, revises=True)
            newest = None if hand_in is None else hand_in.newest
            if hand_in is None or newest is None:
                return answer
            if hand_in.draft:
                return answer
            files = await files_of(connection, [hand_in.id])
            has_files = any(_is_in_draft(file) for file in files)
            await keep_draft(connection, hand_in.id, newest.text)
            for file in files:
                if file.spot.version == newest.number and file.spot.purpose is Purpose.WORK and not has_files:
                    again = replace(file, id=token_urlsafe(_ID_BYTES), spot=replace(file.spot, version=None))
                    await add_file(connection, again)
        return answer

    async def team_up(self, person: Person, task_id: str, others: list[PersonId]) -> Answer:
        """From now on somebody hands in together with others; with nobody: alone again."""
        today, now = self._book.today(person), self._book.now()
        people = [found for each in others if (found := self._book.directory.person_by_id(each)) is not None]
        async with self._book.writing() as connection:
            answer, hand_in = await self._to_work_on(connection, person, task_id, revises=True)
            if today is None or hand_in is None or answer.task is None:
                return answer
            task = answer.task
            known = {member: each for each in await hand_ins_of(connection, [task.id]) for member in each.members}
            decision = may_team_up(today, people, task, self._book.rights, hand_ins=known, now=now)
            if not decision:
                return Answer(decision=decision, task=task)
            await set_team(connection, hand_in, {today.id, *(each.id for each in people)})
        return answer

    async def _to_work_on(
        self, connection: AsyncConnection, person: Person, task_id: str, *, revises: bool = False
    ) -> tuple[Answer, HandIn | None]:
        """What somebody works on; it is begun if it was not. None: why they may not. What was handed in is changed by
        who says so first (`revises`), not by a button that was pressed twice."""
        today, now = self._book.today(person), self._book.now()
        task = await read_task(connection, task_id)
        if task is None:
            return Answer(trouble=Trouble.UNKNOWN), None
        hand_in = None if today is None else await hand_in_of(connection, task.id, today.id)
        decision = may_hand_in(today, task, hand_in, self._book.rights, now)
        if today is None or not decision:
            return Answer(decision=decision, task=task if hand_in else None), None
        if hand_in is None:
            hand_in = _begun(task, today, HandInId(token_urlsafe(_ID_BYTES)), self._book)
            await begin_hand_in(connection, hand_in)
        if hand_in.versions and hand_in.draft is None and not revises:
            return Answer(decision=decision, task=task, trouble=Trouble.HANDED_IN), None
        return Answer(decision=decision, task=task), hand_in

    def _people(self, hand_in: HandIn | None) -> list[Person]:
        members = () if hand_in is None else sorted(hand_in.members)
        return [found for each in members if (found := self._book.directory.person_by_id(each)) is not None]


def _begun(task: Task, person: Person, hand_in_id: HandInId, book: TaskBook) -> HandIn:
    return HandIn(id=hand_in_id, task=task.id, members=frozenset({person.id}), begun_at=book.now(), draft="")


def _is_in_draft(file: File) -> bool:
    return file.spot.version is None and file.spot.purpose is Purpose.WORK


def _as_shown(hand_in: HandIn) -> HandIn:
    """Without feedback that is not for its learners' eyes yet."""
    versions = [
        each if each.feedback_is_shown else replace(each, feedback="", mark="", feedback_at=None)
        for each in hand_in.versions
    ]
    return replace(hand_in, versions=tuple(versions))


def _is_shown(file: File, hand_in: HandIn) -> bool:
    if file.spot.purpose is not Purpose.FEEDBACK:
        return True
    return any(each.number == file.spot.version and each.feedback_is_shown for each in hand_in.versions)
