"""When appointments are, whatever the clocks do."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from builders import BERLIN

from school.domain.appointment_times import (
    LONGEST,
    LONGEST_SERIES,
    Slot,
    Times,
    TimesTrouble,
    gone_after,
    slots_of,
    trouble_with,
)

NOW = datetime(2026, 10, 12, 12, 0, tzinfo=UTC)
FRIDAY = date(2026, 10, 16)
TWO, THREE = 14 * 60, 15 * 60
ONCE = Times(first_day=FRIDAY, last_day=FRIDAY, start=TWO, end=THREE)
WEEKLY = replace(ONCE, weeks=1, until=date(2026, 11, 6))


def starts(times: Times) -> list[str]:
    return [slot.starts.isoformat() for slot in slots_of(times, BERLIN)]


def test_once_at_an_hour() -> None:
    [slot] = slots_of(ONCE, BERLIN)
    assert (slot.starts, slot.ends) == (
        datetime(2026, 10, 16, 12, 0, tzinfo=UTC),
        datetime(2026, 10, 16, 13, 0, tzinfo=UTC),
    )
    assert not slot.is_whole_day


def test_a_whole_day_is_a_date_and_ends_with_the_next() -> None:
    [slot] = slots_of(Times(first_day=FRIDAY, last_day=FRIDAY + timedelta(days=2)), BERLIN)
    assert (slot.starts, slot.ends, slot.is_whole_day) == (FRIDAY, date(2026, 10, 19), True)


def test_the_hour_stays_across_the_change_in_autumn() -> None:
    assert starts(WEEKLY) == [
        "2026-10-16T12:00:00+00:00",
        "2026-10-23T12:00:00+00:00",
        "2026-10-30T13:00:00+00:00",
        "2026-11-06T13:00:00+00:00",
    ]


def test_the_hour_stays_across_the_change_in_spring() -> None:
    day = date(2027, 3, 26)
    times = Times(first_day=day, last_day=day, start=TWO, end=THREE, weeks=1, until=date(2027, 4, 2))
    assert starts(times) == ["2027-03-26T13:00:00+00:00", "2027-04-02T12:00:00+00:00"]


def test_an_hour_that_the_clock_skips_or_shows_twice() -> None:
    skipped = Times(first_day=date(2027, 3, 28), last_day=date(2027, 3, 28), start=150, end=240)
    twice = Times(first_day=date(2026, 10, 25), last_day=date(2026, 10, 25), start=150, end=240)
    [first], [second] = slots_of(skipped, BERLIN), slots_of(twice, BERLIN)
    assert (first.starts, first.ends) == (
        datetime(2027, 3, 28, 1, 0, tzinfo=UTC),
        datetime(2027, 3, 28, 2, 0, tzinfo=UTC),
    )
    assert (second.starts, second.ends) == (
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 3, 0, tzinfo=UTC),
    )


def test_every_other_week() -> None:
    times = replace(WEEKLY, weeks=2, until=date(2026, 11, 20))
    assert [text[:10] for text in starts(times)] == ["2026-10-16", "2026-10-30", "2026-11-13"]


@pytest.mark.parametrize(
    ("times", "trouble"),
    [
        pytest.param(ONCE, None, id="once"),
        pytest.param(WEEKLY, None, id="every week"),
        pytest.param(replace(ONCE, end=TWO), TimesTrouble.ENDS_BEFORE, id="no length"),
        pytest.param(replace(ONCE, end=TWO - 1), TimesTrouble.ENDS_BEFORE, id="ends before it begins"),
        pytest.param(replace(ONCE, last_day=FRIDAY - timedelta(days=1)), TimesTrouble.ENDS_BEFORE, id="the day before"),
        pytest.param(replace(ONCE, last_day=FRIDAY + timedelta(days=1), end=60), None, id="over night"),
        pytest.param(replace(ONCE, last_day=FRIDAY + LONGEST), None, id="the longest"),
        pytest.param(replace(ONCE, last_day=FRIDAY + LONGEST + timedelta(days=1)), TimesTrouble.TOO_LONG, id="longer"),
        pytest.param(replace(WEEKLY, until=None), TimesTrouble.NO_LAST_DAY, id="without end"),
        pytest.param(replace(WEEKLY, until=FRIDAY - timedelta(days=1)), TimesTrouble.NO_LAST_DAY, id="end in the past"),
        pytest.param(
            replace(WEEKLY, until=FRIDAY + LONGEST_SERIES + timedelta(days=1)),
            TimesTrouble.SERIES_TOO_LONG,
            id="for years",
        ),
        pytest.param(replace(WEEKLY, last_day=FRIDAY + timedelta(days=7)), TimesTrouble.OVERLAPS, id="overlapping"),
        pytest.param(
            replace(ONCE, first_day=date(2026, 10, 9), last_day=date(2026, 10, 9)),
            TimesTrouble.IN_THE_PAST,
            id="last week",
        ),
        pytest.param(
            replace(WEEKLY, first_day=date(2026, 10, 9), last_day=date(2026, 10, 9)), None, id="a series that runs"
        ),
        pytest.param(
            replace(ONCE, first_day=date(2031, 1, 1), last_day=date(2031, 1, 1)), TimesTrouble.TOO_FAR, id="in years"
        ),
    ],
)
def test_what_may_be_wrong_with_times(times: Times, trouble: TimesTrouble | None) -> None:
    assert trouble_with(times, NOW, BERLIN) is trouble


def test_what_is_over_and_what_has_begun() -> None:
    timed, day = slots_of(ONCE, BERLIN)[0], slots_of(Times(first_day=FRIDAY, last_day=FRIDAY), BERLIN)[0]
    begins, ends = datetime(2026, 10, 16, 12, 0, tzinfo=UTC), datetime(2026, 10, 16, 13, 0, tzinfo=UTC)
    assert [timed.has_begun(begins - timedelta(seconds=1), BERLIN), timed.has_begun(begins, BERLIN)] == [False, True]
    assert [timed.is_over(ends - timedelta(seconds=1), BERLIN), timed.is_over(ends, BERLIN)] == [False, True]
    midnight = datetime(2026, 10, 16, 22, 0, tzinfo=UTC)
    assert [day.is_over(midnight - timedelta(seconds=1), BERLIN), day.is_over(midnight, BERLIN)] == [False, True]


def numbers(slots: tuple[Slot, ...]) -> list[int]:
    return [slot.number for slot in slots]


def test_times_that_are_none_any_more_are_remembered_until_they_come_back() -> None:
    gone = gone_after(WEEKLY, (), replace(WEEKLY, until=date(2026, 10, 23)), BERLIN)
    assert numbers(gone) == [2, 3]
    assert gone[0] == slots_of(WEEKLY, BERLIN)[2]
    again = gone_after(replace(WEEKLY, until=date(2026, 10, 23)), gone, ONCE, BERLIN)
    assert numbers(again) == [1, 2, 3]
    assert gone_after(ONCE, again, WEEKLY, BERLIN) == ()
    assert gone_after(ONCE, (), replace(ONCE, start=60), BERLIN) == (), "what is moved keeps its number"
