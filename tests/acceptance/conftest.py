import json
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from acceptance.bbb import Bbb
from acceptance.browsing import chromium
from acceptance.people import OFFICE, Admin, People, Person
from acceptance.rights.attempts import Cast
from acceptance.running import REGISTERS, Demo


@pytest.fixture(scope="session")
def bbb(tmp_path_factory) -> Iterator[Bbb]:
    """The school's BigBlueButton: a stand-in that answers like one."""
    with Bbb(tmp_path_factory.mktemp("bbb")).running() as bbb:
        yield bbb


@pytest.fixture(scope="session")
def demo(tmp_path_factory, bbb) -> Iterator[Demo]:
    """One whole school for all stories."""
    folder = tmp_path_factory.mktemp("oberschule")
    register = shutil.copytree(REGISTERS / "oberschule" / "iserv", folder / "register")
    demo = Demo(folder / "home", register)
    demo.has_rules(f"rest: {{office: {OFFICE}}}\nbbb: {{url: '{bbb.url}', secret_file: '{bbb.secret_file}'}}\n")
    with demo.running():
        yield demo


@pytest.fixture(scope="session")
def people(demo) -> People:
    return People(demo)


@pytest.fixture(scope="session")
def admin(demo) -> Admin:
    admin = Admin(demo.homeserver)
    admin.login(**demo.info["admin"])
    return admin


@pytest.fixture
def register(demo) -> Iterator[Path]:
    """The register's folder, for changes."""
    with demo.changed_register() as folder:
        yield folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For the stories of one file only: while it is open, no other event loop runs in this thread."""
    with chromium() as browser:
        yield browser


_ROOMS_OF_GREETINGS = """
    SELECT room_id FROM rooms WHERE creator = ? AND room_id NOT IN (
        SELECT room_id FROM events JOIN event_json USING (event_id, room_id)
        WHERE type = 'm.room.create' AND instr(json, '"org.schulbote.for"') = 0
    )
"""
"""Also those that are being made just now."""


@pytest.fixture
def nothing_left(demo):
    """`with nothing_left(ann, ben):` fails if there is one room, membership, invitation, alias, listed room or state
    event more than before. The room in which the bot greets a newcomer, whenever it comes, is not looked at."""

    def footprint(people: tuple[Person, ...]) -> object:
        tables = ("rooms", "room_aliases", "room_memberships", "rooms WHERE is_public", "state_events")
        with closing(_open_synapse(demo)) as synapse:
            synapse.execute("BEGIN")  # all of it as it is at one instant
            synapse.execute(f"CREATE TEMP TABLE greetings AS {_ROOMS_OF_GREETINGS}", (demo.info["bot"],))
            greetings = {room for (room,) in synapse.execute("SELECT room_id FROM greetings")}
            others = "room_id NOT IN (SELECT room_id FROM greetings)"
            counts = [f"SELECT count(*) FROM {table} {'AND' if 'WHERE' in table else 'WHERE'}" for table in tables]
            made = [synapse.execute(f"{count} {others}").fetchone() for count in counts]
            places = f"SELECT membership, room_id FROM local_current_membership WHERE user_id = ? AND {others}"
            known = [set(synapse.execute(places, (person.user_id,))) for person in people]
        direct = [
            {
                other: rooms
                for other, all_rooms in person.direct_rooms().items()
                if (rooms := set(all_rooms) - greetings)
            }
            for person in people
        ]
        return made, known, direct, [person.joined_rooms() - greetings for person in people]

    @contextmanager
    def watched(*people: Person) -> Iterator[None]:
        before = footprint(people)
        yield
        assert footprint(people) == before

    return watched


@pytest.fixture(scope="session")
def unsaid(demo):
    """`with unsaid(ann) as words:` fails if the words stand in an event afterwards, or in what reaches ann's client."""
    read: dict[Person, str] = {}  # how far each client has read

    @contextmanager
    def watched(*readers: Person) -> Iterator[str]:
        words = f"Geheimnis-{secrets.token_hex(6)}"
        yield words
        with closing(_open_synapse(demo)) as synapse:
            kept = "SELECT type FROM event_json JOIN events USING (event_id) WHERE instr(json, ?)"
            assert synapse.execute(kept, (words,)).fetchall() == []
        for reader in readers:
            news = reader.sync(read.get(reader))
            read[reader] = news["next_batch"]
            assert words not in json.dumps(news)

    return watched


@pytest.fixture(scope="session")
def cast(demo, people) -> Cast:
    """Those who try the doors of one class."""
    return Cast.of(demo, people)


def _open_synapse(demo: Demo) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{demo.info['synapse_database']}?mode=ro", uri=True)
