"""BigBlueButton's API, as far as a school needs it: a client, plain values, errors by what to do about them."""

from bbb_widget.api.client import Bbb
from bbb_widget.api.errors import BbbError, BbbMisconfiguredError, BbbRefusedError, BbbUnreachableError
from bbb_widget.api.server import Algorithm, BbbServer
from bbb_widget.api.values import Attendee, Created, Document, Joining, MeetingInfo, NewMeeting, Role

__all__ = [
    "Algorithm",
    "Attendee",
    "Bbb",
    "BbbError",
    "BbbMisconfiguredError",
    "BbbRefusedError",
    "BbbServer",
    "BbbUnreachableError",
    "Created",
    "Document",
    "Joining",
    "MeetingInfo",
    "NewMeeting",
    "Role",
]
