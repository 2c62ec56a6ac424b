"""The homeserver, as the rest of the program sees it: a few calls, and errors told apart by what to do about them.

The only file that knows mautrix. The appservice may act as every person of the school (`as_user`), and as the bot,
who is a server admin (application service API, "Identity assertion"; Synapse admin API).
"""

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from aiohttp import ClientSession, ClientTimeout
from mautrix.api import HTTPAPI, Method
from mautrix.errors import MatrixConnectionError, MatrixRequestError

from school.domain.people import UserId

_TIMEOUT: Final = ClientTimeout(total=60)
_PAGE: Final = 100
_USERS_PAGE: Final = 5000
_ROOMS_PAGE: Final = 1000


class HomeserverError(Exception):
    """The homeserver did not do what was asked. `words` are its own, fit to be shown to a person; `status` is the
    HTTP status, None if there was no answer."""

    def __init__(self, text: str, *, words: str = "", status: int | None = None) -> None:
        super().__init__(text)
        self.words = words
        self.status = status


class NotThereError(HomeserverError):
    """What was asked about does not exist (404)."""


class RefusedError(HomeserverError):
    """The homeserver said no, and will say so again (any other 4xx)."""


class TryLaterError(HomeserverError):
    """The homeserver cannot be reached, is busy, or cannot decide now (429, 5xx). Whether it did it is not known."""


def _error(error: MatrixRequestError) -> HomeserverError:
    words = error.message or ""
    text = f"HTTP {error.http_status}: {words or error}"
    if error.http_status == 404:
        return NotThereError(text, words=words, status=error.http_status)
    if error.http_status == 429 or error.http_status >= 500:
        return TryLaterError(text, words=words, status=error.http_status)
    return RefusedError(text, words=words, status=error.http_status)


class Homeserver:
    """A connection to Synapse. Use as an async context manager."""

    def __init__(self, *, base_url: str, token: str, bot: UserId) -> None:
        self._base_url = base_url
        self._token = token
        self.bot = bot

    async def __aenter__(self) -> "Homeserver":
        self._session = ClientSession(timeout=_TIMEOUT)
        self._api = HTTPAPI(self._base_url, self._token, client_session=self._session, default_retry_count=0)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def call(
        self,
        method: Method,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        as_user: UserId | None = None,
        start: str | None = None,
        **query: str | int | bool | None,
    ) -> dict[str, Any]:
        """One request; `start` is the query parameter `from`, a word that Python keeps to itself.

        Nothing is repeated here: whether that is harmless only the caller knows.

        Raises:
            HomeserverError: one of its three kinds.
        """
        given = {
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in query.items()
            if value is not None
        }
        if start is not None:
            given["from"] = start
        if as_user is not None:
            given["user_id"] = as_user
        try:
            answer = await self._api.request(
                method,
                path,
                dict(body) if body is not None else None,
                query_params=given,
                sensitive=method is not Method.GET,  # what people write is never logged
            )
        except MatrixRequestError as error:
            raise _error(error) from error
        except (MatrixConnectionError, TimeoutError) as error:
            raise TryLaterError(f"the homeserver cannot be reached: {error}") from error
        return dict(answer)

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

    async def set_state(self, room_id: str, event_type: str, state_key: str, content: Mapping[str, Any]) -> None:
        """Writes state as the bot."""
        path = f"/_matrix/client/v3/rooms/{quote(room_id)}/state/{quote(event_type)}/{quote(state_key, safe='')}"
        await self.call(Method.PUT, path, content)

    async def state(
        self, room_id: str, event_type: str, state_key: str = "", *, as_user: UserId | None = None
    ) -> dict[str, Any]:
        """The content of a state event."""
        path = f"/_matrix/client/v3/rooms/{quote(room_id)}/state/{quote(event_type)}/{quote(state_key, safe='')}"
        return await self.call(Method.GET, path, as_user=as_user)

    async def event(self, room_id: str, event_id: str, *, as_user: UserId) -> dict[str, Any]:
        """One event as a member sees it."""
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

    # Rooms and their members

    async def create_room(self, request: Mapping[str, Any]) -> str:
        """Makes a room as the bot and returns its id."""
        return str((await self.call(Method.POST, "/_matrix/client/v3/createRoom", request))["room_id"])

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

    async def kick(self, room_id: str, user_id: UserId) -> None:
        """Takes somebody out of a room, as the bot."""
        await self.call(Method.POST, f"/_matrix/client/v3/rooms/{quote(room_id)}/kick", {"user_id": user_id})

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

    # Account data

    async def account_data(self, user_id: UserId, data_type: str) -> dict[str, Any]:
        """Somebody's global account data; empty if there is none."""
        path = f"/_matrix/client/v3/user/{quote(user_id)}/account_data/{quote(data_type)}"
        try:
            return await self.call(Method.GET, path, as_user=user_id)
        except NotThereError:
            return {}

    async def set_account_data(self, user_id: UserId, data_type: str, content: Mapping[str, Any]) -> None:
        """Writes somebody's global account data."""
        path = f"/_matrix/client/v3/user/{quote(user_id)}/account_data/{quote(data_type)}"
        await self.call(Method.PUT, path, content, as_user=user_id)

    # Profiles

    async def profile(self, user_id: UserId) -> dict[str, Any]:
        """Every field of somebody's profile."""
        return await self.call(Method.GET, f"/_matrix/client/v3/profile/{quote(user_id)}", as_user=user_id)

    async def delete_profile_field(self, user_id: UserId, field: str) -> None:
        """Deletes one field of somebody's profile, as an admin: people may not change everything. That there is none
        is fine."""
        path = f"/_matrix/client/v3/profile/{quote(user_id)}/{quote(field, safe='')}"
        with contextlib.suppress(NotThereError):
            await self.call(Method.DELETE, path)

    # Accounts (Synapse admin API)

    async def put_account(self, user_id: UserId, **values: Any) -> None:
        """Makes or changes an account: `displayname`, `password`, `locked`, …"""
        await self.call(Method.PUT, f"/_synapse/admin/v2/users/{quote(user_id, safe='')}", values)

    async def accounts(self) -> AsyncIterator[dict[str, Any]]:
        """Every account that is not deactivated: `name`, `locked`, `last_seen_ts`, `admin`, …"""
        start: str | None = "0"
        while start is not None:
            page = await self.call(
                Method.GET,
                "/_synapse/admin/v3/users",
                start=start,
                limit=_USERS_PAGE,
                guests=False,
                locked=True,
                deactivated=False,
            )
            for account in page["users"]:
                yield account
            start = page.get("next_token")

    async def is_admin(self, user_id: UserId) -> bool:
        """Whether somebody is a server admin; who has no account is none."""
        path = f"/_synapse/admin/v1/users/{quote(user_id, safe='')}/admin"
        try:
            return (await self.call(Method.GET, path)).get("admin") is True
        except NotThereError:
            return False

    async def background_updates(self) -> int:
        """How many background updates of its database the homeserver is still doing."""
        status = await self.call(Method.GET, "/_synapse/admin/v1/background_updates/status")
        return len(status.get("current_updates", {}))

    async def erase(self, user_id: UserId) -> None:
        """Ends an account for ever and erases what it has (Synapse admin API, "Deactivate Account")."""
        path = f"/_synapse/admin/v1/deactivate/{quote(user_id, safe='')}"
        await self.call(Method.POST, path, {"erase": True})

    async def end_sessions(self, user_id: UserId) -> None:
        """Signs somebody out on all their devices."""
        path = f"/_synapse/admin/v2/users/{quote(user_id, safe='')}"
        devices = (await self.call(Method.GET, f"{path}/devices")).get("devices", [])
        await self.call(Method.POST, f"{path}/delete_devices", {"devices": [d["device_id"] for d in devices]})
