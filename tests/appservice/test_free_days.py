"""Free days: what school.yaml names and the calendars know, from this year on."""

from datetime import date
from pathlib import Path

import pytest

from appservice.free_days import UnknownHolidaysError, free_days
from school.config import Settings, load_settings

TODAY = date(2026, 11, 23)
HOURS = "reachable: {mon-fri: ['08:00-16:00']}"


@pytest.fixture
def settings(tmp_path: Path):
    def load(rest: str) -> Settings:
        (tmp_path / "school.yaml").write_text(
            "school: {name: Schule am See}\n"
            "matrix: {server_name: schule-am-see.de, homeserver_url: 'http://127.0.0.1:8008'}\n"
            f"rest: {{{rest}}}\n"
        )
        return load_settings(tmp_path / "school.yaml")

    return load


def test_a_school_without_hours_has_no_free_days(settings) -> None:
    assert free_days(settings("free_days: [2027-01-04], holidays: {country: DE, subdivision: BB}"), TODAY) == {}


def test_a_school_without_holidays_has_its_own_free_days(settings) -> None:
    days = free_days(settings(f"{HOURS}, free_days: [2027-05-06..2027-05-08]"), TODAY)
    assert days == {date(2027, 5, 6): "", date(2027, 5, 7): "", date(2027, 5, 8): ""}


@pytest.mark.parametrize(
    ("day", "free"),
    [
        (date(2026, 10, 31), True),  # Reformation Day is one in Brandenburg …
        (date(2026, 11, 1), False),  # … and All Saints' Day is not
        (date(2026, 12, 25), True),
        (date(2027, 3, 28), True),  # Easter Sunday, which is a holiday there only
        (date(2028, 12, 26), True),  # two years ahead
        (date(2026, 11, 24), False),
        (date(2026, 12, 24), False),  # school holidays, which this school does not keep
    ],
)
def test_public_holidays_are_those_of_the_place(settings, day: date, free: bool) -> None:
    days = free_days(settings(f"{HOURS}, holidays: {{country: DE, subdivision: BB, school_holidays: false}}"), TODAY)
    assert (day in days) == free


def test_public_holidays_have_names(settings) -> None:
    days = free_days(settings(f"{HOURS}, holidays: {{country: DE, subdivision: BB}}"), TODAY)
    assert days[date(2026, 12, 25)]


def test_school_holidays_are_free_unless_the_school_says_otherwise(settings) -> None:
    days = free_days(settings(f"{HOURS}, holidays: {{country: DE, subdivision: BB}}"), TODAY)
    assert date(2026, 12, 29) in days  # between the years
    assert date(2026, 11, 24) not in days


def test_own_days_are_added_to_the_holidays(settings) -> None:
    days = free_days(settings(f"{HOURS}, free_days: [2027-05-07], holidays: {{country: DE, subdivision: BB}}"), TODAY)
    assert date(2027, 5, 7) in days
    assert date(2027, 5, 6) in days  # Ascension Day


@pytest.mark.parametrize("place", ["country: DE, subdivision: QQ", "country: XX"])
def test_an_unknown_place_is_a_sentence_that_says_what_to_do(settings, place: str) -> None:
    with pytest.raises(UnknownHolidaysError, match=r"are not known\. Correct rest\.holidays in school\.yaml"):
        free_days(settings(f"{HOURS}, holidays: {{{place}}}"), TODAY)


def test_a_country_without_school_holidays_says_so(settings) -> None:
    with pytest.raises(UnknownHolidaysError, match=r"The school holidays of FR"):
        free_days(settings(f"{HOURS}, holidays: {{country: FR}}"), TODAY)
    assert free_days(settings(f"{HOURS}, holidays: {{country: FR, school_holidays: false}}"), TODAY)
