"""A Matrix client as small as can be. It shares nothing with the program that it tests."""

import json
import secrets
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

T = TypeVar("T")
Json = dict[str, Any]
_TRIES = 20


def wait_until(check: Callable[[], T], seconds: float) -> T:
    """What `check` returns as soon as it is something; fails when that takes longer than `seconds`."""
    deadline = time.monotonic() + seconds
    while not (result := check()):
        assert time.monotonic() < deadline, f"not within {seconds} s; the last answer was {result!r}"
        time.sleep(0.1)
    return result


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    body: Any

    def ok(self) -> Any:
        assert self.status == 200, f"{self.status}: {self.body}"
        return self.body


class Client:
    """One session of one user. `get`, `post` and `put` take a path behind `/_matrix/client/v3`, or one with its `/`."""

    def __init__(self, homeserver: str, user_id: str = "", token: str = "") -> None:
        self.homeserver = homeserver
        self.user_id = user_id
        self.token = token

    def request(self, method: str, path: str, body: object = None, *, raw: bool = False, **query: object) -> Answer:
        url = self.homeserver + (path if path.startswith("/") else f"/_matrix/client/v3/{path}")
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if isinstance(body, bytes):
            data, headers["Content-Type"] = body, "application/octet-stream"
        elif body is None and method in ("GET", "DELETE"):
            data = None
        else:
            data, headers["Content-Type"] = json.dumps({} if body is None else body).encode(), "application/json"
        asked = {name: value if isinstance(value, str) else json.dumps(value) for name, value in query.items()}
        request = Request(f"{url}?{urlencode(asked)}" if asked else url, data=data, headers=headers, method=method)
        try:
            answer = urlopen(request, timeout=60)
        except HTTPError as error:
            answer = error
        with closing(answer):
            content = answer.read()
            return Answer(answer.status, content if raw else json.loads(content))

    def get(self, path: str, **query: object) -> Answer:
        return self.request("GET", path, **query)

    def post(self, path: str, body: object = None, **query: object) -> Answer:
        return self.request("POST", path, body, **query)

    def put(self, path: str, body: object, **query: object) -> Answer:
        return self.request("PUT", path, body, **query)

    # Signing in

    def try_login(self, user_id: str, password: str) -> Answer:
        identifier = {"type": "m.id.user", "user": user_id}
        return self.post("login", {"type": "m.login.password", "identifier": identifier, "password": password})

    def login(self, user_id: str, password: str) -> None:
        body = self.try_login(user_id, password).ok()
        self.user_id, self.token = body["user_id"], body["access_token"]

    # Rooms

    def try_create_room(self, **request: object) -> Answer:
        return self.post("createRoom", request)

    def create_room(self, **request: object) -> str:
        return self.try_create_room(**request).ok()["room_id"]

    def open_direct_room(self, user_id: str) -> str:
        """Asks for it as Element does."""
        return self.create_room(preset="trusted_private_chat", visibility="private", is_direct=True, invite=[user_id])

    def join(self, room: str) -> Answer:
        """Like other clients, tries again when it is asked to."""
        answer = self.post(f"join/{quote(room)}")
        for _ in range(_TRIES):
            if answer.status != 429:
                break
            time.sleep(answer.body["retry_after_ms"] / 1000)
            answer = self.post(f"join/{quote(room)}")
        return answer

    def leave(self, room: str) -> Answer:
        return self.post(f"rooms/{quote(room)}/leave")

    def invite(self, room: str, user_id: str) -> Answer:
        return self.post(f"rooms/{quote(room)}/invite", {"user_id": user_id})

    def joined_rooms(self) -> set[str]:
        return set(self.get("joined_rooms").ok()["joined_rooms"])

    def invitations(self) -> set[str]:
        return set(self.sync().get("rooms", {}).get("invite", {}))

    def members(self, room: str) -> set[str]:
        return set(self.get(f"rooms/{quote(room)}/joined_members").ok()["joined"])

    def state(self, room: str, event_type: str, state_key: str = "") -> Answer:
        return self.get(f"rooms/{quote(room)}/state/{quote(event_type)}/{quote(state_key, safe='')}")

    def set_state(self, room: str, event_type: str, content: Json, state_key: str = "") -> Answer:
        return self.put(f"rooms/{quote(room)}/state/{quote(event_type)}/{quote(state_key, safe='')}", content)

    # Messages

    def try_send(self, room: str, content: Json, event_type: str = "m.room.message", **query: object) -> Answer:
        return self.put(f"rooms/{quote(room)}/send/{quote(event_type)}/{secrets.token_hex(8)}", content, **query)

    def send(self, room: str, words: str, **more: object) -> str:
        return self.try_send(room, {"msgtype": "m.text", "body": words, **more}).ok()["event_id"]

    def try_redact(self, room: str, event_id: str) -> Answer:
        path = f"rooms/{quote(room)}/redact/{quote(event_id, safe='')}/{secrets.token_hex(8)}"
        return self.put(path, {})

    def redact(self, room: str, event_id: str) -> None:
        self.try_redact(room, event_id).ok()

    def try_event(self, room: str, event_id: str) -> Answer:
        return self.get(f"rooms/{quote(room)}/event/{quote(event_id, safe='')}")

    def event(self, room: str, event_id: str) -> Json:
        return self.try_event(room, event_id).ok()

    def events(self, room: str) -> list[Json]:
        """The newest hundred events of a room, oldest first."""
        return self.get(f"rooms/{quote(room)}/messages", dir="b", limit=100).ok()["chunk"][::-1]

    def texts(self, room: str) -> list[str]:
        """What stands in a room's messages, edits left out, oldest first."""
        contents = [event["content"] for event in self.events(room) if event["type"] == "m.room.message"]
        return [c["body"] for c in contents if "body" in c and not is_edit(c)]

    def sync(self, since: str | None = None, **query: object) -> Json:
        """One `/sync`. The filter differs each time: equal initial answers are kept by Synapse for two minutes."""
        chosen = {"room": {"timeline": {"limit": 50 + secrets.randbelow(1000)}}}
        query |= {"filter": chosen} | ({} if since is None else {"since": since})
        return self.get("sync", timeout=0, **query).ok()

    def unread(self, room: str) -> int:
        joined = self.sync()["rooms"]["join"][room]
        return joined["unread_notifications"]["notification_count"]

    def direct_rooms(self) -> dict[str, list[str]]:
        """`m.direct`: rooms by the other person."""
        answer = self.get(f"user/{quote(self.user_id)}/account_data/m.direct")
        return {} if answer.status == 404 else answer.ok()

    # Files

    def upload(self, content: bytes, name: str) -> str:
        return self.post("/_matrix/media/v3/upload", content, filename=name).ok()["content_uri"]

    def download(self, uri: str) -> Answer:
        return self.request("GET", "/_matrix/client/v1/media/download/" + uri.removeprefix("mxc://"), raw=True)


def is_edit(content: Json) -> bool:
    return content.get("m.relates_to", {}).get("rel_type") == "m.replace"


def times(words: str, texts: Iterable[str]) -> int:
    """How often `words` stand in texts, whole."""
    return sum(text == words for text in texts)
