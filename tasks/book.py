"""What the desks of tasks stand on: the school as it is now, the tasks, and what the school wants of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.config.tasks import TaskSettings
from school.database import audit
from school.domain.decisions import Decision
from school.domain.directory import Directory
from school.domain.people import Person
from school.domain.rights import Rights
from tasks.keys import TaskKeys


class TaskBook:
    """Given to every desk."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        view: SchoolView,
        keys: TaskKeys,
        school: TaskSettings,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._view = view
        self.keys = keys
        self.school = school
        self.clock = clock

    @property
    def directory(self) -> Directory:
        """Who there is now.

        Raises:
            CannotDecideError: nobody can be known just now.
        """
        return self._view.now.policy.directory

    @property
    def rights(self) -> Rights:
        return self._view.now.policy.rights

    @property
    def zone(self) -> ZoneInfo:
        return self._view.zone

    @property
    def free_days(self) -> frozenset[date]:
        """Days without school."""
        return frozenset(self._view.now.snapshot.rest.free_days)

    @property
    def grace(self) -> timedelta:
        return self.school.grace

    def now(self) -> datetime:
        return self.clock()

    def today(self, person: Person) -> Person | None:
        """The same person as the directory has them now; None if it has not."""
        return self.directory.person(person.user_id)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A look into the database."""
        async with self._engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A change, all of it or nothing."""
        async with self._engine.begin() as connection:
            yield connection

    async def record(
        self,
        connection: AsyncConnection,
        person: Person,
        action: audit.Action,
        target: str,
        decision: Decision,
        **details: object,
    ) -> None:
        """An entry in the audit log."""
        await audit.record(
            connection,
            at=self.now(),
            actor=person.id,
            action=action,
            target=target,
            by_right=decision.rule,
            details=details,
        )
