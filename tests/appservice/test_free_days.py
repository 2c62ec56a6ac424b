"""Free days: what school.yaml names and the calendars know, from this year on."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from appservice.free_days import FreeDays, UnknownHolidaysError, end_of_known_holidays, free_days, rule_of
from appservice.ics import CalendarFileError
from school.config import Settings, load_settings
from school.database.tables import free_days as stored

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


@pytest.mark.parametrize("hours", ["groups: {Abendschule: {%s}}", "persons: {T1: {%s}}"])
def test_hours_of_a_group_or_a_person_are_hours(settings, hours: str) -> None:
    assert free_days(settings(f"{hours % HOURS}, free_days: [2027-05-06]"), TODAY) == {date(2027, 5, 6): ""}


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


# Calendar files, and where a day comes from.

ICS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:test
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20270507
SUMMARY:Beweglicher Ferientag
END:VEVENT
END:VCALENDAR
"""
WITH_FILE = f"{HOURS}, calendars: [free.ics], free_days: [2027-05-10], holidays: {{country: DE, subdivision: BB}}"


@pytest.fixture
def ics(tmp_path: Path) -> Path:
    path = tmp_path / "free.ics"
    path.write_text(ICS)
    return path


@pytest.mark.usefixtures("ics")
def test_a_calendar_file_lies_beside_school_yaml(settings) -> None:
    days = free_days(settings(WITH_FILE), TODAY)
    assert (days[date(2027, 5, 7)], days[date(2027, 5, 10)]) == ("Beweglicher Ferientag", "")
    assert date(2027, 5, 6) in days


@pytest.mark.usefixtures("ics")
@pytest.mark.parametrize(
    ("day", "rule"),
    [
        (date(2027, 5, 10), "school.yaml:3 rest.free_days"),
        (date(2026, 12, 25), "school.yaml:3 rest.holidays"),
        (date(2027, 5, 7), "school.yaml:3 rest.calendars"),
        (date(2027, 5, 11), None),
    ],
)
def test_each_free_day_has_a_rule(settings, day: date, rule: str | None) -> None:
    assert rule_of(day, settings(WITH_FILE), TODAY) == rule


# What is known of holidays ends.


@pytest.mark.parametrize(
    ("today", "school", "told"),
    [
        (date(2026, 11, 23), True, None),
        (date(2028, 11, 1), True, None),
        (date(2029, 1, 15), True, "school holidays of DE BB are known until 2029-08-11 only"),
        (date(2031, 1, 15), True, "school holidays of DE BB are unknown"),
        (date(2031, 1, 15), False, None),
    ],
)
def test_somebody_is_told_months_before_the_known_holidays_end(
    settings, today: date, school: bool, told: str | None
) -> None:
    place = f"holidays: {{country: DE, subdivision: BB, school_holidays: {str(school).lower()}}}"
    sentence = end_of_known_holidays(settings(f"{HOURS}, {place}"), today)
    assert (sentence is None) if told is None else (told in str(sentence))


def test_who_keeps_no_hours_or_no_holidays_is_told_nothing(settings) -> None:
    late = date(2031, 1, 15)
    assert end_of_known_holidays(settings("holidays: {country: DE, subdivision: BB}"), late) is None
    assert end_of_known_holidays(settings(HOURS), late) is None


# Into the database.


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


async def days_stored(engine: AsyncEngine) -> dict[date, str]:
    async with engine.connect() as connection:
        return dict((await connection.execute(select(stored.c.day, stored.c.name))).all())


def broken(ics: Path) -> None:
    ics.write_text(ICS[:-20])


def other(ics: Path) -> None:
    ics.write_text(ICS.replace("20270507", "20270514"))


async def test_a_file_that_breaks_changes_nothing_and_is_told(settings, ics: Path, engine: AsyncEngine) -> None:
    keeper = FreeDays(settings(f"{HOURS}, calendars: [free.ics]"), engine)
    await keeper.renew(at(TODAY))
    assert await days_stored(engine) == {date(2027, 5, 7): "Beweglicher Ferientag"}
    broken(ics)
    with capture_logs() as logs:
        await keeper.renew(at(TODAY))
    assert [(log["event"], "free.ics" in log["why"]) for log in logs] == [("free_days_not_renewed", True)]
    assert await days_stored(engine) == {date(2027, 5, 7): "Beweglicher Ferientag"}
    other(ics)
    await keeper.renew(at(TODAY))
    assert list(await days_stored(engine)) == [date(2027, 5, 14)]


def test_at_the_start_a_broken_file_is_an_error(settings, ics: Path) -> None:
    ics.write_text(ICS[:-20])
    with pytest.raises(CalendarFileError, match=r"free\.ics"):
        free_days(settings(f"{HOURS}, calendars: [free.ics]"), TODAY)


async def test_the_end_of_the_holidays_is_logged_once(settings, engine: AsyncEngine) -> None:
    keeper = FreeDays(settings(f"{HOURS}, holidays: {{country: DE, subdivision: BB}}"), engine)
    with capture_logs() as logs:
        for _ in range(3):
            await keeper.renew(at(date(2029, 1, 15)))
    assert [log["event"] for log in logs] == ["holidays_end"]
