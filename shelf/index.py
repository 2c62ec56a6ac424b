"""What lies on the shelves, learnt from the events of the rooms.

A message with a file is written down as it comes. Whatever may change it later (an edit, a deletion, the deletion of an
edit) only makes it doubtful: then nobody sees the file until its message was looked at, which says what is true now. So
the order in which events come does not matter, nor how often, and the homeserver alone says what stands in a room.

A message that waits for somebody's rest is a notice with a seal in it, and no file. Delivered, it is another event.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from appservice.homeserver import NotThereError, RefusedError
from school.database.shelf import Doubt, Seen, doubt_file, doubts, settle_doubt, take_file
from school.database.shelf_folders import was_delivered_as
from school.domain.shelf_files import file_in, newest_content
from school.sealing import SIGNED_KEY, Purpose

log = structlog.get_logger()

MESSAGE: Final = "m.room.message"
REDACTION: Final = "m.room.redaction"
_DATABASE_IS_AWAY: Final = (OperationalError, InterfaceError)
"""Then the events have to come again. What else the database does not like, it will like no better then."""
_AGAIN_SECONDS: Final = 2.0
_LONGEST_ID: Final = 255
_ABOUT_NOTICES: Final = frozenset({Purpose.RECEIPT.value, Purpose.NOTICE.value})
"""Edits by which the notice in the place of what waits tells how it stands: many, and never of a file."""
_LONGEST_SLEEP: Final = 60.0

Event = Mapping[str, Any]


class Events(Protocol):
    """Events as the homeserver tells them."""

    async def event(self, room_id: str, event_id: str) -> dict[str, Any]: ...


class ShelfIndex:
    """Writes down and looks again. `run` works until it is cancelled."""

    def __init__(self, *, engine: AsyncEngine, events: Events) -> None:
        self._engine = engine
        self._events = events
        self._wake = asyncio.Event()

    async def take(self, events: Sequence[Event]) -> None:
        """Takes in what happened, as it came or as it is found later. What it cannot make sense of is passed over: it
        must not stop the others."""
        concerned = [event for event in events if _concerns(event)]
        if not concerned:
            return
        in_doubt = False
        async with self._engine.begin() as connection:
            for event in concerned:
                try:
                    async with connection.begin_nested():
                        in_doubt |= await self._take_one(connection, event)
                except _DATABASE_IS_AWAY:
                    raise
                except Exception:
                    log.exception("event_not_on_shelf", room=event.get("room_id"))
        if in_doubt:
            self._wake.set()

    async def doubt(self, room_id: str, event_id: str) -> None:
        """A file was not where its message says."""
        async with self._engine.begin() as connection:
            await doubt_file(connection, room_id, event_id, event_id)
        self._wake.set()

    async def look_again(self) -> None:
        """Looks at all messages that are in doubt.

        Raises:
            TryLaterError: the homeserver does not answer now.
        """
        async with self._engine.connect() as connection:
            found = await doubts(connection)
        for doubt in found:
            seen = await self._as_it_is(doubt)
            async with self._engine.begin() as connection:
                await settle_doubt(connection, doubt, seen)

    async def run(self) -> None:
        """Looks whenever there is a doubt."""
        while True:
            self._wake.clear()
            pause = _LONGEST_SLEEP
            try:
                await self.look_again()
            except Exception as error:
                log.warning("shelf_waits", error=str(error))
                pause = _AGAIN_SECONDS
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), pause)

    async def _take_one(self, connection: AsyncConnection, event: Event) -> bool:
        """Whether a message has to be looked at afterwards."""
        room_id, event_id, content = event["room_id"], event["event_id"], event["content"]
        target = _redacted_by(event) if event["type"] == REDACTION else _edited_by(content)
        if target is None:
            seen = _seen(event)
            if seen is not None and await take_file(connection, seen):
                await self._find_its_place(connection, event)
            return False
        is_known = await doubt_file(connection, room_id, target, event_id)
        if not is_known and event["type"] == MESSAGE and (file := file_in(content.get("m.new_content") or {})):
            # Words that have become a file.
            made = Seen(
                event_id=target,
                room_id=room_id,
                sender=event["sender"],
                sent_at_ms=event["origin_server_ts"],
                file=file,
                edit_event_id=event_id,
            )
            return await take_file(connection, made, doubt=event_id)
        return is_known

    async def _find_its_place(self, connection: AsyncConnection, event: Event) -> None:
        mark = event["content"].get(SIGNED_KEY)
        held = mark.get("held") if isinstance(mark, Mapping) else None
        if isinstance(held, str):
            await was_delivered_as(connection, held, event["event_id"])

    async def _as_it_is(self, doubt: Doubt) -> Seen | None:
        try:
            return _seen(await self._events.event(doubt.room_id, doubt.event_id))
        except (NotThereError, RefusedError):
            return None


def _concerns(event: Event) -> bool:
    """Whether an event can have to do with a file at all."""
    content = event.get("content")
    if event.get("type") == REDACTION:
        return True
    if event.get("type") != MESSAGE or not isinstance(content, Mapping):
        return False
    mark = content.get(SIGNED_KEY)
    if isinstance(mark, Mapping) and mark.get("purpose") in _ABOUT_NOTICES:
        return False
    return _edited_by(content) is not None or file_in(content) is not None


def _seen(event: Event) -> Seen | None:
    content, edit_event_id = newest_content(event)
    file = file_in(content)
    if file is None:
        return None
    return Seen(
        event_id=event["event_id"],
        room_id=event["room_id"],
        sender=event["sender"],
        sent_at_ms=event["origin_server_ts"],
        file=file,
        edit_event_id=edit_event_id,
    )


def _edited_by(content: Event) -> str | None:
    relation = content.get("m.relates_to")
    if not isinstance(relation, Mapping) or relation.get("rel_type") != "m.replace":
        return None
    return _event_id(relation.get("event_id"))


def _redacted_by(event: Event) -> str | None:
    return _event_id(event.get("redacts") or (event.get("content") or {}).get("redacts"))


def _event_id(said: object) -> str | None:
    """What can be the id of an event; people write there what they like."""
    if not isinstance(said, str) or not said.startswith("$") or len(said) > _LONGEST_ID:
        return None
    return said if said.isascii() and said.isprintable() else None
