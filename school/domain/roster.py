"""What a school register says: the value that every register reader returns and every plan starts from.

A roster is complete by definition. A reader that could not read all of it raises `RegisterError` and returns
nothing, so that half a file never looks like "everybody left".
"""

import re
from base64 import b32encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NewType

from school.domain.groups import GroupKind
from school.domain.people import PersonId, Role
from school.errors import FailedError

GroupKey = NewType("GroupKey", str)
"""The register's own key of a group: its id, or its name where the register has no ids for groups."""


_HASHED: Final = re.compile(r"g-[a-z2-7]{20}")


def hashed_id(digest: bytes) -> PersonId:
    """An id for somebody whom the register gives none, from a keyed hash of at least 13 bytes."""
    return PersonId("g-" + b32encode(digest).decode().lower()[:20])


def is_hashed(person_id: PersonId) -> bool:
    """Whether an id was made by `hashed_id`."""
    return _HASHED.fullmatch(person_id) is not None


class RegisterError(FailedError):
    """A register that cannot be used as it is. The text is a sentence for the person who made the file: it names
    file, row and column and says what to do, never the value that stands there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterPerson:
    """One person as the register has them. `groups` are keys of `Roster.groups`."""

    id: PersonId
    given_name: str
    family_name: str
    role: Role
    groups: frozenset[GroupKey] = frozenset()
    leadership: bool = False
    wards: frozenset[PersonId] = frozenset()
    login: str | None = field(default=None, compare=False, repr=False)
    """With what somebody signs in at the school's LDAP or single sign-on. It names a new account where people sign in
    here with it, too; it is kept nowhere else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterGroup:
    """One group as the register has it."""

    key: GroupKey
    name: str
    kind: GroupKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Everybody and every group of one school.

    Raises:
        ValueError: a person names a group or a ward that the roster does not have.
    """

    persons: Mapping[PersonId, RosterPerson]
    groups: Mapping[GroupKey, RosterGroup]
    doubts: tuple[str, ...] = field(default=())
    """Sentences about what a human should look at, such as two guardians of one name. Names no contact data."""

    def __post_init__(self) -> None:
        for person in self.persons.values():
            if not person.groups <= self.groups.keys():
                raise ValueError(f"person {person.id} names a group that is not in the roster")
            if not person.wards <= self.persons.keys():
                raise ValueError(f"person {person.id} names a ward that is not in the roster")
