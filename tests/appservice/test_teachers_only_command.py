from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from a_school import ENGLISH, GERMAN, HEAD, School, a_school, room
from builders import BEN, BOT, GABI, IDA, OTTO, user
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.in_rooms import RoomRequest
from appservice.bot.teachers_only_command import TeachersOnlyCommand
from appservice.desks.teachers_only import TeachersOnlyDesk
from appservice.homeserver import TryLaterError
from school.database.mirror import group_room_rows
from school.database.tables import group_rooms
from school.database.teachers_only import groups_for_teachers_only
from school.domain.groups import GroupId
from school.domain.people import Person, UserId
from school.domain.rooms import MODERATOR, WRITER, RoomKind, RoomStamp, power_levels
from school.domain.teachers_only import is_for_teachers_only
from school.texts import Texts

CHAT, DIRECT, NEWS = "!chat", "!direct", "!news"
CLASS = room("5a")
VISITOR = user("visitor")


@pytest.fixture
async def school(database: Path, engine: AsyncEngine) -> AsyncIterator[School]:
    async with a_school(database, engine) as school:
        homeserver = school.homeserver
        homeserver.levels[CLASS] = power_levels(RoomKind.GROUP, [IDA.user_id])
        homeserver.stamps |= {CHAT: RoomStamp(kind=RoomKind.CHAT), DIRECT: RoomStamp(kind=RoomKind.DIRECT)}
        homeserver.stamps[NEWS] = RoomStamp(kind=RoomKind.ANNOUNCEMENTS, group=GroupId("5a"))
        homeserver.levels[CHAT] = power_levels(RoomKind.CHAT)
        homeserver.creators[CHAT] = IDA.user_id
        homeserver.joined[CHAT] = {IDA.user_id, OTTO.user_id, BEN.user_id, UserId("@gone:school.test")}
        homeserver.joined[CLASS] |= {OTTO.user_id, BOT}
        yield school


def desk(school: School) -> TeachersOnlyDesk:
    return TeachersOnlyDesk(engine=school.engine, homeserver=school.homeserver, view=school.view, clock=school.clock)


def command(school: School) -> TeachersOnlyCommand:
    return TeachersOnlyCommand(engine=school.engine, desk=desk(school), view=school.view)


async def says(school: School, words: str, who: Person = IDA, room_id: str = CLASS, texts: Texts = GERMAN) -> str:
    """What takes the place of the command in a room."""
    stamp = school.homeserver.stamps[room_id]
    asked = RoomRequest(person=who, room_id=room_id, stamp=stamp, words=words, texts=texts)
    return await command(school).in_room().answer(asked)


async def hushed_groups(school: School) -> set[GroupId]:
    async with school.engine.connect() as connection:
        return await groups_for_teachers_only(connection)


async def test_a_teacher_of_the_group_says_it_and_it_is_kept(school: School) -> None:
    assert await says(school, "an") == GERMAN.say("teachers_only.set.on")
    levels = school.homeserver.levels[CLASS]
    assert is_for_teachers_only(levels)
    assert levels["users"] == {IDA.user_id: MODERATOR, OTTO.user_id: WRITER}, "the visitor goes on writing"
    assert await hushed_groups(school) == {"5a"}
    async with school.engine.connect() as connection:
        row = (await group_room_rows(connection))[GroupId("5a")][RoomKind.GROUP]
    assert row.teachers_only, "the next sync has nothing to do"
    assert await school.logged() == [("teachers_only_set", IDA.id, CLASS, "rooms:teachers_lead")]


async def test_everybody_writes_again(school: School) -> None:
    before = school.homeserver.levels[CLASS]
    await says(school, "on", texts=ENGLISH)
    assert await says(school, "off", texts=ENGLISH) == ENGLISH.say("teachers_only.set.off")
    assert school.homeserver.levels[CLASS] == before
    assert await hushed_groups(school) == set()


@pytest.mark.parametrize(
    ("who", "room_id", "answer"),
    [
        pytest.param(BEN, CLASS, "teachers_only.not_you", id="a pupil"),
        pytest.param(OTTO, CLASS, "teachers_only.not_you", id="a visiting teacher"),
        pytest.param(HEAD, CLASS, "teachers_only.not_you", id="the leadership, which is not of the group"),
        pytest.param(GABI, room("parents-5a"), "teachers_only.not_you", id="a guardian"),
        pytest.param(OTTO, CHAT, "teachers_only.not_you", id="a teacher in another's room"),
        pytest.param(BEN, CHAT, "teachers_only.not_you", id="a pupil in a chat"),
        pytest.param(IDA, DIRECT, "teachers_only.not_here", id="a room for two"),
        pytest.param(IDA, NEWS, "teachers_only.not_here", id="a room in which only teachers write anyway"),
    ],
)
async def test_nobody_else_says_it_and_nowhere_else(who: Person, room_id: str, answer: str, school: School) -> None:
    before = dict(school.homeserver.levels)
    for words in ("an", "aus", "", "laut"):
        assert await says(school, words, who, room_id) == GERMAN.say(answer)
    assert school.homeserver.levels == before
    assert await school.logged() == []


async def test_in_a_chat_its_maker_says_it_and_is_named_in_no_level(school: School) -> None:
    assert await says(school, "an", room_id=CHAT) == GERMAN.say("teachers_only.set.on")
    assert school.homeserver.levels[CHAT]["users"] == {OTTO.user_id: WRITER}
    assert await says(school, "", room_id=CHAT) == GERMAN.say("teachers_only.now.on")
    assert await says(school, "aus", room_id=CHAT) == GERMAN.say("teachers_only.set.off")
    assert school.homeserver.levels[CHAT] == power_levels(RoomKind.CHAT)


async def test_said_again_it_takes_in_the_teachers_who_have_come(school: School) -> None:
    school.homeserver.joined[CHAT].remove(OTTO.user_id)
    await says(school, "an", room_id=CHAT)
    school.homeserver.joined[CHAT].add(OTTO.user_id)
    await says(school, "an", room_id=CHAT)
    assert school.homeserver.levels[CHAT]["users"] == {OTTO.user_id: WRITER}


@pytest.mark.parametrize("word", ["", "laut"])
async def test_without_a_word_it_says_how_it_is(word: str, school: School) -> None:
    await says(school, "an")
    name = "teachers_only.now.on" if not word else "teachers_only.not_understood"
    assert await says(school, word) == GERMAN.say(name)


async def test_in_the_control_room_the_group_is_named(school: School) -> None:
    asked = command(school).command()
    assert await school.ask(asked, "an 5a") == f"Klasse 5a: {GERMAN.say('teachers_only.set.on')}"
    assert await school.ask(asked, "Klasse 5a") == f"Klasse 5a: {GERMAN.say('teachers_only.now.on')}"
    assert await school.ask(asked, "aus Klasse 5a") == f"Klasse 5a: {GERMAN.say('teachers_only.set.off')}"
    assert "finde ich nicht" in str(await school.ask(asked, "an Klasse 6b"))
    for words in ("", "an"):
        assert await school.ask(asked, words) == GERMAN.say("teachers_only.which")
    assert not is_for_teachers_only(school.homeserver.levels[CLASS])


async def test_it_is_offered_to_teachers(school: School) -> None:
    offered = [await school.listed(command(school).command(), who) for who in (IDA, BEN, GABI)]
    assert offered == [True, False, False]


async def test_a_teacher_who_comes_later_may_write_and_nobody_else(school: School) -> None:
    school.homeserver.joined[CLASS].remove(OTTO.user_id)
    await says(school, "an")
    for who in (OTTO.user_id, BEN.user_id, GABI.user_id, UserId("@gone:school.test"), IDA.user_id):
        await desk(school).came(CLASS, who)
    assert school.homeserver.levels[CLASS]["users"] == {IDA.user_id: MODERATOR, OTTO.user_id: WRITER}


async def test_where_everybody_writes_nothing_is_written(school: School) -> None:
    before = school.homeserver.levels[CLASS]
    await desk(school).came(CLASS, OTTO.user_id)
    await desk(school).came("!nowhere", OTTO.user_id)
    assert school.homeserver.levels[CLASS] is before


async def test_what_the_homeserver_did_not_hear_is_told_by_the_next_sync(school: School) -> None:
    school.homeserver.errors[CLASS] = TryLaterError("HTTP 503", status=503)
    with pytest.raises(TryLaterError):
        await says(school, "an")
    async with school.engine.connect() as connection:
        row = (await group_room_rows(connection))[GroupId("5a")][RoomKind.GROUP]
    assert (row.teachers_only, row.wants_teachers_only) == (False, True)


async def test_announcements_of_the_group_are_another_room(school: School) -> None:
    async with school.engine.begin() as connection:
        news = {"kind": "announcements", "room_id": NEWS, "name": "News", "moderators": [], "linked": True}
        await connection.execute(insert(group_rooms).values(group_id="5a", **news))
    await says(school, "an")
    async with school.engine.connect() as connection:
        rows = (await group_room_rows(connection))[GroupId("5a")]
        told = (await connection.execute(select(group_rooms.c.kind).where(group_rooms.c.teachers_only))).scalars()
    assert not rows[RoomKind.ANNOUNCEMENTS].wants_teachers_only
    assert list(told) == ["group"]
