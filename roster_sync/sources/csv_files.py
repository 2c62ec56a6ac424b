"""One CSV file of a register, read whole or not at all.

A file that may be only half there is an error, never "everybody left": no rows, an open quotation mark, a row with
too few fields. Every error is one sentence with file, row (as a spreadsheet counts: the header is row 1) and column,
and never the value. Encodings: UTF-8, with or without a byte order mark; else Windows-1252, and then a doubt says so.

What has no visible character is no name. Control characters and characters that turn the writing direction are
refused, because they make one name look like another. Anything visible is only text: `<script>` or `=cmd|calc` is
taken as it stands, and whoever writes HTML or a spreadsheet escapes it there.
"""

import csv
import io
import unicodedata
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from school.domain.roster import RegisterError

_SEPARATORS: Final = {";": "semicolons", ",": "commas", "\t": "tabs", "|": "vertical bars"}
_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS: Final = "\u200c\u200d"  # part of how Persian and Indic names are spelled
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Row:
    """One row. Its cells stay out of `repr`, and so out of logs."""

    file: str
    number: int
    _cells: Mapping[str, str] = field(repr=False)

    def cell(self, column: str) -> str:
        """What stands there, stripped and in NFC; empty where the file has no such column."""
        return unicodedata.normalize("NFC", self._cells.get(column.casefold(), "")).strip()

    def text(self, column: str) -> str:
        """A cell whose content is kept: visible characters only, of a sensible length."""
        value = self.cell(column)
        if any(unicodedata.category(char) in _REFUSED_CATEGORIES and char not in _JOINERS for char in value):
            raise self.error(column, "there is an invisible control character; type this cell anew")
        return value

    def required(self, column: str) -> str:
        """A short text that must not be blank: an id, a name."""
        value = self.text(column)
        if not value.strip(_JOINERS + " "):
            raise self.error(column, "this cell is empty; fill it in")
        if len(value) > _LONGEST:
            raise self.error(column, f"this cell has more than {_LONGEST} characters; shorten it")
        return value

    def several(self, column: str, separator: str) -> list[str]:
        """The short texts in a cell that lists some, without blank ones."""
        texts = [text for part in self.text(column).split(separator) if (text := part.strip())]
        if any(len(text) > _LONGEST for text in texts):
            raise self.error(column, f"something in this cell has more than {_LONGEST} characters; shorten it")
        return texts

    def error(self, column: str, sentence: str) -> RegisterError:
        """An error about one cell; the sentence says what is wrong and what to do."""
        return RegisterError(f"{self.file}, row {self.number}, column {column}: {sentence}.")


@dataclass(frozen=True, slots=True)
class Table:
    """All rows of a file, at least one, and what a human should look at."""

    columns: frozenset[str]
    rows: tuple[Row, ...]
    doubts: tuple[str, ...]


def read_table(path: Path, *, separator: str, required: Sequence[str]) -> Table:
    """Read a file whole.

    Raises:
        RegisterError: the file is missing, damaged, empty, or lacks a required column.
    """
    text, doubts = _decode(path)
    records = _records(path.name, text, separator)
    header = [unicodedata.normalize("NFC", name).strip() for name in next(records, [])]
    _check_header(path.name, header, separator, required)
    columns = [name.casefold() for name in header]
    rows = []
    for number, cells in enumerate(records, start=2):
        if not any(cell.strip() for cell in cells):
            continue  # spreadsheets leave blank rows at the end
        row = Row(path.name, number, dict(zip(columns, cells, strict=False)))
        if len(cells) < len(header):
            raise row.error(header[len(cells)], "the row ends before this column; export the file again")
        if any(cell.strip() for cell in cells[len(header) :]):
            advice = f"put cells that contain {_SEPARATORS[separator]} in quotation marks"
            raise row.error(header[-1], f"the row goes on after the last column; {advice}")
        rows.append(row)
    if not rows:
        raise RegisterError(f"{path.name}, row 2: there is nobody and nothing in it; export the file again.")
    return Table(frozenset(columns), tuple(rows), doubts)


def by_id(column: str, *tables: Table) -> dict[str, Row]:
    """The rows of all tables by their id, which stands nowhere twice."""
    found: dict[str, Row] = {}
    for row in (row for table in tables for row in table.rows):
        known = found.setdefault(row.required(column), row)
        if known is not row:
            there = f"row {known.number} of {known.file}"
            raise row.error(column, f"the same ID already stands in {there}; give each an ID of its own")
    return found


def _decode(path: Path) -> tuple[str, tuple[str, ...]]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise RegisterError(f"{path.name} is missing; put it into the folder {path.parent}.") from None
    except OSError as error:
        raise RegisterError(f"{path.name} cannot be read ({error.strerror}).") from None
    try:
        return data.decode("utf-8-sig"), ()
    except UnicodeDecodeError as error:
        before = data[: error.start]
    try:
        if not before.isascii() or data.startswith((BOM_UTF8, BOM_UTF16_LE, BOM_UTF16_BE)):
            raise ValueError("damaged UTF-8, or UTF-16")
        text = data.decode("cp1252")
    except ValueError:
        row = before.count(b"\n") + 1
        raise RegisterError(f"{path.name}, row {row}: the file is no UTF-8; save it as CSV UTF-8.") from None
    return text, (f"{path.name} is read as Windows-1252, because it is no UTF-8; check the umlauts.",)


def _records(file: str, text: str, separator: str) -> Iterator[list[str]]:
    """Every record, blank ones too, so that a record's place is its row in a spreadsheet."""
    header: list[str] = []
    done = 0
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True):
            header = header or cells
            yield cells
            done += 1
    except csv.Error as error:
        where = f"{file}, row {done + 1}"
        if "end of data" not in str(error):
            advice = "a quotation mark has no partner or stands inside a cell; export the file again"
            raise RegisterError(f"{where}: {advice}.") from None
        lenient = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        last_column = header[: len(next(islice(lenient, done, None)))][-1:]
        where += "".join(f", column {name}" for name in last_column)
        advice = "a quotation mark is never closed, as if the file were cut off; export it again"
        raise RegisterError(f"{where}: {advice}.") from None


def _check_header(file: str, header: Sequence[str], separator: str, required: Sequence[str]) -> None:
    if not any(header):
        raise RegisterError(f"{file}, row 1: the file is empty; export it again.")
    names = [name.casefold() for name in header]
    for other, word in _SEPARATORS.items():
        if len(header) == 1 and other in header[0]:
            wanted = _SEPARATORS[separator]
            raise RegisterError(f"{file}, row 1: {word} separate the columns; save it with {wanted}.")
    for column in required:
        if column.casefold() not in names:
            raise RegisterError(f"{file}, row 1: the column {column} is missing; export the file with it.")
        if names.count(column.casefold()) > 1:
            raise RegisterError(f"{file}, row 1: the column {column} stands there twice; remove one.")
