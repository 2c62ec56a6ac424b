"""The schools of tests/registers in further formats, made from the files that are there."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from roster_sync.sources import Reader, read_files
from roster_sync.sources.iserv import read_guardians
from roster_sync.sources.mapped_csv import read_mapped_csv
from school.config.register_csv import CsvSource
from school.config.source import Source

Readers = tuple[Reader, ...]


def mapping(**keys: Any) -> CsvSource:
    """A section of register.csv, as school.yaml would say it."""
    return CsvSource.model_validate_json(json.dumps(keys, default=str), context=Source(Path("school.yaml"), {}, {}))


def rows_of(file: Path, separator: str = ";") -> list[dict[str, str]]:
    """The rows of a file that is UTF-8."""
    return list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"), newline=""), delimiter=separator))


def write_rows(file: Path, rows: list[dict[str, str]], separator: str = ";", encoding: str = "utf-8") -> Path:
    """A file with such rows. What an encoding does not have becomes a question mark, as in an office's export."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), delimiter=separator)
    writer.writeheader()
    writer.writerows(rows)
    file.write_bytes(text.getvalue().encode(encoding, errors="replace"))
    return file


def zipped(folder: Path, file: Path, inside: str = "") -> Path:
    """A zip file with what is in a folder."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in sorted(folder.iterdir()):
            archive.write(entry, inside + entry.name)
    return file


def iserv(encoding: str, school: Path, folder: Path) -> Readers:
    """IServ's files in another encoding."""
    for name in ("schueler.csv", "lehrer.csv", "eltern.csv"):
        write_rows(folder / name, rows_of(school / "iserv" / name), encoding=encoding)
    return (partial(read_files, folder),)


def iserv_export(school: Path, folder: Path) -> Readers:
    """What IServ exports: no Gruppen in the files of people, but a group list. Their only id is the Import-ID."""
    listed = []
    for name in ("schueler.csv", "lehrer.csv"):
        rows = []
        for row in rows_of(school / "iserv" / name):
            account = row["Import-ID"].lower()
            listed += [
                {"Gruppe": group, "Nachname": row["Nachname"], "Vorname": row["Vorname"], "Account": account}
                for group in row["Gruppen"].split(";")
            ]
            rows.append(
                {"Account": account.upper(), "Vorname": row["Vorname"], "Nachname": row["Nachname"], "Status": "aktiv"}
                | {"UUID": "", "Benutzertyp": name, "Import-ID": row["Import-ID"]}
                | {"Klasse/Information": row["Klasse/Information"], "E-Mail-Adresse": row["Email"]}
            )
        write_rows(folder / name, rows)
    write_rows(folder / "Export_Grouplist.csv", listed)
    (folder / "eltern.csv").write_bytes((school / "iserv" / "eltern.csv").read_bytes())
    return (partial(read_files, folder),)


def oneroster_1_2(school: Path, folder: Path) -> Readers:
    """The bundle as version 1.2: the role stands in roles.csv."""
    for file in (school / "oneroster").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    users = rows_of(folder / "users.csv", ",")
    roles = [
        {"sourcedId": f"r{number}", "status": "active", "dateLastModified": "", "userSourcedId": user["sourcedId"]}
        | {"roleType": "primary", "role": user["role"].replace("administrator", "principal")}
        | {"beginDate": "", "endDate": "", "orgSourcedId": "org-1", "userProfileSourcedId": ""}
        for number, user in enumerate(users)
    ]
    write_rows(folder / "roles.csv", roles, ",")
    write_rows(folder / "users.csv", [{k: v for k, v in user.items() if k != "role"} for user in users], ",")
    manifest = [row for row in rows_of(folder / "manifest.csv", ",") if row["propertyName"] != "file.roles"]
    for row in manifest:
        row["value"] = "1.2" if row["propertyName"] == "oneroster.version" else row["value"]
    write_rows(folder / "manifest.csv", [*manifest, {"propertyName": "file.roles", "value": "bulk"}], ",")
    return (partial(read_files, folder),)


def zip_of(name: str, inside: str, school: Path, folder: Path) -> Readers:
    """One of the folders of the school as a zip."""
    return (partial(read_files, zipped(school / name, folder / "register.zip", inside)),)


def mapped_files(school: Path, folder: Path) -> Readers:
    """IServ's own files by a mapping; the guardians by the reader that knows their file."""
    columns = {"id": "Import-ID", "given_name": "Vorname", "family_name": "Nachname", "groups": ["Gruppen"]}
    pupils = mapping(file=school / "iserv" / "schueler.csv", columns=columns, role="student", list_separator=";")
    columns |= {"leadership": "Klasse/Information"}
    teachers = mapping(file=school / "iserv" / "lehrer.csv", columns=columns, role="teacher", list_separator=";")
    return (
        partial(read_mapped_csv, pupils),
        partial(read_mapped_csv, teachers),
        partial(read_guardians, school / "iserv" / "eltern.csv"),
    )


def mapped_file(school: Path, folder: Path) -> Readers:
    """Everybody in one file: a word for the role, a column for each of two groups, a row for a guardian's child."""
    answer = json.loads((school / "expected.json").read_text())
    names = {group["id"]: group["name"] for group in answer["groups"]}
    words = {"teacher": "Lehrkraft", "student": "Schüler", "guardian": "Eltern"}
    rows = []
    for person in answer["persons"]:
        first, *others = [names[group] for group in person["groups"]] or [""]
        rows += [
            {"Nr": person["id"], "Vor": person["given"], "Nach": person["family"], "Art": words[person["role"]]}
            | {"Gruppe": first, "Weitere": "|".join(others), "Kind": ward, "Mail": "x@example.org"}
            | {"Amt": "Schulleitung" if person.get("leadership") else ""}
            for ward in answer["wards"].get(person["id"], [""])
        ]
    columns = {"id": "Nr", "given_name": "Vor", "family_name": "Nach", "groups": ["Gruppe", "Weitere"]}
    source = mapping(
        file=write_rows(folder / "alle.csv", rows, "\t"),
        separator="\t",
        list_separator="|",
        columns=columns | {"role": "Art", "leadership": "Amt", "wards": "Kind"},
        roles={word: role for role, word in words.items()},
    )
    return (partial(read_mapped_csv, source),)


FORMATS: dict[str, Callable[[Path, Path], Readers]] = {
    "IServ, UTF-8 with a byte order mark": lambda school, _: (partial(read_files, school / "iserv"),),
    "IServ, UTF-8": partial(iserv, "utf-8"),
    "IServ, Windows-1252": partial(iserv, "cp1252"),
    "IServ, ISO 8859-15": partial(iserv, "iso8859-15"),
    "IServ, export with a group list": iserv_export,
    "IServ, zip": partial(zip_of, "iserv", ""),
    "OneRoster 1.1": lambda school, _: (partial(read_files, school / "oneroster"),),
    "OneRoster 1.1, zip": partial(zip_of, "oneroster", ""),
    "OneRoster 1.1, zip with a folder": partial(zip_of, "oneroster", "export/"),
    "OneRoster 1.2": oneroster_1_2,
    "mapped CSV, a file for each role": mapped_files,
    "mapped CSV, one file": mapped_file,
}
"""What each is called, and how its readers are had for a school; the folder is empty and theirs."""

ENCODINGS = {"IServ, Windows-1252": "cp1252", "IServ, ISO 8859-15": "iso8859-15"}
"""Those that cannot express every name of the schools."""
