"""The greeting: once for everybody, whoever dies when."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from builders import BEN, BOT, IDA
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.greeting import Greetings, GreetingWords
from appservice.direct_rooms import DirectRooms, RoomStamps
from appservice.homeserver import NotThereError, RefusedError, TryLaterError
from appservice.web.links import Links
from appservice.web.ports import NoFirstCodes
from school.clock import utc_now
from school.database.control import newest_control_room, remember_control_room
from school.database.greetings import Newcomer
from school.database.mirror import account_made, begin_use
from school.database.tables import greetings, persons
from school.domain.people import Person, PersonId, UserId
from school.domain.rooms import STAMP_KEY
from school.texts import Language, Texts

GERMAN = Texts(Language.GERMAN)


class FakeHomeserver:
    """Rooms, who is in them, what was said. `dies` names the call that does its work and then answers nothing, `busy`
    one that does not even do it."""

    bot = BOT

    def __init__(self) -> None:
        self.rooms: dict[str, dict[str, Any]] = {}
        self.joined: set[tuple[str, UserId]] = set()
        self.said: list[tuple[str, str]] = []
        self.direct: dict[UserId, dict[str, Any]] = {}
        self.deleted: list[str] = []
        self.asked_for_all_rooms = 0
        self.dies = self.busy = self.refuses = ""

    def _before(self, call: str) -> None:
        if call == self.busy:
            raise TryLaterError("HTTP 503")
        if call == self.refuses:
            raise RefusedError("HTTP 403", status=403)

    def _after(self, call: str) -> None:
        if call == self.dies:
            self.dies = ""
            raise TryLaterError("no answer")

    async def create_room(self, request: Mapping[str, Any]) -> str:
        self._before("create")
        room_id = f"!{len(self.rooms)}"
        self.rooms[room_id] = dict(request)
        self._after("create")
        return room_id

    async def join(self, room_id: str, *, as_user: UserId) -> None:
        self._before("join")
        self.joined.add((room_id, as_user))
        self._after("join")

    async def account_data(self, user_id: UserId, data_type: str) -> dict[str, Any]:
        return self.direct.get(user_id, {})

    async def set_account_data(self, user_id: UserId, data_type: str, content: dict[str, Any]) -> None:
        self._before("direct")
        self.direct[user_id] = content

    async def send(self, room_id: str, event_type: str, content: Mapping[str, Any], *, txn_id: str) -> str:
        self._before("send")
        assert (event_type, content["msgtype"]) == ("m.room.message", "m.notice")
        self.said.append((room_id, content["body"]))
        self.rooms.setdefault(room_id, {}).setdefault("said", []).append({"content": dict(content)})
        self._after("send")
        return "$sent"

    async def newest_events(self, room_id: str, *, sender: UserId, limit: int) -> list[dict[str, Any]]:
        return list(self.rooms.get(room_id, {}).get("said", []))

    async def rooms_made_by_bot(self) -> frozenset[str]:
        self.asked_for_all_rooms += 1
        return frozenset(self.rooms)

    async def whole_state(self, room_id: str) -> list[dict[str, Any]]:
        request = self.rooms[room_id]
        invited = [] if request.get("half") else request.get("invite", [])
        create = {"type": "m.room.create", "state_key": "", "content": request.get("creation_content", {})}
        return [create, *({"type": "m.room.member", "state_key": user_id, "content": {}} for user_id in invited)]

    async def delete_room(self, room_id: str) -> None:
        self.deleted.append(room_id)

    async def state(self, *_: Any, **__: Any) -> dict[str, Any]:
        raise NotThereError("HTTP 404")


class School:
    """One program that greets; `again` is the same after a crash."""

    def __init__(self, engine: AsyncEngine, homeserver: FakeHomeserver) -> None:
        self.engine = engine
        self.homeserver = homeserver
        self.silent: set[UserId] = set()
        self.busy = False
        self.now = utc_now()
        self.again()

    def again(self) -> None:
        self.greetings = Greetings(
            engine=self.engine,
            homeserver=self.homeserver,  # type: ignore[arg-type] # as far as a greeting needs one
            direct_rooms=DirectRooms(self.homeserver, RoomStamps(self.homeserver)),  # type: ignore[arg-type]
            words=self.words,
            is_silent=lambda user_id: user_id in self.silent,
            is_busy=lambda: self.busy,
            clock=lambda: self.now,
        )

    async def words(self, newcomer: Newcomer) -> str:
        return f"Willkommen, {newcomer.given_name}!"

    async def came(self, person: Person) -> None:
        async with self.engine.begin() as connection:
            name = {"given_name": person.given_name, "family_name": person.family_name, "role": person.role}
            await connection.execute(insert(persons).values(id=person.id, user_id=person.user_id, **name))
            await account_made(connection, person.id, person.display_name, person.role)
            await begin_use(connection, person.id, self.now.timestamp())
        self.now += timedelta(seconds=2)

    async def room_of(self, person: Person) -> str | None:
        async with self.engine.connect() as connection:
            return await newest_control_room(connection, person.user_id)


@pytest.fixture
def homeserver() -> FakeHomeserver:
    return FakeHomeserver()


@pytest.fixture
def school(engine: AsyncEngine, homeserver: FakeHomeserver) -> School:
    return School(engine, homeserver)


async def test_a_newcomer_is_greeted_in_a_control_room_of_their_own(school: School, homeserver: FakeHomeserver) -> None:
    await school.came(BEN)
    await school.greetings.greet()
    assert homeserver.said == [("!0", "Willkommen, Ben!")]
    assert homeserver.joined == {("!0", BEN.user_id)}
    assert homeserver.direct == {BEN.user_id: {BOT: ["!0"]}}
    assert await school.room_of(BEN) == "!0"
    request = homeserver.rooms["!0"]
    assert request["creation_content"][STAMP_KEY] == {"kind": "control"}
    assert (request["invite"], request["is_direct"]) == ([BEN.user_id], True)
    assert request["power_level_content_override"]["users"] == {}


async def test_nobody_is_greeted_twice(school: School, homeserver: FakeHomeserver) -> None:
    await school.came(BEN)
    for _ in range(3):
        await school.greetings.greet()
        school.again()
    assert len(homeserver.said) == 1
    assert homeserver.asked_for_all_rooms == 0


async def test_the_bot_goes_on_talking_in_the_room_that_somebody_has_opened(
    school: School, homeserver: FakeHomeserver
) -> None:
    await school.came(BEN)
    async with school.engine.begin() as connection:
        await remember_control_room(connection, "!own", BEN.user_id, 1.0)
    await school.greetings.greet()
    assert homeserver.said == [("!0", "Willkommen, Ben!")]
    assert await school.room_of(BEN) == "!own"


async def test_who_rests_is_greeted_afterwards_and_nothing_comes_before(
    school: School, homeserver: FakeHomeserver
) -> None:
    await school.came(IDA)
    school.silent = {IDA.user_id}
    await school.greetings.greet()
    assert homeserver.rooms == {}
    school.silent = set()
    await school.greetings.greet()
    assert len(homeserver.said) == 1


async def test_it_comes_a_moment_after_the_login(school: School, homeserver: FakeHomeserver) -> None:
    await school.came(BEN)
    school.now -= timedelta(seconds=1)
    await school.greetings.greet()
    assert homeserver.said == []
    school.now += timedelta(seconds=1)
    await school.greetings.greet()
    assert len(homeserver.said) == 1


async def test_while_others_wait_for_their_rooms_it_waits_but_not_for_ever(
    school: School, homeserver: FakeHomeserver
) -> None:
    await school.came(BEN)
    school.busy = True
    await school.greetings.greet()
    assert homeserver.said == []
    school.now += timedelta(seconds=60)
    await school.greetings.greet()
    assert len(homeserver.said) == 1


@pytest.mark.parametrize("call", ["create", "join", "send"])
@pytest.mark.parametrize("crash", [False, True], ids=["the answer was lost", "the program died"])
async def test_whatever_is_interrupted_is_taken_up_and_done_once(
    school: School, homeserver: FakeHomeserver, call: str, crash: bool
) -> None:
    await school.came(BEN)
    homeserver.dies = call
    await school.greetings.greet()
    if crash:
        school.again()
    await school.greetings.greet()
    assert homeserver.said == [("!0", "Willkommen, Ben!")]
    assert len(homeserver.rooms) == 1
    assert homeserver.joined == {("!0", BEN.user_id)}
    assert homeserver.direct == {BEN.user_id: {BOT: ["!0"]}}
    assert await school.room_of(BEN) == "!0"


@pytest.mark.parametrize("call", ["create", "join", "direct", "send"])
async def test_a_homeserver_that_is_busy_is_asked_again(school: School, homeserver: FakeHomeserver, call: str) -> None:
    await school.came(BEN)
    homeserver.busy = call
    await school.greetings.greet()
    assert homeserver.said == []
    homeserver.busy = ""
    await school.greetings.greet()
    assert len(homeserver.said) == len(homeserver.rooms) == 1


async def test_a_room_that_was_not_made_whole_is_deleted(school: School, homeserver: FakeHomeserver) -> None:
    await school.came(BEN)
    homeserver.dies = "create"
    await school.greetings.greet()
    homeserver.rooms["!0"]["half"] = True
    await school.greetings.greet()
    assert homeserver.deleted == ["!0"]
    assert homeserver.said == [("!1", "Willkommen, Ben!")]


async def test_rooms_of_others_are_not_taken_for_it(school: School, homeserver: FakeHomeserver) -> None:
    await school.came(BEN)
    await school.came(IDA)
    homeserver.dies = "create"
    await school.greetings.greet()
    await school.greetings.greet()
    assert {(homeserver.rooms[room]["invite"][0], words) for room, words in homeserver.said} == {
        (BEN.user_id, "Willkommen, Ben!"),
        (IDA.user_id, "Willkommen, Ida!"),
    }
    assert len(homeserver.rooms) == 2


async def test_one_who_cannot_be_greeted_keeps_nobody_else_from_it(school: School, homeserver: FakeHomeserver) -> None:
    await school.came(BEN)
    homeserver.refuses = "join"
    await school.greetings.greet()
    homeserver.refuses = ""
    await school.came(IDA)
    await school.greetings.greet()
    assert [words for _, words in homeserver.said] == ["Willkommen, Ida!"]
    school.again()
    await school.greetings.greet()
    assert len(homeserver.said) == 2
    assert len(homeserver.rooms) == 2


async def test_it_is_written_down_when_it_was_done(school: School) -> None:
    await school.came(BEN)
    await school.greetings.greet()
    async with school.engine.connect() as connection:
        [row] = await connection.execute(select(greetings))
    assert tuple(row) == (BEN.id, school.now.timestamp(), "!0", school.now.timestamp())


class Codes(NoFirstCodes):
    async def valid_until(self, person_id: PersonId) -> Any:
        return utc_now()


@pytest.mark.parametrize(("codes", "page"), [(Codes(), "/password"), (NoFirstCodes(), "/account")])
async def test_it_is_five_lines_with_a_link_of_a_day(engine: AsyncEngine, codes: NoFirstCodes, page: str) -> None:
    now = utc_now()
    clock = [now]
    links = Links(engine=engine, url=lambda path: "https://bote.test" + path, clock=lambda: clock[0])
    newcomer = Newcomer(
        person_id=BEN.id, user_id=BEN.user_id, given_name="Ben", in_use_since=0.0, begun=False, room_id=None
    )
    text = await GreetingWords(texts=GERMAN, links=links, codes=codes).for_newcomer(newcomer)
    assert len(text.split("\n")) == 5
    assert text.startswith("Willkommen, Ben!")
    token = text.partition("https://bote.test/link/")[2].partition("\n")[0]
    row = await links.look_at(token)
    assert row is not None
    assert (row.user_id, row.path) == (BEN.user_id, page)
    clock[0] = now + timedelta(hours=23)
    assert await links.look_at(token) is not None
    clock[0] = now + timedelta(hours=25)
    assert await links.look_at(token) is None
