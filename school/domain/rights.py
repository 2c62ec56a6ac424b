"""Rights: who may do what, as a table.

The rule of rules, in the order in which it is asked:
1. A rule for one person beats a rule for a group, which beats a rule for a role, which beats the school's default.
2. At one level, "no" beats "yes" (somebody in two groups, one of which says no, may not).
3. What no rule grants is refused.
4. A rule is one right, yes or no, for one person, group or role, or for one role in a group ("the pupils of 5.x", who
   are not its teachers); it carries an id that every refusal names.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from fnmatch import fnmatchcase
from typing import Final, TypeAlias, TypeVar

from school.domain.groups import Group
from school.domain.people import GUARDIAN, STUDENT, TEACHER, Person, Role


class Right(StrEnum):
    """One named permission (the rows of the table in docs/rules.md)."""

    place: int
    """The number of its row: looked up in a tuple, because a right is asked for every message."""

    def __init__(self, _: str) -> None:
        self.place = len(type(self).__members__)

    MESSAGE_EVERYONE = "message_everyone"
    MESSAGE_TEACHERS = "message_teachers"
    MESSAGE_OWN_GROUPS = "message_own_groups"
    CREATE_ROOMS = "create_rooms"
    CREATE_GROUPS = "create_groups"
    INVITE_GROUPS = "invite_groups"
    WRITE_TO_GROUPS = "write_to_groups"
    SET_TASKS = "set_tasks"
    SUBMIT_TASKS = "submit_tasks"
    START_CONFERENCES = "start_conferences"
    JOIN_CONFERENCES = "join_conferences"
    RESET_PASSWORDS = "reset_passwords"


class Level(IntEnum):
    """How specific a rule is; the higher level wins."""

    ROLE = 1
    GROUP = 2
    PERSON = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the table: `right` is given to (`allow`) or taken from `subject`, a role, group id or person id. With
    `role` a rule for a group is for its people of that role only."""

    level: Level
    subject: str
    right: Right
    allow: bool
    id: str
    role: Role | None = None


_DEFAULT_GRANTS: Final[Mapping[Role, frozenset[Right]]] = {
    TEACHER: frozenset(Right) - {Right.SUBMIT_TASKS},
    STUDENT: frozenset({Right.MESSAGE_TEACHERS, Right.MESSAGE_OWN_GROUPS, Right.SUBMIT_TASKS, Right.JOIN_CONFERENCES}),
    GUARDIAN: frozenset(
        {
            Right.MESSAGE_TEACHERS,
            Right.MESSAGE_OWN_GROUPS,
            Right.CREATE_ROOMS,
            Right.SUBMIT_TASKS,
            Right.JOIN_CONFERENCES,
        }
    ),
}


def default_rules() -> tuple[Rule, ...]:
    """The table that a school has when its school.yaml says nothing about rights."""
    return tuple(
        Rule(level=Level.ROLE, subject=role, right=right, allow=True, id=f"default:{role}:{right}")
        for role, rights in _DEFAULT_GRANTS.items()
        for right in Right
        if right in rights
    )


Rulings: TypeAlias = tuple[Rule | None, ...]
"""What is said of one subject, by the place of the right."""
_Subject = TypeVar("_Subject", bound=Hashable)
_EMPTY: Final[Rulings] = (None,) * len(Right)


class Rights:
    """The table, ready to be asked. Later rules for the same person or role and right replace earlier ones."""

    __slots__ = ("_by_likeness", "_groups", "_persons", "_roles")

    def __init__(self, rules: Iterable[Rule] | None = None) -> None:
        self._persons: dict[str, Rulings] = {}
        self._groups: dict[tuple[str, Role | None], Rulings] = {}
        self._roles: dict[str, Rulings] = {}
        self._by_likeness: dict[object, Rulings] = {}
        for rule in default_rules() if rules is None else rules:
            match rule.level:
                case Level.PERSON:
                    _enter(self._persons, rule.subject, rule)
                case Level.GROUP:
                    # Two patterns of names can fit one group: they stand side by side, and "no" beats "yes".
                    _enter(self._groups, (rule.subject, rule.role), rule, no_stays=True)
                case Level.ROLE:
                    _enter(self._roles, rule.subject, rule)

    def rulings(self, person: Person) -> Rulings:
        """Every rule that decides for `person`, by the place of its right; None where no rule speaks of it."""
        if not (self._persons or self._groups):
            return self._roles.get(person.role, _EMPTY)
        likeness = self.likeness(person)
        found = self._by_likeness.get(likeness)
        if found is None:
            found = self._by_likeness[likeness] = tuple(self._decide(person, right.place) for right in Right)
        return found

    def _decide(self, person: Person, place: int) -> Rule | None:
        if own := self._persons.get(person.id, _EMPTY)[place]:
            return own
        of_groups = [
            rule
            for group in person.groups
            for role in (None, person.role)
            if (rule := self._groups.get((group, role), _EMPTY)[place])
        ]
        if of_groups:
            return min(of_groups, key=lambda rule: (rule.allow, rule.id))
        return self._roles.get(person.role, _EMPTY)[place]

    def ruling(self, person: Person, right: Right) -> Rule | None:
        """The rule that decides whether `person` holds `right`; None if no rule speaks of it (then: refused)."""
        return self.rulings(person)[right.place]

    def likeness(self, person: Person) -> object:
        """Equal for two people in the same groups for whom every rule says the same."""
        own = person.id if person.id in self._persons else None
        return person.role, person.groups, own

    def holds(self, person: Person, right: Right) -> bool:
        """Whether `person` holds `right`."""
        rule = self.ruling(person, right)
        return rule is not None and rule.allow


def _enter(table: dict[_Subject, Rulings], subject: _Subject, rule: Rule, *, no_stays: bool = False) -> None:
    row = list(table.get(subject, _EMPTY))
    earlier = row[rule.right.place]
    if earlier is None or earlier.allow or not no_stays:
        row[rule.right.place] = rule
        table[subject] = tuple(row)


def rights_of_school(lines: Iterable[Rule], groups: Iterable[Group]) -> Rights:
    """The default table with a school's own lines on top. The subject of a group line is a pattern of group names
    ("Klasse 5.*"); it becomes one rule for each group of the register that it fits now."""
    named = [(group.id, group.name) for group in groups if group.in_register]
    rules = list(default_rules())
    for line in lines:
        if line.level is not Level.GROUP:
            rules.append(line)
            continue
        rules.extend(replace(line, subject=group) for group, name in named if fnmatchcase(name, line.subject))
    return Rights(rules)
