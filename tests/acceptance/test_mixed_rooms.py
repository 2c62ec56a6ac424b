"""Rooms in which some rest and others have no rest time: what waits there, and who says so."""

from collections.abc import Iterator

import pytest

from acceptance.client import times, wait_until
from acceptance.people import PROMISED_JOIN, SLACK, Person, assert_refused
from acceptance.waiting import RELEASE, delivered, hold, words_of_their_own

CLASS = "Klasse 10.2"


@pytest.fixture
def teacher(people) -> Person:
    return people.teacher()


@pytest.fixture
def parents(people) -> tuple[Person, Person]:
    one = people.guardian()
    return one, people.guardian(one.groups[0])


@pytest.fixture
def room(parents, teacher) -> str:
    """A room of both parents with a teacher."""
    one, other = parents
    room = one.create_room(invite=[other.user_id, teacher.user_id])
    for guest in (other, teacher):
        guest.join(room).ok()
    return room


def says_in(teacher: Person, room: str, command: str) -> str:
    """A teacher writes a command into a room; what takes its place there."""
    said = teacher.send(room, command)
    return wait_until(lambda: teacher.receipt_of(room, said), 15)


def test_adding_the_other_parent_avoids_no_rest(parents, teacher, room):
    one, other = parents
    words, answer = words_of_their_own(), words_of_their_own()
    with teacher.resting():
        held = hold(one, room, words)
        assert one.event(room, held)["content"]["body"].startswith(f"🌙 {teacher.name} hat bis ")
        teacher.send(room, answer)
        assert times(answer, other.texts(room)) == 1, "what a resting teacher writes goes out at once"
        assert times(words, other.texts(room)) == times(words, teacher.texts(room)) == 0
    wait_until(lambda: delivered(teacher, room, words), RELEASE)
    assert times(words, other.texts(room)) == 1


def test_a_colleague_writes_to_the_parents_at_once(people, parents, teacher, room):
    one, other = parents
    colleague, words = people.teacher(), words_of_their_own()
    one.invite(room, colleague.user_id).ok()
    colleague.join(room).ok()
    with teacher.resting(), colleague.resting():
        colleague.send(room, words)
        assert times(words, other.texts(room)) == 1


def test_a_teacher_says_that_a_room_is_silent(parents, teacher, room):
    one, other = parents
    assert says_in(teacher, room, "!ruhe-raum stumm").startswith("🌙 Ab jetzt kommen Nachrichten in diesem Raum sofort")
    words = words_of_their_own()
    with teacher.resting():
        one.send(room, words)
        assert times(words, other.texts(room)) == times(words, teacher.texts(room)) == 1


def test_nobody_else_says_it(parents, teacher, room):
    one, _ = parents
    assert "sagen die Lehrkräfte" in says_in(one, room, "!ruhe-raum stumm")
    with teacher.resting():
        hold(one, room, words_of_their_own())


def test_a_class_waits_for_its_teachers_if_one_of_them_says_so(people, demo):
    room = demo.info["rooms"][CLASS]
    pupil, classmate = people.pupil(CLASS), people.pupil(CLASS)
    teachers = [people.by_id(a["person"]) for a in _teachers_of(demo)]
    first, words = teachers[0], words_of_their_own()
    assert says_in(first, room, "!ruhe-raum halten").startswith("🌙 Ab jetzt warten Nachrichten in diesem Raum")
    try:
        for teacher in teachers:
            teacher.rest("1h")
        hold(pupil, room, words)
        assert times(words, classmate.texts(room)) == 0
        first.end_rest()
        wait_until(lambda: delivered(classmate, room, words), RELEASE)
    finally:
        for teacher in teachers:
            teacher.ask("!ruhe aus")
        assert "sofort an" in first.ask(f"!ruhe-raum stumm {CLASS}")
    at_once = words_of_their_own()
    wait_until(lambda: "org.schulbote.held" not in pupil.event(room, pupil.send(room, "Hallo?"))["content"], RELEASE)
    pupil.send(room, at_once)
    assert times(at_once, classmate.texts(room)) == 1


def _teachers_of(demo) -> Iterator[dict[str, str]]:
    return (a for a in demo.info["accounts"] if a["role"] == "teacher" and CLASS in a["groups"])


def test_when_a_room_becomes_silent_what_waits_comes(parents, teacher, room):
    one, other = parents
    words = words_of_their_own()
    with teacher.resting():
        hold(one, room, words)
        says_in(teacher, room, "!ruhe-raum stumm")
        wait_until(lambda: delivered(other, room, words), RELEASE)


def test_the_notice_names_the_deputy(people, parents, teacher):
    one, _ = parents
    deputy = people.teacher()
    room = one.talk_to(teacher)
    assert deputy.name in teacher.ask(f"!abwesend heute Vertretung {deputy.user_id}")
    try:
        held = hold(one, room, words_of_their_own())
        assert one.event(room, held)["content"]["body"].endswith(f" Vertretung: {deputy.name}.")
    finally:
        teacher.ask("!abwesend aus")


def test_no_name_of_a_room_reaches_who_rests(parents, teacher):
    one, other = parents
    words = words_of_their_own()
    with teacher.resting():
        new = one.create_room(name=words, topic=words, invite=[teacher.user_id, other.user_id])
        older = one.create_room(name=words, invite=[other.user_id])
        other.join(older).ok()
        wait_until(lambda: new in teacher.invitations(), PROMISED_JOIN + SLACK)
        assert_refused(one.invite(older, teacher.user_id), "must_wait")
        assert_refused(one.set_state(new, "m.room.name", {"name": words}), "must_wait")
        assert words not in str(teacher.sync())
    one.set_state(new, "m.room.name", {"name": words}).ok()
    one.invite(older, teacher.user_id).ok()
    assert words in str(teacher.sync())
