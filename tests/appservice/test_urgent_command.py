"""Urgent messages: by the leadership only, with a reason, not too many, logged, and signed for nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from builders import BEN, BERLIN, EVENING, GABI, GERD, IDA, OTTO, ZOE, person, standing
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from test_rest_queue import FakeKeeper

from appservice.bot.commands import Request
from appservice.bot.offers import Asker
from appservice.bot.urgent_command import UrgentCommand
from appservice.desks.urgent import UrgentDesk
from appservice.homeserver import HomeserverError, RefusedError, TryLaterError
from appservice.school_view import SchoolView
from school.database.tables import audit_log
from school.domain.people import TEACHER, Person, UserId
from school.sealing import SIGNED_KEY, URGENT_KEY, Binding, Keyring, Purpose
from school.texts import Language, Texts

GERMAN = Texts(Language.GERMAN)
KEYRING = Keyring([b"k" * 32])
HEAD = replace(person("hedwig", TEACHER), leadership=True, family_name="Amt")
LANGE = replace(person("lange", TEACHER), given_name="Ben", family_name="Lange")
CHLOE = replace(person("chloe", TEACHER), given_name="Chloé", family_name="Lange")
PEOPLE = (HEAD, IDA, OTTO, LANGE, CHLOE, BEN, GABI, GERD, ZOE)
ROOM = "!hedwig-ida"
GOOD = "Ida Groß (Rohrbruch): Bitte komm erst um 10."


@dataclass
class FakeHomeserver:
    """One direct room for every two people; what was sent into them."""

    sent: list[tuple[str, dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    trouble: HomeserverError | None = None
    no_room: HomeserverError | None = None

    async def between(self, one: UserId, other: UserId) -> str:
        if self.no_room is not None:
            raise self.no_room
        return f"!{one[1:].partition(':')[0]}-{other[1:].partition(':')[0]}"

    async def send(self, room_id: str, event_type: str, content: Mapping[str, Any], **how: Any) -> str:
        if self.trouble is not None:
            raise self.trouble
        self.sent.append((room_id, dict(content), how | {"type": event_type}))
        return "$sent"


@dataclass
class Bot:
    """`!dringend` at a school."""

    engine: AsyncEngine
    homeserver: FakeHomeserver = field(default_factory=FakeHomeserver)
    keeper: FakeKeeper = field(default_factory=FakeKeeper)
    per_day: int = 3
    language: Language = Language.GERMAN
    now = EVENING

    def __post_init__(self) -> None:
        self.keeper.standing = standing(people=PEOPLE)

    async def asked(
        self, words: str, who: Person = HEAD, language: Language = Language.GERMAN, event_id: str = ""
    ) -> str:
        return await self.command().run(Request(person=who, words=words, texts=Texts(language), event_id=event_id))

    def command(self) -> UrgentCommand:
        server: Any = self.homeserver
        desk = UrgentDesk(
            engine=self.engine,
            homeserver=server,
            view=SchoolView(self.keeper, BERLIN),  # type: ignore[arg-type]
            direct_rooms=server,
            keyring=KEYRING,
            texts=Texts(self.language),
            per_day=self.per_day,
            clock=lambda: self.now,
        )
        return UrgentCommand(desk=desk)

    async def logged(self) -> list[tuple[str, str, str, str, Any]]:
        async with self.engine.connect() as connection:
            rows = await connection.execute(select(audit_log).order_by(audit_log.c.id))
            return [(row.action, row.actor, row.target, row.by_right, row.details) for row in rows]


@pytest.fixture
async def bot(engine: AsyncEngine) -> Bot:
    return Bot(engine)


async def nothing_happened(bot: Bot) -> bool:
    return bot.homeserver.sent == [] and await bot.logged() == []


# --- Sending ----------------------------------------------------------------------------------------------------


async def test_the_leadership_sends_past_a_rest(bot: Bot) -> None:
    answer = await bot.asked(GOOD)
    assert answer == GERMAN.say("urgent.sent", name="Ida Groß", left=2)
    [(room_id, content, how)] = bot.homeserver.sent
    assert (room_id, how["as_user"], how["type"]) == (ROOM, HEAD.user_id, "m.room.message")
    assert content["msgtype"] == "m.text"
    assert content["body"] == "❗ Dringend (Rohrbruch): Bitte komm erst um 10."
    assert content[URGENT_KEY] is True
    assert content["m.mentions"] == {"user_ids": [IDA.user_id]}


async def test_it_is_signed_as_urgent_and_as_nothing_else(bot: Bot) -> None:
    await bot.asked(GOOD)
    [(_, content, how)] = bot.homeserver.sent
    ts = how["origin_server_ts"]
    binding = Binding(room_id=ROOM, sender=HEAD.user_id, event_type="m.room.message", origin_server_ts=ts)
    assert KEYRING.verify(content, binding, now_ms=ts) is Purpose.URGENT
    assert content[SIGNED_KEY]["held"] == "", "it speaks of no held message, so it is taken for the delivery of none"


async def test_one_request_is_one_message_even_if_the_appservice_is_told_of_it_twice(bot: Bot) -> None:
    for event_id in ("$a", "$a", "$b", "", ""):
        bot.per_day = 9
        await bot.asked(GOOD, event_id=event_id)
    transactions = [how["txn_id"] for _, _, how in bot.homeserver.sent]
    assert len(set(transactions)) == 4
    assert transactions[0] == transactions[1]
    assert all(HEAD.user_id in txn_id for txn_id in transactions), "the homeserver does not tell users apart"


async def test_who_and_to_whom_is_logged_and_neither_reason_nor_words(bot: Bot) -> None:
    await bot.asked(GOOD)
    assert await bot.logged() == [("urgent_sent", HEAD.id, IDA.id, "leadership", {"reason_given": True})]


async def test_the_recipient_reads_the_language_of_the_school(bot: Bot) -> None:
    bot.language = Language.ENGLISH
    assert (await bot.asked(GOOD)).startswith("❗ Gesendet an Ida Groß")
    assert bot.homeserver.sent[0][1]["body"] == "❗ Urgent (Rohrbruch): Bitte komm erst um 10."


@pytest.mark.parametrize(
    ("words", "whom"),
    [
        ("Frau Ida Groß (Rohrbruch): Text", IDA),
        ("Gross, Ida  ( Rohrbruch ) :Text", IDA),
        ("@ida (Rohrbruch): Text", IDA),
        ("@ida:school.test (Rohrbruch): Text", IDA),
        ("Ben Lange (@lange) (Rohrbruch): Text", LANGE),
        ("Chloe Lange(Rohrbruch):\nText", CHLOE),
    ],
)
async def test_names_are_read_kindly(bot: Bot, words: str, whom: Person) -> None:
    assert whom.display_name in await bot.asked(words)
    [(room_id, content, _)] = bot.homeserver.sent
    assert room_id == f"!hedwig-{whom.user_id[1:].partition(':')[0]}"
    assert content["body"] == "❗ Dringend (Rohrbruch): Text"


async def test_the_text_may_hold_whatever_it_likes(bot: Bot) -> None:
    await bot.asked("Ida (Rohrbruch, Keller): Um 10: Raum (2) bzw. {x}\n\nDanke!")
    assert bot.homeserver.sent[0][1]["body"] == "❗ Dringend (Rohrbruch, Keller): Um 10: Raum (2) bzw. {x}\n\nDanke!"


async def test_it_is_offered_to_the_leadership_where_the_school_has_it(bot: Bot) -> None:
    offered = bot.command().command().offered
    school = standing(people=PEOPLE)
    assert [one for one in PEOPLE if offered(Asker(person=one, standing=school))] == [HEAD]
    bot.per_day = 0
    assert not bot.command().command().offered(Asker(person=HEAD, standing=school))


# --- Not sending ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", [IDA, OTTO, BEN, GABI, ZOE], ids=lambda who: who.role)
async def test_nobody_else_sends_urgently(bot: Bot, who: Person) -> None:
    for words in (GOOD, "", "Ida: Text"):
        assert await bot.asked(words, who) == GERMAN.say("urgent.leadership_only")
    assert await nothing_happened(bot)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("", GERMAN.say("urgent.how")),
        ("Ida Groß", GERMAN.say("urgent.how")),
        ("Ida Groß (Rohrbruch)", GERMAN.say("urgent.how")),
        ("Ida Groß (Rohrbruch):", GERMAN.say("urgent.how")),
        ("Ida Groß (Rohrbruch): \n ", GERMAN.say("urgent.how")),
        (": Text", GERMAN.say("urgent.how")),
        ("(Rohrbruch): Text", GERMAN.say("urgent.how")),
        ("Ida Groß (Rohrbruch) Text", GERMAN.say("urgent.how")),
        ("Ida Groß: Text", GERMAN.say("urgent.reason_missing")),
        ("Ida Groß (): Text", GERMAN.say("urgent.reason_missing")),
        ("Ida Groß (-): Text", GERMAN.say("urgent.reason_missing")),
        ("Ida Groß (  ! ): Text", GERMAN.say("urgent.reason_missing")),
        (f"Ida Groß ({'x' * 101}): Text", GERMAN.say("urgent.too_long", reason=100, text=4000)),
        (f"Ida Groß (Rohrbruch): {'x' * 4001}", GERMAN.say("urgent.too_long", reason=100, text=4000)),
        ("Frau Lange (Rohrbruch): Text", None),
        ("Otto Gros (Rohrbruch): Text", GERMAN.say("urgent.near", name="Otto Gros", near="Otto Groß")),
        ("Frau Xyz (Rohrbruch): Text", GERMAN.say("urgent.unknown", name="Frau Xyz")),
        ("Gabi Groß (Rohrbruch): Text", None),
        ("Hedwig Amt (Rohrbruch): Text", GERMAN.say("urgent.to_oneself")),
    ],
)
async def test_what_is_not_clear_is_asked_about_and_sends_nothing(bot: Bot, words: str, answer: str | None) -> None:
    said = await bot.asked(words)
    assert said == answer if answer else "esendet ist nichts" in said
    assert await nothing_happened(bot)


async def test_a_name_of_several_is_asked_back(bot: Bot) -> None:
    answer = await bot.asked("Frau Lange (Rohrbruch): Text")
    assert answer == GERMAN.say("urgent.several", names="Ben Lange (@lange), Chloé Lange (@chloe)")


async def test_so_many_in_a_day_and_no_more(bot: Bot) -> None:
    for left in (2, 1, 0):
        assert await bot.asked(GOOD) == GERMAN.say("urgent.sent", name="Ida Groß", left=left)
        bot.now += timedelta(hours=1)
    assert await bot.asked(GOOD) == GERMAN.say("urgent.too_many", number=3)
    assert len(bot.homeserver.sent) == len(await bot.logged()) == 3
    bot.now += timedelta(hours=21, seconds=1)
    assert "noch 0" in await bot.asked(GOOD), "the first is a day ago"


async def test_a_colleague_of_the_leadership_counts_alone(bot: Bot) -> None:
    deputy = replace(OTTO, leadership=True)
    bot.keeper.standing = standing(people=[*PEOPLE[:2], deputy])
    for _ in range(3):
        await bot.asked(GOOD)
    assert "noch 2" in await bot.asked(GOOD, deputy)


async def test_a_school_can_switch_it_off(bot: Bot) -> None:
    bot.per_day = 0
    assert await bot.asked(GOOD) == GERMAN.say("urgent.not_here")
    assert await bot.asked(GOOD, IDA) == GERMAN.say("urgent.leadership_only")
    assert await nothing_happened(bot)


async def test_who_may_not_write_to_somebody_may_not_urgently_either(bot: Bot) -> None:
    bot.homeserver.no_room = RefusedError("HTTP 403: Nein.", words="Nein.")
    assert await bot.asked(GOOD) == GERMAN.say("urgent.refused", name="Ida Groß", why="Nein.")
    assert await nothing_happened(bot)


async def test_what_the_module_refuses_is_told(bot: Bot) -> None:
    bot.homeserver.trouble = RefusedError("HTTP 403: Nein.", words="Nein.")
    assert await bot.asked(GOOD) == GERMAN.say("urgent.refused", name="Ida Groß", why="Nein.")
    assert len(await bot.logged()) == 1, "it was logged before it was tried"


async def test_where_it_is_not_certain_that_it_came_the_leader_is_told_to_look(bot: Bot) -> None:
    bot.homeserver.trouble = TryLaterError("HTTP 503")
    assert await bot.asked(GOOD) == GERMAN.say("urgent.uncertain", name="Ida Groß")


async def test_without_a_room_it_is_tried_again(bot: Bot) -> None:
    bot.homeserver.no_room = TryLaterError("HTTP 503")
    with pytest.raises(TryLaterError):
        await bot.asked(GOOD)
    assert await nothing_happened(bot)
