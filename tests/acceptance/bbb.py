"""The stand-in for BigBlueButton as a process of its own, and what stories ask it."""

import json
import os
import secrets
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from acceptance.client import wait_until
from acceptance.running import free_ports, is_listening

STUB = Path(__file__).parents[1] / "conferences" / "stub_bbb.py"


class Bbb:
    """One server. `secret_file` is what school.yaml names; `tls` its certificate and key, for the host localhost, where
    it has them; `environment` what its process has beside ours."""

    def __init__(
        self, folder: Path, *, tls: tuple[str, str] | None = None, environment: dict[str, str] | None = None
    ) -> None:
        self.port = free_ports()
        self._tls = tls or ()
        self._environment = os.environ | (environment or {})
        self._trust = ssl.create_default_context(cafile=(environment or {}).get("SSL_CERT_FILE"))
        self._base = f"https://localhost:{self.port}" if tls else f"http://127.0.0.1:{self.port}"
        self.url = f"{self._base}/bigbluebutton"
        self.secret = secrets.token_hex(16)
        self.secret_file = folder / "bbb_secret"
        self.secret_file.touch(mode=0o600)
        self.secret_file.write_text(self.secret)

    @contextmanager
    def running(self) -> Iterator["Bbb"]:
        command = [sys.executable, STUB, self.secret, str(self.port), *self._tls]
        process = subprocess.Popen(command, env=self._environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            wait_until(lambda: is_listening(self.port), 30)
            yield self
        finally:
            process.terminate()
            process.wait()

    @property
    def seen(self) -> dict[str, Any]:
        """What it was asked, and its meetings."""
        with urlopen(f"{self._base}/stub/calls", timeout=20, context=self._trust) as answer:
            return json.load(answer)

    def created(self, title: str) -> list[dict[str, str]]:
        """The parameters of every `create` with this title."""
        return [asked for call, asked in self.seen["calls"] if call == "create" and asked["name"] == title]

    @contextmanager
    def broken(self) -> Iterator[None]:
        """It answers nothing useful meanwhile."""
        self._tell("broken?on=1")
        try:
            yield
        finally:
            self._tell("broken?on=0")

    def ends(self, meeting: str) -> None:
        """The meeting ends by itself, as when nobody is left who keeps order."""
        self._tell(f"end?meetingID={meeting}")

    def leaves(self, meeting: str, user_id: str, *, still_waits: bool = False) -> None:
        """Somebody closes the window. If it was the last moderator, the meeting ends, or still waits for one."""
        self._tell(f"leave?meetingID={meeting}&userID={user_id}&still_waits={int(still_waits)}")

    def moderators_leave(self, meeting: str) -> None:
        """The meeting goes on without them, for some minutes."""
        for attendee in self.seen["meetings"][meeting]["attendees"]:
            if attendee["role"] == "MODERATOR":
                self.leaves(meeting, attendee["user_id"], still_waits=True)

    def _tell(self, what: str) -> None:
        asked = Request(f"{self._base}/stub/{what}", method="POST")
        urlopen(asked, timeout=20, context=self._trust).close()
