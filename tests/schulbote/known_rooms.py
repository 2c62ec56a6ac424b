"""A homeserver that knows some rooms, and a school with people in its directory, for tests of the command line."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from click.testing import CliRunner

from school.domain.people import UserId
from school.domain.rooms import Room
from schulbote.cli import main

SAMPLE_REGISTER = Path(__file__).parents[2] / "config" / "sample-register"
NO_HOMESERVER = "http://127.0.0.1:1"
_PAGE = 4
"""Rooms in one answer, whatever is asked for."""


def state_of(room: Room, *, name: str = "") -> list[dict[str, Any]]:
    """The state of a room as Synapse's administrators see it; somebody has left it."""

    def event(event_type: str, state_key: str, sender: UserId, content: dict[str, Any]) -> dict[str, Any]:
        return {"type": event_type, "state_key": state_key, "sender": sender, "content": content}

    def member(user_id: UserId) -> dict[str, Any]:
        if user_id in room.invited:
            return event("m.room.member", user_id, room.creator, {"membership": "invite"})
        return event("m.room.member", user_id, user_id, {"membership": "join"})

    gone = UserId("@gone:school.test")
    return [
        event("m.room.create", "", room.creator, {"org.schulbote.room": room.stamp.to_content()}),
        *map(member, sorted(room.members)),
        event("m.room.member", gone, gone, {"membership": "leave"}),
        *([event("m.room.name", "", room.creator, {"name": name})] if name else []),
        *([event("m.room.encryption", "", room.creator, {"algorithm": "x"})] if room.encrypted else []),
    ]


class KnownRooms:
    """What the homeserver answers. `deleted` are listed and not there any more; `looked_at` is what was asked for."""

    def __init__(self) -> None:
        self.rooms: dict[str, list[dict[str, Any]]] = {}
        self.deleted: set[str] = set()
        self.is_admin = True
        self.url = ""
        self.looked_at: list[str] = []

    def answer(self, path: str) -> tuple[int, dict[str, Any]]:
        if not self.is_admin:
            return 403, {"errcode": "M_FORBIDDEN", "error": "You are not a server admin"}
        path, _, query = path.partition("?")
        parts = path.removeprefix("/_synapse/admin/v1/rooms").split("/")
        if parts == [""]:
            listed = [(room_id, state[0]["sender"]) for room_id, state in self.rooms.items()]
            listed += [(room_id, "@somebody:school.test") for room_id in self.deleted]
            start = int(parse_qs(query)["from"][0])
            rooms = [{"room_id": room_id, "creator": creator} for room_id, creator in listed[start : start + _PAGE]]
            more = {"next_batch": start + _PAGE} if listed[start + _PAGE :] else {}
            return 200, {"rooms": rooms} | more
        room_id = unquote(parts[1])
        self.looked_at.append(room_id)
        if room_id not in self.rooms:
            return 404, {"errcode": "M_NOT_FOUND", "error": "Room not found"}
        return 200, {"state": self.rooms[room_id]}


@contextmanager
def listening(known: KnownRooms) -> Iterator[KnownRooms]:
    """The homeserver at `known.url`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = known.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            """Nothing: the output belongs to the test."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        known.url = f"http://127.0.0.1:{server.server_port}"
        yield known
        server.shutdown()
        thread.join()


def filled_school(folder: Path) -> Path:
    """A school with the sample's people in its directory, and no homeserver; returns its school.yaml."""
    values = ["--name=Schule am See", "--server-name=schule-am-see.de", "--public-url=https://m.schule-am-see.de"]
    run = CliRunner().invoke
    made = run(main, ["init", str(folder), *values, f"--homeserver-url={NO_HOMESERVER}"])
    assert made.exit_code == 0, made.stderr
    file = folder / "school.yaml"
    with file.open("a") as opened:
        opened.write(f"register: {{folder: '{SAMPLE_REGISTER}'}}\n")
    assert "cannot be reached" in run(main, ["-c", str(file), "sync"]).stderr
    return file


def variant(school_yaml: Path, name: str, *, homeserver: str = NO_HOMESERVER, more: str = "") -> Path:
    """Another school.yaml beside the first, with the same database."""
    file = school_yaml.with_name(name)
    file.write_text(school_yaml.read_text().replace(NO_HOMESERVER, homeserver) + more)
    return file
