"""What one source says, and how the sources of a school become one roster.

A source is whole in itself: a reader that could not read all of it raises. But a person in it can be the guardian of
somebody in another source, so ids of children are looked up only when all are there.

People are the same by id, whatever source they are in: there they have one role, and at least a part of one name.
Groups of two sources are the same by key, or by kind and name. Within one source nothing is put together.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from roster_sync.sources.options import enumerate_briefly
from school.domain.groups import GroupKind
from school.domain.people import STUDENT, PersonId
from school.domain.roster import GroupKey, RegisterError, Roster, RosterGroup, RosterPerson


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """People and groups of one source. `groups` has every key that a person names."""

    source: str
    """What the source is called in an error: a folder, a file, a server."""
    persons: Mapping[PersonId, RosterPerson]
    groups: Mapping[GroupKey, RosterGroup]
    doubts: tuple[str, ...] = ()
    places: Mapping[PersonId, str] = field(default_factory=dict)
    """Where a person stands first, as errors begin: "schueler.csv, row 17". Without it, an error names the source."""
    ward_places: Mapping[PersonId, str] = field(default_factory=dict)
    """Where an id of a child stands first, as errors begin: "eltern.csv, row 17, column Kind-ID"."""
    child_ids: Mapping[PersonId, PersonId] = field(default_factory=dict)
    """Another id by which a guardians' file may name a child of this source, and the child's own id."""


def combine(extracts: Iterable[Extract]) -> Roster:
    """One roster. Each person belongs to the groups and has the children of all sources; the name is that of the first.

    Raises:
        RegisterError: two sources contradict each other, or a child is in none.
    """
    persons: dict[PersonId, RosterPerson] = {}
    groups: dict[GroupKey, RosterGroup] = {}
    group_in: dict[GroupKey, str] = {}
    person_in: dict[PersonId, str] = {}
    doubts: list[str] = []
    named: dict[PersonId, str] = {}
    own_ids: dict[PersonId, PersonId] = {}
    for extract in extracts:
        own_key = _merge_groups(extract, groups, group_in)
        renamed = []
        for ident, person in extract.persons.items():
            moved = replace(person, groups=frozenset(own_key[key] for key in person.groups))
            place = extract.places.get(ident, extract.source)
            known = persons.setdefault(ident, moved)
            if known is not moved:
                persons[ident] = _merge(known, moved, person_in[ident], place)
                renamed += [place] if _names(known) != _names(moved) else []
            person_in.setdefault(ident, place)
        doubts += extract.doubts
        if renamed:
            where = enumerate_briefly(renamed, 3)
            doubts.append(f"{where}: another name than in the source before; that name is kept, correct one of them.")
        named = {**extract.ward_places, **named}
        own_ids.update(extract.child_ids)
    _find_wards(persons, named, own_ids)
    return Roster(persons=persons, groups=groups, doubts=tuple(doubts))


def _merge_groups(
    extract: Extract, groups: dict[GroupKey, RosterGroup], group_in: dict[GroupKey, str]
) -> Mapping[GroupKey, GroupKey]:
    """Takes the groups of a source in; the key that each of them has from now on."""
    before: defaultdict[tuple[GroupKind, str], list[GroupKey]] = defaultdict(list)
    for key, group in groups.items():
        before[group.kind, group.name].append(key)
    here = Counter((group.kind, group.name) for group in extract.groups.values())
    own_key: dict[GroupKey, GroupKey] = {}
    for key, group in extract.groups.items():
        same = before[group.kind, group.name]
        known = groups.get(key)
        is_one = known is None and len(same) == here[group.kind, group.name] == 1
        own_key[key] = same[0] if is_one else key
        if known is not None and known != group:
            both = f"{group_in[key]} and {extract.source}"
            raise RegisterError(
                f"{both} have one key for two groups (a {known.kind} and a {group.kind}, or two names); "
                f"give each group a key or a name of its own."
            )
        groups.setdefault(own_key[key], group)
        group_in.setdefault(own_key[key], extract.source)
    return own_key


def _merge(known: RosterPerson, person: RosterPerson, place: str, other_place: str) -> RosterPerson:
    both = f"{place}, and {other_place}"
    if known.role != person.role:
        raise RegisterError(f"{both}: one ID with two roles; correct one of them.")
    if not any(mine == theirs for mine, theirs in zip(_names(known), _names(person), strict=True)):
        raise RegisterError(f"{both}: one ID with two quite different names; give each person an ID of their own.")
    return replace(
        known,
        groups=known.groups | person.groups,
        wards=known.wards | person.wards,
        leadership=known.leadership or person.leadership,
    )


def _names(person: RosterPerson) -> tuple[str, str]:
    given, family = (
        " ".join(unicodedata.normalize("NFKC", name).casefold().split())
        for name in (person.given_name, person.family_name)
    )
    return given, family


def _find_wards(
    persons: dict[PersonId, RosterPerson], named: Mapping[PersonId, str], own_ids: Mapping[PersonId, PersonId]
) -> None:
    """Replaces what the guardians' rows call the children by the ids that the children have."""
    for ident, person in persons.items():
        wards = set()
        for ward in sorted(person.wards):
            child = own_ids.get(ward, ward) if ward in named else ward
            if child not in persons or persons[child].role != STUDENT:
                place = named.get(ward, "The register")
                raise RegisterError(f"{place}: no pupil has this ID; correct it or take it out.")
            wards.add(child)
        if wards != person.wards:
            persons[ident] = replace(person, wards=frozenset(wards))
