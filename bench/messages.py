"""A message that goes out beside one that is held: measured in turns, so that a busy machine hits both."""

import statistics
import time
from collections.abc import Iterator

from bench.harness import Client, Demo, Lab, Row, spread, until

_TURNS = 4
_MESSAGES = 20
_SETTLE_SECONDS = 1.0
_WORDS = "Guten Abend, wann ist der Ausflug?"


def rows(lab: Lab) -> Iterator[Row]:
    """A parent writes to a teacher who is there and to one who rests, turn by turn."""
    demo = lab.demo
    lab.tell("writing messages to a teacher who is there, and to one who rests …")
    there, resting = (demo.client(account) for account in demo.people(2, role="teacher", groups=8))
    parent = demo.client(demo.people(1, role="guardian")[0])
    for client in (there, resting, parent):
        client.log_in()
    control = resting.open_direct(demo.info["bot"])
    resting.send(control, "!ruhe 2h")
    at_once, held = parent.open_direct(there.user_id), parent.open_direct(resting.user_id)
    parent.send(at_once, "warm")
    until(lambda: _is_held(parent, held, parent.send(held, "warm")), what="messages are held", pause=0.5)

    waits: dict[str, list[float]] = {at_once: [], held: []}
    cpu: dict[str, list[float]] = {at_once: [], held: []}
    for turn in range(2 * _TURNS):
        room_id = (at_once, held)[turn % 2]
        before = _cpu(demo)
        for _ in range(_MESSAGES):
            started = time.perf_counter()
            last = parent.send(room_id, _WORDS)
            waits[room_id].append((time.perf_counter() - started) * 1000)
        if room_id == held:
            until(lambda: _has_receipt(parent, held, last), what="a receipt", pause=0.25)  # noqa: B023 - used at once
        time.sleep(_SETTLE_SECONDS)  # pushes, and what is written later
        cpu[room_id].append((_cpu(demo) - before) / _MESSAGES * 1000)
    receipts = []
    for _ in range(_MESSAGES):
        started = time.perf_counter()
        last = parent.send(held, _WORDS)
        until(lambda: _has_receipt(parent, held, last), what="a receipt", pause=0.005)  # noqa: B023 - used at once
        receipts.append((time.perf_counter() - started) * 1000)
    yield Row(
        figure="message that goes out: answered",
        value=spread(waits[at_once]),
        shows=f"direct room, with the module; {_TURNS} turns of {_MESSAGES}, in turn with the held ones",
    )
    yield Row(
        figure="message that is held: answered",
        value=spread(waits[held]),
        shows="sealed and replaced by the notice, while receipts of the ones before are written",
    )
    yield Row(
        figure="message that is held: receipt is there",
        value=spread(receipts),
        shows="one at a time, from sending until the notice is edited: the message is safe in the queue",
    )
    out, kept = (statistics.median(cpu[room_id]) for room_id in (at_once, held))
    yield Row(figure="CPU of Synapse for one that goes out", value=f"{out:.0f} ms", shows="one event")
    yield Row(
        figure="CPU of Synapse for one that is held",
        value=f"{kept:.0f} ms ({kept / out:.1f} times)",
        shows="two events: the notice and its receipt; the delivery is a third one, when the rest ends",
    )


def _cpu(demo: Demo) -> float:
    times = demo.synapse.cpu_times()
    return times.user + times.system


def _is_held(client: Client, room_id: str, event_id: str) -> bool:
    time.sleep(0.5)
    return _has_receipt(client, room_id, event_id)


def _has_receipt(client: Client, room_id: str, event_id: str) -> bool:
    newest = client.last_events(room_id, limit=3)
    return any(event["content"].get("m.relates_to", {}).get("event_id") == event_id for event in newest)
