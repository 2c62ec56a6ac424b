"""Free days from calendar files, as calendar programs write them."""

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from appservice.ics import CalendarFileError, days_in

BERLIN = ZoneInfo("Europe/Berlin")
FIRST, LAST = date(2026, 1, 1), date(2028, 12, 31)


def calendar(*events: str) -> str:
    inside = "".join(f"BEGIN:VEVENT\nUID:{n}\n{event}\nEND:VEVENT\n" for n, event in enumerate(events))
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\n{inside}END:VCALENDAR\n"


@pytest.fixture
def days(tmp_path: Path):
    def read(text: str | bytes) -> dict[date, str]:
        path = tmp_path / "free.ics"
        content = text if isinstance(text, bytes) else text.replace("\n", "\r\n").encode()
        path.write_bytes(content)
        return dict(days_in(path, BERLIN, FIRST, LAST))

    return read


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        pytest.param("DTSTART;VALUE=DATE:20270205", ["2027-02-05"], id="a day without an end is one day"),
        pytest.param(
            "DTSTART;VALUE=DATE:20270205\nDTEND;VALUE=DATE:20270208",
            ["2027-02-05", "2027-02-06", "2027-02-07"], id="the end of whole days does not belong to them",
        ),
        pytest.param(
            "DTSTART;VALUE=DATE:20261231\nDTEND;VALUE=DATE:20270102",
            ["2026-12-31", "2027-01-01"], id="over the end of the year",
        ),
        pytest.param(
            "DTSTART;TZID=Europe/Berlin:20270205T000000\nDTEND;TZID=Europe/Berlin:20270206T000000",
            ["2027-02-05"], id="from midnight to midnight is a day",
        ),
        pytest.param(
            "DTSTART:20270204T230000Z\nDTEND:20270206T230000Z",
            ["2027-02-05", "2027-02-06"], id="midnight is the school's, whatever the zone in the file",
        ),
        pytest.param(
            "DTSTART:20270205T000000\nDTEND:20270206T000000", ["2027-02-05"], id="without a zone it is the school's",
        ),
        pytest.param(
            "DTSTART;TZID=Europe/Berlin:20270328T000000\nDTEND;TZID=Europe/Berlin:20270329T000000",
            ["2027-03-28"], id="a day of 23 hours",
        ),
        pytest.param("DTSTART:20270205T080000Z\nDTEND:20270205T180000Z", [], id="some hours make no day free"),
        pytest.param(
            "DTSTART:20270205T120000Z\nDTEND:20270207T120000Z", ["2027-02-06"], id="of three days the whole one",
        ),
        pytest.param("DTSTART;VALUE=DATE:20270205\nSTATUS:CANCELLED", [], id="what is cancelled does not count"),
        pytest.param(
            "DTSTART;VALUE=DATE:20270205\nRRULE:FREQ=YEARLY", ["2027-02-05", "2028-02-05"],
            id="every year, as far as anybody looks",
        ),
        pytest.param(
            "DTSTART;VALUE=DATE:20270205\nRRULE:FREQ=WEEKLY;COUNT=3\nEXDATE;VALUE=DATE:20270212",
            ["2027-02-05", "2027-02-19"], id="every week but one",
        ),
        pytest.param("DTSTART;VALUE=DATE:20200205", [], id="what is over"),
    ],
)  # fmt: skip
def test_days_that_an_entry_covers_are_free(days, event: str, expected: list[str]) -> None:
    assert sorted(days(calendar(event + "\nSUMMARY:Frei"))) == [date.fromisoformat(day) for day in expected]


def test_a_moved_day_of_a_series_is_where_it_was_moved_to(days) -> None:
    series = "DTSTART;VALUE=DATE:20270205\nRRULE:FREQ=WEEKLY;COUNT=2\nUID:s"
    moved = "UID:s\nRECURRENCE-ID;VALUE=DATE:20270212\nDTSTART;VALUE=DATE:20270215"
    text = calendar(series, moved).replace("UID:0\n", "").replace("UID:1\n", "")
    assert sorted(days(text)) == [date(2027, 2, 5), date(2027, 2, 15)]


def test_names_may_be_folded_and_escaped(days) -> None:
    assert days(calendar("DTSTART;VALUE=DATE:20270205\nSUMMARY:Freier Tag\\, bew\n eglich\\n(Winter)")) == {
        date(2027, 2, 5): "Freier Tag, beweglich (Winter)"
    }


def test_several_calendars_in_one_file(days) -> None:
    both = calendar("DTSTART;VALUE=DATE:20270205") + calendar("DTSTART;VALUE=DATE:20270206")
    assert sorted(days(both)) == [date(2027, 2, 5), date(2027, 2, 6)]


GOOD = "DTSTART;VALUE=DATE:20270205"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("<html>Please sign in</html>", id="a web page"),
        pytest.param(b"PK\x03\x04\xff\xfe\x00", id="bytes"),
        pytest.param(calendar(GOOD)[:-20], id="cut off"),
        pytest.param(calendar(GOOD, "DTSTART:yesterday"), id="one broken date among good ones"),
        pytest.param(calendar(GOOD, "DTSTART;VALUE=DATE:20270230"), id="a day that does not exist"),
        pytest.param(calendar(GOOD, "SUMMARY:no date"), id="an entry without a date"),
        pytest.param(calendar(GOOD + "\nRRULE:FREQ=SOMETIMES"), id="a rule that nobody knows"),
        pytest.param("BEGIN:VEVENT\nUID:1\n" + GOOD + "\nEND:VEVENT\n", id="no calendar around it"),
    ],
)
def test_a_broken_file_is_an_error_with_its_name_and_no_half_calendar(days, text: str | bytes) -> None:
    with pytest.raises(CalendarFileError, match=r"free\.ics is no calendar that can be read \(.+\)\. Export it again"):
        days(text)


def test_a_missing_file_is_an_error_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(CalendarFileError, match=r"none\.ics cannot be read: No such file or directory\. Correct"):
        days_in(tmp_path / "none.ics", BERLIN, FIRST, LAST)


def test_a_file_that_is_too_large_is_not_read(days) -> None:
    with pytest.raises(CalendarFileError, match="larger than 5 MB"):
        days(b" " * (5 * 1024 * 1024 + 1))


def test_a_calendar_without_entries_is_none_to_complain_about(days) -> None:
    assert days(calendar()) == {}
