from dataclasses import dataclass, field

import pytest

from appservice.pace import Pace


@dataclass
class Clock:
    """Time that passes only when somebody sleeps or works."""

    now: float = 100.0
    slept: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pace(clock: Clock) -> Pace:
    return Pace(monotonic=lambda: clock.now, sleep=clock.sleep)


async def test_nobody_is_waited_for_while_nobody_writes(clock: Clock, pace: Pace) -> None:
    async with pace.turn(), pace.turn():
        clock.now += 1
    assert clock.slept == []


async def test_beside_people_there_is_a_pause_after_each_message(clock: Clock, pace: Pace) -> None:
    pace.somebody_wrote()
    async with pace.turn():
        clock.now += 0.1
    assert clock.slept == [pytest.approx(0.075)]
    async with pace.turn():
        clock.now += 4
    assert clock.slept[1:] == [2.0], "a server that hangs does not end the release"


async def test_some_seconds_after_the_last_message_it_goes_on_at_full_speed(clock: Clock, pace: Pace) -> None:
    pace.somebody_wrote()
    clock.now += 4.9
    assert pace.is_careful
    clock.now += 0.2
    assert not pace.is_careful


async def test_a_message_that_fails_keeps_nobody_waiting(clock: Clock, pace: Pace) -> None:
    pace.somebody_wrote()
    with pytest.raises(RuntimeError):
        async with pace.turn():
            raise RuntimeError
    async with pace.turn():
        clock.now += 0.1
    assert len(clock.slept) == 1
