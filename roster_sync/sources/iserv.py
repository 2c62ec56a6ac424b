"""The CSV files that IServ exports and imports: schueler.csv, lehrer.csv and, where guardians take part, eltern.csv.

Names, role, groups and id leave this module; everything else in these files is not even looked at, but for two cases.
A guardian has no id in IServ: eltern.csv has a row per guardian and child. Rows with the same name and the same contact
data (the email, else the phone, else the address; where all are missing, the child's id) are one person. A keyed hash
of the two becomes the id, and the contact data is forgotten. And Export_Grouplist.csv, where it is there, names people
by their accounts; its groups count besides those in the files of people.

The id of a person is the first that is filled in of IServ's UUID, the "Interne ID" of older systems, and the Import-ID.
`Kind-ID` is a child's Import-ID; what is no Import-ID is looked up among the ids.
"""

import hashlib
import hmac
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from roster_sync.sources.csv_files import Row, Table, by_id, read_table
from roster_sync.sources.extract import Extract
from roster_sync.sources.files import Place
from roster_sync.sources.groups import groups_named_by
from roster_sync.sources.options import RegisterOptions, enumerate_briefly
from school.domain.people import GUARDIAN, STUDENT, TEACHER, PersonId, Role, display_name
from school.domain.roster import GroupKey, RosterPerson, hashed_id

_PUPILS, _TEACHERS, _GUARDIANS = "schueler.csv", "lehrer.csv", "eltern.csv"
ISERV_FILES: Final = (_PUPILS, _TEACHERS, _GUARDIANS)
_GROUP_LIST: Final = "Export_Grouplist.csv"

_IMPORT_ID, _GIVEN, _FAMILY, _INFORMATION, _GROUPS, _ACCOUNT = (
    "Import-ID",
    "Vorname",
    "Nachname",
    "Klasse/Information",
    "Gruppen",
    "Account",
)
_IDS: Final = ("UUID", "Interne ID", _IMPORT_ID)
_GROUP: Final = "Gruppe"
_CHILD: Final = "Kind-ID"
_EMAIL: Final = ("E-Mail", "Email", "E-Mail-Adresse")
_PHONE: Final = ("Telefonnummer", "Telefon", "Mobil")
_STREET: Final = ("Straße", "Strasse")
_FEWEST_DIGITS: Final = 5  # fewer are no phone number but a placeholder


def read_iserv(folder: Place, options: RegisterOptions) -> Extract:
    """Read the files. eltern.csv may be absent, some schools have no guardians in IServ, and so may the group list.

    Raises:
        RegisterError: a file is missing or cannot be used as it is.
    """
    listed = (folder / _GROUP_LIST).exists()
    names = (_GIVEN, _FAMILY, _ACCOUNT if listed else _GROUPS)
    pupils = read_table(folder / _PUPILS, separator=";", required=names, one_of=_IDS)
    teachers = read_table(folder / _TEACHERS, separator=";", required=(*names, _INFORMATION), one_of=_IDS)
    rows = by_id(_IDS, pupils, teachers)
    people = {
        PersonId(ident): _person(PersonId(ident), row, STUDENT if row.file == _PUPILS else TEACHER, options)
        for ident, row in rows.items()
    }
    accounts = [(row, PersonId(ident)) for ident, row in rows.items()]
    doubts = (*pupils.doubts, *teachers.doubts)
    ward_places: Mapping[PersonId, str] = {}
    if (folder / _GUARDIANS).exists():
        table, guardians = _guardians(folder / _GUARDIANS, options)
        people |= guardians
        accounts += [(row, _guardian_id(row, options)) for row in table.rows if row.cell(_ACCOUNT)]
        doubts += _doubts_about(table, guardians)
        ward_places = _ward_places(table)
    if listed:
        group_list = read_table(folder / _GROUP_LIST, separator=";", required=(_GROUP, _ACCOUNT))
        people = _with_groups(people, group_list.rows, accounts)
        doubts += group_list.doubts
    return Extract(
        source=folder.name,
        persons=people,
        groups=groups_named_by(people.values(), options),
        doubts=doubts,
        places={PersonId(ident): row.row for ident, row in rows.items()},
        ward_places=ward_places,
        child_ids=_child_ids(rows),
    )


def read_guardians(file: Path, options: RegisterOptions) -> Extract:
    """Read the guardians' file alone: the children may be in another source.

    Raises:
        RegisterError: the file is missing or cannot be used as it is.
    """
    table, guardians = _guardians(file, options)
    return Extract(
        source=file.name,
        persons=guardians,
        groups=groups_named_by(guardians.values(), options),
        doubts=_doubts_about(table, guardians),
        ward_places=_ward_places(table),
    )


def _person(ident: PersonId, row: Row, role: Role, options: RegisterOptions) -> RosterPerson:
    return RosterPerson(
        id=ident,
        given_name=row.required(_GIVEN),
        family_name=row.required(_FAMILY),
        role=role,
        groups=_groups(row),
        leadership=role == TEACHER and row.cell(_INFORMATION) in options.leadership_marks,
        login=options.login(row.text(_ACCOUNT)),
    )


def _child_ids(rows: Mapping[str, Row]) -> Mapping[PersonId, PersonId]:
    """Whose Import-ID is whose id: guardians' rows name children by it, even where they have a better one."""
    found: dict[PersonId, PersonId] = {}
    first: dict[PersonId, Row] = {}
    for ident, row in rows.items():
        if row.file == _PUPILS and (import_id := PersonId(row.text(_IMPORT_ID))):
            if (known := first.setdefault(import_id, row)) is not row:
                raise row.error(_IMPORT_ID, f"the same ID already stands in row {known.number}; give each their own")
            found[import_id] = PersonId(ident)
    return found


def _with_groups(
    people: Mapping[PersonId, RosterPerson], rows: Sequence[Row], accounts: Iterable[tuple[Row, PersonId]]
) -> dict[PersonId, RosterPerson]:
    """The people with the groups of the group list."""
    owner: dict[str, PersonId] = {}
    for row, ident in accounts:
        account = row.cell(_ACCOUNT).casefold()
        if account and owner.setdefault(account, ident) != ident:
            raise row.error(_ACCOUNT, "this account already stands in another row; export the files anew, together")
    groups: defaultdict[PersonId, set[GroupKey]] = defaultdict(set)
    for row in rows:
        if (found := owner.get(row.required(_ACCOUNT).casefold())) is None:
            raise row.error(_ACCOUNT, "nobody has this account; export all files anew, together, or take the row out")
        groups[found].add(GroupKey(row.required(_GROUP)))
    return {ident: replace(person, groups=person.groups | groups[ident]) for ident, person in people.items()}


def _groups(row: Row) -> frozenset[GroupKey]:
    return frozenset(GroupKey(name) for name in row.several(_GROUPS, ";"))


def _guardians(file: Place, options: RegisterOptions) -> tuple[Table, dict[PersonId, RosterPerson]]:
    table = read_table(file, separator=";", required=(_GIVEN, _FAMILY, _CHILD))
    found: dict[PersonId, RosterPerson] = {}
    for row in table.rows:
        child = PersonId(row.required(_CHILD))
        given, family = row.required(_GIVEN), row.required(_FAMILY)
        ident = _guardian_id(row, options)
        login = options.login(row.text(_ACCOUNT))
        new = RosterPerson(id=ident, given_name=given, family_name=family, role=GUARDIAN, login=login)
        known = found.get(ident, new)
        found[ident] = replace(known, groups=known.groups | _groups(row), wards=known.wards | {child})
    return table, found


def _ward_places(table: Table) -> Mapping[PersonId, str]:
    return {PersonId(row.cell(_CHILD)): row.place(_CHILD) for row in reversed(table.rows)}


def _guardian_id(row: Row, options: RegisterOptions) -> PersonId:
    parts = (row.cell(_GIVEN), row.cell(_FAMILY), *_contact(row))
    canonical = "\x1f".join(_canonical(part) for part in parts)
    digest = hmac.digest(options.identity_key, canonical.encode(), hashlib.sha256)
    return hashed_id(digest)


def _canonical(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _contact(row: Row) -> tuple[str, str]:
    """What tells a guardian from others of the same name, and which kind of contact data it is."""
    email, phone, street = (next(filter(None, map(row.cell, names)), "") for names in (_EMAIL, _PHONE, _STREET))
    if "@" in email:
        return "email", email
    digits = re.sub(r"[^\d+]", "", phone)
    if len(digits) >= _FEWEST_DIGITS:
        return "phone", re.sub(r"^00", "+", digits)
    if any(char.isalnum() for char in street):
        return "address", f"{street} {row.cell('PLZ')}"
    return "child", row.cell(_CHILD)


def _doubts_about(table: Table, guardians: Mapping[PersonId, RosterPerson]) -> tuple[str, ...]:
    doubts = [*table.doubts]
    namesakes = defaultdict(list)
    for person in guardians.values():
        name = display_name(person.given_name, person.family_name)
        namesakes[_canonical(name)].append((name, enumerate_briefly(sorted(person.wards))))
    for people in namesakes.values():
        if len(people) > 1:
            children = "; ".join(wards for _, wards in people)
            doubts.append(
                f"{_GUARDIANS} has {len(people)} people named {people[0][0]} (children: {children}), told apart by "
                f"their contact data; if they are one person, write the same contact data in all their rows."
            )
    if _GROUPS.casefold() not in table.columns:
        doubts.append(f"{_GUARDIANS} has no column {_GROUPS}, so the guardians are in no group.")
    return tuple(doubts)
