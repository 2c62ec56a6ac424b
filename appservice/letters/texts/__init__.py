"""The words of the letters, in every language in which a letter can be written.

They stand beside those of `school.texts`, which a person reads in the messenger in German or English: a letter is for
those who read neither. Nobody is addressed more closely than a letter to pupils and parents alike allows. A test keeps
the languages equal.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final

from babel.dates import format_date

from appservice.letters.texts.ar import WORDS as _ARABIC
from appservice.letters.texts.de import WORDS as _GERMAN
from appservice.letters.texts.en import WORDS as _ENGLISH
from appservice.letters.texts.pl import WORDS as _POLISH
from appservice.letters.texts.ru import WORDS as _RUSSIAN
from appservice.letters.texts.tr import WORDS as _TURKISH
from appservice.letters.texts.uk import WORDS as _UKRAINIAN
from appservice.letters.texts.vi import WORDS as _VIETNAMESE
from school.config.letters import LetterLanguage

CATALOGUES: Final[Mapping[LetterLanguage, Mapping[str, str]]] = {
    LetterLanguage.GERMAN: _GERMAN,
    LetterLanguage.ENGLISH: _ENGLISH,
    LetterLanguage.UKRAINIAN: _UKRAINIAN,
    LetterLanguage.ARABIC: _ARABIC,
    LetterLanguage.TURKISH: _TURKISH,
    LetterLanguage.POLISH: _POLISH,
    LetterLanguage.RUSSIAN: _RUSSIAN,
    LetterLanguage.VIETNAMESE: _VIETNAMESE,
}
RIGHT_TO_LEFT: Final = frozenset({LetterLanguage.ARABIC})

_LOCALES: Final = {LetterLanguage.ENGLISH: "en_GB"}


def written_day(day: date, language: LetterLanguage) -> str:
    """A day with the name of its month."""
    return str(format_date(day, "long", locale=_LOCALES.get(language, language.value)))
