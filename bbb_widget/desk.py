"""The desk of conferences: starts, lets in, ends. The bot, the pages and the widget only ask it.

1. Whoever comes in is looked at anew, at the door and again with the ticket: right, membership, group, state, guest.
2. One conference in one place at a time: who starts a second one is shown the first.
3. How its meetings begin and end is a matter of `Occasions`.
"""

from dataclasses import asdict, replace
from secrets import token_urlsafe
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.school_view import SchoolView
from bbb_widget.api import BbbError
from bbb_widget.circles import Circles
from bbb_widget.conferences import Entrance, Gate, Seen, Started, Trouble, Wish
from bbb_widget.keys import ConferenceKeys
from bbb_widget.meetings import Comer, Meetings, NotOfferedError
from bbb_widget.occasions import Locks, Occasions
from bbb_widget.tickets import Ticket, Tickets
from school.clock import Clock, utc_now
from school.config.conferences import ConferenceSettings
from school.database import audit
from school.database.conference_guests import guest_by_id, guest_comes, guests_of
from school.database.conferences import (
    Conference,
    add_conference,
    conference_of_meeting,
    conferences_going_on,
    conferences_of_room,
    planned_conferences,
    read_conference,
)
from school.domain.conferences import (
    Circle,
    ConferenceId,
    ConferenceState,
    Part,
    guest_name,
    may_lead,
    may_start_here,
    who_rests,
)
from school.domain.decisions import Decision
from school.domain.people import Person, UserId
from school.texts import Language, Texts

log = structlog.get_logger()

_ID_BYTES: Final = 16


class ConferenceDesk:
    """Everything about conferences that somebody presses or says. Guests have a desk of their own (`GuestDesk`)."""

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
        self._tickets = Tickets(clock)
        self._locks = Locks()
        self.meetings = meetings
        self.occasions = Occasions(engine=engine, view=view, meetings=meetings, keys=keys, school=school, clock=clock)

    @property
    def is_offered(self) -> bool:
        """Whether the school has BigBlueButton."""
        return self.meetings.is_offered

    # Starting

    async def start(self, person: Person, wish: Wish) -> Started:
        """Starts a conference, or plans one.

        Raises:
            HomeserverError: it is not known who is in the room.
        """
        today = self._circles.today(person)
        circle = Circle() if today is None else await self._circles.circle(wish.place, today)
        decision = may_start_here(today, circle, self._view.now.policy.rights)
        if not decision:
            return Started(decision=decision)
        if not self.is_offered:
            return Started(decision=decision, trouble=Trouble.NOT_OFFERED)
        place = f"{wish.place.room_id or ''} {' '.join(sorted(wish.place.groups))}"
        async with self._locks.of(f"place {place}"):
            try:
                if wish.planned_at is None and (known := await self._going_on(wish)) is not None:
                    return Started(decision=decision, conference=known, was_there=True)
                conference = await self._add(person, wish, decision)
            except BbbError as error:
                log.warning("conference_not_started", error=str(error))
                return Started(decision=decision, trouble=Trouble.DOWN)
        starter, others = await self._resting(person, wish)
        return Started(decision=decision, conference=conference, starter_rests=starter, others_rest=others)

    async def _add(self, person: Person, wish: Wish, decision: Decision) -> Conference:
        now = self._clock()
        conference = Conference(
            id=ConferenceId(token_urlsafe(_ID_BYTES)),
            starter=person.id,
            room_id=wish.place.room_id,
            groups=wish.place.groups,
            title=wish.title,
            language=wish.language,
            choices=asdict(wish.choices),
            state=ConferenceState.PLANNED,
            planned_at=wish.planned_at,
            weekly=wish.weekly,
        )
        if wish.planned_at is None:
            made = await self.meetings.make(conference.id, wish.title, wish.choices)
            conference = replace(
                conference,
                state=ConferenceState.WAITING,
                meeting_id=made.meeting_id,
                create_time_ms=made.create_time,
                begun_at=now,
            )
        async with self._engine.begin() as connection:
            await add_conference(connection, conference)
            await audit.record(
                connection,
                at=now,
                actor=person.id,
                action=audit.Action.CONFERENCE_STARTED,
                target=conference.id,
                by_right=decision.rule,
                details={"planned": wish.planned_at is not None, "groups": sorted(wish.place.groups)},
            )
        return conference

    async def _going_on(self, wish: Wish) -> Conference | None:
        """What goes on in a place, if its meeting is there."""
        async with self._engine.connect() as connection:
            known = await conferences_going_on(connection)
        for conference in known:
            is_here = (conference.room_id, conference.groups) == (wish.place.room_id, wish.place.groups)
            if is_here and not await self.occasions.is_gone(conference):
                return conference
        return None

    async def _resting(self, person: Person, wish: Wish) -> tuple[bool, int]:
        at, rests = wish.planned_at or self._clock(), self._view.now.desk
        people = await self._circles.people(wish.place)
        resting = [
            each
            for each in {one.id: one for one in (*people, person)}.values()
            if rests.has_rest(each.user_id) and rests.look(each.user_id, at) is not None
        ]
        return who_rests(resting, person.id)

    # Coming in

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

    async def join(self, person: Person | None, conference_id: str) -> Entrance:
        """The way in for somebody of the school. Harmless to ask again; a waiting page does so every few seconds.

        Raises:
            HomeserverError: it is not known who is in the room.
        """
        async with self._engine.connect() as connection:
            conference = await read_conference(connection, conference_id)
        if conference is None:
            return Entrance(gate=Gate.UNKNOWN)
        entitled = await self._circles.entitled(conference, person)
        if person is None or entitled.part is None:
            return Entrance(gate=Gate.REFUSED, decision=entitled.decision)
        return await self.let_in(conference, entitled.part, user_id=person.user_id)

    async def let_in(
        self, conference: Conference, part: Part, *, user_id: UserId | None = None, guest_id: str | None = None
    ) -> Entrance:
        """The way in for somebody who may come in as `part`."""
        try:
            conference, is_open = await self.occasions.opened(conference, part)
        except (BbbError, NotOfferedError) as error:
            log.warning("conference_not_reached", error=str(error) or type(error).__name__)
            trouble = error.trouble if isinstance(error, NotOfferedError) else Trouble.DOWN
            return Entrance(gate=Gate.TROUBLE, trouble=trouble, conference=conference, part=part)
        if conference.state is ConferenceState.ENDED:
            return Entrance(gate=Gate.OVER, conference=conference, part=part)
        if not is_open or conference.meeting_id is None:
            return Entrance(gate=Gate.WAIT, conference=conference, part=part)
        ticket = self._tickets.give(
            Ticket(conference_id=conference.id, meeting_id=conference.meeting_id, user_id=user_id, guest_id=guest_id)
        )
        return Entrance(gate=Gate.OPEN, conference=conference, part=part, ticket=ticket)

    def way_in(self, entrance: Entrance) -> str | None:
        """The address that a ticket has: good once, for a minute."""
        return None if entrance.ticket is None else self.meetings.way_in(entrance.ticket)

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
        return None if comer is None else self.meetings.address(conference, comer)

    async def _comer(self, conference: Conference, ticket: Ticket) -> Comer | None:
        if ticket.user_id is not None:
            person = self._view.now.policy.directory.person(ticket.user_id)
            entitled = await self._circles.entitled(conference, person)
            if person is None or entitled.part is None:
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

    async def newest(self, conference: Conference) -> Conference:
        """The same as it is now."""
        async with self._engine.connect() as connection:
            return await read_conference(connection, conference.id) or conference

    async def in_room(self, room_id: str) -> list[Conference]:
        """What goes on, or is planned, in a room."""
        async with self._engine.connect() as connection:
            return await conferences_of_room(connection, room_id)

    async def going_on_for(self, person: Person) -> list[Conference]:
        """What goes on now in which somebody may take part, the oldest first."""
        async with self._engine.connect() as connection:
            known = await conferences_going_on(connection)
        return [each for each in known if (await self._circles.entitled(each, person)).decision]

    async def planned_for(self, person: Person) -> list[Conference]:
        """What is planned that somebody may take part in, the earliest first."""
        async with self._engine.connect() as connection:
            planned = await planned_conferences(connection)
        return [each for each in planned if (await self._circles.entitled(each, person)).decision]
