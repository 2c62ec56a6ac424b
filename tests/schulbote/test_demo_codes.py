from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import BEA, BEN, CARL, IDA
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from school.config import Settings, load_settings
from school.config.accounts import AccountSettings, SignIn
from school.database.audit import Action
from school.database.tables import audit_log, persons
from school.domain.first_code import read_code
from schulbote.connections import open_database, open_first_codes
from schulbote.demo_codes import DemoCodes

EVERYBODY = [IDA, BEN, BEA, CARL]
DAY = timedelta(days=1)


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 8, 17, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(school: Path) -> Settings:
    return load_settings(school / "school.yaml")


@pytest.fixture
async def engine(settings: Settings) -> AsyncIterator[AsyncEngine]:
    async with open_database(settings) as engine:
        async with engine.begin() as connection:
            for one in EVERYBODY:
                values = {"id": one.id, "user_id": one.user_id, "given_name": one.given_name, "family_name": "Groß"}
                await connection.execute(insert(persons).values(**values, role=one.role))
        yield engine


@pytest.fixture
def start(settings: Settings, engine: AsyncEngine, clock: Clock) -> Callable[[], DemoCodes]:
    """One start of the demo."""
    return lambda: DemoCodes(settings, engine, "secret", clock=clock)


async def made(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        rows = await connection.execute(select(audit_log).where(audit_log.c.action == Action.CODE_MADE))
    return len(rows.all())


async def test_everybody_has_a_code_that_stays_the_same(start: Callable[[], DemoCodes], engine: AsyncEngine) -> None:
    first = await start().ensure(EVERYBODY)
    assert set(first) == {one.id for one in EVERYBODY}
    assert len(set(first.values())) == len(EVERYBODY)
    assert all(read_code(code) == code for code in first.values())
    assert await start().ensure(EVERYBODY) == first
    assert await made(engine) == len(EVERYBODY)


async def test_another_demo_has_other_codes(
    start: Callable[[], DemoCodes], settings: Settings, engine: AsyncEngine
) -> None:
    codes = await start().ensure(EVERYBODY)
    assert codes[BEN.id] == start().of(BEN.id)
    assert DemoCodes(settings, engine, "another").of(BEN.id) != codes[BEN.id]


async def test_who_is_new_gets_a_code_at_the_next_start(start: Callable[[], DemoCodes]) -> None:
    first = await start().ensure([IDA, BEN])
    both = await start().ensure(EVERYBODY)
    assert set(both) == {one.id for one in EVERYBODY}
    assert both | first == both


async def test_who_has_a_password_or_another_code_keeps_it(
    start: Callable[[], DemoCodes], settings: Settings, engine: AsyncEngine, clock: Clock
) -> None:
    await start().ensure(EVERYBODY)
    clock.now += DAY
    codes = open_first_codes(settings, engine, clock=clock)
    await codes.end(BEN.id)
    await codes.issue([BEA], actor=IDA.id, by_right="reset_passwords")
    clock.now += 60 * DAY
    again: dict[Any, str] = await start().ensure([IDA, BEN])
    assert set(again) == {IDA.id}


async def test_a_code_whose_days_are_over_is_good_again(
    start: Callable[[], DemoCodes], settings: Settings, engine: AsyncEngine, clock: Clock
) -> None:
    first = await start().ensure(EVERYBODY)
    await open_first_codes(settings, engine, clock=clock).issue([BEA], actor=IDA.id, by_right="reset_passwords")
    assert set(await start().ensure(EVERYBODY)) == {IDA.id, BEN.id, CARL.id}
    clock.now += 30 * DAY
    assert await start().ensure(EVERYBODY) == first


async def test_where_people_sign_in_otherwise_there_are_no_codes(settings: Settings, engine: AsyncEngine) -> None:
    with_ldap = settings.model_copy(update={"accounts": AccountSettings(sign_in=SignIn.LDAP)})
    assert await DemoCodes(with_ldap, engine, "secret").ensure(EVERYBODY) == {}
    assert await made(engine) == 0
