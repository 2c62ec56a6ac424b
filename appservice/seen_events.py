"""Held events as the appservice has seen them, so that a release need not ask for each again.

Only what was seen since the start, and only so much. What is not here is asked for.
"""

import json
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

_MOST_BYTES: Final = 32_000_000


class SeenEvents:
    """The newest held events, as Synapse would tell them: with the edits (`m.reference`) that were seen since."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._events: OrderedDict[str, tuple[Mapping[str, Any], int, list[str]]] = OrderedDict()

    def keep(self, event: Mapping[str, Any]) -> None:
        """An event was held just now."""
        size = len(json.dumps(event))
        self._events[event["event_id"]] = (event, size, [])
        self._bytes += size
        relation = event["content"].get("m.relates_to")
        if isinstance(relation, Mapping) and relation.get("event_id") in self._events:
            self._events[relation["event_id"]][2].append(event["event_id"])
        while self._bytes > self._most_bytes:
            self.drop(next(iter(self._events)))

    def drop(self, event_id: str) -> None:
        """An event is done with, or has changed."""
        _, size, _ = self._events.pop(event_id, (None, 0, None))
        self._bytes -= size

    def clear(self) -> None:
        """Nothing is certain any more."""
        self._events.clear()
        self._bytes = 0

    def event(self, event_id: str) -> dict[str, Any] | None:
        """An event with what refers to it; None if it was not seen."""
        seen = self._events.get(event_id)
        if seen is None:
            return None
        event, _, references = seen
        chunk = [{"event_id": reference} for reference in references]
        return {**event, "unsigned": {"m.relations": {"m.reference": {"chunk": chunk}}}}
