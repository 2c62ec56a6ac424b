"""Times as people write them: "2h", "45 min", "3 Tage", "bis 7:30", "aus", "off until 18:00"."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_UNITS: Final = {
    "seconds": ("s", "sek", "sec", "sekunde", "sekunden", "second", "seconds"),
    "minutes": ("m", "min", "mins", "minute", "minuten", "minutes"),
    "hours": ("h", "std", "stunde", "stunden", "hour", "hours"),
    "days": ("d", "t", "tag", "tage", "tagen", "day", "days"),
    "weeks": ("w", "woche", "wochen", "week", "weeks"),
}
_UNIT_OF: Final = {word: unit for unit, words in _UNITS.items() for word in words}
_AMOUNT: Final = re.compile(r"(\d{1,6})(?:[.,](\d))?\s*([a-zäöü]+)")
_CLOCK: Final = re.compile(r"(?:bis|until|till)\s+(\d{1,2})(?:[:.](\d{2}))?(?:\s*uhr)?")
_OFF: Final = re.compile(r"(?:aus|off|ende|end|stop|stopp)\b\s*(.*)")
_BACK: Final = frozenset({"zurück", "wieder da", "back"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeWish:
    """What somebody wants: rest (`on`) or no rest, until a moment (UTC) or, with `until` None, without a given end."""

    on: bool
    until: datetime | None


def read_time_wish(words: str, *, now: datetime, zone: ZoneInfo) -> TimeWish | None:
    """The wish in `words`; None if they cannot be understood. A clock time is the next one in the school's zone."""
    text = words.casefold().strip()
    if off := _OFF.fullmatch(text):
        if not off[1]:
            return TimeWish(on=False, until=None)
        until = _moment(off[1], now=now, zone=zone)
        return TimeWish(on=False, until=until) if until else None
    until = _moment(text, now=now, zone=zone)
    return TimeWish(on=True, until=until) if until else None


def read_end(words: str) -> bool:
    """Whether the words say that something is over now: "aus", "off", "zurück"."""
    text = words.casefold().strip()
    return text in _BACK or ((off := _OFF.fullmatch(text)) is not None and not off[1])


def _moment(text: str, *, now: datetime, zone: ZoneInfo) -> datetime | None:
    if clock := _CLOCK.fullmatch(text):
        return _next_clock(int(clock[1]), int(clock[2] or 0), now=now, zone=zone)
    amount = _AMOUNT.fullmatch(text)
    unit = _UNIT_OF.get(amount[3]) if amount else None
    if amount is None or unit is None:
        return None
    number = int(amount[1]) + int(amount[2] or 0) / 10
    try:
        length = timedelta(**{unit: number})
        return now.astimezone(UTC) + length if length else None
    except OverflowError:
        return None


def _next_clock(hour: int, minute: int, *, now: datetime, zone: ZoneInfo) -> datetime | None:
    if hour > 24 or minute > 59 or (hour == 24 and minute):
        return None
    local = now.astimezone(zone)
    for days in (0, 1, 2):
        day = local.date() + timedelta(days=days + (hour == 24))
        moment = datetime(day.year, day.month, day.day, hour % 24, minute, tzinfo=zone).astimezone(UTC)
        if moment > now:
            return moment
    return None
