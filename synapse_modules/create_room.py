"""A createRoom request, read whole and written anew.

Nothing of a person's request reaches Synapse as it came: it is read into a `RoomRequest`, decided, and rebuilt from
what a room of its kind is made of. So whatever a client puts in (encryption, co-creators, power levels, a forged
stamp, a public preset) is either refused before anything exists, or simply not there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from school.domain.decisions import Reason
from school.domain.people import UserId
from school.domain.policy import RoomRequest
from school.domain.rooms import (
    ENCRYPTION,
    HISTORY,
    MEGOLM,
    ROOM_VERSION,
    STAMP_KEY,
    RoomKind,
    RoomStamp,
    power_levels,
)

_PRESETS: Final = frozenset({None, "private_chat", "trusted_private_chat"})
_IGNORED_STATE: Final = frozenset({ENCRYPTION, "m.room.guest_access", "m.room.power_levels"})
"""What clients ask for by habit and the school decides instead."""
_KEPT_STATE: Final = frozenset({"m.room.name", "m.room.topic", "m.room.avatar"})


class UnreadableRequestError(Exception):
    """The request must be refused for `reason` before any right is asked."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest:
    """A request that can be decided, with the parts of it that a room may keep."""

    request: RoomRequest
    name: str | None
    topic: str | None
    state: tuple[dict[str, Any], ...]
    wants_encryption: bool = False


def read_request(config: Mapping[str, Any], bot: UserId) -> ReadRequest:
    """What a person asks for.

    Raises:
        UnreadableRequestError: a field has a type that it cannot have, or asks for what no person may have.
    """
    name, topic = (_optional(config, key, str) or None for key in ("name", "topic"))
    invitees = _invitees(config)
    _require_private(config)
    if invitees == (bot,):
        kind = RoomKind.CONTROL
    elif _optional(config, "is_direct", bool) and len(invitees) == 1:
        kind = RoomKind.DIRECT
    else:
        kind = RoomKind.CHAT
    state = _initial_state(config)
    if kind is not RoomKind.CHAT and (name or topic or state):
        raise UnreadableRequestError(Reason.DIRECT_ROOM_IS_FOR_TWO)
    plain_pair = kind is RoomKind.CHAT and len(invitees) == 1 and not (name or topic or state)
    request = RoomRequest(kind=kind, invitees=invitees, is_plain_pair=plain_pair)
    asked = {event.get("type") for event in config.get("initial_state") or ()}
    return ReadRequest(request=request, name=name, topic=topic, state=state, wants_encryption=ENCRYPTION in asked)


def without_words(read: ReadRequest) -> ReadRequest:
    """The same without a name, a topic and a picture."""
    return replace(read, name=None, topic=None, state=())


def rewrite(config: dict[str, Any], read: ReadRequest, kind: RoomKind, *, encrypted: bool = False) -> None:
    """Makes `config` the request for a room of the school's, in place (Synapse builds what stands there)."""
    is_direct = kind is not RoomKind.CHAT
    encryption = {"type": ENCRYPTION, "state_key": "", "content": {"algorithm": MEGOLM}}
    config.clear()
    config |= {
        "preset": "private_chat",
        "visibility": "private",
        "room_version": ROOM_VERSION,
        "invite": list(read.request.invitees),
        "is_direct": is_direct,
        "creation_content": {"m.federate": False, STAMP_KEY: RoomStamp(kind=kind).to_content()},
        "initial_state": [
            {"type": "m.room.history_visibility", "content": {"history_visibility": HISTORY[kind]}},
            {"type": "m.room.guest_access", "content": {"guest_access": "forbidden"}},
            *([encryption] if encrypted else []),
            *read.state,
        ],
        "power_level_content_override": power_levels(kind),
    }
    if read.name:
        config["name"] = read.name
    if read.topic:
        config["topic"] = read.topic


def _optional(config: Mapping[str, Any], key: str, wanted: type) -> Any:
    value = config.get(key)
    if value is not None and not isinstance(value, wanted):
        raise UnreadableRequestError(Reason.MALFORMED)
    return value


def _invitees(config: Mapping[str, Any]) -> tuple[UserId, ...]:
    if _optional(config, "invite_3pid", list):
        raise UnreadableRequestError(Reason.UNKNOWN_RECIPIENT)
    invite = _optional(config, "invite", list) or []
    if not all(isinstance(user_id, str) for user_id in invite):
        raise UnreadableRequestError(Reason.MALFORMED)
    return tuple(dict.fromkeys(UserId(user_id) for user_id in invite))


def _require_private(config: Mapping[str, Any]) -> None:
    if config.get("room_alias_name") is not None or config.get("visibility") not in (None, "private"):
        raise UnreadableRequestError(Reason.ROOM_STAYS_PRIVATE)
    preset = config.get("preset")
    if preset is not None and (not isinstance(preset, str) or preset not in _PRESETS):
        raise UnreadableRequestError(Reason.ROOM_STAYS_PRIVATE)
    creation_content = _optional(config, "creation_content", dict) or {}
    if creation_content.get("type") is not None:
        raise UnreadableRequestError(Reason.NO_SPACES)
    for key, wanted in (("power_level_content_override", dict), ("room_version", str)):
        _optional(config, key, wanted)


def _initial_state(config: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    kept = []
    for event in _optional(config, "initial_state", list) or []:
        if not isinstance(event, Mapping):
            raise UnreadableRequestError(Reason.MALFORMED)
        event_type, state_key, content = event.get("type"), event.get("state_key", ""), event.get("content")
        if not isinstance(event_type, str) or not isinstance(state_key, str) or not isinstance(content, Mapping):
            raise UnreadableRequestError(Reason.MALFORMED)
        if event_type in _KEPT_STATE and not state_key:
            kept.append({"type": event_type, "state_key": "", "content": _plain(event_type, content)})
        elif (event_type == "m.room.join_rules" and content.get("join_rule") != "invite") or (
            event_type == "m.room.history_visibility" and content.get("history_visibility") == "world_readable"
        ):
            raise UnreadableRequestError(Reason.ROOM_STAYS_PRIVATE)
        elif event_type not in _IGNORED_STATE | {"m.room.join_rules", "m.room.history_visibility"}:
            raise UnreadableRequestError(Reason.NOT_OFFERED)
    return tuple(kept)


def _plain(event_type: str, content: Mapping[str, Any]) -> dict[str, str]:
    """A name, topic or picture, rebuilt from its one known key."""
    key = {"m.room.avatar": "url"}.get(event_type, event_type.removeprefix("m.room."))
    value = content.get(key)
    if not isinstance(value, str):
        raise UnreadableRequestError(Reason.MALFORMED)
    return {key: value}
