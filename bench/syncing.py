"""The roster sync beside what a plain script would do; how long a large school takes; what no change costs."""

import asyncio
import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench.harness import BenchError, Client, Demo, Lab, Row, seconds, until
from bench.module_cost import synapse
from bench.registers import write_iserv
from school.config import load_settings, read_secret
from schulbote.connections import open_database, open_homeserver
from schulbote.demo_files import DemoHome
from schulbote.syncing import mirror, readers_of, roster_sync

_PEOPLE, _GROUPS, _MEMBERSHIPS = 200, 10, 320
_AT_ONCE = 8
_LARGE = ("--classes", ",".join(f"{year}.{part}" for year in range(5, 13) for part in range(1, 7)))
_LARGE_SIZE = (*_LARGE, "--pupils-per-class", "21", "--teachers", "90")
_LOGINS = 20
_MAKE_REGISTER = Path(__file__).parents[1] / "tests" / "registers" / "make_register.py"


def rows(lab: Lab) -> Iterator[Row]:
    """All of it, each on servers of its own."""
    yield from _beside_a_plain_loop(lab)
    yield from _large_school(lab)
    yield from _small_changes(lab)
    yield from _memory(lab)


# Two hundred people into twenty rooms.


def _people(*, in_groups: bool) -> dict[str, dict[str, list[str]]]:
    def groups_of(number: int) -> list[str]:
        second = [f"AG {(number + 3) % _GROUPS}"] if number % 5 < 3 else []
        return [f"AG {number % _GROUPS}", *second] if in_groups else []

    everybody = {f"P{number:03}": groups_of(number) for number in range(_PEOPLE)}
    teachers = dict(list(everybody.items())[:10])
    return {"teachers": teachers, "pupils": {key: value for key, value in everybody.items() if key not in teachers}}


def _beside_a_plain_loop(lab: Lab) -> Iterator[Row]:
    lab.tell(f"bringing {_PEOPLE} people into {2 * _GROUPS} rooms …")
    demo = lab.new_demo(write_iserv(lab.folder / "register", **_people(in_groups=False)))
    demo.start()
    with closing(sqlite3.connect(demo.info["database"].removeprefix("sqlite:///"), timeout=30)) as school, school:
        school.execute("UPDATE accounts SET in_use_since = 1")
    write_iserv(demo.register, **_people(in_groups=True))
    before = _events(demo)
    ours = sync(demo, "--confirm")
    events = _events(demo) - before
    joined = _joined(demo)
    lab.end_demo()
    if joined != 2 * _MEMBERSHIPS:
        raise BenchError(f"{joined} memberships instead of {2 * _MEMBERSHIPS}")
    lab.tell("… and the same with a loop over the admin API, without the module …")
    loop, loop_events = _plain_loop(lab)
    yield Row(
        figure=f"{2 * _MEMBERSHIPS} memberships of {_PEOPLE} people in {2 * _GROUPS} rooms",
        value=f"{seconds(ours)}, {events} events",
        shows="`schulbote sync` from its start to its end, rooms made in it (aim at most 860 events)",
    )
    yield Row(
        figure="  floor: a loop over the admin API",
        value=f"{seconds(loop)}, {loop_events} events",
        shows=f"POST /_synapse/admin/v1/join, {_AT_ONCE} at once, into rooms that are there already; no module",
    )
    yield Row(
        figure="  sync beside the loop",
        value=f"{ours / loop:.2f} times",
        shows="aim at most 0.65",
        prominent=f"sync beside a plain loop of joins: {ours / loop:.2f} times, {events} events (aim 0.65, 860)",
    )


def _plain_loop(lab: Lab) -> tuple[float, int]:
    home = DemoHome(lab.folder / "loop")
    groups = [groups for part in _people(in_groups=True).values() for groups in part.values()]
    users = [f"@p{number}:schule.localhost" for number in range(_PEOPLE)]
    with synapse(home, with_module=False, in_the_background=True) as server:
        settings = load_settings(home.school_yaml)
        bot = Client(server.port, settings.matrix.bot_user_id, token=read_secret(settings.secrets.appservice_token))
        for localpart in (settings.matrix.bot, *(user[1:].partition(":")[0] for user in users)):
            body = {"type": "m.login.application_service", "username": localpart, "inhibit_login": True}
            bot("POST", "/_matrix/client/v3/register", body)
    with closing(sqlite3.connect(home.synapse_database)) as database, database:
        database.execute("UPDATE users SET admin = 1 WHERE name = ?", (settings.matrix.bot_user_id,))
    with synapse(home, with_module=False, in_the_background=True) as server:
        token = read_secret(settings.secrets.appservice_token)
        request = {"preset": "private_chat", "room_version": "12"}
        bot = Client(server.port, settings.matrix.bot_user_id, token=token)
        rooms = {
            (f"AG {number}", kind): str(bot("POST", "/_matrix/client/v3/createRoom", request)["room_id"])
            for number in range(_GROUPS)
            for kind in ("space", "room")
        }
        work = [
            (user, room)
            for user, names in zip(users, groups, strict=True)
            for (name, _), room in rooms.items()
            if name in names
        ]
        before = _count_events(home.synapse_database)
        clients = [Client(server.port, settings.matrix.bot_user_id, token=token) for _ in range(_AT_ONCE)]

        def join(number: int) -> None:
            for user, room in work[number::_AT_ONCE]:
                clients[number]("POST", f"/_synapse/admin/v1/join/{quote(room)}", {"user_id": user})

        started = time.perf_counter()
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(join, range(_AT_ONCE)))
        return time.perf_counter() - started, _count_events(home.synapse_database) - before


# A large school from nothing.


def _large_school(lab: Lab) -> Iterator[Row]:
    folder = lab.folder / "large"
    subprocess.run([sys.executable, _MAKE_REGISTER, folder, *_LARGE_SIZE], check=True, capture_output=True)
    demo = lab.new_demo(folder / "iserv")
    lab.tell("making a large school from nothing …")
    ready = demo.start()
    accounts = demo.info["accounts"]
    groups = len(demo.info["rooms"])
    yield Row(
        figure=f"{len(accounts)} people, {groups} groups: from empty to ready",
        value=seconds(ready),
        shows="SQLite; everybody can log in and finds their rooms (aim at most 90 s for 2,500 people, 120 groups)",
        prominent=f"{len(accounts)} people and {groups} groups from empty to ready: {ready:.0f} s (aim at most 90 s)",
    )
    chosen = random.Random(5).sample(accounts, _LOGINS)
    took = [_until_in_all_rooms(demo, account) for account in chosen]
    yield Row(
        figure=f"  {_LOGINS} of them log in: until all their rooms are there",
        value=f"at most {seconds(max(took))}",
        shows="one after the other, from the login's beginning (aim at most 3 s)",
    )
    lab.end_demo()


def _until_in_all_rooms(demo: Demo, account: dict[str, Any]) -> float:
    client = demo.client(account)
    started = time.perf_counter()
    client.log_in()
    until(lambda: len(client.joined_rooms()) >= 2 * len(account["groups"]), what="somebody is in all rooms", pause=0.05)
    return time.perf_counter() - started


# Small changes in the sample school.


def _small_changes(lab: Lab) -> Iterator[Row]:
    folder = lab.folder / "sample"
    subprocess.run([sys.executable, _MAKE_REGISTER, folder], check=True, capture_output=True)
    demo = lab.new_demo(folder / "iserv")
    lab.tell("changing little in a school of 539 …")
    demo.start()
    accounts = demo.info["accounts"]
    took = no_change(demo)
    counted = _counted_sync(demo)
    yield Row(
        figure=f"no change, {len(accounts)} people",
        value=f"{seconds(took)}, {counted} requests",
        shows="`schulbote sync` from its start to its end (aim at most 2 s, 10 requests)",
    )
    pupil = next(a for a in accounts if "Klasse 8.1" in a["groups"] and a["role"] == "student")
    pupils = demo.register / "schueler.csv"
    text = pupils.read_text("utf-8-sig")
    rows_of = [row for row in text.splitlines() if pupil["person"] in row]
    guardians = [g for g in accounts if g["role"] == "guardian" and _is_of(demo, g, pupil["person"])]
    for account in (pupil, *guardians):
        _until_in_all_rooms(demo, account)
    for row in rows_of:
        text = text.replace(row, row.replace("8.1", "8.2"))
    pupils.write_text(text, "utf-8-sig")
    parents = demo.register / "eltern.csv"
    parents.write_text(
        "\n".join(
            row.replace("8.1", "8.2") if pupil["person"] in row else row
            for row in parents.read_text("utf-8-sig").splitlines()
        )
        + "\n",
        "utf-8-sig",
    )
    counted = _counted_sync(demo)
    allowed = 12 + 5 * len(guardians)
    yield Row(
        figure=f"a pupil changes class, {len(guardians)} guardians with them",
        value=f"{counted} requests",
        shows=f"to the homeserver, all of a sync (aim at most {allowed}: 12 for the pupil, 5 for each guardian)",
    )
    lab.end_demo()


def _is_of(demo: Demo, guardian: Mapping[str, Any], child: str) -> bool:
    with closing(sqlite3.connect(demo.info["database"].removeprefix("sqlite:///"))) as school:
        query = "SELECT 1 FROM wards WHERE guardian_id = ? AND ward_id = ?"
        return school.execute(query, (guardian["person"], child)).fetchone() is not None


def _memory(lab: Lab) -> Iterator[Row]:
    lab.tell("reading a register of 25,000 people …")
    command = [sys.executable, "-m", "bench.large_register", lab.folder / "25000"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(done.stderr)
    answer = json.loads(done.stdout)
    yield Row(
        figure=f"a register of {answer['people']:,} people: memory at the peak",
        value=f"{answer['peak_mib']:.0f} MiB",
        shows=f"read, planned and applied in {seconds(answer['seconds'])}, the program itself included (aim 250 MB)",
    )


# What they share.


def no_change(demo: Demo) -> float:
    """How many seconds a sync takes that finds nothing to do, after one that has compiled the modules."""
    _sync(demo)
    took, said = _sync(demo)
    if "Nothing to change." not in said:
        raise BenchError(f"There was something to change: {said}")
    return took


def sync(demo: Demo, *more: str) -> float:
    """How many seconds `schulbote sync` takes, as it runs where it is installed: its modules are compiled once."""
    took, _said = _sync(demo, *more)
    return took


def _sync(demo: Demo, *more: str) -> tuple[float, str]:
    command = [sys.executable, "-m", "schulbote", "-c", demo.info["config"], "sync", *more]
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    took = time.perf_counter() - started
    if done.returncode != 0:
        raise BenchError(done.stderr)
    return took, done.stdout


def _counted_sync(demo: Demo) -> int:
    """How many requests a sync makes."""
    return asyncio.run(_count_requests(Path(demo.info["config"])))


async def _count_requests(config: Path) -> int:
    settings = load_settings(config)
    asked = 0
    async with open_database(settings) as engine, open_homeserver(settings) as homeserver:
        really = homeserver.call

        async def counting(*args: Any, **more: Any) -> dict[str, Any]:
            nonlocal asked
            asked += 1
            return await really(*args, **more)

        homeserver.call = counting  # type: ignore[method-assign]
        sync = roster_sync(settings, engine, readers_of(settings))
        plan = await sync.apply(sync.read(), actor="bench", confirmed=True)
        work = mirror(settings, engine, homeserver, progress=lambda *_: None)
        report = await sync.mirror(work, wait=not plan.is_empty)
    if report.failures:
        raise BenchError("; ".join(report.failures))
    return asked


def _events(demo: Demo) -> int:
    return _count_events(Path(demo.info["synapse_database"]))


def _count_events(database: Path) -> int:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return int(connection.execute("SELECT count(*) FROM events").fetchone()[0])


def _joined(demo: Demo) -> int:
    with closing(sqlite3.connect(f"file:{demo.info['synapse_database']}?mode=ro", uri=True)) as connection:
        query = "SELECT user_id, room_id FROM local_current_membership WHERE membership = 'join'"
        found = connection.execute(query).fetchall()
    return sum(user != demo.info["bot"] for user, _ in found)
