from collections.abc import Iterable
from datetime import timedelta

import pytest
from builders import BEN, BOT, EVENING, EVERYBODY, GABI, GERD, HANNA, IDA, NOBODY, OTTO, ZOE, person
from hypothesis import given
from hypothesis import strategies as st

from school.domain.directory import Directory
from school.domain.hold import Hold, RoomMode, hold_for
from school.domain.people import TEACHER, Person, PersonId, UserId
from school.domain.rest import Rest, RestCause

VERA = person("vera", TEACHER)
SCHOOL = Directory([*EVERYBODY, VERA])
RESTING_ROLES = (IDA.role, ZOE.role)
TONIGHT = Rest(until=EVENING, cause=RestCause.OWN)
TOMORROW = Rest(until=EVENING + timedelta(days=1), cause=RestCause.OWN)
ENDLESS = Rest(until=None, cause=RestCause.OWN)


IDAS_REST = {IDA: TONIGHT}
IDAS_HOLD = Hold(until=EVENING, resting=(IDA,))


def ids(people: Iterable[Person | UserId]) -> list[UserId]:
    return [each.user_id if isinstance(each, Person) else each for each in people]


def has_rest(user_id: UserId) -> bool:
    known = SCHOOL.person(user_id)
    return known is not None and known.role in RESTING_ROLES


def hold_of(
    sender: Person, members: Iterable[Person | UserId], rests: dict[Person, Rest], mode: RoomMode | None
) -> Hold | None:
    by_id = {resting.user_id: rest for resting, rest in rests.items()}
    return hold_for(
        sender.user_id, ids(members), directory=SCHOOL, rest_of=by_id.get, has_rest=has_rest, bot=BOT, mode=mode
    )


@pytest.mark.parametrize("mode", [None, *RoomMode])
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
        pytest.param([IDA, OTTO], {OTTO: TONIGHT}, None, id="a sender who is not in the list of members"),
    ],
)  # fmt: skip
def test_what_waits_in_every_room(
    mode: RoomMode | None, members: list[Person | UserId], rests: dict[Person, Rest], hold: Hold | None
) -> None:
    assert hold_of(BEN, members, rests, mode) == hold


@pytest.mark.parametrize(
    ("sender", "members", "rests", "by_itself", "where_it_holds"),
    [
        pytest.param(GABI, [GABI, GERD, IDA], IDAS_REST, IDAS_HOLD, IDAS_HOLD, id="the other parent is there"),
        pytest.param(GABI, [GERD, BOT, IDA], IDAS_REST, IDAS_HOLD, IDAS_HOLD, id="a sender who is not in the list"),
        pytest.param(GABI, [GABI, NOBODY, IDA], IDAS_REST, IDAS_HOLD, IDAS_HOLD, id="somebody unknown never rests"),
        pytest.param(GABI, [GABI, GERD, IDA], {}, None, None, id="nobody rests"),
        pytest.param(GABI, [GABI, GERD], {}, None, None, id="no teacher is in the room"),
        pytest.param(GABI, [GABI, GERD, OTTO, IDA], IDAS_REST, None, None, id="another teacher is there"),
        pytest.param(
            GABI, [GABI, GERD, IDA, OTTO], {IDA: TOMORROW, OTTO: TONIGHT},
            Hold(until=EVENING, resting=(IDA, OTTO)), Hold(until=EVENING, resting=(IDA, OTTO)),
            id="for the first of two teachers",
        ),
        pytest.param(GABI, [GABI, GERD, HANNA, IDA], IDAS_REST, None, IDAS_HOLD, id="three who are no teachers"),
        pytest.param(OTTO, [OTTO, GABI, IDA], IDAS_REST, None, None, id="a colleague writes to a parent as well"),
        pytest.param(OTTO, [OTTO, GABI, IDA], {IDA: TONIGHT, OTTO: TONIGHT}, None, None, id="a resting colleague"),
        pytest.param(IDA, [IDA, GABI, OTTO], {OTTO: TONIGHT}, None, None, id="a teacher answers a parent"),
    ],
)  # fmt: skip
def test_who_has_no_rest_time_changes_nothing_where_a_room_holds(
    sender: Person,
    members: list[Person | UserId],
    rests: dict[Person, Rest],
    by_itself: Hold | None,
    where_it_holds: Hold | None,
) -> None:
    assert hold_of(sender, members, rests, None) == by_itself
    assert hold_of(sender, members, rests, RoomMode.HOLD) == where_it_holds
    assert hold_of(sender, members, rests, RoomMode.SILENT) is None


def test_the_deputy_of_the_one_who_is_absent_is_named() -> None:
    absent = Rest(until=EVENING, cause=RestCause.ABSENT, deputy=VERA.id)
    gone = Rest(until=EVENING, cause=RestCause.ABSENT, deputy=PersonId("gone"))
    assert hold_of(GABI, [GABI, IDA], {IDA: absent}, None) == Hold(until=EVENING, resting=(IDA,), deputy=VERA)
    assert hold_of(GABI, [GABI, IDA], {IDA: gone}, None) == IDAS_HOLD
    assert hold_of(GABI, [GABI, IDA, OTTO], {IDA: absent, OTTO: absent}, None) == Hold(
        until=EVENING, resting=(IDA, OTTO)
    )


@given(
    st.permutations([IDA, OTTO, ZOE]), st.sets(st.sampled_from([IDA, OTTO, ZOE])), st.sampled_from([None, *RoomMode])
)
def test_a_message_waits_exactly_if_all_others_rest(
    order: list[Person], off: set[Person], mode: RoomMode | None
) -> None:
    hold = hold_of(BEN, [BEN, *order], dict.fromkeys(off, TONIGHT), mode)
    assert (hold is not None) == (len(off) == 3)


@pytest.mark.parametrize(
    ("mode", "members", "asked_for"),
    [
        (None, [IDA, OTTO, ZOE], [IDA]),
        (RoomMode.HOLD, [GERD, HANNA, IDA, OTTO], [GERD, HANNA, IDA]),
        (None, [GERD, HANNA, IDA], [GERD, HANNA]),
        (RoomMode.SILENT, [GERD, IDA], [GERD]),
    ],
)
def test_nobody_is_asked_about_after_the_first_who_decides_it(
    mode: RoomMode | None, members: list[Person], asked_for: list[Person]
) -> None:
    asked: list[UserId] = []

    def watched(user_id: UserId) -> bool:
        asked.append(user_id)
        return has_rest(user_id)

    hold = hold_for(
        BEN.user_id,
        ids(members),
        directory=SCHOOL,
        rest_of=lambda _: None,
        has_rest=watched,
        bot=BOT,
        mode=mode,
    )
    assert hold is None
    assert asked == ids([BEN, *asked_for])
