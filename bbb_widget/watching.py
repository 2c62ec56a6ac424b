"""Looking after conferences in the background: who is in them, whether they are over although nobody said so, whether
one comes soon.

Every 15 seconds each meeting that goes on is looked at once. Who was in it for less than that may be missed.
"""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import HomeserverError
from appservice.school_view import SchoolView
from bbb_widget.api import Attendee, BbbError, BbbUnreachableError
from bbb_widget.circles import Circles
from bbb_widget.conferences import Place
from bbb_widget.desk import ConferenceDesk
from bbb_widget.keys import ConferenceKeys
from bbb_widget.meetings import NotOfferedError
from school.clock import Clock, utc_now
from school.config.conferences import ConferenceSettings
from school.database.conference_guests import forget_guests, guests_of, seen_there
from school.database.conferences import (
    Conference,
    conferences_going_on,
    forget_conferences,
    meeting_runs,
    move_on,
    planned_conferences,
    reminded,
)
from school.domain.conferences import ConferenceState, Times
from school.domain.people import PersonId

log = structlog.get_logger()

_LATE: Final = timedelta(hours=2)
"""So long after its time what is repeated may still begin; then its next time counts."""


class ConferenceWatch:
    """What is done again and again."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        view: SchoolView,
        desk: ConferenceDesk,
        circles: Circles,
        keys: ConferenceKeys,
        school: ConferenceSettings,
        remind: Callable[[Conference], Awaitable[None]],
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._view = view
        self._desk = desk
        self._circles = circles
        self._keys = keys
        self._school = school
        self._remind = remind
        self._clock = clock

    async def look(self) -> None:
        """Looks at what goes on and at what comes."""
        if not self._desk.is_offered:
            return
        async with self._engine.connect() as connection:
            going_on = await conferences_going_on(connection)
        for conference in going_on:
            try:
                await self._look_at(conference)
            except BbbUnreachableError as error:
                log.warning("conferences_not_seen", error=str(error))
                break  # the others would wait as long
            except (BbbError, NotOfferedError, HomeserverError) as error:
                log.warning("conference_not_seen", conference=conference.id, error=str(error))
        await self._look_ahead()

    async def forget(self) -> None:
        """Deletes what the school does not need any more."""
        now = self._clock()
        async with self._engine.begin() as connection:
            await forget_guests(connection, at=now)
            await forget_conferences(connection, ended_before=now - self._school.attendance_kept)

    async def _look_at(self, conference: Conference) -> None:
        if conference.meeting_id is None:
            return
        info = await self._desk.meetings.look(conference.meeting_id)
        if info is None:
            await self._desk.occasions.over(conference)
            return
        there = await self._who(conference, info.attendees)
        async with self._engine.begin() as connection:
            if info.has_moderator:
                await meeting_runs(connection, conference.meeting_id)
            if self._school.attendance_days:
                await seen_there(connection, conference.id, conference.meeting_id, there, at=self._clock())

    async def _who(
        self, conference: Conference, attendees: Iterable[Attendee]
    ) -> dict[str, tuple[PersonId | None, str]]:
        """Whom the ids of a meeting mean. Who was taken out of the group meanwhile is looked for in the school."""
        there = {each.user_id: each.full_name for each in attendees if each.user_id}
        if not there:
            return {}
        meeting_id = conference.meeting_id or ""
        people = await self._circles.people(Place(room_id=conference.room_id, groups=conference.groups))
        known = {self._keys.attendee(meeting_id, each.id): each for each in people}
        if not there.keys() <= known.keys():
            known |= {self._keys.attendee(meeting_id, one.id): one for one in self._view.now.policy.directory.people}
        async with self._engine.connect() as connection:
            guests = await guests_of(connection, conference.id)
        of_guests = {self._keys.attendee(meeting_id, f"guest {guest.id}") for guest in guests}
        return {
            bbb_id: (known[bbb_id].id, known[bbb_id].display_name) if bbb_id in known else (None, name)
            for bbb_id, name in there.items()
            if bbb_id in known or bbb_id in of_guests
        }

    async def _look_ahead(self) -> None:
        now = self._clock()
        async with self._engine.connect() as connection:
            planned = await planned_conferences(connection)
        for conference in planned:
            if conference.state is not ConferenceState.PLANNED or conference.planned_at is None:
                continue
            if conference.planned_at + _LATE < now:
                await self._pass_over(conference, conference.planned_at, now)
            elif conference.planned_at - self._school.reminder_before <= now < conference.planned_at:
                await self._say_it_comes(conference, conference.planned_at)

    async def _pass_over(self, conference: Conference, planned_at: datetime, now: datetime) -> None:
        """Nobody came: what is repeated has its next time, everything else stays to be begun for a day."""
        following = Times(first=planned_at, weekly=conference.weekly).next_after(now, self._view.zone)
        if following is not None:
            async with self._engine.begin() as connection:
                await move_on(connection, conference.id, following)
        elif planned_at + timedelta(days=1) < now:
            await self._desk.occasions.lapse(conference)

    async def _say_it_comes(self, conference: Conference, planned_at: datetime) -> None:
        async with self._engine.begin() as connection:
            if not await reminded(connection, conference.id, planned_at):
                return
        try:
            await self._remind(conference)
        except HomeserverError as error:
            log.warning("conference_not_announced", conference=conference.id, error=str(error))
