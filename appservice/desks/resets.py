"""Resetting passwords, for a chat or a page. What is decided is written down before anything is done."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from appservice.homeserver import Homeserver
from appservice.new_way_in import NewWaysIn, WayIn
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.database import audit
from school.domain.decisions import Decision, Reason, refuse
from school.domain.people import Person, UserId
from school.domain.resets import MOST, TOO_MANY, WITHIN, may_reset


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """What came of it."""

    decision: Decision
    way_in: WayIn | None = None
    again_at: datetime | None = None
    """After too many: when the next one may be."""
    elsewhere: bool = False
    """Passwords are kept by the school's single sign-on; nothing was done here."""


class ResetDesk:
    """Resets passwords."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        view: SchoolView,
        ways_in: NewWaysIn,
        own_groups_only: bool,
        tell: Callable[[UserId, Person], Awaitable[None]],
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._view = view
        self._ways_in = ways_in
        self._own_groups_only = own_groups_only
        self._tell = tell
        self._clock = clock

    def may_reset(self, resetter: Person, target: Person) -> Decision:
        """Whether somebody resets the password of another."""
        policy = self._view.now.policy
        return may_reset(
            resetter,
            target,
            rights=policy.rights,
            directory=policy.directory,
            own_groups_only=self._own_groups_only,
        )

    async def reset(self, resetter: Person, target: Person) -> Reset:
        """Resets a password.

        Raises:
            FailedError: the homeserver or the directory server does not do it now.
        """
        decision = self.may_reset(resetter, target)
        if decision and await self._homeserver.is_admin(target.user_id):
            decision = refuse(Reason.NOT_OF_STAFF, "accounts:never_of_staff")
        if not decision:
            return Reset(decision=decision)
        if self._ways_in.are_elsewhere:
            return Reset(decision=decision, elsewhere=True)
        now = self._clock()
        async with self._engine.begin() as connection:
            again_at = await self._wait_until(connection, resetter, now)
            if again_at is not None:
                return Reset(decision=TOO_MANY, again_at=again_at)
            await audit.record(
                connection,
                at=now,
                actor=resetter.id,
                action=audit.Action.PASSWORD_RESET,
                target=target.id,
                by_right=decision.rule,
                details={},
            )
        way_in = await self._ways_in.make(target, actor=resetter.id, by_right=decision.rule)
        await self._tell(target.user_id, resetter)
        return Reset(decision=decision, way_in=way_in)

    async def _wait_until(self, connection: AsyncConnection, resetter: Person, now: datetime) -> datetime | None:
        times = await audit.times_since(
            connection, actor=resetter.id, action=audit.Action.PASSWORD_RESET, since=now - WITHIN
        )
        return None if len(times) < MOST else times[-MOST] + WITHIN
