"""Appointments: for whom, and who may do what with them. Asked anew each time, of the directory as it is then.

1. Nobody who is not in the register.
2. One is made for groups: by the teachers of each, and by who may write to any group (`write_to_groups`).
3. It is for whoever is in one of its groups. Who made it sees it, too.
4. It is changed, called off, and its answers are read, by who made it and by the teachers of its groups.
5. Whoever it is for answers, if it asks for an answer: until its last time has begun, and as often as they like.
When it is, is in `school.domain.appointment_times`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NewType
from zoneinfo import ZoneInfo

from school.domain.appointment_times import Slot, Times, slots_of
from school.domain.decisions import NO_RULE, Decision, Reason, allow, refuse
from school.domain.groups import GroupId
from school.domain.people import TEACHER, Person, PersonId
from school.domain.rights import Right, Rights
from school.domain.school_groups import SchoolYear

AppointmentId = NewType("AppointmentId", str)
"""A random text; it stands in the address of the appointment's page."""

LONGEST_TITLE: Final = 120
LONGEST_PLACE: Final = 120
MOST_GROUPS: Final = 50
_OF_TEACHERS: Final = "rooms:teachers_lead"
_OF_MEMBERS: Final = "directory:membership"


class Answer(StrEnum):
    """What somebody says. Values are in the database."""

    YES = "yes"
    MAYBE = "maybe"
    NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """One appointment. `number` counts its changes (RFC 5545, SEQUENCE); `gone` are times that it had and has no more.
    `maker` None: they were erased."""

    id: AppointmentId
    maker: PersonId | None
    title: str
    place: str
    groups: frozenset[GroupId]
    times: Times
    asks: bool
    changed_at: datetime
    number: int = 0
    gone: tuple[Slot, ...] = ()
    off: frozenset[int] = frozenset()
    """The numbers of single times that were called off."""
    is_off: bool = False

    def coming(self, now: datetime, zone: ZoneInfo) -> Sequence[Slot]:
        """The times that are not over, but for those that were called off alone."""
        slots = slots_of(self.times, zone)
        return [slot for slot in slots if slot.number not in self.off and not slot.is_over(now, zone)]

    def left_out(self, now: datetime, zone: ZoneInfo) -> Sequence[Slot]:
        """The times to come that were called off alone."""
        slots = slots_of(self.times, zone)
        return [slot for slot in slots if slot.number in self.off and not slot.is_over(now, zone)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """For how long appointments are kept after their last time: so many days, or to the end of that school year."""

    days: int | None
    year: SchoolYear

    def is_over(self, appointment: Appointment, now: datetime, zone: ZoneInfo) -> bool:
        """Whether an appointment is not kept any more."""
        times = (*slots_of(appointment.times, zone), *appointment.gone)
        last = max(slot.order(zone).astimezone(zone).date() for slot in times)
        last = max(last, appointment.times.last_day)
        until = self.year.first_end(last) if self.days is None else last + timedelta(days=self.days)
        return now.astimezone(zone).date() > until


def may_make(person: Person, groups: Collection[GroupId], rights: Rights) -> Decision:
    """Whether somebody may make an appointment for these groups."""
    if not groups:
        return refuse(Reason.NOT_IN_GROUP, _OF_MEMBERS)
    ruling = rights.ruling(person, Right.WRITE_TO_GROUPS)
    if ruling is not None and ruling.allow:
        return allow(ruling.id)
    if person.role == TEACHER and person.groups.issuperset(groups):
        return allow(_OF_TEACHERS)
    return refuse(Reason.NOT_IN_GROUP, NO_RULE if ruling is None else ruling.id)


def may_see(person: Person, appointment: Appointment) -> Decision:
    """Whether somebody may see an appointment."""
    if person.id == appointment.maker or not appointment.groups.isdisjoint(person.groups):
        return allow(_OF_MEMBERS)
    return refuse(Reason.NOT_IN_GROUP, _OF_MEMBERS)


def may_change(person: Person, appointment: Appointment) -> Decision:
    """Whether somebody may change an appointment, call it off, and read the answers."""
    if person.role == TEACHER and (person.id == appointment.maker or not appointment.groups.isdisjoint(person.groups)):
        return allow(_OF_TEACHERS)
    return refuse(Reason.NOT_A_MODERATOR, _OF_TEACHERS)


def may_answer(person: Person, appointment: Appointment, *, is_open: bool) -> Decision:
    """Whether somebody may answer. `is_open`: a time of it is still to come."""
    if appointment.groups.isdisjoint(person.groups):
        return refuse(Reason.NOT_IN_GROUP, _OF_MEMBERS)
    if appointment.asks and is_open and not appointment.is_off:
        return allow(_OF_MEMBERS)
    return refuse(Reason.NOT_OFFERED, _OF_MEMBERS)
