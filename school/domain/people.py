"""People of a school, as every program knows them.

A person is somebody in the register. Nothing but given name, family name, role, groups, a stable id, the
leadership mark and, for guardians, whose child it is, is kept (GDPR art. 5 (1) c, data minimisation).
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from itertools import repeat
from typing import Any, Final, NewType

from school.domain.groups import GroupId

PersonId = NewType("PersonId", str)
"""The register's own id of a person, or a keyed hash where the register has none. Never a Matrix id."""

UserId = NewType("UserId", str)
"""A full Matrix user id, `@localpart:server` (Matrix spec, appendix "User identifiers")."""

Role = NewType("Role", str)
"""What somebody is at the school. A school may add roles, so this is a name and no enum."""

TEACHER: Final = Role("teacher")
STUDENT: Final = Role("student")
GUARDIAN: Final = Role("guardian")
BUILT_IN_ROLES: Final = frozenset({TEACHER, STUDENT, GUARDIAN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody in the directory. `wards` are the children of a guardian."""

    id: PersonId
    user_id: UserId
    given_name: str
    family_name: str
    role: Role
    groups: frozenset[GroupId] = frozenset()
    leadership: bool = False
    wards: frozenset[PersonId] = frozenset()

    @property
    def display_name(self) -> str:
        """The name that clients show: "Vorname Nachname"."""
        return display_name(self.given_name, self.family_name)

    def shares_group_with(self, other: "Person") -> bool:
        """Whether both are in one group, whichever."""
        return not self.groups.isdisjoint(other.groups)


_SETTERS: Final[tuple[Callable[[Person, Any], None], ...]] = tuple(
    Person.__dict__[field.name].__set__ for field in fields(Person)
)


def people_of(number: int, columns: Iterable[Iterable[Any]]) -> list[Person]:
    """So many people at once, from one column for each field of `Person`, in their order: in half the time that
    100,000 calls of the constructor take."""
    people = [*map(object.__new__, repeat(Person, number))]
    for set_field, column in zip(_SETTERS, columns, strict=True):
        deque(map(set_field, people, column), maxlen=0)
    return people


def display_name(given_name: str, family_name: str) -> str:
    """How a name is written everywhere: given name first, one blank, no blank where a part is missing."""
    return f"{given_name} {family_name}".strip()


def names_of(people: Iterable[Person]) -> list[str]:
    """Display names in the order given."""
    return [person.display_name for person in people]
