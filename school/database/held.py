"""Held messages: what waits in which room, and what became of it. The words themselves are not here: they lie sealed
in the room."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.tables import HeldState, Part, held_messages, held_rooms
from school.database.versions import bump, lock
from school.domain.people import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldMessage:
    """One held event: where it is, whose it is, when it was written."""

    event_id: str
    room_id: str
    sender: str
    event_type: str
    origin_server_ts_ms: int
    receipt_event_id: str | None = None

    @property
    def written_at(self) -> datetime:
        """When it was written."""
        return datetime.fromtimestamp(self.origin_server_ts_ms / 1000, UTC)


_APART: Final = 1024
"""Room between two positions, for messages of which the appservice hears too late."""


async def add(connection: AsyncConnection, message: HeldMessage, *, late: bool = False) -> bool:
    """Remembers a held message behind all that are known; False if it is known already (an event may come twice).
    `late`: later ones may be known already, and it is put before those of its room."""
    await lock(connection, Part.REST)  # one after the other: two at once would get the same position
    known = await connection.scalar(
        select(held_messages.c.event_id).where(held_messages.c.event_id == message.event_id)
    )
    if known is not None:
        return False
    following = await _position_of_next(connection, message) if late else None
    last: int = await connection.scalar(select(func.coalesce(func.max(held_messages.c.position), 0))) or 0
    await connection.execute(
        insert(held_messages).values(
            event_id=message.event_id,
            position=last + _APART if following is None else following - 1,
            room_id=message.room_id,
            sender=message.sender,
            event_type=message.event_type,
            origin_server_ts_ms=message.origin_server_ts_ms,
            state=HeldState.WAITING,
        )
    )
    await _announce(connection, message.room_id)
    return True


async def _position_of_next(connection: AsyncConnection, message: HeldMessage) -> int | None:
    """The place of the first waiting message of the room that was written after this one."""
    written_later = held_messages.c.origin_server_ts_ms > message.origin_server_ts_ms
    same_room = held_messages.c.room_id == message.room_id
    is_waiting = held_messages.c.state == HeldState.WAITING
    first = select(func.min(held_messages.c.position)).where(same_room, is_waiting, written_later)
    position: int | None = await connection.scalar(first)
    return position


async def _announce(connection: AsyncConnection, room_id: str) -> None:
    """Tells the modules that a room has waiting messages, so that nothing overtakes them."""
    try:
        async with connection.begin_nested():
            await connection.execute(insert(held_rooms).values(room_id=room_id))
    except IntegrityError:
        return
    await bump(connection, Part.REST)


async def waiting(connection: AsyncConnection) -> dict[str, list[HeldMessage]]:
    """What waits, by room, in the order of writing; the room that waits longest comes first."""
    rows = await connection.execute(
        select(held_messages).where(held_messages.c.state == HeldState.WAITING).order_by(held_messages.c.position)
    )
    by_room: dict[str, list[HeldMessage]] = {}
    for row in rows:
        by_room.setdefault(row.room_id, []).append(_message(row))
    return by_room


async def undelivered_of(connection: AsyncConnection, sender: UserId) -> Sequence[HeldMessage]:
    """What somebody wrote that lies sealed in a room and was not delivered, nor taken back."""
    still_sealed = held_messages.c.state.in_([HeldState.WAITING, HeldState.REFUSED])
    theirs = select(held_messages).where(held_messages.c.sender == sender, still_sealed)
    return [_message(row) for row in await connection.execute(theirs.order_by(held_messages.c.position))]


async def set_receipt(connection: AsyncConnection, event_id: str, receipt_event_id: str, due: datetime | None) -> None:
    """Notes that the sender has been shown the receipt, and which time it told (the queue computes it anew)."""
    await connection.execute(
        update(held_messages)
        .where(held_messages.c.event_id == event_id)
        .values(receipt_event_id=receipt_event_id, due_at=None if due is None else due.timestamp())
    )


async def settle(
    connection: AsyncConnection, event_id: str, state: HeldState, *, delivered_event_id: str | None = None
) -> bool:
    """A waiting message is done with; False if it was already."""
    result = await connection.execute(
        update(held_messages)
        .where(held_messages.c.event_id == event_id, held_messages.c.state == HeldState.WAITING)
        .values(state=state, delivered_event_id=delivered_event_id)
    )
    return result.rowcount > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The event that a held message became."""

    event_id: str
    room_id: str
    sender: str


async def delivered_as(connection: AsyncConnection, event_ids: Sequence[str]) -> dict[str, Delivered]:
    """As which events held messages were delivered: `{held: delivered}`."""
    rows = await connection.execute(
        select(held_messages).where(
            held_messages.c.event_id.in_(event_ids), held_messages.c.delivered_event_id.is_not(None)
        )
    )
    return {
        row.event_id: Delivered(event_id=row.delivered_event_id, room_id=row.room_id, sender=row.sender) for row in rows
    }


async def look_up(connection: AsyncConnection, event_ids: Sequence[str]) -> dict[str, tuple[HeldMessage, HeldState]]:
    """Held messages, and what became of each."""
    rows = await connection.execute(select(held_messages).where(held_messages.c.event_id.in_(event_ids)))
    return {row.event_id: (_message(row), HeldState(row.state)) for row in rows}


async def state_of(connection: AsyncConnection, event_id: str) -> str | None:
    """What became of an event that was held; None of any other."""
    state = await connection.scalar(select(held_messages.c.state).where(held_messages.c.event_id == event_id))
    return None if state is None else str(state)


async def waiting_among(
    connection: AsyncConnection, event_ids: Sequence[str], like: HeldMessage
) -> Sequence[HeldMessage]:
    """Those of these events that wait, in the room and by the sender of another, in the order of writing."""
    rows = await connection.execute(
        select(held_messages)
        .where(
            held_messages.c.event_id.in_(event_ids),
            held_messages.c.state == HeldState.WAITING,
            held_messages.c.room_id == like.room_id,
            held_messages.c.sender == like.sender,
        )
        .order_by(held_messages.c.position)
    )
    return [_message(row) for row in rows]


async def held_behind(connection: AsyncConnection, delivered_event_id: str) -> HeldMessage | None:
    """The held message that was delivered as an event; not the edits that went out with it."""
    behind = select(held_messages).where(held_messages.c.delivered_event_id == delivered_event_id)
    row = (await connection.execute(behind.order_by(held_messages.c.position).limit(1))).first()
    return None if row is None else _message(row)


def _message(row: Row[Any]) -> HeldMessage:
    return HeldMessage(
        event_id=row.event_id,
        room_id=row.room_id,
        sender=row.sender,
        event_type=row.event_type,
        origin_server_ts_ms=row.origin_server_ts_ms,
        receipt_event_id=row.receipt_event_id,
    )


async def open_drained_rooms(connection: AsyncConnection) -> bool:
    """Opens the rooms in which nothing waits any more; True if there were any."""
    await lock(connection, Part.REST)  # else a room could be opened while a message for it is being added
    still = select(held_messages.c.room_id).where(held_messages.c.state == HeldState.WAITING)
    result = await connection.execute(delete(held_rooms).where(held_rooms.c.room_id.not_in(still)))
    if result.rowcount == 0:
        return False
    await bump(connection, Part.REST)
    return True
