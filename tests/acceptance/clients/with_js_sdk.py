"""matrix-js-sdk, which Element and Cinny are made with, in a Node process of its own (school.mjs)."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from acceptance.client import Answer, Json
from acceptance.clients.library import Library, LibraryClient, Message, RefusedError, Room

_HERE = Path(__file__).parent
INSTALLED = _HERE / "node_modules" / "matrix-js-sdk"

_GUESTS = {"type": "m.room.guest_access", "state_key": "", "content": {"guest_access": "can_join"}}
_ENCRYPTION = {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
_TRUSTED = {"is_direct": True, "preset": "trusted_private_chat", "visibility": "private"}


class JsClient(LibraryClient):
    direct_requests: ClassVar[dict[str, Json]] = {
        "bare": {"is_direct": True, "preset": "private_chat"},
        "as Element": _TRUSTED | {"initial_state": [_GUESTS, _ENCRYPTION]},
        "as Cinny": _TRUSTED | {"initial_state": [_ENCRYPTION]},
    }

    def __init__(self, sdk: "JsSdk", user_id: str) -> None:
        self.user_id = user_id
        self._sdk = sdk

    def open_direct(self, user_id: str, way: str) -> str:
        room = self._call("createRoom", {"invite": [user_id]} | self.direct_requests[way])["room_id"]
        if way in ("as Element", "as Cinny"):
            self._call("markDirect", room, user_id)
        return room

    def create_chat(self, name: str, invite: Sequence[str]) -> str:
        request = {"name": name, "invite": invite, "preset": "private_chat", "visibility": "private"}
        return self._call("createRoom", request)["room_id"]

    def invite(self, room: str, user_id: str) -> None:
        self._call("invite", room, user_id)

    def join(self, room: str) -> None:
        self._call("joinRoom", room)

    def leave(self, room: str) -> None:
        self._call("leave", room)

    def kick(self, room: str, user_id: str) -> None:
        self._call("kick", room, user_id)

    def send(self, room: str, words: str) -> str:
        return self._call("sendTextMessage", room, words)["event_id"]

    def state(self, room: str, event_type: str) -> Json:
        return self._call("getStateEvent", room, event_type, "")

    def set_state(self, room: str, event_type: str, content: Json) -> None:
        self._call("sendStateEvent", room, event_type, content, "")

    def choose_password(self, old: str, new: str) -> None:
        identifier = {"type": "m.id.user", "user": self.user_id}
        self._call("setPassword", {"type": "m.login.password", "identifier": identifier, "password": old}, new, False)

    def is_signed_in(self) -> bool:
        """It syncs all the time, and stops when its token is none any more."""
        return self._call("getSyncState") in ("PREPARED", "SYNCING")

    def search_people(self, term: str) -> set[str]:
        found = self._call("searchUserDirectory", {"term": term, "limit": 50})
        return {person["user_id"] for person in found["results"]}

    def rooms(self) -> dict[str, Room]:
        return {room["id"]: Room(**room) for room in self._call("rooms")}

    def invitations(self) -> set[str]:
        return set(self._call("invitations"))

    def messages(self, room: str) -> list[Message]:
        return [Message(**message) for message in self._call("messages", room) if "words" in message]

    def direct_rooms(self) -> dict[str, list[str]]:
        return self._call("directRooms")

    def _call(self, call: str, *values: object) -> Any:
        return self._sdk.call(self.user_id, call, *values)


class JsSdk(Library):
    """`log` gets what the SDK tells about itself."""

    name: ClassVar[str] = "js_sdk"

    def __init__(self, log: Path) -> None:
        super().__init__()
        self._log = log.open("wb")
        self._node = subprocess.Popen(
            ["node", _HERE / "school.mjs"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            encoding="utf-8",
        )

    def call(self, who: str, call: str, *values: object) -> Any:
        self._node.stdin.write(json.dumps({"who": who, "call": call, "with": values}) + "\n")
        self._node.stdin.flush()
        line = self._node.stdout.readline()
        assert line, f"Node has ended:\n{Path(self._log.name).read_text()}"
        said = json.loads(line)
        if "refused" in said:
            raise RefusedError(Answer(**said["refused"]))
        assert "answer" in said, said["broken"]
        return said["answer"]

    def log_in(self, homeserver: str, user_id: str, password: str) -> JsClient:
        self.call(user_id, "enter", homeserver, user_id, password)
        return JsClient(self, user_id)

    def log_in_with_token(self, homeserver: str, user_id: str, token: str) -> JsClient:
        self.call(user_id, "enter", homeserver, user_id, None, token)
        return JsClient(self, user_id)

    def close(self) -> None:
        self._node.stdin.close()
        try:
            assert self._node.wait(10) == 0
        finally:
            self._node.kill()
            self._node.wait()
            self._node.stdout.close()
            self._log.close()


def open_js_sdk(log: Path) -> JsSdk:
    """Skips the story where it is not installed; in CI nothing is left out."""
    if shutil.which("node") is None or not INSTALLED.exists():
        missing = "matrix-js-sdk is not installed (install Node 18 or newer with npm, then: make setup)"
        if os.environ.get("CI"):
            pytest.fail(f"{missing}, and in CI nothing is left out")
        pytest.skip(missing)
    return JsSdk(log)
