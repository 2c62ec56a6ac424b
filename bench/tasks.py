"""What the overview of tasks costs: 30 tasks of 150 people each, as a teacher sees them."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.harness import BenchError, Lab, Row


def rows(lab: Lab) -> Iterator[Row]:
    """Runs bench.many_tasks in a process of its own: its memory is measured."""
    lab.tell("setting 30 tasks for 150 people, and handing them in …")
    folder = Path(lab.folder) / "tasks"
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "bench.many_tasks", str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise BenchError(done.stderr)
    for figure, value, shows in json.loads(done.stdout):
        yield Row(figure=figure, value=value, shows=shows)
