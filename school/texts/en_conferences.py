"""What the bot says about video conferences, in English."""

from typing import Final

SENTENCES: Final = {
    "refused.not_in_conference": "This conference is for others. Who should be there is in the room or in the group.",
    "conference.guest_mark": "guest",
}
