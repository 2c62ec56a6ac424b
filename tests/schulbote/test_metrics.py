"""`/metrics`: what it says, and who may ask."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from builders import EVERYBODY, GROUPS

from appservice.waiting import Waiting
from roster_sync.runner import Ending, RunState
from school.database.sync_runs import LastSync
from school.domain.directory import Directory
from schulbote.metrics import RestMetrics, SyncMetrics, metrics_routes

AT = datetime(2026, 9, 1, 4, 30, tzinfo=UTC)
RUNNING = SyncMetrics(
    RunState(
        running=True,
        stages={"accounts": (3, 9)},
        counts={"people_added": 9},
        failures=2,
        ending=Ending.STOPPED,
    ),
    LastSync(unfinished=True, succeeded_at=AT),
    Directory(EVERYBODY, GROUPS),
)


RESTING = RestMetrics(
    Waiting(messages=5, rooms=2, oldest=AT - timedelta(hours=3), next_release=AT + timedelta(minutes=2), overdue=1),
    7,
    AT,
)


@asynccontextmanager
async def listening(
    figures: SyncMetrics | RestMetrics, host: str = "127.0.0.1"
) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    async def look() -> SyncMetrics | RestMetrics:
        return figures

    application = web.Application()
    application.add_routes(metrics_routes(host, look))
    async with TestClient(TestServer(application)) as client:
        yield client


async def figures_of(figures: SyncMetrics | RestMetrics) -> list[str]:
    async with listening(figures) as client:
        answer = await client.get("/metrics")
        assert answer.status == 200
        return [line for line in (await answer.text()).splitlines() if not line.startswith("#")]


async def test_what_can_be_seen_of_a_sync() -> None:
    lines = await figures_of(RUNNING)
    assert set(lines) >= {
        "schulbote_sync_running 1.0",
        "schulbote_sync_unfinished 1.0",
        "schulbote_sync_last_success_timestamp_seconds 1.788237e+09",
        "schulbote_sync_failures 2.0",
        'schulbote_sync_last_ending{ending="stopped"} 1.0',
        'schulbote_sync_last_ending{ending="done"} 0.0',
        'schulbote_sync_stage_done{stage="accounts"} 3.0',
        'schulbote_sync_stage_total{stage="accounts"} 9.0',
        'schulbote_sync_plan_changes{what="people_added"} 9.0',
        f"schulbote_sync_people {len(EVERYBODY)}.0",
        f"schulbote_sync_groups {len(GROUPS)}.0",
    }


async def test_a_school_that_never_synced_has_no_time_of_success() -> None:
    lines = await figures_of(SyncMetrics(RunState(), LastSync(), None))
    assert "schulbote_sync_running 0.0" in lines
    assert [line for line in lines if "last_success" in line or "people" in line] == []


async def test_what_can_be_seen_of_rest_time() -> None:
    assert await figures_of(RESTING) == [
        "schulbote_silenced 7.0",
        "schulbote_held_messages 5.0",
        "schulbote_held_overdue 1.0",
        "schulbote_held_oldest_seconds 10800.0",
        "schulbote_next_release_seconds 120.0",
    ]


@pytest.mark.parametrize(
    ("waiting", "held"), [(Waiting(), ["schulbote_held_messages 0.0", "schulbote_held_overdue 0.0"]), (None, [])]
)
async def test_where_nothing_waits_or_nobody_knows_there_are_no_times(waiting: Waiting | None, held: list[str]) -> None:
    assert await figures_of(RestMetrics(waiting, 0, AT)) == ["schulbote_silenced 0.0", *held]


async def test_nobodys_name_is_in_it() -> None:
    text = "\n".join(await figures_of(RUNNING))
    assert [person.given_name for person in EVERYBODY if person.given_name in text] == []


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
async def test_whom_a_proxy_brings_is_not_answered(header: str) -> None:
    async with listening(RUNNING) as client:
        assert (await client.get("/metrics", headers={header: "for=192.0.2.1"})).status == 404


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "matrix.schule-am-see.de"])
async def test_where_others_could_ask_there_are_none(host: str) -> None:
    async with listening(RUNNING, host) as client:
        assert (await client.get("/metrics")).status == 404


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "[::1]", "localhost"])
async def test_on_this_machine_they_are_there(host: str) -> None:
    async with listening(RUNNING, host) as client:
        assert (await client.get("/metrics")).status == 200
