"""`schulbote why PERSON may ACTION …`: asks the policy what Synapse asks it, and says what it answers.

Gather, decide, tell: what is typed becomes a `Question` (question.py), the room that it names, if any, is looked at
(seen_rooms.py), the policy is asked, and the answer gets its words. No rule is written down here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from school.config import Settings
from school.domain.comparison import message_type
from school.domain.decisions import NO_RULE, Decision
from school.domain.directory import Directory
from school.domain.groups import Group
from school.domain.people import UserId
from school.domain.policy import Policy, RoomRequest
from school.domain.rights import Right
from school.domain.rooms import Room, RoomKind, RoomStamp
from school.texts import Language, Texts
from schulbote.named import described
from schulbote.question import ACTIONS, Question
from schulbote.rule_words import in_words
from schulbote.seen_rooms import SeenRoom


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The room that is asked about. `seen` is what the homeserver says of it; the room of a group needs none."""

    label: str
    room: Room
    seen: SeenRoom | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the policy said, in words. `reason` and `sentence` belong to a refusal."""

    allowed: bool
    told: str
    reason: str | None
    sentence: str | None
    """What the person reads."""
    rule: str
    rule_in_words: str
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "allowed": self.allowed,
            "told": self.told,
            "reason": self.reason,
            "sentence": self.sentence,
            "rule": {"id": self.rule, "words": self.rule_in_words},
            "notes": list(self.notes),
        }

    def lines(self) -> list[str]:
        """For people."""
        return [
            f"{'Yes' if self.allowed else 'No'}: {self.told}",
            *([f"Reason: {self.reason}"] if self.reason else []),
            *([f"  {self.sentence}"] if self.sentence else []),
            f"Rule: {self.rule}",
            f"  {self.rule_in_words}",
            *(f"Note: {note}" for note in self.notes),
        ]


# Deciding


class _Case(NamedTuple):
    """All that an action is decided on."""

    policy: Policy
    user_id: UserId
    others: tuple[UserId, ...]
    place: Place | None

    @property
    def room(self) -> Room:
        """The room of an action that has one."""
        if self.place is None:
            raise ValueError("an action without a place")
        return self.place.room

    @property
    def seen(self) -> SeenRoom | None:
        """What the homeserver says of the room."""
        return self.place.seen if self.place else None


def _message(case: _Case) -> Decision:
    return case.policy.may_message(case.user_id, case.others[0])


def _see(case: _Case) -> Decision:
    return case.policy.may_see(case.user_id, case.others[0])


def _create_room(case: _Case) -> Decision:
    kind = RoomKind.DIRECT if len(case.others) == 1 else RoomKind.CHAT
    if case.others == (case.policy.bot,):
        kind = RoomKind.CONTROL
    return case.policy.may_create_room(case.user_id, RoomRequest(kind=kind, invitees=case.others))


def _enter(case: _Case) -> Decision:
    invited_by = case.seen.invited_by.get(case.user_id) if case.seen else None
    return case.policy.may_join(case.user_id, case.room, invited_by=invited_by)


def _as_member(case: _Case, decision: Decision) -> Decision:
    """What may be done by members only: whoever is not in the room has to be let in first."""
    if case.seen is None or case.seen.holds(case.user_id):
        return decision
    entering = _enter(case)
    return decision if entering else entering


def _invite(case: _Case) -> Decision:
    return _as_member(case, case.policy.may_invite(case.user_id, case.others[0], case.room))


def _write(case: _Case) -> Decision:
    return _as_member(case, case.policy.may_send(case.user_id, case.room, message_type(case.room)))


def _leave(case: _Case) -> Decision:
    return case.policy.may_leave(case.user_id, case.room)


_DECIDE: Final[Mapping[str, Callable[[_Case], Decision]]] = {
    "message": _message,
    "see": _see,
    "create_room": _create_room,
    "invite": _invite,
    "enter": _enter,
    "write": _write,
    "leave": _leave,
}
_TOLD: Final[Mapping[str, str]] = {
    "message": "write to {others} directly",
    "see": "find {others} in the search for people",
    "create_room": "{making}",
    "invite": "bring {others} into {place}",
    "enter": "come into {place}",
    "write": "write in {place}",
    "leave": "leave {place}",
}

# Telling


def place_of(group: Group, directory: Directory, bot: UserId) -> Place:
    """The room of a group as the directory wants it."""
    return Place(
        label=f'the room of "{group.name}"',
        room=Room(
            stamp=RoomStamp(kind=RoomKind.GROUP, group=group.id),
            creator=bot,
            members=frozenset(person.user_id for person in directory.members(group.id)),
        ),
    )


def place_seen(seen: SeenRoom) -> Place:
    """A room as the homeserver has it."""
    name = f' "{seen.name}"' if seen.name else ""
    return Place(label=f"the room {seen.id}{name} ({seen.room.kind})", room=seen.room, seen=seen)


def answer(question: Question, place: Place | None, policy: Policy, settings: Settings) -> Answer:
    """What the policy says."""
    if question.action not in ACTIONS:
        return _answer_about_right(question, Right(question.action), policy, settings)
    others = tuple(other.user_id for other in question.others)
    decision = _DECIDE[question.action](_Case(policy, question.asking.user_id, others, place))
    sentence = None
    if decision.reason is not None:
        group = policy.where_to_ask(question.asking.user_id)
        texts = Texts(Language(settings.school.language))
        sentence = texts.refusal(decision.reason, ask_in=group.name if group else None)
    return Answer(
        allowed=decision.allowed,
        told=f"{described(question.asking)} may {'' if decision else 'not '}{_doing(question, place)}.",
        reason=decision.reason,
        sentence=sentence,
        rule=decision.rule,
        rule_in_words=in_words(decision.rule, settings),
        notes=tuple(_notes(question, place)),
    )


def _answer_about_right(question: Question, right: Right, policy: Policy, settings: Settings) -> Answer:
    ruling = policy.rights.ruling(question.asking, right)
    holds = policy.rights.holds(question.asking, right)
    rule = NO_RULE if ruling is None else ruling.id
    return Answer(
        allowed=holds,
        told=f"{described(question.asking)} {'holds' if holds else 'does not hold'} the right {right}.",
        reason=None,
        sentence=None,
        rule=rule,
        rule_in_words=in_words(rule, settings),
    )


def _doing(question: Question, place: Place | None) -> str:
    others = [other.label for other in question.others]
    if not others:
        making = "make a room"
    elif len(others) == 1:
        making = f"open a direct room with {others[0]}"
    else:
        making = f"make a room with {' and '.join(others)}"
    return _TOLD[question.action].format(others=" and ".join(others), place=place.label if place else "", making=making)


def _notes(question: Question, place: Place | None) -> list[str]:
    if place is None or place.seen is None:
        return []
    is_in = place.seen.holds(question.asking.user_id)
    name = question.asking.display_name
    if question.action == "enter" and is_in:
        return [f"{name} is in this room; the answer is about coming back after leaving it."]
    if question.action != "enter" and not is_in:
        return [f"{name} is not in this room, and Synapse lets only members do this."]
    if question.action == "invite":
        return ["Synapse asks the power levels of the room besides."]
    return []
