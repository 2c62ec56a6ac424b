"""Groups of teachers in a real school: made with the bot, with rooms of their own within seconds, owned, left alone by
the register, finished after a kill."""

import shutil
import sqlite3
import time
from contextlib import closing
from typing import Any
from urllib.parse import quote

import pytest

from acceptance.client import wait_until
from acceptance.people import PROMISED_JOIN, SLACK, Person, assert_refused, says_why
from acceptance.running import REGISTERS, Demo

SOON = PROMISED_JOIN + SLACK
BACK = 30
"""Seconds that a killed process may take until it is there again."""
NOT_DELIVERED = "⛔ Nicht zugestellt: An diese Person kannst du nicht direkt schreiben"


def rows(database: str, query: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=20)) as connection:
        return connection.execute(query, values).fetchall()


def rooms_of(demo: Demo, group: str) -> dict[str, str]:
    """The rooms of a teacher's group that is there now, by their kind."""
    school = demo.info["database"].removeprefix("sqlite:///")
    query = "SELECT r.kind, r.room_id FROM group_rooms r JOIN groups g ON g.id = r.group_id"
    return dict(rows(school, f"{query} WHERE g.standing = 'active' AND g.origin = 'school' AND g.name = ?", group))


def local(person: Person) -> str:
    return person.user_id.partition(":")[0]


def until_in(person: Person, rooms: dict[str, str]) -> None:
    wait_until(lambda: set(rooms.values()) <= person.joined_rooms(), SOON)


def until_out(person: Person, rooms: dict[str, str]) -> None:
    wait_until(lambda: person.joined_rooms().isdisjoint(rooms.values()), SOON)


@pytest.fixture(scope="module")
def owner(people) -> Person:
    return people.by_id("T00018")


@pytest.fixture(scope="module")
def other_teacher(people) -> Person:
    return people.by_id("T00010")


@pytest.fixture(scope="module")
def pupil(people) -> Person:
    return people.pupil("Klasse 8.2")


@pytest.fixture(scope="module")
def other_pupil(people, pupil) -> Person:
    return people.pupil("Klasse 9.1", stranger_to=pupil)


@pytest.fixture(scope="module")
def stranger(people) -> Person:
    return people.pupil("Klasse 10.1")


@pytest.fixture(scope="module")
def newcomer(demo, people) -> Person:
    """Somebody who has never signed in."""
    return Person(demo, people.account("student", of="Klasse 8.2"))


@pytest.fixture(scope="module")
def head(people) -> Person:
    return people.by_id("T00001")


@pytest.fixture(scope="module")
def theatre(demo, owner, pupil, other_pupil, newcomer) -> dict[str, str]:
    """A group with two pupils of different classes, who could not write to each other before."""
    room = pupil.try_create_room(is_direct=True, invite=[other_pupil.user_id])
    assert_refused(room, "no_common_group")
    names = ", ".join(map(local, (pupil, other_pupil, newcomer)))
    answer = owner.ask(f"!gruppe neu Theater-AG + {names}")
    assert answer.startswith("✅ Theater-AG ist angelegt, du leitest sie. Mitglieder: 4")
    wait_until(lambda: len(rooms_of(demo, "Theater-AG")) == 2, SOON)
    return rooms_of(demo, "Theater-AG")


class TestAGroup:
    """One group from its beginning to its end."""

    def test_who_has_signed_in_is_in_its_room_within_seconds(self, theatre, owner, pupil, other_pupil):
        for person in (owner, pupil, other_pupil):
            until_in(person, theatre)
        pupil.send(theatre["group"], "Was spielen wir?")
        assert "Was spielen wir?" in other_pupil.texts(theatre["group"])

    def test_everybody_else_at_their_first_login(self, theatre, newcomer):
        newcomer.enter()
        until_in(newcomer, theatre)
        assert "Was spielen wir?" in newcomer.texts(theatre["group"])

    def test_nobody_else_comes_in(self, theatre, stranger, owner):
        rule = wait_until(lambda: self.restricted(owner, theatre), SOON)
        assert rule["allow"] == [{"type": "m.room_membership", "room_id": theatre["space"]}]
        for room in theatre.values():
            assert_refused(stranger.join(room), "not_in_group")
        assert stranger.joined_rooms().isdisjoint(theatre.values())

    def restricted(self, owner, theatre):
        rule = owner.state(theatre["group"], "m.room.join_rules").ok()
        return rule if rule["join_rule"] == "restricted" else None

    def test_its_teacher_leads_it_and_nobody_leaves_it(self, theatre, owner, pupil):
        levels = owner.state(theatre["group"], "m.room.power_levels").ok()
        assert levels["users"] == {owner.user_id: 50}
        assert_refused(pupil.leave(theatre["group"]), "group_is_kept")

    def test_who_is_in_it_may_write_to_each_other(self, theatre, pupil, other_pupil):
        room = pupil.talk_to(other_pupil)
        pupil.send(room, "Hast du den Text?")
        assert "Hast du den Text?" in other_pupil.texts(room)

    @pytest.mark.parametrize(
        "words", ["", " neu Chor", " Theater-AG", " Theater-AG + {me}", " Theater-AG behalten", " Theater-AG auflösen"]
    )
    @pytest.mark.parametrize("role", ["pupil", "guardian"])
    def test_pupils_and_guardians_neither_make_nor_change_groups(self, theatre, people, pupil, role, words):
        who = pupil if role == "pupil" else people.by_id(self.guardian(people))
        assert says_why(who.ask("!gruppe" + words.format(me=local(who))), "no_groups")

    def guardian(self, people) -> str:
        return people.account("guardian")["person"]

    @pytest.mark.parametrize(
        ("words", "reason"),
        [
            (" Theater-AG + {me}", "not_an_owner"),
            (" Theater-AG behalten", "not_an_owner"),
            (" Theater-AG umbenennen in Bühne", "not_an_owner"),
            (" Theater-AG auflösen", "not_an_owner"),
            (" Theater-AG leitung + {me}", "leadership_only"),
            (" Klasse 8.2 + {me}", "group_from_register"),
        ],
    )
    def test_another_teacher_changes_nothing(self, theatre, other_teacher, words, reason):
        assert says_why(other_teacher.ask("!gruppe" + words.format(me=local(other_teacher))), reason)
        assert other_teacher.joined_rooms().isdisjoint(theatre.values())

    def test_nothing_is_done_before_all_names_are_clear(self, theatre, owner, stranger):
        answer = owner.ask(f"!gruppe Theater-AG + {local(stranger)}, Xaver Xylophon, Klasse 8.9")
        assert answer.startswith("Geändert ist nichts")
        assert "Xaver Xylophon" in answer
        assert stranger.name not in owner.ask("!gruppe theater ag")

    def test_the_leadership_says_who_owns_it(self, theatre, owner, other_teacher, head):
        second = other_teacher
        answer = head.ask(f"!gruppe Theater-AG leitung + {local(second)} - {local(owner)}")
        assert answer == f"✅ Theater-AG, Leitung: {second.name}"
        assert says_why(owner.ask(f"!gruppe Theater-AG - {local(second)}"), "not_an_owner")
        until_in(second, theatre)
        assert "aufgenommen" not in second.ask(f"!gruppe Theater-AG leitung + {local(owner)}")
        head.ask(f"!gruppe Theater-AG leitung + {local(owner)}")
        assert f"nicht mehr dabei: {second.name}" in owner.ask(f"!gruppe Theater-AG - {local(second)}")
        until_out(second, theatre)

    def test_a_sync_of_another_day_touches_nothing_of_it(self, demo, theatre, owner, pupil, other_pupil):
        """That day's register has a group of the same name."""
        synapse = demo.info["synapse_database"]
        before = rows(synapse, "SELECT max(stream_ordering) FROM events")[0][0]
        members = pupil.members(theatre["group"])
        with demo.changed_register() as folder:
            shutil.copytree(REGISTERS / "oberschule-day2" / "iserv", folder, dirs_exist_ok=True)
            done = demo.sync()
            assert done.returncode == 0, done.stderr
            assert "Theater-AG" in done.stdout
            written = {
                room for (room,) in rows(synapse, "SELECT room_id FROM events WHERE stream_ordering > ?", before)
            }
            assert written
            assert written.isdisjoint(theatre.values())
            assert pupil.members(theatre["group"]) == members
            assert rooms_of(demo, "Theater-AG") == theatre
            assert pupil.name in owner.ask("!gruppe Theater-AG")
            pupil.send(pupil.talk_to(other_pupil), "Bis morgen!")

    def test_who_is_taken_out_is_out_and_may_not_write_any_more(self, theatre, owner, pupil, other_pupil):
        room = pupil.talk_to(other_pupil)
        answer = owner.ask(f"!gruppe Theater-AG - {other_pupil.name}")
        assert f"nicht mehr dabei: {other_pupil.name}" in answer
        until_out(other_pupil, theatre)
        assert_refused(other_pupil.join(theatre["group"]), "not_in_group")
        sent = pupil.send(room, "Kommst du nicht mehr?")
        assert pupil.event(room, sent)["content"]["body"].startswith(NOT_DELIVERED)

    def test_a_new_name_and_another_year(self, demo, theatre, owner, pupil):
        assert "bleibt" in owner.ask("!gruppe Theater-AG behalten")
        assert owner.ask("!gruppe Theater-AG umbenennen in Schultheater") == "✅ Theater-AG heißt jetzt Schultheater."
        for room in theatre.values():
            wait_until(lambda room=room: pupil.state(room, "m.room.name").ok()["name"] == "Schultheater", SOON)
        assert rooms_of(demo, "Schultheater") == theatre

    def test_when_it_ends_everybody_is_out(self, theatre, owner, pupil):
        assert "aufgelöst" in owner.ask("!gruppe Schultheater auflösen")
        for person in (owner, pupil):
            until_out(person, theatre)
        assert_refused(pupil.join(theatre["group"]), "not_in_group")
        assert "leitest noch keine Gruppe" in owner.ask("!gruppe")


def test_a_group_whose_making_was_killed_is_finished(demo: Demo, owner, pupil):
    school, synapse = demo.info["database"].removeprefix("sqlite:///"), demo.info["synapse_database"]
    appservice = demo.appservice
    owner.send(owner.control_room, f"!gruppe neu Chor + {local(pupil)}")
    deadline = time.monotonic() + 15
    while not (made := rows(school, "SELECT id FROM groups WHERE name = 'Chor'")):
        assert time.monotonic() < deadline
    appservice.kill()
    assert not set(rooms_of(demo, "Chor").values()) & pupil.joined_rooms(), "it was faster than the kill"
    wait_until(demo.is_up, BACK)
    rooms = wait_until(lambda: len(found := rooms_of(demo, "Chor")) == 2 and found, BACK)
    for person in (owner, pupil):
        wait_until(lambda person=person: set(rooms.values()) <= person.joined_rooms(), BACK)
    whole = (
        "SELECT count(*) FROM current_state_events c JOIN event_json j USING (event_id) "
        "JOIN current_state_events l ON l.room_id = c.room_id AND l.type = 'm.room.power_levels' "
        "WHERE c.type = 'm.room.create' AND instr(j.json, ?)"
    )
    assert rows(synapse, whole, made[0][0]) == [(2,)]
    assert "aufgelöst" in owner.ask("!gruppe Chor auflösen")


# Whole groups into a chat.


@pytest.fixture(scope="module")
def bees(owner) -> str:
    return owner.create_room(name="Projekt Bienen", preset="private_chat")


@pytest.fixture(scope="module")
def of_class(demo) -> set[str]:
    return {account["user_id"] for account in demo.info["accounts"] if "Klasse 8.2" in account["groups"]}


def invited(host: Person, room: str) -> set[str]:
    chunk = host.get(f"rooms/{quote(room)}/members", membership="invite").ok()["chunk"]
    return {event["state_key"] for event in chunk}


class TestAWholeGroup:
    """Invited into a teacher's room."""

    def test_everybody_of_a_class_is_invited_in_the_teachers_name(self, bees, owner, pupil, of_class):
        asked = owner.send(owner.control_room, "!einladen Klasse 8.2 in projekt bienen")
        done = f"✅ Klasse 8.2, neu eingeladen: {len(of_class)}"
        wait_until(lambda: done in owner.newest_answer(asked), 30)
        assert invited(owner, bees) == of_class
        assert bees in pupil.invitations()
        pupil.join(bees).ok()

    def test_who_is_there_is_left_alone(self, bees, owner, of_class):
        before = [event["event_id"] for event in owner.events(bees)]
        answer = owner.ask("!einladen 8.2 in Bienen")
        assert answer == f"✅ Klasse 8.2, neu eingeladen: 0\n• schon da oder eingeladen: {len(of_class)}"
        assert [event["event_id"] for event in owner.events(bees)] == before

    def test_pupils_and_guardians_invite_no_groups(self, people, bees, pupil):
        guardian = people.guardian("Sorgeberechtigte 8.2")
        own = guardian.create_room(name="Eltern", preset="private_chat")
        before = invited(guardian, own)
        for who, words in ((pupil, "Klasse 8.3 in Projekt Bienen"), (guardian, "Sorgeberechtigte 8.2 in Eltern")):
            assert says_why(who.ask(f"!einladen {words}"), "no_group_invitations")
        assert invited(guardian, own) == before

    def test_a_teacher_invites_only_into_rooms_of_their_own(self, bees, owner, other_teacher):
        owner.invite(bees, other_teacher.user_id).ok()
        other_teacher.join(bees).ok()
        before = invited(owner, bees)
        assert "Projekt Bienen" not in other_teacher.ask("!einladen Klasse 8.3 in Projekt Bienen").partition(":")[2]
        asked = other_teacher.send(bees, "!einladen Klasse 8.3")
        answer = wait_until(lambda: other_teacher.receipt_of(bees, asked), SOON)
        assert answer.startswith("Ganze Gruppen lädt ein, wer den Raum angelegt hat")
        assert invited(owner, bees) == before

    def test_a_room_that_follows_a_group_changes_with_it(self, demo, bees, owner, other_pupil, stranger):
        owner.ask(f"!gruppe neu Imkerei + {local(other_pupil)}")
        asked = owner.send(bees, "!einladen Imkerei aktuell")
        answer = wait_until(lambda: owner.receipt_of(bees, asked), SOON)
        assert "Ab jetzt folgt der Raum Imkerei" in answer
        wait_until(lambda: bees in other_pupil.invitations(), SOON)
        other_pupil.join(bees).ok()
        owner.ask(f"!gruppe Imkerei + {local(stranger)} - {local(other_pupil)}")
        wait_until(lambda: bees in stranger.invitations(), SOON)
        wait_until(lambda: bees not in other_pupil.joined_rooms(), SOON)
        assert "Projekt Bienen folgt Imkerei" in owner.ask("!einladen")
        assert "folgt Imkerei nicht mehr" in owner.ask("!einladen Imkerei in Projekt Bienen aktuell aus")
        owner.ask("!gruppe Imkerei auflösen")
        assert bees in stranger.invitations()
