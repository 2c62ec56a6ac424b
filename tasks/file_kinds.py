"""Which files are taken: kinds that schools hand in, each known by its ending and by what is in it.

1. An ending that is not in the list is refused; so is a file whose content is of another kind than its ending says.
2. Nothing that runs: no programs, no pages and pictures with scripts (HTML, SVG), no documents with macros, whatever
   their ending says (a `docm` that is called `docx` has a `vbaProject.bin` inside).
3. What a browser is told of the type is ours, from this list, never what was sent along.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from io import SEEK_END
from typing import IO, Final, TypeAlias
from zipfile import BadZipFile, ZipFile

HEAD_BYTES: Final = 4096
_LONGEST_CONTENTS: Final = 1024 * 1024
_TAIL_BYTES: Final = 22 + 65_535
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_MACROS: Final = "_VBA_PROJECT".encode("utf-16-le")
_SCRIPTED: Final = (b"<html", b"<!doctype html", b"<svg", b"<script", b"<?php", b"#!")


class FileFault(StrEnum):
    """Why a file is not taken."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    KIND = "kind"
    """Files of this kind are not taken."""
    NOT_WHAT_IT_SAYS = "not_what_it_says"
    MACROS = "macros"
    UNSAFE = "unsafe"
    """The scanner found something in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What is known of a kind of files."""

    media_type: str
    fits: Callable[[bytes], bool]
    in_zip: str = ""
    """What has to be in it, if it is a zip that is more than one."""
    is_zip: bool = False


_Fits: TypeAlias = Callable[[bytes], bool]


def kind_of(name: str) -> Kind | None:
    """The kind that a name stands for; None if it is not taken."""
    _, dot, ending = name.rpartition(".")
    return _KINDS.get(ending.casefold()) if dot else None


def fault_in(name: str, file: IO[bytes]) -> FileFault | None:
    """What is wrong with a file that can be read from anywhere; None if it is taken."""
    kind = kind_of(name)
    if kind is None:
        return FileFault.KIND
    head = _read(file, HEAD_BYTES)
    if not head:
        return FileFault.EMPTY
    if not kind.fits(head):
        return FileFault.NOT_WHAT_IT_SAYS
    if kind.is_zip:
        return _fault_in_zip(kind, file)
    if kind.media_type in _TEXTS:
        return None if _is_all_text(file) else FileFault.NOT_WHAT_IT_SAYS
    if head.startswith(_OLE) and _has(file, _OLE_MACROS):
        return FileFault.MACROS
    return None


def endings() -> list[str]:
    """Every ending that is taken, for people and for browsers."""
    return [f".{ending}" for ending in _KINDS]


def _fault_in_zip(kind: Kind, file: IO[bytes]) -> FileFault | None:
    if not _has_short_contents(file):
        return FileFault.NOT_WHAT_IT_SAYS
    try:
        with ZipFile(file) as archive:
            names = archive.namelist()
    except (BadZipFile, ValueError, OSError, NotImplementedError):
        return FileFault.NOT_WHAT_IT_SAYS
    if kind.in_zip and kind.in_zip not in names:
        return FileFault.NOT_WHAT_IT_SAYS
    if any(name.rpartition("/")[2].casefold() == "vbaproject.bin" for name in names):
        return FileFault.MACROS
    if kind.media_type.startswith(_OPEN_DOCUMENT) and any(name.startswith(("Basic/", "Scripts/")) for name in names):
        return FileFault.MACROS
    return None


def _has_short_contents(file: IO[bytes]) -> bool:
    """Whether a zip says that its list of contents is short: reading a long one would take the memory of a server
    (APPNOTE.TXT, 4.3.15 and 4.3.16)."""
    size = file.seek(0, SEEK_END)
    file.seek(max(0, size - _TAIL_BYTES))
    tail = file.read()
    ends = [found.start() for found in re.finditer(re.escape(b"PK\x05\x06"), tail)]
    if not ends or b"PK\x06\x07" in tail:
        return False
    return all(int.from_bytes(tail[end + 12 : end + 16], "little") <= _LONGEST_CONTENTS for end in ends)


def _starts(*beginnings: bytes) -> _Fits:
    return lambda head: head.startswith(beginnings)


def _riff(what: bytes) -> _Fits:
    return lambda head: head[:4] == b"RIFF" and head[8:12] == what


def _brand(*brands: bytes) -> _Fits:
    """ISO base media files (ISO/IEC 14496-12): "ftyp" and a brand."""
    return lambda head: head[4:8] == b"ftyp" and (not brands or head[8:12] in brands)


def _pdf(head: bytes) -> bool:
    return b"%PDF-" in head[:1024]


def _mp3(head: bytes) -> bool:
    return head.startswith(b"ID3") or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2)


def _text(head: bytes) -> bool:
    lowered = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return b"\0" not in head and not lowered.startswith(_SCRIPTED)


def _zip(media_type: str, in_zip: str = "") -> Kind:
    return Kind(media_type=media_type, fits=_starts(b"PK\x03\x04"), in_zip=in_zip, is_zip=True)


_OPEN_DOCUMENT: Final = "application/vnd.oasis.opendocument."
_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
_TEXTS: Final = frozenset({"text/plain", "text/csv"})
_KINDS: Final[Mapping[str, Kind]] = {
    "pdf": Kind(media_type="application/pdf", fits=_pdf),
    **dict.fromkeys(("jpg", "jpeg"), Kind(media_type="image/jpeg", fits=_starts(b"\xff\xd8\xff"))),
    "png": Kind(media_type="image/png", fits=_starts(b"\x89PNG\r\n\x1a\n")),
    "gif": Kind(media_type="image/gif", fits=_starts(b"GIF87a", b"GIF89a")),
    "webp": Kind(media_type="image/webp", fits=_riff(b"WEBP")),
    **dict.fromkeys(
        ("heic", "heif"),
        Kind(media_type="image/heic", fits=_brand(b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")),
    ),
    "mp3": Kind(media_type="audio/mpeg", fits=_mp3),
    "wav": Kind(media_type="audio/wav", fits=_riff(b"WAVE")),
    **dict.fromkeys(("ogg", "oga", "opus"), Kind(media_type="audio/ogg", fits=_starts(b"OggS"))),
    "m4a": Kind(media_type="audio/mp4", fits=_brand()),
    "mp4": Kind(media_type="video/mp4", fits=_brand()),
    "3gp": Kind(media_type="video/3gpp", fits=_brand()),
    "mov": Kind(media_type="video/quicktime", fits=_brand()),
    "webm": Kind(media_type="video/webm", fits=_starts(b"\x1a\x45\xdf\xa3")),
    "docx": _zip(f"{_OFFICE}wordprocessingml.document", "word/document.xml"),
    "xlsx": _zip(f"{_OFFICE}spreadsheetml.sheet", "xl/workbook.xml"),
    "pptx": _zip(f"{_OFFICE}presentationml.presentation", "ppt/presentation.xml"),
    "odt": _zip(f"{_OPEN_DOCUMENT}text", "content.xml"),
    "ods": _zip(f"{_OPEN_DOCUMENT}spreadsheet", "content.xml"),
    "odp": _zip(f"{_OPEN_DOCUMENT}presentation", "content.xml"),
    "odg": _zip(f"{_OPEN_DOCUMENT}graphics", "content.xml"),
    "pages": _zip("application/vnd.apple.pages", "Index/Document.iwa"),
    "numbers": _zip("application/vnd.apple.numbers", "Index/Document.iwa"),
    "key": _zip("application/vnd.apple.keynote", "Index/Presentation.iwa"),
    "ggb": _zip("application/vnd.geogebra.file", "geogebra.xml"),
    "sb3": _zip("application/x.scratch.sb3", "project.json"),
    "zip": _zip("application/zip"),
    "doc": Kind(media_type="application/msword", fits=_starts(_OLE)),
    "xls": Kind(media_type="application/vnd.ms-excel", fits=_starts(_OLE)),
    "ppt": Kind(media_type="application/vnd.ms-powerpoint", fits=_starts(_OLE)),
    "rtf": Kind(media_type="application/rtf", fits=_starts(b"{\\rtf")),
    **dict.fromkeys(("txt", "md", "tex", "py", "java"), Kind(media_type="text/plain", fits=_text)),
    "csv": Kind(media_type="text/csv", fits=_text),
}


def _read(file: IO[bytes], number: int) -> bytes:
    file.seek(0)
    return file.read(number)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(1 << 16):
        yield piece


def _has(file: IO[bytes], wanted: bytes) -> bool:
    before = b""
    for piece in _pieces(file):
        if wanted in before + piece:
            return True
        before = piece[-len(wanted) :]
    return False


def _is_all_text(file: IO[bytes]) -> bool:
    return not any(b"\0" in piece for piece in _pieces(file))
