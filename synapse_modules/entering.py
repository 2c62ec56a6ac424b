"""The way into a group's room leads through its space, and into the space by invitation: who may enter is invited.

A space that needs no invitation would tell its name to everybody who knows its id.
"""

from typing import Final

from synapse.events import EventBase
from synapse.module_api import ModuleApi
from synapse.module_api.errors import Codes, SynapseError

from school.domain.people import UserId
from school.domain.rooms import RoomKind
from school.texts import Texts

_RETRY_AFTER_MS: Final = 500


class Entrance:
    """Brings people, of whom it is decided that they may, into the spaces of groups."""

    def __init__(self, api: ModuleApi, bot: UserId, texts: Texts) -> None:
        self._api = api
        self._bot = bot
        self._texts = texts

    async def prepare(self, user_id: str, room_id: str, kind: RoomKind, join_rules: EventBase | None) -> None:
        """Somebody is joining uninvited, and may.

        Raises:
            SynapseError: 429, after which clients try again by themselves. Synapse works on one membership of a room
                at a time, so an invitation into a space has to wait until this join has ended.
        """
        rules = join_rules.content if join_rules else {}
        if kind is RoomKind.GROUP:
            for rule in rules.get("allow") or ():
                await self._bring_in(user_id, rule.get("room_id"))
        elif kind is RoomKind.SPACE and rules.get("join_rule") != "public":
            self._api.run_as_background_process("schulbote_space", self._bring_in, user_id, room_id)
            retry = {"retry_after_ms": _RETRY_AFTER_MS}
            raise SynapseError(429, self._texts.say("try_again"), Codes.LIMIT_EXCEEDED, retry)

    async def _bring_in(self, user_id: str, space: str) -> None:
        there = await self._api.get_room_state(space, [("m.room.member", user_id)])
        was = next((event.content.get("membership") for event in there.values()), None)
        if was == "join":
            return
        if was != "invite":
            await self._api.update_room_membership(self._bot, user_id, space, "invite")
        await self._api.update_room_membership(user_id, user_id, space, "join")
