from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from builders import BEN, BERLIN, IDA
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice import school_view
from appservice.bot.commands import Request
from appservice.bot.rest_command import RestCommand
from appservice.school_view import SchoolView
from school.config import load_settings
from school.database.reader import open_reader
from school.database.tables import audit_log, persons
from school.database.versions import Part, bump
from school.domain.people import Person
from school.standing import StandingKeeper
from school.texts import Language, Texts

NO_HOURS = """\
school: {name: Gesamtschule am See}
matrix: {server_name: school.test, homeserver_url: "http://127.0.0.1:8008"}
"""
SCHOOL_HOURS = NO_HOURS + 'rest: {reachable: {mon-fri: ["7:30-18:00"]}}\n'


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


TUESDAY_NOON = local("2026-05-05 12:00")
TUESDAY_NIGHT = local("2026-05-05 22:00")


@dataclass
class Bot:
    """`!ruhe` at a school, and a clock that stands still."""

    engine: AsyncEngine
    view: SchoolView
    now: datetime = TUESDAY_NOON

    async def asked(self, words: str, who: Person = IDA, language: Language = Language.GERMAN) -> str:
        command = RestCommand(engine=self.engine, view=self.view, clock=lambda: self.now)
        return await command.run(Request(person=who, words=words, texts=Texts(language)))

    def rests(self, *, later: timedelta = timedelta()) -> bool:
        return self.view.now.desk.rest_of(IDA.user_id, self.now + later) is not None

    async def logged(self) -> list[tuple[str, str, str]]:
        async with self.engine.connect() as connection:
            rows = await connection.execute(select(audit_log).order_by(audit_log.c.id))
            return [(row.action, row.actor, row.target) for row in rows]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no Synapse here that would have to learn of a change."""
    monkeypatch.setattr(school_view, "KNOWN_EVERYWHERE_SECONDS", 0)


async def bot_of(config: str, database: Path, engine: AsyncEngine) -> AsyncIterator[Bot]:
    path = database.parent / "school.yaml"
    path.write_text(config)
    settings = load_settings(path)
    async with engine.begin() as connection:
        for person in (IDA, BEN):
            name = {"given_name": person.given_name, "family_name": person.family_name, "role": person.role}
            await connection.execute(insert(persons).values(id=person.id, user_id=person.user_id, **name))
        await bump(connection, Part.PEOPLE)
    reader = open_reader(settings.database.sqlalchemy_url("sync"))
    view = SchoolView(StandingKeeper(settings, reader, lambda: 0.0), BERLIN)
    await view.refresh()
    yield Bot(engine, view)
    reader.dispose()


@pytest.fixture
async def bot(database: Path, engine: AsyncEngine) -> AsyncIterator[Bot]:
    """At a school that keeps no hours."""
    async for bot in bot_of(NO_HOURS, database, engine):
        yield bot


@pytest.fixture
async def with_hours(database: Path, engine: AsyncEngine) -> AsyncIterator[Bot]:
    async for bot in bot_of(SCHOOL_HOURS, database, engine):
        yield bot


# --- What holds now ---------------------------------------------------------------------------------------------


async def test_a_pupil_is_told_that_there_is_no_rest_for_pupils(bot: Bot) -> None:
    for words in ("", "2h", "aus", "Unsinn"):
        assert await bot.asked(words, BEN) == Texts(Language.GERMAN).say("rest.teachers_only")
    assert await bot.logged() == []


async def test_without_hours_nobody_rests_and_nothing_comes(bot: Bot) -> None:
    assert await bot.asked("") == "Du hast gerade keine Ruhezeit."


async def test_in_school_hours_the_next_rest_is_told(with_hours: Bot) -> None:
    assert await with_hours.asked("") == "Du hast gerade keine Ruhezeit. Die nächste beginnt 18:00 Uhr."


async def test_at_night_the_end_of_the_rest_is_told(with_hours: Bot) -> None:
    with_hours.now = TUESDAY_NIGHT
    assert await with_hours.asked("") == "🌙 Du hast Ruhezeit bis Mi, 7:30 Uhr (außerhalb der Schulzeit)."
    english = await with_hours.asked("", language=Language.ENGLISH)
    assert english.replace("\u202f", " ") == ("🌙 You are off until Wed, 7:30 AM (outside school hours).")


async def test_asking_changes_nothing(bot: Bot) -> None:
    await bot.asked("")
    assert await bot.logged() == []


# --- Beginning a rest -------------------------------------------------------------------------------------------


async def test_a_rest_begins_at_once(bot: Bot) -> None:
    answer = await bot.asked("2h")
    assert answer == "🌙 Ruhezeit bis 14:00 Uhr. Nachrichten an dich bewahre ich so lange auf."
    assert bot.rests()
    assert bot.rests(later=timedelta(hours=2, microseconds=-1))
    assert not bot.rests(later=timedelta(hours=2))
    assert await bot.asked("") == "🌙 Du hast Ruhezeit bis 14:00 Uhr (von dir gesetzt)."


async def test_a_second_wish_replaces_the_first(bot: Bot) -> None:
    await bot.asked("3 Tage")
    bot.now += timedelta(minutes=5)
    await bot.asked("30s")
    assert bot.rests()
    assert not bot.rests(later=timedelta(seconds=30))


async def test_two_wishes_in_the_same_moment(bot: Bot) -> None:
    await bot.asked("3h")
    await bot.asked("1h")
    assert bot.rests()
    assert not bot.rests(later=timedelta(hours=1))


async def test_a_rest_that_ends_at_night_goes_on_until_the_morning(with_hours: Bot) -> None:
    assert (await with_hours.asked("bis 20:00")).startswith("🌙 Ruhezeit bis Mi, 7:30 Uhr.")


async def test_a_rest_is_recorded_by_whom_and_for_whom(bot: Bot) -> None:
    await bot.asked("2h")
    await bot.asked("aus")
    assert await bot.logged() == [("rest_started", IDA.id, IDA.id), ("rest_ended", IDA.id, IDA.id)]


@pytest.mark.parametrize("words", ["Unsinn", "2 Monate", "bis 25:00"])
async def test_what_is_not_understood_changes_nothing(bot: Bot, words: str) -> None:
    assert (await bot.asked(words)).startswith("Diese Zeit habe ich nicht verstanden")
    assert not bot.rests()
    assert await bot.logged() == []


@pytest.mark.parametrize(
    ("words", "too_long"), [("60 Tage", False), ("61 Tage", True), ("9 Wochen", True), ("aus 61 Tage", True)]
)
async def test_more_than_sixty_days_are_too_long(bot: Bot, words: str, too_long: bool) -> None:
    assert (await bot.asked(words) == Texts(Language.GERMAN).say("rest.too_long", days=60)) is too_long


# --- Ending a rest ----------------------------------------------------------------------------------------------


async def test_an_own_rest_ends(bot: Bot) -> None:
    await bot.asked("2h")
    bot.now += timedelta(minutes=1)
    assert await bot.asked("aus") == "☀️ Deine Ruhezeit ist beendet. Was gewartet hat, kommt jetzt."
    assert not bot.rests()
    assert await bot.asked("") == "Du hast gerade keine Ruhezeit."


async def test_ending_what_has_not_begun_is_fine(bot: Bot) -> None:
    assert await bot.asked("aus") == "☀️ Deine Ruhezeit ist beendet. Was gewartet hat, kommt jetzt."
    assert not bot.rests()


async def test_ending_the_rest_at_night_holds_until_the_morning(with_hours: Bot) -> None:
    with_hours.now = TUESDAY_NIGHT
    await with_hours.asked("aus")
    assert not with_hours.rests()
    assert not with_hours.rests(later=timedelta(hours=9))
    assert with_hours.rests(later=timedelta(hours=20, minutes=1))


async def test_a_pause_ends_by_itself(with_hours: Bot) -> None:
    with_hours.now = TUESDAY_NIGHT
    answer = await with_hours.asked("aus bis 23:00")
    assert answer == "☀️ Deine Ruhezeit ruht bis 23:00 Uhr. Was gewartet hat, kommt jetzt."
    assert not with_hours.rests()
    assert with_hours.rests(later=timedelta(hours=1))


async def test_a_rest_in_a_pause_begins_at_once(with_hours: Bot) -> None:
    with_hours.now = TUESDAY_NIGHT
    await with_hours.asked("aus bis 23:30")
    with_hours.now += timedelta(minutes=1)
    await with_hours.asked("30min")
    assert with_hours.rests()


async def test_whoever_waits_for_it_hears_of_a_change(bot: Bot) -> None:
    heard: list[date] = []
    bot.view.on_rest_change(lambda: heard.append(bot.now.date()))
    await bot.asked("2h")
    assert heard
    heard.clear()
    await bot.view.refresh()
    assert not heard


# --- What the school keeps --------------------------------------------------------------------------------------

KEEPS_ITS_REST = NO_HOURS + 'rest: {reachable: {mon-fri: ["7:30-18:00"]}, may_shorten: false}\n'
MINIMUM = NO_HOURS + 'rest: {reachable: {mon-fri: ["7:30-18:00"]}, minimum: {mon-sun: ["21:00-6:00"]}}\n'


@pytest.fixture
async def strict(database: Path, engine: AsyncEngine) -> AsyncIterator[Bot]:
    """At a school that keeps its rest."""
    async for bot in bot_of(KEEPS_ITS_REST, database, engine):
        yield bot


@pytest.fixture
async def with_minimum(database: Path, engine: AsyncEngine) -> AsyncIterator[Bot]:
    async for bot in bot_of(MINIMUM, database, engine):
        yield bot


@pytest.mark.parametrize("words", ["aus", "aus bis 23:00", "aus 2h"])
async def test_a_school_may_keep_its_rest(strict: Bot, words: str) -> None:
    strict.now = TUESDAY_NIGHT
    assert await strict.asked(words) == Texts(Language.GERMAN).say("rest.school_keeps_it")
    assert strict.rests()
    assert strict.rests(later=timedelta(hours=9))


async def test_at_such_a_school_nobody_stays_reachable_beyond_the_hours(strict: Bot) -> None:
    assert await strict.asked("aus bis 23:00") == Texts(Language.GERMAN).say("rest.school_keeps_it")
    assert strict.rests(later=timedelta(hours=7))


async def test_at_such_a_school_an_own_rest_begins_and_ends_as_anywhere(strict: Bot) -> None:
    await strict.asked("2h")
    assert strict.rests()
    strict.now += timedelta(minutes=1)
    assert (await strict.asked("aus")).startswith("☀️ Deine Ruhezeit ist beendet.")
    assert not strict.rests()


async def test_the_minimum_is_not_shortened(with_minimum: Bot) -> None:
    with_minimum.now = TUESDAY_NIGHT
    assert (await with_minimum.asked("aus")).startswith("Bis Mi, 6:00 Uhr gilt die Mindestruhe der Schule")
    assert with_minimum.rests()
    assert with_minimum.rests(later=timedelta(hours=8, microseconds=-1))
    assert not with_minimum.rests(later=timedelta(hours=8)), "but what lies after it is"


async def test_before_the_minimum_the_rest_is_shortened_up_to_it(with_minimum: Bot) -> None:
    with_minimum.now = local("2026-05-05 19:00")
    assert (
        await with_minimum.asked("aus bis 23:00")
        == "☀️ Deine Ruhezeit ruht bis 21:00 Uhr. Was gewartet hat, kommt jetzt."
    )
    assert not with_minimum.rests(later=timedelta(hours=2, microseconds=-1))
    assert with_minimum.rests(later=timedelta(hours=2))
    assert with_minimum.rests(later=timedelta(hours=5))
