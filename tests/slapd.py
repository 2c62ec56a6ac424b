"""An OpenLDAP server of our own on a free port, with what an LDIF says, for as long as a test needs it."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import NAMESPACE_X500, uuid5

import pytest

SLAPD = Path("/usr/sbin/slapd")
SUFFIX = "dc=schule,dc=test"
_SHIPPED = Path(__file__).parent / "registers" / "oberschule" / "ldap"
_START_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Slapd:
    """A running server."""

    process: subprocess.Popen[bytes]
    port: int
    tls_port: int
    folder: Path

    @property
    def url(self) -> str:
        return f"ldap://localhost:{self.port}"

    @property
    def tls_url(self) -> str:
        return f"ldaps://localhost:{self.tls_port}"

    @property
    def socket_url(self) -> str:
        return f"ldapi://{self.folder}/socket"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def slapd(
    ldif: str, *, schema: str = "", settings: str = "", certificate: tuple[bytes, bytes] | None = None
) -> Iterator[Slapd]:
    """A server that has what `ldif` says. `schema` and `settings` are added to the shipped ones, `certificate` is with
    its key, both PEM."""
    if not SLAPD.exists():
        reason = "OpenLDAP's server is not installed (apt-get install slapd)"
        if os.environ.get("CI"):
            pytest.fail(f"{reason}, and in CI nothing is left out")
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="schulbote-ldap-", dir="/tmp"))  # a short path: sockets' are limited
    server = None
    try:
        (folder / "db").mkdir()
        (folder / "school.schema").write_text((_SHIPPED / "school.schema").read_text() + schema)
        (folder / "school.ldif").write_text(ldif)
        if certificate is not None:
            (folder / "certificate.pem").write_bytes(certificate[0])
            (folder / "key.pem").write_bytes(certificate[1])
            settings += "TLSCertificateFile certificate.pem\nTLSCertificateKeyFile key.pem\n"
        config = (_SHIPPED / "slapd.conf").read_text()
        (folder / "slapd.conf").write_text(config.replace("database mdb", f"{settings}database mdb", 1))
        add = ["/usr/sbin/slapadd", "-q", "-f", "slapd.conf", "-l", "school.ldif"]
        added = subprocess.run(add, check=False, capture_output=True, text=True, cwd=folder)
        assert added.returncode == 0, added.stderr
        server = _started(folder, with_tls=certificate is not None)
        yield server
    finally:
        if server is not None:
            server.kill()
        shutil.rmtree(folder)


def with_ids(ldif: str) -> str:
    """An LDIF in which every entry has an entryUUID that depends on its DN alone. Else each loading makes new ones."""
    entries = []
    for entry in ldif.strip().split("\n\n"):
        dn = entry.partition("\n")[0]
        entries.append(f"{entry}\nentryUUID: {uuid5(NAMESPACE_X500, dn)}")
    return "\n\n".join(entries) + "\n\n"


def with_lines(ldif: str, dn: str, *lines: str) -> str:
    """An LDIF in which an entry has more values, each beside the others of its attribute: slapadd wants them so."""
    start = ldif.index(f"dn: {dn}\n")
    end = (ldif + "\n").index("\n\n", start)
    there = ldif[start:end].rstrip("\n").split("\n")
    for line in lines:
        name = line.partition(":")[0] + ":"
        place = next((number for number, other in enumerate(there) if other.startswith(name)), len(there))
        there.insert(place, line)
    return ldif[:start] + "\n".join(there) + ldif[end:]


def _started(folder: Path, *, with_tls: bool) -> Slapd:
    with socket.socket() as one, socket.socket() as other:
        for free in (one, other):
            free.bind(("127.0.0.1", 0))
        port, tls_port = one.getsockname()[1], other.getsockname()[1]
    addresses = f"ldap://127.0.0.1:{port} ldapi://{str(folder / 'socket').replace('/', '%2F')}"
    if with_tls:
        addresses += f" ldaps://127.0.0.1:{tls_port}"
    with (folder / "log").open("wb") as log:
        command = [str(SLAPD), "-f", "slapd.conf", "-h", addresses, "-d", "stats"]
        process = subprocess.Popen([*_as_other_user(folder), *command], stdout=log, stderr=log, cwd=folder)
    server = Slapd(process=process, port=port, tls_port=tls_port, folder=folder)
    give_up_at = time.monotonic() + _START_SECONDS
    while not _answers(port):
        if process.poll() is not None or time.monotonic() > give_up_at:
            server.kill()
            pytest.fail(f"slapd did not start:\n{server.log}")
        time.sleep(0.02)
    return server


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _as_other_user(folder: Path) -> list[str]:
    """As root it runs as the user of the package; and it ends with the tests, even when they are killed."""
    if os.geteuid() != 0:
        return ["setpriv", "--pdeathsig=KILL", "--"]
    user = pwd.getpwnam("openldap")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user.pw_uid, user.pw_gid)
    return [
        "setpriv",
        f"--reuid={user.pw_uid}",
        f"--regid={user.pw_gid}",
        "--clear-groups",
        "--pdeathsig=KILL",
        "--",
    ]
