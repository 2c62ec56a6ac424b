from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, insert
from sqlalchemy.ext.asyncio import AsyncEngine

from school.database.rests import (
    HOURS,
    end_overrides,
    forget_past,
    set_absence,
    set_free_days,
    set_rest,
    take_back_absence,
)
from school.database.snapshot import RestBook, read_snapshot
from school.database.tables import Part, persons
from school.domain.intervals import Span
from school.domain.people import PersonId, UserId
from school.domain.rest import OPEN_END, Absence, PersonalRest

IDA, JAN = PersonId("p-ida"), PersonId("p-jan")
IDA_USER = UserId("@ida:school.example")
SIX = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
async def _two_teachers(writer: AsyncEngine) -> None:
    rows = [
        {"id": person, "user_id": f"@{name}:school.example", "given_name": name, "family_name": "", "role": "teacher"}
        for person, name in ((IDA, "ida"), (JAN, "jan"))
    ]
    async with writer.begin() as connection:
        await connection.execute(insert(persons), rows)


def book(reader: Engine) -> tuple[RestBook, int]:
    """What the modules would read, and its version number."""
    with reader.begin() as connection:
        snapshot = read_snapshot(connection)
    return snapshot.rest, snapshot.versions.get(Part.REST, 0)


async def test_a_rest_and_a_pause_arrive_at_the_reader_as_the_same_instants(
    writer: AsyncEngine, reader: Engine
) -> None:
    start = SIX.astimezone(ZoneInfo("Europe/Berlin")).replace(microsecond=123457)
    async with writer.begin() as connection:
        assert await set_rest(connection, IDA, "rest", start, start + 4 * HOUR)
        assert await set_rest(connection, IDA, "pause", SIX + HOUR, SIX + 2 * HOUR)
    assert book(reader) == (
        RestBook(
            personal={
                IDA_USER: PersonalRest(
                    rests=(Span(start, start + 4 * HOUR),), pauses=(Span(SIX + HOUR, SIX + 2 * HOUR),)
                )
            }
        ),
        2,
    )


async def test_a_rest_within_one_that_is_known_changes_nothing(writer: AsyncEngine, reader: Engine) -> None:
    async with writer.begin() as connection:
        assert await set_rest(connection, IDA, "rest", SIX, SIX + 3 * HOUR)
        assert not await set_rest(connection, IDA, "rest", SIX + HOUR, SIX + 3 * HOUR)
    assert book(reader)[1] == 1
    async with writer.begin() as connection:
        assert await set_rest(connection, IDA, "rest", SIX, SIX + 4 * HOUR)
        assert await set_rest(connection, IDA, "pause", SIX, SIX + 3 * HOUR)
        assert await set_rest(connection, JAN, "rest", SIX, SIX + 3 * HOUR)
    assert book(reader)[1] == 4


@pytest.mark.parametrize(
    ("start", "end"), [(SIX, SIX), (SIX.replace(tzinfo=None), SIX + HOUR)], ids=["empty", "no zone"]
)
async def test_no_nonsense_is_written(writer: AsyncEngine, reader: Engine, start: datetime, end: datetime) -> None:
    async with writer.begin() as connection:
        with pytest.raises(ValueError, match=r"span|zone"):
            await set_rest(connection, IDA, "rest", start, end)
    assert book(reader) == (RestBook(), 0)


async def test_what_runs_ends_and_what_comes_later_stays(writer: AsyncEngine, reader: Engine) -> None:
    async with writer.begin() as connection:
        await set_rest(connection, IDA, "rest", SIX, SIX + 2 * HOUR)
        await set_rest(connection, IDA, "pause", SIX + HOUR, SIX + 2 * HOUR)
        await set_rest(connection, IDA, "rest", SIX + 5 * HOUR, SIX + 6 * HOUR)
        await set_rest(connection, JAN, "rest", SIX, SIX + 2 * HOUR)
    async with writer.begin() as connection:
        assert await end_overrides(connection, IDA, at=SIX + HOUR)
        assert not await end_overrides(connection, IDA, at=SIX + HOUR)
    rest, number = book(reader)
    assert number == 5
    assert rest.personal == {
        IDA_USER: PersonalRest(rests=(Span(SIX, SIX + HOUR), Span(SIX + 5 * HOUR, SIX + 6 * HOUR))),
        UserId("@jan:school.example"): PersonalRest(rests=(Span(SIX, SIX + 2 * HOUR),)),
    }


async def test_an_absence_arrives_with_its_deputy(writer: AsyncEngine, reader: Engine) -> None:
    at = Span(SIX, SIX + 24 * HOUR)
    async with writer.begin() as connection:
        await set_absence(connection, IDA, at, deputy=JAN)
        await set_absence(connection, JAN, Span(SIX, OPEN_END))
        await set_rest(connection, JAN, "rest", SIX, SIX + HOUR)
    rest, number = book(reader)
    assert number == 3
    assert rest.personal == {
        IDA_USER: PersonalRest(absences=(Absence(at, JAN),)),
        UserId("@jan:school.example"): PersonalRest(
            rests=(Span(SIX, SIX + HOUR),), absences=(Absence(Span(SIX, OPEN_END)),)
        ),
    }


async def test_an_absence_takes_the_place_of_those_it_overlaps_with(writer: AsyncEngine, reader: Engine) -> None:
    def days(first: int, last: int) -> Span:
        return Span(SIX + first * 24 * HOUR, SIX + last * 24 * HOUR)

    async with writer.begin() as connection:
        for first, last in ((0, 2), (4, 5), (6, 8), (8, 9)):
            await set_absence(connection, IDA, days(first, last))
        await set_absence(connection, JAN, days(4, 5))
        await set_rest(connection, IDA, "rest", SIX, SIX + 240 * HOUR)
        await set_absence(connection, IDA, days(2, 8), deputy=JAN)
    rest, _ = book(reader)
    assert rest.personal[IDA_USER] == PersonalRest(
        rests=(Span(SIX, SIX + 240 * HOUR),),
        absences=(Absence(days(0, 2)), Absence(days(2, 8), JAN), Absence(days(8, 9))),
    )
    assert rest.personal[UserId("@jan:school.example")].absences == (Absence(days(4, 5)),)


async def test_only_what_is_meant_ends(writer: AsyncEngine, reader: Engine) -> None:
    long = Span(SIX, SIX + 10 * HOUR)
    async with writer.begin() as connection:
        await set_absence(connection, IDA, long)
        await set_rest(connection, IDA, "rest", long.start, long.end)
        await set_rest(connection, IDA, "pause", long.start, long.end)
        assert await end_overrides(connection, IDA, at=SIX + HOUR, kinds=HOURS)
    short = (Span(SIX, SIX + HOUR),)
    assert book(reader)[0].personal[IDA_USER] == PersonalRest(rests=short, pauses=short, absences=(Absence(long),))
    async with writer.begin() as connection:
        assert await end_overrides(connection, IDA, at=SIX + 2 * HOUR)
    assert book(reader)[0].personal[IDA_USER].absences == (Absence(Span(SIX, SIX + 2 * HOUR)),)


async def test_an_absence_to_come_is_taken_back(writer: AsyncEngine, reader: Engine) -> None:
    async with writer.begin() as connection:
        await set_absence(connection, IDA, Span(SIX, SIX + HOUR))
        await set_rest(connection, IDA, "rest", SIX, SIX + HOUR)
        assert not await take_back_absence(connection, IDA, starts_at=SIX + HOUR)
        assert not await take_back_absence(connection, JAN, starts_at=SIX)
        assert await take_back_absence(connection, IDA, starts_at=SIX)
    rest, number = book(reader)
    assert number == 3
    assert rest.personal == {IDA_USER: PersonalRest(rests=(Span(SIX, SIX + HOUR),))}


async def test_what_is_over_is_forgotten(writer: AsyncEngine, reader: Engine) -> None:
    async with writer.begin() as connection:
        await set_rest(connection, IDA, "rest", SIX, SIX + HOUR)
        await set_rest(connection, IDA, "rest", SIX + HOUR, SIX + 2 * HOUR)
    async with writer.begin() as connection:
        assert await forget_past(connection, before=SIX + HOUR)
        assert not await forget_past(connection, before=SIX + HOUR)
    rest, number = book(reader)
    assert number == 3
    assert rest.personal == {IDA_USER: PersonalRest(rests=(Span(SIX + HOUR, SIX + 2 * HOUR),))}


async def test_free_days_are_replaced_as_a_whole(writer: AsyncEngine, reader: Engine) -> None:
    easter, may_day, whitsun = date(2026, 4, 6), date(2026, 5, 1), date(2026, 5, 25)

    async def set_days(days: dict[date, str]) -> bool:
        async with writer.begin() as connection:
            return await set_free_days(connection, days)

    assert not await set_days({})
    assert await set_days({easter: "Ostermontag", may_day: "Tag der Arbeit"})
    assert not await set_days({may_day: "Tag der Arbeit", easter: "Ostermontag"})
    assert book(reader) == (RestBook(free_days={easter: "Ostermontag", may_day: "Tag der Arbeit"}), 1)
    assert await set_days({easter: "Ostermontag", whitsun: "Pfingstmontag"})
    assert book(reader) == (RestBook(free_days={easter: "Ostermontag", whitsun: "Pfingstmontag"}), 2)
    assert await set_days({})
    assert book(reader) == (RestBook(), 3)
