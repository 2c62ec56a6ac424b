"""Any CSV file, by a mapping in school.yaml that says what its columns are called and what its words mean.

One row is one person. Only a guardian may have several rows, one for each child; they must say the same name. A word
that the mapping does not know is an error, so that a new word in the register never silently removes people.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain

from roster_sync.sources.csv_files import Row, Table, read_table
from roster_sync.sources.extract import Extract
from roster_sync.sources.groups import groups_named_by
from roster_sync.sources.options import RegisterOptions
from school.config.register_csv import CsvColumns, CsvSource
from school.domain.people import GUARDIAN, TEACHER, PersonId, Role
from school.domain.roster import GroupKey, RegisterError, RosterPerson


def read_mapped_csv(source: CsvSource, options: RegisterOptions) -> Extract:
    """Read one file.

    Raises:
        RegisterError: the file is missing or cannot be used as it is, or the mapping does not fit it.
    """
    columns = source.columns
    table = read_table(source.file, separator=source.separator, required=_names(columns))
    people: dict[PersonId, RosterPerson] = {}
    first: dict[PersonId, Row] = {}
    ward_places: dict[PersonId, str] = {}
    for row, role in _with_roles(source, table):
        person = _person(row, role, source, options)
        known_row = first.setdefault(person.id, row)
        if known_row is not row:
            person = _merged(people[person.id], person, row, known_row, columns)
        people[person.id] = person
        for ward in person.wards:
            ward_places.setdefault(ward, row.place(f"{columns.wards}"))
    if not people:
        raise RegisterError(f"{source.file.name}: everybody in it is left out; correct register.csv.left_out.")
    return Extract(
        source=source.file.name,
        persons=people,
        groups=groups_named_by(people.values(), options),
        doubts=table.doubts,
        places={ident: row.row for ident, row in first.items()},
        ward_places=ward_places,
    )


def _names(columns: CsvColumns) -> list[str]:
    single = (columns.id, columns.given_name, columns.family_name, columns.role, columns.leadership, columns.wards)
    return [name for name in chain(single, columns.groups) if name is not None]


def _with_roles(source: CsvSource, table: Table) -> Iterator[tuple[Row, Role]]:
    """The rows that count, with the role of each."""
    roles: Mapping[str, str] = {word.casefold(): role for word, role in source.roles.items()}
    left_out = {word.casefold() for word in source.left_out}
    for row in table.rows:
        if source.columns.role is None:
            yield row, Role(str(source.role))
            continue
        word = row.required(source.columns.role).casefold()
        if word in left_out:
            continue
        if word not in roles:
            advice = "this word is in neither register.csv.roles nor left_out; add it to one of them"
            raise row.error(source.columns.role, advice)
        yield row, Role(roles[word])


def _person(row: Row, role: Role, source: CsvSource, options: RegisterOptions) -> RosterPerson:
    columns = source.columns
    groups = {GroupKey(name) for column in columns.groups for name in row.several(column, source.list_separator)}
    wards = row.several(columns.wards, source.list_separator) if columns.wards and role == GUARDIAN else []
    mark = row.cell(columns.leadership) if columns.leadership else ""
    return RosterPerson(
        id=PersonId(row.required(columns.id)),
        given_name=row.required(columns.given_name),
        family_name=row.required(columns.family_name),
        role=role,
        groups=frozenset(groups),
        leadership=role == TEACHER and mark in options.leadership_marks,
        wards=frozenset(PersonId(ward) for ward in wards),
    )


def _merged(known: RosterPerson, person: RosterPerson, row: Row, known_row: Row, columns: CsvColumns) -> RosterPerson:
    """A guardian's further row; anybody else's is an error."""
    same = (known.role, known.given_name, known.family_name) == (person.role, person.given_name, person.family_name)
    if not (same and person.role == GUARDIAN and columns.wards):
        there = f"row {known_row.number}"
        raise row.error(columns.id, f"the same ID already stands in {there}; give each person an ID of their own")
    return replace(known, groups=known.groups | person.groups, wards=known.wards | person.wards)
