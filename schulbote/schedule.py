"""When `schulbote run` syncs: at the times that school.yaml names, on SIGHUP, when a file of the register has changed,
and once more if the last one did not come to its end.

Whatever asks for a sync only leaves a word; one loop syncs, one after the other. Words that come while it does lead
to one more sync after it: the register may have been read before it changed.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

import structlog
from pydantic import BaseModel

from roster_sync.runner import Ending, Outcome
from school.clock import Clock, utc_now
from school.config import Settings
from school.config.cron import next_time

log = structlog.get_logger()

_TICK_SECONDS: Final = 60.0
"""For how long it sleeps at most, so that a clock that is set, or a machine that slept, costs a minute at most."""
_BUSY_AFTER: Final = timedelta(seconds=1)
"""How long after the end of its claim another process is believed to be gone."""
_AGAIN_SECONDS: Final = 60.0
_AGAIN_AT_MOST_SECONDS: Final = 3600.0
"""When one that failed is tried again: after a minute, then after two, four, …"""
_LOOK_SECONDS: Final = 2.0
_QUIET_SECONDS: Final = 10.0
"""For how long nothing may have changed before the files count as whole."""

Files: TypeAlias = frozenset[tuple[str, int, int, int]]
"""What can be seen of files without reading them: path, size, time of the last change, inode."""


class Why(StrEnum):
    """What asked for a sync."""

    SCHEDULE = "schedule"
    SIGNAL = "signal"
    FILES = "files"
    UNFINISHED = "unfinished"


class Schedule:
    """Syncs when it is time. `run` works until it is cancelled."""

    def __init__(
        self,
        *,
        attempt: Callable[[str], Awaitable[Outcome]],
        tell: Callable[[Outcome, str], Awaitable[None]],
        zone: ZoneInfo,
        cron: str | None = None,
        watched: tuple[Path, ...] = (),
        unfinished: Callable[[], Awaitable[bool]] | None = None,
        again_seconds: float = _AGAIN_SECONDS,
        tick_seconds: float = _TICK_SECONDS,
        look_seconds: float = _LOOK_SECONDS,
        quiet_seconds: float = _QUIET_SECONDS,
        clock: Clock = utc_now,
    ) -> None:
        self._attempt = attempt
        self._tell = tell
        self._zone = zone
        self._cron = cron
        self._watched = watched
        self._unfinished = unfinished
        self._again_seconds = self._again_after = again_seconds
        self._tick_seconds = tick_seconds
        self._look_seconds = look_seconds
        self._quiet_seconds = quiet_seconds
        self._clock = clock
        self._asked: dict[Why, None] = {}
        self._wake = asyncio.Event()

    def ask(self, why: Why) -> None:
        """A sync is wanted as soon as possible."""
        self._asked[why] = None
        self._wake.set()

    async def run(self) -> None:
        """Syncs whenever it is asked to."""
        async with asyncio.TaskGroup() as tasks:
            if self._cron is not None:
                tasks.create_task(self._keep_time(self._cron))
            if self._watched:
                tasks.create_task(self._watch())
            if self._unfinished is not None and await self._unfinished():
                self.ask(Why.UNFINISHED)
            while True:
                await self._wake.wait()
                self._wake.clear()
                why, self._asked = list(self._asked), {}
                await self._sync(why)

    async def _sync(self, why: list[Why]) -> None:
        actor = f"schulbote run ({', '.join(why)})"
        outcome = await self._attempt(actor)
        if outcome.ending is Ending.BUSY:
            await self._sleep_until(max(outcome.until or self._clock(), self._clock()) + _BUSY_AFTER)
            for each in why:
                self.ask(each)
            return
        if outcome.ending is Ending.FAILED:
            asyncio.get_running_loop().call_later(self._again_after, self.ask, Why.UNFINISHED)
            self._again_after = min(self._again_after * 2, _AGAIN_AT_MOST_SECONDS)
            return
        self._again_after = self._again_seconds
        try:
            await self._tell(outcome, actor)
        except Exception:
            log.exception("sync_news_not_told")

    async def _keep_time(self, cron: str) -> None:
        while True:
            await self._sleep_until(next_time(cron, self._zone, after=self._clock()))
            self.ask(Why.SCHEDULE)

    async def _sleep_until(self, due: datetime) -> None:
        while True:
            left = (due - self._clock()).total_seconds()
            if left <= 0:
                return
            await asyncio.sleep(min(left, self._tick_seconds))

    async def _watch(self) -> None:
        """Begins with a sync: nobody knows what came while nobody watched."""
        settling = Settling(quiet_seconds=self._quiet_seconds)
        while True:
            files = await asyncio.to_thread(files_in, self._watched)
            if settling.look(files, at=asyncio.get_running_loop().time()):
                self.ask(Why.FILES)
            await asyncio.sleep(self._look_seconds)


class Settling:
    """Says once for every change when it is over."""

    def __init__(self, *, quiet_seconds: float) -> None:
        self._quiet_seconds = quiet_seconds
        self._seen: Files | None = None
        self._since = 0.0
        self._settled: Files | None = None

    def look(self, files: Files, *, at: float) -> bool:
        """Whether the files are others than at the last time, and have been the same for long enough. `at` is in
        seconds, of any clock that only goes forward."""
        if files != self._seen:
            self._seen, self._since = files, at
        if files == self._settled or at - self._since < self._quiet_seconds:
            return False
        self._settled = files
        return True


def files_in(paths: tuple[Path, ...]) -> Files:
    """The files at these paths and in these folders. Looked at one by one, not announced by the system: a folder that
    another machine shares announces nothing."""
    return frozenset(_files_in(paths))


def _files_in(paths: tuple[Path, ...]) -> Iterator[tuple[str, int, int, int]]:
    for path in paths:
        with contextlib.suppress(OSError):  # it is away, or was just now: then it is another state
            for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                with contextlib.suppress(OSError):
                    status = file.stat()
                    if not file.is_dir():
                        yield str(file), status.st_size, status.st_mtime_ns, status.st_ino


def watched_paths(settings: Settings) -> tuple[Path, ...]:
    """Every file and folder that the register is read from."""
    sources = dict(settings.register)
    del sources["ldap"]  # its files are secrets and certificates
    return tuple(dict.fromkeys(_paths(sources)))


def _paths(value: object) -> Iterator[Path]:
    if isinstance(value, Path):
        yield value
    elif isinstance(value, BaseModel):
        yield from _paths(dict(value))
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _paths(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _paths(part)
