from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builders import BEN, BERLIN, IDA, OTTO, person
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice import school_view
from appservice.bot.absence_command import AbsenceCommand
from appservice.bot.commands import Request
from appservice.bot.rest_command import RestCommand
from appservice.school_view import SchoolView
from school.config import load_settings
from school.database.reader import open_reader
from school.database.tables import audit_log, persons
from school.database.versions import Part, bump
from school.domain.people import TEACHER, Person, PersonId
from school.domain.rest import Rest, RestCause
from school.standing import StandingKeeper
from school.texts import Language, Texts

SCHOOL = """\
school: {name: Gesamtschule am See}
matrix: {server_name: school.test, homeserver_url: "http://127.0.0.1:8008"}
rest: {reachable: {mon-fri: ["7:30-18:00"]}}
"""
LANGE = replace(person("lange", TEACHER), given_name="Ben", family_name="Lange")
CHLOE = replace(person("chloe", TEACHER), given_name="Chloé", family_name="Lange")
WEISS = replace(person("weiss", TEACHER), given_name="Ana-María", family_name="Weiß")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


TUESDAY_NOON = local("2026-11-24 12:00")


@dataclass
class Bot:
    """`!abwesend` at a school with hours, and a clock that stands still."""

    engine: AsyncEngine
    view: SchoolView
    now: datetime = TUESDAY_NOON

    async def asked(self, words: str, who: Person = IDA, language: Language = Language.GERMAN) -> str:
        command = AbsenceCommand(engine=self.engine, view=self.view, clock=lambda: self.now)
        return str(await command.run(Request(person=who, words=words, texts=Texts(language))))

    async def ruhe(self, words: str) -> str:
        command = RestCommand(engine=self.engine, view=self.view, clock=lambda: self.now)
        return str(await command.run(Request(person=IDA, words=words, texts=Texts(Language.GERMAN))))

    def rest(self, at: str) -> Rest | None:
        return self.view.now.desk.look(IDA.user_id, local(at))

    async def logged(self) -> list[str]:
        async with self.engine.connect() as connection:
            return [row.action for row in await connection.execute(select(audit_log).order_by(audit_log.c.id))]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no Synapse here that would have to learn of a change."""
    monkeypatch.setattr(school_view, "KNOWN_EVERYWHERE_SECONDS", 0)


@pytest.fixture
async def bot(database: Path, engine: AsyncEngine) -> AsyncIterator[Bot]:
    path = database.parent / "school.yaml"
    path.write_text(SCHOOL)
    settings = load_settings(path)
    async with engine.begin() as connection:
        for each in (IDA, BEN, OTTO, LANGE, CHLOE, WEISS):
            name = {"given_name": each.given_name, "family_name": each.family_name, "role": each.role}
            await connection.execute(insert(persons).values(id=each.id, user_id=each.user_id, **name))
        await bump(connection, Part.PEOPLE)
    reader = open_reader(settings.database.sqlalchemy_url("sync"))
    view = SchoolView(StandingKeeper(settings, reader, lambda: 0.0), BERLIN)
    await view.refresh()
    yield Bot(engine, view)
    reader.dispose()


def say(sentence: str, **values: object) -> str:
    return Texts(Language.GERMAN).say(sentence, **values)


# --- Entering ---------------------------------------------------------------------------------------------------


async def test_a_pupil_is_told_that_there_is_no_rest_for_pupils(bot: Bot) -> None:
    for words in ("", "morgen", "aus"):
        assert await bot.asked(words, BEN) == say("rest.teachers_only")
    assert await bot.logged() == []


async def test_days_and_a_deputy(bot: Bot) -> None:
    assert await bot.asked("24.11.–28.11. Vertretung Frau Weiß") == (
        "🌙 Eingetragen: Di, 24. November bis Sa, 28. November, Vertretung: Ana-María Weiß. Nachrichten an dich "
        "bewahre ich so lange auf. Mit !abwesend aus endet es früher."
    )
    until = local("2026-11-30 07:30")
    for at in ("2026-11-24 12:00", "2026-11-25 10:00", "2026-11-27 23:59"):
        assert bot.rest(at) == Rest(until=until, cause=RestCause.ABSENT, deputy=WEISS.id)
    assert bot.rest("2026-11-29 12:00") == Rest(until=until, cause=RestCause.OUTSIDE_HOURS)
    assert await bot.logged() == ["rest_started"]


async def test_in_english(bot: Bot) -> None:
    answer = await bot.asked("24 Nov to 28 Nov deputy Ms Weiss", language=Language.ENGLISH)
    assert answer == (
        "🌙 Entered: Tue, 24 November to Sat, 28 November, deputy: Ana-María Weiß. I keep messages to you until then. "
        "!away off ends it earlier."
    )


@pytest.mark.parametrize(
    "words",
    [
        "morgen Vertretung: Weiß", "morgen, Vertretung durch Frau Ana-María Weiß", "morgen; VERTRETUNG weiss",
        "morgen Vertretung ist Frau Weiß!", "tomorrow cover: weiss", "morgen\nVertreterin Weiß.",
    ],
)  # fmt: skip
async def test_a_deputy_is_named_in_many_ways(bot: Bot, words: str) -> None:
    await bot.asked(words)
    rest = bot.rest("2026-11-25 10:00")
    assert rest is not None
    assert rest.deputy == WEISS.id


async def test_without_a_deputy(bot: Bot) -> None:
    assert (await bot.asked("morgen")).startswith("🌙 Eingetragen: Mi, 25. November. ")
    assert bot.rest("2026-11-25 10:00") == Rest(until=local("2026-11-26 07:30"), cause=RestCause.ABSENT)


async def test_an_absence_without_end_has_none(bot: Bot) -> None:
    assert "ab Mi, 25. November, ohne festes Ende, Vertretung: Ana-María Weiß" in await bot.asked(
        "ab morgen Vertretung Weiß"
    )
    assert bot.rest("2026-11-25 10:00") == Rest(until=None, cause=RestCause.ABSENT, deputy=WEISS.id)
    assert bot.rest("2030-11-25 10:00") == Rest(until=None, cause=RestCause.ABSENT, deputy=WEISS.id)


async def test_a_year_that_is_far_is_named(bot: Bot) -> None:
    assert "So, 1. August 2027 bis Di, 31. August 2027" in await bot.asked("1.8.–31.8.")


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("krank", say("absence.not_understood")),
        ("Vertretung Frau Weiß", say("absence.not_understood")),
        ("28.11.–24.11.", say("absence.backward")),
        ("1.11.2026", say("absence.over")),
        ("morgen Vertretung Frau Zzz", say("absence.deputy_unknown")),
        ("morgen Vertretung", say("absence.deputy_unknown")),
        ("morgen Vertretung Ben Langer", say("absence.deputy_near", name="Ben Langer", near="Ben Lange")),
        ("morgen Vertretung Frau Lang", None),
        ("morgen Vertretung Ida", say("absence.deputy_self")),
    ],
)
async def test_what_is_not_clear_is_asked_about_and_changes_nothing(bot: Bot, words: str, answer: str | None) -> None:
    said = await bot.asked(words)
    assert said == answer if answer else "Meinst du" in said
    assert bot.rest("2026-11-25 10:00") is None
    assert await bot.logged() == []


async def test_a_name_of_several_teachers_is_asked_back(bot: Bot) -> None:
    answer = await bot.asked("morgen Vertretung Frau Lange")
    assert "Ben Lange (@lange)" in answer
    assert "Chloé Lange (@chloe)" in answer
    assert bot.rest("2026-11-25 10:00") is None
    await bot.asked("morgen Vertretung @chloe")
    rest = bot.rest("2026-11-25 10:00")
    assert rest is not None
    assert rest.deputy == CHLOE.id


async def test_only_teachers_are_deputies(bot: Bot) -> None:
    assert "Vertretung: Otto Groß" in await bot.asked("morgen Vertretung Groß, Otto")
    assert await bot.asked("morgen Vertretung @ben") == say("absence.deputy_unknown")


async def test_what_is_said_later_replaces_what_it_overlaps_with(bot: Bot) -> None:
    await bot.asked("25.11.–27.11. Vertretung Weiß")
    await bot.asked("1.12. Vertretung Weiß")
    await bot.asked("26.11.–30.11. Vertretung Otto")
    assert await bot.asked("") == (
        "Eingetragen ist:\n• Do, 26. November bis Mo, 30. November, Vertretung: Otto Groß\n"
        "• Di, 1. Dezember, Vertretung: Ana-María Weiß\nMit !abwesend aus endet, was läuft oder als Nächstes kommt."
    )
    assert bot.rest("2026-11-25 10:00") is None


async def test_somebody_who_is_absent_is_not_reachable_because_they_said_so_before(bot: Bot) -> None:
    bot.now = local("2026-11-27 20:00")
    await bot.ruhe("aus")
    await bot.asked("28.11.–30.11.")
    assert bot.rest("2026-11-27 21:00") is None
    assert bot.rest("2026-11-28 10:00") is not None


# --- Asking and ending ------------------------------------------------------------------------------------------


async def test_nothing_is_entered(bot: Bot) -> None:
    for words in ("", "aus"):
        assert await bot.asked(words) == say("absence.none")


async def test_what_is_over_is_not_told(bot: Bot) -> None:
    await bot.asked("24.11.")
    bot.now = local("2026-11-25 00:00")
    assert await bot.asked("") == say("absence.none")


@pytest.mark.parametrize("words", ["aus", "off", "ende", "zurück", "Wieder da"])
async def test_the_absence_that_runs_ends_now(bot: Bot, words: str) -> None:
    await bot.asked("24.11.–28.11.")
    await bot.asked("15.12.")
    assert (await bot.asked(words)).startswith("☀️ Deine Abwesenheit ist beendet.")
    assert bot.rest("2026-11-24 12:00") is None
    assert bot.rest("2026-11-25 10:00") is None
    assert bot.rest("2026-12-15 10:00") is not None, "the next one stays"
    assert await bot.logged() == ["rest_started", "rest_started", "rest_ended"]


async def test_where_none_runs_the_next_one_is_taken_back(bot: Bot) -> None:
    await bot.asked("15.12.")
    await bot.asked("1.12. Vertretung Weiß")
    assert await bot.asked("aus") == "Zurückgenommen: Di, 1. Dezember, Vertretung: Ana-María Weiß."
    assert bot.rest("2026-12-01 10:00") is None
    assert bot.rest("2026-12-15 10:00") is not None


# --- Beside `!ruhe` ---------------------------------------------------------------------------------------------


async def test_a_rest_of_hours_does_not_shorten_an_absence(bot: Bot) -> None:
    await bot.asked("24.11.–28.11. Vertretung Weiß")
    await bot.ruhe("2h")
    rest = bot.rest("2026-11-25 10:00")
    assert rest is not None
    assert rest.deputy == WEISS.id


async def test_a_pause_interrupts_an_absence(bot: Bot) -> None:
    await bot.asked("24.11.–28.11.")
    await bot.ruhe("aus bis 14:00")
    assert bot.rest("2026-11-24 13:59") is None
    assert bot.rest("2026-11-24 14:00") == Rest(until=local("2026-11-30 07:30"), cause=RestCause.ABSENT)


async def test_the_end_of_the_rest_is_the_end_of_the_absence(bot: Bot) -> None:
    await bot.asked("24.11.–28.11.")
    assert "(abwesend)" in await bot.ruhe("")
    await bot.ruhe("aus")
    assert bot.rest("2026-11-25 10:00") is None


async def test_an_answer_that_is_remembered_does_not_outlive_the_deputy(bot: Bot) -> None:
    await bot.asked("24.11. Vertretung Weiß")
    desk = bot.view.now.desk
    evening, night = local("2026-11-24 22:00"), local("2026-11-25 00:00")
    deputies: list[PersonId | None] = []
    for at in (evening, night - timedelta(microseconds=1), night):
        rest = desk.rest_of(IDA.user_id, at)
        assert rest is not None
        deputies.append(rest.deputy)
    assert deputies == [WEISS.id, WEISS.id, None]
