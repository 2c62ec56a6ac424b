"""The stand-in for BigBlueButton as a process of its own, and what stories ask it."""

import json
import secrets
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
    """One server. `secret_file` is what school.yaml names."""

    def __init__(self, folder: Path) -> None:
        self.port = free_ports()
        self.url = f"http://127.0.0.1:{self.port}/bigbluebutton"
        self.secret = secrets.token_hex(16)
        self.secret_file = folder / "bbb_secret"
        self.secret_file.touch(mode=0o600)
        self.secret_file.write_text(self.secret)

    @contextmanager
    def running(self) -> Iterator["Bbb"]:
        command = [sys.executable, STUB, self.secret, str(self.port)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            wait_until(lambda: is_listening(self.port), 30)
            yield self
        finally:
            process.terminate()
            process.wait()

    @property
    def seen(self) -> dict[str, Any]:
        """What it was asked, and its meetings."""
        with urlopen(f"http://127.0.0.1:{self.port}/stub/calls", timeout=20) as answer:
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

    def _tell(self, what: str) -> None:
        urlopen(Request(f"http://127.0.0.1:{self.port}/stub/{what}", method="POST"), timeout=20).close()
