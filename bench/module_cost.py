"""What the module costs for a message: two stock Synapses with the same settings, people and rooms, one of them with
the module, asked in turns, so that a busy machine hits both.

A third one, bare as well, takes part: how far the two bare ones are from each other says what the machine's noise is,
and the module is measured against both. All go on with copies of one database, so that they differ in nothing else.
"""

import json
import os
import shutil
import sqlite3
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import permutations
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import yaml
from sqlalchemy import create_engine, insert
from synapse.api.room_versions import KNOWN_ROOM_VERSIONS
from synapse.events import make_event_from_dict

from bench.harness import REGISTER, BenchError, Client, Lab, Row, Synapse, two_free_ports
from school.config import Settings, load_settings, read_secret
from school.database.migrate import upgrade
from school.database.tables import groups, memberships, persons
from school.domain.rooms import HISTORY, ROOM_VERSION, STAMP_KEY, RoomKind, power_levels
from schulbote.demo_files import SERVER_NAME, DemoHome
from schulbote.files import write_yaml

_SIZES: Final = {2: (72, 3), 30: (72, 3), 2000: (36, 1)}
"""Members of a room: rounds, and messages of a turn. Turns are short: a busy machine changes its pace in seconds."""
_BARS: Final = {2: "1.05", 30: "1.05", 2000: "1.20"}
_NOT_OURS: Final = 1
"""Stands for a room without a stamp, in which the module lets nobody write: so it is known to be at work."""
_REAL: Final = 30
"""So many join by themselves."""
_OF_A_JOIN: Final = (
    "events",
    "event_json",
    "state_events",
    "current_state_events",
    "room_memberships",
    "local_current_membership",
    "state_groups_state",
)
_GROUP: Final = "all"
_SETTLE_SECONDS: Final = 0.05
_WORDS: Final = "Guten Morgen, wann ist der Ausflug?"
_NOTHING_IN_THE_BACKGROUND: Final = {"stats": {"enabled": False}, "update_user_directory_from_worker": "nobody"}
"""What Synapse writes of joins at its leisure. Messages have no part in it; it would go on while they are measured."""


def rows(lab: Lab) -> Iterator[Row]:
    """Fills one homeserver, makes three copies of it, and asks them in turns."""
    filled = DemoHome(lab.folder / "module" / "filled")
    rooms = _fill(lab, filled)
    homes = {name: DemoHome(lab.folder / "module" / name) for name in ("bare", "module", "again")}
    for home in homes.values():
        shutil.copytree(filled.folder, home.folder)
    _fill_school(load_settings(homes["module"].school_yaml))
    lab.tell("starting three homeservers, one of them with the module …")
    with ExitStack() as running:
        running.callback(os.sched_setaffinity, 0, os.sched_getaffinity(0))
        with _on_one_core():
            servers = {
                name: running.enter_context(synapse(home, with_module=name == "module")) for name, home in homes.items()
            }
        clients = {name: _log_in(homes[name], server.port) for name, server in servers.items()}
        for name, client in clients.items():
            if _lets_through(client, rooms[_NOT_OURS]) is (name == "module"):
                raise BenchError(f"the homeserver {name!r} does not judge messages as it should")
            if len(client.members(rooms[max(_SIZES)])) < max(_SIZES):
                raise BenchError(f"somebody is missing in the largest room of the homeserver {name!r}")
        for members, (rounds, messages) in _SIZES.items():
            lab.tell(f"writing messages in a room of {members:,} …")
            spent: dict[str, list[float]] = {name: [] for name in servers}
            orders = list(permutations(servers))
            for turn in range(-1, rounds):  # the first one fills the caches
                for name in orders[turn % len(orders)]:
                    each = _turn(servers[name], clients[name], rooms[members], messages)
                    spent[name] += [each] if turn >= 0 else []
            yield from _judged(members, messages, spent)


@contextmanager
def _on_one_core() -> Iterator[None]:
    """What is started in it stays on one core (no two are equally busy), and this program on the others afterwards."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores - {max(cores)} or cores)


def _judged(members: int, messages: int, spent: dict[str, list[float]]) -> Iterator[Row]:
    bare = [(one + other) / 2 for one, other in zip(spent["bare"], spent["again"], strict=True)]
    ratio = _ratio(spent["module"], bare)
    yield Row(
        figure=f"room of {members:,}: CPU per message beside bare ones",
        value=ratio,
        shows=f"{_milliseconds(spent['module'])} with the module, {_milliseconds(bare)} without; {len(bare)} rounds of "
        f"{messages}, medians",
        prominent=f"CPU per message with the module, room of {members:,}: {ratio} (aim at most {_BARS[members]})",
    )
    yield Row(
        figure="  two bare ones beside each other",
        value=_ratio(spent["again"], spent["bare"]),
        shows="1 on a machine without noise",
    )


def _milliseconds(values: list[float]) -> str:
    return f"{statistics.median(values) * 1000:.1f} ms"


def _ratio(ours: list[float], bare: list[float]) -> str:
    """The median of the rounds' ratios, with its standard error: 0.93 of the range of their middle half, by the root of
    their number (for a normal distribution; single wild rounds count for nothing in either)."""
    ratios = [one / other for one, other in zip(ours, bare, strict=True)]
    lower, _, upper = statistics.quantiles(ratios)
    error = 0.93 * (upper - lower) / len(ratios) ** 0.5
    return f"{statistics.median(ratios):.3f} times (±{error:.3f})"


def _lets_through(client: Client, room_id: str) -> bool:
    """Whether a message arrives as it was written."""
    client.send(room_id, _WORDS)
    return any(event["content"].get("body") == _WORDS for event in client.last_events(room_id, limit=1))


def _turn(server: Synapse, client: Client, room_id: str, messages: int) -> float:
    """CPU seconds for one message, with what is done about it after the answer."""
    before = server.cpu_seconds
    for _ in range(messages):
        client.send(room_id, _WORDS)
    time.sleep(_SETTLE_SECONDS)
    return (server.cpu_seconds - before) / messages


def _user(number: int) -> str:
    return f"@p{number}:{SERVER_NAME}"


def _fill(lab: Lab, home: DemoHome) -> dict[int, str]:
    """People and rooms, made by way of the appservice, without what only costs time here. Returns the room of each
    size. Everybody is in the largest one; the first of them writes, the second is a teacher."""
    largest = max(_SIZES)
    lab.tell(f"making rooms of up to {largest:,} …")
    settings = home.prepare(register=REGISTER, port=two_free_ports())
    with synapse(home, with_module=False, push={"enabled": False}) as server:
        token = read_secret(settings.secrets.appservice_token)
        bot = Client(server.port, settings.matrix.bot_user_id, token=token)
        for localpart in (settings.matrix.bot, *(f"p{number}" for number in range(_REAL))):
            body = {"type": "m.login.application_service", "username": localpart, "inhibit_login": True}
            bot("POST", "/_matrix/client/v3/register", body)
        rooms = {members: _make_room(bot, RoomKind.GROUP if members > 2 else RoomKind.DIRECT) for members in _SIZES}
        rooms[_NOT_OURS] = _make_room(bot, None)
        for members, room_id in rooms.items():
            for number in range(min(members, _REAL)):
                join = f"/_matrix/client/v3/rooms/{quote(room_id)}/join?user_id={quote(_user(number))}"
                bot("POST", join, {})
    with closing(sqlite3.connect(home.synapse_database)) as connection, connection:
        _copy_last_join(connection, rooms[largest], range(_REAL, largest))
    return rooms


def _copy_last_join(connection: sqlite3.Connection, room_id: str, numbers: range) -> None:
    """Lets more people be in a room: each with a copy of what stands in Synapse's database of the last one who really
    joined. As many real joins would take minutes, and leave the same behind as far as a message looks at it."""
    connection.row_factory = sqlite3.Row
    pattern = _user(_REAL - 1)
    join, ordering, state_group = connection.execute(
        "SELECT event_id, event_stream_ordering, state_group FROM local_current_membership"
        " JOIN event_to_state_groups USING (event_id) WHERE room_id = ? AND user_id = ?",
        (room_id, pattern),
    ).fetchone()
    newest = connection.execute("SELECT max(stream_ordering) FROM events").fetchone()[0]
    rows = [("users", row) for row in connection.execute("SELECT * FROM users WHERE name = ?", (pattern,))]
    rows += [
        ("profiles", row) for row in connection.execute("SELECT * FROM profiles WHERE full_user_id = ?", (pattern,))
    ]
    for table in _OF_A_JOIN:
        found = connection.execute(f"SELECT * FROM {table} WHERE event_id = ?", (join,))
        rows += [(table, row) for row in found]
    event = json.loads(next(row["json"] for table, row in rows if table == "event_json"))
    for step, number in enumerate(numbers, start=1):
        own = event | {"sender": _user(number), "state_key": _user(number)}
        changed = {
            join: make_event_from_dict(own, KNOWN_ROOM_VERSIONS[ROOM_VERSION]).event_id,
            pattern: _user(number),
            pattern[1:].partition(":")[0]: f"p{number}",
            ordering: newest + step,
        }
        for table, row in rows:
            values = {column: changed.get(row[column], row[column]) for column in row.keys()}  # noqa: SIM118 - of a Row
            values |= {"json": json.dumps(own)} if table == "event_json" else {}
            marks = ", ".join("?" * len(values))
            connection.execute(f"INSERT INTO {table} VALUES ({marks})", list(values.values()))
    assert (
        state_group
        == connection.execute(
            "SELECT max(state_group) FROM event_to_state_groups JOIN events USING (event_id) WHERE room_id = ?",
            (room_id,),
        ).fetchone()[0]
    ), "the join that was copied is not the last one"


def _make_room(bot: Client, kind: RoomKind | None) -> str:
    """A room as the school makes it, stamped, but open, so that one event brings somebody in. One of people is made by
    the one who writes; a room without kind is no room of the school's."""
    like = kind or RoomKind.GROUP
    stamp = {"kind": like.value} | ({"group": _GROUP} if like is RoomKind.GROUP else {})
    request: dict[str, Any] = {
        "preset": "private_chat",
        "room_version": ROOM_VERSION,
        "creation_content": {"m.federate": False} | ({STAMP_KEY: stamp} if kind else {}),
        "power_level_content_override": power_levels(like),
        "initial_state": [
            {"type": "m.room.history_visibility", "content": {"history_visibility": HISTORY[like]}},
            {"type": "m.room.guest_access", "content": {"guest_access": "forbidden"}},
            {"type": "m.room.join_rules", "content": {"join_rule": "public"}},
        ],
    }
    maker = f"?user_id={quote(_user(0))}" if kind is RoomKind.DIRECT else ""
    return str(bot("POST", f"/_matrix/client/v3/createRoom{maker}", request)["room_id"])


def _fill_school(settings: Settings) -> None:
    """The same people in the school's database."""
    url = settings.database.sqlalchemy_url("sync")
    upgrade(url)
    people = [f"p{number}" for number in range(max(_SIZES))]
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(
            insert(persons),
            [
                {
                    "id": person,
                    "user_id": _user(number),
                    "given_name": "Given",
                    "family_name": f"Family{number}",
                    "role": "teacher" if number == 1 else "student",
                }
                for number, person in enumerate(people)
            ],
        )
        connection.execute(insert(groups).values(id=_GROUP, key=_GROUP, name="All", kind="year", origin="register"))
        connection.execute(insert(memberships), [{"person_id": person, "group_id": _GROUP} for person in people])
    engine.dispose()


def synapse(home: DemoHome, *, with_module: bool, in_the_background: bool = False, **changes: object) -> Synapse:
    """A homeserver as a school runs it, that tells no appservice anything, on ports of its own."""
    port = two_free_ports()
    home.prepare(register=REGISTER, port=port)
    config = yaml.safe_load(home.homeserver_yaml.read_text(encoding="utf-8"))
    registration = Path(config["app_service_config_files"][0])
    write_yaml(registration, yaml.safe_load(registration.read_text(encoding="utf-8")) | {"url": None}, mode=0o600)
    if not with_module:
        del config["modules"]
    quiet = {} if in_the_background else _NOTHING_IN_THE_BACKGROUND
    write_yaml(home.homeserver_yaml, config | quiet | changes, mode=0o600)
    return Synapse(home.homeserver_yaml, port)


def _log_in(home: DemoHome, port: int) -> Client:
    """A client of the one who writes, with a token of their own as everybody has."""
    settings = load_settings(home.school_yaml)
    bot = Client(port, settings.matrix.bot_user_id, token=read_secret(settings.secrets.appservice_token))
    body = {"type": "m.login.application_service", "identifier": {"type": "m.id.user", "user": _user(0)}}
    return Client(port, _user(0), token=bot("POST", "/_matrix/client/v3/login", body)["access_token"])
