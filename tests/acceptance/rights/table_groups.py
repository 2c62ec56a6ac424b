"""The paths into the rooms of groups, and what people do there."""

from acceptance.client import Json
from acceptance.people import Person
from acceptance.rights.table_cast import Group, Stage
from acceptance.rights.table_outcomes import Attempt, outcome, outcome_in_place, tried

_WORDS = "Wer kommt morgen mit?"
_MESSAGE = {"msgtype": "m.text", "body": _WORDS}


def enters_it(stage: Stage, one: Person, group: Group) -> Attempt:
    stage.take_out(one, group)
    return tried(lambda: one.join(group.room))


def enters_its_space_first(stage: Stage, one: Person, group: Group) -> Attempt:
    stage.take_out(one, group)
    yield ""
    in_space = one.join(group.space)
    yield outcome(one.join(group.room) if in_space.status == 200 else in_space)
    assert {group.space, group.room} <= one.joined_rooms()
    assert one.user_id in group.member.members(group.room)


def knocks_at_it(stage: Stage, one: Person, group: Group) -> Attempt:
    return tried(lambda: one.post(f"knock/{group.room}", {"reason": "Bitte lass mich herein."}))


def reads_in_it(stage: Stage, one: Person, group: Group) -> Attempt:
    event = stage.message_in(group)
    stage.bring_in(one, group)
    yield ""
    answer = one.get(f"rooms/{group.room}/messages", dir="b", limit=100)
    yield outcome(answer)
    assert event in [event["event_id"] for event in answer.body["chunk"]]


def sees_who_is_in_it(stage: Stage, one: Person, group: Group) -> Attempt:
    stage.bring_in(one, group)
    yield ""
    answer = one.get(f"rooms/{group.room}/members")
    yield outcome(answer)
    assert group.member.user_id in [event["state_key"] for event in answer.body["chunk"]]


def writes_in_it(stage: Stage, one: Person, group: Group) -> Attempt:
    stage.bring_in(one, group)
    yield ""
    yield outcome_in_place(one.try_send(group.room, _MESSAGE), group.room, _WORDS, group.member)


def writes_from_outside(stage: Stage, one: Person, group: Group) -> Attempt:
    stage.take_out(one, group)
    yield ""
    yield outcome_in_place(one.try_send(group.room, _MESSAGE), group.room, _WORDS, group.member)


def writes_in_its_space(stage: Stage, one: Person, group: Group) -> Attempt:
    stage.bring_in(one, group)
    yield ""
    yield outcome_in_place(one.try_send(group.space, _MESSAGE), group.space, _WORDS, group.member)


def _sets(stage: Stage, one: Person, group: Group, event_type: str, content: Json) -> Attempt:
    stage.bring_in(one, group)
    before = group.member.state(group.room, event_type)
    yield ""
    answer = one.set_state(group.room, event_type, content)
    if answer.status != 200:
        assert group.member.state(group.room, event_type) == before
    yield outcome(answer)
    assert group.member.state(group.room, event_type).ok() == content


def sets_its_topic(stage: Stage, one: Person, group: Group) -> Attempt:
    return _sets(stage, one, group, "m.room.topic", {"topic": f"Gesetzt von {one.name}"})


def renames_it(stage: Stage, one: Person, group: Group) -> Attempt:
    return _sets(stage, one, group, "m.room.name", {"name": "Unsere Gruppe"})


def pins_a_message(stage: Stage, one: Person, group: Group) -> Attempt:
    event = stage.message_in(group)
    return _sets(stage, one, group, "m.room.pinned_events", {"pinned": [event]})


def deletes_anothers_message(stage: Stage, one: Person, group: Group) -> Attempt:
    event = group.member.send(group.room, "Das steht nicht lange hier")
    stage.bring_in(one, group)
    yield ""
    answer = one.try_redact(group.room, event)
    if answer.status != 200:
        assert group.member.event(group.room, event)["content"]["body"]
    yield outcome(answer)
    assert group.member.event(group.room, event)["content"] == {}


def _invites(stage: Stage, one: Person, group: Group, guest: Person) -> Attempt:
    stage.bring_in(one, group)
    yield ""
    yield outcome(one.invite(group.room, guest.user_id))
    guest.join(group.room).ok()
    assert guest.user_id in one.members(group.room)
    guest.leave(group.room).ok()


def invites_a_colleague(stage: Stage, one: Person, group: Group) -> Attempt:
    return _invites(stage, one, group, stage.host)


def invites_a_pupil(stage: Stage, one: Person, group: Group) -> Attempt:
    return _invites(stage, one, group, stage.another_pupil)


def leaves_it(stage: Stage, one: Person, group: Group) -> Attempt:
    stage.bring_in(one, group)
    yield ""
    yield outcome(one.leave(group.room))
    assert one.user_id not in group.member.members(group.room)


PATHS = {
    "enters it by its id": enters_it,
    "enters its space, then the room": enters_its_space_first,
    "knocks at it": knocks_at_it,
    "reads in it, once in": reads_in_it,
    "sees who is in it, once in": sees_who_is_in_it,
    "writes in it, once in": writes_in_it,
    "writes in it without coming in": writes_from_outside,
    "sets its topic, once in": sets_its_topic,
    "pins a message, once in": pins_a_message,
    "renames it, once in": renames_it,
    "deletes another's message, once in": deletes_anothers_message,
    "invites a colleague, once in": invites_a_colleague,
    "invites another pupil, once in": invites_a_pupil,
    "leaves it, once in": leaves_it,
    "writes in its space": writes_in_its_space,
}


def groups(stage: Stage) -> dict[tuple[str, str], tuple[Person, Group]]:
    """Who acts and in which group's room, by the heads of block and column."""
    s = stage
    class_8, class_9 = s.group("Klasse 8.2", s.child), s.group("Klasse 9.1", s.classmate)
    guardians_8 = s.group("Sorgeberechtigte 8.2", s.one_of_the_class)
    guardians_9 = s.group("Sorgeberechtigte 9.1", s.own_guardian)
    teachers = s.group("Lehrer", s.colleague)
    return {
        ("A TEACHER and the room of", "the own class"): (s.teacher, class_8),
        ("A TEACHER and the room of", "another class"): (s.teacher, class_9),
        ("A TEACHER and the room of", "guardians of another"): (s.teacher, guardians_9),
        ("A PUPIL and the room of", "the own class"): (s.pupil, class_9),
        ("A PUPIL and the room of", "another class"): (s.pupil, class_8),
        ("A PUPIL and the room of", "guardians of the class"): (s.pupil, guardians_9),
        ("A PUPIL and the room of", "the teachers"): (s.pupil, teachers),
        ("A GUARDIAN and the room of", "the own group"): (s.guardian, guardians_8),
        ("A GUARDIAN and the room of", "guardians of another"): (s.guardian, guardians_9),
        ("A GUARDIAN and the room of", "the child's class"): (s.guardian, class_8),
        ("A GUARDIAN and the room of", "the teachers"): (s.guardian, teachers),
    }
