"""The demo itself: starting, ending, starting again, and what it says to bad input."""

import shutil
import signal
from collections.abc import Iterator
from urllib.request import urlopen

import pytest

from acceptance.client import Client, wait_until
from acceptance.conferences import PAGE, press, title_for_one_story, way_in
from acceptance.people import Admin, People, Person
from acceptance.running import REGISTERS, Demo, free_ports, is_listening, schulbote, small_register

BROKEN_SCHOOL = {
    "that_is_no_yaml": ("run", "school: ["),
    "with_an_unknown_key": ("sync", "{valid}\ncolour: red\n"),
    "that_is_empty": ("check", ""),
}


@pytest.fixture(scope="module")
def register(tmp_path_factory):
    return small_register(tmp_path_factory.mktemp("small"))


@pytest.fixture
def small_demo(tmp_path, register) -> Iterator[Demo]:
    """A demo of about forty people, not started yet."""
    demo = Demo(tmp_path / "home", register)
    yield demo
    demo.clear_away()


@pytest.fixture(scope="module")
def kept_demo(tmp_path_factory, register) -> Iterator[Demo]:
    """One whose home is used again and again."""
    demo = Demo(tmp_path_factory.mktemp("kept") / "home", register)
    yield demo
    demo.clear_away()


def assert_one_sentence(done, *words: str, status: int = 2) -> None:
    """Exit status and one sentence on stderr, with these words in it."""
    assert done.returncode == status, (done.stdout, done.stderr)
    (sentence,) = done.stderr.strip().splitlines()
    assert sentence.endswith((".", ")"))
    assert "Traceback" not in done.stderr
    for word in words:
        assert str(word) in sentence


def test_a_demo_listens_on_this_machine_only(demo):
    listening = [c for p in demo.processes() for c in p.net_connections("inet") if c.status == "LISTEN"]
    assert {c.laddr.port for c in listening} == {demo.port, demo.port + 1}
    assert {c.laddr.ip for c in listening} == {"127.0.0.1"}


def test_a_start_that_was_interrupted_is_taken_up(kept_demo):
    kept_demo.launch()
    wait_until(lambda: "accounts:" in kept_demo.said, 60)
    kept_demo.end()
    assert not (kept_demo.home / "demo.json").exists()
    kept_demo.start()
    info = kept_demo.info
    admin = Admin(kept_demo.homeserver)
    admin.login(**info["admin"])
    of_groups = {*info["rooms"].values(), *info["spaces"].values()}
    # A room that Synapse was making when it was ended is deleted when its lock has run out.
    wait_until(lambda: admin.rooms() == of_groups, 180)
    pupil = Person(kept_demo, next(a for a in info["accounts"] if a["role"] == "student")).enter()
    own = {info[kind][group] for kind in ("rooms", "spaces") for group in pupil.groups}
    wait_until(lambda: pupil.joined_rooms() == own, 10)
    kept_demo.end(signal.SIGINT)
    assert "Traceback" not in kept_demo.said


def test_a_start_after_a_kill_ends_what_is_left_and_keeps_everything(kept_demo):
    kept_demo.start()
    first = kept_demo.info
    teacher = People(kept_demo).teacher("Klasse 5a")
    room = first["rooms"]["Klasse 5a"]
    teacher.send(room, "Das bleibt")
    new_password = "ein anderes Passwort"
    proof = {"type": "m.login.password", "password": teacher.account["password"]}
    proof["identifier"] = {"type": "m.id.user", "user": teacher.user_id}
    teacher.post("account/password", {"auth": proof, "new_password": new_password, "logout_devices": False}).ok()

    kept_demo.kill()
    orphans = kept_demo.processes()
    assert len(orphans) == 2, "Synapse and the appservice go on running"
    kept_demo.start()
    assert not any(process.is_running() for process in orphans)
    assert kept_demo.info == first
    assert "Das bleibt" in teacher.texts(room)
    Client(kept_demo.homeserver).try_login(teacher.user_id, new_password).ok()
    pupil = People(kept_demo).pupil("Klasse 5a")
    assert "Das bleibt" in pupil.texts(room)
    kept_demo.end()

    kept_demo.start("--reset")
    anew = kept_demo.info
    assert set(anew["rooms"]) == set(first["rooms"])
    assert set(anew["rooms"].values()).isdisjoint(first["rooms"].values())
    assert teacher.get("joined_rooms").status == 401
    People(kept_demo).teacher("Klasse 5a")
    kept_demo.end()


@pytest.mark.parametrize("moment", ["Register:", "Synapse listens"])
def test_a_start_can_be_ended_at_any_moment(small_demo, moment):
    small_demo.launch()
    if moment == "Synapse listens":
        wait_until(lambda: is_listening(small_demo.port), 60)
    else:
        wait_until(lambda: moment in small_demo.said, 60)
    small_demo.end()
    assert "Traceback" not in small_demo.said
    assert not (small_demo.home / "demo.json").exists()


class TestBadInput:
    def test_a_missing_school_yaml(self, tmp_path):
        missing = schulbote("-c", tmp_path / "school.yaml", "sync")
        assert_one_sentence(missing, tmp_path / "school.yaml")
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(("command", "text"), BROKEN_SCHOOL.values(), ids=BROKEN_SCHOOL)
    def test_a_broken_school_yaml(self, demo, tmp_path, command, text):
        school = tmp_path / "school.yaml"
        school.write_text(text.replace("{valid}", (demo.home / "school.yaml").read_text()))
        broken = schulbote("-c", school, command)
        assert_one_sentence(broken, school)
        assert list(tmp_path.iterdir()) == [school]

    def test_a_register_that_does_not_exist(self, tmp_path):
        home = tmp_path / "home"
        missing = schulbote("demo", "--home", home, "--register", tmp_path / "nowhere", "--port", free_ports())
        assert_one_sentence(missing, tmp_path / "nowhere")
        assert list(tmp_path.iterdir()) == []

    def test_a_register_without_files(self, tmp_path):
        home, empty = tmp_path / "home", tmp_path / "empty"
        empty.mkdir()
        refused = schulbote("demo", "--home", home, "--register", empty, "--port", free_ports())
        assert_one_sentence(refused, empty, status=1)
        assert list(tmp_path.iterdir()) == [empty]

    @pytest.mark.parametrize("broken", ["truncated", "empty"])
    def test_a_broken_register(self, tmp_path, broken):
        home, register = tmp_path / "home", tmp_path / "register"
        shutil.copytree(REGISTERS / "oberschule" / "iserv", register)
        shutil.copy(REGISTERS / "broken" / f"{broken}.csv", register / "schueler.csv")
        refused = schulbote("demo", "--home", home, "--register", register, "--port", free_ports())
        assert_one_sentence(refused, "schueler.csv", status=1)
        assert list(tmp_path.iterdir()) == [register]

    def test_a_port_in_use(self, demo, tmp_path, register):
        home = tmp_path / "home"
        for port in (demo.port, demo.port - 1):
            refused = schulbote("demo", "--home", home, "--register", register, "--port", port)
            assert_one_sentence(refused, "is in use")
        assert list(tmp_path.iterdir()) == []

    def test_a_port_that_has_no_next_one(self, tmp_path, register):
        refused = schulbote("demo", "--home", tmp_path / "home", "--register", register, "--port", 65535)
        assert_one_sentence(refused, 65535)
        assert list(tmp_path.iterdir()) == []

    def test_a_home_that_is_no_demos(self, tmp_path, register):
        home = tmp_path / "home"
        home.mkdir()
        letter = home / "letter.txt"
        letter.write_text("Liebe Oma")
        refused = schulbote("demo", "--home", home, "--register", register, "--port", free_ports())
        assert_one_sentence(refused, home)
        assert list(home.iterdir()) == [letter]
        refused = schulbote("demo", "--home", letter, "--register", register, "--port", free_ports())
        assert_one_sentence(refused, letter)
        assert letter.read_text() == "Liebe Oma"

    def test_the_home_of_a_real_school_is_no_demos(self, tmp_path, register):
        school = tmp_path / "school"
        made = schulbote(
            "init",
            school,
            "--name",
            "Schule",
            "--server-name",
            "schule-am-see.de",
            "--public-url",
            "https://schule-am-see.de",
        )
        assert made.returncode == 0, made.stderr
        before = {path: path.read_bytes() for path in school.rglob("*") if path.is_file()}
        refused = schulbote("demo", "--home", school, "--register", register, "--port", free_ports(), "--reset")
        assert_one_sentence(refused, school)
        assert {path: path.read_bytes() for path in school.rglob("*") if path.is_file()} == before

    def test_a_home_whose_demo_is_running_is_left_alone(self, demo, people, register):
        running = demo.processes()
        refused = schulbote("demo", "--home", demo.home, "--register", register, "--port", free_ports(), "--reset")
        assert_one_sentence(refused, demo.home)
        assert demo.processes() == running
        assert demo.info
        assert people.teacher().joined_rooms()

    def test_a_running_appservice_keeps_its_port(self, demo):
        second = schulbote("-c", demo.info["config"], "run")
        assert_one_sentence(second, demo.port + 1)


def test_check_says_that_all_is_well(demo):
    checked = schulbote("-c", demo.info["config"], "check")
    assert checked.returncode == 0, checked.stderr
    assert demo.homeserver in checked.stdout


def test_check_says_when_the_homeserver_does_not_answer(demo, tmp_path):
    home = shutil.copytree(demo.home, tmp_path / "home", ignore=shutil.ignore_patterns("synapse", "*.db*"))
    school = home / "school.yaml"
    school.write_text(school.read_text().replace(str(demo.port), str(free_ports())))
    checked = schulbote("-c", school, "check")
    assert checked.returncode == 1
    (line,) = checked.stderr.strip().splitlines()
    assert "cannot be reached" in line


def test_a_demo_has_conferences_that_say_that_they_are_simulated(kept_demo):
    kept_demo.start()
    web = kept_demo.info["web"]
    teacher, pupil = People(kept_demo).teacher("Klasse 5a"), People(kept_demo).pupil("Klasse 5a")
    title = title_for_one_story()
    said = teacher.ask(f"!konferenz {title} mit Klasse 5a")
    assert PAGE.search(said)[0].startswith(f"{web}/conference/")
    assert way_in(pupil, title) is None
    address = press(way_in(teacher, title))[1]
    assert address.startswith(f"{web}/demo-bbb/api/join?")
    with urlopen(address, timeout=20) as answer:
        page = answer.read().decode()
    assert "Das ist nur nachgestellt" in page
    assert f"{teacher.name}: MODERATOR" in page
    assert wait_until(lambda: way_in(pupil, title), 15)
    checked = schulbote("-c", kept_demo.info["config"], "check")
    assert f"{web}/demo-bbb" in checked.stdout
    teacher.ask("!konferenz ende")
    assert way_in(pupil, title) is None
    kept_demo.end()
