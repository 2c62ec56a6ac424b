"""Who gets which event: one place that knows all of the appservice's interests."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from appservice.bot.control_rooms import ControlRooms
from appservice.direct_rooms import DirectRooms, RoomStamps
from appservice.homeserver import NotThereError, RefusedError, TryLaterError
from appservice.rest_queue import RestQueue
from school.domain.people import UserId
from school.sealing import SIGNED_KEY

log = structlog.get_logger()


class EventRouter:
    """Passes the events of a transaction on.

    `take` returns when held messages are stored and invitations accepted: what is interrupted before comes again.
    Commands are answered in the background, room by room in order; one that comes while the homeserver is busy is
    answered when it is not. One that is lost in a crash is simply repeated by the person who wrote it.
    """

    def __init__(
        self,
        *,
        bot: UserId,
        queue: RestQueue,
        stamps: RoomStamps,
        direct_rooms: DirectRooms,
        control: ControlRooms,
        commands_in_rooms: Iterable[Callable[[Mapping[str, Any]], Awaitable[None]]] = (),
        on_join: Callable[[str, UserId], Awaitable[None]] | None = None,
        also: Iterable[Callable[[Sequence[Mapping[str, Any]]], Awaitable[None]]] = (),
    ) -> None:
        """`also` are given each transaction whole; what they write down is written when it counts as taken in."""
        self._bot = bot
        self._queue = queue
        self._stamps = stamps
        self._direct_rooms = direct_rooms
        self._hear_messages = (control.message, *commands_in_rooms)
        self._control = control
        self._on_join = on_join
        self._also = tuple(also)
        self._tails: dict[str, asyncio.Task[None]] = {}

    async def take(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Takes in one transaction.

        Raises:
            TryLaterError: the homeserver is busy; the transaction has to come again.
        """
        invitations = []
        if any(self._is_from_a_person(event) for event in events):
            self._queue.somebody_writes()
        for event in events:
            content = event["content"]
            match event["type"]:
                case "m.room.create":
                    self._stamps.learn(event)
                case "m.room.member" if "state_key" in event:
                    self._queue.members_changed(event["room_id"])
                    if content.get("membership") == "invite":
                        invitations.append(self._invited(event))
                case "m.room.redaction":
                    target = event.get("redacts") or content.get("redacts")
                    if isinstance(target, str):
                        await self._queue.take_back(target, event["origin_server_ts"])
                case "m.room.message":
                    await self._queue.take_in(event)
        await asyncio.gather(*invitations)
        for take in self._also:
            await take(events)
        for event in events:
            if event["type"] == "m.room.message" and self._is_from_a_person(event):
                for hear in self._hear_messages:
                    self._later(event["room_id"], hear(event))
            elif self._on_join is not None and _is_join(event):
                self._later(event["room_id"], self._on_join(event["room_id"], UserId(event["state_key"])))

    def _is_from_a_person(self, event: Mapping[str, Any]) -> bool:
        return event["sender"] != self._bot and SIGNED_KEY not in event["content"]

    async def _invited(self, event: Mapping[str, Any]) -> None:
        inviter, invitee = UserId(event["sender"]), UserId(event["state_key"])
        try:
            if invitee == self._bot:
                await self._control.invited(event["room_id"], inviter)
            else:
                await self._direct_rooms.invited(event["room_id"], inviter, invitee)
        except (RefusedError, NotThereError) as error:
            log.info("invitation_not_accepted", room=event["room_id"], error=str(error))
        except (TryLaterError, SQLAlchemyError):
            raise
        except Exception:  # whatever it is, it would be the same again: one invitation must not stop all events
            log.exception("invitation_not_accepted", room=event["room_id"])

    def _later(self, room_id: str, work: Awaitable[None]) -> None:
        """Does something in the background, after what was put off for the same room before."""
        before = self._tails.get(room_id)
        task = asyncio.create_task(self._after(before, work))
        self._tails[room_id] = task
        task.add_done_callback(lambda done: self._tails.pop(room_id) if self._tails.get(room_id) is done else None)

    async def _after(self, before: asyncio.Task[None] | None, work: Awaitable[None]) -> None:
        if before is not None:
            await asyncio.wait([before])
        try:
            await work
        except Exception:
            log.exception("command_not_answered")


def _is_join(event: Mapping[str, Any]) -> bool:
    return event["type"] == "m.room.member" and "state_key" in event and event["content"].get("membership") == "join"
