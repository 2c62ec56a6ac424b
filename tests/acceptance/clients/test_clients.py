"""The school as clients see it that are not ours: the same stories with matrix-nio and with matrix-js-sdk."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from acceptance.client import wait_until
from acceptance.clients.library import LibraryClient, Message, RefusedError
from acceptance.clients.with_js_sdk import JsClient, JsSdk
from acceptance.clients.with_nio import Nio, NioClient
from acceptance.people import PROMISED_JOIN, SLACK, Person
from acceptance.test_register import NOT_DELIVERED, change
from school.texts.de import SENTENCES

WAYS = [
    (library.name, way) for library, client in ((Nio, NioClient), (JsSdk, JsClient)) for way in client.direct_requests
]
every_way = pytest.mark.parametrize(("library", "way"), WAYS, indirect=["library"], ids=[" ".join(w) for w in WAYS])

SOON = PROMISED_JOIN + SLACK
RELEASE = 15


@pytest.fixture(scope="module")
def pupil(people) -> Person:
    return people.pupil("Klasse 9.2")


@pytest.fixture(scope="module")
def classmate(people) -> Person:
    return people.pupil("Klasse 9.2")


@pytest.fixture(scope="module")
def stranger(people) -> Person:
    """A pupil of another class and another year."""
    return people.pupil("Klasse 10.1")


@pytest.fixture(scope="module")
def guardian(people) -> Person:
    return people.guardian("Sorgeberechtigte 9.2")


@pytest.fixture(scope="module")
def other_guardian(people) -> Person:
    return people.guardian("Sorgeberechtigte 9.2")


@pytest.fixture(scope="module")
def foreign_guardian(people, guardian) -> Person:
    return people.guardian("Sorgeberechtigte 10.3", stranger_to=guardian)


@pytest.fixture(scope="module")
def teacher(people) -> Person:
    return people.teacher(not_of="Klasse 9.2")


@pytest.fixture
def room(demo) -> str:
    return demo.info["rooms"]["Klasse 9.2"]


@pytest.fixture
def space(demo) -> str:
    return demo.info["spaces"]["Klasse 9.2"]


@contextmanager
def refused(reason: str) -> Iterator[None]:
    """Refused with 403, a reason for programs, and its German sentence for people, with or without the way out."""
    with pytest.raises(RefusedError) as caught:
        yield
    answer = caught.value.answer
    assert answer.status == 403, answer
    assert answer.body["errcode"] == "M_FORBIDDEN"
    assert answer.body.get("org.schulbote.reason") == reason, answer
    name = f"refused.{reason}"
    sentences = [sentence for key, sentence in SENTENCES.items() if key == name or key.startswith(f"{name}.")]
    assert any(re.fullmatch(re.escape(s).replace(r"\{group\}", ".+"), answer.body["error"]) for s in sentences), answer


def both_are_in(one: LibraryClient, other: LibraryClient, room: str) -> bool:
    both = {one.user_id, other.user_id}
    return all(room in rooms and set(rooms[room].members) == both for rooms in (one.rooms(), other.rooms()))


def shown(client: LibraryClient, room: str, event_id: str, beginning: str) -> Message:
    """The one message with this id, as soon as its words begin so."""

    def look() -> Message | None:
        found = [message for message in client.messages(room) if message.id == event_id]
        return found[0] if len(found) == 1 and found[0].words.startswith(beginning) else None

    return wait_until(look, SOON)


@pytest.mark.parametrize("role", ["pupil", "teacher", "guardian"])
def test_who_logs_in_finds_the_rooms_and_spaces_of_their_groups_and_no_others(library, demo, request, role):
    person = request.getfixturevalue(role)
    rooms = library.client_of(person).rooms()
    for kind in ("rooms", "spaces"):
        of_groups = demo.info[kind]
        found = [rooms[room] for room in of_groups.values() if room in rooms]
        assert {room.id: room.name for room in found} == {of_groups[group]: group for group in person.groups}
        assert {room.is_space for room in found} == {kind == "spaces"}
        assert not any(room.is_encrypted for room in found)


class TestDirectRooms:
    @every_way
    def test_a_pupil_and_a_teacher_talk(self, library, way, pupil, teacher):
        asking, answering = library.client_of(pupil), library.client_of(teacher)
        before = {client: client.direct_rooms() for client in (asking, answering)}
        room = asking.open_direct(teacher.user_id, way)
        wait_until(lambda: both_are_in(asking, answering, room), SOON)
        question, answer = asking.send(room, "Darf ich etwas fragen?"), answering.send(room, "Gern!")
        for client, other in ((asking, teacher), (answering, pupil)):
            shown(client, room, question, "Darf ich etwas fragen?")
            shown(client, room, answer, "Gern!")
            assert [message.sender for message in client.messages(room)] == [pupil.user_id, teacher.user_id]
            assert not client.rooms()[room].is_encrypted
            as_it_was = before[client].get(other.user_id, [])
            wait_until(lambda c=client, o=other, b=as_it_was: c.direct_rooms().get(o.user_id) == [*b, room], SOON)
        create = answering.state(room, "m.room.create")
        assert create["org.schulbote.room"] == {"kind": "direct"}
        assert "additional_creators" not in create

    @every_way
    def test_pupils_without_a_common_group_do_not_reach_each_other(self, library, way, pupil, stranger, nothing_left):
        client = library.client_of(pupil)
        with nothing_left(pupil, stranger), refused("no_common_group"):
            client.open_direct(stranger.user_id, way)

    def test_a_direct_room_stays_for_two_and_plain(self, library, guardian, teacher, other_guardian, nothing_left):
        client = library.client_of(guardian)
        room = guardian.talk_to(teacher)
        with nothing_left(guardian, teacher, other_guardian):
            with refused("direct_room_is_for_two"):
                client.invite(room, other_guardian.user_id)
            with refused("direct_room_is_for_two"):
                client.kick(room, teacher.user_id)
            with refused("not_encrypted"):
                client.set_state(room, "m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"})
        shown(client, room, client.send(room, "Guten Tag"), "Guten Tag")


class TestChats:
    def test_a_pupils_group_chat_is_refused_and_leaves_nothing(
        self, library, pupil, classmate, teacher, stranger, nothing_left
    ):
        client = library.client_of(pupil)
        with nothing_left(pupil, classmate, teacher, stranger):
            for invited in ([], [classmate, teacher], [classmate, stranger]):
                with refused("no_rooms"):
                    client.create_chat("Unter uns", [person.user_id for person in invited])

    def test_a_guardian_brings_together_guardians_of_the_class_and_no_stranger(
        self, library, guardian, other_guardian, foreign_guardian, nothing_left
    ):
        mine, theirs, outside = (library.client_of(person) for person in (guardian, other_guardian, foreign_guardian))
        room = mine.create_chat("Klassenfest", [other_guardian.user_id])
        wait_until(lambda: room in theirs.invitations(), SOON)
        theirs.join(room)
        wait_until(lambda: both_are_in(mine, theirs, room), SOON)
        question, answer = mine.send(room, "Wer bringt Kuchen?"), theirs.send(room, "Ich")
        for client in (mine, theirs):
            shown(client, room, question, "Wer bringt Kuchen?")
            shown(client, room, answer, "Ich")
            assert client.rooms()[room].name == "Klassenfest"

        with nothing_left(guardian, other_guardian, foreign_guardian):
            with refused("no_common_group"):
                mine.create_chat("Klassenfest", [other_guardian.user_id, foreign_guardian.user_id])
            with refused("no_common_group"):
                mine.invite(room, foreign_guardian.user_id)
            with refused("not_invited"):
                outside.join(room)
        mine.kick(room, other_guardian.user_id)
        wait_until(lambda: room not in theirs.rooms(), SOON)


class TestClassRooms:
    def test_who_is_in_the_class_stays_and_changes_nothing(self, library, pupil, classmate, nothing_left, room, space):
        client, reader = library.client_of(pupil), library.client_of(classmate)
        with nothing_left(pupil, classmate):
            for place in (room, space):
                with refused("group_is_kept"):
                    client.leave(place)
                with refused("group_is_kept"):
                    client.kick(place, classmate.user_id)
                with refused("rules_are_fixed"):
                    client.set_state(place, "m.room.name", {"name": "Unsere Klasse"})
        assert client.state(room, "m.room.name") == {"name": "Klasse 9.2"}
        shown(reader, room, client.send(room, "Wer hat die Hausaufgaben?"), "Wer hat")

    def test_a_teacher_visits_a_class(self, library, pupil, teacher, room, space):
        visitor, reader = library.client_of(teacher), library.client_of(pupil)
        for place in (space, room):
            visitor.join(place)
        wait_until(lambda: {space, room} <= visitor.rooms().keys(), SOON)
        shown(reader, room, visitor.send(room, "Ich vertrete morgen Frau Lange."), "Ich vertrete")
        for place in (room, space):
            visitor.leave(place)
        wait_until(lambda: visitor.rooms().keys().isdisjoint({room, space}), SOON)

    def test_a_pupil_of_another_class_does_not_come_in(self, library, stranger, nothing_left, room, space):
        client = library.client_of(stranger)
        with nothing_left(stranger):
            with refused("not_in_group"):
                client.join(space)
            with pytest.raises(RefusedError) as caught:
                client.join(room)
            assert caught.value.answer.status == 403


def test_one_finds_whom_one_may_write_to_and_nobody_else(library, pupil, classmate, teacher, stranger):
    of_pupil, of_teacher = library.client_of(pupil), library.client_of(teacher)
    for known in (classmate, teacher):
        assert known.user_id in of_pupil.search_people(known.name)
    assert stranger.user_id not in of_pupil.search_people(stranger.name)
    assert stranger.user_id in of_teacher.search_people(stranger.name)


@pytest.fixture(scope="class")
def parted(demo, people) -> Iterator[dict[str, tuple[Person, Person, str]]]:
    """For each library two pupils who had a direct room, and then no longer a class or a year in common."""
    pairs = [(people.pupil("Klasse 8.3"), people.pupil("Klasse 8.3")) for _ in range(2)]
    rooms = [stays.talk_to(moves) for stays, moves in pairs]
    movers = {moves.account["person"] for _, moves in pairs}

    def move(rows):
        for row in rows:
            if row["Import-ID"] in movers:
                row["Gruppen"], row["Klasse/Information"] = "Klasse 10.1;Jahrgang 10", "10.1"
        return rows

    for (stays, _), room in zip(pairs, rooms, strict=True):
        stays.send(room, "Kommst du mit?")
    with demo.changed_register() as folder:
        change(folder / "schueler.csv", move)
        sync = demo.sync()
        assert sync.returncode == 0, sync.stderr
        for stays, moves in pairs:
            search = {"search_term": moves.name}
            wait_until(lambda s=stays, by=search: s.post("user_directory/search", by).ok()["results"] == [], SOON)
        stories = [(*pair, room) for pair, room in zip(pairs, rooms, strict=True)]
        yield dict(zip((Nio.name, JsSdk.name), stories, strict=True))


class TestOldRooms:
    def test_what_may_not_go_through_becomes_a_notice_and_holds_nothing_back(self, library, demo, parted):
        stays, moved, room = parted[library.name]
        client, reader = library.client_of(stays), library.client_of(moved)
        undelivered = [client.send(room, words) for words in ("Streng geheim", "Ganz geheim")]
        for one in (client, reader):
            for event_id in undelivered:
                notice = shown(one, room, event_id, NOT_DELIVERED)
                assert notice.first_words == notice.words
            first, *notices = one.messages(room)
            assert first.words == "Kommst du mit?"
            assert [notice.id for notice in notices] == undelivered
        elsewhere = demo.info["rooms"]["Klasse 8.3"]
        shown(client, elsewhere, client.send(elsewhere, "Ist jemand da?"), "Ist jemand da?")


def test_a_held_message_is_a_notice_then_a_receipt_and_comes_in_the_end(library, people, guardian):
    teacher = people.teacher()
    room = guardian.talk_to(teacher)
    sender, reader = library.client_of(guardian), library.client_of(teacher)
    with teacher.resting():
        held = sender.send(room, "Morgen komme ich später")
        for client in (sender, reader):
            place = shown(client, room, held, "🌙 Geschrieben ")
            assert place.words.endswith("✓")
            assert place.first_words.startswith(f"🌙 {teacher.name} hat bis ")
            assert [message.id for message in client.messages(room)] == [held]
    wait_until(lambda: reader.texts(room).count("Morgen komme ich später") == 1, RELEASE)
