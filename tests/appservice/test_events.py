import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from builders import BEN, BOT, IDA

from appservice.events import EventRouter
from appservice.homeserver import NotThereError, RefusedError, TryLaterError
from school.domain.people import Person, UserId
from school.sealing import SIGNED_KEY


class Interests:
    """Everybody whom the router tells of something: the queue, the stamps, direct rooms and control rooms."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.answered: list[str] = []
        self.lives = 0
        self.error: Exception | None = None
        self.slow: dict[str, asyncio.Event] = {}

    # the queue
    async def take_in(self, event: Mapping[str, Any]) -> None:
        self.told.append(("take in", event["event_id"]))

    async def take_back(self, event_id: str, at_ms: int) -> None:
        assert at_ms == 1
        self.told.append(("take back", event_id))

    def somebody_writes(self) -> None:
        self.lives += 1

    def members_changed(self, room_id: str) -> None:
        self.told.append(("members", room_id))

    # the stamps
    def learn(self, event: Mapping[str, Any]) -> None:
        self.told.append(("stamp", event["room_id"]))

    # direct rooms and control rooms
    async def invited(self, room_id: str, inviter: UserId, invitee: UserId = BOT) -> None:
        if self.error is not None:
            raise self.error
        await asyncio.sleep(0)
        self.told.append(("invited", f"{invitee} by {inviter}"))

    async def message(self, event: Mapping[str, Any]) -> None:
        if event["event_id"] in self.slow:
            await self.slow[event["event_id"]].wait()
        if event["content"]["body"] == "!fehler":
            raise RuntimeError("a bug")
        self.answered.append(event["event_id"])


def router(interests: Interests) -> EventRouter:
    everybody: Any = interests
    return EventRouter(bot=BOT, queue=everybody, stamps=everybody, direct_rooms=everybody, control=everybody)


def event(event_type: str, content: dict[str, Any], *, sender: Person | UserId = BEN, **more: Any) -> dict[str, Any]:
    sender_id = sender.user_id if isinstance(sender, Person) else sender
    whole = {
        "type": event_type,
        "content": content,
        "sender": sender_id,
        "room_id": "!r",
        "event_id": "$e",
        "origin_server_ts": 1,
    }
    return whole | more


def says(event_id: str, body: str = "Hallo", room_id: str = "!r", **more: Any) -> dict[str, Any]:
    return event("m.room.message", {"msgtype": "m.text", "body": body}, event_id=event_id, room_id=room_id, **more)


def invitation(invitee: Person | UserId, inviter: Person = BEN) -> dict[str, Any]:
    user_id = invitee.user_id if isinstance(invitee, Person) else invitee
    return event("m.room.member", {"membership": "invite"}, sender=inviter, state_key=user_id)


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("what", "told"),
    [
        pytest.param(event("m.room.create", {}), [("stamp", "!r")], id="a room's stamp"),
        pytest.param(
            event("m.room.member", {"membership": "join"}, state_key=BEN.user_id), [("members", "!r")], id="a join"
        ),
        pytest.param(event("m.room.member", {"membership": "invite"}), [], id="a membership that is no state"),
        pytest.param(
            invitation(IDA), [("members", "!r"), ("invited", f"{IDA.user_id} by {BEN.user_id}")], id="an invitation"
        ),
        pytest.param(
            invitation(BOT), [("members", "!r"), ("invited", f"{BOT} by {BEN.user_id}")], id="one for the bot"
        ),
        pytest.param(says("$m"), [("take in", "$m")], id="a message"),
        pytest.param(event("m.room.redaction", {"redacts": "$x"}), [("take back", "$x")], id="a deletion"),
        pytest.param(event("m.room.redaction", {}, redacts="$x"), [("take back", "$x")], id="one of an older room"),
        pytest.param(event("m.room.redaction", {}), [], id="a deletion of nothing"),
        pytest.param(event("m.room.redaction", {"redacts": {"a": 1}}), [], id="a deletion of nonsense"),
        pytest.param(event("m.reaction", {}), [], id="anything else"),
    ],
)
async def test_who_is_told_of_what(what: dict[str, Any], told: list[tuple[str, str]]) -> None:
    interests = Interests()
    await router(interests).take([what])
    assert interests.told == told


async def test_what_must_not_be_lost_is_done_when_the_transaction_is_answered() -> None:
    interests = Interests()
    interests.slow["$m"] = asyncio.Event()
    await router(interests).take([says("$m"), invitation(IDA), says("$n")])
    assert [what for what, _ in interests.told] == ["take in", "members", "take in", "invited"]
    assert interests.answered == []
    interests.slow["$m"].set()
    await settled()
    assert interests.answered == ["$m", "$n"]


@pytest.mark.parametrize(
    ("sender", "content", "answered"),
    [
        pytest.param(BEN, {}, True, id="what a person writes"),
        pytest.param(BOT, {}, False, id="not what the bot itself says"),
        pytest.param(BEN, {SIGNED_KEY: {}}, False, id="not what was sent in a person's name"),
    ],
)
async def test_who_is_answered(sender: Person | UserId, content: dict[str, Any], answered: bool) -> None:
    interests = Interests()
    message = says("$m", sender=sender)
    await router(interests).take([message | {"content": message["content"] | content}])
    await settled()
    assert (interests.answered == ["$m"]) is answered


async def test_within_a_room_answers_come_in_order() -> None:
    interests = Interests()
    interests.slow["$1"] = asyncio.Event()
    ours = router(interests)
    await ours.take([says("$1"), says("$2")])
    await ours.take([says("$3")])
    await settled()
    assert interests.answered == []
    interests.slow["$1"].set()
    await settled()
    assert interests.answered == ["$1", "$2", "$3"]


async def test_one_room_does_not_wait_for_another() -> None:
    interests = Interests()
    interests.slow["$1"] = asyncio.Event()
    await router(interests).take([says("$1"), says("$2", room_id="!other")])
    await settled()
    assert interests.answered == ["$2"]
    interests.slow["$1"].set()
    await settled()


async def test_a_command_that_fails_is_followed_by_the_next() -> None:
    interests = Interests()
    await router(interests).take([says("$1", "!fehler"), says("$2")])
    await settled()
    assert interests.answered == ["$2"]


@pytest.mark.parametrize("error", [RefusedError("HTTP 403"), NotThereError("HTTP 404"), RuntimeError("a bug")])
async def test_an_invitation_that_cannot_be_accepted_stops_nothing(error: Exception) -> None:
    interests = Interests()
    interests.error = error
    await router(interests).take([invitation(IDA), says("$m")])
    await settled()
    assert interests.answered == ["$m"]


async def test_a_busy_homeserver_makes_the_transaction_come_again() -> None:
    interests = Interests()
    interests.error = TryLaterError("HTTP 503")
    ours = router(interests)
    with pytest.raises(TryLaterError):
        await ours.take([invitation(IDA), says("$m")])
    await settled()
    assert interests.answered == []
    interests.error = None
    await ours.take([invitation(IDA), says("$m")])
    await settled()
    assert interests.answered == ["$m"]


async def test_commands_in_rooms_hear_what_people_write() -> None:
    interests, heard = Interests(), list[str]()
    everybody: Any = interests

    async def hear(event: Mapping[str, Any]) -> None:
        heard.append(event["event_id"])

    parts = {"queue": everybody, "stamps": everybody, "direct_rooms": everybody, "control": everybody}
    ours = EventRouter(bot=BOT, commands_in_rooms=[hear], **parts)
    await ours.take([says("$1", "!fehler"), says("$2"), says("$3", sender=BOT)])
    await settled()
    assert heard == ["$1", "$2"]
    assert interests.answered == ["$2"]


async def test_the_release_is_told_when_people_write_and_not_of_its_own_messages() -> None:
    interests = Interests()
    await router(interests).take([says("$1", sender=BOT), event("m.room.message", {SIGNED_KEY: {}})])
    assert interests.lives == 0
    await router(interests).take([says("$2"), says("$3")])
    assert interests.lives == 1
    await settled()


@pytest.mark.parametrize(
    ("what", "told"),
    [
        pytest.param(event("m.room.member", {"membership": "join"}, state_key=IDA.user_id), True, id="a join"),
        pytest.param(event("m.room.member", {"membership": "leave"}, state_key=IDA.user_id), False, id="who leaves"),
        pytest.param(event("m.room.member", {"membership": "join"}), False, id="a membership that is no state"),
        pytest.param(
            event("m.room.member", {"membership": "invite"}, state_key=IDA.user_id), False, id="an invitation"
        ),
    ],
)
async def test_somebody_is_told_who_comes_into_a_room(what: dict[str, Any], told: bool) -> None:
    came: list[tuple[str, UserId]] = []

    async def on_join(room_id: str, user_id: UserId) -> None:
        came.append((room_id, user_id))

    everybody: Any = Interests()
    events = EventRouter(
        bot=BOT, queue=everybody, stamps=everybody, direct_rooms=everybody, control=everybody, on_join=on_join
    )
    await events.take([what])
    await settled()
    assert came == ([("!r", IDA.user_id)] if told else [])
