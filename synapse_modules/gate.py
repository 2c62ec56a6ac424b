"""The gate: every event that somebody on this server sends is judged here, with the state of its room.

Judging has no side effects and needs nothing but its arguments: Synapse may ask twice for one event, and asks before
its own checks. The verdict is one of three: pass, pass with other content, refuse.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final
from zoneinfo import ZoneInfo

from school.clock import Clock
from school.domain.conference_widget import LAYOUT, WIDGET_ID
from school.domain.decisions import Decision, Reason, allow, refuse
from school.domain.people import UserId
from school.domain.rooms import (
    CONFERENCE_STATE,
    ENCRYPTION,
    ROOMS_OF_GROUPS,
    Room,
    RoomKind,
    keeps_power_levels,
    level_for,
    level_for_state,
    level_of,
    stamp_from,
)
from school.domain.teachers_only import switches_writers
from school.sealing import Keyring, Purpose
from school.standing import Standing
from school.texts import Texts
from synapse_modules import rebuilding
from synapse_modules.events import (
    CREATE,
    MEMBER,
    POWER_LEVELS,
    Event,
    Pass,
    Refuse,
    State,
    Verdict,
    binding_of,
    members_of,
    membership_of,
    room_of,
)
from synapse_modules.holding import Holding
from synapse_modules.rebuilding import SETTING, without_own_keys

_STATE_ONLY: Final = frozenset({"m.room.create", MEMBER})
"""Types with rules of their own, which hold for state; as messages they would be a way around them."""
_WITH_MODERATORS: Final = ROOMS_OF_GROUPS | {RoomKind.CHAT}
_LEVELS_KEEP_NOTICES_OUT: Final = frozenset({RoomKind.SPACE, RoomKind.ANNOUNCEMENTS})
_WORDS_OF_A_CHAT: Final = (("m.room.name", ""), ("m.room.topic", ""), ("m.room.avatar", ""))
"""What somebody is shown of a room with an invitation to it."""
NO_STAMP: Final = "rooms:no_stamp"
NAMES: Final = "rooms:names"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Judges the events of people. Events of the bot and of admins never come here."""

    bot: UserId
    zone: ZoneInfo
    texts: Texts
    keyring: Keyring
    clock: Clock
    colleagues_pass: bool = False
    held_lately: Callable[[str], bool] = lambda _: False
    """Of a room (`Holding`). Who judges cannot know: only whoever has let the verdict come true."""
    widget: Mapping[str, Any] | None = None
    """The school's own, if it has one."""
    holding: Holding = field(init=False, repr=False)

    def __post_init__(self) -> None:
        holding = Holding(
            bot=self.bot,
            zone=self.zone,
            texts=self.texts,
            keyring=self.keyring,
            clock=self.clock,
            colleagues_pass=self.colleagues_pass,
            held_lately=self.held_lately,
        )
        object.__setattr__(self, "holding", holding)

    def judge(self, standing: Standing, event: Event, state: State, *, is_promised: bool = False) -> Verdict:
        """The verdict on one event of a person. `is_promised`: an invitation that belongs to a request for a room,
        which was allowed as a whole."""
        create = state.get(CREATE)
        if event.type in _STATE_ONLY and not event.is_state():
            return Refuse(Reason.NOT_OFFERED)
        if event.type == CREATE[0]:
            # A room upgrade makes this event without asking on_create_room, which stamps all others.
            return Pass() if stamp_from(event.content) else Refuse(Reason.NOT_OFFERED)
        if create is None or (event.type == "org.matrix.dummy_event" and not event.content):
            return Pass()
        if POWER_LEVELS not in state:
            return Pass()  # The room is being made; on_create_room has decided on the whole of it.
        stamp = stamp_from(create.content)
        if event.type == MEMBER:
            if stamp is None:
                return self._outside(event)
            room = room_of(stamp, UserId(create.sender), state)
            verdict = self._judge_membership(standing, event, state, room)
            if isinstance(verdict, Pass) and not is_promised and self._shows_words(standing, event, state, room):
                return Refuse(Reason.MUST_WAIT, rule=NAMES)
            return verdict
        is_message = event.type == "m.room.message" and not event.is_state()
        if stamp is None:
            return Refuse(Reason.NOT_OFFERED, as_notice=is_message, rule=NO_STAMP)
        room = room_of(stamp, UserId(create.sender), state)
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
        if purpose is Purpose.URGENT:
            urgent = standing.policy.may_send_urgently(UserId(event.sender), room)
            return Pass() if urgent else self._refused(urgent)
        if event.is_state():
            return self._judge_state(standing, event, state, room)
        if event.type == "m.reaction":
            return rebuilding.reaction(event.content)
        if event.type == "m.room.redaction":
            return rebuilding.redaction(event, state)
        return self._judge_message(standing, event, state, room)

    def _refused(self, decision: Decision, *, as_notice: bool = False) -> Refuse:
        return Refuse(decision.reason or Reason.NOT_OFFERED, as_notice, decision.rule)

    def _outside(self, event: Event) -> Verdict:
        """Rooms that are not the school's can be left, and nothing else."""
        return Pass() if event.content.get("membership") == "leave" else Refuse(Reason.NOT_OFFERED, rule=NO_STAMP)

    def _judge_membership(self, standing: Standing, event: Event, state: State, room: Room) -> Verdict:
        target = UserId(event.get_state_key() or "")
        sender = UserId(event.sender)
        before = state.get((MEMBER, target))
        was = membership_of(state, target)
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
        return rebuilding.membership(event.content)

    def _shows_words(self, standing: Standing, event: Event, state: State, room: Room) -> bool:
        """Whether an invitation would show somebody who rests what a chat is called."""
        if event.content.get("membership") != "invite" or room.kind is not RoomKind.CHAT:
            return False
        if not any(key in state for key in _WORDS_OF_A_CHAT):
            return False
        members = chain(members_of(state), (UserId(event.get_state_key() or ""),))
        return self.holding.would_hold(standing, UserId(event.sender), members, standing.mode_of(event.room_id))

    def _may_invite(self, standing: Standing, inviter: UserId, invitee: UserId, room: Room, state: State) -> Decision:
        # Alone in a room for two: it is being made, or the other one has left and may come back. Nobody else may come.
        if room.kind is RoomKind.DIRECT and room.members == {inviter}:
            ever_here = {user_id for event_type, user_id in state if event_type == MEMBER}
            if ever_here == {inviter} or invitee in ever_here:
                return standing.policy.may_message(inviter, invitee)
        if room.kind is RoomKind.CONTROL and invitee == self.bot:
            return standing.policy.may_message(inviter, invitee)
        return standing.policy.may_invite(inviter, invitee, room)

    def _judge_state(self, standing: Standing, event: Event, state: State, room: Room) -> Verdict:
        levels = state[POWER_LEVELS].content
        if level_of(UserId(event.sender), levels, room.creator) < level_for_state(event.type, levels):
            return Refuse(Reason.NOT_A_MODERATOR, rule="rooms:power_levels")
        if event.get_state_key() and event.type not in CONFERENCE_STATE:
            return Refuse(Reason.RULES_ARE_FIXED, rule=SETTING)  # there is one of each; a key would be words
        if self.holding.hold(standing, event, state, room.stamp) is not None:
            return Refuse(Reason.MUST_WAIT)  # a topic is words, too
        if event.type == POWER_LEVELS[0] and not self._may_change_levels(standing, event, levels, room):
            return Refuse(Reason.RULES_ARE_FIXED, rule="rooms:power_levels")
        if event.type == ENCRYPTION:
            return rebuilding.encryption(event.content)
        if event.type == LAYOUT:
            return rebuilding.own_layout(event, self.widget)
        if event.get_state_key() == WIDGET_ID:
            return rebuilding.own_widget(event, self.widget)
        return Pass(without_own_keys(event.content))

    def _may_change_levels(self, standing: Standing, event: Event, before: Mapping[str, Any], room: Room) -> bool:
        if keeps_power_levels(before, event.content):
            return True
        if room.kind is not RoomKind.CHAT or not switches_writers(before, event.content):
            return False
        return bool(standing.policy.may_let_only_teachers_write(UserId(event.sender)))

    def _signed_purpose(self, event: Event) -> Purpose | None:
        return self.keyring.verify(event.content, binding_of(event), now_ms=int(self.clock().timestamp() * 1000))

    def _judge_message(self, standing: Standing, event: Event, state: State, room: Room) -> Verdict:
        decision = standing.policy.may_attach(UserId(event.sender), event.type, event.content)
        if not decision:
            return self._refused(decision, as_notice=event.type == "m.room.message")
        clean = without_own_keys(event.content)
        hold = self.holding.hold(standing, event, state, room.stamp)
        if hold is None:
            return Pass(clean)
        if event.type != "m.room.message":
            return Refuse(Reason.MUST_WAIT)
        return self.holding.place(hold, event, event.content if clean is None else clean)


def _has_level_for(action: str, sender: UserId, room: Room, state: State) -> Decision:
    levels = state[POWER_LEVELS].content
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
