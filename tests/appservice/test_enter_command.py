from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from a_school import GERMAN, School, a_school, room, space
from builders import BEN, GABI, IDA, OTTO
from sqlalchemy import delete, insert, update
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.commands import Command
from appservice.bot.enter_command import EnterCommand
from appservice.desks.entering import EnteringDesk
from appservice.homeserver import TryLaterError
from school.database.tables import group_rooms
from school.domain.decisions import Reason
from school.domain.people import Person


@pytest.fixture
async def school(database: Path, engine: AsyncEngine) -> AsyncIterator[School]:
    async with a_school(database, engine) as school:
        yield school


def commands(school: School) -> tuple[Command, Command]:
    desk = EnteringDesk(engine=school.engine, homeserver=school.homeserver, view=school.view, clock=school.clock)
    enter, leave = EnterCommand(desk=desk, view=school.view).commands()
    return enter, leave


async def test_a_teacher_comes_into_space_and_room_of_any_group(school: School) -> None:
    enter, _ = commands(school)
    assert await school.ask(enter, "6b") == GERMAN.say("enter.came", group="Klasse 6b")
    assert IDA.user_id in school.homeserver.joined[space("6b")] & school.homeserver.joined[room("6b")]
    assert school.homeserver.invited == {space("6b"): {IDA.user_id}}, "the space opens the room"
    assert await school.logged() == [("group_entered", IDA.id, "6b", "default:teacher:write_to_groups")]


async def test_from_the_space_of_the_staff_nobody_needs_an_invitation(school: School) -> None:
    school.homeserver.joined["!staff"].add(IDA.user_id)
    school.homeserver.opened_by[space("6b")] = {"!staff"}
    async with school.engine.begin() as connection:
        row = group_rooms.c.room_id == space("6b")
        await connection.execute(update(group_rooms).where(row).values(lets_in=["!staff"]))
    await school.ask(commands(school)[0], "Klasse 6b")
    assert IDA.user_id in school.homeserver.joined[room("6b")]
    assert not school.homeserver.invited


async def test_announcements_belong_to_it(school: School) -> None:
    news = {"kind": "announcements", "room_id": "!news", "name": "News", "moderators": [], "linked": True}
    async with school.engine.begin() as connection:
        await connection.execute(insert(group_rooms).values(group_id="6b", lets_in=[space("6b")], **news))
    school.homeserver.opened_by["!news"] = {space("6b")}
    enter, leave = commands(school)
    await school.ask(enter, "6b")
    assert IDA.user_id in school.homeserver.joined["!news"]
    await school.ask(leave, "6b")
    assert not any(IDA.user_id in school.homeserver.joined[one] for one in ("!news", room("6b"), space("6b")))


async def test_a_group_without_a_space_is_entered_by_invitation(school: School) -> None:
    async with school.engine.begin() as connection:
        await connection.execute(delete(group_rooms).where(group_rooms.c.room_id == space("6b")))
        row = group_rooms.c.room_id == room("6b")
        await connection.execute(update(group_rooms).where(row).values(lets_in=[]))
    await school.ask(commands(school)[0], "6b")
    assert school.homeserver.invited == {room("6b"): {IDA.user_id}}
    assert IDA.user_id in school.homeserver.joined[room("6b")]


async def test_who_is_there_already_is_told_so(school: School) -> None:
    enter, _ = commands(school)
    assert await school.ask(enter, "Klasse 5a") == GERMAN.say("enter.is_there", group="Klasse 5a")
    await school.ask(enter, "6b")
    assert await school.ask(enter, "6b") == GERMAN.say("enter.is_there", group="Klasse 6b")
    assert len(await school.logged()) == 1


@pytest.mark.parametrize("who", [BEN, GABI], ids=["a pupil", "a guardian"])
@pytest.mark.parametrize("words", ["Klasse 6b", "Eltern Klasse 6b", "Klasse 6c"])
async def test_others_may_not_and_do_not_learn_which_groups_there_are(who: Person, words: str, school: School) -> None:
    for command in commands(school):
        assert await school.ask(command, words, who) == GERMAN.refusal(Reason.NOT_IN_GROUP)
        assert not await school.listed(command, who)
    assert not any(who.user_id in school.homeserver.joined[one] for one in (room("6b"), space("6b")))
    assert await school.logged() == []


async def test_it_is_offered_to_teachers(school: School) -> None:
    assert [await school.listed(command, IDA) for command in commands(school)] == [True, True]


async def test_a_visitor_leaves_again(school: School) -> None:
    enter, leave = commands(school)
    await school.ask(enter, "6b")
    assert await school.ask(leave, "6b") == GERMAN.say("leave.left", group="Klasse 6b")
    assert IDA.user_id not in school.homeserver.joined[space("6b")] | school.homeserver.joined[room("6b")]
    assert await school.ask(leave, "6b") == GERMAN.say("leave.not_there", group="Klasse 6b")


@pytest.mark.parametrize(("who", "group"), [(IDA, "Klasse 5a"), (BEN, "Klasse 5a"), (OTTO, "6b")])
async def test_nobody_leaves_their_own_groups(who: Person, group: str, school: School) -> None:
    assert await school.ask(commands(school)[1], group, who) == GERMAN.refusal(Reason.GROUP_IS_KEPT)


async def test_a_homeserver_that_is_busy_is_asked_again_later(school: School) -> None:
    enter, _ = commands(school)
    school.homeserver.errors[room("6b")] = TryLaterError("HTTP 503", status=503)
    with pytest.raises(TryLaterError):
        await school.ask(enter, "6b")
    del school.homeserver.errors[room("6b")]
    assert await school.ask(enter, "6b") == GERMAN.say("enter.came", group="Klasse 6b")


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("", "So geht es: !betreten"),
        ("Klasse", "finde ich nicht"),
        ("Eltern", "kann mehrere Gruppen meinen: Eltern Klasse 5a, Eltern Klasse 6b"),
        ("Klasse 6c", "Meinst du Klasse 6b"),
    ],
)
async def test_what_is_not_clear_is_asked_back(words: str, answer: str, school: School) -> None:
    assert answer in str(await school.ask(commands(school)[0], words))
    assert not school.homeserver.invited


async def test_a_group_without_a_room_is_told(school: School) -> None:
    async with school.engine.begin() as connection:
        await connection.execute(delete(group_rooms).where(group_rooms.c.group_id == "6b"))
    assert await school.ask(commands(school)[0], "6b") == GERMAN.say("groups.no_room", group="Klasse 6b")
