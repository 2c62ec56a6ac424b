"""Much work of one kind: several at once, one stage after the other. One thing that fails does not stop the rest; it is
named and tried again in the next run."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias, TypeVar

import structlog

from appservice.homeserver import HomeserverError

log = structlog.get_logger()

_AT_ONCE: Final = 8

Progress: TypeAlias = Callable[[str, int, int], None]
"""Told the name of a stage, how much of it is done and how much there is."""

T = TypeVar("T")


class Stages:
    """Does things and names what failed."""

    def __init__(self, *, failures: list[str], progress: Progress = lambda *_: None) -> None:
        self.failures = failures
        self.progress = progress

    async def each(
        self, stage: str, items: Sequence[T], work: Callable[[T], Awaitable[None]], name: Callable[[T], str]
    ) -> None:
        """Does `work` for all of a stage."""
        slots = asyncio.Semaphore(_AT_ONCE)
        done = 0
        self.progress(stage, done, len(items))

        async def one(item: T) -> None:
            nonlocal done
            async with slots:
                try:
                    await work(item)
                except HomeserverError as error:
                    log.warning("mirror_item_failed", stage=stage, item=name(item), error=str(error))
                    self.failures.append(f"{stage}: {name(item)}: {error}")
            done += 1
            self.progress(stage, done, len(items))

        await asyncio.gather(*(one(item) for item in items))
