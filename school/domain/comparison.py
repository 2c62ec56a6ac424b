"""Two tables of rights over one directory: what the second opens and closes.

1. Nothing is decided here: every answer is asked of the two policies.
2. Whether one person may write to another depends on their roles, on their rights, and on whether they share a group.
   So people who are alike in this are asked about once, and two thousand people are no four million questions. A test
   compares with asking about every pair.
3. Where nobody's rights differ, nothing differs.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Final, NamedTuple, TypeAlias

from school.domain.decisions import NO_RULE
from school.domain.directory import Directory
from school.domain.groups import Group, GroupId
from school.domain.people import Person, PersonId, Role, UserId
from school.domain.policy import Policy
from school.domain.rights import Level, Right, Rule, rights_of_school
from school.domain.rooms import ENCRYPTED, Room

EXAMPLES: Final = 3
"""How many pairs are kept as examples of many."""

_MESSAGE: Final = "m.room.message"


@dataclass(frozen=True, slots=True, kw_only=True)
class RightChange:
    """People of one role who gain or lose a right by one rule."""

    right: Right
    role: Role
    gained: bool
    rule: str
    """What decides afterwards."""
    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachChange:
    """Ordered pairs, from one role to another, who may newly or no longer write to each other directly."""

    sender: Role
    recipient: Role
    opened: bool
    pairs: int
    examples: tuple[tuple[Person, Person], ...]


class Writing(StrEnum):
    """How it changes who can write in a room."""

    READ_ONLY = "read_only"
    """Nobody can any more."""
    WRITABLE = "writable"
    """Somebody can again."""
    FEWER = "fewer_write"
    MORE = "more_write"
    OTHERS = "others_write"


def changed_rights(before: Policy, after: Policy) -> tuple[RightChange, ...]:
    """Who gains or loses which right."""
    found: dict[tuple[Right, Role, bool, str], list[Person]] = defaultdict(list)
    for person in before.directory.people:
        for right in Right:
            ruling = after.rights.ruling(person, right)
            holds = ruling is not None and ruling.allow
            if holds != before.rights.holds(person, right):
                found[right, person.role, holds, ruling.id if ruling else NO_RULE].append(person)
    return tuple(
        RightChange(right=right, role=role, gained=gained, rule=rule, people=tuple(people))
        for (right, role, gained, rule), people in sorted(found.items(), key=lambda item: (item[0][0].place, item[0]))
    )


def changed_reach(before: Policy, after: Policy) -> tuple[ReachChange, ...]:
    """Who may newly, or no longer, write to whom."""
    found: dict[tuple[Role, Role, bool], _Pairs] = defaultdict(_Pairs)
    for (sender, recipient, _), pairs in _relations(_blocks(before, after)).items():
        one, other = (person.user_id for person in pairs.examples[0])
        could, can = (bool(policy.may_message(one, other)) for policy in (before, after))
        if could != can:
            found[sender.role, recipient.role, can].add(pairs.number, pairs.examples)
    return tuple(
        ReachChange(
            sender=sender, recipient=recipient, opened=opened, pairs=pairs.number, examples=tuple(pairs.examples)
        )
        for (sender, recipient, opened), pairs in sorted(found.items())
    )


def changed_writing(before: Policy, after: Policy, room: Room) -> Writing | None:
    """How it changes who can write in a room; None if it does not."""
    could, can = (writers(policy, room) for policy in (before, after))
    if could == can:
        return None
    if not can:
        return Writing.READ_ONLY
    if not could:
        return Writing.WRITABLE
    if can < could:
        return Writing.FEWER
    return Writing.MORE if could < can else Writing.OTHERS


def writers(policy: Policy, room: Room) -> frozenset[UserId]:
    """The people of a room who may write in it."""
    known = (user_id for user_id in room.members if policy.directory.person(user_id))
    return frozenset(user_id for user_id in known if policy.may_send(user_id, room, message_type(room)))


def message_type(room: Room) -> str:
    """As what a message comes into a room."""
    return ENCRYPTED if room.encrypted else _MESSAGE


# Lines of the table


def people_of(line: Rule, directory: Directory) -> tuple[Person, ...]:
    """Whom a line speaks of, whether or not another one beats it."""
    alone = rights_of_school([line], directory.groups.values())
    return tuple(p for p in directory.people if (rule := alone.ruling(p, line.right)) and rule.id == line.id)


def groups_of(line: Rule, directory: Directory) -> tuple[Group, ...]:
    """The groups that the line of a group fits."""
    alone = rights_of_school([line], directory.groups.values())
    fitting = ((group, alone.ruling(_somebody_in(group, line.role), line.right)) for group in directory.groups.values())
    return tuple(group for group, rule in fitting if rule is not None and rule.id == line.id)


def fits_nobody(line: Rule, directory: Directory) -> bool:
    """Whether a line for a group or a person speaks of none that there is."""
    if line.level is Level.GROUP:
        return not groups_of(line, directory)
    return line.level is Level.PERSON and directory.person_by_id(PersonId(line.subject)) is None


def _somebody_in(group: Group, role: Role | None) -> Person:
    """Nobody whom another line could mean."""
    return Person(
        id=PersonId(""),
        user_id=UserId(""),
        given_name="",
        family_name="",
        role=role or Role(""),
        groups=frozenset({group.id}),
    )


# Pairs of people


class _Kind(NamedTuple):
    """What a decision about writing asks of a person, besides the groups."""

    role: Role
    before: tuple[bool, ...]
    after: tuple[bool, ...]

    @property
    def differs(self) -> bool:
        return self.before != self.after


class _Block(NamedTuple):
    """People of one kind who are in the same groups."""

    kind: _Kind
    groups: frozenset[GroupId]
    people: list[Person]


@dataclass(slots=True)
class _Pairs:
    number: int = 0
    examples: list[tuple[Person, Person]] = field(default_factory=list)

    def add(self, number: int, examples: Iterable[tuple[Person, Person]]) -> None:
        self.number += number
        if len(self.examples) < EXAMPLES:
            self.examples.extend(islice(examples, EXAMPLES - len(self.examples)))


_Relations: TypeAlias = Mapping[tuple[_Kind, _Kind, bool], _Pairs]
"""Ordered pairs by the kinds of both and by whether they share a group; at least one of both kinds differs."""


def _blocks(before: Policy, after: Policy) -> list[_Block]:
    blocks: dict[tuple[_Kind, frozenset[GroupId]], list[Person]] = defaultdict(list)
    for person in before.directory.people:
        held = (tuple(policy.rights.holds(person, right) for right in Right) for policy in (before, after))
        blocks[_Kind(person.role, *held), person.groups].append(person)
    return [_Block(kind, groups, people) for (kind, groups), people in blocks.items()]


def _relations(blocks: Sequence[_Block]) -> _Relations:
    kinds = list(dict.fromkeys(block.kind for block in blocks))
    numbered = {kind: number for number, kind in enumerate(kinds)}
    kind_of = [numbered[block.kind] for block in blocks]
    size_of = [len(block.people) for block in blocks]
    in_group: dict[GroupId, list[int]] = defaultdict(list)
    of_kind: list[list[int]] = [[] for _ in kinds]
    everybody = [0] * len(kinds)
    for here, block in enumerate(blocks):
        everybody[kind_of[here]] += size_of[here]
        of_kind[kind_of[here]].append(here)
        for group in block.groups:
            in_group[group].append(here)
    relations: dict[tuple[_Kind, _Kind, bool], _Pairs] = defaultdict(_Pairs)
    for here, block in enumerate(blocks):
        near = set().union(*(in_group[group] for group in block.groups))
        sharing = [0] * len(kinds)
        for there in near:
            sharing[kind_of[there]] += size_of[there]
        for other, kind in enumerate(kinds):
            if not (block.kind.differs or kind.differs):
                continue
            for shares, people in ((True, sharing[other]), (False, everybody[other] - sharing[other])):
                itself = other == kind_of[here] and shares == (here in near)
                if pairs := size_of[here] * (people - itself):
                    relations[block.kind, kind, shares].add(pairs, _example(blocks, here, of_kind[other], near, shares))
    return relations


def _example(
    blocks: Sequence[_Block], here: int, others: Iterable[int], near: Collection[int], shares: bool
) -> Iterator[tuple[Person, Person]]:
    """One pair of a block with one of the others, found when it is asked for."""
    one = blocks[here].people[0]
    for there in others:
        if (there in near) != shares:
            continue
        for other in blocks[there].people:
            if other is not one:
                yield one, other
                return
