"""When something is to be done again and again: a cron expression (crontab(5)), meant in the school's zone.

On the nights when the clock is changed it is as with Debian's cron: what would fall into the hour that is skipped is
due at its end, and what has a fixed hour is due once in the hour that comes twice.
"""

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from school.domain.intervals import as_utc

_FIELDS: Final = 5  # cronsim takes a sixth for seconds
_SAMPLE: Final = 'must be a cron expression of five fields, such as "30 4 * * mon-fri"'
_ANY_DAY: Final = datetime(2026, 1, 1, tzinfo=UTC)


def cron(text: str) -> str:
    """A cron expression, with one blank between its fields.

    Raises:
        ValueError: it is none, or is never due.
    """
    fields = text.split()
    if len(fields) != _FIELDS:
        raise ValueError(f'{_SAMPLE}; it is "{text}".')
    expression = " ".join(fields)
    try:
        next_time(expression, ZoneInfo("UTC"), after=_ANY_DAY)
    except CronSimError as error:
        raise ValueError(f'{_SAMPLE}; it is "{text}" ({str(error).lower()}).') from None
    except StopIteration:
        raise ValueError(f'is never due; it is "{text}". Name a day that exists.') from None
    return expression


def next_time(expression: str, zone: ZoneInfo, *, after: datetime) -> datetime:
    """The first time after `after`, in UTC."""
    return next(CronSim(expression, as_utc(after).astimezone(zone))).astimezone(UTC)
