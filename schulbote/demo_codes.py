"""The first codes of a demo. They stay the same from start to start without being kept anywhere but in demo.json: made
from a key of the demo and the person's id."""

import hmac
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncEngine

from school.clock import Clock, utc_now
from school.config import Settings, read_keys
from school.database.first_codes import all_first_codes
from school.domain.first_code import CodeState, CodeVerdict, judge_code, make_code
from school.domain.people import Person, PersonId
from schulbote.connections import open_first_codes

_ACTOR = "schulbote demo"


class DemoCodes:
    """`secret` is what all codes of this demo are made from."""

    def __init__(self, settings: Settings, engine: AsyncEngine, secret: str, *, clock: Clock = utc_now) -> None:
        self._settings = settings
        self._engine = engine
        self._secret = secret.encode()
        self._clock = clock
        self._codes = open_first_codes(settings, engine, random=lambda person: self._random(person.id), clock=clock)

    def of(self, name: str) -> str:
        """The code that belongs to a person's id, or to another name that no person has."""
        return make_code(self._random(name))

    async def ensure(self, people: Sequence[Person]) -> dict[PersonId, str]:
        """Gives a code to those who never had one, and again to those whose days are over. Returns the codes that can
        be used: not those of people who have chosen a password, or were given another code."""
        if not self._settings.accounts.with_codes:
            return {}
        now = self._clock()
        async with self._engine.connect() as connection:
            kept = await all_first_codes(connection)
        due = [
            person for person in people if (code := kept.get(person.id)) is None or code.state(now) is CodeState.EXPIRED
        ]
        await self._codes.issue(due, actor=_ACTOR, by_right=_ACTOR)
        async with self._engine.connect() as connection:
            kept = await all_first_codes(connection)
        key, now = read_keys(self._settings.secrets.code_key)[0], self._clock()
        codes = {person.id: self.of(person.id) for person in people}
        return {
            person_id: code
            for person_id, code in codes.items()
            if judge_code(code, person_id, kept.get(person_id), key=key, now=now) is CodeVerdict.ACCEPTED
        }

    def _random(self, name: str) -> bytes:
        return hmac.digest(self._secret, name.encode(), "sha256")
