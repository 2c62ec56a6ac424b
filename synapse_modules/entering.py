"""The way into a group's room leads through its space, and into the space by invitation, or from the space of the
staff: who may enter is brought there. A space that asked for neither would tell its name to everybody with its id.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from synapse.events import EventBase
from synapse.module_api import ModuleApi
from synapse.module_api.errors import Codes, SynapseError

from school.domain.people import UserId
from school.domain.rooms import Room, stamp_from
from school.texts import Texts
from synapse_modules.passing import Passing

_RETRY_AFTER_MS: Final = 500


_SEEN_SECONDS: Final = 60.0
_CAME_SECONDS: Final = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    room: Room
    join_rules: Mapping[str, Any]


class Entrance:
    """Brings people, of whom it is decided that they may, to where the rooms of groups let them in.

    A whole class may come at once, so what was looked up for one of them is remembered for a moment, and who has just
    come through which door. Where that is out of date by now, Synapse refuses by itself."""

    def __init__(self, api: ModuleApi, bot: UserId, texts: Texts, monotonic: Callable[[], float]) -> None:
        self._api = api
        self._bot = bot
        self._texts = texts
        self._seen: Passing[str, _Seen] = Passing(_SEEN_SECONDS, monotonic)
        self._came: Passing[tuple[str, str], bool] = Passing(_CAME_SECONDS, monotonic)

    def came(self, room_id: str, user_id: str) -> None:
        """Somebody comes into a room, which may open others."""
        self._came.keep((room_id, user_id), True)

    def changes(self, room_id: str) -> None:
        """Who is let in is another matter from now on."""
        self._seen.drop(room_id)

    def open_room(self, room_id: str, user_id: str) -> Room | None:
        """A room that was looked at lately, if it lets somebody in as far as is known; else None."""
        seen = self._seen.get(room_id)
        if seen is None:
            return None
        doors = (rule.get("room_id") for rule in seen.join_rules.get("allow") or ())
        is_open = seen.join_rules.get("join_rule") == "public" or any(self._came.get((door, user_id)) for door in doors)
        return seen.room if is_open else None

    async def prepare(self, user_id: str, room_id: str, room: Room, join_rules: EventBase | None) -> None:
        """Somebody is joining a room of a group uninvited, and may.

        Raises:
            SynapseError: 429, after which clients try again. Synapse works on one membership of a room at a time, so
                an invitation into this room has to wait until this join has ended.
        """
        rules = join_rules.content if join_rules else {}
        stamp = room.stamp
        if stamp.group is None:
            return
        self._seen.keep(room_id, _Seen(room=room, join_rules=rules))
        if rules.get("join_rule") == "public":
            return
        for rule in rules.get("allow") or ():
            door = rule.get("room_id")
            create, membership = await self._look_into(door, user_id)
            if membership == "join":
                return
            its_stamp = stamp_from(create.content) if create else None
            if its_stamp is not None and its_stamp.group == stamp.group:
                await self._bring_in(user_id, door, membership)
                return
        self._api.run_as_background_process("schulbote_invitation", self._bring_in_later, user_id, room_id)
        retry = {"retry_after_ms": _RETRY_AFTER_MS}
        raise SynapseError(429, self._texts.say("try_again"), Codes.LIMIT_EXCEEDED, retry)

    async def _look_into(self, room_id: str, user_id: str) -> tuple[EventBase | None, object]:
        asked = [("m.room.create", ""), ("m.room.member", user_id)]
        state = await self._api.get_room_state(room_id, asked)
        member = state.get(("m.room.member", user_id))
        return state.get(("m.room.create", "")), member.content.get("membership") if member else None

    async def _bring_in_later(self, user_id: str, room_id: str) -> None:
        _, membership = await self._look_into(room_id, user_id)
        if membership != "join":
            await self._bring_in(user_id, room_id, membership)

    async def _bring_in(self, user_id: str, room_id: str, membership: object) -> None:
        if membership != "invite":
            await self._api.update_room_membership(self._bot, user_id, room_id, "invite")
        await self._api.update_room_membership(user_id, user_id, room_id, "join")
