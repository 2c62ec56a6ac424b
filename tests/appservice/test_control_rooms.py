import time
from collections.abc import Container, Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from builders import BEN, BOT, IDA, NOBODY, ZOE, standing
from simulated_time import simulated
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.commands import Command, Commands, Request
from appservice.bot.control_rooms import ControlRooms
from appservice.bot.replies import TAKEN_BACK_KEY, Reply, secret
from appservice.direct_rooms import RoomStamps
from appservice.homeserver import RefusedError, TryLaterError
from school.clock import Clock, utc_now
from school.domain.decisions import Reason
from school.domain.people import Person, UserId
from school.domain.rooms import STAMP_KEY
from school.standing import Standing
from school.texts import Language, Texts

GERMAN = Texts(Language.GERMAN)
SCHOOL = standing()


class FakeHomeserver:
    """Rooms of one kind each, what the bot says in them, and which it has joined. `trouble` is what goes wrong when it
    says something: an error before it is said, or after."""

    bot = BOT

    def __init__(self, kinds: dict[str, str]) -> None:
        self.kinds = kinds
        self.said: list[tuple[str, str]] = []
        self.transactions: list[str] = []
        self.joined: list[str] = []
        self.events: list[dict[str, Any]] = []
        self.trouble: list[str] = []
        self.busy_looks = 0

    async def state(self, room_id: str, event_type: str, *, as_user: UserId) -> dict[str, Any]:
        if self.busy_looks > 0:
            self.busy_looks -= 1
            raise TryLaterError("HTTP 503")
        return {STAMP_KEY: {"kind": self.kinds[room_id]}}

    async def join(self, room_id: str) -> None:
        self.joined.append(room_id)

    async def send(self, room_id: str, event_type: str, content: Mapping[str, Any], *, txn_id: str) -> str:
        assert (event_type, content["msgtype"], content["m.mentions"]) == ("m.room.message", "m.notice", {})
        when = self.trouble.pop(0) if self.trouble else ""
        if when == "refused":
            raise RefusedError("HTTP 403: not in the room")
        if when == "before":
            raise TryLaterError("HTTP 503")
        self.said.append((room_id, content["body"]))
        self.transactions.append(txn_id)
        self.events.append({"room_id": room_id, "content": dict(content), "origin_server_ts": time.time() * 1000})
        if when == "after":
            raise TryLaterError("HTTP 503")
        return "$sent"

    async def newest_events(self, room_id: str, *, sender: UserId, limit: int) -> list[dict[str, Any]]:
        assert sender == BOT
        return [event for event in reversed(self.events) if event["room_id"] == room_id][:limit]


async def busy(_request: Request) -> str:
    raise TryLaterError("HTTP 503")


async def buggy(_request: Request) -> str:
    raise RuntimeError("a bug")


async def greet(request: Request) -> str:
    return f"Hallo {request.event_id}"


async def tell_a_secret(_request: Request) -> Reply:
    return secret("Anna & Ben:\nk7wq")


EXTRA = [
    Command(names=((Language.GERMAN, name),), help="rest", run=run)
    for name, run in (("voll", busy), ("kaputt", buggy), ("hallo", greet), ("geheim", tell_a_secret))
]


def control_rooms(
    engine: AsyncEngine,
    homeserver: Any,
    school: Standing = SCHOOL,
    *,
    silent: Container[UserId] = (),
    clock: Clock = utc_now,
) -> ControlRooms:
    commands = Commands(EXTRA, standing=lambda: school, language=Language.GERMAN)
    return ControlRooms(
        engine=engine,
        homeserver=homeserver,
        stamps=RoomStamps(homeserver),
        commands=commands,
        texts=GERMAN,
        where_to_ask=school.policy.where_to_ask,
        is_silent=lambda user_id: user_id in silent,
        clock=clock,
    )


def message(body: Any, *, room_id: str = "!c", msgtype: str = "m.text", sender: UserId = BEN.user_id) -> dict[str, Any]:
    content = {"msgtype": msgtype, "body": body}
    return {"room_id": room_id, "sender": sender, "event_id": "$m", "content": content}


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        pytest.param("!hallo", "Hallo $m", id="a command, which knows what asked for it"),
        pytest.param("Guten Tag", GERMAN.say("bot.unknown"), id="a greeting"),
        pytest.param("!voll", GERMAN.say("bot.failed"), id="a homeserver that is busy"),
        pytest.param("!kaputt", GERMAN.say("bot.failed"), id="a bug"),
    ],
)
async def test_every_message_in_a_control_room_is_answered(engine: AsyncEngine, body: str, answer: str) -> None:
    homeserver = FakeHomeserver({"!c": "control"})
    await control_rooms(engine, homeserver).message(message(body))
    assert homeserver.said == [("!c", answer)]
    assert homeserver.transactions == ["answer-$m"]


async def test_what_is_taken_back_later_is_marked_and_nothing_else(engine: AsyncEngine) -> None:
    homeserver = FakeHomeserver({"!c": "control"})
    for command in ("!geheim", "!hallo"):
        await control_rooms(engine, homeserver).message(message(command))
    told, greeted = (event["content"] for event in homeserver.events)
    assert told[TAKEN_BACK_KEY] is True
    assert told["formatted_body"] == "Anna &amp; Ben:<br>k7wq"
    assert TAKEN_BACK_KEY not in greeted


@pytest.mark.parametrize(
    ("busy_looks", "trouble"), [(3, []), (0, ["before", "before"]), (0, ["after"]), (2, ["before", "after", "before"])]
)
def test_a_command_that_comes_while_the_homeserver_is_busy_is_answered_later(
    busy_looks: int, trouble: list[str]
) -> None:
    homeserver = FakeHomeserver({"!c": "control"})
    homeserver.busy_looks, homeserver.trouble = busy_looks, trouble

    @simulated
    async def asks() -> None:
        nothing_is_kept: Any = None
        await control_rooms(nothing_is_kept, homeserver).message(message("!hallo"))

    asks()
    assert homeserver.said[-1] == ("!c", "Hallo $m")
    assert homeserver.busy_looks == 0
    assert homeserver.trouble == []
    assert set(homeserver.transactions) == {"answer-$m"}, "which the homeserver knows: it is said once"


@pytest.mark.parametrize("kind", ["direct", "chat", "nonsense"])
async def test_elsewhere_the_bot_says_nothing(engine: AsyncEngine, kind: str) -> None:
    homeserver = FakeHomeserver({"!c": kind})
    await control_rooms(engine, homeserver).message(message("!hilfe"))
    assert homeserver.said == []


@pytest.mark.parametrize(
    ("body", "msgtype"), [("!hilfe", "m.notice"), ("foto.jpg", "m.image"), (5, "m.text"), (None, "m.text")]
)
async def test_what_is_no_text_is_not_answered(engine: AsyncEngine, body: Any, msgtype: str) -> None:
    homeserver = FakeHomeserver({"!c": "control"})
    await control_rooms(engine, homeserver).message(message(body, msgtype=msgtype))
    assert homeserver.said == []


async def test_an_edit_is_no_command(engine: AsyncEngine) -> None:
    homeserver = FakeHomeserver({"!c": "control"})
    edit = message("* !hallo")
    edit["content"]["m.relates_to"] = {"rel_type": "m.replace", "event_id": "$first"}
    await control_rooms(engine, homeserver).message(edit)
    assert homeserver.said == []


async def test_somebody_unknown_is_told_so(engine: AsyncEngine) -> None:
    homeserver = FakeHomeserver({"!c": "control"})
    await control_rooms(engine, homeserver).message(message("!hilfe", sender=NOBODY))
    assert homeserver.said == [("!c", GERMAN.refusal(Reason.UNKNOWN_PERSON))]


async def test_the_bot_comes_when_it_is_invited(engine: AsyncEngine) -> None:
    homeserver = FakeHomeserver({"!c": "control", "!chat": "chat"})
    rooms = control_rooms(engine, homeserver)
    for room_id in ("!c", "!chat"):
        await rooms.invited(room_id, BEN.user_id)
    assert homeserver.joined == ["!c", "!chat"]


async def test_a_refusal_is_explained_in_the_newest_control_room(engine: AsyncEngine) -> None:
    clock = SimpleNamespace(now=0.0)
    homeserver = FakeHomeserver({"!old": "control", "!new": "control", "!chat": "chat"})
    rooms = control_rooms(engine, homeserver, clock=lambda: datetime.fromtimestamp(clock.now, UTC))
    for room_id in ("!old", "!new", "!chat"):
        clock.now += 1
        await rooms.invited(room_id, BEN.user_id)
    for clock.now in (60.0, 61.0, 120.0):
        await rooms.explain(BEN.user_id, Reason.NO_ROOMS)
    assert {room_id for room_id, _ in homeserver.said} == {"!new"}
    assert {text for _, text in homeserver.said} == {GERMAN.refusal(Reason.NO_ROOMS, ask_in="Klasse 5a")}
    first, second, a_minute_later = homeserver.transactions
    assert first == second != a_minute_later


@pytest.mark.parametrize(
    ("who", "reason", "words"),
    [
        pytest.param(
            BEN, Reason.NO_COMMON_GROUP, GERMAN.refusal(Reason.NO_COMMON_GROUP, ask_in="Klasse 5a"),
            id="the group that is the way out",
        ),
        pytest.param(BEN, Reason.NO_CONFERENCES, GERMAN.refusal(Reason.NO_CONFERENCES), id="another way out"),
        pytest.param(ZOE, Reason.NO_COMMON_GROUP, GERMAN.refusal(Reason.NO_COMMON_GROUP), id="who is in no group"),
    ],
)  # fmt: skip
async def test_an_explanation_names_the_way_out(engine: AsyncEngine, who: Person, reason: Reason, words: str) -> None:
    homeserver = FakeHomeserver({"!c": "control"})
    rooms = control_rooms(engine, homeserver)
    await rooms.invited("!c", who.user_id)
    await rooms.explain(who.user_id, reason)
    assert homeserver.said == [("!c", words)]


async def test_who_has_no_control_room_is_not_given_one_for_a_refusal(engine: AsyncEngine) -> None:
    homeserver = FakeHomeserver({"!c": "control"})
    rooms = control_rooms(engine, homeserver)
    await rooms.invited("!c", BEN.user_id)
    await rooms.explain(IDA.user_id, Reason.NO_ROOMS)
    await rooms.explain(BOT, Reason.NO_ROOMS)
    assert homeserver.said == []


# --- What nobody asked for waits -------------------------------------------------------------------------------------


@pytest.fixture
async def idas_room(engine: AsyncEngine) -> FakeHomeserver:
    homeserver = FakeHomeserver({"!c": "control"})
    await control_rooms(engine, homeserver).invited("!c", IDA.user_id)
    return homeserver


async def test_to_somebody_who_hears_the_bot_speaks_at_once(engine: AsyncEngine, idas_room: FakeHomeserver) -> None:
    rooms = control_rooms(engine, idas_room)
    assert await rooms.tell(IDA.user_id, "Neues", txn_id="n")
    assert idas_room.said == [("!c", "Neues")]
    await rooms.say_what_waited()
    assert idas_room.said == [("!c", "Neues")]


async def test_to_somebody_silent_it_speaks_when_they_hear_again_in_order_and_once(
    engine: AsyncEngine, idas_room: FakeHomeserver
) -> None:
    silent = {IDA.user_id}
    rooms = control_rooms(engine, idas_room, silent=silent)
    for text in ("eins", "zwei", "eins"):
        assert await rooms.tell(IDA.user_id, text, txn_id=f"txn-{text}")
    await rooms.say_what_waited()
    assert idas_room.said == []
    silent.clear()
    for _ in range(2):
        await rooms.say_what_waited()
    assert idas_room.said == [("!c", "eins"), ("!c", "zwei")]
    assert idas_room.transactions == ["txn-eins", "txn-zwei"]


async def test_answers_and_explanations_do_not_wait(engine: AsyncEngine, idas_room: FakeHomeserver) -> None:
    rooms = control_rooms(engine, idas_room, silent={IDA.user_id})
    await rooms.message(message("!hallo", sender=IDA.user_id))
    await rooms.explain(IDA.user_id, Reason.MUST_WAIT)
    assert [text for _, text in idas_room.said] == ["Hallo $m", GERMAN.refusal(Reason.MUST_WAIT)]


async def test_who_has_no_control_room_is_told_nothing_and_nothing_waits_for_them(
    engine: AsyncEngine, idas_room: FakeHomeserver
) -> None:
    rooms = control_rooms(engine, idas_room, silent={BEN.user_id})
    assert not await rooms.tell(BEN.user_id, "Neues", txn_id="n")


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_an_answer_that_is_lost_makes_no_word_come_twice_or_not_at_all(
    engine: AsyncEngine, idas_room: FakeHomeserver, when: str, restarted: bool
) -> None:
    silent = {IDA.user_id}
    rooms = control_rooms(engine, idas_room, silent=silent)
    for text in ("eins", "zwei"):
        await rooms.tell(IDA.user_id, text, txn_id=f"txn-{text}")
    silent.clear()
    idas_room.trouble = [when]
    await rooms.say_what_waited()
    if restarted:
        rooms = control_rooms(engine, idas_room)
    await rooms.say_what_waited()
    assert [text for _, text in idas_room.said] == ["eins", "zwei"]


async def test_the_same_word_of_another_day_is_said_again(engine: AsyncEngine, idas_room: FakeHomeserver) -> None:
    for day in range(2):
        rooms = control_rooms(engine, idas_room, silent={IDA.user_id})
        await rooms.tell(IDA.user_id, "Der Abgleich wartet.", txn_id="sync")
        await control_rooms(engine, idas_room).say_what_waited()
        assert len(idas_room.said) == day + 1
        idas_room.events[-1]["origin_server_ts"] -= 86_400_000


async def test_a_room_that_the_bot_was_thrown_out_of_gets_no_more_words(
    engine: AsyncEngine, idas_room: FakeHomeserver
) -> None:
    await control_rooms(engine, idas_room, silent={IDA.user_id}).tell(IDA.user_id, "Neues", txn_id="n")
    idas_room.trouble = ["refused"]
    for _ in range(2):
        await control_rooms(engine, idas_room).say_what_waited()
    assert idas_room.said == []
