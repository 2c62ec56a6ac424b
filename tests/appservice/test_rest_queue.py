"""The rest queue and the delivery behind it, with a homeserver in memory and a real database."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from builders import BEN, BERLIN, BOT, GABI, HANNA, IDA, OTTO, standing
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.delivery import Delivery
from appservice.homeserver import HomeserverError, NotThereError, RefusedError, TryLaterError
from appservice.rest_queue import RestQueue
from appservice.school_view import SchoolView
from school.database.tables import HeldState, held_messages, held_rooms
from school.domain.intervals import Span
from school.domain.people import Person, UserId
from school.domain.rest import PersonalRest
from school.sealing import HELD_KEY, SIGNED_KEY, Binding, Keyring, Purpose
from school.standing import CannotDecideError, Standing
from school.texts import Language, Texts

KEYRING = Keyring([b"k" * 32])
VERIFIER = Keyring([b"k" * 32, b"n" * 32])
ROOM, OTHER_ROOM = "!room", "!other"
BUSY = TryLaterError("HTTP 503")
NO = RefusedError("HTTP 403: Nein", words="Nein")


class FakeHomeserver:
    """Rooms in memory. `trouble` is what goes wrong with the next deliveries: an error before it is sent, or after."""

    def __init__(self) -> None:
        self.bot = BOT
        self.timeline: list[dict[str, Any]] = []
        self.people = {ROOM: {BEN.user_id, IDA.user_id}, OTHER_ROOM: {GABI.user_id, OTTO.user_id}}
        self.transactions: dict[str, str] = {}
        self.trouble: list[tuple[str, HomeserverError]] = []
        self.looks = 0
        self._ids = (f"$e{number}" for number in itertools.count())

    def restart(self) -> None:
        """Transaction ids are remembered in memory only."""
        self.transactions.clear()

    def add(self, event: dict[str, Any]) -> dict[str, Any]:
        self.timeline.append(event | {"event_id": next(self._ids)})
        return self.timeline[-1]

    async def send(
        self, room_id: str, event_type: str, content: Mapping[str, Any], *, txn_id: str, as_user: UserId,
        origin_server_ts: int,
    ) -> str:  # fmt: skip
        self._require_member(room_id, as_user)
        if txn_id in self.transactions:
            return self.transactions[txn_id]
        binding = Binding(room_id=room_id, sender=as_user, event_type=event_type, origin_server_ts=origin_server_ts)
        purpose = VERIFIER.verify(content, binding, now_ms=int(time.time() * 1000))
        assert purpose is not None, "sent without a valid signature"
        when, error = self.trouble.pop(0) if self.trouble and purpose is Purpose.DELIVERY else ("", BUSY)
        if when == "before":
            raise error
        event = {"type": event_type, "room_id": room_id, "sender": as_user, "origin_server_ts": origin_server_ts}
        sent = self.add(event | {"content": dict(content)})
        self.transactions[txn_id] = sent["event_id"]
        if when == "after":
            raise error
        return str(sent["event_id"])

    async def event(self, room_id: str, event_id: str, *, as_user: UserId) -> dict[str, Any]:
        self._require_member(room_id, as_user)
        for event in self.timeline:
            if (event["room_id"], event["event_id"]) == (room_id, event_id):
                event["unsigned"] = {"m.relations": {"m.reference": {"chunk": self._references_to(event_id)}}}
                return event
        raise NotThereError("HTTP 404")

    async def events_since(
        self, room_id: str, event_id: str, *, as_user: UserId, sender: UserId
    ) -> AsyncIterator[dict[str, Any]]:
        self._require_member(room_id, as_user)
        self.looks += 1
        here = [event for event in self.timeline if event["room_id"] == room_id]
        start = next(number for number, event in enumerate(here) if event["event_id"] == event_id)
        for event in here[start + 1 :]:
            if event["sender"] == sender:
                yield event

    async def members(self, room_id: str, *, as_user: UserId) -> frozenset[UserId]:
        self._require_member(room_id, as_user)
        return frozenset(self.people[room_id])

    async def memberships(self, user_id: UserId) -> dict[str, str]:
        return {room_id: "join" if user_id in people else "leave" for room_id, people in self.people.items()}

    async def redact(self, room_id: str, event_id: str, *, txn_id: str, as_user: UserId) -> None:
        (await self.event(room_id, event_id, as_user=as_user))["content"] = {}

    def _references_to(self, event_id: str) -> list[dict[str, str]]:
        reference = {"rel_type": "m.reference", "event_id": event_id}
        return [
            {"event_id": event["event_id"]}
            for event in self.timeline
            if event["content"].get("m.relates_to") == reference
        ]

    def _require_member(self, room_id: str, user_id: UserId) -> None:
        if user_id not in self.people[room_id]:
            raise RefusedError("HTTP 403: not in the room")

    def signed(self, purpose: Purpose) -> list[dict[str, Any]]:
        return [
            event["content"]
            for event in self.timeline
            if event["content"].get(SIGNED_KEY, {}).get("purpose") == purpose
        ]


class FakeKeeper:
    """The state of the school, as the tests want it."""

    def __init__(self) -> None:
        self.standing: Standing | None = None

    def current(self) -> Standing:
        if self.standing is None:
            raise CannotDecideError("no directory")
        return self.standing

    def refresh(self) -> None:
        pass


def off(minutes: float = 60) -> PersonalRest:
    now = datetime.now(UTC)
    return PersonalRest(rests=(Span(now - timedelta(hours=1), now + timedelta(minutes=minutes)),))


@dataclass
class School:
    """A homeserver, a database and the programs between them."""

    engine: AsyncEngine
    homeserver: FakeHomeserver = field(default_factory=FakeHomeserver)
    keeper: FakeKeeper = field(default_factory=FakeKeeper)
    ts: int = field(default_factory=lambda: int(time.time() * 1000) - 3_600_000)
    queue: RestQueue = field(init=False)

    def __post_init__(self) -> None:
        self.everybody_is_off()
        self.start()

    def start(self, keyring: Keyring = KEYRING) -> None:
        """The appservice starts (again): everything that it had in memory is gone."""
        homeserver: Any = self.homeserver
        view = SchoolView(self.keeper, BERLIN)  # type: ignore[arg-type]
        delivery = Delivery(
            engine=self.engine, homeserver=homeserver, keyring=keyring, texts=Texts(Language.GERMAN), zone=BERLIN
        )
        self.queue = RestQueue(engine=self.engine, homeserver=homeserver, view=view, delivery=delivery)

    def everybody_is_off(self, minutes: float = 60) -> None:
        self.keeper.standing = standing(rests={IDA: off(minutes), OTTO: off(minutes)})

    def everybody_is_back(self) -> None:
        self.keeper.standing = standing()

    async def writes(
        self, body: str, *, sender: Person = BEN, room: str = ROOM, content: Mapping[str, Any] | None = None
    ) -> str:
        """Somebody writes to a resting teacher: the module seals it, Synapse sends it to the appservice."""
        self.ts += 1000
        binding = Binding(room_id=room, sender=sender.user_id, event_type="m.room.message", origin_server_ts=self.ts)
        words = {"msgtype": "m.text", "body": body} | dict(content or {})
        relation = words.get("m.relates_to")
        relation = relation if isinstance(relation, dict) else {}
        refers = {"m.relates_to": {"rel_type": "m.reference", "event_id": relation.get("event_id")}}
        event = self.homeserver.add(
            {
                "type": "m.room.message",
                "room_id": room,
                "sender": sender.user_id,
                "origin_server_ts": self.ts,
                "content": {"msgtype": "m.notice", "body": "🌙", HELD_KEY: KEYRING.seal(words, binding)}
                | (refers if "rel_type" in relation else {}),
            }
        )
        await self.queue.take_in(event)
        return str(event["event_id"])

    def delivered(self) -> list[str]:
        return [content["body"] for content in self.homeserver.signed(Purpose.DELIVERY)]

    async def states(self) -> list[str]:
        async with self.engine.connect() as connection:
            rows = await connection.execute(select(held_messages.c.state).order_by(held_messages.c.position))
            return [state for (state,) in rows]

    async def held_rooms(self) -> set[str]:
        async with self.engine.connect() as connection:
            return {room for (room,) in await connection.execute(select(held_rooms.c.room_id))}


@pytest.fixture
async def school(engine: AsyncEngine) -> School:
    return School(engine)


# --- Waiting ----------------------------------------------------------------------------------------------------


async def test_while_the_rest_lasts_nothing_is_delivered(school: School) -> None:
    await school.writes("krank")
    pause = await school.queue.round()
    assert school.delivered() == []
    assert await school.states() == [HeldState.WAITING]
    assert 0 < pause <= 30


async def test_the_sender_is_shown_once_that_the_message_is_safe(school: School) -> None:
    held = await school.writes("krank")
    for _ in range(3):
        await school.queue.round()
    [receipt] = school.homeserver.signed(Purpose.RECEIPT)
    assert receipt["m.relates_to"] == {"rel_type": "m.replace", "event_id": held}
    assert receipt["m.new_content"]["body"].startswith("🌙 Geschrieben ")
    assert receipt["m.new_content"]["body"].endswith("✓")
    assert "krank" not in str(receipt)


async def test_who_waits_although_it_is_time_is_told_that_it_is_soon(school: School) -> None:
    await school.writes("krank")
    school.everybody_is_back()
    school.homeserver.trouble = [("before", BUSY)]
    await school.queue.round()
    assert school.delivered() == []
    [receipt] = school.homeserver.signed(Purpose.RECEIPT)
    assert receipt["m.new_content"]["body"].endswith(", Zustellung gleich ✓")


async def test_what_goes_out_at_once_needs_no_receipt(school: School) -> None:
    school.ts = int(time.time() * 1000)
    await school.writes("krank")
    school.everybody_is_back()
    await school.queue.round()
    assert school.delivered() == ["krank"]
    assert school.homeserver.signed(Purpose.RECEIPT) == []


async def test_a_rest_without_end_is_told_as_one(school: School) -> None:
    forever = PersonalRest(rests=(Span(datetime(2026, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)),))
    school.keeper.standing = standing(rests={IDA: forever})
    await school.writes("krank")
    await school.queue.round()
    [receipt] = school.homeserver.signed(Purpose.RECEIPT)
    assert receipt["m.new_content"]["body"].endswith("Zustellung nach der Ruhezeit ✓")


async def test_the_queue_sleeps_until_the_rest_ends_and_no_longer(school: School) -> None:
    school.everybody_is_off(minutes=0.1)
    await school.writes("krank")
    assert 4 < await school.queue.round() <= 6.1


async def test_with_nothing_to_do_it_sleeps_long(school: School) -> None:
    assert await school.queue.round() == 30


async def test_events_that_are_not_held_are_passed_over(school: School) -> None:
    await school.queue.take_in({"content": {"body": "Hallo"}, "event_id": "$x"})
    assert await school.states() == []


async def test_an_event_that_comes_twice_is_held_once(school: School) -> None:
    await school.writes("krank")
    await school.queue.take_in(school.homeserver.timeline[0])
    school.everybody_is_back()
    await school.queue.round()
    await school.queue.take_in(school.homeserver.timeline[0])
    await school.queue.round()
    assert school.delivered() == ["krank"]


# --- Delivering -------------------------------------------------------------------------------------------------


async def test_when_the_rest_ends_everything_comes_in_the_order_of_writing(school: School) -> None:
    bodies = [f"Nachricht {number}" for number in range(5)]
    for body in bodies:
        await school.writes(body)
    await school.queue.round()
    school.everybody_is_back()
    await school.queue.round()
    assert school.delivered() == bodies
    assert set(await school.states()) == {HeldState.DELIVERED}


async def test_the_original_is_delivered_and_nothing_but_a_signature_is_added(school: School) -> None:
    await school.writes("krank", content={"m.mentions": {"user_ids": [IDA.user_id]}})
    school.everybody_is_back()
    await school.queue.round()
    [content] = school.homeserver.signed(Purpose.DELIVERY)
    assert {key: value for key, value in content.items() if key != SIGNED_KEY} == {
        "msgtype": "m.text", "body": "krank", "m.mentions": {"user_ids": [IDA.user_id]},
    }  # fmt: skip
    assert school.homeserver.timeline[-1]["sender"] == BEN.user_id


async def test_a_message_is_delivered_once_however_often_it_is_looked_at(school: School) -> None:
    await school.writes("krank")
    school.everybody_is_back()
    for _ in range(3):
        await school.queue.round()
    assert school.delivered() == ["krank"]


async def test_one_rooms_rest_does_not_hold_another_room(school: School) -> None:
    await school.writes("an Ida")
    await school.writes("an Otto", sender=GABI, room=OTHER_ROOM)
    school.keeper.standing = standing(rests={IDA: off()})
    await school.queue.round()
    assert school.delivered() == ["an Otto"]


async def test_within_a_room_nothing_overtakes_what_was_written_before(school: School) -> None:
    """A message of Ida's that was held while the room was being drained waits for nobody, only for its turn."""
    await school.writes("an Ida")
    await school.writes("von Ida", sender=IDA)
    school.everybody_is_back()
    await school.queue.round()
    assert school.delivered() == ["an Ida", "von Ida"]


async def test_what_waits_for_its_sender_does_not_hold_up_what_they_write_in_their_rest(school: School) -> None:
    await school.writes("an Ida")
    await school.writes("von Ida", sender=IDA)
    await school.queue.round()
    assert school.delivered() == ["von Ida"]
    assert await school.held_rooms() == {ROOM}


async def test_colleagues_who_are_never_there_together_need_not_wait_for_each_other(school: School) -> None:
    school.homeserver.people[ROOM] = {IDA.user_id, OTTO.user_id}
    for number in range(2):
        await school.writes(f"an Ida {number}", sender=OTTO)
        await school.writes(f"an Otto {number}", sender=IDA)
    school.keeper.standing = standing(rests={OTTO: off()})
    await school.queue.round()
    assert school.delivered() == ["an Ida 0", "an Ida 1"]
    school.keeper.standing = standing(rests={IDA: off()})
    await school.queue.round()
    assert school.delivered() == ["an Ida 0", "an Ida 1", "an Otto 0", "an Otto 1"]
    assert await school.held_rooms() == set()


async def test_each_sender_is_told_the_time_of_those_who_are_meant(school: School) -> None:
    school.homeserver.people[ROOM] = {IDA.user_id, OTTO.user_id}
    forever = PersonalRest(rests=(Span(datetime(2026, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)),))
    school.keeper.standing = standing(rests={IDA: forever, OTTO: off()})
    await school.writes("an Ida", sender=OTTO)
    await school.writes("an Otto", sender=IDA)
    await school.queue.round()
    to_ida, to_otto = (receipt["m.new_content"]["body"] for receipt in school.homeserver.signed(Purpose.RECEIPT))
    assert to_ida.endswith("Zustellung nach der Ruhezeit ✓")
    assert not to_otto.endswith("Zustellung nach der Ruhezeit ✓")


async def test_a_room_is_opened_only_when_it_is_drained(school: School) -> None:
    await school.writes("eins")
    await school.writes("zwei")
    assert await school.held_rooms() == {ROOM}
    school.everybody_is_back()
    school.homeserver.trouble = [("", BUSY), ("before", BUSY)]
    await school.queue.round()
    assert school.delivered() == ["eins"]
    assert await school.held_rooms() == {ROOM}
    await school.queue.round()
    assert school.delivered() == ["eins", "zwei"]
    assert await school.held_rooms() == set()


async def test_when_the_teacher_has_left_the_room_the_message_goes_out(school: School) -> None:
    await school.writes("krank")
    await school.queue.round()
    school.homeserver.people[ROOM] = {BEN.user_id}
    school.queue.members_changed(ROOM)
    await school.queue.round()
    assert school.delivered() == ["krank"]


async def test_when_somebody_joins_who_is_there_the_message_goes_out(school: School) -> None:
    await school.writes("krank")
    await school.queue.round()
    school.homeserver.people[ROOM] |= {GABI.user_id, HANNA.user_id}  # three who are no teachers
    await school.queue.round()
    assert school.delivered() == []  # it has not heard of it
    school.queue.members_changed(ROOM)
    await school.queue.round()
    assert school.delivered() == ["krank"]


# --- Exactly once -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("synapse_restarts", [False, True])
@pytest.mark.parametrize("we_restart", [False, True])
@pytest.mark.parametrize("sent", ["before", "after"])
async def test_an_answer_that_is_lost_makes_nobody_get_it_twice_or_not_at_all(
    school: School, sent: str, we_restart: bool, synapse_restarts: bool
) -> None:
    await school.writes("eins")
    await school.writes("zwei")
    school.everybody_is_back()
    school.homeserver.trouble = [(sent, BUSY)]
    assert await school.queue.round() <= 2
    if synapse_restarts:
        school.homeserver.restart()
    if we_restart:
        school.start()
    await school.queue.round()
    assert school.delivered() == ["eins", "zwei"]
    assert await school.states() == [HeldState.DELIVERED] * 2


async def test_trouble_again_and_again_is_still_once(school: School) -> None:
    await school.writes("eins")
    school.everybody_is_back()
    school.homeserver.trouble = [("before", BUSY), ("before", BUSY), ("after", BUSY)]
    for _ in range(5):
        await school.queue.round()
        school.homeserver.restart()
    assert school.delivered() == ["eins"]


async def test_after_a_start_it_looks_before_it_sends(school: School) -> None:
    await school.writes("krank")
    school.start()
    school.everybody_is_back()
    await school.queue.round()
    assert school.homeserver.looks == 1
    assert school.delivered() == ["krank"]


async def test_what_was_held_just_now_needs_no_look(school: School) -> None:
    await school.writes("krank")
    school.everybody_is_back()
    await school.queue.round()
    assert school.homeserver.looks == 0


async def test_a_receipt_is_no_delivery(school: School) -> None:
    await school.writes("krank")
    await school.queue.round()
    school.start()
    school.everybody_is_back()
    await school.queue.round()
    assert school.delivered() == ["krank"]


async def test_the_delivery_of_another_message_is_not_taken_for_this_one(school: School) -> None:
    await school.writes("gleich")
    await school.writes("gleich")
    school.everybody_is_back()
    school.homeserver.trouble = [("", BUSY), ("before", BUSY)]
    await school.queue.round()
    school.start()
    await school.queue.round()
    assert school.delivered() == ["gleich", "gleich"]


# --- Taking back ------------------------------------------------------------------------------------------------


async def test_a_deleted_notice_takes_the_message_back(school: School) -> None:
    held = await school.writes("krank")
    await school.queue.take_back(held, int(time.time() * 1000))
    school.everybody_is_back()
    await school.queue.round()
    assert school.delivered() == []
    assert await school.states() == [HeldState.WITHDRAWN]
    assert await school.held_rooms() == set()


async def test_a_deletion_that_was_not_heard_of_is_seen_in_the_room(school: School) -> None:
    held = await school.writes("krank")
    await school.homeserver.redact(ROOM, held, txn_id="x", as_user=BEN.user_id)
    school.everybody_is_back()
    await school.queue.round()
    assert school.delivered() == []
    assert await school.states() == [HeldState.WITHDRAWN]


async def test_the_others_come_in_spite_of_it(school: School) -> None:
    await school.writes("eins")
    await school.queue.take_back(await school.writes("zwei"), 0)
    await school.writes("drei")
    school.everybody_is_back()
    await school.queue.round()
    assert school.delivered() == ["eins", "drei"]


async def test_deleting_a_delivered_message_deletes_its_sealed_copy(school: School) -> None:
    held = await school.writes("krank")
    school.everybody_is_back()
    await school.queue.round()
    delivered = school.homeserver.timeline[-1]["event_id"]
    await school.queue.take_back(delivered, int(time.time() * 1000))
    notice = await school.homeserver.event(ROOM, held, as_user=BEN.user_id)
    assert notice["content"] == {}


async def test_a_notice_that_was_deleted_just_before_the_delivery_takes_the_message_with_it(school: School) -> None:
    held = await school.writes("krank")
    just_before = int(time.time() * 1000) - 1
    school.everybody_is_back()
    await school.queue.round()
    await school.queue.take_back(held, just_before)
    assert school.homeserver.timeline[-1]["content"] == {}
    assert school.delivered() == []


async def test_a_notice_that_is_deleted_later_leaves_what_was_delivered(school: School) -> None:
    held = await school.writes("krank")
    school.everybody_is_back()
    await school.queue.round()
    await school.queue.take_back(held, int(time.time() * 1000) + 60_000)
    assert school.delivered() == ["krank"]


async def test_deleting_anything_else_changes_nothing(school: School) -> None:
    await school.writes("krank")
    await school.queue.take_back("$unknown", int(time.time() * 1000))
    assert await school.states() == [HeldState.WAITING]


# --- What cannot be delivered -----------------------------------------------------------------------------------


async def test_a_refused_delivery_is_told_to_the_sender_and_blocks_nobody(school: School) -> None:
    held = await school.writes("eins")
    await school.writes("zwei")
    school.everybody_is_back()
    school.homeserver.trouble = [("before", NO)]
    await school.queue.round()
    [notice] = school.homeserver.signed(Purpose.NOTICE)
    assert notice["m.relates_to"]["event_id"] == held
    assert notice["m.new_content"]["body"].endswith("nicht zugestellt: Nein")
    assert school.delivered() == ["zwei"]
    assert await school.states() == [HeldState.REFUSED, HeldState.DELIVERED]
    assert await school.held_rooms() == set()


async def test_a_sender_who_left_the_room_blocks_nobody(school: School) -> None:
    school.homeserver.people[ROOM].add(GABI.user_id)
    await school.writes("von Gabi", sender=GABI)
    await school.writes("von Ben")
    school.homeserver.people[ROOM].remove(GABI.user_id)
    school.everybody_is_back()
    await school.queue.round()
    assert school.delivered() == ["von Ben"]
    assert await school.states() == [HeldState.REFUSED, HeldState.DELIVERED]


async def test_a_copied_seal_is_never_opened(school: School) -> None:
    await school.writes("krank")
    copy = school.homeserver.add(school.homeserver.timeline[0] | {"room_id": OTHER_ROOM, "sender": GABI.user_id})
    await school.queue.take_in(copy)
    school.everybody_is_back()
    await school.queue.round()
    assert school.delivered() == ["krank"]
    assert await school.states() == [HeldState.DELIVERED, HeldState.REFUSED]
    [notice] = school.homeserver.signed(Purpose.NOTICE)
    assert notice["m.relates_to"]["event_id"] == copy["event_id"]


async def test_what_was_sealed_with_a_key_that_is_missing_waits_until_it_is_back(school: School) -> None:
    await school.writes("krank")
    school.start(Keyring([b"n" * 32]))
    school.everybody_is_back()
    await school.queue.round()
    assert (school.delivered(), await school.states()) == ([], [HeldState.WAITING])
    school.start(Keyring([b"n" * 32, b"k" * 32]))
    await school.queue.round()
    assert await school.states() == [HeldState.DELIVERED]


@pytest.mark.parametrize("garbage", [5, None, ["$x"], {"a": 1}])
async def test_odd_relations_block_nobody(school: School, garbage: Any) -> None:
    for relation in (
        garbage,
        {"event_id": garbage},
        {"m.in_reply_to": garbage},
        {"m.in_reply_to": {"event_id": garbage}},
    ):
        await school.writes("odd", content={"m.relates_to": relation})
    await school.writes("danach")
    school.everybody_is_back()
    await school.queue.round()
    assert school.delivered() == ["odd"] * 4 + ["danach"]


async def test_without_a_directory_nothing_is_delivered_and_nothing_is_lost(school: School) -> None:
    await school.writes("krank")
    school.keeper.standing = None
    assert await school.queue.round() <= 2
    assert school.delivered() == []
    school.everybody_is_back()
    await school.queue.round()
    assert school.delivered() == ["krank"]


# --- What belongs together --------------------------------------------------------------------------------------


async def test_replies_and_threads_point_to_what_was_delivered(school: School) -> None:
    held = await school.writes("krank")
    reply = {"m.relates_to": {"m.in_reply_to": {"event_id": held}}}
    thread = {"m.relates_to": {"rel_type": "m.thread", "event_id": held, "m.in_reply_to": {"event_id": held}}}
    for name, content in (("reply", reply), ("thread", thread)):
        await school.writes(name, content=content)
    await school.queue.round()
    receipts = len(school.homeserver.timeline)
    school.everybody_is_back()
    await school.queue.round()
    first = school.homeserver.timeline[receipts]["event_id"]
    _, answer, in_thread = (content.get("m.relates_to") for content in school.homeserver.signed(Purpose.DELIVERY))
    assert answer == {"m.in_reply_to": {"event_id": first}}
    assert in_thread == {"rel_type": "m.thread", "event_id": first, "m.in_reply_to": {"event_id": first}}


async def test_relations_to_other_messages_stay(school: School) -> None:
    relation = {"m.in_reply_to": {"event_id": "$earlier"}}
    await school.writes("reply", content={"m.relates_to": relation})
    school.everybody_is_back()
    await school.queue.round()
    [content] = school.homeserver.signed(Purpose.DELIVERY)
    assert content["m.relates_to"] == relation


# --- Running ----------------------------------------------------------------------------------------------------


async def test_running_it_delivers_by_itself_when_somebody_is_back(school: School) -> None:
    running = asyncio.create_task(school.queue.run())
    await school.writes("krank")
    await asyncio.sleep(0.05)
    assert school.delivered() == []
    school.everybody_is_back()
    school.queue.look()
    for _ in range(500):
        if school.delivered():
            break
        await asyncio.sleep(0.01)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert school.delivered() == ["krank"]
