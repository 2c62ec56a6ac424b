"""What somebody wrote, and what of it still waits: theirs, and nothing of anybody else."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from builders import BEN, GABI, IDA
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import HomeserverError, NotThereError, RefusedError, TryLaterError
from appservice.own_data import OwnData, OwnRoom
from appservice.stored import StoredRoom
from school.database import held
from school.database.held import HeldMessage
from school.database.tables import HeldState
from school.domain.people import UserId
from school.domain.rooms import RoomKind, RoomStamp
from school.sealing import HELD_KEY, SIGNED_KEY, Binding, Keyring, Purpose

KEYRING = Keyring([b"k" * 32])
ROOM = "!room"
AT_MS = 1_772_476_200_000
TEXT = {"msgtype": "m.text", "body": "Anna ist krank"}


def event(event_id: str, content: dict[str, Any], event_type: str = "m.room.message", **more: Any) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "type": event_type,
        "sender": GABI.user_id,
        "origin_server_ts": AT_MS,
        "content": content,
        **more,
    }


def sealed(content: dict[str, Any], keyring: Keyring = KEYRING) -> dict[str, Any]:
    binding = Binding(room_id=ROOM, sender=GABI.user_id, event_type="m.room.message", origin_server_ts=AT_MS)
    return {"msgtype": "m.notice", "body": "🌙", HELD_KEY: keyring.seal(content, binding)}


@dataclass
class FakeHomeserver:
    events: list[dict[str, Any]] = field(default_factory=list)
    stored_rooms: list[StoredRoom] = field(default_factory=list)
    refuses: HomeserverError | None = None

    def _ask(self) -> None:
        if self.refuses is not None:
            raise self.refuses

    async def rooms_ever(self, _: UserId) -> list[StoredRoom]:
        return self.stored_rooms

    async def members(self, _room_id: str, *, as_user: UserId) -> frozenset[UserId]:
        self._ask()
        return frozenset({as_user, IDA.user_id})

    async def sent_by(self, _room_id: str, _user_id: UserId) -> AsyncIterator[dict[str, Any]]:
        self._ask()
        for one in self.events:
            yield one

    async def event(self, _room_id: str, event_id: str, *, as_user: UserId) -> dict[str, Any]:
        assert as_user == GABI.user_id
        self._ask()
        return next(one for one in self.events if one["event_id"] == event_id)


def own_data(engine: AsyncEngine, homeserver: FakeHomeserver) -> OwnData:
    return OwnData(engine=engine, homeserver=homeserver, keyring=KEYRING)  # type: ignore[arg-type]


async def bodies(engine: AsyncEngine, *events: dict[str, Any]) -> list[str]:
    data = own_data(engine, FakeHomeserver(events=list(events)))
    return [message.body async for message in data.messages(GABI.user_id, ROOM)]


async def test_what_they_wrote_is_told_with_its_time(engine: AsyncEngine) -> None:
    data = own_data(engine, FakeHomeserver(events=[event("$1", TEXT)]))
    [message] = [message async for message in data.messages(GABI.user_id, ROOM)]
    assert (message.event_id, message.type, message.body) == ("$1", "m.room.message", "Anna ist krank")
    assert message.sent_at == datetime.fromtimestamp(AT_MS / 1000, UTC)
    assert message.content == TEXT


@pytest.mark.parametrize(
    ("content", "event_type", "more", "body"),
    [
        ({"name": "Elternabend"}, "m.room.name", {"state_key": ""}, "Elternabend"),
        ({"topic": "Wann?"}, "m.room.topic", {"state_key": ""}, "Wann?"),
        ({"m.relates_to": {"rel_type": "m.annotation", "key": "👍"}}, "m.reaction", {}, "👍"),
        ({"body": "* neu", "m.new_content": {"body": "neu"}}, "m.room.message", {}, "neu"),
        ({"body": 5, "m.relates_to": "x"}, "m.room.message", {}, ""),
    ],
    ids=["a name", "a topic", "a reaction", "an edit", "nonsense"],
)
async def test_words_are_wherever_somebody_can_put_them(
    engine: AsyncEngine, content: dict[str, Any], event_type: str, more: dict[str, Any], body: str
) -> None:
    assert await bodies(engine, event("$1", content, event_type, **more)) == [body]


@pytest.mark.parametrize(
    ("content", "event_type", "more"),
    [
        ({}, "m.room.message", {}),
        (sealed(TEXT), "m.room.message", {}),
        ({"redacts": "$0"}, "m.room.redaction", {}),
        ({"membership": "join"}, "m.room.member", {"state_key": GABI.user_id}),
        ({"body": "x", SIGNED_KEY: {"purpose": Purpose.RECEIPT.value}}, "m.room.message", {}),
        ({"body": "x", SIGNED_KEY: {"purpose": Purpose.NOTICE.value}}, "m.room.message", {}),
    ],
    ids=["deleted", "held", "a deletion", "a membership", "a receipt", "a notice of the server"],
)
async def test_what_is_none_of_their_words_is_left_out(
    engine: AsyncEngine, content: dict[str, Any], event_type: str, more: dict[str, Any]
) -> None:
    assert await bodies(engine, event("$1", content, event_type, **more)) == []


async def test_a_delivered_message_is_theirs_without_the_schools_signature(engine: AsyncEngine) -> None:
    delivered = TEXT | {SIGNED_KEY: {"purpose": Purpose.DELIVERY.value}}
    data = own_data(engine, FakeHomeserver(events=[event("$1", delivered)]))
    [message] = [message async for message in data.messages(GABI.user_id, ROOM)]
    assert message.content == TEXT


async def test_a_room_that_was_forgotten_has_no_messages(engine: AsyncEngine) -> None:
    for gone in (RefusedError("HTTP 403", status=403), NotThereError("HTTP 404", status=404)):
        data = own_data(engine, FakeHomeserver(events=[event("$1", TEXT)], refuses=gone))
        assert [message async for message in data.messages(GABI.user_id, ROOM)] == []


async def test_a_homeserver_that_is_away_is_no_empty_answer(engine: AsyncEngine) -> None:
    data = own_data(engine, FakeHomeserver(refuses=TryLaterError("HTTP 503")))
    with pytest.raises(TryLaterError):
        [message async for message in data.messages(GABI.user_id, ROOM)]


async def test_rooms_have_their_kind_and_direct_rooms_the_other_person(engine: AsyncEngine) -> None:
    stored = [
        StoredRoom(id="!1", is_in=True, name="", stamp=RoomStamp(kind=RoomKind.DIRECT)),
        StoredRoom(id="!2", is_in=False, name="Elternrat", stamp=RoomStamp(kind=RoomKind.CHAT)),
        StoredRoom(id="!3", is_in=False, name="", stamp=None),
    ]
    assert await own_data(engine, FakeHomeserver(stored_rooms=stored)).rooms(GABI.user_id) == [
        OwnRoom(id="!1", name="", kind="direct", is_in=True, others=(IDA.user_id,)),
        OwnRoom(id="!3", name="", kind="", is_in=False),
        OwnRoom(id="!2", name="Elternrat", kind="chat", is_in=False),
    ]


# What waits.


async def hold(
    engine: AsyncEngine, event_id: str, *, sender: UserId = GABI.user_id, room: str = ROOM, state: str = "waiting"
) -> None:
    message = HeldMessage(
        event_id=event_id,
        room_id=room,
        sender=sender,
        event_type="m.room.message",
        origin_server_ts_ms=AT_MS,
    )
    async with engine.begin() as connection:
        await held.add(connection, message)
        if state != "waiting":
            await held.settle(connection, event_id, HeldState(state))


async def test_what_waits_and_what_was_refused_is_opened_from_its_seal(engine: AsyncEngine) -> None:
    homeserver = FakeHomeserver(
        events=[
            event("$waits", sealed(TEXT)),
            event("$refused", sealed({"body": "nie"})),
            event("$old_key", sealed(TEXT, Keyring([b"x" * 32]))),
            event("$deleted", {}),
        ]
    )
    for event_id in ("$waits", "$old_key", "$deleted"):
        await hold(engine, event_id)
    await hold(engine, "$refused", state="refused")
    await hold(engine, "$delivered", state="delivered")
    await hold(engine, "$others", sender=BEN.user_id)
    assert await own_data(engine, homeserver).undelivered(GABI.user_id) == {
        "$waits": TEXT,
        "$refused": {"body": "nie"},
        "$old_key": None,
        "$deleted": None,
    }


async def test_of_what_waits_for_somebody_only_the_number_is_told(engine: AsyncEngine) -> None:
    await hold(engine, "$1")
    await hold(engine, "$2")
    await hold(engine, "$own", sender=IDA.user_id)
    await hold(engine, "$elsewhere", room="!other")
    await hold(engine, "$3", state="delivered")
    rooms = [
        OwnRoom(id=ROOM, name="", kind="direct", is_in=True),
        OwnRoom(id="!other", name="", kind="direct", is_in=False),
    ]
    assert await own_data(engine, FakeHomeserver()).waiting_for(IDA.user_id, rooms) == 2
