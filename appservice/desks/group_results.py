"""What the desk for groups answers, as values: a page phrases them as well as the bot does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias

from school.domain.decisions import Decision
from school.domain.groups import Group
from school.domain.people import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """A group as its owners see it."""

    group: Group
    ends_on: date
    owners: Sequence[Person]
    members: Sequence[Person]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What became of people who were to come in or go. Nobody stands in two places."""

    view: GroupView
    """The group as it is now."""
    added: Sequence[Person] = ()
    there_already: Sequence[Person] = ()
    removed: Sequence[Person] = ()
    not_there: Sequence[Person] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A group lives until `view.ends_on`; as it would have anyway, unless it is `longer` now."""

    view: GroupView
    longer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """These may own no group, so nobody's ownership was changed."""

    people: Sequence[Person]
    decision: Decision


class Gone:
    """There is no such group, or not any more."""


GONE: Final = Gone()
No: TypeAlias = Decision | Gone
"""A refusal, or nothing to do it with."""
