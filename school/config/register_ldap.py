"""The section `register.ldap` of school.yaml: people and groups from a directory server.

What is not written is as the preset has it; the presets are in roster_sync/sources/ldap_presets.py.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, Field, PlainValidator, model_validator

from school.config import values
from school.config.section import FilePath, Section, Text, frozen
from school.domain.groups import GroupKind

_ATTRIBUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9;-]*", re.ASCII)
_PASSING: Final = frozenset({"uid", "cn", "mail", "mailprimaryaddress", "samaccountname", "userprincipalname"})
_HERE: Final = re.compile(r"127\.\d+\.\d+\.\d+|::1|localhost", re.ASCII)


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises if it is no number
    except ValueError:
        raise ValueError("must be an address; host and port of this one cannot be read.") from None
    if "@" in parts.netloc:
        raise ValueError("must not contain a user name or a password; use bind_dn and bind_secret.")
    socket = parts.scheme == "ldapi" and unquote(parts.netloc + parts.path).startswith("/")
    host = parts.scheme in {"ldap", "ldaps"} and parts.hostname and parts.path in {"", "/"}
    if not (socket or host) or parts.query or parts.fragment:
        raise ValueError('must be "ldap://HOST", "ldaps://HOST" or "ldapi:///FILE"; ":PORT" may follow HOST.')
    return text.rstrip("/")


def _dn(text: str) -> str:
    if "=" not in text:
        raise ValueError('must be a DN, such as "ou=see,dc=schule-am-see,dc=de".')
    return text


def _filter(text: str) -> str:
    if not (text.startswith("(") and text.endswith(")") and text.count("(") == text.count(")")):
        raise ValueError('must be an LDAP filter in brackets, such as "(objectClass=person)".')
    return text


def _attribute(text: str) -> str:
    if not _ATTRIBUTE.fullmatch(text):
        raise ValueError('must be the name of an attribute, such as "givenName".')
    return text


def _some(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise ValueError("names no attribute; name one that every entry has.")
    return names


def _lasting(names: tuple[str, ...]) -> tuple[str, ...]:
    if passing := [name for name in names if name.lower() in _PASSING]:
        raise ValueError(
            f'must not name "{passing[0]}": it changes, or is given again to somebody else; '
            f'name an id that does not, such as "entryUUID".'
        )
    return names


_Dn = Annotated[Text, AfterValidator(_dn)]
_Filter = Annotated[Text, AfterValidator(_filter)]
_Attribute = Annotated[str, AfterValidator(_attribute)]
_Attributes = tuple[_Attribute, ...]
_Patterns = tuple[Text, ...]
_Roles = Mapping[Literal["teacher", "student", "guardian"], _Patterns]


class _Overrides(Section):
    """Keys that stand in place of those of the preset."""

    @property
    def written(self) -> Mapping[str, Any]:
        """What the file says, by key."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class LdapPeople(_Overrides):
    """Which entries are people, and which of their attributes say what."""

    base: _Dn | None = None
    filter: _Filter | None = None
    left_out: _Filter | None = None
    login: _Attribute | None = None
    id: Annotated[_Attributes, AfterValidator(_some), AfterValidator(_lasting)] | None = None
    given_name: _Attribute | None = None
    family_name: _Attribute | None = None
    role: _Attribute | None = None
    roles: Annotated[_Roles, AfterValidator(frozen)] | None = None
    leadership: _Patterns | None = None
    children: _Attributes | None = None
    guardians: _Attributes | None = None
    member_of: _Attributes | None = None


class LdapGroups(_Overrides):
    """Which entries are groups, and which of their attributes say what."""

    base: _Dn | None = None
    filter: _Filter | None = None
    id: Annotated[_Attributes, AfterValidator(_some)] | None = None
    name: Annotated[_Attributes, AfterValidator(_some)] | None = None
    strip: Annotated[re.Pattern[str], PlainValidator(values.pattern)] | None = None
    kind: _Attribute | None = None
    kinds: Annotated[Mapping[GroupKind, _Patterns], AfterValidator(frozen)] | None = None
    members: _Attributes | None = None


class LdapSource(Section):
    """A directory server."""

    url: Annotated[Text, AfterValidator(_url)]
    start_tls: bool = True
    ca_file: FilePath | None = None
    bind_dn: _Dn | None = None
    bind_secret: FilePath | None = None
    timeout_seconds: Annotated[int, Field(ge=1)] = 30
    base: _Dn
    preset: Literal["ucsschool", "ad"] = "ucsschool"
    people: LdapPeople = LdapPeople()
    groups: LdapGroups = LdapGroups()

    @model_validator(mode="after")
    def _bind_is_whole(self) -> "LdapSource":
        if (self.bind_dn is None) != (self.bind_secret is None):
            raise ValueError("needs bind_dn and bind_secret together, or neither of them.")
        return self

    @model_validator(mode="after")
    def _nothing_goes_in_the_clear(self) -> "LdapSource":
        host = urlsplit(self.url).hostname or ""
        if self.url.startswith("ldap:") and not self.start_tls and not _HERE.fullmatch(host):
            raise ValueError("may be without TLS only on this machine; take start_tls out, or use ldaps://.")
        return self
