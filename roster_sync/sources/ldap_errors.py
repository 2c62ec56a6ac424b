"""What can go wrong with a directory server, each in one sentence that says what to do.

Nothing that the server says in its own words is repeated: it may hold names.
"""

import ssl
from collections.abc import Mapping
from typing import Final

from ldap3.core.exceptions import (
    LDAPCommunicationError,
    LDAPException,
    LDAPInvalidFilterError,
    LDAPSocketOpenError,
    LDAPStartTLSError,
)
from ldap3.core.results import RESULT_CODES

from school.domain.roster import RegisterError

_LOGIN: Final = "check register.ldap.bind_dn and the file that register.ldap.bind_secret names"
_STOPPED: Final = "so not everybody was read; raise this limit for the account, or name a search base further down"
_ENCRYPT: Final = "it wants an encrypted connection; take start_tls out of register.ldap, or use ldaps://"
_LATER: Final = "it has no time for this now; try again later"
_REFUSALS: Final[Mapping[int, str]] = {
    1: f"it answers nobody who has not logged in, or something in it is broken; {_LOGIN}",
    3: f"the search was stopped at the server's time limit, {_STOPPED}",
    4: f"the search was stopped at the server's size limit, {_STOPPED}",
    7: _ENCRYPT,
    8: _ENCRYPT,
    10: "it refers to another server for this, and nobody is followed there; name that server in register.ldap.url, "
    "or search bases that lie on this one",
    11: f"the search was stopped at a limit of the server, {_STOPPED}",
    13: _ENCRYPT,
    18: "it cannot compare an attribute as one of the filters in register.ldap wants it; correct the filter",
    32: "the search base does not exist, or the account may not see it; correct register.ldap.base, or the base of "
    "people or groups",
    34: "a search base or the bind_dn is no DN; correct it in register.ldap",
    48: f"it does not let the account in; {_LOGIN}",
    49: f"it does not let the account in; {_LOGIN}",
    50: "the account may not search there; give it the right to read people and groups",
    51: _LATER,
    52: _LATER,
    53: f"it is not willing to answer this; {_LOGIN}",
}
"""What the result codes of RFC 4511 mean here, and what to do."""

_FAILURES: Final[Mapping[type[Exception], str]] = {
    LDAPInvalidFilterError: "a filter cannot be understood; correct the filters in register.ldap",
    ssl.SSLError: "no encryption could be agreed on; check whether this port of the server speaks TLS 1.2 or newer",
    LDAPStartTLSError: "it offers no StartTLS; switch it on there, or use ldaps:// in register.ldap.url",
    LDAPSocketOpenError: "it cannot be reached; check register.ldap.url, and whether the server runs",
    TimeoutError: "it stopped answering, so not everybody was read; try again later, or raise "
    "register.ldap.timeout_seconds",
    LDAPCommunicationError: "the connection broke, so not everybody was read; try again later",
}
"""What ldap3 raises; the first that fits counts. An error of its own is an error of Python as well."""


def refusal(url: str, code: int) -> RegisterError:
    """The error for a result code that is not success."""
    word = RESULT_CODES.get(code, code)
    return RegisterError(f"{url}: {_REFUSALS.get(code, f'it answers {word}; look into its log')}.")


def failure(url: str, error: LDAPException, certificate: str | None) -> RegisterError:
    """The error for what ldap3 raises. `certificate`: what is wrong with the server's, if that is it."""
    if certificate is not None:
        return RegisterError(
            f"{url}: its certificate is not accepted ({certificate}); name the file of the CA that signed it in "
            f"register.ldap.ca_file, and in register.ldap.url the host that it is made out to."
        )
    fitting = (sentence for kind, sentence in _FAILURES.items() if isinstance(error, kind))
    other = f"it cannot be read ({type(error).__name__}); check the settings in register.ldap"
    return RegisterError(f"{url}: {next(fitting, other)}.")
