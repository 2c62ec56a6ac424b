"""Who will be absent: told to the office (`school.domain.office`), in the room of that group, and to nobody else.

No teacher's rest is touched. Guardians say it for their own children, pupils for themselves. The sender is not in that
room, so the bot says it: which child, which days, who said so. Why is not asked for, and nothing of it is kept here.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import Enum, auto
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.desks.so_many import SoMany
from appservice.homeserver import Homeserver, NotThereError, RefusedError
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.database.room_rests import room_of_group
from school.domain.groups import GroupKind
from school.domain.office import NoOffice, find_office
from school.domain.people import STUDENT, Person
from school.texts import Texts

log = structlog.get_logger()

DAYS_AHEAD: Final = 60
"""So far ahead a day may be: yesterday's date without a year is the one of next year."""
_PER_DAY: Final = 20


class Reported(Enum):
    """What came of it."""

    TOLD = auto()
    NO_OFFICE = auto()
    """The school has none, or none that can be used now."""
    NOT_ONES_OWN = auto()
    """It is not their child."""
    TOO_FAR = auto()
    TOO_MANY = auto()


class OfficeDesk:
    """Tells the office who will be absent."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        view: SchoolView,
        office: str | None,
        texts: Texts,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._view = view
        self._office = office
        self._texts = texts
        self._clock = clock
        self._said = SoMany(number=_PER_DAY, within=timedelta(hours=24))

    @property
    def today(self) -> date:
        """The day at the school."""
        return self._clock().astimezone(self._view.zone).date()

    def children_of(self, person: Person) -> Sequence[Person]:
        """For whom somebody may say it."""
        if person.role == STUDENT:
            return [person]
        directory = self._view.now.policy.directory
        return [child for ward in sorted(person.wards) if (child := directory.person_by_id(ward)) is not None]

    async def has_office(self) -> bool:
        """Whether there is an office that can be told anything."""
        return await self._room() is not None

    async def report(
        self, person: Person, child: Person, first: date, last: date | None, *, request_id: str
    ) -> Reported:
        """Tells the office that a child will be absent from a day to a day, both included; None: nobody knows how long.
        `request_id` is what asked for it.

        Raises:
            TryLaterError: the homeserver does not answer now.
        """
        if child not in self.children_of(person):
            return Reported.NOT_ONES_OWN
        if max(first, last or first) > self.today + timedelta(days=DAYS_AHEAD):
            return Reported.TOO_FAR
        room_id = await self._room()
        if room_id is None:
            return Reported.NO_OFFICE
        if not self._said.once_more(person.id, self._clock()):
            return Reported.TOO_MANY
        content = {"msgtype": "m.text", "body": self._told(person, child, first, last), "m.mentions": {}}
        try:
            await self._homeserver.send(room_id, "m.room.message", content, txn_id=f"sick-{person.id}-{request_id}")
        except (RefusedError, NotThereError) as error:
            log.warning("office_not_reached", room=room_id, error=str(error))
            return Reported.NO_OFFICE
        return Reported.TOLD

    async def _room(self) -> str | None:
        office = find_office(self._view.now.policy.directory, self._office)
        if isinstance(office, NoOffice):
            if office is not NoOffice.NOT_NAMED:
                log.warning("office_cannot_be_used", why=office.name.lower())
            return None
        async with self._engine.connect() as connection:
            return await room_of_group(connection, office.id)

    def _told(self, person: Person, child: Person, first: date, last: date | None) -> str:
        directory, texts = self._view.now.policy.directory, self._texts
        own = (directory.group(group) for group in child.groups)
        classes = sorted(group.name for group in own if group is not None and group.kind is GroupKind.CLASS)
        name = f"{child.display_name} ({', '.join(classes)})" if classes else child.display_name
        told = texts.days(first, last, today=self.today)
        if person.id == child.id:
            return texts.say("sick.to_office.oneself", name=name, days=told)
        return texts.say("sick.to_office", name=name, days=told, by=person.display_name)
