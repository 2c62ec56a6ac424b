"""When a sync runs: at its times, on a signal, when files have come and are whole, and after one that did not end."""

import asyncio
import os
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from roster_sync.runner import Ending, Outcome
from school.config import ConfigError, load_settings
from school.config.cron import next_time
from schulbote.schedule import Schedule, Settling, Why, files_in, watched_paths

BERLIN = ZoneInfo("Europe/Berlin")
SCHOOL = """\
school: {name: Gesamtschule am See}
matrix: {server_name: schule-am-see.de, homeserver_url: "http://127.0.0.1:8008"}
"""


def local(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).astimezone(UTC)


@dataclass
class Office:
    """What was synced and told, and how the next syncs end."""

    endings: list[Outcome] = field(default_factory=list)
    actors: list[str] = field(default_factory=list)
    told: list[Ending] = field(default_factory=list)
    syncing: Callable[[], Any] | None = None
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    async def attempt(self, actor: str) -> Outcome:
        self.actors.append(actor)
        self.wake.set()
        if self.syncing is not None:
            await self.syncing()
        return self.endings.pop(0) if self.endings else Outcome(ending=Ending.DONE)

    async def tell(self, outcome: Outcome, _actor: str) -> None:
        self.told.append(outcome.ending)
        self.wake.set()

    async def until(self, check: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not check():
                self.wake.clear()
                await self.wake.wait()

    @asynccontextmanager
    async def running(self, **options: Any) -> Any:
        schedule = Schedule(attempt=self.attempt, tell=self.tell, zone=BERLIN, **options)
        task = asyncio.create_task(schedule.run())
        try:
            yield schedule
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


# Times


def test_a_schedule_is_meant_in_the_schools_zone() -> None:
    assert next_time("30 4 * * mon-fri", BERLIN, after=local("2026-05-08 12:00")) == local("2026-05-11 04:30")
    assert next_time("30 4 * * *", BERLIN, after=local("2026-01-08 12:00")).hour == 3
    assert next_time("30 4 * * *", BERLIN, after=local("2026-07-08 12:00")).hour == 2


def test_what_is_due_in_the_hour_that_is_skipped_is_due_at_its_end() -> None:
    assert next_time("30 2 * * *", BERLIN, after=local("2026-03-28 12:00")) == local("2026-03-29 03:00")


def test_what_is_due_in_the_hour_that_comes_twice_is_due_once() -> None:
    first = next_time("30 2 * * *", BERLIN, after=local("2026-10-24 12:00"))
    assert first in (local("2026-10-25 02:30"), local("2026-10-25 02:30", fold=1))
    assert next_time("30 2 * * *", BERLIN, after=first) == local("2026-10-26 02:30")


def test_by_default_a_school_syncs_only_when_it_is_asked_to(tmp_path: Path) -> None:
    file = tmp_path / "school.yaml"
    file.write_text(SCHOOL)
    register = load_settings(file).register
    assert (register.schedule, register.watch) == (None, False)


@pytest.mark.parametrize(
    "written",
    ["at night", "* * * *", "* * * * * *", "61 * * * *", "0 0 30 2 *", "@daily", "0 4 * * funday", ""],
)
def test_a_wrong_expression_is_told_with_its_line(tmp_path: Path, written: str) -> None:
    file = tmp_path / "school.yaml"
    file.write_text(f'{SCHOOL}register:\n  schedule: "{written}"\n')
    with pytest.raises(ConfigError, match=r'school\.yaml, line 4: register\.schedule must be .*"30 4 \* \* mon-fri"'):
        load_settings(file)


async def test_it_syncs_whenever_it_is_due() -> None:
    office, loop = Office(), asyncio.get_running_loop()
    began, start = loop.time(), local("2026-05-05 04:29")

    def clock() -> datetime:  # a minute passes in a tenth of a second
        return start + timedelta(minutes=10) * (loop.time() - began)

    async with office.running(cron="30,32 4 * * *", clock=clock, tick_seconds=0.01):
        await office.until(lambda: len(office.told) == 1)
        assert local("2026-05-05 04:30") <= clock() < local("2026-05-05 04:32")
        await office.until(lambda: len(office.told) == 2)
        assert local("2026-05-05 04:32") <= clock()
    assert office.actors == ["schulbote run (schedule)"] * 2


# Signals


async def test_a_signal_starts_a_sync_and_what_becomes_of_it_is_told() -> None:
    office = Office(endings=[Outcome(ending=Ending.STOPPED)])
    async with office.running() as schedule:
        schedule.ask(Why.SIGNAL)
        await office.until(lambda: bool(office.told))
    assert (office.actors, office.told) == (["schulbote run (signal)"], [Ending.STOPPED])


async def test_what_asks_during_a_sync_gets_one_more_after_it() -> None:
    office, finish = Office(), asyncio.Event()
    office.syncing = finish.wait
    async with office.running() as schedule:
        schedule.ask(Why.SIGNAL)
        await office.until(lambda: len(office.actors) == 1)
        for why in (Why.FILES, Why.SIGNAL, Why.FILES):
            schedule.ask(why)
        finish.set()
        await office.until(lambda: len(office.told) == 2)
    assert office.actors[1:] == ["schulbote run (files, signal)"]


async def test_while_another_process_syncs_it_waits_and_tries_again() -> None:
    until = datetime.now(UTC) - timedelta(seconds=0.9)
    office = Office(endings=[Outcome(ending=Ending.BUSY, until=until)])
    async with office.running() as schedule:
        schedule.ask(Why.SIGNAL)
        await office.until(lambda: bool(office.told))
    assert (office.actors, office.told) == (["schulbote run (signal)"] * 2, [Ending.DONE])


async def test_one_that_failed_is_tried_again_by_itself_and_not_told() -> None:
    failed = Outcome(ending=Ending.FAILED)
    office = Office(endings=[failed, failed])
    async with office.running(again_seconds=0.05) as schedule:
        schedule.ask(Why.SIGNAL)
        await office.until(lambda: bool(office.told))
    assert office.actors == ["schulbote run (signal)", *["schulbote run (unfinished)"] * 2]
    assert office.told == [Ending.DONE]


async def test_news_that_cannot_be_told_do_not_end_it() -> None:
    office = Office()
    told = office.tell

    async def fail_once(outcome: Outcome, actor: str) -> None:
        await told(outcome, actor)
        if len(office.told) == 1:
            raise RuntimeError("a bug")

    office.tell = fail_once  # type: ignore[method-assign]
    async with office.running() as schedule:
        for number in (1, 2):
            schedule.ask(Why.SIGNAL)
            await office.until(lambda number=number: len(office.told) == number)  # type: ignore[misc]


# A sync that did not end


@pytest.mark.parametrize(("unfinished", "actors"), [(True, ["schulbote run (unfinished)"]), (False, [])])
async def test_after_one_that_did_not_end_one_is_made(unfinished: bool, actors: list[str]) -> None:
    office, asked = Office(), asyncio.Event()

    async def is_unfinished() -> bool:
        asked.set()
        return unfinished

    async with office.running(unfinished=is_unfinished) as schedule:
        await asked.wait()
        await office.until(lambda: len(office.told) == len(actors))
        schedule.ask(Why.SIGNAL)
        await office.until(lambda: len(office.told) == len(actors) + 1)
    assert office.actors == [*actors, "schulbote run (signal)"]


# Files


def files(*sizes: int) -> Any:
    return frozenset((f"{number}.csv", size, 0, number) for number, size in enumerate(sizes))


def looks(settling: Settling, *seen: tuple[float, Any]) -> list[float]:
    return [at for at, found in seen if settling.look(found, at=at)]


def test_files_count_when_they_have_not_changed_for_a_while() -> None:
    half, more, whole = files(1), files(5), files(5, 9)
    settling = Settling(quiet_seconds=10)
    assert looks(settling, (0, half), (8, more), (16, whole), (24, whole), (25.9, whole)) == []
    assert looks(settling, (26, whole), (28, whole), (99, whole)) == [26]


def test_the_next_change_counts_again() -> None:
    settling = Settling(quiet_seconds=10)
    assert looks(settling, (0, files(1)), (10, files(1)), (20, files(2)), (29, files(2)), (30, files(2))) == [10, 30]


def test_what_is_taken_away_and_comes_back_the_same_is_no_change() -> None:
    settling = Settling(quiet_seconds=10)
    assert looks(settling, (0, files(1)), (10, files(1)), (12, files()), (14, files(1)), (30, files(1))) == [10]


@pytest.mark.parametrize("change", ["new", "longer", "as long as before", "replaced", "in a folder", "gone"])
def test_every_change_of_a_file_is_seen(tmp_path: Path, change: str) -> None:
    folder = tmp_path / "register"
    folder.mkdir()
    file = folder / "schueler.csv"
    file.write_text("old")
    before = files_in((folder,))
    match change:
        case "new":
            (folder / "eltern.csv").write_text("")
        case "longer":
            file.write_text("longer")
        case "as long as before":
            file.write_text("new")
            os.utime(file, ns=(0, 1))
        case "replaced":
            other = folder / "other"
            other.write_text("old")
            os.utime(other, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
            other.rename(file)
        case "in a folder":
            (folder / "bundle").mkdir()
            (folder / "bundle" / "users.csv").write_text("")
        case "gone":
            file.unlink()
    assert files_in((folder,)) != before
    assert files_in((folder,)) == files_in((folder,))


def test_a_single_file_is_seen_and_one_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    file = tmp_path / "register.zip"
    assert files_in((file,)) == frozenset()
    file.write_text("zip")
    assert {path for path, *_ in files_in((file,))} == {str(file)}


async def test_a_changed_folder_is_synced_once_and_not_before_it_is_quiet(tmp_path: Path) -> None:
    office, quiet = Office(), 0.3
    file = tmp_path / "schueler.csv"
    async with office.running(watched=(tmp_path,), look_seconds=0.02, quiet_seconds=quiet):
        await office.until(lambda: len(office.told) == 1)  # what came while nobody watched
        for length in range(10):
            file.write_text("x" * (length + 1))
            await asyncio.sleep(0.05)
            assert len(office.actors) == 1, "it is still being copied"
        written_at = asyncio.get_running_loop().time()
        await office.until(lambda: len(office.told) == 2)
        assert asyncio.get_running_loop().time() - written_at > quiet - 0.1
    assert office.actors == ["schulbote run (files)"] * 2


def test_everything_that_the_register_is_read_from_is_watched(tmp_path: Path) -> None:
    file = tmp_path / "school.yaml"
    file.write_text(f"{SCHOOL}register: {{folder: export, guardians: {tmp_path}/eltern.csv, watch: true}}\n")
    assert watched_paths(load_settings(file)) == (tmp_path / "export", tmp_path / "eltern.csv")
