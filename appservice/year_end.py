"""Groups of teachers at the end of the school year: their owners hear long before that a group ends and how to keep it;
then it ends. And the leadership hears of a group that nobody owns any more, because the last of its owners left.

What was told is written down when it was told: a crash in between tells it once more, under the same transaction id.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.sync_news import Tell
from appservice.homeserver import NotThereError, RefusedError, TryLaterError
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.database import audit, school_groups
from school.database.school_groups import SchoolGroup
from school.database.tables import Part
from school.database.versions import bump, lock
from school.domain.people import Person
from school.domain.school_groups import Due, SchoolYear
from school.texts import Texts

log = structlog.get_logger()

BY_THE_YEAR: Final = "groups.year_ends"
"""What the audit log names as the right by which a group ends with the school year."""
_ACTOR: Final = "schulbote run"
_LOOK_SECONDS: Final = 3600.0
_FIRST_HOUR: Final = 8
"""Before that nobody is told anything: there are schools without rest time, too."""


class YearEnd:
    """Looks every hour, and whenever people have changed."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        view: SchoolView,
        year: SchoolYear,
        tell: Tell,
        changed: Callable[[], None],
        texts: Texts,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._view = view
        self._year = year
        self._tell = tell
        self._changed = changed
        self._texts = texts
        self._clock = clock
        self._wake = asyncio.Event()
        view.on_people_change(self._wake.set)

    async def run(self) -> None:
        """Works until it is cancelled."""
        while True:
            self._wake.clear()
            try:
                await self.look()
            except Exception:
                log.exception("groups_not_looked_after")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._wake.wait()

    async def look(self) -> None:
        """Does what is due now."""
        now = self._clock().astimezone(self._view.zone)
        async with self._engine.connect() as connection:
            groups = (await school_groups.read_school_groups(connection)).values()
        for one in sorted(groups, key=lambda one: one.group.id):
            try:
                await self._look_at(one, now)
            except TryLaterError as error:
                log.warning("owners_not_told", group=one.group.id, error=str(error))

    async def _look_at(self, one: SchoolGroup, now: datetime) -> None:
        is_day = now.hour >= _FIRST_HOUR
        match self._year.due(one.ends_on, one.told_on, now.date()):
            case Due.TELL if is_day:
                await self._tell_end(one, now.date())
            case Due.END:
                await self._end(one)
                return
        if is_day and not one.owners and not one.unowned_told:
            await self._tell_unowned(one)

    async def _tell_end(self, one: SchoolGroup, today: date) -> None:
        last_day = self._year.last_day(one.ends_on, today)
        text = self._texts.say("group.ends", group=one.group.name, day=self._texts.day(last_day, today=today))
        directory = self._view.now.policy.directory
        owners = [person for owner in one.owners if (person := directory.person_by_id(owner))]
        txn_id = f"year-end-{one.group.id}-{one.ends_on}"
        told = await self._tell_each(owners, text, txn_id) or await self._tell_each(self._leadership(), text, txn_id)
        if not told:
            log.warning("group_ends_and_nobody_could_be_told", group=one.group.id)
        async with self._engine.begin() as connection:
            await school_groups.end_told(connection, one.group.id, today)

    async def _tell_unowned(self, one: SchoolGroup) -> None:
        text = self._texts.say("group.unowned", group=one.group.name)
        if await self._tell_each(self._leadership(), text, f"unowned-{one.group.id}"):
            async with self._engine.begin() as connection:
                await school_groups.unowned_was_told(connection, one.group.id)

    async def _end(self, one: SchoolGroup) -> None:
        async with self._engine.begin() as connection:
            await lock(connection, Part.PEOPLE)
            again = await school_groups.read_school_group(connection, one.group.id)
            if again is None or again.ends_on != one.ends_on:  # somebody has kept it at the last moment
                return
            await school_groups.end_school_group(connection, one.group.id)
            await bump(connection, Part.PEOPLE)
            await audit.record(
                connection,
                at=self._clock(),
                actor=_ACTOR,
                action=audit.Action.GROUP_ENDED,
                target=one.group.id,
                by_right=BY_THE_YEAR,
                details={"ends_on": one.ends_on.isoformat()},
            )
        self._changed()

    def _leadership(self) -> Iterable[Person]:
        return [person for person in self._view.now.policy.directory.people if person.leadership]

    async def _tell_each(self, people: Iterable[Person], text: str, txn_id: str) -> int:
        """How many were told.

        Raises:
            TryLaterError: the homeserver does not answer now.
        """
        told = 0
        for person in people:
            try:
                told += await self._tell(person.user_id, text, txn_id=f"{txn_id}-{person.user_id}")
            except (RefusedError, NotThereError) as error:  # they have left the room with the bot
                log.info("owner_cannot_be_told", person=person.id, error=str(error))
        return told
