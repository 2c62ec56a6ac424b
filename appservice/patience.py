"""Waiting for a homeserver that is busy. Somebody has asked for something and looks at an empty place until an answer
comes: so what may be asked twice is asked again for a while, before it is given up."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog

from appservice.homeserver import TryLaterError
from school.standing import CannotDecideError

log = structlog.get_logger()

T = TypeVar("T")

PAUSES: Final = (0.5, 1.0, 2.0, 4.0, 8.0, *[15.0] * 39)
"""In seconds, together ten minutes: whoever gets an answer after that does not wait for it any more."""


async def patiently(attempt: Callable[[], Awaitable[T]]) -> T:
    """What `attempt` returns, as soon as the homeserver answers and it is known who is who.

    Raises:
        TryLaterError, CannotDecideError: it takes too long.
    """
    for pause in PAUSES:
        try:
            return await attempt()
        except (TryLaterError, CannotDecideError) as error:
            log.info("answer_waits", seconds=pause, error=str(error))
        await asyncio.sleep(pause)
    return await attempt()
