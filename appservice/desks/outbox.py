"""What somebody has written that waits, with its words, and taking it back as deleting the notice does.

For the one who wrote it, and for nobody else.
"""

import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.held_words import HeldWords, Opened
from appservice.holds import HoldLook, Wait
from appservice.homeserver import Homeserver, NotThereError, RefusedError
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.database import held
from school.database.held import HeldMessage
from school.database.tables import HeldState
from school.domain.people import Person, UserId

TakeBack: TypeAlias = Callable[[str, int], Awaitable[None]]
"""Takes back what waits in the place of an event that was deleted at a moment (milliseconds)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One message that waits."""

    opened: Opened
    to: Sequence[Person]
    """For whom it waits; where it waits for nobody any more, who will read it."""
    until: datetime | None
    """When it comes: now, or already past, if nothing keeps it any more. None: no end is known."""

    @property
    def message(self) -> HeldMessage:
        return self.opened.message


class Fate(Enum):
    """What became of a message that somebody wanted back."""

    TAKEN_BACK = auto()
    DELIVERED = auto()
    """It was delivered before."""
    GONE = auto()
    """It waited no more, or never was theirs."""


class OutboxDesk:
    """Shows people what they have waiting, and takes it back."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        view: SchoolView,
        words: HeldWords,
        take_back: TakeBack,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._view = view
        self._words = words
        self._take_back = take_back
        self._clock = clock

    async def look(self, user_id: UserId) -> list[Entry]:
        """Everything of somebody's that waits, in the order of writing.

        Raises:
            HomeserverError: it is not known what is in the rooms.
        """
        now = self._clock()
        async with self._engine.connect() as connection:
            rooms = await held.waiting(connection)
        own = {room: messages for room, messages in rooms.items() if any(m.sender == user_id for m in messages)}
        holds = HoldLook(homeserver=self._homeserver, standing=lambda: self._view.now)
        await holds.learn(own, now)
        waits = {
            wait.message.event_id: wait
            for messages in own.values()
            for wait in holds.waits(messages, now)
            if wait.message.sender == user_id
        }
        entries = [
            Entry(opened=opened, to=self._to(wait, holds.members(wait.message.room_id)), until=wait.until)
            for opened in await self._words.open([wait.message for wait in waits.values()])
            for wait in (waits[opened.message.event_id],)
        ]
        return sorted(entries, key=lambda entry: entry.message.origin_server_ts_ms)

    def _to(self, wait: Wait, members: Iterable[UserId]) -> Sequence[Person]:
        if wait.hold is not None and wait.hold.resting:
            return wait.hold.resting
        directory = self._view.now.policy.directory
        others = (directory.person(user_id) for user_id in members if user_id != wait.message.sender)
        return [person for person in others if person is not None]

    async def withdraw(self, user_id: UserId, event_ids: Sequence[str]) -> Mapping[str, Fate]:
        """Takes messages back; what became of each.

        Raises:
            TryLaterError: the homeserver does not answer now. It can be asked for again.
        """
        async with self._engine.connect() as connection:
            known = await held.look_up(connection, event_ids)
        own = {event_id: found for event_id, found in known.items() if found[0].sender == user_id}
        waited = {event_id for event_id, (_, state) in own.items() if state is HeldState.WAITING}
        for event_id in waited:
            await self._withdraw(own[event_id][0])
        async with self._engine.connect() as connection:
            after = await held.look_up(connection, list(own))
        return {
            event_id: _fate(after[event_id][1], waited=event_id in waited) if event_id in after else Fate.GONE
            for event_id in event_ids
        }

    async def _withdraw(self, message: HeldMessage) -> None:
        at_ms = int(self._clock().timestamp() * 1000)
        edits = [edit for one in await self._words.open([message]) for edit in one.edits]
        for notice in (message, *edits):
            with contextlib.suppress(RefusedError, NotThereError):  # who has left the room takes it back as well
                await self._homeserver.redact(
                    notice.room_id,
                    notice.event_id,
                    txn_id=f"withdraw-{notice.event_id}",
                    as_user=UserId(notice.sender),
                )
            await self._take_back(notice.event_id, at_ms)


def _fate(state: HeldState, *, waited: bool) -> Fate:
    if state is HeldState.DELIVERED:
        return Fate.DELIVERED
    return Fate.TAKEN_BACK if waited else Fate.GONE
