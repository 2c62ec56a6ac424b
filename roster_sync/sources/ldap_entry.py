"""One entry of a directory, and how it is named and read without its values getting into an error."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final
from uuid import UUID

from roster_sync.sources.ldap_server import LdapEntry
from roster_sync.sources.text import normal, problem_of_short
from school.domain.roster import RegisterError

BINARY_IDS: Final = frozenset({"objectguid", "ms-ds-consistencyguid"})
_IN_DN: Final = re.compile(rb"\\([0-9A-Fa-f]{2}|.)|\s*([,;=+])\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Entry:
    """`name` is how errors call it, `dn` its DN as `dn_key` has it."""

    name: str
    dn: str = field(repr=False)
    _found: LdapEntry

    @classmethod
    def person(cls, source: str, login: str, found: LdapEntry) -> "Entry":
        """An entry called by its login: the DN may be a name."""
        nameless = cls(f"{source}, an entry without {login}", dn_key(found.dn), found)
        logins = nameless.texts(login)
        return cls(f"{source}, {login} {logins[0]}", nameless.dn, found) if logins else nameless

    @classmethod
    def group(cls, source: str, found: LdapEntry) -> "Entry":
        """An entry called by its DN."""
        return cls(f"{source}, {found.dn}", dn_key(found.dn), found)

    @property
    def written_dn(self) -> str:
        """The DN as the directory has it."""
        return self._found.dn

    def has(self, attribute: str) -> bool:
        return bool(self._found.attributes.get(attribute.lower()))

    def texts(self, *attributes: str) -> list[str]:
        """All that stands there, without blank values."""
        texts = []
        for attribute in attributes:
            for value in self._found.attributes.get(attribute.lower(), ()):
                try:
                    texts.append(normal(value.decode()))
                except UnicodeDecodeError:
                    raise self.error(attribute, "this is no text; name another attribute") from None
        return [text for text in texts if text]

    def required(self, *attributes: str) -> str:
        """The one short text of the first attribute that has any: an id, a name."""
        attribute = next(filter(self.has, attributes), attributes[0])
        if attribute.lower() in BINARY_IDS:
            return self._uuid(attribute)
        texts = self.texts(attribute)
        if len(texts) > 1:
            raise self.error(attribute, "there are several values; keep one")
        text = "".join(texts)
        if problem := problem_of_short(text):
            raise self.error(attribute, problem.replace("this cell", "this attribute"))
        return text

    def error(self, attribute: str, sentence: str) -> RegisterError:
        """An error about one attribute; the sentence says what is wrong and what to do."""
        return RegisterError(f"{self.place(attribute)}: {sentence}.")

    def place(self, attribute: str) -> str:
        """How an error about an attribute begins."""
        return f"{self.name}, attribute {attribute}"

    def _uuid(self, attribute: str) -> str:
        """A GUID as Active Directory stores it: the bytes of the first three parts turned round."""
        values = self._found.attributes.get(attribute.lower(), ())
        if len(values) != 1 or len(values[0]) != 16:
            raise self.error(attribute, "this is no GUID of 16 bytes; name another attribute")
        return str(UUID(bytes_le=values[0]))


def dn_key(dn: str) -> str:
    """A DN for comparing: small letters, no blanks around its parts, nothing escaped, what separates marked instead
    (RFC 4514)."""

    def plain(found: re.Match[bytes]) -> bytes:
        escaped, separator = found.groups()
        if separator is not None:
            return b"\0" + separator
        return bytes.fromhex(escaped.decode()) if len(escaped) == 2 else bytes(escaped)

    return normal(_IN_DN.sub(plain, dn.strip().encode()).decode(errors="replace")).casefold()


def fits(values: Iterable[str], patterns: Iterable[str]) -> bool:
    """Whether one of the values fits one of the patterns."""
    folded = [pattern.casefold() for pattern in patterns]
    return any(fnmatchcase(value.casefold(), pattern) for value in values for pattern in folded)
