"""How often something may be tried. Counted in memory, and never for more than so many at once: who has not tried for
longest is forgotten first."""

import asyncio
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

from appservice.web.problems import Problem, Trouble

_REMEMBERED: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """`burst` attempts at once, and another one every `seconds`."""

    burst: int
    seconds: float


class Limit:
    """Counts the attempts of each key."""

    def __init__(self, allowance: Allowance, *, remembered: int = _REMEMBERED) -> None:
        self._allowance = allowance
        self._remembered = remembered
        self._full_at: OrderedDict[Hashable, float] = OrderedDict()

    def wait_for(self, key: Hashable) -> float:
        """After how many seconds the next attempt may be made; 0 now. Asking counts nothing."""
        spare = self._allowance.seconds * (self._allowance.burst - 1)
        return max(0.0, self._full_at.get(key, 0.0) - asyncio.get_running_loop().time() - spare)

    def count(self, key: Hashable) -> None:
        """One attempt was made."""
        now = asyncio.get_running_loop().time()
        self._full_at[key] = max(self._full_at.pop(key, now), now) + self._allowance.seconds
        while len(self._full_at) > self._remembered:
            self._full_at.popitem(last=False)

    def forget(self, key: Hashable) -> None:
        """What was tried was right: the attempts before it were mistakes."""
        self._full_at.pop(key, None)

    def ensure_free(self, key: Hashable) -> None:
        """Lets an attempt pass, and counts nothing.

        Raises:
            Problem: it comes too soon.
        """
        wait = self.wait_for(key)
        if wait > 0:
            raise Problem(Trouble.TOO_MANY, wait_seconds=wait)

    def attempt(self, key: Hashable) -> None:
        """Counts an attempt.

        Raises:
            Problem: it comes too soon; then it is not counted.
        """
        self.ensure_free(key)
        self.count(key)

    def __len__(self) -> int:
        return len(self._full_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Everything that is counted."""

    names: Limit = field(default_factory=lambda: Limit(Allowance(burst=10, seconds=30)))
    """Passwords tried for one name."""
    addresses: Limit = field(default_factory=lambda: Limit(Allowance(burst=100, seconds=2)))
    """Passwords tried from one address: a whole class signs in from one."""
    proofs: Limit = field(default_factory=lambda: Limit(Allowance(burst=60, seconds=5)))
    """Links and tokens from one address that lead nowhere."""

    @classmethod
    def none(cls) -> "Limits":
        """Where nothing is counted: a demo."""
        unlimited = Allowance(burst=1_000_000, seconds=0.0)
        return cls(names=Limit(unlimited), addresses=Limit(unlimited), proofs=Limit(unlimited))
