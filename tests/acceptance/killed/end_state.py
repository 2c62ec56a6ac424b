"""What a school comes to in the end, as a value that can be compared with that of another demo."""

import json
import sqlite3
from contextlib import closing
from typing import Any

from acceptance.client import Json
from acceptance.running import Demo


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
