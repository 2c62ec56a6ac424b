"""The plan: what a sync would change. A pure function of what the register says and what is known.

What stops a plan until a person says so: more people would leave than the guard allows, or a whole role or a whole
class would be gone. A half-read register never gets this far (its reader raises), but an office can hand over half
a school in a file that is whole.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from school.domain.groups import GroupKind
from school.domain.people import PersonId
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
    groups_added: tuple[RosterGroup, ...] = ()
    groups_changed: tuple[GroupChange, ...] = ()
    groups_ended: tuple[RosterGroup, ...] = ()
    memberships_added: tuple[Membership, ...] = ()
    memberships_removed: tuple[Membership, ...] = ()
    blocked: str | None = None
    """Why the plan is not applied without a person's word."""
    group_names: Mapping[GroupKey, str] = field(default_factory=dict, compare=False)
    """Names of all groups, old and new, by their keys."""

    @property
    def groups_renamed(self) -> tuple[GroupChange, ...]:
        return tuple(change for change in self.groups_changed if change.before.name != change.after.name)

    @property
    def is_empty(self) -> bool:
        return self == Plan(blocked=self.blocked)

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


def make_plan(register: Roster, known: Roster, guard: Guard) -> Plan:
    """What has to change so that what is known becomes what the register says."""
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
        groups_added=tuple(added_groups),
        groups_changed=tuple(changes),
        groups_ended=tuple(ended_groups),
        memberships_added=tuple(sorted(after - before)),
        memberships_removed=tuple(sorted(before - after)),
        blocked=_why_blocked(register, known, left, ended_groups, guard),
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
    for old in vanished:
        old_members = _members(known, old.key)
        for new in appeared:
            new_members = _members(register, new.key)
            common = len(old_members & new_members)
            if new.kind == old.kind and common and common >= _SAME_MEMBERS * max(len(old_members), len(new_members)):
                changes.append(GroupChange(before=old, after=new))
                appeared.remove(new)
                break
    return changes


def _members(roster: Roster, key: GroupKey) -> frozenset[PersonId]:
    return frozenset(person.id for person in roster.persons.values() if key in person.groups)


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
