"""OneRoster bundles, 1.1 and 1.2: one good bundle, one thing changed per test."""

from pathlib import Path

import pytest

from roster_sync.sources import read_register
from school.domain.groups import GroupKind
from school.domain.people import GUARDIAN, STUDENT, TEACHER
from school.domain.roster import RegisterError

MANIFEST = "propertyName,value\noneroster.version,1.1\nfile.users,bulk\nfile.classes,bulk\nfile.enrollments,bulk\n"
USERS = """sourcedId,status,enabledUser,role,givenName,familyName,email,agentSourcedIds
T1,active,true,administrator,Ida,Groß,secret@example.org,
T2,,true,teacher,Jörg,Kaya,,
S1,active,true,student,Anna,Koch,,"G1,G2"
S2,active,true,student,Ben,Braun,,
G1,active,true,parent,Eva,Koch,,
G2,active,true,relative,Uwe,Koch,,"S1,S2"
"""
CLASSES = """sourcedId,status,title,classType,subjects
c1,active,Klasse 8.1,homeroom,
c2,active,Theater,scheduled,Kunst
c3,active,Kollegium,scheduled,
c4,active,Runde,scheduled,"x,committee"
"""
ENROLLMENTS = """sourcedId,status,classSourcedId,userSourcedId,role
e1,active,c1,S1,student
e2,active,c1,T2,teacher
e3,tobedeleted,c2,S1,student
"""
ROLES = """sourcedId,status,userSourcedId,roleType,role
r1,active,T1,primary,principal
r2,active,T2,secondary,guardian
r3,active,T2,primary,teacher
r4,active,S1,primary,student
r5,active,S2,,student
r6,active,G1,primary,parent
r7,active,G2,primary,guardian
"""


def bundle(folder: Path, **changed: str) -> Path:
    files = {"manifest": MANIFEST, "users": USERS, "classes": CLASSES, "enrollments": ENROLLMENTS, **changed}
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


def version_1_2(**changed: str) -> dict[str, str]:
    """The same school as 1.2: roles stand in a file of their own, and none in users.csv."""
    without_role = ("," + USERS).splitlines()
    users = "\n".join(
        ",".join(cell for place, cell in enumerate(line.split(",", 4)) if place != 3)
        for line in [without_role[0][1:], *without_role[1:]]
    )
    manifest = MANIFEST.replace("1.1", "1.2") + "file.roles,bulk\n"
    return {"manifest": manifest, "users": users, "roles": ROLES, **changed}


def refusal(folder: Path, options) -> str:
    with pytest.raises(RegisterError) as caught:
        read_register(folder, options)
    assert "@" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("changed", [{}, version_1_2()], ids=["1.1", "1.2"])
def test_both_versions_say_the_same(tmp_path, options, changed):
    roster = read_register(bundle(tmp_path, **changed), options)
    assert {ident: person.role for ident, person in roster.persons.items()} == {
        "T1": TEACHER, "T2": TEACHER, "S1": STUDENT, "S2": STUDENT, "G1": GUARDIAN, "G2": GUARDIAN,
    }  # fmt: skip
    assert [ident for ident, person in roster.persons.items() if person.leadership] == ["T1"]
    assert {ident: set(person.wards) for ident, person in roster.persons.items() if person.wards} == {
        "G1": {"S1"},
        "G2": {"S1", "S2"},
    }
    assert {ident: set(person.groups) for ident, person in roster.persons.items() if person.groups} == {
        "S1": {"c1"},
        "T2": {"c1"},
    }
    assert roster.doubts == ()


def test_the_kind_stands_in_subjects_or_class_type_or_the_title(tmp_path, options):
    groups = read_register(bundle(tmp_path), options).groups
    assert {key: group.kind for key, group in groups.items()} == {
        "c1": GroupKind.CLASS,
        "c2": GroupKind.CLUB,
        "c3": GroupKind.STAFF,
        "c4": GroupKind.COMMITTEE,
    }


def test_who_is_to_be_deleted_or_not_enabled_is_left_out(tmp_path, options):
    users = USERS.replace("S2,active", "S2,tobedeleted").replace("G1,active,true", "G1,active,false")
    roster = read_register(bundle(tmp_path, users=users), options)
    assert set(roster.persons) == {"T1", "T2", "S1", "G2"}
    assert roster.persons["G2"].wards == {"S1"}
    assert roster.doubts == ()


def test_a_class_to_be_deleted_is_left_out_with_its_enrollments(tmp_path, options):
    roster = read_register(bundle(tmp_path, classes=CLASSES.replace("c1,active", "c1,tobedeleted")), options)
    assert "c1" not in roster.groups
    assert roster.persons["S1"].groups == frozenset()


def test_a_role_without_a_place_is_a_doubt(tmp_path, options):
    roster = read_register(bundle(tmp_path, users=USERS.replace("relative", "proctor")), options)
    assert "G2" not in roster.persons
    assert roster.doubts == ("users.csv, rows 7: left out, because their role has no place in the messenger.",)


def test_a_user_without_a_role_is_a_doubt(tmp_path, options):
    files = version_1_2(roles=ROLES.replace("r7,active,G2,primary,guardian\n", ""))
    roster = read_register(bundle(tmp_path, **files), options)
    assert "G2" not in roster.persons
    assert len(roster.doubts) == 1


REFUSED = {
    "a delta": (
        {"manifest": MANIFEST.replace("users,bulk", "users,delta")},
        "manifest.csv, row 3, column value: users.csv",
    ),
    "an absent file": (
        {"manifest": MANIFEST.replace("classes,bulk", "classes,absent")},
        "manifest.csv, row 4, column value",
    ),
    "an unknown version": (
        {"manifest": MANIFEST.replace("1.1", "2.0")},
        "manifest.csv, row 2, column value: this version",
    ),
    "no version": (
        {"manifest": "propertyName,value\nx,1\n"},
        "manifest.csv, column propertyName: oneroster.version is missing",
    ),
    "roles missing in 1.2": (
        {"manifest": MANIFEST.replace("1.1", "1.2")},
        "manifest.csv, column propertyName: file.roles",
    ),
    "semicolons": ({"users": USERS.replace(",", ";")}, "users.csv, row 1: semicolons separate the columns"),
    "an id twice": ({"users": USERS + "S1,,,student,A,B,,\n"}, "users.csv, row 8, column sourcedId: the same ID"),
    "no role": ({"users": USERS.replace("relative", "")}, "users.csv, row 7, column role: this cell is empty"),
    "no name": ({"users": USERS.replace("Anna", " ")}, "users.csv, row 4, column givenName: this cell is empty"),
    "half the users": (
        {"users": USERS[: USERS.index("S1")] + "S2,,,student,Ben,Braun,,\n"},
        "enrollments.csv, row 2, column userSourcedId",
    ),
    "half the classes": ({"classes": CLASSES.replace("c1,", "c9,")}, "enrollments.csv, row 2, column classSourcedId"),
    "an unknown agent": ({"users": USERS.replace('"S1,S2"', '"S1,S3"')}, "users.csv, row 7, column agentSourcedIds"),
    "no enrollments": ({"enrollments": ENROLLMENTS.splitlines()[0]}, "enrollments.csv, row 2: there is nobody"),
    "a class without a title": ({"classes": CLASSES.replace("Theater", "")}, "classes.csv, row 3, column title"),
    "all roles unknown": (
        {"users": USERS.replace("student", "pupil")},
        "The register has nobody with the role student",
    ),
}


@pytest.mark.parametrize(("changed", "sentence"), REFUSED.values(), ids=REFUSED)
def test_one_thing_broken_in_the_bundle(tmp_path, options, changed, sentence):
    assert refusal(bundle(tmp_path, **changed), options).startswith(sentence)


@pytest.mark.parametrize("name", ["manifest", "users", "classes", "enrollments"])
def test_a_file_missing_from_the_bundle_is_named(tmp_path, options, name):
    folder = bundle(tmp_path)
    (folder / f"{name}.csv").unlink()
    assert refusal(folder, options).startswith(f"{name}.csv is missing")
