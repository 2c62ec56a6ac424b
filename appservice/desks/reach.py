"""Which groups somebody may name: their own, and with the right to write to groups all there are."""

from collections.abc import Sequence

from school.domain.groups import Group
from school.domain.people import Person, UserId
from school.domain.rights import Right
from school.domain.rooms import Room, RoomKind, RoomStamp
from school.standing import Standing


def reaches_all_groups(standing: Standing, person: Person) -> bool:
    """Whether somebody may enter and write to any group."""
    return standing.policy.rights.holds(person, Right.WRITE_TO_GROUPS)


def groups_in_reach(standing: Standing, person: Person) -> Sequence[Group]:
    """The groups that somebody may know of."""
    groups = standing.policy.directory.groups
    if reaches_all_groups(standing, person):
        return list(groups.values())
    return own_groups(standing, person)


def own_groups(standing: Standing, person: Person) -> Sequence[Group]:
    """The groups that somebody is in."""
    groups = standing.policy.directory.groups
    return [groups[own] for own in person.groups if own in groups]


def room_of(group: Group, bot: UserId) -> Room:
    """The room of a group, as far as a decision about one person has to know it."""
    return Room(stamp=RoomStamp(kind=RoomKind.GROUP, group=group.id), creator=bot, members=frozenset())
