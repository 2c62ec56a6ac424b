"""First codes for people: making them, and what becomes of them.

Whoever calls `issue` or `draft` is the only one who ever sees the codes; what is kept is a digest. Each step of a code
is in the audit log, without the code. Whether the school has codes at all is `settings.accounts.with_codes`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_bytes
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from school.clock import Clock, utc_now
from school.database.audit import Action, record, record_for_each
from school.database.code_reader import read_first_code
from school.database.first_codes import (
    accounts_in_use,
    all_first_codes,
    end_first_code,
    first_code_used,
    save_first_codes,
)
from school.domain.first_code import RANDOM_BYTES, CodeState, FirstCode, SignedInWith, digest_of, make_code
from school.domain.people import Person, PersonId

OWN_ACCOUNT: Final = "accounts:own"
"""The rule by which people use their code and choose a password."""


def random_for(_person: Person) -> bytes:
    """What a code is made of."""
    return token_bytes(RANDOM_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftedCodes:
    """Codes of people that do not hold yet, and what will be kept of them."""

    codes: Mapping[PersonId, str] = field(repr=False)
    kept: Mapping[PersonId, FirstCode] = field(repr=False)
    made_at: datetime
    expires_at: datetime


class FirstCodes:
    """The first codes of the school. `read_key` reads the key of the digests when it is needed."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        read_key: Callable[[], bytes],
        lifetime: timedelta,
        random: Callable[[Person], bytes] = random_for,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._read_key = read_key
        self._lifetime = lifetime
        self._random = random
        self._clock = clock

    async def issue(self, people: Sequence[Person], *, actor: str, by_right: str) -> dict[PersonId, str]:
        """Makes a code for each of these people, all or none; the codes that they had are over.

        A password of their own, if somebody has one, is another matter: it goes on working, and the first login with
        it ends the code.

        Raises:
            ConfigError: the key is missing; nothing was made.
        """
        draft = self.draft(people)
        await self.put_in_force(draft, actor=actor, by_right=by_right)
        return dict(draft.codes)

    def draft(self, people: Sequence[Person]) -> "DraftedCodes":
        """Codes that are good for nothing yet. They can be printed while the old ones still hold.

        Raises:
            ConfigError: the key is missing.
        """
        key, now = self._read_key(), self._clock()
        codes = {person.id: make_code(self._random(person)) for person in people}
        expires_at = now + self._lifetime
        kept = {
            person_id: FirstCode(digest=digest_of(code, person_id, key), made_at=now, expires_at=expires_at)
            for person_id, code in codes.items()
        }
        return DraftedCodes(codes=codes, kept=kept, made_at=now, expires_at=expires_at)

    async def put_in_force(
        self, draft: "DraftedCodes", *, actor: str, by_right: str, at_last: Callable[[], None] = lambda: None
    ) -> None:
        """From now on these codes hold, all or none; the codes that their people had are over.

        `at_last` hands them out. It is called when all is written and nothing holds yet: if it raises, nothing has
        changed. The database waits for it, so it must not take long.
        """
        async with self._engine.begin() as connection:
            await save_first_codes(connection, draft.kept)
            await record_for_each(
                connection,
                at=draft.made_at,
                actor=actor,
                action=Action.CODE_MADE,
                targets=list(draft.codes),
                by_right=by_right,
                details={"expires_at": draft.expires_at.timestamp()},
            )
            at_last()

    async def signed_in(self, person_id: PersonId, with_what: SignedInWith, *, at: datetime) -> None:
        """Somebody has signed in: with their code, or with a password of their own, so that the code is over."""
        if with_what is SignedInWith.FIRST_CODE:
            await self.used(person_id, at=at)
        if with_what is SignedInWith.OWN_PASSWORD:
            await self.end(person_id, at=at)

    async def used(self, person_id: PersonId, *, at: datetime | None = None) -> bool:
        """Somebody has signed in with their code; says whether for the first time."""
        at = at or self._clock()
        async with self._engine.begin() as connection:
            if not await first_code_used(connection, person_id, at):
                return False
            await record(
                connection,
                at=at,
                actor=person_id,
                action=Action.CODE_USED,
                target=person_id,
                by_right=OWN_ACCOUNT,
                details={},
            )
        return True

    async def end(
        self,
        person_id: PersonId,
        *,
        at: datetime | None = None,
        actor: str | None = None,
        by_right: str = OWN_ACCOUNT,
    ) -> bool:
        """Ends somebody's code: they have chosen a password (without `actor`), or somebody takes it back. A code that
        was made after `at` stays; says whether there was one to end."""
        at = at or self._clock()
        async with self._engine.begin() as connection:
            if not await end_first_code(connection, person_id, at):
                return False
            await record(
                connection,
                at=at,
                actor=actor or person_id,
                action=Action.CODE_ENDED,
                target=person_id,
                by_right=by_right,
                details={},
            )
        return True

    async def valid_until(self, person_id: PersonId) -> datetime | None:
        """Until when somebody's code lets them in; None if it does not (any more)."""
        async with self._engine.connect() as connection:
            code = await connection.run_sync(read_first_code, person_id)
        if code is None or code.state(self._clock()) not in {CodeState.UNUSED, CodeState.IN_USE}:
            return None
        return code.expires_at

    async def waiting_for_first_login(self, people: Sequence[Person]) -> list[Person]:
        """Those who have never signed in, in the order given."""
        async with self._engine.connect() as connection:
            in_use = await accounts_in_use(connection)
        return [person for person in people if person.id not in in_use]

    async def without_own_password(self, people: Sequence[Person]) -> list[Person]:
        """Those who depend on a code, in the order given: they never signed in, or their newest code was not ended,
        though its days may be over."""
        async with self._engine.connect() as connection:
            in_use = await accounts_in_use(connection)
            codes = await all_first_codes(connection)
        return [
            person
            for person in people
            if (person.id not in in_use if (code := codes.get(person.id)) is None else code.ended_at is None)
        ]
