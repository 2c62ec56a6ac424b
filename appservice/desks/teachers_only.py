"""Letting only teachers write in a room, and everybody again.

In a group's room the teachers of the group say it; it is kept in the database, so that a sync and a room that is made
anew keep it. In a chat its maker says it, and it stands in the room alone. The other teachers who are there may go on
writing; those who come into a group's room later may, too, as soon as they are in.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from appservice.homeserver import Homeserver
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.database import audit
from school.database.teachers_only import (
    group_with_teachers_only,
    is_for_teachers_only,
    set_teachers_only,
    told_teachers_only,
)
from school.domain import teachers_only
from school.domain.decisions import Decision, Reason, refuse
from school.domain.groups import GroupId
from school.domain.people import TEACHER, Person, UserId
from school.domain.rooms import RoomKind, RoomStamp

_LEVELS: Final = "m.room.power_levels"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hush:
    """Whether only teachers write in a room now; the decision is about who asked."""

    decision: Decision
    on: bool = False


class TeachersOnlyDesk:
    """Hushes rooms, and wakes them again."""

    def __init__(
        self, *, engine: AsyncEngine, homeserver: Homeserver, view: SchoolView, clock: Clock = utc_now
    ) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._view = view
        self._clock = clock

    async def look(self, person: Person, room_id: str, stamp: RoomStamp) -> Hush:
        """How it is now.

        Raises:
            HomeserverError: the homeserver does not say.
        """
        decision = await self._decide(person, room_id, stamp)
        if not decision:
            return Hush(decision=decision)
        if stamp.group is not None:
            async with self._engine.connect() as connection:
                return Hush(decision=decision, on=await is_for_teachers_only(connection, stamp.group))
        levels = await self._homeserver.state(room_id, _LEVELS, as_user=person.user_id)
        return Hush(decision=decision, on=teachers_only.is_for_teachers_only(levels))

    async def set(self, person: Person, room_id: str, stamp: RoomStamp, *, on: bool) -> Hush:
        """Lets only teachers write, or everybody. Saying it again takes in the teachers who have come since.

        Raises:
            HomeserverError: in a chat nothing has changed; in a group's room the next sync does it.
        """
        decision = await self._decide(person, room_id, stamp)
        if not decision:
            return Hush(decision=decision)
        if stamp.group is not None:
            await self._set_in_group(person, room_id, stamp.group, decision, on=on)
        else:
            maker = person.user_id  # is above all levels, and must not be named in them
            writers = [user_id for user_id in await self._teachers_in(room_id) if user_id != maker]
            await self._write(room_id, on=on, writers=writers, as_user=maker)
            async with self._engine.begin() as connection:
                await self._record(connection, person, room_id, decision, on=on)
        return Hush(decision=decision, on=on)

    async def came(self, room_id: str, user_id: UserId) -> None:
        """Somebody has come into a room. A visiting teacher may write also where only teachers do."""
        person = self._view.now.policy.directory.person(user_id)
        if person is None or person.role != TEACHER:
            return
        async with self._engine.connect() as connection:
            group = await group_with_teachers_only(connection, room_id)
        if group is not None and group not in person.groups:
            levels = await self._homeserver.state(room_id, _LEVELS)
            writers = teachers_only.writers_of(levels) | {user_id}
            await self._write(room_id, on=True, writers=writers, levels=levels)

    async def _decide(self, person: Person, room_id: str, stamp: RoomStamp) -> Decision:
        if stamp.kind not in {RoomKind.GROUP, RoomKind.CHAT}:
            return refuse(Reason.NOT_OFFERED, "rooms:state")
        decision = self._view.now.policy.may_let_only_teachers_write(person.user_id, stamp.group)
        if decision and stamp.kind is RoomKind.CHAT and not await self._made(person, room_id):
            return refuse(Reason.NOT_A_MODERATOR, "rooms:power_levels")
        return decision

    async def _made(self, person: Person, room_id: str) -> bool:
        """Whether somebody made a room: no other person's power level reaches so far."""
        state = await self._homeserver.whole_state(room_id)
        return any(event["type"] == "m.room.create" and event["sender"] == person.user_id for event in state)

    async def _set_in_group(
        self, person: Person, room_id: str, group: GroupId, decision: Decision, *, on: bool
    ) -> None:
        async with self._engine.begin() as connection:
            if await set_teachers_only(connection, group, on=on):
                await self._record(connection, person, room_id, decision, on=on)
        await self._write(room_id, on=on, writers=await self._teachers_in(room_id))
        async with self._engine.begin() as connection:
            await told_teachers_only(connection, room_id, on=on)

    async def _write(
        self,
        room_id: str,
        *,
        on: bool,
        writers: Iterable[UserId],
        levels: Mapping[str, Any] | None = None,
        as_user: UserId | None = None,
    ) -> None:
        """Reads, merges, writes: what is left out of power levels falls back to laxer ones."""
        if levels is None:
            levels = await self._homeserver.state(room_id, _LEVELS, as_user=as_user)
        wanted = teachers_only.with_teachers_only(levels, writers) if on else teachers_only.with_everybody(levels)
        if wanted != levels:
            await self._homeserver.set_state(room_id, _LEVELS, "", wanted, as_user=as_user)

    async def _record(
        self, connection: AsyncConnection, person: Person, room_id: str, decision: Decision, *, on: bool
    ) -> None:
        await audit.record(
            connection,
            at=self._clock(),
            actor=person.id,
            action=audit.Action.TEACHERS_ONLY_SET,
            target=room_id,
            by_right=decision.rule,
            details={"on": on},
        )

    async def _teachers_in(self, room_id: str) -> list[UserId]:
        directory = self._view.now.policy.directory
        people = (directory.person(UserId(user_id)) for user_id in await self._homeserver.room_members(room_id))
        return [person.user_id for person in people if person is not None and person.role == TEACHER]
