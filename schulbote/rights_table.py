"""`schulbote rights`: the table in force, and the lines of school.yaml with the number of people whom each reaches."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from school.config import Settings
from school.domain.comparison import fits_nobody, people_of
from school.domain.directory import Directory
from school.domain.people import BUILT_IN_ROLES, GUARDIAN, STUDENT, TEACHER, Person, PersonId, Role, UserId
from school.domain.policy import Policy
from school.domain.rights import Level, Right, Rule
from schulbote.named import did_you_mean
from schulbote.rule_words import said_by


@dataclass(frozen=True, slots=True, kw_only=True)
class LineInForce:
    """A line of school.yaml: whom it speaks of, and for how many of them it decides (a nearer line may beat it)."""

    rule: Rule
    people: int
    decides: int

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        rule = self.rule
        return {
            "id": rule.id,
            "level": rule.level.name.lower(),
            "subject": rule.subject,
            "role": rule.role,
            "right": rule.right,
            "allow": rule.allow,
            "people": self.people,
            "decides": self.decides,
        }

    def told(self) -> str:
        """For people."""
        beaten = (
            "" if self.decides == self.people else f"; nearer or stricter lines decide for {self.people - self.decides}"
        )
        return f"{self.rule.id} {said_by(self.rule)}: {counted(self.people, 'person', 'people')}{beaten}"


def roles_of(settings: Settings) -> tuple[Role, ...]:
    """Every role that the school has."""
    added = [role for role in settings.rights.added_roles if role not in BUILT_IN_ROLES]
    return (TEACHER, STUDENT, GUARDIAN, *added)


def held_by_role(policy: Policy, role: Role) -> dict[Right, Rule | None]:
    """What decides for somebody of a role for whom no other line speaks."""
    nobody = Person(id=PersonId(""), user_id=UserId(""), given_name="", family_name="", role=role)
    return {right: policy.rights.ruling(nobody, right) for right in Right}


def lines_in_force(settings: Settings, policy: Policy) -> tuple[LineInForce, ...]:
    """Every line of school.yaml over the directory as it is."""
    return tuple(_line(line, policy) for line in settings.rights.lines)


def _line(line: Rule, policy: Policy) -> LineInForce:
    people = people_of(line, policy.directory)
    rulings = (policy.rights.ruling(person, line.right) for person in people)
    return LineInForce(
        rule=line,
        people=len(people),
        decides=sum(rule is not None and rule.id == line.id for rule in rulings),
    )


def lines_for_nobody(settings: Settings, directory: Directory) -> Iterator[str]:
    """A sentence for every group pattern that fits no group and every person who is not in the directory."""
    told = set()
    for line in settings.rights.lines:
        if (line.level, line.subject) not in told and fits_nobody(line, directory):
            told.add((line.level, line.subject))
            yield f"{line.id.removesuffix(f'.{line.right}')} {_fits_nobody(line, directory)}"


def _fits_nobody(line: Rule, directory: Directory) -> str:
    if line.level is Level.GROUP:
        named = (group.name for group in directory.groups.values() if group.in_register)
        near = did_you_mean(line.subject, named)
        return f"fits no group{f'; {near}' if near else '.'}"
    near = did_you_mean(line.subject, (person.id for person in directory.people))
    return f"fits nobody: there is no such id in the directory{f'; {near}' if near else '.'}"


def names_some(settings: Settings) -> bool:
    """Whether any line names a group or a person, who can be missing."""
    return any(line.level is not Level.ROLE for line in settings.rights.lines)


def table_as_json(settings: Settings, policy: Policy) -> dict[str, Any]:
    """The table for programs."""
    return {
        "roles": {
            role: {
                right: {"allow": rule is not None and rule.allow, "rule": None if rule is None else rule.id}
                for right, rule in held_by_role(policy, role).items()
            }
            for role in roles_of(settings)
        },
        "lines": [line.as_json() for line in lines_in_force(settings, policy)],
        "fits_nobody": list(lines_for_nobody(settings, policy.directory)),
    }


def table_rows(settings: Settings, policy: Policy) -> Iterable[tuple[str, ...]]:
    """A header, and one row for each right: who holds it by the role alone. A star marks what school.yaml changed."""
    held = {role: held_by_role(policy, role) for role in roles_of(settings)}
    own = {line.id for line in settings.rights.lines}
    yield ("right", *held)
    for right in Right:
        yield (right.value, *(_cell(rules[right], own) for rules in held.values()))


def _cell(rule: Rule | None, own: set[str]) -> str:
    if rule is None:
        return ""
    return f"{'yes' if rule.allow else 'no'}{' *' if rule.id in own else ''}"


def counted(number: int, one: str, many: str) -> str:
    """`1 person`, `2,000 people`."""
    return f"{number:,} {one if number == 1 else many}"
