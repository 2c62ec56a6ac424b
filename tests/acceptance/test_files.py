"""Files and pushes: what leaves a room, and what does not."""

import json
import secrets
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from acceptance.client import Client, wait_until


def test_a_file_is_forwarded_and_arrives_byte_for_byte(demo, people):
    pupil, classmate = people.pupil("Klasse 9.3"), people.pupil("Klasse 9.3")
    teacher = people.teacher(not_of="Klasse 9.3")
    content = secrets.token_bytes(300_000)
    room = demo.info["rooms"]["Klasse 9.3"]
    message = {
        "msgtype": "m.file",
        "body": "Referat.bin",
        "url": pupil.upload(content, "Referat.bin"),
        "info": {"size": len(content), "mimetype": "application/octet-stream"},
    }
    pupil.try_send(room, message).ok()

    seen = next(event for event in classmate.events(room) if event["content"].get("body") == "Referat.bin")
    assert classmate.download(seen["content"]["url"]).ok() == content
    direct = classmate.talk_to(teacher)
    classmate.try_send(direct, seen["content"]).ok()

    (arrived,) = [event for event in teacher.events(direct) if event["content"].get("msgtype") == "m.file"]
    assert arrived["content"] == message
    assert teacher.download(arrived["content"]["url"]).ok() == content
    stranger = Client(demo.homeserver)
    assert stranger.download(message["url"]).status == 401
    old_address = "/_matrix/media/v3/download/" + message["url"].removeprefix("mxc://")
    assert stranger.get(old_address).status in (401, 404)


class Gateway:
    """A push gateway that keeps what it hears."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/_matrix/push/v1/notify"
        self.heard: list[str] = []

    def pushed(self) -> set[str]:
        """The ids of all events that it heard of."""
        return {json.loads(body)["notification"].get("event_id") for body in self.heard}


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            gateway.heard.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        gateway = Gateway(server.server_port)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield gateway
        server.shutdown()


@pytest.fixture
def pushed_teacher(people, gateway):
    """A teacher whose telephone the gateway stands for."""
    teacher = people.teacher()
    telephone = {
        "kind": "http",
        "app_id": "org.example.app",
        "pushkey": secrets.token_hex(4),
        "app_display_name": "Messenger",
        "device_display_name": "Telefon",
        "lang": "de",
        "data": {"url": gateway.url},
    }
    teacher.post("pushers/set", telephone).ok()
    yield teacher
    teacher.post("pushers/set", telephone | {"kind": None}).ok()


def test_a_push_says_that_there_is_a_message_and_not_what_it_says(people, gateway, pushed_teacher):
    guardian = people.guardian()
    room = guardian.talk_to(pushed_teacher)
    event_id = guardian.send(room, "Anna ist heute krank")
    wait_until(lambda: event_id in gateway.pushed(), 15)
    assert all("krank" not in body for body in gateway.heard)
    assert all("content" not in json.loads(body)["notification"] for body in gateway.heard)


def test_a_resting_teacher_is_not_pushed_before_the_rest_ends(people, gateway, pushed_teacher):
    guardian = people.guardian()
    room = guardian.talk_to(pushed_teacher)
    with pushed_teacher.resting():
        held = guardian.send(room, "Anna ist heute krank")
        wait_until(lambda: guardian.receipt_of(room, held), 10)
        time.sleep(1)
        early = gateway.pushed() & messages(guardian, room)
        assert early == set(), [event for event in guardian.events(room) if event["event_id"] in early]
        assert pushed_teacher.unread(room) == 0
    (delivered,) = wait_until(lambda: with_words(pushed_teacher, room, "Anna ist heute krank"), 20)
    wait_until(lambda: delivered in gateway.pushed(), 15)
    assert gateway.pushed() & messages(guardian, room) == {delivered}
    assert pushed_teacher.unread(room) == 1, pushed_teacher.get("notifications").body


def messages(person, room):
    return {event["event_id"] for event in person.events(room) if event["type"] == "m.room.message"}


def with_words(person, room, words):
    return [event["event_id"] for event in person.events(room) if event["content"].get("body") == words]
