"""What a school decides about reading its register."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from school.domain.groups import GroupKind
from school.domain.people import Role

GroupKindPattern = tuple[re.Pattern[str] | str, GroupKind]
"""A regular expression, matched from the beginning of a group's name, and the kind of the groups it fits."""

DEFAULT_GROUP_KINDS: Final[tuple[GroupKindPattern, ...]] = (
    (r"Klasse\b", GroupKind.CLASS),
    (r"(?:Sorgeberechtigte|Eltern)\b", GroupKind.GUARDIANS),
    (r"(?:Jahrgang|Jahrgangsstufe)\b", GroupKind.YEAR),
    (r"(?:Fachkonferenz|Fachschaft)\b", GroupKind.SUBJECT),
    (r"(?:Lehrer|Lehrkräfte|Kollegium)$", GroupKind.STAFF),
    (r"(?:Schul|Gesamt|Lehrer|Eltern|Schüler)konferenz\b", GroupKind.COMMITTEE),
)


@dataclass(frozen=True, kw_only=True)
class RegisterOptions:
    """Fixed per school: `identity_key` must never change, or every guardian of an IServ register is a new person.

    Raises:
        ValueError: the identity key is empty.
    """

    identity_key: bytes = field(repr=False)
    """Secret for the keyed hashes that stand for people whom the register gives no id."""
    group_kinds: tuple[GroupKindPattern, ...] = DEFAULT_GROUP_KINDS
    leadership_marks: frozenset[str] = frozenset({"Schulleitung"})
    added_roles: tuple[tuple[str, Role], ...] = ()
    """Patterns of group names, and the role of those whom the register calls teachers and who are in such a group."""
    with_logins: bool = False
    """Whether logins are read: only where they name accounts."""

    def __post_init__(self) -> None:
        if not self.identity_key:
            raise ValueError("the identity key is empty")

    def added_role_of(self, group_name: str) -> Role | None:
        """The role that being in a group gives, if it gives one; the first pattern that fits counts."""
        return next((role for pattern, role in self.added_roles if fnmatchcase(group_name, pattern)), None)

    def login(self, text: str | None) -> str | None:
        """A login, if it is wanted and there is one."""
        return text if self.with_logins and text else None

    def kind_of(self, group_name: str) -> GroupKind:
        """The kind of the first pattern that fits the name; a name that fits none is a club."""
        fitting = (kind for pattern, kind in self.group_kinds if re.match(pattern, group_name))
        return next(fitting, GroupKind.CLUB)


def enumerate_briefly(words: Iterable[object], most: int = 10) -> str:
    """The words joined by commas; after the first few only how many more there are."""
    texts = [str(word) for word in words]
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more
