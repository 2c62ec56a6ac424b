"""Which number somebody was shown for which message.

A number stays with its message as long as anything of what was shown still waits, and belongs to no other meanwhile; so
it never means another message than the one that was read. Kept in memory only: after a restart nobody was shown any.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from school.domain.people import UserId

_PEOPLE: Final = 1000
_OF_ONE_PERSON: Final = 500


class ShownNumbers:
    """Remembers what was shown to the people who asked last."""

    def __init__(self) -> None:
        self._shown: OrderedDict[UserId, dict[int, str]] = OrderedDict()

    def give(self, user_id: UserId, event_ids: Sequence[str]) -> list[int]:
        """The number of each of these messages; they are what is shown now."""
        shown = self._shown.pop(user_id, {})
        if not set(event_ids) & set(shown.values()):
            shown = {}
        numbers = {event_id: number for number, event_id in shown.items()}
        for event_id in event_ids:
            numbers.setdefault(event_id, max(numbers.values(), default=0) + 1)
        newest = sorted(numbers.items(), key=lambda given: (given[0] in event_ids, given[1]))[-_OF_ONE_PERSON:]
        self._shown[user_id] = {number: event_id for event_id, number in newest}
        while len(self._shown) > _PEOPLE:
            self._shown.popitem(last=False)
        return [numbers[event_id] for event_id in event_ids]

    def meant(self, user_id: UserId, number: int) -> str | None:
        """The message for which somebody was shown a number; None if they were not shown it."""
        return self._shown.get(user_id, {}).get(number)
