"""The command line answers what Synapse does: a question, its answer, and the same thing tried over HTTP."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from acceptance.client import Json, wait_until
from schulbote.cli import main

NO_MESSAGES_AMONG_PUPILS = "\nrights: {roles: {student: {message_own_groups: false}}}\n"


@pytest.fixture(scope="module")
def classmates(people):
    """Two pupils of one class, a pupil of another, and a teacher."""
    one = people.pupil("Klasse 8.2")
    return one, people.pupil("Klasse 8.2"), people.pupil("Klasse 10.1", stranger_to=one), people.teacher("Klasse 8.2")


def schulbote(demo, *arguments: object) -> tuple[int, Json]:
    """One question to the command line: exit status and answer. In this process, which saves seconds."""
    done = CliRunner().invoke(main, ["-c", demo.info["config"], *map(str, arguments), "--json"])
    assert done.stderr == ""
    return done.exit_code, json.loads(done.stdout)


@pytest.fixture(scope="module")
def why(demo):
    """`schulbote why` on the demo."""

    def ask(*words: object) -> Json:
        status, said = schulbote(demo, "why", *words)
        assert status == (0 if said["allowed"] else 1)
        return said

    return ask


def test_the_answer_about_a_direct_room_is_what_synapse_does(classmates, why):
    one, other, stranger, _ = classmates
    allowed = why(one.account["person"], "may", "create_room", other.account["person"])
    refused = why(one.user_id, "may", "create_room", stranger.user_id)
    assert one.try_create_room(is_direct=True, invite=[other.user_id]).status == 200
    assert allowed["allowed"] is True
    answer = one.try_create_room(is_direct=True, invite=[stranger.user_id])
    assert answer.status == 403
    assert refused["reason"] == answer.body["org.schulbote.reason"]
    assert refused["sentence"] == answer.body["error"]


def test_the_answer_about_the_room_of_a_group_is_what_synapse_does(demo, classmates, why):
    one, _, stranger, _ = classmates
    room, space = demo.info["rooms"]["Klasse 8.2"], demo.info["spaces"]["Klasse 8.2"]
    inside = why(one.user_id, "may", "write", room)
    outside = why(stranger.user_id, "may", "enter", space)
    leaving = why(one.user_id, "may", "leave", "Klasse 8.2")
    one.send(room, "Hallo")
    assert (inside["allowed"], inside["rule"]["id"]) == (True, "directory:membership")
    for said, answer in ((outside, stranger.join(space)), (leaving, one.leave(room))):
        assert answer.status == 403, answer
        assert said["reason"] == answer.body.get("org.schulbote.reason"), (said, answer)


def test_the_answer_about_a_chat_looks_at_who_is_in_it(classmates, why):
    one, _, stranger, teacher = classmates
    room = teacher.create_room(name="Schach", invite=[one.user_id])
    assert why(one.user_id, "may", "enter", room)["allowed"] is True
    one.join(room).ok()
    assert why(one.user_id, "may", "write", room)["rule"]["id"] == "rooms:chat"
    one.send(room, "Ich bin dabei")
    refused = why(stranger.user_id, "may", "enter", room)
    assert refused["reason"] == "not_invited"
    assert stranger.join(room).status == 403


def test_the_rooms_that_a_change_would_close_are_named_and_stay_as_they_are(demo, classmates):
    one, other, _, teacher = classmates
    closing, staying = one.talk_to(other), one.talk_to(teacher)
    config = Path(demo.info["config"])
    new = config.with_name("without_messages_among_pupils.yaml")
    new.write_text(config.read_text() + NO_MESSAGES_AMONG_PUPILS)

    def difference():
        status, found = schulbote(demo, "rights", "--diff", new)
        assert status == 0
        return found

    def closed():
        changes = [c for c in difference()["rooms"] if (c["kind"], c["change"]) == ("direct", "read_only")]
        return {room for change in changes for room in change["rooms"]}

    rooms = wait_until(lambda: found if closing in (found := closed()) else None, 20)  # Synapse lists new rooms late
    assert staying not in rooms
    (lost,) = difference()["rights"]
    pupils = sum(account["role"] == "student" for account in demo.info["accounts"])
    assert (lost["right"], lost["change"], lost["people"]) == ("message_own_groups", "lost", pupils)
    one.send(closing, "Nichts ist geschehen")
    assert other.texts(closing)[-1] == "Nichts ist geschehen"
    new.unlink()
