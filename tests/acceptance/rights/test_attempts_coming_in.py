"""Attempts to come into a room, or to bring somebody in, who has no business there."""

import json
from urllib.parse import quote

import pytest

from acceptance.client import Client, wait_until
from acceptance.rights.attempts import assert_no, assert_spoken, at_once, chat, direct_room

WORDS = "Lasst mich doch rein"

# Each is a request of a person for a room. What must not exist afterwards: a membership, an invitation, a knock.
WAYS_IN = {
    "join": lambda p, room: p.join(room),
    "join_by_the_rooms_own_path": lambda p, room: p.post(f"rooms/{quote(room)}/join"),
    "join_with_a_reason": lambda p, room: p.post(f"join/{quote(room)}", {"reason": WORDS}),
    "join_with_a_transaction": lambda p, room: p.put(f"rooms/{quote(room)}/join/transaction-1", {}),
    "join_by_an_old_path": lambda p, room: p.post(f"/_matrix/client/r0/join/{quote(room)}"),
    "join_by_an_older_path": lambda p, room: p.post(f"/_matrix/client/api/v1/join/{quote(room)}"),
    "join_through_another_server": lambda p, room: p.post(f"join/{quote(room)}", via="schule.localhost"),
    "join_in_the_name_of_a_teacher": lambda p, room: p.post(
        f"join/{quote(room)}", user_id="@ida.gross:schule.localhost"
    ),
    "membership_as_state": lambda p, room: p.set_state(room, "m.room.member", {"membership": "join"}, p.user_id),
    "membership_with_a_forged_permission": lambda p, room: p.set_state(
        room,
        "m.room.member",
        {"membership": "join", "join_authorised_via_users_server": "@schulbote:schule.localhost"},
        p.user_id,
    ),
    "membership_with_a_forged_stamp": lambda p, room: p.set_state(
        room, "m.room.member", {"membership": "join", "org.schulbote.room": {"kind": "group"}}, p.user_id
    ),
    "a_signed_ticket": lambda p, room: p.post(
        f"rooms/{quote(room)}/join",
        {"third_party_signed": {"sender": p.user_id, "mxid": p.user_id, "token": "x", "signatures": {}}},
    ),
    "an_invitation_to_oneself": lambda p, room: p.invite(room, p.user_id),
    "an_invitation_to_oneself_as_state": lambda p, room: p.set_state(
        room, "m.room.member", {"membership": "invite"}, p.user_id
    ),
    "knocking_with_a_reason": lambda p, room: p.post(f"knock/{quote(room)}", {"reason": WORDS}),
    "knocking_as_state": lambda p, room: p.set_state(
        room, "m.room.member", {"membership": "knock", "reason": WORDS}, p.user_id
    ),
    "knocking_by_the_unstable_path": lambda p, room: p.post(
        f"/_matrix/client/unstable/xyz.amorgan.knock/knock/{quote(room)}", {"reason": WORDS}
    ),
    "leaving_what_one_is_not_in": lambda p, room: p.post(f"rooms/{quote(room)}/leave", {"reason": WORDS}),
    "banning_oneself_with_a_reason": lambda p, room: p.post(
        f"rooms/{quote(room)}/ban", {"user_id": p.user_id, "reason": WORDS}
    ),
    "the_administrators_way": lambda p, room: p.post(f"/_synapse/admin/v1/join/{quote(room)}", {"user_id": p.user_id}),
    "making_oneself_the_rooms_administrator": lambda p, room: p.post(
        f"/_synapse/admin/v1/rooms/{quote(room)}/make_room_admin", {"user_id": p.user_id}
    ),
}


@pytest.mark.parametrize("way", WAYS_IN.values(), ids=WAYS_IN)
def test_nobody_comes_in_by(cast, nothing_left, way):
    rooms = [cast.room, cast.space, cast.direct, cast.chat, cast.teacher.control_room]
    with nothing_left(cast.stranger, cast.outsider):
        for room in rooms:
            assert_no(way(cast.stranger, room))
            assert_no(way(cast.outsider, room))


def test_nobody_comes_in_by_an_address(cast, nothing_left):
    with nothing_left(cast.stranger):
        for alias in ("#klasse:schule.localhost", "#klasse-10.2:schule.localhost", "#schule.localhost"):
            assert_no(cast.stranger.post(f"join/{quote(alias)}"))
            assert_no(cast.stranger.post(f"knock/{quote(alias)}"))


def test_nobody_gets_to_another_server(cast, nothing_left):
    with nothing_left(cast.pupil):
        for room in ("#x:schule.example", "!x:schule.example"):
            for act in ("join", "knock"):
                answer = cast.pupil.post(f"{act}/{quote(room)}", via="schule.example")
                assert answer.status in (403, 404, 502), answer


# Bringing somebody in

WAYS_TO_BRING = {
    "an_invitation": lambda p, room, who: p.invite(room, who),
    "an_invitation_with_a_reason": lambda p, room, who: p.post(
        f"rooms/{quote(room)}/invite", {"user_id": who, "reason": WORDS}
    ),
    "an_invitation_with_a_transaction": lambda p, room, who: p.put(
        f"rooms/{quote(room)}/invite/transaction-2", {"user_id": who}
    ),
    "an_invitation_as_state": lambda p, room, who: p.set_state(
        room, "m.room.member", {"membership": "invite", "displayname": "Schulleitung"}, who
    ),
    "a_membership_as_state": lambda p, room, who: p.set_state(room, "m.room.member", {"membership": "join"}, who),
    "a_knock_in_their_name": lambda p, room, who: p.set_state(room, "m.room.member", {"membership": "knock"}, who),
    "an_invitation_by_email": lambda p, room, who: p.post(
        f"rooms/{quote(room)}/invite",
        {"medium": "email", "address": "x@example.org", "id_server": "x", "id_access_token": "x"},
    ),
    "a_ticket_for_an_email_address": lambda p, room, who: p.set_state(
        room, "m.room.third_party_invite", {"display_name": WORDS, "public_key": "x"}, "x"
    ),
}


@pytest.mark.parametrize("way", WAYS_TO_BRING.values(), ids=WAYS_TO_BRING)
def test_a_stranger_is_not_brought_in_by(cast, nothing_left, way):
    rooms = cast.rooms
    with nothing_left(cast.stranger):
        for room, strongest, other in rooms.values():
            assert_no(way(strongest, room, cast.stranger.user_id))
            assert_no(way(other, room, cast.stranger.user_id))


def test_the_bot_is_no_third_in_a_direct_room(demo, cast, nothing_left):
    direct = cast.direct
    with nothing_left(cast.guardian, cast.teacher):
        for person in (cast.guardian, cast.teacher):
            assert person.invite(direct, demo.info["bot"]).status == 403


def test_nobody_comes_into_somebodys_control_room(cast, nothing_left):
    control = cast.pupil.control_room
    with nothing_left(cast.pupil, cast.classmate, cast.teacher):
        for other in (cast.classmate, cast.teacher):
            assert_spoken(cast.pupil.invite(control, other.user_id))


def test_a_guardian_of_two_classes_is_no_bridge_between_them(demo, people, nothing_left):
    def classes(account):
        return [group for group in account["groups"] if group.startswith("Sorgeberechtigte")]

    account = next(a for a in demo.info["accounts"] if a["role"] == "guardian" and len(classes(a)) == 2)
    between, (one_class, other_class) = people.by_id(account["person"]), classes(account)
    one = people.guardian(one_class, not_of=other_class)
    other = people.guardian(other_class, not_of=one_class, stranger_to=one)
    with nothing_left(between, one, other):
        assert_spoken(between.try_create_room(name="Brücke", invite=[one.user_id, other.user_id]))
    room = chat(between, one)
    with nothing_left(between, one, other):
        assert_spoken(between.invite(room, other.user_id))
    empty = between.create_room(name="Noch leer")
    answers = at_once(*(lambda who=who: between.invite(empty, who) for who in (one.user_id, other.user_id)))
    assert sorted(answer.status for answer in answers) == [200, 403], "one at once with the other is one too many"


def test_a_moderator_of_a_guardians_chat_brings_in_no_more_than_its_maker(people, cast, nothing_left):
    room = chat(cast.guardian, cast.neighbour, cast.teacher)
    levels = cast.guardian.state(room, "m.room.power_levels").ok()
    moderators = {cast.neighbour.user_id: 50, cast.teacher.user_id: 50}
    cast.guardian.set_state(room, "m.room.power_levels", levels | {"users": moderators}).ok()
    with nothing_left(cast.guardian, cast.outsider, cast.stranger):
        for moderator in (cast.neighbour, cast.teacher):
            assert_spoken(moderator.invite(room, cast.outsider.user_id))
            assert_spoken(moderator.invite(room, cast.stranger.user_id))


def test_a_moderator_of_a_teachers_chat_brings_in_nobody_whom_not_all_may_write_to(cast, nothing_left):
    room = chat(cast.teacher, cast.guardian, cast.pupil)
    levels = cast.teacher.state(room, "m.room.power_levels").ok()
    moderators = {cast.guardian.user_id: 50, cast.pupil.user_id: 50}
    cast.teacher.set_state(room, "m.room.power_levels", levels | {"users": moderators}).ok()
    with nothing_left(cast.guardian, cast.neighbour, cast.classmate):
        assert_spoken(cast.guardian.invite(room, cast.neighbour.user_id))
        assert_spoken(cast.pupil.invite(room, cast.classmate.user_id))


def test_a_teacher_brings_nobody_into_another_class(people, cast, nothing_left):
    with nothing_left(cast.stranger, cast.outsider, cast.guardian):
        for place in (cast.room, cast.space):
            for other in (cast.stranger, cast.outsider, cast.guardian):
                assert cast.teacher.invite(place, other.user_id).status == 403


def test_who_left_a_chat_comes_back_by_invitation_only(cast, nothing_left):
    room = chat(cast.guardian, cast.neighbour, cast.teacher)
    for person in (cast.neighbour, cast.guardian):
        person.leave(room).ok()
    with nothing_left(cast.guardian, cast.neighbour, cast.teacher):
        assert_no(cast.neighbour.join(room))
        assert_no(cast.guardian.join(room))  # made it, and left it
        assert_no(cast.guardian.set_state(room, "m.room.member", {"membership": "join"}, cast.guardian.user_id))
        assert_no(cast.guardian.post(f"knock/{room}"))


def test_who_was_banned_from_a_chat_stays_out(cast, nothing_left):
    room = chat(cast.guardian, cast.neighbour, cast.teacher)
    cast.guardian.post(f"rooms/{room}/ban", {"user_id": cast.neighbour.user_id}).ok()
    with nothing_left(cast.guardian, cast.neighbour, cast.teacher):
        assert_no(cast.neighbour.join(room))
        assert_no(cast.neighbour.leave(room))
        assert_no(cast.neighbour.post(f"rooms/{room}/unban", {"user_id": cast.neighbour.user_id}))
        assert_no(cast.teacher.invite(room, cast.neighbour.user_id))


def test_who_declined_does_not_come_in_later(cast, nothing_left):
    room = cast.teacher.create_room(name="Runde", invite=[cast.pupil.user_id])
    cast.pupil.leave(room).ok()
    with nothing_left(cast.pupil, cast.teacher):
        assert_no(cast.pupil.join(room))


@pytest.mark.parametrize("act", ["kick", "ban", "unban"])
def test_nobody_appears_in_a_chat_by_being_removed_from_it(people, cast, nothing_left, act):
    room, stranger = cast.guardian.create_room(name="Ruf mich an"), people.pupil(stranger_to=cast.pupil)
    with nothing_left(stranger):
        answer = cast.guardian.post(f"rooms/{room}/{act}", {"user_id": stranger.user_id})
        assert "Ruf mich an" not in json.dumps(stranger.sync(full_state=True))
        assert_no(answer)


def test_a_direct_room_is_not_handed_on_to_somebody_else(people, cast, nothing_left):
    guardian, first, second = people.guardian(), cast.teacher, cast.visitor
    room = direct_room(guardian, first)
    wait_until(lambda: room in guardian.direct_rooms().get(first.user_id, []), 5)
    first.leave(room).ok()
    with nothing_left(guardian, second):
        assert_spoken(guardian.invite(room, second.user_id))


@pytest.fixture(scope="module")
def nobody(demo, admin):
    user_id, password = "@handgemacht:schule.localhost", "handgemacht-und-lang"
    made = admin.put(f"/_synapse/admin/v2/users/{quote(user_id)}", {"password": password, "displayname": "Hand"})
    assert made.status in (200, 201), made
    nobody = Client(demo.homeserver)
    nobody.login(user_id, password)
    return nobody


class TestSomebodyWithoutAPlaceInTheRegister:
    """An administrator makes an account by hand: it belongs to nobody, and can do nothing."""

    def test_it_makes_no_room(self, cast, nobody, nothing_left, demo):
        with nothing_left(cast.pupil, cast.teacher):
            for invite in ([], [cast.pupil.user_id], [cast.teacher.user_id], [demo.info["bot"]]):
                assert_spoken(nobody.try_create_room(invite=invite))
                assert_spoken(nobody.try_create_room(invite=invite, is_direct=True))

    def test_nobody_invites_it(self, cast, nobody, nothing_left):
        chat_room = cast.chat
        with nothing_left(cast.teacher, cast.pupil, cast.guardian):
            for person in (cast.teacher, cast.pupil, cast.guardian):
                assert_spoken(person.try_create_room(is_direct=True, invite=[nobody.user_id]))
            assert_spoken(cast.guardian.invite(chat_room, nobody.user_id))
            assert_spoken(cast.teacher.invite(cast.room, nobody.user_id))

    def test_it_comes_into_no_room(self, cast, nobody, nothing_left):
        chat_room = cast.chat
        with nothing_left(cast.pupil):
            for room in (cast.room, cast.space, chat_room):
                for act in ("join", "knock"):
                    assert_no(nobody.post(f"{act}/{quote(room)}"))

    def test_an_administrator_cannot_put_it_into_a_room_either(self, cast, nobody, admin):
        admin.post(f"/_synapse/admin/v1/join/{quote(cast.space)}", {"user_id": nobody.user_id})
        assert nobody.joined_rooms() == set()
        assert nobody.invitations() == set()

    def test_it_finds_nobody_and_nobody_finds_it(self, cast, nobody):
        for term in (cast.teacher.name, cast.pupil.name, "schule"):
            assert nobody.post("user_directory/search", {"search_term": term, "limit": 50}).ok()["results"] == []
        for person in (cast.teacher, cast.pupil):
            found = person.post("user_directory/search", {"search_term": "handgemacht", "limit": 50}).ok()["results"]
            assert found == []

    def test_it_sees_no_profile(self, cast, nobody):
        for person in (cast.teacher, cast.pupil, cast.guardian):
            assert_no(nobody.get(f"profile/{quote(person.user_id)}"))
