from typing import Any

import pytest
from builders import BEN, EVENING, IDA, NOBODY, standing
from simulated_time import simulated

from appservice.bot.commands import Command
from appservice.bot.in_rooms import InRooms, RoomCommand, RoomRequest
from appservice.homeserver import RefusedError, TryLaterError
from school.domain.people import Person, UserId
from school.domain.rooms import RoomKind, RoomStamp
from school.sealing import HELD_KEY, Keyring
from school.standing import CannotDecideError
from school.texts import Language, Texts

GERMAN = Texts(Language.GERMAN)


class Rooms:
    """Two rooms, and what was said in a person's name."""

    def __init__(self) -> None:
        self.now = standing()
        self.said: list[str] = []
        self.refuses = False
        self.busy_looks = self.busy_sends = 0

    async def of(self, room_id: str, *, seen_by: UserId) -> RoomStamp | None:
        if self.busy_looks > 0:
            self.busy_looks -= 1
            raise TryLaterError("HTTP 503")
        kinds = {"!chat": RoomKind.CHAT, "!control": RoomKind.CONTROL}
        return RoomStamp(kind=kinds[room_id]) if room_id in kinds else None

    async def send(self, room_id: str, event_type: str, content: Any, **how: Any) -> str:
        if self.refuses:
            raise RefusedError("HTTP 403", status=403)
        if self.busy_sends > 0:
            self.busy_sends -= 1
            raise TryLaterError("HTTP 503")
        self.said.append(content["m.new_content"]["body"])
        return "$answer"


async def nobody(_: Any) -> str:
    raise AssertionError("only in rooms")


async def answer(request: RoomRequest) -> str:
    if request.words == "später":
        raise TryLaterError("HTTP 503")
    if request.words == "kaputt":
        raise RuntimeError("a bug")
    if request.words == "wer":
        raise CannotDecideError("no directory")
    return f"{request.person.given_name}|{request.words}|{request.texts.language}|{request.room_id}"


HUSH = Command(names=((Language.GERMAN, "stille"), (Language.ENGLISH, "hush")), help="rest_room", run=nobody)


async def heard(
    body: Any,
    *,
    who: Person | UserId = IDA,
    room_id: str = "!chat",
    refuses: bool = False,
    busy: tuple[int, int] = (0, 0),
    **content: Any,
) -> list[str]:
    rooms = Rooms()
    rooms.refuses = refuses
    rooms.busy_looks, rooms.busy_sends = busy
    server: Any = rooms
    in_rooms = InRooms(
        [RoomCommand(command=HUSH, answer=answer)],
        homeserver=server,
        view=server,
        stamps=server,
        keyring=Keyring([b"k" * 32]),
        clock=lambda: EVENING,
    )
    sender = who.user_id if isinstance(who, Person) else who
    content = {"msgtype": "m.text", "body": body} | content
    await in_rooms.message({"event_id": "$asked", "room_id": room_id, "sender": sender, "content": content})
    return rooms.said


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ("!stille an", "Ida|an|de|!chat"),
        ("!HUSH  on ", "Ida|on|en|!chat"),
        ("/stille", "Ida||de|!chat"),
        ("! stille an\naus", "Ida|an\naus|de|!chat"),
    ],
)
async def test_a_command_is_answered_in_the_language_of_its_word(body: str, answer: str) -> None:
    assert await heard(body) == [answer]


@pytest.mark.parametrize("body", ["stille an", "Bitte !stille an", "!still", "!", "", 5, "* !stille an"])
async def test_what_is_no_command_is_nobodys_business(body: Any) -> None:
    assert await heard(body) == []


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"msgtype": "m.notice"}, id="a notice"),
        pytest.param({HELD_KEY: {}}, id="what is held"),
        pytest.param({"who": NOBODY}, id="somebody unknown"),
        pytest.param({"room_id": "!control"}, id="the control room, which answers itself"),
        pytest.param({"room_id": "!strange"}, id="a room that is not the school's"),
    ],
)
async def test_these_are_not_answered(how: dict[str, Any]) -> None:
    assert await heard("!stille an", **how) == []


async def test_help_is_given_in_the_room() -> None:
    assert (await heard("!stille ?", who=BEN))[0].startswith("!stille – ")


@pytest.mark.parametrize("trouble", ["später", "kaputt", "wer"])
async def test_what_cannot_be_done_is_said(trouble: str) -> None:
    assert await heard(f"!stille {trouble}") == [GERMAN.say("bot.failed")]


@pytest.mark.parametrize("busy", [(3, 0), (0, 3), (2, 2)])
def test_a_command_that_comes_while_the_homeserver_is_busy_is_answered_later(busy: tuple[int, int]) -> None:
    said: list[str] = []

    @simulated
    async def asks() -> None:
        said.extend(await heard("!stille an", busy=busy))

    asks()
    assert said == ["Ida|an|de|!chat"]


async def test_an_answer_that_is_refused_is_left_out() -> None:
    assert await heard("!stille an", refuses=True) == []


@pytest.mark.parametrize("body", ["!stille an", "> <@ida:school.test> Seht her\n> und lest\n\n!stille an"])
async def test_a_command_may_be_a_reply_also_from_clients_that_quote(body: str) -> None:
    assert await heard(body, **{"m.relates_to": {"m.in_reply_to": {"event_id": "$pdf"}}}) == ["Ida|an|de|!chat"]


@pytest.mark.parametrize("relation", ["x", {"m.in_reply_to": "x"}, {"m.in_reply_to": {"event_id": 5}}])
async def test_a_quote_alone_makes_no_reply(relation: Any) -> None:
    assert await heard("> Zitat\n\n!stille an", **{"m.relates_to": relation}) == []
