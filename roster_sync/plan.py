"""The plan: what a sync would change. A pure function of what the register says and what is known.

What stops a plan until a person says so: more people would leave than the guard allows, or a whole role or a whole
class would be gone. A half-read register never gets this far (its reader raises), but an office can hand over half
a school in a file that is whole.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from roster_sync.identity import recognise
from school.domain.groups import GroupKind
from school.domain.people import PersonId, display_name
from school.domain.roster import GroupKey, Roster, RosterGroup, RosterPerson

Membership: TypeAlias = tuple[PersonId, GroupKey]

_SAME_MEMBERS: Final = 0.8
"""A group that vanished and a new one of its kind with this share of common members are one group, renamed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """How many people may leave in one sync without a person's word; whichever comes first."""

    people: int = 10
    share: float = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChange:
    """A group that is known under another key, name or kind."""

    before: RosterGroup
    after: RosterGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to change, in no particular order. Memberships use the keys of the new roster; those that end with their
    group use its old key."""

    people_added: tuple[RosterPerson, ...] = ()
    people_left: tuple[RosterPerson, ...] = ()
    people_renamed: tuple[RosterPerson, ...] = ()
    people_changed: tuple[RosterPerson, ...] = ()
    """Role, leadership or wards changed."""
    people_recognised: Mapping[PersonId, PersonId] = field(default_factory=dict)
    """New ids of the register, and the people behind them."""
    groups_added: tuple[RosterGroup, ...] = ()
    groups_changed: tuple[GroupChange, ...] = ()
    groups_ended: tuple[RosterGroup, ...] = ()
    memberships_added: tuple[Membership, ...] = ()
    memberships_removed: tuple[Membership, ...] = ()
    blocked: str | None = None
    """Why the plan is not applied without a person's word."""
    group_names: Mapping[GroupKey, str] = field(default_factory=dict, compare=False)
    """Names of all groups, old and new, by their keys."""
    person_names: Mapping[PersonId, str] = field(default_factory=dict, compare=False, repr=False)
    """Names of everybody whose memberships change."""
    doubts: tuple[str, ...] = field(default=(), compare=False)
    """What a human should look at."""

    @property
    def groups_renamed(self) -> tuple[GroupChange, ...]:
        return tuple(change for change in self.groups_changed if change.before.name != change.after.name)

    @property
    def is_empty(self) -> bool:
        return self == Plan(blocked=self.blocked)

    @property
    def counts(self) -> dict[str, int]:
        """How much of each there is to do."""
        return {
            "people_added": len(self.people_added),
            "people_left": len(self.people_left),
            "people_renamed": len(self.people_renamed),
            "people_changed": len(self.people_changed),
            "people_recognised": len(self.people_recognised),
            "groups_added": len(self.groups_added),
            "groups_changed": len(self.groups_changed),
            "groups_ended": len(self.groups_ended),
            "memberships_added": len(self.memberships_added),
            "memberships_removed": len(self.memberships_removed),
        }

    def as_json(self) -> dict[str, object]:
        """The plan for programs: ids of people, names of groups."""
        return {
            "people": {
                "added": [person.id for person in self.people_added],
                "left": [person.id for person in self.people_left],
                "renamed": [person.id for person in self.people_renamed],
            },
            "groups": {
                "added": [group.name for group in self.groups_added],
                "renamed": [change.after.name for change in self.groups_renamed],
                "ended": [group.name for group in self.groups_ended],
            },
            "memberships": {
                "added": [[person, self.group_names[key]] for person, key in self.memberships_added],
                "removed": [[person, self.group_names[key]] for person, key in self.memberships_removed],
            },
            "blocked": self.blocked,
        }


def make_plan(
    register: Roster, known: Roster, guard: Guard, aliases: Mapping[PersonId, PersonId] | None = None
) -> Plan:
    """What has to change so that what is known becomes what the register says. `aliases` are the ids of the register
    by which people were recognised earlier."""
    recognised = recognise(register, known, aliases or {})
    register = recognised.roster
    changes = _group_changes(register, known)
    new_key = {change.before.key: change.after.key for change in changes}
    added_groups = [g for key, g in register.groups.items() if key not in known.groups and key not in new_key.values()]
    ended_groups = [g for key, g in known.groups.items() if key not in register.groups and key not in new_key]
    before = {(person.id, new_key.get(key, key)) for person in known.persons.values() for key in person.groups}
    after = {(person.id, key) for person in register.persons.values() for key in person.groups}
    left = [person for person_id, person in known.persons.items() if person_id not in register.persons]
    stayed = [
        (known.persons[person_id], person)
        for person_id, person in register.persons.items()
        if person_id in known.persons
    ]
    return Plan(
        people_added=tuple(p for person_id, p in register.persons.items() if person_id not in known.persons),
        people_left=tuple(left),
        people_renamed=tuple(now for was, now in stayed if _names(was) != _names(now)),
        people_changed=tuple(now for was, now in stayed if _facts(was) != _facts(now)),
        people_recognised=recognised.new_aliases,
        groups_added=tuple(added_groups),
        groups_changed=tuple(changes),
        groups_ended=tuple(ended_groups),
        memberships_added=tuple(sorted(after - before)),
        memberships_removed=tuple(sorted(before - after)),
        blocked=_why_blocked(register, known, left, ended_groups, guard),
        person_names={
            ident: display_name(person.given_name, person.family_name)
            for ident, _ in after ^ before
            if (person := register.persons.get(ident) or known.persons.get(ident))
        },
        doubts=register.doubts,
        group_names={key: group.name for key, group in (*known.groups.items(), *register.groups.items())},
    )


def _names(person: RosterPerson) -> tuple[str, str]:
    return person.given_name, person.family_name


def _facts(person: RosterPerson) -> tuple[object, ...]:
    return person.role, person.leadership, person.wards


def _group_changes(register: Roster, known: Roster) -> list[GroupChange]:
    changes = [
        GroupChange(before=known.groups[key], after=group)
        for key, group in register.groups.items()
        if key in known.groups and known.groups[key] != group
    ]
    vanished = [group for key, group in known.groups.items() if key not in register.groups]
    appeared = [group for key, group in register.groups.items() if key not in known.groups]
    old_members = _members(known, vanished)
    new_members = _members(register, appeared)
    for old in vanished:
        before = old_members[old.key]
        # Whoever stayed is in it: only groups with somebody in common can be the same.
        common = Counter(key for ident in before if ident in register.persons for key in register.persons[ident].groups)
        for new in appeared:
            after = new_members[new.key]
            share = _SAME_MEMBERS * max(len(before), len(after))
            if new.kind == old.kind and common[new.key] and common[new.key] >= share:
                changes.append(GroupChange(before=old, after=new))
                appeared.remove(new)
                break
    return changes


def _members(roster: Roster, groups: Iterable[RosterGroup]) -> dict[GroupKey, set[PersonId]]:
    members: dict[GroupKey, set[PersonId]] = {group.key: set() for group in groups}
    for person in roster.persons.values():
        for key in person.groups & members.keys():
            members[key].add(person.id)
    return members


def _why_blocked(
    register: Roster, known: Roster, left: list[RosterPerson], ended: Iterable[RosterGroup], guard: Guard
) -> str | None:
    if not known.persons:
        return None
    allowed = min(guard.people, int(guard.share * len(known.persons)))
    if len(left) > max(allowed, 0):
        return (
            f"{len(left)} of {len(known.persons)} people would leave, and at most {allowed} may without a person's "
            "word. Look at the plan, and if it is right, start the sync again with --confirm."
        )
    remaining_roles = {person.role for person in register.persons.values()}
    for role in sorted({person.role for person in known.persons.values()} - remaining_roles):
        return f"Nobody would be left with the role {role}. If that is right, start the sync again with --confirm."
    for group in ended:
        if group.kind is GroupKind.CLASS:
            return f"{group.name} would end. If that is right, start the sync again with --confirm."
    was_empty, is_empty = _empty_classes(known), _empty_classes(register)
    for key in sorted(known.groups.keys() & is_empty - was_empty):
        name = known.groups[key].name
        return f"Nobody would be left in {name}. If that is right, start the sync again with --confirm."
    return None


def _empty_classes(roster: Roster) -> set[GroupKey]:
    peopled = {key for person in roster.persons.values() for key in person.groups}
    return {key for key, group in roster.groups.items() if group.kind is GroupKind.CLASS} - peopled
