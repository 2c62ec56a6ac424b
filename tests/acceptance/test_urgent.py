"""What must not wait, and what need not: the leadership's urgent messages, and who will be absent."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from acceptance.client import times, wait_until
from acceptance.gateway import Gateway, listening
from acceptance.people import OFFICE, PROMISED_JOIN, SLACK, Person
from acceptance.waiting import RELEASE, delivered, hold, until_nothing_waits, words_of_their_own

URGENT = "org.schulbote.urgent"


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with listening() as gateway:
        yield gateway


@pytest.fixture(scope="module")
def head(people) -> Person:
    """Ida Groß, who leads the school."""
    return people.by_id("T00001")


def urgent_events(person: Person, room: str) -> list[dict]:
    return [event for event in person.events(room) if event["content"].get(URGENT)]


# --- Urgent messages --------------------------------------------------------------------------------------------


def test_an_urgent_message_rings_and_overtakes_what_waits_which_comes_later_and_once(people, gateway, head):
    teacher = people.teacher()
    gateway.give_telephone(teacher)
    room, early, late, words = head.talk_to(teacher), *(words_of_their_own() for _ in range(3))
    with teacher.resting():
        wait_until(lambda: URGENT in json.dumps(teacher.get("pushrules/").ok()), SLACK)
        held = hold(head, room, early)
        assert head.ask(f"!dringend {teacher.name} (Rohrbruch): {words}").startswith(f"❗ Gesendet an {teacher.name}")
        hold(head, room, late)
        (urgent,) = urgent_events(teacher, room)
        assert (urgent["sender"], urgent["content"]["body"]) == (head.user_id, f"❗ Dringend (Rohrbruch): {words}")
        (rung,) = wait_until(
            lambda: [told for told in gateway.rung(teacher) if told["event_id"] == urgent["event_id"]], 15
        )
        assert rung["devices"][0]["tweaks"] == {"sound": "default"}
        assert held not in gateway.events_rung(teacher)
        assert times(early, teacher.texts(room)) == times(late, teacher.texts(room)) == 0
    wait_until(lambda: delivered(teacher, room, late), RELEASE)
    until_nothing_waits(head, room)
    texts = [text for text in teacher.texts(room) if text in (early, late, f"❗ Dringend (Rohrbruch): {words}")]
    assert texts == [f"❗ Dringend (Rohrbruch): {words}", early, late]


def test_where_the_two_have_no_room_yet_there_is_one(people, head):
    known = head.direct_rooms()  # the school's stories share their people
    teacher = next(teacher for teacher in iter(people.teacher, None) if teacher.user_id not in known)
    words = words_of_their_own()
    with teacher.resting():
        assert head.ask(f"!urgent {teacher.name} (burst pipe): {words}").startswith("❗ Sent to")
        (room,) = wait_until(lambda: teacher.direct_rooms().get(head.user_id), PROMISED_JOIN + SLACK)
        assert times(f"❗ Dringend (burst pipe): {words}", teacher.texts(room)) == 1
        assert "org.schulbote.held" in head.event(room, head.send(room, "Noch etwas"))["content"], "only that one"
    assert head.direct_rooms()[teacher.user_id] == [room]


def test_nobody_else_is_urgent_and_what_is_not_clear_is_asked_back(people, demo, head):
    teacher, words = people.teacher(), words_of_their_own()
    with teacher.resting():
        for person in (people.teacher(), people.guardian(), people.pupil()):
            answer = person.ask(f"!dringend {teacher.name} (Rohrbruch): {words}")
            assert answer.startswith("Dringende Nachrichten sendet die Schulleitung.")
            assert "!dringend" not in person.ask("!hilfe")
        assert "Grund" in head.ask(f"!dringend {teacher.name}: {words}")
        assert "!dringend" in head.ask("!hilfe")
        several = head.ask(f"!dringend Frau Lange (Rohrbruch): {words}")
        assert several.startswith("Damit können mehrere gemeint sein: ")
        assert "Ben Lange" in several
        assert "finde ich" in head.ask(f"!dringend {people.guardian().name} (Rohrbruch): {words}")
        assert words not in json.dumps(teacher.sync())
    with closing(sqlite3.connect(demo.info["database"].removeprefix("sqlite:///"))) as school:
        logged = school.execute(
            "SELECT actor, by_right, details FROM audit_log WHERE action = 'urgent_sent'"
        ).fetchall()
    assert logged
    assert set(logged) == {("T00001", "leadership", '{"reason_given": true}')}


# --- Who will be absent -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wards(demo) -> dict[str, list[str]]:
    """The children of each guardian, by the ids of both."""
    with closing(sqlite3.connect(demo.info["database"].removeprefix("sqlite:///"))) as school:
        rows = school.execute("SELECT guardian_id, ward_id FROM wards").fetchall()
    return {guardian: [ward for one, ward in rows if one == guardian] for guardian, _ in rows}


def test_the_office_reads_who_will_be_absent_and_nobody_is_woken(people, demo, gateway, wards):
    guardian, clerk = people.guardian(), people.teacher(OFFICE)
    names = {account["person"]: account["name"] for account in demo.info["accounts"]}
    child = names[wards[guardian.account["person"]][0]]
    office = demo.info["rooms"][OFFICE]
    gateway.give_telephone(clerk)
    with clerk.resting():
        wait_until(lambda: URGENT in json.dumps(clerk.get("pushrules/").ok()), SLACK)
        rung = gateway.events_rung(clerk)
        answer = guardian.ask(f"!krank {child} morgen")
        assert answer.startswith(f"✅ Gemeldet: {child} fehlt "), answer
        (told,) = [
            e for e in clerk.events(office) if e["content"].get("body", "").endswith(f"Gemeldet von {guardian.name}.")
        ]
        assert told["sender"] == demo.info["bot"]
        assert child in told["content"]["body"]
        assert gateway.events_rung(clerk) == rung
    assert office not in guardian.joined_rooms()


def test_pupils_report_themselves_and_nobody_reports_others(people, demo):
    pupil, clerk, guardian, teacher = people.pupil(), people.teacher(OFFICE), people.guardian(), people.teacher()
    office = demo.info["rooms"][OFFICE]
    assert pupil.ask("!krank heute").startswith(f"✅ Gemeldet: {pupil.name} fehlt ")
    wait_until(
        lambda: any(text.endswith("Selbst gemeldet.") and pupil.name in text for text in clerk.texts(office)), SLACK
    )
    before = clerk.texts(office)
    assert "Wer ist gemeint" in guardian.ask(f"!krank {pupil.name} morgen")
    assert "Wer ist gemeint" in people.pupil().ask(f"!krank {pupil.name} morgen")
    assert "!abwesend" in teacher.ask(f"!krank {pupil.name} morgen")
    assert "So geht es" in pupil.ask("!krank morgen Fieber")
    assert clerk.texts(office) == before
