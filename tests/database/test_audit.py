import asyncio
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from school.database.audit import Action, newest_of_each, record, record_for_each, times_since
from school.database.audit_keeping import delete_entries
from school.database.audit_reading import Verified, verify
from school.database.tables import audit_chain, audit_log
from school.database.writer import open_writer

NOW = datetime(2026, 3, 2, 18, 30, tzinfo=UTC)


KEY = b"k" * 32


async def record_one(connection: AsyncConnection, at: datetime = NOW) -> None:
    await record(
        connection,
        at=at,
        actor="p-ida",
        action=Action.REST_STARTED,
        target="p-ida",
        by_right="default:teacher:rest",
        details={"until": NOW.timestamp(), "ids": ["a", "b"]},
    )


async def test_an_entry_says_who_what_whom_and_by_which_right(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await record_one(connection)
    async with writer.begin() as connection:
        (row,) = (await connection.execute(select(audit_log))).mappings()
    own_hash = row["hash"]
    assert {name: value for name, value in row.items() if name != "hash"} == {
        "id": 1,
        "at": NOW.timestamp(),
        "actor": "p-ida",
        "action": "rest_started",
        "target": "p-ida",
        "by_right": "default:teacher:rest",
        "details": {"until": NOW.timestamp(), "ids": ["a", "b"]},
    }
    content = [NOW.timestamp(), "p-ida", "rest_started", "p-ida", "default:teacher:rest", row["details"]]
    written = json.dumps(["entry", "", 1, content], sort_keys=True, separators=(",", ":")).encode()
    assert own_hash == hmac.new(b"", written, hashlib.sha256).hexdigest()


async def test_what_was_rolled_back_was_not_recorded(writer: AsyncEngine) -> None:
    async with writer.connect() as connection:
        await record_one(connection)
        await connection.rollback()
        assert (await connection.execute(select(audit_log))).all() == []


@pytest.mark.parametrize(
    "change", [update(audit_log).values(actor="nobody"), delete(audit_log)], ids=["update", "delete"]
)
async def test_the_database_refuses_to_change_an_entry(writer: AsyncEngine, change: object) -> None:
    async with writer.begin() as connection:
        await record_one(connection)
    with pytest.raises(DBAPIError, match="append-only"):
        async with writer.begin() as connection:
            await connection.execute(change)  # type: ignore[call-overload]
    async with writer.begin() as connection:
        assert (await connection.execute(select(audit_log.c.actor))).scalars().all() == ["p-ida"]


async def test_entries_are_counted_by_who_what_and_since_when(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        for hours, actor, action in (
            (0, "p-ida", "rest_started"),
            (1, "p-ida", "urgent_sent"),
            (2, "p-ben", "urgent_sent"),
            (3, "p-ida", "urgent_sent"),
        ):
            await record(
                connection, at=NOW + timedelta(hours=hours), actor=actor, action=Action(action), target="t",
                by_right="leadership", details={},
            )  # fmt: skip
    async with writer.begin() as connection:
        counted = [
            await times_since(connection, actor="p-ida", action=Action.URGENT_SENT, since=NOW + timedelta(hours=hours))
            for hours in (0, 1, 3)
        ]
    first, second = NOW + timedelta(hours=1), NOW + timedelta(hours=3)
    assert counted == [[first, second], [second], []]


async def test_who_has_done_something_and_when_last(writer: AsyncEngine) -> None:
    hour = timedelta(hours=1)
    done = [
        ("p-ida", Action.REST_STARTED, 0),
        ("p-ida", Action.PASSWORD_RESET, 1),
        ("p-ida", Action.PASSWORD_RESET, 3),
        ("p-otto", Action.PASSWORD_RESET, 2),
        ("p-gabi", Action.PASSWORD_RESET, 0),
    ]
    async with writer.begin() as connection:
        assert await newest_of_each(connection, Action.PASSWORD_RESET, since=NOW) == {}
        for actor, action, hours in done:
            at, about = NOW + hours * hour, {"target": "p-ben", "by_right": "a test", "details": {}}
            await record(connection, at=at, actor=actor, action=action, **about)
        assert await newest_of_each(connection, Action.PASSWORD_RESET, since=NOW) == {
            "p-ida": NOW + 3 * hour,
            "p-otto": NOW + 2 * hour,
        }


async def test_the_database_refuses_the_ways_around_it(writer: AsyncEngine) -> None:
    around = "TRUNCATE audit_log"
    if writer.dialect.name == "sqlite":
        around = (
            "INSERT OR REPLACE INTO audit_log (id, at, actor, action, target, by_right, details, hash) "
            "VALUES (1, 0, 'nobody', 'x', 'x', 'x', '{}', '')"
        )
    async with writer.begin() as connection:
        await record_one(connection)
        await record_one(connection)
    with pytest.raises(DBAPIError, match="append-only"):
        async with writer.begin() as connection:
            await connection.execute(text(around))


# The chain.


@pytest.fixture
async def keyed(database: Any) -> Any:
    engine = open_writer(database.asynchronous, audit_key=KEY)
    await _new_seal(engine)
    yield engine
    await engine.dispose()


async def _new_seal(engine: AsyncEngine) -> None:
    """The tables were made without the key."""
    async with engine.begin() as connection:
        await record_one(connection)


def verified(reader: Engine, key: bytes = KEY) -> Verified:
    with reader.connect() as connection:
        return verify(connection, [key])


async def test_who_has_the_key_sees_that_nothing_was_changed(keyed: AsyncEngine, reader: Engine) -> None:
    for _ in range(3):
        async with keyed.begin() as connection:
            await record_one(connection)
            await record_one(connection)
    found = verified(reader)
    assert (found.broken, found.entries, found.chain.number) == ("", 7, 7)
    assert verified(reader, b"").broken.startswith("Entry 1 does not fit")


async def test_what_was_rolled_back_leaves_no_gap(keyed: AsyncEngine, reader: Engine) -> None:
    async with keyed.connect() as connection:
        await record_one(connection)
        await connection.rollback()
    async with keyed.begin() as connection:
        await record_one(connection)
    found = verified(reader)
    assert (found.broken, found.entries) == ("", 2)


async def test_writers_at_once_make_one_chain(database: Any, keyed: AsyncEngine, reader: Engine) -> None:
    other = open_writer(database.asynchronous, audit_key=KEY)
    go = asyncio.Event()

    async def write(engine: AsyncEngine) -> None:
        await go.wait()
        for _ in range(5):
            async with engine.begin() as connection:
                await record_one(connection)
                await asyncio.sleep(0)

    writers = [asyncio.create_task(write(engine)) for engine in (keyed, other) * 4]
    go.set()
    await asyncio.gather(*writers)
    await other.dispose()
    found = verified(reader)
    assert (found.broken, found.entries) == ("", 41)


async def test_something_done_to_many_is_an_entry_for_each(keyed: AsyncEngine, reader: Engine) -> None:
    everybody = [f"S{number:05}" for number in range(1200)]
    async with keyed.begin() as connection:
        for targets in (everybody, []):
            await record_for_each(
                connection,
                at=NOW,
                actor="T1",
                action=Action.REST_STARTED,
                targets=targets,
                by_right="x",
                details={"n": 1},
            )
    found = verified(reader)
    assert (found.broken, found.entries) == ("", 1201)
    async with keyed.connect() as connection:
        told = (await connection.execute(select(audit_log.c.target).where(audit_log.c.actor == "T1"))).scalars().all()
    assert sorted(told) == everybody


async def test_details_of_every_kind_fit_when_they_come_back(keyed: AsyncEngine, reader: Engine) -> None:
    odd = {"ä\ud83d\ude00": 0.1 + 0.2, "n": 2**60, "z": [1.0, -0.0, 1e300, None, True], 3: {"b": 1, "a": 2}}
    async with keyed.begin() as connection:
        await record(
            connection,
            at=NOW,
            actor="a",
            action=Action.REST_ENDED,
            target="b",
            by_right="c",
            details=odd,  # type: ignore[arg-type]
        )
    assert verified(reader).broken == ""


BACKWARDS = [
    "UPDATE audit_chain SET number = 0",
    "UPDATE audit_chain SET number = 1",
    "UPDATE audit_chain SET cut_number = 2, cut_hash = 'x'",
    "UPDATE audit_chain SET cut_number = 99, cut_hash = ''",
    "UPDATE audit_chain SET id = 2",
    "DELETE FROM audit_chain",
    "INSERT INTO audit_chain VALUES (2, 99, '', 99, '', '')",
]
ONE_MORE_WAY = {
    "sqlite": "REPLACE INTO audit_chain VALUES (1, 99, '', 99, '', '')",
    "postgresql": "TRUNCATE audit_chain",
}


async def test_where_the_log_begins_and_ends_only_goes_forward(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await record_one(connection)
        await record_one(connection)
    for around in (*BACKWARDS, ONE_MORE_WAY[writer.dialect.name]):
        with pytest.raises(DBAPIError, match="audit_chain only goes forward"):
            async with writer.begin() as connection:
                await connection.execute(text(around))


# Tampering by somebody who may do everything with the database, but has no key.


async def tamper(engine: AsyncEngine, *statements: str) -> None:
    async with engine.begin() as connection:
        for name, table in (
            ("audit_log_refuses_update", "audit_log"),
            ("audit_log_refuses_delete", "audit_log"),
            ("audit_log_refuses_change", "audit_log"),
            ("audit_log_refuses_deletion", "audit_log"),
            ("audit_chain_refuses_update", "audit_chain"),
            ("audit_chain_refuses_change", "audit_chain"),
            ("audit_chain_refuses_delete", "audit_chain"),
        ):
            on = "" if engine.dialect.name == "sqlite" else f" ON {table}"
            await connection.execute(text(f"DROP TRIGGER IF EXISTS {name}{on}"))
        for statement in statements:
            await connection.execute(text(statement))


@pytest.mark.parametrize(
    ("statements", "sentence"),
    [
        (["UPDATE audit_log SET at = at + 0.000001 WHERE id = 3"], "Entry 3 does not fit"),
        (["UPDATE audit_log SET actor = 'p-otto' WHERE id = 3"], "Entry 3 does not fit"),
        (["UPDATE audit_log SET action = 'rest_ended' WHERE id = 3"], "Entry 3 does not fit"),
        (["UPDATE audit_log SET target = 'p-otto' WHERE id = 3"], "Entry 3 does not fit"),
        (["UPDATE audit_log SET by_right = 'x' WHERE id = 3"], "Entry 3 does not fit"),
        (["UPDATE audit_log SET details = '{}' WHERE id = 3"], "Entry 3 does not fit"),
        (["UPDATE audit_log SET hash = 'x' WHERE id = 3"], "Entry 3 does not fit"),
        (["DELETE FROM audit_log WHERE id = 3"], "Entry 3 is missing."),
        (["DELETE FROM audit_log WHERE id = 3", "UPDATE audit_log SET id = id - 1 WHERE id > 3"], "Entry 3 does not"),
        (["DELETE FROM audit_log WHERE id >= 4"], "Entries 4 to 5 are missing at the end."),
        (
            [
                "DELETE FROM audit_log WHERE id >= 4",
                "UPDATE audit_chain SET number = 3, hash = (SELECT hash FROM audit_log WHERE id = 3)",
            ],
            "The seal does not fit: entries after 3",
        ),
        (
            [
                "UPDATE audit_chain SET cut_number = 2, cut_hash = (SELECT hash FROM audit_log WHERE id = 2)",
                "DELETE FROM audit_log WHERE id <= 2",
            ],
            "The seal does not fit",
        ),
        (["DELETE FROM audit_chain"], "The row that says where the log begins and ends is missing."),
    ],
)
async def test_what_was_tampered_with_is_found(
    keyed: AsyncEngine, reader: Engine, statements: list[str], sentence: str
) -> None:
    async with keyed.begin() as connection:
        for _ in range(4):
            await record_one(connection)
    assert verified(reader).broken == ""
    await tamper(keyed, *statements)
    assert verified(reader).broken.startswith(sentence)


async def test_two_entries_in_each_others_place_are_found(keyed: AsyncEngine, reader: Engine) -> None:
    async with keyed.begin() as connection:
        for hours in range(4):
            await record_one(connection, NOW + timedelta(hours=hours))
    swapped = [f"UPDATE audit_log SET id = {new} WHERE id = {old}" for old, new in ((3, 99), (4, 3), (99, 4))]
    await tamper(keyed, *swapped)
    assert verified(reader).broken.startswith("Entry 3 does not fit")


async def test_writing_on_after_an_end_was_cut_off_hides_nothing(keyed: AsyncEngine, reader: Engine) -> None:
    async with keyed.begin() as connection:
        for _ in range(4):
            await record_one(connection)
    await tamper(keyed, "DELETE FROM audit_log WHERE id >= 4")
    async with keyed.begin() as connection:
        await record_one(connection)
    assert verified(reader).broken == "Entries 4 to 5 are missing."


# Deleting by the school's period.


async def test_what_is_too_old_is_deleted_and_the_rest_fits(keyed: AsyncEngine, reader: Engine) -> None:
    async with keyed.begin() as connection:
        for days in range(10):
            await record_one(connection, NOW + timedelta(days=days))
    async with keyed.begin() as connection:
        assert await delete_entries(connection, before=NOW + timedelta(days=4)) == 5
    found = verified(reader)
    assert (found.broken, found.entries, found.chain.cut_number, found.chain.number) == ("", 6, 5, 11)
    async with keyed.begin() as connection:
        assert await delete_entries(connection, before=NOW + timedelta(days=4)) == 0
        await record_one(connection, NOW + timedelta(days=10))
    assert verified(reader).broken == ""
    async with keyed.connect() as connection:
        numbers = (await connection.execute(select(audit_log.c.id).order_by(audit_log.c.id))).scalars().all()
    assert numbers == [6, 7, 8, 9, 10, 11, 12]


async def test_an_old_entry_behind_a_younger_one_stays_until_that_is_old_too(
    keyed: AsyncEngine, reader: Engine
) -> None:
    async with keyed.begin() as connection:
        await record_one(connection, NOW + timedelta(days=5))
        await record_one(connection, NOW)
        assert await delete_entries(connection, before=NOW + timedelta(days=1)) == 1
    found = verified(reader)
    assert (found.broken, found.entries) == ("", 2)


async def test_everything_may_be_too_old(keyed: AsyncEngine, reader: Engine) -> None:
    async with keyed.begin() as connection:
        assert await delete_entries(connection, before=NOW + timedelta(days=1)) == 1
    assert verified(reader) == Verified(chain=verified(reader).chain)
    async with keyed.begin() as connection:
        await record_one(connection)
    found = verified(reader)
    assert (found.broken, found.entries, found.chain.number) == ("", 1, 2)


async def test_the_database_deletes_only_what_the_log_no_longer_begins_with(keyed: AsyncEngine) -> None:
    async with keyed.begin() as connection:
        for _ in range(4):
            await record_one(connection)
        second = await connection.scalar(select(audit_log.c.hash).where(audit_log.c.id == 2))
        await connection.execute(update(audit_chain).values(cut_number=2, cut_hash=second))
        await connection.execute(delete(audit_log).where(audit_log.c.id == 1))
    with pytest.raises(DBAPIError, match="append-only"):
        async with keyed.begin() as connection:
            await connection.execute(delete(audit_log).where(audit_log.c.id <= 3))
