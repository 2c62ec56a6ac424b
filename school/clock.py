"""What time it is. Whoever needs to know is given a `Clock`; only the programs' entries look at the machine's.

How long something takes and when to try again are questions for whatever runs the program: the event loop
(`loop.time()`, `asyncio.sleep`, `asyncio.timeout`), or Synapse. So a week passes in seconds where a test runs the loop.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]
"""Says what time it is: an aware datetime."""


def utc_now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)
