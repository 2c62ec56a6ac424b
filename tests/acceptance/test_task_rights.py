"""Who sees a task, works on it and changes it, when: every role in every state, against a real Synapse. Time passes by
moving the dates of a task."""

import re
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from acceptance.client import wait_until
from acceptance.doors import Browser, Form, form_in
from acceptance.people import Person

CLASS, OTHER, PARENTS = "Klasse 8.2", "Klasse 9.2", "Sorgeberechtigte 8.2"
DAY = 24 * 3600.0
ABOUT_TASKS = {
    "tasks": "id, title, text, due_at, last_at, published_at, closed_at, number",  # not what the bot has told of them
    "task_groups": "*",
    "task_teachers": "*",
    "task_files": "*",
    "task_uploads": "*",
    "hand_in_versions": "*",
}


@dataclass
class Cast:
    people: dict[str, Person]
    browsers: dict[str, Browser]
    tokens: dict[str, str]
    """Those of their forms."""


def token_of(browser: Browser) -> str:
    form = form_in(browser.get("/account").text, "/")
    return form.fields["form_token"]


@pytest.fixture(scope="module")
def cast(demo, people) -> Cast:
    everybody = {
        "its teacher": people.teacher(of=CLASS),
        "a teacher of the class": people.teacher(of=CLASS),
        "the head": people.by_id("T00001"),
        "a pupil of the class": people.pupil(of=CLASS),
        "a guardian of the class": people.guardian(of=PARENTS),
        "a pupil of another class": people.pupil(of=OTHER),
        "a guardian of another class": people.guardian(not_of=PARENTS),
    }
    browsers = {who: Browser(demo.info["web"]).signed_in(person) for who, person in everybody.items()}
    tokens = {who: token_of(browser) for who, browser in browsers.items()}
    return Cast(everybody, browsers | {"a stranger": Browser(demo.info["web"])}, tokens | {"a stranger": ""})


def new_task(cast: Cast, by: Person | None = None) -> str:
    title = f"Gedicht {secrets.token_hex(3)}"
    due = datetime.now(ZoneInfo("Europe/Berlin")) + timedelta(days=3)
    answer = (by or cast.people["its teacher"]).ask(
        f"!aufgabe neu {title} bis {due:%d.%m.%Y} 18:00 für {CLASS}, {PARENTS}"
    )
    [task] = re.findall(r"/task/([\w-]+)", answer)
    return task


def database(demo: Any) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(demo.info["database"].removeprefix("sqlite:///"), timeout=20))


def move(demo: Any, task: str, **days: float | None) -> None:
    """Sets dates of a task, in days from now."""
    values = {column: None if after is None else time.time() + after * DAY for column, after in days.items()}
    with database(demo) as school, school:
        for column, value in values.items():
            school.execute(f"UPDATE tasks SET {column} = ? WHERE id = ?", (value, task))


def trace(demo: Any) -> dict[str, list[Any]]:
    with database(demo) as school:
        return {
            table: sorted(map(repr, school.execute(f"SELECT {columns} FROM {table}")))
            for table, columns in ABOUT_TASKS.items()
        }


def handed_in(demo: Any, task: str) -> int:
    query = "SELECT count(*) FROM hand_in_versions JOIN hand_ins ON hand_in_id = hand_ins.id WHERE task_id = ?"
    with database(demo) as school:
        return int(school.execute(query, (task,)).fetchone()[0])


def look(cast: Cast, who: str, task: str) -> str:
    page = cast.browsers[who].get(f"/task/{task}")
    if page.status != 200:
        return {303: "signs in", 403: "nothing"}[page.status]
    if f"/task/{task}/edit" in page.text:
        return "leads"
    return "works" if form_in(page.text, f"/task/{task}/work") else "reads"


def hand_in(cast: Cast, who: str, task: str, text: str = "Es war einmal") -> int:
    fields = {"form_token": cast.tokens[who], "text": text, "do": "hand_in"}
    return cast.browsers[who].send_parts(Form(f"/task/{task}/work", fields)).status


def found(demo: Any, cast: Cast, task: str) -> dict[str, str]:
    """What everybody finds, and whether they hand in."""
    answers = {}
    for who in cast.browsers:
        seen, before = look(cast, who, task), handed_in(demo, task)
        hand_in(cast, who, task)
        answers[who] = f"{seen}, hands in" if handed_in(demo, task) > before else seen
    return answers


STATES: dict[str, tuple[dict[str, float | None], str]] = {
    "a draft": ({"published_at": None}, "nothing"),
    "published tomorrow": ({"published_at": 1}, "nothing"),
    "open tomorrow": ({"opens_at": 1}, "reads"),
    "open": ({}, "works, hands in"),
    "late": ({"published_at": -5, "due_at": -1}, "works, hands in"),
    "over": ({"published_at": -5, "due_at": -2, "last_at": -1}, "reads"),
    "closed by its teacher": ({"published_at": -5, "closed_at": -1}, "reads"),
}


@pytest.mark.parametrize(("dates", "learners"), STATES.values(), ids=STATES)
def test_who_sees_it_and_who_hands_in(demo, cast, dates, learners):
    task = new_task(cast)
    move(demo, task, **dates)
    assert found(demo, cast, task) == {
        "its teacher": "leads",
        "a teacher of the class": "nothing",
        "the head": "nothing",
        "a pupil of the class": learners,
        "a guardian of the class": learners,
        "a pupil of another class": "nothing",
        "a guardian of another class": "nothing",
        "a stranger": "signs in",
    }


CHANGES: list[tuple[str, dict[str, str]]] = [
    ("", {"do": "close"}),
    ("", {"do": "show"}),
    ("", {"do": "remind"}),
    ("/extend", {"person": "PUPIL", "until": "2030-06-01T12:00"}),
    ("/teacher", {"name": "@OWN"}),
    ("/edit", {"title": "Meins", "due": "2030-06-01T12:00", "groups": OTHER, "publish": "now"}),
    ("/check/HAND_IN", {"feedback": "Sechs", "mark": "6", "do": "save"}),
    ("/check/HAND_IN", {"feedback": "Noch einmal", "mark": "", "do": "return"}),
    ("/material", {}),
]
LOOKS = ("/edit", "/all.zip", "/check/HAND_IN")


@pytest.fixture(scope="module")
def secret(demo, cast) -> tuple[str, str]:
    """A task, and what the pupil has handed in for it."""
    task = new_task(cast)
    assert hand_in(cast, "a pupil of the class", task, "Geheimes Gedicht") == 303
    with database(demo) as school:
        [(own,)] = school.execute("SELECT id FROM hand_ins WHERE task_id = ?", (task,)).fetchall()
    return task, own


@pytest.mark.parametrize(
    "who",
    [
        "a teacher of the class",
        "the head",
        "a pupil of the class",
        "a guardian of the class",
        "a pupil of another class",
        "a stranger",
    ],
)
def test_nobody_but_its_teachers_changes_it_or_reads_what_others_handed_in(demo, cast, secret, who):
    """Twelve attempts each, and two to be somebody else."""
    task, own = secret
    browser, before = cast.browsers[who], trace(demo)
    pupil = cast.people["a pupil of the class"].account["person"]
    ours = cast.people[who].user_id if who in cast.people else ""
    for path, fields in CHANGES:
        filled = {name: value.replace("PUPIL", pupil).replace("@OWN", ours) for name, value in fields.items()}
        form = Form(f"/task/{task}{path.replace('HAND_IN', own)}", {"form_token": cast.tokens[who]} | filled)
        for send in (browser.send, browser.send_parts):
            assert send(form).status in (400, 403, 404, 415, 422), (path, fields)
    for path in LOOKS:
        shown = browser.get(f"/task/{task}{path.replace('HAND_IN', own)}")
        assert shown.status in (303, 403, 404), path
        assert "Geheimes" not in shown.text
    others = next(token for other, token in cast.tokens.items() if other != who and token)
    for token in ("", others):
        form = Form(f"/task/{task}/work", {"form_token": token, "text": "In fremdem Namen", "do": "hand_in"})
        assert browser.send_parts(form).status in (303, 403)  # who has handed in is sent back to what is there
    assert trace(demo) == before


def test_more_time_for_one_and_for_all_after_an_outage(demo, cast):
    task, teacher = new_task(cast), cast.browsers["its teacher"]
    pupil = cast.people["a pupil of the class"].account["person"]
    move(demo, task, published_at=-5, due_at=-1, last_at=-0.5)
    until = datetime.now(ZoneInfo("Europe/Berlin")) + timedelta(days=1)
    extend = {"form_token": cast.tokens["its teacher"], "person": pupil, "until": f"{until:%Y-%m-%dT%H:%M}"}
    assert teacher.send(Form(f"/task/{task}/extend", extend)).status == 303
    assert look(cast, "a pupil of the class", task) == "works"
    assert look(cast, "a guardian of the class", task) == "reads"
    since = datetime.now(ZoneInfo("Europe/Berlin")) - timedelta(days=2)
    outage = {"form_token": cast.tokens["the head"], "days": "3", "since": f"{since:%Y-%m-%d}"}
    assert cast.browsers["the head"].send(Form("/tasks", outage)).status == 303
    assert look(cast, "a guardian of the class", task) == "works"
    assert hand_in(cast, "a guardian of the class", task) == 303
    assert "verspätet" not in cast.browsers["a guardian of the class"].get(f"/task/{task}").text


# Who leaves in between


def without(rows: str, person: Person) -> str:
    """The register without somebody."""
    return "\n".join(line for line in rows.split("\n") if not line.startswith(f"{person.account['person']};"))


def elsewhere(rows: str, person: Person) -> str:
    """The register with a pupil in another class."""
    lines = rows.split("\n")
    [at] = [number for number, line in enumerate(lines) if line.startswith(f"{person.account['person']};")]
    lines[at] = lines[at].replace("Klasse 8.2;Jahrgang 8", "Klasse 9.1;Jahrgang 9").replace(";8.2;", ";9.1;")
    return "\n".join(lines)


@pytest.fixture
def changed(demo) -> Iterator[Any]:
    """`changed(file, how, person)`: the school follows a register that is changed; afterwards it is as before."""
    with demo.changed_register() as folder:

        def change(name: str, how: Any, person: Person) -> None:
            file = folder / name
            file.write_text(how(file.read_text(), person))
            demo.sync("--confirm").check_returncode()

        yield change


def test_a_pupil_who_changes_class_keeps_what_they_handed_in_and_hands_in_nothing(demo, people, cast, changed):
    pupil, task = people.pupil(of=CLASS), new_task(cast)
    cast.browsers["who changes class"] = Browser(demo.info["web"]).signed_in(pupil)
    cast.tokens["who changes class"] = token_of(cast.browsers["who changes class"])
    try:
        assert hand_in(cast, "who changes class", task) == 303
        unseen = new_task(cast)
        changed("schueler.csv", elsewhere, pupil)
        wait_until(lambda: look(cast, "who changes class", unseen) == "nothing", 15)
        assert look(cast, "who changes class", task) == "reads"
        assert hand_in(cast, "who changes class", task, "Noch eins") == 403
        assert handed_in(demo, task) == 1
    finally:
        del cast.browsers["who changes class"], cast.tokens["who changes class"]


def test_when_its_teacher_has_left_the_leadership_names_another_and_sees_nothing_itself(demo, people, cast, changed):
    first, teacher = people.by_id("T00023"), people.teacher(of=CLASS)
    task = new_task(cast, by=first)
    named = {"form_token": cast.tokens["the head"], "name": teacher.user_id}
    head = cast.browsers["the head"]
    assert head.send(Form(f"/task/{task}/teacher", named)).status == 403, "as long as it has one"
    changed("lehrer.csv", without, first)
    wait_until(lambda: head.send(Form(f"/task/{task}/teacher", named)).status == 303, 15)
    browser = Browser(demo.info["web"]).signed_in(teacher)
    assert f"/task/{task}/edit" in browser.get(f"/task/{task}").text
    assert look(cast, "the head", task) == "nothing"
    assert look(cast, "a pupil of the class", task) == "works"
