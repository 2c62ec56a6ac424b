from collections.abc import Iterable
from datetime import timedelta

import pytest
from builders import BEN, BOT, EVENING, EVERYBODY, IDA, NOBODY, OTTO, ZOE
from hypothesis import given
from hypothesis import strategies as st

from school.domain.directory import Directory
from school.domain.hold import Hold, hold_for
from school.domain.people import Person, UserId
from school.domain.rest import Rest, RestCause

SCHOOL = Directory(EVERYBODY)
TONIGHT = Rest(until=EVENING, cause=RestCause.OWN)
TOMORROW = Rest(until=EVENING + timedelta(days=1), cause=RestCause.OWN)
ENDLESS = Rest(until=None, cause=RestCause.OWN)


def ids(people: Iterable[Person | UserId]) -> list[UserId]:
    return [each.user_id if isinstance(each, Person) else each for each in people]


@pytest.mark.parametrize(
    ("members", "rests", "hold"),
    [
        pytest.param([BEN, IDA], {IDA: TONIGHT}, Hold(until=EVENING, resting=(IDA,)), id="the one other rests"),
        pytest.param([BEN, IDA], {}, None, id="the one other is there"),
        pytest.param([BEN, IDA, OTTO], {IDA: TONIGHT}, None, id="one of two is there"),
        pytest.param(
            [BEN, IDA, OTTO], {IDA: TOMORROW, OTTO: TONIGHT}, Hold(until=EVENING, resting=(IDA, OTTO)),
            id="two rest, and the message waits for the first",
        ),
        pytest.param(
            [BEN, IDA, OTTO], {IDA: ENDLESS, OTTO: TONIGHT}, Hold(until=EVENING, resting=(IDA, OTTO)),
            id="one of two has no end",
        ),
        pytest.param([BEN, IDA], {IDA: ENDLESS}, Hold(until=None, resting=(IDA,)), id="no end is known"),
        pytest.param([BEN, IDA, BOT], {IDA: TONIGHT}, Hold(until=EVENING, resting=(IDA,)), id="the bot is not counted"),
        pytest.param([BEN, BOT], {}, None, id="the bot alone makes nothing wait"),
        pytest.param([BEN], {}, None, id="where nobody else is, nothing waits"),
        pytest.param([], {}, None, id="an empty room"),
        pytest.param([BEN, IDA], {BEN: TONIGHT}, None, id="the sender's own rest holds nothing"),
        pytest.param([BEN, IDA], {BEN: TONIGHT, IDA: TONIGHT}, Hold(until=EVENING, resting=(IDA,)), id="both rest"),
        pytest.param([BEN, IDA, NOBODY], {IDA: TONIGHT}, None, id="somebody unknown rests never"),
        pytest.param([IDA, OTTO], {OTTO: TONIGHT}, None, id="a sender who is not in the list of members"),
    ],
)  # fmt: skip
def test_what_waits(members: list[Person | UserId], rests: dict[Person, Rest], hold: Hold | None) -> None:
    by_id = {person.user_id: rest for person, rest in rests.items()}
    assert hold_for(BEN.user_id, ids(members), directory=SCHOOL, rest_of=by_id.get, bot=BOT) == hold


@given(st.permutations([IDA, OTTO, ZOE]), st.sets(st.sampled_from([IDA, OTTO, ZOE])))
def test_a_message_waits_exactly_if_all_others_rest(order: list[Person], off: set[Person]) -> None:
    rests = {person.user_id: TONIGHT for person in off}
    hold = hold_for(BEN.user_id, ids([BEN, *order]), directory=SCHOOL, rest_of=rests.get, bot=BOT)
    assert (hold is not None) == (len(off) == 3)


def test_nobody_is_asked_about_after_the_first_who_is_there() -> None:
    asked: list[UserId] = []

    def rest_of(user_id: UserId) -> Rest | None:
        asked.append(user_id)
        return None

    hold_for(BEN.user_id, ids([IDA, OTTO, ZOE]), directory=SCHOOL, rest_of=rest_of, bot=BOT)
    assert asked == [IDA.user_id]
