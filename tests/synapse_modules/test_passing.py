from dataclasses import dataclass

import pytest
from builders import BEA, BEN, IDA, standing

from school.domain.people import Person
from synapse_modules.passing import CLOSING_SECONDS, MAKING_SECONDS, Passing, Request, RoomsInTheMaking

TO_IDA = Request(standing=standing(), invitees=(IDA.user_id,))
TO_BEA = Request(standing=standing(people=[IDA]), invitees=(BEA.user_id,))


@dataclass
class Clock:
    """A clock that goes when it is told to."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


# --- Values that pass ---------------------------------------------------------------------------------------------


def test_what_is_kept_is_there_until_its_time_is_over(clock: Clock) -> None:
    passing: Passing[str, int] = Passing(60, clock)
    passing.keep("a", 1)
    clock.seconds += 59.9
    assert (passing.get("a"), passing.get("b")) == (1, None)
    clock.seconds += 0.1
    assert passing.get("a") is None


def test_the_newest_value_wins_and_lives_from_then_on(clock: Clock) -> None:
    passing: Passing[str, int] = Passing(60, clock)
    passing.keep("a", 1)
    clock.seconds += 59
    passing.keep("a", 2)
    clock.seconds += 59
    assert passing.get("a") == 2


def test_keeping_one_lets_go_of_those_that_are_over_and_of_no_other(clock: Clock) -> None:
    passing: Passing[str, int] = Passing(60, clock)
    for clock.seconds, key in ((0, "a"), (1, "b"), (59, "a"), (62, "c")):
        passing.keep(key, 1)
    clock.seconds = 2  # turned back, it shows what is still there
    assert [passing.get(key) for key in ("a", "b", "c")] == [1, None, 1]


def test_only_so_many_are_kept_the_newest_of_them(clock: Clock) -> None:
    passing: Passing[int, int] = Passing(60, clock)
    for number in range(10_001):
        passing.keep(number, number)
    assert [passing.get(number) for number in (0, 1, 10_000)] == [None, 1, 10_000]
    passing.keep(1, 1)
    passing.keep(-1, -1)
    assert [passing.get(number) for number in (-1, 1, 2)] == [-1, 1, None]


def test_a_room_is_made_within_a_minute_and_emptied_within_an_hour() -> None:
    assert (MAKING_SECONDS, CLOSING_SECONDS) == (60, 3600)


# --- Rooms that are being made --------------------------------------------------------------------------------------


@pytest.fixture
def rooms(clock: Clock) -> RoomsInTheMaking:
    return RoomsInTheMaking(clock)


def begun(rooms: RoomsInTheMaking, request: Request = TO_IDA, room_id: str = "!room") -> None:
    """A request of Ben's was allowed, and its room has its first event."""
    rooms.decided(BEN.user_id, request)
    rooms.begun(room_id, BEN.user_id)


def test_who_was_asked_for_is_invited_by_the_standing_of_the_request(rooms: RoomsInTheMaking) -> None:
    begun(rooms)
    assert rooms.standing("!room", BEN.user_id, IDA.user_id) is TO_IDA.standing


@pytest.mark.parametrize(
    ("room_id", "inviter", "invitee"),
    [
        pytest.param("!room", BEN, BEA, id="nobody who was not asked for"),
        pytest.param("!room", BEA, IDA, id="by nobody else"),
        pytest.param("!room", IDA, IDA, id="not by the one who was asked for"),
        pytest.param("!other", BEN, IDA, id="into no other room"),
    ],
)
def test_everything_else_is_judged_anew(
    rooms: RoomsInTheMaking, room_id: str, inviter: Person, invitee: Person
) -> None:
    begun(rooms)
    rooms.begun("!room", BEA.user_id)
    assert rooms.standing(room_id, inviter.user_id, invitee.user_id) is None


def test_a_request_is_not_yet_a_room(rooms: RoomsInTheMaking) -> None:
    rooms.decided(BEN.user_id, TO_IDA)
    assert rooms.standing("!room", BEN.user_id, IDA.user_id) is None


def test_a_room_that_nobody_asked_for_has_no_standing_of_its_own(rooms: RoomsInTheMaking) -> None:
    rooms.begun("!room", BEN.user_id)
    assert rooms.standing("!room", BEN.user_id, IDA.user_id) is None


def test_each_room_has_the_standing_of_its_own_request(rooms: RoomsInTheMaking) -> None:
    begun(rooms, TO_IDA, "!first")
    begun(rooms, TO_BEA, "!second")
    assert rooms.standing("!first", BEN.user_id, IDA.user_id) is TO_IDA.standing
    assert rooms.standing("!second", BEN.user_id, BEA.user_id) is TO_BEA.standing
    assert rooms.standing("!second", BEN.user_id, IDA.user_id) is None


def test_after_a_minute_a_room_is_made(rooms: RoomsInTheMaking, clock: Clock) -> None:
    begun(rooms)
    clock.seconds += MAKING_SECONDS
    assert rooms.standing("!room", BEN.user_id, IDA.user_id) is None


def test_a_request_of_a_minute_ago_is_no_longer_one(rooms: RoomsInTheMaking, clock: Clock) -> None:
    rooms.decided(BEN.user_id, TO_IDA)
    clock.seconds += MAKING_SECONDS
    rooms.begun("!room", BEN.user_id)
    assert rooms.standing("!room", BEN.user_id, IDA.user_id) is None


def test_a_directory_is_let_go_when_its_minute_is_over(rooms: RoomsInTheMaking, clock: Clock) -> None:
    """It is large, and nobody may ask for another room all night."""
    rooms.decided(BEN.user_id, TO_IDA)
    rooms.begun("!room", BEN.user_id)
    rooms.forget()
    assert rooms.standing("!room", BEN.user_id, IDA.user_id) is TO_IDA.standing
    clock.seconds += MAKING_SECONDS
    rooms.forget()
    clock.seconds -= MAKING_SECONDS  # turned back, it shows what is still there
    assert rooms.standing("!room", BEN.user_id, IDA.user_id) is None
