"""The words of what waits, for the person who wrote them: opened from the seals in the rooms, in their newest version,
as they will be delivered.

For everybody else it tells at most which messages there are, without a word of them.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import Homeserver, NotThereError, RefusedError
from appservice.versions import Versions, replaced
from school.database.held import HeldMessage
from school.domain.people import UserId
from school.sealing import HELD_KEY, Binding, BrokenSealError, Keyring

_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """One message that waits. `content` is None where its seal does not open now; `edits` are in it."""

    message: HeldMessage
    content: dict[str, Any] | None
    edits: tuple[HeldMessage, ...] = ()

    @property
    def is_change(self) -> bool:
        """Whether it changes a message that was delivered before."""
        return self.content is not None and replaced(self.content) is not None


class HeldWords:
    """Opens seals. Keeps nothing."""

    def __init__(self, *, engine: AsyncEngine, homeserver: Homeserver, keyring: Keyring) -> None:
        self._homeserver = homeserver
        self._keyring = keyring
        self._versions = Versions(engine=engine, homeserver=homeserver, keyring=keyring)

    async def open(self, messages: Sequence[HeldMessage]) -> list[Opened]:
        """These messages, each edit with what it edits. What was deleted and is not known as such yet is left out.

        Raises:
            TryLaterError: the homeserver does not answer now.
        """
        slots = asyncio.Semaphore(_AT_ONCE)

        async def open_one(message: HeldMessage) -> Opened | None:
            async with slots:
                return await self._open(message)

        opened = [one for one in await asyncio.gather(*map(open_one, messages)) if one is not None]
        gone_into_another = {edit.event_id for one in opened for edit in one.edits}
        return [one for one in opened if one.message.event_id not in gone_into_another]

    async def that_will_come(self, messages: Sequence[HeldMessage]) -> list[HeldMessage]:
        """These messages without edits of each other. No word of them leaves here."""
        return [one.message for one in await self.open(messages)]

    async def _open(self, message: HeldMessage) -> Opened | None:
        try:
            event = await self._homeserver.event(message.room_id, message.event_id, as_user=UserId(message.sender))
        except (RefusedError, NotThereError):
            return None
        if HELD_KEY not in event["content"]:
            return None
        binding = Binding(
            room_id=message.room_id,
            sender=event["sender"],
            event_type=event["type"],
            origin_server_ts=event["origin_server_ts"],
        )
        try:
            content = self._keyring.open(event["content"][HELD_KEY], binding)
            if await self._versions.is_void(content):
                return None
            content, edits = await self._versions.newest(message, event, content)
        except BrokenSealError:
            return Opened(message=message, content=None)
        return Opened(message=message, content=content, edits=tuple(edits))
