"""What the desk of conferences is asked and answers, as values: for the bot, the pages and the widget alike."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bbb_widget.meeting_settings import Choices
from school.database.conference_guests import Guest
from school.database.conferences import Conference
from school.domain.conferences import Entitled, Part
from school.domain.decisions import Decision
from school.domain.groups import GroupId


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a conference is: in a room, in the rooms of groups, or both (the room of a group)."""

    room_id: str | None = None
    groups: frozenset[GroupId] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A conference as somebody wants it. `planned_at` None: now."""

    place: Place
    title: str
    language: str = "de"
    choices: Choices = field(default_factory=Choices)
    planned_at: datetime | None = None
    weekly: bool = False


class Trouble(StrEnum):
    """Why there is no way in, though nobody refuses it."""

    NOT_OFFERED = "not_offered"
    """The school has named no BigBlueButton."""
    DOWN = "down"
    """BigBlueButton does not answer, or not as it should. Try later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """What became of a wish. `was_there`: there is one in this place already, and this is it."""

    decision: Decision
    conference: Conference | None = None
    was_there: bool = False
    trouble: Trouble | None = None
    starter_rests: bool = False
    others_rest: int = 0
    """So many people of the conference rest at its time."""


class Gate(StrEnum):
    """What somebody finds at the door."""

    OPEN = "open"
    """`ticket` leads in."""
    WAIT = "wait"
    """Nobody is let in before a moderator is there. Ask again in some seconds."""
    OVER = "over"
    """It has ended, or the guest's link has."""
    REFUSED = "refused"
    """`reason` says why."""
    UNKNOWN = "unknown"
    """There is no such conference, or no such guest."""
    TOO_OFTEN = "too_often"
    """A guest's link was used so often that it must be another's, too."""
    TROUBLE = "trouble"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """The answer to somebody who wants to come in. The address of a ticket is that of `ConferenceDesk.way_in`."""

    gate: Gate
    part: Part | None = None
    ticket: str | None = field(default=None, repr=False)
    decision: Decision | None = None
    trouble: Trouble | None = None
    conference: Conference | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A conference as one person may see it; nothing of it where they may not take part."""

    entitled: Entitled
    conference: Conference | None = None
    guests: Sequence[Guest] = ()
    """For moderators."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """Somebody from outside was invited. `token` is told once, and of it only a hash is kept."""

    decision: Decision
    guest: Guest | None = None
    token: str | None = field(default=None, repr=False)
