"""Passwords that the school's directory server keeps: setting one for somebody who cannot get in.

The entry is the one that the register has them from, found again by its stable id. What the server says in its own
words is not repeated: it may hold names.
"""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Final
from uuid import UUID

from ldap3.utils.conv import escape_bytes, escape_filter_chars

from roster_sync.sources.ldap import LdapRegister
from roster_sync.sources.ldap_entry import BINARY_IDS, Entry
from roster_sync.sources.ldap_server import Directory, LdapEntry, open_directory
from school.domain.people import PersonId
from school.domain.roster import RegisterError

_WHO: Final = "the account that accounts.ldap names (or else register.ldap)"
_REFUSALS: Final[Mapping[int, str]] = {
    19: "it does not accept such a password; allow passwords of 16 small letters, digits and hyphens for pupils",
    50: f"{_WHO} may not set passwords; give it that right for pupils and guardians only",
    53: "it is not willing to set this password: its rules forbid it, or it wants an encrypted connection (ldaps://)",
}


class LdapPasswords:
    """Sets passwords. `register.server` names the account that may."""

    def __init__(self, register: LdapRegister, *, active_directory: bool) -> None:
        self._register = register
        self._active_directory = active_directory

    async def set(self, person_id: PersonId, password: str) -> None:
        """Gives somebody a password.

        Raises:
            RegisterError: they have the one they had. The text says why, and what to do.
        """
        await asyncio.to_thread(self._set, person_id, password)

    def _set(self, person_id: PersonId, password: str) -> None:
        url = self._register.server.url
        with open_directory(self._register.server, read_only=False) as directory:
            found = [entry.dn for entry in self._entries(directory, person_id)]
            if len(found) != 1:
                raise RegisterError(
                    f"{url}: nobody, or more than one, has this person's id there; start a sync and try again."
                )
            code = directory.set_password(found[0], password, active_directory=self._active_directory)
        if code != 0:
            sentence = _REFUSALS.get(code, f"it did not set the password (result {code}); look into its log")
            raise RegisterError(f"{url}: {sentence}.")

    def _entries(self, directory: Directory, person_id: PersonId) -> Iterator[LdapEntry]:
        people = self._register.people
        same = "".join(filter(None, (_is(attribute, person_id) for attribute in people.id)))
        base, wanted = people.base or self._register.base, f"{people.filter}(|{same})"
        # Not in one filter with a "not": where an attribute is unknown to the server, nobody would fit.
        left_out = {found.dn for found in directory.search(base, f"(&{wanted}{people.left_out})", ())}
        for found in directory.search(base, f"(&{wanted})", people.id):
            entry = Entry.person(self._register.server.url, people.login, found)
            if found.dn not in left_out and entry.required(*people.id) == person_id:
                yield found


def _is(attribute: str, person_id: PersonId) -> str:
    if attribute.lower() not in BINARY_IDS:
        return f"({attribute}={escape_filter_chars(person_id)})"
    try:
        return f"({attribute}={escape_bytes(UUID(person_id).bytes_le)})"
    except ValueError:  # an id of another source
        return ""
