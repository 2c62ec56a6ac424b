"""Letting in: first a look at the door, which gives a ticket; then the ticket, which leads in.

Whoever comes is looked at anew, at the door and again with the ticket: lock, right, membership, group, state, guest.
Whose account is locked is nobody here, whatever they still hold.
"""

from collections.abc import Awaitable
from dataclasses import replace

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.school_view import SchoolView
from bbb_widget.api import BbbError
from bbb_widget.circles import Circles
from bbb_widget.conferences import Entrance, Gate, Trouble
from bbb_widget.meetings import Comer, Meetings, NotOfferedError
from bbb_widget.occasions import Occasions
from bbb_widget.tickets import Ticket, Tickets
from school.clock import Clock, utc_now
from school.database.conference_guests import guest_by_id, guest_comes
from school.database.conferences import Conference, conference_of_meeting, read_conference
from school.database.locks import is_locked
from school.domain.conferences import ConferenceState, Part, guest_name
from school.domain.people import Person, UserId
from school.texts import Language, Texts

log = structlog.get_logger()


class LettingIn:
    """For people of the school, and for guests whom `GuestDesk` knows."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        view: SchoolView,
        meetings: Meetings,
        circles: Circles,
        occasions: Occasions,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._view = view
        self._meetings = meetings
        self._circles = circles
        self._occasions = occasions
        self._clock = clock
        self._tickets = Tickets(clock)

    async def join(self, person: Person | None, conference_id: str) -> Entrance:
        """The way in for somebody of the school. Harmless to ask again; a waiting page does so every few seconds.

        Raises:
            HomeserverError: it is not known who is in the room.
        """
        known = await self._known(person, conference_id)
        if isinstance(known, Entrance):
            return known
        conference, part = known
        return await self.let_in(conference, part, user_id=None if person is None else person.user_id)

    async def look(self, person: Person | None, conference_id: str) -> Entrance:
        """How somebody of the school finds the door. Makes nothing, and gives no ticket.

        Raises:
            HomeserverError: it is not known who is in the room.
        """
        known = await self._known(person, conference_id)
        return known if isinstance(known, Entrance) else await self.look_as(*known)

    async def look_as(self, conference: Conference, part: Part) -> Entrance:
        """How somebody finds the door who may come in as `part`. Makes nothing, and gives no ticket."""
        return await self._gate(self._occasions.looked_at(conference, part), conference, part)

    async def let_in(
        self, conference: Conference, part: Part, *, user_id: UserId | None = None, guest_id: str | None = None
    ) -> Entrance:
        """The way in for somebody who may come in as `part`."""
        entrance = await self._gate(self._occasions.opened(conference, part), conference, part)
        if entrance.gate is not Gate.OPEN or entrance.conference is None:
            return entrance
        conference = entrance.conference
        if conference.meeting_id is None:
            return replace(entrance, gate=Gate.WAIT)
        ticket = self._tickets.give(
            Ticket(conference_id=conference.id, meeting_id=conference.meeting_id, user_id=user_id, guest_id=guest_id)
        )
        return replace(entrance, ticket=ticket)

    async def _known(self, person: Person | None, conference_id: str) -> Entrance | tuple[Conference, Part]:
        async with self._engine.connect() as connection:
            conference = await read_conference(connection, conference_id)
            if person is not None and await is_locked(connection, person.id):
                person = None
        if conference is None:
            return Entrance(gate=Gate.UNKNOWN)
        entitled = await self._circles.entitled(conference, person)
        if entitled.part is None:
            return Entrance(gate=Gate.REFUSED, decision=entitled.decision)
        return conference, entitled.part

    async def _gate(self, looking: Awaitable[tuple[Conference, bool]], conference: Conference, part: Part) -> Entrance:
        try:
            conference, is_open = await looking
        except (BbbError, NotOfferedError) as error:
            log.warning("conference_not_reached", error=str(error) or type(error).__name__)
            trouble = error.trouble if isinstance(error, NotOfferedError) else Trouble.DOWN
            return Entrance(gate=Gate.TROUBLE, trouble=trouble, conference=conference, part=part)
        if conference.state is ConferenceState.ENDED:
            return Entrance(gate=Gate.OVER, conference=conference, part=part)
        return Entrance(gate=Gate.OPEN if is_open else Gate.WAIT, conference=conference, part=part)

    async def redeem(self, ticket: str) -> str | None:
        """BigBlueButton's address for a ticket, which is used up. None: it is none, or not any more, or its person
        may not come in any more. The address goes into a redirection, and nowhere else."""
        known = self._tickets.take(ticket)
        if known is None:
            return None
        async with self._engine.connect() as connection:
            conference = await conference_of_meeting(connection, known.meeting_id)
        if conference is None or not conference.goes_on:
            return None
        comer = await self._comer(conference, known)
        return None if comer is None else self._meetings.address(conference, comer)

    async def _comer(self, conference: Conference, ticket: Ticket) -> Comer | None:
        if ticket.user_id is not None:
            person = self._view.now.policy.directory.person(ticket.user_id)
            entitled = await self._circles.entitled(conference, person)
            if person is None or entitled.part is None:
                return None
            async with self._engine.connect() as connection:
                if await is_locked(connection, person.id):
                    return None
            return Comer(who=person.id, name=person.display_name, part=entitled.part)
        now = self._clock()
        async with self._engine.begin() as connection:
            guest = await guest_by_id(connection, ticket.guest_id or "")
            if guest is None or not guest.may_come(now):
                return None
            await guest_comes(connection, guest.id, at=now)
        mark = Texts(Language(conference.language)).say("conference.guest_mark")
        return Comer(who=f"guest {guest.id}", name=guest_name(guest.name, mark), part=Part.GUEST)
