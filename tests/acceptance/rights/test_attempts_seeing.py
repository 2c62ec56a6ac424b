"""Attempts to see rooms, people and things that are not one's own."""

import json
import secrets
from urllib.parse import quote

import pytest

from acceptance.client import Client
from acceptance.rights.attempts import CLASS, assert_no, chat

V1 = "/_matrix/client/v1/rooms"
EYES = {
    "messages": lambda p, room, event: p.get(f"rooms/{room}/messages", dir="b"),
    "state": lambda p, room, event: p.get(f"rooms/{room}/state"),
    "one_state": lambda p, room, event: p.get(f"rooms/{room}/state/m.room.create/"),
    "members": lambda p, room, event: p.get(f"rooms/{room}/members"),
    "joined_members": lambda p, room, event: p.get(f"rooms/{room}/joined_members"),
    "event": lambda p, room, event: p.get(f"rooms/{room}/event/{event}"),
    "context": lambda p, room, event: p.get(f"rooms/{room}/context/{event}"),
    "relations": lambda p, room, event: p.get(f"{V1}/{room}/relations/{event}"),
    "threads": lambda p, room, event: p.get(f"{V1}/{room}/threads"),
    "an_event_by_its_time": lambda p, room, event: p.get(f"{V1}/{room}/timestamp_to_event", ts=1, dir="f"),
    "addresses": lambda p, room, event: p.get(f"rooms/{room}/aliases"),
    "a_first_look": lambda p, room, event: p.get(f"rooms/{room}/initialSync"),
    "a_peek": lambda p, room, event: p.get("events", room_id=room, timeout=0),
    "an_event_by_an_old_path": lambda p, room, event: p.get(f"events/{event}"),
    "a_deleted_event": lambda p, room, event: p.get(
        f"rooms/{room}/event/{event}", **{"fi.mau.msc2815.include_unredacted_content": "true"}
    ),
    "the_administrators_view": lambda p, room, event: p.get(f"/_synapse/admin/v1/rooms/{room}"),
    "the_administrators_view_of_messages": lambda p, room, event: p.get(f"/_synapse/admin/v1/rooms/{room}/messages"),
    "the_administrators_view_of_an_event": lambda p, room, event: p.get(f"/_synapse/admin/v1/fetch_event/{event}"),
}


@pytest.fixture(scope="module")
def spoken(cast):
    """A message in a room of each kind."""
    return [
        (quote(room), quote(person.send(room, "Unter uns"), safe=""))
        for room, person in (
            (cast.room, cast.pupil),
            (cast.direct, cast.teacher),
            (cast.chat, cast.guardian),
            (cast.teacher.control_room, cast.teacher),
        )
    ]


@pytest.mark.parametrize("look", EYES.values(), ids=EYES)
def test_who_is_not_in_a_room_does_not_see_its(cast, spoken, look):
    nobody = Client(cast.pupil.homeserver)
    for room, event in spoken:
        for person in (cast.stranger, cast.outsider, cast.visitor):
            assert_no(look(person, room, event))
        assert look(nobody, room, event).status == 401


SUMMARIES = {
    "summary": f"{V1.removesuffix('rooms')}room_summary/ROOM",
    "summary_of_old": "/_matrix/client/unstable/im.nheko.summary/summary/ROOM",
    "summary_of_a_room": "/_matrix/client/unstable/im.nheko.summary/rooms/ROOM/summary",
    "hierarchy": f"{V1}/ROOM/hierarchy",
    "hierarchy_of_old": "/_matrix/client/unstable/org.matrix.msc2946/rooms/ROOM/hierarchy",
}


@pytest.mark.parametrize("path", SUMMARIES.values(), ids=SUMMARIES)
def test_who_is_not_in_a_room_sees_no(cast, spoken, path):
    for person in (cast.stranger, cast.outsider, Client(cast.pupil.homeserver)):
        for room, _ in spoken:
            assert_no(person.get(path.replace("ROOM", room)))


@pytest.mark.parametrize("path", SUMMARIES.values(), ids=SUMMARIES)
def test_who_is_not_in_the_space_of_a_class_does_not_see_its(cast, path):
    for person in (cast.stranger, cast.outsider, Client(cast.pupil.homeserver)):
        answer = person.get(path.replace("ROOM", quote(cast.space)))
        assert_no(answer)
        assert CLASS not in json.dumps(answer.body)


def test_a_search_finds_nothing_in_rooms_of_others(cast):
    words = f"Fundstück{secrets.token_hex(6)}"
    for room, person in ((cast.room, cast.pupil), (cast.direct, cast.teacher), (cast.chat, cast.guardian)):
        person.send(room, words)
    rooms = [cast.room, cast.direct, cast.chat]
    for person in (cast.stranger, cast.outsider, cast.visitor):
        for room_filter in ({}, {"rooms": rooms}):
            events = {"search_term": words, "filter": room_filter, "keys": ["content.body"], "include_state": True}
            found = person.post("search", {"search_categories": {"room_events": events}})
            assert found.status == 200, found
            assert found.body["search_categories"]["room_events"]["results"] == []


def test_a_sync_shows_no_room_of_others(cast):
    rooms = [cast.room, cast.space, cast.direct, cast.chat]
    wish = {"required_state": [["*", "*"]], "timeline_limit": 20}
    sliding = {"room_subscriptions": dict.fromkeys(rooms, wish), "lists": {"all": wish | {"ranges": [[0, 99]]}}}
    for person in (cast.stranger, cast.outsider):
        answer = person.post("/_matrix/client/unstable/org.matrix.simplified_msc3575/sync", sliding).ok()
        assert set(answer["rooms"]) <= person.joined_rooms()
        seen = json.dumps(person.sync(full_state=True))
        assert not [room for room in rooms if room in seen]
        assert not [room for room in rooms if room in json.dumps(person.get("initialSync").ok())]


def test_nothing_is_listed_anywhere(cast):
    nobody = Client(cast.pupil.homeserver)
    assert nobody.get("publicRooms").status == 401
    for person in (cast.pupil, cast.teacher):
        for wish in ({}, {"filter": {"generic_search_term": "Klasse"}}, {"include_all_networks": True}):
            assert person.post("publicRooms", wish).ok()["chunk"] == []
        assert person.get("publicRooms", server="schule.example").body.get("chunk", []) == []


def test_who_is_invited_sees_nothing_before_coming(people, cast):
    guest = people.guardian(cast.guardian.groups[0])
    room = cast.guardian.create_room(name="Runde", invite=[guest.user_id])
    words = cast.guardian.send(room, "Noch unter uns")
    assert_no(guest.get(f"rooms/{quote(room)}/messages", dir="b"))
    assert_no(guest.try_event(room, words))
    assert_no(guest.get(f"rooms/{quote(room)}/joined_members"))
    assert "Noch unter uns" not in json.dumps(guest.sync())
    guest.join(room).ok()
    for path in ("event", "context"):
        assert_no(guest.get(f"rooms/{quote(room)}/{path}/{quote(words, safe='')}"))
    assert guest.texts(room) == []
    found = {"search_term": "Noch unter uns", "keys": ["content.body"]}
    results = guest.post("search", {"search_categories": {"room_events": found}}).ok()
    assert results["search_categories"]["room_events"]["results"] == []


def test_who_left_sees_nothing_of_afterwards(people, cast):
    guest = people.guardian(cast.guardian.groups[0])
    room = chat(cast.guardian, guest)
    cast.guardian.send(room, "Solange du da bist")
    guest.leave(room).ok()
    later = cast.guardian.send(room, "Endlich unter uns")
    assert "Endlich unter uns" not in guest.texts(room)
    assert_no(guest.try_event(room, later))
    assert_no(guest.get(f"rooms/{quote(room)}/joined_members"))
    assert "Endlich unter uns" not in json.dumps(guest.sync())
    guest.post(f"rooms/{quote(room)}/forget").ok()
    assert_no(guest.get(f"rooms/{quote(room)}/messages", dir="b"))


def test_what_was_deleted_is_seen_by_nobody(cast):
    words = cast.guardian.send(cast.direct, "Das nehme ich zurück")
    cast.guardian.redact(cast.direct, words)
    for person in (cast.teacher, cast.guardian):
        for wish in ({}, {"fi.mau.msc2815.include_unredacted_content": "true"}):
            path = f"rooms/{quote(cast.direct)}/event/{quote(words, safe='')}"
            assert "Das nehme ich" not in json.dumps(person.get(path, **wish).body)


# People

SEARCHES = ("name", "family name", "user id", "part of the user id", "everything")


@pytest.mark.parametrize("how", SEARCHES)
def test_a_stranger_is_not_found_by(cast, how):
    for searcher, hidden in (
        (cast.pupil, cast.stranger),
        (cast.pupil, cast.guardian),
        (cast.guardian, cast.outsider),
        (cast.guardian, cast.pupil),
        (cast.outsider, cast.pupil),
    ):
        term = {
            "name": hidden.name,
            "family name": hidden.name.split()[-1],
            "user id": hidden.user_id,
            "part of the user id": hidden.user_id[1:6],
            "everything": "schule.localhost",
        }[how]
        found = searcher.post("user_directory/search", {"search_term": term, "limit": 50}).ok()["results"]
        assert hidden.user_id not in {result["user_id"] for result in found}


def test_the_profile_of_a_stranger_is_not_shown(cast):
    for person, hidden in ((cast.pupil, cast.stranger), (cast.guardian, cast.outsider)):
        profile = f"profile/{quote(hidden.user_id)}"
        for path in (profile, f"{profile}/displayname", f"{profile}/avatar_url", f"/_matrix/client/r0/{profile}"):
            assert_no(person.get(path))
            assert_no(Client(person.homeserver).get(path))


def test_the_devices_of_a_stranger_are_not_shown(cast):
    query = {"device_keys": {cast.stranger.user_id: []}}
    assert cast.pupil.post("keys/query", query).ok()["device_keys"].get(cast.stranger.user_id, {}) == {}
    assert_no(cast.pupil.get(f"/_synapse/admin/v2/users/{quote(cast.stranger.user_id)}/devices"))
    assert_no(cast.pupil.get(f"/_matrix/client/v3/admin/whois/{quote(cast.stranger.user_id)}"))
    assert_no(Client(cast.pupil.homeserver).post("keys/query", query))


OWN_THINGS = {
    "settings": lambda p, who, room: p.get(f"user/{who}/account_data/m.direct"),
    "settings_of_a_room": lambda p, who, room: p.get(f"user/{who}/rooms/{room}/account_data/m.fully_read"),
    "new_settings": lambda p, who, room: p.put(f"user/{who}/account_data/m.direct", {}),
    "new_settings_of_a_room": lambda p, who, room: p.put(f"user/{who}/rooms/{room}/account_data/m.x", {}),
    "blocked_people": lambda p, who, room: p.put(f"user/{who}/account_data/m.ignored_user_list", {"ignored_users": {}}),
    "refused_invitations": lambda p, who, room: p.put(
        f"user/{who}/account_data/m.invite_permission_config", {"default_action": "block"}
    ),
    "tags": lambda p, who, room: p.get(f"user/{who}/rooms/{room}/tags"),
    "new_tags": lambda p, who, room: p.put(f"user/{who}/rooms/{room}/tags/u.x", {"order": 0.5}),
    "filters": lambda p, who, room: p.get(f"user/{who}/filter/0"),
    "new_filters": lambda p, who, room: p.post(f"user/{who}/filter", {}),
    "proof_of_identity": lambda p, who, room: p.post(f"user/{who}/openid/request_token"),
    "keys": lambda p, who, room: p.post("keys/upload", {"device_keys": {"user_id": who, "device_id": "X"}}),
    "password": lambda p, who, room: p.post(f"/_synapse/admin/v1/reset_password/{who}", {"new_password": "x"}),
    "sessions": lambda p, who, room: p.post(f"/_synapse/admin/v1/users/{who}/login"),
}


@pytest.mark.parametrize("reach", OWN_THINGS.values(), ids=OWN_THINGS)
def test_nobody_reaches_somebody_elses(cast, reach):
    teacher, room = quote(cast.teacher.user_id), quote(cast.room)
    before = cast.teacher.direct_rooms()
    assert_no(reach(cast.pupil, teacher, room))
    assert_no(reach(cast.visitor, teacher, room))
    assert reach(Client(cast.pupil.homeserver), teacher, room).status == 401
    assert cast.teacher.direct_rooms() == before


def test_nobody_ends_somebody_elses_session(people, cast):
    device = cast.teacher.get("account/whoami").ok()["device_id"]
    for person in (cast.pupil, cast.visitor):
        assert_no(person.get(f"devices/{device}"))
        assert_no(person.put(f"devices/{device}", {"display_name": "x"}))
        person.request("DELETE", f"devices/{device}")
        person.post("delete_devices", {"devices": [device]})
    assert cast.teacher.get("account/whoami").ok()["device_id"] == device
    assert cast.teacher.get(f"devices/{device}").ok()["display_name"] != "x"
