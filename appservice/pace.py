"""How fast is released: as fast as the homeserver takes it while nobody else writes; else one message at a time, with
pauses, so that whoever writes waits for one message of ours at most."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

ROOMS_AT_ONCE: Final = 8
"""More rooms at once do not make Synapse faster."""
_SOMEBODY_IS_THERE: Final = 5.0
_SHARE: Final = 0.75
"""How long is paused after a message, beside the time that it took."""
_LONGEST_PAUSE: Final = 2.0


class Pace:
    """Tells how fast."""

    def __init__(self) -> None:
        self._wrote_at: float | None = None
        self._one = asyncio.Lock()

    def somebody_wrote(self) -> None:
        """A person has written something just now."""
        self._wrote_at = asyncio.get_running_loop().time()

    @property
    def is_careful(self) -> bool:
        """Whether somebody has written in the last seconds."""
        return self._wrote_at is not None and asyncio.get_running_loop().time() - self._wrote_at < _SOMEBODY_IS_THERE

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Around one message."""
        if not self.is_careful:
            yield
            return
        async with self._one:
            started = asyncio.get_running_loop().time()
            yield
            await asyncio.sleep(min((asyncio.get_running_loop().time() - started) * _SHARE, _LONGEST_PAUSE))
