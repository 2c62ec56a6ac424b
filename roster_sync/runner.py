"""One sync from its beginning to its end, whoever starts it: the schedule, a signal, a new file, the bot, the command
line.

Never two at once: a lock in this process, a lease in the database for the others. What keeps a sync from doing all
that it should is an exception (`run`) for who waits in front of it, and a value (`attempt`) for who tells others.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import HomeserverError
from appservice.stages import Progress
from roster_sync.mirror import Mirror, MirrorReport
from roster_sync.plan import Plan
from roster_sync.sync import LEASE as DIRECTORY_LEASE
from roster_sync.sync import BlockedError, RosterSync
from school.clock import Clock, utc_now
from school.database.holders import holder
from school.database.leases import LeaseLostError, LeaseTakenError, lease
from school.database.sync_runs import begun, ended
from school.domain.roster import RegisterError, Roster

log = structlog.get_logger()

_LEASE: Final = "roster sync"
_LEASE_SECONDS: Final = 60.0


class StoppedError(BlockedError):
    """The plan needs a person's word. Nothing was changed."""

    def __init__(self, plan: "PlanSeen") -> None:
        super().__init__(plan.stopped or "")
        self.plan = plan


class Ending(StrEnum):
    """How a sync ended."""

    DONE = "done"
    """The directory follows the register, and the homeserver follows the directory but for the named failures."""
    STOPPED = "stopped"
    """The plan needs a person's word."""
    UNREADABLE = "unreadable"
    """The register cannot be used as it is."""
    BUSY = "busy"
    """Another process syncs."""
    FAILED = "failed"
    """The homeserver or the database did not answer, or we made a mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSeen:
    """A plan, and what tells it from every other."""

    plan: Plan
    key: str
    doubts: tuple[str, ...] = ()
    """What the register's readers are not sure of."""

    @property
    def stopped(self) -> str | None:
        """Why it waits for a person's word."""
        return self.plan.blocked

    @property
    def counts(self) -> Mapping[str, int]:
        """How much it changes."""
        return counts_of(self.plan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a sync."""

    ending: Ending
    seen: PlanSeen | None = None
    report: MirrorReport | None = None
    problem: str = ""
    """What to do, where it did not end well."""
    until: datetime | None = None
    """BUSY: when the other process's claim ends, if it is gone."""

    @property
    def failures(self) -> tuple[str, ...]:
        """What the homeserver did not do, with its reasons."""
        return tuple(self.report.failures) if self.report else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """What can be seen of a runner from outside."""

    running: bool = False
    stages: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """How much of each stage is done and how much there is, in the order in which they began."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """How much the last plan changes."""
    failures: int = 0
    ending: Ending | None = None


class Runner:
    """Runs syncs, one after the other. The functions put one together: the register may be elsewhere every time."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        sync: Callable[[], RosterSync],
        mirror: Callable[[Progress], Mirror],
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._sync = sync
        self._mirror = mirror
        self._clock = clock
        self._one = asyncio.Lock()
        self.state = RunState()

    @property
    def is_running(self) -> bool:
        """Whether a sync of this process is under way."""
        return self._one.locked()

    async def look(self) -> PlanSeen:
        """What a sync would do now.

        Raises:
            RegisterError: the register cannot be used as it is.
        """
        sync = self._sync()
        register = await asyncio.to_thread(sync.read)
        return _seen(await sync.plan(register), register, sync)

    async def run(
        self,
        *,
        actor: str,
        confirmed: bool | str = False,
        on_plan: Callable[[PlanSeen], None] = lambda _: None,
        progress: Progress = lambda *_: None,
    ) -> Outcome:
        """Syncs; waits for one of this process that is under way. `confirmed`: apply a plan that is stopped; with a
        text, only the plan with this key.

        Raises:
            RegisterError: the register cannot be used as it is.
            StoppedError: the plan is stopped and nobody confirmed it.
            LeaseTakenError: another process syncs.
            LeaseLostError, HomeserverError, SQLAlchemyError: it could not be brought to its end.
        """
        async with self._one, lease(self._engine, _LEASE, holder(actor), seconds=_LEASE_SECONDS, now=self._clock):
            self.state = replace(self.state, running=True, stages={})
            try:
                async with self._engine.begin() as connection:
                    await begun(connection)
                try:
                    outcome = await self._run(actor, confirmed, on_plan, progress)
                except (RegisterError, StoppedError):
                    await self._ended(succeeded=False)
                    raise
                await self._ended(succeeded=not outcome.failures)
            finally:
                self.state = replace(self.state, running=False)
            return outcome

    async def attempt(
        self, *, actor: str, confirmed: bool | str = False, progress: Progress = lambda *_: None
    ) -> Outcome:
        """Syncs, and says what became of it whatever happens."""
        try:
            outcome = await self.run(actor=actor, confirmed=confirmed, progress=progress)
        except StoppedError as error:
            outcome = Outcome(ending=Ending.STOPPED, seen=error.plan, problem=str(error))
        except RegisterError as error:
            outcome = Outcome(ending=Ending.UNREADABLE, problem=str(error))
        except LeaseTakenError as error:
            outcome = Outcome(ending=Ending.BUSY, problem=str(error), until=error.until)
        except (LeaseLostError, HomeserverError) as error:
            outcome = Outcome(ending=Ending.FAILED, problem=str(error))
        except SQLAlchemyError:
            log.warning("sync_failed", exc_info=True)
            outcome = Outcome(ending=Ending.FAILED, problem="the database cannot be used")
        except Exception:
            log.exception("sync_failed")
            outcome = Outcome(ending=Ending.FAILED, problem="something went wrong; the log says what")
        self.state = replace(self.state, ending=outcome.ending)
        log.info("sync_ended", actor=actor, ending=outcome.ending, failures=len(outcome.failures))
        return outcome

    async def _run(
        self, actor: str, confirmed: bool | str, on_plan: Callable[[PlanSeen], None], progress: Progress
    ) -> Outcome:
        sync = self._sync()
        register = await asyncio.to_thread(sync.read)
        if isinstance(confirmed, str):
            planned = _seen(await sync.plan(register), register, sync)
            if planned.stopped and planned.key != confirmed:
                self._show(planned)
                raise StoppedError(planned)
        try:
            plan = await sync.apply(register, actor=actor, confirmed=bool(confirmed))
        except BlockedError as error:
            planned = _seen(await sync.plan(register), register, sync)
            self._show(planned)
            raise StoppedError(planned) from error
        seen = _seen(plan, register, sync)
        self._show(seen)
        on_plan(seen)

        def tell(stage: str, done: int, total: int) -> None:
            self.state = replace(self.state, stages={**self.state.stages, stage: (done, total)})
            progress(stage, done, total)

        report = await sync.mirror(self._mirror(tell), wait=not plan.is_empty)
        self.state = replace(self.state, failures=len(report.failures))
        return Outcome(ending=Ending.DONE, seen=seen, report=report)

    def _show(self, seen: PlanSeen) -> None:
        self.state = replace(self.state, counts=seen.counts)

    async def _ended(self, *, succeeded: bool) -> None:
        async with self._engine.begin() as connection:
            await ended(connection, succeeded_at=self._clock() if succeeded else None)


@asynccontextmanager
async def no_sync(engine: AsyncEngine, *, actor: str, clock: Clock = utc_now) -> AsyncIterator[None]:
    """While the block runs no sync does, in whichever process.

    Raises:
        LeaseTakenError: one is running.
    """
    mine = holder(actor)
    async with (
        lease(engine, _LEASE, mine, seconds=_LEASE_SECONDS, now=clock),
        lease(engine, DIRECTORY_LEASE, mine, seconds=_LEASE_SECONDS, now=clock),
    ):
        yield


def counts_of(plan: Plan) -> dict[str, int]:
    """How much a plan changes, by the names that every program uses for it."""
    changed = {person.id for person in (*plan.people_renamed, *plan.people_changed)}
    return {
        "people_added": len(plan.people_added),
        "people_changed": len(changed),
        "people_left": len(plan.people_left),
        "groups_added": len(plan.groups_added),
        "groups_changed": len(plan.groups_changed),
        "groups_ended": len(plan.groups_ended),
        "memberships_added": len(plan.memberships_added),
        "memberships_removed": len(plan.memberships_removed),
    }


def _seen(plan: Plan, register: Roster, sync: RosterSync) -> PlanSeen:
    return PlanSeen(plan=plan, key=plan_key(plan, sync.options.identity_key), doubts=register.doubts)


def plan_key(plan: Plan, secret: bytes) -> str:
    """What tells a plan from every other: the same in every process, whatever the order of the register's rows. Keyed,
    so that no name can be guessed from it."""
    text = json.dumps(_plain(plan), default=str, sort_keys=True)
    return hmac.digest(secret, f"plan\0{text}".encode(), hashlib.sha256).hex()[:32]


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {part.name: _plain(getattr(value, part.name)) for part in fields(value) if part.compare}
    if isinstance(value, tuple) and all(isinstance(item, str) for item in value):
        return value  # a membership: who, and where
    if isinstance(value, tuple | frozenset):
        return sorted(map(_plain, value), key=lambda item: json.dumps(item, default=str, sort_keys=True))
    return value
