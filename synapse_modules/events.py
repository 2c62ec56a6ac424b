"""What is judged, and what a verdict is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias

from school.domain.decisions import Reason
from school.domain.people import UserId
from school.domain.rooms import ENCRYPTION, Room, RoomStamp
from school.sealing import Binding

CREATE: Final = ("m.room.create", "")
POWER_LEVELS: Final = ("m.room.power_levels", "")
MEMBER: Final = "m.room.member"


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


def binding_of(event: Event) -> Binding:
    """What a seal or a signature in an event is bound to."""
    return Binding(
        room_id=event.room_id,
        sender=event.sender,
        event_type=event.type,
        origin_server_ts=event.origin_server_ts,
    )


def membership_of(state: State, user_id: UserId) -> object:
    """How somebody is in a room; None if they never were."""
    event = state.get((MEMBER, user_id))
    return event.content.get("membership") if event else None


def members_of(state: State) -> Iterator[UserId]:
    """Who is joined or invited."""
    for (event_type, state_key), event in state.items():
        if event_type == MEMBER and event.content.get("membership") in ("join", "invite"):
            yield UserId(state_key)


def room_of(stamp: RoomStamp, creator: UserId, state: State) -> Room:
    """A room as the school's rules see it."""
    if stamp.group is not None:
        return Room(stamp=stamp, creator=creator, members=frozenset())  # no rule asks for the members of a group's room
    joined, invited = set(), set()
    for (event_type, state_key), event in state.items():
        if event_type == MEMBER:
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
