"""Where a school's people come from: the files of its register.

`read_register` looks at what a folder holds and reads all of it, or raises `RegisterError` and returns nothing.
A school without teachers or without pupils is never believed.
"""

from dataclasses import replace
from pathlib import Path

from roster_sync.sources.iserv import ISERV_FILES, read_iserv
from roster_sync.sources.oneroster import ONEROSTER_FILES, read_oneroster
from roster_sync.sources.options import DEFAULT_GROUP_KINDS, RegisterOptions
from school.domain.people import STUDENT, TEACHER
from school.domain.roster import RegisterError, Roster

__all__ = ["DEFAULT_GROUP_KINDS", "RegisterOptions", "read_register"]


def read_register(folder: Path, options: RegisterOptions) -> Roster:
    """Read the register in a folder, whichever of the known formats it has.

    Raises:
        RegisterError: the folder holds no register, two of them, or one that cannot be used as it is.
    """
    iserv, oneroster = _holds(folder, ISERV_FILES), _holds(folder, ONEROSTER_FILES)
    if iserv and oneroster:
        raise RegisterError(
            f"The folder {folder} holds both IServ and OneRoster files; leave only one of the two in it."
        )
    if iserv:
        return _believable(_with_added_roles(read_iserv(folder, options), options))
    if oneroster:
        return _believable(_with_added_roles(read_oneroster(folder, options), options))
    raise RegisterError(
        f"The folder {folder} holds no register; put either the IServ files {', '.join(ISERV_FILES)} "
        f"or a OneRoster bundle with {', '.join(ONEROSTER_FILES)} into it."
    )


def _holds(folder: Path, names: tuple[str, ...]) -> bool:
    try:
        there = {entry.name for entry in folder.iterdir()}
    except FileNotFoundError:
        raise RegisterError(f"The folder {folder} does not exist; check the path of the register.") from None
    except NotADirectoryError:
        raise RegisterError(f"{folder} is no folder; give the folder with the register's files.") from None
    except OSError as error:
        raise RegisterError(f"The folder {folder} cannot be read ({error.strerror}).") from None
    return not there.isdisjoint(names)


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
