"""`/metrics`: what a Prometheus on this machine may know of the sync and of rest time. Numbers only, nobody's name.

Offered only where the program listens on a loopback address, and to nobody whom a proxy brings.
"""

import contextlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime
from ipaddress import ip_address
from typing import Final

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import HomeserverError
from appservice.waiting import Waiting, WaitingLook
from roster_sync.runner import Ending, RunState
from school.clock import Clock, utc_now
from school.database.silences import count_silent
from school.database.sync_runs import LastSync
from school.domain.directory import Directory
from school.standing import CannotDecideError

_FROM_A_PROXY: Final = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


class SyncMetrics(Collector):
    """The figures of one moment."""

    def __init__(self, state: RunState, last: LastSync, directory: Directory | None) -> None:
        self._state = state
        self._last = last
        self._directory = directory

    def collect(self) -> Iterator[Metric]:
        state, last = self._state, self._last
        yield _gauge("running", "Whether a sync of this process is under way.", state.running)
        yield _gauge("unfinished", "Whether the last sync did not come to its end.", last.unfinished)
        if last.succeeded_at is not None:
            at = last.succeeded_at.timestamp()
            yield _gauge("last_success_timestamp_seconds", "When a sync last did all that it should.", at)
        yield _gauge("failures", "What the homeserver did not do in the last sync.", state.failures)
        yield _labelled(
            "last_ending",
            "How the last sync of this process ended.",
            "ending",
            {ending: ending is state.ending for ending in Ending},
        )
        done = {stage: done for stage, (done, _) in state.stages.items()}
        total = {stage: total for stage, (_, total) in state.stages.items()}
        yield _labelled("stage_done", "How much of a stage of the sync is done.", "stage", done)
        yield _labelled("stage_total", "How much there is to do in a stage of the sync.", "stage", total)
        yield _labelled("plan_changes", "How much the last plan changes.", "what", state.counts)
        if self._directory is not None:
            yield _gauge("people", "People in the directory.", len(self._directory))
            yield _gauge("groups", "Groups in the directory.", len(self._directory.groups))


class RestMetrics(Collector):
    """What is waiting, and who is silent, at one moment. None: it cannot be known just now who waits for whom."""

    def __init__(self, waiting: Waiting | None, silent: int, now: datetime) -> None:
        self._waiting = waiting
        self._silent = silent
        self._now = now

    def collect(self) -> Iterator[Metric]:
        waiting = self._waiting
        yield GaugeMetricFamily("schulbote_silenced", "People whose devices are silent.", value=self._silent)
        if waiting is None:
            return
        yield GaugeMetricFamily("schulbote_held_messages", "Messages that wait.", value=waiting.messages)
        yield GaugeMetricFamily(
            "schulbote_held_overdue", "Messages that should have been delivered ten minutes ago.", value=waiting.overdue
        )
        if waiting.oldest is not None:
            age = (self._now - waiting.oldest).total_seconds()
            yield GaugeMetricFamily("schulbote_held_oldest_seconds", "How long the oldest one has waited.", value=age)
        if waiting.next_release is not None:
            left = (waiting.next_release - self._now).total_seconds()
            yield GaugeMetricFamily("schulbote_next_release_seconds", "When the next one is delivered.", value=left)


def rest_metrics(
    engine: AsyncEngine, waiting: WaitingLook, *, clock: Clock = utc_now
) -> Callable[[], Awaitable[RestMetrics]]:
    """What looks for the figures of rest time whenever it is asked."""

    async def look() -> RestMetrics:
        now, found = clock(), None
        async with engine.connect() as connection:
            silent = await count_silent(connection)
        with contextlib.suppress(CannotDecideError, HomeserverError):
            found = await waiting.look(now)
        return RestMetrics(found, silent, now)

    return look


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"schulbote_sync_{name}", text, value=value)


def _labelled(name: str, text: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(f"schulbote_sync_{name}", text, labels=[label])
    for key, value in values.items():
        gauge.add_metric([key], value)
    return gauge


def metrics_routes(host: str, *looks: Callable[[], Awaitable[Collector]]) -> list[web.RouteDef]:
    """For an aiohttp application that listens on `host`; none where others could ask."""

    async def metrics(request: web.Request) -> web.Response:
        if any(header in request.headers for header in _FROM_A_PROXY):
            raise web.HTTPNotFound
        registry = CollectorRegistry()
        for look in looks:
            registry.register(await look())
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [web.get("/metrics", metrics)] if _is_loopback(host) else []


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
