"""What is true for a moment only, in this process: rooms that are being made, rooms that an admin is closing, rooms in
which something was held.

All of it is remembered by time, because nothing tells when the work is done, and forgotten by itself.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterator
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from school.domain.people import UserId
from school.standing import Standing

MAKING_SECONDS: Final = 60.0
CLOSING_SECONDS: Final = 3600.0
HELD_SECONDS: Final = 2.0
"""After this long the appservice has heard of a held message, and all know from the database that its room is not
drained. Until then what follows is held, too: else it would overtake if the rest ends just now."""
_HELD_ON_SECONDS: Final = 3 * HELD_SECONDS
"""For no longer does one held message after the other keep a room so: people who go on talking talk at once again."""
_MOST: Final = 10_000

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Passing(Generic[K, V]):
    """Keeps values for a while, the newest of them."""

    def __init__(self, seconds: float, monotonic: Callable[[], float]) -> None:
        self._seconds = seconds
        self._monotonic = monotonic
        self._kept: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def keep(self, key: K, value: V) -> None:
        """Keeps a value from now on."""
        self._kept.pop(key, None)
        self._kept[key] = (self._monotonic(), value)
        if len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        self.forget()

    def drop(self, key: K) -> None:
        """Lets go of a value."""
        self._kept.pop(key, None)

    def forget(self) -> None:
        """Lets go what is over."""
        while self._kept and self._is_over(next(iter(self._kept.values()))):
            self._kept.popitem(last=False)

    def get(self, key: K) -> V | None:
        """The value, while it is kept."""
        kept = self._kept.get(key)
        return None if kept is None or self._is_over(kept) else kept[1]

    def values(self) -> Iterator[V]:
        """Everything that is kept."""
        return (kept[1] for kept in self._kept.values() if not self._is_over(kept))

    def _is_over(self, kept: tuple[float, V]) -> bool:
        return kept[0] <= self._monotonic() - self._seconds


class HeldLately:
    """Rooms in which something was held a moment ago."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._since: Passing[str, float] = Passing(HELD_SECONDS, monotonic)

    def held(self, room_id: str) -> None:
        """Something is held in a room now."""
        now = self._monotonic()
        since = self._since.get(room_id)
        if since is None or now - since < _HELD_ON_SECONDS:
            self._since.keep(room_id, now if since is None else since)

    def __contains__(self, room_id: str) -> bool:
        return self._since.get(room_id) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request for a room that was allowed, and the standing on which it was."""

    standing: Standing
    invitees: Collection[UserId]


class RoomsInTheMaking:
    """Synapse sends the invitations of a createRoom request when the room exists. They are judged by the standing on
    which the request was decided, so that a directory that changes in between leaves no half of a room behind."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._decided: Passing[UserId, Request] = Passing(MAKING_SECONDS, monotonic)
        self._rooms: Passing[tuple[str, UserId], Request] = Passing(MAKING_SECONDS, monotonic)

    def decided(self, creator: UserId, request: Request) -> None:
        """A request was allowed; its room follows at once."""
        self._decided.keep(creator, request)

    def begun(self, room_id: str, creator: UserId) -> None:
        """The first event of a room."""
        request = self._decided.get(creator)
        if request is not None:
            self._rooms.keep((room_id, creator), request)

    def forget(self) -> None:
        """Lets go what is over: it holds a whole directory."""
        self._decided.forget()
        self._rooms.forget()

    def standing(self, room_id: str, creator: UserId, invitee: UserId) -> Standing | None:
        """The standing for an invitation that was part of the request for a room."""
        request = self._rooms.get((room_id, creator))
        return request.standing if request is not None and invitee in request.invitees else None
