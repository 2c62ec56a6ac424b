"""Forgeries: what passes the hold is signed by the school, and nothing else passes, whoever sends it and when."""

import json
import time
from collections.abc import Callable

import pytest

from acceptance.client import Answer, Client, Json, times, wait_until
from acceptance.people import Person, assert_refused
from acceptance.running import Demo
from acceptance.waiting import RELEASE, delivered, hold, until_nothing_waits, words_of_their_own
from school.config import read_keys
from school.sealing import HELD_KEY, SIGNED_KEY, URGENT_KEY, Binding, Keyring, Purpose


@pytest.fixture
def guardian(people) -> Person:
    return people.guardian()


@pytest.fixture
def teacher(people) -> Person:
    return people.teacher()


@pytest.fixture
def room(guardian, teacher) -> str:
    return guardian.talk_to(teacher)


def test_a_copied_signature_is_worth_nothing(guardian, teacher, room):
    with teacher.resting():
        held = hold(guardian, room, "Einmal")
        notice = guardian.event(room, held)["content"]
        receipt = next(e["content"] for e in guardian.events(room) if "org.schulbote.signed" in e["content"])
    message = wait_until(lambda: delivered(teacher, room, "Einmal"), RELEASE)
    signed = message["content"]
    assert "org.schulbote.signed" in signed
    until_nothing_waits(guardian, room)
    ts = message["origin_server_ts"]
    copies = [
        guardian.try_send(room, signed),
        guardian.try_send(room, signed, ts=ts),
        teacher.try_send(room, signed, ts=ts),
        guardian.try_send(room, notice),
        guardian.try_send(room, {"msgtype": "m.text", "body": "x", "m.new_content": notice}),
    ]
    for copy in copies:
        content = json.dumps(guardian.event(room, copy.ok()["event_id"])["content"])
        assert "org.schulbote" not in content
    with teacher.resting():
        before = len(teacher.events(room))
        for content in (signed, receipt | {"body": "Einmal"}, receipt | {"m.new_content": signed}):
            again = guardian.try_send(room, content, ts=ts).ok()["event_id"]
            placed = guardian.event(room, again)["content"]
            assert placed["msgtype"] == "m.notice"
            assert "org.schulbote.held" in placed
            assert "org.schulbote.signed" not in placed
        assert "Einmal" not in json.dumps(teacher.events(room)[before:])


def test_a_copied_seal_opens_nowhere_else(people, guardian, teacher, room):
    other = people.guardian()
    elsewhere = other.talk_to(teacher)
    with teacher.resting():
        held = hold(guardian, room, "Nur hier")
        seal = guardian.event(room, held)["content"]
        copy = teacher.try_send(elsewhere, seal).ok()["event_id"]  # a resting teacher wants to read early
        again = guardian.try_send(room, seal).ok()["event_id"]
        assert "org.schulbote.held" not in teacher.event(elsewhere, copy)["content"]
        assert guardian.event(room, again)["content"]["org.schulbote.held"] != seal["org.schulbote.held"]
    wait_until(lambda: delivered(teacher, room, "Nur hier"), RELEASE)
    teacher.ask("!hilfe")
    time.sleep(1)
    assert times("Nur hier", teacher.texts(room)) == 1
    assert times("Nur hier", other.texts(elsewhere)) == 0


# --- Signatures by somebody who has the keys --------------------------------------------------------------------


class School:
    """Who may send in people's names and at any time, and has the keys: what it signs wrongly passes no more than
    what others do."""

    def __init__(self, demo: Demo, room: str, sender: Person, bystander: Person) -> None:
        secrets = demo.home / "secrets"
        self.keyring = Keyring(read_keys(secrets / "message_keys"))
        self.client = Client(demo.homeserver, token=(secrets / "appservice_token").read_text().strip())
        self.room, self.sender, self.bystander = room, sender, bystander
        self.now = int(time.time() * 1000)

    def signed(self, words: str, *, purpose: Purpose = Purpose.DELIVERY, **other: object) -> Json:
        """A delivery of these words; `other` is what it is signed for instead of what it is sent as."""
        bound = {
            "room_id": self.room,
            "sender": self.sender.user_id,
            "event_type": "m.room.message",
            "origin_server_ts": self.now,
        }
        content = {"msgtype": "m.text", "body": words} | ({URGENT_KEY: True} if purpose is Purpose.URGENT else {})
        return self.keyring.sign(content, Binding(**bound | other), purpose=purpose, held="$held")

    def try_send(self, content: Json, *, ts: int = 0) -> Answer:
        return self.client.try_send(self.room, content, user_id=self.sender.user_id, ts=ts or self.now)

    def send(self, content: Json, *, ts: int = 0) -> Json:
        """What stands in the room after a message was sent."""
        return self.bystander.event(self.room, self.try_send(content, ts=ts).ok()["event_id"])["content"]


def marked(signed: Json, **changes: str) -> Json:
    """The same with another mark."""
    return signed | {SIGNED_KEY: signed[SIGNED_KEY] | changes}


MINUTE = 60_000
FORGED: dict[str, Callable[[School, str], Json]] = {
    "no signature": lambda school, words: school.send({"msgtype": "m.text", "body": words}),
    "another room": lambda school, words: school.send(school.signed(words, room_id="!other")),
    "another sender": lambda school, words: school.send(school.signed(words, sender=school.bystander.user_id)),
    "another type": lambda school, words: school.send(school.signed(words, event_type="m.sticker")),
    "another time": lambda school, words: school.send(school.signed(words), ts=school.now + 1),
    "other words": lambda school, words: school.send(school.signed("Hallo") | {"body": words}),
    "more words": lambda school, words: school.send(school.signed("Hallo") | {"org.example": words}),
    "words beside the mark": lambda school, words: school.send(school.signed(words) | {"format": "x"}),
    "another held event": lambda school, words: school.send(marked(school.signed(words), held="$other")),
    "another purpose": lambda school, words: school.send(marked(school.signed(words), purpose="receipt")),
    "a purpose that there is not": lambda school, words: school.send(marked(school.signed(words), purpose="any")),
    "another key": lambda school, words: school.send(marked(school.signed(words), key="00000000")),
    "half a signature": lambda school, words: school.send(marked(school.signed(words), signature="00")),
    "one that has expired": lambda school, words: school.send(
        school.signed(words, origin_server_ts=school.now - 2 * MINUTE), ts=school.now - 2 * MINUTE
    ),
    "one of the future": lambda school, words: school.send(
        school.signed(words, origin_server_ts=school.now + 2 * MINUTE), ts=school.now + 2 * MINUTE
    ),
    "one in the new content": lambda school, words: school.send(
        {"msgtype": "m.text", "body": words, "m.new_content": school.signed(words)}
    ),
}


def test_only_a_whole_and_fresh_signature_passes(demo, guardian, teacher, room):
    passed = []
    with teacher.resting():
        for name, forge in FORGED.items():
            words = words_of_their_own()
            content = forge(School(demo, room, guardian, teacher), words)
            if words in json.dumps(content) or SIGNED_KEY in content or HELD_KEY not in content:
                passed.append(name)
        school = School(demo, room, guardian, teacher)
        assert school.send(school.signed("Das gilt"))["body"] == "Das gilt"
        assert "Das gilt" in teacher.texts(room)
    assert passed == []


def test_nobody_but_the_leadership_is_urgent_even_with_a_signature(demo, people, guardian, teacher, room):
    colleague, words = people.teacher(), words_of_their_own()
    with teacher.resting():
        for sender, place in ((guardian, room), (colleague, colleague.talk_to(teacher))):
            school = School(demo, place, sender, teacher)
            assert_refused(school.try_send(school.signed(words, purpose=Purpose.URGENT)), "not_offered")
        school = School(demo, room, guardian, teacher)
        for mark in ({"purpose": "urgent"}, {"purpose": "urgent", "held": ""}):
            content = school.send(marked(school.signed(words), **mark))
            assert {key for key in content if key.startswith("org.")} == {HELD_KEY}
    wait_until(lambda: times(words, teacher.texts(room)) == 2, RELEASE)  # both relabelled ones, as what they are
    assert all(URGENT_KEY not in event["content"] for event in teacher.events(room))


def test_what_was_urgent_once_is_not_urgent_again(demo, people, guardian, teacher):
    head = people.by_id("T00001")
    room, words = head.talk_to(teacher), words_of_their_own()
    with teacher.resting():
        assert "Gesendet an" in head.ask(f"!dringend {teacher.name} (Rohrbruch): {words}")
        (urgent,) = [event for event in teacher.events(room) if words in event["content"].get("body", "")]
        signed, ts = urgent["content"], urgent["origin_server_ts"]
        assert signed[URGENT_KEY] is True
        elsewhere = guardian.talk_to(teacher)
        copies = [
            (room, head.try_send(room, signed)),
            (room, head.try_send(room, signed, ts=ts)),
            (room, head.try_send(room, {"msgtype": "m.text", "body": words, URGENT_KEY: True})),
            (elsewhere, guardian.try_send(elsewhere, signed, ts=ts)),
        ]
        for place, copy in copies:
            content = teacher.event(place, copy.ok()["event_id"])["content"]
            assert {key for key in content if key.startswith("org.")} == {HELD_KEY}
            assert words not in json.dumps(content)
        chat = head.create_room(invite=[teacher.user_id])
        teacher.join(chat).ok()
        school = School(demo, chat, head, teacher)
        assert_refused(school.try_send(school.signed(words, purpose=Purpose.URGENT)), "not_offered")
    until_nothing_waits(head, room)
    assert sum(URGENT_KEY in event["content"] for event in teacher.events(room)) == 1


# --- Keys that only the school writes ---------------------------------------------------------------------------


def test_nobody_writes_the_schools_own_keys(demo, people, guardian, teacher, room):
    own = {f"org.schulbote.{key}": True for key in ("held", "signed", "urgent", "room", "reason", "word", "delivery")}
    text, colleague = {"msgtype": "m.text", "body": "Guten Tag"}, people.teacher()
    chat = colleague.create_room(name="Förderplan", invite=[guardian.user_id], creation_content=own)
    made = colleague.state(chat, "m.room.create").ok()
    assert {key for key in made if key.startswith("org.schulbote.")} == {"org.schulbote.room"}
    assert made["org.schulbote.room"] == {"kind": "chat"}
    older = guardian.send(room, "Guten Morgen")
    reaction = {"m.relates_to": {"rel_type": "m.annotation", "event_id": older, "key": "👍", **own}, **own}
    picture = {"body": "x", "url": guardian.upload(b"x", "x.png"), "info": {"mimetype": "image/png"}}
    edit = {"m.new_content": text | own, "m.relates_to": {"rel_type": "m.replace", "event_id": older}}
    for event_type, content in (
        ("m.room.message", text | own),
        ("m.room.message", text | own | edit),
        ("m.sticker", picture | own),
        ("m.reaction", reaction),
        ("m.room.redaction", {"redacts": guardian.send(room, "Ein Versehen")} | own),
    ):
        sent = guardian.try_send(room, content, event_type).ok()["event_id"]
        assert "org.schulbote" not in json.dumps(teacher.event(room, sent)["content"]), event_type
    colleague.set_state(chat, "m.room.topic", {"topic": "Montag", **own}).ok()
    guardian.join(chat).ok()
    guardian.set_state(chat, "m.room.member", {"membership": "join", **own}, guardian.user_id).ok()
    for event in guardian.get(f"rooms/{chat}/state").ok():
        if event["type"] != "m.room.create":
            assert "org.schulbote" not in json.dumps(event["content"]), event["type"]
    with teacher.resting():
        held = guardian.try_send(room, text | own | {"body": "Gute Nacht"}).ok()["event_id"]
        assert {key for key in guardian.event(room, held)["content"] if key.startswith("org.")} == {HELD_KEY}
    message = wait_until(lambda: delivered(teacher, room, "Gute Nacht"), RELEASE)
    assert {key for key in message["content"] if key.startswith("org.")} == {SIGNED_KEY}
