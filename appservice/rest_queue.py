"""The rest queue: takes in what the module has held, and delivers it when the rest ends.

The queue itself lies in the rooms (the sealed notices); the database remembers which notices there are and in which
order. What may have happened before a crash is never guessed: where it is not certain that a message was not
delivered yet, the queue looks into the room first.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import Homeserver, HomeserverError, NotThereError, RefusedError, TryLaterError
from appservice.school_view import SchoolView
from school.database import held
from school.database.held import HeldMessage
from school.database.tables import HeldState
from school.domain.hold import hold_for
from school.domain.people import UserId
from school.sealing import HELD_KEY, SIGNED_KEY, Binding, BrokenSealError, Keyring, Purpose
from school.standing import CannotDecideError
from school.texts import Texts

log = structlog.get_logger()

_LONGEST_SLEEP: Final = 30.0
_AFTER_FAILURE: Final = 2.0
_ROOMS_AT_ONCE: Final = 4


class RestQueue:
    """Holds and delivers. `run` works until it is cancelled."""

    def __init__(
        self, *, engine: AsyncEngine, homeserver: Homeserver, view: SchoolView, keyring: Keyring, texts: Texts
    ) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._view = view
        self._keyring = keyring
        self._texts = texts
        self._wake = asyncio.Event()
        self._never_tried: set[str] = set()
        self._members: dict[str, frozenset[UserId]] = {}
        view.on_rest_change(self.look)

    def look(self) -> None:
        """Something may have become due."""
        self._wake.set()

    def members_changed(self, room_id: str) -> None:
        """Somebody came or went."""
        if self._members.pop(room_id, None) is not None:
            self.look()

    # Taking in

    async def take_in(self, event: Mapping[str, Any]) -> None:
        """Stores a held event; returns when it is safe. Anything that is no held event is passed over."""
        if HELD_KEY not in event.get("content", {}):
            return
        message = HeldMessage(
            event_id=event["event_id"],
            room_id=event["room_id"],
            sender=event["sender"],
            event_type=event["type"],
            origin_server_ts_ms=event["origin_server_ts"],
        )
        async with self._engine.begin() as connection:
            is_new = await held.add(connection, message)
        if is_new:
            self._never_tried.add(message.event_id)
        self.look()

    async def take_back(self, redacted_event_id: str) -> None:
        """A person deleted an event: a notice that waits is taken back; the sealed copy of a delivered message goes."""
        async with self._engine.begin() as connection:
            withdrawn = await held.settle(connection, redacted_event_id, HeldState.WITHDRAWN)
            behind = None if withdrawn else await held.held_behind(connection, redacted_event_id)
        if withdrawn:
            self.look()
        if behind is not None:
            with contextlib.suppress(RefusedError, NotThereError):
                await self._homeserver.redact(
                    behind.room_id,
                    behind.event_id,
                    txn_id=f"forget-{behind.event_id}",
                    as_user=UserId(behind.sender),
                )

    # Delivering

    async def run(self) -> None:
        """Delivers what is due, then sleeps until something can be."""
        while True:
            self._wake.clear()
            try:
                pause = await self._round()
            except (HomeserverError, CannotDecideError) as error:
                log.warning("rest_queue_waits", error=str(error))
                pause = _AFTER_FAILURE
            except Exception:
                log.exception("rest_queue_failed")
                pause = _AFTER_FAILURE
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), pause)

    async def _round(self) -> float:
        """One look at everything that waits; returns how many seconds there is nothing to do."""
        async with self._engine.connect() as connection:
            rooms = await held.waiting(connection)
        slots = asyncio.Semaphore(_ROOMS_AT_ONCE)
        results = await asyncio.gather(
            *(self._drain(slots, messages) for messages in rooms.values()), return_exceptions=True
        )
        pauses = [_LONGEST_SLEEP]
        for room_id, result in zip(rooms, results, strict=True):
            if isinstance(result, BaseException):
                log.warning("room_not_drained", room=room_id, error=str(result))
                pauses.append(_AFTER_FAILURE)
            else:
                pauses.append(result)
        async with self._engine.begin() as connection:
            await held.open_drained_rooms(connection)
        return min(pauses)

    async def _drain(self, slots: asyncio.Semaphore, messages: list[HeldMessage]) -> float:
        """Delivers one room's messages in order up to the first that is not due; seconds until that one is."""
        async with slots:
            for message in messages:
                due = await self._due(message)
                now = datetime.now(UTC)
                if due is None or due > now:
                    for waits in messages[messages.index(message) :]:
                        await self._receipt(waits, due, now)
                    return _LONGEST_SLEEP if due is None else (due - now).total_seconds() + 0.01
                await self._deliver(message)
            self._members.pop(messages[0].room_id, None)
            return _LONGEST_SLEEP

    async def _due(self, message: HeldMessage) -> datetime | None:
        """When a message may go out: now at the latest if somebody is there. None: no end of the rest is known."""
        room_id, sender = message.room_id, UserId(message.sender)
        now = datetime.now(UTC)
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
        )
        return now if hold is None else hold.until

    async def _receipt(self, message: HeldMessage, due: datetime | None, now: datetime) -> None:
        """Edits the notice as the sender: the sign that the message is safe, and what makes clients show the notice
        at all in place of the sender's own words."""
        if message.receipt_event_id is not None:
            return
        zone = self._view.zone
        written = self._texts.when(datetime.fromtimestamp(message.origin_server_ts_ms / 1000, UTC), zone, now=now)
        if due is None:
            body = self._texts.say("held.receipt.no_end", written=written)
        else:
            body = self._texts.say("held.receipt", written=written, due=self._texts.when(due, zone, now=now))
        try:
            receipt = await self._edit(message, body, Purpose.RECEIPT)
        except (RefusedError, NotThereError) as error:
            log.warning("receipt_refused", held=message.event_id, error=str(error))
            receipt = ""
        async with self._engine.begin() as connection:
            await held.set_receipt(connection, message.event_id, receipt)
            await held.set_due(connection, [message.event_id], due)

    async def _edit(self, message: HeldMessage, body: str, purpose: Purpose) -> str:
        content = {
            "msgtype": "m.notice",
            "body": f"* {body}",
            "m.new_content": {"msgtype": "m.notice", "body": body, "m.mentions": {}},
            "m.relates_to": {"rel_type": "m.replace", "event_id": message.event_id},
            "m.mentions": {},
        }
        return await self._send_signed(message, "m.room.message", content, purpose)

    async def _send_signed(
        self, message: HeldMessage, event_type: str, content: Mapping[str, Any], purpose: Purpose
    ) -> str:
        ts = int(time.time() * 1000)
        binding = Binding(room_id=message.room_id, sender=message.sender, event_type=event_type, origin_server_ts=ts)
        signed = self._keyring.sign(content, binding, purpose=purpose, held=message.event_id)
        return await self._homeserver.send(
            message.room_id,
            event_type,
            signed,
            txn_id=f"{purpose}-{message.sender}-{message.event_id}",
            as_user=UserId(message.sender),
            origin_server_ts=ts,
        )

    async def _deliver(self, message: HeldMessage) -> None:
        """Delivers one message, exactly once.

        Raises:
            TryLaterError: the homeserver does not answer now; whether it was delivered will be looked up.
        """
        if message.event_id not in self._never_tried and (sent := await self._delivered_before(message)):
            await self._settle(message, HeldState.DELIVERED, delivered_event_id=sent)
            return
        content = await self._original(message)
        if content is None:
            return
        self._never_tried.discard(message.event_id)
        try:
            sent = await self._send_signed(message, message.event_type, content, Purpose.DELIVERY)
        except TryLaterError:
            raise
        except HomeserverError as error:
            log.info("delivery_refused", held=message.event_id, error=str(error))
            await self._settle(message, HeldState.REFUSED)
            await self._tell_refused(message, error.words)
            return
        await self._settle(message, HeldState.DELIVERED, delivered_event_id=sent)

    async def _original(self, message: HeldMessage) -> dict[str, Any] | None:
        """The sealed words, with relations to other held messages pointing to what became of them. None if there is
        nothing to deliver; then the message is settled."""
        try:
            event = await self._homeserver.event(message.room_id, message.event_id, as_user=UserId(message.sender))
        except (RefusedError, NotThereError):
            await self._settle(message, HeldState.REFUSED)
            return None
        if HELD_KEY not in event["content"]:  # the person deleted the notice
            await self._settle(message, HeldState.WITHDRAWN)
            return None
        binding = Binding(
            room_id=message.room_id,
            sender=event["sender"],
            event_type=event["type"],
            origin_server_ts=event["origin_server_ts"],
        )
        try:
            content = self._keyring.open(event["content"][HELD_KEY], binding)
        except BrokenSealError as error:
            log.error("seal_does_not_open", held=message.event_id, error=str(error))
            await self._settle(message, HeldState.REFUSED)
            return None
        return await self._with_delivered_relations(content)

    async def _with_delivered_relations(self, content: dict[str, Any]) -> dict[str, Any]:
        relation = content.get("m.relates_to")
        if not isinstance(relation, dict):
            return content
        reply = relation.get("m.in_reply_to")
        targets = [relation.get("event_id"), reply.get("event_id") if isinstance(reply, dict) else None]
        async with self._engine.connect() as connection:
            became = await held.delivered_as(connection, [target for target in targets if isinstance(target, str)])
        relation = relation | {"event_id": became.get(targets[0], targets[0])} if targets[0] else dict(relation)
        if isinstance(reply, dict) and targets[1]:
            relation["m.in_reply_to"] = reply | {"event_id": became.get(targets[1], targets[1])}
        return content | {"m.relates_to": relation}

    async def _delivered_before(self, message: HeldMessage) -> str | None:
        """The delivery of a message, if it is in the room already."""
        events = self._homeserver.events_since(
            message.room_id, message.event_id, as_user=UserId(message.sender), sender=UserId(message.sender)
        )
        try:
            async for event in events:
                mark = event.get("content", {}).get(SIGNED_KEY)
                if (
                    isinstance(mark, dict)
                    and mark.get("held") == message.event_id
                    and mark.get("purpose") == Purpose.DELIVERY
                ):
                    return str(event["event_id"])
        except (RefusedError, NotThereError):
            pass  # the sender cannot look any more; delivering will be refused and say so
        return None

    async def _settle(self, message: HeldMessage, state: HeldState, *, delivered_event_id: str | None = None) -> None:
        async with self._engine.begin() as connection:
            await held.settle(connection, message.event_id, state, delivered_event_id=delivered_event_id)
        self._never_tried.discard(message.event_id)
        log.info("held_message_settled", held=message.event_id, state=state.value)

    async def _tell_refused(self, message: HeldMessage, why: str) -> None:
        now = datetime.now(UTC)
        zone = self._view.zone
        written = self._texts.when(datetime.fromtimestamp(message.origin_server_ts_ms / 1000, UTC), zone, now=now)
        with contextlib.suppress(HomeserverError):
            await self._edit(message, self._texts.say("held.refused", written=written, why=why), Purpose.NOTICE)
