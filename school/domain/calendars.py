"""Whose hours hold for whom.

1. A person's own hours beat those of their groups, which beat the school's.
2. Somebody in several groups with hours can be reached in the hours of each of them.
3. Free days add up: those of the school and a person's own.
4. The school's minimum is everybody's, whatever hours they have.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase
from itertools import chain
from typing import Final

from school.domain.groups import Group, GroupId
from school.domain.people import Person, PersonId
from school.domain.rest import Calendar
from school.domain.week import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursLine:
    """Hours as school.yaml has them. `id` names the line of the file."""

    id: str
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnDays:
    """What school.yaml says of one person. Without hours those of the groups or the school hold."""

    hours: HoursLine | None = None
    free_days: frozenset[date] = frozenset()


_NOTHING: Final = OwnDays()


class Calendars:
    """The calendar of the school, and what differs for groups of the register (by a pattern of their names) and
    persons."""

    __slots__ = ("_group_lines", "_known", "_persons", "_school", "_school_line")

    def __init__(
        self,
        *,
        school: Calendar,
        school_line: str | None = None,
        group_lines: Mapping[str, HoursLine] | None = None,
        groups: Iterable[Group] = (),
        persons: Mapping[PersonId, OwnDays] | None = None,
    ) -> None:
        self._school = school
        self._school_line = school_line
        self._persons = persons or {}
        lines = (group_lines or {}).items()
        fitting = (
            (group.id, tuple(line for name, line in lines if fnmatchcase(group.name, name)))
            for group in groups
            if group.in_register
        )
        self._group_lines: dict[GroupId, tuple[HoursLine, ...]] = {group: found for group, found in fitting if found}
        self._known: dict[tuple[tuple[HoursLine, ...], frozenset[date]], Calendar] = {}

    def of(self, person: Person) -> Calendar:
        """The calendar that holds for a person."""
        if not (self._persons or self._group_lines):
            return self._school
        key = self._lines(person), self._persons.get(person.id, _NOTHING).free_days
        calendar = self._known.get(key)
        if calendar is None:
            calendar = self._known[key] = self._calendar(*key)
        return calendar

    def rules_of(self, person: Person) -> tuple[str, ...]:
        """The lines of school.yaml that a person's hours come from."""
        return tuple(line.id for line in self._lines(person)) or (
            () if self._school_line is None else (self._school_line,)
        )

    def _lines(self, person: Person) -> tuple[HoursLine, ...]:
        own = self._persons.get(person.id, _NOTHING).hours
        if own is not None:
            return (own,)
        found = {line.id: line for group in person.groups for line in self._group_lines.get(group, ())}
        return tuple(found[rule] for rule in sorted(found))

    def _calendar(self, lines: tuple[HoursLine, ...], own_days: frozenset[date]) -> Calendar:
        windows = tuple(sorted(set(chain.from_iterable(line.windows for line in lines))))
        return replace(
            self._school,
            windows=windows if lines else self._school.windows,
            free_days=self._school.free_days | own_days,
        )
