"""The homeserver, as the rest of the program sees it: a few calls, and errors told apart by what to do about them.

The appservice may act as every person of the school (`as_user`), and as the bot, who is a server admin (application
service API, "Identity assertion"; Synapse admin API). Here is what concerns events and rooms; `accounts` has what
concerns one account, `stored` what there is of one person, `connection` how a request is made.
"""

import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from appservice.connection import HomeserverError, Method, NotThereError, RefusedError, TryLaterError
from appservice.stored import Stored
from school.domain.people import UserId

__all__ = ["Homeserver", "HomeserverError", "NotThereError", "RefusedError", "TryLaterError"]

_PAGE: Final = 100
_ROOMS_PAGE: Final = 1000


class Homeserver(Stored):
    """Everything that is asked of Synapse. Use as an async context manager."""

    async def ping_back(self, appservice_id: str) -> None:
        """Makes the homeserver send what it kept back while nobody answered (Matrix spec, appservice ping)."""
        await self.call(Method.POST, f"/_matrix/client/v1/appservice/{quote(appservice_id)}/ping", {})

    async def register_bot(self) -> None:
        """Makes the bot's account; having it already is fine."""
        localpart = self.bot[1:].partition(":")[0]
        body = {"type": "m.login.application_service", "username": localpart, "inhibit_login": True}
        with contextlib.suppress(RefusedError):  # M_USER_IN_USE
            await self.call(Method.POST, "/_matrix/client/v3/register", body)

    # Events

    async def send(
        self,
        room_id: str,
        event_type: str,
        content: Mapping[str, Any],
        *,
        txn_id: str,
        as_user: UserId | None = None,
        origin_server_ts: int | None = None,
    ) -> str:
        """Sends an event and returns its id. `txn_id` protects only as long as the homeserver is not restarted, and
        does not tell users apart, so it has to name the sender."""
        path = f"/_matrix/client/v3/rooms/{quote(room_id)}/send/{quote(event_type)}/{quote(txn_id, safe='')}"
        answer = await self.call(Method.PUT, path, content, as_user=as_user, ts=origin_server_ts)
        return str(answer["event_id"])

    async def set_state(
        self,
        room_id: str,
        event_type: str,
        state_key: str,
        content: Mapping[str, Any],
        *,
        as_user: UserId | None = None,
    ) -> None:
        """Writes state, as the bot or as a person."""
        path = f"/_matrix/client/v3/rooms/{quote(room_id)}/state/{quote(event_type)}/{quote(state_key, safe='')}"
        await self.call(Method.PUT, path, content, as_user=as_user)

    async def state(
        self, room_id: str, event_type: str, state_key: str = "", *, as_user: UserId | None = None
    ) -> dict[str, Any]:
        """The content of a state event."""
        path = f"/_matrix/client/v3/rooms/{quote(room_id)}/state/{quote(event_type)}/{quote(state_key, safe='')}"
        return await self.call(Method.GET, path, as_user=as_user)

    async def event(self, room_id: str, event_id: str, *, as_user: UserId | None = None) -> dict[str, Any]:
        """One event as a member sees it, or the bot."""
        path = f"/_matrix/client/v3/rooms/{quote(room_id)}/event/{quote(event_id, safe='')}"
        return await self.call(Method.GET, path, as_user=as_user)

    async def redact(self, room_id: str, event_id: str, *, txn_id: str, as_user: UserId) -> None:
        """Deletes an event in the name of a member."""
        path = f"/_matrix/client/v3/rooms/{quote(room_id)}/redact/{quote(event_id, safe='')}/{quote(txn_id, safe='')}"
        await self.call(Method.PUT, path, {}, as_user=as_user)

    async def events_since(
        self, room_id: str, event_id: str, *, as_user: UserId, sender: UserId
    ) -> AsyncIterator[dict[str, Any]]:
        """What `sender` sent into a room after an event, oldest first."""
        only = f'{{"senders":["{sender}"]}}'
        path = f"/_matrix/client/v3/rooms/{quote(room_id)}/context/{quote(event_id, safe='')}"
        context = await self.call(Method.GET, path, as_user=as_user, limit=0, filter=only)
        token = context.get("end")
        while token:
            page = await self.call(
                Method.GET,
                f"/_matrix/client/v3/rooms/{quote(room_id)}/messages",
                as_user=as_user,
                dir="f",
                limit=_PAGE,
                filter=only,
                start=token,
            )
            for event in page.get("chunk", []):
                yield event
            token = page.get("end")

    async def messages_after(
        self, room_id: str, place: str, *, types: Sequence[str], as_user: UserId
    ) -> AsyncIterator[dict[str, Any]]:
        """What was sent into a room after a place in the stream, oldest first."""
        only = json.dumps({"types": list(types)})
        path = f"/_matrix/client/v3/rooms/{quote(room_id)}/messages"
        token: str | None = place
        while token:
            page = await self.call(Method.GET, path, as_user=as_user, dir="f", limit=_PAGE, filter=only, start=token)
            for event in page.get("chunk", []):
                yield event
            token = page.get("end")

    async def messages_before(
        self, room_id: str, *, types: Sequence[str], only_files: bool = False
    ) -> AsyncIterator[dict[str, Any]]:
        """What was sent into a room of the bot, newest first; `only_files`: what has an address of a file."""
        only = json.dumps({"types": list(types)} | ({"contains_url": True} if only_files else {}))
        path = f"/_matrix/client/v3/rooms/{quote(room_id)}/messages"
        token: str | None = None
        while True:
            page = await self.call(Method.GET, path, dir="b", limit=_PAGE, filter=only, start=token)
            for event in page.get("chunk", []):
                yield event
            token = page.get("end")
            if not token:
                return

    async def newest_events(self, room_id: str, *, sender: UserId, limit: int) -> list[dict[str, Any]]:
        """What `sender` sent last into a room of the bot, newest first."""
        only = f'{{"senders":["{sender}"]}}'
        path = f"/_matrix/client/v3/rooms/{quote(room_id)}/messages"
        return list((await self.call(Method.GET, path, dir="b", limit=limit, filter=only))["chunk"])

    # Rooms and their members

    async def create_room(self, request: Mapping[str, Any], *, as_user: UserId | None = None) -> str:
        """Makes a room, as a person or as the bot, and returns its id."""
        return str((await self.call(Method.POST, "/_matrix/client/v3/createRoom", request, as_user=as_user))["room_id"])

    async def join(self, room_id: str, *, as_user: UserId | None = None) -> None:
        """Joins a room, as a person or as the bot. Being in it already is fine."""
        await self.call(Method.POST, f"/_matrix/client/v3/join/{quote(room_id)}", {}, as_user=as_user)

    async def delete_room(self, room_id: str) -> None:
        """Lets the homeserver delete a room with all that is in it, as soon as it can: one that was killed keeps its
        locks for two minutes (Synapse admin API, "Delete Room API", version 2). Being at it already is fine."""
        path = f"/_synapse/admin/v2/rooms/{quote(room_id, safe='')}"
        with contextlib.suppress(RefusedError):
            await self.call(Method.DELETE, path, {"purge": True, "force_purge": True})

    async def invite(self, room_id: str, user_id: UserId, *, as_user: UserId | None = None) -> None:
        """Invites somebody, as a member or as the bot (then whether or not they accept invitations). Being invited
        already is fine.

        Raises:
            RefusedError: they are in the room already, or the member may not.
        """
        path = f"/_matrix/client/v3/rooms/{quote(room_id)}/invite"
        await self.call(Method.POST, path, {"user_id": user_id}, as_user=as_user)

    async def leave(self, room_id: str, *, as_user: UserId) -> None:
        """Leaves a room as a person."""
        await self.call(Method.POST, f"/_matrix/client/v3/rooms/{quote(room_id)}/leave", {}, as_user=as_user)

    async def kick(self, room_id: str, user_id: UserId, *, as_user: UserId | None = None) -> None:
        """Takes somebody out of a room, as one who leads it or as the bot."""
        path = f"/_matrix/client/v3/rooms/{quote(room_id)}/kick"
        await self.call(Method.POST, path, {"user_id": user_id}, as_user=as_user)

    async def members(self, room_id: str, *, as_user: UserId) -> frozenset[UserId]:
        """Who is joined or invited."""
        answer = await self.call(
            Method.GET, f"/_matrix/client/v3/rooms/{quote(room_id)}/members", as_user=as_user, not_membership="leave"
        )
        return frozenset(
            UserId(event["state_key"])
            for event in answer["chunk"]
            if event["content"].get("membership") in ("join", "invite")
        )

    async def rooms_made_by_bot(self) -> frozenset[str]:
        """Every room that the bot has made (Synapse admin API, "List Room API")."""
        made: set[str] = set()
        start: int | None = 0
        while start is not None:
            page = await self.call(Method.GET, "/_synapse/admin/v1/rooms", start=str(start), limit=_ROOMS_PAGE)
            made.update(room["room_id"] for room in page["rooms"] if room["creator"] == self.bot)
            start = page.get("next_batch")
        return frozenset(made)

    async def joined_rooms(self, user_id: UserId) -> list[str]:
        """Every room that somebody is in (Synapse admin API, "List joined rooms of a user")."""
        path = f"/_synapse/admin/v1/users/{quote(user_id, safe='')}/joined_rooms"
        return list((await self.call(Method.GET, path))["joined_rooms"])

    async def memberships(self, user_id: UserId) -> dict[str, str]:
        """How somebody is in which rooms, those included that they have left (Synapse admin API, "List room memberships
        of a user")."""
        path = f"/_synapse/admin/v1/users/{quote(user_id, safe='')}/memberships"
        return dict((await self.call(Method.GET, path))["memberships"])

    async def room_members(self, room_id: str) -> list[UserId]:
        """Who is joined, whoever asks (Synapse admin API, "Room Members API")."""
        answer = await self.call(Method.GET, f"/_synapse/admin/v1/rooms/{quote(room_id, safe='')}/members")
        return [UserId(user_id) for user_id in answer["members"]]

    async def list_rooms(self) -> AsyncIterator[dict[str, Any]]:
        """Every room that there is: `room_id`, `creator`, … (Synapse admin API, "List Room API")."""
        start: int | None = 0
        while start is not None:
            page = await self.call(Method.GET, "/_synapse/admin/v1/rooms", start=str(start), limit=_ROOMS_PAGE)
            for room in page["rooms"]:
                yield room
            start = page.get("next_batch")

    async def whole_state(self, room_id: str) -> list[dict[str, Any]]:
        """Every state event of a room, whoever is in it (Synapse admin API, "Room State API")."""
        answer = await self.call(Method.GET, f"/_synapse/admin/v1/rooms/{quote(room_id, safe='')}/state")
        return list(answer["state"])
