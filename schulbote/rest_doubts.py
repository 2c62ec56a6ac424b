"""What may be wrong with the section `rest` of school.yaml though it can be used, for `schulbote check`."""

from collections.abc import Iterator
from datetime import date
from fnmatch import fnmatchcase

from appservice.free_days import end_of_known_holidays, free_days
from school.config import Settings
from school.domain.directory import Directory
from school.domain.people import PersonId
from schulbote.named import did_you_mean


def doubts_of_days(settings: Settings, today: date) -> Iterator[str]:
    """Holidays that are soon no longer known.

    Raises:
        CalendarFileError: a calendar file cannot be used.
        UnknownHolidaysError: nobody knows the holidays of the place that school.yaml names.
    """
    free_days(settings, today)
    if ending := end_of_known_holidays(settings, today):
        yield ending


def rest_for_nobody(settings: Settings, directory: Directory) -> Iterator[str]:
    """A sentence for every group pattern that fits no group and every person who is not in the directory."""
    names = [group.name for group in directory.groups.values()]
    for pattern in settings.rest.groups:
        if not any(fnmatchcase(name, pattern) for name in names):
            near = did_you_mean(pattern, names)
            yield f"{settings.rest.line('groups', pattern)} fits no group{f'; {near}' if near else '.'}"
    for person_id in settings.rest.persons:
        if directory.person_by_id(PersonId(person_id)) is None:
            near = did_you_mean(person_id, (person.id for person in directory.people))
            nobody = "fits nobody: there is no such id in the directory"
            yield f"{settings.rest.line('persons', person_id)} {nobody}{f'; {near}' if near else '.'}"


def names_rest(settings: Settings) -> bool:
    """Whether the section `rest` names a group or a person, who can be missing."""
    return bool(settings.rest.groups or settings.rest.persons)
