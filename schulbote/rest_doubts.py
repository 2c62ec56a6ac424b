"""What may be wrong with the section `rest` of school.yaml though it can be used, for `schulbote check`."""

from collections.abc import Iterator
from datetime import date
from fnmatch import fnmatchcase

from appservice.free_days import end_of_known_holidays, free_days
from school.config import Settings
from school.domain.directory import Directory
from school.domain.office import NoOffice, find_office
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
    names = [group.name for group in directory.groups.values() if group.in_register]
    for pattern in settings.rest.groups:
        if not any(fnmatchcase(name, pattern) for name in names):
            near = did_you_mean(pattern, names)
            yield f"{settings.rest.line('groups', pattern)} fits no group{f'; {near}' if near else '.'}"
    for person_id in settings.rest.persons:
        if directory.person_by_id(PersonId(person_id)) is None:
            near = did_you_mean(person_id, (person.id for person in directory.people))
            nobody = "fits nobody: there is no such id in the directory"
            yield f"{settings.rest.line('persons', person_id)} {nobody}{f'; {near}' if near else '.'}"


def office_in_doubt(settings: Settings, directory: Directory) -> Iterator[str]:
    """A sentence if the group that `rest.office` names cannot be the office (`school.domain.office`)."""
    name, line = settings.rest.office, settings.rest.line("office")
    match find_office(directory, name):
        case NoOffice.NO_SUCH_GROUP:
            near = did_you_mean(name or "", (group.name for group in directory.groups.values()))
            yield f"{line} names no group of the register{f'; {near}' if near else '.'}"
        case NoOffice.NOBODY_IN_IT:
            yield f"{line} names a group with nobody in it, who could read who is absent."
        case NoOffice.NOT_FOR_STAFF_ALONE:
            yield f"{line} names a group with pupils or guardians in it; name one in which only staff is."


def names_rest(settings: Settings) -> bool:
    """Whether the section `rest` names a group or a person, who can be missing."""
    return bool(settings.rest.groups or settings.rest.persons or settings.rest.office)
