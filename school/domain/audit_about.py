"""What of an entry of the audit log is about one person, and what of it they may be given.

Somebody who asks what is stored about them gets the entries that name them: when, what, by which right. Not who else is
in them: of others stands there what they are at the school, and of lists only what names the person (GDPR art. 15 (4);
ECJ, C-579/21: who looked something up on duty is not told).
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from school.domain.audit_chain import Entry
from school.domain.people import Role


def names_one_of(value: object, ids: Collection[str]) -> bool:
    """Whether one of these ids stands somewhere in an entry, or in a part of its details."""
    match value:
        case Entry():
            return names_one_of((value.actor, value.target, value.details), ids)
        case str():
            return value in ids
        case Mapping():
            return names_one_of((*value.keys(), *value.values()), ids)
        case list() | tuple():
            return any(names_one_of(part, ids) for part in value)
        case _:
            return False


def for_person(entry: Entry, ids: Collection[str], roles: Mapping[str, Role]) -> Entry:
    """An entry as the person with these ids may have it. `roles`: everybody's, by every id of theirs."""
    actor, target, details = (_part(value, ids, roles) for value in (entry.actor, entry.target, entry.details))
    return replace(entry, actor=actor, target=target, details=details)


def _part(value: Any, ids: Collection[str], roles: Mapping[str, Role]) -> Any:
    match value:
        case str():
            return value if value in ids else roles.get(value, value)
        case Mapping():
            parts = {key: _part(part, ids, roles) for key, part in value.items() if key in ids or key not in roles}
            return {key: part for key, part in parts.items() if part not in ([], {})}
        case list() | tuple():
            return [_row(part, ids, roles) for part in value if names_one_of(part, ids)]
        case _:
            return value


def _row(value: Any, ids: Collection[str], roles: Mapping[str, Role]) -> Any:
    """One of a list that names the person: if it is a list itself, such as who and in which group, it stays whole."""
    if isinstance(value, list | tuple):
        return [_part(part, ids, roles) for part in value]
    return _part(value, ids, roles)
