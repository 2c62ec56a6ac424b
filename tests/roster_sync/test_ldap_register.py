"""A directory in the style of UCS@school, on a real OpenLDAP: what is read, what is asked for, what is refused."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ldap3 import Connection
from slapd import SUFFIX, Slapd, slapd, with_ids, with_lines

from roster_sync.sources import RegisterOptions, read_sources
from roster_sync.sources.extract import Extract
from roster_sync.sources.ldap import LdapRegister, read_ldap
from roster_sync.sources.ldap_presets import PRESETS
from roster_sync.sources.ldap_server import LdapServer
from school.domain.groups import GroupKind
from school.domain.roster import RegisterError

SCHOOLS = ("oberschule", "oberschule-day2")
REGISTERS = Path(__file__).parents[1] / "registers"
PUPIL = "uid=s00001,cn=schueler,cn=users,ou=muster,dc=schule,dc=test"
MORE_SCHEMA = """
attributetype ( 1.3.6.1.4.1.10176.9999.6 NAME 'ucsschoolPurgeTimestamp' EQUALITY generalizedTimeMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 )
attributetype ( 1.3.6.1.4.1.10176.9999.7 NAME 'ucsschoolLegalGuardian' SUP ucsschoolLegalWard )
objectclass ( 1.3.6.1.4.1.10176.9999.15 NAME 'ucsschoolExam' SUP top AUXILIARY )
objectclass ( 1.3.6.1.4.1.10176.9999.16 NAME 'more' SUP top AUXILIARY
  MAY ( ucsschoolPurgeTimestamp $ ucsschoolLegalGuardian ) )
"""


def ldif_of(school: str) -> str:
    return with_ids((REGISTERS / school / "ldap" / "school.ldif").read_text())


def register(server: Slapd, people: dict[str, Any] | None = None, **groups: Any) -> LdapRegister:
    """As UCS@school, asked by a teacher's account, whom the size limit of 500 holds for."""
    preset = PRESETS["ucsschool"]
    teacher = f"uid=t00001,cn=lehrer,cn=users,ou=muster,{SUFFIX}"
    return LdapRegister(
        server=LdapServer(url=server.url, start_tls=False, bind_dn=teacher, bind_password="secret-t00001"),
        base=f"ou=muster,{SUFFIX}",
        people=replace(preset.people, **(people or {})),
        groups=replace(preset.groups, **groups),
    )


def described(extract: Extract) -> dict[str, tuple[Any, ...]]:
    return {
        person.id: (
            person.given_name,
            person.family_name,
            person.role,
            {extract.groups[key].name for key in person.groups},
            person.leadership,
            set(person.wards),
        )
        for person in extract.persons.values()
    }


def expected(school: str) -> dict[str, tuple[Any, ...]]:
    answer = json.loads((REGISTERS / school / "expected.json").read_text())
    names = {group["id"]: group["name"] for group in answer["groups"]}
    uuids = {person["id"]: person["uuid"] for person in answer["persons"]}
    return {
        person["uuid"]: (
            person["given"],
            person["family"],
            person["role"],
            {names[group] for group in person["groups"]},
            person.get("leadership", False),
            {uuids[ward] for ward in answer["wards"].get(person["id"], [])},
        )
        for person in answer["persons"]
    }


def groups_expected(school: str) -> set[tuple[str, str]]:
    answer = json.loads((REGISTERS / school / "expected.json").read_text())
    return {(group["name"], group["kind"]) for group in answer["groups"]}


@pytest.fixture(scope="module")
def day1() -> Iterator[Slapd]:
    with slapd(ldif_of("oberschule")) as server:
        yield server


@pytest.mark.parametrize("school", SCHOOLS)
def test_the_reader_reaches_the_expected_people_and_groups(options, school):
    with slapd(ldif_of(school)) as server:
        extract = read_ldap(register(server), options)
    assert described(extract) == expected(school)
    assert {(group.name, group.kind) for group in extract.groups.values()} == groups_expected(school)
    assert extract.doubts == ()


def test_a_unix_socket_needs_no_encryption(day1, options):
    over_socket = replace(register(day1), server=LdapServer(url=day1.socket_url, timeout_seconds=5))
    assert described(read_ldap(over_socket, options)) == expected("oberschule")


def test_the_people_are_more_than_the_server_gives_at_once(day1, options):
    asked = register(day1)
    connection = Connection(f"localhost:{day1.port}", asked.server.bind_dn, asked.server.bind_password, auto_bind=True)
    connection.search(asked.base, asked.people.filter)
    assert (connection.result["description"], len(connection.response)) == ("sizeLimitExceeded", 500)
    connection.unbind()
    assert len(read_ldap(asked, options).persons) == 539


def test_nothing_is_asked_for_that_a_messenger_does_not_need(options):
    with slapd(ldif_of("oberschule")) as server:
        read_ldap(register(server), options)
        asked = {name for line in re.findall(r"SRCH attr=(.*)", server.log) for name in line.split()}
    kept = {"uid", "entryUUID", "ucsschoolRecordUID", "givenName", "sn", "ucsschoolRole", "description", "cn"}
    assert asked == kept | {"ucsschoolLegalWard", "ucsschoolLegalGuardian", "uniqueMember", "1.1"}


def test_no_account_mail_or_password_is_anywhere_in_what_is_read(day1, options):
    text = repr(read_ldap(register(day1), options))
    assert not re.search(r"@|example|secret|[sgt]\d{5}\b", text)


def test_the_secret_is_in_no_repr(day1):
    assert "secret-t00001" not in repr(register(day1))


# --- Mappings -----------------------------------------------------------------------------------------------------


def test_a_person_without_a_record_id_has_the_one_of_the_entry(options):
    ldif = ldif_of("oberschule").replace("ucsschoolRecordUID: 92fcb9d7-4ace-5b44-8bb9-b736175be63a\n", "")
    (entry,) = (entry for entry in ldif.split("\n\n") if entry.startswith("dn: uid=t00001,"))
    with slapd(ldif) as server:
        persons = read_ldap(register(server), options).persons
    assert persons[re.search("entryUUID: (.*)", entry)[1]].given_name == "Ida"
    assert len(persons) == 539


NIS = "include /etc/ldap/schema/nis.schema\n"


def members_by_login(ldif: str) -> str:
    ldif = re.sub(r"uniqueMember: uid=(\w+),.*", r"memberUid: \1", ldif)
    return re.sub("objectClass: groupOfUniqueNames((?s:.*?))\n\n", r"objectClass: posixGroup\1\ngidNumber: 1\n\n", ldif)


def test_members_may_be_listed_by_login(options):
    with slapd(members_by_login(ldif_of("oberschule")), settings=NIS) as server:
        extract = read_ldap(register(server, members=("memberUid",)), options)
    assert described(extract) == expected("oberschule")


def test_guardians_may_be_listed_at_the_child(options):
    ldif = ldif_of("oberschule")
    guardians: dict[str, list[str]] = {}
    for entry in ldif.split("\n\n"):
        for ward in re.findall("ucsschoolLegalWard: (.*)", entry):
            guardians.setdefault(ward, []).append(entry.partition("\n")[0].removeprefix("dn: "))
    ldif = re.sub("ucsschoolLegalWard: .*\n", "", ldif)
    for ward, dns in guardians.items():
        ldif = with_lines(ldif, ward, "objectClass: more", *(f"ucsschoolLegalGuardian: {dn}" for dn in dns))
    with slapd(ldif, schema=MORE_SCHEMA) as server:
        assert described(read_ldap(register(server), options)) == expected("oberschule")


def test_children_may_be_listed_by_id_and_be_in_another_source(options):
    ldif = ldif_of("oberschule").replace(f"ucsschoolLegalWard: {PUPIL}\n", "departmentNumber: S9\n")
    with slapd(ldif) as server:
        asked = register(server, people={"children": ("departmentNumber",), "guardians": ()})
        extract = read_ldap(asked, options)
    assert extract.ward_places == {"S9": f"{server.url}, uid g00001, attribute departmentNumber"}
    assert [person.family_name for person in extract.persons.values() if person.wards == {"S9"}] == ["Haddad"] * 2


@pytest.mark.parametrize(
    "marks", [["objectClass: ucsschoolExam"], ["objectClass: more", "ucsschoolPurgeTimestamp: 20260901000000Z"]]
)
def test_copies_for_exams_and_those_about_to_be_deleted_are_left_out(options, marks):
    ldif = with_lines(ldif_of("oberschule"), PUPIL, *marks)
    with slapd(ldif, schema=MORE_SCHEMA) as server:
        extract = read_ldap(register(server), options)
    (gone,) = expected("oberschule").keys() - extract.persons.keys()
    assert expected("oberschule")[gone][2] == "student"
    assert not any(gone in person.wards for person in extract.persons.values())


TEACHER = f"uid=t00001,cn=lehrer,cn=users,ou=muster,{SUFFIX}"


@pytest.mark.parametrize("instead", ["objectClass: ucsschoolExam", "ucsschoolRole: staff:school:muster"])
def test_a_child_named_by_id_who_has_no_place_in_the_messenger_is_nobodys(options, instead):
    ldif = ldif_of("oberschule")
    (child,) = (entry for entry in ldif.split("\n\n") if entry.startswith(f"dn: {PUPIL}\n"))
    ident = re.search("ucsschoolRecordUID: (.*)", child)[1]
    changed = child.replace("ucsschoolRole: student:school:muster", instead) if "Role" in instead else child
    ldif = ldif.replace(child, changed).replace(f"ucsschoolLegalWard: {PUPIL}", f"departmentNumber: {ident}")
    if "Exam" in instead:
        ldif = with_lines(ldif, PUPIL, instead)
    with slapd(ldif, schema=MORE_SCHEMA) as server:
        asked = register(server, people={"children": ("departmentNumber",)})
        persons = read_sources([partial(read_ldap, asked)], options).persons
    assert ident not in persons
    assert not any(ident in person.wards for person in persons.values())


def test_a_teacher_who_is_a_guardian_is_a_teacher_and_nobody_else_leads(options):
    lines = ("objectClass: ucsschoolLegalGuardian", "ucsschoolRole: legal_guardian:school:muster")
    ldif = with_lines(ldif_of("oberschule"), TEACHER, *lines, f"ucsschoolLegalWard: {PUPIL}")
    ldif = with_lines(ldif, PUPIL, "ucsschoolRole: school_admin:school:muster")
    with slapd(ldif) as server:
        assert described(read_ldap(register(server), options)) == expected("oberschule")


def test_who_has_no_role_is_left_out_and_named_in_a_doubt(options):
    ldif = ldif_of("oberschule").replace(
        "ucsschoolRole: student:school:muster", "ucsschoolRole: staff:school:muster", 1
    )
    with slapd(ldif) as server:
        extract = read_ldap(register(server), options)
        assert len(extract.persons) == 538
        assert [doubt.partition(",")[0] for doubt in extract.doubts] == [f"{server.url}: 1 are left out (uid s00001)"]


def test_a_prefix_may_be_cut_off_names_and_the_rest_tells_the_kind(day1, options):
    named_by_cn = register(day1, name=("cn",), strip=re.compile("muster-"), kinds={})
    kinds = replace(options, group_kinds=(("k", GroupKind.CLASS), ("s", GroupKind.GUARDIANS)))
    groups = read_ldap(named_by_cn, kinds).groups.values()
    assert {"k8.1": "class", "s8.1": "guardians", "lehrer": "club"}.items() <= {g.name: g.kind for g in groups}.items()


def test_a_group_in_a_group_brings_its_members_along(options):
    outer, inner = (f"cn=muster-fk-{name},cn=groups,ou=muster,{SUFFIX}" for name in ("englisch", "sport"))
    ldif = with_lines(ldif_of("oberschule"), outer, f"uniqueMember: {inner}")
    with slapd(ldif) as server:
        people = described(read_ldap(register(server), options)).values()
    sport, english = ({p[1] for p in people if f"Fachkonferenz {name}" in p[3]} for name in ("Sport", "Englisch"))
    assert sport < english


def test_a_group_without_any_of_the_people_is_none(options):
    computers = f"""
dn: cn=muster-computers,cn=groups,ou=muster,{SUFFIX}
objectClass: groupOfUniqueNames
objectClass: ucsschoolGroup
cn: muster-computers
ucsschoolRole: computer_room:school:muster
uniqueMember: cn=pc1,ou=muster,{SUFFIX}
"""
    with slapd(ldif_of("oberschule") + computers) as server:
        names = {group.name for group in read_ldap(register(server), options).groups.values()}
    assert names == {name for name, _ in groups_expected("oberschule")}


# --- One thing broken ---------------------------------------------------------------------------------------------


def refusal(asked: LdapRegister, options: RegisterOptions) -> str:
    """The error's text after the server's address: one sentence, nothing else chained to it."""
    with pytest.raises(RegisterError) as caught:
        read_sources([partial(read_ldap, asked)], options)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    text = str(caught.value)
    assert re.fullmatch(r"[^\n]*[^.\n]\.", text)
    assert not re.search("@|secret-|Groß|Haddad", text)
    assert text.startswith(asked.server.url)
    return text.removeprefix(asked.server.url).lstrip(":, ")


FIRST_ID = "ucsschoolRecordUID: 92fcb9d7-4ace-5b44-8bb9-b736175be63a"
SECOND_ID = "ucsschoolRecordUID: 750ab643-254f-50e6-a496-d841cb4ab516"


@pytest.mark.parametrize(
    ("there", "instead", "sentence"),
    [
        pytest.param(
            "givenName: Ida\n", "", "uid t00001, attribute givenName: this attribute is empty", id="no given name"
        ),
        pytest.param(
            "givenName: Ida\n", "givenName:: IA==\n", "uid t00001, attribute givenName: this", id="a blank name"
        ),
        pytest.param(
            "givenName: Ida\n",
            "givenName: Ida\ngivenName: Adi\n",
            "uid t00001, attribute givenName: there are several values",
            id="two given names",
        ),
        pytest.param(
            "givenName: Ida\n",
            "givenName:: SWTigK5h\n",
            "uid t00001, attribute givenName: there is an invisible control character",
            id="bidi override",
        ),
        pytest.param(
            SECOND_ID,
            FIRST_ID,
            "uid t00002: .* uid t00001 has the same ID; give each an ID of its own",
            id="an id twice",
        ),
        pytest.param(
            f"ucsschoolLegalWard: {PUPIL}",
            f"ucsschoolLegalWard: uid=s99999,{SUFFIX}",
            "uid g00001, attribute ucsschoolLegalWard: there is a DN that nobody has",
            id="a child who is nowhere",
        ),
        pytest.param(
            "description: Lehrer\n",
            f"description: {'x' * 121}\n",
            "cn=muster-lehrer,cn=groups,.*, attribute description: this attribute has more than 120",
            id="a long group name",
        ),
    ],
)
def test_an_entry_that_cannot_be_used_is_named_by_login_and_attribute(options, there, instead, sentence):
    ldif = ldif_of("oberschule")
    assert there in ldif
    with slapd(ldif.replace(there, instead, 1)) as server:
        assert re.match(sentence, refusal(register(server), options))


def test_a_login_that_two_people_have_names_no_member(options):
    ldif = with_lines(members_by_login(ldif_of("oberschule")), TEACHER, "uid: t00002")
    with slapd(ldif, settings=NIS) as server:
        text = refusal(register(server, members=("memberUid",)), options)
    assert re.match("cn=muster-lehrer,.*, attribute memberUid: a login in it belongs to several people", text)


def test_two_groups_with_one_id_are_an_error(options):
    ldif = ldif_of("oberschule").replace("description: Klasse 8.2", "description: Klasse 8.1")
    with slapd(ldif) as server:
        text = refusal(register(server, id=("description",)), options)
    assert re.match("cn=muster-k8.2,.*: .*cn=muster-k8.1,.* has the same ID; give each an ID of its own", text)


@pytest.mark.parametrize(
    ("people", "groups", "sentence"),
    [
        ({"filter": "(uid=nobody)"}, {}, "nobody fits register.ldap.people.filter"),
        ({}, {"filter": "(cn=nothing)"}, "no group has a member"),
        ({}, {"members": ("owner",)}, "no group has a member"),
        ({"base": f"ou=nowhere,{SUFFIX}"}, {}, "the search base does not exist"),
        ({}, {"base": f"ou=nowhere,{SUFFIX}"}, "the search base does not exist"),
        ({"base": "nowhere"}, {}, "a search base or the bind_dn is no DN"),
        ({"filter": "(uid=x)y)"}, {}, "a filter cannot be understood"),
        ({"filter": "(objectClass=ucsschoolTeacher)"}, {}, "The register has nobody with the role student"),
    ],
)
def test_a_setting_that_finds_nothing_is_an_error(day1, options, people, groups, sentence):
    if sentence.startswith("The register"):
        with pytest.raises(RegisterError, match=sentence):
            read_sources([partial(read_ldap, register(day1, people=people, **groups))], options)
    else:
        assert refusal(register(day1, people=people, **groups), options).startswith(sentence)
