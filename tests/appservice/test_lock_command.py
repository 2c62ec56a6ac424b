from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from a_school import ENGLISH, GERMAN, HEAD, School, a_school
from builders import BEA, BEN, GABI, IDA, NOON, OTTO, person, user
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.commands import Command
from appservice.bot.lock_command import LockCommand
from appservice.desks.locks import LockDesk, Locking
from appservice.homeserver import NotThereError, TryLaterError
from school.domain.people import TEACHER, Person, PersonId, Role
from school.texts import Texts

DEPUTY = person("deputy", TEACHER, leadership=True)
ROOT = Person(id=PersonId("@root:school.test"), user_id=user("root"), given_name="", family_name="", role=Role("admin"))


@pytest.fixture
async def school(database: Path, engine: AsyncEngine) -> AsyncIterator[School]:
    async with a_school(database, engine, more=[DEPUTY]) as school:
        school.homeserver.admins = {OTTO.user_id, ROOT.user_id}
        yield school


def desk(school: School) -> LockDesk:
    homeserver = school.homeserver
    return LockDesk(engine=school.engine, homeserver=homeserver, is_admin=homeserver.is_admin, clock=lambda: NOON)


class Bot:
    """`!sperren` and `!entsperren`, with a clock of their own."""

    def __init__(self, school: School) -> None:
        self.school = school
        self.now = NOON
        self.command = LockCommand(desk=desk(school), view=school.view, clock=lambda: self.now)
        self.lock_command, self.unlock_command = self.command.commands()

    async def lock(self, words: str, who: Person = HEAD, texts: Texts = GERMAN) -> str:
        return str(await self.school.ask(self.lock_command, words, who, texts))

    async def unlock(self, words: str, who: Person = HEAD) -> str:
        return str(await self.school.ask(self.unlock_command, words, who))


async def test_the_leadership_locks_an_account_after_saying_so_twice(school: School) -> None:
    bot = Bot(school)
    asked = await bot.lock("Ben")
    assert "Ben Groß (@ben) – Schüler/in, Klasse 5a" in asked
    assert asked.endswith("!sperren @ben bestätigen")
    assert school.homeserver.locked == {}
    assert await bot.lock("@ben bestätigen") == GERMAN.say("lock.done", name="Ben Groß", sign="@ben")
    assert school.homeserver.locked == {BEN.user_id: True}
    assert set(school.homeserver.signed_out) == {BEN.user_id}
    assert await school.logged() == [("account_locked", HEAD.id, BEN.id, "leadership")]


async def test_in_english(school: School) -> None:
    bot = Bot(school)
    assert (await bot.lock("Ben", texts=ENGLISH)).endswith("!lock @ben confirm")
    assert (await bot.lock("Ben confirm", texts=ENGLISH)).startswith("🔒 The account of Ben Groß is locked")


async def test_whoever_runs_the_server_may_as_well(school: School) -> None:
    bot = Bot(school)
    await bot.lock("Ben", ROOT)
    assert "gesperrt" in await bot.lock("Ben bestätigen", ROOT)
    assert await school.logged() == [("account_locked", ROOT.id, BEN.id, "admin")]


@pytest.mark.parametrize(
    ("first", "second", "later"),
    [
        pytest.param("", "Ben bestätigen", timedelta(), id="nobody asked before"),
        pytest.param("Bea", "Ben bestätigen", timedelta(), id="about somebody else"),
        pytest.param("Ben", "Ben bestätigen", timedelta(minutes=11), id="long ago"),
        pytest.param("Ben", "Ben", timedelta(), id="without the word"),
    ],
)
async def test_without_that_it_is_only_asked(first: str, second: str, later: timedelta, school: School) -> None:
    bot = Bot(school)
    if first:
        await bot.lock(first)
    bot.now += later
    assert (await bot.lock(second)).endswith("!sperren @ben bestätigen")
    assert school.homeserver.locked == {}


async def test_what_one_was_asked_another_does_not_confirm(school: School) -> None:
    bot = Bot(school)
    await bot.lock("Ben")
    assert "bestätigen" in await bot.lock("Ben bestätigen", DEPUTY)
    assert school.homeserver.locked == {}


@pytest.mark.parametrize("who", [IDA, BEN, GABI], ids=["a teacher", "a pupil", "a guardian"])
async def test_nobody_else_locks_or_unlocks(who: Person, school: School) -> None:
    bot = Bot(school)
    for _ in range(2):
        assert await bot.lock("Bea bestätigen", who) == GERMAN.say("lock.leadership_only")
    assert await bot.unlock("Bea", who) == GERMAN.say("lock.leadership_only")
    assert await desk(school).lock(who, BEA) is Locking.NOT_LEADERSHIP
    assert await desk(school).unlock(who, BEA) is Locking.NOT_LEADERSHIP
    assert not await school.listed(bot.lock_command, who)
    assert school.homeserver.locked == {}
    assert await school.logged() == []


async def test_it_is_offered_to_the_leadership(school: School) -> None:
    assert await school.listed(Bot(school).lock_command, HEAD)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        pytest.param("Head", "lock.oneself", id="oneself"),
        pytest.param("Otto", "lock.admin", id="who runs the server"),
    ],
)
async def test_these_are_locked_by_nobody(words: str, answer: str, school: School) -> None:
    bot = Bot(school)
    said = GERMAN.say(answer) if answer == "lock.oneself" else GERMAN.say(answer, name="Otto Groß")
    for more in ("", " bestätigen"):
        assert await bot.lock(words + more) == said
    whom = HEAD if words == "Head" else OTTO
    assert await desk(school).lock(HEAD, whom) in (Locking.ONESELF, Locking.ADMIN)
    assert school.homeserver.locked == {}


async def test_one_of_the_leadership_locks_another(school: School) -> None:
    assert await desk(school).lock(HEAD, DEPUTY) is Locking.DONE
    assert await desk(school).unlock(DEPUTY, DEPUTY) is Locking.ONESELF


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("", "So geht es: !sperren"),
        ("Groß", "kann mehrere meinen: "),
        ("Bem Gross", "Meinst du Ben Groß (@ben)"),
        ("Zzz", "Zzz finde ich nicht. Schreib bitte Vor- und Nachnamen"),
    ],
)
async def test_what_is_not_clear_is_asked_back(words: str, answer: str, school: School) -> None:
    assert answer in await Bot(school).lock(words)
    assert school.homeserver.locked == {}


async def test_an_account_is_opened_again(school: School) -> None:
    bot = Bot(school)
    await desk(school).lock(HEAD, BEN)
    assert await desk(school).is_locked(BEN)
    assert await bot.unlock("Ben") == GERMAN.say("unlock.done", name="Ben Groß")
    assert school.homeserver.locked == {BEN.user_id: False}
    assert not await desk(school).is_locked(BEN)
    assert await bot.unlock("Ben") == GERMAN.say("unlock.is_open", name="Ben Groß")
    assert [line[0] for line in await school.logged()] == ["account_locked", "account_unlocked"]


async def test_locking_twice_tells_the_homeserver_again_and_is_logged_once(school: School) -> None:
    bot = Bot(school)
    await desk(school).lock(HEAD, BEN)
    school.homeserver.locked.clear()
    await bot.lock("Ben")
    assert await bot.lock("Ben bestätigen") == GERMAN.say("lock.is_locked", name="Ben Groß")
    assert school.homeserver.locked == {BEN.user_id: True}
    assert len(await school.logged()) == 1


async def test_a_homeserver_that_is_busy_is_told_by_the_next_sync(school: School) -> None:
    school.homeserver.errors[BEN.user_id] = TryLaterError("HTTP 503")
    with pytest.raises(TryLaterError):
        await desk(school).lock(HEAD, BEN)
    assert await desk(school).is_locked(BEN)
    with pytest.raises(TryLaterError):
        await desk(school).unlock(HEAD, BEN)
    assert await desk(school).is_locked(BEN), "what the homeserver does not know stays"


async def test_no_account_is_made_by_locking_it(school: School) -> None:
    school.homeserver.errors[BEN.user_id] = NotThereError("HTTP 404", status=404)
    assert await desk(school).lock(HEAD, BEN) is Locking.DONE
    assert await desk(school).unlock(HEAD, BEN) is Locking.DONE
    assert school.homeserver.locked == {}


async def test_both_commands_are_explained(school: School) -> None:
    commands: list[Command] = [Bot(school).lock_command, Bot(school).unlock_command]
    assert [command.help for command in commands] == ["lock", "unlock"]
