from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from school.database.bot_words import Word, keep_word, kept_words, word_is_said
from school.database.silences import (
    SilenceRow,
    begin_silence,
    count_silent,
    end_silence,
    forget_silence,
    in_use_since,
    read_silences,
)
from school.database.tables import accounts, persons
from school.domain.people import UserId

IDA, OTTO = UserId("@ida:school.example"), UserId("@otto:school.example")
SIX = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
SEVEN, EIGHT = SIX + timedelta(hours=1), SIX + timedelta(hours=2)


async def rows(engine: AsyncEngine, *, ended: bool) -> list[SilenceRow]:
    async with engine.connect() as connection:
        return list(await read_silences(connection, ended=ended))


async def test_a_silence_is_known_until_it_was_told_of(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await begin_silence(connection, IDA, since=SIX, sync_token="s1")
        await begin_silence(connection, OTTO, since=SEVEN, sync_token=None)
        assert await count_silent(connection) == 2
        await end_silence(connection, IDA, at=EIGHT)
        assert await count_silent(connection) == 1
    assert await rows(writer, ended=False) == [SilenceRow(user_id=OTTO, since=SEVEN, sync_token=None)]
    [ended] = await rows(writer, ended=True)
    assert ended == SilenceRow(user_id=IDA, since=SIX, sync_token="s1", ended_at=EIGHT)
    async with writer.begin() as connection:
        assert await forget_silence(connection, ended)
    assert await rows(writer, ended=True) == []


async def test_two_rests_of_which_nobody_was_told_are_told_as_one(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await begin_silence(connection, IDA, since=SIX, sync_token="s1")
        await end_silence(connection, IDA, at=SEVEN)
    [ended] = await rows(writer, ended=True)
    async with writer.begin() as connection:
        await begin_silence(connection, IDA, since=SEVEN, sync_token="s2")
        assert not await forget_silence(connection, ended), "it goes on"
    assert await rows(writer, ended=False) == [SilenceRow(user_id=IDA, since=SIX, sync_token="s1")]


async def test_whose_account_is_in_use(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        for name, used in (("ida", 100.0), ("otto", 200.0), ("jan", None)):
            user_id = f"@{name}:school.example"
            person = {"id": name, "user_id": user_id, "given_name": "", "family_name": "", "role": "teacher"}
            await connection.execute(insert(persons).values(**person))
            await connection.execute(insert(accounts).values(person_id=name, display_name="", in_use_since=used))
    async with writer.connect() as connection:
        assert await in_use_since(connection, 0.0) == {IDA: 100.0, OTTO: 200.0}
        assert await in_use_since(connection, 200.0) == {OTTO: 200.0}


@pytest.fixture
def words() -> list[Word]:
    return [Word(txn_id=f"w{at}", user_id=IDA, body=f"Wort {at}", at=float(at)) for at in (1, 2)]


async def test_words_wait_in_the_order_in_which_they_came_and_each_once(writer: AsyncEngine, words: list[Word]) -> None:
    async with writer.begin() as connection:
        for word in [*reversed(words), words[0]]:
            await keep_word(connection, word)
        assert await kept_words(connection) == words
        await word_is_said(connection, words[0])
        assert await kept_words(connection) == words[1:]
