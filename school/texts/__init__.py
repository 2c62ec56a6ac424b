"""Every sentence that a user of the messenger reads, in every language, chosen by name.

Sentences are short and kind, say what happened and what the person can do instead. A test keeps the languages equal:
the same names, the same placeholders.
"""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime

from school.domain.decisions import Reason
from school.texts.de import SENTENCES as _GERMAN
from school.texts.de_appointments import SENTENCES as _GERMAN_APPOINTMENTS
from school.texts.de_commands import SENTENCES as _GERMAN_COMMANDS
from school.texts.de_conferences import SENTENCES as _GERMAN_CONFERENCES
from school.texts.de_groups import SENTENCES as _GERMAN_GROUPS
from school.texts.de_help import SENTENCES as _GERMAN_HELP
from school.texts.de_tasks import SENTENCES as _GERMAN_TASKS
from school.texts.de_waiting import SENTENCES as _GERMAN_WAITING
from school.texts.en import SENTENCES as _ENGLISH
from school.texts.en_appointments import SENTENCES as _ENGLISH_APPOINTMENTS
from school.texts.en_commands import SENTENCES as _ENGLISH_COMMANDS
from school.texts.en_conferences import SENTENCES as _ENGLISH_CONFERENCES
from school.texts.en_groups import SENTENCES as _ENGLISH_GROUPS
from school.texts.en_help import SENTENCES as _ENGLISH_HELP
from school.texts.en_tasks import SENTENCES as _ENGLISH_TASKS
from school.texts.en_waiting import SENTENCES as _ENGLISH_WAITING


class Language(StrEnum):
    """The languages that the school speaks with its people."""

    GERMAN = "de"
    ENGLISH = "en"


CATALOGUES: Final[Mapping[Language, Mapping[str, str]]] = {
    Language.GERMAN: (
        _GERMAN
        | _GERMAN_COMMANDS
        | _GERMAN_GROUPS
        | _GERMAN_WAITING
        | _GERMAN_CONFERENCES
        | _GERMAN_TASKS
        | _GERMAN_APPOINTMENTS
        | _GERMAN_HELP
    ),
    Language.ENGLISH: (
        _ENGLISH
        | _ENGLISH_COMMANDS
        | _ENGLISH_GROUPS
        | _ENGLISH_WAITING
        | _ENGLISH_CONFERENCES
        | _ENGLISH_TASKS
        | _ENGLISH_APPOINTMENTS
        | _ENGLISH_HELP
    ),
}

_TIME: Final = {Language.GERMAN: "H:mm 'Uhr'", Language.ENGLISH: "h:mm a"}
_DAY: Final = {Language.GERMAN: "ccc, d. MMM, ", Language.ENGLISH: "ccc, d MMM, "}
_DATE: Final = {Language.GERMAN: "ccc, d. MMMM", Language.ENGLISH: "ccc, d MMMM"}
_FULL_DAY: Final = {Language.GERMAN: "ccc, d. MMMM y", Language.ENGLISH: "ccc, d MMMM y"}
_WEEKDAY: Final = "ccc, "
_DAYS_TOLD_BY_WEEKDAY: Final = 6
_DAYS_TOLD_WITHOUT_YEAR: Final = 180


class Texts:
    """The sentences of one language."""

    __slots__ = ("_sentences", "language")

    def __init__(self, language: Language) -> None:
        self.language = language
        self._sentences = CATALOGUES[language]

    def say(self, sentence: str, /, **values: object) -> str:
        """The sentence of this name with its placeholders filled.

        Raises:
            KeyError: there is no such sentence, or a placeholder has no value.
        """
        return self._sentences[sentence].format(**values)

    def refusal(self, reason: Reason, *, ask_in: str | None = None) -> str:
        """What is said to somebody who was refused something; with the name of the group in which they can write
        instead, where that is the way out."""
        named = self._sentences.get(f"refused.{reason}.ask_in") if ask_in else None
        return named.format(group=ask_in) if named else self._sentences[f"refused.{reason}"]

    def one_of(self, role: str) -> str:
        """What somebody of a role is; a role that a school has added is called what the school calls it."""
        return self._sentences.get(f"role.{role}", role)

    def people_of(self, role: str) -> str:
        """What the people of a role are together."""
        return self._sentences.get(f"role.{role}.many", role)

    def right(self, right: str) -> str:
        """What a right lets somebody do."""
        return self._sentences[f"right.{right}"]

    def help(self, command: str, *, in_full: bool = False) -> str:
        """What a command does in one line, or in full with examples."""
        return self._sentences[f"help.{command}.more" if in_full else f"help.{command}"]

    def topic(self, topic: str) -> str:
        """What some commands are about."""
        return self._sentences[f"help.topic.{topic}"]

    def when(self, instant: datetime, zone: ZoneInfo, *, now: datetime) -> str:
        """A moment as people say it: the time today, the weekday within a week, else the date as well."""
        local = instant.astimezone(zone)
        days = (local.date() - now.astimezone(zone).date()).days
        if days == 0:
            day = ""
        elif 0 < abs(days) <= _DAYS_TOLD_BY_WEEKDAY:
            day = _WEEKDAY
        else:
            day = _DAY[self.language]
        return str(format_datetime(local, day + _TIME[self.language], locale=self.language.value))

    def day(self, day: date, *, today: date) -> str:
        """A day with its weekday, and its year where the date alone could be taken for another."""
        year = " y" if abs((day - today).days) > _DAYS_TOLD_WITHOUT_YEAR else ""
        return str(format_date(day, _DATE[self.language] + year, locale=self.language.value))

    def full_day(self, day: date) -> str:
        """A day with its weekday and year, whenever it is read."""
        return str(format_date(day, _FULL_DAY[self.language], locale=self.language.value))

    def hour(self, local: datetime) -> str:
        """The time on the wall."""
        return str(format_datetime(local, _TIME[self.language], locale=self.language.value))

    def days(self, first: date, last: date | None, *, today: date) -> str:
        """From a day to a day, both included; without `last` nobody knows yet."""
        told = self.day(first, today=today)
        if last is None:
            return self.say("absence.open", first=told)
        return told if last <= first else self.say("absence.days", first=told, last=self.day(last, today=today))
