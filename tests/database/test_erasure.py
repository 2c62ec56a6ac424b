"""Of somebody who is erased nothing stays but the Matrix id."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from school.database.bot_words import Word, keep_word
from school.database.erasure import erase, leavers
from school.database.first_codes import save_first_codes
from school.database.rests import set_absence
from school.database.silences import begin_silence
from school.database.tables import greetings, metadata, persons, rest_overrides
from school.database.web_links import LinkRow, keep_link
from school.database.web_sessions import SessionRow, begin_session
from school.domain.first_code import FirstCode
from school.domain.intervals import Span
from school.domain.people import PersonId, UserId

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
IDA, JAN = PersonId("T-ida"), PersonId("T-jan")
JANS = UserId("@jan:school.example")


async def test_nothing_of_them_stays_but_the_matrix_id(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        for name, left_at in ((IDA, None), (JAN, NOW.timestamp())):
            values = {"given_name": "Jan", "family_name": "Janssen", "role": "teacher"}
            row = {"id": name, "user_id": f"@{name[2:]}:school.example", "left_at": left_at, **values}
            await connection.execute(insert(persons).values(**row, standing="left" if left_at else "active"))
        await set_absence(connection, IDA, Span(NOW, NOW + HOUR), deputy=JAN)
        await set_absence(connection, JAN, Span(NOW, NOW + HOUR))
        code = FirstCode(digest="d", made_at=NOW, expires_at=NOW + HOUR)
        await save_first_codes(connection, {IDA: code, JAN: code})
        await begin_silence(connection, JANS, since=NOW, sync_token="s1")
        await keep_word(connection, Word(txn_id="1", user_id=JANS, body="Guten Tag", at=NOW.timestamp()))
        await connection.execute(insert(greetings).values(person_id=JAN, begun_at=1.0, room_id="!g", said_at=2.0))
        session = SessionRow(token_hash="s", user_id=JANS, way="link", made_at=1.0, seen_at=1.0)
        await begin_session(connection, session)
        link = LinkRow(token_hash="l", user_id=JANS, path="/account", made_at=1.0, ends_at=2.0)
        await keep_link(connection, link)
    async with writer.begin() as connection:
        [leaver] = await leavers(connection, before=(NOW + HOUR).timestamp())
        nobody = await erase(connection, leaver)
    async with writer.connect() as connection:
        left = {table.name: (await connection.execute(select(table))).all() for table in metadata.tables.values()}
        [idas] = await connection.execute(select(rest_overrides.c.person_id, rest_overrides.c.deputy))
    assert tuple(idas) == (IDA, None)
    jans = {name: rows for name, rows in left.items() if any("jan" in str(row).lower() for row in rows)}
    assert set(jans) == {"persons"}
    [row] = [row for row in jans["persons"] if row.user_id == JANS]
    assert (row.id, row.given_name, row.family_name, row.standing) == (nobody, "", "", "erased")
