from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from builders import (
    BEA,
    BEN,
    BOT,
    CARL,
    EVERYBODY,
    GABI,
    GERD,
    HANNA,
    IDA,
    NOBODY,
    OTTO,
    ZOE,
    resting,
    standing,
    user,
)
from hypothesis import given
from hypothesis import strategies as st
from judging import (
    AMONG_TEACHERS,
    AT_NOON,
    CIPHER,
    COLLEAGUES,
    DIRECT,
    IDA_RESTS,
    KEYRING,
    MESSAGE_TS,
    NO_CALLS,
    PIN,
    PLAIN,
    REACTION,
    ROOM,
    RTC,
    SCHOOL,
    TEXT,
    THROUGH,
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
    with_line,
    with_policy,
)

from school.domain.conference_widget import LAYOUT, WIDGET_ID, layout, widget_of
from school.domain.decisions import NO_RULE, Reason
from school.domain.files import FileLimits, FileRules
from school.domain.people import STUDENT, Person, UserId
from school.domain.rights import Level, Right
from school.domain.rooms import CALL_ANSWERS, CALLS, CONFERENCE_STATE, MEGOLM, STAMP_KEY, RoomKind, power_levels
from school.domain.teachers_only import with_teachers_only
from school.sealing import HELD_KEY, SIGNED_KEY, URGENT_KEY, Binding, Purpose
from school.standing import Standing
from synapse_modules.events import Pass, Refuse, State, Verdict, membership_of
from synapse_modules.gate import Gate

# --- Which types go where ---------------------------------------------------------------------------------------

ROOMS: dict[str, State] = {
    "direct room": DIRECT,
    "chat": room(RoomKind.CHAT, IDA, BEN),
    "class": class_room(BEN, IDA),
    "space": room(RoomKind.SPACE, BOT, BEN, group="5a"),
    "control room": room(RoomKind.CONTROL, BEN, BOT),
    "room without a stamp": room(None, BEN, IDA),
}
QUIET, FIXED, OTHER, STRANGE = (
    Refuse(Reason.READ_ONLY),
    Refuse(Reason.RULES_ARE_FIXED),
    Refuse(Reason.NOT_OFFERED),
    Refuse(Reason.NOT_OFFERED, as_notice=True),
)
NO_MODERATOR = Refuse(Reason.NOT_A_MODERATOR)
CANVAS: list[tuple[FakeEvent, dict[str, Verdict]]] = [
    (FakeEvent(), {"space": QUIET, "room without a stamp": STRANGE}),
    (FakeEvent(type="m.sticker"), {"space": QUIET, "room without a stamp": OTHER}),
    (
        FakeEvent(type="m.reaction", content=REACTION),
        {"space": QUIET, "room without a stamp": OTHER},
    ),
    (FakeEvent(type="m.room.redaction", content={"redacts": "$a"}), {"room without a stamp": OTHER}),
    (FakeEvent(type="m.call.invite", content={}), dict.fromkeys(ROOMS, NO_CALLS) | {"room without a stamp": OTHER}),
    (
        FakeEvent(type="m.call.invite", sender=IDA.user_id, content={}),
        {"space": QUIET, "room without a stamp": OTHER},
    ),
    (
        FakeEvent(type="m.call.answer", content={}),
        {
            "class": NO_CALLS, "space": NO_CALLS, "control room": NO_CALLS, "room without a stamp": OTHER,
        },
    ),
    (FakeEvent(type=RTC, content={}, state_key=""), dict.fromkeys(ROOMS, NO_CALLS) | {"room without a stamp": OTHER}),
    (
        FakeEvent(type=RTC, sender=IDA.user_id, content={}, state_key=""),
        {"space": FIXED, "control room": FIXED, "room without a stamp": OTHER},
    ),
    (
        FakeEvent(type=WIDGET, sender=IDA.user_id, content={}, state_key="w"),
        {"direct room": FIXED, "space": FIXED, "control room": FIXED, "room without a stamp": OTHER},
    ),
    (FakeEvent(type=RTC, content={}), dict.fromkeys(ROOMS, NO_CALLS) | {"room without a stamp": OTHER}),
    (FakeEvent(type="m.poll.start", content={}), dict.fromkeys(ROOMS, OTHER)),
    (FakeEvent(type="m.room.encrypted", content={}), dict.fromkeys(ROOMS, PLAIN) | {"room without a stamp": OTHER}),
    (FakeEvent(type="m.room.member", content={"membership": "join"}), dict.fromkeys(ROOMS, OTHER)),
    (FakeEvent(type="m.room.create", content={STAMP_KEY: {"kind": "chat"}}), dict.fromkeys(ROOMS, OTHER)),
    (FakeEvent(type="org.matrix.dummy_event", content={}), {}),
    (
        FakeEvent(type="org.matrix.dummy_event", content={"body": "words"}),
        dict.fromkeys(ROOMS, OTHER),
    ),
    (
        FakeEvent(type="m.room.topic", content={"topic": "x"}, state_key=""),
        {
            "direct room": FIXED, "chat": NO_MODERATOR, "class": NO_MODERATOR, "space": FIXED, "control room": FIXED,
            "room without a stamp": OTHER,
        },
    ),
    (
        FakeEvent(type="m.room.topic", sender=IDA.user_id, content={"topic": "x"}, state_key=""),
        {"direct room": FIXED, "space": FIXED, "control room": FIXED, "room without a stamp": OTHER},
    ),
    (
        FakeEvent(type="m.room.pinned_events", content=PIN, state_key=""),
        {
            "chat": NO_MODERATOR, "class": NO_MODERATOR, "space": FIXED, "control room": FIXED,
            "room without a stamp": OTHER,
        },
    ),
    (
        FakeEvent(type="m.room.encryption", content={"algorithm": MEGOLM}, state_key=""),
        dict.fromkeys(ROOMS, PLAIN) | {"room without a stamp": OTHER},
    ),
    (
        FakeEvent(type="m.room.message", state_key="words"),
        dict.fromkeys(ROOMS, FIXED) | {"room without a stamp": OTHER},
    ),
    (
        FakeEvent(type="org.words", content={"body": "x"}, state_key=""),
        dict.fromkeys(ROOMS, FIXED) | {"room without a stamp": OTHER},
    ),
]  # fmt: skip
CASES = [
    pytest.param(
        event,
        where,
        verdicts.get(where, THROUGH),
        id=f"{event.type}{' as state' if event.is_state() else ''} by {event.sender} in a {where}",
    )
    for event, verdicts in CANVAS
    for where in ROOMS
]


@pytest.mark.parametrize(("event", "where", "verdict"), CASES)
def test_which_events_go_where(event: FakeEvent, where: str, verdict: Verdict) -> None:
    assert judge(event, ROOMS[where]) == verdict


def test_a_direct_message_is_decided_anew_each_time() -> None:
    pupils = room(RoomKind.DIRECT, BEN, BEA)
    elsewhere = [replace(p, groups=frozenset()) if p == BEA else p for p in EVERYBODY]
    assert says(BEN, pupils) == THROUGH
    assert says(BEN, pupils, school=standing(people=elsewhere)) == Refuse(Reason.NO_COMMON_GROUP, as_notice=True)


def test_somebody_unknown_says_nothing() -> None:
    assert judge(FakeEvent(sender=NOBODY), class_room(BEN)) == Refuse(Reason.UNKNOWN_PERSON, as_notice=True)


GREW_APART, NO_TEACHER = (
    Refuse(Reason.PEOPLE_GREW_APART, as_notice=True),
    Refuse(Reason.NO_TEACHER_LEFT, as_notice=True),
)


def test_a_parents_room_that_became_a_bridge_is_read_only() -> None:
    assert says(GABI, room(RoomKind.CHAT, GABI, HANNA)) == GREW_APART


def test_an_invited_stranger_makes_a_bridge_as_well() -> None:
    assert says(GABI, room(RoomKind.CHAT, GABI, GERD, invited=(HANNA,))) == GREW_APART


IDA_HAS_LEFT = {("m.room.member", IDA.user_id): member(IDA, "leave")}


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        pytest.param(room(RoomKind.CHAT, IDA, BEN, CARL), THROUGH, id="with its maker"),
        pytest.param(room(RoomKind.CHAT, IDA, BEN, CARL) | IDA_HAS_LEFT, NO_TEACHER, id="its maker has left"),
        pytest.param(
            room(RoomKind.CHAT, IDA, BEN, CARL, invited=(OTTO,)) | IDA_HAS_LEFT, NO_TEACHER,
            id="another teacher is only invited",
        ),
        pytest.param(room(RoomKind.CHAT, IDA, BEN, CARL, OTTO) | IDA_HAS_LEFT, THROUGH, id="another teacher has come"),
    ],
)  # fmt: skip
def test_a_teachers_room_lives_while_a_teacher_is_in_it(state: State, verdict: Verdict) -> None:
    assert says(BEN, state) == verdict


# --- Rooms that are being made ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "verdict"),
    [
        pytest.param({STAMP_KEY: {"kind": "chat"}}, THROUGH, id="with the stamp"),
        pytest.param({}, OTHER, id="without a stamp, as an upgrade makes it"),
        pytest.param({STAMP_KEY: {"kind": "group"}}, OTHER, id="with a stamp that cannot be read"),
        pytest.param({"type": "m.space"}, OTHER, id="a space"),
    ],
)
def test_a_room_begins_with_its_stamp(content: dict[str, Any], verdict: Verdict) -> None:
    assert judge(FakeEvent(type="m.room.create", content=content, state_key=""), {}) == verdict


@pytest.mark.parametrize(
    "event",
    [
        member(BEN, "join"),
        FakeEvent(type="m.room.power_levels", content=power_levels(RoomKind.CHAT), state_key=""),
        FakeEvent(type="m.room.join_rules", content={"join_rule": "invite"}, state_key=""),
        FakeEvent(type="m.room.topic", content={"topic": "x", "org.schulbote.x": 1}, state_key=""),
    ],
    ids=lambda event: event.type,
)
def test_while_a_room_is_being_made_nothing_is_refused_or_replaced(event: FakeEvent) -> None:
    assert judge(event, room(RoomKind.CHAT, BEN, being_made=True)) == THROUGH


# --- Who comes and goes -----------------------------------------------------------------------------------------

ALONE = room(RoomKind.DIRECT, BEN)
NOT_HERE = Refuse(Reason.NOT_IN_ROOM)
BARRED = room(RoomKind.CHAT, IDA, BEN) | {("m.room.member", CARL.user_id): member(CARL, "ban", sender=IDA.user_id)}


def moderated_by(*people: Person) -> dict[tuple[str, str], FakeEvent]:
    levels = power_levels(RoomKind.CHAT, [p.user_id for p in people])
    return {("m.room.power_levels", ""): state_event("m.room.power_levels", levels, sender=IDA.user_id)}


@pytest.mark.parametrize(
    ("event", "state", "verdict"),
    [
        pytest.param(
            member(IDA, "invite", sender=BEN.user_id), ALONE, THROUGH, id="the one that a direct room begins with"
        ),
        pytest.param(
            member(CARL, "invite", sender=BEN.user_id), ALONE, Refuse(Reason.NO_COMMON_GROUP),
            id="not to somebody one may not write to",
        ),
        pytest.param(
            member(OTTO, "invite", sender=BEN.user_id), DIRECT, Refuse(Reason.DIRECT_ROOM_IS_FOR_TWO),
            id="no third person in a direct room",
        ),
        pytest.param(
            member(BOT, "invite", sender=BEN.user_id), room(RoomKind.CONTROL, BEN), THROUGH, id="the bot is invited"
        ),
        pytest.param(
            member(IDA, "invite", sender=BEN.user_id), room(RoomKind.CONTROL, BEN, BOT),
            Refuse(Reason.DIRECT_ROOM_IS_FOR_TWO), id="nobody else comes to the bot's room",
        ),
        pytest.param(
            member(HANNA, "invite", sender=GABI.user_id), room(RoomKind.CHAT, GABI, GERD),
            Refuse(Reason.NO_COMMON_GROUP), id="no bridge by an invitation",
        ),
        pytest.param(
            member(GERD, "invite", sender=GABI.user_id), room(RoomKind.CHAT, GABI), THROUGH, id="a parent of the class"
        ),
        pytest.param(member(BEN, "join"), class_room(), THROUGH, id="a pupil enters the own class"),
        pytest.param(member(CARL, "join"), class_room(), Refuse(Reason.NOT_IN_GROUP), id="a pupil enters no other"),
        pytest.param(
            member(IDA, "join"), room(RoomKind.DIRECT, BEN, invited=(IDA,)), THROUGH, id="who is invited joins"
        ),
        pytest.param(
            member(OTTO, "join"), room(RoomKind.DIRECT, BEN), Refuse(Reason.NOT_INVITED), id="who is not does not"
        ),
        pytest.param(
            member(HANNA, "join"), room(RoomKind.CHAT, GABI, invited=(HANNA,)), Refuse(Reason.NO_COMMON_GROUP),
            id="an old invitation is decided anew",
        ),
        pytest.param(
            member(CARL, "join", displayname="Carl"), class_room(CARL), THROUGH,
            id="a new name passes, even of somebody who should be gone",
        ),
        pytest.param(member(BEN, "leave"), class_room(BEN), Refuse(Reason.GROUP_IS_KEPT), id="no leaving one's class"),
        pytest.param(member(CARL, "leave"), class_room(CARL), THROUGH, id="leaving another one"),
        pytest.param(member(NOBODY, "leave"), class_room(), THROUGH, id="who has left the school leaves"),
        pytest.param(member(BEN, "leave"), DIRECT, THROUGH, id="leaving a direct room"),
        pytest.param(
            member(BEN, "leave"), room(RoomKind.GROUP, BOT, invited=(BEN,), group="5a"), THROUGH,
            id="an invitation can always be declined",
        ),
        pytest.param(
            member(IDA, "leave", sender=BEN.user_id), DIRECT, Refuse(Reason.DIRECT_ROOM_IS_FOR_TWO),
            id="who made a direct room does not send the other away",
        ),
        pytest.param(
            member(IDA, "ban", sender=BEN.user_id), DIRECT, Refuse(Reason.DIRECT_ROOM_IS_FOR_TWO), id="nor bans"
        ),
        pytest.param(
            member(BEN, "leave", sender=IDA.user_id), class_room(BEN, IDA), Refuse(Reason.GROUP_IS_KEPT),
            id="nobody is sent out of a class",
        ),
        pytest.param(
            member(BEN, "leave", sender=IDA.user_id), room(RoomKind.CHAT, IDA, BEN), THROUGH, id="out of a chat, yes"
        ),
        pytest.param(
            member(BEA, "leave", sender=BEN.user_id), room(RoomKind.CHAT, IDA, BEN, BEA), NO_MODERATOR,
            id="not by somebody who does not moderate it",
        ),
        pytest.param(
            member(CARL, "leave", sender=IDA.user_id), room(RoomKind.CHAT, IDA, BEN), NOT_HERE,
            id="nor somebody who never was in it, who would see its name",
        ),
        pytest.param(
            member(CARL, "ban", sender=IDA.user_id), room(RoomKind.CHAT, IDA, BEN), NOT_HERE, id="nor is barred"
        ),
        pytest.param(
            member(CARL, "ban", sender=IDA.user_id), room(RoomKind.CHAT, IDA, CARL), THROUGH, id="who is in it, yes"
        ),
        pytest.param(
            member(CARL, "leave", sender=IDA.user_id), BARRED, THROUGH, id="and is let in again",
        ),
        pytest.param(
            member(CARL, "leave", sender=BEN.user_id), BARRED, NO_MODERATOR, id="by a moderator only",
        ),
        pytest.param(
            member(BEA, "invite", sender=BEN.user_id), room(RoomKind.CHAT, IDA, BEN), NO_MODERATOR,
            id="who does not moderate a chat invites nobody",
        ),
        pytest.param(
            member(BEA, "invite", sender=BEN.user_id), room(RoomKind.CHAT, IDA, BEN) | moderated_by(BEN), THROUGH,
            id="who does may",
        ),
        pytest.param(
            member(BEA, "invite", sender=BEN.user_id), class_room(IDA, BEN), NO_MODERATOR, id="no pupil into the class"
        ),
        pytest.param(
            member(BEA, "invite", sender=IDA.user_id), class_room(IDA, BEN), THROUGH, id="its teacher does"
        ),
        pytest.param(member(CARL, "knock"), class_room(), Refuse(Reason.NO_KNOCKING), id="nobody knocks"),
        pytest.param(member(BEN, "dance"), class_room(), Refuse(Reason.MALFORMED), id="a membership there is not"),
        pytest.param(member(BEN, "leave"), room(None, BEN), THROUGH, id="a room without a stamp is left"),
        pytest.param(member(BEN, "join"), room(None, IDA), OTHER, id="... and not entered"),
        pytest.param(member(IDA, "invite", sender=BEN.user_id), room(None, BEN), OTHER, id="... nor invited to"),
    ],
)  # fmt: skip
def test_who_comes_and_goes(event: FakeEvent, state: State, verdict: Verdict) -> None:
    assert judge(event, state) == verdict


LEFT = DIRECT | IDA_HAS_LEFT
DECLINED = room(RoomKind.DIRECT, BEN) | {("m.room.member", IDA.user_id): member(IDA, "leave")}
BEA_LEFT = room(RoomKind.DIRECT, BEN, BEA) | {("m.room.member", BEA.user_id): member(BEA, "leave")}
BEA_ELSEWHERE = standing(people=[replace(p, groups=frozenset()) if p == BEA else p for p in EVERYBODY])


@pytest.mark.parametrize("left", [LEFT, DECLINED], ids=["who was in it", "who declined"])
@pytest.mark.parametrize(
    ("whom", "verdict"),
    [
        pytest.param(IDA, THROUGH, id="the one who was there"),
        pytest.param(OTTO, Refuse(Reason.DIRECT_ROOM_IS_FOR_TWO), id="another teacher"),
        pytest.param(BEA, Refuse(Reason.DIRECT_ROOM_IS_FOR_TWO), id="a friend"),
        pytest.param(BOT, Refuse(Reason.DIRECT_ROOM_IS_FOR_TWO), id="the bot"),
        pytest.param(NOBODY, Refuse(Reason.UNKNOWN_RECIPIENT), id="somebody unknown"),
    ],
)
def test_a_room_for_two_that_was_left_is_still_for_the_same_two(
    left: State, whom: Person | UserId, verdict: Verdict
) -> None:
    assert judge(member(whom, "invite", sender=BEN.user_id), left) == verdict


def test_the_other_one_is_invited_again_only_while_they_may_write_to_each_other() -> None:
    again = member(BEA, "invite", sender=BEN.user_id)
    assert judge(again, BEA_LEFT) == THROUGH
    assert judge(again, BEA_LEFT, BEA_ELSEWHERE) == Refuse(Reason.NO_COMMON_GROUP)


def test_who_stayed_in_a_room_for_two_invites_nobody_else_either() -> None:
    """The one who did not make it: power levels let only its maker invite, the gate does not rely on them."""
    made_by_ida = room(RoomKind.DIRECT, IDA, BEN) | IDA_HAS_LEFT
    assert judge(member(IDA, "invite", sender=BEN.user_id), made_by_ida) == THROUGH
    assert judge(member(OTTO, "invite", sender=BEN.user_id), made_by_ida) == Refuse(Reason.DIRECT_ROOM_IS_FOR_TWO)


def test_member_events_are_rebuilt_from_known_keys() -> None:
    known = {"displayname": "Ben", "is_direct": True}
    words = {"reason": "ruf mich an", "org.x": "words", "org.schulbote.held": {}, "avatar_url": "mxc://a/b"}
    verdict = judge(member(BEN, "join", **known, **words), class_room())
    assert verdict == Pass({"membership": "join"} | known)


@pytest.mark.parametrize("odd", [{"displayname": {"x": "words"}}, {"is_direct": "words"}, {"displayname": None}])
def test_a_member_event_keeps_nothing_that_cannot_stand_there(odd: dict[str, Any]) -> None:
    assert judge(member(BEN, "join", **odd), class_room()) == Pass({"membership": "join"})


def test_a_member_event_without_further_keys_is_not_touched() -> None:
    join = member(BEN, "join", displayname="Ben", join_authorised_via_users_server=BOT)
    assert judge(join, class_room()) == THROUGH


# --- What is taken out ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("school", [SCHOOL, IDA_RESTS], ids=["nobody rests", "the teacher rests"])
@pytest.mark.parametrize("key", [HELD_KEY, SIGNED_KEY, "org.schulbote.reason", "org.schulbote.", "org.schulbote.x"])
def test_the_schools_own_keys_are_taken_out(key: str, school: Standing) -> None:
    new_content = {"msgtype": "m.text", "body": "neu"}
    forged = TEXT | {key: {"key": "x"}, "m.new_content": new_content | {key: {}}}
    verdict = says(BEN, DIRECT, forged, school)
    assert isinstance(verdict, Pass)
    assert verdict.content is not None
    if school is SCHOOL:
        assert verdict.content == TEXT | {"m.new_content": new_content}
    else:
        assert opened(verdict) == TEXT | {"m.new_content": new_content}


@pytest.mark.parametrize("key", ["m.per_message_profile", "com.beeper.per_message_profile"])
def test_a_message_claims_no_other_name(key: str) -> None:
    forged = TEXT | {key: {"displayname": "Schulleitung"}, "m.new_content": TEXT | {key: {}}}
    assert says(BEN, DIRECT, forged) == Pass(TEXT | {"m.new_content": TEXT})
    assert opened(says(BEN, DIRECT, forged, IDA_RESTS)) == TEXT | {"m.new_content": TEXT}


def test_a_message_of_nothing_but_own_keys_becomes_empty() -> None:
    assert says(BEN, DIRECT, {HELD_KEY: {}}) == Pass({})
    assert opened(says(BEN, DIRECT, {HELD_KEY: {}}, IDA_RESTS)) == {}


def test_other_keys_stay() -> None:
    assert says(BEN, DIRECT, TEXT | {"org.schulbot": 1, "m.mentions": {}, "m.new_content": "words"}) == THROUGH


def test_own_keys_are_taken_out_of_state_and_stickers() -> None:
    topic = FakeEvent(
        type="m.room.topic", sender=IDA.user_id, content={"topic": "x", "org.schulbote.y": 1}, state_key=""
    )
    assert judge(topic, class_room(IDA)) == Pass({"topic": "x"})
    sticker = FakeEvent(type="m.sticker", content={"body": "x", SIGNED_KEY: {}})
    assert judge(sticker, DIRECT) == Pass({"body": "x"})


@pytest.mark.parametrize(
    ("key", "verdict"),
    [
        pytest.param("👍", THROUGH, id="a thumb"),
        pytest.param("👩‍👩‍👧‍👦", THROUGH, id="a family"),
        pytest.param("👍🏽", THROUGH, id="a skin colour"),
        pytest.param("1️⃣", THROUGH, id="a digit in a box"),
        pytest.param("❤️", THROUGH, id="a heart"),
        pytest.param("❤", THROUGH, id="a heart without its colour"),
        pytest.param("👍️", THROUGH, id="a thumb with a colour that it has anyway"),
        pytest.param("👍👍", OTHER, id="two thumbs"),
        pytest.param("0151", OTHER, id="a number"),
        pytest.param("7", OTHER, id="a digit"),
        pytest.param("!?", OTHER, id="punctuation"),
        pytest.param("", OTHER, id="nothing that is seen"),
        pytest.param("ja", OTHER, id="a word"),
        pytest.param("é", OTHER, id="a letter"),
        pytest.param("是", OTHER, id="a letter that is a word"),
        pytest.param("👍" * 17, OTHER, id="too many"),
        pytest.param(5, Refuse(Reason.MALFORMED), id="a number"),
        pytest.param(None, Refuse(Reason.MALFORMED), id="nothing"),
    ],
)
def test_a_reaction_is_a_sign_and_no_sentence(key: Any, verdict: Verdict) -> None:
    content = {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$a", "key": key}}
    assert judge(FakeEvent(type="m.reaction", content=content), DIRECT) == verdict


@pytest.mark.parametrize(
    "content",
    [
        {}, {"m.relates_to": "x"}, {"m.relates_to": {}},
        {"m.relates_to": {"rel_type": "m.reference", "event_id": "$a", "key": "👍"}},
        {"m.relates_to": {"rel_type": "m.annotation", "event_id": ["$a"], "key": "👍"}},
    ],
)  # fmt: skip
def test_a_reaction_without_its_parts_is_refused(content: dict[str, Any]) -> None:
    assert judge(FakeEvent(type="m.reaction", content=content), DIRECT) == Refuse(Reason.MALFORMED)


def test_a_reaction_is_rebuilt_from_known_keys() -> None:
    wordy = {"m.relates_to": REACTION["m.relates_to"] | {"org.x": "words"}, "shortcode": "words", "org.x": "words"}
    assert judge(FakeEvent(type="m.reaction", content=wordy), DIRECT, IDA_RESTS) == Pass(REACTION)


def test_the_reason_of_a_redaction_is_taken_out() -> None:
    event = FakeEvent(type="m.room.redaction", content={"redacts": "$a", "reason": "ruf mich an", "org.x": "words"})
    assert judge(event, DIRECT, IDA_RESTS) == Pass({"redacts": "$a"})


@pytest.mark.parametrize("kind", [("m.room.power_levels", ""), ("m.room.member", BEN.user_id), ("m.room.create", "")])
def test_nobody_deletes_what_stands_in_the_state_of_a_room(kind: tuple[str, str]) -> None:
    chat = room(RoomKind.CHAT, IDA, BEN)
    state = chat | {kind: replace(chat[kind], event_id="$setting")}
    for sender in (BEN, IDA):
        event = FakeEvent(type="m.room.redaction", sender=sender.user_id, content={"redacts": "$setting"})
        assert judge(event, state) == FIXED
        assert judge(replace(event, content={"redacts": "$words"}), state) == THROUGH


@pytest.mark.parametrize("event_type", ["m.room.name", "m.room.topic", "m.room.pinned_events", "m.room.power_levels"])
def test_a_setting_has_no_words_in_its_key(event_type: str) -> None:
    chat = room(RoomKind.CHAT, IDA, BEN)
    content = dict(chat["m.room.power_levels", ""].content) if event_type == "m.room.power_levels" else {}
    event = FakeEvent(type=event_type, sender=IDA.user_id, content=content, state_key="")
    assert judge(event, chat) == THROUGH
    assert judge(replace(event, state_key="ruf mich an"), chat) == FIXED


def test_what_is_deleted_in_the_name_of_somebody_who_was_removed_is_not_touched() -> None:
    """Synapse builds a replaced event on the newest state, in which that person is not in the room."""
    event = FakeEvent(type="m.room.redaction", sender=CARL.user_id, content={"redacts": "$a", "reason": "x"})
    state = class_room(BEN) | {("m.room.member", CARL.user_id): member(CARL, "leave", sender=BOT)}
    assert judge(event, state) == THROUGH
    assert judge(replace(event, sender=NOBODY), state) == THROUGH


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        pytest.param({"users": {BEN.user_id: 50}}, THROUGH, id="a moderator more"),
        pytest.param({"users": {BEN.user_id: 100}}, FIXED, id="no one like the school"),
        pytest.param({"events_default": 50}, FIXED, id="no other rules"),
    ],
)
def test_power_levels_of_a_chat(change: dict[str, Any], verdict: Verdict) -> None:
    event = FakeEvent(
        type="m.room.power_levels", sender=IDA.user_id, content=power_levels(RoomKind.CHAT) | change, state_key=""
    )
    assert judge(event, room(RoomKind.CHAT, IDA, BEN)) == verdict


@pytest.mark.parametrize(
    ("kind", "maker", "verdict"),
    [
        pytest.param(RoomKind.CHAT, IDA, THROUGH, id="a teacher's chat"),
        pytest.param(RoomKind.CHAT, GABI, FIXED, id="not a guardian's"),
        pytest.param(RoomKind.DIRECT, IDA, FIXED, id="not a room for two"),
    ],
)
def test_who_made_a_chat_and_may_write_to_everyone_lets_only_teachers_write(
    kind: RoomKind, maker: Person, verdict: Verdict
) -> None:
    hushed = with_teachers_only(power_levels(kind), [OTTO.user_id])
    event = FakeEvent(type="m.room.power_levels", sender=maker.user_id, content=hushed, state_key="")
    assert judge(event, room(kind, maker, *([OTTO] if kind is RoomKind.DIRECT else [GERD, OTTO]))) == verdict


def test_another_teacher_in_a_chat_does_not() -> None:
    hushed = with_teachers_only(power_levels(RoomKind.CHAT), [])
    event = FakeEvent(type="m.room.power_levels", sender=OTTO.user_id, content=hushed, state_key="")
    assert judge(event, room(RoomKind.CHAT, IDA, BEN, OTTO)) == NO_MODERATOR


# --- Calls, conferences, widgets --------------------------------------------------------------------------------

CHAT = room(RoomKind.CHAT, IDA, BEN)


@pytest.mark.parametrize("event_type", sorted(CALLS | CONFERENCE_STATE))
def test_calls_and_widgets_follow_the_right_to_start_conferences(event_type: str) -> None:
    assert sends(IDA, event_type, CHAT) == THROUGH
    assert sends(BEN, event_type, CHAT) == NO_CALLS
    assert sends(IDA, event_type, CHAT, with_line(Right.START_CONFERENCES, "teacher", allow=False)) == NO_CALLS
    assert sends(BEN, event_type, CHAT, with_line(Right.START_CONFERENCES, "student", allow=True)) == THROUGH


@pytest.mark.parametrize("event_type", sorted(CALL_ANSWERS))
def test_who_is_called_answers_and_hangs_up(event_type: str) -> None:
    assert sends(BEN, event_type, DIRECT) == THROUGH
    assert sends(BEN, event_type, room(RoomKind.DIRECT, BEN, BEA)) == NO_CALLS
    assert sends(BEN, event_type, DIRECT, with_line(Right.JOIN_CONFERENCES, BEN.role, allow=False)) == NO_CALLS
    assert sends(BEN, event_type, DIRECT, with_line(Right.START_CONFERENCES, IDA.role, allow=False)) == NO_CALLS


def test_own_keys_are_taken_out_of_calls_and_widgets() -> None:
    widget = FakeEvent(type=WIDGET, sender=IDA.user_id, content={"url": "x", SIGNED_KEY: {}}, state_key="w")
    assert judge(widget, CHAT) == Pass({"url": "x"})
    call = FakeEvent(type="m.call.invite", sender=IDA.user_id, content={"call_id": "x", HELD_KEY: {}})
    assert judge(call, DIRECT) == Pass({"call_id": "x"})


OWN = widget_of("https://bote.school.test", "Videokonferenz")
WITH_WIDGET = replace(AT_NOON, widget=OWN)


def places(
    content: dict[str, Any], key: str = WIDGET_ID, event_type: str = WIDGET, gate: Gate = WITH_WIDGET
) -> Verdict:
    event = FakeEvent(type=event_type, sender=IDA.user_id, content=content, state_key=key)
    return judge(event, CHAT, gate=gate)


def test_under_the_id_of_the_schools_widget_there_is_only_that() -> None:
    assert places(OWN) == THROUGH
    assert places(OWN | {"name": "Hier dein Passwort", "data": {"title": "Neu"}, "creatorUserId": "@x:y"}) == Pass(OWN)
    assert places({}) == THROUGH
    foreign = Refuse(Reason.NOT_OFFERED)
    assert places(OWN | {"url": "https://example.org"}) == foreign
    assert places({"url": ["https://example.org"]}) == foreign
    assert places(OWN, event_type="m.widget") == foreign
    assert places(OWN, event_type=RTC) == foreign
    assert places(OWN, gate=AT_NOON) == foreign, "a school without it"
    assert places({}, gate=AT_NOON) == THROUGH, "but it can be taken away"


def test_the_schools_widget_stands_above_the_messages_and_nothing_else_does() -> None:
    elements = {"widgets": {WIDGET_ID: {"container": "top", "height": 90}, "x": {"container": "top"}}}
    assert places(elements, key="", event_type=LAYOUT) == Pass(layout())
    assert places(layout(), key="", event_type=LAYOUT) == THROUGH
    foreign = Refuse(Reason.NOT_OFFERED)
    for content in ({}, {"widgets": {}}, {"widgets": {"x": {"container": "top"}}}, {"widgets": [WIDGET_ID]}):
        assert places(content, key="", event_type=LAYOUT) == foreign
    assert places(layout(), key="x", event_type=LAYOUT) == Refuse(Reason.RULES_ARE_FIXED)
    assert places(layout(), key="", event_type=LAYOUT, gate=AT_NOON) == foreign, "a school without it"
    by_ida = FakeEvent(type=LAYOUT, sender=IDA.user_id, content=layout(), state_key="")
    in_class = class_room(BEN, IDA)
    assert judge(by_ida, in_class, gate=WITH_WIDGET) == Refuse(Reason.RULES_ARE_FIXED), "there the bot says it"
    assert judge(FakeEvent(type=LAYOUT, content=layout(), state_key=""), CHAT, gate=WITH_WIDGET) == NO_CALLS


@pytest.mark.parametrize("key", [WIDGET_ID, "x"])
def test_who_starts_no_conferences_places_no_widget_at_all(key: str) -> None:
    for content in (OWN, {}, {"type": "m.custom", "url": "https://example.org"}):
        event = FakeEvent(type=WIDGET, content=content, state_key=key)
        assert judge(event, class_room(BEN, IDA), gate=WITH_WIDGET) == NO_CALLS


# --- Encryption -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sender", "state", "verdict"),
    [
        pytest.param(OTTO, COLLEAGUES, THROUGH, id="two teachers"),
        pytest.param(OTTO, room(RoomKind.CHAT, OTTO, IDA), THROUGH, id="a chat of teachers"),
        pytest.param(OTTO, room(RoomKind.DIRECT, OTTO, CARL), PLAIN, id="a teacher and a pupil"),
        pytest.param(BEN, room(RoomKind.DIRECT, BEN, BEA), PLAIN, id="two pupils"),
        pytest.param(OTTO, room(RoomKind.CHAT, OTTO, IDA, invited=(CARL,)), PLAIN, id="a pupil is invited"),
        pytest.param(OTTO, room(RoomKind.CONTROL, OTTO, BOT), PLAIN, id="with the bot"),
        pytest.param(OTTO, room(RoomKind.GROUP, BOT, OTTO, IDA, group="6b"), PLAIN, id="a group's room"),
        pytest.param(OTTO, room(RoomKind.SPACE, BOT, OTTO, IDA, group="6b"), PLAIN, id="a group's space"),
    ],
)
def test_encryption_is_only_where_it_is_offered_to_everybody(sender: Person, state: State, verdict: Verdict) -> None:
    assert judge(switch_on({"algorithm": MEGOLM}, sender), state, AMONG_TEACHERS) == verdict
    assert judge(replace(CIPHER, sender=sender.user_id), encrypted(state), AMONG_TEACHERS) == verdict
    assert judge(switch_on({"algorithm": MEGOLM}, sender), state) == PLAIN


@pytest.mark.parametrize(
    ("content", "verdict"),
    [
        pytest.param({"algorithm": MEGOLM}, THROUGH, id="the one algorithm"),
        pytest.param(
            {"algorithm": MEGOLM, "rotation_period_ms": 5, "rotation_period_msgs": 6}, THROUGH,
            id="how often keys change",
        ),
        pytest.param(
            {"algorithm": MEGOLM, "org.x": "words", "org.schulbote.held": {}}, Pass({"algorithm": MEGOLM}),
            id="other keys are taken out",
        ),
        pytest.param(
            {"algorithm": MEGOLM, "rotation_period_ms": "ruf mich an", "rotation_period_msgs": 1.5},
            Pass({"algorithm": MEGOLM}), id="what cannot stand there, too",
        ),
        pytest.param({"algorithm": "org.x"}, Refuse(Reason.MALFORMED), id="another algorithm"),
        pytest.param({"algorithm": [MEGOLM]}, Refuse(Reason.MALFORMED), id="a list of algorithms"),
        pytest.param({}, Refuse(Reason.MALFORMED), id="no algorithm, which would switch it off"),
    ],
)  # fmt: skip
def test_how_a_room_is_encrypted_is_rebuilt_from_known_keys(content: dict[str, Any], verdict: Verdict) -> None:
    assert judge(switch_on(content), COLLEAGUES, AMONG_TEACHERS) == verdict


def test_nothing_encrypted_is_sent_in_a_room_that_is_not() -> None:
    assert judge(CIPHER, COLLEAGUES, AMONG_TEACHERS) == PLAIN


def test_own_keys_are_taken_out_of_what_is_encrypted() -> None:
    forged = replace(CIPHER, content={**CIPHER.content, HELD_KEY: {}, SIGNED_KEY: {}})
    assert judge(forged, encrypted(COLLEAGUES), AMONG_TEACHERS) == Pass(dict(CIPHER.content))


def test_nobody_is_brought_into_an_encrypted_chat_to_whom_it_is_not_offered() -> None:
    chat = encrypted(room(RoomKind.CHAT, OTTO, IDA))
    invitation = member(CARL, "invite", sender=OTTO.user_id)
    assert judge(invitation, chat, AMONG_TEACHERS) == PLAIN
    assert judge(invitation, room(RoomKind.CHAT, OTTO, IDA), AMONG_TEACHERS) == THROUGH


def test_where_encryption_is_no_longer_offered_a_room_goes_on_in_plain_words() -> None:
    assert judge(CIPHER, encrypted(COLLEAGUES)) == PLAIN
    assert says(OTTO, encrypted(COLLEAGUES)) == THROUGH


# --- Files ------------------------------------------------------------------------------------------------------

PICTURES_ONLY = FileRules(roles={STUDENT: FileLimits(types=("image/*",), rule="files.roles.student")})
PICTURE = {"msgtype": "m.image", "body": "Tafel.png", "info": {"mimetype": "image/png"}, "url": "mxc://a/b"}
PROGRAM = {"msgtype": "m.file", "body": "spiel.exe", "info": {"mimetype": "image/png"}, "url": "mxc://a/b"}
PROGRAM_AS_STICKER = {key: value for key, value in PROGRAM.items() if key != "msgtype"}


@pytest.mark.parametrize("rests", [{}, {IDA: resting()}], ids=["nobody rests", "the teacher rests"])
def test_a_file_of_another_type_is_refused_in_its_place_and_a_sticker_plainly(rests: dict[Person, Any]) -> None:
    school = with_policy(standing(rests=rests), files=PICTURES_ONLY)
    edit = TEXT | {"m.new_content": PROGRAM, "m.relates_to": {"rel_type": "m.replace", "event_id": "$a"}}
    for content in (PROGRAM, edit):
        assert says(BEN, DIRECT, content, school) == Refuse(Reason.FILE_TYPE, as_notice=True)
    sticker = FakeEvent(type="m.sticker", content=PROGRAM_AS_STICKER)
    assert judge(sticker, DIRECT, school) == Refuse(Reason.FILE_TYPE)


def test_files_of_the_types_of_a_role_pass() -> None:
    school = with_policy(SCHOOL, files=PICTURES_ONLY)
    assert says(BEN, DIRECT, PICTURE, school) == THROUGH
    assert says(BEN, DIRECT, TEXT, school) == THROUGH
    assert says(IDA, DIRECT, PROGRAM, school) == THROUGH
    assert is_held(says(BEN, DIRECT, PICTURE, with_policy(IDA_RESTS, files=PICTURES_ONLY)))


# --- Which rule it was --------------------------------------------------------------------------------------------

RULED = with_policy(
    with_line(Right.MESSAGE_OWN_GROUPS, "5a", allow=False, level=Level.GROUP),
    files=PICTURES_ONLY,
)


@pytest.mark.parametrize(
    ("event", "state", "school", "rule"),
    [
        pytest.param(
            FakeEvent(), room(RoomKind.DIRECT, BEN, BEA), RULED, "school.yaml:9", id="a line of school.yaml"
        ),
        pytest.param(FakeEvent(), room(RoomKind.DIRECT, BEN, CARL), SCHOOL, NO_RULE, id="nothing grants it"),
        pytest.param(FakeEvent(sender=NOBODY), DIRECT, SCHOOL, "directory:sender", id="somebody unknown"),
        pytest.param(FakeEvent(content=PROGRAM), DIRECT, RULED, "files.roles.student", id="a file"),
        pytest.param(FakeEvent(type="m.call.invite"), DIRECT, SCHOOL, NO_RULE, id="a call"),
        pytest.param(FakeEvent(type="m.poll.start"), DIRECT, SCHOOL, "rooms:types", id="a poll"),
        pytest.param(FakeEvent(type="m.room.encrypted"), DIRECT, SCHOOL, "rooms:types", id="nothing is encrypted here"),
        pytest.param(switch_on({"algorithm": MEGOLM}), COLLEAGUES, SCHOOL, "encryption.roles", id="encryption"),
        pytest.param(
            FakeEvent(type="m.room.join_rules", content={}, state_key=""), DIRECT, SCHOOL, "rooms:state", id="a setting"
        ),
        pytest.param(
            FakeEvent(type="m.room.power_levels", sender=IDA.user_id, content={}, state_key=""), CHAT, SCHOOL,
            "rooms:power_levels", id="power levels",
        ),
        pytest.param(FakeEvent(), room(None, BEN), SCHOOL, "rooms:no_stamp", id="a room that is not the school's"),
        pytest.param(
            FakeEvent(type="m.room.topic", content={}, state_key=""), CHAT, SCHOOL, "rooms:power_levels",
            id="who does not moderate",
        ),
        pytest.param(
            FakeEvent(type="m.reaction", content={"m.relates_to": REACTION["m.relates_to"] | {"key": "ja"}}), DIRECT,
            SCHOOL, "rooms:one_emoji", id="a word as a reaction",
        ),
        pytest.param(member(BEN, "leave"), class_room(BEN), SCHOOL, "directory:membership", id="leaving one's class"),
        pytest.param(
            member(OTTO, "invite", sender=BEN.user_id), DIRECT, SCHOOL, "rooms:direct", id="a third in a room for two"
        ),
        pytest.param(FakeEvent(), room(RoomKind.CHAT, IDA, BEN) | IDA_HAS_LEFT, SCHOOL, "rooms:needs_a_teacher",
                     id="a room without a teacher"),
    ],
)  # fmt: skip
def test_a_refusal_carries_the_rule(event: FakeEvent, state: State, school: Standing, rule: str) -> None:
    verdict = judge(event, state, school)
    assert isinstance(verdict, Refuse)
    assert verdict.rule == rule


# --- What the school's own hand sends ---------------------------------------------------------------------------


def signed(
    purpose: Purpose,
    event_type: str = "m.room.message",
    *,
    sender: Person = BEN,
    content: Mapping[str, Any] = TEXT,
) -> FakeEvent:
    binding = Binding(room_id=ROOM, sender=sender.user_id, event_type=event_type, origin_server_ts=MESSAGE_TS)
    marked = KEYRING.sign(content, binding, purpose=purpose, held="$held")
    return FakeEvent(type=event_type, sender=sender.user_id, content=marked)


@pytest.mark.parametrize("purpose", sorted(set(Purpose) - {Purpose.URGENT}))
@pytest.mark.parametrize(
    "school", [SCHOOL, IDA_RESTS, standing(draining=[ROOM])], ids=["at any time", "in rest", "while draining"]
)
def test_what_is_signed_passes_as_it_is(purpose: Purpose, school: Standing) -> None:
    assert judge(signed(purpose), DIRECT, school) == THROUGH


def test_a_delivery_by_somebody_who_may_no_longer_write_is_refused_plainly() -> None:
    strangers = room(RoomKind.DIRECT, BEN, CARL)
    assert judge(signed(Purpose.DELIVERY), strangers) == Refuse(Reason.NO_COMMON_GROUP)


@pytest.mark.parametrize("purpose", [Purpose.RECEIPT, Purpose.NOTICE])
def test_receipts_and_notices_reach_also_who_may_no_longer_write(purpose: Purpose) -> None:
    assert judge(signed(purpose), room(RoomKind.DIRECT, BEN, CARL)) == THROUGH


@pytest.mark.parametrize(
    "copy",
    [
        pytest.param({"origin_server_ts": MESSAGE_TS + 1}, id="at another time"),
        pytest.param({"room_id": "!other"}, id="in another room"),
        pytest.param({"sender": IDA.user_id}, id="by somebody else"),
        pytest.param({"type": "m.sticker"}, id="as another type"),
    ],
)
def test_a_copy_of_what_was_signed_loses_its_mark(copy: dict[str, Any]) -> None:
    assert judge(replace(signed(Purpose.DELIVERY), **copy), DIRECT) == Pass(TEXT)


def test_a_copy_is_held_like_any_other_message() -> None:
    assert is_held(judge(replace(signed(Purpose.DELIVERY), origin_server_ts=MESSAGE_TS - 90_000), DIRECT, IDA_RESTS))


def test_a_signature_opens_no_door_for_state() -> None:
    topic = replace(signed(Purpose.NOTICE, "m.room.topic"), state_key="")
    assert judge(topic, DIRECT) == FIXED


def test_a_signature_opens_no_room_without_a_stamp() -> None:
    assert judge(signed(Purpose.DELIVERY), room(None, BEN, IDA)) == STRANGE


HEAD = replace(OTTO, leadership=True)
WITH_A_HEAD = tuple(HEAD if person == OTTO else person for person in EVERYBODY)
WITH_IDA = room(RoomKind.DIRECT, HEAD, IDA)
URGENT_TEXT = TEXT | {URGENT_KEY: True}
IDA_HAS_REST = {"people": WITH_A_HEAD, "rests": {IDA: resting()}}


@pytest.mark.parametrize(
    "school",
    [standing(people=WITH_A_HEAD), standing(**IDA_HAS_REST), standing(**IDA_HAS_REST, draining=[ROOM])],
    ids=["at any time", "in rest", "while others wait"],
)
def test_what_the_leadership_sends_urgently_passes_as_it_is(school: Standing) -> None:
    assert judge(signed(Purpose.URGENT, sender=HEAD, content=URGENT_TEXT), WITH_IDA, school) == THROUGH


@pytest.mark.parametrize(
    ("sender", "where", "reason"),
    [
        pytest.param(OTTO, WITH_IDA, Reason.NOT_OFFERED, id="by a colleague who is not, or no longer, the leadership"),
        pytest.param(BEN, DIRECT, Reason.NOT_OFFERED, id="by a pupil"),
        pytest.param(NOBODY, WITH_IDA, Reason.UNKNOWN_PERSON, id="by somebody unknown"),
        pytest.param(HEAD, room(RoomKind.CHAT, HEAD, IDA), Reason.NOT_OFFERED, id="in a chat"),
        pytest.param(HEAD, class_room(HEAD, IDA), Reason.NOT_OFFERED, id="in the room of a class"),
        pytest.param(HEAD, room(RoomKind.CONTROL, HEAD, BOT), Reason.NOT_OFFERED, id="in a room with the bot"),
    ],
)
def test_nothing_else_is_sent_urgently_even_if_it_is_signed(
    sender: Person | UserId, where: State, reason: Reason
) -> None:
    school = standing(people=WITH_A_HEAD if sender == HEAD else EVERYBODY, rests={IDA: resting()})
    who = sender if isinstance(sender, Person) else replace(BEN, user_id=sender)
    verdict = judge(signed(Purpose.URGENT, sender=who, content=URGENT_TEXT), where, school)
    assert verdict == Refuse(reason), "refused plainly: a notice would be left in the room"


def test_being_urgent_gives_nobody_somebody_to_write_to() -> None:
    clerk = replace(ZOE, leadership=True)
    school = standing(people=[*EVERYBODY[:-1], clerk], rests={IDA: resting()})
    urgently = signed(Purpose.URGENT, sender=clerk, content=URGENT_TEXT)
    assert judge(urgently, room(RoomKind.DIRECT, clerk, IDA), school) == Refuse(Reason.NO_COMMON_GROUP)


@pytest.mark.parametrize(
    "forged",
    [
        pytest.param(FakeEvent(sender=HEAD.user_id, content=URGENT_TEXT), id="the key alone"),
        pytest.param(
            replace(signed(Purpose.URGENT, sender=HEAD, content=URGENT_TEXT), origin_server_ts=MESSAGE_TS + 1),
            id="a copy",
        ),
        pytest.param(
            replace(signed(Purpose.URGENT, sender=HEAD, content=URGENT_TEXT), origin_server_ts=MESSAGE_TS - 90_000),
            id="one that has expired",
        ),
        pytest.param(replace(signed(Purpose.URGENT, content=URGENT_TEXT), sender=HEAD.user_id), id="another's"),
        pytest.param(
            FakeEvent(
                sender=HEAD.user_id,
                content=signed(Purpose.DELIVERY, sender=HEAD).content
                | {SIGNED_KEY: signed(Purpose.DELIVERY, sender=HEAD).content[SIGNED_KEY] | {"purpose": "urgent"}},
            ),
            id="a delivery that says it is urgent",
        ),
        pytest.param(
            FakeEvent(sender=HEAD.user_id, content=signed(Purpose.URGENT, sender=HEAD).content | {URGENT_KEY: True}),
            id="the key added to what was signed without it",
        ),
        pytest.param(
            FakeEvent(sender=HEAD.user_id, content=TEXT | {"m.new_content": URGENT_TEXT}), id="the key in an edit"
        ),
    ],
)
def test_what_only_claims_to_be_urgent_waits_and_does_not_ring(forged: FakeEvent) -> None:
    verdict = judge(forged, WITH_IDA, standing(**IDA_HAS_REST))
    assert is_held(verdict)
    binding = Binding(
        room_id=ROOM, sender=HEAD.user_id, event_type=forged.type, origin_server_ts=forged.origin_server_ts
    )
    assert isinstance(verdict, Pass)
    assert verdict.content is not None
    assert "urgent" not in str(verdict.content)
    assert "urgent" not in str(KEYRING.open(verdict.content[HELD_KEY], binding))


# --- Whatever is sent -------------------------------------------------------------------------------------------

any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["m.relates_to", "m.new_content", "membership", "redacts", "users", SIGNED_KEY, HELD_KEY, "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
contents = st.dictionaries(
    st.sampled_from(["body", "msgtype", "membership", "m.relates_to", "m.new_content", "users", SIGNED_KEY, HELD_KEY]),
    any_json,
)


@given(
    contents,
    st.sampled_from(sorted({event.type for event, _ in CANVAS} | {"m.room.power_levels"})),
    st.none() | st.sampled_from(["", BEN.user_id, "x"]),
    st.sampled_from(sorted(ROOMS)),
    st.sampled_from([SCHOOL, IDA_RESTS]),
    st.sampled_from([BEN.user_id, IDA.user_id, NOBODY, user("x")]),
)
def test_every_event_has_a_verdict_and_no_key_of_the_school_gets_through(
    content: dict[str, Any], event_type: str, state_key: str | None, where: str, school: Standing, sender: str
) -> None:
    event = FakeEvent(type=event_type, content=content, state_key=state_key, sender=sender)
    verdict = judge(event, ROOMS[where], school)
    # Synapse writes the redactions of somebody who was removed; what others who are not there send, it refuses itself.
    is_there = membership_of(ROOMS[where], UserId(sender)) == "join"
    if isinstance(verdict, Pass) and (is_there or event_type != "m.room.redaction"):
        sent = content if verdict.content is None else verdict.content
        assert SIGNED_KEY not in sent
        assert HELD_KEY not in sent or opened_by_anybody(sent, sender, event_type) is not None


def opened_by_anybody(content: Mapping[str, Any], sender: str, event_type: str) -> dict[str, Any]:
    binding = Binding(room_id=ROOM, sender=sender, event_type=event_type, origin_server_ts=MESSAGE_TS)
    return KEYRING.open(content[HELD_KEY], binding)
