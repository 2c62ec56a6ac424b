"""A school set up as docs/operation.md says, with the limits that a school has: `schulbote init`, a Synapse of its own,
`schulbote run`, `schulbote sync`."""

import base64
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import yaml

from acceptance.client import Json, wait_until
from acceptance.codes import Books
from acceptance.running import SCHULBOTE, free_ports, schulbote

SERVER_NAME = "schule-am-see.test"
_READY_SECONDS = 120


class School:
    """Its files, and the programs that run from them."""

    def __init__(self, folder: Path, register: Path) -> None:
        self.folder = folder
        self.port = free_ports()
        self.homeserver = f"http://127.0.0.1:{self.port}"
        self.yaml = folder / "school.yaml"
        options = ("--name", "Schule am See", "--server-name", SERVER_NAME, "--public-url", self.homeserver)
        made = schulbote("init", folder, *options, "--homeserver-url", self.homeserver)
        assert made.returncode == 0, made.stderr
        with self.yaml.open("a") as file:
            file.write(f"register: {{folder: '{register}'}}\nweb: {{listen_port: {self.port + 1}}}\n")
        registration = folder / "registration.yaml"
        registration.write_text(registration.read_text().replace(":8009", f":{self.port + 1}"))
        self.books = Books(f"sqlite:///{folder / 'schulbote.db'}")

    @contextmanager
    def running(self) -> Iterator[None]:
        """Synapse and `schulbote run`, with everybody's account made."""
        with (
            self.synapse("synapse", self.port),
            _program([*SCHULBOTE, "-c", self.yaml, "run"], self.folder / "run.out"),
        ):
            wait_until(lambda: schulbote("-c", self.yaml, "check").returncode == 0, _READY_SECONDS)
            synced = schulbote("-c", self.yaml, "sync")
            assert synced.returncode == 0, synced.stderr
            yield

    @contextmanager
    def synapse(self, name: str, port: int, **more: Any) -> Iterator[Path]:
        """Synapse with what a school needs; yields its log."""
        home = self.folder / name
        home.mkdir()
        log = home / "log"
        seed = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        (home / "signing.key").write_text(f"ed25519 a_test {seed}\n")
        handler = {"class": "logging.FileHandler", "filename": str(log)}
        root = {"level": "WARNING", "handlers": ["file"]}
        logging = {"version": 1, "disable_existing_loggers": False, "handlers": {"file": handler}, "root": root}
        (home / "log.yaml").write_text(yaml.safe_dump(logging))
        listener = {"port": port, "type": "http", "bind_addresses": ["127.0.0.1"], "x_forwarded": True}
        own = {
            "server_name": SERVER_NAME,
            "listeners": [listener | {"resources": [{"names": ["client", "metrics"]}]}],
            "enable_metrics": True,
            "database": {"name": "sqlite3", "args": {"database": str(home / "homeserver.db")}},
            "media_store_path": str(home / "media"),
            "signing_key_path": str(home / "signing.key"),
            "log_config": str(home / "log.yaml"),
            "macaroon_secret_key": "only for a test",
            "form_secret": "only for a test",
        }
        (home / "homeserver.yaml").write_text(yaml.safe_dump(own | more))
        files = [home / "homeserver.yaml", self.folder / "homeserver-schulbote.yaml"]
        command = [sys.executable, "-m", "synapse.app.homeserver", *(part for file in files for part in ("-c", file))]
        with _program(command, home / "out") as process:
            started = time.monotonic()
            while not _answers(port):
                assert process.poll() is None, (home / "out").read_text()
                assert time.monotonic() - started < _READY_SECONDS, log.read_text()
                time.sleep(0.1)
            yield log


class ManyAddresses:
    """Somebody who signs in from an address that nobody has used, each time. One connection, so that it is quick."""

    def __init__(self, school: School) -> None:
        self._connection = HTTPConnection("127.0.0.1", school.port, timeout=60)

    def __enter__(self) -> "ManyAddresses":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def try_login(self, user: str, password: str) -> tuple[int, Json]:
        identifier = {"type": "m.id.user", "user": user}
        body = json.dumps({"type": "m.login.password", "identifier": identifier, "password": password})
        address = ".".join(["10", *(str(secrets.randbelow(256)) for _ in range(3))])
        headers = {"Content-Type": "application/json", "X-Forwarded-For": address}
        self._connection.request("POST", "/_matrix/client/v3/login", body, headers)
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read())


@contextmanager
def _program(command: list[Any], output: Path) -> Iterator[subprocess.Popen[bytes]]:
    with output.open("wb") as file:
        process = subprocess.Popen([*map(str, command)], stdout=file, stderr=file, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        finally:
            process.kill()
            process.wait()


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/_matrix/client/versions")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
