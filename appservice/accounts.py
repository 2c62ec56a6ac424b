"""What concerns one account: its data, profile, push rules and stream of events, and what an admin does with it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any, Final
from urllib.parse import quote

from appservice.connection import Connection, Method, NotThereError, TryLaterError
from school.domain.people import UserId

_USERS_PAGE: Final = 5000
_REDACTION_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.1
_PUSH_RULES: Final = "/_matrix/client/v3/pushrules/global"
_NO_MORE: Final[Mapping[str, Any]] = {"account_data": {"types": []}}
"""Of a sync nothing but what is in rooms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomNews:
    """Events of one room, oldest first. Where it is not all, there are more before."""

    events: Sequence[Mapping[str, Any]]
    is_all: bool


class Accounts(Connection):
    """Acting on accounts, as their owners or as the bot, who is a server admin."""

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

    # Push rules

    async def override_rules(self, user_id: UserId) -> list[dict[str, Any]]:
        """Somebody's override push rules, the strongest first."""
        return list((await self.call(Method.GET, f"{_PUSH_RULES}/", as_user=user_id))["override"])

    async def put_override_rule(self, user_id: UserId, rule_id: str, rule: Mapping[str, Any]) -> None:
        """Puts an override rule above all others of a person, whether it is there already or not. One that they have
        switched off stays so."""
        await self.call(Method.PUT, f"{_PUSH_RULES}/override/{quote(rule_id)}", rule, as_user=user_id)

    async def switch_on_override_rule(self, user_id: UserId, rule_id: str) -> None:
        """Switches a rule on again."""
        path = f"{_PUSH_RULES}/override/{quote(rule_id)}/enabled"
        await self.call(Method.PUT, path, {"enabled": True}, as_user=user_id)

    async def delete_override_rule(self, user_id: UserId, rule_id: str) -> None:
        """Deletes a rule. That there is none is fine."""
        with contextlib.suppress(NotThereError):
            await self.call(Method.DELETE, f"{_PUSH_RULES}/override/{quote(rule_id)}", as_user=user_id)

    # The stream of events

    async def place_in_stream(self, user_id: UserId) -> str:
        """Where the stream of all events ends now. The place is the same for everybody, but the bot itself may not
        ask: Synapse lets appservices sync only as their people."""
        answer = await self.look_around(user_id, {"room": {"rooms": []}, **_NO_MORE})
        return str(answer["next_batch"])

    async def news_since(
        self, user_id: UserId, place: str, *, types: Sequence[str], not_senders: Sequence[UserId], limit: int
    ) -> dict[str, RoomNews]:
        """The newest events of these types in every room of a person, since a place in the stream. It is nobody's
        device that asks, so nothing is taken from those that do."""
        nothing: dict[str, list[str]] = {"types": []}
        timeline = {"types": list(types), "not_senders": list(not_senders), "limit": limit}
        room = {"timeline": timeline, "state": nothing, "ephemeral": nothing, "account_data": nothing}
        answer = await self.look_around(user_id, {"room": room, **_NO_MORE}, since=place)
        joined = answer.get("rooms", {}).get("join", {})
        return {
            room_id: RoomNews(events=room["timeline"]["events"], is_all=not room["timeline"]["limited"])
            for room_id, room in joined.items()
            if room["timeline"]["events"]
        }

    async def look_around(
        self, user_id: UserId, only: Mapping[str, Any], *, since: str | None = None
    ) -> dict[str, Any]:
        """One `/sync` as somebody, as a filter says. It is nobody's device that asks, so nothing is taken from those
        that do."""
        # Synapse answers the same question for two minutes with the same answer, so that no two are the same here.
        presence = {"types": [], "not_types": [token_hex(8)]}
        return await self.call(
            Method.GET,
            "/_matrix/client/v3/sync",
            as_user=user_id,
            since=since,
            timeout=0,
            set_presence="offline",
            filter=json.dumps({**only, "presence": presence}),
        )

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

    async def login_types(self) -> frozenset[str]:
        """In which ways people can sign in: `m.login.password`, `m.login.sso`, … None at all where the Matrix
        Authentication Service does it."""
        with contextlib.suppress(NotThereError):
            flows = (await self.call(Method.GET, "/_matrix/client/v3/login")).get("flows", [])
            return frozenset(str(flow["type"]) for flow in flows)
        return frozenset()

    async def background_updates(self) -> int:
        """How many background updates of its database the homeserver is still doing."""
        status = await self.call(Method.GET, "/_synapse/admin/v1/background_updates/status")
        return len(status.get("current_updates", {}))

    async def redact_sent_at(self, user_id: UserId, room_id: str, *, at_ms: int) -> None:
        """Deletes what somebody sent into a room at a moment, also when they have left it; returns when that is done
        (Synapse admin API, "Redact all the events of a user").

        Raises:
            TryLaterError: it takes too long.
        """
        path = f"/_synapse/admin/v1/user/{quote(user_id, safe='')}/redact"
        moment = {"rooms": [room_id], "after_ts": at_ms, "before_ts": at_ms}
        begun = (await self.call(Method.POST, path, moment))["redact_id"]
        try:
            async with asyncio.timeout(_REDACTION_SECONDS):
                while True:
                    if not await self._is_at_work(begun):
                        return
                    await asyncio.sleep(_LOOK_SECONDS)
        except TimeoutError as error:
            raise TryLaterError("the homeserver is still at work on a redaction") from error

    async def _is_at_work(self, redact_id: str) -> bool:
        status = await self.call(Method.GET, f"/_synapse/admin/v1/user/redact_status/{quote(redact_id, safe='')}")
        return status["status"] in {"scheduled", "active"}

    async def erase(self, user_id: UserId) -> None:
        """Ends an account for ever and erases what it has (Synapse admin API, "Deactivate Account")."""
        path = f"/_synapse/admin/v1/deactivate/{quote(user_id, safe='')}"
        await self.call(Method.POST, path, {"erase": True})

    async def set_password(self, user_id: UserId, password: str, *, sign_out: bool) -> None:
        """Gives an account a password; with `sign_out` all its devices are signed out."""
        await self.put_account(user_id, password=password, logout_devices=sign_out)

    async def devices(self, user_id: UserId) -> list[dict[str, Any]]:
        """Where somebody is signed in: `device_id`, `display_name`, `last_seen_ts`, …"""
        path = f"/_synapse/admin/v2/users/{quote(user_id, safe='')}/devices"
        return list((await self.call(Method.GET, path)).get("devices", []))

    async def sign_out(self, user_id: UserId, device_id: str) -> None:
        """Signs somebody out on one device. That there is no such device is fine."""
        path = f"/_synapse/admin/v2/users/{quote(user_id, safe='')}/devices/{quote(device_id, safe='')}"
        with contextlib.suppress(NotThereError):
            await self.call(Method.DELETE, path)

    async def end_sessions(self, user_id: UserId) -> None:
        """Signs somebody out on all their devices."""
        path = f"/_synapse/admin/v2/users/{quote(user_id, safe='')}/delete_devices"
        devices = await self.devices(user_id)
        await self.call(Method.POST, path, {"devices": [device["device_id"] for device in devices]})
