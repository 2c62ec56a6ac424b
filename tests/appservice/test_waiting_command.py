"""What a teacher is told of what waits for them: how much, from whom, since when, and never a word of it."""

import re
from dataclasses import dataclass, replace
from typing import Any

import pytest
from builders import BEA, BEN, BERLIN, EVERYBODY, GABI, IDA, OTTO, standing
from sqlalchemy.ext.asyncio import AsyncEngine
from test_edits_of_held import edits
from test_rest_queue import KEYRING, OTHER_ROOM, ROOM, School, off

from appservice.bot.commands import Request
from appservice.bot.waiting_command import WaitingCommand
from appservice.desks.incoming import IncomingDesk
from appservice.held_words import HeldWords
from appservice.school_view import SchoolView
from school.domain.people import Person
from school.texts import Language, Texts

GERMAN = Texts(Language.GERMAN)


@dataclass
class Bot:
    """`!wartend` beside a queue in which things wait."""

    school: School

    async def asked(self, who: Person = IDA, language: Language = Language.GERMAN) -> str:
        engine = self.school.engine
        server: Any = self.school.homeserver
        view = SchoolView(self.school.keeper, BERLIN)  # type: ignore[arg-type]
        words = HeldWords(engine=engine, homeserver=server, keyring=KEYRING)
        desk = IncomingDesk(engine=engine, homeserver=server, view=view, words=words)
        command = WaitingCommand(desk=desk, view=view)
        return await command.run(Request(person=who, words="", texts=Texts(language)))


@pytest.fixture
async def school(engine: AsyncEngine) -> School:
    return School(engine)


@pytest.fixture
async def bot(school: School) -> Bot:
    return Bot(school)


async def test_where_nothing_waits_there_is_nothing(bot: Bot) -> None:
    assert await bot.asked() == GERMAN.say("waiting.none")


@pytest.mark.parametrize("who", [BEN, GABI])
async def test_for_people_without_rest_nothing_waits(bot: Bot, who: Person) -> None:
    assert await bot.asked(who) == GERMAN.say("waiting.teachers_only")


async def test_one_message(school: School, bot: Bot) -> None:
    await school.writes("geheim")
    assert re.fullmatch(
        r"🌙 Auf dich wartet 1 Nachricht:\n• 1 von Ben Groß, seit .*\d+:\d\d Uhr\nDie nächste kommt .*\d+:\d\d Uhr\.",
        await bot.asked(),
    )
    english = await bot.asked(language=Language.ENGLISH)
    assert english.startswith("🌙 1 message waits for you:\n• 1 from Ben Groß, since ")


async def test_several_are_counted_by_sender_without_a_word_of_them(school: School, bot: Bot) -> None:
    school.homeserver.people[ROOM] |= {GABI.user_id, BEA.user_id}
    for sender in (GABI, BEN, GABI):
        await school.writes("geheim", sender=sender)
    told = await bot.asked()
    head, first, second, _ = told.split("\n")
    assert head == "🌙 Auf dich warten 3 Nachrichten:"
    assert first.startswith("• 2 von Gabi Groß, seit ")
    assert second.startswith("• 1 von Ben Groß, seit ")
    assert "geheim" not in told


async def test_only_what_waits_for_oneself_counts(school: School, bot: Bot) -> None:
    await school.writes("an Otto", sender=GABI, room=OTHER_ROOM)
    assert await bot.asked() == GERMAN.say("waiting.none")
    assert (await bot.asked(OTTO)).startswith(GERMAN.say("waiting.one"))
    school.homeserver.people[ROOM].add(OTTO.user_id)
    await school.writes("von Otto", sender=OTTO)
    assert (await bot.asked(OTTO)).startswith(GERMAN.say("waiting.one")), "one's own does not wait for oneself"


async def test_an_edit_is_no_message_of_its_own(school: School, bot: Bot) -> None:
    first = await school.writes("um 7")
    await edits(school, first, "um 8")
    assert (await bot.asked()).startswith(GERMAN.say("waiting.one"))


async def test_what_somebody_wrote_who_has_left_the_school_is_not_told(school: School, bot: Bot) -> None:
    await school.writes("geheim")
    rests = {IDA: off()}
    school.keeper.standing = standing(people=[person for person in EVERYBODY if person != BEN], rests=rests)
    assert await bot.asked() == GERMAN.say("waiting.none")


async def test_when_it_comes(school: School, bot: Bot) -> None:
    await school.writes("geheim")
    school.keeper.standing = standing(rests={IDA: off(minutes=60 * 24 * 3650)})
    assert (await bot.asked()).endswith(GERMAN.say("waiting.next.after_rest"))
    school.everybody_is_back()
    assert (await bot.asked()).endswith(GERMAN.say("waiting.next.soon"))


async def test_many_senders_are_not_all_named(school: School, bot: Bot) -> None:
    crowd = [replace(BEN, id=f"p{n}", user_id=f"@p{n}:school.test", given_name=f"P{n}") for n in range(25)]  # type: ignore[arg-type]
    school.homeserver.people[ROOM] |= {person.user_id for person in crowd}
    school.keeper.standing = standing(people=[*EVERYBODY, *crowd], rests={IDA: off()})
    for person in crowd:
        await school.writes("geheim", sender=person)
    lines = (await bot.asked()).split("\n")
    assert lines[0] == "🌙 Auf dich warten 25 Nachrichten:"
    assert lines[-2] == "… und von 5 weiteren Personen"
    assert len(lines) == 23
