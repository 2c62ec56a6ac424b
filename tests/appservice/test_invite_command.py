"""`!einladen`: whole groups into chats, by whoever may, each person decided on their own."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from a_school import ENGLISH, GERMAN, HEAD, School, a_school
from builders import BEA, BEN, CARL, GABI, GERD, HANNA, IDA, NOON, OTTO, person
from some_chats import FakeChats
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.commands import Request
from appservice.bot.in_rooms import RoomRequest
from appservice.bot.invite_command import InviteCommand
from appservice.chats import Chats
from appservice.desks.invitations import InvitationsDesk
from appservice.homeserver import RefusedError, TryLaterError
from appservice.inviting import Inviting
from school.database.guest_lists import GuestList, read_guest_lists
from school.database.rests import set_absence
from school.database.tables import audit_log
from school.domain.decisions import Reason
from school.domain.groups import GroupId
from school.domain.intervals import Span
from school.domain.people import GUARDIAN, STUDENT, Person
from school.domain.rooms import RoomKind, RoomStamp
from school.texts import Texts

CLASS = GroupId("5a")
MANY = [person(f"kind{number:02}", STUDENT, "6b") for number in range(25)]
COUNCIL = person("council", GUARDIAN, "parents-5a", "parents-6b")
CONFIG = f"rights: {{persons: {{{COUNCIL.id}: {{invite_groups: true}}}}}}\n"
BEES = "!bees"


@dataclass
class Bot:
    """The command in a school of two classes, with a chat of Ida's."""

    school: School
    server: FakeChats
    now: datetime = NOON
    shown: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        stamps, clock = self.school.homeserver, lambda: self.now
        chats = Chats(homeserver=self.school.homeserver, stamps=stamps)
        inviting = Inviting(
            homeserver=self.school.homeserver, view=self.school.view, colleagues_pass=False, clock=clock, pause=0
        )
        desk = InvitationsDesk(
            engine=self.school.engine, chats=chats, inviting=inviting, view=self.school.view, clock=clock
        )
        self.command = InviteCommand(desk=desk, view=self.school.view)

    async def told(self, words: str, who: Person = IDA, texts: Texts = GERMAN) -> str:
        async def show(text: str) -> None:
            self.shown.append(text)

        return str(await self.command.run(Request(person=who, words=words, texts=texts, show=show)))

    async def written(self, words: str, who: Person = IDA, room: str = BEES, kind: RoomKind = RoomKind.CHAT) -> str:
        """The answer to the command in a room."""
        stamp = RoomStamp(kind=kind, group=CLASS if kind is RoomKind.GROUP else None)
        request = RoomRequest(person=who, room_id=room, stamp=stamp, words=words, texts=GERMAN)
        return await self.command.in_room().answer(request)

    def invited(self, room: str = BEES) -> set[str]:
        return self.server.invited[room] - self.server.joined[room]

    async def lists(self) -> list[GuestList]:
        async with self.school.engine.connect() as connection:
            return list(await read_guest_lists(connection))

    async def details(self) -> list[dict[str, object]]:
        async with self.school.engine.connect() as connection:
            return list(await connection.scalars(select(audit_log.c.details).order_by(audit_log.c.id)))


def ids(*people: Person) -> set[str]:
    return {one.user_id for one in people}


@pytest.fixture
async def bot(database: Path, engine: AsyncEngine) -> AsyncIterator[Bot]:
    async with a_school(database, engine, config=CONFIG, more=[*MANY, COUNCIL]) as school:
        server = school.homeserver = FakeChats(**vars(school.homeserver))
        server.chat(BEES, "Projekt Bienen", IDA, BEN)
        yield Bot(school, server)


# --- By whom ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["", "Klasse 5a in Projekt Bienen", "Klasse 5a in Projekt Bienen aktuell aus"])
@pytest.mark.parametrize("who", [BEN, GABI], ids=["a pupil", "a guardian"])
async def test_who_may_not_invite_groups_is_told_so(who: Person, words: str, bot: Bot) -> None:
    bot.server.chat("!own", "Eltern", GABI)
    assert await bot.told(words, who) == GERMAN.refusal(Reason.NO_GROUP_INVITATIONS)
    assert await bot.written("Klasse 5a", who, "!own") == GERMAN.refusal(Reason.NO_GROUP_INVITATIONS)
    assert bot.server.asked == []


async def test_a_teacher_invites_in_their_own_name(bot: Bot) -> None:
    assert await bot.told("Klasse 5a in Projekt Bienen") == (
        "✅ Klasse 5a, neu eingeladen: 1\n• schon da oder eingeladen: 1"
    )
    assert bot.server.asked == [("invite", BEES, BEA.user_id, IDA.user_id)]
    assert await bot.school.logged() == [("group_invited", IDA.id, BEES, "default:teacher:invite_groups")]
    assert await bot.details() == [{"groups": ["5a"], "invited": [BEA.id]}]


async def test_a_moderator_does_so_as_well_and_other_members_do_not(bot: Bot) -> None:
    bot.server.chat("!led", "Imker", HEAD, IDA, moderators=(OTTO,))
    assert "neu eingeladen: 2" in await bot.told("Klasse 5a in Imker", OTTO)
    bot.server.asked.clear()
    assert await bot.told("Klasse 6b in Imker") == GERMAN.say(
        "invite.no_such_room", name="Imker", rooms="Projekt Bienen"
    )
    assert await bot.written("Klasse 6b", IDA, "!led") == GERMAN.say("invite.not_yours")
    assert bot.server.asked == []


async def test_who_is_only_invited_or_has_left_invites_nobody(bot: Bot) -> None:
    bot.server.joined[BEES].remove(IDA.user_id)
    assert await bot.written("Klasse 5a") == GERMAN.say("invite.not_yours")
    bot.server.invited[BEES].add(IDA.user_id)
    assert await bot.written("Klasse 5a") == GERMAN.say("invite.not_yours")
    assert bot.server.asked == []


# --- Where ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["Klasse 5a", "5a", "Klase 5a"])
async def test_in_the_room_itself_it_needs_no_name(words: str, bot: Bot) -> None:
    assert (await bot.written(words)).startswith("✅ Klasse 5a, neu eingeladen: 1")
    assert bot.invited() == ids(BEA)


@pytest.mark.parametrize(
    "words",
    [
        "5a in projekt-bienen",
        "5a in Bienen",
        "5a in den Projekt Beinen",
        "Klasse 5a  in  PROJEKT BIENEN",
        "5a into bienen",
    ],
)
async def test_the_room_is_found_by_a_name_as_people_write_it(words: str, bot: Bot) -> None:
    bot.server.chat("!other", "Klassenfahrt", IDA)
    assert (await bot.told(words)).startswith("✅ Klasse 5a, neu eingeladen: 1")
    assert bot.invited() == ids(BEA)


async def test_of_two_rooms_with_one_name_none_is_taken(bot: Bot) -> None:
    bot.server.chat("!other", "Projekt Bienen", IDA)
    assert await bot.told("5a in Bienen") == GERMAN.say("invite.several_rooms", name="Bienen", group="Klasse 5a")
    assert bot.server.asked == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("Klasse 5a", GERMAN.say("invite.which_room", group="Klasse 5a")),
        ("Klasse 5a in Xylophon", GERMAN.say("invite.no_such_room", name="Xylophon", rooms="Projekt Bienen")),
        ("Klasse 7x in Projekt Bienen", None),
        ("Klasse in Projekt Bienen", None),
        ("Xylophon in Projekt Bienen", GERMAN.say("groups.unknown", name="Xylophon")),
    ],
)
async def test_nothing_is_done_where_group_or_room_is_not_clear(words: str, said: str | None, bot: Bot) -> None:
    answer = await bot.told(words)
    assert answer == said if said else "✅" not in answer
    assert bot.server.asked == []


async def test_a_teacher_without_a_room_is_told_to_make_one(bot: Bot) -> None:
    assert await bot.told("5a in Bienen", OTTO) == GERMAN.say("invite.no_rooms")


@pytest.mark.parametrize("kind", [RoomKind.GROUP, RoomKind.DIRECT])
async def test_other_rooms_invite_nobody(kind: RoomKind, bot: Bot) -> None:
    assert await bot.written("Klasse 5a", kind=kind) == GERMAN.say("invite.not_here")
    assert bot.server.asked == []


# --- Whom -------------------------------------------------------------------------------------------------------


async def test_several_groups_are_invited_at_once_and_nobody_twice(bot: Bot) -> None:
    assert (await bot.told("Klasse 5a und Eltern 5a, 5a in Bienen")).startswith(
        "✅ Klasse 5a, Eltern Klasse 5a, neu eingeladen: 4"
    )
    assert bot.invited() == ids(BEA, GABI, GERD, COUNCIL)


async def test_whoever_may_not_come_in_is_not_asked_for_and_named(bot: Bot) -> None:
    bot.server.chat("!council", "Beirat", COUNCIL, GABI)
    assert await bot.told("Eltern Klasse 6b in Beirat", COUNCIL) == (
        "✅ Eltern Klasse 6b, neu eingeladen: 0\n"
        f"• nicht eingeladen: Hanna Groß. {GERMAN.refusal(Reason.WOULD_BRIDGE_GROUPS)}"
    )
    assert bot.server.asked == []
    assert (await bot.told("Eltern Klasse 5a in Beirat", COUNCIL)).startswith("✅ Eltern Klasse 5a, neu eingeladen: 1")


async def test_whose_client_refuses_invitations_is_named(bot: Bot) -> None:
    bot.server.refusing[BEA.user_id] = RefusedError("HTTP 403: blocks invitations", status=403)
    assert f"• nicht eingeladen: Bea Groß. {GERMAN.refusal(Reason.INVITATIONS_BLOCKED)}" in await bot.told(
        "5a in Bienen"
    )


async def test_in_the_room_nobody_is_named(bot: Bot) -> None:
    bot.server.refusing[BEA.user_id] = RefusedError("HTTP 403: blocks invitations", status=403)
    answer = await bot.written("Klasse 5a")
    assert "Bea" not in answer
    assert "nicht eingeladen: 1." in answer


async def test_a_homeserver_that_is_busy_is_asked_again(bot: Bot) -> None:
    bot.server.refusing[BEA.user_id] = TryLaterError("HTTP 429", status=429)
    assert "• hat gerade nicht geklappt, bitte noch einmal: Bea Groß" in await bot.told("5a in Bienen")
    assert len(bot.server.asked) == 4


async def test_who_rests_is_not_shown_the_name_of_a_room(bot: Bot) -> None:
    bot.server.chat("!staff", "Morgen früh Konferenz!", HEAD)
    night = Span(NOON, datetime(2026, 5, 6, tzinfo=UTC))
    async with bot.school.engine.begin() as connection:
        await set_absence(connection, OTTO.id, night)
    await bot.school.view.refresh()
    answer = await bot.told("Klasse 6b in Konferenz", HEAD)
    assert "• in Ruhezeit, bitte später noch einmal: Otto Groß" in answer
    assert OTTO.user_id not in bot.invited("!staff")
    bot.server.chat("!quiet", "", HEAD)
    assert "neu eingeladen: 27" in await bot.written("Klasse 6b", HEAD, "!quiet")


async def test_with_many_it_is_told_how_far_it_is(bot: Bot) -> None:
    assert "neu eingeladen: 27" in await bot.told("Klasse 6b in Bienen")
    assert bot.shown == ["⏳ Ich lade ein: 10 von 27", "⏳ Ich lade ein: 20 von 27"]


async def test_the_language_is_that_of_the_word(bot: Bot) -> None:
    assert (await bot.told("5a into bienen", texts=ENGLISH)).startswith("✅ Klasse 5a, newly invited: 1")


# --- For as long as it is wished --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", ["Klasse 5a in Projekt Bienen aktuell", "5a in Bienen Aktuell", "5a into Bienen current"]
)
async def test_a_room_can_follow_a_group(words: str, bot: Bot) -> None:
    assert "Ab jetzt folgt der Raum Klasse 5a" in await bot.told(words)
    assert await bot.lists() == [
        GuestList(room_id=BEES, group_id=CLASS, host=IDA.id, guests=frozenset({BEN.id, BEA.id}))
    ]
    assert [action for action, *_ in await bot.school.logged()] == ["guest_list_kept", "group_invited"]


async def test_who_could_not_be_invited_yet_is_not_on_the_list(bot: Bot) -> None:
    bot.server.refusing[BEA.user_id] = TryLaterError("HTTP 503")
    await bot.told("5a in Bienen aktuell")
    assert [one.guests for one in await bot.lists()] == [frozenset({BEN.id})]


@pytest.mark.parametrize(
    "words", ["5a in Bienen aktuell aus", "5a in Bienen nicht mehr aktuell", "5a into Bienen current off"]
)
async def test_and_follow_it_no_more(words: str, bot: Bot) -> None:
    assert await bot.told(words) == GERMAN.say("invite.not_kept", group="Klasse 5a")
    await bot.told("5a in Bienen aktuell")
    bot.server.asked.clear()
    assert await bot.told("") == (
        "• Projekt Bienen folgt Klasse 5a. Ende mit: !einladen Klasse 5a in Projekt Bienen aktuell aus\n"
        + GERMAN.say("invite.how")
    )
    assert await bot.told(words) == GERMAN.say("invite.stopped", group="Klasse 5a")
    assert await bot.lists() == []
    assert bot.server.asked == []
    assert (await bot.school.logged())[-1][0] == "guest_list_ended"


async def test_others_end_no_list_of_a_room_that_they_do_not_lead(bot: Bot) -> None:
    await bot.told("5a in Bienen aktuell")
    bot.server.joined[BEES].add(OTTO.user_id)
    assert await bot.written("5a aktuell aus", OTTO) == GERMAN.say("invite.not_yours")
    assert len(await bot.lists()) == 1


@pytest.mark.parametrize(
    ("who", "offered"), [(IDA, True), (COUNCIL, True), (BEN, False), (HANNA, False), (CARL, False)]
)
async def test_the_command_is_offered_to_who_can_use_it(who: Person, offered: bool, bot: Bot) -> None:
    assert await bot.school.listed(bot.command.command(), who) is offered
