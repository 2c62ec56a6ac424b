"""The section `letters` of school.yaml: what stands in the letters about signing in."""

from enum import StrEnum

from school.config.section import Section, Text


class LetterLanguage(StrEnum):
    """In which languages letters can be written."""

    GERMAN = "de"
    ENGLISH = "en"
    UKRAINIAN = "uk"
    ARABIC = "ar"
    TURKISH = "tr"
    POLISH = "pl"
    RUSSIAN = "ru"
    VIETNAMESE = "vi"


class LetterSettings(Section):
    """What a letter says besides name and code."""

    ask: Text | None = None
    second_language: LetterLanguage | None = None
