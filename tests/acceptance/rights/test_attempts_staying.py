"""Attempts to change what a room is, who is in it, or who has a say in it."""

from urllib.parse import quote

import pytest

from acceptance.rights.attempts import CLASS, assert_no, assert_spoken, chat, whole_state, words_message

# Out of the room of the class. What must be the same afterwards: everybody who was in it.

WAYS_OUT = {
    "leaving": lambda p, room: p.leave(room),
    "leaving_with_a_reason": lambda p, room: p.post(f"rooms/{quote(room)}/leave", {"reason": "keine Lust"}),
    "leaving_with_a_transaction": lambda p, room: p.put(f"rooms/{quote(room)}/leave/transaction-1", {}),
    "leaving_by_an_old_path": lambda p, room: p.post(f"/_matrix/client/r0/rooms/{quote(room)}/leave"),
    "leaving_as_state": lambda p, room: p.set_state(room, "m.room.member", {"membership": "leave"}, p.user_id),
    "banning_oneself": lambda p, room: p.post(f"rooms/{quote(room)}/ban", {"user_id": p.user_id}),
    "banning_oneself_as_state": lambda p, room: p.set_state(room, "m.room.member", {"membership": "ban"}, p.user_id),
    "removing_oneself": lambda p, room: p.post(f"rooms/{quote(room)}/kick", {"user_id": p.user_id}),
    "knocking_from_inside": lambda p, room: p.post(f"knock/{quote(room)}", {"reason": "x"}),
    "forgetting": lambda p, room: p.post(f"rooms/{quote(room)}/forget"),
    "a_membership_of_ones_own": lambda p, room: p.set_state(room, "m.room.member", {"membership": "gast"}, p.user_id),
    "no_membership_at_all": lambda p, room: p.set_state(room, "m.room.member", {}, p.user_id),
}


@pytest.mark.parametrize("way", WAYS_OUT.values(), ids=WAYS_OUT)
def test_nobody_gets_out_of_the_class_by(cast, nothing_left, way):
    with nothing_left(cast.pupil, cast.teacher):
        for person in (cast.pupil, cast.teacher):
            for place in (cast.room, cast.space):
                assert_no(way(person, place))


WAYS_TO_REMOVE = {
    "kick": lambda p, room, who: p.post(f"rooms/{quote(room)}/kick", {"user_id": who}),
    "kick_with_words": lambda p, room, who: p.post(f"rooms/{quote(room)}/kick", {"user_id": who, "reason": "Geh!"}),
    "ban": lambda p, room, who: p.post(f"rooms/{quote(room)}/ban", {"user_id": who}),
    "unban": lambda p, room, who: p.post(f"rooms/{quote(room)}/unban", {"user_id": who}),
    "membership_leave": lambda p, room, who: p.set_state(room, "m.room.member", {"membership": "leave"}, who),
    "membership_ban": lambda p, room, who: p.set_state(room, "m.room.member", {"membership": "ban"}, who),
    "membership_invite": lambda p, room, who: p.set_state(room, "m.room.member", {"membership": "invite"}, who),
    "administration": lambda p, room, who: p.request(
        "DELETE", f"/_synapse/admin/v2/rooms/{quote(room)}", {"purge": True, "new_room_user_id": who}
    ),
}


@pytest.mark.parametrize("way", WAYS_TO_REMOVE.values(), ids=WAYS_TO_REMOVE)
def test_nobody_is_removed_from_the_class_or_from_a_direct_room_by(cast, nothing_left, way):
    direct = cast.direct
    with nothing_left(cast.pupil, cast.classmate, cast.teacher, cast.guardian):
        for place in (cast.room, cast.space):
            assert_no(way(cast.teacher, place, cast.pupil.user_id))
            assert_no(way(cast.pupil, place, cast.teacher.user_id))
            assert_no(way(cast.pupil, place, cast.classmate.user_id))
        assert_no(way(cast.guardian, direct, cast.teacher.user_id))
        assert_no(way(cast.teacher, direct, cast.guardian.user_id))


def test_who_is_no_moderator_removes_nobody_from_a_chat(cast, nothing_left):
    room = cast.chat
    with nothing_left(cast.guardian, cast.neighbour, cast.teacher):
        for way in WAYS_TO_REMOVE.values():
            assert_no(way(cast.neighbour, room, cast.guardian.user_id))
            assert_no(way(cast.neighbour, room, cast.teacher.user_id))
            assert_no(way(cast.teacher, room, cast.guardian.user_id))


# What a room is

SETTINGS = {
    "its_join_rule": ("m.room.join_rules", {"join_rule": "public"}),
    "its_join_rule_to_knocking": ("m.room.join_rules", {"join_rule": "knock"}),
    "its_past": ("m.room.history_visibility", {"history_visibility": "world_readable"}),
    "its_door_for_guests": ("m.room.guest_access", {"guest_access": "can_join"}),
    "its_servers": ("m.room.server_acl", {"allow": ["*"], "deny": []}),
    "its_end": ("m.room.tombstone", {"body": "Hier entlang", "replacement_room": "!x"}),
    "its_encryption": ("m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"}),
    "its_address": ("m.room.canonical_alias", {"alias": "#wir:schule.localhost"}),
    "its_further_addresses": ("m.room.canonical_alias", {"alt_aliases": ["#wir:schule.localhost"]}),
    "its_old_addresses": ("m.room.aliases", {"aliases": ["#wir:schule.localhost"]}),
    "its_rooms": ("m.space.child", {"via": ["schule.localhost"]}),
    "its_space": ("m.space.parent", {"via": ["schule.localhost"], "canonical": True}),
    "its_beginning": ("m.room.create", {"room_version": "12", "org.schulbote.room": {"kind": "chat"}}),
    "a_ticket": ("m.room.third_party_invite", {"display_name": "x", "public_key": "x", "key_validity_url": "x"}),
    "its_policy": ("m.policy.rule.user", {"entity": "*", "recommendation": "m.ban", "reason": "x"}),
    "its_bots": ("io.element.functional_members", {"service_members": ["@x:schule.localhost"]}),
    "its_widgets_layout": ("io.element.widgets.layout", {"widgets": {}}),
    "its_retention": ("m.room.retention", {"max_lifetime": 1000}),
    "its_bridge": ("m.bridge", {"bridgebot": "@x:schule.localhost"}),
    "the_schools_own_state": ("org.schulbote.room", {"kind": "chat"}),
}


@pytest.mark.parametrize(("event_type", "content"), SETTINGS.values(), ids=SETTINGS)
def test_nobody_changes_of_any_room(cast, nothing_left, event_type, content):
    rooms = cast.rooms
    with nothing_left(cast.pupil):
        for room, strongest, other in rooms.values():
            for state_key in ("", cast.room):
                assert_no(strongest.set_state(room, event_type, content, state_key))
            assert_no(other.set_state(room, event_type, content))


WIDGETS = ("im.vector.modular.widgets", "m.widget")


@pytest.mark.parametrize("event_type", WIDGETS)
def test_nobody_sets_a_widget_who_starts_no_conferences(cast, nothing_left, event_type):
    widget = {"type": "m.custom", "url": "https://example.org", "name": "x", "creatorUserId": cast.teacher.user_id}
    direct, chat_room = cast.direct, cast.chat
    with nothing_left(cast.pupil):
        for person, room in ((cast.guardian, direct), (cast.guardian, chat_room), (cast.pupil, cast.room)):
            for state_key in ("", "x", f"_{person.user_id}_x"):
                assert_no(person.set_state(room, event_type, widget, state_key))
        assert_no(cast.teacher.set_state(direct, event_type, widget, "x"))


FACES = {
    "a_name": ("m.room.name", {"name": "Wir"}),
    "a_topic": ("m.room.topic", {"topic": "Wir"}),
    "a_picture": ("m.room.avatar", {"url": "mxc://schule.localhost/x"}),
    "moderators": ("m.room.power_levels", {"users": {}}),
}


@pytest.mark.parametrize(("event_type", "content"), FACES.values(), ids=FACES)
def test_a_direct_room_gets_no(cast, nothing_left, event_type, content):
    direct = cast.direct
    with nothing_left(cast.guardian, cast.teacher):
        for person in (cast.guardian, cast.teacher):
            for state_key in ("", "x"):
                assert_spoken(person.set_state(direct, event_type, content, state_key))


@pytest.mark.parametrize(("event_type", "content"), FACES.values(), ids=FACES)
def test_a_pupil_gives_the_class_no(cast, nothing_left, event_type, content):
    with nothing_left(cast.pupil):
        for place in (cast.room, cast.space):
            for state_key in ("", "x"):
                assert_no(cast.pupil.set_state(place, event_type, content, state_key))


def test_a_teacher_renames_neither_the_class_nor_its_space(cast, nothing_left):
    with nothing_left(cast.teacher):
        for place in (cast.room, cast.space):
            for face in ("a_name", "a_picture", "moderators"):
                assert_no(cast.teacher.set_state(place, *FACES[face]))


def test_no_room_gets_an_address_or_a_place_in_the_list(cast, nothing_left):
    rooms = cast.rooms
    with nothing_left(cast.pupil):
        for room, *people in rooms.values():
            for person in people:
                assert person.put(f"directory/room/{quote('#wir:schule.localhost')}", {"room_id": room}).status == 403
                assert person.put(f"directory/list/room/{quote(room)}", {"visibility": "public"}).status == 403
                listing = f"directory/list/appservice/schulbote/{quote(room)}"
                assert_no(person.put(listing, {"visibility": "public"}))
        assert cast.pupil.get(f"directory/room/{quote('#wir:schule.localhost')}").status == 404


# Who has a say

LEVELS = {
    "everybody_a_moderator": {"users_default": 50},
    "everybody_who_comes_may_invite": {"invite": 0},
    "everybody_may_ban": {"ban": 0},
    "everybody_may_kick": {"kick": 0},
    "everybody_may_delete": {"redact": 0},
    "everybody_may_set_everything": {"state_default": 0},
    "encryption_for_moderators": {"events": {"m.room.encryption": 50}},
    "nobody_may_write": {"events_default": 50},
    "everybody_may_call_the_room": {"notifications": {"room": 0}},
    "a_level_above_the_school": {"users": {"@x:schule.localhost": 101}},
    "a_level_below_the_floor": {"users": {"@x:schule.localhost": -1}},
    "a_level_between": {"users": {"@x:schule.localhost": 99}},
    "a_level_in_words": {"users": {"@x:schule.localhost": "50"}},
    "a_key_of_its_own": {"org.example.words": "Hallo"},
}


@pytest.mark.parametrize("change", LEVELS.values(), ids=LEVELS)
def test_the_maker_of_a_chat_does_not_make(cast, nothing_left, change):
    room = cast.chat
    levels = cast.guardian.state(room, "m.room.power_levels").ok()
    with nothing_left(cast.guardian):
        assert_no(cast.guardian.set_state(room, "m.room.power_levels", levels | change))
    assert cast.neighbour.state(room, "m.room.power_levels").ok() == levels


def test_levels_written_without_the_rest_do_not_wipe_the_rest(cast, nothing_left):
    room = cast.chat
    with nothing_left(cast.guardian):
        assert_spoken(cast.guardian.set_state(room, "m.room.power_levels", {"users": {cast.neighbour.user_id: 50}}))
        assert_spoken(cast.guardian.set_state(room, "m.room.power_levels", {}))


def test_nobody_raises_themselves(cast, nothing_left):
    rooms = cast.rooms
    with nothing_left(cast.pupil):
        for room, strongest, other in rooms.values():
            levels = other.state(room, "m.room.power_levels").ok()
            for person in (other, strongest):
                raised = levels | {"users": levels["users"] | {person.user_id: 100}}
                assert_no(person.set_state(room, "m.room.power_levels", raised))


def test_a_moderator_makes_no_moderators(cast, nothing_left):
    room = chat(cast.teacher, cast.guardian, cast.pupil)
    levels = cast.teacher.state(room, "m.room.power_levels").ok()
    levels["users"] = {cast.guardian.user_id: 50}
    cast.teacher.set_state(room, "m.room.power_levels", levels).ok()
    with nothing_left(cast.guardian):
        more = levels | {"users": levels["users"] | {cast.pupil.user_id: 50}}
        assert_no(cast.guardian.set_state(room, "m.room.power_levels", more))
        assert_no(cast.guardian.set_state(room, "m.room.power_levels", levels | {"users": {}}))


# Rooms that should be silent by now


def test_a_teachers_chat_is_silent_for_moderators_too_when_the_teacher_has_gone(cast, unsaid, people):
    guardian, stranger = people.guardian(), cast.stranger
    room = chat(cast.teacher, guardian, stranger)
    levels = cast.teacher.state(room, "m.room.power_levels").ok()
    cast.teacher.set_state(room, "m.room.power_levels", levels | {"users": {guardian.user_id: 50}}).ok()
    cast.teacher.leave(room).ok()
    with unsaid(stranger) as words:
        guardian.send(room, words)
        for event_type, key in (("m.room.name", "name"), ("m.room.topic", "topic")):
            assert_spoken(guardian.set_state(room, event_type, {key: words}))
        assert_no(guardian.set_state(room, "m.room.pinned_events", {"pinned": [words]}))
        assert_spoken(guardian.try_send(room, {"body": words, "url": "mxc://x/y", "info": {}}, "m.sticker"))
    assert stranger.texts(room)[-1].startswith("⛔")


def test_a_teachers_chat_is_silent_when_the_only_teacher_left_is_one_who_never_came(cast, unsaid, people):
    guardian = people.guardian(stranger_to=cast.guardian)
    room = cast.teacher.create_room(
        name="Runde", invite=[guardian.user_id, cast.stranger.user_id, cast.visitor.user_id]
    )
    guardian.join(room).ok()
    cast.stranger.join(room).ok()
    cast.teacher.leave(room).ok()
    with unsaid(cast.stranger) as words:
        guardian.send(room, words)


# Names


def test_nobody_takes_their_name_off_in_a_room(people, cast):
    pupil = people.pupil("Klasse 10.2")
    (coming,) = (
        event
        for event in pupil.get(f"rooms/{quote(cast.room)}/state").ok()
        if (event["type"], event.get("state_key")) == ("m.room.member", pupil.user_id)
    )
    cast.classmate.send(cast.room, "Willkommen")
    pupil.try_redact(cast.room, coming["event_id"])
    assert cast.classmate.state(cast.room, "m.room.member", pupil.user_id).ok().get("displayname") == pupil.name


def test_nobody_takes_their_name_off_by_coming_once_more(people, cast):
    pupil = people.pupil("Klasse 10.2")
    for again in ({"is_direct": True}, {"is_direct": False}, {}):
        came = pupil.set_state(cast.room, "m.room.member", {"membership": "join"} | again, pupil.user_id)
        if came.status == 200:
            pupil.try_redact(cast.room, came.body["event_id"])
    assert cast.classmate.state(cast.room, "m.room.member", pupil.user_id).ok().get("displayname") == pupil.name


TAKEN_DOWN = ("m.room.name", "m.room.power_levels", "m.room.join_rules", "m.room.history_visibility", "m.room.member")


@pytest.mark.parametrize("event_type", TAKEN_DOWN)
def test_a_teacher_does_not_delete_what_the_school_has_set(demo, people, event_type):
    group = "Sorgeberechtigte 9.2"
    room, teacher, guardian = demo.info["rooms"][group], people.teacher(group), people.guardian(group)
    state_key = guardian.user_id if event_type == "m.room.member" else ""
    before = whole_state(guardian, room)
    (setting,) = (
        event["event_id"]
        for event in guardian.get(f"rooms/{quote(room)}/state").ok()
        if (event["type"], event["state_key"]) == (event_type, state_key)
    )
    teacher.try_redact(room, setting)
    assert whole_state(guardian, room) == before


def test_nobody_deletes_the_beginning_of_a_room(cast):
    for room, strongest, other in cast.rooms.values():
        beginning = next(e for e in other.get(f"rooms/{quote(room)}/state").ok() if e["type"] == "m.room.create")
        for person in (strongest, other):
            assert_no(person.try_redact(room, beginning["event_id"]))
        assert "org.schulbote.room" in other.state(room, "m.room.create").ok()


def test_a_guest_in_the_class_has_no_say_in_it(people, cast, nothing_left):
    guest = people.teacher(not_of=CLASS)
    guest.join(cast.space).ok()
    guest.join(cast.room).ok()
    words = cast.pupil.send(cast.room, "Das bleibt stehen")
    with nothing_left(cast.pupil, cast.stranger):
        assert_no(guest.try_redact(cast.room, words))
        assert_no(guest.set_state(cast.room, "m.room.topic", {"topic": "Vertretung"}))
        assert_no(guest.set_state(cast.room, "m.room.pinned_events", {"pinned": [words]}))
        assert_no(guest.invite(cast.room, cast.stranger.user_id))
        assert_no(guest.post(f"rooms/{quote(cast.room)}/kick", {"user_id": cast.pupil.user_id}))
    guest.leave(cast.room).ok()
    guest.leave(cast.space).ok()
    assert guest.try_send(cast.room, words_message("Bin noch da")).status == 403
    assert "Das bleibt stehen" in cast.pupil.texts(cast.room)
