"""Attempts after something has changed: a pupil is in another class, an administrator has taken something away."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from acceptance.client import Client, wait_until
from acceptance.people import Person
from acceptance.rights.attempts import assert_no, chat, direct_room

OLD, NEW = "Klasse 8.2", "Klasse 9.2"
NEWCOMER = 'S99001;Neu;Hinzugekommen;8.2;;;;;"Klasse 8.2;Jahrgang 8"'


@dataclass
class Story:
    mover: Person
    friend: Person
    direct: str
    """Made by the mover, when both were in one class."""
    left: str
    """The same, but the friend has left it."""
    old_words: str
    old_room: str
    newcomer: Client
    """Nobody misses them when an administrator takes the account away."""


def move(path: Path, person_id: str) -> None:
    """Puts a pupil into the other class, and a newcomer into the old one."""
    lines = path.read_text("utf-8-sig").splitlines()
    for number, line in enumerate(lines):
        if line.startswith(f"{person_id};"):
            lines[number] = line.replace(";8.2;", ";9.2;").replace("Klasse 8.2;Jahrgang 8", "Klasse 9.2;Jahrgang 9")
    path.write_text("".join(f"{line}\r\n" for line in [*lines, NEWCOMER]), "utf-8-sig", newline="")


@pytest.fixture(scope="module")
def story(demo, people, admin) -> Iterator[Story]:
    mover, friend = people.pupil(OLD), people.pupil(OLD)
    direct, left = direct_room(mover, friend), direct_room(mover, friend)
    old_words = mover.send(direct, "Noch in einer Klasse")
    friend.leave(left).ok()
    with demo.changed_register() as folder:
        move(folder / "schueler.csv", mover.account["person"])
        sync = demo.sync()
        assert sync.returncode == 0, sync.stderr
        (account,) = admin.get("/_synapse/admin/v2/users", name="hinzugekommen").ok()["users"]
        admin.put(f"/_synapse/admin/v2/users/{quote(account['name'])}", {"password": "neu-und-lang-genug"}).ok()
        newcomer = Client(demo.homeserver)
        newcomer.login(account["name"], "neu-und-lang-genug")
        old_room = demo.info["rooms"][OLD]
        wait_until(lambda: old_room in newcomer.joined_rooms(), 20)
        wait_until(lambda: old_room not in mover.joined_rooms(), 20)
        yield Story(mover, friend, direct, left, old_words, old_room, newcomer)
    wait_until(lambda: old_room in mover.joined_rooms(), 20)
    wait_until(lambda: demo.info["rooms"][NEW] not in mover.joined_rooms(), 20)


WAYS = {
    "a_reaction": lambda s, p, words: p.try_send(
        s.direct, {"m.relates_to": {"rel_type": "m.annotation", "event_id": s.old_words, "key": "👍"}}, "m.reaction"
    ),
    "a_sticker": lambda s, p, words: p.try_send(s.direct, {"body": words, "url": "mxc://x/y", "info": {}}, "m.sticker"),
    "pins": lambda s, p, words: p.set_state(s.direct, "m.room.pinned_events", {"pinned": [words]}),
    "a_topic": lambda s, p, words: p.set_state(s.direct, "m.room.topic", {"topic": words}),
    "a_new_direct_room": lambda s, p, words: p.try_create_room(
        is_direct=True, invite=[s.friend.user_id if p is s.mover else s.mover.user_id]
    ),
    "a_plain_room_for_two": lambda s, p, words: p.try_create_room(
        invite=[s.friend.user_id if p is s.mover else s.mover.user_id]
    ),
    "an_invitation_to_an_old_room": lambda s, p, words: p.invite(s.left, s.friend.user_id),
    "coming_back_into_an_old_room": lambda s, p, words: s.friend.join(s.left),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_who_changed_class_reaches_nobody_there_by(story, nothing_left, unsaid, way):
    with nothing_left(story.mover, story.friend), unsaid(story.mover, story.friend) as words:
        assert_no(way(story, story.mover, words))
        assert_no(way(story, story.friend, words))


def test_an_edit_of_old_words_carries_no_new_ones(story, unsaid):
    with unsaid(story.friend) as words:
        new = {"msgtype": "m.text", "body": words}
        relation = {"rel_type": "m.replace", "event_id": story.old_words}
        edit = {"msgtype": "m.text", "body": f"* {words}", "m.new_content": new, "m.relates_to": relation}
        story.mover.try_send(story.direct, edit)
    assert story.friend.event(story.direct, story.old_words)["content"]["body"] == "Noch in einer Klasse"


def test_a_membership_in_an_old_room_carries_no_words(story, unsaid):
    with unsaid(story.friend) as words:
        member = {"membership": "join", "is_direct": words}
        story.mover.set_state(story.direct, "m.room.member", member, story.mover.user_id)


def test_who_changed_class_is_out_of_the_old_one(demo, story, nothing_left, unsaid):
    later = story.friend.send(story.old_room, "Seit gestern ohne dich")
    old_space = demo.info["spaces"][OLD]
    with nothing_left(story.mover), unsaid(story.friend) as words:
        for place in (story.old_room, old_space):
            assert_no(story.mover.join(place))
            assert_no(story.mover.post(f"knock/{quote(place)}"))
        assert_no(story.mover.try_send(story.old_room, {"msgtype": "m.text", "body": words}))
        assert_no(story.friend.invite(story.old_room, story.mover.user_id))
    assert_no(story.mover.try_event(story.old_room, later))
    assert "Seit gestern ohne dich" not in json.dumps(story.mover.sync(full_state=True))


def test_who_changed_class_is_found_by_nobody_there(story):
    for searcher, hidden in ((story.mover, story.friend), (story.friend, story.mover)):
        found = searcher.post("user_directory/search", {"search_term": hidden.name, "limit": 50}).ok()["results"]
        assert hidden.user_id not in {result["user_id"] for result in found}


# What administrators do must be possible, and nobody undoes it

DELETIONS = {
    "v1": lambda admin, room: admin.request("DELETE", f"/_synapse/admin/v1/rooms/{quote(room)}", {"purge": True}),
    "v2": lambda admin, room: admin.request("DELETE", f"/_synapse/admin/v2/rooms/{quote(room)}", {"purge": False}),
}


@pytest.mark.parametrize("delete", DELETIONS.values(), ids=DELETIONS)
@pytest.mark.parametrize("kind", ["direct", "chat"])
def test_nobody_stays_in_a_room_that_an_administrator_has_deleted(cast, admin, delete, kind):
    made = direct_room(cast.guardian, cast.teacher) if kind == "direct" else chat(cast.guardian, cast.teacher)
    task = delete(admin, made).ok()
    if "delete_id" in task:
        status = f"/_synapse/admin/v2/rooms/delete_status/{task['delete_id']}"
        result = wait_until(lambda: _finished(admin.get(status).ok()), 30)
        assert result["status"] == "complete", result
        task = result["shutdown_room"]
    assert task["failed_to_kick_users"] == []
    for person in (cast.guardian, cast.teacher):
        assert made not in person.joined_rooms()
        assert_no(person.join(made))
        assert_no(person.try_send(made, {"msgtype": "m.text", "body": "Noch da"}))


def test_an_administrator_deletes_everything_that_somebody_wrote(story, cast, admin):
    room = story.old_room
    words = story.newcomer.send(room, "Das hätte ich nicht schreiben sollen")
    path = f"/_synapse/admin/v1/user/{quote(story.newcomer.user_id)}/redact"
    task = admin.post(path, {"rooms": [room], "reason": "auf Wunsch"}).ok()["redact_id"]
    status = f"/_synapse/admin/v1/user/redact_status/{task}"
    result = wait_until(lambda: _finished(admin.get(status).ok()), 30)
    assert (result["status"], result["failed_redactions"]) == ("complete", {})
    assert story.friend.event(room, words)["content"] == {}


def test_somebody_whom_an_administrator_deactivates_is_gone(story, admin, cast):
    """The last story of the newcomer."""
    gone = story.newcomer
    direct = gone.open_direct_room(cast.teacher.user_id)
    wait_until(lambda: direct in cast.teacher.joined_rooms(), 10)
    admin.post(f"/_synapse/admin/v1/deactivate/{quote(gone.user_id)}", {"erase": True}).ok()
    assert gone.get("account/whoami").status == 401
    wait_until(lambda: not admin.rooms_of(gone.user_id), 20)
    assert gone.try_login(gone.user_id, "neu-und-lang-genug").status in (401, 403)
    assert_no(cast.teacher.invite(direct, gone.user_id))


def _finished(task):
    return task if task["status"] in ("complete", "failed") else None
