"""Free days: public and school holidays from the `holidays` library, and the school's own from school.yaml."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from school.config import Settings

_YEARS_AHEAD: Final = 2


class UnknownHolidaysError(Exception):
    """There is no calendar for what school.yaml asks for. The text says what to do."""


def free_days(settings: Settings, today: date) -> Mapping[date, str]:
    """Every free day from this year on, with its name. Nothing for a school that keeps no hours.

    Raises:
        UnknownHolidaysError: nobody knows the holidays of the place that school.yaml names.
    """
    rest = settings.rest
    if rest.windows is None:
        return {}
    days = dict.fromkeys(rest.free_days, "")
    if rest.holidays is not None:
        years = range(today.year, today.year + _YEARS_AHEAD + 1)
        for category in ("public", *(("school",) if rest.holidays.school_holidays else ())):
            days |= _holidays(rest.holidays.country, rest.holidays.subdivision, years, category)
    return days


def _holidays(country: str, subdivision: str | None, years: Iterable[int], category: str) -> dict[date, str]:
    import holidays  # takes a third of a second, and most commands need none

    try:
        return dict(holidays.country_holidays(country, subdiv=subdivision, years=years, categories=category).items())
    except (NotImplementedError, ValueError) as error:
        raise UnknownHolidaysError(
            f"The {category} holidays of {country} {subdivision or ''} are not known. Correct rest.holidays in "
            "school.yaml, or take it out and list the days under rest.free_days."
        ) from error
