"""matrix-nio. It keeps rooms and their members; the timeline is its user's business, as in the bots made with it."""

import json
from asyncio import Runner
from collections.abc import Coroutine, Sequence
from typing import Any, ClassVar

from nio import (
    AsyncClient,
    AsyncClientConfig,
    DirectRoomsErrorResponse,
    EnableEncryptionBuilder,
    ErrorResponse,
    Event,
    MatrixRoom,
    RoomPreset,
    RoomVisibility,
)

from acceptance.client import Answer, Json, is_edit
from acceptance.clients.library import Library, LibraryClient, Message, RefusedError, Room

_ENCRYPTION = EnableEncryptionBuilder().as_dict()


class NioClient(LibraryClient):
    direct_requests: ClassVar[dict[str, Json]] = {
        "bare": {"is_direct": True},
        "as matrix-commander": {
            "is_direct": True,
            "visibility": RoomVisibility.private,
            "preset": RoomPreset.private_chat,
            "initial_state": [_ENCRYPTION],
        },
        "as an encrypting bot": {
            "is_direct": True,
            "preset": RoomPreset.trusted_private_chat,
            "initial_state": [_ENCRYPTION],
        },
    }

    def __init__(self, runner: Runner, homeserver: str, user_id: str) -> None:
        self.user_id = user_id
        self._runner = runner
        self._nio = AsyncClient(homeserver, user_id, config=AsyncClientConfig(encryption_enabled=False))
        self._nio.add_event_callback(self._on_event, Event)
        self._timelines: dict[str, dict[str, Message]] = {}

    def log_in(self, password: str) -> None:
        self._do(self._nio.login(password))
        self._sync()

    def log_in_with_token(self, token: str) -> None:
        self._do(self._nio.login(token=token))
        self._sync()

    def close(self) -> None:
        self._runner.run(self._nio.close())

    def open_direct(self, user_id: str, way: str) -> str:
        return self._create_room(invite=[user_id], **self.direct_requests[way])

    def create_chat(self, name: str, invite: Sequence[str]) -> str:
        return self._create_room(name=name, invite=invite, preset=RoomPreset.private_chat)

    def invite(self, room: str, user_id: str) -> None:
        self._do(self._nio.room_invite(room, user_id))

    def join(self, room: str) -> None:
        self._do(self._nio.join(room))

    def leave(self, room: str) -> None:
        self._do(self._nio.room_leave(room))

    def kick(self, room: str, user_id: str) -> None:
        self._do(self._nio.room_kick(room, user_id))

    def send(self, room: str, words: str) -> str:
        return self._do(self._nio.room_send(room, "m.room.message", {"msgtype": "m.text", "body": words})).event_id

    def state(self, room: str, event_type: str) -> Json:
        return self._do(self._nio.room_get_state_event(room, event_type)).content

    def set_state(self, room: str, event_type: str, content: Json) -> None:
        self._do(self._nio.room_put_state(room, event_type, content))

    def choose_password(self, old: str, new: str) -> None:
        identifier = {"type": "m.id.user", "user": self.user_id}
        proof = {"type": "m.login.password", "identifier": identifier, "password": old}
        self._post("account/password", {"auth": proof, "new_password": new, "logout_devices": False})

    def is_signed_in(self) -> bool:
        try:
            self._sync()
        except RefusedError as error:
            if error.answer.status != 401:
                raise
            return False
        return True

    def search_people(self, term: str) -> set[str]:
        return {
            person["user_id"]
            for person in self._post("user_directory/search", {"search_term": term, "limit": 50})["results"]
        }

    def rooms(self) -> dict[str, Room]:
        """It keeps rooms that one has left, so its users ask which ones are joined."""
        self._sync()
        joined = self._do(self._nio.joined_rooms()).rooms
        return {
            room.room_id: Room(
                room.room_id, room.display_name, room.room_type == "m.space", room.encrypted, list(room.users)
            )
            for room in self._nio.rooms.values()
            if room.room_id in joined
        }

    def invitations(self) -> set[str]:
        self._sync()
        return set(self._nio.invited_rooms)

    def messages(self, room: str) -> list[Message]:
        self._sync()
        return list(self._timelines.get(room, {}).values())

    def direct_rooms(self) -> dict[str, list[str]]:
        answer = self._runner.run(self._nio.list_direct_rooms())
        return {} if isinstance(answer, DirectRoomsErrorResponse) else answer.rooms

    def _create_room(self, **request: Any) -> str:
        return self._do(self._nio.room_create(**request)).room_id

    def _post(self, path: str, body: Json) -> Json:
        """It has no call for this; who wants it sends the request."""
        headers = {"Authorization": f"Bearer {self._nio.access_token}"}
        answer = self._runner.run(self._nio.send("POST", f"/_matrix/client/v3/{path}", json.dumps(body), headers))
        said = self._runner.run(answer.json())
        if answer.status != 200:
            raise RefusedError(Answer(answer.status, said))
        return said

    def _sync(self) -> None:
        self._do(self._nio.sync(timeout=0, sync_filter={"room": {"timeline": {"limit": 50}}}))

    def _do(self, call: Coroutine[Any, Any, Any]) -> Any:
        response = self._runner.run(call)
        if not isinstance(response, ErrorResponse):
            return response
        answer = self._runner.run(response.transport_response.json())
        shown = {"errcode": response.status_code, "error": response.message}
        raise RefusedError(Answer(response.transport_response.status, answer | shown))

    async def _on_event(self, room: MatrixRoom, event: Event) -> None:
        content = event.source["content"]
        if event.source["type"] != "m.room.message" or "body" not in content:
            return
        timeline = self._timelines.setdefault(room.room_id, {})
        if not is_edit(content):
            timeline[event.event_id] = Message(event.event_id, event.sender, content["body"], content["body"])
            return
        edited = timeline.get(content["m.relates_to"]["event_id"])
        if edited is not None and edited.sender == event.sender:
            words = content["m.new_content"]["body"]
            timeline[edited.id] = Message(edited.id, edited.sender, words, edited.first_words)


class Nio(Library):
    name: ClassVar[str] = "nio"

    def __init__(self) -> None:
        super().__init__()
        self._runner = Runner()
        self._open: list[NioClient] = []

    def log_in(self, homeserver: str, user_id: str, password: str) -> NioClient:
        client = NioClient(self._runner, homeserver, user_id)
        self._open.append(client)
        client.log_in(password)
        return client

    def log_in_with_token(self, homeserver: str, user_id: str, token: str) -> NioClient:
        client = NioClient(self._runner, homeserver, user_id)
        self._open.append(client)
        client.log_in_with_token(token)
        return client

    def close(self) -> None:
        for client in self._open:
            client.close()
        self._runner.close()
