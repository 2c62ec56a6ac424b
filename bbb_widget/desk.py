"""The desk of conferences: everything that somebody presses or says. The bot, the pages and the widget only ask it.

1. Whoever comes in is looked at anew, at the door and again with the ticket (`LettingIn`).
2. One conference in one place at a time: who starts a second one is shown the first (`Starting`).
3. How its meetings begin and end is a matter of `Occasions`; guests have a desk of their own (`GuestDesk`).
"""

from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.school_view import SchoolView
from bbb_widget.api import BbbError
from bbb_widget.circles import Circles
from bbb_widget.conferences import Entrance, Place, Seen, Started, Trouble, Wish
from bbb_widget.keys import ConferenceKeys
from bbb_widget.letting_in import LettingIn
from bbb_widget.meeting_settings import Choices
from bbb_widget.meetings import Meetings, NotOfferedError
from bbb_widget.occasions import Occasions
from bbb_widget.starting import Starting
from school.clock import Clock, utc_now
from school.config.conferences import ConferenceSettings
from school.database import audit
from school.database.conference_guests import guests_of
from school.database.conferences import (
    Conference,
    conferences_going_on,
    conferences_of_room,
    planned_conferences,
    read_conference,
)
from school.domain.conferences import ConferenceState, Part, may_lead
from school.domain.decisions import Decision
from school.domain.groups import GroupId
from school.domain.people import Person, UserId

log = structlog.get_logger()

_ABOUT_NOW: Final = timedelta(minutes=15)
"""So long before its time a planned conference is among those that one can come into."""


class ConferenceDesk:
    """What it is asked and answers are values (`bbb_widget.conferences`)."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        view: SchoolView,
        meetings: Meetings,
        circles: Circles,
        keys: ConferenceKeys,
        school: ConferenceSettings,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._view = view
        self._circles = circles
        self._clock = clock
        self.meetings = meetings
        self.occasions = occasions = Occasions(
            engine=engine, view=view, meetings=meetings, keys=keys, school=school, clock=clock
        )
        self._starting = Starting(
            engine=engine, view=view, meetings=meetings, circles=circles, occasions=occasions, clock=clock
        )
        self._letting_in = LettingIn(
            engine=engine, view=view, meetings=meetings, circles=circles, occasions=occasions, clock=clock
        )

    @property
    def is_offered(self) -> bool:
        """Whether the school has BigBlueButton."""
        return self.meetings.is_offered

    async def start(self, person: Person, wish: Wish) -> Started:
        """Starts a conference, or plans one.

        Raises:
            HomeserverError: it is not known who is in the room.
        """
        return await self._starting.start(person, wish)

    async def rest_now(self, person: Person, conference: Conference) -> int:
        """How many people of a conference have their rest now, whoever begins it included.

        Raises:
            HomeserverError: it is not known who is in the room.
        """
        place = Place(room_id=conference.room_id, groups=conference.groups)
        starter, others = await self._starting.resting(person, place, self._clock())
        return others + starter

    # Coming in

    async def join(self, person: Person | None, conference_id: str) -> Entrance:
        """The way in for somebody of the school. Harmless to ask again; a waiting page does so every few seconds.

        Raises:
            HomeserverError: it is not known who is in the room.
        """
        return await self._letting_in.join(person, conference_id)

    async def at_the_door(self, person: Person | None, conference_id: str) -> Entrance:
        """How somebody of the school finds the door. Makes nothing, and gives no ticket.

        Raises:
            HomeserverError: it is not known who is in the room.
        """
        return await self._letting_in.look(person, conference_id)

    async def at_the_door_as(self, conference: Conference, part: Part) -> Entrance:
        """The same for somebody who may come in as `part`."""
        return await self._letting_in.look_as(conference, part)

    async def let_in(
        self, conference: Conference, part: Part, *, user_id: UserId | None = None, guest_id: str | None = None
    ) -> Entrance:
        """The way in for somebody who may come in as `part`."""
        return await self._letting_in.let_in(conference, part, user_id=user_id, guest_id=guest_id)

    def way_in(self, entrance: Entrance) -> str | None:
        """The address that a ticket has: good once, for a minute."""
        return None if entrance.ticket is None else self.meetings.way_in(entrance.ticket)

    async def redeem(self, ticket: str) -> str | None:
        """BigBlueButton's address for a ticket, which is used up. None: it is none, or not any more, or its person
        may not come in any more. The address goes into a redirection, and nowhere else."""
        return await self._letting_in.redeem(ticket)

    async def choose(self, conference: Conference, choices: Choices) -> Trouble | None:
        """What whoever leads chose for the others, for as long as nobody is there."""
        try:
            await self.occasions.choose(conference, choices)
        except (BbbError, NotOfferedError) as error:
            log.warning("conference_not_chosen", error=str(error) or type(error).__name__)
            return Trouble.DOWN
        return None

    # Ending

    async def end(self, person: Person, conference_id: str) -> Decision | Trouble | None:
        """Ends a conference for everybody, or calls it off. None: there is none. Moderators only.

        Raises:
            HomeserverError: it is not known who is in the room.
        """
        async with self._engine.connect() as connection:
            conference = await read_conference(connection, conference_id)
        if conference is None:
            return None
        decision = await self.may_moderate(conference, person)
        if not decision:
            return decision
        try:
            if conference.goes_on and conference.meeting_id is not None:
                await self.meetings.end(conference.meeting_id)
        except (BbbError, NotOfferedError) as error:
            log.warning("conference_not_ended", error=str(error))
            return Trouble.DOWN
        if conference.goes_on:
            await self.occasions.over(conference)
        else:
            await self.occasions.lapse(conference)
        async with self._engine.begin() as connection:
            await audit.record(
                connection,
                at=self._clock(),
                actor=person.id,
                action=audit.Action.CONFERENCE_ENDED,
                target=conference.id,
                by_right=decision.rule,
                details={},
            )
        return decision

    async def may_moderate(self, conference: Conference, person: Person | None) -> Decision:
        """Whether somebody is one of its moderators."""
        entitled = await self._circles.entitled(conference, person)
        return may_lead(entitled, person, self._view.now.policy.rights)

    # Looking around

    async def look(self, person: Person | None, conference_id: str) -> Seen | None:
        """A conference as somebody may see it; None: there is none."""
        async with self._engine.connect() as connection:
            conference = await read_conference(connection, conference_id)
            guests = await guests_of(connection, conference_id)
        if conference is None:
            return None
        entitled = await self._circles.entitled(conference, person)
        if not entitled.decision:
            return Seen(entitled=entitled)
        is_moderator = entitled.part is Part.MODERATOR
        return Seen(entitled=entitled, conference=conference, guests=guests if is_moderator else ())

    async def newest(self, conference: Conference) -> Conference:
        """The same as it is now."""
        async with self._engine.connect() as connection:
            return await read_conference(connection, conference.id) or conference

    async def in_room(self, room_id: str, group: GroupId | None = None) -> list[Conference]:
        """What goes on, or is planned, in a room; of a group's room, also what is for that group among others."""
        async with self._engine.connect() as connection:
            return await conferences_of_room(connection, room_id, group)

    async def open_for(self, person: Person) -> list[Conference]:
        """What goes on now, or is planned for about now, in which somebody may take part; the oldest first."""
        soon = self._clock() + _ABOUT_NOW
        async with self._engine.connect() as connection:
            known = await conferences_going_on(connection)
            planned = await planned_conferences(connection)
        known += [
            each
            for each in planned
            if each.state is ConferenceState.PLANNED and each.planned_at is not None and each.planned_at <= soon
        ]
        return [each for each in known if (await self._circles.entitled(each, person)).decision]

    async def planned_for(self, person: Person) -> list[Conference]:
        """What is planned that somebody may take part in, the earliest first."""
        async with self._engine.connect() as connection:
            planned = await planned_conferences(connection)
        return [each for each in planned if (await self._circles.entitled(each, person)).decision]
