"""Rooms: what kinds there are, how a room is marked, and what a room of each kind is made of.

The kind of a room is stamped once, by the server, in the content of its `m.room.create` event, which nobody can
change (Matrix spec, client-server API, "m.room.create"). A room without a stamp is no room of the school's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import Any, Final

from school.domain.groups import GroupId
from school.domain.people import UserId

STAMP_KEY: Final = "org.schulbote.room"
OWN_KEYS_PREFIX: Final = "org.schulbote."

ROOM_VERSION: Final = "12"
"""Every room of the school: the creator cannot be outranked and is not listed in the power levels."""

READER: Final = 0
WRITER: Final = 25
"""Power level that writing asks for where only teachers write: that of teachers who do not lead the room."""
MODERATOR: Final = 50
"""Power level of a group's teachers in its rooms: topic, pinned messages, deleting others' messages."""
SCHOOL: Final = 100
"""Power level that only the school's own hand (the bot, creator of the room) reaches."""


class RoomKind(StrEnum):
    """What a room is for."""

    DIRECT = "direct"
    """Two people, for life."""
    CHAT = "chat"
    """Made by a person who may."""
    GROUP = "group"
    """The room of a group; its membership follows the directory."""
    ANNOUNCEMENTS = "announcements"
    """A second room of a group, in which only its teachers write."""
    SPACE = "space"
    """The space of a group; holds its rooms and nothing else."""
    CONTROL = "control"
    """One person and the bot."""


ROOMS_OF_GROUPS: Final = frozenset({RoomKind.GROUP, RoomKind.ANNOUNCEMENTS})
"""Rooms in which the people of a group are."""
OF_GROUPS: Final = ROOMS_OF_GROUPS | {RoomKind.SPACE}
"""Whatever follows the membership of a group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomStamp:
    """The mark in `m.room.create`. Rooms and spaces of groups name their group.

    Raises:
        ValueError: a group room without a group, or another room with one.
    """

    kind: RoomKind
    group: GroupId | None = None

    def __post_init__(self) -> None:
        if (self.kind in OF_GROUPS) != (self.group is not None):
            raise ValueError(f"a room of kind {self.kind} with group {self.group!r}")

    def to_content(self) -> dict[str, str]:
        """`{"kind": …, "group"?: …}`, the value of `STAMP_KEY`."""
        return {"kind": self.kind.value} | ({"group": self.group} if self.group is not None else {})


def stamp_from(create_content: Mapping[str, Any]) -> RoomStamp | None:
    """The stamp in the content of an `m.room.create` event; None if there is none that can be read."""
    raw = create_content.get(STAMP_KEY)
    if not isinstance(raw, Mapping):
        return None
    group = raw.get("group")
    try:
        return RoomStamp(kind=RoomKind(str(raw.get("kind"))), group=None if group is None else GroupId(str(group)))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a decision needs to know of a room. `members` are joined or invited, in no order; `invited` are those of
    them who are not in yet."""

    stamp: RoomStamp
    creator: UserId
    members: frozenset[UserId]
    invited: frozenset[UserId] = frozenset()
    encrypted: bool = False

    @property
    def kind(self) -> RoomKind:
        return self.stamp.kind

    def others(self, user_id: UserId) -> frozenset[UserId]:
        """Everybody in the room but one."""
        return self.members - {user_id}


# What people may send. Everything else is refused: an allowlist stays right when clients learn new words.
MESSAGES: Final = frozenset({"m.room.message", "m.sticker"})
"""Types whose words can be held for a resting teacher (the type of an event cannot change, so each needs its own
way to show that it is held)."""
REMARKS: Final = frozenset({"m.reaction", "m.room.redaction"})
"""Types without words of their own; their content is rebuilt from known keys."""
CALLS: Final = frozenset(
    {"m.call.invite", "m.rtc.notification", "org.matrix.msc4075.rtc.notification", "org.matrix.msc4075.call.notify"}
)
"""What makes somebody's phone ring: asks for the right to start conferences."""
CALL_ANSWERS: Final = frozenset(
    {
        "m.call.answer",
        "m.call.asserted_identity",
        "m.call.candidates",
        "m.call.hangup",
        "m.call.negotiate",
        "m.call.reject",
        "m.call.sdp_stream_metadata_changed",
        "m.call.select_answer",
    }
)
"""The rest of a call between two: also by those who may join conferences, with somebody who may start them."""
ENCRYPTED: Final = "m.room.encrypted"
ENCRYPTION: Final = "m.room.encryption"
MEGOLM: Final = "m.megolm.v1.aes-sha2"
"""The one algorithm of encrypted rooms (Matrix spec, client-server API, "m.megolm.v1.aes-sha2")."""

_CALL_STATE: Final = frozenset({"m.call.member", "org.matrix.msc3401.call.member"})
"""Being in a MatrixRTC call (Element Call)."""
_WIDGETS: Final = frozenset({"m.widget", "im.vector.modular.widgets"})
CONFERENCE_STATE: Final = _CALL_STATE | _WIDGETS
"""State that asks for the right to start conferences."""
WIDGET_PLACES: Final = frozenset({"io.element.widgets.layout"})
"""Where widgets stand: asks for it, too. In the rooms of groups the bot says it."""

STATE_BY_PEOPLE: Final[Mapping[RoomKind, frozenset[str]]] = {
    RoomKind.DIRECT: frozenset({"m.room.pinned_events", ENCRYPTION}) | _CALL_STATE,
    RoomKind.CHAT: frozenset(
        {"m.room.name", "m.room.topic", "m.room.avatar", "m.room.pinned_events", "m.room.power_levels", ENCRYPTION}
    )
    | CONFERENCE_STATE
    | WIDGET_PLACES,
    RoomKind.GROUP: frozenset({"m.room.topic", "m.room.pinned_events"}) | CONFERENCE_STATE,
    RoomKind.ANNOUNCEMENTS: frozenset({"m.room.topic", "m.room.pinned_events"}),
    RoomKind.SPACE: frozenset(),
    RoomKind.CONTROL: frozenset(),
}
"""State that people may write in a room of each kind, as far as their power level and their rights allow. Membership
is decided on its own."""


_MODERATED: Final = ROOMS_OF_GROUPS | {RoomKind.CHAT}
_LEVEL_OF_WRITING: Final = {RoomKind.SPACE: SCHOOL, RoomKind.ANNOUNCEMENTS: MODERATOR}


def power_levels(kind: RoomKind, moderators: Iterable[UserId] = ()) -> dict[str, Any]:
    """The whole `m.room.power_levels` content of a room (never a part of it: what is left out would fall back to
    Matrix's own, laxer defaults). The creator is not named: room version 12 forbids it."""
    writing = _LEVEL_OF_WRITING.get(kind, READER)
    shared_by_moderators = {"m.room.topic": MODERATOR, "m.room.pinned_events": MODERATOR}
    return {
        "users": dict.fromkeys(sorted(moderators), MODERATOR),
        "users_default": READER,
        "events_default": writing,
        "state_default": SCHOOL,
        "events": {
            "m.room.name": MODERATOR if kind is RoomKind.CHAT else SCHOOL,
            "m.room.avatar": MODERATOR if kind is RoomKind.CHAT else SCHOOL,
            **(shared_by_moderators if kind in _MODERATED else {}),
            **({"m.room.pinned_events": READER} if kind is RoomKind.DIRECT else {}),
            **dict.fromkeys(sorted(CONFERENCE_STATE & STATE_BY_PEOPLE[kind]), READER),
            # Also where nobody writes: an admin's redaction of all that somebody sent is written in their name.
            "m.room.redaction": READER,
            **({"m.reaction": READER} if kind is RoomKind.ANNOUNCEMENTS else {}),
            "m.room.power_levels": SCHOOL,
            "m.room.history_visibility": SCHOOL,
            "m.room.join_rules": SCHOOL,
            "m.room.guest_access": SCHOOL,
            "m.room.encryption": SCHOOL,
            "m.room.server_acl": SCHOOL,
            "m.room.tombstone": SCHOOL,
        },
        "invite": MODERATOR if kind in _MODERATED else SCHOOL,
        "kick": SCHOOL if kind in {RoomKind.DIRECT, RoomKind.SPACE, RoomKind.CONTROL} else MODERATOR,
        "ban": SCHOOL if kind in {RoomKind.DIRECT, RoomKind.SPACE, RoomKind.CONTROL} else MODERATOR,
        "redact": MODERATOR,
        "historical": SCHOOL,  # Synapse gives it to every room that it makes: written anew, the levels stay the same
        "notifications": {"room": MODERATOR},
    }


def level_of(user_id: UserId, levels: Mapping[str, Any], creator: UserId) -> float:
    """The power level of somebody in a room (Matrix spec, room version 12: nobody is above its creator)."""
    if user_id == creator:
        return inf
    users = levels.get("users")
    level = users.get(user_id) if isinstance(users, Mapping) else None
    return _level(level if level is not None else levels.get("users_default"), READER)


def level_for_state(event_type: str, levels: Mapping[str, Any]) -> float:
    """The power level that writing a state event asks for."""
    events = levels.get("events")
    level = events.get(event_type) if isinstance(events, Mapping) else None
    return _level(level if level is not None else levels.get("state_default"), MODERATOR)


def level_for(action: str, levels: Mapping[str, Any]) -> float:
    """The power level that an action on members asks for: `invite`, `kick` or `ban`."""
    return _level(levels.get(action), READER if action == "invite" else MODERATOR)


def _level(value: object, otherwise: int) -> float:
    return value if isinstance(value, int) else otherwise


def keeps_power_levels(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a person's change of `m.room.power_levels` only makes or unmakes moderators."""
    if {key: value for key, value in before.items() if key != "users"} != {
        key: value for key, value in after.items() if key != "users"
    }:
        return False
    users = after.get("users", {})
    return isinstance(users, Mapping) and all(level in (READER, WRITER, MODERATOR) for level in users.values())


HISTORY: Final[Mapping[RoomKind, str]] = {
    RoomKind.DIRECT: "invited",
    RoomKind.CONTROL: "invited",
    RoomKind.CHAT: "joined",
    RoomKind.GROUP: "shared",
    RoomKind.ANNOUNCEMENTS: "shared",
    RoomKind.SPACE: "shared",
}
"""Who reads what was written earlier (`m.room.history_visibility`): a chat shows nothing from before one came, so that
words written alone do not reach a resting teacher who is invited later."""
