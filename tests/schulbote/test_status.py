"""`schulbote status`: what it says, and when something is wrong."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from appservice.waiting import Waiting
from school.config import load_settings
from school.database.sync_runs import LastSync
from schulbote.status import Status

AT = datetime(2026, 9, 1, 4, 30, tzinfo=UTC)
FINE = Status(
    waiting=Waiting(messages=5, rooms=2, oldest=AT, next_release=AT + timedelta(hours=1)),
    silent=7,
    late=0,
    sync=LastSync(succeeded_at=AT),
    people=900,
    version=3,
    homeserver=None,
    appservice=None,
)
OVERDUE = Waiting(messages=5, rooms=2, oldest=AT, next_release=AT, overdue=4)


def test_a_school_that_is_fine_has_no_problems() -> None:
    assert FINE.problems == ()
    assert FINE.as_json() == {
        "held": {
            "messages": 5,
            "rooms": 2,
            "oldest": "2026-09-01T04:30:00+00:00",
            "next_release": "2026-09-01T05:30:00+00:00",
            "overdue": 0,
        },
        "silenced": 7,
        "sync": {"succeeded_at": "2026-09-01T04:30:00+00:00", "unfinished": False},
        "directory": {"people": 900, "version": 3},
        "homeserver": {"answers": True, "reaches_appservice": True},
        "problems": [],
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"homeserver": "refused", "waiting": None}, "Look whether Synapse runs."),
        ({"appservice": "HTTP 502"}, "The homeserver does not reach `schulbote run` (HTTP 502)."),
        ({"waiting": OVERDUE}, "4 held messages should have been delivered more than 10 minutes ago."),
        ({"late": 2}, "2 people are silent although their rest has been over for more than 10 minutes."),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(change: dict[str, Any], said: str) -> None:
    [problem] = replace(FINE, **change).problems
    assert said in problem


def test_where_the_homeserver_is_away_nobody_knows_more() -> None:
    told = replace(FINE, homeserver="refused", waiting=None).as_json()
    assert (told["held"], told["homeserver"]) == (None, {"answers": False, "reaches_appservice": None})


def test_the_table_has_the_times_of_the_school(school: Path) -> None:
    rows = dict(FINE.rows(load_settings(school / "school.yaml")))
    assert rows["The next is delivered"] == "2026-09-01 07:30:00"
    assert rows["Held messages"] == "5 in 2 rooms"
    never = replace(FINE, sync=LastSync(unfinished=True), waiting=None)
    assert dict(never.rows(load_settings(school / "school.yaml")))["Last sync"] == "never (one is unfinished)"


def test_before_the_first_sync_there_is_nothing_to_say(schulbote: Callable[..., Any], school: Path) -> None:
    answer = schulbote("-c", school / "school.yaml", "status")
    assert (answer.status, answer.out) == (1, "")
    assert answer.err == "Nobody is in the directory yet. Start `schulbote sync` first.\n"


def test_without_a_homeserver_it_says_so_and_fails(schulbote: Callable[..., Any], school: Path) -> None:
    schulbote("-c", school / "school.yaml", "sync")  # writes the directory, before it finds no homeserver
    answer = schulbote("-c", school / "school.yaml", "status", "--json")
    assert answer.status == 1
    told = json.loads(answer.out)
    assert told["homeserver"]["answers"] is False
    assert told["directory"]["people"] > 0
    [problem] = told["problems"]
    answer = schulbote("-c", school / "school.yaml", "status")
    assert answer.err == f"{problem}\n"
    assert "does not answer" in answer.out
