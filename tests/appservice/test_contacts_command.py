from collections.abc import AsyncIterator
from pathlib import Path
from unittest.mock import ANY

import pytest
from a_school import ENGLISH, GERMAN, HEAD, School, a_school
from builders import BEA, BEN, CARL, GABI, GERD, HANNA, IDA, OTTO, person
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.commands import Command
from appservice.bot.contacts_command import ContactsCommand
from appservice.bot.replies import Reply
from appservice.desks.contacts import ContactsDesk
from school.domain.people import STUDENT, TEACHER, Person

MUELLERS = [person(f"pupil{number:02}", STUDENT, "6b") for number in range(40)]
TEACHER_MUELLER = person("vera", TEACHER)


@pytest.fixture
async def school(database: Path, engine: AsyncEngine) -> AsyncIterator[School]:
    async with a_school(database, engine, more=[*MUELLERS, TEACHER_MUELLER]) as school:
        for one in (*MUELLERS, TEACHER_MUELLER):
            await school.rename(one, family_name="Müller")
        yield school


def command(school: School) -> Command:
    return ContactsCommand(desk=ContactsDesk(view=school.view)).command()


async def told(school: School, words: str, who: Person) -> list[str]:
    answer = await school.ask(command(school), words, who)
    assert isinstance(answer, Reply), answer
    return answer.body.splitlines()


@pytest.mark.parametrize("who", [BEN, GABI], ids=["a pupil", "a guardian"])
@pytest.mark.parametrize("words", ["Müller", "mueller", "Frau Muller", "Mülle", "Vera", "Muellre"])
async def test_among_many_equal_names_the_one_who_may_be_written_to_is_found(
    who: Person, words: str, school: School
) -> None:
    assert await told(school, words, who) == [f"• Vera Müller ({TEACHER_MUELLER.user_id}) – Lehrkraft"]


@pytest.mark.parametrize(
    ("who", "found"),
    [
        pytest.param(BEN, [BEA, HEAD, IDA, OTTO], id="a pupil: the class and teachers"),
        pytest.param(GABI, [GERD, HEAD, IDA, OTTO], id="a guardian: the group and teachers"),
        pytest.param(IDA, [BEA, BEN, CARL, GABI, GERD, HANNA, HEAD, OTTO], id="a teacher: everybody"),
    ],
)
async def test_whom_somebody_finds_is_whom_they_may_write_to(who: Person, found: list[Person], school: School) -> None:
    lines = await told(school, "Groß", who)
    assert [line.partition(" (")[0] for line in lines] == [f"• {one.display_name}" for one in found]


async def test_roles_and_common_groups_tell_people_apart(school: School) -> None:
    assert await told(school, "Bea", BEN) == [f"• Bea Groß ({BEA.user_id}) – Schüler/in, Klasse 5a"]
    assert await told(school, "Otto", BEN) == [f"• Otto Groß ({OTTO.user_id}) – Lehrkraft"], "not a common group"
    assert await told(school, "Carl", IDA) == [f"• Carl Groß ({CARL.user_id}) – Schüler/in, Klasse 6b"]


@pytest.mark.parametrize("ask", ["Müller 2", "Müller Seite 2", "Müller page 2"])
async def test_a_long_list_has_pages(ask: str, school: School) -> None:
    first = await told(school, "Müller", IDA)
    assert first[-1] == GERMAN.say("contacts.page", page=1, pages=3, number=41, ask="!kontakte Müller 2")
    second, last = await told(school, ask, IDA), await told(school, "Müller 99", IDA)
    lines = [line for page in (first, second, last) for line in page if line.startswith("• ")]
    assert len(set(lines)) == len(lines) == 41
    assert [len(page) for page in (first, second, last)] == [16, 16, 11]


@pytest.mark.parametrize("words", ["Carl", "Hanna", "@carl", "Kathrin Zzz"])
async def test_nothing_tells_that_there_are_others(words: str, school: School) -> None:
    assert await school.ask(command(school), words, BEN) == GERMAN.say("contacts.nobody", name=words)


async def test_a_similar_name_is_offered(school: School) -> None:
    lines = await told(school, "Miller", IDA)
    assert lines[0].startswith("• "), "one slip is forgiven"
    assert await told(school, "Ottokar Gross", BEN) == [
        GERMAN.say("contacts.near", name="Ottokar Gross"),
        f"• Otto Groß ({OTTO.user_id}) – Lehrkraft",
    ]


async def test_without_a_name_a_pupil_sees_teachers_and_classmates(school: School) -> None:
    assert await told(school, "", BEN) == [
        GERMAN.say("contacts.teachers_and_groups"),
        f"Lehrkräfte deiner Gruppen: Ida Groß ({IDA.user_id})",
        f"Klasse 5a: Bea Groß ({BEA.user_id})",
        GERMAN.say("contacts.how_to_search"),
    ]


async def test_without_a_name_a_teacher_sees_a_few_of_each_group(school: School) -> None:
    lines = await told(school, "", OTTO)
    assert lines == [GERMAN.say("contacts.everybody"), ANY, GERMAN.say("contacts.how_to_search")]
    assert lines[1].startswith("Klasse 6b: Carl Groß ")
    assert lines[1].endswith(GERMAN.say("who.more", number=36))
    assert lines[1].count("@") == 5


async def test_who_may_write_in_groups_only_is_told_so(database: Path, engine: AsyncEngine) -> None:
    config = "rights: {roles: {student: {message_teachers: false}}}\n"
    async with a_school(database, engine, config=config) as school:
        assert (await told(school, "", BEN))[0] == GERMAN.say("contacts.groups")
        assert await school.ask(command(school), "Otto", BEN) == GERMAN.say("contacts.nobody", name="Otto")


async def test_in_english(school: School) -> None:
    answer = await school.ask(command(school), "Bea", BEN, ENGLISH)
    assert isinstance(answer, Reply)
    assert answer.body.endswith("– pupil, Klasse 5a")
    assert answer.html == '• <a href="https://matrix.to/#/@bea:school.test">Bea Groß</a> – pupil, Klasse 5a'


async def test_everybody_is_offered_it(school: School) -> None:
    assert all([await school.listed(command(school), who) for who in (IDA, BEN, GABI)])
