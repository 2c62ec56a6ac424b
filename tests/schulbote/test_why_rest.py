"""`schulbote why rest`: whether somebody rests, until when and by what; and what `check` says of the section."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from builders import EVERYBODY
from known_rooms import filled_school, variant
from sqlalchemy import URL, create_engine, insert
from sqlalchemy.engine import Connection

from school.database.tables import free_days, rest_overrides
from school.domain.directory import Directory
from schulbote.question import NotAskedError, is_about_rest, read_rest_question

BERLIN = ZoneInfo("Europe/Berlin")
DIRECTORY = Directory(EVERYBODY)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


# What is asked.

NOW = local("2026-11-24 09:15")


@pytest.mark.parametrize(
    ("words", "at"),
    [
        ("rest Ida Groß", "2026-11-24 09:15"),
        ("rest Ida Groß 2026-12-24 10:00", "2026-12-24 10:00"),
        ("rest Ida Groß 2026-12-24T10:00", "2026-12-24 10:00"),
        ("rest Ida Groß 24.12.2026 9:05", "2026-12-24 09:05"),
        ("rest ida 2026-12-24", "2026-12-24 12:00"),
        ("rest p-ida 17:30", "2026-11-24 17:30"),
        ("rest @ida:school.test 2026-03-29 02:30", "2026-03-29 03:00"),
    ],
)
@pytest.mark.parametrize("quoted", [True, False])
def test_a_moment_is_now_a_time_a_day_or_both(words: str, at: str, quoted: bool) -> None:
    name, _, rest = words.partition(" ")
    typed = (name, rest) if quoted else tuple(words.split())
    asked = read_rest_question(typed, DIRECTORY, now=NOW, zone=BERLIN)
    assert (asked.person.id, asked.at) == ("p-ida", local(at))


def test_a_time_that_comes_twice_is_the_first() -> None:
    asked = read_rest_question(("rest", "ida", "2026-10-25 02:30"), DIRECTORY, now=NOW, zone=BERLIN)
    assert asked.at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(("words", "said"), [("rest", "Ask like this"), ("rest ida 2026-02-30", "no such day")])
def test_what_is_no_question_is_told_how_to_ask(words: str, said: str) -> None:
    with pytest.raises(NotAskedError, match=said):
        read_rest_question(tuple(words.split()), DIRECTORY, now=NOW, zone=BERLIN)


def test_somebody_called_rest_may_be_asked_about() -> None:
    assert is_about_rest(("rest", "ida"))
    assert not is_about_rest(("rest", "may", "message", "ida"))
    assert not is_about_rest(("ida", "rest"))


# What is answered.

HOURS = """\
rest:
  reachable: {mon-fri: ["07:30-17:00"]}
  groups:
    Fachkonferenz Sport: {reachable: {mon-fri: ["10:00-20:00"]}}
    Schulkonferenz: {reachable: {sat: ["09:00-12:00"]}}
  persons:
    T00005: {reachable: {mon-tue: ["07:30-13:00"]}, free_days: [2026-12-01]}
  minimum: {mon-sun: ["19:00-06:00"]}
  holidays: {country: DE, subdivision: BB}
  free_days: [2026-11-27]
"""


def entered(person: str, kind: str, start: str, end: str, deputy: str | None = None) -> dict[str, Any]:
    times = {"starts_at": local(start).timestamp(), "ends_at": local(end).timestamp()}
    return {"person_id": person, "kind": kind, "deputy": deputy} | times


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = variant(filled_school(tmp_path_factory.mktemp("why") / "school"), "hours.yaml", more=HOURS)
    for connection in connected(file):
        rows = [
            entered("T00004", "rest", "2026-11-24 11:00", "2026-11-24 12:00"),
            entered("T00004", "pause", "2026-11-24 17:00", "2026-11-24 23:00"),
            entered("T00006", "absence", "2026-11-24 00:00", "2026-11-26 00:00", "T00001"),
        ]
        connection.execute(insert(rest_overrides), rows)
        days = {date(2026, 11, 27): "", date(2026, 12, 24): "Weihnachtsferien", date(2026, 12, 25): "Weihnachten"}
        connection.execute(insert(free_days), [{"day": day, "name": name} for day, name in days.items()])
    return file


def connected(file: Path) -> Iterator[Connection]:
    engine = create_engine(URL.create("sqlite", database=str(file.parent / "schulbote.db")))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


@pytest.mark.parametrize(
    ("who", "at", "until", "cause", "rule", "words"),
    [
        ("T00009", "2026-11-24 10:00", None, None, "rest.reachable", "in the school's hours"),
        ("T00009", "2026-11-24 18:00", "2026-11-25 07:30", "outside_hours", "rest.reachable", "outside the school's"),
        ("T00009", "2026-11-27 10:00", "2026-11-30 07:30", "free_day", "rest.free_days", "free day of the school"),
        ("T00009", "2026-12-24 10:00", "2026-12-28 07:30", "free_day", "rest.holidays", '"Weihnachtsferien"'),
        ("T00004", "2026-11-24 10:00", None, None, "rest.groups.Fachkonferenz Sport.reachable", "their groups'"),
        ("T00004", "2026-11-24 09:00", "2026-11-24 10:00", "outside_hours", "rest.groups.Fach", "their groups'"),
        ("T00004", "2026-11-24 11:30", "2026-11-24 12:00", "own", "own", "`!ruhe`"),
        ("T00004", "2026-11-24 18:00", None, None, "pause", "`!ruhe aus`"),
        ("T00004", "2026-11-24 19:30", "2026-11-25 10:00", "minimum", "rest.minimum", "nobody undercuts"),
        ("T00001", "2026-11-28 09:00", None, None, "rest.groups.Schulkonferenz.reachable", "their groups'"),
        ("T00005", "2026-11-24 10:00", None, None, "rest.persons.T00005.reachable", "their own"),
        ("T00005", "2026-11-25 10:00", "2026-11-30 07:30", "outside_hours", "rest.persons.T00005", "their own"),
        ("T00005", "2026-12-01 10:00", "2026-12-07 07:30", "free_day", "rest.persons.T00005.free_days", "of theirs"),
        ("T00006", "2026-11-24 10:00", "2026-11-26 07:30", "absent", "absence", "from Tue 24 Nov 2026, 00:00"),
        ("S00001", "2026-11-24 23:00", None, None, "rest.roles", "for teacher"),
    ],
)
def test_the_answer_names_the_end_the_cause_and_the_line(
    schulbote: Callable[..., Any],
    config: Path,
    who: str,
    at: str,
    until: str | None,
    cause: str | None,
    rule: str,
    words: str,
) -> None:
    answer = schulbote("-c", config, "why", "--json", "rest", who, at)
    said = json.loads(answer.out)
    assert answer.status == (1 if cause is None else 0)
    assert (said["rests"], said["cause"]) == (cause is not None, cause)
    assert (said["until"] and datetime.fromisoformat(said["until"])) == (until and local(until))
    assert any(rule in line for line in said["rules"])
    assert all(line.startswith("hours.yaml:") == ("rest." in line) for line in said["rules"])
    assert words in said["words"]


def test_the_answer_for_people(schulbote: Callable[..., Any], config: Path) -> None:
    answer = schulbote("-c", config, "why", "rest", "Omar", "Wagner", "2026-11-24", "10:00")
    assert (answer.status, answer.err) == (0, "")
    assert answer.out.splitlines() == [
        "Yes: Omar Wagner (T00006, teacher) rests on Tue 24 Nov 2026, 10:00 until Thu 26 Nov 2026, 07:30.",
        "Cause: absent",
        "Rule: absence",
        "  They said that they are absent (`!abwesend`), from Tue 24 Nov 2026, 00:00 until Thu 26 Nov 2026, 00:00.",
        "Deputy: Ida Groß (T00001, teacher)",
    ]
    there = schulbote("-c", config, "why", "rest", "T00009", "2026-11-24 10:00").out.splitlines()
    assert there[0] == "No: Ömer Nowak (T00009, teacher) does not rest on Tue 24 Nov 2026, 10:00."


def test_without_a_time_it_is_about_now(schulbote: Callable[..., Any], config: Path) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    said = json.loads(schulbote("-c", config, "why", "rest", "T00009", "--json").out)
    assert before <= datetime.fromisoformat(said["at"]) <= datetime.now(UTC)


@pytest.mark.parametrize("words", ["rest", "rest T99999", "rest T00001 2026-02-30"])
def test_wrong_use_is_2_with_one_sentence(schulbote: Callable[..., Any], config: Path, words: str) -> None:
    answer = schulbote("-c", config, "why", *words.split())
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.count("\n") == 1


# What `check` says.


def test_lines_for_nobody_are_told(schulbote: Callable[..., Any], config: Path) -> None:
    more = "rest:\n  groups:\n    Klasse 77*: {reachable: {mon: ['8:00-9:00']}}\n  persons:\n    T0005: {}\n"
    plain = config.with_name("school.yaml")
    err = schulbote("-c", variant(plain, "nobody.yaml", more=more), "check").err
    assert "nobody.yaml:" in err
    assert "rest.groups.Klasse 77* fits no group" in err
    assert "rest.persons.T0005 fits nobody: there is no such id in the directory; did you mean" in err
    assert "fits" not in schulbote("-c", config, "check").err


@pytest.mark.parametrize(
    ("office", "said"),
    [
        ("Leherr", 'office.yaml:{line} rest.office names no group of the register; did you mean "Lehrer"?'),
        ("Klasse 8.1", "rest.office names a group with pupils or guardians in it; name one in which only staff is."),
        ("Lehrer", ""),
    ],
)
def test_an_office_that_cannot_be_one_is_told(
    schulbote: Callable[..., Any], config: Path, office: str, said: str
) -> None:
    path = variant(config.with_name("school.yaml"), "office.yaml", more=f"rest: {{office: {office}}}\n")
    line = len(path.read_text().splitlines())
    err = schulbote("-c", path, "check").err
    assert said.format(line=line) in err
    assert ("rest.office" in err) == bool(said)


def test_a_calendar_that_cannot_be_read_is_told_by_check(schulbote: Callable[..., Any], config: Path) -> None:
    config.with_name("free.ics").write_text("<html>")
    more = "rest: {reachable: {mon: ['8:00-9:00']}, calendars: [free.ics]}\n"
    answer = schulbote("-c", variant(config.with_name("school.yaml"), "ics.yaml", more=more), "check")
    assert answer.status == 2
    assert "free.ics is no calendar that can be read" in answer.err
