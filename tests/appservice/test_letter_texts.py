"""The words of the letters, in every language."""

import re
from datetime import date
from typing import get_args
from unicodedata import bidirectional, normalize

import pytest

from appservice.letters.texts import CATALOGUES, RIGHT_TO_LEFT, written_day
from school.config.letters import LetterLanguage
from school.config.schema import SchoolSettings

GERMAN = CATALOGUES[LetterLanguage.GERMAN]
LATIN_NAMES = {"Element", "X", "App", "Store", "Google", "Play", "QR", "button"}
"""Words that stay Latin everywhere."""


def test_every_language_has_words_and_the_school_speaks_two_of_them() -> None:
    assert set(CATALOGUES) == set(LetterLanguage)
    assert set(get_args(SchoolSettings.model_fields["language"].annotation)) <= {*LetterLanguage}


@pytest.mark.parametrize("language", LetterLanguage)
def test_all_languages_say_the_same(language: LetterLanguage) -> None:
    words = CATALOGUES[language]
    assert list(words) == list(GERMAN)
    assert all(words.values())
    same = {name for name, sentence in words.items() if sentence == GERMAN[name]}
    assert language == LetterLanguage.GERMAN or same <= {"code", "server"}


@pytest.mark.parametrize("language", LetterLanguage)
def test_words_are_clean(language: LetterLanguage) -> None:
    for name, sentence in CATALOGUES[language].items():
        assert sentence == normalize("NFC", sentence).strip()
        assert sentence.isprintable(), name
        assert "  " not in sentence
        ends = ":" if name in ("browser", "only_browser") else "؟?" if name == "ask" else "."
        if name not in ("title", "user_name", "code", "password", "server", "valid_until"):
            assert sentence[-1] in ends, name


@pytest.mark.parametrize("language", LetterLanguage)
@pytest.mark.parametrize("name", GERMAN)
def test_each_language_names_what_has_one_name(language: LetterLanguage, name: str) -> None:
    names = [word for word in ("Element X", "App Store", "Google Play", "QR", "{button}") if word in GERMAN[name]]
    assert [word for word in names if word not in CATALOGUES[language][name]] == []


@pytest.mark.parametrize(
    ("language", "letters"),
    [
        (LetterLanguage.ARABIC, r"[\u0600-\u06ff]+"),
        (LetterLanguage.RUSSIAN, r"[а-яё]+"),
        (LetterLanguage.UKRAINIAN, r"[а-щьюяєіїґ’]+"),
    ],
)
def test_no_word_is_left_in_another_script(language: LetterLanguage, letters: str) -> None:
    for sentence in CATALOGUES[language].values():
        words = set(re.findall(r"[^\W_]+(?:’[^\W_]+)*", sentence)) - LATIN_NAMES
        assert [word for word in words if not re.fullmatch(letters, word.lower())] == []


def test_what_runs_from_right_to_left_is_known() -> None:
    found = {language for language in LetterLanguage if bidirectional(CATALOGUES[language]["title"][0]) in ("R", "AL")}
    assert found == RIGHT_TO_LEFT


@pytest.mark.parametrize(
    ("language", "written"),
    [
        (LetterLanguage.GERMAN, "8. Dezember 2026"),
        (LetterLanguage.ENGLISH, "8 December 2026"),
        (LetterLanguage.UKRAINIAN, "8 грудня 2026 р."),
        (LetterLanguage.ARABIC, "8 ديسمبر 2026"),
        (LetterLanguage.TURKISH, "8 Aralık 2026"),
        (LetterLanguage.POLISH, "8 grudnia 2026"),
        (LetterLanguage.RUSSIAN, "8 декабря 2026 г."),
        (LetterLanguage.VIETNAMESE, "8 tháng 12, 2026"),
    ],
)
def test_how_a_day_is_written(language: LetterLanguage, written: str) -> None:
    assert " ".join(written_day(date(2026, 12, 8), language).split()) == written
