"""A new way in for somebody who cannot sign in any more.

The old password and every session end first, and only then there is a new one. Whatever dies in between, the person has
the old way or none, and whoever helps them tries again.
"""

from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_bytes, token_urlsafe
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.first_codes import FirstCodes
from appservice.homeserver import Homeserver
from school.clock import Clock, utc_now
from school.config.accounts import AccountSettings, SignIn
from school.database.web_links import end_links
from school.database.web_sessions import end_web_sessions
from school.domain.first_code import RANDOM_BYTES, make_code
from school.domain.people import Person, PersonId


class Passwords(Protocol):
    """A program that keeps people's passwords for the school, such as a directory server."""

    async def set(self, person_id: PersonId, password: str) -> None:
        """Gives somebody a password.

        Raises:
            FailedError: they have the one they had. The text says why, and what to do.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class WayIn:
    """With what somebody signs in now. Whoever asked is the only one who ever sees it."""

    code: str = field(repr=False)
    expires_at: datetime | None
    """Until when the code is good; None: it is a password of the directory server, and stays one."""


class NewWaysIn:
    """Makes them. `passwords` is there where the school signs in by a directory server."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        accounts: AccountSettings,
        codes: FirstCodes,
        passwords: Passwords | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._accounts = accounts
        self._codes = codes
        self._passwords = passwords
        self._clock = clock

    @property
    def are_elsewhere(self) -> bool:
        """Whether passwords are kept by the school's single sign-on, so that nothing can be done here."""
        return self._accounts.sign_in is SignIn.OIDC

    async def make(self, person: Person, *, actor: str, by_right: str) -> WayIn:
        """Makes one; what they had is over.

        Raises:
            FailedError: the homeserver or the directory server does not do it now.
        """
        if self._passwords is not None:
            password = make_code(token_bytes(RANDOM_BYTES))
            await self._passwords.set(person.id, password)
            await self._homeserver.end_sessions(person.user_id)
            await self._end_pages(person)
            return WayIn(code=password, expires_at=None)
        # A password that nobody knows takes the place of the one they had, and ends every session.
        await self._homeserver.put_account(person.user_id, password=token_urlsafe(32), logout_devices=True)
        await self._end_pages(person)
        expires_at = self._clock() + self._accounts.code_lifetime
        codes = await self._codes.issue([person], actor=actor, by_right=by_right)
        return WayIn(code=codes[person.id], expires_at=expires_at)

    async def _end_pages(self, person: Person) -> None:
        """Whoever was signed in to the web pages, or has a link to them, is out."""
        async with self._engine.begin() as connection:
            await end_web_sessions(connection, person.user_id)
            await end_links(connection, person.user_id)
