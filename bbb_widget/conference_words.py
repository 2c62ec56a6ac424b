"""What stands behind `!konferenz`: "Mathe mit Klasse 8.1, 8.2 am Freitag um 14:00", "ende", "gast Petra Lehmann".

1. A time makes it planned; without one it begins now. A time is written with a colon, or with "um" or "Uhr".
2. A day is written with "am", or it is a weekday, "heute", "morgen"; it needs a time. "jede Woche", "jeden Freitag"
   repeat it.
3. What stands behind the last "mit" are groups, if all of it can be groups; else it belongs to the title.
4. "ohne Kameras", "ohne Mikrofone", "mit Lobby" may stand anywhere.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import Enum, auto
from typing import Final
from zoneinfo import ZoneInfo

from appservice.bot.date_words import Days, read_days
from bbb_widget.meeting_settings import Choices

_END: Final = frozenset({"ende", "beenden", "schluss", "aus", "stopp", "stop", "end", "off", "absagen", "cancel"})
_GUEST: Final = frozenset({"gast", "guest"})
_AWAY: Final = frozenset({"weg", "raus", "zurücknehmen", "zurück", "remove", "revoke", "away"})
_LIST: Final = frozenset({"liste", "anwesenheit", "teilnahme", "attendance", "list"})
_PLANNED: Final = frozenset({"geplant", "planned"})
_JOIN: Final = frozenset({"beitreten", "teilnehmen", "rein", "join"})
_SLIDES: Final = frozenset({"folien", "slides"})
_CALENDAR: Final = frozenset({"kalender", "calendar"})
_OFF: Final = frozenset({"aus", "off", "weg"})
_WEEKDAYS: Final = frozenset(
    {"montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag"}
    | {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}
)
_DAY_WORDS: Final = _WEEKDAYS | {"heute", "morgen", "übermorgen", "today", "tomorrow"}
_WEEKLY: Final = r"(?:jede\s+woche|wöchentlich|woechentlich|every\s+week|weekly)"
_EACH: Final = re.compile(r"(?:jeden|every)\s+", re.IGNORECASE)
_WEEKLY_AT_END: Final = re.compile(rf"(?:^|[\s,]+){_WEEKLY}\s*$", re.IGNORECASE)
_TIMES: Final = tuple(
    re.compile(rf"(?:^|[\s,]+){pattern}\s*$", re.IGNORECASE)
    for pattern in (
        r"(?:um|at)\s+(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?(?:\s*(?P<half>am|pm|uhr|h))?",
        r"(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?\s*(?P<half>am|pm|uhr)",
        r"(?P<hour>\d{1,2}):(?P<minute>\d{2})",
    )
)
_BEFORE_DAY: Final = re.compile(r"(?:am|on|den)\s+", re.IGNORECASE)
_LONGEST_DAY: Final = 5
_CAMERAS: Final = r"(?:kameras?|cameras?|video)"
_MICROPHONES: Final = r"(?:mikro(?:fon|phon)?e?s?|microphones?|mics?)"
_WITHOUT: Final = re.compile(
    rf"(?:^|[\s,]+)(?:ohne|without)\s+(?P<what>{_CAMERAS}|{_MICROPHONES})"
    rf"(?:\s*(?:,|und|and|or)\s*(?:ohne\s+|without\s+)?(?P<more>{_CAMERAS}|{_MICROPHONES}))?(?![\w-])",
    re.IGNORECASE,
)
_LOBBY: Final = re.compile(
    r"(?:^|[\s,]+)(?:mit|with)\s+(?:a\s+)?(?:lobby|warteraum|waiting\s+room)(?:\s+(?:für|for)\s+(?:alle|everybody|everyone|all))?"
    r"(?![\w-])",
    re.IGNORECASE,
)
_WITH: Final = re.compile(r"(?:^|\s)(?:mit|with|für|for)\s+", re.IGNORECASE)


class Does(Enum):
    """What somebody wants."""

    START = auto()
    END = auto()
    INVITE = auto()
    UNINVITE = auto()
    LIST = auto()
    JOIN = auto()
    PLANNED = auto()
    SLIDES = auto()
    CALENDAR = auto()
    NO_CALENDAR = auto()


class Unclear(Enum):
    """Why a time is none."""

    NO_TIME = auto()
    """A day without an hour."""
    NOT_UNDERSTOOD = auto()
    PAST = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What was understood. `text`: the title with the groups, the name of a guest, or what else stands there."""

    does: Does
    text: str = ""
    at: datetime | None = None
    weekly: bool = False
    choices: Choices = field(default_factory=Choices)


def read_words(words: str, *, now: datetime, zone: ZoneInfo) -> Said | Unclear:
    """What somebody wants of conferences."""
    first, _, rest = words.strip().partition(" ")
    rest = rest.strip()
    match first.casefold():
        case word if word in _GUEST and rest:
            away, _, name = rest.partition(" ")
            if away.casefold() in _AWAY and name.strip():
                return Said(does=Does.UNINVITE, text=name.strip())
            return Said(does=Does.INVITE, text=rest)
        case word if word in _END:
            return Said(does=Does.END, text=rest)
        case word if word in _LIST and not rest:
            return Said(does=Does.LIST)
        case word if word in _JOIN and not rest:
            return Said(does=Does.JOIN)
        case word if word in _SLIDES and not rest:
            return Said(does=Does.SLIDES)
        case word if word in _PLANNED and not rest:
            return Said(does=Does.PLANNED)
        case word if word in _CALENDAR and not rest:
            return Said(does=Does.CALENDAR)
        case word if word in _CALENDAR and rest.casefold() in _OFF:
            return Said(does=Does.NO_CALENDAR)
    return _start(words.strip(), now=now, zone=zone)


def split_groups(text: str) -> list[tuple[str, str]]:
    """Each way to read a text as a title and the names of groups, the shortest list of groups first."""
    return [(text[: found.start()].strip(" ,"), text[found.end() :].strip()) for found in _WITH.finditer(text)][::-1]


def _start(text: str, *, now: datetime, zone: ZoneInfo) -> Said | Unclear:
    text, choices = _without_choices(text)
    text, weekly = _without_weekly(text)
    text, clock = _without_time(text)
    text, weekly_before = _without_weekly(text)
    today = now.astimezone(zone).date()
    text, day, each_week, is_weekday = _without_day(text, today, has_time=clock is not None)
    text, weekly_first = _without_weekly(text)
    weekly = any((weekly, weekly_before, weekly_first, each_week))
    if clock is None:
        return Unclear.NO_TIME if day is not None or weekly else Said(does=Does.START, text=text, choices=choices)
    hour, minute = clock
    if hour > 23 or minute > 59:
        return Unclear.NOT_UNDERSTOOD
    at = _moment(day or today, hour, minute, zone)
    if at <= now and day is None:
        at = _moment(today + timedelta(days=1), hour, minute, zone)
    if at <= now and is_weekday and day is not None:
        at = _moment(day + timedelta(weeks=1), hour, minute, zone)
    return Unclear.PAST if at <= now else Said(does=Does.START, text=text, at=at, weekly=weekly, choices=choices)


def _moment(day: date, hour: int, minute: int, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(UTC)


def _without_choices(text: str) -> tuple[str, Choices]:
    without = [named for found in _WITHOUT.finditer(text) for named in (found["what"], found["more"]) if named]
    cameras = {named for named in without if re.fullmatch(_CAMERAS, named, re.IGNORECASE)}
    choices = Choices(
        cameras=not cameras,
        microphones=cameras >= {*without},
        lobby=_LOBBY.search(text) is not None,
    )
    return _LOBBY.sub("", _WITHOUT.sub("", text)).strip(" ,"), choices


def _without_weekly(text: str) -> tuple[str, bool]:
    found = _WEEKLY_AT_END.search(text)
    return (text, False) if found is None else (text[: found.start()].strip(" ,"), True)


def _without_time(text: str) -> tuple[str, tuple[int, int] | None]:
    for pattern in _TIMES:
        if found := pattern.search(text):
            hour, half = int(found["hour"]), (found.groupdict().get("half") or "").casefold()
            if half in ("am", "pm"):
                hour = hour % 12 + (12 if half == "pm" else 0)
            return text[: found.start()].strip(" ,"), (hour, int(found["minute"] or 0))
    return text, None


def _without_day(text: str, today: date, *, has_time: bool) -> tuple[str, date | None, bool, bool]:
    """The text before the day, the day, whether it is each of its kind, whether it is a weekday."""
    words = text.split(" ")
    for length in range(min(_LONGEST_DAY, len(words)), 0, -1):
        before, said = " ".join(words[:-length]).strip(" ,"), " ".join(words[-length:]).strip(" ,")
        each = _EACH.match(said)
        said = said[each.end() :] if each else said
        led_in = _BEFORE_DAY.match(said)
        said = said[led_in.end() :] if led_in else said
        is_weekday = said.casefold() in _WEEKDAYS
        is_meant = led_in or each or (said.casefold() in _DAY_WORDS and (has_time or not before))
        if not is_meant or (each and not is_weekday):
            continue
        days = read_days(said, today=today)
        if isinstance(days, Days) and days.first == days.last:
            return before, days.first, each is not None, is_weekday
    return text, None, False, False
