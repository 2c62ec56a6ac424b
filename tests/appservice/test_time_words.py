from datetime import UTC, datetime, timedelta

import pytest
from builders import BERLIN, NOON
from hypothesis import given
from hypothesis import strategies as st

from appservice.bot.time_words import TimeWish, read_time_wish


def local(text: str, fold: int = 0) -> datetime:
    """An instant as the clock in Berlin shows it."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).astimezone(UTC)


NOW = local("2026-05-05 20:00")


@pytest.mark.parametrize(
    ("words", "length"),
    [
        ("30s", timedelta(seconds=30)),
        ("30 Sekunden", timedelta(seconds=30)),
        ("45min", timedelta(minutes=45)),
        ("45 Min", timedelta(minutes=45)),
        ("1 minute", timedelta(minutes=1)),
        ("2h", timedelta(hours=2)),
        ("2 Std", timedelta(hours=2)),
        ("2 STUNDEN", timedelta(hours=2)),
        ("1,5h", timedelta(hours=1.5)),
        ("1.5 hours", timedelta(hours=1.5)),
        ("3 Tage", timedelta(days=3)),
        ("3 tagen", timedelta(days=3)),
        ("1d", timedelta(days=1)),
        ("1 woche", timedelta(weeks=1)),
        ("2 weeks", timedelta(weeks=2)),
        ("  2h  ", timedelta(hours=2)),
    ],
)
def test_lengths_of_time(words: str, length: timedelta) -> None:
    assert read_time_wish(words, now=NOW, zone=BERLIN) == TimeWish(on=True, until=NOW + length)


@pytest.mark.parametrize(
    ("words", "until"),
    [
        pytest.param("bis 7:30", "2026-05-06 07:30", id="tomorrow morning"),
        pytest.param("until 7:30", "2026-05-06 07:30", id="in English"),
        pytest.param("till 7", "2026-05-06 07:00", id="a full hour"),
        pytest.param("bis 7.30", "2026-05-06 07:30", id="with a dot"),
        pytest.param("Bis 7:30 Uhr", "2026-05-06 07:30", id="with Uhr"),
        pytest.param("bis 21", "2026-05-05 21:00", id="later today"),
        pytest.param("bis 20:01", "2026-05-05 20:01", id="in a minute"),
        pytest.param("bis 20:00", "2026-05-06 20:00", id="this very minute is the next time"),
        pytest.param("bis 19:59", "2026-05-06 19:59", id="a minute ago is tomorrow"),
        pytest.param("bis 0:00", "2026-05-06 00:00", id="midnight"),
        pytest.param("bis 24 Uhr", "2026-05-06 00:00", id="midnight, too"),
    ],
)
def test_a_clock_time_is_the_next_one(words: str, until: str) -> None:
    assert read_time_wish(words, now=NOW, zone=BERLIN) == TimeWish(on=True, until=local(until))


@pytest.mark.parametrize(
    ("words", "until"),
    [
        pytest.param("aus", None, id="aus"),
        pytest.param("off", None, id="off"),
        pytest.param("Ende", None, id="Ende"),
        pytest.param("STOPP", None, id="STOPP"),
        pytest.param("aus bis 21:00", "2026-05-05 21:00", id="aus bis"),
        pytest.param("off until 21:00", "2026-05-05 21:00", id="off until"),
        pytest.param("aus 2h", "2026-05-05 22:00", id="aus 2h"),
        pytest.param("off  2 hours", "2026-05-05 22:00", id="off 2 hours"),
    ],
)
def test_no_rest(words: str, until: str | None) -> None:
    wish = read_time_wish(words, now=NOW, zone=BERLIN)
    assert wish == TimeWish(on=False, until=None if until is None else local(until))


@pytest.mark.parametrize(
    "words",
    [
        "", " ", "bitte", "2", "h", "2 Monate", "-2h", "0s", "0h", "1.25h", "2h30", "zwei Stunden", "bis", "bis morgen",
        "bis 25:00", "bis 24:01", "bis 7:60", "bis 7:5", "bis 7:30 am", "7:30", "auster", "aus morgen", "aus 0s",
        "999999 wochen", "9999999s", "2h\n3h", "🌙",
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_nothing(words: str) -> None:
    assert read_time_wish(words, now=NOW, zone=BERLIN) is None


@pytest.mark.parametrize(
    ("now", "words", "until"),
    [
        pytest.param("2026-03-28 20:00", "bis 7:30", "2026-03-29 07:30", id="a night of 23 hours"),
        pytest.param("2026-03-28 20:00", "12h", "2026-03-29 09:00", id="twelve hours of it are twelve hours"),
        pytest.param("2026-10-24 20:00", "bis 7:30", "2026-10-25 07:30", id="a night of 25 hours"),
        pytest.param("2026-10-24 20:00", "12h", "2026-10-25 07:00", id="twelve hours of it, too"),
        pytest.param("2026-03-28 20:00", "bis 2:30", "2026-03-29 03:30", id="a time that does not exist"),
        pytest.param("2026-10-24 20:00", "bis 2:30", "2026-10-25 02:30", id="of two times the first"),
        pytest.param("2026-12-31 23:30", "bis 0:15", "2027-01-01 00:15", id="over the end of the year"),
    ],
)
def test_nights_in_which_the_clock_changes(now: str, words: str, until: str) -> None:
    assert read_time_wish(words, now=local(now), zone=BERLIN) == TimeWish(on=True, until=local(until))


@given(
    st.from_regex(r"(?:aus |off )?(?:\d{1,7}(?:[.,]\d)? ?[a-z]{1,8}|(?:bis|until) \d{1,2}(?::\d\d)?)", fullmatch=True)
    | st.text(max_size=20),
    st.integers(0, 366 * 24 * 60),
)
def test_whatever_is_understood_ends_in_the_future(words: str, minutes: int) -> None:
    now = NOON + timedelta(minutes=minutes)
    wish = read_time_wish(words, now=now, zone=BERLIN)
    if wish is not None and wish.until is not None:
        assert wish.until > now
        assert wish.until.tzinfo is UTC
    if wish is not None and wish.on:
        assert wish.until is not None
