"""Delivering one held message, exactly once, and telling its sender how it stands.

What may have happened before a crash is never guessed: where it is not certain that a message was not delivered yet,
the room is looked at first. Rights are asked again at delivery by the module, as at every send.
"""

import contextlib
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import Homeserver, HomeserverError, NotThereError, RefusedError, TryLaterError
from appservice.seen_events import SeenEvents
from appservice.settling import Settling
from appservice.versions import Versions
from school.clock import Clock, utc_now
from school.database import held
from school.database.held import Delivered, HeldMessage
from school.database.tables import HeldState
from school.domain.people import UserId
from school.sealing import HELD_KEY, SIGNED_KEY, Binding, BrokenSealError, Keyring, MissingKeyError, Purpose
from school.texts import Texts

log = structlog.get_logger()


class Delivery:
    """Everything that is sent in a person's name, signed so that the module lets it pass."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        keyring: Keyring,
        texts: Texts,
        zone: ZoneInfo,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._keyring = keyring
        self._texts = texts
        self._zone = zone
        self._clock = clock
        self._versions = Versions(engine=engine, homeserver=homeserver, keyring=keyring)
        self._seen = SeenEvents()
        self._settling = Settling(engine)
        self._never_tried: set[str] = set()
        self._went_with_another: set[str] = set()
        self._being_sent: set[str] = set()
        self._deleted_meanwhile: set[str] = set()

    def is_new(self, message: HeldMessage, event: Mapping[str, Any]) -> None:
        """A message was held just now: it is certain that nobody has tried to deliver it."""
        self._never_tried.add(message.event_id)
        self._seen.keep(event)

    def is_deleted(self, event_id: str) -> None:
        """A person deleted an event."""
        self._seen.drop(event_id)
        if event_id in self._being_sent:
            self._deleted_meanwhile.add(event_id)

    def forget_what_was_seen(self) -> None:
        """Something may have changed of which nobody told."""
        self._seen.clear()

    async def write_down(self) -> None:
        """Returns when the database knows what has become of everything so far."""
        await self._settling.write()

    async def deliver(self, message: HeldMessage, _members: Collection[UserId]) -> None:
        """Delivers a message to the members of its room, and settles it.

        Raises:
            TryLaterError: the homeserver does not answer now; whether it was delivered will be looked up.
            MissingKeyError: the message waits until its key is put back.
        """
        if message.event_id in self._went_with_another:
            self._went_with_another.discard(message.event_id)
            return
        if message.event_id not in self._never_tried and (sent := await self._delivered_before(message)):
            await self._settle(message, HeldState.DELIVERED, delivered_event_id=sent)
            return
        self._being_sent.add(message.event_id)
        try:
            await self._deliver_now(message)
        finally:
            self._being_sent.discard(message.event_id)
            self._deleted_meanwhile.discard(message.event_id)

    async def _deliver_now(self, message: HeldMessage) -> None:
        content, edits = await self._original(message)
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
        for edit in edits:
            await self.forget(edit)
        for settled in (message, *edits):
            await self._settle(settled, HeldState.DELIVERED, delivered_event_id=sent)
        if message.event_id in self._deleted_meanwhile:
            late = Delivered(event_id=sent, room_id=message.room_id, sender=message.sender)
            await self.take_back(late, unless_before_ms=0)
        self._went_with_another.update(edit.event_id for edit in edits)

    async def receipt(self, message: HeldMessage, due: datetime | None) -> None:
        """Edits the notice as the sender, once: the sign that the message is safe, and what makes clients show the
        notice at all in place of the sender's own words."""
        if message.receipt_event_id is not None:
            return
        now = self._clock()
        written = self._written(message, now)
        if due is None:
            body = self._texts.say("held.receipt.no_end", written=written)
        elif due <= now:
            body = self._texts.say("held.receipt.soon", written=written)
        else:
            body = self._texts.say("held.receipt", written=written, due=self._texts.when(due, self._zone, now=now))
        try:
            receipt = await self._edit(message, body, Purpose.RECEIPT)
        except (RefusedError, NotThereError) as error:
            log.warning("receipt_refused", held=message.event_id, error=str(error))
            receipt = ""
        async with self._engine.begin() as connection:
            await held.set_receipt(connection, message.event_id, receipt, due)

    async def forget(self, message: HeldMessage) -> None:
        """Deletes the sealed copy of a message that its sender has deleted."""
        with contextlib.suppress(RefusedError, NotThereError):
            await self._homeserver.redact(
                message.room_id,
                message.event_id,
                txn_id=f"forget-{message.event_id}",
                as_user=UserId(message.sender),
            )

    async def take_back(self, message: Delivered, *, unless_before_ms: int) -> None:
        """Deletes a delivered message, unless it was there before its notice was deleted."""
        sender = UserId(message.sender)
        with contextlib.suppress(RefusedError, NotThereError):
            event = await self._homeserver.event(message.room_id, message.event_id, as_user=sender)
            if event["origin_server_ts"] > unless_before_ms:
                await self._homeserver.redact(
                    message.room_id, message.event_id, txn_id=f"too-late-{message.event_id}", as_user=sender
                )

    async def _original(self, message: HeldMessage) -> tuple[dict[str, Any] | None, list[HeldMessage]]:
        """The sealed words in their newest version, with relations to other held messages pointing to what became of
        them, and the edits that are in it. None if there is nothing to deliver; then the message is settled."""
        event = self._seen.event(message.event_id)
        try:
            event = event or await self._homeserver.event(
                message.room_id, message.event_id, as_user=UserId(message.sender)
            )
        except (RefusedError, NotThereError):
            await self._settle(message, HeldState.REFUSED)
            return None, []
        if HELD_KEY not in event["content"]:  # the person deleted the notice
            await self._settle(message, HeldState.WITHDRAWN)
            return None, []
        binding = Binding(
            room_id=message.room_id,
            sender=event["sender"],
            event_type=event["type"],
            origin_server_ts=event["origin_server_ts"],
        )
        try:
            content = self._keyring.open(event["content"][HELD_KEY], binding)
        except MissingKeyError:
            raise
        except BrokenSealError as error:
            log.error("seal_does_not_open", held=message.event_id, error=str(error))
            await self._settle(message, HeldState.REFUSED)
            await self._tell_refused(message, self._texts.say("held.lost"))
            return None, []
        if "m.relates_to" in content:  # what has become of the other message is about to be asked
            await self._settling.write()
        if await self._versions.is_void(content):
            await self._settle(message, HeldState.WITHDRAWN)
            return None, []
        content, edits = await self._versions.newest(message, event, content)
        return await self._with_delivered_relations(content), edits

    async def _with_delivered_relations(self, content: dict[str, Any]) -> dict[str, Any]:
        relation = content.get("m.relates_to")
        if not isinstance(relation, dict):
            return content
        reply = relation.get("m.in_reply_to")
        carriers = [
            part for part in (relation, reply) if isinstance(part, dict) and isinstance(part.get("event_id"), str)
        ]
        async with self._engine.connect() as connection:
            became = await held.delivered_as(connection, [part["event_id"] for part in carriers])
        pointing = {
            id(part): part | {"event_id": became[part["event_id"]].event_id}
            for part in carriers
            if part["event_id"] in became
        }
        relation = dict(pointing.get(id(relation), relation))
        if isinstance(reply, dict):
            relation["m.in_reply_to"] = pointing.get(id(reply), reply)
        return content | {"m.relates_to": relation}

    async def _delivered_before(self, message: HeldMessage) -> str | None:
        """The delivery of a message, if it is in the room already."""
        sender = UserId(message.sender)
        events = self._homeserver.events_since(message.room_id, message.event_id, as_user=sender, sender=sender)
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
        self._seen.drop(message.event_id)
        self._never_tried.discard(message.event_id)
        await self._settling.note(message, state, delivered_event_id=delivered_event_id)

    async def _tell_refused(self, message: HeldMessage, why: str) -> None:
        body = self._texts.say("held.refused", written=self._written(message, self._clock()), why=why)
        with contextlib.suppress(HomeserverError):
            await self._edit(message, body, Purpose.NOTICE)

    def _written(self, message: HeldMessage, now: datetime) -> str:
        return self._texts.when(message.written_at, self._zone, now=now)

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
        ts = int(self._clock().timestamp() * 1000)
        binding = Binding(room_id=message.room_id, sender=message.sender, event_type=event_type, origin_server_ts=ts)
        return await self._homeserver.send(
            message.room_id,
            event_type,
            self._keyring.sign(content, binding, purpose=purpose, held=message.event_id),
            txn_id=f"{purpose}-{message.sender}-{message.event_id}",
            as_user=UserId(message.sender),
            origin_server_ts=ts,
        )
