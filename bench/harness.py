"""What the benches share: a demo to measure on, a tiny client, a row of figures."""

import json
import os
import platform
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import psutil

REGISTER: Final = Path(__file__).parents[1] / "config" / "sample-register"
_READY_SECONDS: Final = 300
_SYNAPSE_SECONDS: Final = 120


class BenchError(Exception):
    """What should be measured did not run. The text says what happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure. `prominent` is a line that is repeated below all tables."""

    figure: str
    value: str
    shows: str
    prominent: str | None = None


def seconds(value: float) -> str:
    """`3.4 s`."""
    return f"{value:.1f} s"


def spread(values: Iterable[float], unit: str = "ms") -> str:
    """Median and range."""
    ordered = sorted(values)
    return f"{statistics.median(ordered):.0f} {unit} ({ordered[0]:.0f} to {ordered[-1]:.0f})"


def until(condition: Callable[[], object], *, what: str, patience: float = 60, pause: float = 0.01) -> float:
    """Waits for a condition and returns how many seconds that took."""
    started = time.perf_counter()
    while not condition():
        if time.perf_counter() - started > patience:
            raise BenchError(f"waited for {patience:.0f} s in vain: {what}")
        time.sleep(pause)
    return time.perf_counter() - started


def two_free_ports() -> int:
    """A port that is free and whose next one is, too."""
    while True:
        port = random.randrange(20_000, 32_000)
        if not any(_listens(number) for number in (port, port + 1)):
            return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Client:
    """A person's client, with one connection that stays open."""

    def __init__(self, port: int, user_id: str, password: str = "", *, token: str = "") -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self.token = token
        self.user_id = user_id
        self._password = password

    def __call__(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """One request; an answer that is no success is an error."""
        text = None if body is None else json.dumps(body)
        self._connection.request(method, path, text, {"Authorization": f"Bearer {self.token}"})
        answer = self._connection.getresponse()
        content = json.loads(answer.read())
        if answer.status not in (200, 201):
            raise BenchError(f"{method} {path}: HTTP {answer.status}: {content}")
        return dict(content)

    def log_in(self) -> None:
        """Logs in with the password."""
        body = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": self.user_id},
            "password": self._password,
        }
        self.token = self("POST", "/_matrix/client/v3/login", body)["access_token"]

    def joined_rooms(self) -> set[str]:
        """The rooms that the person is in."""
        return set(self("GET", "/_matrix/client/v3/joined_rooms")["joined_rooms"])

    def open_direct(self, other: str) -> str:
        """Makes a direct room and waits until the other side is in it."""
        request = {"is_direct": True, "preset": "trusted_private_chat", "invite": [other]}
        room_id = str(self("POST", "/_matrix/client/v3/createRoom", request)["room_id"])
        until(lambda: other in self.members(room_id), what=f"{other} is in a direct room")
        return room_id

    def members(self, room_id: str) -> set[str]:
        """Who is joined."""
        return set(self("GET", f"/_matrix/client/v3/rooms/{quote(room_id)}/joined_members")["joined"])

    def send(self, room_id: str, body: str) -> str:
        """Sends a text message and returns its event id."""
        path = f"/_matrix/client/v3/rooms/{quote(room_id)}/send/m.room.message/{random.getrandbits(64):x}"
        return str(self("PUT", path, {"msgtype": "m.text", "body": body})["event_id"])

    def last_events(self, room_id: str, limit: int = 100) -> list[dict[str, Any]]:
        """The newest events of a room, the newest first."""
        path = f"/_matrix/client/v3/rooms/{quote(room_id)}/messages?dir=b&limit={limit}"
        return list(self("GET", path)["chunk"])


class Synapse:
    """A Synapse of its own, as long as the context lasts."""

    def __init__(self, homeserver_yaml: Path, port: int) -> None:
        self._homeserver_yaml = homeserver_yaml
        self.port = port

    def __enter__(self) -> "Synapse":
        output = self._homeserver_yaml.with_suffix(".out")
        started = time.perf_counter()
        with output.open("wb") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "synapse.app.homeserver", "-c", str(self._homeserver_yaml)],
                stdout=file,
                stderr=file,
                env=os.environ | {"PYTHONHASHSEED": "0"},  # or two of them differ by some percent from the beginning
            )
        try:
            while not answers(self.port):
                if self._process.poll() is not None or time.perf_counter() - started > _SYNAPSE_SECONDS:
                    raise BenchError(f"Synapse did not start:\n{output.read_text()}")
                time.sleep(0.02)
        except BaseException:
            self.__exit__()
            raise
        self.answers_after = time.perf_counter() - started
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    @property
    def cpu_seconds(self) -> float:
        """What its process has used so far, all threads, by the nanosecond (clock_getcpuclockid(3), which Python has
        no name for; psutil counts hundredths of a second)."""
        return time.clock_gettime((~self._process.pid << 3) | 2)


class Demo:
    """`schulbote demo`, and when it said what."""

    def __init__(self, home: Path, register: Path = REGISTER) -> None:
        self.home = home
        self.register = register
        self.port = two_free_ports()
        self.lines: list[tuple[float, str]] = []
        self.answers_after = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    def has_rules(self, rules: str) -> None:
        """Sections of school.yaml as somebody would have added them after an earlier start."""
        minimal = "school: {name: x}\nmatrix: {server_name: schule.localhost, homeserver_url: 'http://127.0.0.1'}\n"
        self.home.mkdir()
        (self.home / "school.yaml").write_text(f"# For a bench\ndemo: true\n{minimal}{rules}")

    def start(self) -> float:
        """Starts it and returns the seconds until it is ready."""
        self.lines.clear()
        started = time.perf_counter()
        command = [sys.executable, "-m", "schulbote", "demo", "--home", self.home, "--port", self.port]
        output = self.home.parent / "demo.out"
        with output.open("wb") as file:
            self._process = subprocess.Popen(
                [*map(str, command), "--register", str(self.register)], stdout=file, stderr=file, start_new_session=True
            )
        self.answers_after = 0.0
        while not any(line.startswith("Ready") for _, line in self.lines):
            whole = output.read_text().split("\n")[:-1]
            self.lines += [(time.perf_counter() - started, line) for line in whole[len(self.lines) :]]
            if not self.answers_after and answers(self.port):
                self.answers_after = time.perf_counter() - started
            if self._process.poll() is not None or time.perf_counter() - started > _READY_SECONDS:
                raise BenchError(f"the demo did not start:\n{output.read_text()}")
            time.sleep(0.02)
        return time.perf_counter() - started

    def said(self, beginning: str) -> float:
        """After how many seconds a line was printed."""
        return next(at for at, line in self.lines if line.startswith(beginning))

    def stop(self) -> float:
        """Ends it and returns the seconds that took."""
        if self._process is None:
            return 0.0
        started = time.perf_counter()
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process = None
        return time.perf_counter() - started

    @property
    def info(self) -> dict[str, Any]:
        return dict(json.loads((self.home / "demo.json").read_text()))

    @property
    def synapse(self) -> psutil.Process:
        """The process of the homeserver."""
        assert self._process is not None
        children = psutil.Process(self._process.pid).children()
        return next(child for child in children if "synapse.app.homeserver" in child.cmdline())

    @property
    def appservice(self) -> psutil.Process:
        """The process of the appservice."""
        assert self._process is not None
        children = psutil.Process(self._process.pid).children()
        return next(child for child in children if child.cmdline()[-1] == "run")

    @cached_property
    def _unused(self) -> list[dict[str, Any]]:
        return list(self.info["accounts"])

    def people(self, number: int, *, role: str | None = None, groups: int | None = None) -> list[dict[str, Any]]:
        """Accounts that no bench has used yet; with `groups`, those that come closest to it."""
        fitting = [account for account in self._unused if role in (None, account["role"])]
        if groups is not None:
            fitting.sort(key=lambda account: abs(len(account["groups"]) - groups))
        chosen = fitting[:number]
        self._unused[:] = [account for account in self._unused if account not in chosen]
        return chosen

    def client(self, account: dict[str, Any]) -> Client:
        """A client of somebody, not logged in yet."""
        return Client(self.port, account["user_id"], account["password"])


def answers(port: int) -> bool:
    """Whether a homeserver answers."""
    return answers_http(port, "/_matrix/client/versions")


def answers_http(port: int, path: str) -> bool:
    """Whether something answers well at a path."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


class Lab:
    """A folder and, once asked for, a demo for all benches. Everything is gone in the end."""

    def __init__(self, *, tell: Callable[[str], None]) -> None:
        self.tell = tell
        self._demo: Demo | None = None

    def __enter__(self) -> "Lab":
        self.folder = Path(tempfile.mkdtemp(prefix="schulbote-bench-"))
        return self

    def __exit__(self, *_: object) -> None:
        if self._demo is not None:
            self._demo.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def machine(self) -> str:
        """What the figures are figures of."""
        cores = len(os.sched_getaffinity(0))
        return f"Python {platform.python_version()}, {cores} cores, load {os.getloadavg()[0]:.1f} before the start"

    @property
    def demo(self) -> Demo:
        """The demo that is running."""
        if self._demo is None:
            self.tell("starting a demo to measure on …")
            demo = self.new_demo()
            demo.start()
        assert self._demo is not None
        return self._demo

    def new_demo(self, register: Path = REGISTER) -> Demo:
        """A demo that was never started; the one for all benches from now on."""
        if self._demo is not None:
            self._demo.stop()
        self._demo = Demo(Path(tempfile.mkdtemp(dir=self.folder)) / "home", register)
        return self._demo

    def end_demo(self) -> None:
        """The next bench gets a new one."""
        if self._demo is not None:
            self._demo.stop()
        self._demo = None
