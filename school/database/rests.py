"""Writing what people say about their own time, and which days are free.

Each function returns whether it changed anything; if so, `Part.REST` has a new number.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Final, Literal, TypeAlias

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.tables import Part, free_days, rest_overrides
from school.database.versions import bump
from school.domain.intervals import Span, as_utc
from school.domain.people import PersonId

OverrideKind: TypeAlias = Literal["rest", "pause", "absence"]
"""A rest of one's own, a time in which one can be reached whatever else says, an absence (`school.domain.rest`)."""

HOURS: Final[Collection[OverrideKind]] = ("rest", "pause")
"""What is said for hours, and replaced by the next word."""
ALL: Final[Collection[OverrideKind]] = (*HOURS, "absence")


async def set_rest(
    connection: AsyncConnection, person_id: PersonId, kind: OverrideKind, starts_at: datetime, ends_at: datetime
) -> bool:
    """Let a person rest, or be reachable, from `starts_at` until just before `ends_at`. Nothing else of theirs
    changes: to replace what runs, `end_overrides` first.

    Raises:
        ValueError: one of the times has no zone, or there is nothing between them.
    """
    span = Span(starts_at, ends_at)
    start, end = span.start.timestamp(), span.end.timestamp()
    covering = select(rest_overrides.c.id).where(
        rest_overrides.c.person_id == person_id,
        rest_overrides.c.kind == kind,
        rest_overrides.c.starts_at <= start,
        rest_overrides.c.ends_at >= end,
    )
    if (await connection.execute(covering)).first() is not None:
        return False
    await connection.execute(
        insert(rest_overrides).values(person_id=person_id, kind=kind, starts_at=start, ends_at=end)
    )
    return await _changed(connection, 1)


async def set_absence(
    connection: AsyncConnection, person_id: PersonId, span: Span, *, deputy: PersonId | None = None
) -> None:
    """Let a person be absent, with somebody who does their work meanwhile. What they said before of an absence that
    overlaps with it is forgotten: so one is changed, too."""
    start, end = span.start.timestamp(), span.end.timestamp()
    overlapping = (rest_overrides.c.starts_at < end, rest_overrides.c.ends_at > start)
    await connection.execute(delete(rest_overrides).where(*_absences_of(person_id), *overlapping))
    await connection.execute(
        insert(rest_overrides).values(person_id=person_id, kind="absence", starts_at=start, ends_at=end, deputy=deputy)
    )
    await _changed(connection, 1)


async def take_back_absence(connection: AsyncConnection, person_id: PersonId, *, starts_at: datetime) -> bool:
    """Forget the absence that begins at an instant."""
    taken = await connection.execute(
        delete(rest_overrides).where(
            *_absences_of(person_id), rest_overrides.c.starts_at == as_utc(starts_at).timestamp()
        )
    )
    return await _changed(connection, taken.rowcount)


async def end_overrides(
    connection: AsyncConnection, person_id: PersonId, *, at: datetime, kinds: Collection[OverrideKind] = ALL
) -> bool:
    """End what runs at `at` there. What would be empty by that is deleted; what comes later stays."""
    instant = as_utc(at).timestamp()
    running = (
        rest_overrides.c.person_id == person_id,
        rest_overrides.c.kind.in_(kinds),
        rest_overrides.c.ends_at > instant,
    )
    emptied = await connection.execute(delete(rest_overrides).where(*running, rest_overrides.c.starts_at == instant))
    ended = await connection.execute(
        update(rest_overrides).where(*running, rest_overrides.c.starts_at < instant).values(ends_at=instant)
    )
    return await _changed(connection, emptied.rowcount + ended.rowcount)


async def forget_past(connection: AsyncConnection, *, before: datetime) -> bool:
    """Delete everybody's rests and pauses that were over at `before` (who rested when is nobody's business later)."""
    past = rest_overrides.c.ends_at <= as_utc(before).timestamp()
    forgotten = await connection.execute(delete(rest_overrides).where(past))
    return await _changed(connection, forgotten.rowcount)


async def set_free_days(connection: AsyncConnection, days: Mapping[date, str]) -> bool:
    """Make these, with their names, all the free days there are."""
    known = (await connection.execute(select(free_days.c.day, free_days.c.name))).all()
    if {row.day: row.name for row in known} == dict(days):
        return False
    await connection.execute(delete(free_days))
    if days:
        await connection.execute(insert(free_days), [{"day": day, "name": name} for day, name in days.items()])
    return await _changed(connection, 1)


def _absences_of(person_id: PersonId) -> tuple[ColumnElement[bool], ...]:
    return rest_overrides.c.person_id == person_id, rest_overrides.c.kind == "absence"


async def _changed(connection: AsyncConnection, rows: int) -> bool:
    if rows:
        await bump(connection, Part.REST)
    return rows > 0
