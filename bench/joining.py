"""Joining people when they first use their account, beside joining everybody at once."""

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.harness import Demo, Lab, Row, seconds, until

_PEOPLE = 30
_AT_ONCE = 8


def rows(lab: Lab) -> Iterator[Row]:
    """Measures thirty people and multiplies."""
    demo = lab.demo
    accounts = demo.info["accounts"]
    everybody = sum(len(account["groups"]) for account in accounts)
    chosen = demo.people(_PEOPLE)
    memberships = sum(len(account["groups"]) for account in chosen)
    lab.tell(f"bringing {len(chosen)} people into their rooms …")
    events, cpu = _events(demo), demo.synapse.cpu_times()
    started = time.perf_counter()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(lambda account: _come_in(demo, account), chosen))
    took = time.perf_counter() - started
    after = demo.synapse.cpu_times()
    written = _events(demo) - events
    joins = 2 * memberships
    used = after.user + after.system - cpu.user - cpu.system
    yield Row(
        figure=f"{len(chosen)} people joined when they first log in",
        value=f"{seconds(took)}, {written} events",
        shows=f"{memberships} memberships = {joins} joins (a space and a room each), {_AT_ONCE} at once, with login",
    )
    yield Row(
        figure="  one join",
        value=f"{took / joins * 1000:.0f} ms, {written / joins:.2f} events",
        shows=f"{used / joins * 1000:.0f} ms CPU of Synapse; into a space by invitation: two events, into a room one",
    )
    each = f"{took / joins * 1000:.0f} ms"
    yield Row(
        figure="everybody joined at once (computed)",
        value=f"{seconds(2 * everybody * took / joins)}, {2 * everybody * written / joins:.0f} events",
        shows=f"{everybody} memberships of {len(accounts)} people: 2 × {everybody} joins × {each}; "
        "a join costs more the more are in the room, so it is a lower bound",
    )
    share = len(chosen) / len(accounts)
    yield Row(
        figure="joined when first used (computed)",
        value="0 s, 0 events before ready",
        shows=f"then as many as log in: {share:.0%} of all people cost what is measured above, who never comes nothing",
    )


def _come_in(demo: Demo, account: dict[str, Any]) -> None:
    client = demo.client(account)
    client.log_in()
    until(lambda: len(client.joined_rooms()) >= 2 * len(account["groups"]), what="somebody is in all rooms", pause=0.05)


def _events(demo: Demo) -> int:
    """How many events the homeserver has."""
    connection = sqlite3.connect(f"file:{demo.info['synapse_database']}?mode=ro", uri=True)
    try:
        return int(connection.execute("SELECT count(*) FROM events").fetchone()[0])
    finally:
        connection.close()
