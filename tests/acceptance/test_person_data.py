"""Somebody gets all that is stored about them, and nothing of anybody else; who is erased leaves no words behind."""

import csv
import io
import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote
from zipfile import ZipFile

import pytest

from acceptance.client import Json, wait_until
from acceptance.people import PROMISED_JOIN, SLACK, Admin, Person
from acceptance.running import Demo, schulbote
from acceptance.waiting import hold, words_of_their_own


def run(demo: Demo, *arguments: object) -> str:
    """One command that ends well; what it said."""
    done = schulbote("-c", demo.info["config"], *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(demo: Demo, *arguments: object) -> str:
    done = schulbote("-c", demo.info["config"], *arguments)
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr
    return done.stderr


def export(demo: Demo, folder: Path, person: str, *options: str) -> SimpleNamespace:
    """An archive: its `data`, all its `text`, its `names`."""
    out = folder / f"{secrets.token_hex(4)}.zip"
    run(demo, "export-person", person, "--out", out, *options)
    assert out.stat().st_mode & 0o777 == 0o600
    archive = ZipFile(out)
    parts = {name: archive.read(name) for name in archive.namelist()}
    text = "".join(part.decode(errors="replace") for part in parts.values())
    return SimpleNamespace(data=json.loads(parts["data.json"]), parts=parts, text=text)


def send_picture(sender: Person, room: str) -> bytes:
    content = secrets.token_bytes(2_000)
    uri = sender.upload(content, "bild.png")
    picture = {"msgtype": "m.image", "body": "bild.png", "url": uri, "info": {"mimetype": "image/png"}}
    sender.try_send(room, picture).ok()
    return content


# Export.


@pytest.fixture(scope="module")
def talk(people) -> Iterator[SimpleNamespace]:
    """A guardian and a teacher have written to each other; now the teacher rests, and a message waits."""
    guardian, teacher = people.guardian(), people.teacher()
    room = guardian.talk_to(teacher)
    said, answered, waiting = (words_of_their_own() for _ in range(3))
    guardian.send(room, said)
    picture = send_picture(guardian, room)
    teacher.send(room, answered)
    with teacher.resting():
        hold(guardian, room, waiting)
        yield SimpleNamespace(
            guardian=guardian,
            teacher=teacher,
            room=room,
            said=said,
            answered=answered,
            waiting=waiting,
            picture=picture,
        )


def test_a_guardian_gets_their_words_also_those_that_wait(demo, talk, tmp_path):
    told = export(demo, tmp_path, talk.guardian.account["person"], "--with-files")
    [held] = [row for row in told.data["held"]["held_messages"] if row["state"] == "waiting"]
    assert held["content"]["body"] == talk.waiting
    assert held["due_at"] is not None
    [room] = [room for room in told.data["messages"]["by_room"] if room["room_id"] == talk.room]
    assert (room["kind"], room["is_in"], room["with"]) == ("direct", True, [talk.teacher.user_id])
    messages = json.loads(told.parts[room["file"]])
    bodies = [message["content"].get("body") for message in messages]
    assert [body for body in bodies if body in (talk.said, "bild.png")] == [talk.said, "bild.png"]
    assert talk.answered not in told.text, "those are the teacher's words"
    assert told.text.count(talk.waiting) == 2, "in data.json and in index.html"
    assert talk.picture in told.parts.values()
    groups = {row["name"] for row in told.data["register"]["groups"]}
    assert groups == set(talk.guardian.groups)
    assert told.data["register"]["children"]
    rooms = {room["room_id"] for room in told.data["messages"]["by_room"]}
    assert rooms == talk.guardian.joined_rooms()
    assert told.data["homeserver"]["devices"]


def test_a_teacher_gets_their_words_and_the_number_of_those_that_wait(demo, talk, tmp_path):
    told = export(demo, tmp_path, talk.teacher.user_id)
    assert told.data["held"]["waiting_for_you"] == 1
    assert talk.answered in told.text
    assert talk.waiting not in told.text
    assert talk.said not in told.text
    assert told.data["rest"]["rests"]
    assert "rest_started" in {entry["action"] for entry in told.data["audit"]["audit_log"]}


def test_who_is_in_the_register_is_not_erased(demo, talk):
    said = refused(demo, "erase-person", talk.guardian.account["person"], "--yes")
    assert "is in the register and would come back with the next sync" in said
    assert talk.guardian.joined_rooms()


# Erasure.

ZORA = "S99002"


def change_pupils(folder: Path, *, zora: bool) -> None:
    """Puts somebody who is in no other story into a class, or takes them out."""
    path = folder / "schueler.csv"
    table = csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline=""), delimiter=";")
    rows = [row for row in table if row["Import-ID"] != ZORA]
    if zora:
        classmate = next(row for row in rows if row["Klasse/Information"] == "9.2")
        rows.append(classmate | {"Import-ID": ZORA, "Vorname": "Zora", "Nachname": "Zwischenzeit"})
    out = io.StringIO()
    writer = csv.DictWriter(out, table.fieldnames or [], delimiter=";", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(out.getvalue(), "utf-8-sig", newline="")


def enter_zora(demo: Demo, admin: Admin) -> Person:
    user_id, password = "@zora.zwischenzeit:schule.localhost", secrets.token_hex(8)
    admin.put(f"/_synapse/admin/v2/users/{quote(user_id)}", {"password": password}).ok()
    account = {
        "person": ZORA,
        "user_id": user_id,
        "password": password,
        "role": "student",
        "name": "Zora",
        "groups": [],
    }
    zora = Person(demo, account).enter()
    wait_until(lambda: demo.info["rooms"]["Klasse 9.2"] in zora.joined_rooms(), PROMISED_JOIN + SLACK)
    return zora


def contents(reader: Person, room: str, sender: Person) -> list[Json]:
    return [event["content"] for event in reader.events(room) if event["sender"] == sender.user_id]


@pytest.fixture(scope="module")
def erased(demo, admin, people, tmp_path_factory) -> Iterator[SimpleNamespace]:
    """A pupil writes in the class, to a teacher, and to a teacher who rests; then leaves, and is erased."""
    folder = tmp_path_factory.mktemp("exports")
    room_of_class = demo.info["rooms"]["Klasse 9.2"]
    classmate, teacher = people.pupil("Klasse 9.2"), people.teacher(not_of="Klasse 9.2")
    with demo.changed_register() as register:
        change_pupils(register, zora=True)
        run(demo, "sync")
        zora = enter_zora(demo, admin)
        direct = zora.talk_to(teacher)
        in_class, to_teacher, waiting = (words_of_their_own() for _ in range(3))
        zora.send(room_of_class, in_class)
        zora.send(direct, to_teacher)
        with teacher.resting():
            held = hold(zora, direct, waiting)
            change_pupils(register, zora=False)
            run(demo, "sync")
            left = export(demo, folder, "Zora Zwischenzeit")
            said = run(demo, "erase-person", ZORA, "--yes")
            again = run(demo, "erase-person", "zora.zwischenzeit", "--yes")
            yield SimpleNamespace(
                zora=zora,
                classmate=classmate,
                teacher=teacher,
                room_of_class=room_of_class,
                direct=direct,
                held=held,
                in_class=in_class,
                to_teacher=to_teacher,
                waiting=waiting,
                left=left,
                said=said,
                again=again,
            )


class TestErased:
    def test_before_it_they_got_all_that_they_wrote(self, erased):
        assert erased.in_class in erased.left.text
        assert erased.to_teacher in erased.left.text
        assert erased.left.text.count(erased.waiting) == 2
        assert not any(room["is_in"] for room in erased.left.data["messages"]["by_room"])

    def test_the_command_says_what_it_did_and_once_is_enough(self, erased):
        assert erased.said == f"{erased.zora.user_id} is erased. Held messages of theirs that were deleted: 1.\n"
        assert erased.again == "They were erased already.\n"

    def test_what_waited_is_gone_and_never_comes(self, demo, erased):
        event = erased.teacher.event(erased.direct, erased.held)
        assert event["content"] == {}
        erased.teacher.end_rest()
        erased.teacher.ask("!hilfe")
        assert erased.waiting not in json.dumps(erased.teacher.events(erased.direct))

    def test_who_was_there_still_reads_the_conversation(self, erased):
        assert erased.in_class in json.dumps(contents(erased.classmate, erased.room_of_class, erased.zora))
        assert erased.to_teacher in json.dumps(contents(erased.teacher, erased.direct, erased.zora))

    def test_who_comes_later_reads_nothing_of_it(self, demo, erased):
        visitor = erased.teacher
        visitor.join(demo.info["spaces"]["Klasse 9.2"]).ok()
        visitor.join(erased.room_of_class).ok()
        try:
            assert erased.in_class not in json.dumps(visitor.events(erased.room_of_class))
            assert erased.in_class not in json.dumps(visitor.sync())
        finally:
            visitor.leave(erased.room_of_class)
            visitor.leave(demo.info["spaces"]["Klasse 9.2"])

    def test_nothing_about_them_is_in_the_schools_database_but_the_user_id(self, demo, erased):
        with closing(sqlite3.connect(demo.info["database"].removeprefix("sqlite:///"))) as school:
            tables = [name for (name,) in school.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            found = {
                table: [row for row in school.execute(f'SELECT * FROM "{table}"') if "zora" in str(row).lower()]
                for table in tables
            }
            by_id = {
                table for table in tables if any(ZORA in str(row) for row in school.execute(f'SELECT * FROM "{table}"'))
            }
        [row] = found.pop("persons")
        assert row[1:4] == (erased.zora.user_id, "", "")
        assert {table: rows for table, rows in found.items() if rows} == {}
        assert by_id == {"audit_log"}

    def test_they_cannot_sign_in_any_more(self, erased):
        refused = erased.zora.try_login(erased.zora.user_id, erased.zora.account["password"])
        assert refused.status == 403

    def test_the_audit_log_says_it_and_still_fits(self, demo, erased):
        entries = json.loads(run(demo, "audit", "show", "--json"))
        [entry] = [entry for entry in entries if entry["action"] == "person_erased"][-1:]
        assert entry["actor"] == "schulbote erase-person"
        assert entry["target"].startswith("erased-")
        assert "The audit log fits" in run(demo, "audit", "verify")
