from typing import Any

import pytest

from bbb_widget.meeting_settings import Choices, goes_through_lobby, meeting_settings, role_of
from school.config.conferences import ConferenceSettings
from school.domain.conferences import Part

CAREFUL = {
    "record": "false",
    "autoStartRecording": "false",
    "allowStartStopRecording": "false",
    "meetingKeepEvents": "false",
    "breakoutRoomsRecord": "false",
    "notifyRecordingIsOn": "false",
    "guestPolicy": "ASK_MODERATOR",
    "allowPromoteGuestToModerator": "false",
    "allowRequestsWithoutSession": "false",
    "muteOnStart": "true",
    "allowModsToUnmuteUsers": "false",
    "webcamsOnlyForModerator": "false",
    "lockSettingsDisableCam": "false",
    "lockSettingsDisableMic": "false",
    "lockSettingsDisablePrivateChat": "true",
    "lockSettingsLockOnJoin": "true",
    "disabledFeatures": "learningDashboard,learningDashboardDownloadSessionData,privateChat",
    "endWhenNoModerator": "true",
    "endWhenNoModeratorDelayInMinutes": "5",
    "meetingExpireIfNoUserJoinedInMinutes": "60",
    "meetingExpireWhenLastUserLeftInMinutes": "5",
    "meetingEndedURL": "https://bote/ended",
    "logoutURL": "https://bote/page",
}


def asked(school: ConferenceSettings, choices: Choices) -> dict[str, str]:
    return meeting_settings(school, choices, page="https://bote/page", ended="https://bote/ended")


def test_without_a_line_of_the_school_everything_is_careful() -> None:
    assert asked(ConferenceSettings(), Choices()) == CAREFUL


@pytest.mark.parametrize(
    ("school", "choices", "differs"),
    [
        pytest.param(
            {"recording": True},
            {},
            {
                "record": "true",
                "allowStartStopRecording": "true",
                "meetingKeepEvents": "true",
                "notifyRecordingIsOn": "true",
            },
            id="moderators may record, and everybody is told",
        ),
        pytest.param(
            {"private_chat": True},
            {},
            {
                "lockSettingsDisablePrivateChat": "false",
                "disabledFeatures": "learningDashboard,learningDashboardDownloadSessionData",
            },
            id="a chat between two",
        ),
        pytest.param(
            {"learning_dashboard": True}, {}, {"disabledFeatures": "privateChat"}, id="how active everybody is"
        ),
        pytest.param({"end_without_moderator": False}, {}, {"endWhenNoModerator": "false"}, id="goes on alone"),
        pytest.param(
            {"end_without_moderator_minutes": 2}, {}, {"endWhenNoModeratorDelayInMinutes": "2"}, id="ends sooner"
        ),
        pytest.param({"muted_on_start": False}, {}, {"muteOnStart": "false"}, id="comes in loud"),
        pytest.param({"cameras": False}, {}, {"lockSettingsDisableCam": "true"}, id="no cameras at this school"),
        pytest.param({}, {"cameras": False}, {"lockSettingsDisableCam": "true"}, id="no cameras this time"),
        pytest.param(
            {"cameras": False}, {"cameras": True}, {"lockSettingsDisableCam": "true"}, id="a teacher only takes away"
        ),
        pytest.param({"microphones": False}, {}, {"lockSettingsDisableMic": "true"}, id="no microphones here"),
        pytest.param({}, {"microphones": False}, {"lockSettingsDisableMic": "true"}, id="no microphones this time"),
        pytest.param({"lobby_for_everybody": True}, {"lobby": True}, {}, id="the lobby is a matter of each join"),
        pytest.param({"wait_for_moderator": False}, {}, {}, id="who waits is decided by us"),
    ],
)
def test_each_line_changes_what_it_says_and_nothing_else(
    school: dict[str, Any], choices: dict[str, bool], differs: dict[str, str]
) -> None:
    assert asked(ConferenceSettings(**school), Choices(**choices)) == CAREFUL | differs


@pytest.mark.parametrize(
    ("part", "everybody", "chosen", "lobby"),
    [
        (Part.GUEST, False, False, True),
        (Part.VIEWER, False, False, False),
        (Part.VIEWER, True, False, True),
        (Part.VIEWER, False, True, True),
        (Part.MODERATOR, True, True, False),
    ],
)
def test_who_goes_through_the_lobby(part: Part, everybody: bool, chosen: bool, lobby: bool) -> None:
    school = ConferenceSettings(lobby_for_everybody=everybody)
    assert goes_through_lobby(part, school, Choices(lobby=chosen)) == lobby


def test_only_moderators_are_moderators() -> None:
    assert [role_of(part).value for part in (Part.MODERATOR, Part.VIEWER, Part.GUEST)] == [
        "MODERATOR",
        "VIEWER",
        "VIEWER",
    ]
