from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from a_school import GERMAN, HEAD, School, a_school
from builders import BEA, BEN, CARL, GABI, IDA, OTTO, person, user
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.commands import Command
from appservice.bot.replies import Reply
from appservice.bot.who_command import WhoCommand
from appservice.desks.members import MembersDesk
from school.domain.decisions import Reason
from school.domain.people import STUDENT, Person

MANY = [person(f"kind{number:03}", STUDENT, "6b") for number in range(160)]


@pytest.fixture
async def school(database: Path, engine: AsyncEngine) -> AsyncIterator[School]:
    async with a_school(database, engine, absent=[BEA, GABI], more=MANY) as school:
        yield school


def command(school: School) -> Command:
    return WhoCommand(desk=MembersDesk(engine=school.engine, view=school.view), view=school.view).command()


async def told(school: School, words: str, who: Person) -> list[str]:
    answer = await school.ask(command(school), words, who)
    assert isinstance(answer, Reply), answer
    return answer.body.splitlines()


@pytest.mark.parametrize("who", [IDA, OTTO, HEAD], ids=["a teacher of it", "another teacher", "the leadership"])
async def test_teachers_see_who_has_never_signed_in(who: Person, school: School) -> None:
    assert await told(school, "5a", who) == [
        "Klasse 5a, Personen: 3",
        f"Lehrkräfte (1): Ida Groß ({IDA.user_id})",
        f"Schüler/innen (2): Bea Groß ({BEA.user_id}), Ben Groß ({BEN.user_id})",
        f"Noch nie angemeldet (1): Bea Groß ({BEA.user_id})",
    ]


async def test_where_everybody_was_there_it_is_said(school: School) -> None:
    assert (await told(school, "Klasse 6b", IDA))[-1] == GERMAN.say("who.all_signed_in")


@pytest.mark.parametrize(("who", "words"), [(BEN, "5a"), (GABI, "Eltern 5a")], ids=["a pupil", "a guardian"])
async def test_members_see_who_is_in_it_and_no_more(who: Person, words: str, school: School) -> None:
    lines = await told(school, words, who)
    assert any(who.user_id in line for line in lines)
    assert not any("angemeldet" in line for line in lines)


@pytest.mark.parametrize("who", [BEN, GABI], ids=["a pupil", "a guardian"])
async def test_groups_of_others_are_not_found(who: Person, school: School) -> None:
    answer = await school.ask(command(school), "Klasse 6b", who)
    assert answer in (
        GERMAN.say("groups.unknown", name="Klasse 6b"),
        GERMAN.say("groups.near", name="Klasse 6b", groups="Klasse 5a"),
        GERMAN.say("groups.near", name="Klasse 6b", groups="Eltern Klasse 5a"),
    )


async def test_the_desk_refuses_whoever_is_not_in_the_group(school: School) -> None:
    group = school.view.now.policy.directory.group(next(iter(CARL.groups)))
    assert group is not None
    members = await MembersDesk(engine=school.engine, view=school.view).look(BEN, group)
    assert (members.decision.reason, members.by_role) == (Reason.NOT_IN_GROUP, {})


async def test_where_a_school_forbids_writing_among_pupils_they_do_not_see_each_other(
    database: Path, engine: AsyncEngine
) -> None:
    config = "rights: {roles: {student: {message_own_groups: false}}}\n"
    async with a_school(database, engine, config=config) as school:
        lines = await told(school, "5a", BEN)
        assert f"Schüler/innen (1): Ben Groß ({BEN.user_id})" in lines
        assert any(IDA.user_id in line for line in lines)


async def test_names_are_in_order_and_can_be_clicked_on(school: School) -> None:
    await school.rename(BEN, family_name="Özil")
    await school.rename(BEA, family_name="Przybylski <b>")
    answer = await school.ask(command(school), "5a")
    assert isinstance(answer, Reply)
    assert '<a href="https://matrix.to/#/@ben:school.test">Ben Özil</a>, ' in answer.html
    assert answer.html.index("Özil") < answer.html.index("Przybylski &lt;b&gt;")


async def test_of_a_large_group_names_alone_are_told(school: School) -> None:
    answer = await school.ask(command(school), "6b")
    assert isinstance(answer, Reply)
    assert user("kind001") not in answer.body
    assert "Kind001 Groß" in answer.body
    assert "matrix.to" not in answer.html


async def test_everybody_is_offered_it(school: School) -> None:
    assert all([await school.listed(command(school), who) for who in (IDA, BEN, GABI)])


async def test_without_a_name_the_bot_says_how_it_goes(school: School) -> None:
    assert await school.ask(command(school), "") == GERMAN.say("who.which")
