"""Groups that teachers make: who may make and change one, what it may be called, when it ends.

The rule of rules:
1. Who holds `create_groups` makes groups, and owns what they made.
2. A group is changed, kept, renamed and ended by its owners, as long as they hold the right, and by the leadership.
   What comes from the register is changed there.
3. Who owns a group is said by the leadership; an owner holds `create_groups`.
4. A group is no bridge: who may not write to everyone brings only people together who may write to each other.
5. No two groups have the same name, where capital letters, blanks and hyphens are no difference.
6. A group ends with the school year, unless somebody keeps it; its owners are told long before. One that is made so
   late that they could not be told in time belongs to the next year.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final
from unicodedata import normalize

from school.domain.decisions import NO_RULE, Decision, Reason, allow, refuse
from school.domain.groups import Group, GroupKind
from school.domain.people import Person, PersonId
from school.domain.policy import Policy
from school.domain.rights import Right

KIND: Final = GroupKind.CLUB
"""What every group that a teacher makes is: it never opens a door, as the groups of the staff do."""
_LONGEST_NAME: Final = 60
_SEPARATORS: Final = frozenset(",;")
_OPERATORS: Final = frozenset("+-–−")


def may_make(policy: Policy, person: Person) -> Decision:
    """Whether somebody may make a group."""
    return _holds(policy, person, Right.CREATE_GROUPS, Reason.NO_GROUPS)


def may_manage(policy: Policy, person: Person, group: Group, owners: Collection[PersonId]) -> Decision:
    """Whether somebody may change who is in a group, keep, rename and end it."""
    if group.in_register:
        return refuse(Reason.GROUP_FROM_REGISTER, "groups:origin")
    if person.leadership:
        return allow("groups:leadership")
    if not (decision := may_make(policy, person)):
        return decision
    if person.id not in owners:
        return refuse(Reason.NOT_AN_OWNER, "groups:owners")
    return allow("groups:owners")


def may_name_owners(person: Person, group: Group) -> Decision:
    """Whether somebody may say who owns a group."""
    if group.in_register:
        return refuse(Reason.GROUP_FROM_REGISTER, "groups:origin")
    if not person.leadership:
        return refuse(Reason.LEADERSHIP_ONLY, "groups:leadership")
    return allow("groups:leadership")


def may_own(policy: Policy, person: Person) -> Decision:
    """Whether somebody may be made an owner."""
    return _holds(policy, person, Right.CREATE_GROUPS, Reason.MAY_NOT_OWN)


def may_invite_groups(policy: Policy, person: Person) -> Decision:
    """Whether somebody may invite whole groups into their rooms."""
    return _holds(policy, person, Right.INVITE_GROUPS, Reason.NO_GROUP_INVITATIONS)


def _holds(policy: Policy, person: Person, right: Right, reason: Reason) -> Decision:
    ruling = policy.rights.ruling(person, right)
    if ruling is not None and ruling.allow:
        return allow(ruling.id)
    return refuse(reason, NO_RULE if ruling is None else ruling.id)


class NameFault(StrEnum):
    """Why a group cannot be called so."""

    MISSING = "missing"
    TOO_LONG = "too_long"
    UNREADABLE = "unreadable"
    """Something in it is no letter that people see, or parts names and groups from each other in a command."""
    TAKEN = "taken"


def tidy_name(name: str) -> str:
    """A name with one blank between its words."""
    return " ".join(name.split())


def fault_of(name: str, taken: Iterable[str]) -> NameFault | None:
    """What is wrong with a tidy name; None if a group may have it. `taken` are the names of all other groups."""
    if not _likeness(name):
        return NameFault.MISSING
    if len(name) > _LONGEST_NAME:
        return NameFault.TOO_LONG
    if not name.isprintable() or not _SEPARATORS.isdisjoint(name) or not _OPERATORS.isdisjoint(name.split()):
        return NameFault.UNREADABLE
    if _likeness(name) in {_likeness(other) for other in taken}:
        return NameFault.TAKEN
    return None


def _likeness(name: str) -> str:
    """Equal for names that people take for one."""
    return "".join(sign for sign in normalize("NFKC", name).casefold() if sign.isalnum())


class Due(StrEnum):
    """What is to be done for a group on a day."""

    NOTHING = "nothing"
    TELL = "tell"
    """Its owners have to hear that it ends."""
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolYear:
    """When school years end: their last day, and how long before it owners are told."""

    month: int
    day: int
    notice: timedelta

    def end_for(self, today: date) -> date:
        """The last day of a group that is made today."""
        return self.first_end(today + self.notice)

    def kept_until(self, ends_on: date, today: date) -> date:
        """The last day of a group that somebody keeps today; as it is if the group lives on after this year anyway."""
        if ends_on > self.first_end(today):
            return ends_on
        return self.first_end(max(ends_on, today) + timedelta(days=1))

    def due(self, ends_on: date, told_on: date | None, today: date) -> Due:
        """What is to be done for a group. It ends when its last day is over and it has long been told; where nobody
        was there to tell it in time, later."""
        if today < ends_on - self.notice:
            return Due.NOTHING
        if told_on is None:
            return Due.TELL
        return Due.END if today > max(ends_on, told_on + self.notice) else Due.NOTHING

    def last_day(self, ends_on: date, told_on: date) -> date:
        """The last day of a group whose owners are told on a day."""
        return max(ends_on, told_on + self.notice)

    def first_end(self, day: date) -> date:
        """The first end of a year that is not before a day."""
        this_year = date(day.year, self.month, self.day)
        return this_year if this_year >= day else date(day.year + 1, self.month, self.day)
