"""What somebody has waiting: shown to them alone, by numbers that never mean another message, and taken back."""

import re
import time
from dataclasses import dataclass, field
from typing import Any

import pytest
from builders import BEN, BERLIN, GABI, IDA, OTTO, standing
from sqlalchemy.ext.asyncio import AsyncEngine
from test_edits_of_held import edits
from test_rest_queue import BUSY, KEYRING, OTHER_ROOM, ROOM, School, off

from appservice.bot.commands import Request
from appservice.bot.outbox_command import OutboxCommand
from appservice.desks.outbox import OutboxDesk
from appservice.held_words import HeldWords
from appservice.homeserver import TryLaterError
from appservice.school_view import SchoolView
from school.database.tables import HeldState
from school.domain.people import Person
from school.sealing import Keyring
from school.texts import Language, Texts

GERMAN = Texts(Language.GERMAN)
WAITING, WITHDRAWN, DELIVERED = HeldState.WAITING, HeldState.WITHDRAWN, HeldState.DELIVERED


@dataclass
class Bot:
    """`!ausgang` and `!zurück` beside a queue in which things wait."""

    school: School
    outbox: OutboxCommand = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self, keyring: Keyring = KEYRING) -> None:
        """The appservice starts (again)."""
        engine, homeserver = self.school.engine, self.school.homeserver
        server: Any = homeserver
        view = SchoolView(self.school.keeper, BERLIN)  # type: ignore[arg-type]
        desk = OutboxDesk(
            engine=engine,
            homeserver=server,
            view=view,
            words=HeldWords(engine=engine, homeserver=server, keyring=keyring),
            take_back=self.school.queue.take_back,
        )
        self.outbox = OutboxCommand(desk=desk, view=view)

    async def shows(self, who: Person = BEN, language: Language = Language.GERMAN) -> str:
        return await self.outbox.show(Request(person=who, words="", texts=Texts(language)))

    async def lines(self, who: Person = BEN) -> list[str]:
        """What is listed, each as its number, for whom and its words."""
        found = re.findall(
            r"^(\d+)\. an (.*?), geschrieben .*?, Zustellung .*?: (.*)$", await self.shows(who), re.MULTILINE
        )
        return ["|".join(parts) for parts in found]

    async def takes_back(self, words: str, who: Person = BEN) -> str:
        return await self.outbox.withdraw(Request(person=who, words=words, texts=GERMAN))

    def deleted(self) -> list[str]:
        return [event["event_id"] for event in self.school.homeserver.timeline if not event["content"]]


@pytest.fixture
async def school(engine: AsyncEngine) -> School:
    return School(engine)


@pytest.fixture
async def bot(school: School) -> Bot:
    return Bot(school)


# --- Showing ----------------------------------------------------------------------------------------------------


async def test_where_nothing_waits_there_is_nothing(bot: Bot) -> None:
    assert await bot.shows() == GERMAN.say("outbox.none")


async def test_ones_own_messages_are_shown_with_their_words_and_nobody_elses(school: School, bot: Bot) -> None:
    school.homeserver.people[OTHER_ROOM].add(BEN.user_id)
    await school.writes("krank")
    await school.writes("geheim", sender=GABI, room=OTHER_ROOM)
    await school.writes("und", room=OTHER_ROOM)
    assert await bot.lines() == ["1|Ida Groß|„krank“", "2|Otto Groß|„und“"]
    assert await bot.lines(GABI) == ["1|Otto Groß|„geheim“"]
    assert await bot.lines(IDA) == []


async def test_it_says_when_each_was_written_and_comes(school: School, bot: Bot) -> None:
    await school.writes("krank")
    assert re.search(
        r"^🌙 Das wartet:\n1\. an Ida Groß, geschrieben .*Uhr, Zustellung .*Uhr: „krank“\nZurücknehmen: !zurück 1, ",
        await bot.shows(),
    )
    english = await bot.shows(language=Language.ENGLISH)
    assert english.startswith("🌙 This is waiting:\n1. to Ida Groß, written ")
    assert ": “krank”\nTo take it back: !withdraw 1, " in english
    school.everybody_is_back()
    assert "1. an Ida Groß, geschrieben " in (soon := await bot.shows())
    assert "Zustellung gleich: " in soon
    school.keeper.standing = standing(rests={IDA: off(minutes=60 * 24 * 3650)})
    assert "Zustellung nach der Ruhezeit: " in await bot.shows()


async def test_what_a_colleague_waits_for_does_not_delay_what_waits_for_the_colleague(school: School, bot: Bot) -> None:
    school.homeserver.people[ROOM] = {IDA.user_id, OTTO.user_id}
    school.keeper.standing = standing(rests={IDA: off(), OTTO: off(minutes=60 * 24 * 3650)})
    await school.writes("an Otto", sender=IDA)
    await school.writes("an Ida", sender=OTTO)
    assert "Zustellung nach der Ruhezeit" in await bot.shows(IDA)
    assert "an Ida Groß, geschrieben" in (shown := await bot.shows(OTTO))
    assert "Zustellung nach der Ruhezeit" not in shown


async def test_the_newest_version_is_shown_once(school: School, bot: Bot) -> None:
    first = await school.writes("um 7")
    await school.writes("Danke")
    await edits(school, first, "um 8")
    await edits(school, first, "um 9")
    assert await bot.lines() == ["1|Ida Groß|„um 9“", "2|Ida Groß|„Danke“"]


async def test_a_change_of_what_was_delivered_is_told_as_one(school: School, bot: Bot) -> None:
    first = await school.writes("um 7")
    school.everybody_is_back()
    await school.queue.round()
    school.everybody_is_off()
    await edits(school, first, "um 8")
    assert await bot.lines() == ["1|Ida Groß|Änderung in „um 8“"]


async def test_what_was_deleted_in_the_room_is_not_shown_though_nobody_told_yet(school: School, bot: Bot) -> None:
    first = await school.writes("nein")
    await school.writes("ja")
    await school.homeserver.redact(ROOM, first, txn_id="x", as_user=BEN.user_id)
    assert await bot.lines() == ["1|Ida Groß|„ja“"]


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ({"msgtype": "m.image", "body": "foto.jpg", "url": "mxc://x/y"}, "📎 foto.jpg"),
        ({"msgtype": "m.file", "body": "a.pdf", "filename": "a.pdf"}, "📎 a.pdf"),
        ({"msgtype": "m.image", "body": "Das Heft", "filename": "foto.jpg"}, "📎 foto.jpg – Das Heft"),
        ({"body": "zwei\n\n  Zeilen"}, "„zwei Zeilen“"),
        ({"body": "x" * 500}, f"„{'x' * 119}…“"),
        ({"body": 5}, "„“"),
        (
            {"body": "> <@ida:x> Wann?\n> Wo?\n\num 8", "m.relates_to": {"m.in_reply_to": {"event_id": "$a"}}},
            "„um 8“",
        ),
        ({"body": "> zitiert\n\nohne Antwort"}, "„> zitiert ohne Antwort“"),
    ],
)
async def test_how_messages_are_shown(school: School, bot: Bot, content: dict[str, Any], shown: str) -> None:
    await school.writes("", content=content)
    assert await bot.lines() == [f"1|Ida Groß|{shown}"]


async def test_a_seal_that_does_not_open_now_is_shown_as_such_and_can_be_taken_back(school: School, bot: Bot) -> None:
    held = await school.writes("krank")
    bot.start(Keyring([b"x" * 32]))
    assert await bot.lines() == [f"1|Ida Groß|{GERMAN.say('outbox.closed')}"]
    assert await bot.takes_back("1") == GERMAN.say("withdraw.done", numbers="1")
    assert bot.deleted() == [held]


async def test_many_people_are_not_all_named(school: School, bot: Bot) -> None:
    extra = [
        Person(id=f"p{n}", user_id=f"@t{n}:school.test", given_name=f"T{n}", family_name="X", role=IDA.role)
        for n in range(4)
    ]  # type: ignore[arg-type]
    school.homeserver.people[ROOM] |= {person.user_id for person in extra}
    everybody = (IDA, BEN, GABI, OTTO, *extra)
    school.keeper.standing = standing(people=everybody, rests=dict.fromkeys((IDA, *extra), off()))
    await school.writes("krank")
    assert await bot.lines() == ["1|Ida Groß, T0 X, T1 X und 2 weitere|„krank“"]


async def test_only_the_newest_of_many_are_shown(school: School, bot: Bot) -> None:
    for number in range(33):
        await school.writes(f"Nachricht {number}")
    shown = await bot.shows()
    assert "(… davor 3 ältere)\n1. an Ida Groß" in shown
    assert "Nachricht 2“" not in shown
    assert "30. an Ida Groß" in shown
    assert len(shown.encode()) < 20_000


async def test_a_room_that_everybody_has_left(school: School, bot: Bot) -> None:
    await school.writes("krank")
    school.homeserver.people[ROOM] = {BEN.user_id}
    assert await bot.lines() == [f"1|{GERMAN.say('outbox.nobody')}|„krank“"]


async def test_what_the_homeserver_cannot_say_now_is_no_answer(
    school: School, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    await school.writes("krank")

    async def busy(*_: object, **__: object) -> None:
        raise BUSY

    monkeypatch.setattr(school.homeserver, "event", busy)
    with pytest.raises(TryLaterError):
        await bot.shows()


# --- Taking back ------------------------------------------------------------------------------------------------


async def test_what_is_taken_back_is_gone_as_if_its_notice_had_been_deleted(school: School, bot: Bot) -> None:
    first, second = await school.writes("nein"), await school.writes("ja")
    await bot.shows()
    assert await bot.takes_back("1") == "Zurückgenommen: 1. Niemand wird es lesen."
    assert bot.deleted() == [first]
    assert await school.states() == [WITHDRAWN, WAITING]
    await school.queue.take_back(first, int(time.time() * 1000))  # the deletion is heard of as an event, too
    school.everybody_is_back()
    await school.queue.round()
    assert school.delivered() == ["ja"]
    assert await school.states() == [WITHDRAWN, DELIVERED]
    assert second not in bot.deleted()


@pytest.mark.parametrize("words", ["1 3", "1, 3", "3 und 1", "1;3", "#1 and 3.", "1 1 3"])
async def test_several_at_once(school: School, bot: Bot, words: str) -> None:
    for body in ("a", "b", "c"):
        await school.writes(body)
    await bot.shows()
    assert "Zurückgenommen: " in await bot.takes_back(words)
    assert await school.states() == [WITHDRAWN, WAITING, WITHDRAWN]


@pytest.mark.parametrize("words", ["", "alle", "zwei", "1-3", "-1", "1.5x", "1 aber nicht 2", "9" * 7])
async def test_what_is_no_number_changes_nothing(school: School, bot: Bot, words: str) -> None:
    await school.writes("a")
    await bot.shows()
    assert await bot.takes_back(words) == GERMAN.say("withdraw.how")
    assert await school.states() == [WAITING]


@pytest.mark.parametrize("words", ["2", "0", "1 2"])
async def test_a_number_that_was_not_shown_changes_nothing(school: School, bot: Bot, words: str) -> None:
    await school.writes("a")
    await bot.shows()
    assert "nicht gezeigt" in await bot.takes_back(words)
    assert await school.states() == [WAITING]


async def test_nobody_takes_back_what_others_were_shown(school: School, bot: Bot) -> None:
    await school.writes("a")
    await bot.shows()
    assert "nicht gezeigt" in await bot.takes_back("1", who=GABI)
    assert await school.states() == [WAITING]


async def test_after_a_restart_nothing_was_shown(school: School, bot: Bot) -> None:
    await school.writes("a")
    await bot.shows()
    bot.start()
    assert "Schreib bitte erst !ausgang" in await bot.takes_back("1")
    assert await school.states() == [WAITING]


async def test_a_number_means_what_it_was_shown_for_whatever_happens_meanwhile(school: School, bot: Bot) -> None:
    first = await school.writes("a")
    for body in ("b", "c"):
        await school.writes(body)
    assert await bot.lines() == ["1|Ida Groß|„a“", "2|Ida Groß|„b“", "3|Ida Groß|„c“"]
    await school.queue.take_back(first, int(time.time() * 1000))
    await school.writes("d")
    await bot.takes_back("2")
    assert await school.states() == [WITHDRAWN, WITHDRAWN, WAITING, WAITING]
    assert await bot.lines() == ["3|Ida Groß|„c“", "4|Ida Groß|„d“"], "the numbers stay"
    assert await bot.takes_back("1 2") == "Wartet nicht mehr: 1, 2."
    await bot.takes_back("3, 4")
    assert await bot.shows() == GERMAN.say("outbox.none")
    await school.writes("e")
    assert await bot.lines() == ["1|Ida Groß|„e“"], "and begin anew when nothing of what was shown waits"


async def test_what_was_delivered_meanwhile_is_told_and_stays(school: School, bot: Bot) -> None:
    held = await school.writes("a")
    await bot.shows()
    school.everybody_is_back()
    await school.queue.round()
    assert await bot.takes_back("1") == "Schon zugestellt: 1. Im Gespräch kannst du es löschen."
    assert school.delivered() == ["a"]
    assert held not in bot.deleted()


async def test_the_edits_go_with_the_message(school: School, bot: Bot) -> None:
    first = await school.writes("um 7")
    second = await edits(school, first, "um 8")
    await bot.shows()
    await bot.takes_back("1")
    assert bot.deleted() == [first, second]
    assert await school.states() == [WITHDRAWN, WITHDRAWN]
    school.everybody_is_back()
    await school.queue.round()
    assert school.delivered() == []


async def test_a_change_alone_can_be_taken_back(school: School, bot: Bot) -> None:
    first = await school.writes("um 7")
    school.everybody_is_back()
    await school.queue.round()
    school.everybody_is_off()
    await edits(school, first, "um 8")
    await bot.shows()
    await bot.takes_back("1")
    school.everybody_is_back()
    await school.queue.round()
    assert school.delivered() == ["um 7"]


async def test_who_has_left_the_room_takes_back_as_well(school: School, bot: Bot) -> None:
    await school.writes("a")
    await bot.shows()
    school.homeserver.people[ROOM].discard(BEN.user_id)
    assert "Zurückgenommen" in await bot.takes_back("1")
    assert await school.states() == [WITHDRAWN]


async def test_what_is_taken_back_while_it_is_being_sent_does_not_stay(
    school: School, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = await school.writes("a")
    await bot.shows()
    send = school.homeserver.send

    async def send_and_be_interrupted(*what: Any, **how: Any) -> str:
        sent = await send(*what, **how)
        if how["txn_id"].startswith("delivery"):
            assert await bot.takes_back("1") == "Zurückgenommen: 1. Niemand wird es lesen."
        return sent

    monkeypatch.setattr(school.homeserver, "send", send_and_be_interrupted)
    school.everybody_is_back()
    await school.queue.round()
    assert school.delivered() == []
    assert await school.states() == [WITHDRAWN]
    assert bot.deleted() == [held, school.homeserver.timeline[-1]["event_id"]]
