"""A sync that is killed anywhere and run once more ends where an undisturbed one does."""

import json
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from acceptance.client import Json
from acceptance.people import Person
from acceptance.running import REGISTERS, SCHULBOTE, Demo

_SIZE = ["--classes", "5a,5b", "--pupils-per-class", "6", "--teachers", "4"]
_FIRST_SYNCS = 8
_LATER_SYNCS = 12


def register(folder: Path, day: int) -> Path:
    """A school of about forty people on one of its two days; the IServ folder."""
    script = REGISTERS / "make_register.py"
    command = [sys.executable, script, folder, *_SIZE, "--day", str(day)]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "iserv"


def rows(database: str, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return sorted(connection.execute(query).fetchall())


def end_state(demo: Demo, bot: str) -> Json:
    """All that counts, with rooms and groups named as people name them: the directory, rooms by group, who is in them,
    names, power levels, accounts. Groups that ended are nobody's any more."""
    info = json.loads((demo.home / "demo.json").read_text())
    school, synapse = info["database"].removeprefix("sqlite:///"), info["synapse_database"]
    places = rows(
        school,
        "SELECT r.room_id, g.name || ' ' || r.kind FROM group_rooms r JOIN groups g ON g.id = r.group_id "
        "WHERE g.standing = 'active'",
    )
    name_of = dict(places)
    groups = dict(rows(school, "SELECT id, name FROM groups"))
    state = rows(
        synapse,
        "SELECT c.room_id, c.type, c.state_key, j.json FROM current_state_events c JOIN event_json j USING (event_id) "
        "WHERE c.type NOT IN ('m.room.create', 'm.room.member')",
    )
    contents = {}
    for room, kind, key, text in state:
        if room in name_of:
            content = json.dumps(json.loads(text)["content"], sort_keys=True)
            for room_id, name in places:
                content = content.replace(room_id, name)
            contents[name_of[room], kind, name_of.get(key, key)] = content
    members = rows(
        synapse,
        "SELECT room_id, user_id FROM room_memberships JOIN current_state_events USING (event_id, room_id) "
        "WHERE room_memberships.membership = 'join'",
    )
    people = "SELECT user_id, given_name, family_name, role, leadership FROM persons WHERE standing = 'active'"
    user_of = dict(rows(school, "SELECT id, user_id FROM persons"))  # ids of guardians hang on a secret of each school
    whole_rooms = (  # one that was left half-made is deleted in the background
        "SELECT room_id FROM rooms JOIN current_state_events USING (room_id) "
        f"WHERE creator = '{bot}' AND type = 'm.room.power_levels'"
    )
    in_groups = rows(school, "SELECT person_id, group_id FROM memberships")
    seats = rows(school, "SELECT room_id, person_id FROM joins")
    wards = rows(school, "SELECT guardian_id, ward_id FROM wards")
    return {
        "people": rows(school, people),
        "memberships": sorted((user_of[person], groups[group]) for person, group in in_groups),
        "wards": sorted((user_of[guardian], user_of[ward]) for guardian, ward in wards),
        "rooms": sorted(name_of.values()),
        "state": contents,
        "members": sorted((name_of[room], user) for room, user in members if room in name_of and user != bot),
        "names": rows(synapse, "SELECT full_user_id, displayname FROM profiles"),
        "locked": rows(synapse, "SELECT name FROM users WHERE locked"),
        "seats": sorted((name_of[room], user_of[person]) for room, person in seats if room in name_of),
        "made by the bot": len(rows(synapse, whole_rooms)),
    }


def assert_same(found: Json, wanted: Json) -> None:
    """Says what differs, and not all the rest."""
    assert found.keys() == wanted.keys()
    for part, value in wanted.items():
        if isinstance(value, dict):
            differing = {key for key in value.keys() | found[part].keys() if value.get(key) != found[part].get(key)}
            assert not differing, [(key, found[part].get(key), value.get(key)) for key in sorted(differing)]
        assert found[part] == value, part


def use(demo: Demo) -> None:
    """Half of the people log in, so that they have rooms to come into and to leave."""
    for account in demo.info["accounts"][::2]:
        Person(demo, account).enter()


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


def test_a_first_sync_killed_anywhere_is_finished_by_the_next_one(new_demo):
    undisturbed = new_demo("undisturbed")
    started = time.monotonic()
    undisturbed.start()
    took = time.monotonic() - started
    bot = undisturbed.info["bot"]
    wanted = end_state(undisturbed, bot)
    undisturbed.end()
    assert len(wanted["people"]) > 30
    assert len(wanted["state"]) > 50
    chance = random.Random(7)
    for number in range(_FIRST_SYNCS):
        demo = new_demo(f"killed {number}")
        demo.launch()
        time.sleep(chance.uniform(0.3, 1.0) * took)
        demo.kill_everything()
        demo.start()
        assert_same(end_state(demo, bot), wanted)
        demo.end()


def test_a_later_sync_killed_anywhere_is_finished_by_the_next_one(new_demo, days):
    demo, undisturbed = new_demo("killed"), new_demo("undisturbed")
    wanted = {}
    for one in (undisturbed, demo):
        one.start()
        use(one)
    bot = demo.info["bot"]
    took = 0.0
    for day in (2, 1):
        shutil.copytree(days[day], undisturbed.register, dirs_exist_ok=True)
        started = time.monotonic()
        assert undisturbed.sync("--confirm").returncode == 0
        took = max(took, time.monotonic() - started)
        wanted[day] = end_state(undisturbed, bot)
    assert wanted[1] != wanted[2]
    chance = random.Random(11)
    for number in range(_LATER_SYNCS):
        day = 2 - number % 2
        shutil.copytree(days[day], demo.register, dirs_exist_ok=True)
        command = [*SCHULBOTE, "-c", demo.info["config"], "sync", "--confirm"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.3, 1.0) * took)
        process.kill()
        process.wait()
        again = demo.sync("--confirm")
        assert again.returncode == 0, again.stderr
        assert_same(end_state(demo, bot), wanted[day])
