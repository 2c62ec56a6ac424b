"""What somebody hears of when their rest is over: which messages count, how it is said, and that it is said once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from builders import BEN, BERLIN, BOT, EVENING, GABI, IDA, NOON, standing
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.accounts import RoomNews
from appservice.homeserver import HomeserverError, NotThereError, RefusedError, TryLaterError
from appservice.school_view import SchoolView
from appservice.summary import Count, Summaries, counts_as_message, say_summary
from school.database.bot_words import kept_words
from school.database.control import remember_control_room
from school.database.silences import begin_silence, end_silence, read_silences
from school.database.tables import group_rooms, groups
from school.domain.people import UserId
from school.sealing import URGENT_KEY
from school.texts import Language, Texts

GERMAN, ENGLISH = Texts(Language.GERMAN), Texts(Language.ENGLISH)
REST = range(1000, 2000)
TEXT = {"msgtype": "m.text", "body": "Hallo"}


def event(content: dict[str, Any], at: int = 1500) -> dict[str, Any]:
    return {"content": content, "origin_server_ts": at}


@pytest.mark.parametrize(
    ("found", "counts"),
    [
        pytest.param(event(TEXT), True, id="a message"),
        pytest.param(event({"msgtype": "m.image", "url": "mxc://x/y"}), True, id="a picture"),
        pytest.param(event({"ciphertext": "x"}), True, id="an encrypted message"),
        pytest.param(event(TEXT, at=1000), True, id="at the beginning of the rest"),
        pytest.param(event(TEXT, at=999), False, id="before the rest"),
        pytest.param(event(TEXT, at=2000), False, id="what waited and is delivered now"),
        pytest.param(event({"msgtype": "m.notice", "body": "🌙"}), False, id="a notice"),
        pytest.param(event(TEXT | {URGENT_KEY: True}), False, id="an urgent message, which has rung"),
        pytest.param(event({}), False, id="a deleted message"),
        pytest.param(event(TEXT | {"m.relates_to": {"rel_type": "m.replace"}}), False, id="an edit"),
        pytest.param(event(TEXT | {"m.relates_to": {"rel_type": "m.thread"}}), True, id="in a thread"),
        pytest.param(event(TEXT | {"m.relates_to": "odd"}), True, id="an odd relation"),
    ],
)
def test_what_counts(found: dict[str, Any], counts: bool) -> None:
    assert counts_as_message(found, REST) is counts


@pytest.mark.parametrize(
    ("counts", "german", "english"),
    [
        ([], None, None),
        (
            [("in Klasse 8.1", 1)],
            "🌙 Während deiner Ruhezeit: 1 neue Nachricht in Klasse 8.1.",
            "🌙 While you were off: 1 new message in Klasse 8.1.",
        ),
        (
            [("in Klasse 8.2", 2), ("in Klasse 8.1", 5)],
            "🌙 Während deiner Ruhezeit: 5 neue Nachrichten in Klasse 8.1, 2 in Klasse 8.2.",
            "🌙 While you were off: 5 new messages in Klasse 8.1, 2 in Klasse 8.2.",
        ),
    ],
)
def test_the_room_with_most_messages_comes_first(counts: Any, german: str | None, english: str | None) -> None:
    found = [Count(where=where, number=number) for where, number in counts]
    assert say_summary(found, GERMAN) == german
    assert say_summary(found, ENGLISH) == english


def test_what_was_not_counted_to_the_end_is_more_than_that() -> None:
    summary = say_summary([Count(where="in Klasse 8.1", number=1, is_all=False)], GERMAN)
    assert summary == "🌙 Während deiner Ruhezeit: mehr als 1 neue Nachrichten in Klasse 8.1."


def test_many_rooms_and_those_without_a_name_are_told_as_one() -> None:
    rooms = [Count(where=f"in Raum {number}", number=20 - number) for number in range(8)]
    summary = say_summary([*rooms, Count(where="", number=100)], GERMAN)
    assert summary is not None
    assert summary.startswith("🌙 Während deiner Ruhezeit: 20 neue Nachrichten in Raum 0, 19 in Raum 1, ")
    assert summary.endswith(f", 15 in Raum 5, {14 + 13 + 100} in weiteren Räumen.")


class FakeHomeserver:
    """What came meanwhile, and the names of rooms."""

    bot = BOT

    def __init__(self) -> None:
        self.news: dict[str, Sequence[dict[str, Any]]] = {}
        self.names = {"!chat": "Förderplan"}
        self.people = {"!direct": {IDA.user_id, BEN.user_id}, "!many": {IDA.user_id, BEN.user_id, GABI.user_id}}
        self.trouble: HomeserverError | None = None
        self.asked: list[tuple[UserId, str, list[UserId]]] = []

    async def news_since(
        self, user_id: UserId, place: str, *, types: Sequence[str], not_senders: list[UserId], limit: int
    ) -> dict[str, RoomNews]:
        self.asked.append((user_id, place, not_senders))
        if self.trouble is not None:
            raise self.trouble
        return {room_id: RoomNews(events=events, is_all=True) for room_id, events in self.news.items()}

    async def state(self, room_id: str, event_type: str, *, as_user: UserId) -> dict[str, Any]:
        assert (event_type, as_user) == ("m.room.name", IDA.user_id)
        if room_id not in self.names:
            raise NotThereError("HTTP 404")
        return {"name": self.names[room_id]}

    async def members(self, room_id: str, *, as_user: UserId) -> frozenset[UserId]:
        return frozenset(self.people[room_id])


class FakeKeeper:
    def current(self) -> Any:
        return standing()

    def refresh(self) -> None:
        pass


class School:
    """Ida rested from noon to evening."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.homeserver = FakeHomeserver()
        homeserver: Any = self.homeserver
        view = SchoolView(FakeKeeper(), BERLIN)  # type: ignore[arg-type]
        self.also = ""
        self.summaries = Summaries(engine=engine, homeserver=homeserver, view=view, texts=GERMAN, also=self._what_else)

    async def _what_else(self, user_id: UserId, after: datetime, before: datetime) -> str:
        assert (user_id, after, before) == (IDA.user_id, NOON, EVENING)
        return self.also

    async def ida_rested(self, *, token: str | None = "s1", until: datetime = EVENING) -> None:
        async with self.engine.begin() as connection:
            await begin_silence(connection, IDA.user_id, since=NOON, sync_token=token)
            await end_silence(connection, IDA.user_id, at=until)

    def came(self, room_id: str, number: int) -> None:
        at = int(NOON.timestamp() * 1000)
        self.homeserver.news[room_id] = [event(TEXT, at=at + n) for n in range(number)]

    async def to_say(self) -> list[str]:
        async with self.engine.connect() as connection:
            return [word.body for word in await kept_words(connection)]

    async def owed(self) -> int:
        async with self.engine.connect() as connection:
            return len(await read_silences(connection, ended=True))


@pytest.fixture
async def school(engine: AsyncEngine) -> School:
    async with engine.begin() as connection:
        await remember_control_room(connection, "!control", IDA.user_id, 1.0)
        group = {"id": "5a", "key": "5a", "name": "Klasse 5a", "kind": "class", "origin": "register"}
        await connection.execute(insert(groups).values(**group))
        room = {"group_id": "5a", "kind": "group", "room_id": "!5a", "name": "Klasse 5a"}
        await connection.execute(insert(group_rooms).values(moderators=[], linked=True, lets_in=None, **room))
    return School(engine)


async def test_each_room_is_named_as_its_people_name_it(school: School) -> None:
    for room_id, number in (("!5a", 5), ("!chat", 4), ("!direct", 3), ("!many", 2)):
        school.came(room_id, number)
    await school.ida_rested()
    await school.summaries.make()
    assert await school.to_say() == [
        "🌙 Während deiner Ruhezeit: 5 neue Nachrichten in Klasse 5a, 4 in Förderplan, 3 von Ben Groß, "
        "2 in weiteren Räumen."
    ]
    assert school.homeserver.asked == [(IDA.user_id, "s1", [IDA.user_id])]


async def test_what_the_bot_says_counts_in_the_room_of_a_group_only(school: School) -> None:
    school.came("!5a", 1)
    school.came("!control", 3)
    await school.ida_rested()
    await school.summaries.make()
    assert await school.to_say() == ["🌙 Während deiner Ruhezeit: 1 neue Nachricht in Klasse 5a."]


async def test_a_summary_is_made_once(school: School) -> None:
    school.came("!5a", 1)
    await school.ida_rested()
    await school.summaries.make()
    await school.summaries.make()
    assert len(await school.to_say()) == 1
    assert len(school.homeserver.asked) == 1


async def test_where_nothing_came_nothing_is_said(school: School) -> None:
    school.came("!5a", 0)
    await school.ida_rested()
    await school.summaries.make()
    assert (await school.to_say(), await school.owed()) == ([], 0)


async def test_whoever_never_opened_a_control_room_is_not_asked_about(school: School) -> None:
    async with school.engine.begin() as connection:
        await begin_silence(connection, BEN.user_id, since=NOON, sync_token="s1")
        await end_silence(connection, BEN.user_id, at=EVENING)
    await school.summaries.make()
    assert (school.homeserver.asked, await school.to_say(), await school.owed()) == ([], [], 0)


async def test_whose_place_in_the_stream_is_not_known_gets_none(school: School) -> None:
    school.came("!5a", 1)
    await school.ida_rested(token=None)
    await school.summaries.make()
    assert (await school.to_say(), await school.owed()) == ([], 0)


async def test_a_homeserver_that_is_away_is_asked_again(school: School) -> None:
    school.came("!5a", 1)
    await school.ida_rested()
    school.homeserver.trouble = TryLaterError("HTTP 503")
    await school.summaries.make()
    assert (await school.to_say(), await school.owed()) == ([], 1)
    school.homeserver.trouble = None
    await school.summaries.make()
    assert len(await school.to_say()) == 1


async def test_a_homeserver_that_refuses_is_not_asked_for_ever(school: School) -> None:
    await school.ida_rested()
    school.homeserver.trouble = RefusedError("HTTP 400: Invalid stream token")
    await school.summaries.make()
    assert (await school.to_say(), await school.owed()) == ([], 0)


@pytest.mark.parametrize(
    ("number", "told"),
    [(1, "🌙 Während deiner Ruhezeit: 1 neue Nachricht in Klasse 5a.\nAbgegeben: 2."), (0, "Abgegeben: 2.")],
)
async def test_what_else_came_is_told_with_it_and_alone(school: School, number: int, told: str) -> None:
    school.also = "Abgegeben: 2."
    school.came("!5a", number)
    await school.ida_rested()
    await school.summaries.make()
    assert await school.to_say() == [told]
