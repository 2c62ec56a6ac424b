"""Releasing what waited: beside plain sends of the same server, and beside people who write meanwhile."""

import sqlite3
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event, Thread
from typing import Final

import psutil

from bench.harness import BenchError, Client, Demo, Lab, Row, seconds, until

_ALONE: Final = 400
_BESIDE_OTHERS: Final = 2_000
_TEACHERS, _WRITERS = 4, 10
_AT_ONCE: Final = (2, 4, 8)
_LIVE_PEOPLE: Final = 3
_LIVE_PAUSE_SECONDS: Final = 1.0
_IDLE_SECONDS: Final = 40.0
_WORDS: Final = "Guten Abend, wann ist der Ausflug?"
_PATIENCE: Final = 900
_MODULE_LOOKS_SECONDS: Final = 2.0
_QUIET_SECONDS: Final = 8.0
_COST_TURNS, _COST_MESSAGES = 6, 20
_SETTLE_SECONDS: Final = 1.0


def rows(lab: Lab) -> Iterator[Row]:
    """Guardians write to teachers who rest; the rest ends."""
    demo = lab.demo
    school = _School(demo)
    yield from school.cost()
    lab.tell("writing messages that go out at once …")
    rates = {at_once: school.write(_ALONE, at_once) for at_once in _AT_ONCE}
    best = max(rates.values())
    lab.tell("writing messages that wait, and releasing them …")
    school.rest()
    school.write(_ALONE, 4)
    school.until_all_wait(_ALONE)
    school.let_the_clock_end_the_rest()
    released = _ALONE / school.release_seconds()
    yield Row(
        figure=f"{_ALONE} held messages, nobody else writes",
        value=f"{released / best:.2f} times",
        shows=f"{released:.0f} events a second; plain sends by people "
        + ", ".join(f"{at_once} at once {rate:.0f}" for at_once, rate in rates.items())
        + " (aim at least 0.9 of the best)",
        prominent=f"release beside plain sends: {released / best:.2f} times (aim at least 0.9)",
    )
    lab.tell(f"writing {_BESIDE_OTHERS:,} messages that wait, and releasing them while others write …")
    school.rest()
    school.write(_BESIDE_OTHERS, 4)
    school.until_all_wait(_BESIDE_OTHERS)
    with _Live(demo) as live:
        time.sleep(_IDLE_SECONDS)
        idle = live.so_far()
        school.let_the_clock_end_the_rest()
        took = school.release_seconds()
        during = live.so_far()
    yield Row(
        figure=f"others write while {_BESIDE_OTHERS:,} are released: p95",
        value=f"{_p95(during) / _p95(idle):.2f} times",
        shows=f"{_p95(during):.0f} ms beside {_p95(idle):.0f} ms when nothing is released ({len(during)} and "
        f"{len(idle)} messages of {_LIVE_PEOPLE} people; medians {statistics.median(during):.0f} and "
        f"{statistics.median(idle):.0f}; released in {seconds(took)}; aim at most 2 times)",
        prominent=f"live messages during a release of {_BESIDE_OTHERS:,}: p95 {_p95(during) / _p95(idle):.2f} times "
        "that of an idle server (aim at most 2)",
    )


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def _cpu(processes: list[psutil.Process]) -> float:
    return sum(times.user + times.system for times in (process.cpu_times() for process in processes))


class _School:
    """Teachers and guardians with a direct room for each pair."""

    def __init__(self, demo: Demo) -> None:
        self._demo = demo
        self._database = demo.info["database"].removeprefix("sqlite:///")
        self._teachers = [demo.client(account) for account in demo.people(_TEACHERS, role="teacher", groups=4)]
        self._writers = [demo.client(account) for account in demo.people(_WRITERS, role="guardian")]
        for one in (*self._teachers, *self._writers):
            one.log_in()
        self._controls = [teacher.open_direct(demo.info["bot"]) for teacher in self._teachers]
        self._rooms = [[writer.open_direct(teacher.user_id) for teacher in self._teachers] for writer in self._writers]

    def write(self, number: int, at_once: int) -> float:
        """Writes so many messages, each writer in turn into their rooms; returns messages a second."""
        each, rest = divmod(number, len(self._writers))
        if rest:
            raise BenchError(f"{number} messages cannot be shared by {len(self._writers)} writers")

        def write(place: int) -> None:
            rooms = self._rooms[place]
            for turn in range(each):
                self._writers[place].send(rooms[turn % len(rooms)], _WORDS)

        started = time.perf_counter()
        with ThreadPoolExecutor(at_once) as pool:
            list(pool.map(write, range(len(self._writers))))
        return number / (time.perf_counter() - started)

    def cost(self) -> Iterator[Row]:
        """CPU of a message that is held beside one that goes out: to a teacher who rests and one who does not, in turn;
        once while the appservice stands still, and so writes no receipts."""
        control, writer = self._controls[0], self._writers[0]
        self._teachers[0].send(control, "!ruhe 10h")
        time.sleep(_MODULE_LOOKS_SECONDS)
        rooms = {"held": self._rooms[0][0], "out": self._rooms[0][1]}
        without = self._spent(writer, rooms, frozen=True, waiting=0)
        held = (_COST_TURNS + 1) * _COST_MESSAGES
        self.until_all_wait(held)
        whole = self._spent(writer, rooms, frozen=False, waiting=held)
        for spent, what, aim in (
            (without, "without its receipt, Synapse alone", 1.5),
            (whole, "with its receipt", 3.5),
        ):
            yield Row(
                figure=f"CPU of a hold {what}",
                value=f"{spent['held'] / spent['out']:.2f} times",
                shows=f"{spent['held'] * 1000:.0f} ms beside {spent['out'] * 1000:.0f} ms of a message that goes out "
                f"(aim at most {aim})",
                prominent=f"CPU of a hold {what}: {spent['held'] / spent['out']:.2f} times (aim at most {aim})",
            )
        self._teachers[0].send(control, "!ruhe aus")
        until(lambda: self.waiting() == 0, what="the deliveries", patience=_PATIENCE)

    def _spent(self, writer: Client, rooms: dict[str, str], *, frozen: bool, waiting: int) -> dict[str, float]:
        """CPU seconds for one message, by kind: the medians of the turns. So many wait before."""
        processes = [self._demo.synapse] + ([] if frozen else [self._demo.appservice])
        spent: dict[str, list[float]] = {kind: [] for kind in rooms}
        if frozen:
            self._demo.appservice.suspend()
        try:
            for turn in range(2 * _COST_TURNS + 2):  # the first of each kind fills the caches
                kind = ("held", "out")[turn % 2]
                before = _cpu(processes)
                for _ in range(_COST_MESSAGES):
                    writer.send(rooms[kind], _WORDS)
                if kind == "held" and not frozen:
                    waiting += _COST_MESSAGES
                    self.until_all_wait(waiting)
                time.sleep(_SETTLE_SECONDS)
                spent[kind] += [(_cpu(processes) - before) / _COST_MESSAGES] if turn > 1 else []
        finally:
            self._demo.appservice.resume()
        return {kind: statistics.median(values) for kind, values in spent.items()}

    def rest(self) -> None:
        """All teachers rest, and Synapse knows."""
        for teacher, control in zip(self._teachers, self._controls, strict=True):
            teacher.send(control, "!ruhe 10h")
        until(lambda: self._count(f"rest_overrides WHERE ends_at > {time.time()}") >= _TEACHERS, what="rests")
        time.sleep(_MODULE_LOOKS_SECONDS)

    def until_all_wait(self, number: int) -> None:
        """Every message is held, and its sender told."""
        told = "held_messages WHERE state = 'waiting' AND receipt_event_id IS NOT NULL"
        until(lambda: self._count(told) == number, what="receipts", patience=_PATIENCE, pause=0.25)

    def let_the_clock_end_the_rest(self) -> None:
        """As in the morning: nobody writes a word, and nobody has for a while."""
        with closing(sqlite3.connect(self._database, timeout=30)) as database, database:
            soon = time.time() + _QUIET_SECONDS
            database.execute("UPDATE rest_overrides SET ends_at = ? WHERE ends_at > ?", (soon, soon))
            database.execute("UPDATE versions SET number = number + 1 WHERE part = 'rest'")

    def release_seconds(self) -> float:
        """How long the release takes, from the first delivery to the last."""
        waiting = self.waiting()
        until(lambda: self.waiting() < waiting or not waiting, what="the first delivery", patience=60)
        return until(lambda: self.waiting() == 0, what="the last delivery", patience=_PATIENCE, pause=0.05)

    def waiting(self) -> int:
        return self._count("held_messages WHERE state = 'waiting'")

    def _count(self, rows: str) -> int:
        with closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True, timeout=30)) as database:
            return int(database.execute(f"SELECT count(*) FROM {rows}").fetchone()[0])


class _Live:
    """People who write to each other once a second, and how long each message takes, in milliseconds."""

    def __init__(self, demo: Demo) -> None:
        accounts = demo.people(2 * _LIVE_PEOPLE, role="teacher", groups=4)
        clients = [demo.client(account) for account in accounts]
        for client in clients:
            client.log_in()
        self._pairs = [
            (one, one.open_direct(other.user_id))
            for one, other in zip(clients[:_LIVE_PEOPLE], clients[_LIVE_PEOPLE:], strict=True)
        ]
        self._over = Event()
        self._took: list[float] = []

    def __enter__(self) -> "_Live":
        self._threads = [Thread(target=self._write, args=pair) for pair in self._pairs]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def so_far(self) -> list[float]:
        """What was measured since the last question."""
        took, self._took = self._took, []
        return took

    def _write(self, client: Client, room: str) -> None:
        while not self._over.wait(_LIVE_PAUSE_SECONDS):
            started = time.perf_counter()
            client.send(room, _WORDS)
            self._took.append((time.perf_counter() - started) * 1000)
