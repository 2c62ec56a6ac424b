"""A task in the database, for tests of what hangs on it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from school.database.tables import persons
from school.database.task_files import Purpose, Spot
from school.database.tasks import add_task
from school.domain.people import PersonId
from school.domain.task_dates import Dates
from school.domain.tasks import Task, TaskId
from tasks.keys import TaskKeys

NOON = datetime(2026, 5, 5, 12, 0, tzinfo=UTC)
IDA, BEN = PersonId("p-ida"), PersonId("p-ben")
KEYS = TaskKeys([b"s" * 32])
TASK = Task(id=TaskId("t"), setter=IDA, teachers=frozenset({IDA}), title="Gedicht", dates=Dates(due=NOON))
MATERIAL = Spot(task=TASK.id, purpose=Purpose.MATERIAL)


@dataclass
class StoppedClock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def passes(self, time: timedelta) -> None:
        self.now += time


async def fill(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        for person_id in (IDA, BEN):
            name = {"given_name": person_id, "family_name": "Groß", "role": "teacher"}
            await connection.execute(insert(persons).values(id=person_id, user_id=f"@{person_id}:x", **name))
        await add_task(connection, TASK, wrapped_key=KEYS.new(TASK.id), at=NOON)
