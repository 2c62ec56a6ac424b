"""Matrix localparts from names: "Jörg Groß" becomes `joerg.gross`, the next one `joerg.gross2`.

Lower-case letters a to z, digits, hyphens inside a name, one dot between given and family name: less than Matrix
allows (spec, appendix "User identifiers"), because people type it. German letters as Germans write them without
umlauts, every other script by anyascii. A localpart is given once and never changes, whatever the name becomes.
"""

import re
import unicodedata
from collections.abc import Container
from itertools import chain, count
from typing import Final

from anyascii import anyascii

MAX_LENGTH: Final = 64
"""A user id may have 255 bytes with the server's name; people must be able to read it out."""

_GERMAN: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_APOSTROPHES: Final = re.compile(r"['’‘ʼ`´]")
_NAMELESS: Final = "person"


def localpart_for(given: str, family: str, taken: Container[str]) -> str:
    """The first free localpart for a name. `taken` holds localparts in lower case, as all of ours are."""
    base = ".".join(filter(None, (_plain(given), _plain(family))))
    if not base or base.isdigit():  # Synapse keeps localparts of digits for guests
        base = _NAMELESS
    endings = chain([""], map(str, count(2)))
    localparts = (base[: MAX_LENGTH - len(ending)].rstrip(".-") + ending for ending in endings)
    return next(localpart for localpart in localparts if localpart not in taken)


def _plain(name: str) -> str:
    german = unicodedata.normalize("NFC", name).lower().translate(_GERMAN)
    latin = anyascii(_APOSTROPHES.sub("", german)).lower()
    return re.sub(r"[^a-z0-9]+", "-", _APOSTROPHES.sub("", latin)).strip("-")
