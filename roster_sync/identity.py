"""Recognising guardians. Some registers give them no id, so a keyed hash of name and contact data stands for them; with
new contact data the hash is another one, and the person is not.

Who vanished and who appeared are one person if both ids are hashes, the name is the same, they have a child in common,
and nobody else could be meant. The new id becomes an alias. Whatever is less sure is two people, and a doubt says so: a
Matrix account is never given to somebody else.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from school.domain.people import PersonId
from school.domain.roster import Roster, RosterPerson, is_hashed

_Name = tuple[str, str]
_MOST_NAMED: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """A register with the ids under which its people are known, and the aliases that were found for that."""

    roster: Roster
    new_aliases: Mapping[PersonId, PersonId]


def recognise(register: Roster, known: Roster, aliases: Mapping[PersonId, PersonId]) -> Recognised:
    """The register with known ids. `aliases` are those of earlier syncs."""
    roster = _under(aliases, register)
    vanished = _guardians(person for ident, person in known.persons.items() if ident not in roster.persons)
    appeared = _guardians(person for ident, person in roster.persons.items() if ident not in known.persons)
    found: dict[PersonId, PersonId] = {}
    for name, newcomers in appeared.items():
        before = vanished.get(name, [])
        for newcomer in newcomers:
            meant = [person for person in before if person.wards & newcomer.wards]
            if len(meant) == 1 and sum(bool(other.wards & meant[0].wards) for other in newcomers) == 1:
                found[newcomer.id] = meant[0].id
    doubts = _doubts(vanished, appeared, found)
    roster = _under(found, roster)
    return Recognised(roster=replace(roster, doubts=(*roster.doubts, *doubts)), new_aliases=found)


def _guardians(people: Iterable[RosterPerson]) -> dict[_Name, list[RosterPerson]]:
    by_name: defaultdict[_Name, list[RosterPerson]] = defaultdict(list)
    for person in people:
        if is_hashed(person.id):
            by_name[person.given_name.casefold(), person.family_name.casefold()].append(person)
    return dict(by_name)


def _under(aliases: Mapping[PersonId, PersonId], roster: Roster) -> Roster:
    if not aliases.keys() & roster.persons.keys():
        return roster
    persons: dict[PersonId, RosterPerson] = {}
    for ident, person in roster.persons.items():
        own = aliases.get(ident, ident)
        other = persons.get(own, person)
        persons[own] = replace(person, id=own, groups=person.groups | other.groups, wards=person.wards | other.wards)
    return replace(roster, persons=persons)


def _doubts(
    vanished: Mapping[_Name, list[RosterPerson]],
    appeared: Mapping[_Name, list[RosterPerson]],
    found: Mapping[PersonId, PersonId],
) -> Iterable[str]:
    """Guardians of one child of whom one vanishes and one of the same given name appears: a new family name, or another
    person."""
    old = {
        (name[0], child): person
        for name, people in vanished.items()
        for person in people
        if person.id not in found.values()
        for child in person.wards
    }
    told: set[PersonId] = set()
    for name, people in appeared.items():
        for person in people:
            before = next((old[name[0], child] for child in sorted(person.wards) if (name[0], child) in old), None)
            if before is not None and person.id not in found and len(told) < _MOST_NAMED:
                told.add(person.id)
                yield (
                    f"{before.given_name} {before.family_name} is no longer in the register, and {person.given_name} "
                    f"{person.family_name} is new and has the same child. They get an account each; if they are one "
                    "person, tell them that the old one is locked."
                )
