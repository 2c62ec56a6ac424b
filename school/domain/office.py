"""The office: the group in whose room the bot says who will be absent.

That is for those only who look after absences. A group that pupils or guardians are in cannot be the office, whatever
school.yaml says; nor can one that nobody is in, because then nobody would read it.
"""

from enum import Enum, auto

from school.domain.directory import Directory
from school.domain.groups import Group
from school.domain.people import GUARDIAN, STUDENT


class NoOffice(Enum):
    """Why there is no office."""

    NOT_NAMED = auto()
    NO_SUCH_GROUP = auto()
    NOBODY_IN_IT = auto()
    NOT_FOR_STAFF_ALONE = auto()


def find_office(directory: Directory, name: str | None) -> Group | NoOffice:
    """The office among the groups, by the name that school.yaml gives."""
    if name is None:
        return NoOffice.NOT_NAMED
    found = [group for group in directory.groups.values() if group.name.casefold() == name.casefold()]
    if len(found) != 1:
        return NoOffice.NO_SUCH_GROUP
    roles = {person.role for person in directory.members(found[0].id)}
    if not roles:
        return NoOffice.NOBODY_IN_IT
    return found[0] if roles.isdisjoint({STUDENT, GUARDIAN}) else NoOffice.NOT_FOR_STAFF_ALONE
