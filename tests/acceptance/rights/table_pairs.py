"""The paths from one person to another."""

from typing import Any

from acceptance.client import wait_until
from acceptance.people import PROMISED_JOIN, SLACK, Person
from acceptance.rights.table_cast import Stage
from acceptance.rights.table_outcomes import Attempt, assert_reaches, outcome, outcome_in_place, tried

_AS_ELEMENT = {
    "preset": "trusted_private_chat",
    "visibility": "private",
    "is_direct": True,
    "initial_state": [
        {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}},
        {"type": "m.room.guest_access", "state_key": "", "content": {"guest_access": "can_join"}},
    ],
}


def _asks_for_a_room(stage: Stage, one: Person, other: Person, **request: Any) -> Attempt:
    yield ""
    answer = one.try_create_room(invite=[other.user_id], **request)
    yield outcome(answer)
    room = answer.body["room_id"]
    kind = one.state(room, "m.room.create").ok()["org.schulbote.room"]["kind"]
    if kind == "direct":  # the other one is brought in
        wait_until(lambda: room in other.joined_rooms(), PROMISED_JOIN + SLACK)
        stage.remember((one, other), answer)
    else:
        assert not request.get("is_direct")
        other.join(room).ok()
    assert one.members(room) == {one.user_id, other.user_id}
    assert one.state(room, "m.room.encryption").status == 404
    assert_reaches(one, other, room)


def opens_a_direct_room(stage: Stage, one: Person, other: Person) -> Attempt:
    return _asks_for_a_room(stage, one, other, is_direct=True)


def opens_it_as_element_asks(stage: Stage, one: Person, other: Person) -> Attempt:
    return _asks_for_a_room(stage, one, other, **_AS_ELEMENT)


def asks_for_a_room_for_two(stage: Stage, one: Person, other: Person) -> Attempt:
    return _asks_for_a_room(stage, one, other)


def makes_a_chat_with_them(stage: Stage, one: Person, other: Person) -> Attempt:
    return _asks_for_a_room(stage, one, other, preset="private_chat", name="Klassenfest")


def _invites(one: Person, other: Person, room: str) -> Attempt:
    yield ""
    yield outcome(one.invite(room, other.user_id))
    other.join(room).ok()
    assert_reaches(one, other, room)
    other.leave(room).ok()


def invites_them_into_an_own_chat(stage: Stage, one: Person, other: Person) -> Attempt:
    made = stage.chat_of(one)
    return _invites(one, other, made.body["room_id"]) if made.status == 200 else tried(lambda: made)


def invites_them_into_a_teachers_chat(stage: Stage, one: Person, other: Person) -> Attempt:
    return _invites(one, other, stage.teachers_chat(one))


def writes_in_a_teachers_chat(stage: Stage, one: Person, other: Person) -> Attempt:
    with stage.together(one, other) as room:
        yield ""
        words = f"Guten Tag, {other.name}!"
        yield outcome_in_place(one.try_send(room, {"msgtype": "m.text", "body": words}), room, words, other)


def finds_them(_: Stage, one: Person, other: Person) -> Attempt:
    yield ""
    found = one.post("user_directory/search", {"search_term": other.name, "limit": 50}).ok()["results"]
    yield "yes" if other.user_id in [person["user_id"] for person in found] else "hidden"
    assert other.name in [person["display_name"] for person in found]


def sees_their_name(stage: Stage, one: Person, other: Person) -> Attempt:
    stage.direct_room_of_two(one, other)
    yield ""
    answer = one.get(f"profile/{other.user_id}")
    yield outcome(answer)
    assert answer.body["displayname"] == other.name


PATHS = {
    "opens a direct room": opens_a_direct_room,
    "opens a direct room, as Element asks for it": opens_it_as_element_asks,
    "asks for a room for two, not called direct": asks_for_a_room_for_two,
    "makes a chat and invites them at once": makes_a_chat_with_them,
    "makes a chat and invites them later": invites_them_into_an_own_chat,
    "invites them as moderator of a teacher's chat": invites_them_into_a_teachers_chat,
    "writes where a teacher brought both together": writes_in_a_teachers_chat,
    "finds them in the search for people": finds_them,
    "sees their name, after asking for a room": sees_their_name,
}


def pairs(stage: Stage) -> dict[tuple[str, str], tuple[Person, Person]]:
    """Who acts and whom it is about, by the heads of block and column."""
    s = stage
    return {
        ("A TEACHER and", "a colleague"): (s.teacher, s.colleague),
        ("A TEACHER and", "any pupil"): (s.teacher, s.pupil),
        ("A TEACHER and", "any guardian"): (s.teacher, s.guardian),
        ("A PUPIL and", "any teacher"): (s.pupil, s.colleague),
        ("A PUPIL and", "a classmate"): (s.pupil, s.classmate),
        ("A PUPIL and", "one of the year"): (s.pupil, s.one_of_the_year),
        ("A PUPIL and", "another pupil"): (s.pupil, s.another_pupil),
        ("A PUPIL and", "the own guardian"): (s.pupil, s.own_guardian),
        ("A PUPIL and", "another guardian"): (s.pupil, s.another_guardian),
        ("A PUPIL and", "a guardian of the committee"): (s.pupil, s.guardian),
        ("A GUARDIAN and", "any teacher"): (s.guardian, s.colleague),
        ("A GUARDIAN and", "one of the class"): (s.guardian, s.one_of_the_class),
        ("A GUARDIAN and", "another guardian"): (s.guardian, s.another_guardian),
        ("A GUARDIAN and", "the own child"): (s.guardian, s.child),
        ("A GUARDIAN and", "another pupil"): (s.guardian, s.another_pupil),
        ("A GUARDIAN and", "a pupil of the committee"): (s.guardian, s.pupil),
    }
