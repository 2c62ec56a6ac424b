"""Circulars: one text to several groups, in the name of whoever sends it.

Each message is that person's, as if they had written it in the room themselves: the module decides on it, rest time
holds for it. Who is not in a room yet is brought in first.

Everything is written down before anything is sent, with the time that the message will bear. Nobody but the school's
own hand chooses such a time, so the message can be found by it: wherever it is not certain that it was not sent, the
room is looked at first.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.desks.entering import EnteringDesk
from appservice.desks.teachers_only import TeachersOnlyDesk
from appservice.homeserver import Homeserver, NotThereError, RefusedError
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.database import audit
from school.database.circulars import (
    Circular,
    CircularState,
    InGroup,
    add_circular,
    circular_in_groups,
    circular_is_told,
    forget_circulars,
    groups_written_to,
    open_circular,
    open_circulars,
    settle_in_group,
)
from school.domain.decisions import NO_RULE, REASON_KEY, Decision, Reason, allow, refuse
from school.domain.groups import Group, GroupId
from school.domain.people import Person
from school.domain.rights import Right
from school.sealing import HELD_KEY, Binding, Keyring, UnsealableError

log = structlog.get_logger()

MOST_AN_HOUR: Final = 100
"""To so many groups one person writes in an hour."""
_HOUR_MS: Final = 3600 * 1000
_LOOKED_AT: Final = 100
_MESSAGE: Final = "m.room.message"
_SEALED_AS: Final = "org.schulbote.circular"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Whether a circular will be sent; too many: to how many groups it could be now."""

    decision: Decision
    left: int | None = None


class CircularDesk:
    """Sends circulars, each exactly once to each group."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        view: SchoolView,
        keyring: Keyring,
        entering: EnteringDesk,
        hushing: TeachersOnlyDesk,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._view = view
        self._keyring = keyring
        self._entering = entering
        self._hushing = hushing
        self._clock = clock
        self._locks: dict[str, asyncio.Lock] = {}
        self._seen_to: set[str] = set()
        self._never_tried: set[tuple[str, GroupId]] = set()

    async def accept(
        self, person: Person, groups: Sequence[Group], text: str, *, asked: str, language: str
    ) -> Accepted:
        """Takes a circular in, or says why not. `asked` is what asked for it: the same is taken in once. Whoever asked
        sends it then, and says so (`is_told`), or leaves it to the background (`put_off`)."""
        ruling = self._view.now.policy.rights.ruling(person, Right.WRITE_TO_GROUPS)
        if ruling is None or not ruling.allow:
            return Accepted(decision=refuse(Reason.NOT_IN_GROUP, NO_RULE if ruling is None else ruling.id))
        now = self._clock()
        try:
            circular = self._seal(person, text, asked, language, now)
        except UnsealableError:
            return Accepted(decision=refuse(Reason.TOO_LARGE, "rooms:types"))
        wanted = list(dict.fromkeys(group.id for group in groups))
        async with self._engine.begin() as connection:
            since = circular.sent_at_ms - _HOUR_MS
            left = MOST_AN_HOUR - await groups_written_to(connection, person.id, since_ms=since)
            if len(wanted) > left and await open_circular(connection, asked) is None:
                return Accepted(decision=refuse(Reason.TOO_MANY, "circulars:an_hour"), left=max(left, 0))
            if await add_circular(connection, circular, wanted):
                self._never_tried.update((asked, group) for group in wanted)
                await audit.record_for_each(
                    connection,
                    at=now,
                    actor=person.id,
                    action=audit.Action.CIRCULAR_SENT,
                    targets=wanted,
                    by_right=ruling.id,
                    details={},
                )
        self._seen_to.add(asked)
        return Accepted(decision=allow(ruling.id))

    async def send(self, circular_id: str) -> Sequence[InGroup]:
        """Sends what has not been sent of a circular, and returns what became of it.

        Raises:
            HomeserverError: not all could be sent; it will be sent by who asks again.
        """
        async with self._locks.setdefault(circular_id, asyncio.Lock()):
            async with self._engine.connect() as connection:
                circular = await open_circular(connection, circular_id)
                in_groups = await circular_in_groups(connection, circular_id)
            for each in in_groups:
                if circular is None or each.state is not CircularState.WAITING:
                    continue
                became = await self._send_to(circular, each.group_id, entered=each.entered)
                await self._note(circular, became)
            async with self._engine.connect() as connection:
                return await circular_in_groups(connection, circular_id)

    async def is_told(self, circular_id: str) -> None:
        """The sender knows what became of a circular."""
        async with self._engine.begin() as connection:
            await circular_is_told(connection, circular_id)
        self.put_off(circular_id)
        self._locks.pop(circular_id, None)

    def put_off(self, circular_id: str) -> None:
        """Who asked for a circular does not see to it any more."""
        self._seen_to.discard(circular_id)

    async def left_open(self) -> Sequence[Circular]:
        """Those whose senders do not know yet what became of them, and to which nobody sees."""
        async with self._engine.connect() as connection:
            return [each for each in await open_circulars(connection) if each.id not in self._seen_to]

    async def forget(self) -> None:
        """Forgets those that are over."""
        before = int(self._clock().timestamp() * 1000) - _HOUR_MS
        async with self._engine.begin() as connection:
            await forget_circulars(connection, before_ms=before)

    def _seal(self, person: Person, text: str, asked: str, language: str, now: datetime) -> Circular:
        circular = Circular(
            id=asked,
            person_id=person.id,
            user_id=person.user_id,
            sent_at_ms=int(now.timestamp() * 1000),
            language=language,
            sealed={},
        )
        content = {"msgtype": "m.text", "body": text, "m.mentions": {}}
        sealed = self._keyring.seal(content, _binding(circular))
        return replace(circular, sealed=sealed)

    async def _send_to(self, circular: Circular, group_id: GroupId, *, entered: bool) -> InGroup:
        directory = self._view.now.policy.directory
        person, group = directory.person(circular.user_id), directory.group(group_id)
        if person is None or group is None:
            reason = Reason.UNKNOWN_PERSON if person is None else Reason.NOT_IN_GROUP
            return InGroup(group_id=group_id, state=CircularState.REFUSED, reason=reason)
        visit = await self._entering.enter(person, group)
        if visit.decision.reason is not None:
            return InGroup(group_id=group_id, state=CircularState.REFUSED, reason=visit.decision.reason)
        if visit.room_id is None:
            return InGroup(group_id=group_id, state=CircularState.NO_ROOM)
        if visit.changed:
            entered = True
            await self._note(circular, InGroup(group_id=group_id, state=CircularState.WAITING, entered=entered))
        await self._hushing.came(visit.room_id, person.user_id)
        try:
            content = await self._say(circular, group_id, visit.room_id)
        except (RefusedError, NotThereError) as error:
            log.info("circular_refused", circular=circular.id, group=group_id, error=str(error))
            return InGroup(group_id=group_id, state=CircularState.REFUSED, reason=Reason.READ_ONLY, entered=entered)
        return _became(group_id, content, entered=entered)

    async def _note(self, circular: Circular, became: InGroup) -> None:
        async with self._engine.begin() as connection:
            await settle_in_group(connection, circular.id, became)

    async def _say(self, circular: Circular, group_id: GroupId, room_id: str) -> dict[str, Any]:
        """Sends it, if it is not there yet; what stands in the room then."""
        sent = None if (circular.id, group_id) in self._never_tried else await self._find(circular, room_id)
        if sent is None:
            self._never_tried.discard((circular.id, group_id))
            sent = await self._homeserver.send(
                room_id,
                _MESSAGE,
                self._keyring.open(circular.sealed, _binding(circular)),
                txn_id=f"circular-{circular.user_id}-{circular.id}-{group_id}",
                as_user=circular.user_id,
                origin_server_ts=circular.sent_at_ms,
            )
        event = await self._homeserver.event(room_id, sent, as_user=circular.user_id)
        return dict(event["content"])

    async def _find(self, circular: Circular, room_id: str) -> str | None:
        newest = await self._homeserver.newest_events(room_id, sender=circular.user_id, limit=_LOOKED_AT)
        for event in newest:
            if event["type"] == _MESSAGE and event["origin_server_ts"] == circular.sent_at_ms:
                return str(event["event_id"])
        return None


def _became(group_id: GroupId, content: dict[str, Any], *, entered: bool) -> InGroup:
    """The module may have put a notice in the message's place."""
    if HELD_KEY in content:
        return InGroup(group_id=group_id, state=CircularState.HELD, entered=entered)
    if (reason := content.get(REASON_KEY)) in set(Reason):
        return InGroup(group_id=group_id, state=CircularState.REFUSED, reason=Reason(reason), entered=entered)
    return InGroup(group_id=group_id, state=CircularState.SENT, entered=entered)


def _binding(circular: Circular) -> Binding:
    return Binding(
        room_id=circular.id,
        sender=circular.user_id,
        event_type=_SEALED_AS,
        origin_server_ts=circular.sent_at_ms,
    )
