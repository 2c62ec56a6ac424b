"""The file of ASV-BW: pupils and classes, to be used with another source."""

from functools import partial
from pathlib import Path

import pytest
from register_formats import rows_of, write_rows

from roster_sync.sources import RegisterOptions, read_files, read_sources
from roster_sync.sources.asv import read_asv
from roster_sync.sources.iserv import read_guardians
from school.domain.groups import GroupKind
from school.domain.people import STUDENT
from school.domain.roster import RegisterError

PUPILS = "Schülernummer;Rufname;Familienname;Klasse\n4711;Anna;Koch;8a\n4712;Jörg;Groß;8b\n"


def refusal(file: Path, options) -> str:
    with pytest.raises(RegisterError) as caught:
        read_sources([partial(read_asv, file)], options)
    return str(caught.value)


@pytest.mark.parametrize("column", ["Schülernummer", "Schuelernummer"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_pupils_and_classes_are_read(tmp_path, options, column, encoding):
    (tmp_path / "asv.csv").write_bytes(PUPILS.replace("Schülernummer", column).encode(encoding))
    extract = read_asv(tmp_path / "asv.csv", options)
    assert {ident: (one.given_name, one.role, set(one.groups)) for ident, one in extract.persons.items()} == {
        "4711": ("Anna", STUDENT, {"Klasse 8a"}),
        "4712": ("Jörg", STUDENT, {"Klasse 8b"}),
    }
    assert {group.kind for group in extract.groups.values()} == {GroupKind.CLASS}


def test_a_class_whose_name_the_schools_patterns_know_keeps_it(tmp_path):
    (tmp_path / "asv.csv").write_text(PUPILS)
    options = RegisterOptions(identity_key=b"k", group_kinds=((r"\d+[a-z]$", GroupKind.CLASS),))
    assert set(read_asv(tmp_path / "asv.csv", options).groups) == {"8a", "8b"}


BROKEN = {
    "no id": (PUPILS.replace("4712", ""), "asv.csv, row 3, column Schülernummer: this cell is empty"),
    "an id twice": (PUPILS.replace("4712", "4711"), "asv.csv, row 3, column Schülernummer: the same ID"),
    "no class": (PUPILS.replace("8b", ""), "asv.csv, row 3, column Klasse: this cell is empty"),
    "no column": (PUPILS.replace("Rufname", "Vorname"), "asv.csv, row 1: the column Rufname is missing"),
    "no numbers": (PUPILS.replace("Schülernummer", "Nr"), "asv.csv, row 1: the column Schuelernummer is missing"),
    "nobody": (PUPILS.splitlines()[0], "asv.csv, row 2: there is nobody"),
    "only pupils": (PUPILS, "The register has nobody with the role teacher"),
}


@pytest.mark.parametrize(("text", "sentence"), BROKEN.values(), ids=BROKEN)
def test_one_thing_broken_in_the_file(tmp_path, options, text, sentence):
    (tmp_path / "asv.csv").write_text(text)
    assert refusal(tmp_path / "asv.csv", options).startswith(sentence)


def test_pupils_of_asv_are_in_the_classes_of_the_other_source(registers, tmp_path, options):
    """The school of the tests, its pupils once more from ASV: nothing changes."""
    folder = registers / "oberschule" / "iserv"
    pupils = [
        {"Schülernummer": row["Import-ID"], "Rufname": row["Vorname"], "Familienname": row["Nachname"]}
        | {"Klasse": row["Klasse/Information"]}
        for row in rows_of(folder / "schueler.csv")
    ]
    asv = partial(read_asv, write_rows(tmp_path / "asv.csv", pupils))
    alone = read_sources([partial(read_files, folder)], options)
    assert read_sources([partial(read_files, folder), asv], options) == alone
    with_guardians = read_sources(
        [asv, partial(read_files, folder), partial(read_guardians, folder / "eltern.csv")], options
    )
    assert with_guardians.persons == alone.persons
