import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from acceptance.running import REGISTERS, Demo

_SIZE = ["--classes", "5a,5b", "--pupils-per-class", "6", "--teachers", "4"]


def register(folder: Path, day: int) -> Path:
    """A school of about forty people on one of its two days; the IServ folder."""
    script = REGISTERS / "make_register.py"
    command = [sys.executable, script, folder, *_SIZE, "--day", str(day)]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "iserv"


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    folder = tmp_path_factory.mktemp("days")
    return {day: register(folder / str(day), day) for day in (1, 2)}


@pytest.fixture
def new_demo(tmp_path: Path, days: dict[int, Path]) -> Iterator[Any]:
    made: list[Demo] = []

    def make(name: str) -> Demo:
        folder = tmp_path / f"register of {name}"
        shutil.copytree(days[1], folder)
        made.append(Demo(tmp_path / name, folder))
        return made[-1]

    yield make
    for demo in made:
        demo.clear_away()
