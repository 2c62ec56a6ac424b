"""Days as people write them: "24.11.–28.11.", "24. bis 28. November", "bis Freitag", "ab morgen", "24 Nov to 2 Dec".

A date without a year is the one that is not over yet. The last day belongs to what is meant.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum, auto
from typing import Final

_MONTHS: Final = (
    ("januar", "jan", "january", "jänner"),
    ("februar", "feb", "february"),
    ("märz", "mär", "mrz", "maerz", "march", "mar"),
    ("april", "apr"),
    ("mai", "may"),
    ("juni", "jun", "june"),
    ("juli", "jul", "july"),
    ("august", "aug"),
    ("september", "sep", "sept"),
    ("oktober", "okt", "october", "oct"),
    ("november", "nov"),
    ("dezember", "dez", "december", "dec"),
)
_WEEKDAYS: Final = (
    ("montag", "mo", "monday", "mon"),
    ("dienstag", "di", "tuesday", "tue", "tues"),
    ("mittwoch", "mi", "wednesday", "wed"),
    ("donnerstag", "do", "thursday", "thu", "thur", "thurs"),
    ("freitag", "fr", "friday", "fri"),
    ("samstag", "sa", "sonnabend", "saturday", "sat"),
    ("sonntag", "so", "sunday", "sun"),
)
_MONTH_OF: Final = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names}
_WEEKDAY_OF: Final = {name: number for number, names in enumerate(_WEEKDAYS) for name in names}
_DAYS_AHEAD: Final = {"heute": 0, "today": 0, "jetzt": 0, "now": 0, "sofort": 0, "now on": 0} | {
    "morgen": 1, "tomorrow": 1, "übermorgen": 2, "uebermorgen": 2, "the day after tomorrow": 2
}  # fmt: skip
_WEEKS_AHEAD: Final = {"diese": 0, "this": 0, "nächste": 1, "naechste": 1, "kommende": 1, "next": 1}
_DAYS_OF: Final = {"tag": 1, "tage": 1, "day": 1, "days": 1, "woche": 7, "wochen": 7, "week": 7, "weeks": 7}


def _one_of(names: dict[str, int]) -> str:
    return "|".join(sorted(names, key=len, reverse=True))


_ISO: Final = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b")
_BETWEEN: Final = re.compile(r"\s*(?:-|\.\.\.?|\bbis(?:\s+zum|\s+einschließlich)?\b|\b(?:to|until|till|through)\b)\s*")
_OPEN: Final = re.compile(r"(?:ab|from|seit|since)\s+(.+)")
_FROM: Final = re.compile(r"(?:ab|von|vom|from|am|on|den|für|for)\s+")
_NO_END: Final = frozenset({"auf weiteres", "further notice"})
_WEEK: Final = re.compile(rf"({_one_of(_WEEKS_AHEAD)})\s+(?:woche|week)")
_LENGTH: Final = re.compile(rf"(\d{{1,3}})\s*({_one_of(_DAYS_OF)})n?")
_NAMED_DAY: Final = re.compile(rf"(?:({_one_of(_WEEKDAY_OF)})\.?,?\s+)(?=\d|{_one_of(_MONTH_OF)})")
_NEXT: Final = re.compile(r"(?:nächste[rn]?|kommende[rn]?|next)\s+(.+)")
_YEAR: Final = r"(?P<year>\d{4}|\d{2})"
_ORDINAL: Final = r"(?P<day>\d{1,2})(?:\.|st|nd|rd|th)?"
_MONTH: Final = rf"(?P<name>{_one_of(_MONTH_OF)})\.?"
_DATES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?P<day>\d{{1,2}})\.\s*(?P<month>\d{{1,2}})(?:\.\s*{_YEAR}?)?",
        rf"(?P<day>\d{{1,2}})/(?P<month>\d{{1,2}})(?:/{_YEAR})?",
        rf"{_ORDINAL}\s*(?:of\s+)?{_MONTH}(?:,?\s*{_YEAR})?",
        rf"{_MONTH}\s+{_ORDINAL}(?:,?\s+(?P<year>\d{{4}}))?",
        _ORDINAL,
    )
)
_YEARS_AHEAD: Final = 5
_LONGEST_WITHOUT_YEARS: Final = timedelta(days=200)
_DAY: Final = timedelta(days=1)


class NoDays(Enum):
    """Why words are no days."""

    NOT_UNDERSTOOD = auto()
    BACKWARD = auto()
    """They end before they begin, or go over a year's end for so long that years have to be written."""
    OVER = auto()


@dataclass(frozen=True, slots=True)
class Days:
    """From a day to a day, both included. None as `last`: nobody knows yet."""

    first: date
    last: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """A date of which a part may be missing, or a weekday."""

    day: int = 0
    month: int | None = None
    year: int | None = None
    weekday: int | None = None

    def from_day(self, earliest: date) -> Iterator[date]:
        """The days that can be meant, not before `earliest` unless the year is given."""
        if self.weekday is not None:
            yield earliest + ((self.weekday - earliest.weekday()) % 7) * _DAY
            return
        years = range(earliest.year, earliest.year + 3) if self.year is None else [self.year]
        for year in years:
            try:
                found = date(year, self.month or 0, self.day)
            except ValueError:
                continue
            if found >= earliest or self.year is not None:
                yield found


def read_days(words: str, *, today: date) -> Days | NoDays:
    """The days in `words`."""
    text = _ISO.sub(r"\3.\2.\1", " ".join(words.casefold().split()).replace("–", "-").replace("—", "-"))
    if week := _WEEK.fullmatch(_FROM.sub("", text, count=1)):
        monday = today + (7 * _WEEKS_AHEAD[week[1]] - today.weekday()) * _DAY
        return Days(max(monday, today), monday + 6 * _DAY)
    if length := _LENGTH.fullmatch(_FROM.sub("", text, count=1)):
        number = int(length[1]) * _DAYS_OF[length[2]]
        return Days(today, today + (number - 1) * _DAY) if number else NoDays.NOT_UNDERSTOOD
    if (begin := _OPEN.fullmatch(text)) and (first := _single(begin[1], today)):
        return Days(first, None)
    first_words, *rest = _BETWEEN.split(text, maxsplit=1)
    if not rest:
        return _one_day(_FROM.sub("", first_words, count=1), today)
    first_words = _FROM.sub("", first_words, count=1) or "heute"
    if rest[0] in _NO_END:
        first = _single(first_words, today)
        return Days(first, None) if first else NoDays.NOT_UNDERSTOOD
    return _from_to(_written(first_words, today), _written(rest[0], today), today)


def _one_day(text: str, today: date) -> Days | NoDays:
    day = _single(text, today)
    if day is None:
        return NoDays.NOT_UNDERSTOOD
    return NoDays.OVER if day < today else Days(day, day)


def _single(text: str, today: date) -> date | None:
    written = _written(text, today)
    return None if written is None else next(written.from_day(today), None)


def _from_to(first: _Written | None, last: _Written | None, today: date) -> Days | NoDays:
    if first is None or last is None:
        return NoDays.NOT_UNDERSTOOD
    if first.weekday is None and first.month is None:  # "24. bis 28. November"
        first = replace(first, month=last.month, year=last.year)
    elif last.weekday is None and last.month is None:  # "November 24 to 28"
        last = replace(last, month=first.month, year=first.year)
    if first.year is None and first.weekday is None and last.year is not None:
        first = replace(first, year=last.year - ((first.month or 0, first.day) > (last.month or 0, last.day)))
    since = today if first.weekday is not None else date(today.year - 1, 1, 1)
    wrong = NoDays.NOT_UNDERSTOOD
    for start in first.from_day(since):
        end = next(last.from_day(start), None)
        if end is None:
            continue
        backward = end < start or (last.year is None and end - start > _LONGEST_WITHOUT_YEARS)
        if end >= today and not backward:
            return Days(start, end)
        wrong = NoDays.BACKWARD if backward else NoDays.OVER
    return wrong


def _written(text: str, today: date) -> _Written | None:
    after = today
    if following := _NEXT.fullmatch(text):
        text, after = following[1], today + _DAY
    if text in _WEEKDAY_OF and after == today:
        return _Written(weekday=_WEEKDAY_OF[text])
    if text in _WEEKDAY_OF or text in _DAYS_AHEAD:
        ahead = _DAYS_AHEAD[text] if text in _DAYS_AHEAD else (_WEEKDAY_OF[text] - after.weekday()) % 7
        day = after + ahead * _DAY
        return _Written(day=day.day, month=day.month, year=day.year)
    text = _NAMED_DAY.sub("", text, count=1)
    found = next((match for pattern in _DATES if (match := pattern.fullmatch(text))), None)
    return None if found is None else _from_match(found.groupdict(), today)


def _from_match(parts: dict[str, str | None], today: date) -> _Written | None:
    named, month, year = parts.get("name"), parts.get("month"), parts.get("year")
    number = None if year is None else int(year) + (2000 if len(year) == 2 else 0)
    if number is not None and not today.year - 1 <= number <= today.year + _YEARS_AHEAD:
        return None
    return _Written(
        day=int(parts["day"] or 0),
        month=_MONTH_OF[named] if named else int(month) if month else None,
        year=number,
    )
