"""How often somebody may do something: so many times within a while. Kept in memory only, of so many people."""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

_PEOPLE: Final = 10_000


class SoMany:
    """Counts for each person."""

    def __init__(self, *, number: int, within: timedelta) -> None:
        self._number = number
        self._within = within
        self._times: OrderedDict[str, list[datetime]] = OrderedDict()

    def once_more(self, person: str, now: datetime) -> bool:
        """Whether somebody may do it now; if so, it counts."""
        recent = [at for at in self._times.pop(person, ()) if at > now - self._within]
        may = len(recent) < self._number
        self._times[person] = [*recent, now] if may else recent
        while len(self._times) > _PEOPLE:
            self._times.popitem(last=False)
        return may
