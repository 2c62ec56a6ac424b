from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from school.database.control import control_rooms_of, newest_control_room, remember_control_room
from school.database.tables import greetings, persons
from school.domain.people import UserId

KIM, LEA = UserId("@kim:school.example"), UserId("@lea:school.example")


async def newest(engine: AsyncEngine, user_id: UserId) -> str | None:
    async with engine.connect() as connection:
        return await newest_control_room(connection, user_id)


async def test_the_bot_writes_into_the_room_that_was_opened_last(writer: AsyncEngine) -> None:
    assert await newest(writer, KIM) is None
    async with writer.begin() as connection:
        await remember_control_room(connection, "!second", KIM, 2.0)
        await remember_control_room(connection, "!first", KIM, 1.0)
        await remember_control_room(connection, "!hers", LEA, 3.0)
    assert await newest(writer, KIM) == "!second"
    assert await newest(writer, LEA) == "!hers"
    async with writer.connect() as connection:
        assert await control_rooms_of(connection, KIM) == ["!first", "!second"]


async def test_into_the_room_of_the_greeting_it_writes_only_if_nobody_has_opened_one(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        name = {"given_name": "Kim", "family_name": "Groß", "role": "student"}
        await connection.execute(insert(persons).values(id="kim", user_id=KIM, **name))
        await connection.execute(insert(greetings).values(person_id="kim", begun_at=1.0, room_id="!greeting"))
        await remember_control_room(connection, "!greeting", KIM, 2.0)
    assert await newest(writer, KIM) == "!greeting"
    async with writer.begin() as connection:
        await remember_control_room(connection, "!own", KIM, 1.0)
    assert await newest(writer, KIM) == "!own"


async def test_a_room_is_remembered_once_as_it_was_at_first(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await remember_control_room(connection, "!old", KIM, 1.0)
        await remember_control_room(connection, "!new", KIM, 2.0)
        await remember_control_room(connection, "!old", KIM, 3.0)
        await remember_control_room(connection, "!old", LEA, 3.0)
    assert await newest(writer, KIM) == "!new"
    assert await newest(writer, LEA) is None
