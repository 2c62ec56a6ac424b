"""The three dates of a task, across both clock changes."""

from datetime import UTC, date, datetime, timedelta

import pytest
from builders import BERLIN

from school.domain.school_groups import SchoolYear
from school.domain.task_dates import DateDoubt, Dates, DateTrouble, end_of_day, kept_until, last_day, moved

FRIDAY = datetime(2026, 3, 20, 17, 0, tzinfo=UTC)  # 18:00 in Berlin
HOUR = timedelta(hours=1)
YEAR = SchoolYear(month=7, day=31, notice=timedelta(days=56))
DATES = Dates(opens=FRIDAY - 48 * HOUR, due=FRIDAY, last=FRIDAY + 24 * HOUR)


@pytest.mark.parametrize(
    ("at", "is_open", "is_late", "is_over"),
    [
        pytest.param(FRIDAY - 49 * HOUR, False, False, False, id="before it opens"),
        pytest.param(FRIDAY - 48 * HOUR, True, False, False, id="as it opens"),
        pytest.param(FRIDAY - timedelta(seconds=1), True, False, False, id="a second before it is due"),
        pytest.param(FRIDAY, True, True, False, id="at the moment at which it is due"),
        pytest.param(FRIDAY + 24 * HOUR - timedelta(seconds=1), True, True, False, id="just before the last moment"),
        pytest.param(FRIDAY + 24 * HOUR, True, True, True, id="at the last moment"),
    ],
)
def test_what_holds_when(at: datetime, is_open: bool, is_late: bool, is_over: bool) -> None:
    assert (DATES.is_open(at), DATES.is_late(at), DATES.is_over(at)) == (is_open, is_late, is_over)


def test_without_its_two_other_dates_a_task_is_open_at_once_and_never_over() -> None:
    only_due = Dates(due=FRIDAY)
    assert only_due.is_open(FRIDAY - timedelta(days=300))
    assert not only_due.is_over(FRIDAY + timedelta(days=300))


def test_within_the_schools_grace_nothing_is_late() -> None:
    grace = timedelta(minutes=10)
    assert not DATES.is_late(FRIDAY + timedelta(minutes=9, seconds=59), grace)
    assert DATES.is_late(FRIDAY + grace, grace)


def test_dates_are_kept_in_utc_and_need_a_zone() -> None:
    assert Dates(due=FRIDAY.astimezone(BERLIN)) == Dates(due=FRIDAY)
    assert Dates(due=FRIDAY.astimezone(BERLIN)).due.tzinfo is UTC
    with pytest.raises(ValueError, match="no time zone"):
        Dates(due=datetime(2026, 3, 20, 17, 0))  # noqa: DTZ001 - what is wrong with it


@pytest.mark.parametrize(
    ("dates", "trouble"),
    [
        pytest.param(DATES, None, id="good ones"),
        pytest.param(Dates(due=FRIDAY, last=FRIDAY), None, id="nothing late is taken"),
        pytest.param(Dates(due=FRIDAY, opens=FRIDAY), DateTrouble.OPENS_TOO_LATE, id="opens when it is due"),
        pytest.param(Dates(due=FRIDAY, last=FRIDAY - HOUR), DateTrouble.ENDS_TOO_EARLY, id="ends before it is due"),
        pytest.param(Dates(due=FRIDAY - 72 * HOUR), DateTrouble.IN_THE_PAST, id="due already"),
    ],
)
def test_which_dates_a_task_can_have(dates: Dates, trouble: DateTrouble | None) -> None:
    assert dates.trouble(FRIDAY - 72 * HOUR) is trouble


@pytest.mark.parametrize(
    ("due", "doubt"),
    [
        pytest.param(FRIDAY, None, id="a day of school"),
        pytest.param(FRIDAY + 24 * HOUR, DateDoubt.WEEKEND, id="a Saturday"),
        pytest.param(datetime(2026, 3, 20, 23, 0, tzinfo=UTC), None, id="the midnight after Friday is Friday's"),
        pytest.param(datetime(2026, 4, 3, 16, 0, tzinfo=UTC), DateDoubt.FREE_DAY, id="Good Friday"),
        pytest.param(datetime(2026, 4, 3, 22, 0, tzinfo=UTC), DateDoubt.FREE_DAY, id="the end of Good Friday"),
    ],
)
def test_a_day_without_school_raises_a_doubt(due: datetime, doubt: DateDoubt | None) -> None:
    assert Dates(due=due).doubt(BERLIN, {date(2026, 4, 3)}) is doubt


def test_who_gets_more_time_gets_as_much_after_it() -> None:
    own = DATES.extended(FRIDAY + 72 * HOUR)
    assert (own.opens, own.due, own.last) == (DATES.opens, FRIDAY + 72 * HOUR, FRIDAY + 96 * HOUR)
    assert Dates(due=FRIDAY).extended(FRIDAY + HOUR) == Dates(due=FRIDAY + HOUR)


def test_nobody_gets_less_time() -> None:
    assert DATES.extended(FRIDAY - HOUR) is DATES


@pytest.mark.parametrize(
    ("due", "days", "expected"),
    [
        pytest.param(FRIDAY, 3, datetime(2026, 3, 23, 17, 0, tzinfo=UTC), id="within winter time"),
        pytest.param(FRIDAY, 10, datetime(2026, 3, 30, 16, 0, tzinfo=UTC), id="into summer time, still 18:00"),
        pytest.param(
            datetime(2026, 10, 23, 16, 0, tzinfo=UTC),
            4,
            datetime(2026, 10, 27, 17, 0, tzinfo=UTC),
            id="into winter time, still 18:00",
        ),
        pytest.param(
            datetime(2026, 3, 28, 1, 30, tzinfo=UTC),
            1,
            datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
            id="02:30 is skipped: 03:00 is the first after it",
        ),
        pytest.param(
            datetime(2026, 10, 24, 0, 30, tzinfo=UTC),
            1,
            datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
            id="02:30 comes twice: the first one",
        ),
        pytest.param(
            datetime(2026, 3, 28, 22, 59, 30, tzinfo=UTC),
            1,
            datetime(2026, 3, 29, 21, 59, 30, tzinfo=UTC),
            id="seconds stay",
        ),
    ],
)
def test_days_are_days_on_the_wall(due: datetime, days: int, expected: datetime) -> None:
    assert moved(due, days, BERLIN) == expected
    later = Dates(due=due, last=due).later_by(days, BERLIN)
    assert (later.due, later.last) == (expected, expected)


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25), date(2026, 5, 5)])
def test_due_on_a_day_is_due_at_its_end(day: date) -> None:
    due = end_of_day(day, BERLIN)
    assert due.astimezone(BERLIN).hour == 0
    assert last_day(due, BERLIN) == day
    assert last_day(due + timedelta(seconds=1), BERLIN) > day


@pytest.mark.parametrize(
    ("last", "days", "last_day_kept"),
    [
        pytest.param(FRIDAY, None, date(2026, 7, 31), id="to the end of the school year"),
        pytest.param(datetime(2026, 8, 20, 12, 0, tzinfo=UTC), None, date(2027, 7, 31), id="of the next one"),
        pytest.param(datetime(2026, 7, 31, 22, 0, tzinfo=UTC), None, date(2026, 7, 31), id="due at its very end"),
        pytest.param(FRIDAY, 10, date(2026, 3, 30), id="for so many days, over a change of the clocks"),
    ],
)
def test_how_long_a_task_is_kept(last: datetime, days: int | None, last_day_kept: date) -> None:
    assert kept_until(last, BERLIN, YEAR, days) == end_of_day(last_day_kept, BERLIN)
