from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appservice.bot.date_words import Days, NoDays, read_days

TUESDAY = date(2026, 11, 24)


def read(words: str, today: date = TUESDAY) -> tuple[str, str | None] | NoDays:
    found = read_days(words, today=today)
    if isinstance(found, NoDays):
        return found
    return found.first.isoformat(), None if found.last is None else found.last.isoformat()


@pytest.mark.parametrize(
    "words",
    [
        "24.11.–28.11.", "24.11. - 28.11.", "24.11-28.11", "24. 11. — 28. 11.", "24.–28.11.", "24.11.2026–28.11.2026",
        "24.11.26 bis 28.11.26", "24.11.–28.11.2026", "24.11.2026–28.11.", "vom 24.11. bis zum 28.11.",
        "24. bis 28. November", "24. Nov. bis 28. Nov.", "24. NOVEMBER bis 28. November 2026",
        "Dienstag, 24.11. bis Samstag, 28.11.", "Di 24.11. – Sa 28.11.", "Dienstag bis Samstag", "heute bis Samstag",
        "bis 28.11.", "bis Samstag", "heute bis 28.11.", "24.11. bis Sa",
        "24 Nov to 28 Nov", "24th to 28th November", "November 24 to 28", "Nov 24 - Nov 28, 2026", "until Saturday",
        "from 24 November until 28 November 2026", "Tuesday through Saturday", "24/11 - 28/11/2026",
        "2026-11-24..2026-11-28", "2026-11-24 - 2026-11-28", "5 Tage", "5 days", "für 5 Tage",
    ],
)  # fmt: skip
def test_from_a_day_to_a_day(words: str) -> None:
    assert read(words) == ("2026-11-24", "2026-11-28")


@pytest.mark.parametrize(
    "words",
    [
        "25.11.", "25.11", "25.11.2026", "25.11.26", "25. November", "Mi, 25.11.", "Mittwoch", "mi", "am 25.11.",
        "25 November", "Nov 25", "November 25th, 2026", "25th of November", "25/11", "2026-11-25", "Wednesday",
        "morgen", "tomorrow", "on Wednesday", "  25.11.  ",
    ],
)  # fmt: skip
def test_a_single_day(words: str) -> None:
    assert read(words) == ("2026-11-25", "2026-11-25")


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("heute", "2026-11-24", "2026-11-24"),
        ("übermorgen", "2026-11-26", "2026-11-26"),
        ("Dienstag", "2026-11-24", "2026-11-24"),
        ("nächsten Dienstag", "2026-12-01", "2026-12-01"),
        ("next Friday", "2026-11-27", "2026-11-27"),
        ("Montag bis Mittwoch", "2026-11-30", "2026-12-02"),
        ("diese Woche", "2026-11-24", "2026-11-29"),
        ("nächste Woche", "2026-11-30", "2026-12-06"),
        ("2 Wochen", "2026-11-24", "2026-12-07"),
    ],
)
def test_words_that_mean_another_day_every_day(words: str, first: str, last: str) -> None:
    assert read(words) == (first, last)


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("ab 1.12.", "2026-12-01"),
        ("ab morgen", "2026-11-25"),
        ("ab sofort", "2026-11-24"),
        ("from 1 December", "2026-12-01"),
        ("bis auf Weiteres", "2026-11-24"),
        ("ab 1.12. bis auf weiteres", "2026-12-01"),
        ("until further notice", "2026-11-24"),
    ],
)
def test_nobody_knows_until_when(words: str, first: str) -> None:
    assert read(words) == (first, None)


@pytest.mark.parametrize(
    ("words", "today", "first", "last"),
    [
        pytest.param("2.11.–28.11.", "2026-11-24", "2026-11-02", "2026-11-28", id="what runs is of this year"),
        pytest.param("2.11.–20.11.", "2026-11-24", "2027-11-02", "2027-11-20", id="what is over is of the next"),
        pytest.param("4.1.–8.1.", "2026-11-24", "2027-01-04", "2027-01-08", id="January in November"),
        pytest.param("28.12.–4.1.", "2026-12-20", "2026-12-28", "2027-01-04", id="over the end of the year"),
        pytest.param("28.12.–4.1.", "2027-01-02", "2026-12-28", "2027-01-04", id="still running in January"),
        pytest.param("28.12.2026–4.1.", "2026-11-24", "2026-12-28", "2027-01-04", id="the first year given"),
        pytest.param("28.12.–4.1.2027", "2026-11-24", "2026-12-28", "2027-01-04", id="the last year given"),
        pytest.param("23.11.", "2026-11-24", "2027-11-23", "2027-11-23", id="yesterday's date is next year's"),
        pytest.param("29.2.", "2027-03-01", "2028-02-29", "2028-02-29", id="the next 29th of February"),
        pytest.param("1.8.2027–31.7.2028", "2026-11-24", "2027-08-01", "2028-07-31", id="a year, with years"),
        pytest.param("31.12. bis 1.1.", "2026-12-31", "2026-12-31", "2027-01-01", id="New Year's Eve"),
    ],
)
def test_which_year_is_meant(words: str, today: str, first: str, last: str) -> None:
    assert read(words, date.fromisoformat(today)) == (first, last)


@pytest.mark.parametrize("words", ["28.11.–24.11.", "28.11.2026–24.11.2026", "1.8.–31.7.", "morgen bis heute"])
def test_what_runs_backward_is_asked_about(words: str) -> None:
    assert read(words) is NoDays.BACKWARD


@pytest.mark.parametrize("words", ["23.11.2026", "1.11.2026–5.11.2026", "1.11.–5.11.2025"])
def test_what_is_over_is_asked_about(words: str) -> None:
    assert read(words) is NoDays.OVER


@pytest.mark.parametrize(
    "words",
    [
        "", " ", "krank", "24", "24.13.", "30.2.", "31.11.–2.12.", "11/25", "0 Tage", "24.–28.", "31.12.9999",
        "24.11.–", "–", "bis", "ab", "24.11.–28.11.–30.11.", "nächsten", "heute und morgen", "Mittwochs",
        "24.11. 28.11.", "🌙",
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_nothing(words: str) -> None:
    assert read(words) is NoDays.NOT_UNDERSTOOD


days = st.dates(date(2026, 1, 1), date(2030, 12, 31))


@given(days, st.integers(0, 190), st.integers(0, 150))
def test_dates_without_years_are_those_that_are_not_over(today: date, ahead: int, length: int) -> None:
    first = today + timedelta(days=ahead)
    last = first + timedelta(days=length)
    assert read_days(f"{first.day}.{first.month}.–{last.day}.{last.month}.", today=today) == Days(first, last)


@given(
    days,
    st.text(max_size=25)
    | st.lists(
        st.sampled_from([*"0123456789.-/ ", "bis", "ab", "mai", "mo", "tage", "next", "to", "2026", "on"]), max_size=9
    ).map("".join),
)
def test_whatever_is_understood_is_not_over_and_runs_forward(today: date, words: str) -> None:
    found = read_days(words, today=today)
    if isinstance(found, Days) and found.last is not None:
        assert found.last >= max(today, found.first)
