"""Free days: public and school holidays from the `holidays` library, the school's own from school.yaml and from
calendar files."""

from asyncio import to_thread
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.ics import CalendarFileError, days_in
from school.config import Settings
from school.database.rests import set_free_days
from school.errors import WrongUseError

log = structlog.get_logger()

_YEARS_AHEAD: Final = 2
_WARN_BEFORE: Final = timedelta(days=270)
"""So long before the known holidays end somebody is told: a newer version takes a while to get everywhere."""
_CATEGORIES: Final = ("public", "school")


class UnknownHolidaysError(WrongUseError):
    """There is no calendar for what school.yaml asks for. The text says what to do."""


def free_days(settings: Settings, today: date) -> Mapping[date, str]:
    """Every free day from this year on, with its name. Nothing for a school that keeps no hours.

    Raises:
        CalendarFileError: a calendar file cannot be used.
        UnknownHolidaysError: nobody knows the holidays of the place that school.yaml names.
    """
    days: dict[date, str] = {}
    for _, named in _sources(settings, today):
        days |= named
    return days


def rule_of(day: date, settings: Settings, today: date) -> str | None:
    """The line of school.yaml by which a day is free for the whole school; None if it is not free."""
    rules = {rule: named for rule, named in _sources(settings, today) if day in named}
    return next(reversed(rules), None)


def end_of_known_holidays(settings: Settings, today: date) -> str | None:
    """A sentence that says until when the holidays are known, months before that is over; else None.

    Raises:
        UnknownHolidaysError: nobody knows the holidays of the place that school.yaml names.
    """
    for category, known in _known_holidays(settings, today):
        last = max(known, default=None)
        if last is None or last - today < _WARN_BEFORE:
            until = f"known until {last} only" if last else "unknown"
            return (
                f"The {category} holidays of {_place(settings)} are {until}: "
                "install a newer version of `holidays`, or list the days under rest.free_days in school.yaml."
            )
    return None


def _sources(settings: Settings, today: date) -> Iterator[tuple[str, Mapping[date, str]]]:
    """The rules by which days are free, in the order in which names replace each other."""
    rest = settings.rest
    if not rest.keeps_hours:
        return
    yield rest.line("free_days"), dict.fromkeys(rest.free_days, "")
    for _, known in _known_holidays(settings, today):
        yield rest.line("holidays"), known
    for number, path in enumerate(rest.calendars):
        first, last = date(today.year, 1, 1), date(today.year + _YEARS_AHEAD, 12, 31)
        yield rest.line("calendars", number), days_in(path, settings.zone, first, last)


def _known_holidays(settings: Settings, today: date) -> Iterator[tuple[str, Mapping[date, str]]]:
    holidays = settings.rest.holidays
    if holidays is None or not settings.rest.keeps_hours:
        return
    years = range(today.year, today.year + _YEARS_AHEAD + 1)
    for category in _CATEGORIES if holidays.school_holidays else _CATEGORIES[:1]:
        yield category, _holidays(holidays.country, holidays.subdivision, years, category)


class FreeDays:
    """Keeps the free days of the database as school.yaml, the library and the calendar files have them."""

    def __init__(self, settings: Settings, engine: AsyncEngine) -> None:
        self._settings = settings
        self._engine = engine
        self._warned_of: str | None = None

    async def renew(self, now: datetime) -> None:
        """Writes the newest ones. What cannot be read is logged, and the days that are there stay."""
        today = now.astimezone(self._settings.zone).date()
        try:
            days = await to_thread(free_days, self._settings, today)
            ending = await to_thread(end_of_known_holidays, self._settings, today)
        except (CalendarFileError, UnknownHolidaysError) as error:
            log.error("free_days_not_renewed", why=str(error))
            return
        if ending != self._warned_of and ending is not None:
            log.warning("holidays_end", why=ending)
        self._warned_of = ending
        async with self._engine.begin() as connection:
            await set_free_days(connection, days)


def _place(settings: Settings) -> str:
    holidays = settings.rest.holidays
    return "" if holidays is None else f"{holidays.country} {holidays.subdivision or ''}".strip()


def _holidays(country: str, subdivision: str | None, years: Iterable[int], category: str) -> dict[date, str]:
    import holidays  # takes a third of a second, and most commands need none

    try:
        return dict(holidays.country_holidays(country, subdiv=subdivision, years=years, categories=category).items())
    except (NotImplementedError, ValueError) as error:
        raise UnknownHolidaysError(
            f"The {category} holidays of {country} {subdivision or ''} are not known. Correct rest.holidays in "
            "school.yaml, or take it out and list the days under rest.free_days."
        ) from error
