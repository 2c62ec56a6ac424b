"""The register: what a sync says, what it changes, and what it never does."""

import csv
import io
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from acceptance.client import Client, Json, wait_until
from acceptance.running import REGISTERS

NO_CHANGE = {
    "people": {"added": [], "left": [], "renamed": []},
    "groups": {"added": [], "renamed": [], "ended": []},
    "memberships": {"added": [], "removed": []},
    "blocked": None,
}
NOT_DELIVERED = "⛔ Nicht zugestellt: An diese Person kannst du nicht direkt schreiben"


def change(path: Path, edit: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> None:
    """Changes the rows of an IServ file."""
    table = csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline=""), delimiter=";")
    rows = edit(list(table))
    out = io.StringIO()
    writer = csv.DictWriter(out, table.fieldnames, delimiter=";", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(out.getvalue(), "utf-8-sig", newline="")


def expected_difference(accounts: list[Json]) -> Json:
    """The answer, from who is in the school on either day. Guardians have ids in demo.json only; the new one has none
    yet and stands there by name."""
    days = [json.loads((REGISTERS / day / "expected.json").read_text()) for day in ("oberschule", "oberschule-day2")]
    group_names = {
        group["id"]: group["name"] for day in days for group in day["groups"]
    }  # a renamed one by its new name
    known = {(a["name"], a["role"], tuple(a["groups"])): a["person"] for a in accounts}
    first_names = {group["id"]: group["name"] for group in days[0]["groups"]}

    def full_name(person: Json) -> str:
        return f"{person['given']} {person['family']}"

    ids = {
        person["id"]: known[full_name(person), "guardian", tuple(sorted(first_names[g] for g in person["groups"]))]
        for person in days[0]["persons"]
        if person["role"] == "guardian"
    }

    def id_of(person: Json) -> str:
        return ids.get(person["id"], person["id"] if person["role"] != "guardian" else full_name(person))

    people = [{id_of(person): full_name(person) for person in day["persons"]} for day in days]
    members = [{(id_of(p), group_names[group]) for p in day["persons"] for group in p["groups"]} for day in days]
    groups = [{group["id"] for group in day["groups"]} for day in days]
    return {
        "people": {
            "added": sorted(people[1].keys() - people[0].keys()),
            "left": sorted(people[0].keys() - people[1].keys()),
            "renamed": sorted(i for i in people[0].keys() & people[1].keys() if people[0][i] != people[1][i]),
        },
        "groups": {
            "added": sorted(group_names[group] for group in groups[1] - groups[0]),
            "renamed": sorted(group_names[g] for g in groups[0] & groups[1] if first_names[g] != group_names[g]),
            "ended": sorted(group_names[group] for group in groups[0] - groups[1]),
        },
        "memberships": {
            "added": sorted(map(list, members[1] - members[0])),
            "removed": sorted(map(list, members[0] - members[1])),
        },
        "blocked": None,
    }


@pytest.fixture(scope="class")
def before(people):
    """Who is changed has been here before."""
    return {person_id: people.by_id(person_id) for person_id in ("S00002", "S00216", "T00003", "T00024")}


def rows(database: str, query: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return connection.execute(query, values).fetchall()


@pytest.fixture(scope="class")
def since(demo, before) -> int:
    """The last event before the sync."""
    return rows(demo.info["synapse_database"], "SELECT max(stream_ordering) FROM events")[0][0]


@pytest.fixture(scope="class")
def plan(demo, before, since) -> Iterator[Json]:
    """What the dry run says; it has been applied."""
    with demo.changed_register() as folder:
        shutil.copytree(REGISTERS / "oberschule-day2" / "iserv", folder, dirs_exist_ok=True)
        dry = demo.sync("--dry-run", "--json")
        assert dry.returncode == 0, dry.stderr
        applied = demo.sync("--json")
        assert applied.returncode == 0, applied.stderr
        assert applied.stdout == dry.stdout, "the dry run changed nothing"
        yield json.loads(dry.stdout)


class TestAnotherDay:
    """A change of class, a marriage, people who left, a newcomer with a parent, a group renamed, a new group."""

    def test_the_dry_run_tells_the_difference(self, demo, plan):
        expected = expected_difference(demo.info["accounts"])
        known = {account["person"] for account in demo.info["accounts"]}
        (newcomer,) = set(plan["people"]["added"]) - {"S90001"}
        assert newcomer not in known
        said = json.loads(json.dumps(plan).replace(json.dumps(newcomer), json.dumps("Björk Neuer")))
        assert said.keys() == expected.keys()
        for part in ("people", "groups", "memberships"):
            assert {key: sorted(changes) for key, changes in said[part].items()} == expected[part]
        assert said["blocked"] is None

    def test_nothing_else_is_written(self, demo, plan, since):
        school = demo.info["database"].removeprefix("sqlite:///")
        group_of = dict(rows(school, "SELECT r.room_id, g.name FROM group_rooms r JOIN groups g ON g.id = r.group_id"))
        users = dict(rows(school, "SELECT id, user_id FROM persons"))
        teachers = {user for (user,) in rows(school, "SELECT user_id FROM persons WHERE role = 'teacher'")}
        moved = {(group, users[person]) for kind in ("added", "removed") for person, group in plan["memberships"][kind]}
        renamed, left = ({users[person] for person in plan["people"][kind]} for kind in ("renamed", "left"))
        greeted = {room for (room,) in rows(school, "SELECT room_id FROM control_rooms")}
        written = [
            row
            for row in rows(
                demo.info["synapse_database"],
                "SELECT room_id, type, state_key FROM events WHERE stream_ordering > ?",
                since,
            )
            if row[0] not in greeted or row[2] in {users[person] for person in plan["people"]["left"]}
        ]
        assert written
        for room, event_type, state_key in written:
            group = group_of.get(room)
            if group in plan["groups"]["added"]:
                continue
            match event_type:
                case "m.room.member" if group is None:
                    assert state_key in renamed | left
                case "m.room.member":
                    assert (group, state_key) in moved or state_key in renamed, (group, state_key)
                case "m.room.name":
                    assert group in plan["groups"]["renamed"], group
                case "m.room.power_levels":
                    assert {user for name, user in moved if name == group} & teachers, group
                case _:
                    raise AssertionError((group, event_type, state_key))

    def test_a_second_sync_changes_nothing(self, demo, plan):
        last = "SELECT (SELECT max(stream_ordering) FROM events), (SELECT total(length(displayname)) FROM profiles)"
        before = rows(demo.info["synapse_database"], last)
        again = demo.sync("--json")
        assert again.returncode == 0
        assert json.loads(again.stdout) == NO_CHANGE
        assert rows(demo.info["synapse_database"], last) == before

    def test_no_file_has_what_a_messenger_does_not_need(self, demo, plan):
        needed = {"Import-ID", "Vorname", "Nachname", "Klasse/Information", "Gruppen", "Kind-ID"}
        private = {
            value.encode()
            for path in demo.register.glob("*.csv")
            for row in csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline=""), delimiter=";")
            for column, value in row.items()
            if column not in needed and len(value) > 6
        }
        assert len(private) > 500
        files = [path for path in (*demo.home.rglob("*"), demo.output) if path.is_file()]
        assert any(path.suffix == ".db" for path in files)
        for path in files:
            content = path.read_bytes()
            assert not [value for value in private if value in content], path

    @pytest.mark.parametrize("person_id", ["S00216", "T00024"])
    def test_who_left_is_shut_out(self, demo, admin, before, plan, person_id):
        left = before[person_id]
        room = demo.info["rooms"][next(g for g in left.groups if g.startswith(("Klasse", "Lehrer")))]
        assert left.get("joined_rooms").status == 401
        assert left.try_send(room, {"msgtype": "m.text", "body": "Ich bin noch da"}).status == 401
        refused = Client(demo.homeserver).try_login(left.user_id, left.account["password"])
        assert refused.status in (401, 403), refused
        group_rooms = {*demo.info["rooms"].values(), *demo.info["spaces"].values()}
        assert admin.rooms_of(left.user_id) & group_rooms == set()

    def test_who_moved_is_in_the_new_class_and_not_in_the_old_one(self, demo, before, plan):
        moved = before["S00002"]
        rooms, spaces = demo.info["rooms"], demo.info["spaces"]
        assert {rooms["Klasse 8.2"], spaces["Klasse 8.2"], rooms["Jahrgang 8"]} <= moved.joined_rooms()
        assert moved.joined_rooms().isdisjoint({rooms["Klasse 8.1"], spaces["Klasse 8.1"]})
        moved.send(rooms["Klasse 8.2"], "Hallo, ich bin neu")
        assert moved.try_send(rooms["Klasse 8.1"], {"msgtype": "m.text", "body": "Tschüss"}).status == 403
        assert moved.join(spaces["Klasse 8.1"]).status == 403

    def test_a_new_name_is_shown_everywhere(self, demo, people, before, plan):
        married, colleague = before["T00003"], people.teacher()
        assert colleague.get(f"profile/{married.user_id}").ok()["displayname"].endswith(" Sonnenschein-Łuczak")
        member = colleague.state(demo.info["rooms"]["Lehrer"], "m.room.member", married.user_id).ok()
        assert member["displayname"].endswith(" Sonnenschein-Łuczak")
        assert married.try_login(married.user_id, married.account["password"]).status == 200

    def test_a_renamed_group_keeps_its_room(self, demo, people, plan):
        head = people.by_id("T00001")
        name = head.state(demo.info["rooms"]["Schulkonferenz"], "m.room.name").ok()["name"]
        assert name == "Schulkonferenz 2026/27"

    def test_a_new_group_has_a_room(self, admin, before, plan):
        listed = admin.get("/_synapse/admin/v1/rooms", limit=5000, search_term="Theater-AG").ok()["rooms"]
        new = {room["room_id"] for room in listed}
        assert len(new) == 2, "a space and a room"
        assert new <= before["S00002"].joined_rooms()
        assert new <= before["T00003"].joined_rooms()

    def test_a_newcomer_has_an_account(self, admin, plan):
        (found,) = admin.get("/_synapse/admin/v2/users", name="neuer", limit=10, guests=False).ok()["users"][:1]
        everybody = admin.get("/_synapse/admin/v2/users", name="neuer", limit=10).ok()["users"]
        assert {account["displayname"] for account in everybody} == {"Ålva Neuer", "Björk Neuer"}
        assert not found["locked"]


@pytest.fixture(scope="class")
def story(demo, people) -> Iterator[Json]:
    mover, friend, leaver = (people.pupil("Klasse 8.1") for _ in range(3))
    guardian, teacher = people.guardian("Sorgeberechtigte 10.3"), people.teacher()
    room, with_teacher = mover.talk_to(friend), guardian.talk_to(teacher)
    mover.send(room, "Kommst du mit?")

    def move(rows):
        for row in rows:
            if row["Import-ID"] == mover.account["person"]:
                row["Gruppen"] = "Klasse 9.1;Jahrgang 9"
                row["Klasse/Information"] = "9.1"
        return [row for row in rows if row["Import-ID"] != leaver.account["person"]]

    def without_guardians(rows):
        gone = {leaver.account["person"], guardian.name}
        return [r for r in rows if gone.isdisjoint({r["Kind-ID"], f"{r['Vorname']} {r['Nachname']}"})]

    with teacher.resting():
        held = guardian.send(with_teacher, "Bis morgen")
        wait_until(lambda: guardian.receipt_of(with_teacher, held), 10)
        with demo.changed_register() as folder:
            change(folder / "schueler.csv", move)
            change(folder / "eltern.csv", without_guardians)
            sync = demo.sync()
            assert sync.returncode == 0, sync.stderr
            teacher.end_rest()
            yield {
                "mover": mover,
                "friend": friend,
                "leaver": leaver,
                "room": room,
                "teacher": teacher,
                "with_teacher": with_teacher,
            }
    # and when everything is as before:
    mover.send(room, "Wieder da")
    assert friend.texts(room)[-1] == "Wieder da"
    leaver.enter()
    assert leaver.joined_rooms() >= {demo.info["rooms"]["Klasse 8.1"], demo.info["spaces"]["Klasse 8.1"]}


class TestOldRooms:
    """Somebody changes class, and rights are asked at every message, not only at the start."""

    def test_a_message_that_may_not_go_through_becomes_a_notice(self, story):
        for sender, reader in ((story["mover"], story["friend"]), (story["friend"], story["mover"])):
            for _ in range(3):
                event_id = sender.send(story["room"], "Streng geheim")
                for person in (sender, reader):
                    event = person.event(story["room"], event_id)
                    assert event["content"]["body"].startswith(NOT_DELIVERED)
                    assert event["content"]["msgtype"] == "m.notice"
                    assert "geheim" not in json.dumps(event)
            too_many = sender.try_send(story["room"], {"msgtype": "m.text", "body": "Streng geheim"})
            assert (too_many.status, too_many.body["errcode"]) == (429, "M_LIMIT_EXCEEDED")
        assert story["friend"].texts(story["room"])[0] == "Kommst du mit?", "what was written stays"
        assert "geheim" not in json.dumps(story["friend"].sync())

    def test_no_new_room_replaces_the_old_one(self, story, nothing_left):
        with nothing_left(story["mover"], story["friend"]):
            answer = story["mover"].try_create_room(is_direct=True, invite=[story["friend"].user_id])
            assert answer.status == 403

    def test_what_was_held_of_somebody_who_left_is_not_delivered(self, story):
        story["teacher"].ask("!hilfe")
        assert "Bis morgen" not in json.dumps(story["teacher"].events(story["with_teacher"]))

    def test_who_left_comes_back_with_the_old_password(self, demo, story):
        leaver = story["leaver"]
        assert Client(demo.homeserver).try_login(leaver.user_id, leaver.account["password"]).status in (401, 403)


class TestWhatASyncRefuses:
    @pytest.fixture
    def unchanged(self, demo, admin) -> Iterator[None]:
        """After the test, with the old files, there is nothing to do: so nothing was changed."""

        def locked_people() -> dict[str, bool]:
            accounts = admin.get("/_synapse/admin/v2/users", limit=5000, locked=True).ok()["users"]
            return {account["name"]: account["locked"] for account in accounts}

        before, kept = locked_people(), {path: path.read_bytes() for path in demo.register.iterdir()}
        yield
        for path, content in kept.items():
            path.write_bytes(content)
        assert json.loads(demo.sync("--dry-run", "--json").stdout) == NO_CHANGE
        assert locked_people() == before

    def assert_refused(self, demo, word: str, *, status: int = 1) -> None:
        refused = demo.sync()
        assert refused.returncode == status
        *_, sentence = refused.stderr.strip().splitlines()
        assert word in sentence
        assert "Traceback" not in refused.stderr

    def test_a_broken_or_empty_file_changes_nothing(self, demo, unchanged):
        for broken in ("truncated", "empty"):
            shutil.copy(REGISTERS / "broken" / f"{broken}.csv", demo.register / "schueler.csv")
            self.assert_refused(demo, "schueler.csv")

    def test_a_missing_folder_changes_nothing(self, demo, unchanged):
        away = demo.register.rename(demo.register.with_name("away"))
        try:
            self.assert_refused(demo, str(demo.register), status=2)
        finally:
            away.rename(demo.register)

    def test_many_people_do_not_leave_without_a_persons_word(self, demo, unchanged):
        change(demo.register / "schueler.csv", lambda rows: rows[:-30])
        pupils = (demo.register / "schueler.csv").read_text("utf-8-sig")
        change(demo.register / "eltern.csv", lambda rows: [row for row in rows if row["Kind-ID"] in pupils])
        plan = json.loads(demo.sync("--dry-run", "--json").stdout)
        assert len(plan["people"]["left"]) >= 30
        assert "--confirm" in plan["blocked"]
        self.assert_refused(demo, "--confirm")
