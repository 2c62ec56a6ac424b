"""What a decision costs in a directory of 100,000 people, and what loading that directory costs."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.harness import BenchError, Lab, Row


def rows(lab: Lab) -> Iterator[Row]:
    """Runs bench.large_directory in a process of its own: its memory is measured."""
    lab.tell("making and loading a directory of 100,000 people …")
    file = lab.folder / "large.db"
    _large_directory("fill", file)
    answer = _large_directory("ask", file)
    for figure, value, shows in json.loads(answer):
        yield Row(figure=figure, value=value, shows=shows)


def _large_directory(what: str, file: Path) -> str:
    command = [sys.executable, "-m", "bench.large_directory", what, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(done.stderr)
    return done.stdout
