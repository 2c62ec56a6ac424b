"""`schulbote audit`, and what looks after the log every day."""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, insert
from structlog.testing import capture_logs

from school.config import load_settings
from school.database.audit import Action, record
from school.database.reader import open_reader
from school.database.tables import persons
from schulbote.audit_keeper import AuditKeeper
from schulbote.audit_view import NotReadError, read_known, read_since
from schulbote.connections import audit_keys, open_database

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 5, 5, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
IDA = {"id": "T1", "user_id": "@ida.gross:schule-am-see.de", "given_name": "Ida", "family_name": "Groß"}
BEN = {"id": "S1", "user_id": "@ben.braun:schule-am-see.de", "given_name": "Ben", "family_name": "Braun"}


@pytest.fixture
def audit(schulbote: Callable[..., Any], school: Path) -> Callable[..., Any]:
    async def fill() -> None:
        async with open_database(load_settings(school / "school.yaml")) as engine, engine.begin() as connection:
            await connection.execute(
                insert(persons),
                [IDA | {"role": "teacher", "standing": "active"}, BEN | {"role": "student", "standing": "active"}],
            )
            for days, (actor, target, details) in enumerate(
                (
                    ("T1", "T1", {"until": "2026-05-06"}),
                    ("schulbote sync", "register", {"people": {"left": ["S99"] * 60}}),
                    ("T1", "S1", {}),
                )
            ):
                await record(
                    connection,
                    at=NOW + days * DAY,
                    actor=actor,
                    action=Action.REST_STARTED,
                    target=target,
                    by_right="x",
                    details=details,
                )

    asyncio.run(fill())
    return lambda *arguments: schulbote("-c", school / "school.yaml", "audit", *arguments)


@pytest.fixture
def database(school: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(school / "schulbote.db")) as connection:
        yield connection


def tamper(database: sqlite3.Connection, statement: str) -> None:
    for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        database.execute(f"DROP TRIGGER {name}")
    database.execute(statement)
    database.commit()


def test_a_log_that_fits_says_how_much_and_how_it_ends(audit: Callable[..., Any]) -> None:
    answer = audit("verify")
    fits, end = answer.out.splitlines()
    assert (answer.status, fits) == (0, "The audit log fits: 3 entries.")
    assert audit("verify", "--known", end).status == 0
    assert end.startswith("3:")


def test_a_log_that_was_changed_says_where(audit: Callable[..., Any], database: sqlite3.Connection) -> None:
    tamper(database, "UPDATE audit_log SET actor = 'T2' WHERE id = 2")
    answer = audit("verify")
    assert (answer.status, answer.out) == (1, "")
    assert answer.err.startswith("The audit log was changed. Entry 2 does not fit")


def test_an_older_log_put_back_is_found_by_an_entry_that_was_written_down(
    audit: Callable[..., Any], school: Path, schulbote: Callable[..., Any]
) -> None:
    answer = audit("verify", "--known", "4:" + "a" * 64)
    assert answer.status == 1
    assert "you know entry 4" in answer.err


def test_what_is_no_known_entry_is_refused(audit: Callable[..., Any]) -> None:
    answer = audit("verify", "--known", "abc")
    assert answer.status == 2
    assert "NUMBER:HASH" in answer.err


def test_the_entries_are_shown_with_names_and_local_times(audit: Callable[..., Any]) -> None:
    first, second, third = audit("show").out.splitlines()
    assert first == '1  2026-05-05 14:00:00  T1 (Ida Groß): rest_started T1 (Ida Groß)  [x]  {"until": "2026-05-06"}'
    assert second.startswith("2  2026-05-06 14:00:00  schulbote sync: rest_started register  [x]  {")
    assert second.endswith("…")
    assert third == "3  2026-05-07 14:00:00  T1 (Ida Groß): rest_started S1 (Ben Braun)  [x]"


def numbers(answer: Any) -> list[int]:
    return [entry["number"] for entry in json.loads(answer.out)]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], [1, 2, 3]),
        (["--person", "Ben Braun"], [3]),
        (["--person", "ida.gross"], [1, 3]),
        (["--person", "S99"], [2]),  # nobody knows the name any more
        (["--since", "2026-05-06"], [2, 3]),
        (["--since", "2026-05-06 14:00", "--person", "T1"], [3]),
    ],
    ids=str,
)
def test_entries_can_be_chosen(audit: Callable[..., Any], arguments: list[str], expected: list[int]) -> None:
    assert numbers(audit("show", "--json", *arguments)) == expected


def test_programs_get_all_details(audit: Callable[..., Any]) -> None:
    [entry] = json.loads(audit("show", "--json", "--person", "S99").out)
    assert entry["details"] == {"people": {"left": ["S99"] * 60}}
    assert (entry["at"], entry["actor"]) == ("2026-05-06T12:00:00+00:00", "schulbote sync")


def test_nobody_of_that_name_is_a_sentence(audit: Callable[..., Any]) -> None:
    answer = audit("show", "--person", "Bem Braun")
    assert (answer.status, answer.out) == (2, "")
    assert 'did you mean "Ben Braun"?' in answer.err


def test_since_is_a_time_of_the_school_or_how_long_ago() -> None:
    assert read_since("2026-05-01", now=NOW, zone=BERLIN) == datetime(2026, 4, 30, 22, 0, tzinfo=UTC)
    assert read_since("30d", now=NOW, zone=BERLIN) == NOW - 30 * DAY
    assert read_since("12 h", now=NOW, zone=BERLIN) == NOW - DAY / 2
    with pytest.raises(NotReadError, match="yesterday"):
        read_since("yesterday", now=NOW, zone=BERLIN)
    with pytest.raises(NotReadError):
        read_known("1:xyz")


# Every day.


async def keep(school: Path, now: datetime, keeper: AuditKeeper | None = None) -> tuple[AuditKeeper, list[Any]]:
    settings = load_settings(school / "school.yaml")
    async with open_database(settings) as engine:
        reader: Engine = open_reader(settings.database.sqlalchemy_url("sync"))
        keeper = keeper or AuditKeeper(reader=reader, writer=engine, keys=audit_keys(settings), days=365)
        with capture_logs() as logs:
            await keeper.keep(now)
        reader.dispose()
    return keeper, [(line["event"], line.get("number", line.get("entries"))) for line in logs]


def test_once_a_day_the_end_is_logged_and_what_is_too_old_is_deleted(audit: Callable[..., Any], school: Path) -> None:
    _, logs = asyncio.run(keep(school, NOW + DAY))
    assert logs == [("audit_log_ends", 3)]
    keeper, logs = asyncio.run(keep(school, NOW + timedelta(days=366.5)))
    assert logs == [("audit_log_ends", 3), ("audit_log_shortened", 2)]
    _, logs = asyncio.run(keep(school, NOW + timedelta(days=367), keeper))
    assert logs == []
    answer = audit("verify")
    assert answer.out.splitlines()[:2] == [
        "The audit log fits: 1 entries.",
        "Those up to 2 were deleted when their time (keep.audit_days) was over.",
    ]


def test_where_something_was_changed_nothing_is_deleted(
    audit: Callable[..., Any], school: Path, database: sqlite3.Connection
) -> None:
    tamper(database, "UPDATE audit_log SET actor = 'T2' WHERE id = 1")
    _, logs = asyncio.run(keep(school, NOW + timedelta(days=400)))
    assert logs == [("audit_log_changed", None)]
    assert database.execute("SELECT count(*) FROM audit_log").fetchone() == (3,)
