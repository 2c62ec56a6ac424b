"""Entering the rooms of a group, and leaving them again.

Who may write to all groups comes and goes. Who is in the group is in its rooms, and stays there. What is done here for
a visitor is what the module does for one who comes by a link: into the space first, which opens the rooms.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.desks.reach import room_of
from appservice.homeserver import Homeserver, RefusedError
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.database import audit
from school.database.mirror import GroupRoomRow, group_room_rows
from school.domain.decisions import Decision
from school.domain.groups import Group
from school.domain.people import Person
from school.domain.rooms import RoomKind

_IN_THIS_ORDER: Final = (RoomKind.SPACE, RoomKind.GROUP, RoomKind.ANNOUNCEMENTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What came of it. `changed` are the rooms that were entered or left now; none: it was so already."""

    decision: Decision
    changed: Sequence[str] = ()
    room_id: str | None = None
    """The room in which the group talks; None: it has none yet."""


class EnteringDesk:
    """Brings people into the rooms of groups, and out."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        view: SchoolView,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._view = view
        self._clock = clock

    async def enter(self, person: Person, group: Group) -> Visit:
        """Brings somebody into all rooms of a group, if they may.

        Raises:
            HomeserverError: not all could be done; it can be asked for again.
        """
        policy = self._view.now.policy
        decision = policy.may_enter_group(person.user_id, room_of(group, policy.bot))
        rows = await self._rooms(group)
        if not decision or RoomKind.GROUP not in rows:
            return Visit(decision=decision)
        inside = set(await self._homeserver.joined_rooms(person.user_id))
        missing = [rows[kind] for kind in _IN_THIS_ORDER if kind in rows and rows[kind].room_id not in inside]
        for row in missing:
            if row.lets_in is not None and inside.isdisjoint(row.lets_in):
                with suppress(RefusedError):  # who is in it by now cannot be invited; joining tells the rest
                    await self._homeserver.invite(row.room_id, person.user_id)
            await self._homeserver.join(row.room_id, as_user=person.user_id)
            inside.add(row.room_id)
        if missing:
            await self._log(audit.Action.GROUP_ENTERED, person, group, decision)
        changed = [row.room_id for row in missing]
        return Visit(decision=decision, changed=changed, room_id=rows[RoomKind.GROUP].room_id)

    async def leave(self, person: Person, group: Group) -> Visit:
        """Takes a visitor out of all rooms of a group.

        Raises:
            HomeserverError: not all could be done; it can be asked for again.
        """
        policy = self._view.now.policy
        decision = policy.may_leave(person.user_id, room_of(group, policy.bot))
        rows = await self._rooms(group)
        if not decision or RoomKind.GROUP not in rows:
            return Visit(decision=decision)
        inside = set(await self._homeserver.joined_rooms(person.user_id))
        here = [rows[kind].room_id for kind in reversed(_IN_THIS_ORDER) if kind in rows]
        left = [room_id for room_id in here if room_id in inside]
        for room_id in left:
            await self._homeserver.leave(room_id, as_user=person.user_id)
        return Visit(decision=decision, changed=left, room_id=rows[RoomKind.GROUP].room_id)

    async def _rooms(self, group: Group) -> Mapping[RoomKind, GroupRoomRow]:
        async with self._engine.connect() as connection:
            return (await group_room_rows(connection)).get(group.id, {})

    async def _log(self, action: audit.Action, person: Person, group: Group, decision: Decision) -> None:
        async with self._engine.begin() as connection:
            await audit.record(
                connection,
                at=self._clock(),
                actor=person.id,
                action=action,
                target=group.id,
                by_right=decision.rule,
                details={},
            )
