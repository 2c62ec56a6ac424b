"""Rooms in which files are shared, and a homeserver that tells of them as Synapse does."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, BinaryIO

from builders import BEN, BOT, CARL, EVERYBODY, GROUPS, IDA, OTTO
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import HomeserverError, NotThereError
from school.database.shelf import files_in
from school.database.tables import group_rooms, groups, persons
from school.domain.people import Person, UserId
from school.sealing import SIGNED_KEY

NOON_MS = int(datetime(2026, 5, 5, 12, 0, tzinfo=UTC).timestamp() * 1000)
ROOM, NEWS, OTHER, CHAT = "!room-5a", "!news-5a", "!room-6b", "!chat"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100
PDF = b"%PDF-1.7\n" + b"0" * 100


def content(name: str, media_type: str = "image/png", uri: str = "mxc://school.test/a", **more: Any) -> dict[str, Any]:
    return {"msgtype": "m.file", "body": name, "url": uri, "info": {"mimetype": media_type, "size": 108}} | more


@dataclass
class FakeMessenger:
    """Rooms, who is in them, what was said, and files. `becomes` is what the module puts in a message's place."""

    joined: dict[str, set[UserId]] = field(default_factory=lambda: defaultdict(set))
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    small: dict[str, bytes] = field(default_factory=dict)
    becomes: dict[str, Any] | None = None
    trouble: HomeserverError | None = None
    most_bytes: int | None = 1000
    asked: list[tuple[str, UserId]] = field(default_factory=list)
    sent: dict[str, str] = field(default_factory=dict)

    def says(
        self, said: Mapping[str, Any], *, who: Person = IDA, room: str = ROOM, at: int = 0, kind: str = "m.room.message"
    ) -> dict[str, Any]:
        """An event, as the appservice is told of it."""
        event_id = f"$event-{len(self.events)}"
        self.events[event_id] = {
            "event_id": event_id,
            "room_id": room,
            "sender": who.user_id,
            "type": kind,
            "origin_server_ts": NOON_MS + at,
            "content": dict(said),
        }
        return dict(self.events[event_id])

    def edits(self, event: Mapping[str, Any], new: Mapping[str, Any], *, at: int = 1) -> dict[str, Any]:
        relation = {"rel_type": "m.replace", "event_id": event["event_id"]}
        said = {"msgtype": "m.text", "body": "*", "m.new_content": dict(new), "m.relates_to": relation}
        return self.says(said, who=_who(event), room=event["room_id"], at=at)

    def deletes(self, event: Mapping[str, Any], *, who: Person = IDA) -> dict[str, Any]:
        self.events[event["event_id"]]["content"] = {}
        return self.says({"redacts": event["event_id"]}, who=who, room=event["room_id"], kind="m.room.redaction")

    # What is asked of a homeserver

    async def event(self, room_id: str, event_id: str, *, as_user: UserId | None = None) -> dict[str, Any]:
        self._look()
        event = self.events.get(event_id)
        if event is None or event["room_id"] != room_id:
            raise NotThereError("HTTP 404", status=404)
        edits = [
            other
            for other in self.events.values()
            if (other["content"].get("m.relates_to") or {}).get("event_id") == event_id and event["content"]
        ]
        newest = max(edits, key=lambda edit: edit["origin_server_ts"], default=None)
        relations = {} if newest is None else {"m.relations": {"m.replace": newest}}
        return {**event, "unsigned": relations}

    async def messages_before(
        self, room_id: str, *, types: tuple[str, ...], only_files: bool = False
    ) -> AsyncIterator[dict[str, Any]]:
        for event in sorted(self.events.values(), key=lambda each: -each["origin_server_ts"]):
            self._look()
            if event["room_id"] == room_id and event["type"] in types and (not only_files or "url" in event["content"]):
                told = await self.event(room_id, event["event_id"])
                yield {key: value for key, value in told.items() if key != "room_id"}

    async def joined_rooms(self, user_id: UserId) -> list[str]:
        self._look()
        return [room for room, members in self.joined.items() if user_id in members]

    async def put_file(self, file: BinaryIO, media_type: str, *, as_user: UserId) -> str:
        self._look()
        uri = f"mxc://school.test/file{len(self.files)}"
        self.files[uri] = file.read()
        self.asked.append(("put_file", as_user))
        return uri

    async def send(
        self, room_id: str, event_type: str, said: Mapping[str, Any], *, txn_id: str, as_user: UserId
    ) -> str:
        self._look()
        if txn_id not in self.sent:
            who = next(person for person in EVERYBODY if person.user_id == as_user)
            event = self.says(said if self.becomes is None else self.becomes, who=who, room=room_id)
            self.sent[txn_id] = event["event_id"]
        return self.sent[txn_id]

    async def largest_file(self, user_id: UserId) -> int | None:
        return self.most_bytes

    @asynccontextmanager
    async def file(self, uri: str, *, as_user: UserId) -> AsyncIterator[AsyncIterator[bytes]]:
        self.asked.append((uri, as_user))
        yield _in_pieces(self._found(self.files, uri))

    @asynccontextmanager
    async def thumbnail(self, uri: str, pixels: int, *, as_user: UserId) -> AsyncIterator[AsyncIterator[bytes]]:
        self.asked.append((uri, as_user))
        yield _in_pieces(self._found(self.small, uri))

    def _found(self, files: Mapping[str, bytes], uri: str) -> bytes:
        self._look()
        if uri not in files:
            raise NotThereError("HTTP 404", status=404)
        return files[uri]

    def _look(self) -> None:
        if self.trouble is not None:
            raise self.trouble


async def _in_pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 7):
        yield content[start : start + 7]


def _who(event: Mapping[str, Any]) -> Person:
    return next(person for person in EVERYBODY if person.user_id == event["sender"])


def delivered(said: Mapping[str, Any], held: Mapping[str, Any]) -> dict[str, Any]:
    """The content of what waited, delivered."""
    return {**said, SIGNED_KEY: {"purpose": "delivery", "held": held["event_id"], "key": "k", "signature": "s"}}


async def fill(engine: AsyncEngine, messenger: FakeMessenger) -> None:
    """The rooms of two classes and of their parents."""
    async with engine.begin() as connection:
        for group in GROUPS:
            values = {"id": group.id, "key": group.id, "name": group.name, "kind": group.kind, "origin": "register"}
            await connection.execute(insert(groups).values(values))
        row: dict[str, Any] = {"moderators": [], "linked": True, "lets_in": []}
        for group_id, kind, room_id in (
            ("5a", "space", "!space-5a"),
            ("5a", "group", ROOM),
            ("5a", "announcements", NEWS),
            ("6b", "group", OTHER),
        ):
            made = row | {"group_id": group_id, "kind": kind, "room_id": room_id, "name": room_id}
            await connection.execute(insert(group_rooms).values(made))
        for each in EVERYBODY:
            name = {"given_name": each.given_name, "family_name": each.family_name, "role": each.role}
            await connection.execute(insert(persons).values(id=each.id, user_id=each.user_id, **name))
    for person in (IDA, BEN):
        for room in (ROOM, NEWS):
            messenger.joined[room].add(person.user_id)
    for person in (OTTO, CARL):
        messenger.joined[OTHER].add(person.user_id)
    for members in messenger.joined.values():
        members.add(BOT)


async def names_on_shelf(engine: AsyncEngine, *rooms: str) -> list[str]:
    async with engine.connect() as connection:
        return sorted(file.name for file in await files_in(connection, rooms or (ROOM, NEWS, OTHER, CHAT)))
