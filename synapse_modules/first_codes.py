"""First codes as passwords: in every client that signs in with a password, and wherever one is asked for again.

1. Synapse asks here first. What is no code, or no good one, is refused here, and Synapse goes on to passwords.
2. The code of somebody who is not in the directory is never good. Whether an account is locked, Synapse asks itself.
3. What is kept of codes is read from the school's database, in a thread, with time limits that hold even if the
   database has stopped. What cannot be read accepts nobody; Synapse has no way to say "try again" from here.
4. Where Synapse leaves passwords to the Matrix Authentication Service, or the key is missing, no code is accepted, and
   all else goes on.
5. A login that ends well without a code was one with a password of the person's own.
"""

import logging
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from prometheus_client import Counter
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from synapse.module_api import ModuleApi
from synapse.module_api.errors import ConfigError

from school.clock import Clock
from school.config import ConfigError as SchoolConfigError
from school.config import Settings, read_keys
from school.database.code_reader import read_first_code
from school.domain.first_code import CodeVerdict, FirstCode, SignedInWith, judge_code, read_code
from school.domain.people import PersonId, UserId
from school.standing import CannotDecideError, Standing
from school.texts import Texts
from synapse_modules.fail_closed import fail_closed
from synapse_modules.in_time import InTime

logger = logging.getLogger(__name__)

Answer = tuple[str, None] | None
"""Whose account it is, or None: ask somebody else."""

PASSWORD: Final = "m.login.password"  # noqa: S105 - the name of a login type
_AT_ONCE: Final = 4
"""So many of Synapse's threads at most wait for the database."""
_MOST_SECONDS: Final = 4.0
"""For one answer of the database, which itself gives up a little earlier (`school.database.code_reader`)."""
_STEP_SECONDS: Final = 0.01
_STEPS: Final = 300

_checked = Counter("schulbote_first_codes", "First codes that were typed, by the answer they got.", ["verdict"])
_UNDECIDED: Final = "undecided"


@dataclass(slots=True)
class _Attempt:
    """One request with a password."""

    served: UserId | None = None
    """Whom a code has let in."""


_attempt: ContextVar[_Attempt | None] = ContextVar("schulbote_attempt", default=None)
"""The attempt of the request that is being answered. Each request of Synapse has a context of its own."""


class CodeDoor:
    """Checks first codes. `own_password_since` knows of passwords of which the database does not know yet."""

    def __init__(
        self,
        api: ModuleApi,
        engine: Engine,
        key: bytes,
        texts: Texts,
        *,
        standing: Callable[[], Standing],
        own_password_since: Callable[[UserId], datetime | None],
        clock: Clock,
    ) -> None:
        self._api = api
        self._engine = engine
        self._key = key
        self.texts = texts
        self._standing = standing
        self._own_password_since = own_password_since
        self._clock = clock
        self._reading = 0
        self._in_time = InTime(seconds=_MOST_SECONDS, at_once=_AT_ONCE)

    def check(self, username: str, login_type: str, fields: dict[str, Any]) -> Awaitable[Answer]:
        """Synapse's question for a password. It is no coroutine itself: what Synapse awaits runs in a context of its
        own, and `signed_in_with` has to find the attempt in that of the request."""
        attempt = _Attempt()
        _attempt.set(attempt)
        return self._check(attempt, username, fields.get("password"))

    def signed_in_with(self, user_id: str, login_type: str | None) -> SignedInWith:
        """What somebody has just signed in with, in the request that asked `check`."""
        attempt = _attempt.get()
        if login_type != PASSWORD or attempt is None:
            return SignedInWith.OTHER
        return SignedInWith.FIRST_CODE if attempt.served == user_id else SignedInWith.OWN_PASSWORD

    @fail_closed(on_doubt=None)
    async def _check(self, attempt: _Attempt, username: str, password: object) -> Answer:
        code = read_code(password) if isinstance(password, str) else None
        if code is None:
            return None
        # Nothing but the case may differ from the name in the directory: Synapse counts failed logins by name.
        user_id = UserId(self._api.get_qualified_user_id(username).lower())
        verdict: str = _UNDECIDED
        try:
            verdict = await self._judge(user_id, code)
        finally:
            _checked.labels(verdict).inc()
        if verdict != CodeVerdict.ACCEPTED:
            logger.info("The first code for %s was not accepted: %s", user_id, verdict)
            return None
        if await self._api.check_user_exists(user_id) != user_id:
            return None
        attempt.served = user_id
        return user_id, None

    async def _judge(self, user_id: UserId, code: str) -> CodeVerdict:
        person = self._standing().policy.directory.person(user_id)
        if person is None:
            return CodeVerdict.NO_CODE
        kept = await self._read(person.id)
        verdict = judge_code(code, person.id, kept, key=self._key, now=self._clock())
        ended_at = self._own_password_since(user_id)
        if verdict is CodeVerdict.ACCEPTED and kept and ended_at and kept.made_at <= ended_at:
            return CodeVerdict.ENDED
        return verdict

    async def _read(self, person_id: PersonId) -> FirstCode | None:
        """What is kept of somebody's code.

        Raises:
            CannotDecideError: the database does not say.
        """
        for _ in range(_STEPS):
            if self._reading < _AT_ONCE:
                break
            await self._api.sleep(_STEP_SECONDS)
        else:
            raise CannotDecideError("too many first codes are waiting for the database")
        self._reading += 1
        try:
            return await self._api.defer_to_thread(self._in_time.call, lambda: self._read_now(person_id))
        except (SQLAlchemyError, OSError) as error:
            raise CannotDecideError(f"the first codes cannot be read: {error}") from error
        finally:
            self._reading -= 1

    def _read_now(self, person_id: PersonId) -> FirstCode | None:
        with self._engine.connect() as connection, connection.begin():
            return read_first_code(connection, person_id)


def open_code_door(
    settings: Settings,
    api: ModuleApi,
    engine: Engine,
    texts: Texts,
    *,
    standing: Callable[[], Standing],
    own_password_since: Callable[[UserId], datetime | None],
    clock: Clock,
) -> CodeDoor | None:
    """Makes first codes passwords, where people sign in with codes."""
    if not settings.accounts.with_codes:
        return None
    try:
        key = read_keys(settings.secrets.code_key)[0]
        door = CodeDoor(api, engine, key, texts, standing=standing, own_password_since=own_password_since, clock=clock)
        api.register_password_auth_provider_callbacks(auth_checkers={(PASSWORD, ("password",)): door.check})
    except SchoolConfigError as error:
        logger.warning("No first code is accepted: %s", error)
    except ConfigError as error:
        logger.warning("No first code is accepted, because Synapse does not check passwords: %s", error)
    else:
        return door
    return None
