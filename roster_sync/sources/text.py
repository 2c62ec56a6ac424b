"""Text as it stands in registers: encodings, and what may not be in a name.

Encodings: UTF-8, with or without a byte order mark; else Windows-1252 or ISO 8859-15, and then a doubt says so. The two
differ in few places: Windows-1252 has letters at the bytes 80 to 9F, where ISO 8859-15 has none; and at eight others
ISO 8859-15 has Š, š, Ž, ž, Œ, œ, Ÿ and the Euro, where Windows-1252 has signs that are in no name. So a byte of the
first kind tells one, a byte of the second kind the other. At B4 stands Ž or an accent typed for an apostrophe.

What has no visible character is no name. Control characters and characters that turn the writing direction are
refused, because they make one name look like another. Anything visible is only text: `<script>` or `=cmd|calc` is
taken as it stands, and whoever writes HTML or a spreadsheet escapes it there.
"""

import re
import unicodedata
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from typing import Final

from roster_sync.sources.options import enumerate_briefly
from school.domain.roster import RegisterError

_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS: Final = "\u200c\u200d"  # part of how Persian and Indic names are spelled
_LONGEST: Final = 120

_IN_1252_ONLY: Final = re.compile(rb"[\x80-\x9f]")
_DIFFERENT: Final = re.compile(rb"[\xa4\xa6\xa8\xb4\xb8\xbc-\xbe]")
_IN_15: Final = re.compile(rb"[\xa4\xa6\xa8\xb8\xbc-\xbe]|(?<![A-Za-z\xc0-\xff])\xb4(?=[a-z\xdf-\xff])")


def decoded(file: str, data: bytes) -> tuple[str, tuple[str, ...]]:
    """The text of a file, and the doubts about its encoding.

    Raises:
        RegisterError: it is in none of the three encodings.
    """
    try:
        return data.decode("utf-8-sig"), ()
    except UnicodeDecodeError as error:
        before = data[: error.start]
    encoding, name = "cp1252", "Windows-1252"
    if not _IN_1252_ONLY.search(data) and _IN_15.search(data):
        encoding, name = "iso8859-15", "ISO 8859-15"
    try:
        if not before.isascii() or data.startswith((BOM_UTF8, BOM_UTF16_LE, BOM_UTF16_BE)):
            raise ValueError("damaged UTF-8, or UTF-16")
        text = data.decode(encoding)
    except ValueError:
        row = before.count(b"\n") + 1
        raise RegisterError(f"{file}, row {row}: the file is no UTF-8; save it as CSV UTF-8.") from None
    return text, (f"{file} is read as {name}, because it is no UTF-8; check the umlauts{_rows_in_doubt(data)}.",)


def normal(text: str) -> str:
    """Stripped, and in NFC."""
    return unicodedata.normalize("NFC", text).strip()


def problem_of(text: str, what: str = "cell") -> str | None:
    """What is wrong with a text of any length, if something is."""
    if text.isprintable():  # most texts are, and then none of the refused categories is in it
        return None
    if any(unicodedata.category(char) in _REFUSED_CATEGORIES and char not in _JOINERS for char in text):
        return f"there is an invisible control character; type this {what} anew"
    return None


def problem_of_short(text: str, what: str = "cell") -> str | None:
    """What is wrong with a short text that must not be blank, if something is: an id, a name."""
    if problem := problem_of(text, what):
        return problem
    if not text.strip(_JOINERS + " "):
        return f"this {what} is empty; fill it in"
    if is_long(text):
        return f"this {what} has more than {_LONGEST} characters; shorten it"
    return None


def is_long(text: str) -> bool:
    """Whether it is too long for a name."""
    return len(text) > _LONGEST


def _rows_in_doubt(data: bytes) -> str:
    """The rows in which the two encodings differ, unless something else has told which it is."""
    if _IN_1252_ONLY.search(data):
        return ""
    rows = [number for number, line in enumerate(data.split(b"\n"), start=1) if _DIFFERENT.search(line)]
    return f", and Š, š, Ž, ž in rows {enumerate_briefly(rows)}" if rows else ""
