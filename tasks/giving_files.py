"""Gives files out: to whom they are for, each time asked anew.

What goes with a task is for everybody who sees it; what lies with a draft for those whose draft it is; what was handed
in for them and for the task's teachers; what a teacher gives back for them once its feedback is shown.
"""

import asyncio

from school.database.hand_ins import read_hand_in
from school.database.task_files import File, Purpose, read_file
from school.database.tasks import read_task
from school.domain.decisions import Decision, Reason, refuse
from school.domain.hand_ins import HandIn, may_read
from school.domain.people import Person
from school.domain.tasks import ASSIGNED_ONLY, Part, Task, may_see
from tasks.book import TaskBook
from tasks.opening import key_of
from tasks.sealed_file import SealedReader
from tasks.store import FileStore


class GivingFiles:
    """For whoever asks for a file by its id."""

    def __init__(self, book: TaskBook, store: FileStore) -> None:
        self._book = book
        self._store = store

    async def find(self, person: Person, file_id: str) -> tuple[Decision | None, File | None]:
        """A file, if somebody may have it. No decision: there is none."""
        today, now = self._book.today(person), self._book.now()
        async with self._book.reading() as connection:
            file = await read_file(connection, file_id)
            task = None if file is None else await read_task(connection, file.spot.task)
            if file is None or task is None:
                return None, None
            hand_in = None if file.spot.hand_in is None else await read_hand_in(connection, file.spot.hand_in)
        if hand_in is None:
            decision = may_see(today, task, self._book.rights, now, has_handed_in=False).decision
        else:
            decision = self._of_hand_in(today, task, hand_in, file)
        return decision, file if decision else None

    def _of_hand_in(self, person: Person | None, task: Task, hand_in: HandIn, file: File) -> Decision:
        now, rights = self._book.now(), self._book.rights
        decision = may_read(person, task, hand_in, rights, now)
        if person is None or not decision:
            return decision
        if person.id in hand_in.members:
            is_shown = file.spot.purpose is not Purpose.FEEDBACK or _shows(hand_in, file.spot.version)
        else:
            is_shown = file.spot.version is not None
        if may_see(person, task, rights, now, has_handed_in=False).part is Part.TEACHER:
            is_shown = file.spot.version is not None
        return decision if is_shown else refuse(Reason.NOT_YOUR_TASK, ASSIGNED_ONLY)

    async def open(self, file: File) -> SealedReader:
        """The content of a file that was found.

        Raises:
            NoSuchTaskError, FileNotFoundError: it is gone meanwhile.
            BrokenFileError: it is not what was put there.
        """
        async with self._book.reading() as connection:
            key = await key_of(connection, self._book.keys, file.spot)
        return await asyncio.to_thread(self._store.reader, file.spot.task, file.blob, key, file.size)


def _shows(hand_in: HandIn, number: int | None) -> bool:
    return any(each.number == number and each.feedback_is_shown for each in hand_in.versions)
