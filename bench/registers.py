"""Invented registers for the benches, as IServ files."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

_HEADER: Final = "Import-ID;Vorname;Nachname;Klasse/Information;Account;Gruppen"


def write_iserv(
    folder: Path,
    *,
    pupils: Mapping[str, Iterable[str]],
    teachers: Mapping[str, Iterable[str]],
    guardians: Mapping[str, Iterable[str]] | None = None,
) -> Path:
    """People by their ids, with the names of their groups; guardians by name, with the ids of their children."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, people in (("schueler.csv", pupils), ("lehrer.csv", teachers)):
        rows = [f'{ident};Vorname{ident};Nachname{ident};;;"{";".join(groups)}"' for ident, groups in people.items()]
        (folder / name).write_text("\n".join([_HEADER, *rows]) + "\n", encoding="utf-8")
    rows = [
        f"{name};Nachname;{child};{name}@example.org;Sorgeberechtigte"
        for name, children in (guardians or {}).items()
        for child in children
    ]
    if rows:
        header = "Vorname;Nachname;Kind-ID;E-Mail;Gruppen"
        (folder / "eltern.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return folder
