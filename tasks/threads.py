"""What takes the disk's time is done in threads, and whoever is cancelled meanwhile waits until it is done: nobody else
touches a file while a thread still does."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, TypeVar

from tasks.sealed_file import SealedReader

_Result = TypeVar("_Result")


async def uninterrupted(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Does something to its end, also when whoever waits for it is cancelled."""
    running = asyncio.create_task(work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


async def in_thread(work: Callable[..., _Result], *values: object) -> _Result:
    """Does something in a thread."""
    return await uninterrupted(asyncio.to_thread(work, *values))


async def pieces_of(reader: SealedReader) -> AsyncIterator[bytes]:
    """A file's content, read in threads; it is closed afterwards."""
    pieces = reader.pieces()
    try:
        while (piece := await in_thread(next, pieces, None)) is not None:
            yield piece
    finally:
        reader.close()
