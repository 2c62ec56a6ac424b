"""The rest queue: takes in what the module has held, and delivers it when the rest ends.

The queue itself lies in the rooms (the sealed notices); the database remembers which notices there are and in which
order. A room's messages go out in the order of writing, each when the first of those it waits for is back. Where they
wait for different people (colleagues write to each other), one that is not due yet does not hold up one that is:
whoever wrote the second could not have read the first.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.delivery import Delivery
from appservice.homeserver import Homeserver, HomeserverError, NotThereError, RefusedError
from appservice.pace import ROOMS_AT_ONCE, Pace
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.database import held
from school.database.held import HeldMessage
from school.database.tables import HeldState
from school.domain.hold import hold_for
from school.domain.intervals import earliest
from school.domain.people import UserId
from school.sealing import HELD_KEY
from school.standing import CannotDecideError

log = structlog.get_logger()

_LONGEST_SLEEP: Final = 30.0
_AFTER_FAILURE: Final = 2.0
_LONGEST_ROUND: Final = 1.0
"""Seconds after which a round ends, whatever is due yet: who writes meanwhile wants a receipt."""
_JUST_AFTER: Final = 0.01
_AT_ONCE: Final = timedelta(seconds=0.5)
"""What goes out within this time needs no receipt."""


class RestQueue:
    """Holds and delivers. `run` works until it is cancelled."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        view: SchoolView,
        delivery: Delivery,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._view = view
        self._delivery = delivery
        self._clock = clock
        self._pace = Pace()
        self._wake = asyncio.Event()
        self._members: dict[str, frozenset[UserId]] = {}
        view.on_rest_change(self.look)

    def look(self) -> None:
        """Something may have become due."""
        self._wake.set()

    def members_changed(self, room_id: str) -> None:
        """Somebody came or went."""
        if self._members.pop(room_id, None) is not None:
            self.look()

    async def take_in(self, event: Mapping[str, Any]) -> None:
        """Stores a held event; returns when it is safe. Anything that is no held event is passed over."""
        if HELD_KEY not in event["content"]:
            return
        message = _held_message(event)
        async with self._engine.begin() as connection:
            is_new = await held.add(connection, message)
        if is_new:
            self._delivery.is_new(message, event)
        self.look()

    async def take_in_late(self, events: Sequence[Mapping[str, Any]]) -> int:
        """Stores held events of which nobody told in time, and which may be delivered already; how many were not
        known."""
        self.nothing_is_certain()
        newest_first = sorted(map(_held_message, events), key=lambda message: message.origin_server_ts_ms, reverse=True)
        async with self._engine.begin() as connection:
            new = [await held.add(connection, message, late=True) for message in newest_first]
        self.look()
        return sum(new)

    def nothing_is_certain(self) -> None:
        """Something may have happened in rooms of which nobody told."""
        self._members.clear()
        self._delivery.forget_what_was_seen()

    def somebody_writes(self) -> None:
        """A person has sent something: release must not be in the way."""
        self._pace.somebody_wrote()

    async def take_back(self, redacted_event_id: str, at_ms: int) -> None:
        """A person deleted an event: a notice that waits is taken back; the sealed copy of a delivered message goes. A
        message that was delivered only after its notice was deleted goes, too."""
        self._delivery.is_deleted(redacted_event_id)
        await self._delivery.write_down()
        async with self._engine.begin() as connection:
            withdrawn = await held.settle(connection, redacted_event_id, HeldState.WITHDRAWN)
            behind = None if withdrawn else await held.held_behind(connection, redacted_event_id)
            delivered = {} if withdrawn else await held.delivered_as(connection, [redacted_event_id])
        if withdrawn:
            self.look()
        if behind is not None:
            await self._delivery.forget(behind)
        for message in delivered.values():
            await self._delivery.take_back(message, unless_before_ms=at_ms)

    async def run(self) -> None:
        """Delivers what is due, then sleeps until something can be."""
        while True:
            self._wake.clear()
            try:
                pause = await self.round()
            except (HomeserverError, CannotDecideError) as error:
                log.warning("rest_queue_waits", error=str(error))
                pause = _AFTER_FAILURE
            except Exception:
                log.exception("rest_queue_failed")
                pause = _AFTER_FAILURE
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), pause)

    async def round(self) -> float:
        """One look at everything that waits, with a part of what is due delivered; returns for how many seconds there
        is nothing to do."""
        give_up_at = asyncio.get_running_loop().time() + _LONGEST_ROUND
        await self._delivery.write_down()
        async with self._engine.connect() as connection:
            rooms = await held.waiting(connection)
        # Receipts first: somebody waits for them now.
        pauses = await self._each_room(rooms, self._tell)
        due = {room_id: messages for room_id, messages in rooms.items() if not pauses[room_id]}
        pauses |= await self._each_room(due, lambda messages: self._drain(messages, give_up_at))
        await self._delivery.write_down()
        async with self._engine.begin() as connection:
            await held.open_drained_rooms(connection)
        return min([_LONGEST_SLEEP, *pauses.values()])

    async def _each_room(
        self, rooms: Mapping[str, list[HeldMessage]], work: Callable[[list[HeldMessage]], Awaitable[float]]
    ) -> dict[str, float]:
        """Works on some rooms at once, the one that waits longest first; how long each may be left alone. What fails is
        tried again soon."""
        slots = asyncio.Semaphore(ROOMS_AT_ONCE)

        async def in_turn(room_id: str) -> float:
            async with slots:
                try:
                    return await work(rooms[room_id])
                except Exception as error:
                    log.warning("room_not_drained", room=room_id, error=str(error))
                    return _AFTER_FAILURE

        return dict(zip(rooms, await asyncio.gather(*map(in_turn, rooms)), strict=True))

    async def _tell(self, messages: list[HeldMessage]) -> float:
        """Tells the senders of a room's messages that they are safe, but for what goes out at once; seconds until the
        first of the messages is due."""
        dues, now = await self._dues(messages), self._clock()
        for message in messages:
            due, waits = dues[message.sender], now - message.written_at > _AT_ONCE
            if waits or due is None or due > now:
                await self._delivery.receipt(message, due)
        return self._until_first(dues)

    async def _drain(self, messages: list[HeldMessage], give_up_at: float) -> float:
        """Delivers those of a room's messages that are due, in order; seconds until the next one is."""
        waiting = []
        for message in messages:
            if asyncio.get_running_loop().time() > give_up_at:
                return 0.0
            due = await self._due(message)
            if due is None or due > self._clock():
                waiting.append(message)
                continue
            async with self._pace.turn():
                await self._delivery.deliver(message, self._members.get(message.room_id, frozenset()))
        if waiting:
            return self._until_first(await self._dues(waiting))
        self._members.pop(messages[0].room_id, None)
        return _LONGEST_SLEEP

    async def _dues(self, messages: list[HeldMessage]) -> dict[str, datetime | None]:
        """When what each sender wrote in a room may go out: all of it waits for the same people."""
        by_sender = {message.sender: message for message in messages}
        return {sender: await self._due(message) for sender, message in by_sender.items()}

    def _until_first(self, dues: Mapping[str, datetime | None]) -> float:
        first, now = earliest(dues.values()), self._clock()
        if first is None:
            return _LONGEST_SLEEP
        return 0.0 if first <= now else (first - now).total_seconds() + _JUST_AFTER

    async def _due(self, message: HeldMessage) -> datetime | None:
        """When a message may go out: now, if somebody is there. None: no end of the rest is known."""
        room_id, sender = message.room_id, UserId(message.sender)
        now = self._clock()
        if room_id not in self._members:
            try:
                self._members[room_id] = await self._homeserver.members(room_id, as_user=sender)
            except (RefusedError, NotThereError):
                return now  # the sender is not in the room any more; delivering will say so
        standing = self._view.now
        hold = hold_for(
            sender,
            self._members[room_id],
            directory=standing.policy.directory,
            rest_of=lambda user_id: standing.desk.rest_of(user_id, now),
            bot=self._homeserver.bot,
            has_rest=standing.desk.has_rest,
            mode=standing.mode_of(room_id),
        )
        return now if hold is None else hold.until


def _held_message(event: Mapping[str, Any]) -> HeldMessage:
    return HeldMessage(
        event_id=event["event_id"],
        room_id=event["room_id"],
        sender=event["sender"],
        event_type=event["type"],
        origin_server_ts_ms=event["origin_server_ts"],
    )
