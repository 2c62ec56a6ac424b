"""Sessions of the web pages, personal links, greetings: rows that end when they should."""

import asyncio
from datetime import UTC, datetime

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from school.database.about_person import Deed, counts_of, deeds_about
from school.database.audit import Action, record
from school.database.greetings import greeting_begun, greeting_has_room, greeting_said, newcomers
from school.database.locks import set_lock
from school.database.mirror import account_locked, account_made, begin_use
from school.database.tables import persons, web_links, web_sessions
from school.database.web_links import (
    MOST_OF_ONE,
    LinkRow,
    end_links,
    forget_past_links,
    keep_link,
    read_link,
    spend,
    use_link,
)
from school.database.web_sessions import (
    SessionRow,
    begin_session,
    end_session,
    end_web_sessions,
    forget_web_sessions,
    session_of,
    session_seen,
)
from school.domain.people import STUDENT, PersonId, UserId

IDA, BEN = UserId("@ida:school.test"), UserId("@ben:school.test")
P_IDA, P_BEN = PersonId("T-ida"), PersonId("S-ben")


def session(token_hash: str, user_id: UserId = IDA, *, at: float = 100.0) -> SessionRow:
    return SessionRow(token_hash=token_hash, user_id=user_id, way="password", made_at=at, seen_at=at)


def link(token_hash: str, user_id: UserId = IDA, path: str = "/password", *, at: float = 100.0) -> LinkRow:
    return LinkRow(token_hash=token_hash, user_id=user_id, path=path, made_at=at, ends_at=at + 60)


async def add_people(engine: AsyncEngine, **standings: str) -> None:
    async with engine.begin() as connection:
        for person_id, user_id, name in ((P_IDA, IDA, "ida"), (P_BEN, BEN, "ben")):
            values = {"given_name": name.title(), "family_name": "Groß", "role": "student"}
            standing = standings.get(name, "active")
            await connection.execute(insert(persons).values(id=person_id, user_id=user_id, standing=standing, **values))
            await account_made(connection, person_id, name, STUDENT)


async def browsers(connection: AsyncConnection, user_id: UserId) -> int:
    return (await counts_of(connection, PersonId("nobody"), user_id)).browsers


class TestSessions:
    async def test_a_session_is_found_by_its_hash_alone(self, writer: AsyncEngine) -> None:
        async with writer.begin() as connection:
            await begin_session(connection, session("one"))
            assert await session_of(connection, "one") == session("one")
            assert await session_of(connection, "two") is None

    async def test_of_an_account_that_a_sync_or_the_leadership_has_locked_there_is_none(
        self, writer: AsyncEngine
    ) -> None:
        await add_people(writer)
        async with writer.begin() as connection:
            await begin_session(connection, session("one"))
            await begin_session(connection, session("other", BEN))
            await account_locked(connection, P_IDA, locked=True)
            assert await session_of(connection, "one") is None
            assert await session_of(connection, "other") is not None
            await set_lock(connection, P_BEN, datetime.fromtimestamp(0, UTC))
            assert await session_of(connection, "other") is None

    async def test_the_one_that_was_used_longest_ago_makes_room(self, writer: AsyncEngine) -> None:
        async with writer.begin() as connection:
            for number in range(20):
                await begin_session(connection, session(f"{number}", at=float(number)))
            await begin_session(connection, session("of another", BEN, at=0.0))
            await session_seen(connection, "0", 50.0)
            await begin_session(connection, session("new", at=60.0))
            assert await browsers(connection, IDA) == 20
            assert await session_of(connection, "0") is not None
            assert await session_of(connection, "1") is None
            assert await session_of(connection, "of another") is not None

    async def test_ending_one_all_or_all_but_one(self, writer: AsyncEngine) -> None:
        async with writer.begin() as connection:
            for name in ("a", "b", "c", "d"):
                await begin_session(connection, session(name))
            await begin_session(connection, session("of another", BEN))
            await end_session(connection, "a")
            assert await end_web_sessions(connection, IDA, but="b") == 2
            assert await session_of(connection, "b") is not None
            assert await end_web_sessions(connection, IDA) == 1
            assert await browsers(connection, IDA) == 0
            assert await browsers(connection, BEN) == 1

    async def test_what_is_too_old_or_unused_for_too_long_is_forgotten(self, writer: AsyncEngine) -> None:
        async with writer.begin() as connection:
            for name, made, seen in (("old", 10.0, 99.0), ("idle", 60.0, 60.0), ("in use", 60.0, 99.0)):
                row = SessionRow(token_hash=name, user_id=IDA, way="link", made_at=made, seen_at=seen)
                await begin_session(connection, row)
            await forget_web_sessions(connection, made_before=50.0, seen_before=80.0)
            assert list(await connection.scalars(select(web_sessions.c.token_hash))) == ["in use"]


class TestLinks:
    async def test_looking_uses_nothing_up_and_using_does(self, writer: AsyncEngine) -> None:
        async with writer.begin() as connection:
            await keep_link(connection, link("one"))
            for _ in range(3):
                assert await read_link(connection, "one", at=101.0) == link("one")
            assert await use_link(connection, "one", at=101.0) == link("one")
            assert await use_link(connection, "one", at=101.0) is None
            assert await read_link(connection, "one", at=101.0) is None

    async def test_of_two_at_once_one_uses_it(self, writer: AsyncEngine) -> None:
        async with writer.begin() as connection:
            await keep_link(connection, link("one"))

        async def use() -> LinkRow | None:
            async with writer.begin() as connection:
                return await use_link(connection, "one", at=101.0)

        used = await asyncio.gather(*(use() for _ in range(5)))
        assert sum(row is not None for row in used) == 1

    async def test_when_its_time_is_over_it_leads_nowhere(self, writer: AsyncEngine) -> None:
        async with writer.begin() as connection:
            await keep_link(connection, link("one"))
            assert await read_link(connection, "one", at=159.9) is not None
            assert await read_link(connection, "one", at=160.0) is None
            assert await use_link(connection, "one", at=160.0) is None

    async def test_nobody_has_more_than_some(self, writer: AsyncEngine) -> None:
        async with writer.begin() as connection:
            for number in range(MOST_OF_ONE + 3):
                await keep_link(connection, link(f"{number}", path=f"/{number}", at=100.0 + number))
            kept = set(await connection.scalars(select(web_links.c.token_hash)))
            assert kept == {f"{number}" for number in range(3, MOST_OF_ONE + 3)}
            await end_links(connection, IDA)
            assert not list(await connection.scalars(select(web_links.c.token_hash)))

    async def test_a_proof_counts_once(self, writer: AsyncEngine) -> None:
        async with writer.begin() as connection:
            assert await spend(connection, "proof", until=100.0)
            assert not await spend(connection, "proof", until=100.0)
            assert await spend(connection, "another", until=200.0)
            await keep_link(connection, link("past", at=0.0))
            await forget_past_links(connection, before=150.0)
            assert await spend(connection, "proof", until=300.0)
            assert not await spend(connection, "another", until=300.0)
            assert not list(await connection.scalars(select(web_links.c.token_hash)))


class TestGreetings:
    async def test_who_uses_their_account_is_to_be_greeted_once(self, writer: AsyncEngine) -> None:
        await add_people(writer)
        async with writer.begin() as connection:
            assert await newcomers(connection) == []
            await begin_use(connection, P_BEN, 20.0)
            await begin_use(connection, P_IDA, 10.0)
            assert [(one.user_id, one.begun, one.room_id) for one in await newcomers(connection)] == [
                (IDA, False, None),
                (BEN, False, None),
            ]
            await greeting_begun(connection, P_IDA, 30.0)
            await greeting_begun(connection, P_IDA, 31.0)
            assert [(one.begun, one.room_id) for one in await newcomers(connection)] == [(True, None), (False, None)]
            await greeting_has_room(connection, P_IDA, "!room")
            assert [one.room_id for one in await newcomers(connection)] == ["!room", None]
            await greeting_said(connection, P_IDA, 40.0)
            assert [one.user_id for one in await newcomers(connection)] == [BEN]

    async def test_who_has_left_is_not_greeted(self, writer: AsyncEngine) -> None:
        await add_people(writer, ben="left")
        async with writer.begin() as connection:
            await begin_use(connection, P_BEN, 20.0)
            assert await newcomers(connection) == []


async def test_the_audit_log_says_of_somebody_what_they_did_and_what_was_done_to_them(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        for number, (actor, target) in enumerate([(P_IDA, P_IDA), ("sync", P_IDA), (P_BEN, P_BEN), (P_IDA, P_BEN)]):
            await record(
                connection,
                at=datetime.fromtimestamp(number, UTC),
                actor=actor,
                action=Action.REST_STARTED,
                target=target,
                by_right="own_rest",
                details={},
            )
        own = {"action": "rest_started", "by_themselves": True}
        assert await deeds_about(connection, P_IDA, limit=2) == [
            Deed(at=3.0, **own),
            Deed(at=1.0, action="rest_started", by_themselves=False),
        ]
        assert len(await deeds_about(connection, P_IDA, limit=10)) == 3
