"""IServ's files: guardians without ids, and what offices really hand over."""

import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster_sync.sources import RegisterOptions, read_register
from school.domain.groups import GroupKind
from school.domain.people import GUARDIAN
from school.domain.roster import RegisterError, Roster

HEADER = "Import-ID;Vorname;Nachname;Klasse/Information;Account;Passwort;Email;Geburtsdatum;Gruppen\n"
PUPILS = (
    HEADER
    + 'S1;Anna;Koch;8.1;;;secret@example.org;01.02.2011;"Klasse 8.1;Jahrgang 8"\nS2;Ben;Braun;8.1;;;;;Klasse 8.1\n'
)
TEACHERS = HEADER + "T1;Ida;Groß;Schulleitung;;;;;Lehrer\nT2;Jörg;Kaya;;;;;;Lehrer\n"
GUARDIANS_HEADER = "Vorname;Nachname;Kind-ID;E-Mail;Telefonnummer;Straße;PLZ;Gruppen\n"


def school(folder: Path, *guardians: str, **files: str | bytes) -> Path:
    """A folder with an IServ register; files by name without the suffix."""
    contents = {"schueler": PUPILS, "lehrer": TEACHERS, **files}
    if guardians:
        contents["eltern"] = GUARDIANS_HEADER + "\n".join(guardians)
    for name, content in contents.items():
        data = content if isinstance(content, bytes) else content.encode()
        (folder / f"{name}.csv").write_bytes(data)
    return folder


def guardians_of(roster: Roster) -> list[tuple[str, set[str]]]:
    people = (person for person in roster.persons.values() if person.role == GUARDIAN)
    return sorted((f"{person.given_name} {person.family_name}", set(person.wards)) for person in people)


def refusal(folder: Path, options: RegisterOptions) -> str:
    """The error's text: one sentence, no value of the file, nothing else chained to it."""
    with pytest.raises(RegisterError) as caught:
        read_register(folder, options)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    text = str(caught.value)
    assert re.fullmatch(r"[^\n]*[^.\n]\.", text)
    assert "@" not in text
    return text


# broken file, the file it is put in place of, what the sentence begins with and says
BROKEN = [
    ("control_characters", "schueler", "row 2, column Vorname: there is an invisible control character"),
    ("duplicate_id", "schueler", "row 3, column Import-ID: the same ID already stands in row 2 of schueler.csv"),
    ("empty", "schueler", "row 1: the file is empty"),
    ("empty_name", "schueler", "row 2, column Vorname: this cell is empty"),
    ("header_only", "schueler", "row 2: there is nobody and nothing in it"),
    ("missing_column", "schueler", "row 1: the column Nachname is missing"),
    ("truncated", "schueler", "row 2, column Gruppen: a quotation mark is never closed"),
    ("unknown_child", "eltern", "row 2, column Kind-ID: no pupil has this ID"),
    ("wrong_separator", "schueler", "row 1: commas separate the columns; save it with semicolons"),
]


@pytest.mark.parametrize(("broken", "place", "sentence"), BROKEN, ids=[row[0] for row in BROKEN])
def test_a_broken_file_is_refused_in_one_sentence_without_its_values(
    registers, tmp_path, options, broken, place, sentence
):
    data = (registers / "broken" / f"{broken}.csv").read_bytes()
    text = refusal(school(tmp_path, **{place: data}), options)
    assert text.startswith(f"{place}.csv, {sentence}")
    values = {cell for line in data.decode("utf-8-sig").splitlines()[1:] for cell in re.split("[;,]", line)}
    assert not [value for value in values if value.strip() and re.search(rf"\b{re.escape(value)}\b", text)]


def test_every_broken_file_has_its_test(registers):
    there = {path.stem for path in (registers / "broken").glob("*.csv")}
    assert there == {row[0] for row in BROKEN} | {"cp1252"}


def test_windows_1252_is_read_and_named(registers, tmp_path, options):
    data = (registers / "broken" / "cp1252.csv").read_bytes()
    roster = read_register(school(tmp_path, schueler=data), options)
    assert (roster.persons["S1"].given_name, roster.persons["S1"].family_name) == ("Jörg", "Groß")
    assert roster.doubts == ("schueler.csv is read as Windows-1252, because it is no UTF-8; check the umlauts.",)


@pytest.mark.parametrize(
    ("pupils", "sentence"),
    [
        pytest.param(HEADER + "S1;Anna\n", "row 2, column Nachname: the row ends", id="row cut off"),
        pytest.param(
            HEADER + "S1;A;K;8;;;;;Klasse 8.1;Jahrgang 8\n", "row 2, column Gruppen: the row goes on", id="no quotes"
        ),
        pytest.param(HEADER + 'S1;A;K;8;;"x\ny";;;\nS2;;K;8;;;;;\n', "row 3, column Vorname", id="newline in quotes"),
        pytest.param(HEADER + '\nS1;A;"K"och;8;;;;;\n', "row 3: a quotation mark has no partner", id="quote inside"),
        pytest.param(
            HEADER + "S1;A\u202eb;K;8;;;;;\n", "row 2, column Vorname: there is an invisible", id="bidi override"
        ),
        pytest.param(HEADER + "S1;\u200d;K;8;;;;;\n", "row 2, column Vorname: this cell is empty", id="invisible name"),
        pytest.param(
            HEADER + f"S1;{'a' * 121};K;8;;;;;\n", "row 2, column Vorname: this cell has more", id="long name"
        ),
        pytest.param(HEADER + f"S1;A;K;8;;;;;{'a' * 121}\n", "row 2, column Gruppen: something in", id="long group"),
        pytest.param(HEADER + ";A;K;8;;;;;\n", "row 2, column Import-ID: this cell is empty", id="no id"),
        pytest.param("Import-ID;" + PUPILS, "row 1: the column Import-ID stands there twice", id="column twice"),
        pytest.param(PUPILS.encode("utf-16"), "row 1: the file is no UTF-8", id="UTF-16"),
        pytest.param(
            (HEADER + "S1;Jörg;K;8;;;;;\n").encode() + b"S2;J\xc3;K;8;;;;;\n",
            "row 3: the file is no UTF-8",
            id="damaged UTF-8",
        ),
        pytest.param(HEADER + "T1;A;K;8;;;;;\n", "", id="an id of a teacher"),
    ],
)
def test_one_thing_broken_in_the_pupils_file(tmp_path, options, pupils, sentence):
    text = refusal(school(tmp_path, schueler=pupils), options)
    if sentence:
        assert text.startswith(f"schueler.csv, {sentence}")
    else:
        assert text.startswith(
            "lehrer.csv, row 2, column Import-ID: the same ID already stands in row 2 of schueler.csv"
        )


@given(st.binary() | st.text(alphabet='S12;A,"\n\r\t\x00\u202eß ').map(lambda rows: (HEADER + rows).encode()))
def test_whatever_stands_in_a_file_it_is_read_or_refused(tmp_path_factory, pupils):
    options = RegisterOptions(identity_key=b"only for tests")
    folder = school(tmp_path_factory.getbasetemp(), schueler=pupils)
    with suppress(RegisterError):
        read_register(folder, options)


@pytest.mark.parametrize("name", ["schueler", "lehrer"])
def test_pupils_and_teachers_must_be_there(tmp_path, options, name):
    folder = school(tmp_path, "Ida;Koch;S1;;;;;")
    (folder / f"{name}.csv").unlink()
    assert refusal(folder, options).startswith(f"{name}.csv is missing")


def test_a_file_that_cannot_be_read_is_said_so(tmp_path, options):
    folder = school(tmp_path)
    (folder / "eltern.csv").mkdir()
    assert refusal(folder, options).startswith("eltern.csv cannot be read")


def test_a_school_without_guardians_is_a_school(tmp_path, options):
    assert set(read_register(school(tmp_path), options).persons) == {"S1", "S2", "T1", "T2"}


def test_the_teachers_file_must_say_who_leads(tmp_path, options):
    teachers = TEACHERS.replace("Klasse/Information", "Klasse")
    text = refusal(school(tmp_path, lehrer=teachers), options)
    assert text.startswith("lehrer.csv, row 1: the column Klasse/Information is missing")


def test_leadership_stands_in_the_information_of_a_teacher_only(tmp_path, options):
    pupils = PUPILS.replace(";8.1;", ";Schulleitung;", 1)
    roster = read_register(school(tmp_path, schueler=pupils), options)
    assert [person.id for person in roster.persons.values() if person.leadership] == ["T1"]


def test_markup_and_formulas_are_only_text(tmp_path, options):
    pupils = HEADER + "S1;<script>alert(1)</script>;=cmd|calc;8.1;;;;;Klasse 8.1\n"
    person = read_register(school(tmp_path, schueler=pupils), options).persons["S1"]
    assert (person.given_name, person.family_name) == ("<script>alert(1)</script>", "=cmd|calc")


def test_names_are_stripped_and_composed(tmp_path, options):
    pupils = HEADER + "S1; Jo\u0308rg ;\u00a0Koch ;8.1;;;;; Klasse 8.1 ; \n".replace(" ; \n", " \n") + ";;;;;;;;\n"
    roster = read_register(school(tmp_path, schueler=pupils), options)
    assert (roster.persons["S1"].given_name, roster.persons["S1"].family_name) == ("Jörg", "Koch")
    assert "Klasse 8.1" in roster.groups


def test_one_guardian_of_two_children_is_one_person(tmp_path, options):
    folder = school(tmp_path, "Ida;Koch;S1;I@x.de;;;;Klasse 8.1", "ida; KOCH;S2;i@x.de ;;;;Lehrer")
    roster = read_register(folder, options)
    assert guardians_of(roster) == [("Ida Koch", {"S1", "S2"})]
    assert next(p.groups for p in roster.persons.values() if p.role == GUARDIAN) == {"Klasse 8.1", "Lehrer"}
    assert roster.doubts == ()


SAME_PERSON = {
    "the phone, however written": ("Ida;Koch;S1;;+49 33/81-1;;;", "Ida;Koch;S2;keine;0049 33 811;;;"),
    "the address, without email and phone": ("Ida;Koch;S1;;-;Weg 1;14774;", "Ida;Koch;S2;;;weg  1;14774;"),
    "the same child, without any contact data": ("Ida;Koch;S1;;;;;", "Ida;Koch;S1;;;-;;"),
}
TWO_PEOPLE = {
    "different emails": ("Ida;Koch;S1;a@x.de;1;;;", "Ida;Koch;S2;b@x.de;1;;;"),
    "different places": ("Ida;Koch;S1;;;Weg 1;14774;", "Ida;Koch;S2;;;Weg 1;14775;"),
    "different children, without any contact data": ("Ida;Koch;S1;;;;;", "Ida;Koch;S2;;;;14774;"),
}


@pytest.mark.parametrize("rows", SAME_PERSON.values(), ids=SAME_PERSON)
def test_the_same_name_and_contact_data_are_one_guardian(tmp_path, options, rows):
    roster = read_register(school(tmp_path, *rows), options)
    assert len(guardians_of(roster)) == 1
    assert roster.doubts == ()


@pytest.mark.parametrize("rows", TWO_PEOPLE.values(), ids=TWO_PEOPLE)
def test_the_same_name_with_other_contact_data_is_a_doubt_without_them(tmp_path, options, rows):
    roster = read_register(school(tmp_path, *rows), options)
    assert guardians_of(roster) == [("Ida Koch", {"S1"}), ("Ida Koch", {"S2"})]
    (doubt,) = roster.doubts
    assert "2 people named Ida Koch (children: S1; S2)" in doubt
    assert not re.search(r"@|Weg|1477", doubt)


def test_only_names_and_children_are_needed_of_guardians(tmp_path, options):
    roster = read_register(school(tmp_path, eltern="Vorname;Nachname;Kind-ID\nIda;Koch;S1\n"), options)
    assert guardians_of(roster) == [("Ida Koch", {"S1"})]
    assert roster.doubts == ("eltern.csv has no column Gruppen, so the guardians are in no group.",)


def test_a_guardians_id_is_stable_and_depends_on_the_secret(tmp_path, options):
    folder = school(tmp_path, "Ida;Koch;S1;i@x.de;;;;")
    first, again = read_register(folder, options), read_register(folder, options)
    other = read_register(folder, RegisterOptions(identity_key=b"another school"))
    assert set(first.persons) == set(again.persons)
    (ident,) = set(first.persons) - set(other.persons)
    assert re.fullmatch(r"g-[a-z2-7]{20}", ident)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Klasse 8.1", GroupKind.CLASS),
        ("Klassenfahrt", GroupKind.CLUB),
        ("Sorgeberechtigte 8.1", GroupKind.GUARDIANS),
        ("Eltern 8.1", GroupKind.GUARDIANS),
        ("Elternkonferenz", GroupKind.COMMITTEE),
        ("Jahrgang 8", GroupKind.YEAR),
        ("Fachkonferenz Englisch", GroupKind.SUBJECT),
        ("Lehrer", GroupKind.STAFF),
        ("Lehrer-Chor", GroupKind.CLUB),
        ("Schulkonferenz 2026/27", GroupKind.COMMITTEE),
        ("Theater-AG", GroupKind.CLUB),
    ],
)
def test_the_kind_of_a_group_is_told_by_its_name(options, name, kind):
    assert options.kind_of(name) == kind


def test_a_school_may_name_its_groups_otherwise():
    options = RegisterOptions(identity_key=b"k", group_kinds=((re.compile("team", re.I), GroupKind.STAFF),))
    assert (options.kind_of("Team 8"), options.kind_of("Klasse 8")) == (GroupKind.STAFF, GroupKind.CLUB)


# --- Encodings ---------------------------------------------------------------------------------------------------

READ_AS = {
    "ISO 8859-15, by š": ("iso8859-15", "Jörg;Šimšic", "ISO 8859-15"),
    "ISO 8859-15, by Ž at the beginning of a name": ("iso8859-15", "Željko;Groß", "ISO 8859-15"),
    "Windows-1252, by š": ("cp1252", "Jörg;Šimšic", "Windows-1252"),
    "Windows-1252, by a typographic apostrophe": ("cp1252", "Jörg;O’Brien", "Windows-1252"),
    "Windows-1252, by an accent in place of an apostrophe": ("cp1252", "Jörg;O´Brien", "Windows-1252"),
    "either, where they do not differ": ("iso8859-15", "Jörg;Groß", "Windows-1252"),
}


@pytest.mark.parametrize(("encoding", "name", "said"), READ_AS.values(), ids=READ_AS)
def test_the_letters_tell_which_encoding_it_is(tmp_path, options, encoding, name, said):
    pupils = (HEADER + f"S1;{name};8.1;;;;;Klasse 8.1\n").encode(encoding)
    roster = read_register(school(tmp_path, schueler=pupils), options)
    assert f"{roster.persons['S1'].given_name};{roster.persons['S1'].family_name}" == name
    (doubt,) = roster.doubts
    assert doubt.startswith(f"schueler.csv is read as {said}, because it is no UTF-8; check the umlauts")


def test_where_the_encodings_differ_and_nothing_else_tells_a_doubt_names_the_rows(tmp_path, options):
    pupils = (HEADER + "S1;Jörg;O´Brien;8;;;;;\nS2;Jörg;Koch;8;;;;;\nS3;Jörg;D´Or;8;;;;;\n").encode("cp1252")
    (doubt,) = read_register(school(tmp_path, schueler=pupils), options).doubts
    assert doubt.endswith("check the umlauts, and Š, š, Ž, ž in rows 2, 4.")


@pytest.mark.parametrize("byte", [b"\x81", b"\x8d", b"\x9d"])
def test_bytes_that_are_in_none_of_the_encodings_are_an_error(tmp_path, options, byte):
    pupils = HEADER.encode() + b"S1;A" + byte + b";K;8;;;;;\n"
    assert refusal(school(tmp_path, schueler=pupils), options).startswith("schueler.csv, row 2: the file is no UTF-8")


# --- What IServ exports ------------------------------------------------------------------------------------------

EXPORT = (
    "Account;Vorname;Nachname;Status;Erstellt am;Erstellt von;{};Benutzertyp;Import-ID;Klasse/Information;Gruppen\n"
)
EXPORTED_PUPILS = (
    EXPORT + "anna.koch;Anna;Koch;;;;u-1;;7;8.1;Klasse 8.1\nben;Ben;Braun;;;;7;;8;8.1;\n;Eva;Kaya;;;;;;9;8.1;\n"
)
EXPORTED_TEACHERS = EXPORT + "ida;Ida;Groß;;;;u-9;;;Schulleitung;Lehrer\n"
LIST = "Gruppe;Nachname;Vorname;Account;Klasse/Information\n"


def exported(folder: Path, column: str = "UUID", **files: str) -> Path:
    """A folder with files that IServ has exported: the pupil u-1 has the Import-ID that is another's UUID."""
    files = {"schueler": EXPORTED_PUPILS, "lehrer": EXPORTED_TEACHERS, **files}
    return school(folder, **{name: text.replace("{}", column) for name, text in files.items()})


@pytest.mark.parametrize("column", ["UUID", "Interne ID"])
def test_the_key_is_the_uuid_or_the_internal_id_and_else_the_import_id(tmp_path, options, column):
    assert set(read_register(exported(tmp_path, column), options).persons) == {"u-1", "7", "9", "u-9"}


def test_the_child_of_a_guardian_is_found_by_its_import_id_before_any_other_id(tmp_path, options):
    eltern = "Vorname;Nachname;Kind-ID;Gruppen\nUte;Koch;7;\nUwe;Koch;u-1;\nUlf;Kaya;9;\nUla;Braun;8;\n"
    roster = read_register(exported(tmp_path, eltern=eltern), options)
    assert guardians_of(roster) == [
        ("Ula Braun", {"7"}), ("Ulf Kaya", {"9"}), ("Ute Koch", {"u-1"}), ("Uwe Koch", {"u-1"}),
    ]  # fmt: skip


def test_a_guardian_of_a_teacher_is_none(tmp_path, options):
    text = refusal(exported(tmp_path, eltern="Vorname;Nachname;Kind-ID\nUte;Koch;u-9\n"), options)
    assert text == "eltern.csv, row 2, column Kind-ID: no pupil has this ID; correct it or take it out."


def test_an_import_id_of_two_pupils_is_an_error_though_their_uuids_differ(tmp_path, options):
    text = refusal(exported(tmp_path, schueler=EXPORTED_PUPILS.replace(";8;", ";7;")), options)
    assert text.startswith("schueler.csv, row 3, column Import-ID: the same ID already stands in row 2")


def test_a_file_without_any_of_the_ids_is_told_the_one_that_every_school_has(tmp_path, options):
    pupils = EXPORTED_PUPILS.replace("Import-ID", "Nummer").replace("{}", "Nr")
    assert refusal(exported(tmp_path, schueler=pupils), options) == (
        "schueler.csv, row 1: the column Import-ID is missing; export the file with it."
    )


def test_the_group_list_counts_besides_the_files_of_people(tmp_path, options):
    listed = LIST + "Theater-AG;;;Anna.Koch;\nTheater-AG;;;ida;\nTheater-AG;;;uk;\n"
    eltern = "Vorname;Nachname;Kind-ID;Account;Gruppen;E-Mail\nUte;Koch;7;uk;;x@y.z\nUte;Koch;9;uk;Eltern;x@y.z\n"
    roster = read_register(exported(tmp_path, Export_Grouplist=listed, eltern=eltern), options)
    groups = {person.given_name: set(person.groups) for person in roster.persons.values()}
    assert groups == {
        "Anna": {"Klasse 8.1", "Theater-AG"}, "Ben": set(), "Eva": set(),
        "Ida": {"Lehrer", "Theater-AG"}, "Ute": {"Eltern", "Theater-AG"},
    }  # fmt: skip


def test_an_account_of_two_people_is_an_error(tmp_path, options):
    """Without contact data the guardian of two children is two people."""
    eltern = "Vorname;Nachname;Kind-ID;Account\nUte;Koch;7;uk\nUte;Koch;9;uk\n"
    text = refusal(exported(tmp_path, Export_Grouplist=LIST + "Theater-AG;;;uk;\n", eltern=eltern), options)
    assert text.startswith("eltern.csv, row 3, column Account: this account already stands in another row")


def test_an_account_that_nobody_has_is_an_error(tmp_path, options):
    text = refusal(exported(tmp_path, Export_Grouplist=LIST + "Theater-AG;;;anna.koch;\nTheater-AG;;;otto;\n"), options)
    assert text.startswith("Export_Grouplist.csv, row 3, column Account: nobody has this account; export all files")


def test_with_a_group_list_people_need_accounts_and_no_groups(tmp_path, options):
    listed = LIST + "Theater-AG;;;anna.koch;\n"
    pupils = EXPORTED_PUPILS.replace("Gruppen", "Bemerkung")
    roster = read_register(exported(tmp_path, schueler=pupils, Export_Grouplist=listed), options)
    assert roster.persons["u-1"].groups == {"Theater-AG"}
    pupils = pupils.replace("Account", "Login")
    assert refusal(exported(tmp_path, schueler=pupils, Export_Grouplist=listed), options).startswith(
        "schueler.csv, row 1: the column Account is missing"
    )
