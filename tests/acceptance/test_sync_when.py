"""When a sync runs, and how it is seen: by word of the leadership, on a signal, when files come, at its time; and that
one that was cut off is brought to its end. A small school of its own: these stories stop and kill."""

import csv
import io
import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest
import yaml

from acceptance.client import is_edit, wait_until
from acceptance.people import Admin, Person
from acceptance.running import SCHULBOTE, Demo, free_ports, is_listening, small_register
from school.texts.de import SENTENCES

STARTED, DONE = SENTENCES["sync.started"], SENTENCES["sync.done"]


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("small")
    demo = Demo(folder / "home", small_register(folder / "register"))
    with demo.running():
        yield demo


@pytest.fixture
def register(demo) -> Iterator[Path]:
    with demo.changed_register() as folder:
        yield folder


@pytest.fixture(scope="module")
def head(demo) -> Person:
    """One of those whom the register marks as leadership. The other one never talks with the bot."""
    row, _ = [row for row in rows_of(demo.register / "lehrer.csv") if row["Klasse/Information"] == "Schulleitung"]
    return enter(demo, person=row["Import-ID"])


@pytest.fixture
def room(head) -> str:
    return head.control_room


def enter(demo: Demo, **of: str) -> Person:
    ((name, value),) = of.items()
    return Person(demo, next(a for a in demo.info["accounts"] if a[name] == value)).enter()


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline=""), delimiter=";"))


def without_pupils(folder: Path, number: int) -> None:
    """Takes the first pupils out of the register, and who has no child left."""
    path = folder / "schueler.csv"
    gone = {row["Import-ID"] for row in rows_of(path)[:number]}
    for file, column in ((path, "Import-ID"), (folder / "eltern.csv", "Kind-ID")):
        rows = rows_of(file)
        out = io.StringIO()
        writer = csv.DictWriter(out, rows[0], delimiter=";", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(row for row in rows if row[column] not in gone)
        file.write_text(out.getvalue(), "utf-8-sig", newline="")


def new_family_name(folder: Path) -> None:
    path = folder / "schueler.csv"
    first = rows_of(path)[0]["Nachname"]
    path.write_text(path.read_text("utf-8-sig").replace(f";{first};", ";Neumann;", 1), "utf-8-sig", newline="")


def texts_of(person: Person, room: str) -> list[str]:
    """What stands in the messages of the bot, the newest words of each."""
    texts: dict[str, str] = {}
    for event in person.events(room):
        content = event["content"]
        if event["type"] != "m.room.message" or event["sender"] == person.user_id:
            continue
        if is_edit(content):
            texts[content["m.relates_to"]["event_id"]] = content["m.new_content"]["body"]
        else:
            texts[event["event_id"]] = content["body"]
    return list(texts.values())


def say(person: Person, room: str, words: str) -> str:
    """Writes to the bot, and returns the last words of its answer."""
    before = len(texts_of(person, room))
    person.send(room, words)

    def answered() -> str | None:
        texts = texts_of(person, room)[before:]
        return texts[-1] if texts and not texts[-1].startswith("⏳") else None

    return wait_until(answered, 60)


def pending(demo: Demo) -> dict[str, object]:
    plan = json.loads(demo.sync("--dry-run", "--json").stdout)
    return {key: value for part in ("people", "groups") for key, value in plan[part].items() if value}


def actors(demo: Demo) -> list[str]:
    """Who applied the plans so far."""
    with closing(sqlite3.connect(demo.home / "schulbote.db")) as database:
        asked = "SELECT actor FROM audit_log WHERE action = 'sync_applied' ORDER BY id"
        return [actor for (actor,) in database.execute(asked)]


def appservice(demo: Demo) -> psutil.Process:
    (found,) = [process for process in demo.processes() if process.cmdline()[-1] == "run"]
    return found


def metrics(port: int) -> dict[str, float]:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


class TestByWord:
    def test_others_are_told_kindly_who_may(self, demo):
        pupil = enter(demo, role="student")
        assert pupil.ask("!abgleich") == SENTENCES["sync.leadership_only"]

    def test_a_trial_tells_what_would_change_and_changes_nothing(self, demo, head, room, register):
        assert SENTENCES["sync.nothing"] in say(head, room, "!abgleich probe")
        new_family_name(register)
        assert "1 geändert" in say(head, room, "!abgleich probe")
        assert pending(demo)["renamed"]

    def test_the_head_starts_it_and_sees_one_message_until_it_is_done(self, demo, head, room, register):
        new_family_name(register)
        before = len(texts_of(head, room))
        said = say(head, room, "!abgleich")
        assert said.startswith(DONE)
        assert "1 geändert" in said
        assert len(texts_of(head, room)) == before + 1
        assert pending(demo) == {}
        assert actors(demo)[-1] == head.account["person"]

    def test_an_admin_may_who_is_nobody_in_the_register(self, demo):
        admin = Admin(demo.homeserver)
        admin.login(**demo.info["admin"])
        room = admin.open_direct_room(demo.info["bot"])
        wait_until(lambda: demo.info["bot"] in admin.members(room), 10)
        admin.put(f"rooms/{room}/send/m.room.message/ask", {"msgtype": "m.text", "body": "!sync"}).ok()
        answers = wait_until(lambda: [text for text in texts_of(admin, room) if "done" in text], 30)
        assert answers[0].startswith("✅ The sync is done.")

    def test_a_plan_that_stops_is_applied_when_the_head_has_confirmed_it(self, demo, head, room, register):
        without_pupils(register, 4)
        said = say(head, room, "!abgleich")
        assert said.startswith("⛔")
        assert "would leave" in said
        assert len(pending(demo)["left"]) >= 4
        without_pupils(register, 1)  # it is another plan now
        said = say(head, room, "!abgleich bestätigen")
        assert said.startswith(SENTENCES["sync.other_plan"])
        assert len(pending(demo)["left"]) >= 5
        assert say(head, room, "!abgleich bestätigen").startswith(DONE)
        assert pending(demo) == {}


class TestOnASignal:
    def test_a_signal_starts_a_sync(self, demo, register):
        new_family_name(register)
        appservice(demo).send_signal(signal.SIGHUP)
        wait_until(lambda: actors(demo)[-1] == "schulbote run (signal)", 20)
        assert pending(demo) == {}

    def test_the_leadership_hears_once_of_a_plan_that_stops(self, demo, head, room, register):
        without_pupils(register, 4)
        before = len(texts_of(head, room))
        for _ in range(2):
            ran = logged(demo)
            appservice(demo).send_signal(signal.SIGHUP)
            wait_until(lambda ran=ran: logged(demo) > ran, 20)
        (told,) = texts_of(head, room)[before:]
        assert "would leave" in told
        assert say(head, room, "!abgleich bestätigen").startswith(DONE), "what the bot told is what may be confirmed"

    def test_the_leadership_hears_of_a_register_that_cannot_be_used(self, demo, head, room, register):
        (register / "schueler.csv").write_text("")
        before = len(texts_of(head, room))
        appservice(demo).send_signal(signal.SIGHUP)
        (told,) = wait_until(lambda: texts_of(head, room)[before:], 20)
        assert "schueler.csv" in told

    def test_prometheus_sees_it(self, demo):
        assert demo.sync().returncode == 0
        figures = metrics(demo.port + 1)
        people = len(demo.info["accounts"])
        assert (figures["schulbote_sync_people"], figures["schulbote_sync_running"]) == (people, 0)
        assert figures["schulbote_sync_last_success_timestamp_seconds"] > demo.home.stat().st_ctime - 3600


def logged(demo: Demo) -> int:
    """How many syncs the appservice has ended, and told of."""
    return (demo.home / "appservice.out").read_text().count("event=sync_ended")


@contextmanager
def of_its_own(demo: Demo, **register: object) -> Iterator["Run"]:
    """A `schulbote run` beside the demo's: of the same school, and no demo."""
    run = Run(demo, register)
    try:
        yield run
    finally:
        run.end(signal.SIGKILL)


class Run:
    """It can be killed and started again."""

    def __init__(self, demo: Demo, register: dict[str, object]) -> None:
        self.port = free_ports()
        self._config = demo.home / "own.yaml"
        settings = yaml.safe_load((demo.home / "school.yaml").read_text())
        del settings["demo"]
        settings["web"]["listen_port"] = self.port
        settings["register"] |= register
        self._config.write_text(yaml.safe_dump(settings))
        self._output = demo.home / "own.out"
        self.start()

    def start(self) -> None:
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                [*SCHULBOTE, "-c", str(self._config), "run"], stdout=output, stderr=output, stdin=subprocess.DEVNULL
            )
        wait_until(lambda: is_listening(self.port), 30)

    def hang_up(self) -> None:
        os.kill(self._process.pid, signal.SIGHUP)

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        self._process.send_signal(how)
        return self._process.wait(30)


class TestByItself:
    def test_a_new_file_starts_a_sync(self, demo, register):
        with of_its_own(demo, watch=True) as run:
            new_family_name(register)
            wait_until(lambda: actors(demo)[-1] == "schulbote run (files)", 40)
            assert pending(demo) == {}
            assert run.end() == 0

    def test_it_syncs_at_its_time(self, demo, register):
        with of_its_own(demo, schedule="* * * * *") as run:
            new_family_name(register)
            wait_until(lambda: actors(demo)[-1] == "schulbote run (schedule)", 90)
            assert pending(demo) == {}
            assert run.end() == 0

    def test_a_sync_that_was_killed_is_brought_to_its_end_at_the_next_start(self, demo, register):
        without_pupils(register, 1)
        gone = pending(demo)["left"]
        user_ids = {a["user_id"] for a in demo.info["accounts"] if a["person"] in gone}
        admin = Admin(demo.homeserver)
        admin.login(**demo.info["admin"])
        with of_its_own(demo, guard={"people": 10, "share": 0.5}) as run:
            (synapse,) = [p for p in demo.processes() if is_synapse(p)]
            synapse.suspend()
            try:
                run.hang_up()
                wait_until(lambda: actors(demo)[-1] == "schulbote run (signal)", 20)
                assert metrics(run.port)["schulbote_sync_running"] == 1
                run.end(signal.SIGKILL)
            finally:
                synapse.resume()
            assert locked(admin).isdisjoint(user_ids), "they have left the directory, and nobody told Synapse yet"
            run.start()
            wait_until(lambda: locked(admin) >= user_ids, 90)
            wait_until(lambda: metrics(run.port)["schulbote_sync_unfinished"] == 0, 30)
            assert run.end() == 0


def is_synapse(process: psutil.Process) -> bool:
    return any("synapse" in part and "homeserver" in part for part in process.cmdline()[1:3])


def locked(admin: Admin) -> set[str]:
    accounts = admin.get("/_synapse/admin/v2/users", limit=5000, locked=True).ok()["users"]
    return {account["name"] for account in accounts if account["locked"]}
