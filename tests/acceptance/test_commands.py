"""What people ask the bot for, in a real school: each command by somebody who may and somebody who may not."""

import json

import pytest

from acceptance.client import Json, times, wait_until
from acceptance.people import PROMISED_JOIN, SLACK, People, Person, says_why
from acceptance.running import REGISTERS, Demo

CLASS = "Klasse 9.2"


def teacher_of(people: People, demo: Demo, group: str) -> Person:
    account = next(a for a in demo.info["accounts"] if a["role"] == "teacher" and group in a["groups"])
    return people.by_id(account["person"])


@pytest.fixture(scope="module")
def visitor(people) -> Person:
    """A teacher who is not of the class."""
    return people.teacher(not_of=CLASS)


@pytest.fixture(scope="module")
def pupil(people) -> Person:
    return people.pupil(CLASS)


@pytest.fixture(scope="module")
def stranger(people) -> Person:
    return people.pupil(not_of=CLASS)


def test_a_teacher_enters_any_group_and_leaves_again(demo, visitor, pupil):
    rooms = {demo.info["rooms"][CLASS], demo.info["spaces"][CLASS]}
    visitor.leave(demo.info["rooms"][CLASS])
    assert CLASS in visitor.ask("!betreten 9.2")
    assert rooms <= visitor.joined_rooms()
    words = "Guten Morgen, ich vertrete heute."
    visitor.send(demo.info["rooms"][CLASS], words)
    assert words in pupil.texts(demo.info["rooms"][CLASS])
    assert "schon in" in visitor.ask(f"!betreten {CLASS}")
    assert "verlassen" in visitor.ask("!verlassen klasse 9.2")
    assert rooms.isdisjoint(visitor.joined_rooms())


def test_a_pupil_enters_no_group_of_others(demo, stranger, pupil):
    assert says_why(stranger.ask(f"!betreten {CLASS}"), "not_in_group")
    assert demo.info["rooms"][CLASS] not in stranger.joined_rooms() | stranger.invitations()
    assert says_why(pupil.ask(f"!verlassen {CLASS}"), "group_is_kept")


def test_who_is_in_a_group_is_told_to_who_may_know(demo, visitor, pupil, stranger):
    of_class = [account for account in demo.info["accounts"] if CLASS in account["groups"]]
    told, told_to_pupil = visitor.ask("!wer 9.2"), pupil.ask(f"!wer {CLASS}")
    for account in of_class:
        assert account["name"] in told
        assert account["name"] in told_to_pupil
    assert "angemeldet" not in told_to_pupil
    assert pupil.name not in told.partition("Noch nie angemeldet")[2]
    assert "finde ich nicht" in stranger.ask(f"!wer {CLASS}")


def test_a_teacher_is_told_who_was_never_here(people, visitor):
    newcomer = people.newcomer()
    assert newcomer["name"] in visitor.ask(f"!wer {newcomer['groups'][0]}").partition("Noch nie angemeldet")[2]


def test_a_contact_is_found_by_a_name_with_a_slip_and_can_be_written_to(people, pupil):
    teacher = people.teacher()
    given, family = teacher.name.rsplit(" ", 1)
    found = pupil.ask_for(f"!kontakte {given} {family[:-1]}")
    assert teacher.user_id in found["body"]
    assert f'<a href="https://matrix.to/#/{teacher.user_id}">' in found["formatted_body"]
    pupil.talk_to(teacher)


def test_whom_one_may_not_write_to_is_not_found(pupil, stranger):
    assert stranger.user_id not in pupil.ask(f"!kontakte {stranger.name}")
    assert "Lehrkräfte deiner Gruppen:" in pupil.ask("!kontakte")


# --- One text to several groups ---------------------------------------------------------------------------------

PARENTS = "Sorgeberechtigte 9.2"
TEXT = "Morgen fällt die sechste Stunde aus.\nAlle gehen nach der fünften heim: bitte Jacken mitnehmen."


def test_a_teacher_writes_to_several_groups_at_once(demo, people, visitor, pupil):
    guardian = people.guardian(PARENTS)
    answer = visitor.ask(f"!an Klasse 9.2, Eltern 9.2: {TEXT}")
    assert f"Gesendet an {CLASS}, {PARENTS}." in answer
    assert f"Dafür bist du jetzt in {CLASS}, {PARENTS}." in answer
    for reader, group in ((pupil, CLASS), (guardian, PARENTS)):
        [event] = [e for e in reader.events(demo.info["rooms"][group]) if e["content"].get("body") == TEXT]
        assert event["sender"] == visitor.user_id
        assert event["content"]["msgtype"] == "m.text"
    assert reader.unread(demo.info["rooms"][PARENTS]) > 0
    for group in (CLASS, PARENTS):
        visitor.ask(f"!verlassen {group}")


def test_nothing_is_sent_before_every_group_is_clear_and_pupils_send_nothing(demo, visitor, pupil, stranger):
    before = pupil.texts(demo.info["rooms"][CLASS])
    assert "Gesendet ist noch nichts" in visitor.ask("!an Klasse 9.2, Klasse 17: Hallo")
    for somebody in (pupil, stranger):
        assert "schreiben hier die Lehrkräfte" in somebody.ask("!an Klasse 9.2: Hallo")
    assert pupil.texts(demo.info["rooms"][CLASS]) == before


def test_rest_time_and_edits_are_as_ever(demo, people, visitor, pupil):
    teacher, room = teacher_of(people, demo, CLASS), demo.info["rooms"][CLASS]
    teacher.send(room, "Guten Morgen")
    with teacher.resting():
        before = teacher.unread(room)
        asked = visitor.send(visitor.control_room, "!an 9.2: Ruhe bitte")
        wait_until(lambda: times("Ruhe bitte", pupil.texts(room)), 15)
        assert teacher.unread(room) == before, "for who rests it is silent"
    edit = {"msgtype": "m.text", "body": "!an 9.2: Noch einmal"}
    more = {"m.new_content": edit, "m.relates_to": {"rel_type": "m.replace", "event_id": asked}}
    visitor.try_send(visitor.control_room, edit | more).ok()
    assert "verlassen" in visitor.ask(f"!verlassen {CLASS}")
    assert times("Noch einmal", pupil.texts(room)) == 0


# --- Only teachers write ----------------------------------------------------------------------------------------


def says_in(person: Person, room: str, command: str) -> str:
    """Somebody writes a command into a room; what takes its place there."""
    said = person.send(room, command)
    return wait_until(lambda: person.receipt_of(room, said), 15)


def reaction_to(event_id: str) -> Json:
    return {"m.relates_to": {"rel_type": "m.annotation", "event_id": event_id, "key": "👍"}}


def may_write(person: Person, room: str) -> bool:
    return person.try_send(room, {"msgtype": "m.text", "body": "Darf ich?"}).status == 200


def test_only_teachers_write_in_a_class_until_one_of_them_says_otherwise(demo, people, visitor, pupil):
    teacher, room = teacher_of(people, demo, CLASS), demo.info["rooms"][CLASS]
    assert "Das sagen die Lehrkräfte" in says_in(pupil, room, "!nur-lehrkraefte an")
    assert says_in(teacher, room, "!nur-lehrkräfte an").startswith("🔇 Ab jetzt")
    try:
        assert not may_write(pupil, room)
        asked = teacher.send(room, "Alle gut angekommen?")
        assert pupil.try_send(room, reaction_to(asked), "m.reaction").status == 200
        assert "Du bist jetzt in" in visitor.ask(f"!betreten {CLASS}")
        wait_until(lambda: may_write(visitor, room), PROMISED_JOIN + SLACK)
        assert "finde ich nicht" in visitor.ask(f"!nur-lehrkraefte aus {CLASS}")
        demo.sync().check_returncode()
        assert not may_write(pupil, room)
        assert may_write(visitor, room)
    finally:
        assert "wieder alle" in teacher.ask(f"!nur-lehrkraefte aus {CLASS}")
        visitor.ask(f"!verlassen {CLASS}")
    assert may_write(pupil, room)


def test_a_teacher_hushes_a_room_of_their_own(people, pupil):
    maker, colleague = people.teacher(), people.teacher()
    room = maker.create_room(name="Projekt Bienen", invite=[colleague.user_id, pupil.user_id])
    for guest in (colleague, pupil):
        guest.join(room).ok()
    assert "Das sagen" in says_in(colleague, room, "!nur-lehrkraefte an")
    assert says_in(maker, room, "!teachers-only on").startswith("🔇 From now on")
    assert [may_write(who, room) for who in (maker, colleague, pupil)] == [True, True, False]
    assert says_in(maker, room, "!teachers-only off").startswith("🔊 From now on")
    assert may_write(pupil, room)


# --- The leadership ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def head(people) -> Person:
    """Somebody of the leadership."""
    school = json.loads((REGISTERS / "oberschule" / "expected.json").read_text())
    return people.by_id(next(person["id"] for person in school["persons"] if person["leadership"]))


def test_the_leadership_sees_what_somebody_may_do_and_why(demo, people, head, pupil, stranger):
    teacher = teacher_of(people, demo, CLASS)
    told = head.ask(f"!rechte {pupil.user_id}")
    assert "✅ Lehrkräften direkt schreiben – so vorgesehen für diese Rolle" in told
    assert "⛔ Räume anlegen – nichts erlaubt es" in told
    assert "darf" in head.ask(f"!rechte {pupil.user_id} an {teacher.user_id}")
    assert "nicht direkt schreiben" in head.ask(f"!rechte {pupil.user_id} an {stranger.user_id}")
    for somebody in (teacher, pupil):
        assert "sieht die Schulleitung" in somebody.ask(f"!rechte {stranger.user_id}")


def test_the_leadership_locks_an_account_until_it_opens_it_again(demo, people, head, admin):
    teacher, somebody = teacher_of(people, demo, CLASS), people.guardian()
    name, password = somebody.user_id, somebody.account["password"]
    assert "sperrt die Schulleitung" in teacher.ask(f"!sperren {name} bestätigen")
    assert "!sperren" in head.ask(f"!sperren {name}")
    assert somebody.get("joined_rooms").status == 200
    assert "ist gesperrt" in head.ask(f"!sperren {name} bestätigen")
    try:
        assert somebody.get("joined_rooms").status == 401
        assert somebody.try_login(name, password).status != 200
        demo.sync().check_returncode()
        assert somebody.try_login(name, password).status != 200
        admin.lock(name, locked=False)  # only the leadership opens what it has locked
        assert name not in demo.sync().stderr
        assert somebody.try_login(name, password).status != 200
    finally:
        assert "wieder offen" in head.ask(f"!entsperren {name}")
    somebody.enter()
    assert somebody.joined_rooms()


def test_nobody_locks_themselves(head):
    assert "Dein eigenes Konto" in head.ask(f"!sperren {head.user_id}")


def test_a_mistyped_command_is_answered_with_the_nearest(visitor, pupil):
    assert "Meinst du !betreten?" in visitor.ask("!betretten 9.2")
    assert "!betreten" not in pupil.ask("!betretten 9.2")
    assert "!betreten" in visitor.ask("!hilfe")
    assert "!betreten" not in pupil.ask("!hilfe")
