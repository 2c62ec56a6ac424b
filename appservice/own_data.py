"""What somebody has in the rooms: where they are and were, what they wrote, what of it still waits.

Only theirs: of what others wrote to them nothing but how much waits. What the server wrote in their name (receipts,
notices) is left out.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import Homeserver, NotThereError, RefusedError
from school.database import held
from school.database.held import HeldMessage
from school.domain.people import UserId
from school.domain.rooms import RoomKind
from school.sealing import HELD_KEY, SIGNED_KEY, Binding, BrokenSealError, Keyring, Purpose

_STATE_THAT_IS_WORDS: Final = frozenset({"m.room.name", "m.room.topic"})
_BY_THE_SERVER: Final = frozenset({Purpose.RECEIPT.value, Purpose.NOTICE.value})
_NO_WORDS: Final = frozenset({"m.room.redaction"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRoom:
    """A room that somebody is in or was in. `others` are those in a direct room with them."""

    id: str
    name: str
    kind: str
    is_in: bool
    others: tuple[UserId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMessage:
    """Something that somebody sent. `file` is the address of its file."""

    event_id: str
    type: str
    sent_at: datetime
    content: Mapping[str, Any]

    @property
    def body(self) -> str:
        """Its words, as far as there are some; of an edit the new ones."""
        new = self.content.get("m.new_content")
        content = new if isinstance(new, Mapping) else self.content
        words = next((content[key] for key in ("body", "name", "topic") if isinstance(content.get(key), str)), "")
        return words or _reaction(self.content)

    @property
    def file(self) -> str | None:
        """Where its file is on the homeserver."""
        uri = self.content.get("url")
        return uri if isinstance(uri, str) and uri.startswith("mxc://") else None


class OwnData:
    """Asks the homeserver as the person, who may read what they wrote, also where they have left."""

    def __init__(self, *, engine: AsyncEngine, homeserver: Homeserver, keyring: Keyring) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._keyring = keyring

    async def rooms(self, user_id: UserId) -> list[OwnRoom]:
        """Where they are, then where they were."""
        rooms = []
        for room in await self._homeserver.rooms_ever(user_id):
            kind = "" if room.stamp is None else room.stamp.kind.value
            others = await self._others(room.id, user_id) if kind == RoomKind.DIRECT else ()
            rooms.append(OwnRoom(id=room.id, name=room.name, kind=kind, is_in=room.is_in, others=others))
        return sorted(rooms, key=lambda room: (not room.is_in, room.kind != RoomKind.DIRECT, room.name, room.kind))

    async def _others(self, room_id: str, user_id: UserId) -> tuple[UserId, ...]:
        try:
            members = await self._homeserver.members(room_id, as_user=user_id)
        except (RefusedError, NotThereError):
            return ()
        return tuple(sorted(members - {user_id}))

    async def messages(self, user_id: UserId, room_id: str) -> AsyncIterator[OwnMessage]:
        """What they wrote in a room, the newest first."""
        try:
            async for event in self._homeserver.sent_by(room_id, user_id):
                if (message := _own_message(event)) is not None:
                    yield message
        except (RefusedError, NotThereError):  # forgotten, or deleted meanwhile
            return

    async def undelivered(self, user_id: UserId) -> dict[str, Mapping[str, Any] | None]:
        """What they wrote that is sealed in a room and was not delivered, by its event: the words, or None where the
        seal does not open."""
        async with self._engine.connect() as connection:
            messages = await held.undelivered_of(connection, user_id)
        return {message.event_id: await self._opened(message) for message in messages}

    async def _opened(self, message: HeldMessage) -> Mapping[str, Any] | None:
        try:
            event = await self._homeserver.event(message.room_id, message.event_id, as_user=UserId(message.sender))
            binding = Binding(
                room_id=message.room_id,
                sender=event["sender"],
                event_type=event["type"],
                origin_server_ts=event["origin_server_ts"],
            )
            return self._keyring.open(event["content"].get(HELD_KEY), binding)
        except (RefusedError, NotThereError, BrokenSealError):
            return None

    async def waiting_for(self, user_id: UserId, rooms: Iterable[OwnRoom]) -> int:
        """How many messages of others wait in their rooms."""
        own = {room.id for room in rooms if room.is_in}
        async with self._engine.connect() as connection:
            waiting = await held.waiting(connection)
        return sum(_from_others(messages, user_id) for room_id, messages in waiting.items() if room_id in own)


def _from_others(messages: Sequence[HeldMessage], user_id: UserId) -> int:
    return sum(message.sender != user_id for message in messages)


def _own_message(event: Mapping[str, Any]) -> OwnMessage | None:
    content = event["content"]
    if not content or HELD_KEY in content or event["type"] in _NO_WORDS:
        return None  # deleted, or sealed: what waits is told on its own
    if "state_key" in event and event["type"] not in _STATE_THAT_IS_WORDS:
        return None
    mark = content.get(SIGNED_KEY)
    if isinstance(mark, Mapping) and mark.get("purpose") in _BY_THE_SERVER:
        return None
    return OwnMessage(
        event_id=event["event_id"],
        type=event["type"],
        sent_at=datetime.fromtimestamp(event["origin_server_ts"] / 1000, UTC),
        content={key: value for key, value in content.items() if key != SIGNED_KEY},
    )


def _reaction(content: Mapping[str, Any]) -> str:
    relation = content.get("m.relates_to")
    key = relation.get("key") if isinstance(relation, Mapping) else None
    return key if isinstance(key, str) else ""
