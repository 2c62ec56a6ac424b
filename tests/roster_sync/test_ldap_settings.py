"""The section `register.ldap` of school.yaml, and what the reader gets of it."""

import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from roster_sync.sources.ldap import LdapRegister
from roster_sync.sources.ldap_presets import PRESETS, LdapGroups, LdapPeople
from school.config import ConfigError, Settings, load_settings, register_ldap
from school.domain.groups import GroupKind
from schulbote.ldap_source import ldap_register
from schulbote.syncing import readers_of

SCHOOL = """\
school: {name: Gesamtschule am See}
matrix: {server_name: schule-am-see.de, homeserver_url: "http://127.0.0.1:8008"}
register:
  ldap:
"""
SHORT = {"url": "ldap://dc1.schule-am-see.de", "base": "ou=see,dc=schule-am-see,dc=de"}


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Settings]:
    def load_lines(**lines: str) -> Settings:
        path = tmp_path / "school.yaml"
        path.write_text(SCHOOL + "".join(f"    {key}: {value}\n" for key, value in {**SHORT, **lines}.items()))
        return load_settings(path)

    return load_lines


@pytest.fixture
def read(load: Callable[..., Settings]) -> Callable[..., LdapRegister]:
    def register_of(**lines: str) -> LdapRegister:
        source = load(**lines).register.ldap
        assert source is not None
        return ldap_register(source)

    return register_of


def test_two_keys_are_enough_and_everything_else_is_as_for_ucsschool(read):
    register = read()
    assert (register.people, register.groups) == (PRESETS["ucsschool"].people, PRESETS["ucsschool"].groups)
    assert (register.server.url, register.base) == (SHORT["url"], SHORT["base"])
    assert (register.server.start_tls, register.server.bind_dn, register.server.timeout_seconds) == (True, None, 30)


def test_what_is_written_stands_in_place_of_the_preset_and_the_rest_remains(read):
    register = read(
        preset="ad",
        people='{id: [employeeNumber], roles: {student: ["cn=kinder,*"]}, children: []}',
        groups='{strip: "see-", kind: info, kinds: {class: [klasse]}}',
    )
    preset = PRESETS["ad"]
    assert (register.people.id, register.people.role) == (("employeeNumber",), "memberOf")
    assert (register.people.roles, register.people.children) == ({"student": ("cn=kinder,*",)}, ())
    assert register.people.left_out == preset.people.left_out
    assert (register.groups.kind, register.groups.kinds) == ("info", {GroupKind.CLASS: ("klasse",)})
    assert register.groups.strip == re.compile("see-")
    assert register.groups.members == preset.groups.members


def test_every_part_of_a_preset_can_be_written():
    for section, preset in ((register_ldap.LdapPeople, LdapPeople), (register_ldap.LdapGroups, LdapGroups)):
        assert set(section.model_fields) == {field.name for field in fields(preset)}


def test_the_secret_comes_from_its_file_and_is_in_no_repr(load, read, tmp_path):
    secret = tmp_path / "ldap"
    secret.write_text("hunter2\n")
    secret.chmod(0o600)
    lines = {"bind_dn": "cn=schulbote,dc=schule-am-see,dc=de", "bind_secret": "ldap", "ca_file": "ca.pem"}
    register = read(**lines)
    assert register.server.bind_password == "hunter2"
    assert register.server.ca_file == tmp_path / "ca.pem"
    assert "hunter2" not in f"{register!r} {load(**lines)!r} {readers_of(load(**lines))!r}"
    secret.chmod(0o640)
    with pytest.raises(ConfigError, match="others may read this secret"):
        readers_of(load(**lines))


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("url", "https://x", 'url must be "ldap://HOST"'),
        ("url", "ldap://", 'url must be "ldap://HOST"'),
        ("url", "ldap://x/dc=x", 'url must be "ldap://HOST"'),
        ("url", "ldapi://", 'url must be "ldap://HOST"'),
        ("url", "ldap://x:port", "url must be an address; host and port"),
        ("url", "ldap://cn=a:hunter2@x", "url must not contain a user name or a password"),
        ("base", "schule", "base must be a DN"),
        ("bind_dn", "cn=a", "needs bind_dn and bind_secret together"),
        ("bind_secret", "ldap", "needs bind_dn and bind_secret together"),
        ("start_tls", "false", "may be without TLS only on this machine"),
        ("timeout_seconds", "0", "timeout_seconds is too small; write 1 or more"),
        ("preset", "samba", 'preset must be one of "ucsschool" or "ad"'),
        ("people", "{filter: objectClass=person}", "people.filter must be an LDAP filter in brackets"),
        ("people", '{filter: "(&(a=b)"}', "people.filter must be an LDAP filter in brackets"),
        ("people", "{given_name: Vor Name}", "people.given_name must be the name of an attribute"),
        ("people", "{id: [entryUUID, UID]}", 'people.id must not name "UID": it changes'),
        ("people", "{id: []}", "people.id names no attribute"),
        ("people", "{roles: {pupil: [x]}}", "people.roles.pupil must be one of"),
        ("groups", "{kinds: {klasse: [x]}}", "groups.kinds.klasse"),
        ("groups", "{member: [x]}", "Did you mean register.ldap.groups.members?"),
    ],
)
def test_one_thing_broken_is_one_sentence(load, key, value, sentence):
    with pytest.raises(ConfigError) as caught:
        load(**{key: value})
    (problem,) = caught.value.problems
    assert "register.ldap" in problem
    assert sentence in problem
    assert "hunter2" not in problem


@pytest.mark.parametrize(
    "url", ["ldap://localhost", "ldap://127.0.0.1:3890", "ldap://[::1]", "ldapi:///run/ldapi", "ldapi://%2Frun%2Fldapi"]
)
def test_on_this_machine_nothing_need_be_encrypted(load, url):
    assert load(url=f"'{url}'", start_tls="false").register.ldap.url == url
