"""The sections `bbb` and `conferences` of school.yaml: the school's BigBlueButton, and what its conferences are like.

Every default is the careful choice; each can be loosened by its own line.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from school.config.section import FilePath, Section, WebAddress


class Checksum(StrEnum):
    """With which hash requests to BigBlueButton are signed."""

    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"


class BbbSettings(Section):
    """Where BigBlueButton is: one server, or a load balancer before several."""

    url: WebAddress | None = None
    secret_file: FilePath | None = None
    checksum: Checksum = Checksum.SHA256
    timeout_seconds: Annotated[int, Field(ge=1, le=60)] = 10

    @model_validator(mode="after")
    def _both_or_none(self) -> "BbbSettings":
        if self.url is not None and self.secret_file is None:
            raise ValueError("has a url and no secret_file; name the file that holds what `bbb-conf --secret` shows.")
        if self.url is None and self.secret_file is not None:
            raise ValueError(
                'has a secret_file and no url; write the address, such as "https://bbb.schule.de/bigbluebutton".'
            )
        return self


class ConferenceSettings(Section):
    """What conferences are like."""

    wait_for_moderator: bool = True
    end_without_moderator: bool = True
    end_without_moderator_minutes: Annotated[int, Field(ge=1, le=120)] = 5
    recording: bool = False
    private_chat: bool = False
    learning_dashboard: bool = False
    cameras: bool = True
    microphones: bool = True
    muted_on_start: bool = True
    lobby_for_everybody: bool = False
    attendance_days: Annotated[int, Field(ge=0, le=366)] = 14
    guest_days: Annotated[int, Field(ge=1, le=366)] = 7
    reminder_minutes: Annotated[int, Field(ge=0, le=1440)] = 10
    widget: bool = False

    @property
    def attendance_kept(self) -> timedelta:
        """How long it is known who was there."""
        return timedelta(days=self.attendance_days)

    @property
    def guest_lifetime(self) -> timedelta:
        """How long a guest's link works."""
        return timedelta(days=self.guest_days)

    @property
    def reminder_before(self) -> timedelta:
        """How long before a planned conference the room is reminded; nothing: never."""
        return timedelta(minutes=self.reminder_minutes)
