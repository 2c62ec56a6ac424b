"""A push gateway that remembers what it was told: what a telephone in somebody's pocket would ring for."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from acceptance.client import Json
from acceptance.people import Person


class Gateway:
    """Telephones by their pushkey. It listens on this machine only."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.told: list[Json] = []

    def give_telephone(self, person: Person) -> None:
        """From now on the person's telephone rings here."""
        telephone = {
            "kind": "http",
            "app_id": "org.example.telephone",
            "app_display_name": "Telephone",
            "device_display_name": "Telephone",
            "pushkey": person.user_id,
            "lang": "de",
            "data": {"url": f"{self._url}/_matrix/push/v1/notify"},
        }
        person.post("pushers/set", telephone).ok()

    def rung(self, person: Person) -> list[Json]:
        """What a person's telephone rang for, without what only sets the count on its icon."""
        return [told for told in self.told if told.get("event_id") and told["devices"][0]["pushkey"] == person.user_id]

    def events_rung(self, person: Person) -> list[str]:
        return [told["event_id"] for told in self.rung(person)]


@contextmanager
def listening() -> Iterator[Gateway]:
    """A gateway until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            gateway.told.append(told["notification"])
            answer = b'{"rejected": []}'
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))  # without it Synapse takes it for cut off
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        gateway = Gateway(f"http://127.0.0.1:{server.server_address[1]}")
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield gateway
        finally:
            server.shutdown()
            thread.join()
