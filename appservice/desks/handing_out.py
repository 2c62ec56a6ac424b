"""New ways in that are being handed out: in this program's memory for a few minutes, and nowhere else.

1. Who made one sees it, and nobody else does.
2. It is shown once. Until its minutes are over it can be printed, as often as a printer needs.
3. It is never written down. If this program ends it is gone, and a new one is made.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Final

from appservice.new_way_in import WayIn
from school.clock import Clock, utc_now
from school.domain.people import Person, UserId

MINUTES: Final = timedelta(minutes=10)
_MOST: Final = 1000


@dataclass(slots=True, kw_only=True)
class HandedOut:
    """One of them. `holder` has made it, for `person`."""

    holder: UserId
    person: Person
    way_in: WayIn = field(repr=False)
    until: datetime
    was_shown: bool = False


class HandingOut:
    """Keeps them, by random names that say nothing."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, HandedOut] = OrderedDict()

    def keep(self, holder: UserId, person: Person, way_in: WayIn) -> str:
        """Keeps one; returns its name. An older one for the same person is good for nothing any more, and goes."""
        self._forget(person)
        name = token_urlsafe(16)
        self._kept[name] = HandedOut(holder=holder, person=person, way_in=way_in, until=self._clock() + MINUTES)
        return name

    def look_at(self, name: str, holder: UserId) -> HandedOut | None:
        """One that `holder` has made; None if it is not there (any more)."""
        self._forget()
        found = self._kept.get(name)
        return found if found is not None and found.holder == holder else None

    def _forget(self, person: Person | None = None) -> None:
        now = self._clock()
        for name, one in list(self._kept.items()):
            if now >= one.until or (person is not None and one.person.id == person.id):
                del self._kept[name]
        while len(self._kept) >= _MOST:
            self._kept.popitem(last=False)
