"""What is asked of BigBlueButton for a conference, and for somebody who comes in: its parameters, from the school's
settings and the teacher's choices.

1. Whatever the school did not allow is switched off with every parameter that BigBlueButton has for it: newer versions
   listen to one, older ones to another (API reference, "create").
2. A teacher's choice only takes away: no camera where the school wants none.
3. Guests wait in the lobby, always. Others do where the school or the teacher says so; moderators never.
4. No name of a person or a group is among the metadata: it is shown to whoever runs the server.
"""

from dataclasses import dataclass
from typing import Final

from bbb_widget.api import Role
from school.config.conferences import ConferenceSettings
from school.domain.conferences import Part

_NOBODY_CAME_MINUTES: Final = 60
_LAST_LEFT_MINUTES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the teacher chose for one conference."""

    cameras: bool = True
    microphones: bool = True
    lobby: bool = False


def meeting_settings(
    school: ConferenceSettings, choices: Choices, *, page: str, ended: str, slides: bool = False
) -> dict[str, str]:
    """The parameters of `create`. `page` is where people are when they leave, `ended` what is called at the end."""
    cameras = school.cameras and choices.cameras
    microphones = school.microphones and choices.microphones
    return {
        "record": _word(school.recording),
        "autoStartRecording": "false",
        "allowStartStopRecording": _word(school.recording),
        "meetingKeepEvents": _word(school.recording),
        "breakoutRoomsRecord": "false",
        "notifyRecordingIsOn": _word(school.recording),
        "guestPolicy": "ASK_MODERATOR",
        "allowPromoteGuestToModerator": "false",
        "allowRequestsWithoutSession": "false",
        "muteOnStart": _word(school.muted_on_start),
        "allowModsToUnmuteUsers": "false",
        "webcamsOnlyForModerator": "false",
        "lockSettingsDisableCam": _word(not cameras),
        "lockSettingsDisableMic": _word(not microphones),
        "lockSettingsDisablePrivateChat": _word(not school.private_chat),
        "lockSettingsLockOnJoin": "true",
        "disabledFeatures": ",".join(_disabled(school)),
        "endWhenNoModerator": _word(school.end_without_moderator),
        "endWhenNoModeratorDelayInMinutes": str(school.end_without_moderator_minutes),
        "meetingExpireIfNoUserJoinedInMinutes": str(_NOBODY_CAME_MINUTES),
        "meetingExpireWhenLastUserLeftInMinutes": str(_LAST_LEFT_MINUTES),
        "meetingEndedURL": ended,
        "logoutURL": page,
        **({"preUploadedPresentationOverrideDefault": "true"} if slides else {}),
    }


def role_of(part: Part) -> Role:
    """What BigBlueButton calls it."""
    return Role.MODERATOR if part is Part.MODERATOR else Role.VIEWER


def goes_through_lobby(part: Part, school: ConferenceSettings, choices: Choices) -> bool:
    """Whether a moderator lets somebody in."""
    match part:
        case Part.MODERATOR:
            return False
        case Part.GUEST:
            return True
        case Part.VIEWER:
            return school.lobby_for_everybody or choices.lobby


def _disabled(school: ConferenceSettings) -> list[str]:
    return [
        *(() if school.learning_dashboard else ("learningDashboard", "learningDashboardDownloadSessionData")),
        *(() if school.private_chat else ("privateChat",)),
    ]


def _word(is_so: bool) -> str:
    return "true" if is_so else "false"
