"""The CSV files that IServ exports and imports: schueler.csv, lehrer.csv and, where guardians take part, eltern.csv.

Names, role, groups and id leave this module; everything else in these files is not even looked at, but for one case.
A guardian has no id in IServ: eltern.csv has a row per guardian and child. Rows with the same name and the same contact
data (the email, else the phone, else the address; where all are missing, the child's id) are one person. A keyed hash
of the two becomes the id, and the contact data is forgotten.
"""

import hashlib
import hmac
import re
import unicodedata
from base64 import b32encode
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from roster_sync.sources.csv_files import Row, Table, by_id, read_table
from roster_sync.sources.options import RegisterOptions, enumerate_briefly
from school.domain.people import GUARDIAN, STUDENT, TEACHER, PersonId, Role, display_name
from school.domain.roster import GroupKey, Roster, RosterGroup, RosterPerson

_PUPILS, _TEACHERS, _GUARDIANS = "schueler.csv", "lehrer.csv", "eltern.csv"
ISERV_FILES: Final = (_PUPILS, _TEACHERS, _GUARDIANS)

_ID, _GIVEN, _FAMILY, _INFORMATION, _GROUPS = (
    "Import-ID",
    "Vorname",
    "Nachname",
    "Klasse/Information",
    "Gruppen",
)
_CHILD: Final = "Kind-ID"
_EMAIL: Final = ("E-Mail", "Email", "E-Mail-Adresse")
_PHONE: Final = ("Telefonnummer", "Telefon", "Mobil")
_STREET: Final = ("Straße", "Strasse")
_FEWEST_DIGITS: Final = 5  # fewer are no phone number but a placeholder


def read_iserv(folder: Path, options: RegisterOptions) -> Roster:
    """Read the three files. eltern.csv may be absent: some schools have no guardians in IServ.

    Raises:
        RegisterError: a file is missing or cannot be used as it is.
    """
    names = (_ID, _GIVEN, _FAMILY, _GROUPS)
    pupils = read_table(folder / _PUPILS, separator=";", required=names)
    teachers = read_table(folder / _TEACHERS, separator=";", required=(*names, _INFORMATION))
    by_id(_ID, pupils, teachers)
    people = [_person(row, STUDENT, options) for row in pupils.rows]
    people += [_person(row, TEACHER, options) for row in teachers.rows]
    doubts = (*pupils.doubts, *teachers.doubts)
    if (folder / _GUARDIANS).exists():
        table = read_table(folder / _GUARDIANS, separator=";", required=(_GIVEN, _FAMILY, _CHILD))
        guardians = _guardians(table.rows, {row.required(_ID) for row in pupils.rows}, options)
        people += guardians.values()
        doubts = (*doubts, *table.doubts, *_doubts_about(guardians.values()), *_doubt_about_groups(table))
    groups = sorted({key for person in people for key in person.groups})
    return Roster(
        persons={person.id: person for person in people},
        groups={key: RosterGroup(key=key, name=key, kind=options.kind_of(key)) for key in groups},
        doubts=doubts,
    )


def _person(row: Row, role: Role, options: RegisterOptions) -> RosterPerson:
    return RosterPerson(
        id=PersonId(row.required(_ID)),
        given_name=row.required(_GIVEN),
        family_name=row.required(_FAMILY),
        role=role,
        groups=_groups(row),
        leadership=role == TEACHER and row.cell(_INFORMATION) in options.leadership_marks,
    )


def _groups(row: Row) -> frozenset[GroupKey]:
    return frozenset(GroupKey(name) for name in row.several(_GROUPS, ";"))


def _guardians(rows: Iterable[Row], pupil_ids: set[str], options: RegisterOptions) -> Mapping[PersonId, RosterPerson]:
    found: dict[PersonId, RosterPerson] = {}
    for row in rows:
        child = row.required(_CHILD)
        if child not in pupil_ids:
            raise row.error(_CHILD, f"no pupil in {_PUPILS} has this ID; correct it or remove the row")
        given, family = row.required(_GIVEN), row.required(_FAMILY)
        ident = _guardian_id(options.identity_key, given, family, *_contact(row))
        new = RosterPerson(id=ident, given_name=given, family_name=family, role=GUARDIAN)
        known = found.get(ident, new)
        wards = known.wards | {PersonId(child)}
        found[ident] = replace(known, groups=known.groups | _groups(row), wards=wards)
    return found


def _guardian_id(identity_key: bytes, *parts: str) -> PersonId:
    canonical = "\x1f".join(_canonical(part) for part in parts)
    digest = hmac.digest(identity_key, canonical.encode(), hashlib.sha256)
    return PersonId("g-" + b32encode(digest).decode().lower()[:20])


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


def _doubts_about(guardians: Iterable[RosterPerson]) -> Iterable[str]:
    namesakes = defaultdict(list)
    for person in guardians:
        name = display_name(person.given_name, person.family_name)
        namesakes[_canonical(name)].append((name, enumerate_briefly(sorted(person.wards))))
    for people in namesakes.values():
        if len(people) > 1:
            children = "; ".join(wards for _, wards in people)
            yield (
                f"{_GUARDIANS} has {len(people)} people named {people[0][0]} (children: {children}), told apart by "
                f"their contact data; if they are one person, write the same contact data in all their rows."
            )


def _doubt_about_groups(table: Table) -> Iterable[str]:
    if _GROUPS.casefold() not in table.columns:
        yield f"{_GUARDIANS} has no column {_GROUPS}, so the guardians are in no group."
