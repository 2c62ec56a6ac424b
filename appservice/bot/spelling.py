"""How alike two words are to somebody who types in a hurry: umlauts, accents, capital letters and one slip do not
matter."""

from typing import Final
from unicodedata import normalize

from anyascii import anyascii

_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_SHORTEST_TO_SLIP_IN: Final = 5


def plain_forms(text: str) -> set[str]:
    """A text in small plain letters: "Krüger" is "krueger" and "kruger", "Łuczak" is "luczak"."""
    small = normalize("NFC", text.casefold())
    return {anyascii(form).casefold() for form in (small, small.translate(_UMLAUTS))}


def is_slip(written: str, meant: str) -> bool:
    """Whether one letter is wrong, missing, too many, or changed places with its neighbour. In short words that is
    another word."""
    if min(len(written), len(meant)) < _SHORTEST_TO_SLIP_IN or abs(len(written) - len(meant)) > 1:
        return False
    same = next((at for at, (a, b) in enumerate(zip(written, meant, strict=False)) if a != b), None)
    if same is None:
        return len(written) != len(meant)
    rest, other = written[same:], meant[same:]
    return (
        rest[1:] == other[1:]
        or rest[1:] == other
        or rest == other[1:]
        or (rest[:2] == other[1::-1] and rest[2:] == other[2:])
    )
