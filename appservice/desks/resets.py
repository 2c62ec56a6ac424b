"""Resetting passwords, for a chat or a page. What is decided is written down before anything is done.

Somebody is found among those whose password may be reset. Where several can be meant, whoever asks says which.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from appservice.bot.people_words import find_by_name, in_order, nearest
from appservice.desks.handing_out import HandingOut
from appservice.homeserver import Homeserver, TryLaterError
from appservice.new_way_in import NewWaysIn, WayIn
from appservice.patience import patiently
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.database import audit
from school.domain.decisions import Decision, Reason, refuse
from school.domain.people import Person, UserId
from school.domain.resets import MOST, TOO_MANY, WITHIN, may_reset, may_reset_somebody

log = structlog.get_logger()

Tell = Callable[[UserId, Person, datetime], Awaitable[None]]
"""Tells somebody who has reset their password, and when; telling it twice is fine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Whom somebody means: one, or several who can be meant. With nobody: why not, or who has a similar name."""

    people: Sequence[Person] = ()
    refusal: Reason | None = None
    near: Person | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """What came of it. `handed_out`: the name under which the way in can be seen once more (`HandingOut`)."""

    decision: Decision
    way_in: WayIn | None = None
    handed_out: str = ""
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
        tell: Tell,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._view = view
        self._ways_in = ways_in
        self._own_groups_only = own_groups_only
        self._tell = tell
        self._clock = clock
        self.handing_out = HandingOut(clock)
        self._telling: set[asyncio.Task[None]] = set()

    def may_reset_somebody(self, resetter: Person) -> Decision:
        """Whether somebody resets passwords at all."""
        return may_reset_somebody(resetter, rights=self._view.now.policy.rights)

    def find(self, resetter: Person, words: str) -> Found:
        """Whom somebody means by `words`, of those whose password they may reset. Who may reset none learns of
        nobody."""
        allowed_at_all = self.may_reset_somebody(resetter)
        if not allowed_at_all:
            return Found(refusal=allowed_at_all.reason)
        everybody = list(self._view.now.policy.directory.people)
        found = find_by_name(words, everybody)
        decisions = [(person, self.may_reset(resetter, person)) for person in found or everybody]
        allowed = [person for person, decision in decisions if decision]
        if not found:
            return Found(near=nearest(words, allowed))
        if not allowed:
            return Found(refusal=decisions[0][1].reason)
        return Found(people=in_order(allowed))

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
        handed_out = self.handing_out.keep(resetter.user_id, target, way_in)
        await self._tell_of_it(target, resetter, now)
        return Reset(decision=decision, way_in=way_in, handed_out=handed_out)

    async def _tell_of_it(self, target: Person, resetter: Person, at: datetime) -> None:
        """Whose password it is, is told, if need be later. Whatever goes wrong with that: what was made is not lost."""
        try:
            await self._tell(target.user_id, resetter, at)
        except TryLaterError:
            task = asyncio.create_task(patiently(lambda: self._tell(target.user_id, resetter, at)))
            self._telling.add(task)
            task.add_done_callback(self._is_told)
        except Exception:
            log.exception("reset_not_told")

    def _is_told(self, task: asyncio.Task[None]) -> None:
        self._telling.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.warning("reset_not_told", error=str(task.exception()))

    async def _wait_until(self, connection: AsyncConnection, resetter: Person, now: datetime) -> datetime | None:
        times = await audit.times_since(
            connection, actor=resetter.id, action=audit.Action.PASSWORD_RESET, since=now - WITHIN
        )
        return None if len(times) < MOST else times[-MOST] + WITHIN
