"""The people of a directory: who they are, what they are, and whose children."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from typing import Final

from roster_sync.sources.ldap_entry import Entry, dn_key, fits
from roster_sync.sources.ldap_presets import LdapPeople
from roster_sync.sources.ldap_server import Directory
from roster_sync.sources.options import enumerate_briefly
from school.domain.people import GUARDIAN, STUDENT, TEACHER, PersonId, Role
from school.domain.roster import RegisterError

_MEMBER_OF: Final = "memberof"
_Bond = tuple[PersonId, PersonId, str]
"""A guardian, a child, and where that stands."""


class People:
    """Everybody who fits the filter. Who is left out, or has no role, is known but not returned."""

    def __init__(self, source: str, mapping: LdapPeople, entries: Iterable[Entry], left_out: frozenset[str]) -> None:
        self.source = source
        self._mapping = mapping
        self._left_out = left_out
        self._above: Mapping[str, frozenset[str]] = {}
        self._present: dict[PersonId, Entry] = {}
        self._left_out_ids: set[PersonId] = set()
        for entry in entries:
            if entry.dn in left_out:
                with suppress(RegisterError):
                    self._left_out_ids.add(PersonId(entry.required(*mapping.id)))
                continue
            known = self._present.setdefault(PersonId(entry.required(*mapping.id)), entry)
            if known is not entry:
                raise RegisterError(f"{entry.name}: {known.name} has the same ID; give each an ID of its own.")
        if not self._present:
            raise RegisterError(f"{source}: nobody fits register.ldap.people.filter; correct it, or the base.")

    def look_above(self, directory: Directory) -> None:
        """Where being in a group makes somebody something, so does being in a group that is in that group."""
        role = self._mapping.role
        if role.lower() == _MEMBER_OF:
            named = {value for entry in self._present.values() for value in entry.texts(role)}
            self._above = _above(directory, named, role)

    @cached_property
    def roles(self) -> Mapping[PersonId, Role]:
        """What everybody is who has a place in the messenger."""
        roles = ((ident, self._role(entry)) for ident, entry in self._present.items())
        return {ident: role for ident, role in roles if role is not None}

    @cached_property
    def entries(self) -> Mapping[PersonId, Entry]:
        """Those who have a role."""
        return {ident: self._present[ident] for ident in self.roles}

    @cached_property
    def by_dn(self) -> Mapping[str, PersonId]:
        """Those who have a role, by DN."""
        return {entry.dn: ident for ident, entry in self.entries.items()}

    @cached_property
    def by_login(self) -> Mapping[str, list[PersonId]]:
        """Those who have a role, by login in small letters."""
        found = defaultdict(list)
        for ident, entry in self.entries.items():
            for login in entry.texts(self._mapping.login):
                found[login.casefold()].append(ident)
        return found

    @cached_property
    def bonds(self) -> list[_Bond]:
        """Every guardian with every child. A child may also be in another source."""
        return [
            (guardian, ward, place)
            for guardian, ward, place in (*self._by_guardians(), *self._by_children())
            if self.roles[guardian] == GUARDIAN
            and ward not in self._left_out_ids
            and (ward in self.roles or ward not in self._present)
        ]

    def leads(self, ident: PersonId) -> bool:
        """Whether a teacher is marked as leadership."""
        marks = self._mapping.leadership
        return self.roles[ident] == TEACHER and fits(self._role_values(self.entries[ident]), marks)

    def makes_role(self, dn: str) -> bool:
        """Whether being in the group of this DN is what makes somebody a pupil or a guardian."""
        return any(fits([dn], self._mapping.roles.get(role, ())) for role in (STUDENT, GUARDIAN))

    def doubts(self) -> Iterator[str]:
        """Who has no role."""
        others = [entry for ident, entry in self._present.items() if ident not in self.roles]
        if others:
            logins = sorted(login for entry in others for login in entry.texts(self._mapping.login)[:1])
            which = f"{self._mapping.login} {enumerate_briefly(logins)}"
            yield (
                f"{self.source}: {len(others)} are left out ({which}), because register.ldap.people.roles has no role "
                f"for them."
            )

    def _by_guardians(self) -> Iterator[_Bond]:
        known = {entry.dn: ident for ident, entry in self._present.items()}
        for guardian, entry in self.entries.items():
            for attribute in self._mapping.children:
                for value in entry.texts(attribute):
                    ward = known.get(dn_key(value)) if "=" in value else PersonId(value)
                    if ward is not None:
                        yield guardian, ward, entry.place(attribute)
                    elif dn_key(value) not in self._left_out:
                        advice = "take it out, or set register.ldap.people so that the child is found"
                        raise entry.error(attribute, f"there is a DN that nobody has; {advice}")

    def _by_children(self) -> Iterator[_Bond]:
        for ward, entry in self.entries.items():
            for attribute in self._mapping.guardians:
                for value in entry.texts(attribute):
                    if (guardian := self.by_dn.get(dn_key(value))) is not None:
                        yield guardian, ward, entry.place(attribute)

    def _role(self, entry: Entry) -> Role | None:
        values = self._role_values(entry)
        return next((role for role, patterns in self._mapping.roles.items() if fits(values, patterns)), None)

    def _role_values(self, entry: Entry) -> list[str]:
        values = entry.texts(self._mapping.role)
        return [*values, *{above for value in values for above in self._above.get(dn_key(value), ())}]


def _above(directory: Directory, named: Iterable[str], attribute: str) -> Mapping[str, frozenset[str]]:
    """The groups that each group is in, directly or not."""
    parents: dict[str, list[str]] = {}
    waiting = [*named]
    while waiting:
        dn = waiting.pop()
        if dn_key(dn) not in parents:
            found = directory.entry(dn, (attribute,))
            parents[dn_key(dn)] = Entry.group("", found).texts(attribute) if found else []
            waiting += parents[dn_key(dn)]
    return {dn: frozenset(_closure(dn, parents)) for dn in parents}


def _closure(dn: str, parents: Mapping[str, list[str]]) -> Iterator[str]:
    seen = {dn}
    waiting = [*parents[dn]]
    while waiting:
        above = waiting.pop()
        if dn_key(above) not in seen:
            seen.add(dn_key(above))
            waiting += parents[dn_key(above)]
            yield above
