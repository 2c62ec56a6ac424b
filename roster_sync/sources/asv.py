"""The CSV file of ASV-BW: pupils and their classes. Teachers and guardians are not in it; another source has them.

Read are the pupil's number, the name by which the child is called, the family name and the class.
"""

from pathlib import Path
from typing import Final

from roster_sync.sources.csv_files import by_id, read_table
from roster_sync.sources.extract import Extract
from roster_sync.sources.groups import full_name
from roster_sync.sources.options import RegisterOptions
from school.domain.groups import GroupKind
from school.domain.people import STUDENT, PersonId
from school.domain.roster import GroupKey, RosterGroup, RosterPerson

_IDS: Final = ("Schülernummer", "Schuelernummer")
_GIVEN, _FAMILY, _CLASS = "Rufname", "Familienname", "Klasse"


def read_asv(file: Path, options: RegisterOptions) -> Extract:
    """Read the file.

    Raises:
        RegisterError: it is missing or cannot be used as it is.
    """
    table = read_table(file, separator=";", required=(_GIVEN, _FAMILY, _CLASS), one_of=_IDS)
    persons = {}
    groups = {}
    for ident, row in by_id(_IDS, table).items():
        name = full_name(row.required(_CLASS), GroupKind.CLASS, options)
        key = GroupKey(name)
        groups[key] = RosterGroup(key=key, name=name, kind=GroupKind.CLASS)
        persons[PersonId(ident)] = RosterPerson(
            id=PersonId(ident),
            given_name=row.required(_GIVEN),
            family_name=row.required(_FAMILY),
            role=STUDENT,
            groups=frozenset({key}),
        )
    places = {PersonId(row.cell(row.id_column(_IDS))): row.row for row in table.rows}
    return Extract(source=file.name, persons=persons, groups=groups, doubts=table.doubts, places=places)
