import asyncio

import pytest
from simulated_time import simulated

from appservice.pace import Pace


def seconds() -> float:
    return asyncio.get_running_loop().time()


async def turn(pace: Pace, *, work: float) -> None:
    async with pace.turn():
        await asyncio.sleep(work)


@simulated
async def test_nobody_is_waited_for_while_nobody_writes() -> None:
    pace = Pace()
    await asyncio.gather(turn(pace, work=1), turn(pace, work=1))
    assert seconds() == 1


@simulated
async def test_beside_people_there_is_a_pause_after_each_message() -> None:
    pace = Pace()
    pace.somebody_wrote()
    await turn(pace, work=0.1)
    assert seconds() == pytest.approx(0.175)


@simulated
async def test_beside_people_one_message_goes_out_after_the_other() -> None:
    pace = Pace()
    pace.somebody_wrote()
    await asyncio.gather(turn(pace, work=0.1), turn(pace, work=0.1))
    assert seconds() == pytest.approx(0.35)


@simulated
async def test_a_server_that_hangs_does_not_end_the_release() -> None:
    pace = Pace()
    pace.somebody_wrote()
    await turn(pace, work=4)
    assert seconds() == 6


@simulated
async def test_some_seconds_after_the_last_message_it_goes_on_at_full_speed() -> None:
    pace = Pace()
    pace.somebody_wrote()
    await asyncio.sleep(4.9)
    assert pace.is_careful
    await asyncio.sleep(0.2)
    assert not pace.is_careful


@simulated
async def test_a_message_that_fails_keeps_nobody_waiting() -> None:
    pace = Pace()
    pace.somebody_wrote()
    with pytest.raises(RuntimeError):
        async with pace.turn():
            raise RuntimeError
    assert seconds() == 0
    await turn(pace, work=0.1)
    assert seconds() == pytest.approx(0.175)
