"""Any CSV file: the mapping says what its columns and words mean, and what it does not say is an error."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from register_formats import mapping

from roster_sync.sources import read_sources
from roster_sync.sources.extract import Extract
from roster_sync.sources.mapped_csv import read_mapped_csv
from school.domain.people import GUARDIAN, STUDENT, TEACHER
from school.domain.roster import RegisterError

PEOPLE = """Nr,Vor,Nach,Art,Klasse,Kurse,Amt,Kind,Mail
1,Ida,Groß,Lehrer,8a,"Chor|Mathe",Schulleitung,,secret@example.org
2,Jörg,Kaya,LEHRER,,,,,
S1,Anna,Koch,Schülerin,8a,Chor,Schulleitung,1,
G1,Eva,Koch,Mutter,,,,S1|S2,
S2,Ben,Braun,Schüler,8a,,,,
G1,Eva,Koch,Mutter,,,,S3,
S3,Lea,Braun,Schüler,8b,,,,
H1,Uwe,Wolf,Hausmeister,,,,,
"""
COLUMNS: dict[str, Any] = {
    "id": "Nr",
    "given_name": "Vor",
    "family_name": "Nach",
    "role": "Art",
    "groups": ["Klasse", "Kurse"],
    "leadership": "Amt",
    "wards": "Kind",
}
ROLES = {"Lehrer": "teacher", "Schüler": "student", "Schülerin": "student", "Mutter": "guardian"}
GOOD: dict[str, Any] = {
    "file": "alle.csv",
    "separator": ",",
    "list_separator": "|",
    "columns": COLUMNS,
    "roles": ROLES,
    "left_out": ["Hausmeister"],
}


def read(folder: Path, options, text: str | bytes = PEOPLE, **changed: Any) -> Extract:
    (folder / "alle.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_mapped_csv(mapping(**{**GOOD, **changed, "file": folder / "alle.csv"}), options)


def refusal(folder: Path, options, text: str | bytes = PEOPLE, **changed: Any) -> str:
    with pytest.raises(RegisterError) as caught:
        read_sources([lambda options: read(folder, options, text, **changed)], options)
    assert "@" not in str(caught.value)
    return str(caught.value)


def test_words_and_columns_mean_what_the_mapping_says(tmp_path, options):
    extract = read(tmp_path, options)
    assert {ident: (one.role, set(one.groups), set(one.wards)) for ident, one in extract.persons.items()} == {
        "1": (TEACHER, {"8a", "Chor", "Mathe"}, set()),
        "2": (TEACHER, set(), set()),
        "S1": (STUDENT, {"8a", "Chor"}, set()),
        "S2": (STUDENT, {"8a"}, set()),
        "S3": (STUDENT, {"8b"}, set()),
        "G1": (GUARDIAN, set(), {"S1", "S2", "S3"}),
    }
    assert [ident for ident, one in extract.persons.items() if one.leadership] == ["1"]
    assert extract.doubts == ()


def test_a_file_may_have_one_role_for_all(tmp_path, options):
    columns = {"id": "Nr", "given_name": "Vor", "family_name": "Nach"}
    text = "Nr,Vor,Nach\n1,Ida,Groß\n"
    extract = read(tmp_path, options, text, columns=columns, role="teacher", roles={}, left_out=[])
    assert [person.role for person in extract.persons.values()] == [TEACHER]


def test_a_word_that_nobody_mapped_is_an_error(tmp_path, options):
    assert refusal(tmp_path, options, left_out=[]) == (
        "alle.csv, row 9, column Art: this word is in neither register.csv.roles nor left_out; add it to one of them."
    )


def test_a_file_in_which_everybody_is_left_out_is_an_error(tmp_path, options):
    text = refusal(tmp_path, options, left_out=["Hausmeister", *ROLES])
    assert text == "alle.csv: everybody in it is left out; correct register.csv.left_out."


@pytest.mark.parametrize("column", ["Nr", "Vor", "Nach", "Art", "Klasse", "Kurse", "Amt", "Kind"])
def test_a_mapped_column_that_the_file_lacks_is_named(tmp_path, options, column):
    text = refusal(tmp_path, options, PEOPLE.replace(column, "x", 1))
    assert text == f"alle.csv, row 1: the column {column} is missing; export the file with it."


SECOND_ROWS = {
    "a pupil's": PEOPLE.replace("S2,Ben,Braun", "S1,Anna,Koch"),
    "a guardian's with another name": PEOPLE.replace("G1,Eva,Koch,Mutter,,,,S3", "G1,Eva,Kaya,Mutter,,,,S3"),
    "a guardian's who is a teacher there": PEOPLE.replace("G1,Eva,Koch,Mutter,,,,S3", "G1,Eva,Koch,Lehrer,,,,"),
}


@pytest.mark.parametrize("text", SECOND_ROWS.values(), ids=SECOND_ROWS)
def test_a_second_row_with_the_same_id_is_an_error(tmp_path, options, text):
    said = refusal(tmp_path, options, text)
    assert "column Nr: the same ID already stands in row" in said
    assert said.startswith("alle.csv, row ")


def test_a_child_that_is_nowhere_is_named_by_its_place(tmp_path, options):
    text = refusal(tmp_path, options, PEOPLE.replace("S3,Lea", "S4,Lea"))
    assert text == "alle.csv, row 7, column Kind: no pupil has this ID; correct it or take it out."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "iso8859-15"])
def test_the_encoding_is_recognised(tmp_path, options, encoding):
    extract = read(tmp_path, options, PEOPLE.encode(encoding))
    assert (extract.persons["1"].family_name, extract.persons["2"].given_name) == ("Groß", "Jörg")
    assert len(extract.doubts) == (0 if encoding.startswith("utf-8") else 1)


BROKEN = {
    "control_characters": "row 2, column Vorname: there is an invisible control character",
    "duplicate_id": "row 3, column Import-ID: the same ID already stands in row 2",
    "empty": "row 1: the file is empty",
    "empty_name": "row 2, column Vorname: this cell is empty",
    "header_only": "row 2: there is nobody and nothing in it",
    "missing_column": "row 1: the column Nachname is missing",
    "truncated": "row 2, column Gruppen: a quotation mark is never closed",
    "wrong_separator": "row 1: commas separate the columns; save it with semicolons",
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_file_is_refused_in_one_sentence(registers, options, broken):
    columns = {"id": "Import-ID", "given_name": "Vorname", "family_name": "Nachname", "groups": ["Gruppen"]}
    source = mapping(file=registers / "broken" / f"{broken}.csv", columns=columns, role="student")
    with pytest.raises(RegisterError) as caught:
        read_sources([partial(read_mapped_csv, source)], options)
    assert str(caught.value).startswith(f"{broken}.csv, {BROKEN[broken]}")


WRONG_MAPPINGS = {
    "no role at all": ({"columns": {**COLUMNS, "role": None}, "roles": {}, "left_out": []}, "either role"),
    "a role and a column": ({"role": "student"}, "either role"),
    "a column without words": ({"roles": {}}, "needs roles"),
    "words without a column": ({"columns": {**COLUMNS, "role": None}, "role": "student"}, "but no columns.role"),
    "a role that registers do not have": ({"roles": {"x": "boss"}}, "'teacher', 'student' or 'guardian'"),
    "an unknown separator": ({"separator": ":"}, "Input should be"),
    "no id": ({"columns": {"given_name": "a", "family_name": "b"}}, "columns.id"),
}


@pytest.mark.parametrize(("changed", "said"), WRONG_MAPPINGS.values(), ids=WRONG_MAPPINGS)
def test_a_mapping_that_means_nothing_is_refused_with_the_configuration(changed, said):
    with pytest.raises(ValidationError, match=said):
        mapping(**{**GOOD, **changed})
