"""Occasions: each time at which a conference is held has a meeting of its own. How one begins, and how it ends.

1. One meeting for one occasion, however many people press at the same moment, and whoever of them comes first.
2. What has run and is gone is over. It is written down and told once, whoever learns of it first and how often.
3. A conference that is repeated waits for its next time afterwards.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from typing import Final
from weakref import WeakValueDictionary

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from appservice.school_view import SchoolView
from bbb_widget.api import BbbError, Created, MeetingInfo
from bbb_widget.keys import ConferenceKeys
from bbb_widget.meeting_settings import Choices
from bbb_widget.meetings import Meetings, NotOfferedError
from school.clock import Clock, utc_now
from school.config.conferences import ConferenceSettings
from school.database.conferences import (
    Conference,
    begin_meeting,
    call_off,
    conference_of_meeting,
    end_meeting,
    keep_choices,
    meeting_runs,
    read_conference,
)
from school.domain.conferences import ConferenceState, Part, Times, must_wait

_NOT_BEGUN: Final = (ConferenceState.PLANNED, ConferenceState.WAITING)


class Locks:
    """One at a time for each name."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, name: str) -> asyncio.Lock:
        """The lock of this name."""
        lock = self._locks.get(name)
        if lock is None:
            lock = self._locks[name] = asyncio.Lock()
        return lock


class Occasions:
    """Begins and ends them."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        view: SchoolView,
        meetings: Meetings,
        keys: ConferenceKeys,
        school: ConferenceSettings,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._view = view
        self._meetings = meetings
        self._keys = keys
        self._school = school
        self._clock = clock
        self._locks = Locks()
        self.on_end: list[Callable[[Conference], Awaitable[None]]] = []
        """Called with each conference that is over, once for each occasion."""

    async def looked_at(self, conference: Conference, part: Part) -> tuple[Conference, bool]:
        """The conference as it is now, and whether somebody who is `part` may come in if they like. Makes nothing."""
        if conference.state is ConferenceState.ENDED:
            return conference, False
        info = await self._info(conference)
        if info is None and conference.state is ConferenceState.RUNNING:
            return await self.over(conference), False
        if info is not None and info.has_moderator:
            conference = replace(conference, state=ConferenceState.RUNNING)
        return conference, not self._must_wait(part, info)

    async def opened(self, conference: Conference, part: Part) -> tuple[Conference, bool]:
        """The conference as it is now, and whether somebody who is `part` may come in at once."""
        if conference.state is ConferenceState.ENDED:
            return conference, False
        info = await self._info(conference)
        if info is None and self._must_wait(part, None):
            if conference.state is ConferenceState.RUNNING:
                conference = await self.over(conference)
            return conference, False
        if info is None:
            conference = await self._ensure_meeting(conference)
            return conference, conference.state is not ConferenceState.ENDED
        return conference, not self._must_wait(part, info)

    async def choose(self, conference: Conference, choices: Choices) -> None:
        """What the teacher chose, for as long as nobody is there: a meeting that was made already is made anew.

        Raises:
            BbbError, NotOfferedError: it cannot be; then everything is as it was.
        """
        async with self._locks.of(conference.id):
            async with self._engine.connect() as connection:
                newest = await read_conference(connection, conference.id)
            if newest is None or newest.state not in _NOT_BEGUN or Choices(**newest.choices) == choices:
                return
            info = await self._info(newest)
            if info is not None and info.attendees:
                return
            newest = replace(newest, choices=asdict(choices))
            made = None if info is None else await self._make(newest)
            async with self._engine.begin() as connection:
                await keep_choices(connection, newest.id, newest.choices)
                if made is not None:
                    await self._begin(connection, newest, made)
        if info is not None:
            with suppress(BbbError):  # nobody is in it: it ends by itself
                await self._meetings.end(info.meeting_id)

    def _must_wait(self, part: Part, info: MeetingInfo | None) -> bool:
        is_there = info is not None and info.has_moderator
        return must_wait(part, waits_for_moderator=self._school.wait_for_moderator, moderator_is_there=is_there)

    async def _info(self, conference: Conference) -> MeetingInfo | None:
        if not self._meetings.is_offered:
            raise NotOfferedError
        if not conference.goes_on or conference.meeting_id is None:
            return None
        info = await self._meetings.look(conference.meeting_id)
        if info is not None and info.has_moderator and conference.state is ConferenceState.WAITING:
            async with self._engine.begin() as connection:
                await meeting_runs(connection, conference.meeting_id)
        return info

    async def _ensure_meeting(self, conference: Conference) -> Conference:
        """There is a meeting afterwards, and only one; but what ran and is gone is over."""
        async with self._locks.of(conference.id):
            async with self._engine.connect() as connection:
                newest = await read_conference(connection, conference.id)
            if newest is None or newest.state is ConferenceState.ENDED:
                return replace(conference, state=ConferenceState.ENDED)
            if newest.state is ConferenceState.RUNNING and await self.is_gone(newest):
                return replace(newest, state=ConferenceState.ENDED)
            if newest.state is not ConferenceState.PLANNED and newest.meeting_id != conference.meeting_id:
                return newest  # somebody else was faster
            if newest.state is ConferenceState.WAITING and await self._info(newest) is not None:
                return newest
            made = await self._make(newest)
            async with self._engine.begin() as connection:
                return await self._begin(connection, newest, made)

    async def _make(self, conference: Conference) -> Created:
        slides = self._meetings.slides(conference, self._clock())
        choices = Choices(**conference.choices)
        return await self._meetings.make(conference.id, conference.title, choices, documents=slides)

    async def _begin(self, connection: AsyncConnection, conference: Conference, made: Created) -> Conference:
        now = self._clock()
        await begin_meeting(
            connection, conference.id, meeting_id=made.meeting_id, create_time_ms=made.create_time, at=now
        )
        return replace(
            conference,
            state=ConferenceState.WAITING,
            meeting_id=made.meeting_id,
            create_time_ms=made.create_time,
            begun_at=now,
        )

    async def is_gone(self, conference: Conference) -> bool:
        """Whether the meeting of what goes on is not there any more; then the conference is over."""
        assert conference.meeting_id is not None  # noqa: S101 - it goes on
        if await self._meetings.look(conference.meeting_id) is not None:
            return False
        await self.over(conference)
        return True

    async def on_ended(self, meeting_id: str, proof: str) -> bool:
        """BigBlueButton says that a meeting is over, as often as it likes. False: it is not BigBlueButton."""
        if not self._keys.is_ended(meeting_id, proof):
            return False
        async with self._engine.connect() as connection:
            conference = await conference_of_meeting(connection, meeting_id)
        if conference is not None and conference.goes_on:
            await self.over(conference)
        return True

    async def over(self, conference: Conference) -> Conference:
        """The meeting of a conference is over: this is written down and told once."""
        assert conference.meeting_id is not None  # noqa: S101 - it went on
        now = self._clock()
        next_time = self._next_time(conference, now)
        async with self._engine.begin() as connection:
            is_new = await end_meeting(connection, conference.meeting_id, at=now, next_time=next_time)
            newest = await read_conference(connection, conference.id)
        if is_new and newest is not None:
            await self._tell_over(newest)
        return newest or replace(conference, state=ConferenceState.ENDED)

    async def lapse(self, conference: Conference) -> None:
        """What was planned will not be."""
        async with self._engine.begin() as connection:
            is_new = await call_off(connection, conference.id, at=self._clock())
        if is_new:
            await self._tell_over(replace(conference, state=ConferenceState.ENDED))

    def _next_time(self, conference: Conference, now: datetime) -> datetime | None:
        if conference.planned_at is None or not conference.weekly:
            return None
        after = max(now, conference.planned_at)  # what began early is not begun again at its time
        return Times(first=conference.planned_at, weekly=True).next_after(after, self._view.zone)

    async def _tell_over(self, conference: Conference) -> None:
        for call in self.on_end:
            await call(conference)
