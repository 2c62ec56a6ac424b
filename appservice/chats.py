"""Chats as their makers and moderators see them: what a chat is called, who is in it, who may bring somebody in."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from appservice.direct_rooms import RoomStamps
from appservice.homeserver import Homeserver, NotThereError
from school.domain.people import UserId
from school.domain.rooms import ENCRYPTION, Room, RoomKind, level_for, level_of, stamp_from

_AT_ONCE: Final = 8
_WORDS: Final = ("m.room.name", "m.room.topic", "m.room.avatar")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """One chat at one moment."""

    room_id: str
    name: str
    room: Room
    levels: Mapping[str, Any]
    has_words: bool
    """Whether an invitation would show a name, a topic or a picture."""

    def may_bring_in(self, user_id: UserId) -> bool:
        """Whether somebody is in it with the power to invite and to send away."""
        if user_id not in self.room.members - self.room.invited:
            return False
        level = level_of(user_id, self.levels, self.room.creator)
        return level >= max(level_for("invite", self.levels), level_for("kick", self.levels))

    def is_above(self, user_id: UserId, other: UserId) -> bool:
        """Whether somebody may send another one away."""
        levels, creator = self.levels, self.room.creator
        return level_of(user_id, levels, creator) > level_of(other, levels, creator)


class Chats:
    """Looks chats up."""

    def __init__(self, *, homeserver: Homeserver, stamps: RoomStamps) -> None:
        self._homeserver = homeserver
        self._stamps = stamps

    async def of(self, user_id: UserId) -> Sequence[Chat]:
        """The chats into which somebody may bring others."""
        slots = asyncio.Semaphore(_AT_ONCE)

        async def look(room_id: str) -> Chat | None:
            async with slots:
                stamp = await self._stamps.of(room_id, seen_by=user_id)
                return await self.look(room_id) if stamp is not None and stamp.kind is RoomKind.CHAT else None

        found = await asyncio.gather(*map(look, await self._homeserver.joined_rooms(user_id)))
        return [chat for chat in found if chat is not None and chat.may_bring_in(user_id)]

    async def look(self, room_id: str) -> Chat | None:
        """A chat as it is now; None if there is none."""
        try:
            state = await self._homeserver.whole_state(room_id)
        except NotThereError:
            return None
        return read_chat(room_id, state)


def read_chat(room_id: str, state: Sequence[Mapping[str, Any]]) -> Chat | None:
    """A chat from its whole state; None if it is no chat."""
    contents = {event["type"]: event["content"] for event in state if not event.get("state_key")}
    create = next((event for event in state if event["type"] == "m.room.create"), None)
    stamp = stamp_from(create["content"]) if create else None
    if create is None or stamp is None or stamp.kind is not RoomKind.CHAT:
        return None
    memberships = {
        UserId(event["state_key"]): event["content"].get("membership")
        for event in state
        if event["type"] == "m.room.member"
    }
    invited = frozenset(user_id for user_id, membership in memberships.items() if membership == "invite")
    joined = frozenset(user_id for user_id, membership in memberships.items() if membership == "join")
    name = contents.get("m.room.name", {}).get("name")
    return Chat(
        room_id=room_id,
        name=name if isinstance(name, str) else "",
        room=Room(
            stamp=stamp,
            creator=UserId(create["sender"]),
            members=joined | invited,
            invited=invited,
            encrypted=ENCRYPTION in contents,
        ),
        levels=contents.get("m.room.power_levels", {}),
        has_words=any(kind in contents for kind in _WORDS),
    )
