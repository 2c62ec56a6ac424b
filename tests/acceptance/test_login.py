"""Accounts: signing in, and what people may do with their own account."""

import json
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

import pytest

from acceptance.client import Client, wait_until
from acceptance.people import PROMISED_FIRST_LOGIN, SLACK, Person, newcomers
from acceptance.running import REGISTERS


def test_demo_json_has_everybody_once_with_role_and_groups(demo):
    expected = json.loads((REGISTERS / "oberschule" / "expected.json").read_text())
    names = {group["id"]: group["name"] for group in expected["groups"]}
    people = [
        (
            None if person["role"] == "guardian" else person["id"],  # IServ files have no ids for guardians
            person["role"],
            f"{person['given']} {person['family']}",
            sorted(names[group] for group in person["groups"]),
        )
        for person in expected["persons"]
    ]
    accounts = demo.info["accounts"]
    said = [
        (None if a["role"] == "guardian" else a["person"], a["role"], a["name"], sorted(a["groups"])) for a in accounts
    ]
    assert len(said) == 539
    assert sorted(said, key=str) == sorted(people, key=str)
    for key in ("person", "user_id", "password"):
        assert all(account[key] for account in accounts)
        assert len({account[key] for account in accounts}) == 539, key
    assert set(demo.info["rooms"]) == set(demo.info["spaces"]) == set(names.values())


def test_demo_json_says_where_everything_is(demo):
    info = demo.info
    assert info["homeserver"] == f"http://127.0.0.1:{demo.port}"
    assert info["web"] == f"http://127.0.0.1:{demo.port + 1}"
    assert info["bot"].endswith(f":{info['server_name']}")
    assert info["config"] == str(demo.home / "school.yaml")
    assert info["database"].startswith("sqlite://")
    assert info["synapse_database"].endswith("homeserver.db")
    for account in (info["admin"], *(a for a in info["accounts"] if a["role"] == "teacher")):
        assert account["password"] not in (demo.home / "school.yaml").read_text()
    shown = [a for a in info["accounts"] if a["user_id"] in demo.said and a["password"] in demo.said]
    assert {account["role"] for account in shown} == {"teacher", "student", "guardian"}
    assert info["homeserver"] in demo.said


@pytest.mark.parametrize("role", ["teacher", "student", "guardian"])
def test_who_comes_for_the_first_time_is_in_all_rooms_and_reads_what_was_written_before(demo, people, admin, role):
    groups = {"teacher": "Fachkonferenz Sport", "student": "Klasse 10.2", "guardian": "Sorgeberechtigte 10.2"}
    room = demo.info["rooms"][groups[role]]
    early = people.teacher(of=groups[role])
    early.send(room, f"Willkommen in {groups[role]}!")
    of_group = [a for a in demo.info["accounts"] if a["role"] == role and groups[role] in a["groups"]]
    account = next(account for account in of_group if not admin.rooms_of(account["user_id"]))

    newcomer = Person(demo, account).enter()
    entered = time.monotonic()
    own = {demo.info[kind][group] for kind in ("rooms", "spaces") for group in account["groups"]}
    wait_until(lambda: newcomer.joined_rooms() >= own, PROMISED_FIRST_LOGIN + SLACK)
    took = time.monotonic() - entered

    assert newcomer.joined_rooms() == own, "and in no other room"
    assert took < PROMISED_FIRST_LOGIN + SLACK
    assert f"Willkommen in {groups[role]}!" in newcomer.texts(room)
    timeline = newcomer.sync()["rooms"]["join"][room]["timeline"]["events"]
    assert f"Willkommen in {groups[role]}!" in [event["content"].get("body") for event in timeline]


def test_a_wrong_password_and_a_stranger_do_not_get_in(demo, people):
    account = people.account("student")
    stranger = Client(demo.homeserver)
    assert stranger.try_login(account["user_id"], account["password"][:-1]).status == 403
    assert stranger.try_login("@niemand:schule.localhost", account["password"]).status == 403
    registration = {"username": "neu", "password": "neu-neu-neu", "auth": {"type": "m.login.dummy"}}
    assert stranger.post("register", registration).status == 403


class TestOwnAccount:
    @pytest.fixture
    def pupil(self, people):
        return people.pupil("Klasse 10.3")

    def confirmation(self, person, password=None):
        return {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": person.user_id},
            "password": password or person.account["password"],
        }

    def test_the_name_comes_from_the_register(self, pupil):
        profile = f"profile/{pupil.user_id}"
        assert pupil.put(f"{profile}/displayname", {"displayname": "Chefin"}).status == 403
        assert pupil.get(profile).ok()["displayname"] == pupil.name

    def test_the_name_in_a_room_comes_from_the_register(self, demo, pupil):
        room = demo.info["rooms"]["Klasse 10.3"]
        member = {"membership": "join", "displayname": "Chefin", "org.example.words": "Hallo"}
        pupil.set_state(room, "m.room.member", member, pupil.user_id)
        now = pupil.state(room, "m.room.member", pupil.user_id).ok()
        assert now["displayname"] == pupil.name
        assert "org.example.words" not in now

    def test_nobody_in_the_register_deactivates_an_account(self, pupil):
        wish = {"auth": self.confirmation(pupil), "erase": True}
        assert pupil.post("account/deactivate", wish).status == 403
        assert pupil.get("account/whoami").ok()["user_id"] == pupil.user_id
        pupil.another_client()

    def test_a_password_that_was_changed_in_a_client_holds(self, demo, pupil):
        old, new = pupil.account["password"], "ein ganz anderes Passwort"
        device = pupil.another_client()
        device.post("account/password", {"auth": self.confirmation(device), "new_password": new}).ok()
        try:
            Client(demo.homeserver).try_login(pupil.user_id, new).ok()
            assert Client(demo.homeserver).try_login(pupil.user_id, old).status == 403
        finally:
            back = {"auth": self.confirmation(device, new), "new_password": old, "logout_devices": False}
            device.post("account/password", back).ok()
        pupil.enter()


class TestUserDirectory:
    def finds(self, searcher, name):
        found = searcher.post("user_directory/search", {"search_term": name, "limit": 50}).ok()["results"]
        return {result["user_id"] for result in found}

    def test_a_pupil_finds_teachers_and_classmates_and_no_pupil_of_another_year(self, people):
        pupil, classmate = people.pupil("Klasse 8.3"), people.pupil("Klasse 8.3")
        teacher, stranger = people.teacher(), people.pupil("Klasse 10.1")
        guardian = people.guardian("Sorgeberechtigte 8.3")
        assert teacher.user_id in self.finds(pupil, teacher.name)
        assert classmate.user_id in self.finds(pupil, classmate.name)
        assert stranger.user_id not in self.finds(pupil, stranger.name)
        assert guardian.user_id not in self.finds(pupil, guardian.name)

    def test_a_guardian_finds_teachers_and_guardians_of_the_class_only(self, people):
        guardian, other = people.guardian("Sorgeberechtigte 8.3"), people.guardian("Sorgeberechtigte 8.3")
        stranger = people.guardian(stranger_to=guardian)
        teacher, pupil = people.teacher(), people.pupil("Klasse 8.3")
        assert teacher.user_id in self.finds(guardian, teacher.name)
        assert other.user_id in self.finds(guardian, other.name)
        assert stranger.user_id not in self.finds(guardian, stranger.name)
        assert pupil.user_id not in self.finds(guardian, pupil.name)

    def test_a_teacher_finds_everybody(self, people):
        teacher = people.teacher()
        for other in (people.pupil(), people.guardian(), people.teacher()):
            assert other.user_id in self.finds(teacher, other.name)

    def test_a_pupil_sees_no_profile_of_a_stranger(self, people):
        pupil, stranger = people.pupil("Klasse 8.3"), people.pupil("Klasse 10.1")
        assert pupil.get(f"profile/{stranger.user_id}").status in (403, 404)


class TestAdministrator:
    def test_an_administrator_locks_somebody_and_a_sync_does_not_undo_it(self, demo, people, admin):
        guardian = people.guardian()
        listed = admin.get("/_synapse/admin/v2/users", limit=1000, locked=True).ok()["users"]
        assert guardian.user_id in {account["name"] for account in listed}

        admin.lock(guardian.user_id, locked=True)
        try:
            locked_out = guardian.get("joined_rooms")
            assert (locked_out.status, locked_out.body["errcode"]) == (401, "M_USER_LOCKED")
            sync = demo.sync()
            assert sync.returncode == 0
            assert guardian.user_id in sync.stderr
            assert "locked by an administrator" in sync.stderr
            assert guardian.get("joined_rooms").status == 401
        finally:
            admin.lock(guardian.user_id, locked=False)
        assert guardian.joined_rooms()
        assert guardian.user_id not in demo.sync().stderr

    def test_nobody_of_the_school_is_an_administrator(self, people):
        for person in (people.by_id("T00001"), people.pupil(), people.guardian()):
            assert person.get("/_synapse/admin/v2/users").status == 403


class TestTheWholeSchool:
    """The last of these stories: afterwards all rooms are full."""

    @pytest.mark.timeout(600)
    def test_everybody_can_log_in_and_is_in_exactly_the_rooms_of_their_groups(self, demo):
        info = demo.info
        with ThreadPoolExecutor(6) as several:
            entered = list(several.map(lambda account: Person(demo, account).enter(), self.everybody(demo)))
        assert len({person.token for person in entered}) == 527
        wanted = {
            (person.user_id, info[kind][group])
            for person in entered
            for group in person.groups
            for kind in ("rooms", "spaces")
        }
        with suppress(AssertionError):
            wait_until(lambda: self.taken(demo) == wanted, 400)
        assert self.taken(demo) == wanted

    def everybody(self, demo):
        """But for those who come for the first time in another story."""
        return [account for account in demo.info["accounts"] if account not in newcomers(demo)]

    def taken(self, demo):
        """Who is in which room of a group, the bot left out."""
        info, people = demo.info, {account["user_id"] for account in self.everybody(demo)}
        rooms = {*info["rooms"].values(), *info["spaces"].values()}
        with closing(sqlite3.connect(f"file:{info['synapse_database']}?mode=ro", uri=True)) as synapse:
            joined = synapse.execute("SELECT user_id, room_id FROM local_current_membership WHERE membership = 'join'")
            return {(user, room) for user, room in joined if room in rooms and user in people}
