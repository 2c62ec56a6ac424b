"""Setting passwords in a directory server: a real OpenLDAP, and what Active Directory is sent."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ldap3 import Connection, Server
from slapd import SUFFIX, Slapd, slapd, with_ids

from roster_sync.ldap_passwords import LdapPasswords
from roster_sync.sources import RegisterOptions
from roster_sync.sources.ldap import LdapRegister, read_ldap
from roster_sync.sources.ldap_presets import PRESETS
from roster_sync.sources.ldap_server import Directory, LdapServer, open_directory
from school.domain.people import STUDENT, PersonId
from school.domain.roster import RegisterError, RosterPerson

LDIF = Path(__file__).parents[1] / "registers" / "oberschule" / "ldap" / "school.ldif"
ADMIN = f"cn=admin,{SUFFIX}"
TEACHER = f"uid=t00001,cn=lehrer,cn=users,ou=muster,{SUFFIX}"


@pytest.fixture(scope="module")
def server() -> Iterator[Slapd]:
    with slapd(with_ids(LDIF.read_text())) as running:
        yield running


def register(server: Slapd, bind_dn: str = ADMIN, password: str = "admin") -> LdapRegister:
    preset = PRESETS["ucsschool"]
    account = LdapServer(url=server.url, start_tls=False, bind_dn=bind_dn, bind_password=password, timeout_seconds=5)
    return LdapRegister(server=account, base=SUFFIX, people=preset.people, groups=preset.groups)


@pytest.fixture(scope="module")
def pupil(server: Slapd) -> RosterPerson:
    people = read_ldap(
        register(server), RegisterOptions(identity_key=b"only for tests", with_logins=True)
    ).persons.values()
    return next(person for person in people if person.role == STUDENT)


def lets_in(server: Slapd, login: str, password: str) -> bool:
    with open_directory(register(server).server) as directory:
        [found] = directory.search(SUFFIX, f"(uid={login})", ())
    own = register(server, found.dn, password)
    try:
        with open_directory(own.server):
            return True
    except RegisterError:
        return False


async def test_the_new_password_lets_in_and_the_old_one_does_not(server: Slapd, pupil: RosterPerson) -> None:
    assert pupil.login is not None
    old = f"secret-{pupil.login}"
    assert lets_in(server, pupil.login, old)
    await LdapPasswords(register(server), active_directory=False).set(pupil.id, "k7wq-m3fx9-dtrbz")
    assert lets_in(server, pupil.login, "k7wq-m3fx9-dtrbz")
    assert not lets_in(server, pupil.login, old)


async def test_an_account_that_may_only_read_says_so(server: Slapd, pupil: RosterPerson) -> None:
    reader = LdapPasswords(register(server, TEACHER, "secret-t00001"), active_directory=False)
    with pytest.raises(RegisterError, match="may not set passwords; give it that right") as said:
        await reader.set(pupil.id, "k7wq-m3fx9-dtrbz")
    assert "k7wq" not in str(said.value)


@pytest.mark.parametrize("ident", ["nobody", "*", "*)(uid=*", "9" * 300])
async def test_who_is_not_there_gets_nothing(server: Slapd, ident: str) -> None:
    with pytest.raises(RegisterError, match="nobody, or more than one"):
        await LdapPasswords(register(server), active_directory=False).set(PersonId(ident), "k7wq-m3fx9-dtrbz")


async def test_a_server_that_is_down_says_so(server: Slapd, pupil: RosterPerson) -> None:
    gone = register(server)
    gone = replace(gone, server=replace(gone.server, url="ldap://127.0.0.1:1"))
    with pytest.raises(RegisterError, match="cannot be reached"):
        await LdapPasswords(gone, active_directory=False).set(pupil.id, "k7wq-m3fx9-dtrbz")


def test_active_directory_gets_the_password_as_it_wants_it() -> None:
    """`unicodePwd`: in quotes, UTF-16 (MS-ADTS 3.1.1.3.1.5.1). There is no Active Directory to try it on."""
    sent: list[Any] = []

    class Recorded(Connection):
        def modify(self, dn: str, changes: Any, controls: Any = None) -> bool:
            sent.append((dn, changes))
            self.result = {"result": 0, "description": "success"}
            return True

    connection = Recorded(Server("ldaps://127.0.0.1"))
    directory = Directory(connection, LdapServer(url="ldaps://127.0.0.1"))
    assert directory.set_password("cn=Anna,dc=x", "k7wq-m3fx9", active_directory=True) == 0
    [(dn, changes)] = sent
    assert dn == "cn=Anna,dc=x"
    assert '"k7wq-m3fx9"'.encode("utf-16-le") in next(iter(changes.values()))[0][1]
