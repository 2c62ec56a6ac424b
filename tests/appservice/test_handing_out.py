from dataclasses import replace
from datetime import timedelta

from builders import BEN, CARL, IDA, NOON, OTTO

from appservice.desks.handing_out import MINUTES, HandingOut
from appservice.new_way_in import WayIn

CODE = "k7wq-m3fxd-9dtrb"
WAY_IN = WayIn(code=CODE, expires_at=NOON + timedelta(days=30))


class Clock:
    now = NOON

    def __call__(self) -> object:
        return self.now


def handing_out() -> tuple[HandingOut, Clock]:
    clock = Clock()
    return HandingOut(clock), clock  # type: ignore[arg-type]


def test_who_made_it_sees_it_and_nobody_else() -> None:
    desk, _ = handing_out()
    name = desk.keep(IDA.user_id, BEN, WAY_IN)
    made = desk.look_at(name, IDA.user_id)
    assert made is not None
    assert (made.person, made.way_in, made.was_shown) == (BEN, WAY_IN, False)
    for who in (OTTO, BEN):
        assert desk.look_at(name, who.user_id) is None
    assert desk.look_at("guessed", IDA.user_id) is None


def test_after_some_minutes_it_is_gone() -> None:
    desk, clock = handing_out()
    name = desk.keep(IDA.user_id, BEN, WAY_IN)
    clock.now = NOON + MINUTES - timedelta(seconds=1)
    assert desk.look_at(name, IDA.user_id) is not None
    clock.now = NOON + MINUTES
    assert desk.look_at(name, IDA.user_id) is None


def test_a_new_one_for_the_same_person_takes_the_place_of_the_one_before() -> None:
    desk, _ = handing_out()
    first, carls = desk.keep(IDA.user_id, BEN, WAY_IN), desk.keep(IDA.user_id, CARL, WAY_IN)
    second = desk.keep(OTTO.user_id, replace(BEN, groups=frozenset()), WAY_IN)
    assert desk.look_at(first, IDA.user_id) is None
    assert desk.look_at(second, OTTO.user_id) is not None
    assert desk.look_at(carls, IDA.user_id) is not None


def test_its_name_says_nothing_and_no_log_shows_the_code() -> None:
    desk, _ = handing_out()
    name = desk.keep(IDA.user_id, BEN, WAY_IN)
    assert len(name) >= 20
    assert CODE not in repr(desk.look_at(name, IDA.user_id))
    assert CODE not in repr(WAY_IN)
