import asyncio
import gc
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from builders import BERLIN, user
from sqlalchemy import URL, Connection, Engine, create_engine, insert, text
from sqlalchemy.pool import NullPool

from school.config import Settings, load_settings
from school.database.migrate import upgrade
from school.database.reader import open_reader
from school.database.snapshot import Snapshot, read_snapshot
from school.database.tables import free_days, groups, held_rooms, memberships, metadata, persons, versions
from school.domain.decisions import Reason
from school.domain.people import Person
from school.domain.rest import RestCause
from school.standing import CannotDecideError, StandingKeeper

MAX_AGE = 300
CONFIG = f"""\
school: {{name: Gesamtschule am See}}
matrix: {{server_name: school.test, homeserver_url: "http://127.0.0.1:8008", bot: bote}}
rights:
  groups: {{"Klasse 5*": {{message_own_groups: false}}}}
rest:
  reachable: {{mon-fri: ["7:30-18:00"]}}
module: {{directory_max_age_seconds: {MAX_AGE}}}
"""


@dataclass
class School:
    """A school's files, a clock that stands still, and a keeper that looks at both."""

    folder: Path
    seconds: float = 1000.0
    settings: Settings = field(init=False)
    engine: Engine = field(init=False)
    keeper: StandingKeeper = field(init=False)

    def __post_init__(self) -> None:
        path = self.folder / "school.yaml"
        path.write_text(CONFIG)
        self.settings = load_settings(path)
        self.engine = open_reader(self.url)
        self.keeper = StandingKeeper(self.settings, self.engine, lambda: self.seconds)

    @property
    def url(self) -> URL:
        return self.settings.database.sqlalchemy_url("sync")

    def make_database(self) -> None:
        upgrade(self.url)

    def write(self, *statements: Any) -> None:
        engine = create_engine(self.url, poolclass=NullPool)
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(statement)

    def add(self, name: str, number: int) -> None:
        """Adds a pupil of class 5a, as the sync does, with a new version number."""
        person = {"id": name, "user_id": user(name), "given_name": name, "family_name": "", "role": "student"}
        people = [insert(persons).values(**person), insert(memberships).values(person_id=name, group_id="5a")]
        known = text("INSERT INTO versions VALUES ('people', :n) ON CONFLICT (part) DO UPDATE SET number = :n")
        self.write(*people, known.bindparams(n=number))

    def refresh(self) -> None:
        self.keeper.refresh()


@pytest.fixture
def without_database(tmp_path: Path) -> Iterator[School]:
    school = School(tmp_path)
    yield school
    school.engine.dispose()


@pytest.fixture
def school(without_database: School) -> School:
    school = without_database
    school.make_database()
    school.write(
        insert(groups).values(id="5a", key="5a", name="Klasse 5a", kind="class", origin="register"),
        insert(free_days).values(day=date(2026, 5, 14), name="Himmelfahrt"),
    )
    school.add("ben", 1)
    return school


def names(school: School) -> set[str]:
    return {person.given_name for person in school.keeper.current().policy.directory.people}


def test_before_it_was_loaded_nothing_is_decided(school: School) -> None:
    with pytest.raises(CannotDecideError, match="never loaded"):
        school.keeper.current()


def test_once_loaded_it_knows_everybody(school: School) -> None:
    school.refresh()
    assert names(school) == {"ben"}


def test_while_nothing_changes_it_is_the_same_object(school: School) -> None:
    school.refresh()
    first = school.keeper.current()
    school.refresh()
    assert school.keeper.current() is first


def test_a_new_version_is_seen_at_the_next_look(school: School) -> None:
    school.refresh()
    school.add("bea", 2)
    assert names(school) == {"ben"}
    school.refresh()
    assert names(school) == {"ben", "bea"}


def test_it_decides_with_the_lines_of_school_yaml(school: School) -> None:
    school.add("bea", 2)
    school.refresh()
    decision = school.keeper.current().policy.may_message(user("ben"), user("bea"))
    assert decision.reason is Reason.NO_COMMON_GROUP
    assert decision.rule.startswith("school.yaml:")


def test_it_knows_the_bot_and_the_calendar(school: School) -> None:
    ida = {"id": "ida", "user_id": user("ida"), "given_name": "Ida", "family_name": "", "role": "teacher"}
    school.write(insert(persons).values(**ida))
    school.refresh()
    current = school.keeper.current()
    assert current.policy.bot == user("bote")
    rest = current.desk.rest_of(user("ida"), datetime(2026, 5, 14, 10, tzinfo=UTC))
    assert rest is not None
    assert rest.cause is RestCause.FREE_DAY
    assert rest.until == datetime(2026, 5, 15, 7, 30, tzinfo=BERLIN).astimezone(UTC)


def test_it_knows_which_rooms_are_being_drained(school: School) -> None:
    school.write(insert(held_rooms).values(room_id="!waits"))
    school.refresh()
    assert school.keeper.current().is_draining("!waits")
    assert not school.keeper.current().is_draining("!other")


def break_database(school: School) -> None:
    school.write(text("ALTER TABLE versions RENAME TO gone"))


def mend_database(school: School) -> None:
    school.write(text("ALTER TABLE gone RENAME TO versions"))


def test_without_the_database_the_last_state_serves_until_it_is_too_old(school: School) -> None:
    school.refresh()
    break_database(school)
    school.seconds += MAX_AGE
    school.refresh()
    assert names(school) == {"ben"}
    school.seconds += 0.1
    school.refresh()
    with pytest.raises(CannotDecideError, match="too old"):
        school.keeper.current()


def test_nothing_but_a_successful_look_makes_it_younger(school: School) -> None:
    school.refresh()
    school.seconds += MAX_AGE + 1
    with pytest.raises(CannotDecideError):
        school.keeper.current()
    school.refresh()
    assert names(school) == {"ben"}


def test_it_heals_without_a_restart(school: School) -> None:
    school.refresh()
    break_database(school)
    school.seconds += MAX_AGE + 1
    school.refresh()
    mend_database(school)
    school.add("bea", 2)
    school.refresh()
    assert names(school) == {"ben", "bea"}


def test_a_database_that_is_made_later_is_found(without_database: School) -> None:
    without_database.refresh()
    with pytest.raises(CannotDecideError):
        without_database.keeper.current()
    without_database.make_database()
    without_database.refresh()
    assert names(without_database) == set()


def test_looking_for_a_database_does_not_make_one(without_database: School) -> None:
    without_database.refresh()
    assert not (without_database.folder / "schulbote.db").exists()


def test_a_version_of_a_part_that_nobody_knows_is_no_new_state(school: School) -> None:
    school.refresh()
    school.write(insert(versions).values(part="weather", number=1))
    school.seconds += MAX_AGE
    school.refresh()
    assert names(school) == {"ben"}


def test_failing_and_healing_are_logged_once_each(school: School, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "school.standing")
    school.refresh()
    break_database(school)
    for _ in range(3):
        school.refresh()
    mend_database(school)
    for _ in range(3):
        school.refresh()
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


async def test_a_look_in_another_thread_is_seen_here(school: School) -> None:
    await asyncio.to_thread(school.refresh)
    assert names(school) == {"ben"}


def test_the_tables_are_those_of_the_program(school: School) -> None:
    with school.engine.connect() as connection:
        found = {name for (name,) in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))}
    assert set(metadata.tables) <= found


def test_of_two_looks_at_once_the_slower_one_does_not_bring_the_older_state_back(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_read, may_go_on = threading.Event(), threading.Event()

    def read_slowly_at_first(connection: Connection, previous: Snapshot | None) -> Snapshot:
        snapshot = read_snapshot(connection, previous)
        if not has_read.is_set():
            has_read.set()
            may_go_on.wait(10)
        return snapshot

    monkeypatch.setattr("school.standing.read_snapshot", read_slowly_at_first)
    slow = threading.Thread(target=school.keeper.refresh)
    slow.start()
    assert has_read.wait(10)
    school.add("newcomer", 2)
    quick = threading.Thread(target=school.keeper.refresh)
    quick.start()
    quick.join(0.5)
    may_go_on.set()
    slow.join(10)
    quick.join(10)

    assert "newcomer" in names(school)


def test_a_directory_that_was_replaced_is_freed_in_slices(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    """All at once would stop Synapse's reactor for as long as that takes."""
    many = [
        {"id": f"p{n}", "user_id": user(f"p{n}"), "given_name": "Eva", "family_name": "", "role": "student"}
        for n in range(1_700)
    ]
    school.write(insert(persons).values(many), text("UPDATE versions SET number = 2"))
    school.refresh()
    school.write(text("UPDATE persons SET given_name = 'Emil'"), text("UPDATE versions SET number = 3"))
    left: list[int] = []

    def pause(_: float) -> None:
        evas = (thing for thing in gc.get_objects() if isinstance(thing, Person) and thing.given_name == "Eva")
        left.append(sum(1 for _ in evas))

    monkeypatch.setattr("school.standing.sleep", pause)
    school.refresh()
    assert names(school) == {"Emil"}
    assert left[-1] == 0
    steps = [before - after for before, after in pairwise([1_700, *left])]
    assert max(steps) <= 500
    monkeypatch.setattr("school.standing.sleep", lambda _: pytest.fail("nobody is to be freed"))
    school.write(insert(held_rooms).values(room_id="!waits"), text("INSERT INTO versions VALUES ('rest', 1)"))
    school.refresh()
    assert school.keeper.current().is_draining("!waits")
