"""Who may open which room, and that a refusal leaves nothing behind."""

import pytest

from acceptance.client import wait_until
from acceptance.people import PROMISED_JOIN, SLACK, assert_refused

ENCRYPTION = {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
GUESTS = {"type": "m.room.guest_access", "state_key": "", "content": {"guest_access": "can_join"}}

GROUP_CHATS = {
    "as_a_client_asks": ({"preset": "private_chat", "name": "Unter uns"}, "no_rooms"),
    "with_a_forged_stamp": (
        {"creation_content": {"org.schulbote.room": {"kind": "direct"}, "m.federate": True}},
        "no_rooms",
    ),
    "with_the_stamp_of_a_group": (
        {"creation_content": {"org.schulbote.room": {"kind": "group", "group": "1"}}},
        "no_rooms",
    ),
    "said_to_be_direct": ({"is_direct": True, "preset": "trusted_private_chat"}, "no_rooms"),
    "with_an_address": ({"room_alias_name": "unter-uns"}, "room_stays_private"),
    "listed_in_public": ({"visibility": "public"}, "room_stays_private"),
    "open_to_everybody": ({"preset": "public_chat"}, "room_stays_private"),
    "joinable_by_everybody": (
        {"initial_state": [{"type": "m.room.join_rules", "content": {"join_rule": "public"}}]},
        "room_stays_private",
    ),
    "readable_by_the_world": (
        {"initial_state": [{"type": "m.room.history_visibility", "content": {"history_visibility": "world_readable"}}]},
        "room_stays_private",
    ),
    "as_a_space": ({"creation_content": {"type": "m.space"}}, "no_spaces"),
    "by_email": ({"invite_3pid": [{"medium": "email", "address": "a@example.org"}]}, "unknown_recipient"),
}

MALFORMED = {
    "a name that is a number": {"name": 5},
    "a topic that is a list": {"topic": ["x"]},
    "an invite that is text": {"invite": "x"},
    "invitees that are numbers": {"invite": [5]},
    "invitees that are nothing": {"invite": [None]},
    "no user id at all": {"invite": ["x"], "is_direct": True},
    "state without a type": {"initial_state": [{}]},
    "state that is text": {"initial_state": "x"},
    "state whose content is a list": {"initial_state": [{"type": "m.room.name", "content": []}]},
    "a name in state that is a number": {"initial_state": [{"type": "m.room.name", "content": {"name": 5}}]},
    "direct that is text": {"is_direct": "yes"},
    "a preset that is a list": {"preset": ["private_chat"]},
    "a visibility that is a number": {"visibility": 5},
    "creation content that is a list": {"creation_content": []},
    "a room type that is a number": {"creation_content": {"type": 5}},
    "power levels that are text": {"power_level_content_override": "x"},
    "a version that is a number": {"room_version": 5},
    "an email that is text": {"invite_3pid": "x"},
    "an alias that is a number": {"room_alias_name": 5},
}


@pytest.fixture(scope="module")
def classmates(people):
    """Two pupils of one class, and a teacher."""
    return people.pupil("Klasse 8.2"), people.pupil("Klasse 8.2"), people.teacher()


class TestPupils:
    @pytest.mark.parametrize(("request_", "reason"), GROUP_CHATS.values(), ids=GROUP_CHATS)
    def test_a_pupils_group_chat_is_refused_and_leaves_nothing(self, classmates, nothing_left, request_, reason):
        pupil, other, teacher = classmates
        with nothing_left(*classmates):
            answer = pupil.try_create_room(invite=[other.user_id, teacher.user_id], **request_)
            assert_refused(answer, reason)
            if reason != "no_rooms":  # what no person may have, a teacher may not have either
                answer = teacher.try_create_room(invite=[pupil.user_id, other.user_id], **request_)
                assert_refused(answer, reason)

    def test_nobody_gets_a_room_by_a_request_that_cannot_be_read(self, classmates, nothing_left):
        pupil, other, teacher = classmates
        with nothing_left(*classmates):
            for person in (pupil, teacher):
                for what, malformed in MALFORMED.items():
                    answer = person.try_create_room(**{"invite": [other.user_id], "name": "x"} | malformed)
                    assert 400 <= answer.status < 500, (what, answer)
                for body in ([], "x", 5):
                    assert person.post("createRoom", body).status == 400

    def test_a_direct_chat_of_pupils_has_no_name(self, classmates, nothing_left):
        pupil, other, _ = classmates
        name_in_state = [{"type": "m.room.name", "content": {"name": "Unter uns"}}]
        with nothing_left(*classmates):
            for wish in ({"name": "Unter uns"}, {"topic": "Unter uns"}, {"initial_state": name_in_state}):
                answer = pupil.try_create_room(is_direct=True, invite=[other.user_id], **wish)
                assert_refused(answer, "direct_room_is_for_two")

    def test_a_pupils_room_for_two_is_a_direct_room_also_if_the_client_does_not_say_so(self, classmates):
        pupil, other, _ = classmates
        room = pupil.create_room(invite=[other.user_id])
        assert pupil.state(room, "m.room.create").ok()["org.schulbote.room"] == {"kind": "direct"}
        wait_until(lambda: room in other.direct_rooms().get(pupil.user_id, []), 5)

    def test_an_invitation_to_nobody_leaves_nothing(self, classmates, nothing_left):
        pupil, _, teacher = classmates
        stranger = "@niemand.nirgends:schule.localhost"
        with nothing_left(*classmates):
            assert_refused(pupil.try_create_room(is_direct=True, invite=[stranger]), "unknown_recipient")
            assert_refused(teacher.try_create_room(is_direct=True, invite=[stranger]), "unknown_recipient")
            assert_refused(teacher.try_create_room(invite=[stranger, pupil.user_id]), "unknown_recipient")
            assert_refused(teacher.try_create_room(invite=["@you:matrix.org"]), "unknown_recipient")

    def test_an_invitation_to_somebody_who_blocks_them_leaves_nothing(self, classmates, nothing_left):
        pupil, blocking, teacher = classmates
        setting = f"user/{blocking.user_id}/account_data/m.invite_permission_config"
        blocking.put(setting, {"default_action": "block"}).ok()
        with nothing_left(*classmates):
            direct = pupil.try_create_room(is_direct=True, invite=[blocking.user_id])
            assert_refused(direct, "invitations_blocked")
            chat = teacher.try_create_room(name="Alle", invite=[pupil.user_id, blocking.user_id])
            assert_refused(chat, "invitations_blocked")
        blocking.put(setting, {}).ok()

    def test_a_refusal_is_explained_by_the_bot_where_it_has_a_room_already(self, classmates):
        pupil, other, _ = classmates
        assert "!hilfe" in pupil.ask("!hilfe")
        assert_refused(pupil.try_create_room(name="x", invite=[other.user_id]), "no_rooms")
        wait_until(lambda: any("Eigene Räume" in text for text in pupil.texts(pupil.control_room)), 5)


class TestTalkingToOnePerson:
    def test_a_pupil_and_a_teacher_talk(self, people):
        pupil, teacher = people.pupil("Klasse 8.3"), people.teacher()
        room = pupil.open_direct_room(teacher.user_id)
        wait_until(lambda: room in teacher.joined_rooms(), PROMISED_JOIN + SLACK)
        pupil.send(room, "Guten Tag, ich habe eine Frage.")
        teacher.send(room, "Gern!")
        assert pupil.texts(room) == teacher.texts(room) == ["Guten Tag, ich habe eine Frage.", "Gern!"]
        wait_until(lambda: room in pupil.direct_rooms().get(teacher.user_id, []), 5)
        wait_until(lambda: room in teacher.direct_rooms().get(pupil.user_id, []), 5)

    def test_a_teacher_talks_to_anybody(self, people):
        teacher = people.teacher(not_of="Klasse 8.3")
        for other in (people.pupil("Klasse 8.3"), people.guardian(), people.teacher()):
            room = teacher.talk_to(other)
            other.send(room, "Hallo")
            assert teacher.texts(room) == ["Hallo"]

    def test_two_pupils_of_one_class_talk(self, people):
        one, other = people.pupil("Klasse 9.1"), people.pupil("Klasse 9.1")
        room = one.talk_to(other)
        one.send(room, "Kommst du mit?")
        other.send(room, "Ja")
        assert one.texts(room) == ["Kommst du mit?", "Ja"]

    def test_pupils_without_a_common_group_do_not_reach_each_other(self, people, nothing_left):
        one, other = people.pupil("Klasse 8.1"), people.pupil("Klasse 10.1")
        with nothing_left(one, other):
            assert_refused(one.try_create_room(is_direct=True, invite=[other.user_id]), "no_common_group")
            assert_refused(other.try_create_room(is_direct=True, invite=[one.user_id]), "no_common_group")
            assert_refused(one.try_create_room(invite=[other.user_id]), "no_common_group")

    def test_a_guardian_and_a_pupil_do_not_reach_each_other(self, people, nothing_left):
        guardian, pupil = people.guardian("Sorgeberechtigte 8.1"), people.pupil("Klasse 8.1")
        with nothing_left(guardian, pupil):
            assert_refused(guardian.try_create_room(is_direct=True, invite=[pupil.user_id]), "no_common_group")

    def test_nobody_comes_in_as_a_third(self, people, nothing_left):
        pupil, teacher, third = people.pupil("Klasse 9.1"), people.teacher(), people.pupil("Klasse 9.1")
        room = teacher.talk_to(pupil)
        with nothing_left(pupil, teacher, third):
            assert_refused(teacher.invite(room, third.user_id), "direct_room_is_for_two")
            assert pupil.invite(room, third.user_id).status == 403
            assert third.join(room).status == 403

    def test_neither_of_two_rules_over_the_other(self, people):
        guardian, teacher = people.guardian(), people.teacher()
        room = guardian.talk_to(teacher)
        words = teacher.send(room, "So war es.")
        assert guardian.try_redact(room, words).status == 403
        assert teacher.try_redact(room, guardian.send(room, "Nein.")).status == 403
        for act in ("kick", "ban"):
            answer = guardian.post(f"rooms/{room}/{act}", {"user_id": teacher.user_id})
            assert_refused(answer, "direct_room_is_for_two")
        assert teacher.texts(room) == guardian.texts(room) == ["So war es.", "Nein."]

    @pytest.mark.parametrize("initial_state", [[GUESTS, ENCRYPTION], [ENCRYPTION]], ids=["Element", "Cinny"])
    def test_a_direct_room_is_plain_whatever_the_client_asks_for(self, people, initial_state):
        guardian, teacher = people.guardian(), people.teacher()
        room = guardian.create_room(
            preset="trusted_private_chat",
            visibility="private",
            is_direct=True,
            invite=[teacher.user_id],
            initial_state=initial_state,
        )
        create = guardian.state(room, "m.room.create").ok()
        assert create["room_version"] == "12"
        assert create["m.federate"] is False
        assert create["org.schulbote.room"] == {"kind": "direct"}
        assert not create.get("additional_creators")
        assert guardian.state(room, "m.room.encryption").status == 404
        assert guardian.state(room, "m.room.guest_access").ok() == {"guest_access": "forbidden"}
        assert guardian.state(room, "m.room.join_rules").ok() == {"join_rule": "invite"}
        wait_until(lambda: room in teacher.joined_rooms(), PROMISED_JOIN + SLACK)

    def test_what_the_school_does_not_offer_is_refused(self, people):
        guardian, teacher = people.guardian(), people.teacher()
        room = guardian.talk_to(teacher)
        cipher = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x", "session_id": "x", "sender_key": "x"}
        call = {"call_id": "1", "version": "1", "lifetime": 60000, "offer": {"type": "offer", "sdp": "x"}}
        widget = {"type": "m.custom", "url": "https://example.org", "name": "x"}
        assert_refused(guardian.try_send(room, call, "m.call.invite"), "no_conferences")
        assert_refused(guardian.set_state(room, "org.matrix.msc3401.call.member", {}), "no_conferences")
        for person in (guardian, teacher):
            assert_refused(person.try_send(room, cipher, "m.room.encrypted"), "not_encrypted")
            assert_refused(person.try_send(room, {}, "org.example.x"), "not_offered")
            for event_type, content in (
                ("m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"}),
                ("im.vector.modular.widgets", widget),
                ("m.widget", widget),
                ("m.room.name", {"name": "Wir"}),
                ("m.room.history_visibility", {"history_visibility": "world_readable"}),
                ("m.room.join_rules", {"join_rule": "public"}),
                ("m.room.tombstone", {"body": "x", "replacement_room": "!x"}),
            ):
                assert person.set_state(room, event_type, content).status == 403, event_type
        assert guardian.events(room)[-1]["type"] == "m.room.member"


class TestGuardians:
    def test_a_guardian_brings_together_guardians_of_the_class_and_a_teacher(self, people):
        maker, other = people.guardian("Sorgeberechtigte 9.1"), people.guardian("Sorgeberechtigte 9.1")
        teacher = people.teacher()
        room = maker.create_room(name="Klassenfest", invite=[other.user_id, teacher.user_id])
        assert maker.state(room, "m.room.create").ok()["org.schulbote.room"] == {"kind": "chat"}
        for invited in (other, teacher):
            assert room in invited.invitations()
            invited.join(room).ok()
            invited.send(room, f"{invited.name} ist da")
        assert len(maker.texts(room)) == 2

    def test_a_guardians_room_is_no_bridge(self, people, nothing_left):
        maker, other = people.guardian("Sorgeberechtigte 9.1"), people.guardian("Sorgeberechtigte 9.1")
        stranger = people.guardian("Sorgeberechtigte 10.3", stranger_to=maker)
        pupil, teacher = people.pupil("Klasse 9.1"), people.teacher()
        room = maker.create_room(name="Klassenfest", invite=[other.user_id, teacher.user_id])
        other.join(room).ok()
        teacher.join(room).ok()
        with nothing_left(maker, other, stranger, pupil, teacher):
            for outsider in (stranger, pupil):
                everybody = [other.user_id, outsider.user_id]
                assert_refused(maker.try_create_room(name="Mehr", invite=everybody), "no_common_group")
                assert_refused(maker.invite(room, outsider.user_id), "no_common_group")
                assert teacher.invite(room, outsider.user_id).status == 403
                assert outsider.join(room).status == 403

    def test_a_teacher_brings_anybody_together(self, people):
        teacher, pupil = people.teacher(), people.pupil("Klasse 8.1")
        guardians = [people.guardian("Sorgeberechtigte 8.1"), people.guardian("Sorgeberechtigte 10.1")]
        room = teacher.create_room(name="Elternsprechtag", invite=[g.user_id for g in guardians])
        teacher.invite(room, pupil.user_id).ok()
        for invited in (*guardians, pupil):
            invited.join(room).ok()
            invited.send(room, f"{invited.name} ist da")
        assert len(teacher.texts(room)) == 3

    def test_a_guardian_brings_nobody_into_a_teachers_room(self, people, nothing_left):
        teacher, guardian = people.teacher(), people.guardian("Sorgeberechtigte 8.1")
        stranger = people.guardian(stranger_to=guardian)
        room = teacher.create_room(name="Elternsprechtag", invite=[guardian.user_id])
        guardian.join(room).ok()
        with nothing_left(guardian, stranger):
            assert guardian.invite(room, stranger.user_id).status == 403

    def test_a_teachers_room_without_a_teacher_is_read_only(self, people):
        teacher = people.teacher()
        guardians = [people.guardian("Sorgeberechtigte 8.1"), people.guardian("Sorgeberechtigte 10.1")]
        room = teacher.create_room(name="Elternsprechtag", invite=[g.user_id for g in guardians])
        for guardian in guardians:
            guardian.join(room).ok()
        guardians[0].send(room, "Mit Lehrkraft")
        teacher.leave(room).ok()
        guardians[0].send(room, "Ohne Lehrkraft")
        words, notice = guardians[1].texts(room)
        assert words == "Mit Lehrkraft"
        assert notice.startswith("⛔ Nicht zugestellt: In diesem Raum ist keine Lehrkraft mehr")

    def test_a_chat_shows_nothing_from_before_one_came(self, people):
        teacher, guardian = people.teacher(), people.guardian()
        room = teacher.create_room(name="Planung", invite=[])
        teacher.send(room, "Nur für mich")
        teacher.invite(room, guardian.user_id).ok()
        guardian.join(room).ok()
        assert guardian.texts(room) == []


class TestClassRooms:
    @pytest.fixture
    def room(self, demo):
        return demo.info["rooms"]["Klasse 9.2"]

    @pytest.fixture
    def space(self, demo):
        return demo.info["spaces"]["Klasse 9.2"]

    def test_a_pupil_writes_in_the_room_of_the_class(self, people, room):
        pupil, classmate = people.pupil("Klasse 9.2"), people.pupil("Klasse 9.2")
        pupil.send(room, "Wer hat die Hausaufgaben?")
        assert "Wer hat die Hausaufgaben?" in classmate.texts(room)

    def test_a_pupil_of_another_class_comes_neither_into_the_space_nor_into_the_room(
        self, people, nothing_left, room, space
    ):
        stranger = people.pupil("Klasse 9.3")
        with nothing_left(stranger):
            assert_refused(stranger.join(space), "not_in_group")
            for place in (space, room):
                assert stranger.join(place).status == 403
                assert stranger.post(f"/_matrix/client/v3/knock/{place}", {"reason": "Bitte"}).status == 403
                assert stranger.get(f"rooms/{place}/messages", dir="b").status == 403
                assert stranger.get(f"rooms/{place}/members").status == 403
                assert stranger.try_send(place, {"msgtype": "m.text", "body": "x"}).status == 403

    def test_somebody_without_an_account_sees_neither(self, demo, people, room, space):
        pupil = people.pupil("Klasse 9.2")
        stranger = type(pupil)(demo, pupil.account)
        for place in (space, room):
            assert stranger.get(f"rooms/{place}/messages", dir="b").status == 401
            assert stranger.join(place).status == 401

    def test_a_teacher_visits_a_class(self, people, room, space):
        visitor = people.teacher(not_of="Klasse 9.2")
        assert room not in visitor.joined_rooms()
        visitor.join(space).ok()
        visitor.join(room).ok()
        visitor.send(room, "Ich vertrete morgen Frau Lange.")
        visitor.leave(room).ok()
        visitor.leave(space).ok()

    def test_who_is_in_the_class_stays_in_its_room(self, people, nothing_left, room, space):
        pupil, classmate, teacher = people.pupil("Klasse 9.2"), people.pupil("Klasse 9.2"), people.teacher("Klasse 9.2")
        with nothing_left(pupil, classmate, teacher):
            for place in (room, space):
                assert_refused(pupil.leave(place), "group_is_kept")
                assert_refused(teacher.leave(place), "group_is_kept")
                for act in ("kick", "ban"):
                    target = {"user_id": classmate.user_id}
                    assert pupil.post(f"rooms/{place}/{act}", target).status == 403
                    assert teacher.post(f"rooms/{place}/{act}", target).status == 403

    def test_teachers_of_the_class_moderate_its_room(self, people, room):
        teacher, pupil = people.teacher("Klasse 9.2"), people.pupil("Klasse 9.2")
        levels = pupil.state(room, "m.room.power_levels").ok()
        assert levels["users"][teacher.user_id] == 50
        assert pupil.user_id not in levels["users"]
        assert levels["users_default"] == 0
        words = pupil.send(room, "Das wollte ich nicht schreiben")
        teacher.redact(room, words)
        assert pupil.event(room, words)["content"] == {}
        mine = teacher.send(room, "Das bleibt stehen")
        assert pupil.try_redact(room, mine).status == 403

    def test_nobody_changes_the_rules_of_the_room(self, people, room):
        teacher, pupil = people.teacher("Klasse 9.2"), people.pupil("Klasse 9.2")
        levels = pupil.state(room, "m.room.power_levels").ok()
        for person in (pupil, teacher):
            mine = levels | {"users": levels["users"] | {person.user_id: 100}}
            for event_type, content in (
                ("m.room.power_levels", mine),
                ("m.room.join_rules", {"join_rule": "public"}),
                ("m.room.history_visibility", {"history_visibility": "world_readable"}),
                ("m.room.name", {"name": "Unsere Klasse"}),
                ("m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"}),
                ("m.room.canonical_alias", {"alias": "#klasse:schule.localhost"}),
            ):
                assert person.set_state(room, event_type, content).status == 403, event_type
            alias = person.put("directory/room/%23klasse:schule.localhost", {"room_id": room})
            assert alias.status == 403, alias
            listed = person.put(f"directory/list/room/{room}", {"visibility": "public"})
            assert listed.status == 403, listed
        assert pupil.state(room, "m.room.power_levels").ok() == levels

    def test_a_pupil_brings_nobody_into_the_class(self, people, nothing_left, room, space):
        pupil, stranger = people.pupil("Klasse 9.2"), people.pupil("Klasse 9.3")
        teacher = people.teacher("Klasse 9.2")
        with nothing_left(pupil, stranger):
            for place in (room, space):
                assert pupil.invite(place, stranger.user_id).status == 403
                assert teacher.invite(place, stranger.user_id).status == 403


def test_a_room_upgrade_is_refused_and_leaves_no_room(people, demo, nothing_left):
    pupil, guardian = people.pupil("Klasse 9.2"), people.guardian("Sorgeberechtigte 9.2")
    teacher = people.teacher("Klasse 9.2")
    rooms = [
        (pupil, demo.info["rooms"]["Klasse 9.2"]),
        (teacher, demo.info["rooms"]["Klasse 9.2"]),
        (teacher, demo.info["spaces"]["Klasse 9.2"]),
        (guardian, guardian.talk_to(teacher)),
        (guardian, guardian.create_room(name="Fest", invite=[teacher.user_id])),
        (teacher, teacher.create_room(name="Fest", invite=[guardian.user_id])),
        (pupil, pupil.control_room),
    ]
    wait_until(lambda: rooms[3][1] in teacher.direct_rooms().get(guardian.user_id, []), 5)
    with nothing_left(pupil, guardian, teacher):
        for person, room in rooms:
            for wish in ({"new_version": "12"}, {"new_version": "12", "additional_creators": [pupil.user_id]}):
                assert person.post(f"rooms/{room}/upgrade", wish).status == 403
            assert person.state(room, "m.room.tombstone").status == 404


def test_no_room_has_a_public_face(demo, admin, people):
    rooms = admin.get("/_synapse/admin/v1/rooms", limit=5000).ok()["rooms"]
    # Neither an admin's own, which are no rooms of the school's, nor what is left of one that an admin has emptied.
    for room in (room for room in rooms if room["creator"] != admin.user_id and room["joined_members"]):
        assert room["canonical_alias"] is None
        assert not room["public"]
        assert not room["federatable"]
        assert room["version"] == "12"
    assert people.pupil().get("publicRooms").ok()["chunk"] == []
