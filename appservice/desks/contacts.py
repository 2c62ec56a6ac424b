"""Whom somebody may write to: the answer to a client's search, which asks for a few names first and then hides those
whom one may not see.

Only people to whom the policy lets one write are found here, and nothing tells that there are others.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from appservice.bot.people_words import in_order, nearest, search
from appservice.desks.reach import own_groups
from appservice.school_view import SchoolView
from school.domain.groups import Group
from school.domain.people import TEACHER, Person
from school.domain.rights import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnContacts:
    """Whom somebody writes to every day: the teachers of their groups, and the others in each."""

    teachers: Sequence[Person]
    groups: Mapping[str, Sequence[Person]]
    reaches_everybody: bool
    reaches_teachers: bool


class ContactsDesk:
    """Finds people for people."""

    def __init__(self, *, view: SchoolView) -> None:
        self._view = view

    def own(self, asking: Person) -> OwnContacts:
        """Those who share a group with somebody."""
        standing = self._view.now
        directory, rights = standing.policy.directory, standing.policy.rights
        groups = sorted(own_groups(standing, asking), key=lambda group: group.name)
        members = {group.id: self._allowed(asking, directory.members(group.id)) for group in groups}
        teachers = {one.id: one for people in members.values() for one in people if one.role == TEACHER}
        return OwnContacts(
            teachers=in_order(teachers.values()),
            groups={
                group.name: others
                for group in groups
                if (others := in_order(one for one in members[group.id] if one.role != TEACHER))
            },
            reaches_everybody=rights.holds(asking, Right.MESSAGE_EVERYONE),
            reaches_teachers=rights.holds(asking, Right.MESSAGE_TEACHERS),
        )

    async def find(self, asking: Person, words: str) -> Sequence[Person]:
        """Those whom `words` can mean, the most exact first."""
        return await asyncio.to_thread(self._find, asking, words)

    async def nearest(self, asking: Person, words: str) -> Person | None:
        """Somebody with a similar name, where nobody fits."""
        everybody = self._view.now.policy.directory.people
        return await asyncio.to_thread(lambda: nearest(words, self._allowed(asking, everybody)))

    def shared_groups(self, asking: Person, other: Person) -> Sequence[Group]:
        """What tells two people of one name apart: the groups that both are in; all of them for who may know."""
        groups = self._view.now.policy.directory.groups
        all_of_them = self._view.now.policy.rights.holds(asking, Right.WRITE_TO_GROUPS)
        shown = other.groups if all_of_them else other.groups & asking.groups
        return sorted((groups[one] for one in shown if one in groups), key=lambda group: group.name)

    def _find(self, asking: Person, words: str) -> Sequence[Person]:
        return search(words, self._allowed(asking, self._view.now.policy.directory.people))

    def _allowed(self, asking: Person, people: Iterable[Person]) -> list[Person]:
        may_message = self._view.now.policy.may_message
        return [other for other in people if other != asking and may_message(asking.user_id, other.user_id)]
