"""Whether a password is good enough to be chosen.

1. It is long: ten characters or more, and not longer than what the homeserver looks at.
2. It is none of those that are tried first: a well-known word with a few digits, a row of the keyboard, the same again
   and again, a date, one's own name or the school's. (NIST SP 800-63B, 3.1.1.2: length and a blocklist, and no rules
   about which signs have to be in it.)
3. It can be typed again: nothing invisible in it, no blank at either end.
"""

import re
import unicodedata
from collections.abc import Iterable, Set
from enum import StrEnum
from typing import Final

from school.domain.first_code import read_code

SHORTEST: Final = 10
_MOST_BYTES: Final = 72
"""More is not looked at: bcrypt, with which Synapse keeps passwords, ends there."""
_FEWEST_SIGNS: Final = 4
_SHORTEST_RUN: Final = 3
_SHORTEST_NAME: Final = 2
_DIGITS_ALONE: Final = 16

_RUNS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertzuiopu",
    "qwertyuiop",
    "asdfghjkloa",
    "yxcvbnm",
    "zxcvbnm",
    "1q2w3e4r5t6z7u8i9o0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qay2wsx3edc4rfv5tgb6zhn7ujm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
)
_WORDS: Final = frozenset(
    re.findall(
        r"\w+",
        """
        admin administrator baby bayern blume changeme computer datenschutz default deutschland dragon element eltern
        elternabend ferien football freiheit fussball geheim gymnasium hallo hello hertha herz hund iloveyou
        ichliebedich internet iserv katze kennwort klasse lehrer lehrerin lehrkraft letmein liebe mama mathe matrix
        master messenger michael minecraft monkey mutter nachricht nutella oberschule papa passwort password passwd
        pferd pokemon prinzessin princess qwertz qwerty roblox schalke schatz schule schulbote school schueler schuler
        secret sommer sonne sonnenschein spring sunshine superman test tiger urlaub vater welcome willkommen winter
        zuhause fruhling fruehling herbst januar februar marz maerz april mai juni juli august september oktober
        november dezember montag dienstag mittwoch donnerstag freitag samstag sonntag neu mein meine dein das der die
        ist und ich du love my the
        """,
    )
)
"""Folded words of which nothing good is made, however many of them and with whatever digits behind."""
_LEET: Final = str.maketrans("@4013!$57", "aaoieisst")
_UMLAUTS: Final = {ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue"}
_AT_THE_END: Final = "0123456789!?.,-_#*+ "


class PasswordFault(StrEnum):
    """Why a password cannot be chosen. Each has a sentence that says what to do instead."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    UNTYPEABLE = "untypeable"
    """Something invisible is in it, or a blank at an end."""
    TOO_PLAIN = "too_plain"
    """A few signs again and again, a row of the keyboard, digits alone."""
    COMMON = "common"
    NAMES_YOU = "names_you"
    UNCHANGED = "unchanged"
    A_CODE = "a_code"
    """It looks like a first code, and those stand on paper."""


def fault_of(password: str, *, about: Iterable[str] = (), before: str | None = None) -> PasswordFault | None:
    """What is wrong with a password; None if nothing is. `about` are names of the person and the school, `before` is
    the password that it replaces, where that is known."""
    password = unicodedata.normalize("NFKC", password)  # as the homeserver does before it looks
    if not password.isprintable() or password != password.strip():
        return PasswordFault.UNTYPEABLE
    if len(password) < SHORTEST:
        return PasswordFault.TOO_SHORT
    if len(password.encode()) > _MOST_BYTES:
        return PasswordFault.TOO_LONG
    if before is not None and password == unicodedata.normalize("NFKC", before):
        return PasswordFault.UNCHANGED
    if read_code(password) is not None:
        return PasswordFault.A_CODE
    folded = _folded(password)
    if _is_plain(folded):
        return PasswordFault.TOO_PLAIN
    names = {name for text in about for name in _words_of(text)}
    if _is_made_of(folded, _WORDS):
        return PasswordFault.COMMON
    return PasswordFault.NAMES_YOU if _is_made_of(folded, _WORDS | names) else None


def _is_plain(text: str) -> bool:
    if len(set(text)) < _FEWEST_SIGNS or _repeats(text):
        return True
    if len(text) < _DIGITS_ALONE and all(sign.isascii() and not sign.isalpha() for sign in text):
        return True
    return len(_without_runs(text)) < _FEWEST_SIGNS


def _repeats(text: str) -> bool:
    """Whether it is something short, again and again."""
    return any(
        len(text) % length == 0 and text == text[:length] * (len(text) // length)
        for length in range(1, min(SHORTEST, len(text) // 2 + 1))
    )


def _without_runs(text: str) -> str:
    """What is left without rows of the keyboard or the alphabet, forwards and backwards."""
    left, at = "", 0
    while at < len(text):
        length = _run_at(text, at)
        if length < _SHORTEST_RUN:
            left, length = left + text[at], 1
        at += length
    return left


def _run_at(text: str, at: int) -> int:
    longest = 1
    for run in _RUNS:
        for row in (run, run[::-1]):
            length = longest
            while at + length < len(text) and text[at : at + length + 1] in row:
                length += 1
            longest = max(longest, length)
    return longest


def _is_made_of(text: str, words: Set[str]) -> bool:
    """Whether its letters are these words and nothing else; also with digits in the place of letters."""
    ending = text.rstrip(_AT_THE_END)
    return any(
        _is_row_of(_letters(form), words) for form in (text, *(each.translate(_LEET) for each in (text, ending)))
    )


def _is_row_of(letters: str, words: Set[str]) -> bool:
    """Whether these letters are some of the words, one after the other."""
    reached = {0}
    for at in range(len(letters)):
        if at in reached:
            reached |= {at + len(word) for word in words if letters.startswith(word, at)}
    return bool(letters) and len(letters) in reached


def _letters(text: str) -> str:
    return "".join(sign for sign in text if sign.isalpha())


def _words_of(text: str) -> set[str]:
    """The names in a text, each as it is and as it is written without umlauts."""
    spelled = text.casefold().translate(_UMLAUTS)
    found = {word for form in (_folded(text), _folded(spelled)) for word in re.findall(r"[^\W\d_]+", form)}
    return {word for word in found if len(word) >= _SHORTEST_NAME}


def _folded(text: str) -> str:
    """Small letters without marks: "Groß" is "gross", "Łuczak" stays apart, "Müller" is "muller"."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))
