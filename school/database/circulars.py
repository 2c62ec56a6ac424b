"""Circulars: one text that somebody sends to several groups, and how far that is.

The text is kept sealed until it is in every room and its sender knows, then it is gone. What stays for an hour is who
sent how many: nobody sends without end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, Select, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.tables import circulars, persons
from school.domain.decisions import Reason
from school.domain.groups import GroupId
from school.domain.people import PersonId, UserId


class CircularState(StrEnum):
    """What became of a circular in one group. Values are in the database."""

    WAITING = "waiting"
    SENT = "sent"
    HELD = "held"
    """It waits for the end of a rest."""
    REFUSED = "refused"
    NO_ROOM = "no_room"


@dataclass(frozen=True, slots=True, kw_only=True)
class Circular:
    """One circular. `id` is that of what asked for it, so that nothing is sent twice; `sent_at_ms` is the time that it
    bears in every room, so that it can be found there again."""

    id: str
    person_id: PersonId
    user_id: UserId
    sent_at_ms: int
    language: str
    sealed: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class InGroup:
    """What became of a circular in one group. `entered`: its sender was brought in for it."""

    group_id: GroupId
    state: CircularState
    reason: Reason | None = None
    entered: bool = False


async def add_circular(connection: AsyncConnection, circular: Circular, groups: Sequence[GroupId]) -> bool:
    """Remembers what is to be sent; False if it is known already."""
    if await connection.scalar(select(circulars.c.id).where(circulars.c.id == circular.id)) is not None:
        return False
    in_groups = [InGroup(group_id=group, state=CircularState.WAITING) for group in groups]
    await connection.execute(
        insert(circulars).values(
            id=circular.id,
            person_id=circular.person_id,
            sent_at_ms=circular.sent_at_ms,
            language=circular.language,
            sealed=circular.sealed,
            in_groups=_written(in_groups),
        )
    )
    return True


async def open_circulars(connection: AsyncConnection) -> Sequence[Circular]:
    """Those whose senders do not know yet what became of them, oldest first."""
    return [_circular(row) for row in await connection.execute(_open().order_by(circulars.c.sent_at_ms))]


async def open_circular(connection: AsyncConnection, circular_id: str) -> Circular | None:
    """One of them."""
    row = (await connection.execute(_open().where(circulars.c.id == circular_id))).first()
    return None if row is None else _circular(row)


async def circular_in_groups(connection: AsyncConnection, circular_id: str) -> Sequence[InGroup]:
    """What became of a circular, group by group in the order in which they were named."""
    here = select(circulars.c.in_groups).where(circulars.c.id == circular_id)
    return [_in_group(values) for values in await connection.scalar(here) or ()]


async def settle_in_group(connection: AsyncConnection, circular_id: str, became: InGroup) -> None:
    """Something became of a circular in a group. One process at a time sends a circular."""
    in_groups = await circular_in_groups(connection, circular_id)
    changed = [became if each.group_id == became.group_id else each for each in in_groups]
    here = update(circulars).where(circulars.c.id == circular_id)
    await connection.execute(here.values(in_groups=_written(changed)))


async def circular_is_told(connection: AsyncConnection, circular_id: str) -> None:
    """Its sender knows: the text is not needed any more."""
    await connection.execute(update(circulars).where(circulars.c.id == circular_id).values(sealed=None))


async def groups_written_to(connection: AsyncConnection, person_id: PersonId, *, since_ms: int) -> int:
    """To how many groups somebody sent circulars since then."""
    lately = select(circulars.c.in_groups).where(circulars.c.person_id == person_id, circulars.c.sent_at_ms > since_ms)
    return sum(len(in_groups) for in_groups in await connection.scalars(lately))


async def forget_circulars(connection: AsyncConnection, *, before_ms: int) -> None:
    """Forgets those that are long over."""
    over = circulars.c.sealed.is_(None) & (circulars.c.sent_at_ms < before_ms)
    await connection.execute(delete(circulars).where(over))


def _open() -> Select[Any]:
    whose = select(circulars, persons.c.user_id).join(persons, persons.c.id == circulars.c.person_id)
    return whose.where(circulars.c.sealed.is_not(None))


def _circular(row: Row[Any]) -> Circular:
    return Circular(
        id=row.id,
        person_id=PersonId(row.person_id),
        user_id=UserId(row.user_id),
        sent_at_ms=row.sent_at_ms,
        language=row.language,
        sealed=row.sealed,
    )


def _written(in_groups: Sequence[InGroup]) -> list[dict[str, Any]]:
    return [
        {"group": each.group_id, "state": each.state, "reason": each.reason, "entered": each.entered}
        for each in in_groups
    ]


def _in_group(values: dict[str, Any]) -> InGroup:
    reason = values["reason"]
    return InGroup(
        group_id=GroupId(values["group"]),
        state=CircularState(values["state"]),
        reason=None if reason is None else Reason(reason),
        entered=values["entered"],
    )
