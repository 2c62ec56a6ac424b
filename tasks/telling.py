"""What people are told of tasks by the bot.

1. The room of each group has one message of a task, with its date and a link. It changes when that does, and says when
   the task is closed or not for that group any more. Who is named singly is told in their room with the bot.
2. At four in the afternoon of the day before it is due, whoever has not handed it in is reminded, in their room with
   the bot; who has more time than the others the day before theirs.
3. What is to be told stands in the database: what was interrupted is told again, under the same transaction id.
Nothing here breaks a rest: rooms are silent for those who rest, and what is told to a person waits.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import structlog

from appservice.bot.sync_news import Tell
from appservice.homeserver import NotThereError, RefusedError
from school.database.hand_ins import hand_ins_of
from school.database.room_rests import room_of_group
from school.database.tasks import (
    Told,
    came_in,
    published_tasks,
    reminded_of,
    reminded_of_own,
    task_is_told,
    untold_tasks,
)
from school.domain.people import Person, UserId
from school.domain.task_dates import last_day
from school.domain.tasks import Task, learners_of
from school.domain.week import instant
from school.texts import Texts
from tasks.book import TaskBook

log = structlog.get_logger()

_MESSAGE: Final = "m.room.message"
_REMIND_AT: Final = 16 * 60
_DAY: Final = timedelta(days=1)


class Bot(Protocol):
    """Who writes into the rooms of groups."""

    async def send(self, room_id: str, event_type: str, content: Mapping[str, Any], *, txn_id: str) -> str: ...


class Telling:
    """Tells rooms and people. `tell` says something in somebody's room with the bot."""

    def __init__(self, book: TaskBook, *, bot: Bot, tell: Callable[[], Tell], texts: Texts, public_url: str) -> None:
        self._book = book
        self._bot = bot
        self._tell = tell
        self._texts = texts
        self._public_url = public_url

    async def look(self) -> None:
        """Tells all that was not told.

        Raises:
            TryLaterError: the homeserver does not answer now.
        """
        async with self._book.reading() as connection:
            untold = await untold_tasks(connection, now=self._book.now())
        for task, told in untold:
            await self._tell_of(task, told)
        await self._remind_of_tomorrow()

    async def remind(self, task: Task, people: Sequence[Person]) -> None:
        """Tells people what they owe, because a teacher asked for it; nobody twice on one day."""
        day = self._book.now().astimezone(self._book.zone).date()
        for person in people:
            due = self._when(task.dates_of(person.id).due)
            said = self._texts.say("tasks.reminder", title=task.title, due=due, link=self._link(task))
            await self._say(person, said, f"task-reminder-{task.id}-{person.user_id}-{day}")

    async def came_in(self, user_id: UserId, after: datetime, before: datetime) -> str:
        """What was handed in for a teacher's tasks while they rested; nothing, if that is all."""
        person = self._book.directory.person(user_id)
        if person is None:
            return ""
        async with self._book.reading() as connection:
            found = await came_in(connection, person.id, after=after, before=before)
        return "\n".join(self._texts.say("tasks.came_in", title=title, number=number) for title, number in found)

    # Rooms and people

    async def _tell_of(self, task: Task, told: Told) -> None:
        text, rooms = self._words(task), dict(told.rooms)
        wanted = await self._rooms_of(task)
        for room_id in wanted:
            if room_id not in rooms:
                if not task.is_closed(self._book.now()) and (sent := await self._write(task, room_id, text)):
                    rooms[room_id] = sent
            elif text != told.words:
                await self._change(task, room_id, rooms[room_id], text)
        for room_id in [room_id for room_id in rooms if room_id not in wanted]:
            not_yours = self._texts.say("tasks.not_yours", title=task.title)
            await self._change(task, room_id, rooms.pop(room_id), not_yours)
        await self._tell_people(task, told, text)
        async with self._book.writing() as connection:
            await task_is_told(connection, task, Told(words=text, rooms=rooms, people=task.people))

    async def _tell_people(self, task: Task, told: Told, text: str) -> None:
        changed = self._texts.say(
            "tasks.changed", title=task.title, due=self._when(task.dates.due), link=self._link(task)
        )
        for person_id in sorted(task.people):
            person = self._book.directory.person_by_id(person_id)
            if person is None:
                continue
            if person_id not in told.people:
                await self._say(person, text, f"task-{task.id}-{person.user_id}")
            elif text != told.words:
                said = text if task.is_closed(self._book.now()) else changed
                await self._say(person, said, f"task-{task.id}-{task.number}-{person.user_id}")

    async def _remind_of_tomorrow(self) -> None:
        now = self._book.now()
        async with self._book.reading() as connection:
            tasks = await published_tasks(connection, due_after=now, now=now)
        for task in tasks:
            if not task.is_closed(now) and task.dates.is_open(now):
                await self._remind_of(task, now)

    async def _remind_of(self, task: Task, now: datetime) -> None:
        is_everybodys = self._is_the_day_before(task.dates.due, now)
        own = [each for each in sorted(task.extensions) if self._is_the_day_before(task.dates_of(each).due, now)]
        if not is_everybodys and not own:
            return
        async with self._book.writing() as connection:
            reminded = {each for each in own if await reminded_of_own(connection, task, each)}
            everybody = is_everybodys and await reminded_of(connection, task)
            hand_ins = await hand_ins_of(connection, [task.id]) if everybody or reminded else []
        done = {member for hand_in in hand_ins if hand_in.versions for member in hand_in.members}
        said = self._texts.say("tasks.soon", title=task.title, link=self._link(task))
        for person in learners_of(task, self._book.directory, self._book.rights):
            is_due = person.id in reminded if person.id in task.extensions else everybody
            if is_due and person.id not in done:
                day = last_day(task.dates_of(person.id).due, self._book.zone)
                await self._say(person, said, f"task-soon-{task.id}-{person.user_id}-{day}")

    def _is_the_day_before(self, due: datetime, now: datetime) -> bool:
        """From four in the afternoon."""
        day = last_day(due, self._book.zone)
        return instant(self._book.zone, day - _DAY, _REMIND_AT) <= now < instant(self._book.zone, day, 0)

    async def _rooms_of(self, task: Task) -> list[str]:
        found = []
        for group in sorted(task.groups):
            async with self._book.reading() as connection:
                room_id = await room_of_group(connection, group)
            if room_id is not None:
                found.append(room_id)
        return found

    # Words

    def _words(self, task: Task) -> str:
        if task.is_closed(self._book.now()):
            return self._texts.say("tasks.closed", title=task.title)
        due, link = self._when(task.dates.due), self._link(task)
        return self._texts.say("tasks.posted", title=task.title, due=due, link=link)

    def _when(self, moment: datetime) -> str:
        """With the date, since it is read for days."""
        return self._texts.when(moment, self._book.zone, now=moment - 30 * _DAY)

    def _link(self, task: Task) -> str:
        return f"{self._public_url}/task/{task.id}"

    # Sending

    async def _say(self, person: Person, text: str, txn_id: str) -> None:
        try:
            await self._tell()(person.user_id, text, txn_id=txn_id)
        except (NotThereError, RefusedError) as error:
            log.warning("task_not_told", user=person.user_id, error=str(error))

    async def _write(self, task: Task, room_id: str, text: str) -> str | None:
        content = {"msgtype": "m.text", "body": text, "m.mentions": {}}
        try:
            return await self._bot.send(room_id, _MESSAGE, content, txn_id=f"task-{task.id}-{room_id}")
        except (NotThereError, RefusedError) as error:
            log.warning("task_not_told", task=task.id, room=room_id, error=str(error))
            return None

    async def _change(self, task: Task, room_id: str, event_id: str, text: str) -> None:
        content = {"msgtype": "m.text", "body": text, "m.mentions": {}}
        edit = content | {
            "body": f"* {text}",
            "m.new_content": content,
            "m.relates_to": {"rel_type": "m.replace", "event_id": event_id},
        }
        try:
            await self._bot.send(room_id, _MESSAGE, edit, txn_id=f"task-{task.id}-{task.number}-{room_id}")
        except (NotThereError, RefusedError) as error:
            log.warning("task_not_told", task=task.id, room=room_id, error=str(error))
