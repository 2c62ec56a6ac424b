import time
from threading import Event, active_count

import pytest

from synapse_modules.in_time import InTime


def test_what_is_called_answers_as_it_would_itself() -> None:
    in_time = InTime(seconds=5, at_once=1)
    for _ in range(3):
        assert in_time.call(lambda: "here") == "here"
    assert in_time.call(lambda: None) is None
    with pytest.raises(KeyError, match="what"):
        in_time.call(lambda: {}["what"])
    assert in_time.call(lambda: "here") == "here"


def test_what_hangs_is_waited_for_so_long_and_no_longer() -> None:
    go_on = Event()
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        InTime(seconds=0.2, at_once=1).call(go_on.wait)
    assert 0.1 < time.monotonic() - started < 3
    go_on.set()


def test_when_all_hang_nothing_more_is_called_until_one_ends() -> None:
    go_on, called = Event(), list[int]()
    in_time = InTime(seconds=0.1, at_once=2)
    before = active_count()
    for _ in range(4):
        with pytest.raises(TimeoutError):
            in_time.call(go_on.wait)
    assert active_count() - before <= 2
    with pytest.raises(TimeoutError, match="hang"):
        in_time.call(lambda: called.append(1))
    assert called == []
    go_on.set()
    time.sleep(0.2)
    for number in (2, 3, 4):
        in_time.call(lambda number=number: called.append(number))
    assert called == [2, 3, 4]
    assert active_count() - before <= 2


def test_nothing_is_started_before_something_is_called() -> None:
    before = active_count()
    in_time = InTime(seconds=5, at_once=3)
    assert active_count() == before
    in_time.call(lambda: None)
    assert active_count() == before + 3
