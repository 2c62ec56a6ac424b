"""Several sources of one school: what becomes one, what contradicts itself, and where a child is looked for."""

import json
from functools import partial
from pathlib import Path

import pytest
from register_formats import zipped

from roster_sync.sources import Reader, RegisterOptions, read_files, read_sources
from roster_sync.sources.extract import Extract, combine
from roster_sync.sources.iserv import read_guardians
from school.config import load_settings
from school.domain.groups import GroupKind
from school.domain.people import GUARDIAN, STUDENT, TEACHER, PersonId, Role
from school.domain.roster import GroupKey, RegisterError, RosterGroup, RosterPerson
from schulbote.syncing import readers_of


def person(ident: str, role: Role = STUDENT, *groups: str, name: str = "Anna Koch", wards: tuple[str, ...] = ()):
    given, family = name.split()
    return RosterPerson(
        id=PersonId(ident),
        given_name=given,
        family_name=family,
        role=role,
        groups=frozenset(map(GroupKey, groups)),
        wards=frozenset(map(PersonId, wards)),
    )


def group(key: str, name: str, kind: GroupKind = GroupKind.CLASS) -> RosterGroup:
    return RosterGroup(key=GroupKey(key), name=name, kind=kind)


def source(name: str, *things: RosterPerson | RosterGroup, **more) -> Extract:
    people = [thing for thing in things if isinstance(thing, RosterPerson)]
    return Extract(
        source=name,
        persons={one.id: one for one in people},
        groups={thing.key: thing for thing in things if isinstance(thing, RosterGroup)},
        places={one.id: f"{name}, row {row}" for row, one in enumerate(people, start=2)},
        **more,
    )


def refusal(*extracts: Extract) -> str:
    with pytest.raises(RegisterError) as caught:
        combine(extracts)
    return str(caught.value)


def test_somebody_in_two_sources_has_the_groups_and_children_of_both_and_the_name_of_the_first():
    first = source("a", person("G1", GUARDIAN, "x", name="Ute Koch"), group("x", "Eltern"), person("S1"))
    second = source("b", person("G1", GUARDIAN, "y", name="Ute Braun", wards=("S1",)), group("y", "Chor"))
    roster = combine([first, second])
    assert roster.persons["G1"] == person("G1", GUARDIAN, "x", "y", name="Ute Koch", wards=("S1",))
    assert roster.doubts == (
        "b, row 2: another name than in the source before; that name is kept, correct one of them.",
    )


def test_the_same_name_in_other_letters_is_no_doubt():
    assert combine([source("a", person("S1")), source("b", person("S1", name="ANNA Koch"))]).doubts == ()


def test_one_id_with_two_roles_names_both_rows_and_not_the_id():
    assert refusal(source("a", person("S404")), source("b", person("S404", TEACHER))) == (
        "a, row 2, and b, row 2: one ID with two roles; correct one of them."
    )


def test_one_id_with_nothing_of_the_name_in_common_is_two_people():
    text = refusal(source("a", person("S404")), source("b", person("S404", name="Ben Braun")))
    assert text.startswith("a, row 2, and b, row 2: one ID with two quite different names")


def test_groups_of_one_kind_and_name_become_one():
    first = source("a", person("S1", STUDENT, "k8"), group("k8", "Klasse 8"))
    second = source("b", person("T1", TEACHER, "Klasse 8", name="Ida Groß"), group("Klasse 8", "Klasse 8"))
    roster = combine([first, second])
    assert roster.groups == {"k8": group("k8", "Klasse 8")}
    assert {ident: one.groups for ident, one in roster.persons.items()} == {"S1": {"k8"}, "T1": {"k8"}}


def test_groups_of_one_name_and_two_kinds_stay_two():
    roster = combine([source("a", group("1", "EF")), source("b", group("2", "EF", GroupKind.YEAR))])
    assert set(roster.groups) == {"1", "2"}


def test_two_courses_of_one_name_in_one_source_stay_two():
    courses = (group("c1", "Deutsch", GroupKind.CLUB), group("c2", "Deutsch", GroupKind.CLUB))
    people = (person("S1", STUDENT, "c1"), person("S2", STUDENT, "c2"))
    alone = combine([source("a", *courses, *people)])
    assert (alone.persons["S1"].groups, alone.persons["S2"].groups) == ({"c1"}, {"c2"})
    other = source("b", group("Deutsch", "Deutsch", GroupKind.CLUB))
    assert set(combine([source("a", *courses), other]).groups) == {"c1", "c2", "Deutsch"}
    assert set(combine([other, source("a", *courses)]).groups) == {"c1", "c2", "Deutsch"}


def test_one_key_for_two_groups_is_an_error_without_their_names():
    text = refusal(source("a", group("8", "Acht")), source("b", group("8", "Chor", GroupKind.CLUB)))
    assert text.startswith("a and b have one key for two groups (a class and a club, or two names)")
    assert "Chor" not in text


CHILD_IN = {
    "the pupils' own ids": ({}, {"S1"}),
    "another id of the pupils": ({PersonId("S1"): PersonId("u-1")}, {"u-1"}),
}


@pytest.mark.parametrize(("child_ids", "wards"), CHILD_IN.values(), ids=CHILD_IN)
@pytest.mark.parametrize("guardians_first", [True, False])
def test_the_child_of_a_guardian_is_in_another_source(child_ids, wards, guardians_first):
    pupils = source("a", person("S1"), person("u-1", name="Ben Braun"), child_ids=child_ids)
    guardians = source("b", person("G1", GUARDIAN, wards=("S1",)), ward_places={PersonId("S1"): "b, row 2, column c"})
    roster = combine([guardians, pupils] if guardians_first else [pupils, guardians])
    assert roster.persons["G1"].wards == wards


def test_a_child_that_is_nowhere_is_named_by_its_place(options, tmp_path):
    (tmp_path / "eltern.csv").write_text("Vorname;Nachname;Kind-ID\nUte;Koch;S1\nUte;Koch;S404\n")
    readers: list[Reader] = [
        lambda _: source("a", person("S1"), person("T1", TEACHER, name="Ida Groß")),
        partial(read_guardians, tmp_path / "eltern.csv"),
    ]
    with pytest.raises(RegisterError) as caught:
        read_sources(readers, options)
    assert str(caught.value) == "eltern.csv, row 3, column Kind-ID: no pupil has this ID; correct it or take it out."


def test_a_child_that_is_no_pupil_is_none():
    guardians = source("b", person("G1", GUARDIAN, wards=("T1",)), ward_places={PersonId("T1"): "b, row 2, column c"})
    assert refusal(source("a", person("T1", TEACHER)), guardians).startswith("b, row 2, column c: no pupil has this ID")


def test_one_source_that_cannot_be_read_is_an_error_of_all(options: RegisterOptions, tmp_path: Path):
    readers: list[Reader] = [
        lambda _: source("a", person("S1"), person("T1", TEACHER, name="Ida Groß")),
        partial(read_guardians, tmp_path / "eltern.csv"),
    ]
    with pytest.raises(RegisterError, match=r"eltern\.csv is missing"):
        read_sources(readers, options)


SVWS = {
    "jahrgaenge": [{"id": 8, "kuerzel": "8"}],
    "klassen": [{"id": 42, "kuerzel": "8a", "idsKlassenlehrer": [5]}],
    "lehrer": [{"id": 5, "vorname": "Jörg", "nachname": "Kaya"}],
    "lerngruppen": [],
    "schueler": [
        {"id": 4711, "vorname": "Anna", "nachname": "Koch", "idJahrgang": 8, "idKlasse": 42, "idsLerngruppen": []}
    ],
}


def test_all_files_that_school_yaml_names_are_read_together(registers, tmp_path, options):
    """Pupils from ASV and SVWS's file, teachers by a mapping, guardians as IServ has them; the folder is a zip."""
    zipped(registers / "oberschule" / "iserv", tmp_path / "register.zip")
    (tmp_path / "eltern.csv").write_text("Vorname;Nachname;Kind-ID\nUte;Koch;4711\n")
    (tmp_path / "asv.csv").write_text("Schülernummer;Rufname;Familienname;Klasse\n4711;Anna;Koch;8a\n")
    (tmp_path / "staff.csv").write_text("Nr;Vor;Nach\nX1;Ida;Groß\n")
    (tmp_path / "svws.json").write_text(json.dumps(SVWS))
    (tmp_path / "school.yaml").write_text(
        "school: {name: Gesamtschule am See}\n"
        "matrix: {server_name: schule-am-see.de, homeserver_url: http://127.0.0.1:8008}\n"
        "web: {public_url: https://schulbote.schule-am-see.de}\n"
        "register:\n"
        "  folder: register.zip\n"
        "  guardians: eltern.csv\n"
        "  asv: asv.csv\n"
        "  svws: svws.json\n"
        "  csv:\n"
        "    - {file: staff.csv, columns: {id: Nr, given_name: Vor, family_name: Nach}, role: teacher}\n"
    )
    roster = read_sources(readers_of(load_settings(tmp_path / "school.yaml")), options)
    alone = read_sources([partial(read_files, registers / "oberschule" / "iserv")], options)
    more = {ident: one for ident, one in roster.persons.items() if ident not in alone.persons}
    assert {one.given_name: (one.role, one.groups, one.wards) for one in more.values()} == {
        "Anna": (STUDENT, {"Klasse 8a", "Jahrgang 8"}, set()),
        "Jörg": (TEACHER, {"Klasse 8a"}, set()),
        "Ida": (TEACHER, set(), set()),
        "Ute": (GUARDIAN, set(), {"4711"}),
    }
