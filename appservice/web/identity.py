"""Who somebody is: the one place for it, and for every page the same.

1. There are five ways to show it: the first code, the password, the school's single sign-on, a personal link from the
   bot, the word of the messenger around a widget. Each ends in the same session.
2. A session is a row in the database; the browser has a random token, and the row its hash. Signing out deletes the
   row, here or everywhere.
3. Whose account is locked, or who is not in the register any more, is nobody from that moment on: both are looked at
   with every request.
4. It is over two hours after it was last used, after twelve in any case, and when the browser is closed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256
from secrets import token_urlsafe
from typing import Final

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.web.cookies import Cookie, Cookies
from appservice.web.problems import Problem, Trouble
from school.clock import Clock, utc_now
from school.database.web_sessions import (
    SessionRow,
    begin_session,
    end_session,
    end_web_sessions,
    forget_web_sessions,
    session_of,
    session_seen,
)
from school.domain.people import Person, UserId

UNUSED: Final = timedelta(hours=2)
LONGEST: Final = timedelta(hours=12)
_SEEN_EVERY_SECONDS: Final = 60.0


class Way(StrEnum):
    """How somebody showed who they are. Values are in the database for as long as a session lasts."""

    CODE = "code"
    """The first code of a letter, where a password is asked for."""
    PASSWORD = "password"  # noqa: S105 - the name of a way
    SSO = "sso"
    LINK = "link"
    WIDGET = "widget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Somebody who is signed in, in one browser."""

    person: Person
    way: Way
    session: str
    """The hash of the browser's token."""


def hash_of(token: str) -> str:
    """What is kept of a random token."""
    return sha256(token.encode()).hexdigest()


class Identities:
    """Begins sessions, finds them again, ends them."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        cookies: Cookies,
        person_of: Callable[[UserId], Person | None],
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._cookies = cookies
        self.person_of = person_of
        self._clock = clock

    async def of(self, request: web.Request, *, framed: bool = False) -> Identity | None:
        """Who sends a request; None if nobody is signed in in that browser.

        Raises:
            CannotDecideError: nobody can be known just now.
        """
        token = self._cookies.read(request, Cookie.SESSION, framed=framed)
        if token is None:
            return None
        now = self._clock().timestamp()
        async with self._engine.connect() as connection:
            row = await session_of(connection, hash_of(token))
        if row is None or now - row.seen_at > UNUSED.total_seconds() or now - row.made_at > LONGEST.total_seconds():
            return None
        person = self.person_of(row.user_id)
        if person is None:
            return None
        if now - row.seen_at > _SEEN_EVERY_SECONDS:
            async with self._engine.begin() as connection:
                await session_seen(connection, row.token_hash, now)
        return Identity(person=person, way=Way(row.way), session=row.token_hash)

    async def begin(
        self,
        response: web.StreamResponse,
        user_id: UserId,
        way: Way,
        *,
        instead_of: Identity | None = None,
        framed: bool = False,
    ) -> Person:
        """Signs somebody in, with a token that nobody has seen before; the session that the browser had ends.

        Raises:
            CannotDecideError: nobody can be known just now.
            Problem: the homeserver knows them, the school does not.
        """
        person = self.person_of(user_id)
        if person is None:
            raise Problem(Trouble.NOBODY)
        token, now = token_urlsafe(32), self._clock().timestamp()
        row = SessionRow(token_hash=hash_of(token), user_id=user_id, way=way.value, made_at=now, seen_at=now)
        async with self._engine.begin() as connection:
            if instead_of is not None:
                await end_session(connection, instead_of.session)
            await begin_session(connection, row)
        self._cookies.write(response, Cookie.SESSION, token, framed=framed)
        return person

    async def end(self, response: web.StreamResponse, identity: Identity | None, *, framed: bool = False) -> None:
        """Signs somebody out in this browser."""
        if identity is not None:
            async with self._engine.begin() as connection:
                await end_session(connection, identity.session)
        self._cookies.drop(response, Cookie.SESSION, framed=framed)

    async def end_others(self, identity: Identity) -> None:
        """Signs somebody out in all other browsers."""
        async with self._engine.begin() as connection:
            await end_web_sessions(connection, identity.person.user_id, but=identity.session)

    async def end_all(self, user_id: UserId) -> None:
        """Signs somebody out in all browsers."""
        async with self._engine.begin() as connection:
            await end_web_sessions(connection, user_id)

    async def forget_old(self) -> None:
        """Takes away what is over."""
        now = self._clock().timestamp()
        async with self._engine.begin() as connection:
            await forget_web_sessions(
                connection,
                made_before=now - LONGEST.total_seconds(),
                seen_before=now - UNUSED.total_seconds(),
            )
