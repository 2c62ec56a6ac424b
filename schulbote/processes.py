"""The processes of a demo: started, started again when they die, ended together.

They stay in the demo's process group. Which ones there are is written down, so that the next start can end what a
killed demo has left behind.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psutil

from schulbote.files import write_json

_PATIENCE_SECONDS: Final = 15.0
_RESTART_PAUSE_SECONDS: Final = 0.5


class Processes:
    """A few children. From `keep_alive` on, those that die are started again."""

    def __init__(self, record: Path, log_folder: Path) -> None:
        self._record = record
        self._log_folder = log_folder
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._arguments: dict[str, Sequence[str]] = {}
        self._keepers: list[asyncio.Task[None]] = []

    def keep_alive(self) -> None:
        """From now on a child that dies is started again."""
        self._keepers += [asyncio.create_task(self._keep(name)) for name in self._running]

    async def _keep(self, name: str) -> None:
        while True:
            await self._running[name].wait()
            await asyncio.sleep(_RESTART_PAUSE_SECONDS)
            await self.start(name, self._arguments[name])

    async def start(self, name: str, arguments: Sequence[str]) -> None:
        """Starts `python ARGUMENTS`. Its output goes to a log file of its name."""
        self._arguments[name] = arguments
        with (self._log_folder / f"{name}.out").open("ab") as log:
            self._running[name] = await asyncio.create_subprocess_exec(
                sys.executable, *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._write_record()

    def is_running(self, name: str) -> bool:
        """Whether a child is alive now."""
        return self._running[name].returncode is None

    def _write_record(self) -> None:
        alive = []
        for process in self._running.values():
            with contextlib.suppress(psutil.NoSuchProcess):
                alive.append({"pid": process.pid, "created": psutil.Process(process.pid).create_time()})
        write_json(self._record, alive)

    async def end(self) -> None:
        """Ends all children, the youngest first, and waits for them."""
        for keeper in self._keepers:  # first, else one would start again what has just ended
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for process in reversed(self._running.values()):
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.terminate()
        for process in reversed(self._running.values()):
            try:
                await asyncio.wait_for(process.wait(), _PATIENCE_SECONDS)
            except TimeoutError:
                process.kill()
                await process.wait()
        self._record.unlink(missing_ok=True)


def end_leftovers(record: Path) -> int:
    """Ends what a killed demo has left running; returns how many processes that were."""
    try:
        entries = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0
    left = []
    for entry in entries:
        with contextlib.suppress(psutil.NoSuchProcess, KeyError, TypeError):
            process = psutil.Process(entry["pid"])
            if abs(process.create_time() - entry["created"]) < 1:  # else the number belongs to somebody else by now
                process.terminate()
                left.append(process)
    _, alive = psutil.wait_procs(left, timeout=_PATIENCE_SECONDS)
    for process in alive:
        process.kill()
    psutil.wait_procs(alive, timeout=_PATIENCE_SECONDS)
    record.unlink(missing_ok=True)
    return len(left)
