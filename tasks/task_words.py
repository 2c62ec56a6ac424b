"""What stands behind `!aufgabe`: "neu Gedicht bis Freitag 18:00 für Klasse 8.1", "new Poem for 8.1 until 8 May".

1. What stands behind the last "für" are groups and single people, behind the last "bis" the date; the order is free.
2. A time is written with a colon, or with "Uhr". Without one it is due at the end of that day.
3. All that stands before both is the title.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum, auto
from typing import Final
from zoneinfo import ZoneInfo

from appservice.bot.date_words import Days, NoDays, read_days
from school.domain.task_dates import end_of_day
from school.domain.week import instant

_NEW: Final = re.compile(r"(?:neu|neue|new|set|stellen)\s+", re.IGNORECASE)
_FOR: Final = re.compile(r"\s(?:für|fuer|for)\s+", re.IGNORECASE)
_UNTIL: Final = re.compile(r"\s(?:bis(?:\s+zum)?|until|by|due)\s+", re.IGNORECASE)
_TIME: Final = re.compile(
    r"(?:^|[\s,]+)(?:um\s+|at\s+)?(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?(?P<half>\s*(?:uhr|h|am|pm))?\s*$",
    re.IGNORECASE,
)
_TODAY: Final = "heute"


class Unclear(Enum):
    """What is not understood."""

    HOW = auto()
    """It does not say what, until when, for whom."""
    WHEN = auto()
    PAST = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """A task as it was said."""

    title: str
    whom: str
    due: datetime


def read_task_words(words: str, *, now: datetime, zone: ZoneInfo) -> NewTask | Unclear:
    """The task in `words`."""
    begun = _NEW.match(words.strip())
    if begun is None:
        return Unclear.HOW
    text = words.strip()[begun.end() :]
    parts: dict[str, str] = {}
    for _ in range(2):
        last = max(
            ((found, name) for name, pattern in (("for", _FOR), ("until", _UNTIL)) for found in pattern.finditer(text)),
            key=lambda each: each[0].start(),
            default=None,
        )
        if last is None or last[1] in parts:
            break
        parts[last[1]] = text[last[0].end() :].strip()
        text = text[: last[0].start()]
    if len(parts) < 2 or not text.strip() or not all(parts.values()):
        return Unclear.HOW
    due = _due(parts["until"], now=now, zone=zone)
    if isinstance(due, Unclear):
        return due
    return NewTask(title=text.strip(), whom=parts["for"], due=due)


def _due(words: str, *, now: datetime, zone: ZoneInfo) -> datetime | Unclear:
    time, day_words = _TIME.search(words), words
    minutes = None
    if time is not None and (time["minute"] or time["half"]):
        hour, half = int(time["hour"]), (time["half"] or "").strip().casefold()
        hour += 12 if half == "pm" and hour < 12 else -12 if half == "am" and hour == 12 else 0
        minute = int(time["minute"] or 0)
        if hour > 24 or minute > 59:
            return Unclear.WHEN
        minutes, day_words = hour * 60 + minute, words[: time.start()]
    day = _day(day_words.strip(" ,") or _TODAY, now.astimezone(zone).date())
    if isinstance(day, Unclear):
        return day
    due = end_of_day(day, zone) if minutes is None else instant(zone, day, minutes)
    if due <= now and minutes is not None and _is_weekday(day, day_words, now, zone):
        due = instant(zone, day + timedelta(days=7), minutes)
    return due if due > now else Unclear.PAST


def _is_weekday(day: date, words: str, now: datetime, zone: ZoneInfo) -> bool:
    """Whether a name of today's weekday was said: then the next one is meant, when the hour is over."""
    return day == now.astimezone(zone).date() and not re.search(r"\d|heute|today", words, re.IGNORECASE)


def _day(words: str, today: date) -> date | Unclear:
    found = read_days(re.sub(r"^(?:am|on|den)\s+", "", words, flags=re.IGNORECASE), today=today)
    if isinstance(found, Days) and found.last == found.first:
        return found.first
    return Unclear.PAST if found is NoDays.OVER else Unclear.WHEN
