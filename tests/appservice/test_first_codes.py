from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import BEA, BEN, CARL, IDA
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.first_codes import FirstCodes
from school.config import ConfigError
from school.database.audit import Action
from school.database.first_codes import all_first_codes
from school.database.tables import accounts, audit_log, persons
from school.domain.first_code import CodeVerdict, SignedInWith, judge_code, read_code
from school.domain.people import Person, PersonId

KEY = b"k" * 32
MORNING = datetime(2026, 8, 17, 8, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EVERYBODY = (IDA, BEN, BEA, CARL)


class Clock:
    def __init__(self) -> None:
        self.now = MORNING

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def codes(engine: AsyncEngine, clock: Clock) -> FirstCodes:
    async with engine.begin() as connection:
        for one in EVERYBODY:
            values = {"id": one.id, "user_id": one.user_id, "given_name": one.given_name, "family_name": "Groß"}
            await connection.execute(insert(persons).values(**values, role=one.role))
    return FirstCodes(engine=engine, read_key=lambda: KEY, lifetime=30 * DAY, clock=clock)


async def judged(engine: AsyncEngine, person: Person, code: str, now: datetime) -> CodeVerdict:
    async with engine.connect() as connection:
        kept = await all_first_codes(connection)
    return judge_code(code, person.id, kept.get(person.id), key=KEY, now=now)


async def audited(engine: AsyncEngine) -> list[Any]:
    async with engine.connect() as connection:
        return list((await connection.execute(select(audit_log).order_by(audit_log.c.id))).all())


async def signs_in(engine: AsyncEngine, person: Person) -> None:
    async with engine.begin() as connection:
        values = {"person_id": person.id, "display_name": "B", "in_use_since": MORNING.timestamp()}
        await connection.execute(insert(accounts).values(**values))


async def test_everybody_gets_a_code_of_their_own(codes: FirstCodes, engine: AsyncEngine) -> None:
    made = await codes.issue(EVERYBODY, actor=IDA.id, by_right="reset_passwords")
    assert set(made) == {one.id for one in EVERYBODY}
    assert len(set(made.values())) == len(EVERYBODY)
    assert all(read_code(code) == code for code in made.values())
    for one in EVERYBODY:
        verdicts = [await judged(engine, one, code, MORNING) for code in made.values()]
        assert verdicts.count(CodeVerdict.ACCEPTED) == 1


async def test_a_code_lasts_as_long_as_the_school_says(codes: FirstCodes, engine: AsyncEngine) -> None:
    made = await codes.issue([BEN], actor=IDA.id, by_right="reset_passwords")
    assert await judged(engine, BEN, made[BEN.id], MORNING + 30 * DAY - HOUR) is CodeVerdict.ACCEPTED
    assert await judged(engine, BEN, made[BEN.id], MORNING + 30 * DAY) is CodeVerdict.EXPIRED


async def test_a_new_code_ends_the_old_one(codes: FirstCodes, engine: AsyncEngine, clock: Clock) -> None:
    old = await codes.issue([BEN, BEA], actor=IDA.id, by_right="reset_passwords")
    clock.now += HOUR
    new = await codes.issue([BEN], actor=IDA.id, by_right="reset_passwords")
    assert await judged(engine, BEN, old[BEN.id], clock.now) is CodeVerdict.WRONG
    assert await judged(engine, BEN, new[BEN.id], clock.now) is CodeVerdict.ACCEPTED
    assert await judged(engine, BEA, old[BEA.id], clock.now) is CodeVerdict.ACCEPTED


async def test_a_new_code_is_good_though_the_old_one_was_ended(
    codes: FirstCodes, engine: AsyncEngine, clock: Clock
) -> None:
    await codes.issue([BEN], actor=IDA.id, by_right="reset_passwords")
    clock.now += HOUR
    await codes.end(BEN.id)
    clock.now += HOUR
    new = await codes.issue([BEN], actor=IDA.id, by_right="reset_passwords")
    assert await judged(engine, BEN, new[BEN.id], clock.now) is CodeVerdict.ACCEPTED


async def test_an_end_that_is_told_late_does_not_end_a_newer_code(
    codes: FirstCodes, engine: AsyncEngine, clock: Clock
) -> None:
    await codes.issue([BEN], actor=IDA.id, by_right="reset_passwords")
    chosen_at = clock.now + HOUR
    clock.now += 2 * HOUR
    new = await codes.issue([BEN], actor=IDA.id, by_right="reset_passwords")
    assert not await codes.end(BEN.id, at=chosen_at)
    assert await judged(engine, BEN, new[BEN.id], clock.now) is CodeVerdict.ACCEPTED


async def test_every_step_is_in_the_audit_log_once(codes: FirstCodes, engine: AsyncEngine, clock: Clock) -> None:
    made = await codes.issue([BEN, BEA], actor=IDA.id, by_right="reset_passwords")
    assert await codes.used(BEN.id, at=MORNING + HOUR)
    assert not await codes.used(BEN.id, at=MORNING + 2 * HOUR)
    assert await codes.end(BEN.id, at=MORNING + 3 * HOUR)
    assert not await codes.end(BEN.id, at=MORNING + 4 * HOUR)
    clock.now += HOUR
    assert await codes.end(BEA.id, actor="schulbote", by_right="import_people")
    rows = await audited(engine)
    assert [(row.action, row.actor, row.target, row.by_right) for row in rows] == [
        (Action.CODE_MADE, IDA.id, BEN.id, "reset_passwords"),
        (Action.CODE_MADE, IDA.id, BEA.id, "reset_passwords"),
        (Action.CODE_USED, BEN.id, BEN.id, "accounts:own"),
        (Action.CODE_ENDED, BEN.id, BEN.id, "accounts:own"),
        (Action.CODE_ENDED, "schulbote", BEA.id, "import_people"),
    ]
    assert rows[0].details == {"expires_at": (MORNING + 30 * DAY).timestamp()}
    assert not any(code in str(row) for row in rows for code in made.values())


@pytest.mark.parametrize(
    ("with_what", "steps"),
    [
        (SignedInWith.FIRST_CODE, [Action.CODE_MADE, Action.CODE_USED]),
        (SignedInWith.OWN_PASSWORD, [Action.CODE_MADE, Action.CODE_ENDED]),
        (SignedInWith.OTHER, [Action.CODE_MADE]),
    ],
)
async def test_what_a_login_means_for_the_code(
    codes: FirstCodes, engine: AsyncEngine, with_what: SignedInWith, steps: list[Action]
) -> None:
    await codes.issue([BEN], actor=IDA.id, by_right="reset_passwords")
    for _ in range(2):
        await codes.signed_in(BEN.id, with_what, at=MORNING + HOUR)
    assert [row.action for row in await audited(engine)] == steps


async def test_all_codes_or_none(codes: FirstCodes, engine: AsyncEngine) -> None:
    ghost = Person(id=PersonId("p-ghost"), user_id=BEN.user_id, given_name="", family_name="", role=BEN.role)
    with pytest.raises(Exception, match="FOREIGN KEY"):
        await codes.issue([BEN, ghost], actor=IDA.id, by_right="reset_passwords")
    async with engine.connect() as connection:
        assert await all_first_codes(connection) == {}
    assert await audited(engine) == []


async def test_drafted_codes_are_good_for_nothing_until_they_are_put_in_force(
    codes: FirstCodes, engine: AsyncEngine, clock: Clock
) -> None:
    old = await codes.issue([BEN], actor=IDA.id, by_right="reset_passwords")
    draft = codes.draft([BEN, BEA])
    assert draft.expires_at == MORNING + 30 * DAY
    assert await judged(engine, BEN, draft.codes[BEN.id], MORNING) is CodeVerdict.WRONG
    assert await judged(engine, BEA, draft.codes[BEA.id], MORNING) is CodeVerdict.NO_CODE
    assert await judged(engine, BEN, old[BEN.id], MORNING) is CodeVerdict.ACCEPTED
    await codes.put_in_force(draft, actor=IDA.id, by_right="reset_passwords")
    for one in (BEN, BEA):
        assert await judged(engine, one, draft.codes[one.id], MORNING) is CodeVerdict.ACCEPTED
    assert await judged(engine, BEN, old[BEN.id], MORNING) is CodeVerdict.WRONG


async def test_if_codes_cannot_be_handed_out_the_old_ones_hold(codes: FirstCodes, engine: AsyncEngine) -> None:
    old = await codes.issue([BEN], actor=IDA.id, by_right="reset_passwords")
    draft = codes.draft([BEN])

    def no_paper() -> None:
        raise OSError("no paper")

    with pytest.raises(OSError, match="no paper"):
        await codes.put_in_force(draft, actor=IDA.id, by_right="reset_passwords", at_last=no_paper)
    assert await judged(engine, BEN, old[BEN.id], MORNING) is CodeVerdict.ACCEPTED
    assert await judged(engine, BEN, draft.codes[BEN.id], MORNING) is CodeVerdict.WRONG
    assert len(await audited(engine)) == 1


async def test_a_draft_does_not_say_its_codes(codes: FirstCodes) -> None:
    draft = codes.draft([BEN])
    assert draft.codes[BEN.id] not in repr(draft)


async def test_without_the_key_nothing_is_made(engine: AsyncEngine, codes: FirstCodes) -> None:
    def no_key() -> bytes:
        raise ConfigError.at(Path("code_key"), None, "this secret is missing")

    with pytest.raises(ConfigError):
        await FirstCodes(engine=engine, read_key=no_key, lifetime=DAY).issue([BEN], actor="x", by_right="x")
    async with engine.connect() as connection:
        assert await all_first_codes(connection) == {}


async def test_no_code_is_in_the_database(codes: FirstCodes, engine: AsyncEngine, database: Path) -> None:
    made = await codes.issue(EVERYBODY, actor=IDA.id, by_right="reset_passwords")
    files = b"".join(path.read_bytes() for path in database.parent.glob(f"{database.name}*"))
    assert b"code_made" in files
    assert not any(code.encode() in files or code.replace("-", "").encode() in files for code in made.values())


async def test_who_has_never_signed_in(codes: FirstCodes, engine: AsyncEngine) -> None:
    await signs_in(engine, BEN)
    assert await codes.waiting_for_first_login([BEA, BEN, CARL]) == [BEA, CARL]


async def test_who_depends_on_a_code(codes: FirstCodes, engine: AsyncEngine, clock: Clock) -> None:
    """Ida signs in and never had a code: she has another password. Ben uses his code, Carl has chosen a password."""
    await codes.issue([BEN, CARL], actor=IDA.id, by_right="reset_passwords")
    for one in (IDA, BEN, CARL):
        await signs_in(engine, one)
    await codes.end(CARL.id)
    clock.now += 60 * DAY
    assert await codes.without_own_password(EVERYBODY) == [BEN, BEA]
