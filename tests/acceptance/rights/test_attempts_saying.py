"""Attempts to say what may not be said, where, or in whose name: no word of it is readable afterwards.

Two doors have no hook in Synapse. Only the reverse proxy of a real installation closes them (docs/operation.md), so
they are not tried here, where there is none: to-device messages, and what one's own devices say to others by their
names and keys (`/keys/upload`, `/keys/claim`, `/devices/…`).
"""

import json
import secrets
from urllib.parse import quote

import pytest

from acceptance.client import wait_until
from acceptance.rights.attempts import assert_no, chat, direct_room, words_message
from acceptance.waiting import until_nothing_waits

SDP = {"type": "offer", "sdp": "WORDS"}
TYPES = {
    "encrypted_words": ("m.room.encrypted", {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "WORDS"}),
    "a_call": ("m.call.invite", {"call_id": "1", "version": "1", "lifetime": 1, "offer": SDP}),
    "a_ringing_call": ("org.matrix.msc4075.rtc.notification", {"notification_type": "ring", "words": "WORDS"}),
    "a_ringing_call_of_old": ("org.matrix.msc4075.call.notify", {"call_id": "WORDS"}),
    "a_poll": ("m.poll.start", {"m.poll": {"question": {"m.text": [{"body": "WORDS"}]}, "answers": []}}),
    "a_poll_of_old": ("org.matrix.msc3381.poll.start", {"org.matrix.msc3381.poll.start": {"question": "WORDS"}}),
    "an_answer_to_a_poll": ("m.poll.response", {"m.selections": ["WORDS"]}),
    "the_end_of_a_poll": ("org.matrix.msc3381.poll.end", {"org.matrix.msc1767.text": "WORDS"}),
    "a_place_on_its_way": ("m.beacon", {"m.location": {"uri": "geo:0,0", "description": "WORDS"}}),
    "a_place_on_its_way_of_old": ("org.matrix.msc3672.beacon", {"org.matrix.msc3488.location": "WORDS"}),
    "a_message_of_a_newer_kind": ("org.matrix.msc1767.message", {"org.matrix.msc1767.text": "WORDS"}),
    "an_emote_of_a_newer_kind": ("m.emote", {"m.text": [{"body": "WORDS"}]}),
    "a_voice_broadcast": ("io.element.voice_broadcast_chunk", {"words": "WORDS"}),
    "a_request_to_verify": ("m.key.verification.request", {"body": "WORDS", "methods": []}),
    "a_cancelled_verification": ("m.key.verification.cancel", {"code": "m.user", "reason": "WORDS"}),
    "a_request_for_keys": ("m.room_key_request", {"words": "WORDS"}),
    "a_question_of_a_widget": ("net.nordeck.meetings.create", {"words": "WORDS"}),
    "a_type_of_its_own": ("org.example.words", {"words": "WORDS"}),
    "a_type_of_the_schools": ("org.schulbote.words", {"words": "WORDS"}),
    "a_type_without_a_name": (" ", {"words": "WORDS"}),
    "a_message_in_capitals": ("M.ROOM.MESSAGE", {"msgtype": "m.text", "body": "WORDS"}),
    "a_message_with_a_sign_of_no_width": ("m.room.message\u200b", {"msgtype": "m.text", "body": "WORDS"}),
    "a_topic_as_a_message": ("m.room.topic", {"topic": "WORDS"}),
    "a_name_as_a_message": ("m.room.name", {"name": "WORDS"}),
    "power_levels_as_a_message": ("m.room.power_levels", {"words": "WORDS"}),
    "pins_as_a_message": ("m.room.pinned_events", {"pinned": ["WORDS"]}),
    "a_sign_that_nothing_is_there": ("org.matrix.dummy_event", {"words": "WORDS"}),
    "a_sign_of_an_old_client": ("m.room.message.feedback", {"type": "read", "words": "WORDS"}),
}


def filled(content, words):
    return json.loads(json.dumps(content).replace("WORDS", words))


@pytest.mark.parametrize(("event_type", "content"), TYPES.values(), ids=TYPES)
def test_nothing_is_said_by(cast, unsaid, event_type, content):
    """Some of it is for holders of a right: these two do not hold it."""
    with unsaid(cast.teacher, cast.classmate) as words:
        for person, room in ((cast.guardian, cast.direct), (cast.pupil, cast.room)):
            assert_no(person.try_send(room, filled(content, words), event_type))


STATES = {
    "a_message_as_state": ("m.room.message", "", {"msgtype": "m.text", "body": "WORDS"}),
    "a_message_in_a_state_key": ("m.room.message", "WORDS", {}),
    "a_reaction_as_state": ("m.reaction", "", {"m.relates_to": {"key": "WORDS"}}),
    "a_sticker_as_state": ("m.sticker", "", {"body": "WORDS"}),
    "a_call_that_one_is_in": ("org.matrix.msc3401.call.member", "ME", {"memberships": ["WORDS"]}),
    "a_newer_call_that_one_is_in": ("m.rtc.member", "ME", {"words": "WORDS"}),
    "a_call": ("org.matrix.msc3401.call", "x", {"m.name": "WORDS"}),
    "a_place_to_follow": ("org.matrix.msc3672.beacon_info", "ME", {"description": "WORDS"}),
    "a_voice_broadcast": ("io.element.voice_broadcast_info", "ME", {"words": "WORDS"}),
    "a_widget": ("im.vector.modular.widgets", "x", {"type": "m.custom", "url": "https://x/WORDS", "name": "WORDS"}),
    "emoji_packs": ("im.ponies.room_emotes", "", {"images": {"WORDS": {"url": "mxc://x/y"}}}),
    "state_of_its_own": ("org.example.words", "ME", {"words": "WORDS"}),
    "state_of_the_schools": ("org.schulbote.words", "", {"words": "WORDS"}),
    "a_server_notice": ("m.server_notice", "", {"body": "WORDS"}),
}


@pytest.mark.parametrize(("event_type", "state_key", "content"), STATES.values(), ids=STATES)
def test_nothing_is_set_by(cast, unsaid, nothing_left, event_type, state_key, content):
    direct = cast.direct
    with nothing_left(cast.pupil), unsaid(cast.teacher, cast.classmate) as words:
        for person, room in ((cast.guardian, direct), (cast.pupil, cast.room)):
            key = state_key.replace("WORDS", words).replace("ME", person.user_id)
            assert_no(person.set_state(room, event_type, filled(content, words), key))


def test_nothing_is_said_by_what_synapse_itself_stumbles_over(demo, cast, unsaid):
    """These end in a 500 of Synapse's own, before anybody is asked."""
    with unsaid(cast.teacher, cast.guardian) as words:
        for person in (cast.guardian, cast.teacher):
            stumbles = [
                person.try_send(cast.direct, {"membership": "join", "words": words}, "m.room.member"),
                person.try_send(cast.direct, {"words": words}, "m.room.create"),
                person.try_send(cast.direct, {"reason": words}, "m.room.redaction"),
                person.try_send(cast.direct, {"redacts": [words]}, "m.room.redaction"),
                person.set_state(cast.direct, "m.room.redaction", {"reason": words}),
                person.set_state(cast.direct, "m.room.create", {"words": words}),
                person.try_send(cast.direct, words_message(words + "\ud800")),
            ]
            assert all(400 <= answer.status <= 500 for answer in stumbles)


# Words beside the words

MEMBERS = {
    "a_key_of_its_own": {"org.example.words": "WORDS"},
    "a_reason": {"reason": "WORDS"},
    "a_name": {"displayname": "WORDS"},
    "a_picture": {"avatar_url": "mxc://schule.localhost/WORDS"},
    "a_ticket": {"third_party_invite": {"display_name": "WORDS", "signed": {"mxid": "x", "token": "x"}}},
    "a_permission": {"join_authorised_via_users_server": "WORDS"},
    "deleted_words": {"org.matrix.msc4293.redact_events": "WORDS"},
    "a_direct_sign": {"is_direct": "WORDS"},
    "a_direct_sign_with_much_in_it": {"is_direct": {"words": ["WORDS"]}},
}


@pytest.mark.parametrize("content", MEMBERS.values(), ids=MEMBERS)
def test_a_membership_carries_no(cast, unsaid, content):
    direct = cast.direct
    with unsaid(cast.teacher, cast.classmate) as words:
        for person, room in ((cast.guardian, direct), (cast.pupil, cast.room)):
            member = {"membership": "join"} | filled(content, words)
            person.set_state(room, "m.room.member", member, person.user_id)
            person.post(f"join/{quote(room)}", filled(content, words))


def test_coming_going_inviting_and_removing_carry_no_reason(people, cast, unsaid):
    other = people.guardian(cast.guardian.groups[0])
    room = cast.guardian.create_room(name="Runde")
    with unsaid(other, cast.guardian) as words:
        said = {"user_id": other.user_id, "reason": words}
        cast.guardian.post(f"rooms/{room}/invite", said).ok()
        other.post(f"rooms/{room}/leave", {"reason": words}).ok()
        cast.guardian.post(f"rooms/{room}/invite", said).ok()
        other.post(f"join/{room}", {"reason": words}).ok()
        cast.guardian.post(f"rooms/{room}/kick", said).ok()
        cast.guardian.post(f"rooms/{room}/ban", said).ok()
        cast.guardian.post(f"rooms/{room}/unban", said).ok()


REACTIONS = {
    "letters": "Ja gern",
    "letters_of_another_script": "да",
    "many_signs": "👍" * 40,
    "nothing": 5,
    "a_telephone_number": "0151 2345678",
    "letters_in_circles": "ⓇⓊⒻ ⒶⓃ",
    "letters_of_flags": "🇷🇺🇫🇦🇳",
    "letters_that_are_not_seen": "👍\U000e0072\U000e0075\U000e0066",
}


@pytest.mark.parametrize("key", REACTIONS.values(), ids=REACTIONS)
def test_a_reaction_is_not_made_of(cast, key):
    words = cast.guardian.send(cast.direct, "Geht das?")
    reaction = {"m.relates_to": {"rel_type": "m.annotation", "event_id": words, "key": key}}
    assert_no(cast.guardian.try_send(cast.direct, reaction, "m.reaction"))


def test_a_reaction_carries_nothing_but_its_sign(cast, unsaid):
    words_to = cast.guardian.send(cast.direct, "Geht das?")
    with unsaid(cast.teacher) as words:
        relation = {"rel_type": "m.annotation", "event_id": words_to, "key": "👍", "words": words}
        more = {"m.relates_to": relation, "body": words, "shortcode": words, "m.new_content": {"body": words}}
        cast.guardian.try_send(cast.direct, more, "m.reaction").ok()
        for event_id in (words, f"${words}"):
            to_words = {"m.relates_to": {"rel_type": "m.annotation", "event_id": event_id, "key": "👍"}}
            assert_no(cast.guardian.try_send(cast.direct, to_words, "m.reaction"))


def test_a_deletion_carries_no_words(cast, unsaid):
    with unsaid(cast.teacher, cast.guardian) as words:
        for person in (cast.teacher, cast.guardian):
            mine = quote(person.send(cast.direct, "Nein"), safe="")
            path = f"rooms/{quote(cast.direct)}/redact"
            person.put(f"{path}/{mine}/{secrets.token_hex(4)}", {"reason": words, "org.example.words": words}).ok()
            for target in (words, f"${words}"):
                assert_no(person.put(f"{path}/{target}/{secrets.token_hex(4)}", {}))
                assert_no(person.try_send(cast.direct, {"redacts": target}, "m.room.redaction"))


# Somebody else's words


def test_nobody_deletes_what_a_teacher_wrote(cast):
    in_class = cast.teacher.send(cast.room, "Morgen um acht")
    in_direct = cast.teacher.send(cast.direct, "So war es")
    for person, room, words in ((cast.pupil, cast.room, in_class), (cast.guardian, cast.direct, in_direct)):
        assert_no(person.try_redact(room, words))
        assert_no(person.try_send(room, {"redacts": words, "reason": "x"}, "m.room.redaction"))
        assert_no(person.request("PUT", f"/_matrix/client/r0/rooms/{room}/redact/{quote(words)}/x", {}))
        assert cast.teacher.event(room, words)["content"]["body"]


def test_nobody_deletes_in_one_room_what_was_written_in_another(cast):
    words = cast.teacher.send(cast.direct, "So war es")
    assert_no(cast.pupil.try_redact(cast.room, words))
    assert cast.guardian.event(cast.direct, words)["content"]["body"] == "So war es"


def test_a_guardian_does_not_delete_a_teachers_words_in_their_own_chat(cast):
    room = chat(cast.guardian, cast.teacher)
    words = cast.teacher.send(room, "So war es")
    cast.guardian.try_redact(room, words)
    assert cast.teacher.event(room, words)["content"].get("body") == "So war es"


def test_nobody_rewrites_what_somebody_else_wrote(cast):
    words = cast.teacher.send(cast.room, "Morgen um acht")
    edit = words_message("* Morgen frei", **{"m.new_content": words_message("Morgen frei")})
    edit["m.relates_to"] = {"rel_type": "m.replace", "event_id": words}
    cast.pupil.try_send(cast.room, edit).ok()
    shown = cast.classmate.event(cast.room, words)
    assert shown["content"]["body"] == "Morgen um acht"
    assert "Morgen frei" not in json.dumps(shown)


def test_nobody_writes_in_the_name_of_somebody_else(demo, cast):
    for who in (cast.teacher.user_id, demo.info["bot"]):
        more = {"sender": who, "user_id": who, "origin_server_ts": 1}
        sent = cast.pupil.try_send(cast.room, words_message("Hitzefrei", **more), user_id=who, ts=1000).ok()
        event = cast.classmate.event(cast.room, sent["event_id"])
        assert event["sender"] == cast.pupil.user_id
        assert event["origin_server_ts"] > 1_000_000_000_000


PROFILES = ("com.beeper.per_message_profile", "m.per_message_profile")


@pytest.mark.parametrize("key", PROFILES)
def test_a_message_has_no_name_of_its_own(cast, key):
    profile = {"id": "x", "displayname": cast.teacher.name, "avatar_url": "mxc://schule.localhost/x"}
    sent = cast.pupil.send(cast.room, "Hitzefrei", **{key: profile})
    assert key not in cast.classmate.event(cast.room, sent)["content"]


# The school's own hand

FORGED = {
    "a_reason": {"org.schulbote.reason": "not_offered"},
    "a_seal": {"org.schulbote.held": {"key": "1", "box": "AAAA"}},
    "a_signature": {"org.schulbote.signed": {"purpose": "delivery", "held": "$x", "mac": "AAAA"}},
    "a_notice": {"org.schulbote.signed": {"purpose": "notice", "held": "$x", "mac": "AAAA"}},
    "a_stamp": {"org.schulbote.room": {"kind": "group"}},
    "a_key_nobody_knows": {"org.schulbote.": 1},
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_a_message_carries_no_forged(cast, forged):
    edited = {"m.new_content": words_message("x") | forged}
    for more in (forged, edited):
        sent = cast.pupil.send(cast.room, "Von der Schule", **more)
        assert "org.schulbote" not in json.dumps(cast.classmate.event(cast.room, sent)["content"])


def test_what_was_held_and_what_was_delivered_cannot_be_copied(people, unsaid):
    guardian, teacher, colleague = people.guardian(), people.teacher(), people.teacher()
    room, elsewhere = direct_room(guardian, teacher), direct_room(guardian, colleague)
    with teacher.resting():
        held = guardian.send(room, "Wie lief es?")
        wait_until(lambda: guardian.receipt_of(room, held), 15)
        notice = guardian.event(room, held)["content"]
        assert "Wie lief es?" not in json.dumps(notice)
        copied = guardian.try_send(elsewhere, notice).ok()["event_id"]
        again = teacher.try_send(room, notice).ok()["event_id"]
        for person, place, copy in ((colleague, elsewhere, copied), (teacher, room, again)):
            assert "org.schulbote" not in json.dumps(person.event(place, copy)["content"])
    teacher.ask("!hilfe")  # the rest is over
    delivered = wait_until(lambda: [e for e in teacher.events(room) if e["content"].get("body") == "Wie lief es?"], 20)
    assert "org.schulbote" in json.dumps(delivered[0]["content"])
    until_nothing_waits(guardian, room)
    copied = guardian.try_send(room, delivered[0]["content"]).ok()["event_id"]
    assert "org.schulbote" not in json.dumps(teacher.event(room, copied)["content"])


# Later, elsewhere, otherwise

LATER = {
    "as_a_message": lambda p, room, words: p.try_send(room, words_message(words), **{"org.matrix.msc4140.delay": 100}),
    "as_a_topic": lambda p, room, words: p.put(
        f"rooms/{quote(room)}/state/m.room.topic/", {"topic": words}, **{"org.matrix.msc4140.delay": 100}
    ),
    "by_a_wish_of_its_own": lambda p, room, words: p.put(
        f"/_matrix/client/unstable/org.matrix.msc4140/rooms/{quote(room)}/delayed_event/m.room.message/x",
        {"content": words_message(words), "delay": 100},
    ),
}


@pytest.mark.parametrize("later", LATER.values(), ids=LATER)
def test_nothing_is_said_later(cast, unsaid, later):
    with unsaid(cast.teacher) as words:
        assert_no(later(cast.guardian, cast.direct, words))
        delayed = cast.guardian.get("/_matrix/client/unstable/org.matrix.msc4140/delayed_events")
        assert words not in json.dumps(delayed.body)


def test_nobody_says_by_being_there(cast):
    words = secrets.token_hex(8)
    status = f"presence/{quote(cast.guardian.user_id)}/status"
    cast.guardian.put(status, {"presence": "online", "status_msg": words})
    assert words not in json.dumps(cast.teacher.get(status).body)
    assert words not in json.dumps(cast.teacher.sync())
    assert_no(cast.guardian.put(f"presence/{quote(cast.teacher.user_id)}/status", {"presence": "offline"}))


def test_nobody_says_by_reading_or_typing(cast):
    words, room = secrets.token_hex(8), quote(cast.direct)
    read = quote(cast.teacher.send(cast.direct, "Guten Tag"), safe="")
    cast.guardian.post(f"rooms/{room}/receipt/m.read/{read}", {"thread_id": words, "words": words})
    cast.guardian.post(f"rooms/{room}/receipt/m.read/${words}", {})
    assert_no(cast.guardian.post(f"rooms/{room}/receipt/{words}/{read}", {}))
    cast.guardian.post(f"rooms/{room}/read_markers", {"m.fully_read": f"${words}", "m.read": f"${words}"})
    cast.guardian.put(f"rooms/{room}/typing/{cast.guardian.user_id}", {"typing": True, "timeout": 1000, "words": words})
    assert_no(cast.guardian.put(f"rooms/{room}/typing/{cast.teacher.user_id}", {"typing": True, "timeout": 1000}))
    assert words not in json.dumps(cast.teacher.sync())


def test_nobody_types_or_reads_where_they_are_not(cast):
    words = quote(cast.pupil.send(cast.room, "Hallo"), safe="")
    room = quote(cast.room)
    assert_no(cast.stranger.put(f"rooms/{room}/typing/{cast.stranger.user_id}", {"typing": True, "timeout": 1000}))
    cast.stranger.post(f"rooms/{room}/receipt/m.read/{words}", {})
    assert cast.stranger.user_id not in json.dumps(cast.pupil.sync())


def test_nobody_writes_where_they_are_not(cast, unsaid):
    rooms = [cast.room, cast.space, cast.direct, cast.chat, cast.teacher.control_room]
    with unsaid(cast.teacher, cast.guardian) as words:
        for room in rooms:
            for person in (cast.stranger, cast.outsider, cast.visitor):
                assert_no(person.try_send(room, words_message(words)))
                assert_no(person.post(f"rooms/{quote(room)}/send/m.room.message", words_message(words)))
                assert_no(person.set_state(room, "m.room.topic", {"topic": words}))


def test_nobody_writes_into_a_space(cast, unsaid):
    with unsaid(cast.classmate) as words:
        cast.pupil.try_send(cast.space, words_message(words))
        cast.teacher.try_send(cast.space, words_message(words))


# One's own face


def test_nobody_has_a_name_of_their_own(cast, unsaid):
    with unsaid(cast.classmate) as words:
        profile = f"profile/{quote(cast.pupil.user_id)}"
        assert_no(cast.pupil.put(f"{profile}/displayname", {"displayname": words}))
        assert_no(cast.pupil.put(f"/_matrix/client/r0/{profile}/displayname", {"displayname": words}))
        assert_no(cast.pupil.put(f"{profile}/displayname", {"displayname": ""}))
        assert_no(cast.pupil.request("DELETE", f"{profile}/displayname"))
        assert cast.classmate.get(profile).ok()["displayname"] == cast.pupil.name


def test_nobody_has_a_picture_of_their_own(people, unsaid):
    pupil, teacher = people.pupil("Klasse 10.2"), people.teacher("Klasse 10.2")
    with unsaid(teacher) as words:
        picture = {"avatar_url": f"mxc://schule.localhost/{words}"}
        pupil.put(f"profile/{quote(pupil.user_id)}/avatar_url", picture)
        wait_until(lambda: words not in json.dumps(teacher.get(f"profile/{quote(pupil.user_id)}").ok()), 10)


def test_nobody_gives_somebody_else_a_face(cast):
    profile = f"profile/{quote(cast.teacher.user_id)}"
    before = cast.teacher.get(profile).ok()
    for field in ("displayname", "avatar_url", "m.tz", "org.example.words"):
        assert_no(cast.pupil.put(f"{profile}/{field}", {field: "mxc://x/y"}))
        assert_no(cast.pupil.request("DELETE", f"{profile}/{field}"))
    assert cast.teacher.get(profile).ok() == before


def test_a_free_field_of_a_profile_is_gone_within_seconds(cast):
    words, profile = secrets.token_hex(8), f"profile/{quote(cast.guardian.user_id)}"
    for field in ("org.example.words", "m.tz", "m.status"):
        cast.guardian.put(f"{profile}/{field}", {field: words})
    wait_until(lambda: words not in json.dumps(cast.teacher.get(profile).ok()), 10)


# Too much


def test_a_message_that_is_too_large_is_nowhere(cast, unsaid):
    with unsaid(cast.teacher) as words:
        for content in (words_message(words + "x" * 70_000), words_message(words, more=["x" * 30_000] * 30)):
            answer = cast.guardian.try_send(cast.direct, content)
            assert answer.status == 413, answer


def test_who_is_only_a_guest_of_a_chat_puts_no_words_over_it(cast, unsaid):
    chat_room = cast.teachers_chat
    with unsaid(cast.teacher, cast.pupil) as words:
        for person in (cast.pupil, cast.guardian):
            assert_no(person.set_state(chat_room, "m.room.pinned_events", {"pinned": [words]}))
            assert_no(person.set_state(chat_room, "m.room.topic", {"topic": words}))
            assert_no(person.set_state(chat_room, "m.room.name", {"name": words}))
