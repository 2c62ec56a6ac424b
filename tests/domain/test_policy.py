from collections.abc import Iterable
from dataclasses import dataclass, replace

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
    person,
    policy,
    room,
    user,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from school.domain.decisions import Reason, refuse
from school.domain.files import FileLimits, FileRules
from school.domain.groups import GroupId
from school.domain.people import GUARDIAN, STUDENT, TEACHER, Person, UserId
from school.domain.policy import Policy, RoomRequest
from school.domain.rights import Level, Right, Rule
from school.domain.rooms import (
    CALL_ANSWERS,
    CALLS,
    CONFERENCE_STATE,
    ENCRYPTED,
    ENCRYPTION,
    MESSAGES,
    OF_GROUPS,
    REMARKS,
    Room,
    RoomKind,
)

OK = None
"""No reason speaks against it."""


def no(level: Level, subject: str, right: Right) -> Rule:
    return Rule(level=level, subject=subject, right=right, allow=False, id=f"no {right} for {subject}")


def yes(level: Level, subject: str, right: Right) -> Rule:
    return Rule(level=level, subject=subject, right=right, allow=True, id=f"{right} for {subject}")


def moved(who: Person, *groups: str) -> tuple[Person, ...]:
    """Everybody, after one of them went to other groups."""
    return tuple(replace(p, groups=frozenset(map(GroupId, groups))) if p == who else p for p in EVERYBODY)


def without(*gone: Person) -> tuple[Person, ...]:
    return tuple(p for p in EVERYBODY if p not in gone)


# --- Writing to each other --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sender", "recipient", "reason", "rule"),
    [
        pytest.param(IDA, OTTO, OK, "default:teacher:message_everyone", id="a teacher writes to a colleague"),
        pytest.param(IDA, CARL, OK, "default:teacher:message_everyone", id="a teacher writes to any pupil"),
        pytest.param(IDA, HANNA, OK, "default:teacher:message_everyone", id="a teacher writes to any parent"),
        pytest.param(IDA, ZOE, OK, "default:teacher:message_everyone", id="a teacher writes to staff"),
        pytest.param(BEN, OTTO, OK, "default:student:message_teachers", id="a pupil writes to any teacher"),
        pytest.param(BEN, BEA, OK, "default:student:message_own_groups", id="a pupil writes to a classmate"),
        pytest.param(BEN, CARL, Reason.NO_COMMON_GROUP, "no rule", id="a pupil does not write to another class"),
        pytest.param(BEN, GABI, Reason.NO_COMMON_GROUP, "no rule", id="a pupil does not write to a parent"),
        pytest.param(GABI, IDA, OK, "default:guardian:message_teachers", id="a parent writes to any teacher"),
        pytest.param(GABI, GERD, OK, "default:guardian:message_own_groups", id="a parent writes to one of the class"),
        pytest.param(GABI, HANNA, Reason.NO_COMMON_GROUP, "no rule", id="a parent does not write to another class's"),
        pytest.param(GABI, BEN, Reason.NO_COMMON_GROUP, "no rule", id="a parent does not write to a pupil"),
        pytest.param(ZOE, IDA, Reason.NO_COMMON_GROUP, "no rule", id="an added role reaches nobody by default"),
        pytest.param(BEN, ZOE, Reason.NO_COMMON_GROUP, "no rule", id="nobody reaches an added role but teachers"),
    ],
)
def test_who_writes_to_whom(sender: Person, recipient: Person, reason: Reason | None, rule: str) -> None:
    decision = policy().may_message(sender.user_id, recipient.user_id)
    assert (decision.reason, decision.rule) == (reason, rule)


@pytest.mark.parametrize(
    ("sender", "recipient", "reason"),
    [
        pytest.param(NOBODY, IDA.user_id, Reason.UNKNOWN_PERSON, id="somebody unknown writes to nobody"),
        pytest.param(IDA.user_id, NOBODY, Reason.UNKNOWN_RECIPIENT, id="nobody writes to somebody unknown"),
        pytest.param(NOBODY, NOBODY, Reason.UNKNOWN_PERSON, id="two unknown people"),
        pytest.param(BEN.user_id, BOT, OK, id="everybody writes to the bot"),
        pytest.param(ZOE.user_id, BOT, OK, id="an added role writes to the bot"),
        pytest.param(BOT, BEN.user_id, OK, id="the bot writes to everybody"),
    ],
)
def test_unknown_people_and_the_bot(sender: UserId, recipient: UserId, reason: Reason | None) -> None:
    assert policy().may_message(sender, recipient).reason == reason
    assert policy().may_see(sender, recipient).reason == reason


@pytest.mark.parametrize(
    ("rule", "sender", "recipient", "reason"),
    [
        pytest.param(
            no(Level.ROLE, STUDENT, Right.MESSAGE_OWN_GROUPS), BEN, BEA, Reason.NO_COMMON_GROUP,
            id="pupils who may not write to each other",
        ),
        pytest.param(
            no(Level.ROLE, STUDENT, Right.MESSAGE_OWN_GROUPS), BEN, IDA, OK,
            id="... still write to their teacher, which is another right",
        ),
        pytest.param(
            no(Level.ROLE, GUARDIAN, Right.MESSAGE_TEACHERS), GABI, IDA, Reason.NO_COMMON_GROUP,
            id="parents who may not write to teachers",
        ),
        pytest.param(
            no(Level.PERSON, BEN.id, Right.MESSAGE_TEACHERS), BEN, IDA, OK,
            id="a pupil who may not write to teachers writes to the one of the own group",
        ),
        pytest.param(
            no(Level.PERSON, BEN.id, Right.MESSAGE_TEACHERS), BEN, OTTO, Reason.NO_COMMON_GROUP,
            id="... but not to another",
        ),
        pytest.param(
            no(Level.ROLE, TEACHER, Right.MESSAGE_EVERYONE), IDA, CARL, Reason.NO_COMMON_GROUP,
            id="teachers who may not write to everybody write to no other class",
        ),
        pytest.param(
            no(Level.ROLE, TEACHER, Right.MESSAGE_EVERYONE), IDA, BEN, OK,
            id="... but to their own pupils",
        ),
        pytest.param(
            yes(Level.PERSON, ZOE.id, Right.MESSAGE_EVERYONE), ZOE, HANNA, OK,
            id="one of the staff who was given the right writes to everybody",
        ),
        pytest.param(
            no(Level.GROUP, "5a", Right.MESSAGE_OWN_GROUPS), BEN, BEA, Reason.NO_COMMON_GROUP,
            id="a group whose members may not write to each other",
        ),
    ],
)  # fmt: skip
def test_a_rule_gives_or_takes(rule: Rule, sender: Person, recipient: Person, reason: Reason | None) -> None:
    assert policy(rule).may_message(sender.user_id, recipient.user_id).reason == reason


def test_a_refusal_names_the_line_that_said_no() -> None:
    line = no(Level.ROLE, STUDENT, Right.MESSAGE_OWN_GROUPS)
    assert policy(line).may_message(BEN.user_id, BEA.user_id).rule == line.id


# --- Making rooms -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("creator", "kind", "invitees", "reason"),
    [
        pytest.param(IDA, RoomKind.CHAT, [BEN, CARL, HANNA], OK, id="a teacher brings anybody together"),
        pytest.param(IDA, RoomKind.CHAT, [], OK, id="a teacher makes an empty room"),
        pytest.param(IDA, RoomKind.CHAT, [NOBODY], Reason.UNKNOWN_RECIPIENT, id="nobody invites somebody unknown"),
        pytest.param(GABI, RoomKind.CHAT, [GERD], OK, id="a parent with a parent of the class"),
        pytest.param(GABI, RoomKind.CHAT, [GERD, IDA, OTTO], OK, id="a parent with teachers, too"),
        pytest.param(GABI, RoomKind.CHAT, [HANNA], Reason.NO_COMMON_GROUP, id="a parent with one of another class"),
        pytest.param(GABI, RoomKind.CHAT, [BEN], Reason.NO_COMMON_GROUP, id="a parent with a pupil"),
        pytest.param(GABI, RoomKind.CHAT, [IDA, BOT], OK, id="the bot may come, too"),
        pytest.param(GABI, RoomKind.CHAT, [GABI], Reason.MALFORMED, id="nobody invites themselves"),
        pytest.param(BEN, RoomKind.CHAT, [BEA], Reason.NO_ROOMS, id="pupils make no rooms"),
        pytest.param(BEN, RoomKind.CHAT, [], Reason.NO_ROOMS, id="pupils make no empty rooms either"),
        pytest.param(ZOE, RoomKind.CHAT, [IDA], Reason.NO_ROOMS, id="an added role makes no rooms"),
        pytest.param(NOBODY, RoomKind.CHAT, [IDA], Reason.UNKNOWN_PERSON, id="somebody unknown makes no rooms"),
        pytest.param(BEN, RoomKind.DIRECT, [BEA], OK, id="a direct room with a classmate"),
        pytest.param(BEN, RoomKind.DIRECT, [OTTO], OK, id="a direct room with any teacher"),
        pytest.param(BEN, RoomKind.DIRECT, [CARL], Reason.NO_COMMON_GROUP, id="no direct room with another class"),
        pytest.param(GABI, RoomKind.DIRECT, [BEN], Reason.NO_COMMON_GROUP, id="no direct room of parent and pupil"),
        pytest.param(BEN, RoomKind.DIRECT, [], Reason.DIRECT_ROOM_IS_FOR_TWO, id="no direct room for one"),
        pytest.param(BEN, RoomKind.DIRECT, [BEA, IDA], Reason.DIRECT_ROOM_IS_FOR_TWO, id="no direct room for three"),
        pytest.param(BEN, RoomKind.DIRECT, [BEN], Reason.DIRECT_ROOM_IS_FOR_TWO, id="no direct room with oneself"),
        pytest.param(IDA, RoomKind.DIRECT, [NOBODY], Reason.UNKNOWN_RECIPIENT, id="no direct room with a stranger"),
        pytest.param(BEN, RoomKind.CONTROL, [BOT], OK, id="everybody opens a room with the bot"),
        pytest.param(NOBODY, RoomKind.CONTROL, [BOT], Reason.UNKNOWN_PERSON, id="... who is in the register"),
        pytest.param(IDA, RoomKind.SPACE, [], Reason.NO_SPACES, id="nobody makes spaces"),
        pytest.param(IDA, RoomKind.GROUP, [], Reason.NO_SPACES, id="nobody makes rooms of groups"),
    ],
)
def test_who_makes_which_room(
    creator: Person | UserId, kind: RoomKind, invitees: list[Person | UserId], reason: Reason | None
) -> None:
    ids = [each.user_id if isinstance(each, Person) else each for each in (creator, *invitees)]
    request = RoomRequest(kind=kind, invitees=tuple(ids[1:]))
    assert policy().may_create_room(ids[0], request).reason == reason


def test_a_parent_brings_nobody_together_who_may_not_write_to_each_other() -> None:
    in_both = person("ines", GUARDIAN, "parents-5a", "parents-6b")
    request = RoomRequest(kind=RoomKind.CHAT, invitees=(GABI.user_id, HANNA.user_id))
    decision = policy(people=[*EVERYBODY, in_both]).may_create_room(in_both.user_id, request)
    assert decision.reason is Reason.WOULD_BRIDGE_GROUPS


def test_with_the_right_a_pupil_makes_rooms_for_the_class_only() -> None:
    school = policy(yes(Level.ROLE, STUDENT, Right.CREATE_ROOMS))
    asked = {other: RoomRequest(kind=RoomKind.CHAT, invitees=(other.user_id,)) for other in (BEA, CARL)}
    assert school.may_create_room(BEN.user_id, asked[BEA])
    assert not school.may_create_room(BEN.user_id, asked[CARL])


def test_a_teacher_without_the_right_to_write_to_everybody_makes_no_bridges() -> None:
    school = policy(no(Level.ROLE, TEACHER, Right.MESSAGE_EVERYONE))
    request = RoomRequest(kind=RoomKind.CHAT, invitees=(BEN.user_id, CARL.user_id))
    assert policy().may_create_room(IDA.user_id, request)
    assert not school.may_create_room(IDA.user_id, request)


@pytest.mark.parametrize(
    ("creator", "plain", "meant"),
    [
        pytest.param(BEN, True, RoomKind.DIRECT, id="a plain pair of a pupil can only be a direct room"),
        pytest.param(ZOE, True, RoomKind.DIRECT, id="... of everybody who makes no rooms"),
        pytest.param(GABI, True, RoomKind.CHAT, id="a plain pair of a parent is a room"),
        pytest.param(BEN, False, RoomKind.CHAT, id="a room with a name stays a room, and is refused"),
        pytest.param(NOBODY, True, RoomKind.CHAT, id="nothing is guessed for somebody unknown"),
    ],
)
def test_what_a_plain_pair_is_meant_to_be(creator: Person | UserId, plain: bool, meant: RoomKind) -> None:
    request = RoomRequest(kind=RoomKind.CHAT, invitees=(IDA.user_id,), is_plain_pair=plain)
    asker = creator.user_id if isinstance(creator, Person) else creator
    assert policy().as_meant(asker, request).kind is meant


# --- Bringing people in -----------------------------------------------------------------------------------------

CLASS_ROOM = room(RoomKind.GROUP, group="5a")
CLASS_SPACE = room(RoomKind.SPACE, group="5a")
ANNOUNCEMENTS = room(RoomKind.ANNOUNCEMENTS, group="5a")
TEACHERS_CHAT = room(RoomKind.CHAT, IDA, BEN, HANNA)
PARENTS_CHAT = room(RoomKind.CHAT, GABI, GERD, IDA)
DIRECT = room(RoomKind.DIRECT, BEN, IDA)
CONTROL = room(RoomKind.CONTROL, BEN, BOT)


@pytest.mark.parametrize(
    ("inviter", "invitee", "into", "reason"),
    [
        pytest.param(IDA, CARL, TEACHERS_CHAT, OK, id="a teacher brings anybody into a teacher's room"),
        pytest.param(OTTO, CARL, TEACHERS_CHAT, OK, id="so does another teacher"),
        pytest.param(
            BEN, BEA, TEACHERS_CHAT, Reason.NO_COMMON_GROUP,
            id="a pupil brings no classmate into a teacher's room with a stranger in it",
        ),
        pytest.param(
            BEN, BEA, room(RoomKind.CHAT, IDA, BEN), OK, id="a pupil brings a classmate in where all know each other"
        ),
        pytest.param(GABI, OTTO, PARENTS_CHAT, OK, id="a parent brings a teacher into the own room"),
        pytest.param(GABI, HANNA, PARENTS_CHAT, Reason.NO_COMMON_GROUP, id="a parent brings in no other class's"),
        pytest.param(IDA, HANNA, PARENTS_CHAT, Reason.WOULD_BRIDGE_GROUPS, id="nor does a teacher in it"),
        pytest.param(IDA, BEN, PARENTS_CHAT, Reason.WOULD_BRIDGE_GROUPS, id="and no pupil"),
        pytest.param(IDA, NOBODY, TEACHERS_CHAT, Reason.UNKNOWN_RECIPIENT, id="nobody brings in somebody unknown"),
        pytest.param(NOBODY, BEN, TEACHERS_CHAT, Reason.UNKNOWN_PERSON, id="somebody unknown brings in nobody"),
        pytest.param(IDA, OTTO, DIRECT, Reason.DIRECT_ROOM_IS_FOR_TWO, id="nobody comes into a direct room"),
        pytest.param(BEN, IDA, CONTROL, Reason.DIRECT_ROOM_IS_FOR_TWO, id="nobody comes into a control room"),
        pytest.param(IDA, BEA, CLASS_ROOM, OK, id="into a group's room comes who is in the group"),
        pytest.param(IDA, OTTO, CLASS_ROOM, OK, id="... or may write to all groups"),
        pytest.param(IDA, CARL, CLASS_ROOM, Reason.NOT_IN_GROUP, id="... and nobody else"),
        pytest.param(IDA, GABI, CLASS_SPACE, Reason.NOT_IN_GROUP, id="a space is as its group's room"),
        pytest.param(GABI, BOT, PARENTS_CHAT, OK, id="the bot may come into a chat"),
    ],
)  # fmt: skip
def test_who_brings_in_whom(
    inviter: Person | UserId, invitee: Person | UserId, into: Room, reason: Reason | None
) -> None:
    first, second = (each.user_id if isinstance(each, Person) else each for each in (inviter, invitee))
    assert policy().may_invite(first, second, into).reason == reason


def test_nobody_comes_into_the_chat_of_somebody_who_left_the_school() -> None:
    decision = policy(people=without(GABI)).may_invite(GERD.user_id, OTTO.user_id, PARENTS_CHAT)
    assert decision.reason is Reason.NO_TEACHER_LEFT


def test_who_has_left_the_school_does_not_keep_others_out_of_a_chat() -> None:
    with_somebody_gone = room(RoomKind.CHAT, GABI, NOBODY)
    assert policy().may_invite(GABI.user_id, GERD.user_id, with_somebody_gone)
    assert policy().may_invite(GABI.user_id, HANNA.user_id, with_somebody_gone).reason is Reason.NO_COMMON_GROUP


def test_an_invitation_from_somebody_who_has_left_the_school_counts_no_more() -> None:
    decision = policy(people=without(GERD)).may_join(OTTO.user_id, PARENTS_CHAT, invited_by=GERD.user_id)
    assert decision.reason is Reason.NOT_INVITED


@pytest.mark.parametrize(
    ("comes", "into", "invited_by", "reason"),
    [
        pytest.param(BEN, CLASS_ROOM, None, OK, id="a pupil enters the class's room without invitation"),
        pytest.param(BEN, CLASS_SPACE, None, OK, id="... and its space"),
        pytest.param(BEN, ANNOUNCEMENTS, None, OK, id="... and its announcements"),
        pytest.param(
            CARL, ANNOUNCEMENTS, None, Reason.NOT_IN_GROUP, id="no pupil enters another class's announcements"
        ),
        pytest.param(CARL, CLASS_ROOM, None, Reason.NOT_IN_GROUP, id="no pupil enters another class's room"),
        pytest.param(CARL, CLASS_ROOM, BOT, Reason.NOT_IN_GROUP, id="... not even when invited"),
        pytest.param(OTTO, CLASS_ROOM, None, OK, id="a teacher enters any group's room"),
        pytest.param(GERD, PARENTS_CHAT, None, Reason.NOT_INVITED, id="nobody enters a chat uninvited"),
        pytest.param(OTTO, PARENTS_CHAT, GABI, OK, id="a teacher follows a parent's invitation"),
        pytest.param(HANNA, PARENTS_CHAT, GABI, Reason.NO_COMMON_GROUP, id="an invitation is decided again at joining"),
        pytest.param(HANNA, PARENTS_CHAT, BOT, OK, id="whom the school invites may come"),
        pytest.param(IDA, DIRECT, BEN, OK, id="a direct room is entered by invitation"),
        pytest.param(OTTO, DIRECT, None, Reason.NOT_INVITED, id="... and by nothing else"),
        pytest.param(BEN, CONTROL, None, OK, id="who made a room enters it"),
        pytest.param(NOBODY, CLASS_ROOM, BOT, Reason.UNKNOWN_PERSON, id="somebody unknown enters nothing"),
    ],
)
def test_who_enters(
    comes: Person | UserId, into: Room, invited_by: Person | UserId | None, reason: Reason | None
) -> None:
    who, by = (each.user_id if isinstance(each, Person) else each for each in (comes, invited_by))
    assert who is not None
    assert policy().may_join(who, into, invited_by=by).reason == reason


@pytest.mark.parametrize(
    ("who", "of", "reason", "rule"),
    [
        pytest.param(BEN, "5a", OK, "directory:membership", id="a member"),
        pytest.param(OTTO, "5a", OK, "default:teacher:write_to_groups", id="a teacher of other classes"),
        pytest.param(CARL, "5a", Reason.NOT_IN_GROUP, "no rule", id="a pupil of another class"),
        pytest.param(GABI, "5a", Reason.NOT_IN_GROUP, "no rule", id="a parent"),
        pytest.param(ZOE, "5a", Reason.NOT_IN_GROUP, "no rule", id="staff"),
        pytest.param(IDA, "unknown", OK, "default:teacher:write_to_groups", id="a teacher in a group that has ended"),
        pytest.param(BEN, "unknown", Reason.NOT_IN_GROUP, "no rule", id="a pupil in a group that has ended"),
        pytest.param(NOBODY, "5a", Reason.UNKNOWN_PERSON, "directory:sender", id="somebody unknown"),
        pytest.param(BOT, "5a", OK, "bot:reaches_everybody", id="the bot"),
    ],
)
def test_who_is_in_a_groups_room(who: Person | UserId, of: str, reason: Reason | None, rule: str) -> None:
    user_id = who.user_id if isinstance(who, Person) else who
    decision = policy().may_enter_group(user_id, room(RoomKind.GROUP, group=of))
    assert (decision.reason, decision.rule) == (reason, rule)


# --- Going, and sending away ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "out_of", "reason"),
    [
        pytest.param(BEN, CLASS_ROOM, Reason.GROUP_IS_KEPT, id="nobody leaves the room of the own class"),
        pytest.param(BEN, CLASS_SPACE, Reason.GROUP_IS_KEPT, id="... nor its space"),
        pytest.param(IDA, CLASS_ROOM, Reason.GROUP_IS_KEPT, id="its teacher neither"),
        pytest.param(OTTO, CLASS_ROOM, OK, id="a visiting teacher leaves"),
        pytest.param(CARL, CLASS_ROOM, OK, id="who is no longer in the group leaves"),
        pytest.param(NOBODY, CLASS_ROOM, OK, id="who is no longer in the register leaves"),
        pytest.param(BEN, room(RoomKind.GROUP, BEN, group="ended"), OK, id="a group that has ended is left"),
        pytest.param(BEN, TEACHERS_CHAT, OK, id="a chat is left"),
        pytest.param(BEN, DIRECT, OK, id="a direct room is left"),
        pytest.param(BEN, CONTROL, OK, id="a control room is left"),
    ],
)
def test_who_leaves(who: Person | UserId, out_of: Room, reason: Reason | None) -> None:
    assert policy().may_leave(who.user_id if isinstance(who, Person) else who, out_of).reason == reason


@pytest.mark.parametrize(
    ("who", "out_of", "reason"),
    [
        pytest.param(IDA, TEACHERS_CHAT, OK, id="out of a chat, if the power level allows it"),
        pytest.param(IDA, CLASS_ROOM, Reason.GROUP_IS_KEPT, id="nobody is sent out of a group's room"),
        pytest.param(IDA, CLASS_SPACE, Reason.GROUP_IS_KEPT, id="... nor out of its space"),
        pytest.param(BEN, DIRECT, Reason.DIRECT_ROOM_IS_FOR_TWO, id="nor out of a direct room, though one made it"),
        pytest.param(BEN, CONTROL, Reason.DIRECT_ROOM_IS_FOR_TWO, id="nor is the bot sent away"),
        pytest.param(NOBODY, TEACHERS_CHAT, Reason.UNKNOWN_PERSON, id="somebody unknown sends nobody away"),
    ],
)
def test_who_sends_somebody_away(who: Person | UserId, out_of: Room, reason: Reason | None) -> None:
    assert policy().may_remove(who.user_id if isinstance(who, Person) else who, out_of).reason == reason


# --- Writing in rooms -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sender", "into", "reason"),
    [
        pytest.param(BEN, CLASS_ROOM, OK, id="a pupil writes in the class"),
        pytest.param(OTTO, CLASS_ROOM, OK, id="any teacher writes in the class"),
        pytest.param(CARL, CLASS_ROOM, Reason.NOT_IN_GROUP, id="who is in the room and not in the class does not"),
        pytest.param(IDA, CLASS_SPACE, Reason.READ_ONLY, id="nobody writes in a space"),
        pytest.param(BEN, CONTROL, OK, id="everybody writes to the bot"),
        pytest.param(ZOE, room(RoomKind.CONTROL, ZOE, BOT), OK, id="staff write to the bot"),
        pytest.param(BEN, DIRECT, OK, id="a pupil writes to a teacher"),
        pytest.param(BEN, room(RoomKind.DIRECT, BEN, BEA), OK, id="a pupil writes to a classmate"),
        pytest.param(
            BEN, room(RoomKind.DIRECT, BEN, CARL), Reason.NO_COMMON_GROUP, id="a pupil does not write to a stranger"
        ),
        pytest.param(BEN, room(RoomKind.DIRECT, BEN), OK, id="a pupil alone in a direct room"),
        pytest.param(
            BEN, room(RoomKind.DIRECT, BEN, NOBODY), Reason.UNKNOWN_RECIPIENT, id="the other has left the school"
        ),
        pytest.param(BEN, TEACHERS_CHAT, OK, id="everybody writes in a teacher's room"),
        pytest.param(
            BEN, room(RoomKind.CHAT, BEN, HANNA, creator=IDA.user_id), Reason.NO_TEACHER_LEFT,
            id="a teacher's room without a teacher is read-only",
        ),
        pytest.param(
            BEN, room(RoomKind.CHAT, BEN, HANNA, OTTO, creator=IDA.user_id), OK,
            id="another teacher keeps a teacher's room alive",
        ),
        pytest.param(GABI, PARENTS_CHAT, OK, id="a parent writes in a parents' room"),
        pytest.param(
            GABI, room(RoomKind.CHAT, GABI, GERD), OK, id="a parents' room needs no teacher"
        ),
        pytest.param(
            IDA, room(RoomKind.CHAT, GABI, HANNA, IDA), Reason.PEOPLE_GREW_APART,
            id="a parents' room that has become a bridge is read-only for everybody",
        ),
        pytest.param(NOBODY, CLASS_ROOM, Reason.UNKNOWN_PERSON, id="somebody unknown writes nowhere"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("event_type", sorted(MESSAGES | {"m.reaction"}))
def test_who_writes_where(sender: Person | UserId, into: Room, reason: Reason | None, event_type: str) -> None:
    user_id = sender.user_id if isinstance(sender, Person) else sender
    assert policy().may_send(user_id, into, event_type).reason == reason


@pytest.mark.parametrize("into", [CLASS_ROOM, CLASS_SPACE, DIRECT, CONTROL, TEACHERS_CHAT, PARENTS_CHAT])
@pytest.mark.parametrize("who", [BEN.user_id, NOBODY, IDA.user_id])
def test_ones_own_words_can_always_be_taken_back(who: UserId, into: Room) -> None:
    assert policy().may_send(who, into, "m.room.redaction")


@pytest.mark.parametrize(
    "event_type",
    ["m.poll.start", "org.matrix.msc3381.poll.start", "m.location", "m.room.encryption", "m.widget", "x.y", ""],
)
def test_what_is_not_on_the_list_is_not_offered(event_type: str) -> None:
    decisions = [policy().may_send(IDA.user_id, r, event_type) for r in (CLASS_ROOM, DIRECT, TEACHERS_CHAT, CONTROL)]
    assert {decision.reason for decision in decisions} == {Reason.NOT_OFFERED}


@pytest.mark.parametrize(
    ("event_type", "into", "reason"),
    [
        pytest.param("m.room.topic", CLASS_ROOM, OK, id="the topic of a class"),
        pytest.param("m.room.pinned_events", CLASS_ROOM, OK, id="pinned messages of a class"),
        pytest.param("m.room.name", CLASS_ROOM, Reason.RULES_ARE_FIXED, id="no name of a class"),
        pytest.param("m.room.name", TEACHERS_CHAT, OK, id="the name of a chat"),
        pytest.param("m.room.power_levels", TEACHERS_CHAT, OK, id="the moderators of a chat"),
        pytest.param("m.room.power_levels", CLASS_ROOM, Reason.RULES_ARE_FIXED, id="no power levels of a class"),
        pytest.param("m.room.join_rules", TEACHERS_CHAT, Reason.RULES_ARE_FIXED, id="no join rules"),
        pytest.param("m.room.encryption", DIRECT, Reason.NOT_ENCRYPTED, id="no encryption"),
        pytest.param("m.room.name", DIRECT, Reason.RULES_ARE_FIXED, id="no name of a direct room"),
        pytest.param("m.room.pinned_events", DIRECT, OK, id="pinned messages of a direct room"),
        pytest.param("m.space.child", CLASS_SPACE, Reason.RULES_ARE_FIXED, id="nothing in a space"),
        pytest.param("m.room.topic", CONTROL, Reason.RULES_ARE_FIXED, id="nothing in a control room"),
        pytest.param("m.room.message", TEACHERS_CHAT, Reason.RULES_ARE_FIXED, id="no words as state"),
        pytest.param("m.room.redaction", TEACHERS_CHAT, Reason.RULES_ARE_FIXED, id="no redaction as state"),
    ],
)
def test_which_state_people_write(event_type: str, into: Room, reason: Reason | None) -> None:
    assert policy().may_send(IDA.user_id, into, event_type, is_state=True).reason == reason


def test_state_as_a_message_is_not_offered() -> None:
    assert policy().may_send(IDA.user_id, TEACHERS_CHAT, "m.room.name").reason is Reason.NOT_OFFERED


def test_a_direct_room_is_decided_anew_when_the_class_changes() -> None:
    pupils = room(RoomKind.DIRECT, BEN, BEA)
    assert policy().may_send(BEN.user_id, pupils, "m.room.message")
    after = policy(people=moved(BEA, "6b"))
    for sender in (BEN, BEA):
        assert after.may_send(sender.user_id, pupils, "m.room.message").reason is Reason.NO_COMMON_GROUP


def test_a_parents_room_is_decided_anew_when_a_group_changes() -> None:
    after = policy(people=moved(GERD, "parents-6b"))
    for sender in (GABI, GERD, IDA):
        assert not after.may_send(sender.user_id, PARENTS_CHAT, "m.room.message")


def test_a_parents_room_lives_on_when_a_member_leaves_the_school() -> None:
    assert policy(people=without(GERD)).may_send(GABI.user_id, PARENTS_CHAT, "m.room.message")


def test_a_teacher_who_is_only_invited_keeps_no_room_alive() -> None:
    waiting = room(RoomKind.CHAT, BEN, CARL, OTTO, creator=IDA.user_id)
    assert policy().may_send(BEN.user_id, waiting, "m.room.message")
    waiting = replace(waiting, invited=frozenset({OTTO.user_id}))
    assert policy().may_send(BEN.user_id, waiting, "m.room.message").reason is Reason.NO_TEACHER_LEFT


def test_whoever_may_write_to_everyone_is_a_host_like_a_teacher() -> None:
    """A school that lets its staff write to everyone means their rooms, too."""
    school = policy(yes(Level.ROLE, "staff", Right.MESSAGE_EVERYONE), yes(Level.ROLE, "staff", Right.CREATE_ROOMS))
    hosted = room(RoomKind.CHAT, ZOE, BEN, CARL)
    assert school.may_create_room(ZOE.user_id, RoomRequest(kind=RoomKind.CHAT, invitees=(BEN.user_id, CARL.user_id)))
    assert school.may_send(BEN.user_id, hosted, "m.room.message")
    assert policy().may_send(BEN.user_id, hosted, "m.room.message").reason is Reason.PEOPLE_GREW_APART


# --- Calls, widgets, encryption, files ----------------------------------------------------------------------------


@pytest.mark.parametrize("event_type", sorted(CALLS | CALL_ANSWERS))
def test_who_may_start_conferences_may_call(event_type: str) -> None:
    for into in (DIRECT, CLASS_ROOM, TEACHERS_CHAT):
        assert policy().may_send(IDA.user_id, into, event_type)


@pytest.mark.parametrize("event_type", sorted(CALLS))
@pytest.mark.parametrize("who", [BEN, GABI])
def test_nobody_else_makes_a_phone_ring(who: Person, event_type: str) -> None:
    for into in (room(RoomKind.DIRECT, who, IDA), CLASS_ROOM, room(RoomKind.CHAT, IDA, who), PARENTS_CHAT):
        assert policy().may_send(who.user_id, into, event_type).reason is Reason.NO_CONFERENCES


@pytest.mark.parametrize("event_type", sorted(CALL_ANSWERS))
def test_a_call_is_answered_where_somebody_is_who_may_call(event_type: str) -> None:
    assert policy().may_send(GABI.user_id, room(RoomKind.DIRECT, IDA, GABI), event_type)
    without_a_teacher = room(RoomKind.CHAT, GABI, GERD)
    assert policy().may_send(GABI.user_id, without_a_teacher, event_type).reason is Reason.NO_CONFERENCES
    may_not_join = policy(no(Level.ROLE, "guardian", Right.JOIN_CONFERENCES))
    assert not may_not_join.may_send(GABI.user_id, room(RoomKind.DIRECT, IDA, GABI), event_type)


@pytest.mark.parametrize("event_type", sorted(CONFERENCE_STATE))
def test_calls_and_widgets_in_the_state_of_a_room_are_for_those_who_may_start_conferences(event_type: str) -> None:
    for into in (CLASS_ROOM, TEACHERS_CHAT):
        assert policy().may_send(IDA.user_id, into, event_type, is_state=True)
        assert policy().may_send(BEN.user_id, into, event_type, is_state=True).reason is Reason.NO_CONFERENCES
    taken = policy(no(Level.PERSON, IDA.id, Right.START_CONFERENCES))
    assert taken.may_send(IDA.user_id, CLASS_ROOM, event_type, is_state=True).reason is Reason.NO_CONFERENCES
    given = policy(yes(Level.GROUP, "5a", Right.START_CONFERENCES))
    assert given.may_send(BEN.user_id, CLASS_ROOM, event_type, is_state=True)


def test_a_direct_room_has_no_widget() -> None:
    for event_type in ("m.widget", "im.vector.modular.widgets"):
        decision = policy().may_send(IDA.user_id, DIRECT, event_type, is_state=True)
        assert decision.reason is Reason.RULES_ARE_FIXED


def test_a_call_as_state_or_its_state_as_a_message_is_nothing() -> None:
    assert not policy().may_send(IDA.user_id, TEACHERS_CHAT, "m.call.invite", is_state=True)
    assert not policy().may_send(IDA.user_id, TEACHERS_CHAT, "m.call.member")


COLLEAGUES = room(RoomKind.DIRECT, IDA, OTTO)
AMONG_TEACHERS = replace(policy(), encryption=frozenset({TEACHER}))


def test_a_school_that_says_nothing_has_no_encryption() -> None:
    for into in (COLLEAGUES, DIRECT, CLASS_ROOM, CONTROL):
        assert policy().may_send(IDA.user_id, into, ENCRYPTION, is_state=True).reason is Reason.NOT_ENCRYPTED
        assert policy().may_send(IDA.user_id, replace(into, encrypted=True), ENCRYPTED).reason is Reason.NOT_ENCRYPTED
    assert not policy().may_encrypt({IDA.user_id, OTTO.user_id})


def test_encryption_is_for_rooms_in_which_it_is_offered_to_all() -> None:
    assert AMONG_TEACHERS.may_encrypt({IDA.user_id, OTTO.user_id})
    assert not AMONG_TEACHERS.may_encrypt({IDA.user_id, BEN.user_id})
    assert not AMONG_TEACHERS.may_encrypt({IDA.user_id, BOT})
    assert AMONG_TEACHERS.may_send(IDA.user_id, COLLEAGUES, ENCRYPTION, is_state=True)
    assert not AMONG_TEACHERS.may_send(IDA.user_id, DIRECT, ENCRYPTION, is_state=True)
    assert AMONG_TEACHERS.may_send(IDA.user_id, replace(COLLEAGUES, encrypted=True), ENCRYPTED)
    assert not AMONG_TEACHERS.may_send(IDA.user_id, COLLEAGUES, ENCRYPTED)
    mixed = replace(DIRECT, encrypted=True)
    assert AMONG_TEACHERS.may_send(IDA.user_id, mixed, ENCRYPTED).reason is Reason.NOT_ENCRYPTED


def test_nobody_is_brought_into_an_encrypted_chat_who_may_not_be_in_one() -> None:
    chat = room(RoomKind.CHAT, IDA, OTTO)
    assert AMONG_TEACHERS.may_invite(IDA.user_id, BEN.user_id, chat)
    encrypted = replace(chat, encrypted=True)
    assert AMONG_TEACHERS.may_invite(IDA.user_id, BEN.user_id, encrypted).reason is Reason.NOT_ENCRYPTED


def test_files_are_limited_by_role() -> None:
    limits = FileRules(
        everybody=FileLimits(max_bytes=100),
        roles={STUDENT: FileLimits(max_bytes=10, types=("image/*",), rule="files.roles.student")},
    )
    school = replace(policy(), files=limits)
    picture = {"msgtype": "m.image", "body": "a.png", "info": {"mimetype": "image/png"}}
    program = {"msgtype": "m.file", "body": "a.exe", "info": {"mimetype": "image/png"}}
    assert school.may_upload(IDA.user_id, 100)
    assert school.may_upload(IDA.user_id, 101).reason is Reason.FILE_TOO_LARGE
    assert school.may_upload(BEN.user_id, 11) == refuse(Reason.FILE_TOO_LARGE, "files.roles.student")
    assert school.may_upload(NOBODY, 1).reason is Reason.UNKNOWN_PERSON
    assert school.may_attach(IDA.user_id, "m.room.message", program)
    assert school.may_attach(BEN.user_id, "m.room.message", picture)
    assert school.may_attach(BEN.user_id, "m.room.message", program) == refuse(Reason.FILE_TYPE, "files.roles.student")
    assert school.may_attach(NOBODY, "m.room.message", picture).reason is Reason.UNKNOWN_PERSON


# --- What is said besides -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "where"),
    [(BEN, "Klasse 5a"), (GABI, "Eltern Klasse 5a"), (ZOE, None), (NOBODY, None)],
    ids=["a pupil's class", "a guardian's group", "nobody's group", "somebody unknown"],
)
def test_the_way_out_is_the_group_that_one_can_ask_in(who: Person | UserId, where: str | None) -> None:
    group = policy().where_to_ask(who.user_id if isinstance(who, Person) else who)
    assert (group and group.name) == where


def test_teachers_find_everybody_even_if_they_may_not_write_to_everybody() -> None:
    school = policy(no(Level.ROLE, TEACHER, Right.MESSAGE_EVERYONE))
    assert not school.may_message(IDA.user_id, HANNA.user_id)
    assert school.may_see(IDA.user_id, HANNA.user_id)
    assert not school.may_see(IDA.user_id, NOBODY)
    assert not school.may_see(BEN.user_id, CARL.user_id)


def test_the_room_of_a_parent_who_left_the_school_needs_a_teacher() -> None:
    school = policy(people=without(GABI))
    assert school.may_send(GERD.user_id, PARENTS_CHAT, "m.room.message")
    alone = room(RoomKind.CHAT, GERD, creator=GABI.user_id)
    assert school.may_send(GERD.user_id, alone, "m.room.message").reason is Reason.NO_TEACHER_LEFT


@pytest.mark.parametrize("stranger_does", ["m.room.message", "m.sticker", "m.reaction", "m.call.invite"])
def test_unknown_people_send_nothing_anywhere(stranger_does: str) -> None:
    rooms = [CLASS_ROOM, CLASS_SPACE, DIRECT, CONTROL, TEACHERS_CHAT, PARENTS_CHAT, room(RoomKind.DIRECT, NOBODY, IDA)]
    assert not any(policy().may_send(NOBODY, each, stranger_does) for each in rooms)


# --- Over random schools ----------------------------------------------------------------------------------------

GROUP_IDS = ("a", "b", "c")
random_people = st.lists(
    st.tuples(st.sampled_from([STUDENT, GUARDIAN, TEACHER]), st.sets(st.sampled_from(GROUP_IDS), max_size=2)),
    min_size=2,
    max_size=7,
).map(lambda rows: [person(f"u{number}", role, *sorted(groups)) for number, (role, groups) in enumerate(rows)])
SUBJECTS = {
    Level.ROLE: [TEACHER, STUDENT, GUARDIAN],
    Level.GROUP: list(GROUP_IDS),
    Level.PERSON: [f"p-u{number}" for number in range(7)],
}
REACH = [Right.MESSAGE_TEACHERS, Right.MESSAGE_OWN_GROUPS, Right.CREATE_ROOMS, Right.WRITE_TO_GROUPS]


def rules_about(rights: Iterable[Right]) -> st.SearchStrategy[Rule]:
    return st.sampled_from(Level).flatmap(
        lambda level: st.builds(
            Rule,
            level=st.just(level),
            subject=st.sampled_from(SUBJECTS[level]),
            right=st.sampled_from(list(rights)),
            allow=st.booleans(),
            id=st.just("line"),
            role=st.sampled_from([None, STUDENT, TEACHER]) if level is Level.GROUP else st.none(),
        )
    )


@given(random_people)
def test_by_the_default_table_writing_is_mutual(people: list[Person]) -> None:
    school = policy(people=people)
    for one in people:
        for other in people:
            there, back = (
                school.may_message(first.user_id, second.user_id) for first, second in ((one, other), (other, one))
            )
            assert there.allowed == back.allowed


@dataclass(frozen=True)
class Step:
    """One thing that somebody tries, by the numbers of people."""

    what: str
    who: int
    whom: int


steps = st.lists(
    st.builds(
        Step,
        what=st.sampled_from(["invite", "invite", "join", "leave", "remove"]),
        who=st.integers(0, 6),
        whom=st.integers(0, 6),
    ),
    max_size=14,
)


def after(school: Policy, before: Room, step: Step, people: list[Person]) -> Room:
    """The room after a step, or the same one if the step is refused. As Matrix has it: who invites or removes is in
    the room, who is in it is not invited, who enters has been invited (here the invited count as members)."""
    who, whom = (people[number % len(people)].user_id for number in (step.who, step.whom))
    members = before.members
    if step.what == "invite" and who in members and whom not in members and school.may_invite(who, whom, before):
        members |= {whom}
    if step.what == "remove" and who in members and school.may_remove(who, before):
        members -= {whom}
    if step.what == "leave" and school.may_leave(who, before):
        members -= {who}
    if step.what == "join" and who in members and not school.may_join(who, before, invited_by=whom):
        members -= {who}
    return replace(before, members=members)


@given(random_people, st.lists(rules_about(REACH), max_size=3), st.sets(st.integers(0, 6), max_size=3), steps)
def test_no_chain_of_steps_makes_a_guardians_room_a_bridge(
    people: list[Person], rules: list[Rule], invited: set[int], attempts: list[Step]
) -> None:
    """No rule here gives the right to write to everybody, which is what makes a bridge allowed."""
    people = [person("u0", GUARDIAN, "a"), *people[1:]]
    school = policy(*rules, people=people)
    guardian = people[0].user_id
    invitees = tuple(sorted({people[number % len(people)].user_id for number in invited} - {guardian}))
    if not school.may_create_room(guardian, RoomRequest(kind=RoomKind.CHAT, invitees=invitees)):
        invitees = ()
    there = room(RoomKind.CHAT, guardian, *invitees)
    for attempt in attempts:
        there = after(school, there, attempt, people)
        others = [p for p in people if p.user_id in there.members and p.role != TEACHER]
        for one in others:
            for other in others:
                assert one == other or school.may_message(one.user_id, other.user_id)


@given(random_people, st.lists(rules_about(Right), max_size=3), st.integers(0, 6), st.sets(st.integers(0, 6)), steps)
def test_no_chain_of_steps_lets_people_talk_who_may_not_unless_somebody_is_there_who_may_bring_them_together(
    people: list[Person], rules: list[Rule], number: int, invited: set[int], attempts: list[Step]
) -> None:
    """Whoever makes the room, whatever the rules: by the default table that somebody is a teacher."""
    school = policy(*rules, people=people)
    maker = people[number % len(people)].user_id
    invitees = tuple(sorted({people[each % len(people)].user_id for each in invited} - {maker}))
    if not school.may_create_room(maker, RoomRequest(kind=RoomKind.CHAT, invitees=invitees)):
        return
    there = replace(room(RoomKind.CHAT, maker, *invitees), invited=frozenset(invitees))
    for attempt in attempts:
        there = replace(after(school, there, attempt, people), invited=there.invited)
        if attempt.what == "join":
            there = replace(there, invited=there.invited - {people[attempt.who % len(people)].user_id})
        here = [p for p in people if p.user_id in there.members]
        apart = any(
            not school.may_message(one.user_id, other.user_id)
            for one in here
            for other in here
            if one != other and one.role != TEACHER
        )
        hosts = [p for p in here if p.user_id not in there.invited and school.rights.holds(p, Right.MESSAGE_EVERYONE)]
        if apart and not hosts:
            assert not any(school.may_send(p.user_id, there, "m.room.message") for p in here)


@given(random_people, st.lists(rules_about(Right), max_size=4), st.integers(0, 6))
def test_a_right_that_is_taken_from_a_person_is_gone_everywhere(
    people: list[Person], rules: list[Rule], number: int
) -> None:
    who, others = people[number % len(people)], [p for p in people if p != people[number % len(people)]]
    school = policy(*rules, *(no(Level.PERSON, who.id, right) for right in Right), people=people)
    me = who.user_id
    foreign = [room(RoomKind.GROUP, group=group) for group in GROUP_IDS if GroupId(group) not in who.groups]
    for other in others:
        pair = room(RoomKind.DIRECT, me, other)
        assert not school.may_message(me, other.user_id)
        assert bool(school.may_see(me, other.user_id)) is (who.role == TEACHER)  # who finds everybody as a teacher
        assert not school.may_create_room(me, RoomRequest(kind=RoomKind.DIRECT, invitees=(other.user_id,)))
        assert not school.may_create_room(me, RoomRequest(kind=RoomKind.CHAT, invitees=(other.user_id,)))
        assert not school.may_send(me, pair, "m.room.message")
        assert not any(school.may_send(me, pair, event_type) for event_type in CALLS | CALL_ANSWERS)
    assert not school.may_create_room(me, RoomRequest(kind=RoomKind.CHAT))
    for there in foreign:
        assert not school.may_enter_group(me, there)
        assert not school.may_send(me, there, "m.room.message")
        assert not any(school.may_send(me, there, each, is_state=True) for each in CONFERENCE_STATE)


@given(random_people, st.lists(rules_about(Right), max_size=4))
def test_a_chat_is_judged_by_kinds_of_people_as_it_would_be_by_every_pair(
    people: list[Person], rules: list[Rule]
) -> None:
    school = policy(*rules, people=people)
    maker = people[0]
    if school.rights.holds(maker, Right.MESSAGE_EVERYONE):
        return
    everybody_may = all(
        school.may_message(one.user_id, other.user_id)
        for one in people
        for other in people
        if one != other and one.role != TEACHER
    )
    there = room(RoomKind.CHAT, *people)
    assert bool(school.may_send(maker.user_id, there, "m.room.message")) is everybody_may


random_requests = st.builds(
    RoomRequest,
    kind=st.sampled_from([RoomKind.CHAT, RoomKind.DIRECT]),
    invitees=st.lists(st.integers(0, 7), max_size=3, unique=True).map(lambda ids: tuple(user(f"u{n}") for n in ids)),
)


@settings(max_examples=50)  # each looks at everybody with everybody
@given(
    random_people,
    st.lists(rules_about(Right), max_size=4),
    rules_about(Right),
    random_requests,
    st.sets(st.integers(0, 6), min_size=1),
)
def test_taking_a_right_away_never_allows_more(
    people: list[Person], rules: list[Rule], taken: Rule, request: RoomRequest, inside: set[int]
) -> None:
    before = policy(*rules, people=people)
    afterwards = policy(*rules, replace(taken, allow=False), people=people)
    ids = [p.user_id for p in people]
    members = [ids[number % len(ids)] for number in sorted(inside)]
    chat, direct = room(RoomKind.CHAT, *members), room(RoomKind.DIRECT, *members[:2])
    of_group = room(RoomKind.GROUP, group="a")
    for one in ids:
        assert before.may_create_room(one, request) or not afterwards.may_create_room(one, request)
        for there in (direct, of_group):
            assert before.may_send(one, there, "m.room.message") or not afterwards.may_send(
                one, there, "m.room.message"
            )
        for other in ids:
            assert before.may_message(one, other) or not afterwards.may_message(one, other)
            for there in (chat, of_group):
                assert before.may_invite(one, other, there) or not afterwards.may_invite(one, other, there)


@settings(max_examples=50)  # each looks at everybody with everybody
@given(random_people, st.lists(rules_about(Right), max_size=4), st.sampled_from(sorted(REMARKS | MESSAGES | {"x"})))
def test_every_answer_is_a_decision_with_a_rule(people: list[Person], rules: list[Rule], event_type: str) -> None:
    school = policy(*rules, people=people)
    ids = [p.user_id for p in people] + [NOBODY, BOT]
    for kind in RoomKind:
        there = room(kind, *ids[:3], group="a" if kind in OF_GROUPS else None)
        for one in ids:
            for decision in (
                school.may_send(one, there, event_type),
                school.may_join(one, there),
                school.may_leave(one, there),
                school.may_remove(one, there),
                school.may_invite(one, ids[0], there),
            ):
                assert decision.rule


@pytest.mark.parametrize(
    ("sender", "reason"),
    [
        pytest.param(IDA, OK, id="teachers write announcements"),
        pytest.param(BEN, Reason.READ_ONLY, id="pupils write none"),
        pytest.param(CARL, Reason.READ_ONLY, id="and pupils of another class neither"),
    ],
)
def test_who_announces(sender: Person, reason: Reason | None) -> None:
    assert policy().may_send(sender.user_id, ANNOUNCEMENTS, "m.room.message").reason == reason


def test_everybody_in_the_class_reacts_to_announcements() -> None:
    assert policy().may_send(BEN.user_id, ANNOUNCEMENTS, "m.reaction")
    assert policy().may_send(CARL.user_id, ANNOUNCEMENTS, "m.reaction").reason is Reason.NOT_IN_GROUP
