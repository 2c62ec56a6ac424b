"""Everything that was handed in for a task as one ZIP, made while it is sent: a folder for each person or team.

Names are UTF-8 and say so (bit 11, APPNOTE.TXT appendix D), so that umlauts are right on Windows; no two are equal
there (`A.pdf`, `a.pdf`). What was handed in last lies on top, what came before in folders of its own. A table says who
handed in what when, with the hashes; a name in it that begins like a formula is none.
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo
from zoneinfo import ZoneInfo

from school.database.task_files import File, Purpose
from school.domain.hand_ins import HandIn, HandInId, Version
from tasks.answers import Row
from tasks.checking_desk import Everything
from tasks.file_names import folder_name, tidy_file_name
from tasks.sealed_file import SealedReader

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_LEVEL: Final = 1
"""What is handed in is mostly compressed already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What files and columns are called, in the teacher's language."""

    table: str
    version: str
    text: str
    feedback: str
    columns: Sequence[str]


def packed(
    everything: Everything,
    open_file: Callable[[File], SealedReader],
    words: Words,
    *,
    zone: ZoneInfo,
    now: datetime,
) -> Iterator[bytes]:
    """The archive, piece by piece. It takes the disk's time: ask it in a thread."""
    sink = _Sink()
    with ZipFile(sink, "w", ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        archive.writestr(_entry(f"{words.table}.csv", now.astimezone(zone)), _table(everything, words, zone))
        yield sink.taken()
        for folder, hand_in in _folders(everything.rows):
            for name, at, content in _of_hand_in(hand_in, everything.files, words):
                entry = _entry(f"{folder}/{name}", at.astimezone(zone))
                if isinstance(content, str):
                    archive.writestr(entry, content.encode("utf-8-sig"))
                    yield sink.taken()
                    continue
                entry.file_size = content.size
                with open_file(content) as reader, archive.open(entry, "w") as out:
                    for piece in reader.pieces():
                        out.write(piece)
                        yield sink.taken()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """What is written into it and not taken yet."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        view = memoryview(data)  # type: ignore[arg-type] # typeshed's ReadableBuffer is no name at runtime
        self._waiting += view
        return view.nbytes

    def taken(self) -> bytes:
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken


def _folders(rows: Sequence[Row]) -> Iterator[tuple[str, HandIn]]:
    """Every hand-in once, under the names of whose it is."""
    people: dict[HandInId, list[str]] = {}
    hand_ins = {row.hand_in.id: row.hand_in for row in rows if row.hand_in is not None and row.hand_in.versions}
    for row in rows:
        if row.hand_in is not None and row.hand_in.id in hand_ins:
            name = f"{row.person.family_name}, {row.person.given_name}".strip(", ")
            people.setdefault(row.hand_in.id, []).append(name)
    unique = _Unique()
    for hand_in_id, names in people.items():
        yield unique.name(folder_name(" + ".join(names))), hand_ins[hand_in_id]


def _of_hand_in(hand_in: HandIn, files: Sequence[File], words: Words) -> Iterator[tuple[str, datetime, File | str]]:
    unique = _Unique()
    for version in reversed(hand_in.versions):
        is_newest = version is hand_in.newest
        folder = "" if is_newest else f"{words.version} {version.number}/"
        if version.text:
            yield unique.name(f"{folder}{words.text}.txt"), version.at, _for_windows(version.text)
        for file in files:
            if (file.spot.hand_in, file.spot.version) != (hand_in.id, version.number):
                continue
            below = f"{folder}{words.feedback}/" if file.spot.purpose is Purpose.FEEDBACK else folder
            yield unique.name(f"{below}{tidy_file_name(file.name)}"), version.at, file
        if version.feedback:
            yield (
                unique.name(f"{folder}{words.feedback}/{words.feedback}.txt"),
                version.at,
                _for_windows(version.feedback),
            )


def _table(everything: Everything, words: Words, zone: ZoneInfo) -> bytes:
    out = io.StringIO(newline="")
    table = csv.writer(out, delimiter=";", lineterminator="\r\n")
    table.writerow(words.columns)
    for row in everything.rows:
        name = (row.person.family_name, row.person.given_name)
        versions: Sequence[Version] = () if row.hand_in is None else row.hand_in.versions
        if not versions:
            table.writerow(_harmless(*name, "", "", "", "", ""))
        for version in versions:
            at = version.at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
            here = [
                file
                for file in everything.files
                if row.hand_in is not None
                and (file.spot.hand_in, file.spot.version) == (row.hand_in.id, version.number)
                and file.spot.purpose is Purpose.WORK
            ]
            mark = version.mark
            for file_name, sha256 in [(file.name, file.sha256) for file in here] or [("", "")]:
                table.writerow(_harmless(*name, str(version.number), at, mark, file_name, sha256))
    return out.getvalue().encode("utf-8-sig")


def _harmless(*cells: str) -> list[str]:
    return [f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells]


def _for_windows(text: str) -> str:
    return "\r\n".join(text.splitlines())


def _entry(name: str, at: datetime) -> ZipInfo:
    entry = ZipInfo(name, at.timetuple()[:6])
    entry.compress_type = ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


class _Unique:
    """Names that are not equal where capital letters are no difference."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def name(self, name: str) -> str:
        stem, dot, ending = name.rpartition(".")
        if not dot or "/" in ending:
            stem, ending = name, ""
        found, number = name, 1
        while found.casefold() in self._taken:
            number += 1
            found = f"{stem} ({number}){dot and '.'}{ending}" if ending else f"{stem} ({number})"
        self._taken.add(found.casefold())
        return found
