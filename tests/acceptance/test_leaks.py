"""The leak test: while a teacher rests, no word that is kept from them reaches any of their clients, by any way that
there is; afterwards each word comes once, and rings once."""

import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from acceptance.client import Answer, Client, Json, wait_until
from acceptance.gateway import Gateway, listening
from acceptance.people import People, Person

RELEASE = 60
SLIDING = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync"


@dataclass
class Sent:
    """What was sent in a rest: its word, and what shall become of it."""

    word: str
    room: str = ""
    event: str = ""
    comes: bool = True
    rings: bool = True


class Story:
    """Guardians write to a teacher in a room for two and in a room with both parents."""

    def __init__(self, people: People, gateway: Gateway) -> None:
        self.gateway = gateway
        self.guardian, self.teacher = people.guardian(), people.teacher()
        self.other = people.guardian(self.guardian.groups[0])
        self.room = self.guardian.talk_to(self.teacher)
        self.parents = self.guardian.create_room(name="Anna", invite=[self.other.user_id, self.teacher.user_id])
        self.other.join(self.parents).ok()
        self.teacher.join(self.parents).ok()
        self.older = self.guardian.send(self.room, "Guten Tag")
        self.threaded = self.guardian.send(self.room, "Zur Klassenfahrt")
        self.mistake = self.guardian.send(self.room, "Ein Versehen")
        self.teacher.post(f"rooms/{self.room}/receipt/m.read/{quote(self.mistake)}").ok()
        gateway.give_telephone(self.teacher)
        self.sent: dict[str, Sent] = {}
        self.taken_back = self.word()
        self.edited = self.word()

    @staticmethod
    def word() -> str:
        """One word of letters and digits that stands nowhere else: a search finds it whole."""
        return f"geheim{secrets.token_hex(6)}"

    @property
    def words(self) -> list[str]:
        return [*(sent.word for sent in self.sent.values()), self.taken_back, self.edited]

    def send(self, name: str, content: Json, *, room: str = "", rings: bool = True, by: Person | None = None) -> str:
        """A message that has to wait: `WORD` in it is its word."""
        word = self.word()
        written = json.loads(json.dumps(content).replace("WORD", word))
        sender = by or self.guardian
        room = room or self.room
        event = sender.try_send(room, written).ok()["event_id"]
        assert "org.schulbote.held" in sender.event(room, event)["content"], name
        self.sent[name] = Sent(word, room, event, rings=rings)
        return event

    def tries(self, name: str, attempt: Callable[[str], Answer], *, status: int = 403) -> None:
        """Something that is refused, or goes through without its words; `attempt` is given the word."""
        word = self.word()
        answer = attempt(word)
        assert answer.status == status, f"{name}: {answer}"
        self.sent[name] = Sent(word, comes=False)

    def write(self) -> None:
        self._texts()
        self._files_and_places()
        self._related()
        self._in_the_room_of_both_parents()
        self._what_never_comes()

    def _texts(self) -> None:
        text = {"msgtype": "m.text", "body": "WORD"}
        html = {"format": "org.matrix.custom.html"}
        mentions = {"m.mentions": {"user_ids": [self.teacher.user_id]}}
        self.send("a text", text)
        self.send("html", text | html | {"formatted_body": "<b>WORD</b>"})
        self.send("a spoiler", text | html | {"formatted_body": "<span data-mx-spoiler='WORD'>WORD</span>"})
        self.send("a notice", text | {"msgtype": "m.notice"}, rings=False)
        self.send("an emote", text | {"msgtype": "m.emote"})
        self.send("a mention", text | mentions)
        self.send("a mention of all", text | {"m.mentions": {"room": True}})
        self.send("the name of the teacher", text | {"body": f"{self.teacher.name}, WORD"})
        self.send("a link", text | {"body": "https://school.example/WORD"})
        self.send("a text in MSC1767", text | {"org.matrix.msc1767.text": [{"body": "WORD"}]})
        self.send("another kind of message", text | {"msgtype": "org.example.WORD", "org.example.WORD": "WORD"})
        self.send("a long text", text | {"body": "WORD " + "ä" * 20_000})
        self.send("a voice that speaks in keys", text | {"org.example": {"deep": [{"WORD": ["WORD"]}]}})

    def _files_and_places(self) -> None:
        uri = self.guardian.upload(secrets.token_bytes(100), "x.png")

        def file(msgtype: str, mimetype: str, **more: object) -> Json:
            info = {"mimetype": mimetype, "size": 100, "thumbnail_info": {"WORD": "WORD"}}
            return {"msgtype": msgtype, "body": "WORD", "filename": "WORD", "url": uri, "info": info, **more}

        self.send("a picture", file("m.image", "image/png"))
        self.send("a file", file("m.file", "application/pdf"))
        self.send("a video", file("m.video", "video/mp4"))
        self.send("a sound", file("m.audio", "audio/ogg"))
        self.send("a voice message", file("m.audio", "audio/ogg", **{"org.matrix.msc3245.voice": {}}))
        place = {"msgtype": "m.location", "body": "WORD", "geo_uri": "geo:52,13"}
        self.send("a place", place)
        self.send("a place with a description", place | {"org.matrix.msc3488.location": {"description": "WORD"}})

    def _related(self) -> None:
        def text(relation: Json, **more: object) -> Json:
            return {"msgtype": "m.text", "body": "WORD", "m.relates_to": relation, **more}

        new = {"msgtype": "m.text", "body": "neu WORD"}
        self.send("a reply", text({"m.in_reply_to": {"event_id": self.older}}))
        self.send("a thread", text({"rel_type": "m.thread", "event_id": self.threaded}))
        replaces = {"rel_type": "m.replace", "event_id": self.older}
        self.send("an edit of what was read", text(replaces, **{"m.new_content": new}), rings=False)
        held = self.guardian.send(self.room, self.edited)
        self.send("a reply to what waits", text({"m.in_reply_to": {"event_id": held}}))
        self.send("a thread on what waits", text({"rel_type": "m.thread", "event_id": held}))
        replaces = {"rel_type": "m.replace", "event_id": held}
        self.send("the newest version of what waits", text(replaces, **{"m.new_content": new}))
        taken_back = self.guardian.send(self.room, self.taken_back)
        self.guardian.redact(self.room, taken_back)

    def _in_the_room_of_both_parents(self) -> None:
        text = {"msgtype": "m.text", "body": "WORD"}
        self.send("a text beside the other parent", text, room=self.parents)
        self.send("one of the other parent", text, room=self.parents, by=self.other)

    def _what_never_comes(self) -> None:
        me, room = self.guardian, self.room
        uri = me.upload(secrets.token_bytes(100), "x.png")
        reaction = {"rel_type": "m.annotation", "event_id": self.older}
        answers = [{"id": "1", "org.matrix.msc1767.text": "WORD"}]
        messages = {
            "a sticker": ("m.sticker", {"body": "WORD", "url": uri, "info": {}}),
            "a poll": ("m.poll.start", {"m.poll": {"question": {"m.text": [{"body": "WORD"}]}, "answers": answers}}),
            "an older poll": ("org.matrix.msc3381.poll.start", {"org.matrix.msc3381.poll.start": {"question": "WORD"}}),
            "an answer to a poll": ("org.matrix.msc3381.poll.response", {"m.relates_to": reaction, "answers": answers}),
            "a call": ("m.call.invite", {"call_id": "WORD", "version": "1", "lifetime": 1, "offer": {"sdp": "WORD"}}),
            "a ring": ("m.rtc.notification", {"WORD": "WORD"}),
            "something encrypted": ("m.room.encrypted", {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "WORD"}),
            "a reaction in words": ("m.reaction", {"m.relates_to": reaction | {"key": "WORD"}}),
            "another type": ("org.example.type", {"body": "WORD"}),
            "a beacon": ("org.matrix.msc3672.beacon", {"description": "WORD"}),
        }
        for name, (event_type, content) in messages.items():
            self.tries(name, lambda word, e=event_type, c=content: me.try_send(room, _with(c, word), e))
        for event_type in ("m.room.topic", "m.room.name", "m.room.message", "org.matrix.msc3672.beacon_info"):
            self.tries(
                f"{event_type} as a setting",
                lambda word, e=event_type: me.set_state(
                    room, e, dict.fromkeys(("name", "topic", "body", "msgtype"), word)
                ),
            )
        self.tries("a pin", lambda word: me.set_state(room, "m.room.pinned_events", {"pinned": [word]}))
        self.tries("the topic of a chat", lambda word: me.set_state(self.parents, "m.room.topic", {"topic": word}))
        self.tries("the key of a setting", lambda word: me.set_state(room, "org.example", {}, word))
        self.tries("an address", lambda word: me.put(f"directory/room/%23{word}:schule.localhost", {"room_id": room}))
        self.tries("an unknown event", lambda word: me.try_send(room, _thread_on("$" + "a" * 43, word)), status=400)
        self._what_loses_its_words(me, room, reaction)

    def _what_loses_its_words(self, me: Person, room: str, reaction: Json) -> None:
        def tries(name: str, attempt: Callable[[str], Answer]) -> None:
            self.tries(name, attempt, status=200)

        redaction = f"rooms/{room}/redact/{quote(self.mistake, safe='')}/1"
        guests = [self.teacher.user_id, self.other.user_id]
        huge = secrets.token_hex(31_000)
        tries("words as an event", lambda word: me.try_send(room, _thread_on("$WORD", word)))
        tries("too much", lambda word: me.send(room, word + huge) and Answer(200, None))
        tries(
            "a sign with more keys",
            lambda word: me.try_send(
                room, {"m.relates_to": reaction | {"key": "👍", word: word}, word: word}, "m.reaction"
            ),
        )
        tries("the reason of a deletion", lambda word: me.put(redaction, {"reason": word, word: word}))
        tries("the reason of coming", lambda word: me.post(f"join/{room}", {"reason": word, word: word}))
        tries(
            "one's own membership",
            lambda word: me.set_state(room, "m.room.member", {"membership": "join", word: word}, me.user_id),
        )
        tries("the name of a new room", lambda word: me.try_create_room(name=word, topic=word, invite=guests))


def _with(content: Json, word: str) -> Json:
    return json.loads(json.dumps(content).replace("WORD", word))


def _thread_on(event_id: str, word: str) -> Json:
    relation = {"rel_type": "m.thread", "event_id": event_id}
    return _with({"msgtype": "m.text", "body": "WORD", "m.relates_to": relation}, word)


def everything(reader: Person, story: Story, since: str, pos: str) -> Iterator[tuple[str, object]]:
    """What a client is told by every way that there is."""
    lists = {"all": {"ranges": [[0, 99]], "required_state": [["*", "*"]], "timeline_limit": 100}}
    chosen = {"room": {"timeline": {"limit": 99, "types": ["m.room.message"], "senders": [story.guardian.user_id]}}}
    fields = {"event_fields": ["content", "unsigned"], "room": {"state": {"lazy_load_members": True}}}
    stored = reader.post(f"user/{quote(reader.user_id)}/filter", chosen).ok()["filter_id"]
    yield "sync", reader.sync()
    yield "sync since", reader.sync(since)
    yield "sync with full state", reader.sync(since, full_state=True)
    yield "sync by a filter", reader.get("sync", timeout=0, filter=chosen).ok()
    yield "sync by a stored filter", reader.get("sync", timeout=0, filter=stored).ok()
    yield "sync by a filter of fields", reader.get("sync", timeout=0, filter=fields, since=since).ok()
    yield "sliding sync", reader.post(SLIDING, {"lists": lists}).ok()
    yield "sliding sync since", reader.post(SLIDING, {"conn_id": "leaks", "lists": lists}, pos=pos, timeout=0).ok()
    yield "events", reader.get("events", **{"from": since, "timeout": 0}).body
    yield "notifications", reader.get("notifications", limit=100).ok()
    yield "highlights", reader.get("notifications", only="highlight").ok()
    yield "profile", reader.get(f"profile/{quote(story.guardian.user_id)}").ok()
    for room in reader.joined_rooms() & {story.room, story.parents} | reader.invitations():
        yield from in_a_room(reader, room)
    for event in (story.older, story.threaded, story.mistake):
        yield from of_an_event(reader, story.room, event)
    for sent in story.sent.values():
        if sent.event:
            yield from of_an_event(reader, sent.room, sent.event)
    for word in story.words:
        yield "search", reader.post("search", _search(word)).ok()["search_categories"]["room_events"]["results"]


def in_a_room(reader: Person, room: str) -> Iterator[tuple[str, object]]:
    path, newer = f"rooms/{room}", f"/_matrix/client/v1/rooms/{room}"
    back = reader.get(f"{path}/messages", dir="b", limit=500)
    yield "messages backwards", back.body
    if back.status == 200:
        yield "messages forwards", reader.get(f"{path}/messages", dir="f", limit=500).ok()
        yield "messages since", reader.get(f"{path}/messages", dir="f", limit=500, **{"from": back.body["start"]}).ok()
    for name in ("state", "members", "joined_members", "initialSync", "aliases"):
        yield name, reader.get(f"{path}/{name}").body
    yield "threads", reader.get(f"{newer}/threads", include="all").body
    yield "hierarchy", reader.get(f"{newer}/hierarchy").body
    yield "room summary", reader.get(f"/_matrix/client/v1/room_summary/{quote(room)}").body
    yield "the event of a moment", reader.get(f"{newer}/timestamp_to_event", ts=0, dir="f").body


def of_an_event(reader: Person, room: str, event: str) -> Iterator[tuple[str, object]]:
    path = quote(event, safe="")
    yield "event", reader.get(f"rooms/{room}/event/{path}").body
    yield "context", reader.get(f"rooms/{room}/context/{path}", limit=100).body
    for more in ("", "/m.reference", "/m.thread", "/m.replace/m.room.message", "/m.annotation"):
        yield "relations", reader.get(f"/_matrix/client/v1/rooms/{room}/relations/{path}{more}", recurse=True).body


def _search(word: str) -> Json:
    around = {"before_limit": 5, "after_limit": 5, "include_profile": True}
    return {"search_categories": {"room_events": {"search_term": word, "event_context": around}}}


def leaks(reader: Person, story: Story, since: str, pos: str) -> set[tuple[str, str]]:
    """Which words a client was told, and by which way."""
    names = {sent.word: name for name, sent in story.sent.items()}
    names |= {story.taken_back: "what was taken back", story.edited: "an older version"}
    told = [(where, json.dumps(answer)) for where, answer in everything(reader, story, since, pos)]
    return {(name, where) for where, answer in told for word, name in names.items() if word in answer}


def counts(reader: Person) -> Json:
    joined = reader.sync()["rooms"]["join"]
    lists = {"all": {"ranges": [[0, 99]], "required_state": [], "timeline_limit": 1}}
    rooms = reader.post(SLIDING, {"lists": lists}).ok()["rooms"]
    return {
        room: (
            joined[room]["unread_notifications"],
            rooms[room].get("notification_count", 0),
            rooms[room].get("highlight_count", 0),
        )
        for room in joined
    }


def place_of(reader: Person) -> tuple[str, str]:
    """Where a client has read up to, in both kinds of sync."""
    lists = {"all": {"ranges": [[0, 99]], "required_state": [], "timeline_limit": 1}}
    return reader.sync()["next_batch"], reader.post(SLIDING, {"conn_id": "leaks", "lists": lists}).ok()["pos"]


@pytest.fixture(scope="module")
def story(people) -> Iterator[SimpleNamespace]:
    """A teacher with two devices rests, guardians write, and a third device is signed in; then the rest ends."""
    with listening() as gateway:
        story = Story(people, gateway)
        teacher, rooms = story.teacher, (story.room, story.parents)
        devices = [teacher, teacher.another_client()]
        places = {device.token: place_of(device) for device in devices}
        with teacher.resting():
            before, rung = counts(teacher), gateway.events_rung(teacher)
            story.write()
            last = story.sent["one of the other parent"].event
            wait_until(lambda: story.other.receipt_of(story.parents, last), RELEASE)
            devices.append(teacher.another_client())
            places[devices[-1].token] = place_of(devices[-1])
            told = {number: leaks(device, story, *places[device.token]) for number, device in enumerate(devices)}
            counted = {room: (counts(teacher)[room], before[room]) for room in rooms}
            rung_in_rest = [event for event in gateway.events_rung(teacher) if event not in rung]
            seen_by_the_other = leaks(story.other, story, *place_of(story.other))
        awaited = [sent.word for sent in story.sent.values() if sent.comes]
        wait_until(lambda: all(word in json.dumps(whole(teacher, story)) for word in awaited), RELEASE)
        yield SimpleNamespace(
            story=story,
            told=told,
            counted=counted,
            rung_in_rest=set(rung_in_rest),
            of_the_bot={event["event_id"] for event in teacher.events(teacher.control_room)},
            seen_by_the_other=seen_by_the_other,
            devices=devices,
        )


def whole(reader: Client, story: Story) -> list[Json]:
    """Every event of both rooms as it was sent, without what the server puts together."""
    events = []
    for room in (story.room, story.parents):
        chunk = reader.get(f"rooms/{room}/messages", dir="b", limit=500).ok()["chunk"]
        events += [{key: value for key, value in event.items() if key != "unsigned"} for event in chunk]
    return events


def test_thirty_kinds_of_messages_wait(story):
    waiting = [sent for sent in story.story.sent.values() if sent.comes]
    assert len(waiting) >= 28
    assert len(story.story.sent) - len(waiting) >= 20


@pytest.mark.parametrize("device", range(3))
def test_no_word_reaches_a_device_of_a_resting_teacher(device: int, story):
    assert story.told[device] == set()


def test_what_is_sealed_is_sealed_for_everybody(story):
    """Also for the other parent."""
    assert story.seen_by_the_other == set()


def test_nothing_rings_and_no_count_grows(story):
    assert story.rung_in_rest - story.of_the_bot == set()
    for now, before in story.counted.values():
        assert now == before


def test_afterwards_each_word_comes_once(story):
    events = whole(story.story.teacher, story.story)
    found = {name: sum(sent.word in json.dumps(e) for e in events) for name, sent in story.story.sent.items()}
    assert found == {name: int(sent.comes) for name, sent in story.story.sent.items()}
    for word in (story.story.taken_back, story.story.edited):
        assert word not in json.dumps(events)


def test_afterwards_each_message_rings_once(story):
    gateway, teacher, sent = story.story.gateway, story.story.teacher, story.story.sent
    came = {
        name: next(event["event_id"] for event in whole(teacher, story.story) if one.word in json.dumps(event))
        for name, one in sent.items()
        if one.comes
    }
    rings = {came[name] for name, one in sent.items() if one.comes and one.rings}
    wait_until(lambda: rings <= set(gateway.events_rung(teacher)), RELEASE)
    rung = Counter(gateway.events_rung(teacher))
    assert {name: rung[event] for name, event in came.items()} == {name: int(sent[name].rings) for name in came}


def test_everything_comes_in_the_order_of_writing(story):
    events = whole(story.story.teacher, story.story)[::-1]
    order = [name for event in events for name, sent in story.story.sent.items() if sent.word in json.dumps(event)]
    written = [name for name, sent in story.story.sent.items() if sent.comes]
    edited = "the newest version of what waits"
    beside = ["a text beside the other parent", "one of the other parent"]
    assert [name for name in order if name in beside] == beside
    apart = {edited, *beside}
    assert [name for name in order if name not in apart] == [name for name in written if name not in apart]
    assert order.index(edited) == order.index("a reply to what waits") - 1, (
        "it comes where its first version was written"
    )
