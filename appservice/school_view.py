"""The appservice's view of the school: the same standing that the modules decide on, kept fresh in the background."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from school.database.tables import Part
from school.standing import CannotDecideError, Standing, StandingKeeper

log = structlog.get_logger()

REFRESH_SECONDS: Final = 1.0
KNOWN_EVERYWHERE_SECONDS: Final = 1.5
"""After this long every Synapse process has seen a change: they look once a second."""


class SchoolView:
    """Asks the database every second, in a thread, and tells who wants to know what changed."""

    def __init__(self, keeper: StandingKeeper, zone: ZoneInfo) -> None:
        self._keeper = keeper
        self.zone = zone
        self._on_change: dict[Part, list[Callable[[], None]]] = {part: [] for part in Part}
        self._versions: Mapping[Part, int] = {}

    @property
    def now(self) -> Standing:
        """The newest state.

        Raises:
            CannotDecideError: there is none.
        """
        return self._keeper.current()

    def on_rest_change(self, callback: Callable[[], None]) -> None:
        """Calls `callback` whenever somebody's rest may have changed."""
        self._on_change[Part.REST].append(callback)

    def on_people_change(self, callback: Callable[[], None]) -> None:
        """Calls `callback` whenever there may be other people, or other people in a group."""
        self._on_change[Part.PEOPLE].append(callback)

    async def refresh(self) -> None:
        """Looks at the database now."""
        await asyncio.to_thread(self._keeper.refresh)
        with contextlib.suppress(CannotDecideError):
            before, self._versions = self._versions, self.now.snapshot.versions
            for part, callbacks in self._on_change.items():
                if self._versions.get(part) != before.get(part):
                    for callback in callbacks:
                        callback()

    async def until_known_everywhere(self) -> None:
        """Waits until every process knows what was committed before."""
        await self.refresh()
        await asyncio.sleep(KNOWN_EVERYWHERE_SECONDS)

    async def run(self) -> None:
        """Keeps the view fresh until cancelled."""
        while True:
            await self.refresh()
            await asyncio.sleep(REFRESH_SECONDS)


async def keep_trying(name: str, attempt: Callable[[], Awaitable[None]], *, pause: float) -> None:
    """Runs `attempt` for ever, again after `pause` seconds; what it raises is logged and costs nothing but time."""
    while True:
        try:
            await attempt()
        except Exception:
            log.exception("background_work_failed", work=name)
        await asyncio.sleep(pause)
