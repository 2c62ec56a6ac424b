"""The directory: everybody and every group, as one immutable value.

Each program keeps one in memory and swaps it whole when the database has a newer one. Equal sets of groups are one
shared object, so that 100,000 people fit into a few dozen megabytes.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from school.domain.groups import Group, GroupId
from school.domain.people import Person, PersonId, UserId


class Directory:
    """Who there is. Look-ups return None for somebody who is not (or no longer) in the register."""

    __slots__ = ("_by_id", "_by_user", "_groups", "_members")

    def __init__(self, people: Iterable[Person] = (), groups: Iterable[Group] = ()) -> None:
        self._by_user: dict[UserId, Person] = {person.user_id: person for person in people}
        self._groups: dict[GroupId, Group] = {group.id: group for group in groups}
        self._by_id: dict[PersonId, Person] | None = None
        self._members: dict[GroupId, tuple[Person, ...]] | None = None

    def person(self, user_id: UserId) -> Person | None:
        """The person behind a Matrix id."""
        return self._by_user.get(user_id)

    def person_by_id(self, person_id: PersonId) -> Person | None:
        """The person behind the register's id."""
        if self._by_id is None:
            self._by_id = {person.id: person for person in self._by_user.values()}
        return self._by_id.get(person_id)

    def group(self, group_id: GroupId) -> Group | None:
        """The group behind an id of ours."""
        return self._groups.get(group_id)

    def members(self, group_id: GroupId) -> tuple[Person, ...]:
        """Everybody in a group; empty for an unknown one. The first call counts through everybody once."""
        if self._members is None:
            by_group: dict[GroupId, list[Person]] = {}
            for person in self._by_user.values():
                for group in person.groups:
                    by_group.setdefault(group, []).append(person)
            self._members = {group: tuple(people) for group, people in by_group.items()}
        return self._members.get(group_id, ())

    @property
    def people(self) -> Iterable[Person]:
        return self._by_user.values()

    @property
    def groups(self) -> Mapping[GroupId, Group]:
        return MappingProxyType(self._groups)

    def __len__(self) -> int:
        return len(self._by_user)
