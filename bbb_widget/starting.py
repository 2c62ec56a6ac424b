"""Starting: a conference that begins now, or one that is planned.

One conference in one place at a time: who starts a second one is shown the first.
"""

from dataclasses import asdict, replace
from datetime import datetime
from secrets import token_urlsafe
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.school_view import SchoolView
from bbb_widget.api import BbbError
from bbb_widget.circles import Circles
from bbb_widget.conferences import Place, Started, Trouble, Wish
from bbb_widget.meetings import Meetings
from bbb_widget.occasions import Locks, Occasions
from school.clock import Clock, utc_now
from school.database import audit
from school.database.conferences import Conference, add_conference, conferences_going_on
from school.domain.conferences import Circle, ConferenceId, ConferenceState, may_start_here, who_rests
from school.domain.decisions import Decision
from school.domain.people import Person

log = structlog.get_logger()

_ID_BYTES: Final = 16


class Starting:
    """Whoever may starts one; whoever may not hears why."""

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
        self._locks = Locks()

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
        if not self._meetings.is_offered:
            return Started(decision=decision, trouble=Trouble.NOT_OFFERED)
        place = f"{wish.place.room_id or ''} {' '.join(sorted(wish.place.groups))}"
        async with self._locks.of(place):
            try:
                if wish.planned_at is None and (known := await self._going_on(wish)) is not None:
                    return Started(decision=decision, conference=known, was_there=True)
                conference = await self._add(person, wish, decision)
            except BbbError as error:
                log.warning("conference_not_started", error=str(error))
                return Started(decision=decision, trouble=Trouble.DOWN)
        starter, others = await self.resting(person, wish.place, wish.planned_at or self._clock())
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
            made = await self._meetings.make(conference.id, wish.title, wish.choices)
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
            if is_here and not await self._occasions.is_gone(conference):
                return conference
        return None

    async def resting(self, person: Person, place: Place, at: datetime) -> tuple[bool, int]:
        """Whether somebody rests at a moment, and how many others of a place do.

        Raises:
            HomeserverError: it is not known who is in the room.
        """
        rests = self._view.now.desk
        people = await self._circles.people(place)
        resting = [
            each
            for each in {one.id: one for one in (*people, person)}.values()
            if rests.has_rest(each.user_id) and rests.look(each.user_id, at) is not None
        ]
        return who_rests(resting, person.id)
