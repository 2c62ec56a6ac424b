"""What the pages need of other parts of the school, and what stands there where a school has none of it."""

from datetime import datetime
from typing import Protocol

from school.domain.people import PersonId


class FirstCodes(Protocol):
    """The codes with which people log in for the first time, until they choose a password."""

    async def valid_until(self, person_id: PersonId) -> datetime | None:
        """Until when somebody's code lets them in; None if it does not."""

    async def end(self, person_id: PersonId) -> bool:
        """Somebody has chosen a password: their code is over. False if there is none."""


class NoFirstCodes:
    """A school whose accounts got their passwords elsewhere."""

    async def valid_until(self, person_id: PersonId) -> datetime | None:
        return None

    async def end(self, person_id: PersonId) -> bool:
        return False
