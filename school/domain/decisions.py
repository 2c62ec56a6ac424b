"""Decisions: what the policy answers.

A refusal is a value: a reason that texts are written for, and the id of the rule that said so. Not being able to
decide at all is no decision but an exception, and whoever asked answers "try again".
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

REASON_KEY: Final = "org.schulbote.reason"
"""Where the reason of a refusal stands for programs: in an error, and in a notice in a message's place."""


class Reason(StrEnum):
    """Why something is refused. Every reason has a text in every language (school.texts)."""

    UNKNOWN_PERSON = "unknown_person"
    """The acting person is not (or no longer) in the register."""
    UNKNOWN_RECIPIENT = "unknown_recipient"
    """Somebody who should be invited or written to does not exist."""
    INVITATIONS_BLOCKED = "invitations_blocked"
    """The invited person's client settings refuse invitations."""
    NO_COMMON_GROUP = "no_common_group"
    """These two may not write to each other: no right reaches that far."""
    WOULD_BRIDGE_GROUPS = "would_bridge_groups"
    """Somebody in the room may not write to the person who should come in."""
    PEOPLE_GREW_APART = "people_grew_apart"
    """In this chat are people who may not write to each other any more."""
    NO_ROOMS = "no_rooms"
    """This person may not make chat rooms."""
    NO_GROUPS = "no_groups"
    """This person may not make groups."""
    GROUP_FROM_REGISTER = "group_from_register"
    """The group comes from the register, which alone changes it."""
    NOT_AN_OWNER = "not_an_owner"
    """The group belongs to others."""
    LEADERSHIP_ONLY = "leadership_only"
    """Only the leadership says who owns a group."""
    MAY_NOT_OWN = "may_not_own"
    """Who should own a group may make none."""
    NO_GROUP_INVITATIONS = "no_group_invitations"
    """This person may not invite whole groups."""
    NO_CONFERENCES = "no_conferences"
    """This person may not start calls, conferences and widgets."""
    NOT_IN_CONFERENCE = "not_in_conference"
    """The conference is for other people."""
    NO_TASKS = "no_tasks"
    """This person may not set tasks, or not hand any in."""
    NOT_YOUR_TASK = "not_your_task"
    """The task is for other people, or of other teachers."""
    TASK_NOT_OPEN = "task_not_open"
    """Nothing can be handed in yet."""
    TASK_IS_OVER = "task_is_over"
    """Nothing can be handed in any more."""
    HAND_IN_STAYS = "hand_in_stays"
    """What was handed in is replaced until it is due, or when it was returned."""
    TEAM_TOO_LARGE = "team_too_large"
    """The task is not handed in by so many together."""
    IN_ANOTHER_TEAM = "in_another_team"
    """Somebody of these hands in already, alone or with others."""
    NOT_ENCRYPTED = "not_encrypted"
    """Encryption is not offered, or not to everybody in this room."""
    NO_SPACES = "no_spaces"
    """Spaces come from the register only."""
    NOT_IN_GROUP = "not_in_group"
    """The room belongs to a group that the person is not in."""
    NOT_INVITED = "not_invited"
    """Nobody who may invite has invited this person."""
    DIRECT_ROOM_IS_FOR_TWO = "direct_room_is_for_two"
    """A direct room has two people, no name, no picture and no third member."""
    ROOM_STAYS_PRIVATE = "room_stays_private"
    """A room that a person made stays private, unlisted and without an address."""
    NO_KNOCKING = "no_knocking"
    """Asking to be let in is not offered."""
    GROUP_IS_KEPT = "group_is_kept"
    """Membership of a group's room follows the register."""
    NOT_IN_ROOM = "not_in_room"
    """Only who is in a room can be sent away from it."""
    NOT_A_MODERATOR = "not_a_moderator"
    """The person's power level in the room is too low for this."""
    OTHERS_WORDS = "others_words"
    """What somebody else wrote stays, unless a teacher takes it away."""
    NO_TEACHER_LEFT = "no_teacher_left"
    """A teacher's room without a teacher is read-only."""
    READ_ONLY = "read_only"
    """Nobody but the school writes here."""
    NOT_OFFERED = "not_offered"
    """This kind of event is not offered at this school (calls, widgets, encryption, …)."""
    RULES_ARE_FIXED = "rules_are_fixed"
    """Only the school changes this setting of a room."""
    TOO_LARGE = "too_large"
    """The message is larger than can be kept for a resting teacher."""
    FILE_TOO_LARGE = "file_too_large"
    """The file is larger than this person may send."""
    FILE_TYPE = "file_type"
    """Files of this type may not be sent by this person."""
    MALFORMED = "malformed"
    """The request cannot be understood."""
    TOO_MANY = "too_many"
    """This person has done so many of these in a short time that the next has to wait."""
    NO_RESETS = "no_resets"
    """This person may not reset anybody's password."""
    NOT_OF_STAFF = "not_of_staff"
    """Only students' and guardians' passwords are reset by teachers."""
    NOT_OWN_PUPIL = "not_own_pupil"
    """The school lets teachers reset passwords in their own groups only."""
    MUST_WAIT = "must_wait"
    """This cannot be held for a resting teacher, so it has to wait until the rest ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Allowed, or refused with a reason. `rule` names what said so: a right, a line of school.yaml, or a fixed rule."""

    reason: Reason | None
    rule: str

    @property
    def allowed(self) -> bool:
        return self.reason is None

    def __bool__(self) -> bool:
        return self.reason is None


NO_RULE: Final = "no rule"
"""The rule of a refusal where nothing grants what was asked for."""

# One is made for every message: the same few thousand answers are kept instead of being made again.


@lru_cache(maxsize=4096)
def allow(rule: str) -> Decision:
    """Allowed by `rule`."""
    return Decision(reason=None, rule=rule)


@lru_cache(maxsize=4096)
def refuse(reason: Reason, rule: str) -> Decision:
    """Refused for `reason` by `rule`."""
    return Decision(reason=reason, rule=rule)
