"""Reading what is kept of a first code: all that the modules inside Synapse need of codes."""

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, select, text

from school.database.tables import first_codes
from school.domain.first_code import FirstCode
from school.domain.people import PersonId

_NO_LONGER_THAN: Final = text("SET LOCAL statement_timeout = '3s'")
"""Somebody waits for it in front of a login form. SQLite, which has no server that could hang, waits for locks only."""


def read_first_code(connection: Connection, person_id: PersonId) -> FirstCode | None:
    """What is kept of somebody's newest code.

    Raises:
        SQLAlchemyError: the database does not say, or not soon enough.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_NO_LONGER_THAN)
    row = connection.execute(select(first_codes).where(first_codes.c.person_id == person_id)).one_or_none()
    return None if row is None else code_of(row)


def code_of(row: Row[Any]) -> FirstCode:
    """What is kept of a code, from a row of its table."""
    return FirstCode(
        digest=row.digest,
        made_at=datetime.fromtimestamp(row.made_at, UTC),
        expires_at=datetime.fromtimestamp(row.expires_at, UTC),
        used_at=None if row.used_at is None else datetime.fromtimestamp(row.used_at, UTC),
        ended_at=None if row.ended_at is None else datetime.fromtimestamp(row.ended_at, UTC),
    )
