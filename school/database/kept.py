"""What a line of `school.database.personal_data` says of one table: whom it names, what they are given, what erasure
leaves."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, Double, Select, Table, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from school.domain.people import PersonId, UserId

Row: TypeAlias = dict[str, Any]
_MATRIX_IDS: Final = frozenset({"user_id", "sender"})
"""Columns that name people by their Matrix id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose data it is."""

    person_id: PersonId
    user_id: UserId


class Topic(StrEnum):
    """Under which heading people are told of it (`kept.TOPIC` in `school.texts`)."""

    REGISTER = "register"
    ACCOUNT = "account"
    ROOMS = "rooms"
    MESSAGES = "messages"
    HELD = "held"
    REST = "rest"
    BOT = "bot"
    CONFERENCES = "conferences"
    TASKS = "tasks"
    APPOINTMENTS = "appointments"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What one table keeps about a person, whom `column` names."""

    table: Table
    column: str
    topic: Topic
    name: str = ""
    """In the export; else that of the table."""
    hidden: tuple[str, ...] = ()
    """Columns that the person is not given: secrets, and what is of others."""
    query: Callable[[Subject], Select[Any]] | None = None
    """What they are given where it is not just the row."""
    emptied: tuple[str, ...] = ()
    """Columns that erasure empties; without any it deletes the row."""
    stays: str = ""
    """Why erasure leaves it."""

    def is_of(self, subject: Subject) -> ColumnElement[bool]:
        """The condition for the rows of a person."""
        return self.table.c[self.column] == (subject.user_id if self.column in _MATRIX_IDS else subject.person_id)

    async def read(self, connection: AsyncConnection, subject: Subject) -> list[Row]:
        """The rows as the person is given them."""
        query = self.query(subject) if self.query else select(self.table).where(self.is_of(subject))
        not_told = {*self.hidden} if self.query else {*self.hidden, self.column}
        times = {column.name for column in self.table.columns if isinstance(column.type, Double)}
        return [
            {key: _told(value, key in times) for key, value in row.items() if key not in not_told}
            for row in (await connection.execute(query)).mappings()
        ]

    async def erase(self, connection: AsyncConnection, subject: Subject) -> None:
        """Does to the rows what erasure does to them."""
        if self.emptied:
            nothing = dict.fromkeys(self.emptied)
            await connection.execute(update(self.table).where(self.is_of(subject)).values(nothing))
        elif not self.stays:
            await connection.execute(delete(self.table).where(self.is_of(subject)))


def _told(value: Any, is_time: bool) -> Any:
    return datetime.fromtimestamp(value, UTC).isoformat() if is_time and value is not None else value
