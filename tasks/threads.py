"""What takes the disk's time is done in threads, and whoever is cancelled meanwhile waits until it is done: nobody else
touches a file while a thread still does. What comes over the network can be ended."""

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


class EndedError(Exception):
    """Nobody waits for the rest any more."""


async def until(is_unwanted: asyncio.Event, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """What comes until an event. Nobody is cancelled but who waits for the next piece: a database that is asked just
    then is not left in the middle.

    Raises:
        EndedError: the event came.
    """
    unwanted = asyncio.create_task(is_unwanted.wait())
    try:
        while True:
            coming = asyncio.ensure_future(anext(content, None))
            try:
                await asyncio.wait({coming, unwanted}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                if not coming.done():
                    coming.cancel()
                    await asyncio.wait({coming})
            if coming.cancelled():
                raise EndedError
            piece = coming.result()
            if piece is None:
                return
            yield piece
            if unwanted.done():
                raise EndedError
    finally:
        unwanted.cancel()


async def pieces_of(reader: SealedReader) -> AsyncIterator[bytes]:
    """A file's content, read in threads; it is closed afterwards."""
    pieces = reader.pieces()
    try:
        while (piece := await in_thread(next, pieces, None)) is not None:
            yield piece
    finally:
        reader.close()
