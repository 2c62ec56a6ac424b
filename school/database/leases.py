"""Leases: work that only one process may do at a time, such as the roster sync.

A lease ends by itself, so that a process that dies does not block the others for ever. Its holder renews it in the
background. A holder that cannot (somebody else has it, the database does not answer) is interrupted before, or
as soon as, the lease is no longer its own.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from logging import getLogger
from typing import Final

from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from school.database.holders import is_gone
from school.database.tables import leases
from school.errors import FailedError

_logger = getLogger(__name__)

_STOP_SECONDS: Final = 5
"""How long a renewal under way may take to end by itself before it is broken off."""

_PAUSE_SECONDS: Final = 0.5
"""How long is waited before a lease that is taken is asked for again."""

_TAKE: Final = text(
    "INSERT INTO leases (name, holder, until) VALUES (:name, :holder, :until) "
    "ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until "
    "WHERE leases.until <= :now RETURNING holder"
)


class LeaseTakenError(FailedError):
    """Somebody else is doing this work. Try later."""

    def __init__(self, name: str, holder: str, until: datetime) -> None:
        super().__init__(
            f'"{name}" is already being done by {holder}. Wait until it has finished; if that program is gone, '
            f"try again after {until:%Y-%m-%d %H:%M:%S} UTC."
        )
        self.name = name
        self.holder = holder
        self.until = until


class LeaseLostError(FailedError):
    """The lease could not be renewed in time, so the work was interrupted. Try later."""

    def __init__(self, name: str) -> None:
        super().__init__(f'"{name}" was interrupted: its lease could not be renewed in time. Try again later.')
        self.name = name


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    engine: AsyncEngine
    name: str
    holder: str
    seconds: float
    now: Callable[[], datetime]

    async def take(self) -> None:
        """Takes it if it is free, or if the process that has it was killed on this machine.

        Raises:
            LeaseTakenError: it is held.
        """
        try:
            await self._take()
        except LeaseTakenError as error:
            if not is_gone(error.holder):
                raise
            _logger.warning("taking over %s from %s, which is gone", self.name, error.holder)
            async with self.engine.begin() as connection:
                await connection.execute(
                    delete(leases).where(leases.c.name == self.name, leases.c.holder == error.holder)
                )
            await self._take()

    async def _take(self) -> None:
        now = self.now().timestamp()
        values = {"name": self.name, "holder": self.holder, "until": now + self.seconds, "now": now}
        async with self.engine.begin() as connection:
            if (await connection.execute(_TAKE, values)).first() is not None:
                return
            # The refused upsert has locked the row (PostgreSQL) or the whole database (SQLite): it is still there.
            found = await connection.execute(select(leases.c.holder, leases.c.until).where(leases.c.name == self.name))
            holder, until = found.one()
        raise LeaseTakenError(self.name, holder, datetime.fromtimestamp(until, UTC))

    async def renew(self) -> bool:
        """Whether it is still ours."""
        until = self.now().timestamp() + self.seconds
        async with self.engine.begin() as connection:
            done = await connection.execute(
                update(leases).where(leases.c.name == self.name, leases.c.holder == self.holder).values(until=until)
            )
        return done.rowcount == 1

    async def give_back(self) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(delete(leases).where(leases.c.name == self.name, leases.c.holder == self.holder))


@asynccontextmanager
async def lease(
    engine: AsyncEngine, name: str, holder: str, *, seconds: float, now: Callable[[], datetime]
) -> AsyncGenerator[None]:
    """Hold the lease `name` while the block runs. `holder` names this run of this process (its name, host, process
    id): no two may have the same one. The block must not keep a write transaction of SQLite open, nor the event
    loop busy, for longer than half of `seconds`: the renewal could not get through.

    Raises:
        LeaseTakenError: it is held, by whomever; the block does not run.
        LeaseLostError: it could not be renewed; the block was cancelled.
    """
    claim = _Claim(engine=engine, name=name, holder=holder, seconds=seconds, now=now)
    asked_at = asyncio.get_running_loop().time()
    await claim.take()
    finished = asyncio.Event()
    deadline = asyncio.timeout_at(asked_at + seconds)
    renewing: asyncio.Task[None] | None = None
    try:
        async with deadline:
            renewing = asyncio.create_task(_keep(claim, deadline, finished))
            yield
    except TimeoutError as error:
        if deadline.expired():
            raise LeaseLostError(name) from error
        raise
    finally:
        finished.set()
        if renewing is not None:
            await asyncio.wait({renewing}, timeout=_STOP_SECONDS)
            renewing.cancel()
        await _give_back(claim)


@asynccontextmanager
async def patient_lease(
    engine: AsyncEngine,
    name: str,
    holder: str,
    *,
    seconds: float,
    now: Callable[[], datetime],
    patience: float,
    pause: float = _PAUSE_SECONDS,
) -> AsyncGenerator[None]:
    """The same for short work: waits up to `patience` seconds for whoever is at it.

    Raises:
        LeaseTakenError: it was held for all that time.
        LeaseLostError: it could not be renewed; the block was cancelled.
    """
    give_up_at = asyncio.get_running_loop().time() + patience
    async with AsyncExitStack() as stack:
        while True:
            try:
                await stack.enter_async_context(lease(engine, name, holder, seconds=seconds, now=now))
                break
            except LeaseTakenError:
                if asyncio.get_running_loop().time() >= give_up_at:
                    raise
            await asyncio.sleep(pause)
        yield


async def _keep(claim: _Claim, deadline: asyncio.Timeout, finished: asyncio.Event) -> None:
    """Renew three times in the time of the lease, and move the deadline of the block along."""
    loop = asyncio.get_running_loop()
    while not await _within(claim.seconds / 3, finished):
        asked_at = loop.time()
        try:
            still_ours = await claim.renew()
        except Exception:  # whatever a driver raises: try again, the deadline stands
            _logger.warning("could not renew the lease %s", claim.name, exc_info=True)
            continue
        if finished.is_set() or deadline.expired():
            return
        if not still_ours:
            deadline.reschedule(asked_at)
            return
        deadline.reschedule(asked_at + claim.seconds)


async def _within(seconds: float, finished: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await finished.wait()
    except TimeoutError:
        return False


async def _give_back(claim: _Claim) -> None:
    try:
        await claim.give_back()
    except Exception:  # the work is done, or its own error is on its way: the lease ends by itself
        _logger.warning("could not give back the lease %s", claim.name, exc_info=True)
