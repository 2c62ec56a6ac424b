"""Chats on a homeserver that remembers, for tests of inviting."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from a_school import FakeHomeserver
from builders import BOT

from appservice.homeserver import HomeserverError, NotThereError, RefusedError
from school.domain.people import Person, UserId
from school.domain.rooms import STAMP_KEY, RoomKind, RoomStamp, power_levels


@dataclass
class FakeChats(FakeHomeserver):
    """Adds chats with a name, invitations to them, and sending people away. `asked` is what changed something."""

    names: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, UserId, UserId | None]] = field(default_factory=list)
    looks: int = 0
    refusing: dict[UserId, HomeserverError] = field(default_factory=dict)

    def chat(self, room_id: str, name: str, maker: Person, *others: Person, moderators: tuple[Person, ...] = ()) -> str:
        """A room that somebody made."""
        self.stamps[room_id] = RoomStamp(kind=RoomKind.CHAT)
        self.creators[room_id] = maker.user_id
        self.levels[room_id] = power_levels(RoomKind.CHAT, [one.user_id for one in moderators])
        self.names[room_id] = name
        self.joined[room_id] = {maker.user_id, *(one.user_id for one in (*others, *moderators))}
        return room_id

    async def whole_state(self, room_id: str) -> list[dict[str, Any]]:
        self.looks += 1
        self._look(room_id)
        if room_id not in self.names:
            if room_id not in self.stamps:
                raise NotThereError("HTTP 404", status=404)
            return await super().whole_state(room_id)
        memberships = dict.fromkeys(self.invited[room_id], "invite") | dict.fromkeys(self.joined[room_id], "join")
        state: list[tuple[str, str, UserId, Mapping[str, Any]]] = [
            ("m.room.create", "", self.creators[room_id], {STAMP_KEY: self.stamps[room_id].to_content()}),
            ("m.room.power_levels", "", BOT, self.levels[room_id]),
            *(("m.room.member", who, who, {"membership": how}) for who, how in memberships.items()),
        ]
        if self.names[room_id]:
            state.append(("m.room.name", "", BOT, {"name": self.names[room_id]}))
        return [{"type": t, "state_key": k, "sender": s, "content": dict(c)} for t, k, s, c in state]

    async def invite(self, room_id: str, user_id: UserId, *, as_user: UserId | None = None) -> None:
        self.asked.append(("invite", room_id, user_id, as_user))
        if user_id in self.refusing:
            raise self.refusing[user_id]
        await super().invite(room_id, user_id, as_user=as_user)

    async def kick(self, room_id: str, user_id: UserId, *, as_user: UserId | None = None) -> None:
        self.asked.append(("kick", room_id, user_id, as_user))
        self._look(room_id)
        if user_id not in self.joined[room_id] | self.invited[room_id]:
            raise RefusedError("HTTP 403: not in the room", status=403)
        self.joined[room_id].discard(user_id)
        self.invited[room_id].discard(user_id)
