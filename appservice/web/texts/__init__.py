"""Every sentence of the web pages, in every language, chosen by name. What the bot and the modules say is in
`school.texts`; how the two languages are kept equal is the same."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from babel.numbers import format_decimal

from appservice.web.texts.de import SENTENCES as _GERMAN
from appservice.web.texts.de_resets import SENTENCES as _GERMAN_RESETS
from appservice.web.texts.en import SENTENCES as _ENGLISH
from appservice.web.texts.en_resets import SENTENCES as _ENGLISH_RESETS
from school.texts import Language, Texts

CATALOGUES: Final[Mapping[Language, Mapping[str, str]]] = {
    Language.GERMAN: {**_GERMAN, **_GERMAN_RESETS},
    Language.ENGLISH: {**_ENGLISH, **_ENGLISH_RESETS},
}
_LOCALES: Final = {Language.GERMAN: "de", Language.ENGLISH: "en_GB"}

_MOMENT: Final = {Language.GERMAN: "d. MMMM y, H:mm 'Uhr'", Language.ENGLISH: "d MMMM y, h:mm a"}


class PageTexts(Texts):
    """The sentences of one language."""

    __slots__ = ()

    def __init__(self, language: Language, sentences: Mapping[str, str]) -> None:
        self.language = language
        self._sentences = sentences

    def moment(self, instant: datetime, zone: ZoneInfo) -> str:
        """A moment with its day and its year."""
        return str(format_datetime(instant.astimezone(zone), _MOMENT[self.language], locale=_LOCALES[self.language]))

    def number(self, number: float) -> str:
        """A number as it is written."""
        return str(format_decimal(number, locale=_LOCALES[self.language]))

    def deed(self, action: str) -> str:
        """A line of the audit log."""
        return self._sentences.get(f"deed.{action}", action)


def page_texts(*more: Mapping[Language, Mapping[str, str]]) -> Mapping[Language, PageTexts]:
    """Our sentences and those of other packages' pages.

    Raises:
        ValueError: two packages have a sentence of the same name.
    """
    catalogues = (CATALOGUES, *more)
    return {language: PageTexts(language, dict(_each_once(language, catalogues))) for language in Language}


def _each_once(
    language: Language, catalogues: tuple[Mapping[Language, Mapping[str, str]], ...]
) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for catalogue in catalogues:
        for name, sentence in catalogue[language].items():
            if name in seen:
                raise ValueError(f"Two sentences of the pages are called {name}.")
            seen.add(name)
            yield name, sentence
