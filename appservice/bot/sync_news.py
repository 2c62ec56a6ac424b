"""What the leadership hears of a sync that nobody was watching: that it stopped, that the register cannot be read,
what could not be done. Once for each cause, not every night anew."""

import hashlib
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.sync_words import Outcome, say_outcome
from appservice.homeserver import HomeserverError
from school.clock import Clock, utc_now
from school.database.sync_runs import tell_stop, told_stop
from school.domain.people import Person, UserId
from school.texts import Texts

log = structlog.get_logger()


class Tell(Protocol):
    """Says something in somebody's control room; False: they have none."""

    def __call__(self, user_id: UserId, text: str, *, txn_id: str) -> Awaitable[bool]: ...


class SyncNews:
    """Tells everybody of the leadership who has a control room."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        people: Callable[[], Iterable[Person]],
        tell: Tell,
        has_seen: Callable[[UserId, str], None],
        texts: Texts,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._people = people
        self._tell = tell
        self._has_seen = has_seen
        self._texts = texts
        self._clock = clock

    async def about(self, outcome: Outcome, *, actor: str) -> None:
        """Tells what became of a sync, if it is something that was not told before."""
        if outcome.ending in ("busy", "failed"):
            return  # it is tried again; and where the homeserver does not answer, nobody can be told
        stop = stop_of(outcome)
        async with self._engine.connect() as connection:
            told = await told_stop(connection)
        if stop == told or (stop is not None and not await self._tell_all(outcome, stop)):
            return
        async with self._engine.begin() as connection:
            await tell_stop(connection, stop, at=self._clock(), actor=actor, details={"ending": str(outcome.ending)})

    async def _tell_all(self, outcome: Outcome, stop: str) -> bool:
        """Whether somebody was told."""
        text, reached = say_outcome(outcome, self._texts), 0
        for person in self._people():
            if not person.leadership:
                continue
            try:
                if not await self._tell(person.user_id, text, txn_id=f"sync-{person.user_id}-{stop}"):
                    continue
            except HomeserverError as error:
                log.warning("leadership_not_told", person=person.id, error=str(error))
                continue
            reached += 1
            if outcome.seen is not None and outcome.seen.stopped:
                self._has_seen(person.user_id, outcome.seen.key)
        if not reached:
            log.warning("leadership_not_told", ending=str(outcome.ending), problem=outcome.problem)
        return bool(reached)


def stop_of(outcome: Outcome) -> str | None:
    """What tells one cause from another; None: everything was done."""
    match outcome.ending:
        case "stopped" if outcome.seen is not None:
            return outcome.seen.key
        case "done":
            return _hash("\n".join(sorted(outcome.failures))) if outcome.failures else None
        case _:
            return _hash(outcome.problem)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
