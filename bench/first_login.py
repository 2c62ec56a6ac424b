"""The first login: what a person waits for, and when they are in all of their rooms."""

import time
from collections.abc import Iterator
from typing import Any

from bench.harness import Client, Demo, Lab, Row, spread, until

_PEOPLE = 5


def rows(lab: Lab) -> Iterator[Row]:
    """Somebody with two groups, and a teacher with eight."""
    demo = lab.demo
    lab.tell("logging people in for the first time …")
    for title, role, groups in (("a pupil with 2 groups", "student", 2), ("a teacher with 8 groups", "teacher", 8)):
        chosen = demo.people(_PEOPLE, role=role, groups=groups)
        measured = [_first_login(demo, account) for account in chosen]
        again = [_login(demo.client(account)) * 1000 for account in chosen]
        number = spread((count for _, _, count in measured), unit="groups")
        yield Row(
            figure=f"{title}: login answered",
            value=spread(answered * 1000 for answered, _, _ in measured),
            shows=f"{_PEOPLE} people one after the other, {number}; a demo spends little on passwords",
        )
        joined = sorted(there * 1000 for _, there, _ in measured)
        yield Row(
            figure=f"{title}: in all rooms",
            value=spread(joined),
            shows="from the login's beginning until the last room and space is in /joined_rooms",
            prominent=f"first login of {title} to all rooms: {joined[len(joined) // 2]:.0f} ms (aim at most 3000 ms)",
        )
        yield Row(figure=f"{title}: second login", value=spread(again), shows="the floor: there is nothing to join")


def _first_login(demo: Demo, account: dict[str, Any]) -> tuple[float, float, int]:
    """Seconds until the answer, seconds until in all rooms, groups."""
    client, groups = demo.client(account), len(account["groups"])
    started = time.perf_counter()
    answered = _login(client)
    until(lambda: len(client.joined_rooms()) >= 2 * groups, what="somebody is in all rooms", pause=0.005)
    return answered, time.perf_counter() - started, groups


def _login(client: Client) -> float:
    started = time.perf_counter()
    client.log_in()
    return time.perf_counter() - started
