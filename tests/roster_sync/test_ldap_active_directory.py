"""The preset for Active Directory, on an OpenLDAP that has its attributes; what OpenLDAP cannot do, on a fake."""

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid5

import pytest
from slapd import SUFFIX, Slapd, slapd

from roster_sync.sources.ldap import LdapRegister, read_ldap
from roster_sync.sources.ldap_entry import Entry, dn_key
from roster_sync.sources.ldap_presets import PRESETS
from roster_sync.sources.ldap_server import Directory, LdapEntry, LdapServer
from school.domain.roster import RegisterError

EXPECTED = Path(__file__).parents[1] / "registers" / "oberschule" / "expected.json"
SCHEMA = """
attributetype ( 1.2.840.113556.1.4.2 NAME 'objectGUID' EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 )
attributetype ( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' EQUALITY integerMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 )
attributetype ( 1.2.840.113556.1.4.782 NAME 'objectCategory' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.2.840.113556.1.4.868 NAME 'isCriticalSystemObject' EQUALITY booleanMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.7 )
attributetype ( 1.2.840.113556.1.2.102 NAME 'memberOf' EQUALITY distinguishedNameMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.12 )
attributetype ( 1.2.840.113556.1.4.423 NAME 'extensionAttribute1' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
objectclass ( 1.2.840.113556.1.5.9 NAME 'user' SUP top AUXILIARY MAY ( objectGUID $ sAMAccountName $ memberOf
  $ userAccountControl $ objectCategory $ extensionAttribute1 ) )
objectclass ( 1.2.840.113556.1.5.8 NAME 'group' SUP top STRUCTURAL MUST cn MAY ( objectGUID $ member $ memberOf
  $ objectCategory $ displayName $ isCriticalSystemObject ) )
"""
FOLDERS = {"teacher": "Lehrer", "student": "Schüler", "guardian": "Eltern"}
OF_ROLES = UUID(int=1)


def entry(dn: str, **attributes: Any) -> str:
    """One entry of an LDIF; bytes and what is not ASCII in base64."""
    lines = []
    for name, values in {"dn": dn, **attributes}.items():
        for value in values if isinstance(values, list) else [values]:
            data = value if isinstance(value, bytes) else str(value).encode()
            plain = data.isascii() and not isinstance(value, bytes)
            lines.append(f"{name}: {value}" if plain else f"{name}:: {b64encode(data).decode()}")
    return "\n".join(lines) + "\n\n"


def person_dn(person: dict[str, Any]) -> str:
    name = f"{person['given']} {person['family']} {person['id']}"
    return f"CN={name}\\, {person['id'][0]},OU={FOLDERS[person['role']]},{SUFFIX}"


def ldif_of(answer: dict[str, Any]) -> str:
    """The school as an Active Directory: a pupil is in a class, and the classes are in the group of all pupils."""
    text = entry(SUFFIX, objectClass=["dcObject", "organization"], o="Schule", dc="schule")
    for name in (*FOLDERS.values(), "Gruppen", "Rollen"):
        text += entry(f"OU={name},{SUFFIX}", objectClass="organizationalUnit", ou=name)
    uuids = {person["id"]: person["uuid"] for person in answer["persons"]}
    dns = {group["id"]: f"CN={group['name']},OU=Gruppen,{SUFFIX}" for group in answer["groups"]}
    kinds = {group["id"]: group["kind"] for group in answer["groups"]}
    roles = {role: f"CN={name},OU=Rollen,{SUFFIX}" for role, name in FOLDERS.items()}
    members: dict[str, list[str]] = {dn: [] for dn in dns.values()}
    for person in answer["persons"]:
        inside = [dns[group] for group in person["groups"]]
        for dn in inside:
            members[dn].append(person_dn(person))
        if person["role"] != "student":
            inside.append(roles[person["role"]])
        if person.get("leadership"):
            inside.append(f"cn=Schulleitung,OU=Rollen,{SUFFIX}")
        text += entry(
            person_dn(person),
            objectClass=["inetOrgPerson", "user"],
            objectCategory="person",
            cn=f"{person['given']} {person['family']} {person['id']}, {person['id'][0]}",
            objectGUID=UUID(person["uuid"]).bytes_le,
            sAMAccountName=person["id"].lower(),
            givenName=person["given"],
            sn=person["family"],
            mail=f"{person['id']}@example.org",
            userAccountControl=512,
            memberOf=inside,
            **({"extensionAttribute1": wards} if (wards := wards_of(answer, person, uuids)) else {}),
        )
    for group, dn in dns.items():
        above = {"memberOf": [roles["student"]]} if kinds[group] == "class" else {}
        name = dn.partition(",")[0].removeprefix("CN=")
        text += entry(
            dn,
            objectClass="group",
            objectCategory="group",
            cn=name,
            objectGUID=uuid5(OF_ROLES, group).bytes_le,
            member=members[dn],
            **above,
        )
    for dn in (*roles.values(), f"CN=Schulleitung,OU=Rollen,{SUFFIX}"):
        inner = [dns[group] for group, kind in kinds.items() if kind == "class"] if dn == roles["student"] else []
        text += entry(
            dn,
            objectClass="group",
            objectCategory="group",
            cn=dn.partition(",")[0].removeprefix("CN="),
            objectGUID=uuid5(OF_ROLES, dn).bytes_le,
            **({"member": inner} if inner else {}),
        )
    return text


def wards_of(answer: dict[str, Any], person: dict[str, Any], uuids: dict[str, str]) -> list[str]:
    return [uuids[ward] for ward in answer["wards"].get(person["id"], [])]


@pytest.fixture(scope="module")
def answer() -> dict[str, Any]:
    return json.loads(EXPECTED.read_text())


@pytest.fixture(scope="module")
def directory(answer: dict[str, Any]) -> Iterator[Slapd]:
    off = entry(
        f"CN=Otto Aus,OU=Lehrer,{SUFFIX}",
        objectClass=["inetOrgPerson", "user"],
        objectCategory="person",
        cn="Otto Aus",
        objectGUID=UUID(int=2).bytes_le,
        sAMAccountName="otto",
        givenName="Otto",
        sn="Aus",
        userAccountControl=514,
        memberOf=f"CN=Lehrer,OU=Rollen,{SUFFIX}",
    )
    with slapd(ldif_of(answer) + off, schema=SCHEMA) as server:
        yield server


def register(server: Slapd, *, base: str = SUFFIX) -> LdapRegister:
    preset = PRESETS["ad"]
    return LdapRegister(
        server=LdapServer(url=server.url, start_tls=False, timeout_seconds=10),
        base=SUFFIX,
        people=replace(preset.people, children=("extensionAttribute1",)),
        groups=replace(preset.groups, base=base),
    )


def test_the_preset_reaches_the_expected_people_and_groups(directory, options, answer):
    extract = read_ldap(register(directory, base=f"OU=Gruppen,{SUFFIX}"), options)
    names = {group["id"]: group["name"] for group in answer["groups"]}
    uuids = {person["id"]: person["uuid"] for person in answer["persons"]}
    assert {
        (
            person.id,
            person.given_name,
            person.family_name,
            person.role,
            frozenset(extract.groups[key].name for key in person.groups),
            person.leadership,
            person.wards,
        )
        for person in extract.persons.values()
    } == {
        (
            person["uuid"],
            person["given"],
            person["family"],
            person["role"],
            frozenset(names[group] for group in person["groups"]),
            person.get("leadership", False),
            frozenset(wards_of(answer, person, uuids)),
        )
        for person in answer["persons"]
    }
    assert {(g.name, g.kind) for g in extract.groups.values()} == {(g["name"], g["kind"]) for g in answer["groups"]}
    assert {str(uuid5(OF_ROLES, group)) for group in names} == set(extract.groups)
    assert extract.doubts == ()


def test_the_groups_that_make_pupils_and_guardians_are_no_groups_of_theirs(directory, options, answer):
    everywhere = read_ldap(register(directory), options)
    names = [group.name for group in everywhere.groups.values()]
    assert sorted(names) == sorted(group["name"] for group in answer["groups"])  # neither "Schüler" nor "Eltern"


def test_an_account_that_is_off_is_left_out(directory, options):
    assert "Otto" in directory.folder.joinpath("school.ldif").read_text()
    persons = read_ldap(register(directory), options).persons.values()
    assert not [person for person in persons if person.family_name == "Aus"]


def test_an_error_names_the_account_and_not_the_dn_which_is_a_name(answer, options):
    ldif = re.sub(r"(sAMAccountName: t00001\n)givenName: Ida\n", r"\1", ldif_of(answer))
    with (
        slapd(ldif, schema=SCHEMA) as server,
        pytest.raises(RegisterError, match="sAMAccountName t00001, attribute givenName: this attribute is") as caught,
    ):
        read_ldap(register(server), options)
    assert "Ida" not in str(caught.value)


# --- What only Active Directory does ------------------------------------------------------------------------------


class PartsAndPages:
    """A connection that gives two groups a page and two members a part."""

    def __init__(self, groups: dict[str, list[str]]) -> None:
        self._groups = groups
        self.result: dict[str, Any] = {}
        self.response: list[dict[str, Any]] = []

    def search(
        self, base: str, *_: Any, search_scope: str, attributes: list[str], paged_cookie: Any, **__: Any
    ) -> None:
        self.result = {"result": 0}
        if search_scope == "BASE":
            self.response = [self._found(base, int(re.search(r"=(\d+)-", attributes[0])[1]))]
            return
        start = int(paged_cookie or 0)
        self.response = [self._found(dn, 0) for dn in [*self._groups][start : start + 2]]
        cookie = str(start + 2).encode() if start + 2 < len(self._groups) else b""
        self.result["controls"] = {"1.2.840.113556.1.4.319": {"value": {"cookie": cookie}}}

    def _found(self, dn: str, start: int) -> dict[str, Any]:
        values = [value.encode() for value in self._groups[dn]]
        last = "*" if start + 2 >= len(values) else start + 1
        part = {f"member;range={start}-{last}": values[start : start + 2]}
        return {"type": "searchResEntry", "dn": dn, "raw_attributes": {"member": [], **part}}


def test_long_lists_of_members_are_read_to_their_end_and_so_are_the_pages_between_them():
    groups = {f"cn={number}": [f"cn=p{member}" for member in range(number)] for number in range(1, 8)}
    fake: Any = PartsAndPages(groups)
    found = Directory(fake, LdapServer(url="ldap://x")).search("", "(cn=*)", ("member",))
    assert {one.dn: [value.decode() for value in one.attributes["member"]] for one in found} == groups


def test_a_reference_to_another_domain_is_an_error():
    fake: Any = SimpleNamespace(
        search=lambda *_, **__: None, result={"result": 0}, response=[{"type": "searchResRef", "uri": ["ldap://y"]}]
    )
    with pytest.raises(RegisterError, match="it refers to another server for this"):
        list(Directory(fake, LdapServer(url="ldap://x")).search("", "(cn=*)", ()))


@pytest.mark.parametrize("values", [(b"short",), (b"x" * 16, b"y" * 16)])
def test_a_guid_that_is_none_is_refused(values):
    broken = Entry.group("ldap://x", LdapEntry("cn=a", {"objectguid": values}))
    with pytest.raises(RegisterError, match="ldap://x, cn=a, attribute objectGUID: this is no GUID of 16 bytes"):
        broken.required("objectGUID")


def test_bytes_where_text_belongs_are_refused():
    broken = Entry.group("ldap://x", LdapEntry("cn=a", {"cn": (b"\xff\xfe",)}))
    with pytest.raises(RegisterError, match="attribute cn: this is no text"):
        broken.required("cn")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("CN=Ida Groß,OU=Lehrer,DC=x", "cn=ida groß, ou=lehrer , dc=x", True),
        (r"cn=Groß\, Ida,dc=x", r"cn=Groß\2C Ida,dc=x", True),
        (r"cn=Gro\C3\9F,dc=x", "cn=Groß,dc=x", True),
        (r"cn=a\\,dc=x", r"cn=a\5c,dc=x", True),
        (r"cn=a\,dc\=x", "cn=a,dc=x", False),
        (r"cn=a\+b,dc=x", "cn=a+b,dc=x", False),
        ("cn=a b,dc=x", "cn=ab,dc=x", False),
    ],
)
def test_dns_are_compared_by_what_they_say(one, other, same):
    assert (dn_key(one) == dn_key(other)) is same
