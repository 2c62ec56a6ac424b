"""A school's directory server: UCS@school, Active Directory, or any other that `register.ldap` describes.

People and groups are two searches, and what an entry says is read as the mapping has it (ldap_presets.py). Only the
attributes that are needed are asked for. An error names a person by the login and an attribute by its name, and never
a value: in Active Directory even the DN is somebody's name. A guardian's child whom no search finds is an error; one
whose account is left out is not. A group without any of the people is none of the school's: computers, technicians.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from roster_sync.sources.extract import Extract
from roster_sync.sources.ldap_entry import Entry, dn_key, fits
from roster_sync.sources.ldap_people import People
from roster_sync.sources.ldap_presets import LdapGroups, LdapPeople
from roster_sync.sources.ldap_server import Directory, LdapServer, open_directory
from roster_sync.sources.options import RegisterOptions
from school.domain.groups import GroupKind
from school.domain.people import PersonId
from school.domain.roster import GroupKey, RegisterError, RosterGroup, RosterPerson


@dataclass(frozen=True, slots=True, kw_only=True)
class LdapRegister:
    """A directory, and how it says what."""

    server: LdapServer
    base: str
    people: LdapPeople
    groups: LdapGroups


def read_ldap(register: LdapRegister, options: RegisterOptions) -> Extract:
    """Read people and groups.

    Raises:
        RegisterError: the directory cannot be read whole, or an entry cannot be used as it is.
    """
    source = register.server.url
    with open_directory(register.server) as directory:
        people = _people(register, directory)
        entries = [entry for entry in _groups(register, directory) if not people.makes_role(entry.written_dn)]
    groups = _by_key(entries, register.groups, options)
    members = _members(groups, people, register)
    keys_of = defaultdict(set)
    for key, idents in members.items():
        for ident in idents:
            keys_of[ident].add(key)
    if not keys_of:
        raise RegisterError(f"{source}: no group has a member; check register.ldap.groups, and who may read members.")
    wards = defaultdict(set)
    for guardian, ward, _ in people.bonds:
        wards[guardian].add(ward)
    return Extract(
        source=source,
        persons={
            ident: RosterPerson(
                id=ident,
                given_name=entry.required(register.people.given_name),
                family_name=entry.required(register.people.family_name),
                role=people.roles[ident],
                groups=frozenset(keys_of[ident]),
                leadership=people.leads(ident),
                wards=frozenset(wards[ident]),
                login=options.login(next(iter(entry.texts(register.people.login)), None)),
            )
            for ident, entry in people.entries.items()
        },
        groups={key: group for key, (_, group) in groups.items() if members[key]},
        doubts=tuple(people.doubts()),
        ward_places={ward: place for _, ward, place in reversed(people.bonds) if ward not in people.entries},
    )


def _people(register: LdapRegister, directory: Directory) -> People:
    people, source = register.people, register.server.url
    base = people.base or register.base
    single = (people.login, people.given_name, people.family_name, people.role)
    wanted = {*single, *people.id, *people.children, *people.guardians, *people.member_of}
    entries = [Entry.person(source, people.login, found) for found in directory.search(base, people.filter, wanted)]
    left_out = directory.search(base, f"(&{people.filter}{people.left_out})", ())
    read = People(source, people, entries, frozenset(dn_key(found.dn) for found in left_out))
    read.look_above(directory)
    return read


def _groups(register: LdapRegister, directory: Directory) -> list[Entry]:
    groups, source = register.groups, register.server.url
    kind = () if groups.kind is None else (groups.kind,)
    wanted = {*groups.id, *groups.name, *kind, *groups.members}
    found = directory.search(groups.base or register.base, groups.filter, wanted)
    return [Entry.group(source, group) for group in found]


def _by_key(
    entries: Iterable[Entry], mapping: LdapGroups, options: RegisterOptions
) -> Mapping[GroupKey, tuple[Entry, RosterGroup]]:
    found: dict[GroupKey, tuple[Entry, RosterGroup]] = {}
    for entry in entries:
        key = GroupKey(entry.required(*mapping.id))
        if key in found:
            raise RegisterError(f"{entry.name}: {found[key][0].name} has the same ID; give each an ID of its own.")
        found[key] = entry, _group(key, entry, mapping, options)
    return found


def _group(key: GroupKey, entry: Entry, mapping: LdapGroups, options: RegisterOptions) -> RosterGroup:
    name = entry.required(*mapping.name)
    prefix = mapping.strip.match(name) if mapping.strip else None
    name = name[prefix.end() :].strip() or name if prefix else name
    values = entry.texts(mapping.kind) if mapping.kind else []
    kinds: Iterator[GroupKind] = (kind for kind, patterns in mapping.kinds.items() if fits(values, patterns))
    return RosterGroup(key=key, name=name, kind=next(kinds, None) or options.kind_of(name))


def _members(
    groups: Mapping[GroupKey, tuple[Entry, RosterGroup]], people: People, register: LdapRegister
) -> Mapping[GroupKey, set[PersonId]]:
    """Who is in each group, directly or by a group in it."""
    keys = {entry.dn: key for key, (entry, _) in groups.items()}
    direct: dict[GroupKey, set[PersonId]] = {key: set() for key in groups}
    inside: dict[GroupKey, set[GroupKey]] = {key: {key} for key in groups}
    for key, (entry, _) in groups.items():
        for attribute in register.groups.members:
            for value in entry.texts(attribute):
                if (inner := keys.get(dn_key(value))) is not None:
                    inside[key].add(inner)
                elif (ident := _person(value, people, entry, attribute)) is not None:
                    direct[key].add(ident)
    for ident, person in people.entries.items():
        for value in person.texts(*register.people.member_of):
            if (outer := keys.get(dn_key(value))) is not None:
                direct[outer].add(ident)
    return {key: set().union(*(direct[inner] for inner in _reachable(key, inside))) for key in groups}


def _person(value: str, people: People, group: Entry, attribute: str) -> PersonId | None:
    """Who is named by DN or login; nobody, if it is somebody who is no person of the school."""
    if "=" in value:
        return people.by_dn.get(dn_key(value))
    named = people.by_login.get(value.casefold(), [])
    if len(named) > 1:
        raise group.error(attribute, "a login in it belongs to several people; give each a login of their own")
    return next(iter(named), None)


def _reachable(key: GroupKey, inside: Mapping[GroupKey, set[GroupKey]]) -> set[GroupKey]:
    seen: set[GroupKey] = set()
    waiting = {key}
    while waiting:
        seen |= waiting
        waiting = set().union(*(inside[one] for one in waiting)) - seen
    return seen
