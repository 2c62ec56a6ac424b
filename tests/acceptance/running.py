"""A demo as a process of its own, in its own process group, and the command line beside it."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

SCHULBOTE = (sys.executable, "-m", "schulbote")
REGISTERS = Path(__file__).parents[1] / "registers"

_READY_SECONDS = 150
_END_SECONDS = 40


def schulbote(*arguments: object, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs one command of the program to its end."""
    command = [*SCHULBOTE, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=folder)


def small_register(folder: Path) -> Path:
    """A school of about forty people; returns its IServ folder."""
    size = ["--classes", "5a,5b", "--pupils-per-class", "6", "--teachers", "4"]
    script = REGISTERS / "make_register.py"
    subprocess.run([sys.executable, script, folder, *size], check=True, capture_output=True)
    return folder / "iserv"


def free_ports() -> int:
    """A port that is free and whose next one is, too; below those that the system gives to outgoing connections."""
    while True:
        port = random.randrange(20_000, 32_000)
        if not any(is_listening(number) for number in (port, port + 1)):
            return port


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Demo:
    """`schulbote demo`, to be started and ended as often as a test wants."""

    def __init__(self, home: Path, register: Path) -> None:
        self.home = home
        self.register = register
        self.port = free_ports()
        self.output = home.parent / f"{home.name}.out"
        self._process: subprocess.Popen[bytes] | None = None
        self._groups: list[int] = []

    @property
    def info(self) -> dict[str, Any]:
        """What demo.json says."""
        return json.loads((self.home / "demo.json").read_text())

    @property
    def homeserver(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def has_rules(self, rules: str) -> None:
        """Sections of school.yaml as somebody would have added them after an earlier start."""
        minimal = "school: {name: x}\nmatrix: {server_name: schule.localhost, homeserver_url: 'http://127.0.0.1'}\n"
        self.home.mkdir()
        (self.home / "school.yaml").write_text(f"# Rules to try out\ndemo: true\n{minimal}{rules}")

    def launch(self, *more: str) -> None:
        """Starts it and returns at once."""
        command = [*SCHULBOTE, "demo", "--home", self.home, "--register", self.register, "--port", str(self.port)]
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(
                [*command, *more], stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True
            )
        self._groups.append(self._process.pid)

    def start(self, *more: str) -> None:
        """Starts it and returns when it is ready."""
        (self.home / "demo.json").unlink(missing_ok=True)
        self.launch(*more)
        deadline = time.monotonic() + _READY_SECONDS
        while not (self.home / "demo.json").exists():
            assert self._process.poll() is None, f"it ended:\n{self.said}"
            assert time.monotonic() < deadline, f"it is not ready:\n{self.said}"
            time.sleep(0.1)

    @contextmanager
    def running(self) -> Iterator[None]:
        """From its start to its orderly end; whatever happens, nothing is left."""
        try:
            self.start()
            yield
            self.end()
        finally:
            self.clear_away()

    @property
    def said(self) -> str:
        return self.output.read_text()

    def wait(self) -> int:
        """The exit status, once it has ended."""
        return self._process.wait(_END_SECONDS)

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ends it as Ctrl-C or a service manager would, and looks that nothing is left."""
        self._process.send_signal(how)
        status = self.wait()
        assert status == 0, f"exit status {status}:\n{self.said}"
        left = self.processes()
        assert not left, left

    def kill(self) -> None:
        """Kills the demo itself; what it started goes on running."""
        self._process.kill()
        self._process.wait()

    def kill_everything(self) -> None:
        """Kills the demo and all that it started, at once."""
        for process in self.processes():
            process.kill()
        self._process.wait()

    def processes(self) -> list[psutil.Process]:
        """Every living process of every start."""
        return [process for process in psutil.process_iter() if _group_of(process) in self._groups]

    def clear_away(self) -> None:
        """Whatever a failed test has left."""
        for process in self.processes():
            process.kill()
        if self._process is not None:
            self._process.wait()

    def kill_synapse(self) -> None:
        """As an out-of-memory killer would."""
        _kill(self._listener(self.port))

    def kill_appservice(self) -> None:
        _kill(self._listener(self.port + 1))

    @property
    def appservice(self) -> psutil.Process:
        """The process that is the appservice now."""
        return self._listener(self.port + 1)

    def freeze_appservice(self) -> None:
        """From now on it answers nobody."""
        self._listener(self.port + 1).suspend()

    def _listener(self, port: int) -> psutil.Process:
        (found,) = [process for process in self.processes() if _listens_on(process, port)]
        return found

    def is_up(self) -> bool:
        return is_listening(self.port) and is_listening(self.port + 1)

    def sync(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """`schulbote sync` on this demo."""
        return schulbote("-c", self.info["config"], "sync", *arguments)

    @contextmanager
    def changed_register(self) -> Iterator[Path]:
        """The register's folder, for changes; afterwards it is what it was, and the school follows."""
        before = {path: path.read_bytes() for path in self.register.iterdir()}
        try:
            yield self.register
        finally:
            for path in self.register.iterdir():
                path.unlink()
            for path, content in before.items():
                path.write_bytes(content)
            back = self.sync()
            assert back.returncode == 0, back.stderr

    def logs(self) -> Sequence[Path]:
        return [*self.home.rglob("*.log"), *self.home.rglob("*.out"), self.output]


def _group_of(process: psutil.Process) -> int | None:
    try:
        return None if process.status() == psutil.STATUS_ZOMBIE else os.getpgid(process.pid)
    except (ProcessLookupError, psutil.NoSuchProcess):
        return None


def _kill(process: psutil.Process) -> None:
    process.kill()
    psutil.wait_procs([process], timeout=10)


def _listens_on(process: psutil.Process, port: int) -> bool:
    try:
        connections = process.net_connections("tcp")
    except psutil.NoSuchProcess:
        return False
    return any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in connections)
