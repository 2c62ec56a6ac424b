"""Versions of a held message: whoever edits the notice changes what waits.

An edit is held like any message, and its notice refers to the event that it edits (`m.reference`), so that Synapse
itself tells which edits there are. When the message is delivered it goes out in its newest version, once.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import Homeserver, NotThereError, RefusedError
from school.database import held
from school.database.held import HeldMessage
from school.database.tables import HeldState
from school.domain.people import UserId
from school.sealing import HELD_KEY, Binding, BrokenSealError, Keyring, MissingKeyError

_REPLACES: Final = "m.replace"


class Versions:
    """Knows the newest words of what waits."""

    def __init__(self, *, engine: AsyncEngine, homeserver: Homeserver, keyring: Keyring) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._keyring = keyring

    async def newest(
        self, message: HeldMessage, event: Mapping[str, Any], content: dict[str, Any]
    ) -> tuple[dict[str, Any], list[HeldMessage]]:
        """The newest version of a message whose held event and first `content` are these, and the edits in it."""
        references = _references(event)
        if not references:
            return content, []
        async with self._engine.connect() as connection:
            candidates = await held.waiting_among(connection, references, message)
        newest, edits = content, []
        for candidate in candidates:
            edit = await self._opened(candidate)
            new = None if replaced(edit) != message.event_id else edit.get("m.new_content")
            if isinstance(new, Mapping):
                newest = _with_relation_of(content, new)
                edits.append(candidate)
        return newest, edits

    async def is_void(self, content: Mapping[str, Any]) -> bool:
        """Whether something edits a message that was taken back."""
        edited = replaced(content)
        if edited is None:
            return False
        async with self._engine.connect() as connection:
            return await held.state_of(connection, edited) == HeldState.WITHDRAWN

    async def _opened(self, message: HeldMessage) -> dict[str, Any]:
        """What is sealed in a notice; nothing if it was deleted."""
        binding = Binding(
            room_id=message.room_id,
            sender=message.sender,
            event_type=message.event_type,
            origin_server_ts=message.origin_server_ts_ms,
        )
        try:
            event = await self._homeserver.event(message.room_id, message.event_id, as_user=UserId(message.sender))
            return self._keyring.open(event["content"].get(HELD_KEY), binding)
        except MissingKeyError:
            raise
        except (RefusedError, NotThereError, BrokenSealError):
            return {}


def _references(event: Mapping[str, Any]) -> list[str]:
    chunk = event.get("unsigned", {}).get("m.relations", {}).get("m.reference", {}).get("chunk", [])
    return [reference["event_id"] for reference in chunk]


def replaced(content: Mapping[str, Any]) -> str | None:
    """The event that a content edits, if it edits one (Matrix spec, "Event replacements")."""
    relation = content.get("m.relates_to")
    if not isinstance(relation, Mapping) or relation.get("rel_type") != _REPLACES:
        return None
    event_id = relation.get("event_id")
    return event_id if isinstance(event_id, str) else None


def _with_relation_of(content: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """An edit never changes what a message belongs to."""
    kept = {"m.relates_to": content["m.relates_to"]} if "m.relates_to" in content else {}
    return {key: value for key, value in new.items() if key != "m.relates_to"} | kept
