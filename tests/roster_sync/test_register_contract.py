"""Whatever the format: every reader reaches the same answer, and keeps nothing but names, roles, groups and ids."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from register_formats import ENCODINGS, FORMATS, rows_of

from roster_sync.sources import Reader, RegisterOptions, read_register, read_sources
from school.domain.people import GUARDIAN, Role
from school.domain.roster import RegisterError, Roster

SCHOOLS = ("oberschule", "oberschule-day2")
FOLDERS = ("iserv", "oneroster")

every_format = pytest.mark.parametrize("register", FORMATS)
every_school = pytest.mark.parametrize("school", SCHOOLS)


@pytest.fixture(scope="session")
def small_school(tmp_path_factory):
    folder = tmp_path_factory.mktemp("school")
    script = Path(__file__).parents[1] / "registers" / "make_register.py"
    size = ["--classes", "5a,5b", "--pupils-per-class", "8", "--teachers", "4", "--seed", "7"]
    subprocess.run([sys.executable, script, folder, *size], check=True, capture_output=True)
    return folder


def described(roster: Roster) -> Counter:
    """Everybody as a comparable value. Guardians without their id: an IServ register has none for them."""
    return Counter(
        (
            None if person.role == GUARDIAN else person.id,
            person.given_name,
            person.family_name,
            person.role,
            frozenset(roster.groups[key].name for key in person.groups),
            person.leadership,
            person.wards,
        )
        for person in roster.persons.values()
    )


def expected(school: Path, encoding: str = "utf-8") -> Counter:
    """The answer, as far as an encoding has its letters."""
    answer = json.loads((school / "expected.json").read_text().encode(encoding, errors="replace").decode(encoding))
    names = {group["id"]: group["name"] for group in answer["groups"]}
    return Counter(
        (
            None if person["role"] == "guardian" else person["id"],
            person["given"],
            person["family"],
            person["role"],
            frozenset(names[group] for group in person["groups"]),
            person.get("leadership", False),
            frozenset(answer["wards"].get(person["id"], [])),
        )
        for person in answer["persons"]
    )


@every_format
@every_school
def test_every_reader_reaches_the_expected_people(registers, tmp_path, options, school, register):
    roster = read_sources(FORMATS[register](registers / school, tmp_path), options)
    assert described(roster) == expected(registers / school, ENCODINGS.get(register, "utf-8"))


@pytest.mark.parametrize("register", FOLDERS)
def test_a_made_school_is_read_the_same(small_school, options, register):
    assert described(read_register(small_school / register, options)) == expected(small_school)


@every_format
@every_school
def test_every_reader_reaches_the_expected_groups(registers, tmp_path, options, school, register):
    answer = json.loads((registers / school / "expected.json").read_text())
    groups = read_sources(FORMATS[register](registers / school, tmp_path), options).groups.values()
    assert {(group.name, group.kind) for group in groups} == {(g["name"], g["kind"]) for g in answer["groups"]}


@every_format
def test_the_second_day_has_the_same_ids(registers, tmp_path, options, register):
    """Who stayed is the same person, also guardians whose id is made of name and contact data."""
    days = []
    for school in SCHOOLS:
        (folder := tmp_path / school).mkdir()
        days.append(set(read_sources(FORMATS[register](registers / school, folder), options).persons))
    answers = [json.loads((registers / school / "expected.json").read_text())["persons"] for school in SCHOOLS]
    ids = [{person["id"] for person in answer} for answer in answers]
    assert (len(days[0] - days[1]), len(days[1] - days[0])) == (len(ids[0] - ids[1]), len(ids[1] - ids[0]))


def test_oneroster_keeps_the_ids_of_guardians_and_groups(registers, options):
    answer = json.loads((registers / "oberschule" / "expected.json").read_text())
    roster = read_register(registers / "oberschule" / "oneroster", options)
    assert set(roster.persons) == {person["id"] for person in answer["persons"]}
    assert set(roster.groups) == {group["id"] for group in answer["groups"]}


@every_format
def test_no_contact_data_birthday_or_account_is_anywhere_in_what_is_read(registers, tmp_path, options, register):
    readers = FORMATS[register](registers / "oberschule", tmp_path)
    extracts = [read(options) for read in readers]
    texts = [extracts, read_sources(readers, options), *extracts]
    text = "".join(f"{thing!r}{thing}" for thing in texts)
    assert not re.search(r"@|example\.|\+49|000 \d{5}|Musterweg|14774|01\.02\.2011|2011|\b[sgt]\d{5}\b", text)


@pytest.mark.parametrize("register", ["IServ, UTF-8", "OneRoster 1.2", "mapped CSV, one file"])
def test_no_error_about_any_cell_repeats_what_stands_in_the_file(registers, tmp_path, options, register):
    """Breaks one cell after the other, of one row in each file, and looks at what is said."""
    readers = FORMATS[register](registers / "oberschule", tmp_path)
    refused = 0
    for file in sorted(tmp_path.glob("*.csv")):
        whole = file.read_text("utf-8")
        separator = next(char for char in ";,\t" if char in whole)
        lines = whole.splitlines(keepends=True)
        if len(rows := rows_of(file, separator)) < 3 or file.name == "manifest.csv":
            continue
        row = rows[2]
        for value in {value for value in row.values() if value}:
            file.write_text("".join([*lines[:3], lines[3].replace(value, f"{value}\u202e", 1), *lines[4:]]), "utf-8")
            refused += is_refused_without(readers, options, [*row.values(), "\u202e"])
        file.write_text(whole, "utf-8")
    assert refused >= 5


def is_refused_without(readers: tuple[Reader, ...], options: RegisterOptions, values: list[str]) -> bool:
    try:
        read_sources(readers, options)
    except RegisterError as error:
        said = f"{error} {error!r} {error.__cause__}"
        assert not [value for value in values if len(value) > 2 and re.search(rf"\b{re.escape(value)}\b", said)]
        return True
    return False


def test_the_sample_in_config_is_the_school_of_the_tests(registers, options):
    sample = Path(__file__).parents[2] / "config" / "sample-register"
    assert read_register(sample, options) == read_register(registers / "oberschule" / "iserv", options)


def test_the_identity_key_is_in_no_repr(options):
    assert "only for tests" not in repr(options)


def test_an_empty_identity_key_is_refused():
    with pytest.raises(ValueError, match="empty"):
        RegisterOptions(identity_key=b"")


def test_a_folder_without_a_register_says_what_should_be_there(tmp_path, options):
    with pytest.raises(RegisterError, match=r"schueler\.csv.*manifest\.csv"):
        read_register(tmp_path, options)


def test_a_missing_folder_is_an_error(tmp_path, options):
    with pytest.raises(RegisterError, match="does not exist"):
        read_register(tmp_path / "nowhere", options)


def test_a_file_in_place_of_the_folder_is_an_error(tmp_path, options):
    (tmp_path / "file").touch()
    with pytest.raises(RegisterError, match="is no folder"):
        read_register(tmp_path / "file", options)


def test_two_registers_in_one_folder_are_an_error(tmp_path, options):
    (tmp_path / "schueler.csv").touch()
    (tmp_path / "users.csv").touch()
    with pytest.raises(RegisterError, match="both"):
        read_register(tmp_path, options)


@pytest.mark.parametrize("register_format", FOLDERS)
def test_a_role_of_the_schools_own_is_given_by_group_and_to_nobody_but_teachers(small_school, register_format):
    plain = RegisterOptions(identity_key=b"k" * 32)
    before = read_register(small_school / register_format, plain)
    teachers = {ident for ident, person in before.persons.items() if person.role == "teacher"}
    both = next(  # a class with pupils and some of the teachers
        group
        for key, group in before.groups.items()
        if (inside := {ident for ident, person in before.persons.items() if key in person.groups}) - teachers
        and inside & teachers
        and teachers - inside
    )
    options = RegisterOptions(identity_key=b"k" * 32, added_roles=((both.name, Role("staff")),))
    after = read_register(small_school / register_format, options)
    changed = {ident for ident, person in after.persons.items() if person != before.persons[ident]}
    assert changed
    assert {before.persons[ident].role for ident in changed} == {"teacher"}
    assert {after.persons[ident].role for ident in changed} == {"staff"}
    assert all(both.key in after.persons[ident].groups for ident in changed)


def test_a_register_whose_teachers_are_all_made_something_else_is_not_believed(small_school):
    options = RegisterOptions(identity_key=b"k" * 32, added_roles=(("*", Role("staff")),))
    with pytest.raises(RegisterError, match="nobody with the role teacher"):
        read_register(small_school / "iserv", options)
