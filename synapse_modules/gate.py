"""The gate: every event that somebody on this server sends is judged here, with the state of its room.

Judging has no side effects and needs nothing but its arguments: Synapse may ask twice for one event, and asks before
its own checks. The verdict is one of three: pass, pass with other content, refuse.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Protocol, TypeAlias
from zoneinfo import ZoneInfo

from emoji import is_emoji

from school.domain.decisions import Decision, Reason, allow, refuse
from school.domain.hold import Hold, hold_for
from school.domain.people import TEACHER, UserId
from school.domain.rooms import (
    CONFERENCE_STATE,
    ENCRYPTION,
    MEGOLM,
    OWN_KEYS_PREFIX,
    ROOMS_OF_GROUPS,
    Room,
    RoomKind,
    RoomStamp,
    keeps_power_levels,
    level_for,
    level_for_state,
    level_of,
    stamp_from,
)
from school.sealing import Binding, Keyring, Purpose, UnsealableError
from school.standing import Standing
from school.texts import Texts
from synapse_modules import notices

_CREATE: Final = ("m.room.create", "")
_POWER_LEVELS: Final = ("m.room.power_levels", "")
_STATE_ONLY: Final = frozenset({"m.room.create", "m.room.member"})
"""Types with rules of their own, which hold for state; as messages they would be a way around them."""
_MEMBER_KEYS: Final[Mapping[str, type]] = {
    "membership": str,
    "displayname": str,
    "is_direct": bool,
    "join_authorised_via_users_server": str,
}
"""What is kept of a membership, and of which type. No picture: people have none but what the school gives them."""
_NAMES_OF_ONES_OWN: Final = "per_message_profile"
"""Ends the keys by which a message claims to be from somebody of another name (MSC4144)."""
_WITH_MODERATORS: Final = ROOMS_OF_GROUPS | {RoomKind.CHAT}
_LEVELS_KEEP_NOTICES_OUT: Final = frozenset({RoomKind.SPACE, RoomKind.ANNOUNCEMENTS})
NO_STAMP: Final = "rooms:no_stamp"
SETTING: Final = "rooms:state"
_EMOJI_STYLE: Final = "\ufe0f"
"""Asks for the coloured form of a sign; Matrix puts it behind every emoji, also where it is not needed."""
_ROTATION: Final = frozenset({"rotation_period_ms", "rotation_period_msgs"})


class Event(Protocol):
    """What is read of a Synapse event."""

    @property
    def type(self) -> str: ...
    @property
    def sender(self) -> str: ...
    @property
    def room_id(self) -> str: ...
    @property
    def content(self) -> Mapping[str, Any]: ...
    @property
    def origin_server_ts(self) -> int: ...
    @property
    def event_id(self) -> str: ...
    def is_state(self) -> bool: ...
    def get_state_key(self) -> str | None: ...


State: TypeAlias = Mapping[tuple[str, str], Event]


@dataclass(frozen=True, slots=True)
class Pass:
    """The event goes through, with `content` in place of its own if that is not None."""

    content: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Refuse:
    """The event does not go through. `as_notice`: a notice takes its place (it is a message)."""

    reason: Reason
    as_notice: bool = False
    rule: str = field(default="rooms:types", compare=False)


Verdict: TypeAlias = Pass | Refuse


class _Nothing:
    """No value is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Judges the events of people. Events of the bot and of admins never come here."""

    bot: UserId
    zone: ZoneInfo
    texts: Texts
    keyring: Keyring
    clock: Callable[[], float]
    """Seconds since the epoch."""
    colleagues_pass: bool = False

    def judge(self, standing: Standing, event: Event, state: State) -> Verdict:
        """The verdict on one event of a person."""
        create = state.get(_CREATE)
        if event.type in _STATE_ONLY and not event.is_state():
            return Refuse(Reason.NOT_OFFERED)
        if event.type == _CREATE[0]:
            # A room upgrade makes this event without asking on_create_room, which stamps all others.
            return Pass() if stamp_from(event.content) else Refuse(Reason.NOT_OFFERED)
        if create is None or (event.type == "org.matrix.dummy_event" and not event.content):
            return Pass()
        if _POWER_LEVELS not in state:
            return Pass()  # The room is being made; on_create_room has decided on the whole of it.
        stamp = stamp_from(create.content)
        if event.type == "m.room.member":
            if stamp is None:
                return self._outside(event)
            return self._judge_membership(standing, event, state, _room(stamp, UserId(create.sender), state))
        is_message = event.type == "m.room.message" and not event.is_state()
        if stamp is None:
            return Refuse(Reason.NOT_OFFERED, as_notice=is_message, rule=NO_STAMP)
        room = _room(stamp, UserId(create.sender), state)
        purpose = None if event.is_state() else self._signed_purpose(event)
        if purpose in {Purpose.RECEIPT, Purpose.NOTICE}:
            return Pass()
        decision = standing.policy.may_send(UserId(event.sender), room, event.type, is_state=event.is_state())
        if not decision:
            # Whoever delivers a held message wants to hear the reason; a person sees it in the message's place.
            silent = purpose is not None or room.kind in _LEVELS_KEEP_NOTICES_OUT
            return self._refused(decision, as_notice=is_message and not silent)
        if purpose is Purpose.DELIVERY:
            return Pass()
        if event.is_state():
            return self._judge_state(standing, event, state, room)
        if event.type == "m.reaction":
            return _reaction(event.content)
        if event.type == "m.room.redaction":
            return _redaction(event, state)
        return self._judge_message(standing, event, state)

    def _refused(self, decision: Decision, *, as_notice: bool = False) -> Refuse:
        return Refuse(decision.reason or Reason.NOT_OFFERED, as_notice, decision.rule)

    def _outside(self, event: Event) -> Verdict:
        """Rooms that are not the school's can be left, and nothing else."""
        return Pass() if event.content.get("membership") == "leave" else Refuse(Reason.NOT_OFFERED, rule=NO_STAMP)

    def _judge_membership(self, standing: Standing, event: Event, state: State, room: Room) -> Verdict:
        target = UserId(event.get_state_key() or "")
        sender = UserId(event.sender)
        before = state.get(("m.room.member", target))
        was = _membership(state, target)
        policy = standing.policy
        decision: Decision | None
        match event.content.get("membership"):
            case "invite":
                decision = self._may_invite(standing, sender, target, room, state)
                if decision and room.kind in _WITH_MODERATORS:
                    decision = _has_level_for("invite", sender, room, state)
            case "join" if was == "join":
                decision = None
            case "join":
                invited_by = UserId(before.sender) if before and was == "invite" else None
                decision = policy.may_join(target, room, invited_by=invited_by)
            case "leave" if sender == target:
                decision = policy.may_leave(target, room) if was == "join" else None
            case "leave" | "ban" as action:
                decision = policy.may_remove(sender, room)
                if decision:
                    decision = _may_remove_now(action, was, sender, room, state)
            case "knock":
                return Refuse(Reason.NO_KNOCKING)
            case _:
                return Refuse(Reason.MALFORMED)
        if decision is not None and not decision:
            return self._refused(decision)
        kept = {
            key: value for key, value in event.content.items() if isinstance(value, _MEMBER_KEYS.get(key, _Nothing))
        }
        return Pass() if len(kept) == len(event.content) else Pass(kept)

    def _may_invite(self, standing: Standing, inviter: UserId, invitee: UserId, room: Room, state: State) -> Decision:
        # Alone in a room for two: it is being made, or the other one has left and may come back. Nobody else may come.
        if room.kind is RoomKind.DIRECT and room.members == {inviter}:
            ever_here = {user_id for event_type, user_id in state if event_type == "m.room.member"}
            if ever_here == {inviter} or invitee in ever_here:
                return standing.policy.may_message(inviter, invitee)
        if room.kind is RoomKind.CONTROL and invitee == self.bot:
            return standing.policy.may_message(inviter, invitee)
        return standing.policy.may_invite(inviter, invitee, room)

    def _judge_state(self, standing: Standing, event: Event, state: State, room: Room) -> Verdict:
        levels = state[_POWER_LEVELS].content
        if level_of(UserId(event.sender), levels, room.creator) < level_for_state(event.type, levels):
            return Refuse(Reason.NOT_A_MODERATOR, rule="rooms:power_levels")
        if event.get_state_key() and event.type not in CONFERENCE_STATE:
            return Refuse(Reason.RULES_ARE_FIXED, rule=SETTING)  # there is one of each; a key would be words
        if self._hold(standing, event, state) is not None:
            return Refuse(Reason.MUST_WAIT)  # a topic is words, too
        if event.type == _POWER_LEVELS[0] and not keeps_power_levels(state[_POWER_LEVELS].content, event.content):
            return Refuse(Reason.RULES_ARE_FIXED, rule="rooms:power_levels")
        if event.type == ENCRYPTION:
            return _encryption(event.content)
        return Pass(_without_own_keys(event.content))

    def _signed_purpose(self, event: Event) -> Purpose | None:
        return self.keyring.verify(event.content, _binding(event), now_ms=int(self.clock() * 1000))

    def _judge_message(self, standing: Standing, event: Event, state: State) -> Verdict:
        decision = standing.policy.may_attach(UserId(event.sender), event.type, event.content)
        if not decision:
            return self._refused(decision, as_notice=event.type == "m.room.message")
        clean = _without_own_keys(event.content)
        hold = self._hold(standing, event, state)
        if hold is None:
            return Pass(clean)
        if event.type != "m.room.message":
            return Refuse(Reason.MUST_WAIT)
        try:
            return Pass(
                notices.held(
                    self.texts,
                    self.keyring,
                    hold,
                    dict(event.content) if clean is None else clean,
                    _binding(event),
                    now=self._now(),
                    zone=self.zone,
                )
            )
        except UnsealableError:
            return Refuse(Reason.TOO_LARGE, as_notice=True)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)

    def _hold(self, standing: Standing, event: Event, state: State) -> Hold | None:
        resting = self._resting(standing, event, state)
        if resting is not None or not standing.is_draining(event.room_id):
            return resting
        # What waits here may wait for the sender, whose own words go out at once and overtake nothing meant for others.
        sender_rests = standing.desk.rest_of(UserId(event.sender), self._now()) is not None
        return None if sender_rests else Hold(until=None)

    def _resting(self, standing: Standing, event: Event, state: State) -> Hold | None:
        directory = standing.policy.directory
        if self.colleagues_pass:
            sender = directory.person(UserId(event.sender))
            if sender is not None and sender.role == TEACHER:
                return None
        now = self._now()
        return hold_for(
            UserId(event.sender),
            _members(state),
            directory=directory,
            rest_of=lambda user_id: standing.desk.rest_of(user_id, now),
            bot=self.bot,
        )


def _binding(event: Event) -> Binding:
    return Binding(
        room_id=event.room_id,
        sender=event.sender,
        event_type=event.type,
        origin_server_ts=event.origin_server_ts,
    )


def _room(stamp: RoomStamp, creator: UserId, state: State) -> Room:
    if stamp.group is not None:
        return Room(stamp=stamp, creator=creator, members=frozenset())  # no rule asks for the members of a group's room
    joined, invited = set(), set()
    for (event_type, state_key), event in state.items():
        if event_type == "m.room.member":
            match event.content.get("membership"):
                case "join":
                    joined.add(UserId(state_key))
                case "invite":
                    invited.add(UserId(state_key))
    return Room(
        stamp=stamp,
        creator=creator,
        members=frozenset(joined | invited),
        invited=frozenset(invited),
        encrypted=(ENCRYPTION, "") in state,
    )


def _membership(state: State, user_id: UserId) -> object:
    event = state.get(("m.room.member", user_id))
    return event.content.get("membership") if event else None


def _members(state: State) -> Iterator[UserId]:
    for (event_type, state_key), event in state.items():
        if event_type == "m.room.member" and event.content.get("membership") in ("join", "invite"):
            yield UserId(state_key)


def _without_own_keys(content: Mapping[str, Any]) -> dict[str, Any] | None:
    """The content without keys that only the school's own hand may write; None if there are none."""
    inner = content.get("m.new_content")
    inner_is_clean = not isinstance(inner, Mapping) or not any(_is_own(key) for key in inner)
    if inner_is_clean and not any(_is_own(key) for key in content):
        return None
    clean = {key: value for key, value in content.items() if not _is_own(key)}
    if isinstance(inner, Mapping):
        clean["m.new_content"] = {key: value for key, value in inner.items() if not _is_own(key)}
    return clean


def _is_own(key: object) -> bool:
    return isinstance(key, str) and (key.startswith(OWN_KEYS_PREFIX) or key.endswith(_NAMES_OF_ONES_OWN))


def _has_level_for(action: str, sender: UserId, room: Room, state: State) -> Decision:
    levels = state[_POWER_LEVELS].content
    if level_of(sender, levels, room.creator) < level_for(action, levels):
        return refuse(Reason.NOT_A_MODERATOR, "rooms:power_levels")
    return allow("rooms:power_levels")


def _may_remove_now(action: str, was: object, sender: UserId, room: Room, state: State) -> Decision:
    """Whether there is somebody to send away or to let in again: else a room would appear, with its name, at somebody
    who never was in it."""
    lifts_a_ban = action == "leave" and was == "ban"
    if was is None:
        return refuse(Reason.NOT_IN_ROOM, "rooms:membership")
    return _has_level_for("ban" if lifts_a_ban or action == "ban" else "kick", sender, room, state)


def _reaction(content: Mapping[str, Any]) -> Verdict:
    """A reaction is a sign, not a sentence: one emoji, no further keys."""
    relation = content.get("m.relates_to")
    if not isinstance(relation, Mapping):
        return Refuse(Reason.MALFORMED)
    key, event_id = relation.get("key"), relation.get("event_id")
    if relation.get("rel_type") != "m.annotation" or not isinstance(key, str) or not isinstance(event_id, str):
        return Refuse(Reason.MALFORMED)
    if not (is_emoji(key) or is_emoji(key.replace(_EMOJI_STYLE, ""))):
        return Refuse(Reason.NOT_OFFERED, rule="rooms:one_emoji")
    rebuilt = {"m.relates_to": {"rel_type": "m.annotation", "event_id": event_id, "key": key}}
    return Pass(None if rebuilt == content else rebuilt)


def _encryption(content: Mapping[str, Any]) -> Verdict:
    """How a room is encrypted, in the one way that there is, without further keys."""
    if content.get("algorithm") != MEGOLM:
        return Refuse(Reason.MALFORMED)
    kept: dict[str, Any] = {key: value for key, value in content.items() if key in _ROTATION and type(value) is int}
    kept["algorithm"] = MEGOLM
    return Pass(None if kept == content else kept)


def _redaction(event: Event, state: State) -> Verdict:
    """A reason is free text, so it is taken out. Not where the sender has left: Synapse writes the redactions of
    somebody who was removed in their name, and a replaced event would be refused there. What stands in the state of a
    room (its name, who is in it under which name) is not deleted by anybody."""
    redacts = event.content.get("redacts")
    if any(setting.event_id == redacts for setting in state.values()):
        return Refuse(Reason.RULES_ARE_FIXED, rule=SETTING)
    joined = _membership(state, UserId(event.sender)) == "join"
    kept = {key: value for key, value in event.content.items() if key == "redacts"}
    return Pass(kept) if joined and len(kept) != len(event.content) else Pass()
