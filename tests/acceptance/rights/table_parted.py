"""The paths in rooms of people whom the register has parted: a change of class, a seat in the committee given up."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from acceptance.client import wait_until
from acceptance.people import Person
from acceptance.rights.table_cast import COMMITTEE, Stage, is_row_of
from acceptance.rights.table_outcomes import Attempt, outcome, outcome_in_place
from acceptance.rights.table_pairs import finds_them, opens_a_direct_room

_WORDS = "Siehst du das noch?"
_STICKER = {"body": "Sonne", "url": "mxc://schule.localhost/sonne", "info": {}}


@dataclass(frozen=True)
class OldRoom:
    """A room from before, with a message of either."""

    room: str
    other: Person
    own: str
    others: str


def writes(_: Stage, one: Person, old: OldRoom) -> Attempt:
    yield ""
    answer = one.try_send(old.room, {"msgtype": "m.text", "body": _WORDS})
    yield outcome_in_place(answer, old.room, _WORDS, old.other)


def changes(_: Stage, one: Person, old: OldRoom) -> Attempt:
    relation = {"rel_type": "m.replace", "event_id": old.own}
    content = {"msgtype": "m.text", "body": _WORDS}
    yield ""
    answer = one.try_send(old.room, content | {"m.new_content": content, "m.relates_to": relation})
    yield outcome_in_place(answer, old.room, _WORDS, old.other)


def _sends(one: Person, old: OldRoom, event_type: str, content: dict[str, object]) -> Attempt:
    yield ""
    answer = one.try_send(old.room, content, event_type)
    yield outcome(answer)
    assert old.other.event(old.room, answer.body["event_id"])["content"] == content


def sends_a_sticker(_: Stage, one: Person, old: OldRoom) -> Attempt:
    return _sends(one, old, "m.sticker", _STICKER)


def puts_a_sign(_: Stage, one: Person, old: OldRoom) -> Attempt:
    relation = {"rel_type": "m.annotation", "event_id": old.others, "key": "👍"}
    return _sends(one, old, "m.reaction", {"m.relates_to": relation})


def pins(_: Stage, one: Person, old: OldRoom) -> Attempt:
    yield ""
    yield outcome(one.set_state(old.room, "m.room.pinned_events", {"pinned": [old.others]}))
    assert old.other.state(old.room, "m.room.pinned_events").ok() == {"pinned": [old.others]}


def renames(_: Stage, one: Person, old: OldRoom) -> Attempt:
    yield ""
    yield outcome(one.set_state(old.room, "m.room.name", {"name": "Sommerfest"}))


def opens_another(stage: Stage, one: Person, old: OldRoom) -> Attempt:
    return opens_a_direct_room(stage, one, old.other)


def finds(stage: Stage, one: Person, old: OldRoom) -> Attempt:
    return finds_them(stage, one, old.other)


def reads(_: Stage, one: Person, old: OldRoom) -> Attempt:
    yield ""
    yield outcome(one.try_event(old.room, old.others))


def deletes(_: Stage, one: Person, old: OldRoom) -> Attempt:
    yield ""
    yield outcome(one.try_redact(old.room, old.own))
    assert old.other.event(old.room, old.own)["content"] == {}


def leaves(_: Stage, one: Person, old: OldRoom) -> Attempt:
    yield ""
    yield outcome(one.leave(old.room))
    assert old.room not in one.joined_rooms()


PATHS = {
    "writes in it": writes,
    "changes what they wrote before": changes,
    "sends a sticker": sends_a_sticker,
    "puts a sign under a message": puts_a_sign,
    "pins a message": pins,
    "renames it": renames,
    "opens a second direct room": opens_another,
    "finds the other one in the search for people": finds,
    "reads what was written before": reads,
    "deletes what they wrote before": deletes,
    "leaves it": leaves,
}


@contextmanager
def parted(stage: Stage) -> Iterator[dict[tuple[str, str], tuple[Person, OldRoom]]]:
    """Makes the rooms, then changes the register. Who acts and where, by the heads of block and column."""
    pupil, guardian = stage.find("student", "Klasse 8.2"), stage.find("guardian", "Sorgeberechtigte 8.2")
    chat = guardian.create_room(name="Klassenfest", invite=[stage.one_of_the_class.user_id, stage.colleague.user_id])
    for guest in (stage.one_of_the_class, stage.colleague):
        guest.join(chat).ok()
    direct_rooms = {
        "pupil, teacher": (pupil, stage.teacher),
        "pupil, pupil": (pupil, stage.child),
        "guardian, guardian": (guardian, stage.one_of_the_class),
        "pupil, guardian": (stage.pupil, stage.guardian),
    }
    in_the_chat = {
        "who made it": (guardian, stage.one_of_the_class),
        "another guardian": (stage.one_of_the_class, guardian),
        "a teacher": (stage.colleague, guardian),
    }
    rooms = {
        ("PARTED, IN AN OLD DIRECT ROOM", column): (one, _old(one, other, one.talk_to(other)))
        for column, (one, other) in direct_rooms.items()
    } | {
        ("PARTED, IN A GUARDIAN'S OLD CHAT", column): (one, _old(one, other, chat))
        for column, (one, other) in in_the_chat.items()
    }
    with stage.demo.changed_register() as register:
        _change(register / "schueler.csv", pupil, "8.2", "10.1")
        _change(register / "schueler.csv", pupil, "Jahrgang 8", "Jahrgang 10")
        _change(register / "eltern.csv", guardian, "Sorgeberechtigte 8.2", "Sorgeberechtigte 10.1")
        _change(register / "eltern.csv", stage.guardian, f";{COMMITTEE}", "")
        done = stage.demo.sync()
        assert done.returncode == 0, done.stderr
        wait_until(lambda: not _found(pupil, stage.child), 10)
        yield rooms
    wait_until(lambda: _found(pupil, stage.child), 10)


def _old(one: Person, other: Person, room: str) -> OldRoom:
    return OldRoom(room, other, one.send(room, "Kommst du mit?"), other.send(room, "Ja, gern."))


def _found(one: Person, other: Person) -> bool:
    answer = one.post("user_directory/search", {"search_term": other.name, "limit": 50}).ok()
    return other.user_id in [person["user_id"] for person in answer["results"]]


def _change(path: Path, person: Person, old: str, new: str) -> None:
    """Changes the lines of one person in an IServ file."""
    table = csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline=""), delimiter=";")
    rows = list(table)
    meant = [row for row in rows if is_row_of(person.account, row)]
    assert meant
    for row in meant:
        row |= {column: text.replace(old, new) for column, text in row.items() if column != "E-Mail"}
    out = io.StringIO()
    writer = csv.DictWriter(out, table.fieldnames, delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(out.getvalue(), "utf-8-sig", newline="")
