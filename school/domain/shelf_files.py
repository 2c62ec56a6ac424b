"""The files in messages: what a message says of its file, and what of it can be shown in a browser."""

import mimetypes
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from school.domain.files import WITH_A_FILE

UNKNOWN_TYPE: Final = "application/octet-stream"
PDF: Final = "application/pdf"
_LONGEST_NAME: Final = 200
_NAMELESS: Final = "–"
_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,80}/[a-z0-9][a-z0-9!#$&^_.+-]{0,80}")
_URI: Final = re.compile(r"mxc://[A-Za-z0-9.:\[\]-]+/[A-Za-z0-9_-]+")
_LARGEST_NUMBER: Final = 2**53
_TYPES: Final = mimetypes.MimeTypes()  # what Python knows by itself: the same on every machine
_BEGINNINGS: Final[Mapping[str, re.Pattern[bytes]]] = {
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/gif": re.compile(rb"GIF8[79]a"),
    "image/webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
    PDF: re.compile(rb"%PDF-"),
}
"""Types that carry no program which a browser would run in our name, and how their files begin. No SVG: it may."""
PICTURES: Final = frozenset(_BEGINNINGS) - {PDF}
"""Of these the homeserver makes small ones, which may be of another of these types."""
BEGINNING_BYTES: Final = 16
"""So much is enough to tell."""
_DOCUMENTS: Final = re.compile(
    r"text/.*|application/(pdf|rtf|msword|vnd\.(ms-|oasis\.opendocument|openxmlformats-officedocument).*)"
)


class FileKind(StrEnum):
    """What people would call a file, in the order of a shelf."""

    PICTURE = "picture"
    VIDEO = "video"
    SOUND = "sound"
    DOCUMENT = "document"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A file as a message describes it. `size` None: it does not say."""

    name: str
    media_type: str
    size: int | None
    uri: str


def kind_of(media_type: str) -> FileKind:
    """What people would call a file of this type."""
    family = media_type.partition("/")[0]
    kinds = {"image": FileKind.PICTURE, "video": FileKind.VIDEO, "audio": FileKind.SOUND}
    if family in kinds:
        return kinds[family]
    return FileKind.DOCUMENT if _DOCUMENTS.fullmatch(media_type) else FileKind.OTHER


def can_be_shown(media_type: str) -> bool:
    """Whether a browser may show a file of this type, instead of keeping it."""
    return media_type in _BEGINNINGS


def looks_like(beginning: bytes, types: Collection[str]) -> str | None:
    """Which of these types a file is of, by its beginning; None: of none that may be shown."""
    found = (each for each, pattern in _BEGINNINGS.items() if each in types and pattern.match(beginning))
    return next(found, None)


def file_in(content: Mapping[str, Any]) -> Described | None:
    """The file of a message; None if there is none that can be fetched (Matrix spec, client-server API, "m.room.message
    msgtypes"). Of an encrypted file nothing is known."""
    uri, info = content.get("url"), content.get("info")
    if content.get("msgtype") not in WITH_A_FILE or not isinstance(uri, str) or not _URI.fullmatch(uri):
        return None
    said = info if isinstance(info, Mapping) else {}
    name = plain_name(content.get("filename") or content.get("body"))
    return Described(name=name, media_type=type_of(said.get("mimetype"), name), size=_size(said.get("size")), uri=uri)


def type_of(said: object, name: str) -> str:
    """The type of a file: what is said, or what its name stands for if that says nothing."""
    plain = said.partition(";")[0].strip().lower() if isinstance(said, str) else ""
    if _TYPE.fullmatch(plain) and plain != UNKNOWN_TYPE:
        return plain
    return _TYPES.guess_type(name)[0] or UNKNOWN_TYPE


def newest_content(event: Mapping[str, Any]) -> tuple[Mapping[str, Any], str | None]:
    """What a message says now, and the edit that says so, of an event as the homeserver tells it (Matrix spec,
    client-server API, "Event replacements")."""
    relations = (event.get("unsigned") or {}).get("m.relations") or {}
    edit = relations.get("m.replace")
    if isinstance(edit, Mapping):
        new = (edit.get("content") or {}).get("m.new_content")
        if isinstance(new, Mapping):
            return new, str(edit.get("event_id"))
    return event.get("content") or {}, None


def plain_name(text: object) -> str:
    """A name without what could lead astray: folders, line ends, letters that nobody sees or that turn others round."""
    if not isinstance(text, str):
        return _NAMELESS
    seen = (" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in text)
    plain = " ".join("".join("_" if letter in '\\/:*?"<>|' else letter for letter in seen).split()).lstrip(".")
    if len(plain) > _LONGEST_NAME:
        stem, dot, ending = plain.rpartition(".")
        tail = f"{dot}{ending}" if stem and len(ending) <= 10 else ""
        plain = plain[: _LONGEST_NAME - len(tail)].rstrip() + tail
    return plain or _NAMELESS


def _size(said: object) -> int | None:
    return said if isinstance(said, int) and not isinstance(said, bool) and 0 <= said < _LARGEST_NUMBER else None
