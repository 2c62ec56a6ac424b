"""Free days from a calendar file (ICS, RFC 5545): each day that an entry covers from midnight to midnight.

An entry of some hours (a conference, an evening for parents) makes no day free, nor does one that is cancelled.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from school.errors import WrongUseError

_DAY: Final = timedelta(days=1)
_MOST_BYTES: Final = 5 * 1024 * 1024


class CalendarFileError(WrongUseError):
    """A calendar file cannot be used. The text says which, why, and what to do."""


def days_in(path: Path, zone: ZoneInfo, first: date, last: date) -> Mapping[date, str]:
    """The free days from `first` to `last`, with the names of the entries.

    Raises:
        CalendarFileError: the file is not there, or not all of it can be read. Half a calendar would be worse.
    """
    text = _read(path)
    try:
        return dict(_days(text, zone, first, last))
    except Exception as error:  # a broken file makes the libraries stumble in many ways
        why = " ".join(str(error).split())[:200]
        raise CalendarFileError(
            f"{path} is no calendar that can be read ({why}). Export it again as an ICS file, or take it out of "
            "rest.calendars in school.yaml."
        ) from error


def _read(path: Path) -> bytes:
    try:
        text = path.read_bytes()
    except OSError as error:
        raise CalendarFileError(
            f"{path} cannot be read: {error.strerror}. Correct rest.calendars in school.yaml."
        ) from error
    if len(text) > _MOST_BYTES:
        raise CalendarFileError(f"{path} is larger than 5 MB. Export only the free days.")
    return text


def _days(text: bytes, zone: ZoneInfo, first: date, last: date) -> Iterator[tuple[date, str]]:
    # Both take a while, and most schools have no such file.
    import recurring_ical_events  # type: ignore[import-untyped]
    from icalendar import Calendar

    calendars = Calendar.from_ical(text, multiple=True)
    if not calendars or len(calendars) < text.upper().count(b"BEGIN:VCALENDAR"):
        raise ValueError("it is empty or cut off")
    for calendar in calendars:
        if calendar.name != "VCALENDAR":
            raise ValueError(f"it begins with {calendar.name}, not with VCALENDAR")
        if wrong := [error for part in calendar.walk() for error in part.errors]:
            raise ValueError("{}: {}".format(*wrong[0]))
        for event in recurring_ical_events.of(calendar).between(first, last + _DAY):
            if event.get("STATUS", "") != "CANCELLED":
                for day in _whole_days(event.start, event.end, zone):
                    if first <= day <= last:
                        yield day, " ".join(str(event.get("SUMMARY", "")).split())


def _whole_days(start: date, end: date, zone: ZoneInfo) -> Iterator[date]:
    """The days between two dates (the end not included) or that two times cover wholly."""
    day, until = start, end
    if isinstance(start, datetime) and isinstance(end, datetime):
        begin = _local(start, zone)
        day = begin.date() + (_DAY if begin.time() > time() else timedelta())
        until = _local(end, zone).date()
    while day < until:
        yield day
        day += _DAY


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    """A time without a zone is the school's."""
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)
