"""What is said to BigBlueButton and what it answers, as values. Names are those of its API reference, in Python's
spelling."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What somebody is in a meeting."""

    MODERATOR = "MODERATOR"
    VIEWER = "VIEWER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Slides that BigBlueButton fetches by itself, from an address that needs no login."""

    url: str = field(repr=False)
    filename: str
    downloadable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMeeting:
    """A meeting to be made. `settings` are further parameters of `create`, as they are sent."""

    meeting_id: str
    name: str
    settings: Mapping[str, str] = field(default_factory=dict)
    documents: Sequence[Document] = ()

    def parameters(self) -> dict[str, str]:
        """What is signed and sent."""
        return {"meetingID": self.meeting_id, "name": self.name, **self.settings}


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """A meeting that exists now. `create_time` (milliseconds) tells it from an earlier one of the same id."""

    meeting_id: str
    create_time: int
    was_there: bool
    """It existed already; nothing was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """Somebody who comes in. `user_id` is opaque: it comes back in lists, and means nothing to anybody else."""

    meeting_id: str
    create_time: int
    user_id: str
    full_name: str
    role: Role
    guest: bool = False
    """Waits in the lobby, where the meeting has one."""
    settings: Mapping[str, str] = field(default_factory=dict)

    def parameters(self) -> dict[str, str]:
        """What is signed and sent."""
        return {
            "meetingID": self.meeting_id,
            "createTime": str(self.create_time),
            "userID": self.user_id,
            "fullName": self.full_name,
            "role": self.role.value,
            **({"guest": "true"} if self.guest else {}),
            **self.settings,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendee:
    """Somebody who is in a meeting."""

    user_id: str
    full_name: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingInfo:
    """A meeting that exists."""

    meeting_id: str
    create_time: int
    name: str
    running: bool
    """Somebody has been in it and it has not ended."""
    ended_at: datetime | None
    attendees: Sequence[Attendee]
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_moderator(self) -> bool:
        """Whether somebody is there who keeps order."""
        return any(attendee.role is Role.MODERATOR for attendee in self.attendees)
