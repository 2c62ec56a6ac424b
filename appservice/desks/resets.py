"""Resetting passwords, for a chat or a page.

What is decided is written down first, then the old password and every session end, and only then there is a new way in.
Whatever dies in between, the person has the old way or none, and whoever helps them tries again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from secrets import token_bytes, token_urlsafe
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from appservice.first_codes import FirstCodes
from appservice.homeserver import Homeserver
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.config.accounts import AccountSettings, Resets, SignIn
from school.database import audit
from school.domain.decisions import Decision, Reason, refuse
from school.domain.first_code import RANDOM_BYTES, make_code
from school.domain.people import Person, PersonId, UserId
from school.domain.resets import MOST, TOO_MANY, WITHIN, may_reset


class Passwords(Protocol):
    """A program that keeps people's passwords for the school, such as a directory server."""

    async def set(self, person_id: PersonId, password: str) -> None:
        """Gives somebody a password.

        Raises:
            FailedError: they have the one they had. The text says why, and what to do.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """What came of it."""

    decision: Decision
    code: str | None = None
    """With what the person signs in now. Whoever asked is the only one who ever sees it."""
    expires_at: datetime | None = None
    """Until when the code is good; None: it is a password of the directory server, and stays one."""
    again_at: datetime | None = None
    """After too many: when the next one may be."""
    elsewhere: bool = False
    """Passwords are kept by the school's single sign-on; nothing was done here."""


class ResetDesk:
    """Resets passwords. `passwords` is there where the school signs in by a directory server."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        view: SchoolView,
        accounts: AccountSettings,
        codes: FirstCodes,
        tell: Callable[[UserId, Person], Awaitable[None]],
        passwords: Passwords | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._view = view
        self._accounts = accounts
        self._codes = codes
        self._tell = tell
        self._passwords = passwords
        self._clock = clock

    def may_reset(self, resetter: Person, target: Person) -> Decision:
        """Whether somebody resets the password of another."""
        policy = self._view.now.policy
        return may_reset(
            resetter,
            target,
            rights=policy.rights,
            directory=policy.directory,
            own_groups_only=self._accounts.resets is Resets.OWN_GROUPS,
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
        if self._accounts.sign_in is SignIn.OIDC:
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
        code, expires_at = await self._new_way_in(resetter, target, decision, now)
        await self._tell(target.user_id, resetter)
        return Reset(decision=decision, code=code, expires_at=expires_at)

    async def _wait_until(self, connection: AsyncConnection, resetter: Person, now: datetime) -> datetime | None:
        times = await audit.times_since(
            connection, actor=resetter.id, action=audit.Action.PASSWORD_RESET, since=now - WITHIN
        )
        return None if len(times) < MOST else times[-MOST] + WITHIN

    async def _new_way_in(
        self, resetter: Person, target: Person, decision: Decision, now: datetime
    ) -> tuple[str, datetime | None]:
        if self._passwords is not None:
            password = make_code(token_bytes(RANDOM_BYTES))
            await self._passwords.set(target.id, password)
            await self._homeserver.end_sessions(target.user_id)
            return password, None
        # A password that nobody knows takes the place of the one they had, and ends every session.
        await self._homeserver.put_account(target.user_id, password=token_urlsafe(32), logout_devices=True)
        codes = await self._codes.issue([target], actor=resetter.id, by_right=decision.rule)
        return codes[target.id], now + self._accounts.code_lifetime
