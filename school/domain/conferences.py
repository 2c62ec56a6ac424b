"""Video conferences: who may do what in them, and how far they are.

A conference is for the people of one room, or of some groups. Asked for each join anew, of the directory and the
membership of the room, never of what an address says:
1. Nobody who is not in the register, but by a guest's invitation.
2. It is for whoever is in one of its groups. Without groups it is for whoever is in its room; with groups being in it,
   or in the room of one of them, counts only for those who may visit any group (`write_to_groups`).
3. Of them, who holds `start_conferences` is a moderator, and may start, end, invite guests and see who was there; so is
   who planned or started it, for as long as they hold the right.
4. Of them, who holds `join_conferences` takes part.
5. A guest takes part with an invitation for this conference that is neither over nor taken back; always through the
   lobby.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NewType
from zoneinfo import ZoneInfo

from school.domain.decisions import NO_RULE, Decision, Reason, allow, refuse
from school.domain.groups import GroupId
from school.domain.people import Person, PersonId
from school.domain.rights import Right, Rights

ConferenceId = NewType("ConferenceId", str)
"""A random text; it stands in the address of the conference's page."""

_MEMBERS_ONLY: Final = "conferences:members"


class Part(StrEnum):
    """As what somebody takes part."""

    MODERATOR = "moderator"
    VIEWER = "viewer"
    GUEST = "guest"


class ConferenceState(StrEnum):
    """How far a conference is. Values are in the database."""

    PLANNED = "planned"
    """It has a time, and nobody has begun it."""
    WAITING = "waiting"
    """It has begun, and no moderator has come in yet."""
    RUNNING = "running"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """Whom a conference is for."""

    groups: frozenset[GroupId] = frozenset()
    in_room: bool = False
    """Whether the person who is asked about is in its room, or in that of one of its groups."""
    starter: PersonId | None = None

    def holds(self, person: Person, rights: Rights) -> bool:
        """Whether somebody belongs to it."""
        if not self.groups:
            return self.in_room
        if not self.groups.isdisjoint(person.groups):
            return True
        return self.in_room and rights.holds(person, Right.WRITE_TO_GROUPS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitled:
    """As what somebody may come in; a refusal has no part."""

    decision: Decision
    part: Part | None = None


def may_start_here(person: Person | None, circle: Circle, rights: Rights) -> Decision:
    """Whether somebody may start a conference for these people. For groups that they are not in, they must be allowed
    to write to them."""
    if person is None:
        return refuse(Reason.UNKNOWN_PERSON, "directory:sender")
    ruling = rights.ruling(person, Right.START_CONFERENCES)
    if ruling is None or not ruling.allow:
        return refuse(Reason.NO_CONFERENCES, NO_RULE if ruling is None else ruling.id)
    if circle.groups and rights.holds(person, Right.WRITE_TO_GROUPS):
        return allow(ruling.id)
    if circle.groups and circle.groups <= person.groups:
        return allow(ruling.id)
    if not circle.groups and circle.in_room:
        return allow(ruling.id)
    return refuse(Reason.NOT_IN_CONFERENCE, _MEMBERS_ONLY)


def may_take_part(person: Person | None, circle: Circle, rights: Rights) -> Entitled:
    """As what somebody may come into a conference."""
    if person is None:
        return Entitled(decision=refuse(Reason.UNKNOWN_PERSON, "directory:sender"))
    starting, joining = (rights.ruling(person, right) for right in (Right.START_CONFERENCES, Right.JOIN_CONFERENCES))
    may_start = starting is not None and starting.allow
    is_its_starter = may_start and person.id == circle.starter
    if not is_its_starter and not circle.holds(person, rights):
        return Entitled(decision=refuse(Reason.NOT_IN_CONFERENCE, _MEMBERS_ONLY))
    if starting is not None and may_start:
        return Entitled(decision=allow(starting.id), part=Part.MODERATOR)
    if joining is not None and joining.allow:
        return Entitled(decision=allow(joining.id), part=Part.VIEWER)
    return Entitled(decision=refuse(Reason.NO_CONFERENCES, NO_RULE if joining is None else joining.id))


def may_lead(entitled: Entitled, person: Person | None, rights: Rights) -> Decision:
    """Whether somebody, who may come in like this, may also end a conference, invite guests and see who was there."""
    if entitled.part is Part.MODERATOR or not entitled.decision or person is None:
        return entitled.decision
    ruling = rights.ruling(person, Right.START_CONFERENCES)
    return refuse(Reason.NO_CONFERENCES, NO_RULE if ruling is None else ruling.id)


def must_wait(part: Part, *, waits_for_moderator: bool, moderator_is_there: bool) -> bool:
    """Whether somebody who may come in waits until a moderator is there."""
    if part is Part.MODERATOR or moderator_is_there:
        return False
    # A guest is let in by a moderator in any case.
    return waits_for_moderator or part is Part.GUEST


def guest_name(name: str, mark: str = "Gast") -> str:
    """The name that others see of somebody from outside."""
    return f"{name} ({mark})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """When a planned conference is. It stays at its hour on the wall, whatever the clocks do."""

    first: datetime
    weekly: bool = False

    def next_after(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """The first of its times after `now` (UTC); None: there is none."""
        if self.first > now:
            return self.first
        if not self.weekly:
            return None
        local = self.first.astimezone(zone).replace(tzinfo=None)
        weeks = max(0, (now - self.first).days // 7 - 1)
        while True:
            weeks += 1
            found = (local + timedelta(weeks=weeks)).replace(tzinfo=zone).astimezone(now.tzinfo)
            if found > now:
                return found


def who_rests(resting: Collection[Person], starter: PersonId) -> tuple[bool, int]:
    """Whether the starter rests, and how many others do."""
    return any(each.id == starter for each in resting), sum(each.id != starter for each in resting)
