"""Appointments as they are kept, what people answered, and what the rooms were told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.appointment_tables import appointment_answers, appointments
from school.domain.appointment_times import Slot, Times
from school.domain.appointments import Answer, Appointment, AppointmentId
from school.domain.groups import GroupId
from school.domain.people import PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """An appointment of which the rooms were not told as it is now. `messages`: which message tells which room."""

    appointment: Appointment
    messages: Mapping[str, str]


async def add_appointment(connection: AsyncConnection, appointment: Appointment) -> None:
    """A new one, of which nobody was told yet."""
    await connection.execute(
        insert(appointments).values(id=appointment.id, **_values(appointment), told=-1, messages={})
    )


async def change_appointment(connection: AsyncConnection, appointment: Appointment) -> bool:
    """What it is now; False if somebody else has changed it meanwhile."""
    before = (appointments.c.id == appointment.id) & (appointments.c.number == appointment.number - 1)
    changed = await connection.execute(update(appointments).where(before).values(**_values(appointment)))
    return changed.rowcount > 0


async def read_appointment(connection: AsyncConnection, appointment_id: str) -> Appointment | None:
    """One of them."""
    row = (await connection.execute(select(appointments).where(appointments.c.id == appointment_id))).first()
    return None if row is None else _appointment(row)


async def all_appointments(connection: AsyncConnection) -> Sequence[Appointment]:
    """All that are kept."""
    return [_appointment(row) for row in await connection.execute(select(appointments).order_by(appointments.c.id))]


async def forget_appointments(connection: AsyncConnection, ids: Sequence[AppointmentId]) -> None:
    """These are kept no more, nor what was answered."""
    await connection.execute(delete(appointment_answers).where(appointment_answers.c.appointment_id.in_(ids)))
    await connection.execute(delete(appointments).where(appointments.c.id.in_(ids)))


# What the rooms were told


async def untold_appointments(connection: AsyncConnection) -> Sequence[Untold]:
    """Those that have changed since the rooms were told of them."""
    rows = await connection.execute(select(appointments).where(appointments.c.told < appointments.c.number))
    return [Untold(appointment=_appointment(row), messages=row.messages) for row in rows]


async def appointment_is_told(
    connection: AsyncConnection, appointment_id: AppointmentId, number: int, messages: Mapping[str, str]
) -> None:
    """The rooms know it as it was after so many changes."""
    here = appointments.c.id == appointment_id
    await connection.execute(update(appointments).where(here).values(told=number, messages=dict(messages)))


# Answers


async def set_answer(
    connection: AsyncConnection, appointment_id: AppointmentId, person_id: PersonId, answer: Answer, *, at: datetime
) -> None:
    """What somebody says now."""
    mine = (appointment_answers.c.appointment_id == appointment_id) & (appointment_answers.c.person_id == person_id)
    await connection.execute(delete(appointment_answers).where(mine))
    values = {"appointment_id": appointment_id, "person_id": person_id, "answer": answer.value}
    await connection.execute(insert(appointment_answers).values(**values, answered_at=at.timestamp()))


async def answers_to(connection: AsyncConnection, appointment_id: AppointmentId) -> dict[PersonId, Answer]:
    """What everybody said."""
    rows = await connection.execute(
        select(appointment_answers).where(appointment_answers.c.appointment_id == appointment_id)
    )
    return {PersonId(row.person_id): Answer(row.answer) for row in rows}


async def answers_of(connection: AsyncConnection, person_id: PersonId) -> dict[str, Answer]:
    """What somebody said, by appointment."""
    rows = await connection.execute(select(appointment_answers).where(appointment_answers.c.person_id == person_id))
    return {row.appointment_id: Answer(row.answer) for row in rows}


def _values(appointment: Appointment) -> dict[str, Any]:
    times = appointment.times
    return {
        "person_id": appointment.maker,
        "title": appointment.title,
        "place": appointment.place,
        "for_groups": sorted(appointment.groups),
        "first_day": times.first_day,
        "last_day": times.last_day,
        "start_minute": times.start,
        "end_minute": times.end,
        "weeks": times.weeks,
        "until": times.until,
        "asks": appointment.asks,
        "changed_at": appointment.changed_at.timestamp(),
        "number": appointment.number,
        "gone": [[slot.number, slot.starts.isoformat(), slot.ends.isoformat()] for slot in appointment.gone],
        "off": sorted(appointment.off),
        "is_off": appointment.is_off,
    }


def _appointment(row: Row[Any]) -> Appointment:
    return Appointment(
        id=AppointmentId(row.id),
        maker=None if row.person_id is None else PersonId(row.person_id),
        title=row.title,
        place=row.place,
        groups=frozenset(map(GroupId, row.for_groups)),
        times=Times(
            first_day=row.first_day,
            last_day=row.last_day,
            start=row.start_minute,
            end=row.end_minute,
            weeks=row.weeks,
            until=row.until,
        ),
        asks=row.asks,
        changed_at=datetime.fromtimestamp(row.changed_at, UTC),
        number=row.number,
        gone=tuple(Slot(number=n, starts=_moment(starts), ends=_moment(ends)) for n, starts, ends in row.gone),
        off=frozenset(row.off),
        is_off=row.is_off,
    )


def _moment(text: str) -> datetime | date:
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
