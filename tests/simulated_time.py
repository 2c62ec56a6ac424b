"""Time that passes only while nobody has anything to do.

An event loop whose clock stands still while anybody works, and then jumps to the next moment that somebody waits for.
Everything else is asyncio's own. Threads count as work (aiosqlite's, `asyncio.to_thread`): no time passes until they
are done. If nobody works and nobody waits for a moment, what is waited for can never come, and that is an error.
"""

import asyncio
import selectors
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, Final

_MIDNIGHT: Final = datetime(2026, 5, 5, tzinfo=UTC)
_PATIENCE_SECONDS: Final = 60.0
"""Real ones: how long a thread may work."""


class SimulatedLoop(asyncio.SelectorEventLoop):
    """The loop; its clock on the wall begins at `start`."""

    def __init__(self, start: datetime = _MIDNIGHT) -> None:
        self._start = start
        self._passed = 0.0
        self._at_work: set[object] = set()
        super().__init__(_Selector(self))

    def time(self) -> float:
        return self._passed

    def now(self) -> datetime:
        """What the clock on the wall shows, in UTC."""
        return self._start + timedelta(seconds=self._passed)

    def leap(self, to: datetime) -> None:
        """Everything sleeps until then, as on a machine that was put to sleep: what would have been due is late."""
        self._passed = max(self._passed, (to - self._start).total_seconds())

    def wait(self, seconds: float | None, look: Callable[[float | None], Any]) -> Any:
        """What the loop does when it has nothing to do; `look` is for real ones."""
        if seconds == 0:
            return look(0)
        if self._at_work:
            found = look(_PATIENCE_SECONDS)
            assert found, "a thread does not end"
            return found
        assert seconds is not None, f"nobody does what these wait for: {asyncio.all_tasks(self)}"
        self._passed += seconds
        return look(0)

    def create_future(self) -> asyncio.Future[Any]:
        future = super().create_future()
        if "aiosqlite" in sys._getframe(1).f_globals["__name__"]:  # a thread will do it
            self._works_on(future)
        return future

    def run_in_executor(self, *args: Any) -> asyncio.Future[Any]:
        return self._works_on(super().run_in_executor(*args))

    async def shutdown_default_executor(self, *args: Any) -> None:
        self._at_work.add(self)
        await super().shutdown_default_executor(*args)

    def _works_on(self, future: asyncio.Future[Any]) -> asyncio.Future[Any]:
        self._at_work.add(future)
        future.add_done_callback(self._at_work.discard)
        return future


class _Selector(selectors.DefaultSelector):
    def __init__(self, loop: SimulatedLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        return self._loop.wait(timeout, super().select)


def simulated(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Runs a test in simulated time."""

    @wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        run_simulated(test(*args, **kwargs))

    return run


def run_simulated(work: Coroutine[Any, Any, None], start: datetime = _MIDNIGHT) -> None:
    """Runs something in simulated time."""
    with asyncio.Runner(loop_factory=lambda: SimulatedLoop(start)) as runner:
        runner.run(work)


async def cancelled(*tasks: asyncio.Task[Any]) -> None:
    """Ends tasks, as a program that is told to stop."""
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
