"""What the homeserver has stored about one person, read as that person or as the bot, who is a server admin."""

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from appservice.connection import Method
from appservice.media import Media
from school.domain.people import UserId
from school.domain.rooms import RoomStamp, stamp_from

_PAGE: Final = 200
_FILES_PAGE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRoom:
    """A room of somebody's. `stamp` is None where it is none of the school's."""

    id: str
    is_in: bool
    name: str
    stamp: RoomStamp | None


def _room(room_id: str, state: Iterable[Mapping[str, Any]], *, is_in: bool) -> StoredRoom:
    contents = {event["type"]: event["content"] for event in state}
    name = contents.get("m.room.name", {}).get("name")
    return StoredRoom(
        id=room_id,
        is_in=is_in,
        name=name if isinstance(name, str) else "",
        stamp=stamp_from(contents.get("m.room.create", {})),
    )


class Stored(Media):
    """Asks about one person, and changes nothing."""

    async def account(self, user_id: UserId) -> dict[str, Any]:
        """The account itself: `creation_ts`, `last_seen_ts`, `locked`, … (Synapse admin API, "Query User Account")."""
        return await self.call(Method.GET, f"/_synapse/admin/v2/users/{quote(user_id, safe='')}")

    async def devices(self, user_id: UserId) -> list[dict[str, Any]]:
        """Where somebody is signed in: `device_id`, `display_name`, `last_seen_ts`, `last_seen_ip`, …"""
        path = f"/_synapse/admin/v2/users/{quote(user_id, safe='')}/devices"
        return list((await self.call(Method.GET, path)).get("devices", []))

    async def pushers(self, user_id: UserId) -> list[dict[str, Any]]:
        """Where notifications go to."""
        path = f"/_synapse/admin/v1/users/{quote(user_id, safe='')}/pushers"
        return list((await self.call(Method.GET, path)).get("pushers", []))

    async def all_account_data(self, user_id: UserId) -> dict[str, Any]:
        """What somebody's clients have stored: their settings, lists of rooms, …"""
        path = f"/_synapse/admin/v1/users/{quote(user_id, safe='')}/accountdata"
        return dict((await self.call(Method.GET, path)).get("account_data", {}))

    async def files(self, user_id: UserId) -> list[dict[str, Any]]:
        """Every file that somebody has uploaded: `media_id`, `upload_name`, `media_length`, …"""
        path = f"/_synapse/admin/v1/users/{quote(user_id, safe='')}/media"
        found: list[dict[str, Any]] = []
        start: int | None = 0
        while start is not None:
            page = await self.call(Method.GET, path, start=str(start), limit=_FILES_PAGE)
            found += page["media"]
            start = page.get("next_token")
        return found

    async def rooms_ever(self, user_id: UserId) -> list[StoredRoom]:
        """The rooms that somebody is in, and those that they have left and not forgotten."""
        nothing: dict[str, list[str]] = {"types": []}
        state = {"types": ["m.room.create", "m.room.name"]}
        room = {"timeline": nothing, "state": state, "ephemeral": nothing, "account_data": nothing}
        answer = await self.look_around(user_id, {"room": room | {"include_leave": True}, "account_data": nothing})
        rooms = answer.get("rooms", {})
        return [
            _room(room_id, found["state"]["events"], is_in=is_in)
            for is_in, kind in ((True, "join"), (False, "leave"))
            for room_id, found in rooms.get(kind, {}).items()
        ]

    async def sent_by(self, room_id: str, user_id: UserId) -> AsyncIterator[dict[str, Any]]:
        """What somebody has sent into a room, the newest first, as far as they may still read there."""
        path = f"/_matrix/client/v3/rooms/{quote(room_id)}/messages"
        only = json.dumps({"senders": [user_id]})
        token: str | None = None
        while True:
            page = await self.call(Method.GET, path, as_user=user_id, dir="b", limit=_PAGE, filter=only, start=token)
            for event in page.get("chunk", []):
                yield event
            token = page.get("end")
            if not token:
                return
