"""Urgent messages: the leadership reaches somebody who rests.

1. Only who has the leadership mark from the register. No line of school.yaml gives it, and nobody gives it to
   themselves; the module asks for the mark once more.
2. A reason has to be given. It stands in the message, and is kept nowhere else.
3. So many in 24 hours as the school says (`rest.urgent_per_day`), counted by the audit log: what counts is logged. It
   is logged before it is sent, so that none is sent unlogged.
4. It is an ordinary message of the leader in the direct room of both, does not wait, overtakes what waits there, and
   rings.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.direct_rooms import DirectRooms
from appservice.homeserver import Homeserver, HomeserverError, TryLaterError
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.database import audit
from school.domain.people import Person
from school.sealing import URGENT_KEY, Binding, Keyring, Purpose
from school.texts import Texts

log = structlog.get_logger()

LEADERSHIP: Final = "leadership"
"""What the audit log names as the right by which urgent messages are sent."""
SHORTEST_REASON: Final = 3
LONGEST_REASON: Final = 100
LONGEST_TEXT: Final = 4000
_PERIOD: Final = timedelta(hours=24)
_TYPE: Final = "m.room.message"


class Ending(Enum):
    """What came of an urgent message."""

    SENT = auto()
    LEADERSHIP_ONLY = auto()
    SWITCHED_OFF = auto()
    """The school has none."""
    NO_REASON = auto()
    TOO_LONG = auto()
    TO_ONESELF = auto()
    TOO_MANY = auto()
    REFUSED = auto()
    """The one may not write to the other."""
    UNCERTAIN = auto()
    """The homeserver did not answer: it may have been sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Urgent:
    """What came of it. `left` is how many more may be sent, `why` are the homeserver's words for a refusal."""

    ending: Ending
    left: int = 0
    why: str = ""


class UrgentDesk:
    """Sends urgent messages."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        view: SchoolView,
        direct_rooms: DirectRooms,
        keyring: Keyring,
        texts: Texts,
        per_day: int,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._view = view
        self._direct_rooms = direct_rooms
        self._keyring = keyring
        self._texts = texts
        self._clock = clock
        self._one_by_one = asyncio.Lock()
        self.per_day = per_day
        """How many everybody of the leadership may send in 24 hours."""

    def may_send(self, leader: Person) -> Ending | None:
        """Why somebody sends no urgent messages at all; None: they may."""
        if not leader.leadership:
            return Ending.LEADERSHIP_ONLY
        return None if self.per_day else Ending.SWITCHED_OFF

    def recipients(self) -> Sequence[Person]:
        """Those who rest at all: to everybody else one just writes."""
        standing = self._view.now
        return [person for person in standing.policy.directory.people if standing.desk.has_rest(person.user_id)]

    async def send(self, leader: Person, recipient: Person, *, reason: str, text: str, request_id: str) -> Urgent:
        """Sends one. `request_id` is what asked for it: the same is sent once, while the homeserver runs.

        Raises:
            TryLaterError: the homeserver does not answer now, and nothing was sent.
        """
        if (ending := self.may_send(leader)) is not None:
            return Urgent(ending=ending)
        if len(reason) < SHORTEST_REASON:
            return Urgent(ending=Ending.NO_REASON)
        if len(reason) > LONGEST_REASON or len(text) > LONGEST_TEXT:
            return Urgent(ending=Ending.TOO_LONG)
        if recipient.id == leader.id:
            return Urgent(ending=Ending.TO_ONESELF)
        async with self._one_by_one:
            try:
                room_id = await self._direct_rooms.between(leader.user_id, recipient.user_id)
            except TryLaterError:
                raise
            except HomeserverError as error:
                return Urgent(ending=Ending.REFUSED, why=error.words)
            left = await self._count_one(leader, recipient)
        if left is None:
            return Urgent(ending=Ending.TOO_MANY)
        body = self._texts.say("urgent.message", reason=reason, text=text)
        try:
            await self._send(room_id, leader, recipient, body, request_id)
        except TryLaterError as error:
            log.warning("urgent_message_uncertain", room=room_id, error=str(error))
            return Urgent(ending=Ending.UNCERTAIN)
        except HomeserverError as error:
            return Urgent(ending=Ending.REFUSED, why=error.words)
        return Urgent(ending=Ending.SENT, left=left)

    async def _send(self, room_id: str, leader: Person, recipient: Person, body: str, request_id: str) -> None:
        content = {
            "msgtype": "m.text",
            "body": body,
            "m.mentions": {"user_ids": [recipient.user_id]},
            URGENT_KEY: True,
        }
        ts = int(self._clock().timestamp() * 1000)
        binding = Binding(room_id=room_id, sender=leader.user_id, event_type=_TYPE, origin_server_ts=ts)
        await self._homeserver.send(
            room_id,
            _TYPE,
            self._keyring.sign(content, binding, purpose=Purpose.URGENT, held=""),
            txn_id=f"urgent-{leader.user_id}-{recipient.user_id}-{request_id}",
            as_user=leader.user_id,
            origin_server_ts=ts,
        )

    async def _count_one(self, leader: Person, recipient: Person) -> int | None:
        """Logs an urgent message; how many more there may be, None if this one is too many."""
        now = self._clock()
        async with self._engine.begin() as connection:
            times = await audit.times_since(
                connection, actor=leader.id, action=audit.Action.URGENT_SENT, since=now - _PERIOD
            )
            sent = len(times)
            if sent >= self.per_day:
                return None
            await audit.record(
                connection,
                at=now,
                actor=leader.id,
                action=audit.Action.URGENT_SENT,
                target=recipient.id,
                by_right=LEADERSHIP,
                details={"reason_given": True},
            )
        return self.per_day - sent - 1
