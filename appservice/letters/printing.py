"""Letters as a PDF, one page each, made in memory: what stands in them is written to no disk on the way.

1. What all letters have in common is typeset once, as a form; then each page is the form and the few words that differ.
   So 2,500 letters take seconds, and no more memory than a program has anyway.
2. A sign for which no font on this machine has a picture stops the print with a sentence: nobody gets boxes instead of
   a name. (PDF/A-2u forbids them, so typst looks.)
3. Names and all other words come in as data. Whatever is in them, they are only words.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time
from functools import partial
from importlib.resources import files
from itertools import chain
from typing import Any, Final

from typst import Fonts, TypstError
from typst import compile as compile_typst

from appservice.letters.qr import qr_code
from appservice.letters.sheet import Sheet
from appservice.letters.texts import RIGHT_TO_LEFT, written_day
from school.errors import FailedError

_TEMPLATE: Final = "letter.typ"
_FONTS: Final = ("Noto Sans", "Noto Naskh Arabic", "DejaVu Sans", "Libertinus Serif")
"""Those that are there are used, in this order; the last one comes with typst. For signs that are in none of them any
other font serves. Noto Naskh Arabic has no ligatures of several letters, which programs read back in a wrong order."""
_COMPLETE: Final = "a-2u"
_NO_FONT: Final = re.compile(r'the text `"(.+?)"` could not be displayed', re.DOTALL)
_TOO_LONG: Final = re.compile(r"too long: (.+)", re.DOTALL)


class CannotPrintError(FailedError):
    """These letters cannot be printed on this machine. The text says why and what to do; nothing was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What stands in one person's letter only. `way` is for whoever hands it out: the class, the child. `code` is a
    password of the directory server where the sheet has no last day for codes."""

    name: str
    user_name: str
    way: str = ""
    code: str | None = field(default=None, repr=False)


def render(letters: Sequence[Letter], sheet: Sheet, *, fonts: Fonts | None = None) -> bytes:
    """The letters as one PDF, in the order given, a page each. It takes a moment: call it in a thread of its own.

    Raises:
        CannotPrintError: something in them cannot be printed.
    """
    fonts = fonts or Fonts()
    has_passwords = sheet.valid_until is None and any(letter.code for letter in letters)
    common = _common(sheet, fonts, has_passwords=has_passwords)
    typeset = partial(_typeset, fonts, sheet.today)
    pages = [asdict(letter) for letter in letters]
    try:
        form = typeset({"part": "form", "sheet": common}, complete=True)
        typeset({"part": "words", "sheet": common, "words": _all_signs(letters)}, complete=True)
        return typeset({"part": "letters", "sheet": common, "letters": pages, "form": list(form)})
    except TypstError as error:
        raise _why_not(error, letters) from None


def _all_signs(letters: Sequence[Letter]) -> list[str]:
    """So many of the words that every sign is in one of them."""
    seen: set[str] = set()
    found = []
    for words in _words(letters):
        if not seen.issuperset(words):
            seen.update(words)
            found.append(words)
    return found


def _words(letters: Iterable[Letter]) -> Iterator[str]:
    return chain.from_iterable((letter.name, letter.way) for letter in letters)


def _common(sheet: Sheet, fonts: Fonts, *, has_passwords: bool) -> Mapping[str, Any]:
    there = set(fonts.families())
    return {
        "fonts": [name for name in _FONTS if name in there],
        "school": sheet.school,
        "server": sheet.server_name,
        "today": written_day(sheet.today, sheet.languages[0]),
        "has_codes": sheet.valid_until is not None,
        "has_passwords": has_passwords,
        "ask": sheet.ask,
        "languages": [
            {"code": language.value, "right_to_left": language in RIGHT_TO_LEFT, "words": sheet.words(language)}
            for language in sheet.languages
        ],
        "steps": [
            {"address": step.address, "qr": None if step.link is None else qr_code(step.link)} for step in sheet.steps
        ],
    }


def _typeset(fonts: Fonts, today: date, data: Mapping[str, Any], *, complete: bool = False) -> bytes:
    template = files(__package__).joinpath(_TEMPLATE).read_bytes()
    return compile_typst(
        template,
        font_paths=fonts,
        sys_inputs={"data": json.dumps(data)},
        pdf_standards=_COMPLETE if complete else [],
        pdf_tags=False,
        timestamp=datetime.combine(today, time(), UTC),
    )


def _why_not(error: TypstError, letters: Sequence[Letter]) -> CannotPrintError:
    """The sentence for what stopped typst.

    Raises:
        TypstError: it is a mistake of ours.
    """
    if found := _NO_FONT.search(error.message):
        sign = found[1]
        where = next((f' in "{words}"' for words in _words(letters) if sign in words), "")
        return CannotPrintError(
            f'No font on this machine has the sign "{sign}"{where}. Install one that has it (on Debian fonts-noto-core '
            "or fonts-noto-cjk) and start again."
        )
    if found := _TOO_LONG.search(error.message):
        return CannotPrintError(f'This is too long for a letter: "{found[1]}".')
    raise error
