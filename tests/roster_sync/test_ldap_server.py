"""The connection to a directory: encrypted, whole, or one sentence. On a real OpenLDAP."""

import inspect
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from certificates import Authority
from ldap3.core import exceptions
from ldap3.core.results import RESULT_CODES
from slapd import SUFFIX, Slapd, slapd, with_ids

from roster_sync.sources.ldap import LdapRegister, read_ldap
from roster_sync.sources.ldap_errors import failure, refusal
from roster_sync.sources.ldap_presets import PRESETS
from roster_sync.sources.ldap_server import LdapServer, open_directory, whole
from school.domain.roster import RegisterError

LDIF = Path(__file__).parents[1] / "registers" / "oberschule" / "ldap" / "school.ldif"
PEOPLE = PRESETS["ucsschool"].people.filter
SECRET = "secret-t00001"
CLEAR = LdapServer(
    url="",
    start_tls=False,
    bind_dn=f"uid=t00001,cn=lehrer,cn=users,ou=muster,{SUFFIX}",
    bind_password=SECRET,
    timeout_seconds=5,
)


def register(server: LdapServer) -> LdapRegister:
    preset = PRESETS["ucsschool"]
    return LdapRegister(server=server, base=SUFFIX, people=preset.people, groups=preset.groups)


def refusal_of(server: LdapServer, options) -> str:
    """The error's text after the server's address: one sentence, no secret, nothing else chained to it."""
    with pytest.raises(RegisterError) as caught:
        read_ldap(register(server), options)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    text = str(caught.value)
    assert re.fullmatch(r"[^\n]*[^.\n]\.", text)
    assert SECRET not in text
    return text.removeprefix(f"{server.url}: ")


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def encrypted(authority: Authority) -> Iterator[Slapd]:
    ldif = with_ids(LDIF.read_text())
    with slapd(ldif, settings="security simple_bind=128\n", certificate=authority.certificate("localhost")) as server:
        yield server


@pytest.fixture(scope="module")
def clear() -> Iterator[Slapd]:
    with slapd(with_ids(LDIF.read_text())) as server:
        yield server


@pytest.fixture
def ca_file(authority: Authority, tmp_path: Path) -> Path:
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    return tmp_path / "ca.pem"


# --- Encryption ---------------------------------------------------------------------------------------------------


def test_starttls_and_ldaps_are_read_with_the_ca_in_its_file(encrypted, options, ca_file):
    for url in (encrypted.url, encrypted.tls_url):
        server = replace(CLEAR, url=url, start_tls=True, ca_file=ca_file)
        assert len(read_ldap(register(server), options).persons) == 539


@pytest.mark.parametrize("address", ["url", "tls_url"])
def test_a_certificate_of_an_unknown_authority_is_refused(encrypted, options, address):
    text = refusal_of(replace(CLEAR, url=getattr(encrypted, address), start_tls=True), options)
    assert text.startswith("its certificate is not accepted (unable to get local issuer certificate); name the file")


@pytest.mark.parametrize("address", ["url", "tls_url"])
def test_a_certificate_for_another_host_is_refused(encrypted, options, ca_file, address):
    url = getattr(encrypted, address).replace("localhost", "127.0.0.1")
    text = refusal_of(replace(CLEAR, url=url, start_tls=True, ca_file=ca_file), options)
    assert text.startswith("its certificate is not accepted (IP address mismatch")


def test_a_certificate_that_has_run_out_is_refused(authority, options, ca_file):
    with slapd(LDIF.read_text(), certificate=authority.certificate("localhost", days=0)) as server:
        text = refusal_of(replace(CLEAR, url=server.tls_url, ca_file=ca_file), options)
    assert text.startswith("its certificate is not accepted (certificate has expired)")


def test_no_secret_is_sent_to_a_server_without_starttls(options):
    with slapd(LDIF.read_text()) as server:
        text = refusal_of(replace(CLEAR, url=server.url, start_tls=True), options)
        assert text.startswith("it offers no StartTLS; switch it on there")
        assert "EXT oid=1.3.6.1.4.1.1466.20037" in server.log
        assert "BIND" not in server.log.replace("UNBIND", "")


def test_a_port_that_speaks_no_tls_is_named(clear, options):
    url = clear.url.replace("ldap:", "ldaps:").replace("localhost", "127.0.0.1")
    assert refusal_of(replace(CLEAR, url=url), options).startswith("no encryption could be agreed on")


def test_a_server_that_wants_encryption_says_so(encrypted, options):
    assert refusal_of(replace(CLEAR, url=encrypted.url), options).startswith("it wants an encrypted connection")


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_ca_file_that_is_none_is_named(options, tmp_path, content):
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    text = refusal_of(replace(CLEAR, url="ldaps://localhost", ca_file=file), options)
    assert text == f"the file {file} holds no certificates that can be read; correct register.ldap.ca_file."


# --- Who is let in, and where -------------------------------------------------------------------------------------


@pytest.mark.parametrize("bind_dn", [CLEAR.bind_dn, f"uid=nobody,{SUFFIX}"])
def test_a_wrong_secret_and_an_unknown_account_are_refused(clear, options, bind_dn):
    server = replace(CLEAR, url=clear.url, bind_dn=bind_dn, bind_password="hunter2")
    text = refusal_of(server, options)
    assert text.startswith("it does not let the account in; check register.ldap.bind_dn")
    assert "hunter2" not in text


def test_nobody_listens_there(options):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"ldap://127.0.0.1:{free.getsockname()[1]}"
        assert refusal_of(replace(CLEAR, url=url), options).startswith("it cannot be reached; check register.ldap.url")


def test_a_host_that_does_not_exist(options):
    text = refusal_of(replace(CLEAR, url="ldap://nowhere.invalid"), options)
    assert text.startswith("it cannot be reached; check register.ldap.url")


def test_an_account_that_may_not_search_finds_no_base(options):
    with slapd(LDIF.read_text(), settings="access to * by anonymous auth by * none\n") as server:
        text = refusal_of(replace(CLEAR, url=server.url), options)
    assert text.startswith("the search base does not exist, or the account may not see it")


# --- Half is an error ---------------------------------------------------------------------------------------------


def test_a_size_limit_below_all_the_pages_is_an_error(options):
    with slapd(LDIF.read_text(), settings="sizelimit size.prtotal=520\n") as server:
        text = refusal_of(replace(CLEAR, url=server.url), options)
    assert text.startswith("the search was stopped at the server's size limit, so not everybody was read")


def test_a_subtree_on_another_server_is_an_error(options):
    entry = """dn: ou=elsewhere,dc=schule,dc=test
objectClass: referral
objectClass: extensibleObject
ou: elsewhere
ref: ldap://elsewhere.invalid/ou=elsewhere,dc=schule,dc=test
"""
    with slapd(with_ids(LDIF.read_text()) + entry) as server:
        assert refusal_of(replace(CLEAR, url=server.url), options).startswith("it refers to another server")


def test_a_base_on_another_server_is_an_error(options):
    with slapd(LDIF.read_text(), settings="referral ldap://elsewhere.invalid\n") as server:
        asked = replace(register(replace(CLEAR, url=server.url)), base="dc=elsewhere")
        with pytest.raises(RegisterError, match="it refers to another server"):
            read_ldap(asked, options)


def test_a_server_that_is_killed_between_two_pages_is_an_error():
    with slapd(LDIF.read_text()) as server:
        read = []

        def kill_after_the_first() -> None:
            with open_directory(replace(CLEAR, url=server.url)) as directory:
                for entry in directory.search(SUFFIX, PEOPLE, ("uid",)):
                    server.kill()
                    read.append(entry)

        with pytest.raises(RegisterError, match="the connection broke, so not everybody was read"):
            kill_after_the_first()
    assert len(read) == 500


@contextmanager
def between(server: Slapd, *, most: int, hang: bool = False) -> Iterator[tuple[str, list[int]]]:
    """An address that passes on so many bytes of what the server says, and then ends the connection or says no more;
    and how many bytes those were."""
    passed = [0]
    done = threading.Event()

    def forward(client: socket.socket, upstream: socket.socket) -> None:
        while data := client.recv(65536):
            upstream.sendall(data)

    def back(client: socket.socket, upstream: socket.socket) -> None:
        while (left := most - passed[0]) > 0 and (data := upstream.recv(min(left, 65536))):
            client.sendall(data)
            passed[0] += len(data)
        if hang:
            done.wait()
        for end in (client, upstream):
            end.shutdown(socket.SHUT_RDWR)

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            with client, socket.create_connection(("127.0.0.1", server.port)) as upstream:
                ways = [threading.Thread(target=way, args=(client, upstream)) for way in (forward, back)]
                for way in ways:
                    way.start()
                for way in ways:
                    way.join()

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"ldap://127.0.0.1:{listener.getsockname()[1]}", passed
        done.set()
        thread.join()


def test_a_connection_that_breaks_anywhere_is_an_error(clear, options):
    with between(clear, most=10**9) as (url, passed):
        read_ldap(register(replace(CLEAR, url=url)), options)
    total = passed[0]
    for part in (0, 1, 10, 100, total // 3, total // 2, total * 9 // 10, total - 30, total - 1):
        with between(clear, most=part) as (url, _):
            text = refusal_of(replace(CLEAR, url=url), options)
        assert text == "the connection broke, so not everybody was read; try again later.", part


def test_a_server_that_stops_answering_is_an_error(clear, options):
    with between(clear, most=50_000, hang=True) as (url, _):
        text = refusal_of(replace(CLEAR, url=url, timeout_seconds=1), options)
    assert text.startswith("it stopped answering, so not everybody was read")


# --- Sentences ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", RESULT_CODES)
def test_every_result_code_is_a_sentence(code):
    assert re.fullmatch(r"ldap://x: \w[^\n]+[^.]\.", str(refusal("ldap://x", code)))


@pytest.mark.parametrize(
    "kind",
    [kind for _, kind in inspect.getmembers(exceptions, inspect.isclass) if issubclass(kind, exceptions.LDAPException)],
)
def test_whatever_ldap3_raises_is_a_sentence_without_its_words(kind):
    text = str(failure("ldap://x", kind("Ida Groß"), None))
    assert re.fullmatch(r"ldap://x: \w[^\n]+; [^\n]+[^.]\.", text)
    assert "Ida" not in text


# --- Long attributes in parts -------------------------------------------------------------------------------------


def parts_of(values: list[bytes], size: int):
    """As Active Directory answers: at most so many values at once, and of a part none without its range."""

    def fetch(name: str) -> dict[str, list[bytes]]:
        start = int(re.fullmatch(r"member;range=(\d+)-\*", name)[1])
        end = start + size
        last = "*" if end >= len(values) else str(end - 1)
        return {"member": [], f"member;Range={start}-{last}": values[start:end]} if start < len(values) else {}

    return fetch


@pytest.mark.parametrize("number", [1, 3, 4, 5, 9, 12, 13])
def test_a_long_attribute_is_read_to_its_end(number):
    values = [str(value).encode() for value in range(number)]
    fetch = parts_of(values, 4)
    assert whole(fetch("member;range=0-*"), fetch) == {"member": tuple(values)}


@pytest.mark.parametrize(
    "answer",
    [{}, {"member": []}, {"member;range=0-1": [b"1", b"2"]}, {"other;range=2-*": [b"3"]}, {"member;range=2-*": []}],
)
def test_a_long_attribute_whose_rest_does_not_come_is_no_value(answer):
    with pytest.raises(ValueError, match="missing"):
        whole({"member;range=0-1": [b"1", b"2"]}, lambda _: answer)
