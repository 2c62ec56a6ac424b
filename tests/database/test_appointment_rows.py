"""The rows of appointments, on each database."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from builders import BERLIN
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from school.database.appointments import (
    add_appointment,
    all_appointments,
    answers_of,
    answers_to,
    appointment_is_told,
    change_appointment,
    forget_appointments,
    read_appointment,
    set_answer,
    untold_appointments,
)
from school.database.tables import persons
from school.domain.appointment_times import Times, slots_of
from school.domain.appointments import Answer, Appointment, AppointmentId
from school.domain.groups import GroupId
from school.domain.people import PersonId

NOW = datetime(2026, 10, 12, 12, 0, tzinfo=UTC)
FRIDAY = date(2026, 10, 16)
IDA, BEN = PersonId("p-ida"), PersonId("p-ben")
TIMED = Times(first_day=FRIDAY, last_day=FRIDAY, start=840, end=900, weeks=2, until=FRIDAY + timedelta(weeks=8))
WHOLE = Times(first_day=FRIDAY, last_day=FRIDAY + timedelta(days=1))


def appointment(times: Times = TIMED) -> Appointment:
    return Appointment(
        id=AppointmentId("a"),
        maker=IDA,
        title="Chor & mehr",
        place="Aula",
        groups=frozenset({GroupId("5a"), GroupId("6b")}),
        times=times,
        asks=True,
        changed_at=NOW,
        off=frozenset({1, 3}),
        gone=tuple(slots_of(times, BERLIN)[:1]),
    )


async def fill(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        for person in (IDA, BEN):
            name = {"given_name": person, "family_name": "Groß", "role": "teacher"}
            await connection.execute(insert(persons).values(id=person, user_id=f"@{person}:school.test", **name))


@pytest.mark.parametrize("times", [TIMED, WHOLE], ids=["with hours", "whole days"])
async def test_an_appointment_is_read_as_it_was_written(writer: AsyncEngine, times: Times) -> None:
    await fill(writer)
    async with writer.begin() as connection:
        await add_appointment(connection, appointment(times))
        assert await read_appointment(connection, "a") == appointment(times)
        assert list(await all_appointments(connection)) == [appointment(times)]
        assert await read_appointment(connection, "b") is None


async def test_of_two_changes_the_second_finds_that_it_is_too_late(writer: AsyncEngine) -> None:
    await fill(writer)
    async with writer.begin() as connection:
        await add_appointment(connection, appointment())
        first, second = (replace(appointment(), number=1, title=title) for title in ("Erster", "Zweiter"))
        assert [await change_appointment(connection, each) for each in (first, second)] == [True, False]
        assert await read_appointment(connection, "a") == first


async def test_what_the_rooms_were_not_told_is_known(writer: AsyncEngine) -> None:
    await fill(writer)
    async with writer.begin() as connection:
        await add_appointment(connection, appointment())
        [untold] = await untold_appointments(connection)
        assert (untold.appointment, untold.messages) == (appointment(), {})
        await appointment_is_told(connection, appointment().id, 0, {"!room": "$event"})
        assert await untold_appointments(connection) == []
        await change_appointment(connection, replace(appointment(), number=1))
        [untold] = await untold_appointments(connection)
        assert untold.messages == {"!room": "$event"}


async def test_an_answer_takes_the_place_of_the_one_before(writer: AsyncEngine) -> None:
    await fill(writer)
    async with writer.begin() as connection:
        await add_appointment(connection, appointment())
        for person, answer in ((BEN, Answer.NO), (BEN, Answer.YES), (IDA, Answer.MAYBE)):
            await set_answer(connection, appointment().id, person, answer, at=NOW)
        assert await answers_to(connection, appointment().id) == {BEN: Answer.YES, IDA: Answer.MAYBE}
        assert await answers_of(connection, BEN) == {"a": Answer.YES}
        await forget_appointments(connection, [appointment().id])
        assert await all_appointments(connection) == []
        assert await answers_to(connection, appointment().id) == {}
