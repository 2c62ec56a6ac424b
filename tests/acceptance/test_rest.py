"""Rest time: held is held, nothing is lost, nothing comes twice, whatever dies when."""

import json
import secrets
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from acceptance.client import Json, times, wait_until
from acceptance.people import PROMISED_JOIN, SLACK, Person
from acceptance.waiting import RELEASE, delivered, hold, until_nothing_waits, words_of_their_own

PROMISED_RECEIPT = 2.0


def what_a_client_is_told(reader: Person, room: str, event_id: str, words: str, since: str) -> dict[str, object]:
    """Every way by which a client could get hold of an event."""
    sliding = {"lists": {"all": {"ranges": [[0, 99]], "required_state": [["*", "*"]], "timeline_limit": 100}}}
    search = {"search_categories": {"room_events": {"search_term": words}}}
    answers = {
        "initial sync": reader.sync(),
        "sync with full state": reader.sync(full_state=True),
        "sync": reader.sync(since),
        "sliding sync": reader.post("/_matrix/client/unstable/org.matrix.simplified_msc3575/sync", sliding).ok(),
        "messages": reader.get(f"rooms/{room}/messages", dir="b", limit=100).ok(),
        "context": reader.get(f"rooms/{room}/context/{event_id}", limit=50).ok(),
        "event": reader.event(room, event_id),
        "relations": reader.get(f"/_matrix/client/v1/rooms/{room}/relations/{event_id}").ok(),
        "threads": reader.get(f"/_matrix/client/v1/rooms/{room}/threads").ok(),
        "state": reader.get(f"rooms/{room}/state").ok(),
        "initialSync": reader.get(f"rooms/{room}/initialSync").ok(),
        "notifications": reader.get("notifications").ok(),
    }
    found = reader.post("search", search).ok()["search_categories"]["room_events"]
    return answers | {"search": [found["count"], found["results"], found["highlights"]] if found["count"] else []}


def where_it_shows(reader: Person, room: str, event_id: str, words: str, since: str) -> list[str]:
    told = what_a_client_is_told(reader, room, event_id, words, since)
    return [where for where, answer in told.items() if words in json.dumps(answer)]


def test_a_message_waits_until_the_rest_ends_and_no_word_of_it_shows_before(people, demo):
    guardian, teacher = people.guardian(), people.teacher()
    room, words = guardian.talk_to(teacher), words_of_their_own()
    since = teacher.sync()["next_batch"]

    asked_at = teacher.rest("15s")
    held = guardian.send(room, words)
    sent_at = time.monotonic()
    notice = guardian.event(room, held)["content"]
    assert notice["body"].startswith(f"🌙 {teacher.name} hat bis ")
    assert notice["msgtype"] == "m.notice"
    wait_until(lambda: guardian.receipt_of(room, held), PROMISED_RECEIPT + SLACK)
    assert time.monotonic() - sent_at < PROMISED_RECEIPT + SLACK
    assert "Zustellung" in guardian.receipt_of(room, held)
    assert "✓" in guardian.receipt_of(room, held)

    assert where_it_shows(teacher, room, held, words, since) == []
    assert where_it_shows(guardian, room, held, words, since) == [], "it is sealed for everybody"
    assert teacher.unread(room) == 0
    assert time.time() < asked_at + 14, "the machine is too busy to tell"

    message = wait_until(lambda: delivered(teacher, room, words), 15 + RELEASE)
    assert time.time() >= asked_at + 15
    assert message["sender"] == guardian.user_id
    assert message["content"]["msgtype"] == "m.text"
    assert abs(message["origin_server_ts"] / 1000 - time.time()) < RELEASE
    assert teacher.unread(room) == 1
    told = where_it_shows(teacher, room, message["event_id"], words, since)
    assert {"initial sync", "sync", "sliding sync", "messages", "event", "search"} <= set(told)
    timeline = teacher.sync(since)["rooms"]["join"][room]["timeline"]["events"]
    assert times(words, [event["content"].get("body") for event in timeline]) == 1
    assert times(words, guardian.texts(room)) == 1
    for log in demo.logs():
        assert words not in log.read_text(), log


def test_the_first_message_of_a_new_room_waits_too(people):
    guardian, teacher = people.guardian(), people.teacher()
    words = words_of_their_own()
    with teacher.resting():
        since = teacher.sync()["next_batch"]
        room = guardian.open_direct_room(teacher.user_id)
        held = guardian.send(room, words)
        wait_until(lambda: room in teacher.joined_rooms(), PROMISED_JOIN + SLACK)
        assert where_it_shows(teacher, room, held, words, since) == []
    wait_until(lambda: delivered(teacher, room, words), RELEASE)


def test_messages_of_every_kind_wait(people):
    guardian, teacher = people.guardian(), people.teacher()
    room, words = guardian.talk_to(teacher), words_of_their_own()
    html = {"format": "org.matrix.custom.html", "formatted_body": f"<b>{words}</b>"}
    picture = {"url": guardian.upload(secrets.token_bytes(100), "x.png"), "info": {"mimetype": "image/png"}}
    contents = [
        {"msgtype": "m.text", "body": words, **html},
        {"msgtype": "m.notice", "body": words},
        {"msgtype": "m.emote", "body": words},
        {"msgtype": "m.image", "body": words, **picture},
        {"msgtype": "m.location", "body": words, "geo_uri": "geo:52,13"},
        {"msgtype": "org.example.own", "body": words, "org.example.more": {"words": words}},
        {"msgtype": "m.text", "body": words, "m.mentions": {"user_ids": [teacher.user_id], "room": True}},
    ]
    since = teacher.sync()["next_batch"]
    with teacher.resting():
        held = [guardian.try_send(room, content).ok()["event_id"] for content in contents]
        assert where_it_shows(teacher, room, held[-1], words, since) == []
        assert teacher.unread(room) == 0
    wait_until(lambda: times(words, teacher.texts(room)) == len(contents), RELEASE)
    arrived = [event["content"] for event in teacher.events(room) if event["content"].get("body") == words]
    bare = [{k: v for k, v in content.items() if not k.startswith("org.schulbote.")} for content in arrived]
    assert bare == contents


@pytest.fixture(scope="module")
def away(people) -> Iterator[Person]:
    """A teacher who rests all the time."""
    teacher = people.teacher("Klasse 10.1")
    with teacher.resting():
        yield teacher


def test_what_could_carry_words_past_a_rest_is_refused_or_emptied(people):
    guardian, teacher = people.guardian(), people.teacher()
    room, words = guardian.talk_to(teacher), words_of_their_own()
    target = guardian.send(room, "Danke für gestern")
    mistake = guardian.send(room, "Das war ein Versehen")
    call = {"call_id": words, "version": "1", "lifetime": 60000, "offer": {"type": "offer", "sdp": words}}
    sticker = {"body": words, "url": "mxc://schule.localhost/x", "info": {}}

    def reaction(key: str, **more: str) -> Json:
        return {"m.relates_to": {"rel_type": "m.annotation", "event_id": target, "key": key, **more}, **more}

    since = teacher.sync()["next_batch"]
    with teacher.resting():
        for event_type, content in (
            ("m.call.invite", call),
            ("m.sticker", sticker),
            ("m.reaction", reaction(words)),
            (f"org.example.{words}", {}),
            ("org.matrix.msc3381.poll.start", {"body": words}),
        ):
            assert guardian.try_send(room, content, event_type).status == 403, event_type
        for event_type, content in (
            ("m.room.pinned_events", {"pinned": [words]}),
            ("m.room.topic", {"topic": words}),
            ("m.room.message", {"msgtype": "m.text", "body": words}),
        ):
            assert guardian.set_state(room, event_type, content, words).status == 403, event_type
            assert guardian.set_state(room, event_type, content).status == 403, event_type
        guardian.try_send(room, reaction("👍", words=words), "m.reaction").ok()
        guardian.put(f"rooms/{room}/redact/{mistake}/{secrets.token_hex(4)}", {"reason": words, "x": words}).ok()
        guardian.post(f"join/{room}", {"reason": words, "org.example": words})
        assert where_it_shows(teacher, room, target, words, since) == []
        assert any(event["content"].get("m.relates_to", {}).get("key") == "👍" for event in teacher.events(room))


def test_what_can_never_be_delivered_is_not_held(people):
    guardian, teacher = people.guardian(), people.teacher()
    room = guardian.talk_to(teacher)
    with teacher.resting():
        huge = guardian.send(room, secrets.token_hex(31_000))
        assert guardian.event(room, huge)["content"]["body"].startswith(
            "⛔ Nicht zugestellt: Die Nachricht ist zu lang"
        )
        with_a_float = guardian.try_send(room, {"msgtype": "m.text", "body": "x", "number": 1.5})
        if with_a_float.status == 200:
            notice = guardian.event(room, with_a_float.body["event_id"])
            assert notice["content"]["body"].startswith("⛔ Nicht zugestellt")
        else:
            assert with_a_float.status == 400
        long = "ä" * 20_000
        held = guardian.send(room, long)
        assert "org.schulbote.held" in guardian.event(room, held)["content"]
    wait_until(lambda: delivered(teacher, room, long), RELEASE)


def test_what_a_resting_teacher_writes_goes_out_at_once(people, away):
    guardian, colleague = people.guardian(), people.teacher()
    to_guardian, to_colleague = guardian.talk_to(away), away.talk_to(colleague)
    away.send(to_guardian, "Das hat Zeit bis morgen.")
    assert guardian.texts(to_guardian) == ["Das hat Zeit bis morgen."]
    away.send(to_colleague, "Bin morgen da.")
    assert colleague.texts(to_colleague) == ["Bin morgen da."]


def test_only_teachers_rest(people):
    assert "für Lehrkräfte" in people.guardian().ask("!ruhe 1h")
    assert "für Lehrkräfte" in people.pupil().ask("!ruhe 1h")


def test_a_class_room_waits_for_nobody(people, demo, away):
    pupil, classmate = people.pupil("Klasse 10.1"), people.pupil("Klasse 10.1")
    room, words = demo.info["rooms"]["Klasse 10.1"], words_of_their_own()
    pupil.send(room, words)
    assert times(words, classmate.texts(room)) == times(words, away.texts(room)) == 1


def test_a_room_with_two_resting_teachers_waits_for_the_first_who_is_back(people):
    guardian, one, other = people.guardian(), people.teacher(), people.teacher()
    room = guardian.create_room(name="Förderplan", invite=[one.user_id, other.user_id])
    one.join(room).ok()
    other.join(room).ok()
    words = words_of_their_own()
    with one.resting():
        with other.resting():
            held = hold(guardian, room, words)
            assert guardian.event(room, held)["content"]["body"].startswith(
                "🌙 Hier haben gerade alle Lehrkräfte Ruhezeit, bis "
            )
            assert times(words, one.texts(room)) == times(words, other.texts(room)) == 0
        wait_until(lambda: delivered(other, room, words), RELEASE)
        at_once = words_of_their_own()
        until_nothing_waits(guardian, room)
        guardian.send(room, at_once)
        assert times(at_once, other.texts(room)) == 1
    assert times(words, one.texts(room)) == 1


@pytest.fixture(scope="module")
def story(people) -> SimpleNamespace:
    """A guardian deletes, edits and answers what waits for a resting teacher; then the rest ends."""
    guardian, teacher = people.guardian(), people.teacher()
    room = guardian.talk_to(teacher)
    older = guardian.send(room, "Anna kommt um 7")
    with teacher.resting():
        taken_back = hold(guardian, room, "Das nehme ich zurück")
        guardian.redact(room, taken_back)
        held = hold(guardian, room, "Anna kommt um 8")
        edit(guardian, room, held, "Anna kommt um 9")
        edit(guardian, room, held, "Anna kommt um 10")
        edit(guardian, room, older, "Anna kommt gar nicht")
        hold(guardian, room, "Sie war beim Arzt", **{"m.relates_to": {"m.in_reply_to": {"event_id": held}}})
        seen_early = json.dumps([teacher.events(room), teacher.event(room, older)])
    wait_until(lambda: delivered(teacher, room, "Sie war beim Arzt"), RELEASE)
    return SimpleNamespace(
        guardian=guardian,
        teacher=teacher,
        room=room,
        older=older,
        taken_back=taken_back,
        held=held,
        seen_early=seen_early,
    )


def edit(sender: Person, room: str, event_id: str, words: str) -> None:
    new = {"msgtype": "m.text", "body": words}
    relation = {"rel_type": "m.replace", "event_id": event_id}
    hold(sender, room, f"* {words}", **{"m.new_content": new, "m.relates_to": relation})


class TestHeldMessages:
    """What their senders can still do with them."""

    def test_nothing_of_it_showed_before(self, story):
        assert "Anna kommt um 7" in story.seen_early
        for words in ("zurück", "um 8", "um 9", "um 10", "gar nicht", "Arzt"):
            assert words not in story.seen_early

    def test_deleting_the_notice_takes_the_message_back(self, story):
        assert times("Das nehme ich zurück", story.teacher.texts(story.room)) == 0
        assert story.guardian.event(story.room, story.taken_back)["content"] == {}

    def test_a_reply_points_to_the_delivered_message(self, story):
        message = delivered(story.teacher, story.room, "Anna kommt um 10")
        reply = delivered(story.teacher, story.room, "Sie war beim Arzt")
        assert reply["content"]["m.relates_to"] == {"m.in_reply_to": {"event_id": message["event_id"]}}

    def test_editing_the_notice_changes_what_waits(self, story):
        message = delivered(story.teacher, story.room, "Anna kommt um 10")
        assert message["content"]["msgtype"] == "m.text"
        assert "m.relates_to" not in message["content"]
        assert "m.relations" not in message.get("unsigned", {})
        shown = json.dumps(story.teacher.events(story.room))
        assert "um 8" not in shown
        assert "um 9" not in shown

    def test_an_edit_of_an_older_message_points_to_it(self, story):
        edited = delivered(story.teacher, story.room, "* Anna kommt gar nicht")
        assert edited["content"]["m.relates_to"] == {"rel_type": "m.replace", "event_id": story.older}

    def test_deleting_a_delivered_message_deletes_the_sealed_copy(self, story):
        message = delivered(story.teacher, story.room, "Anna kommt um 10")
        assert "org.schulbote.held" in story.guardian.event(story.room, story.held)["content"]
        story.guardian.redact(story.room, message["event_id"])
        wait_until(lambda: story.guardian.event(story.room, story.held)["content"] == {}, 10)
