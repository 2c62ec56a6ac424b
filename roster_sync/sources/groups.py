"""Groups of registers that name them only by what they are called, or by a short form of it."""

from collections.abc import Iterable, Mapping
from typing import Final

from roster_sync.sources.options import RegisterOptions
from school.domain.groups import GroupKind
from school.domain.roster import GroupKey, RosterGroup, RosterPerson

_WORDS: Final = {GroupKind.CLASS: "Klasse", GroupKind.YEAR: "Jahrgang"}


def groups_named_by(people: Iterable[RosterPerson], options: RegisterOptions) -> Mapping[GroupKey, RosterGroup]:
    """The groups of the people, whose keys are names; the name tells the kind."""
    keys = sorted({key for person in people for key in person.groups})
    return {key: RosterGroup(key=key, name=key, kind=options.kind_of(key)) for key in keys}


def full_name(short: str, kind: GroupKind, options: RegisterOptions) -> str:
    """`8a` as other registers write it, `Klasse 8a`: so it is one group with theirs, and no year has the name of a
    class. A name whose kind the school's patterns can tell is full already."""
    return short if options.kind_of(short) == kind else f"{_WORDS[kind]} {short}"
