"""Locking an account, and opening it again: for the leadership, and for whoever runs the server.

Who is locked is signed out everywhere, cannot sign in, and stays in the directory and in all rooms. The lock is the
database's: a sync makes the homeserver follow it. Nobody locks themselves, and nobody an admin of the homeserver.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import Enum, auto
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from appservice.homeserver import Homeserver, NotThereError
from school.clock import Clock, utc_now
from school.database import audit
from school.database.locks import end_lock, is_locked, set_lock
from school.domain.people import Person, UserId

LEADERSHIP: Final = "leadership"
ADMIN: Final = "admin"
"""What the audit log names as the right by which somebody locks an account."""


class Locking(Enum):
    """What came of it, or would."""

    DONE = auto()
    IS_SO = auto()
    """It was so already; the homeserver was told once more."""
    NOT_LEADERSHIP = auto()
    ONESELF = auto()
    ADMIN = auto()


class LockDesk:
    """Locks accounts."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        is_admin: Callable[[UserId], Awaitable[bool]],
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._is_admin = is_admin
        self._clock = clock

    async def may(self, actor: Person) -> bool:
        """Whether somebody may lock accounts at all."""
        return actor.leadership or await self._is_admin(actor.user_id)

    async def look(self, actor: Person, whom: Person) -> Locking | None:
        """Why one person may not lock another; None: they may."""
        if not await self.may(actor):
            return Locking.NOT_LEADERSHIP
        if actor.user_id == whom.user_id:
            return Locking.ONESELF
        if await self._is_admin(whom.user_id):
            return Locking.ADMIN
        return None

    async def is_locked(self, whom: Person) -> bool:
        """Whether an account is locked."""
        async with self._engine.connect() as connection:
            return await is_locked(connection, whom.id)

    async def lock(self, actor: Person, whom: Person) -> Locking:
        """Locks an account and ends its sessions.

        Raises:
            HomeserverError: the next sync locks it, if nobody asks again.
        """
        if (refused := await self.look(actor, whom)) is not None:
            return refused
        async with self._engine.begin() as connection:
            is_new = await set_lock(connection, whom.id, self._clock())
            if is_new:
                await self._record(connection, actor, audit.Action.ACCOUNT_LOCKED, whom)
        with suppress(NotThereError):  # there is no account yet: the sync that makes it locks it
            await self._homeserver.end_sessions(whom.user_id)
            await self._homeserver.put_account(whom.user_id, locked=True)
            await self._homeserver.end_sessions(whom.user_id)  # of whoever signed in between
        return Locking.DONE if is_new else Locking.IS_SO

    async def unlock(self, actor: Person, whom: Person) -> Locking:
        """Opens an account again.

        Raises:
            HomeserverError: it stays locked until somebody asks again.
        """
        if not await self.may(actor):
            return Locking.NOT_LEADERSHIP
        if actor.user_id == whom.user_id:
            return Locking.ONESELF
        if not await self.is_locked(whom):
            return Locking.IS_SO
        with suppress(NotThereError):
            await self._homeserver.end_sessions(
                whom.user_id
            )  # asks whether there is an account: writing would make one
            await self._homeserver.put_account(whom.user_id, locked=False)
        async with self._engine.begin() as connection:
            if await end_lock(connection, whom.id):
                await self._record(connection, actor, audit.Action.ACCOUNT_UNLOCKED, whom)
        return Locking.DONE

    async def _record(self, connection: AsyncConnection, actor: Person, action: audit.Action, whom: Person) -> None:
        await audit.record(
            connection,
            at=self._clock(),
            actor=actor.id,
            action=action,
            target=whom.id,
            by_right=LEADERSHIP if actor.leadership else ADMIN,
            details={},
        )
