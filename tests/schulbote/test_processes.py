"""The processes of a demo: they are started, started again, ended, and a killed demo's are found."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from schulbote.processes import Processes, end_leftovers

SLEEP = ("-c", "import time; print('here', flush=True); time.sleep(600)")
STUBBORN = ("-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)")


@pytest.fixture
async def processes(tmp_path: Path):
    running = Processes(tmp_path / "processes.json", tmp_path)
    yield running
    await running.end()


def recorded(tmp_path: Path) -> list[psutil.Process]:
    entries = json.loads((tmp_path / "processes.json").read_text())
    return [psutil.Process(entry["pid"]) for entry in entries]


async def until(condition: Callable[[], object]) -> None:
    give_up_at = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < give_up_at
        await asyncio.sleep(0.02)


async def test_children_are_started_and_written_down(processes: Processes, tmp_path: Path) -> None:
    await processes.start("one", SLEEP)
    await processes.start("two", SLEEP)
    assert processes.is_running("one")
    assert processes.is_running("two")
    assert [one.cmdline()[1:] for one in recorded(tmp_path)] == [list(SLEEP), list(SLEEP)]
    await until(lambda: (tmp_path / "one.out").read_text() == "here\n")


async def test_children_stay_in_the_process_group(processes: Processes, tmp_path: Path) -> None:
    """So that whoever ends the group ends all of a demo."""
    import os

    await processes.start("one", SLEEP)
    assert os.getpgid(recorded(tmp_path)[0].pid) == os.getpgrp()


async def test_a_killed_child_is_started_again_with_the_same_arguments(processes: Processes, tmp_path: Path) -> None:
    await processes.start("one", SLEEP)
    processes.keep_alive()
    for _ in range(2):
        before = (tmp_path / "processes.json").read_text()
        recorded(tmp_path)[0].kill()
        await until(lambda: (tmp_path / "processes.json").read_text() != before)  # noqa: B023 - used at once
        assert processes.is_running("one")
        assert recorded(tmp_path)[0].cmdline()[1:] == list(SLEEP)


async def test_before_keep_alive_a_dead_child_stays_dead(processes: Processes) -> None:
    await processes.start("one", ("-c", "raise SystemExit(3)"))
    await until(lambda: not processes.is_running("one"))
    await asyncio.sleep(0.8)
    assert not processes.is_running("one")


async def test_the_end_of_all(processes: Processes, tmp_path: Path) -> None:
    await processes.start("one", SLEEP)
    await processes.start("two", SLEEP)
    processes.keep_alive()
    children = recorded(tmp_path)
    await processes.end()
    assert not any(child.is_running() for child in children)
    assert not (tmp_path / "processes.json").exists()


async def test_the_youngest_is_asked_to_end_first(processes: Processes, tmp_path: Path) -> None:
    told = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(print(time.monotonic())))\n"
    for name in ("old", "young"):
        await processes.start(name, ("-c", f"{told}print('ready', flush=True); time.sleep(600)"))
        await until(lambda: "ready" in (tmp_path / f"{name}.out").read_text())  # noqa: B023 - used at once
    await processes.end()
    old, young = (float((tmp_path / f"{name}.out").read_text().split()[1]) for name in ("old", "young"))
    assert young <= old + 0.05


async def test_a_child_that_died_just_before_the_end_is_not_started_again(tmp_path: Path) -> None:
    """Ctrl-C reaches the whole group, so children may be gone before the demo knows that it ends."""
    processes = Processes(tmp_path / "processes.json", tmp_path)
    slow = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: (time.sleep(1.5), sys.exit()))\n"
    await processes.start("slow", ("-c", f"{slow}print('ready', flush=True); time.sleep(600)"))
    await processes.start("quick", SLEEP)
    await until(lambda: "ready" in (tmp_path / "slow.out").read_text())
    processes.keep_alive()
    recorded(tmp_path)[1].send_signal(signal.SIGINT)
    await until(lambda: not processes.is_running("quick"))
    await processes.end()
    assert not processes.is_running("quick")
    assert not processes.is_running("slow")
    mine = psutil.Process().children(recursive=True)
    assert not [one for one in mine if one.is_running() and str(SLEEP[1]) in one.cmdline()]


async def test_a_child_that_does_not_listen_is_killed(
    processes: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schulbote.processes._PATIENCE_SECONDS", 0.2)
    await processes.start("one", STUBBORN)
    [child] = recorded(tmp_path)
    await asyncio.sleep(0.3)
    await processes.end()
    assert not child.is_running()


# What a killed demo leaves behind.


@pytest.fixture
def stranger():
    process = subprocess.Popen([sys.executable, *SLEEP], stdout=subprocess.DEVNULL)
    yield process
    process.kill()
    process.wait()


def write(record: Path, *entries: dict[str, float]) -> None:
    record.write_text(json.dumps(entries))


def test_what_is_written_down_is_ended(tmp_path: Path, stranger: subprocess.Popen[bytes]) -> None:
    record = tmp_path / "processes.json"
    write(record, {"pid": stranger.pid, "created": psutil.Process(stranger.pid).create_time()})
    assert end_leftovers(record) == 1
    assert stranger.poll() is not None
    assert not record.exists()


def test_a_number_that_belongs_to_somebody_else_by_now_is_left_alone(
    tmp_path: Path, stranger: subprocess.Popen[bytes]
) -> None:
    record = tmp_path / "processes.json"
    write(record, {"pid": stranger.pid, "created": psutil.Process(stranger.pid).create_time() - 60})
    assert end_leftovers(record) == 0
    assert stranger.poll() is None
    assert not record.exists()


def test_a_process_that_is_gone_is_no_problem(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    write(tmp_path / "processes.json", {"pid": gone.pid, "created": 1.0})
    assert end_leftovers(tmp_path / "processes.json") == 0


@pytest.mark.parametrize("text", ["", "[{", "[1, {}, null]", '[{"pid": 1}]'])
def test_a_record_that_cannot_be_read_ends_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / "processes.json").write_text(text)
    assert end_leftovers(tmp_path / "processes.json") == 0


def test_no_record_is_no_problem(tmp_path: Path) -> None:
    assert end_leftovers(tmp_path / "processes.json") == 0
