"""The directory server that a register is read from: an encrypted connection, and searches that are whole or fail.

ldap3 takes what a server has sent before it stopped for an answer, and looks up the rest of a long attribute without
asking whether that worked. Here every page, every reference and every range is looked at, and one that is not whole
is an error.
"""

import re
import ssl
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

from ldap3 import ANONYMOUS, DEREF_NEVER, IP_V4_PREFERRED, NO_ATTRIBUTES, NONE, SIMPLE, Connection, Server, Tls
from ldap3.core.exceptions import LDAPException

from roster_sync.sources.ldap_errors import failure, refusal
from school.domain.roster import RegisterError

Attributes = Mapping[str, tuple[bytes, ...]]
"""Values by the attribute's name in small letters."""

_PAGE: Final = 500
_PAGED_RESULTS: Final = "1.2.840.113556.1.4.319"  # RFC 2696
_RANGE: Final = re.compile(r"(.+);range=\d+-(\d+|\*)", re.IGNORECASE)
_NO_SUCH_OBJECT: Final = 32
_REFERRAL: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class LdapServer:
    """Where the directory is and who asks."""

    url: str
    start_tls: bool = True
    ca_file: Path | None = None
    bind_dn: str | None = None
    bind_password: str | None = field(default=None, repr=False)
    timeout_seconds: int = 30


@dataclass(frozen=True, slots=True)
class LdapEntry:
    """One entry. What stands in it stays out of `repr`, and so out of logs."""

    dn: str = field(repr=False)
    attributes: Attributes = field(repr=False)


class Directory:
    """A server that has let us in."""

    def __init__(self, connection: Connection, server: LdapServer) -> None:
        self._connection = connection
        self._server = server

    def search(self, base: str, ldap_filter: str, attributes: Collection[str]) -> Iterator[LdapEntry]:
        """Every entry below `base` that the filter fits, with these attributes and no others.

        Raises:
            RegisterError: not all of them could be read.
        """
        cookie: bytes | None = None
        while cookie != b"":
            page = self._ask(base, ldap_filter, attributes, "SUBTREE", cookie)
            if page.code != 0:
                raise refusal(self._server.url, page.code)
            cookie = page.cookie
            for found in page.found:
                yield self._entry(found)

    def entry(self, dn: str, attributes: Collection[str]) -> LdapEntry | None:
        """One entry, if there is one of this DN that the account may see."""
        answer = self._ask(dn, "(objectClass=*)", attributes, "BASE", None)
        if answer.code not in (0, _NO_SUCH_OBJECT):
            raise refusal(self._server.url, answer.code)
        return next(map(self._entry, answer.found), None)

    def set_password(self, dn: str, password: str, *, active_directory: bool) -> int:
        """Gives an entry a password: by the Password Modify operation (RFC 3062), or as Active Directory wants it
        (`unicodePwd`). Returns the result code, 0 for success."""
        extend = self._connection.extend
        if active_directory:
            extend.microsoft.modify_password(dn, password)
        else:
            extend.standard.modify_password(dn, new_password=password)
        return int(self._connection.result["result"])

    def _ask(
        self,
        base: str,
        ldap_filter: str,
        attributes: Collection[str],
        scope: Literal["BASE", "SUBTREE"],
        cookie: bytes | None,
    ) -> "_Answer":
        self._connection.search(
            base,
            ldap_filter,
            search_scope=scope,
            dereference_aliases=DEREF_NEVER,
            attributes=[*attributes] or NO_ATTRIBUTES,
            time_limit=self._server.timeout_seconds,
            paged_size=_PAGE if scope == "SUBTREE" else None,
            paged_cookie=cookie,
        )
        result = self._connection.result
        control = result.get("controls", {}).get(_PAGED_RESULTS, {}).get("value", {})
        return _Answer(result["result"], self._connection.response or (), control.get("cookie") or b"")

    def _entry(self, found: Mapping[str, Any]) -> LdapEntry:
        if found["type"] == "searchResRef":
            raise refusal(self._server.url, _REFERRAL)
        try:
            attributes = whole(found["raw_attributes"], partial(self._part, found["dn"]))
        except ValueError:
            raise RegisterError(
                f"{self._server.url}: a long list of members could not be read to its end; try again later."
            ) from None
        return LdapEntry(found["dn"], attributes)

    def _part(self, dn: str, name: str) -> Mapping[str, list[bytes]]:
        answer = self._ask(dn, "(objectClass=*)", [name], "BASE", None)
        return answer.found[0]["raw_attributes"] if answer.code == 0 and answer.found else {}


@dataclass(frozen=True, slots=True)
class _Answer:
    code: int
    found: Sequence[Mapping[str, Any]] = field(repr=False)
    cookie: bytes
    """What to ask for the next page with; empty after the last."""


@contextmanager
def open_directory(server: LdapServer, *, read_only: bool = True) -> Iterator[Directory]:
    """Connects, encrypts, logs in; and says in one sentence what went wrong, also while the directory is in use.

    Raises:
        RegisterError: the server cannot be reached, is not who it should be, lets nobody in or stops answering.
    """
    tls = _VerifyingTls(_trust(server))
    connection = None
    try:
        host = Server(server.url, tls=tls, get_info=NONE, connect_timeout=server.timeout_seconds, mode=IP_V4_PREFERRED)
        connection = Connection(
            host,
            user=server.bind_dn,
            password=server.bind_password,
            authentication=ANONYMOUS if server.bind_dn is None else SIMPLE,
            auto_referrals=False,
            auto_range=False,
            check_names=False,
            read_only=read_only,
            receive_timeout=server.timeout_seconds,
            return_empty_attributes=False,
        )
        connection.open(read_server_info=False)
        if server.url.startswith("ldap:") and server.start_tls:
            connection.start_tls(read_server_info=False)
        if not connection.bind(read_server_info=False):
            raise refusal(server.url, connection.result["result"])
        yield Directory(connection, server)
    except LDAPException as error:
        raise failure(server.url, error, tls.problem) from None
    finally:
        if connection is not None:
            _close(connection)


def _close(connection: Connection) -> None:
    with suppress(LDAPException, OSError):
        connection.unbind()
    if connection.socket is not None:  # ldap3 keeps one that could not be connected
        connection.socket.close()


def whole(attributes: Mapping[str, list[bytes]], fetch: Callable[[str], Mapping[str, list[bytes]]]) -> Attributes:
    """Attributes with all their values. Active Directory gives long ones in parts: `member;range=0-1499`, then what
    one asks for, and with `*` the last.

    Raises:
        ValueError: a part is missing.
    """
    values: dict[str, list[bytes]] = {}
    for name, part in attributes.items():
        base, last = _part_of(name)
        values.setdefault(base, []).extend(part)
        while last != "*":
            start = int(last) + 1
            parts = {_part_of(key): found for key, found in fetch(f"{base};range={start}-*").items()}
            last = next((end for (asked, end), found in parts.items() if asked == base and found), "")
            if last != "*" and not (last.isdecimal() and int(last) >= start):
                raise ValueError("a part is missing")
            values[base] += parts[base, last]
    return {name: tuple(found) for name, found in values.items()}


def _part_of(name: str) -> tuple[str, str]:
    """The name of an attribute, and which value is the last in this part."""
    found = _RANGE.fullmatch(name)
    return (found[1].lower(), found[2]) if found else (name.lower(), "*")


def _trust(server: LdapServer) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=server.ca_file)
    except OSError:  # ssl.SSLError is one
        raise RegisterError(
            f"{server.url}: the file {server.ca_file} holds no certificates that can be read; correct "
            f"register.ldap.ca_file."
        ) from None


class _VerifyingTls(Tls):
    """TLS as the standard library verifies it, the host's name too. ldap3's own way compares names by a function that
    Python has dropped."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self.problem: str | None = None
        self._context = context

    def wrap_socket(self, connection: Connection, do_handshake: bool = False) -> None:
        try:
            connection.socket = self._context.wrap_socket(
                connection.socket, do_handshake_on_connect=do_handshake, server_hostname=connection.server.host
            )
        except ssl.SSLCertVerificationError as error:
            self.problem = error.verify_message
            raise
