from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from builders import BEN, BERLIN, EVENING, GABI, IDA, NOBODY, OTTO
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice import school_view
from appservice.bot.commands import Request
from appservice.bot.in_rooms import InRooms
from appservice.bot.room_rest_command import RoomRestCommand
from appservice.homeserver import RefusedError
from appservice.school_view import SchoolView
from school.config import load_settings
from school.database.reader import open_reader
from school.database.tables import Part, audit_log, group_rooms, groups, memberships, persons
from school.database.versions import bump
from school.domain.groups import GroupId
from school.domain.hold import RoomMode
from school.domain.people import Person, UserId
from school.domain.rooms import RoomKind, RoomStamp
from school.sealing import HELD_KEY, Binding, Keyring, Purpose
from school.standing import StandingKeeper
from school.texts import Language, Texts

CONFIG = """\
school: {name: Gesamtschule am See}
matrix: {server_name: school.test, homeserver_url: "http://127.0.0.1:8008"}
"""
CHAT, CLASS, OTHER_CLASS, DIRECT, NEWS, CONTROL, STRANGE = "!chat", "!5a", "!6b", "!direct", "!news", "!bot", "!strange"
STAMPS = {
    CHAT: RoomStamp(kind=RoomKind.CHAT),
    CLASS: RoomStamp(kind=RoomKind.GROUP, group=GroupId("5a")),
    OTHER_CLASS: RoomStamp(kind=RoomKind.GROUP, group=GroupId("6b")),
    NEWS: RoomStamp(kind=RoomKind.ANNOUNCEMENTS, group=GroupId("5a")),
    DIRECT: RoomStamp(kind=RoomKind.DIRECT),
    CONTROL: RoomStamp(kind=RoomKind.CONTROL),
}
KEYRING = Keyring([b"k" * 32])
GERMAN = Texts(Language.GERMAN)


@dataclass
class FakeHomeserver:
    """Remembers what was sent; knows the rooms' stamps."""

    sent: list[tuple[str, Mapping[str, Any], dict[str, Any]]] = field(default_factory=list)
    refuses: bool = False

    async def of(self, room_id: str, *, seen_by: UserId) -> RoomStamp | None:
        return STAMPS.get(room_id)

    async def send(self, room_id: str, event_type: str, content: Mapping[str, Any], **how: Any) -> str:
        if self.refuses:
            raise RefusedError("no", status=403)
        self.sent.append((room_id, content, how | {"type": event_type}))
        return "$answer"


@dataclass
class Bot:
    """`!ruhe-raum` in a school of two classes."""

    engine: AsyncEngine
    view: SchoolView
    homeserver: FakeHomeserver
    command: RoomRestCommand
    in_rooms: InRooms

    async def writes(self, who: Person | UserId, room_id: str, body: Any, **content: Any) -> str | None:
        """Somebody writes into a room; the text that takes the place of what they wrote."""
        self.homeserver.sent.clear()
        sender = who.user_id if isinstance(who, Person) else who
        content = {"msgtype": "m.text", "body": body} | content
        await self.in_rooms.message({"event_id": "$asked", "room_id": room_id, "sender": sender, "content": content})
        return self.homeserver.sent[0][1]["m.new_content"]["body"] if self.homeserver.sent else None

    async def asked(self, words: str, who: Person = IDA) -> str:
        """Somebody asks in their control room."""
        return await self.command.run(Request(person=who, words=words, texts=GERMAN))

    def modes(self) -> Mapping[str, RoomMode]:
        return self.view.now.snapshot.rest.room_modes

    async def logged(self) -> list[tuple[str, str, str, dict[str, str]]]:
        async with self.engine.connect() as connection:
            rows = await connection.execute(select(audit_log).order_by(audit_log.c.id))
            return [(row.action, row.actor, row.target, row.details) for row in rows]


@pytest.fixture
async def bot(database: Path, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    monkeypatch.setattr(school_view, "KNOWN_EVERYWHERE_SECONDS", 0)  # there is no Synapse that would have to learn it
    path = database.parent / "school.yaml"
    path.write_text(CONFIG)
    settings = load_settings(path)
    async with engine.begin() as connection:
        for group, name, room in (("5a", "Klasse 5a", CLASS), ("6b", "Klasse 6b", OTHER_CLASS)):
            row = {"id": group, "key": group, "name": name, "kind": "class", "origin": "register"}
            await connection.execute(insert(groups).values(row))
            made = {"room_id": room, "name": name, "moderators": [], "linked": True}
            await connection.execute(insert(group_rooms).values(group_id=group, kind="group", **made))
        for person in (IDA, OTTO, BEN, GABI):
            name = {"given_name": person.given_name, "family_name": person.family_name, "role": person.role}
            await connection.execute(insert(persons).values(id=person.id, user_id=person.user_id, **name))
        for person, group in ((IDA, "5a"), (BEN, "5a"), (OTTO, "6b")):
            await connection.execute(insert(memberships).values(person_id=person.id, group_id=group))
        await bump(connection, Part.PEOPLE)
    reader = open_reader(settings.database.sqlalchemy_url("sync"))
    view = SchoolView(StandingKeeper(settings, reader, lambda: 0.0), BERLIN)
    await view.refresh()
    homeserver = FakeHomeserver()
    server: Any = homeserver
    command = RoomRestCommand(engine=engine, view=view, clock=lambda: EVENING)
    in_rooms = InRooms(
        [command.in_room()], homeserver=server, view=view, stamps=server, keyring=KEYRING, clock=lambda: EVENING
    )
    yield Bot(engine, view, homeserver, command, in_rooms)
    reader.dispose()


# --- In the room ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "room_id", "mode", "answer"),
    [
        ("!ruhe-raum halten", CLASS, RoomMode.HOLD, "🌙 Ab jetzt warten Nachrichten in diesem Raum"),
        (" /Ruhe-Raum  STUMM ", CHAT, RoomMode.SILENT, "🌙 Ab jetzt kommen Nachrichten in diesem Raum sofort an."),
        ("!rest-room hold", CHAT, RoomMode.HOLD, "🌙 From now on messages in this room wait"),
        ("!rest-room silent", CLASS, RoomMode.SILENT, "🌙 From now on messages in this room arrive at once."),
    ],
)
async def test_a_teacher_says_what_waits_in_a_room(
    body: str, room_id: str, mode: RoomMode, answer: str, bot: Bot
) -> None:
    assert str(await bot.writes(IDA, room_id, body)).startswith(answer)
    assert bot.modes() == {room_id: mode}
    assert await bot.logged() == [("room_rest_set", IDA.id, room_id, {"mode": mode.value})]


async def test_the_answer_takes_the_place_of_the_command_and_is_signed(bot: Bot) -> None:
    await bot.writes(IDA, CLASS, "!ruhe-raum halten")
    [(room_id, content, how)] = bot.homeserver.sent
    assert content["m.relates_to"] == {"rel_type": "m.replace", "event_id": "$asked"}
    assert content["m.mentions"] == content["m.new_content"]["m.mentions"] == {}
    assert (room_id, how["as_user"]) == (CLASS, IDA.user_id)
    ts = how["origin_server_ts"]
    binding = Binding(room_id=CLASS, sender=IDA.user_id, event_type=how["type"], origin_server_ts=ts)
    assert KEYRING.verify(content, binding, now_ms=ts) is Purpose.NOTICE


async def test_the_last_word_holds_and_the_same_word_twice_is_logged_once(bot: Bot) -> None:
    for word in ("halten", "halten", "stumm"):
        assert str(await bot.writes(IDA, CLASS, f"!ruhe-raum {word}")).startswith("🌙 Ab jetzt")
    assert bot.modes() == {CLASS: RoomMode.SILENT}
    assert [details["mode"] for *_, details in await bot.logged()] == ["hold", "silent"]


@pytest.mark.parametrize(
    ("who", "room_id", "answer"),
    [
        pytest.param(BEN, CLASS, "room_rest.teachers_only", id="a pupil"),
        pytest.param(GABI, CHAT, "room_rest.teachers_only", id="a guardian"),
        pytest.param(OTTO, CLASS, "room_rest.teachers_only", id="a visiting teacher"),
        pytest.param(IDA, DIRECT, "room_rest.not_here", id="a room for two"),
        pytest.param(IDA, NEWS, "room_rest.not_here", id="a room in which only teachers write"),
        pytest.param(IDA, CONTROL, None, id="the control room, which answers itself"),
        pytest.param(IDA, STRANGE, None, id="a room that is not the school's"),
        pytest.param(NOBODY, CHAT, None, id="somebody unknown"),
    ],
)
async def test_nobody_else_says_it_and_nowhere_else(
    who: Person | UserId, room_id: str, answer: str | None, bot: Bot
) -> None:
    for word in ("halten", "stumm"):
        assert await bot.writes(who, room_id, f"!ruhe-raum {word}") == (answer and GERMAN.say(answer))
    assert bot.modes() == {}
    assert await bot.logged() == []


@pytest.mark.parametrize("body", ["!ruhe-raum laut", "!ruhe-raum halten bitte"])
async def test_another_word_changes_nothing(body: str, bot: Bot) -> None:
    assert await bot.writes(IDA, CLASS, body) == "So geht es: !ruhe-raum halten oder !ruhe-raum stumm"
    assert bot.modes() == {}


@pytest.mark.parametrize(
    ("body", "content"),
    [
        ("!ruhe-raumhalten", {}),
        ("ruhe-raum halten", {}),
        ("Schreib mal !ruhe-raum halten", {}),
        ("!ruhe 2h", {}),
        (5, {}),
        ("!ruhe-raum halten", {"msgtype": "m.notice"}),
        ("!ruhe-raum halten", {HELD_KEY: {}}),
    ],
)
async def test_other_messages_are_nobodys_business(body: Any, content: dict[str, Any], bot: Bot) -> None:
    assert await bot.writes(IDA, CLASS, body, **content) is None
    assert bot.modes() == {}


async def test_in_the_room_it_is_explained_as_well(bot: Bot) -> None:
    assert str(await bot.writes(IDA, CLASS, "!ruhe-raum hilfe")).startswith("!ruhe-raum – ")
    assert bot.modes() == {}


async def test_without_a_word_it_says_how_it_is(bot: Bot) -> None:
    assert str(await bot.writes(IDA, CLASS, "!ruhe-raum")).startswith("🌙 Nachrichten in diesem Raum kommen sofort an")
    assert "höchstens zwei andere" in str(await bot.writes(IDA, CHAT, "!ruhe-raum"))
    for room_id in (CLASS, CHAT):
        await bot.writes(IDA, room_id, "!ruhe-raum halten")
        answer = await bot.writes(IDA, room_id, "!ruhe-raum")
        assert answer == GERMAN.say("room_rest.now.hold")
    await bot.writes(IDA, CHAT, "!ruhe-raum stumm")
    assert await bot.writes(IDA, CHAT, "!ruhe-raum") == GERMAN.say("room_rest.now.silent")


async def test_where_the_answer_is_refused_the_word_holds_all_the_same(bot: Bot) -> None:
    bot.homeserver.refuses = True
    await bot.writes(IDA, CLASS, "!ruhe-raum halten")
    assert bot.modes() == {CLASS: RoomMode.HOLD}


# --- In the control room ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Klasse 5a", "  klasse   5A ", "5a", "Klase 5a"])
async def test_in_the_control_room_the_group_is_named(name: str, bot: Bot) -> None:
    assert (await bot.asked(f"halten {name}")).startswith("Klasse 5a: 🌙 Ab jetzt warten Nachrichten")
    assert bot.modes() == {CLASS: RoomMode.HOLD}
    assert bot.homeserver.sent == []


@pytest.mark.parametrize("name", ["Klasse 6b", "Klasse 7c"])
async def test_other_groups_are_not_found(name: str, bot: Bot) -> None:
    assert (await bot.asked(f"halten {name}")).startswith(f"Eine Gruppe „{name}“ finde ich nicht.")
    assert bot.modes() == {}


@pytest.mark.parametrize("words", ["", "halten"])
async def test_without_a_name_the_bot_says_how_it_goes(words: str, bot: Bot) -> None:
    assert await bot.asked(words) == GERMAN.say("room_rest.which")
    assert bot.modes() == {}


async def test_a_pupil_is_told_who_decides(bot: Bot) -> None:
    assert await bot.asked("halten Klasse 5a", BEN) == f"Klasse 5a: {GERMAN.say('room_rest.teachers_only')}"
    assert bot.modes() == {}
