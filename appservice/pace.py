"""How fast is released: as fast as the homeserver takes it while nobody else writes; else one message at a time, with
pauses, so that whoever writes waits for one message of ours at most."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

AT_ONCE: Final = 8
"""More rooms at once do not make Synapse faster."""
_SOMEBODY_IS_THERE: Final = 5.0
_SHARE: Final = 0.75
"""How long is paused after a message, beside the time that it took."""
_LONGEST_PAUSE: Final = 2.0


class Pace:
    """Tells how fast. `monotonic` in seconds."""

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._monotonic = monotonic
        self._sleep = sleep
        self._wrote_at: float | None = None
        self._one = asyncio.Lock()

    def somebody_wrote(self) -> None:
        """A person has written something just now."""
        self._wrote_at = self._monotonic()

    @property
    def is_careful(self) -> bool:
        """Whether somebody has written in the last seconds."""
        return self._wrote_at is not None and self._monotonic() - self._wrote_at < _SOMEBODY_IS_THERE

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Around one message."""
        if not self.is_careful:
            yield
            return
        async with self._one:
            started = self._monotonic()
            yield
            await self._sleep(min((self._monotonic() - started) * _SHARE, _LONGEST_PAUSE))
