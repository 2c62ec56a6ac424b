"""People who leave the school, and people who come back.

In this order (docs/adr): the directory forgets them, the bot takes them out of the rooms of their groups, and then here
they leave every other room in their own name, their account is locked and their sessions end. What they left is
remembered: who comes back in time is invited again by somebody who is still there and may. When the time is over, what
they wrote and nobody got is deleted, the homeserver erases the account, and the database forgets the person.
"""

from contextlib import suppress
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import Homeserver, NotThereError, RefusedError
from school.clock import Clock, utc_now
from school.database import audit, erasure, held
from school.database.erasure import Leaver
from school.database.mirror import account_locked, forget_rooms, remember_rooms, remembered_rooms
from school.database.tables import HeldState
from school.database.web_links import end_links
from school.database.web_sessions import end_web_sessions
from school.domain.people import PersonId, UserId
from school.domain.rooms import RoomKind, stamp_from

log = structlog.get_logger()

_MOST_ASKED: Final = 5
"""So many members are tried as hosts before a room is given up."""


class Departures:
    """Closes accounts, opens them again, erases them."""

    def __init__(self, *, engine: AsyncEngine, homeserver: Homeserver, clock: Clock = utc_now) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._clock = clock

    async def close(self, person_id: PersonId, user_id: UserId) -> None:
        """Somebody has left the school and is in no room of a group any more."""
        rooms = await self._homeserver.joined_rooms(user_id)
        async with self._engine.begin() as connection:
            await remember_rooms(connection, person_id, rooms)
        for room_id in rooms:
            with suppress(RefusedError, NotThereError):  # out of it already, or a room that nobody leaves
                await self._homeserver.leave(room_id, as_user=user_id)
        await self._homeserver.put_account(user_id, locked=True)
        await self._homeserver.end_sessions(user_id)
        async with self._engine.begin() as connection:
            await end_web_sessions(connection, user_id)
            await end_links(connection, user_id)
            await account_locked(connection, person_id, locked=True)

    async def come_back(self, person_id: PersonId, user_id: UserId) -> None:
        """Somebody is back, and their account is open again: they return to the rooms that they left."""
        async with self._engine.connect() as connection:
            rooms = await remembered_rooms(connection, person_id)
        for room_id in rooms:
            if not await self._return(room_id, user_id):
                log.info("not_returned", user=user_id, room=room_id)
        async with self._engine.begin() as connection:
            await forget_rooms(connection, person_id)

    async def _return(self, room_id: str, user_id: UserId) -> bool:
        try:
            create = await self._room_of(room_id)
            stamp = stamp_from(create["content"])
            members = await self._homeserver.room_members(room_id)
        except NotThereError:
            return False
        if stamp is None or user_id in members:
            return user_id in members
        hosts = sorted(members, key=lambda member: member != create["sender"])
        if stamp.kind is RoomKind.CONTROL:
            hosts = [self._homeserver.bot]
        for host in hosts[:_MOST_ASKED]:
            with suppress(RefusedError):
                await self._homeserver.invite(room_id, user_id, as_user=host)
                await self._homeserver.join(room_id, as_user=user_id)
                return True
        return False

    async def _room_of(self, room_id: str) -> dict[str, Any]:
        return next(event for event in await self._homeserver.whole_state(room_id) if event["type"] == "m.room.create")

    async def due(self, *, after_days: int) -> list[Leaver]:
        """Whose time is over."""
        before = self._clock().timestamp() - after_days * 86400
        async with self._engine.connect() as connection:
            return list(await erasure.leavers(connection, before=before))

    async def erase(self, leaver: Leaver, *, actor: str = "sync") -> None:
        """Erases somebody, first on the homeserver; a crash in between is made good by doing it again. What they wrote
        and others never got is deleted before: nobody could do it later."""
        await self._take_back(leaver.user_id)
        with suppress(NotThereError):  # they never had an account
            await self._homeserver.erase(leaver.user_id)
        async with self._engine.begin() as connection:
            nobody = await erasure.erase(connection, leaver)
            await audit.record(
                connection,
                at=self._clock(),
                actor=actor,
                action=audit.Action.PERSON_ERASED,
                target=nobody,
                by_right="import_people",
                details={},
            )

    async def _take_back(self, user_id: UserId) -> None:
        async with self._engine.connect() as connection:
            undelivered = await held.undelivered_of(connection, user_id)
        for message in undelivered:
            try:
                await self._homeserver.redact_sent_at(user_id, message.room_id, at_ms=message.origin_server_ts_ms)
            except (RefusedError, NotThereError) as error:  # the seal stays, and nobody but the school could open it
                log.warning("seal_not_deleted", held=message.event_id, room=message.room_id, error=str(error))
            async with self._engine.begin() as connection:
                await held.settle(connection, message.event_id, HeldState.WITHDRAWN)
