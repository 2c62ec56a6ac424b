"""Where a school's people come from: one reader for each kind of source, none knowing another.

A reader reads all of its source and returns an `Extract`, or raises `RegisterError`. `read_sources` puts together what
the readers of a school return. A school without teachers or without pupils is never believed.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeAlias

from roster_sync.sources.extract import Extract, combine
from roster_sync.sources.files import names_in, opened
from roster_sync.sources.iserv import ISERV_FILES, read_iserv
from roster_sync.sources.oneroster import ONEROSTER_FILES, read_oneroster
from roster_sync.sources.options import DEFAULT_GROUP_KINDS, RegisterOptions
from school.domain.people import STUDENT, TEACHER
from school.domain.roster import RegisterError, Roster

__all__ = ["DEFAULT_GROUP_KINDS", "Reader", "RegisterOptions", "read_files", "read_register", "read_sources"]

Reader: TypeAlias = Callable[[RegisterOptions], Extract]
"""Reads one source whole, or raises RegisterError."""


def read_sources(readers: Iterable[Reader], options: RegisterOptions) -> Roster:
    """Everybody in all sources of a school.

    Raises:
        RegisterError: a source cannot be used as it is, or they contradict each other.
    """
    roster = combine(read(options) for read in readers)
    return _believable(_with_added_roles(roster, options))


def read_register(path: Path, options: RegisterOptions) -> Roster:
    """Everybody in a folder or a zip, whichever of the known formats it has.

    Raises:
        RegisterError: it holds no register, two of them, or one that cannot be used as it is.
    """
    return read_sources([partial(read_files, path)], options)


def read_files(path: Path, options: RegisterOptions) -> Extract:
    """A folder or a zip as one source, whichever of the known formats it has.

    Raises:
        RegisterError: it holds no register, two of them, or one that cannot be used as it is.
    """
    what = f"The folder {path}" if path.is_dir() else f"{path}"
    with opened(path, (*ISERV_FILES, *ONEROSTER_FILES)) as folder:
        names = names_in(folder)
        iserv, oneroster = not names.isdisjoint(ISERV_FILES), not names.isdisjoint(ONEROSTER_FILES)
        if iserv and oneroster:
            raise RegisterError(f"{what} holds both IServ and OneRoster files; leave only one of the two in it.")
        if iserv:
            return read_iserv(folder, options)
        if oneroster:
            return read_oneroster(folder, options)
    raise RegisterError(
        f"{what} holds no register; put either the IServ files {', '.join(ISERV_FILES)} "
        f"or a OneRoster bundle with {', '.join(ONEROSTER_FILES)} into it."
    )


def _with_added_roles(roster: Roster, options: RegisterOptions) -> Roster:
    """The roster with the roles that only the school knows. They are given to nobody but those whom the register calls
    teachers: no group that pupils can be put into makes them something else."""
    roles = {key: role for key, group in roster.groups.items() if (role := options.added_role_of(group.name))}
    if not roles:
        return roster
    persons = dict(roster.persons)
    for person in roster.persons.values():
        given = sorted(roles[key] for key in person.groups & roles.keys())
        if given and person.role == TEACHER:
            persons[person.id] = replace(person, role=given[0])
    return replace(roster, persons=persons)


def _believable(roster: Roster) -> Roster:
    roles = {person.role for person in roster.persons.values()}
    for role in (TEACHER, STUDENT):
        if role not in roles:
            raise RegisterError(f"The register has nobody with the role {role}; export it again, with everybody in it.")
    return roster
