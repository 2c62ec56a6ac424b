"""A school with rules of its own: a role, rights by role, group and person, files, encryption; and a directory that is
away for a while."""

import sqlite3
from contextlib import closing, contextmanager

import pytest

from acceptance.client import wait_until
from acceptance.people import Admin, Person, assert_refused, says_why
from acceptance.running import Demo, small_register

PERSON_WITH_A_RIGHT = "S00007"
RULES = f"""\
rights:
  added_roles: [staff]
  roles:
    staff: {{message_everyone: true, create_rooms: true}}
    guardian: {{create_rooms: false}}
  groups:
    Klasse 5b: {{create_rooms: true}}
  roles_in_groups:
    student:
      Klasse 5a: {{message_own_groups: false, message_teachers: true}}
  persons:
    {PERSON_WITH_A_RIGHT}: {{start_conferences: true}}
files:
  roles:
    student: {{max_megabytes: 1, types: ["image/*", "application/pdf"]}}
rooms:
  class: {{name: "{{group}}: Gespräch", announcements: "{{group}}: Neues"}}
  year: {{space: false}}
encryption:
  roles: [teacher]
module:
  directory_max_age_seconds: 2
"""
MEGOLM = {"algorithm": "m.megolm.v1.aes-sha2"}
CIPHERTEXT = MEGOLM | {"ciphertext": "AwgAEnAC", "session_id": "s", "sender_key": "k", "device_id": "D"}
ENCRYPTED = [{"type": "m.room.encryption", "state_key": "", "content": MEGOLM}]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own-rules")
    demo = Demo(folder / "home", small_register(folder / "register"))
    subject = "Fachkonferenz Englisch"
    demo.has_rules(f"{RULES}register:\n  roles: {{staff: [{subject}]}}\n")
    with demo.running():
        yield demo


@pytest.fixture(scope="module")
def admin(demo):
    admin = Admin(demo.homeserver)
    admin.login(**demo.info["admin"])
    return admin


@pytest.fixture(scope="module")
def everybody(demo):
    """By role and group, each with a session."""
    return [Person(demo, account).enter() for account in demo.info["accounts"]]


@pytest.fixture(scope="module")
def find(everybody):
    def find(role, of=None, *, not_of=None):
        return [
            person
            for person in everybody
            if person.account["role"] == role
            and (of is None or of in person.groups)
            and (not_of is None or not_of not in person.groups)
        ]

    return find


@pytest.fixture(scope="module")
def places(demo):
    """The rooms by the name of their group and their kind."""
    query = "SELECT g.name, r.kind, r.room_id FROM group_rooms r JOIN groups g ON g.id = r.group_id"
    with closing(sqlite3.connect(demo.info["database"].removeprefix("sqlite:///"))) as school:
        return {(group, kind): room for group, kind, room in school.execute(query)}


class TestRooms:
    """Announcements for the classes, no spaces for the years."""

    def test_teachers_announce_and_pupils_read_and_react(self, find, places):
        room = places["Klasse 5a", "announcements"]
        teacher, pupil = find("teacher", "Klasse 5a")[0], find("student", "Klasse 5a")[0]
        assert room in wait_until(lambda: {room} & pupil.joined_rooms(), 20)
        assert pupil.state(room, "m.room.name").ok()["name"] == "Klasse 5a: Neues"
        news = teacher.send(room, "Morgen ist Wandertag")
        assert pupil.texts(room)[-1] == "Morgen ist Wandertag"
        assert pupil.try_send(room, {"msgtype": "m.text", "body": "Juhu"}).status == 403
        relation = {"m.relates_to": {"rel_type": "m.annotation", "event_id": news, "key": "👍"}}
        assert pupil.try_send(room, relation, "m.reaction").status == 200
        assert pupil.try_redact(room, news).status == 403
        assert pupil.texts(room)[-1] == "Morgen ist Wandertag"

    def test_the_rooms_have_the_names_of_their_layout(self, find, places):
        pupil, *_ = find("student", "Klasse 5a")
        for kind, name in (("space", "Klasse 5a"), ("group", "Klasse 5a: Gespräch")):
            assert pupil.state(places["Klasse 5a", kind], "m.room.name").ok()["name"] == name

    def test_a_group_without_a_space_has_its_room_and_nobody_else_enters(self, find, places):
        year = next(group for group, kind in places if group.startswith("Jahrgang"))
        assert (year, "space") not in places
        room = places[year, "group"]
        pupil, guardian = find("student", year)[0], find("guardian")[0]
        assert room in wait_until(lambda: {room} & pupil.joined_rooms(), 20)
        assert_refused(guardian.join(room), "not_in_group")
        visitor = find("teacher", not_of=year)[0]
        visitor.join(room).ok()
        visitor.leave(room).ok()


class TestRolesGroupsPersons:
    def test_a_role_of_the_schools_own_has_the_rights_that_it_is_given(self, find):
        clerk, *_ = find("staff")
        pupils = [find("student", "Klasse 5a")[0], find("student", "Klasse 5b")[0]]
        chat = clerk.create_room(name="Ausflug", invite=[pupil.user_id for pupil in pupils])
        for pupil in pupils:
            pupil.join(chat).ok()
            pupil.send(chat, "Ich komme mit")
        clerk.leave(chat).ok()
        pupils[0].send(chat, "Noch jemand da?")
        assert "keine Lehrkraft mehr" in pupils[1].texts(chat)[-1]

    def test_what_no_line_gives_to_that_role_it_does_not_have(self, find):
        clerk, *_ = find("staff")
        pupil = find("student", not_of=clerk.groups[0])[0]
        room = clerk.talk_to(pupil)
        assert_refused(clerk.try_send(room, {}, "m.call.invite"), "no_conferences")
        assert_refused(pupil.try_create_room(is_direct=True, invite=[clerk.user_id]), "no_common_group")
        found = pupil.post("user_directory/search", {"search_term": clerk.name.split()[-1]}).ok()["results"]
        assert clerk.user_id not in {result["user_id"] for result in found}

    def test_pupils_of_one_class_may_not_write_to_each_other_and_those_of_another_may(self, find):
        one, other, *_ = find("student", "Klasse 5a")
        assert_refused(one.try_create_room(is_direct=True, invite=[other.user_id]), "no_common_group")
        one, other, *_ = find("student", "Klasse 5b")
        assert one.talk_to(other)

    def test_a_line_for_the_pupils_of_a_class_does_not_hit_its_teachers(self, find):
        pupil, teacher = find("student", "Klasse 5a")[0], find("teacher", "Klasse 5a")[0]
        room = pupil.talk_to(teacher)
        pupil.send(room, "Darf ich etwas fragen?")
        teacher.send(room, "Gern")
        assert teacher.texts(room) == ["Darf ich etwas fragen?", "Gern"]

    def test_a_group_may_have_a_right_that_its_role_has_not(self, find):
        one, other, *_ = find("student", "Klasse 5b")
        stranger = find("student", "Klasse 5a")[0]
        assert one.create_room(name="Schülerrat", invite=[other.user_id])
        assert_refused(
            one.try_create_room(name="Alle", invite=[other.user_id, stranger.user_id]), "would_bridge_groups"
        )
        assert_refused(stranger.try_create_room(name="Auch"), "no_rooms")

    def test_a_right_that_is_taken_from_a_role_is_gone(self, find):
        guardian, *_ = find("guardian", not_of="Klasse 5b")
        assert_refused(guardian.try_create_room(name="Eltern"), "no_rooms")

    def test_one_person_may_have_a_right_that_nobody_else_of_the_class_has(self, demo, find):
        chosen = next(p for p in find("student") if p.account["person"] == PERSON_WITH_A_RIGHT)
        (of_class,) = [group for group in chosen.groups if group.startswith("Klasse")]
        other = next(p for p in find("student", of_class) if p is not chosen)
        teacher = find("teacher")[0]
        room = chosen.talk_to(teacher)
        chosen.try_send(room, {"offer": {}}, "m.call.invite").ok()
        room = other.talk_to(teacher)
        assert_refused(other.try_send(room, {"offer": {}}, "m.call.invite"), "no_conferences")


class TestFiles:
    def test_a_file_may_be_as_large_as_the_role_may_send(self, find):
        pupil, teacher = find("student")[0], find("teacher")[0]
        assert pupil.get("/_matrix/client/v1/media/config").ok() == {"m.upload.size": 1024 * 1024}
        assert pupil.upload(b"x" * 1024 * 1024, "a.png")
        answer = pupil.post("/_matrix/media/v3/upload", b"x" * (1024 * 1024 + 1), filename="a.png")
        assert answer.status == 413
        assert answer.body["errcode"] == "M_TOO_LARGE"
        assert says_why(answer.body["error"], "file_too_large")
        assert teacher.upload(b"x" * (1024 * 1024 + 1), "a.png")

    def test_a_message_with_a_file_of_another_type_becomes_a_notice(self, find):
        pupil, teacher = find("student", "Klasse 5b")[0], find("teacher")[1]
        room = pupil.talk_to(teacher)
        uri = pupil.upload(b"MZ", "spiel.exe")
        picture = {"msgtype": "m.image", "body": "a.png", "url": uri, "info": {"mimetype": "image/png"}}
        pupil.try_send(room, picture).ok()
        for hidden in (
            {"body": "spiel.exe"},
            {"filename": "spiel.exe"},
            {"info": {"mimetype": "application/x-dosexec"}},
        ):
            pupil.try_send(room, picture | hidden).ok()
        events = [event["content"] for event in teacher.events(room) if event["type"] == "m.room.message"]
        assert [content["msgtype"] for content in events] == ["m.image", "m.notice", "m.notice", "m.notice"]
        assert all("url" not in content for content in events[1:])
        teacher.try_send(room, picture | {"body": "spiel.exe"}).ok()
        assert pupil.texts(room)[-1] == "spiel.exe"


@pytest.fixture(scope="module")
def colleagues(find):
    return find("teacher")[:2]


class TestEncryption:
    def test_a_room_of_teachers_may_be_encrypted(self, colleagues):
        one, other = colleagues
        room = one.create_room(is_direct=True, invite=[other.user_id], initial_state=ENCRYPTED)
        wait_until(lambda: room in other.joined_rooms(), 5)
        assert one.state(room, "m.room.encryption").ok() == MEGOLM
        sent = one.try_send(room, CIPHERTEXT, "m.room.encrypted").ok()["event_id"]
        assert other.event(room, sent)["content"] == CIPHERTEXT

    def test_what_cannot_be_held_waits_with_its_sender(self, colleagues):
        one, other = colleagues
        room = one.create_room(is_direct=True, invite=[other.user_id], initial_state=ENCRYPTED)
        wait_until(lambda: room in other.joined_rooms(), 5)
        with other.resting():
            assert_refused(one.try_send(room, CIPHERTEXT, "m.room.encrypted"), "must_wait")

    def test_with_a_pupil_in_it_it_is_not(self, colleagues, find):
        teacher, pupil = colleagues[0], find("student")[0]
        room = teacher.create_room(is_direct=True, invite=[pupil.user_id], initial_state=ENCRYPTED)
        assert teacher.state(room, "m.room.encryption").status == 404
        assert_refused(teacher.set_state(room, "m.room.encryption", MEGOLM), "not_encrypted")
        assert_refused(teacher.try_send(room, CIPHERTEXT, "m.room.encrypted"), "not_encrypted")

    def test_nobody_else_comes_into_an_encrypted_chat(self, colleagues, find):
        one, other = colleagues
        pupil = find("student")[0]
        room = one.create_room(name="Konferenz", invite=[other.user_id], initial_state=ENCRYPTED)
        assert_refused(one.invite(room, pupil.user_id), "not_encrypted")
        assert pupil.user_id not in {event["state_key"] for event in one.get(f"rooms/{room}/members").ok()["chunk"]}


def _greeted(demo) -> set[str]:
    """The rooms in which the bot has greeted people, which come when they come."""
    with closing(sqlite3.connect(demo.home / "schulbote.db", timeout=30)) as connection:
        return {room for (room,) in connection.execute("SELECT room_id FROM control_rooms")}


class TestTheDirectoryIsAway:
    @contextmanager
    def _away(self, demo):
        """As if the database had lost a table: every look at it fails."""
        database = demo.home / "schulbote.db"
        with closing(sqlite3.connect(database, timeout=30)) as connection:
            connection.execute("ALTER TABLE versions RENAME TO away")
            try:
                yield
            finally:
                connection.execute("ALTER TABLE away RENAME TO versions")

    def test_nothing_goes_through_nothing_is_lost_and_it_heals_by_itself(self, demo, admin, find):
        pupil, teacher = find("student")[1], find("teacher")[0]
        room = pupil.talk_to(teacher)
        path = f"rooms/{room}/send/m.room.message/the-same-each-time"
        words = {"msgtype": "m.text", "body": "Kommt das an?"}
        before = admin.rooms()
        with self._away(demo):
            wait_until(lambda: pupil.try_create_room(name="Unter uns").status == 503, 15)
            doubtful = [
                pupil.put(path, words),
                pupil.set_state(room, "m.room.pinned_events", {"pinned": []}),
                pupil.try_create_room(name="Unter uns"),
                pupil.join(demo.info["spaces"]["Klasse 5b"]),
                pupil.post("/_matrix/media/v3/upload", b"x", filename="a.png"),
            ]
            assert [answer.status for answer in doubtful] == [503] * len(doubtful)
            assert {answer.body["error"] for answer in doubtful} == {
                "Das hat gerade nicht geklappt. Bitte gleich noch einmal versuchen."
            }
            made = admin.create_room(name="Verwaltung")
            admin.send(made, "Ein Admin arbeitet weiter")
        wait_until(lambda: pupil.put(path, words).status == 200, 15)
        assert teacher.texts(room) == ["Kommt das an?"]
        wait_until(lambda: admin.rooms() - _greeted(demo) == (before | {made}) - _greeted(demo), 15)
        log = (demo.home / "synapse" / "homeserver.log").read_text()
        assert "cannot decide" in log
        assert "Traceback" in log  # why, for the people who look after the server
        assert "Kommt das an?" not in log


class TestCounting:
    def test_every_refusal_is_counted_by_what_was_tried_and_why(self, find, demo):
        def refused():
            metrics = pupil.request("GET", "/_synapse/metrics", raw=True).body.decode()
            wanted = 'schulbote_refusals_total{action="createRoom",reason="no_rooms"} '
            return sum(float(line.removeprefix(wanted)) for line in metrics.splitlines() if line.startswith(wanted))

        pupil = find("student", "Klasse 5a")[2]
        wait_until(lambda: pupil.try_create_room(name="Erster Versuch").status == 403, 15)
        before = refused()
        for _ in range(3):
            assert_refused(pupil.try_create_room(name="Sehr geheimer Name"), "no_rooms")
        assert refused() == before + 3
        log = (demo.home / "synapse" / "homeserver.log").read_text()
        assert f"Refused createRoom by {pupil.user_id}: no_rooms" in log
        assert "Sehr geheimer Name" not in log
