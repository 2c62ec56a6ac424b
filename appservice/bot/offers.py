"""For whom a command is offered: what `!hilfe` lists for somebody.

This only decides what is shown. Whether somebody may do a thing is asked by who does it, and each says its refusal in
words of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from school.domain.people import TEACHER, Person
from school.domain.rights import Right
from school.standing import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Somebody who asks what they can do."""

    person: Person
    standing: Standing
    is_admin: bool = False
    """An admin of the homeserver."""


Offered: TypeAlias = Callable[[Asker], bool]


def to_everybody(_asker: Asker) -> bool:
    """No right is needed for it."""
    return True


def to_who_rests(asker: Asker) -> bool:
    """Who has rest time: teachers, where the school does not say otherwise."""
    return asker.standing.desk.has_rest(asker.person.user_id)


def to_teachers(asker: Asker) -> bool:
    """Teachers."""
    return asker.person.role == TEACHER


def to_leadership(asker: Asker) -> bool:
    """The leadership, and whoever runs the server."""
    return asker.person.leadership or asker.is_admin


def with_right(right: Right) -> Offered:
    """Who holds a right."""
    return lambda asker: asker.standing.policy.rights.holds(asker.person, right)
