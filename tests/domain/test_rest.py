from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from school.domain.intervals import Span, merged
from school.domain.people import PersonId
from school.domain.rest import (
    HORIZON,
    OPEN_END,
    Absence,
    Calendar,
    PersonalRest,
    Rest,
    RestCause,
    ends_at,
    first_back,
    next_change,
    rest_at,
)
from school.domain.week import Window
from school.domain.week import days as whole_days

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)
MICROSECOND = timedelta(microseconds=1)
NOBODY_SAID_ANYTHING = PersonalRest()


def local(text: str, fold: int = 0) -> datetime:
    """An instant as the clock in Berlin shows it."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).astimezone(UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def span(start: str, end: str) -> Span:
    return Span(local(start), local(end))


def window(weekdays: range, start: str, end: str) -> tuple[Window, ...]:
    """Windows of several weekdays; an end that is not later than the start is on the next day."""
    (from_hour, from_minute), (to_hour, to_minute) = (map(int, text.split(":")) for text in (start, end))
    first, last = from_hour * 60 + from_minute, to_hour * 60 + to_minute
    return tuple(Window(weekday, first, last if last > first else last + 1440) for weekday in weekdays)


def calendar(*windows: Window, free: tuple[str, ...] = ()) -> Calendar:
    return Calendar(zone=BERLIN, windows=windows, free_days=frozenset(map(date.fromisoformat, free)))


def days(first: str, last: str) -> tuple[str, ...]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return tuple((start + timedelta(days=n)).isoformat() for n in range((end - start).days + 1))


SCHOOL_DAYS = window(range(5), "7:30", "18:00")
SCHOOL = calendar(*SCHOOL_DAYS)
NO_HOURS = Calendar(zone=BERLIN, windows=None, free_days=frozenset({date(2026, 5, 4)}))
ALWAYS_OPEN = calendar(*window(range(7), "0:00", "0:00"))
NIGHT_WATCH = calendar(*window(range(7), "20:00", "2:00"))

# 2026-05-01 is a Friday.


@pytest.mark.parametrize(
    ("hours", "personal", "at", "until", "cause"),
    [
        pytest.param(
            SCHOOL, NOBODY_SAID_ANYTHING, local("2026-05-08 22:14"), local("2026-05-11 07:30"),
            RestCause.OUTSIDE_HOURS, id="Friday 22:14 rests until Monday 7:30",
        ),
        pytest.param(
            SCHOOL, NOBODY_SAID_ANYTHING, local("2026-05-06 18:00"), local("2026-05-07 07:30"),
            RestCause.OUTSIDE_HOURS, id="at the minute at which the window ends the rest has begun",
        ),
        pytest.param(
            SCHOOL, NOBODY_SAID_ANYTHING, local("2026-05-07 00:00"), local("2026-05-07 07:30"),
            RestCause.OUTSIDE_HOURS, id="midnight is in the middle of the rest",
        ),
        pytest.param(
            NIGHT_WATCH, NOBODY_SAID_ANYTHING, local("2026-05-07 02:00"), local("2026-05-07 20:00"),
            RestCause.OUTSIDE_HOURS, id="a window that crosses midnight ends the next day",
        ),
        pytest.param(
            calendar(*SCHOOL_DAYS, free=("2026-05-11",)), NOBODY_SAID_ANYTHING,
            local("2026-05-08 22:14"), local("2026-05-12 07:30"),
            RestCause.OUTSIDE_HOURS, id="with a free Monday the weekend ends on Tuesday",
        ),
        pytest.param(
            calendar(*SCHOOL_DAYS, free=("2026-05-11",)), NOBODY_SAID_ANYTHING,
            local("2026-05-11 10:00"), local("2026-05-12 07:30"),
            RestCause.FREE_DAY, id="a free day is the cause on that day",
        ),
        pytest.param(
            calendar(*window(range(7), "20:00", "2:00"), free=("2026-05-06",)), NOBODY_SAID_ANYTHING,
            local("2026-05-06 21:00"), local("2026-05-07 20:00"),
            RestCause.FREE_DAY, id="a window that would begin on a free day does not exist after midnight either",
        ),
        pytest.param(
            calendar(*SCHOOL_DAYS, free=days("2026-07-09", "2026-08-22")), NOBODY_SAID_ANYTHING,
            local("2026-07-08 18:30"), local("2026-08-24 07:30"),
            RestCause.OUTSIDE_HOURS, id="six weeks of summer are one rest",
        ),
        pytest.param(
            calendar(*SCHOOL_DAYS, free=days("2026-12-23", "2027-01-02")), NOBODY_SAID_ANYTHING,
            local("2026-12-31 23:59"), local("2027-01-04 07:30"),
            RestCause.FREE_DAY, id="New Year is in the middle of the Christmas holidays",
        ),
        pytest.param(
            SCHOOL, NOBODY_SAID_ANYTHING, local("2026-12-31 23:59:59"), local("2027-01-01 07:30"),
            RestCause.OUTSIDE_HOURS, id="without free days the year ends like any other night",
        ),
        pytest.param(
            SCHOOL, PersonalRest(rests=(span("2026-05-06 12:00:00", "2026-05-06 12:00:20"),)),
            local("2026-05-06 12:00:05"), local("2026-05-06 12:00:20"),
            RestCause.OWN, id="an own rest of twenty seconds at noon",
        ),
        pytest.param(
            SCHOOL, PersonalRest(rests=(span("2026-05-06 16:00", "2026-05-06 20:00"),)),
            local("2026-05-06 16:30"), local("2026-05-07 07:30"),
            RestCause.OWN, id="an own rest that ends in the evening goes on until the morning",
        ),
        pytest.param(
            SCHOOL, PersonalRest(rests=(span("2026-05-06 20:00", "2026-05-06 21:00"),)),
            local("2026-05-06 20:30"), local("2026-05-07 07:30"),
            RestCause.OWN, id="an own rest within the evening does not shorten it",
        ),
        pytest.param(
            SCHOOL, PersonalRest(rests=(span("2026-05-07 07:00", "2026-05-07 09:00"),)),
            local("2026-05-06 22:00"), local("2026-05-07 09:00"),
            RestCause.OUTSIDE_HOURS, id="an own rest over the morning prolongs the night",
        ),
        pytest.param(
            SCHOOL, PersonalRest(
                rests=(span("2026-05-06 10:00", "2026-05-06 11:00"), span("2026-05-06 11:00", "2026-05-06 12:00")),
            ),
            local("2026-05-06 10:00"), local("2026-05-06 12:00"),
            RestCause.OWN, id="own rests that touch are one rest",
        ),
        pytest.param(
            SCHOOL, PersonalRest(pauses=(span("2026-05-09 16:00", "2026-05-09 18:00"),)),
            local("2026-05-09 12:00"), local("2026-05-09 16:00"),
            RestCause.OUTSIDE_HOURS, id="a pause on Saturday ends the rest before it",
        ),
        pytest.param(
            SCHOOL, PersonalRest(pauses=(span("2026-05-09 16:00", "2026-05-09 18:00"),)),
            local("2026-05-09 18:00"), local("2026-05-11 07:30"),
            RestCause.OUTSIDE_HOURS, id="when the pause ends at 18:00 the rest is back",
        ),
        pytest.param(
            SCHOOL, PersonalRest(
                rests=(span("2026-05-06 08:00", "2026-05-06 14:00"),),
                pauses=(span("2026-05-06 10:00", "2026-05-06 11:00"),),
            ),
            local("2026-05-06 09:00"), local("2026-05-06 10:00"),
            RestCause.OWN, id="a pause within an own rest cuts it",
        ),
        pytest.param(
            NO_HOURS, PersonalRest(rests=(span("2026-05-04 08:00", "2026-05-04 14:00"),)),
            local("2026-05-04 09:00"), local("2026-05-04 14:00"),
            RestCause.OWN, id="without school hours an own rest counts all the same",
        ),
        pytest.param(
            calendar(), NOBODY_SAID_ANYTHING, local("2026-05-04 09:00"), None,
            RestCause.OUTSIDE_HOURS, id="with an empty list of windows nobody is ever back",
        ),
        pytest.param(
            SCHOOL, PersonalRest(rests=(span("2026-05-04 00:00", "2028-01-01 00:00"),)),
            local("2026-05-04 09:00"), None,
            RestCause.OWN, id="an absence that goes on behind the horizon has no end",
        ),
        pytest.param(
            NIGHT_WATCH, NOBODY_SAID_ANYTHING, utc("2026-03-29 01:00"), local("2026-03-29 20:00"),
            RestCause.OUTSIDE_HOURS, id="a window until 2:00, which is skipped in spring, ends at 3:00",
        ),
        pytest.param(
            calendar(*window(range(7), "2:30", "4:00")), NOBODY_SAID_ANYTHING,
            utc("2026-03-29 00:30"), utc("2026-03-29 01:00"),
            RestCause.OUTSIDE_HOURS, id="a window from 2:30, which is skipped in spring, starts at 3:00",
        ),
        pytest.param(
            calendar(*window(range(7), "2:00", "3:00")), NOBODY_SAID_ANYTHING,
            utc("2026-03-29 00:30"), local("2026-03-30 02:00"),
            RestCause.OUTSIDE_HOURS, id="a window of which nothing is left in spring does not take place",
        ),
        pytest.param(
            calendar(*window(range(7), "20:00", "2:30")), NOBODY_SAID_ANYTHING,
            utc("2026-10-25 00:30"), local("2026-10-25 20:00"),
            RestCause.OUTSIDE_HOURS, id="a window until 2:30, which comes twice in autumn, ends at the first",
        ),
        pytest.param(
            calendar(*window(range(7), "2:30", "4:00")), NOBODY_SAID_ANYTHING,
            utc("2026-10-25 00:00"), utc("2026-10-25 00:30"),
            RestCause.OUTSIDE_HOURS, id="a window from 2:30, which comes twice in autumn, starts at the first",
        ),
        pytest.param(
            SCHOOL, NOBODY_SAID_ANYTHING, local("2026-03-27 18:00"), utc("2026-03-30 05:30"),
            RestCause.OUTSIDE_HOURS, id="Monday 7:30 after the clocks went forward is summer time",
        ),
        pytest.param(
            SCHOOL, NOBODY_SAID_ANYTHING, local("2026-10-23 18:00"), utc("2026-10-26 06:30"),
            RestCause.OUTSIDE_HOURS, id="Monday 7:30 after the clocks went back is winter time",
        ),
    ],
)  # fmt: skip
def test_they_rest(
    hours: Calendar, personal: PersonalRest, at: datetime, until: datetime | None, cause: RestCause
) -> None:
    assert rest_at(hours, personal, at) == Rest(until=until, cause=cause)
    assert ends_at(hours, personal, at) == until
    assert next_change(hours, personal, at) == until


@pytest.mark.parametrize(
    ("hours", "personal", "at", "change"),
    [
        pytest.param(
            SCHOOL, NOBODY_SAID_ANYTHING, local("2026-05-06 07:30"), local("2026-05-06 18:00"),
            id="at the minute at which the window begins they are back",
        ),
        pytest.param(
            SCHOOL, NOBODY_SAID_ANYTHING, local("2026-05-06 17:59:59.999999"), local("2026-05-06 18:00"),
            id="until just before the end of the window",
        ),
        pytest.param(
            NIGHT_WATCH, NOBODY_SAID_ANYTHING, local("2026-05-07 01:59"), local("2026-05-07 02:00"),
            id="after midnight in a window of the day before",
        ),
        pytest.param(
            calendar(*window(range(7), "20:00", "2:00"), free=("2026-05-07",)), NOBODY_SAID_ANYTHING,
            local("2026-05-07 01:00"), local("2026-05-07 02:00"),
            id="a window that began the evening before a free day goes on to its end",
        ),
        pytest.param(
            calendar(*SCHOOL_DAYS, *window(range(1), "18:00", "20:00")), NOBODY_SAID_ANYTHING,
            local("2026-05-04 12:00"), local("2026-05-04 20:00"),
            id="windows that touch are one",
        ),
        pytest.param(
            SCHOOL, PersonalRest(pauses=(span("2026-05-06 17:00", "2026-05-06 20:00"),)),
            local("2026-05-06 12:00"), local("2026-05-06 20:00"),
            id="a pause goes on where the window ends",
        ),
        pytest.param(
            calendar(*SCHOOL_DAYS, free=("2026-05-06",)),
            PersonalRest(
                rests=(span("2026-05-06 08:00", "2026-05-06 18:00"),),
                pauses=(span("2026-05-06 10:00", "2026-05-06 11:00"),),
            ),
            local("2026-05-06 10:00"), local("2026-05-06 11:00"),
            id="a pause beats an own rest on a free day",
        ),
        pytest.param(
            SCHOOL, PersonalRest(rests=(span("2026-05-06 12:00", "2026-05-06 12:00:20"),)),
            local("2026-05-06 11:00"), local("2026-05-06 12:00"),
            id="an own rest to come is the next change",
        ),
        pytest.param(
            SCHOOL, PersonalRest(
                rests=(span("2026-05-06 12:00", "2026-05-06 13:00"),),
                pauses=(span("2026-05-06 11:00", "2026-05-06 14:00"),),
            ),
            local("2026-05-06 10:00"), local("2026-05-06 18:00"),
            id="an own rest that lies within a pause changes nothing",
        ),
        pytest.param(
            NO_HOURS, NOBODY_SAID_ANYTHING, local("2026-05-04 23:00"), None,
            id="without school hours nobody rests, on free days neither",
        ),
        pytest.param(
            ALWAYS_OPEN, NOBODY_SAID_ANYTHING, local("2026-05-04 23:00"), None,
            id="days without a gap between them never end",
        ),
        pytest.param(
            ALWAYS_OPEN, PersonalRest(rests=(span("2027-05-04 23:00", "2027-05-05 23:00"),)),
            local("2026-05-04 23:00"), local("2027-05-04 23:00"),
            id="an own rest in a year is found",
        ),
        pytest.param(
            NO_HOURS, PersonalRest(rests=(span("2028-05-04 23:00", "2028-05-05 23:00"),)),
            local("2026-05-04 23:00"), None,
            id="an own rest behind the horizon is not",
        ),
        pytest.param(
            calendar(*window(range(7), "20:00", "8:00")), NOBODY_SAID_ANYTHING,
            local("2026-03-28 23:00"), local("2026-03-28 23:00") + timedelta(hours=8),
            id="the night in which the clocks go forward has an hour less",
        ),
        pytest.param(
            calendar(*window(range(7), "20:00", "8:00")), NOBODY_SAID_ANYTHING,
            local("2026-10-24 23:00"), local("2026-10-24 23:00") + timedelta(hours=10),
            id="the night in which the clocks go back has an hour more",
        ),
        pytest.param(
            calendar(*window(range(7), "0:00", "2:30"), *window(range(7), "2:30", "4:00")), NOBODY_SAID_ANYTHING,
            local("2026-10-25 02:15", fold=1), local("2026-10-25 04:00"),
            id="windows that touch at 2:30 leave no gap where 2:30 comes twice",
        ),
    ],
)  # fmt: skip
def test_they_can_be_reached(hours: Calendar, personal: PersonalRest, at: datetime, change: datetime | None) -> None:
    assert rest_at(hours, personal, at) is None
    assert ends_at(hours, personal, at) == at
    assert next_change(hours, personal, at) == change


def test_the_first_who_is_back_counts() -> None:
    late, early = (Rest(until=local(f"2026-05-0{day} 07:30"), cause=RestCause.OWN) for day in (7, 6))
    never = Rest(until=None, cause=RestCause.OWN)
    assert first_back([late, never, early]) == early.until
    assert first_back([never]) is None
    assert first_back([]) is None


def test_an_instant_may_come_in_any_zone_and_leaves_in_utc() -> None:
    in_tokyo = local("2026-05-08 22:14").astimezone(ZoneInfo("Asia/Tokyo"))
    rest = rest_at(SCHOOL, NOBODY_SAID_ANYTHING, in_tokyo)
    assert rest is not None
    assert rest.until is not None
    assert rest.until.tzinfo is UTC
    assert ends_at(NO_HOURS, NOBODY_SAID_ANYTHING, in_tokyo).tzinfo is UTC  # type: ignore[union-attr]


@pytest.mark.parametrize("ask", [rest_at, ends_at, next_change])
def test_an_instant_without_zone_is_refused(ask) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        ask(SCHOOL, NOBODY_SAID_ANYTHING, datetime(2026, 5, 4, 9, 0))  # noqa: DTZ001 - this is what is refused


@pytest.mark.parametrize(
    "numbers",
    [(-1, 0, 60), (7, 0, 60), (0, -1, 60), (0, 1440, 1500), (0, 60, 60), (0, 60, 30), (0, 60, 2881)],
)
def test_an_impossible_window_is_refused(numbers: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match=r"weekday|window"):
        Window(*numbers)


def test_a_span_is_compared_in_utc() -> None:
    night = Span(datetime(2026, 3, 28, 20, tzinfo=BERLIN), datetime(2026, 3, 29, 8, tzinfo=BERLIN))
    assert night.end - night.start == timedelta(hours=11)
    first, second = (datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=fold) for fold in (0, 1))
    assert Span(first, second).end - Span(first, second).start == timedelta(hours=1)
    with pytest.raises(ValueError, match="cannot end"):
        Span(second, first)


def test_an_impossible_span_is_refused() -> None:
    noon = local("2026-05-04 12:00")
    with pytest.raises(ValueError, match="cannot end"):
        Span(noon, noon.astimezone(timezone(timedelta(hours=3))))
    with pytest.raises(ValueError, match="no time zone"):
        Span(noon.replace(tzinfo=None), noon)


# Absences, and who does the work meanwhile.

OTTO, ZOE = PersonId("p-otto"), PersonId("p-zoe")
MONDAY_TO_WEDNESDAY = Absence(span("2026-05-04 00:00", "2026-05-07 00:00"), OTTO)
AWAY = PersonalRest(absences=(MONDAY_TO_WEDNESDAY,))


@pytest.mark.parametrize(
    ("at", "until", "cause", "deputy"),
    [
        pytest.param(
            "2026-05-01 20:00", "2026-05-07 07:30", RestCause.OUTSIDE_HOURS, OTTO,
            id="whose rest goes over into an absence has its deputy on the evening before",
        ),
        pytest.param("2026-05-05 10:00", "2026-05-07 07:30", RestCause.ABSENT, OTTO, id="in the absence"),
        pytest.param(
            "2026-05-07 00:00", "2026-05-07 07:30", RestCause.OUTSIDE_HOURS, None,
            id="in the night after it there is no deputy any more",
        ),
        pytest.param(
            "2026-05-07 20:00", "2026-05-08 07:30", RestCause.OUTSIDE_HOURS, None, id="nor in any later rest",
        ),
    ],
)  # fmt: skip
def test_the_deputy_is_named_in_a_rest_with_an_absence(
    at: str, until: str, cause: RestCause, deputy: PersonId | None
) -> None:
    assert rest_at(SCHOOL, AWAY, local(at)) == Rest(until=local(until), cause=cause, deputy=deputy)


def test_before_a_day_at_school_an_absence_to_come_is_no_part_of_the_rest() -> None:
    assert rest_at(SCHOOL, AWAY, local("2026-04-30 20:00")) == Rest(
        until=local("2026-05-01 07:30"), cause=RestCause.OUTSIDE_HOURS
    )


def test_of_absences_in_a_row_each_has_its_deputy() -> None:
    second = Absence(span("2026-05-07 00:00", "2026-05-09 00:00"), ZOE)
    both = PersonalRest(absences=(second, MONDAY_TO_WEDNESDAY))
    until = local("2026-05-11 07:30")
    for at, deputy in (("2026-05-06 10:00", OTTO), ("2026-05-07 10:00", ZOE)):
        assert rest_at(SCHOOL, both, local(at)) == Rest(until=until, cause=RestCause.ABSENT, deputy=deputy)


def test_an_absence_counts_before_an_own_rest_and_before_the_calendar() -> None:
    evening_off = PersonalRest(rests=(span("2026-05-04 16:00", "2026-05-04 23:00"),), absences=AWAY.absences)
    for at in ("2026-05-04 17:00", "2026-05-04 23:30"):
        rest = rest_at(SCHOOL, evening_off, local(at))
        assert rest is not None
        assert rest.cause is RestCause.ABSENT


def test_an_absence_without_end_has_no_end() -> None:
    away = PersonalRest(absences=(Absence(Span(local("2026-05-04 00:00"), OPEN_END), OTTO),))
    assert rest_at(SCHOOL, away, local("2029-05-04 10:00")) == Rest(until=None, cause=RestCause.ABSENT, deputy=OTTO)


@pytest.mark.parametrize(
    ("first", "last", "hours"),
    [
        ("2026-05-04", "2026-05-04", 24),
        ("2026-03-29", "2026-03-29", 23),
        ("2026-10-25", "2026-10-25", 25),
        ("2026-12-31", "2027-01-01", 48),
    ],
)
def test_whole_days_go_from_midnight_to_midnight(first: str, last: str, hours: int) -> None:
    found = whole_days(BERLIN, date.fromisoformat(first), date.fromisoformat(last))
    assert found.start == local(f"{first} 00:00")
    assert found.end - found.start == timedelta(hours=hours)


# The minimum.

NIGHTS = Calendar(
    zone=BERLIN,
    windows=window(range(7), "7:30", "23:00"),
    minimum=window(range(7), "21:00", "6:00"),
    free_days=frozenset({date(2026, 5, 6)}),
)
ALL_EVENING = PersonalRest(pauses=(span("2026-05-04 20:00", "2026-05-05 07:00"),))


@pytest.mark.parametrize(
    ("personal", "at", "until", "cause"),
    [
        pytest.param(
            NOBODY_SAID_ANYTHING, "2026-05-04 21:00", "2026-05-05 07:30", RestCause.MINIMUM,
            id="it beats the hours",
        ),
        pytest.param(
            NOBODY_SAID_ANYTHING, "2026-05-04 23:00", "2026-05-05 07:30", RestCause.OUTSIDE_HOURS,
            id="where the calendar gives rest anyway that is the cause",
        ),
        pytest.param(
            ALL_EVENING, "2026-05-04 22:00", "2026-05-05 06:00", RestCause.MINIMUM, id="it beats a pause",
        ),
        pytest.param(
            ALL_EVENING, "2026-05-05 05:59", "2026-05-05 06:00", RestCause.MINIMUM, id="after midnight, too",
        ),
        pytest.param(
            PersonalRest(pauses=(span("2026-05-06 08:00", "2026-05-07 06:30"),)),
            "2026-05-06 21:00", "2026-05-07 06:00", RestCause.MINIMUM, id="it begins on free days as well",
        ),
        pytest.param(
            PersonalRest(rests=(span("2026-05-04 20:00", "2026-05-04 22:00"),)),
            "2026-05-04 20:00", "2026-05-05 07:30", RestCause.OWN, id="an own rest goes on in it",
        ),
    ],
)  # fmt: skip
def test_nobody_undercuts_the_minimum(personal: PersonalRest, at: str, until: str, cause: RestCause) -> None:
    assert rest_at(NIGHTS, personal, local(at)) == Rest(until=local(until), cause=cause)


def test_who_can_be_reached_rests_from_the_minimum_on() -> None:
    for personal in (NOBODY_SAID_ANYTHING, ALL_EVENING):
        assert next_change(NIGHTS, personal, local("2026-05-04 20:30")) == local("2026-05-04 21:00")
    assert next_change(NIGHTS, ALL_EVENING, local("2026-05-05 06:00")) == local("2026-05-05 07:00")


def test_a_school_without_hours_may_have_a_minimum() -> None:
    nights = Calendar(zone=BERLIN, windows=None, minimum=window(range(7), "21:00", "6:00"))
    assert next_change(nights, NOBODY_SAID_ANYTHING, local("2026-03-28 12:00")) == local("2026-03-28 21:00")
    night = rest_at(nights, NOBODY_SAID_ANYTHING, local("2026-03-28 21:00"))
    assert night == Rest(until=local("2026-03-29 06:00"), cause=RestCause.MINIMUM)


# Random calendars, around the instants at which clocks do odd things.

TURNS = [
    ("Europe/Berlin", utc("2026-03-29 01:00")),
    ("Europe/Berlin", utc("2026-10-25 01:00")),
    ("Europe/Berlin", utc("2026-12-31 23:00")),
    ("Europe/Berlin", utc("2026-05-06 12:00")),
    ("America/Nuuk", utc("2026-03-29 01:00")),  # 23:00 becomes midnight
    ("Africa/Cairo", utc("2026-04-23 22:00")),  # midnight becomes 1:00
    ("Africa/Cairo", utc("2026-10-29 21:00")),  # midnight becomes 23:00
    ("Australia/Lord_Howe", utc("2026-04-04 15:00")),  # half an hour
    ("America/St_Johns", utc("2010-11-07 02:31")),  # a minute after midnight becomes 23:01
    ("Pacific/Apia", utc("2011-12-30 10:00")),  # a whole day is skipped
]
DAY = 1440
LOOKED_AT = 4 * DAY
"""Minutes that the slow reference walks through."""


@st.composite
def worlds(draw: st.DrawFn, unit: timedelta = MINUTE) -> tuple[Calendar, PersonalRest, datetime]:
    zone, turn = draw(st.sampled_from(TURNS))
    start = st.one_of(st.integers(0, DAY - 1), st.sampled_from([0, 30, 120, 150, 180, 1380, 1410]))
    length = st.one_of(st.integers(1, 2 * DAY), st.sampled_from([30, 60, 600, DAY]))
    windows = st.builds(
        lambda weekday, first, minutes: Window(weekday, first, min(first + minutes, 2 * DAY)),
        st.integers(0, 6), start, length,
    )  # fmt: skip
    some_days = [turn.date() + timedelta(days=n) for n in range(-4, 6)]

    def minutes_from_turn(low: int, high: int) -> st.SearchStrategy[datetime]:
        per_minute = MINUTE // unit
        return st.integers(low * per_minute, high * per_minute).map(lambda n: turn + n * unit)

    spans = st.lists(
        st.builds(
            lambda first, size: Span(first, first + size * unit),
            minutes_from_turn(-2 * DAY, 4 * DAY),
            st.one_of(st.integers(1, 90), st.integers(1, 2 * DAY)),
        ),
        max_size=4,
    ).map(tuple)
    hours = Calendar(
        zone=ZoneInfo(zone),
        windows=draw(st.one_of(st.none(), st.lists(windows, max_size=12).map(tuple))),
        free_days=draw(st.frozensets(st.sampled_from(some_days), max_size=4)),
        minimum=draw(st.lists(windows, max_size=3).map(tuple)),
    )
    absences = draw(spans.map(lambda found: tuple(map(Absence, found))))
    return hours, PersonalRest(draw(spans), draw(spans), absences), draw(minutes_from_turn(-3 * DAY, 2 * DAY))


def slow_rests(hours: Calendar, personal: PersonalRest, instant: datetime, minutes: int) -> list[bool]:
    """Whether the person rests at `instant` and at each minute after it, from what a clock on the wall shows.

    The clock is read as the latest time it has shown so far: that is what "the first time it shows" means.
    """
    shown = datetime.min  # noqa: DTZ901 - wall time has no zone
    result = []
    for n in range(-180, minutes):
        at = instant + n * MINUTE
        shown = max(shown, at.astimezone(hours.zone).replace(tzinfo=None, fold=0))
        if n < 0:
            continue
        paused = any(span.start <= at < span.end for span in personal.pauses)
        own = any(span.start <= at < span.end for span in [*personal.rests, *(a.span for a in personal.absences)])
        since_midnight = shown.hour * 60 + shown.minute
        looks = ((shown.date(), since_midnight), (shown.date() - timedelta(days=1), since_midnight + DAY))
        open_ = hours.windows is None or any(
            w.weekday == day.weekday() and day not in hours.free_days and w.start_minute <= minute < w.end_minute
            for day, minute in looks
            for w in hours.windows
        )
        least = any(
            w.weekday == day.weekday() and w.start_minute <= minute < w.end_minute
            for day, minute in looks
            for w in hours.minimum
        )
        result.append(least or (not paused and (own or not open_)))
    return result


@given(worlds())
def test_the_answer_is_that_of_a_slow_look_at_the_clock(world: tuple[Calendar, PersonalRest, datetime]) -> None:
    hours, personal, instant = world
    expected = slow_rests(hours, personal, instant, LOOKED_AT)
    assert (rest_at(hours, personal, instant) is not None) is expected[0]
    change = next_change(hours, personal, instant)
    if (not expected[0]) in expected:
        assert change == instant + expected.index(not expected[0]) * MINUTE
    else:
        assert change is None or change >= instant + LOOKED_AT * MINUTE


@given(worlds(unit=timedelta(seconds=1)))
def test_between_two_minutes_too(world: tuple[Calendar, PersonalRest, datetime]) -> None:
    hours, personal, instant = world
    assert (rest_at(hours, personal, instant) is not None) is slow_rests(hours, personal, instant, 1)[0]


@given(worlds(unit=timedelta(seconds=1)))
def test_the_announced_end_is_the_first_instant_without_rest(
    world: tuple[Calendar, PersonalRest, datetime],
) -> None:
    hours, personal, instant = world
    rest = rest_at(hours, personal, instant)
    if rest is None:
        assert ends_at(hours, personal, instant) == instant
    elif rest.until is None:
        assert rest_at(hours, personal, instant + HORIZON) is not None
    else:
        assert instant < rest.until <= instant + HORIZON
        assert rest_at(hours, personal, rest.until) is None
        just_before = rest_at(hours, personal, rest.until - MICROSECOND)
        assert just_before is not None
        assert just_before.until == rest.until


@given(worlds(unit=timedelta(seconds=1)), st.floats(0, 1))
def test_between_two_changes_everything_stays(world: tuple[Calendar, PersonalRest, datetime], part: float) -> None:
    hours, personal, instant = world
    for _ in range(10):
        resting = rest_at(hours, personal, instant) is not None
        change = next_change(hours, personal, instant)
        if change is None:
            break
        assert change > instant
        between = instant + (change - MICROSECOND - instant) * part
        assert (rest_at(hours, personal, between) is not None) is resting
        assert next_change(hours, personal, between) == change
        assert (rest_at(hours, personal, change) is not None) is not resting
        instant = change


@given(worlds(unit=timedelta(seconds=1)))
def test_only_the_minimum_beats_a_pause(world: tuple[Calendar, PersonalRest, datetime]) -> None:
    hours, personal, _ = world
    for pause in personal.pauses:
        for instant in (pause.start, pause.end - MICROSECOND):
            rest = rest_at(hours, personal, instant)
            assert (None if rest is None else rest.cause) == (RestCause.MINIMUM if hours.is_minimum(instant) else None)


@given(worlds(unit=timedelta(seconds=1)))
def test_an_own_rest_outside_of_pauses_is_the_cause(world: tuple[Calendar, PersonalRest, datetime]) -> None:
    hours, personal, _ = world
    for own in personal.rests:
        rest = rest_at(hours, PersonalRest(rests=personal.rests), own.start)
        assert rest is not None
        assert rest.cause is RestCause.OWN
        assert rest.until is None or rest.until >= own.end


@given(st.lists(st.builds(lambda a, n: Span(utc("2026-01-01") + a * MINUTE, utc("2026-01-01") + (a + n) * MINUTE),
                          st.integers(0, 60), st.integers(1, 20))))  # fmt: skip
def test_merged_spans_cover_the_same_minutes_with_gaps_between(spans: list[Span]) -> None:
    result = merged(spans)
    for n in range(90):
        at = utc("2026-01-01") + n * MINUTE
        assert any(s.start <= at < s.end for s in spans) is any(s.start <= at < s.end for s in result)
    assert all(one.end < other.start for one, other in pairwise(result))
