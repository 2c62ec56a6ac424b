import asyncio
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from school.database.holders import holder
from school.database.leases import LeaseLostError, LeaseTakenError, lease, patient_lease
from school.database.tables import leases

MORNING = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def clock() -> datetime:
    return datetime.now(UTC)


def standing_at(instant: datetime) -> Callable[[], datetime]:
    return lambda: instant


async def holders(engine: AsyncEngine) -> list[str]:
    async with engine.begin() as connection:
        return list((await connection.execute(select(leases.c.holder))).scalars())


async def test_it_is_held_in_the_block_and_free_after_it(writer: AsyncEngine) -> None:
    for _ in range(2):
        async with lease(writer, "sync", "one", seconds=60, now=clock):
            assert await holders(writer) == ["one"]
        assert await holders(writer) == []


async def test_it_is_free_after_an_error(writer: AsyncEngine) -> None:
    with pytest.raises(ZeroDivisionError):
        async with lease(writer, "sync", "one", seconds=60, now=clock):
            raise ZeroDivisionError
    assert await holders(writer) == []


async def test_a_timeout_of_the_work_itself_stays_a_timeout(writer: AsyncEngine) -> None:
    with pytest.raises(TimeoutError, match="of the work"):
        async with lease(writer, "sync", "one", seconds=60, now=clock):
            raise TimeoutError("of the work")


async def test_who_is_patient_gets_it_as_soon_as_it_is_free(writer: AsyncEngine) -> None:
    order: list[str] = []

    async def first() -> None:
        async with lease(writer, "rooms", "one", seconds=60, now=clock):
            order.append("one has it")
            await asyncio.sleep(0.3)
            order.append("one is done")

    async def second() -> None:
        await asyncio.sleep(0.1)
        async with patient_lease(writer, "rooms", "two", seconds=60, now=clock, patience=20, pause=0.02):
            order.append("two has it")

    await asyncio.gather(first(), second())
    assert order == ["one has it", "one is done", "two has it"]
    assert await holders(writer) == []


async def test_patience_ends(writer: AsyncEngine) -> None:
    async with lease(writer, "rooms", "one", seconds=60, now=clock):
        with pytest.raises(LeaseTakenError):
            async with patient_lease(writer, "rooms", "two", seconds=60, now=clock, patience=0.1, pause=0.02):
                pytest.fail("two hold it")


async def test_an_error_of_patient_work_is_its_own(writer: AsyncEngine) -> None:
    taken = LeaseTakenError("another", "one", MORNING)
    with pytest.raises(LeaseTakenError, match="another"):
        async with patient_lease(writer, "rooms", "two", seconds=60, now=clock, patience=20):
            raise taken
    assert await holders(writer) == []


async def test_nobody_else_gets_it_meanwhile(writer: AsyncEngine) -> None:
    now = standing_at(MORNING)
    async with lease(writer, "sync", "one", seconds=60, now=now):
        with pytest.raises(LeaseTakenError, match=r'"sync" is already being done by one\. .* 2026-03-02 06:01:00 UTC'):
            async with lease(writer, "sync", "two", seconds=60, now=now):
                pytest.fail("two hold it")
        async with lease(writer, "something else", "two", seconds=60, now=now):
            assert sorted(await holders(writer)) == ["one", "two"]
    assert await holders(writer) == []


async def test_of_ten_who_ask_at_once_one_gets_it(writer: AsyncEngine) -> None:
    all_asked = asyncio.Barrier(10)

    async def work(number: int) -> bool:
        try:
            async with lease(writer, "sync", f"worker {number}", seconds=60, now=clock):
                await all_asked.wait()
                return True
        except LeaseTakenError:
            await all_asked.wait()
            return False

    assert sum(await asyncio.gather(*map(work, range(10)))) == 1


async def test_what_a_dead_process_held_is_taken_over_when_its_time_is_up(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await connection.execute(insert(leases).values(name="sync", holder="dead", until=MORNING.timestamp()))
    too_early = standing_at(MORNING - timedelta(seconds=1))
    with pytest.raises(LeaseTakenError, match="dead"):
        async with lease(writer, "sync", "one", seconds=60, now=too_early):
            pytest.fail("two hold it")
    async with lease(writer, "sync", "one", seconds=60, now=standing_at(MORNING)):
        assert await holders(writer) == ["one"]


async def test_it_is_renewed_as_long_as_the_block_runs(writer: AsyncEngine) -> None:
    async with lease(writer, "sync", "one", seconds=1, now=clock):
        await asyncio.sleep(2)
        with pytest.raises(LeaseTakenError):
            async with lease(writer, "sync", "two", seconds=1, now=clock):
                pytest.fail("two hold it")


async def test_who_lost_it_is_interrupted_and_takes_nothing_from_the_new_holder(writer: AsyncEngine) -> None:
    async def lose_it() -> None:
        async with lease(writer, "sync", "one", seconds=0.6, now=clock):
            async with writer.begin() as connection:
                await connection.execute(update(leases).values(holder="two"))
            await asyncio.sleep(30)

    with pytest.raises(LeaseLostError, match="sync"):
        await lose_it()
    assert await holders(writer) == ["two"]


async def test_who_cannot_renew_is_interrupted_when_the_lease_ends(writer: AsyncEngine) -> None:
    """Renewing waits for a lock that somebody holds for too long."""
    loop = asyncio.get_running_loop()
    interrupted_after = 0.0

    async def be_blocked() -> None:
        nonlocal interrupted_after
        started = loop.time()
        async with writer.connect() as blocker, lease(writer, "sync", "one", seconds=0.9, now=clock):
            await blocker.execute(update(leases).values(until=leases.c.until))
            try:
                await asyncio.sleep(30)
            finally:
                interrupted_after = loop.time() - started
                await blocker.rollback()

    with pytest.raises(LeaseLostError):
        await be_blocked()
    assert 0.8 < interrupted_after < 1.2
    assert await holders(writer) == []


def ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    return process.pid


async def test_who_was_killed_on_this_machine_holds_nothing(writer: AsyncEngine) -> None:
    process_id = await asyncio.to_thread(ended_process)
    gone = re.sub(r"\d+$", str(process_id), holder("the test"))
    elsewhere = f"the test on another machine, process {process_id}"
    for name, is_taken in ((gone, False), (elsewhere, True), (holder("this one"), True)):
        async with writer.begin() as connection:
            await connection.execute(delete(leases))
            await connection.execute(insert(leases).values(name="sync", holder=name, until=2e9))
        expected = pytest.raises(LeaseTakenError) if is_taken else nullcontext()
        with expected:
            async with lease(writer, "sync", "me", seconds=60, now=lambda: datetime(2026, 9, 1, tzinfo=UTC)):
                pass
