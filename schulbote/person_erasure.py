"""`schulbote erase-person`: erases somebody who has left the register, at once instead of after the school's period.

The same steps in the same order as a sync takes (`appservice.departures`): whatever a killed run has done is found
done, and the rest is done by the next.
"""

import asyncio

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.departures import Departures
from appservice.homeserver import Homeserver
from appservice.school_view import KNOWN_EVERYWHERE_SECONDS
from roster_sync.runner import no_sync
from school.database import held
from school.database.erasure import Leaver
from school.database.everybody import KnownPerson, read_everybody
from school.database.mirror import account_rows
from school.database.tables import RegisterState
from school.domain.people import PersonId
from school.errors import FailedError
from schulbote.named import find_known

_ACTOR = "schulbote erase-person"


class StillThereError(FailedError):
    """Somebody is in the register. The text says what to do."""


class NotConfirmedError(FailedError):
    """Nobody said yes."""


async def find_erasable(engine: AsyncEngine, words: str) -> KnownPerson | None:
    """Somebody who has left; None: they were erased already.

    Raises:
        NotMeantError: nobody is meant, or more than one.
        StillThereError: they are in the register.
    """
    known = find_known(await _everybody(engine), words)
    if known.standing is RegisterState.ACTIVE:
        raise StillThereError(
            f"{known.person.display_name} ({known.person.id}) is in the register and would come back with the next "
            "sync. Take them out of the register, start `schulbote sync`, and then try again."
        )
    return None if known.standing is RegisterState.ERASED else known


def told_at_first(known: KnownPerson) -> str:
    """What happens, for who is asked to confirm it."""
    person = known.person
    return (
        f"{person.display_name} ({person.id}, {person.role}, {person.user_id}) will be erased for ever: account, "
        "sessions, all that the directory knows, and what they wrote that was not delivered. What they wrote stays "
        "readable for those who were in its room then. Nobody ever gets the user id again."
    )


async def erase_person(engine: AsyncEngine, homeserver: Homeserver, known: KnownPerson) -> int:
    """Erases somebody; how many held messages of theirs were deleted.

    Raises:
        StillThereError: they are in the register again.
        LeaseTakenError: a sync is running.
        HomeserverError: it was not done to its end; do it again.
    """
    person = known.person
    async with no_sync(engine, actor=_ACTOR):
        if await find_erasable(engine, person.user_id) is None:
            return 0
        async with engine.connect() as connection:
            undelivered = await held.undelivered_of(connection, person.user_id)
        departures = Departures(engine=engine, homeserver=homeserver)
        if await _has_open_account(engine, person.id):
            await asyncio.sleep(KNOWN_EVERYWHERE_SECONDS)  # they may have left a moment ago: Synapse has to know it
            await departures.close(person.id, person.user_id)
        await departures.erase(Leaver(person_id=person.id, user_id=person.user_id), actor=_ACTOR)
    return len(undelivered)


async def _has_open_account(engine: AsyncEngine, person_id: PersonId) -> bool:
    async with engine.connect() as connection:
        rows = await account_rows(connection)
    return any(row.person_id == person_id and row.known_name is not None and not row.locked for row in rows)


async def _everybody(engine: AsyncEngine) -> list[KnownPerson]:
    async with engine.connect() as connection:
        return await connection.run_sync(read_everybody)
