"""Names of files as they are kept: a name that every system can write, without a path, the ending kept."""

import re
from typing import Final
from unicodedata import category, normalize

_LONGEST: Final = 120
_FORBIDDEN: Final = re.compile(r'[<>:"/\\|?*]')  # on Windows
_RESERVED: Final = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


def tidy_file_name(name: str, otherwise: str = "Datei") -> str:
    """A name for a file. Signs that nobody sees go; those that no file may have become a line."""
    last = re.split(r"[/\\]", normalize("NFC", name))[-1]
    seen = "".join(sign if category(sign)[0] not in "CZ" else " " * (category(sign)[0] == "Z") for sign in last)
    plain = " ".join(_FORBIDDEN.sub("_", seen).split()).strip(". ")
    stem, dot, ending = plain.rpartition(".")
    if not dot:
        stem, ending = plain, ""
    stem, ending = stem.rstrip(), ending.strip()
    if not stem:
        stem = otherwise
    if _RESERVED.match(f"{stem}."):
        stem = f"_{stem}"
    ending = ending[:16]
    room = _LONGEST - len(ending) - 1
    return f"{stem[:room].rstrip('. ')}.{ending}" if ending else stem[:_LONGEST].rstrip(". ")


def folder_name(name: str) -> str:
    """A name for a folder."""
    return tidy_file_name(re.sub(r"[./\\]", " ", name), otherwise="Ordner")
