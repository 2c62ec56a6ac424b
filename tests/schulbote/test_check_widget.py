"""`schulbote check`, where Element may show our pages: whether Synapse says whose token a widget has."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

ANSWERS = {
    "/_matrix/client/v3/login": (200, {"flows": [{"type": "m.login.password"}]}),
    "/_synapse/admin/v1/background_updates/status": (200, {"current_updates": {}, "enabled": True}),
}
USERINFO = "/_matrix/federation/v1/openid/userinfo"


@contextmanager
def a_homeserver(answers: dict[str, tuple[int, Any]]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers.get(self.path.partition("?")[0], (404, {"errcode": "M_UNRECOGNIZED", "error": "?"}))
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def has(school: Path, homeserver: str, **sections: Any) -> tuple[str, Path]:
    file = school / "school.yaml"
    written = yaml.safe_load(file.read_text()) | sections
    written["matrix"]["homeserver_url"] = homeserver
    file.write_text(yaml.safe_dump(written))
    secret = school / "bbb.secret"
    secret.touch(mode=0o600)
    secret.write_text("secret")
    return "-c", file


BBB = {"url": "http://127.0.0.1:1/bigbluebutton", "secret_file": "bbb.secret"}
ELEMENT = {"element_url": "https://element.schule-am-see.de"}


@pytest.mark.parametrize("served", [True, False])
def test_whether_a_widget_can_ask_who_is_looking(schulbote: Callable[..., Any], school: Path, *, served: bool) -> None:
    no = {USERINFO: (401, {"errcode": "M_UNKNOWN_TOKEN", "error": "no"})}
    with a_homeserver(ANSWERS | (no if served else {})) as homeserver:
        answer = schulbote(*has(school, homeserver, bbb=BBB, web=ELEMENT), "check")
    assert answer.status == 1, "BigBlueButton is away in any case"
    assert ("It says whose OpenID token a widget has." in answer.out) is served
    assert ("resource `openid`" in answer.err) is not served
    assert answer.err.count("\n") == 1


def test_without_an_element_nobody_asks(schulbote: Callable[..., Any], school: Path) -> None:
    with a_homeserver(ANSWERS) as homeserver:
        answer = schulbote(*has(school, homeserver), "check")
    assert answer.status == 0, answer.err
    assert "OpenID" not in answer.out
