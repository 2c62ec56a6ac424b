from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from a_school import ENGLISH, GERMAN, HEAD, School, a_school
from builders import BEN, GABI, IDA, NOON, person
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.commands import Command
from appservice.bot.rights_command import RightsCommand
from appservice.desks.locks import LockDesk
from appservice.desks.rights import RightsDesk
from school.domain.people import STUDENT, Person
from school.domain.rights import Right
from school.texts import Texts

CONFIG = """\
rights:
  roles: {student: {create_rooms: true}}
  groups: {"Klasse 5*": {message_teachers: false}}
  persons: {p-ben: {join_conferences: false}}
"""
VAN_AN = person("van an nguyen", STUDENT)


@pytest.fixture
async def school(database: Path, engine: AsyncEngine) -> AsyncIterator[School]:
    async with a_school(database, engine, config=CONFIG, more=[VAN_AN]) as school:
        yield school


def locks(school: School) -> LockDesk:
    homeserver = school.homeserver
    return LockDesk(engine=school.engine, homeserver=homeserver, is_admin=homeserver.is_admin, clock=lambda: NOON)


def command(school: School) -> Command:
    desk = RightsDesk(view=school.view, is_admin=school.homeserver.is_admin)
    return RightsCommand(desk=desk, locks=locks(school), view=school.view).command()


async def told(school: School, words: str, who: Person = HEAD, texts: Texts = GERMAN) -> list[str]:
    return str(await school.ask(command(school), words, who, texts)).splitlines()


def line(lines: list[str], right: Right, texts: Texts = GERMAN) -> str:
    return next(line for line in lines if texts.right(right) in line)


async def test_every_right_is_told_with_its_reason(school: School) -> None:
    lines = await told(school, "Ben")
    assert lines[0] == "Ben Groß (@ben) – Schüler/in, Klasse 5a"
    assert len([text for text in lines if text[0] in "✅⛔"]) == len(Right)
    own_groups = line(lines, Right.MESSAGE_OWN_GROUPS)
    assert own_groups == f"✅ {GERMAN.right(Right.MESSAGE_OWN_GROUPS)} – so vorgesehen für diese Rolle"
    assert line(lines, Right.CREATE_ROOMS).startswith("✅ Räume anlegen – von der Schule für diese Rolle festgelegt (")
    assert line(lines, Right.MESSAGE_TEACHERS).startswith(
        "⛔ Lehrkräften direkt schreiben – festgelegt für Klasse 5a ("
    )
    assert line(lines, Right.JOIN_CONFERENCES).startswith(
        "⛔ an Konferenzen teilnehmen – für diese Person festgelegt ("
    )
    assert line(lines, Right.SET_TASKS) == "⛔ Aufgaben stellen – nichts erlaubt es"
    assert lines[-1] == GERMAN.say("rights.changed_by_it")


async def test_it_says_what_the_command_line_says(school: School) -> None:
    policy = school.view.now.policy
    lines = await told(school, "Ben")
    for right in Right:
        rule = policy.rights.ruling(BEN, right)
        told_of = line(lines, right)
        assert told_of.startswith("✅") is policy.rights.holds(BEN, right)
        if rule is not None and not rule.id.startswith("default:"):
            assert f"({rule.id})" in told_of


async def test_the_mark_of_the_leadership_and_a_lock_are_told(school: School) -> None:
    assert GERMAN.say("rights.leads") in await told(school, "Head")
    assert GERMAN.say("rights.locked") not in await told(school, "Ben")
    await locks(school).lock(HEAD, BEN)
    assert GERMAN.say("rights.locked") in await told(school, "Ben")


@pytest.mark.parametrize("words", ["Gabi an Ben", "Gabi > Ben", "gabi → ben", "@gabi to @ben"])
async def test_whether_one_may_write_to_the_other(words: str, school: School) -> None:
    assert await told(school, words) == [
        GERMAN.say("rights.may_not_write", person="Gabi Groß", other="Ben Groß"),
        GERMAN.say("rights.rule", rule="no rule"),
    ]


async def test_a_teacher_may_write_to_everybody(school: School) -> None:
    assert await told(school, "Ida to Gabi", texts=ENGLISH) == [
        ENGLISH.say("rights.may_write", person="Ida Groß", other="Gabi Groß"),
        ENGLISH.say("rights.rule", rule="default:teacher:message_everyone"),
    ]


async def test_a_name_may_hold_the_word_between_two(school: School) -> None:
    assert (await told(school, "Van An Nguyen Groß"))[0].startswith("Van An Nguyen Groß (")


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("", "So geht es: !rechte"),
        ("Groß", "kann mehrere meinen"),
        ("Bem Gross", "Meinst du Ben Groß"),
        ("Ben an Zzz", "Zzz finde ich nicht"),
        ("Zzz an Groß", "kann mehrere meinen"),
    ],
)
async def test_what_is_not_clear_is_asked_back(words: str, answer: str, school: School) -> None:
    assert answer in "\n".join(await told(school, words))


@pytest.mark.parametrize("who", [IDA, BEN, GABI], ids=["a teacher", "a pupil", "a guardian"])
async def test_only_the_leadership_sees_the_rights_of_others(who: Person, school: School) -> None:
    for words in ("Ben", "Ida an Ben", ""):
        assert await told(school, words, who) == [GERMAN.say("rights.leadership_only")]
    assert not await school.listed(command(school), who)


async def test_an_admin_sees_them_too(school: School) -> None:
    school.homeserver.admins = {IDA.user_id}
    assert (await told(school, "Ben", IDA))[0].startswith("Ben Groß")
    assert await school.listed(command(school), IDA)
