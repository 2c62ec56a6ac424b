from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from builders import BEA, BEN, BOT, EVENING, EVERYBODY, GABI, GERD, HANNA, IDA, NOON, OTTO, resting, standing
from judging import (
    AMONG_TEACHERS,
    AT_NOON,
    CIPHER,
    COLLEAGUES,
    DIRECT,
    IDA_RESTS,
    NO_CALLS,
    PIN,
    REACTION,
    ROOM,
    RTC,
    TEXT,
    THROUGH,
    WAITS,
    WIDGET,
    FakeEvent,
    class_room,
    encrypted,
    is_held,
    judge,
    member,
    opened,
    room,
    says,
    sends,
    state_event,
    switch_on,
    with_policy,
)

from school.domain.decisions import Reason
from school.domain.hold import RoomMode
from school.domain.intervals import Span
from school.domain.people import TEACHER, Person
from school.domain.rest import Absence, PersonalRest
from school.domain.rooms import MEGOLM, RoomKind
from school.sealing import HELD_KEY
from synapse_modules.events import Pass, Refuse, State

# --- Holding ----------------------------------------------------------------------------------------------------


def test_a_message_to_a_resting_teacher_becomes_a_notice_with_the_words_sealed_inside() -> None:
    words = TEXT | {"format": "org.matrix.custom.html", "formatted_body": "<b>krank</b>", "m.mentions": {}}
    verdict = says(BEN, DIRECT, words, IDA_RESTS)
    assert opened(verdict) == words
    assert isinstance(verdict, Pass)
    assert verdict.content is not None
    assert {key: value for key, value in verdict.content.items() if key != HELD_KEY} == {
        "msgtype": "m.notice",
        "body": "🌙 Ida Groß hat bis 20:00 Uhr Ruhezeit. Diese Nachricht wird dann zugestellt.",
        "m.mentions": {},
    }


OFF = {IDA: resting(), OTTO: resting(end=EVENING + timedelta(hours=1)), BEN: resting()}
TWO_TEACHERS = room(RoomKind.CHAT, IDA, OTTO, GABI)


@pytest.mark.parametrize(
    ("sender", "state", "off", "held"),
    [
        pytest.param(BEN, DIRECT, [IDA], True, id="the other rests"),
        pytest.param(BEN, room(RoomKind.DIRECT, BEN, invited=(IDA,)), [IDA], True, id="the other is only invited yet"),
        pytest.param(BEN, DIRECT, [], False, id="nobody rests"),
        pytest.param(BEN, room(RoomKind.DIRECT, BEN, OTTO), [IDA], False, id="somebody else rests"),
        pytest.param(IDA, DIRECT, [IDA], False, id="what a resting teacher writes goes out at once"),
        pytest.param(GABI, TWO_TEACHERS, [IDA, OTTO], True, id="both teachers rest"),
        pytest.param(GABI, TWO_TEACHERS, [IDA], False, id="one teacher is there"),
        pytest.param(IDA, room(RoomKind.DIRECT, IDA, OTTO), [OTTO], True, id="colleagues wait, too"),
        pytest.param(BEN, class_room(BEN, BEA, IDA), [IDA], False, id="a class is not held"),
        pytest.param(BEN, class_room(BEN, IDA), [IDA], True, id="a pupil alone with a resting teacher"),
        pytest.param(BEN, room(RoomKind.CONTROL, BEN, BOT), [IDA], False, id="the bot never rests"),
        pytest.param(BEN, room(RoomKind.DIRECT, BEN), [IDA], False, id="where nobody else is, nothing waits"),
        pytest.param(IDA, room(RoomKind.DIRECT, IDA, BEN), [BEN], False, id="pupils have no rest time"),
    ],
)
def test_what_is_held(sender: Person, state: State, off: list[Person], held: bool) -> None:
    school = standing(rests={person: OFF[person] for person in off})
    assert is_held(says(sender, state, school=school)) is held


def test_many_resting_people_are_not_named() -> None:
    verdict = says(GABI, TWO_TEACHERS, school=standing(rests={IDA: OFF[IDA], OTTO: OFF[OTTO]}))
    assert isinstance(verdict, Pass)
    assert verdict.content is not None
    assert verdict.content["body"] == (
        "🌙 Hier haben gerade alle Lehrkräfte Ruhezeit, bis 20:00 Uhr. Diese Nachricht wird dann zugestellt."
    )


def test_colleagues_may_be_let_through() -> None:
    gate = replace(AT_NOON, colleagues_pass=True)
    message = FakeEvent(sender=OTTO.user_id)
    state = room(RoomKind.DIRECT, OTTO, IDA)
    assert judge(message, state, IDA_RESTS, gate) == THROUGH
    assert is_held(judge(FakeEvent(), DIRECT, IDA_RESTS, gate))


def test_who_may_not_write_is_refused_and_not_held() -> None:
    bens_rest = standing(people=[p for p in EVERYBODY if p != BEN], rests={IDA: resting()})
    assert judge(FakeEvent(), DIRECT, bens_rest) == Refuse(Reason.UNKNOWN_PERSON, as_notice=True)


OLDER = "$" + "o" * 43


def test_an_edit_is_held_like_a_message() -> None:
    edit = {
        "msgtype": "m.text", "body": "* neu", "m.new_content": {"msgtype": "m.text", "body": "neu"},
        "m.relates_to": {"rel_type": "m.replace", "event_id": OLDER},
    }  # fmt: skip
    verdict = says(BEN, DIRECT, edit, IDA_RESTS)
    assert opened(verdict) == edit
    assert isinstance(verdict, Pass)
    assert verdict.content is not None
    assert verdict.content["m.relates_to"] == {"rel_type": "m.reference", "event_id": OLDER}
    assert set(verdict.content) == {"msgtype", "body", "m.mentions", "m.relates_to", HELD_KEY}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({"body": "x" * 60_001}, id="too long"),
        pytest.param({"body": "x", "n": 1.5}, id="a float, which no event can carry"),
        pytest.param({"body": "\ud800"}, id="half a character"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_its_place(content: dict[str, Any]) -> None:
    assert says(BEN, DIRECT, content, IDA_RESTS) == Refuse(Reason.TOO_LARGE, as_notice=True)


BY_A_COLLEAGUE = room(RoomKind.CHAT, OTTO, IDA)


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (FakeEvent(type="m.sticker", content={"body": "x", "url": "mxc://a/b"}), DIRECT),
        (FakeEvent(type="m.room.pinned_events", content=PIN, state_key=""), DIRECT),
        (FakeEvent(type=WIDGET, sender=OTTO.user_id, content={"url": "x"}, state_key="w"), BY_A_COLLEAGUE),
        (FakeEvent(type=RTC, sender=OTTO.user_id, content={}, state_key="x"), COLLEAGUES),
        (FakeEvent(type="m.call.invite", sender=OTTO.user_id, content={}), COLLEAGUES),
        (FakeEvent(type="m.call.hangup", content={}), DIRECT),
        (switch_on({"algorithm": MEGOLM}), COLLEAGUES),
        (CIPHER, encrypted(COLLEAGUES)),
    ],
    ids=lambda value: value.type if isinstance(value, FakeEvent) else "",
)
def test_what_cannot_be_held_has_to_wait(event: FakeEvent, state: State) -> None:
    assert judge(event, state, with_policy(IDA_RESTS, encryption=frozenset({TEACHER}))) == WAITS
    assert judge(event, state, AMONG_TEACHERS) == THROUGH


def test_who_may_not_call_is_told_so_and_not_to_wait() -> None:
    assert sends(BEN, "m.call.invite", DIRECT, IDA_RESTS) == NO_CALLS


def test_a_resting_teacher_may_call() -> None:
    assert sends(IDA, "m.call.invite", DIRECT, IDA_RESTS) == THROUGH


def test_a_topic_cannot_pass_the_hold_either() -> None:
    topic = FakeEvent(type="m.room.topic", sender=GABI.user_id, content={"topic": "krank"}, state_key="")
    assert judge(topic, room(RoomKind.CHAT, GABI, IDA), IDA_RESTS) == Refuse(Reason.MUST_WAIT)


def test_taking_back_and_reacting_pass_while_the_other_rests() -> None:
    redaction = FakeEvent(type="m.room.redaction", content={"redacts": "$a"})
    assert judge(redaction, DIRECT, IDA_RESTS) == THROUGH
    assert judge(FakeEvent(type="m.reaction", content=REACTION), DIRECT, IDA_RESTS) == THROUGH


# --- Rooms in which others are, too -----------------------------------------------------------------------------

PARENTS = room(RoomKind.CHAT, GABI, GERD, IDA)
MANY = room(RoomKind.CHAT, OTTO, GABI, GERD, HANNA, IDA)
CLASS = class_room(BEN, BEA, IDA)
BOTH_REST = {IDA: OFF[IDA], OTTO: OFF[OTTO]}


@pytest.mark.parametrize(
    ("sender", "state", "by_itself", "where_it_holds"),
    [
        pytest.param(GABI, PARENTS, True, True, id="both parents and a teacher"),
        pytest.param(GABI, room(RoomKind.CHAT, GABI, IDA, invited=(GERD,)), True, True, id="one of them only invited"),
        pytest.param(GABI, MANY, False, True, id="more than two parents"),
        pytest.param(IDA, PARENTS, False, False, id="the teacher who rests"),
        pytest.param(OTTO, MANY, False, False, id="a colleague"),
        pytest.param(BEN, CLASS, False, True, id="a pupil in a class"),
        pytest.param(IDA, CLASS, False, False, id="the teacher in a class"),
        pytest.param(BEN, class_room(BEN, IDA), True, True, id="a class of one pupil"),
        pytest.param(BEN, class_room(BEN, BEA), False, False, id="a class without a teacher"),
        pytest.param(BEN, room(RoomKind.DIRECT, BEN, BEA), False, False, id="two pupils"),
    ],
)
def test_a_room_may_hold_for_its_teachers_sake(
    sender: Person, state: State, by_itself: bool, where_it_holds: bool
) -> None:
    held = {
        mode: is_held(says(sender, state, school=standing(rests=BOTH_REST, modes={ROOM: mode} if mode else {})))
        for mode in (None, RoomMode.HOLD)
    }
    assert held == {None: by_itself, RoomMode.HOLD: where_it_holds}


@pytest.mark.parametrize("state", [PARENTS, MANY, CLASS], ids=["parents", "many", "a class"])
def test_a_silent_room_holds_nothing_while_somebody_is_there(state: State) -> None:
    sender = BEN if state is CLASS else GABI
    assert says(sender, state, school=standing(rests=BOTH_REST, modes={ROOM: RoomMode.SILENT})) == THROUGH


def test_what_was_said_of_another_room_changes_nothing() -> None:
    said = {"!other": RoomMode.HOLD, "!another": RoomMode.SILENT}
    assert says(BEN, CLASS, school=standing(rests=BOTH_REST, modes=said)) == THROUGH
    assert is_held(says(GABI, PARENTS, school=standing(rests=BOTH_REST, modes=said)))


def test_the_deputy_is_named_in_the_notice() -> None:
    absent = PersonalRest(absences=(Absence(Span(NOON, EVENING), deputy=OTTO.id),))
    verdict = says(BEN, DIRECT, school=standing(rests={IDA: absent}))
    assert isinstance(verdict, Pass)
    assert verdict.content is not None
    assert verdict.content["body"] == (
        "🌙 Ida Groß hat bis 20:00 Uhr Ruhezeit. Diese Nachricht wird dann zugestellt. Vertretung: Otto Groß."
    )


# --- Names ------------------------------------------------------------------------------------------------------


def named(state: State, *kinds: str) -> State:
    """The same room with settings that say something."""
    return {**state, **{(kind, ""): state_event(kind, {"x": "words"}, sender=GABI.user_id) for kind in kinds}}


@pytest.mark.parametrize("kind", ["m.room.name", "m.room.topic", "m.room.avatar"])
def test_nobody_who_rests_is_invited_to_a_name(kind: str) -> None:
    invitation = member(IDA, "invite", sender=GABI.user_id)
    nameless, with_words = room(RoomKind.CHAT, GABI, GERD), named(room(RoomKind.CHAT, GABI, GERD), kind)
    assert judge(invitation, with_words, IDA_RESTS) == WAITS
    assert judge(invitation, with_words) == THROUGH
    assert judge(invitation, nameless, IDA_RESTS) == THROUGH


def test_an_invitation_that_was_promised_with_a_room_comes_also_when_a_rest_has_just_begun() -> None:
    invitation, state = (
        member(IDA, "invite", sender=GABI.user_id),
        named(room(RoomKind.CHAT, GABI, GERD), "m.room.name"),
    )
    assert AT_NOON.judge(IDA_RESTS, invitation, state) == WAITS
    assert AT_NOON.judge(IDA_RESTS, invitation, state, is_promised=True) == THROUGH


def test_where_words_do_not_wait_a_name_does_not_either() -> None:
    invitation = member(IDA, "invite", sender=OTTO.user_id)
    state = named(room(RoomKind.CHAT, OTTO, GABI), "m.room.name")
    assert judge(invitation, state, IDA_RESTS) == THROUGH
    by_gabi = member(IDA, "invite", sender=GABI.user_id)
    silent = standing(rests={IDA: resting()}, modes={ROOM: RoomMode.SILENT})
    assert judge(by_gabi, named(room(RoomKind.CHAT, GABI, GERD), "m.room.name"), silent) == THROUGH


# --- What a notice refers to ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("relation", "reference"),
    [
        pytest.param({"rel_type": "m.replace", "event_id": OLDER}, OLDER, id="an edit"),
        pytest.param(
            {"rel_type": "m.thread", "event_id": OLDER, "m.in_reply_to": {"event_id": "$x"}, "words": "x"}, OLDER,
            id="a thread",
        ),
        pytest.param({"m.in_reply_to": {"event_id": OLDER}}, None, id="a reply, which Synapse does not look up"),
        pytest.param("words", None, id="no relation"),
    ],
)  # fmt: skip
def test_a_notice_refers_to_what_its_message_belongs_to(relation: Any, reference: str | None) -> None:
    words = TEXT | {"m.relates_to": relation}
    verdict = says(BEN, DIRECT, words, IDA_RESTS)
    assert opened(verdict) == words
    assert isinstance(verdict, Pass)
    assert verdict.content is not None
    refers_to = {"rel_type": "m.reference", "event_id": reference}
    assert verdict.content.get("m.relates_to") == (refers_to if reference else None)


@pytest.mark.parametrize("event_id", ["$ruf-mich-bitte-an", OLDER + "x", OLDER[:-1] + " ", OLDER + "\n", 5, None])
def test_what_cannot_be_an_event_is_not_referred_to(event_id: object) -> None:
    words = TEXT | {"m.relates_to": {"rel_type": "m.thread", "event_id": event_id}}
    assert says(BEN, DIRECT, words, IDA_RESTS) == Refuse(Reason.MALFORMED, as_notice=True)


# --- Rooms in which earlier messages still wait -----------------------------------------------------------------


def test_in_a_room_that_is_being_drained_nothing_overtakes() -> None:
    draining = standing(draining=[ROOM])
    verdict = says(BEN, DIRECT, school=draining)
    assert opened(verdict) == TEXT
    assert isinstance(verdict, Pass)
    assert verdict.content is not None
    assert verdict.content["body"].startswith("🌙 Diese Nachricht wird gleich zugestellt")
    assert is_held(says(IDA, DIRECT, school=draining))
    assert judge(FakeEvent(type="m.sticker"), DIRECT, draining) == Refuse(Reason.MUST_WAIT)


def test_where_something_was_held_a_moment_ago_nothing_overtakes_either() -> None:
    lately = replace(AT_NOON, held_lately=lambda room_id: room_id == ROOM)
    assert is_held(judge(FakeEvent(), DIRECT, gate=lately))
    assert judge(FakeEvent(room_id="!other"), DIRECT, gate=lately) == THROUGH
    assert judge(FakeEvent(sender=IDA.user_id), DIRECT, IDA_RESTS, lately) == THROUGH


def test_other_rooms_are_not_held_for_it() -> None:
    assert says(BEN, DIRECT, school=standing(draining=["!other"])) == THROUGH


def test_the_answer_of_a_resting_teacher_does_not_wait_behind_what_waits_for_them() -> None:
    waiting = standing(rests={IDA: resting()}, draining=[ROOM])
    assert says(IDA, DIRECT, school=waiting) == THROUGH
    assert is_held(says(BEN, DIRECT, school=waiting))
