"""Groups of a school: classes, years, subject conferences, committees, guardians of a class, staff, clubs."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

GroupId = NewType("GroupId", str)
"""An id of our own, random and never used twice. It stands in the stamp of the group's rooms, so it survives a
group's renaming, and a lost database can never give a room of one group to another."""


class GroupKind(StrEnum):
    """What a group is; decides the layout of its rooms."""

    CLASS = "class"
    YEAR = "year"
    SUBJECT = "subject"
    COMMITTEE = "committee"
    GUARDIANS = "guardians"
    STAFF = "staff"
    CLUB = "club"


class GroupOrigin(StrEnum):
    """Who made a group: the register (then only the register changes it) or a teacher of the school (then the register
    never does)."""

    REGISTER = "register"
    SCHOOL = "school"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group in the directory."""

    id: GroupId
    name: str
    kind: GroupKind
    origin: GroupOrigin = GroupOrigin.REGISTER

    @property
    def in_register(self) -> bool:
        """Whether it comes from the register. Lines of school.yaml that name groups mean these only: else a teacher
        who makes a group and gives it a name could give rights, or take them."""
        return self.origin is GroupOrigin.REGISTER
