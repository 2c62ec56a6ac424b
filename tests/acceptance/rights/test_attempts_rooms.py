"""Attempts to get a room that nobody may have: whatever is asked for, and however, nothing is there afterwards."""

import pytest

from acceptance.client import Client, wait_until
from acceptance.rights.attempts import assert_no, assert_spoken, at_once, chat, whole_state

MEGOLM = {"algorithm": "m.megolm.v1.aes-sha2"}


def state(event_type, state_key="", **content):
    return {"initial_state": [{"type": event_type, "state_key": state_key, "content": content}]}


REFUSED_TO_PUPILS = {
    "a_room_for_three_said_to_be_direct": {"is_direct": True},
    "a_room_for_three_in_an_old_version": {"room_version": "1"},
    "a_room_that_follows_the_class": {"creation_content": {"predecessor": {"room_id": "!x", "event_id": "$x"}}},
    "a_room_with_the_teacher_as_its_maker": {"creation_content": {"creator": "@ida.gross:schule.localhost"}},
    "a_room_with_power_over_all": {"power_level_content_override": {"users_default": 100}},
    "a_room_stamped_as_a_control_room": {"creation_content": {"org.schulbote.room": {"kind": "control"}}},
}

REFUSED_TO_ALL = {
    "a_member_who_was_not_asked": state("m.room.member", "@x:schule.localhost", membership="join"),
    "a_member_of_ones_own_writing": state("m.room.member", membership="join", displayname="Schulleitung"),
    "a_ticket_for_an_email_address": state("m.room.third_party_invite", "x", display_name="x"),
    "an_address_in_its_state": state("m.room.canonical_alias", alias="#wir:schule.localhost"),
    "old_addresses_in_its_state": state("m.room.aliases", "schule.localhost", aliases=["#wir:schule.localhost"]),
    "a_second_beginning": state("m.room.create", room_version="12"),
    "knocking": state("m.room.join_rules", join_rule="knock"),
    "a_join_rule_nobody_knows": state("m.room.join_rules", join_rule="org.example.everybody"),
    "a_list_of_servers": state("m.room.server_acl", allow=["*"]),
    "an_end_that_points_elsewhere": state("m.room.tombstone", body="x", replacement_room="!x"),
    "a_widget": state("im.vector.modular.widgets", "x", type="m.custom", url="https://example.org"),
    "a_call": state("org.matrix.msc3401.call.member", "x", memberships=[]),
    "state_of_a_type_of_its_own": state("org.example.words", words="x"),
    "words_for_somebody_by_telephone": {
        "invite_3pid": [{"medium": "msisdn", "address": "49301234", "id_server": "x", "id_access_token": "x"}]
    },
    "a_type_of_its_own": {"creation_content": {"type": "org.example.club"}},
    "a_place_in_the_list_of_rooms": {"visibility": "public", "preset": "private_chat"},
    "an_alias_and_nothing_else": {"room_alias_name": "wir"},
}


@pytest.mark.parametrize("request_", REFUSED_TO_PUPILS.values(), ids=REFUSED_TO_PUPILS)
def test_a_pupil_gets_no(cast, nothing_left, request_):
    with nothing_left(cast.pupil, cast.classmate, cast.teacher):
        both = [cast.classmate.user_id, cast.teacher.user_id]
        assert_spoken(cast.pupil.try_create_room(invite=both, **request_))


@pytest.mark.parametrize("request_", REFUSED_TO_ALL.values(), ids=REFUSED_TO_ALL)
def test_nobody_gets_a_room_with(cast, nothing_left, request_):
    with nothing_left(cast.pupil, cast.guardian, cast.teacher, cast.neighbour):
        for person in (cast.pupil, cast.guardian, cast.teacher):
            assert_spoken(person.try_create_room(invite=[cast.neighbour.user_id], name="Runde", **request_))


def test_a_pupil_gets_no_room_alone_to_fill_it_later(cast, nothing_left):
    with nothing_left(cast.pupil):
        for request in ({}, {"name": "Später"}, {"invite": []}, {"is_direct": True}):
            assert_spoken(cast.pupil.try_create_room(**request))


def test_a_pupil_gets_no_room_by_an_older_or_a_longer_path(cast, nothing_left):
    wish = {"invite": [cast.classmate.user_id, cast.teacher.user_id]}
    with nothing_left(cast.pupil, cast.classmate, cast.teacher):
        for path in ("r0/createRoom", "api/v1/createRoom", "unstable/createRoom"):
            answer = cast.pupil.post(f"/_matrix/client/{path}", wish)
            assert answer.status in (403, 404), (path, answer)
        assert_spoken(cast.pupil.put("createRoom/transaction-1", wish))


def test_a_pupil_gets_no_room_in_the_name_of_somebody_else(demo, cast, nothing_left):
    wish = {"invite": [cast.classmate.user_id, cast.teacher.user_id]}
    with nothing_left(cast.pupil, cast.classmate, cast.teacher):
        for who in (cast.teacher.user_id, demo.info["bot"], demo.info["admin"]["user_id"]):
            assert_spoken(cast.pupil.post("createRoom", wish, user_id=who))


def test_a_pupil_who_asks_five_times_at_once_gets_nothing_five_times(cast, nothing_left):
    wish = {"invite": [cast.classmate.user_id, cast.teacher.user_id], "name": "Schnell"}
    with nothing_left(cast.pupil, cast.classmate, cast.teacher):
        for answer in at_once(*[lambda: cast.pupil.try_create_room(**wish)] * 5):
            assert_spoken(answer)


NOBODY = {
    "in_capital_letters": str.upper,
    "with_a_capital_letter": lambda user_id: user_id[:1] + user_id[1:].capitalize(),
    "with_a_blank_behind": lambda user_id: user_id + " ",
    "with_a_sign_of_no_width": lambda user_id: user_id.replace(":", "\u200b:"),
    "with_a_letter_that_looks_alike": lambda user_id: user_id.replace("a", "\u0430").replace("e", "\u0435"),
    "at_another_school": lambda user_id: user_id.replace("schule.localhost", "schule.example"),
    "at_a_port": lambda user_id: user_id + ":8448",
    "without_the_at": lambda user_id: user_id.removeprefix("@"),
    "twice": lambda user_id: user_id + user_id,
}


@pytest.mark.parametrize("written", NOBODY.values(), ids=NOBODY)
def test_nobody_is_invited_by_a_user_id_written(cast, nothing_left, written):
    somebody = written(cast.stranger.user_id)
    with nothing_left(cast.pupil, cast.guardian, cast.teacher, cast.stranger):
        assert_no(cast.pupil.try_create_room(is_direct=True, invite=[somebody]))
        assert_no(cast.pupil.try_create_room(is_direct=True, invite=[cast.classmate.user_id, somebody]))
        assert_no(cast.guardian.try_create_room(name="Runde", invite=[cast.neighbour.user_id, somebody]))
        assert_no(cast.teacher.try_create_room(is_direct=True, invite=[somebody]))


def test_nobody_talks_to_themselves(cast, nothing_left):
    for person in (cast.pupil, cast.guardian, cast.teacher):
        with nothing_left(person):
            assert_no(person.try_create_room(is_direct=True, invite=[person.user_id]))
            assert_no(person.try_create_room(name="Ich", invite=[person.user_id]))


def test_one_stranger_among_many_is_enough_for_no_room(cast, nothing_left):
    with nothing_left(cast.guardian, cast.neighbour, cast.outsider, cast.teacher):
        everybody = [cast.teacher.user_id, cast.neighbour.user_id, cast.outsider.user_id]
        for order in (everybody, everybody[::-1]):
            assert_spoken(cast.guardian.try_create_room(name="Fest", invite=order))


def test_a_guardian_does_not_bring_their_child_into_a_room_of_guardians(cast, nothing_left):
    with nothing_left(cast.guardian, cast.neighbour, cast.pupil):
        everybody = [cast.neighbour.user_id, cast.pupil.user_id]
        assert_spoken(cast.guardian.try_create_room(name="Fest", invite=everybody))


# What is asked for and left out

SILENTLY_LEFT_OUT = {
    "an_old_room_version": {"room_version": "9"},
    "being_open_to_other_servers": {"creation_content": {"m.federate": True}},
    "a_second_creator": {"creation_content": {"additional_creators": ["@x:schule.localhost"]}},
    "a_stamp_of_a_class": {"creation_content": {"org.schulbote.room": {"kind": "group", "group": "x"}}},
    "power_for_everybody": {"power_level_content_override": {"users_default": 100, "invite": 0, "state_default": 0}},
    "power_levels_in_its_state": state("m.room.power_levels", users_default=100),
    "a_door_for_guests": state("m.room.guest_access", guest_access="can_join"),
    "encryption": state("m.room.encryption", **MEGOLM),
    "an_open_past": state("m.room.history_visibility", history_visibility="shared"),
}


@pytest.mark.parametrize("wish", SILENTLY_LEFT_OUT.values(), ids=SILENTLY_LEFT_OUT)
def test_a_chat_has_nothing_of(cast, wish):
    plain = whole_state(cast.guardian, cast.chat)
    asked = whole_state(cast.guardian, chat(cast.guardian, cast.neighbour, cast.teacher, **wish))
    assert asked == plain


def test_a_direct_room_has_nothing_of_what_a_chat_has_not(cast):
    wishes = {key: value for wish in SILENTLY_LEFT_OUT.values() for key, value in wish.items()}
    wishes["initial_state"] = [event for wish in SILENTLY_LEFT_OUT.values() for event in wish.get("initial_state", [])]
    room = cast.guardian.create_room(is_direct=True, invite=[cast.teacher.user_id], **wishes)
    wait_until(lambda: room in cast.teacher.direct_rooms().get(cast.guardian.user_id, []), 10)
    made = whole_state(cast.guardian, room)
    plain = whole_state(cast.guardian, cast.direct)
    assert made.keys() == plain.keys()
    assert all(made[key] == plain[key] for key in plain if key[0] != "m.room.member")


# Rooms that grow out of rooms

UPGRADES = {
    "as_it_is": {"new_version": "12"},
    "to_an_old_version": {"new_version": "9"},
    "with_a_second_creator": {"new_version": "12", "additional_creators": ["PUPIL"]},
    "with_a_forged_stamp": {"new_version": "12", "org.schulbote.room": {"kind": "chat"}},
}


@pytest.mark.parametrize("wish", UPGRADES.values(), ids=UPGRADES)
def test_no_room_grows_out_of_an_upgrade(cast, nothing_left, wish):
    if "additional_creators" in wish:
        wish = wish | {"additional_creators": [cast.pupil.user_id]}
    rooms = cast.rooms
    with nothing_left(cast.pupil):
        for room, strongest, other in rooms.values():
            assert strongest.post(f"rooms/{room}/upgrade", wish).status == 403
            assert other.post(f"/_matrix/client/r0/rooms/{room}/upgrade", wish).status == 403
            assert other.state(room, "m.room.tombstone").status == 404


def test_no_room_grows_out_of_a_beginning_sent_by_hand(cast, nothing_left):
    forged = {"room_version": "12", "org.schulbote.room": {"kind": "chat"}}
    rooms = cast.rooms
    with nothing_left(cast.pupil):
        for room, person, _ in rooms.values():
            assert_no(person.set_state(room, "m.room.create", forged))
            assert_no(person.set_state(room, "m.room.create", forged, "x"))
            assert_no(person.set_state("!nirgends", "m.room.create", forged))


def test_nobody_comes_into_a_room_of_an_administrators_because_another_one_is_closed(cast, admin):
    island = {"m.federate": False}
    closed, other = (admin.create_room(creation_content=island, invite=[cast.pupil.user_id]) for _ in range(2))
    admin.request("DELETE", f"/_synapse/admin/v1/rooms/{closed}", {"purge": True}).ok()
    assert_spoken(cast.pupil.join(other))


def test_nobody_says_anything_in_a_room_that_is_not_the_schools(cast, admin, unsaid):
    stamp = {"creation_content": {"m.federate": False, "org.schulbote.room": {"kind": "chat"}}}
    people = (cast.pupil, cast.guardian, cast.teacher)
    room = admin.create_room(name="Fremd", invite=[person.user_id for person in people], **stamp)
    assert "org.schulbote.room" not in admin.state(room, "m.room.create").ok()
    with unsaid(*people) as words:
        for person in people:
            person.join(room)
            answer = person.try_send(room, {"msgtype": "m.text", "body": words})
            assert answer.status in (200, 403), answer  # a notice takes its place, for who is in there
            assert_no(person.set_state(room, "m.room.topic", {"topic": words}))
            assert_no(person.invite(room, cast.stranger.user_id))
            person.leave(room).ok()
    assert admin.members(room) == {admin.user_id}


def test_no_room_without_an_account(demo, nothing_left, cast):
    nobody = Client(demo.homeserver)
    with nothing_left(cast.pupil):
        assert nobody.try_create_room(invite=[cast.pupil.user_id]).status == 401
        assert nobody.post("createRoom", {"invite": [cast.pupil.user_id]}, user_id=cast.teacher.user_id).status == 401
