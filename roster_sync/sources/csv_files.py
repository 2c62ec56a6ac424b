"""One CSV file of a register, read whole or not at all.

A file that may be only half there is an error, never "everybody left": no rows, an open quotation mark, a row with
too few fields. Every error is one sentence with file, row (as a spreadsheet counts: the header is row 1) and column,
and never the value.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from roster_sync.sources.files import Place, read_whole
from roster_sync.sources.text import decoded, is_long, normal, problem_of, problem_of_short
from school.domain.roster import RegisterError

_SEPARATORS: Final = {";": "semicolons", ",": "commas", "\t": "tabs", "|": "vertical bars"}


@dataclass(frozen=True, slots=True)
class Row:
    """One row. Its cells stay out of `repr`, and so out of logs."""

    file: str
    number: int
    _cells: Mapping[str, str] = field(repr=False)

    def cell(self, column: str) -> str:
        """What stands there, stripped and in NFC; empty where the file has no such column."""
        return normal(self._cells.get(column.casefold(), ""))

    def text(self, column: str) -> str:
        """A cell whose content is kept: visible characters only."""
        value = self.cell(column)
        if problem := problem_of(value):
            raise self.error(column, problem)
        return value

    def required(self, column: str) -> str:
        """A short text that must not be blank: an id, a name."""
        value = self.cell(column)
        if problem := problem_of_short(value):
            raise self.error(column, problem)
        return value

    def several(self, column: str, separator: str) -> list[str]:
        """The short texts in a cell that lists some, without blank ones."""
        texts = [text for part in self.text(column).split(separator) if (text := part.strip())]
        for text in texts:
            if is_long(text):
                raise self.error(column, "something in this cell is longer than any name; shorten it")
        return texts

    def id_column(self, columns: Sequence[str]) -> str:
        """The first of the columns in which something stands, else the last that the file has."""
        there = [column for column in columns if column.casefold() in self._cells]
        return next(filter(self.cell, there), there[-1])

    def error(self, column: str, sentence: str) -> RegisterError:
        """An error about one cell; the sentence says what is wrong and what to do."""
        return RegisterError(f"{self.place(column)}: {sentence}.")

    def place(self, column: str) -> str:
        """How an error about one cell begins."""
        return f"{self.row}, column {column}"

    @property
    def row(self) -> str:
        """How an error about the whole row begins."""
        return f"{self.file}, row {self.number}"


@dataclass(frozen=True, slots=True)
class Table:
    """All rows of a file, at least one, and what a human should look at."""

    columns: frozenset[str]
    rows: tuple[Row, ...]
    doubts: tuple[str, ...]


def read_table(path: Place, *, separator: str, required: Sequence[str], one_of: Sequence[str] = ()) -> Table:
    """Read a file whole. It must have all the required columns and, where some are given, one of `one_of`.

    Raises:
        RegisterError: the file is missing, damaged, empty, or lacks a column.
    """
    text, doubts = decoded(path.name, read_whole(path))
    records = _records(path.name, text, separator)
    header = [normal(name) for name in next(records, [])]
    _check_header(path.name, header, separator)
    columns = [name.casefold() for name in header]
    there = [column for column in one_of if column.casefold() in columns] or one_of[-1:]
    _check_columns(path.name, columns, (*required, *there))
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


def by_id(columns: Sequence[str], *tables: Table) -> dict[str, Row]:
    """The rows of all tables by their id, which stands nowhere twice: what is in the first of the columns that is
    filled in."""
    found: dict[str, Row] = {}
    for row in (row for table in tables for row in table.rows):
        column = row.id_column(columns)
        known = found.setdefault(row.required(column), row)
        if known is not row:
            there = f"row {known.number} of {known.file}"
            raise row.error(column, f"the same ID already stands in {there}; give each an ID of its own")
    return found


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


def _check_header(file: str, header: Sequence[str], separator: str) -> None:
    if not any(header):
        raise RegisterError(f"{file}, row 1: the file is empty; export it again.")
    for other, word in _SEPARATORS.items():
        if len(header) == 1 and other in header[0]:
            wanted = _SEPARATORS[separator]
            raise RegisterError(f"{file}, row 1: {word} separate the columns; save it with {wanted}.")


def _check_columns(file: str, names: Sequence[str], required: Sequence[str]) -> None:
    for column in required:
        if column.casefold() not in names:
            raise RegisterError(f"{file}, row 1: the column {column} is missing; export the file with it.")
        if names.count(column.casefold()) > 1:
            raise RegisterError(f"{file}, row 1: the column {column} stands there twice; remove one.")
