"""Direct rooms: the other side joins at once, and both find each other among their direct chats.

Done by the appservice and not by Synapse's `auto_accept_invites`, which is asked for every event of every room.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

from appservice.homeserver import Homeserver, NotThereError, RefusedError
from school.domain.people import UserId
from school.domain.rooms import RoomKind, RoomStamp, stamp_from

_REMEMBERED_ROOMS: Final = 10_000


class RoomStamps:
    """Which kind a room is, by its id. A room never changes its stamp, so it is asked for once."""

    def __init__(self, homeserver: Homeserver) -> None:
        self._homeserver = homeserver
        self._known: OrderedDict[str, RoomStamp | None] = OrderedDict()

    def learn(self, create_event: Mapping[str, Any]) -> None:
        """Takes the stamp from an `m.room.create` event that came by."""
        self._remember(create_event["room_id"], stamp_from(create_event["content"]))

    async def of(self, room_id: str, *, seen_by: UserId) -> RoomStamp | None:
        """The stamp of a room; `seen_by` is somebody who is in it."""
        if room_id not in self._known:
            try:
                content = await self._homeserver.state(room_id, "m.room.create", as_user=seen_by)
            except (NotThereError, RefusedError):
                return None
            self._remember(room_id, stamp_from(content))
        return self._known[room_id]

    def _remember(self, room_id: str, stamp: RoomStamp | None) -> None:
        self._known[room_id] = stamp
        while len(self._known) > _REMEMBERED_ROOMS:
            self._known.popitem(last=False)


class DirectRooms:
    """Accepts invitations to direct rooms for people, and finds the room of two."""

    def __init__(self, homeserver: Homeserver, stamps: RoomStamps) -> None:
        self._homeserver = homeserver
        self._stamps = stamps
        self._writing: dict[UserId, asyncio.Lock] = {}
        self._making: dict[UserId, asyncio.Lock] = {}

    async def invited(self, room_id: str, inviter: UserId, invitee: UserId) -> None:
        """Somebody was invited; if it is to a room for two, they join."""
        stamp = await self._stamps.of(room_id, seen_by=inviter)
        if stamp is None or stamp.kind is not RoomKind.DIRECT:
            return
        await self._homeserver.join(room_id, as_user=invitee)
        await self.remember(room_id, inviter, invitee)
        await self.remember(room_id, invitee, inviter)

    async def between(self, one: UserId, other: UserId) -> str:
        """The newest direct room in which two people are; made in the name of the first, if there is none.

        Raises:
            RefusedError: the first may not write to the other.
            TryLaterError: the homeserver does not answer now.
        """
        async with self._making.setdefault(one, asyncio.Lock()):
            known = (await self._homeserver.account_data(one, "m.direct")).get(other)
            for room_id in reversed(known if isinstance(known, list) else []):
                if isinstance(room_id, str) and await self._is_of(room_id, one, other):
                    return room_id
            request = {"preset": "private_chat", "is_direct": True, "invite": [other]}
            room_id = await self._homeserver.create_room(request, as_user=one)
            await self.invited(room_id, one, other)  # the invitation comes as an event, too, but later
            return room_id

    async def _is_of(self, room_id: str, one: UserId, other: UserId) -> bool:
        """Whether a room is what `m.direct` says: people write that themselves."""
        try:
            stamp = await self._stamps.of(room_id, seen_by=one)
            if stamp is None or stamp.kind is not RoomKind.DIRECT:
                return False
            return await self._homeserver.members(room_id, as_user=one) == {one, other}
        except (NotThereError, RefusedError):
            return False

    async def remember(self, room_id: str, user_id: UserId, other: UserId) -> None:
        """Puts a room into somebody's `m.direct` (Matrix spec, "Direct messaging")."""
        async with self._writing.setdefault(user_id, asyncio.Lock()):
            direct = await self._homeserver.account_data(user_id, "m.direct")
            known = direct.get(other)
            rooms = known if isinstance(known, list) else []  # people write this themselves: it may be anything
            if room_id in rooms:
                return
            await self._homeserver.set_account_data(user_id, "m.direct", direct | {other: [*rooms, room_id]})
