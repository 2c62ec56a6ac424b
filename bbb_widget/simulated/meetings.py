"""Meetings in memory: who is in them, who waits in the lobby, how they end."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from secrets import token_urlsafe
from typing import Final

_MOST_SEATS: Final = 5000
"""So many pages are remembered, those of meetings that are over, too."""


class Where(StrEnum):
    """Where somebody is who came."""

    INSIDE = "inside"
    LOBBY = "lobby"
    DENIED = "denied"
    LEFT = "left"
    OVER = "over"
    """The meeting has ended."""


@dataclass
class Attendee:
    """Somebody who came."""

    user_id: str
    full_name: str
    role: str
    guest: bool
    where: Where = Where.INSIDE

    @property
    def leads(self) -> bool:
        """Whether they are a moderator, and inside."""
        return self.role == "MODERATOR" and self.where is Where.INSIDE


@dataclass
class Meeting:
    """One meeting, with the parameters that it was made with."""

    parameters: dict[str, str]
    create_time: int
    slides: bytes = b""
    comers: list[Attendee] = field(default_factory=list)
    has_run: bool = False

    @property
    def name(self) -> str:
        """What it is called."""
        return self.parameters["name"]

    @property
    def internal_id(self) -> str:
        """What the server itself calls it."""
        return f"{sha256(self.parameters['meetingID'].encode()).hexdigest()[:40]}-{self.create_time}"

    @property
    def attendees(self) -> list[Attendee]:
        """Who is inside."""
        return [each for each in self.comers if each.where is Where.INSIDE]

    @property
    def lobby(self) -> list[Attendee]:
        """Who waits to be let in."""
        return [each for each in self.comers if each.where is Where.LOBBY]


class Meetings:
    """All of them. `on_end` is told of each that is over, whoever ended it."""

    def __init__(self, on_end: Callable[[Meeting], None]) -> None:
        self.open: dict[str, Meeting] = {}
        self._seats: OrderedDict[str, tuple[Meeting, Attendee]] = OrderedDict()
        self._on_end = on_end

    def come(self, meeting: Meeting, comer: Attendee) -> str:
        """Somebody comes, and is inside or in the lobby. Returns what their page is called; whoever comes again has a
        new one."""
        waits = comer.guest and meeting.parameters.get("guestPolicy") == "ASK_MODERATOR"
        known = next((each for each in meeting.comers if each.user_id == comer.user_id and comer.user_id), None)
        if known is not None and known.where is Where.INSIDE:
            waits = False
        comer.where = Where.LOBBY if waits else Where.INSIDE
        meeting.comers = [each for each in meeting.comers if each is not known] + [comer]
        meeting.has_run = meeting.has_run or comer.where is Where.INSIDE
        seat = token_urlsafe(16)
        self._seats[seat] = (meeting, comer)
        while len(self._seats) > _MOST_SEATS:
            self._seats.popitem(last=False)
        return seat

    def seat(self, name: str) -> tuple[Meeting, Attendee] | None:
        """Whose page this is, in which meeting."""
        return self._seats.get(name)

    def let_in(self, meeting: Meeting, user_id: str, *, inside: bool) -> None:
        """Somebody in the lobby is let in, or sent away."""
        for each in meeting.lobby:
            if each.user_id == user_id:
                each.where = Where.INSIDE if inside else Where.DENIED

    def leave(self, meeting: Meeting, user_id: str, *, still_waits: bool = False) -> None:
        """Somebody closes the window; without a moderator the meeting ends where it was told to: at once, or later, if
        it `still_waits` for one to come back."""
        for each in meeting.comers:
            if each.user_id == user_id and each.where in (Where.INSIDE, Where.LOBBY):
                each.where = Where.LEFT
        is_led = any(each.leads for each in meeting.comers)
        if not still_waits and not is_led and meeting.parameters.get("endWhenNoModerator") == "true":
            self.end(meeting.parameters["meetingID"])

    def end(self, meeting_id: str) -> bool:
        """A meeting is over; False if there is none."""
        meeting = self.open.pop(meeting_id, None)
        if meeting is None:
            return False
        for each in meeting.comers:
            each.where = Where.OVER
        self._on_end(meeting)
        return True
