"""Who rests now: asked for every message, so each answer is remembered until the moment it can change."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from school.domain.calendars import Calendars
from school.domain.directory import Directory
from school.domain.intervals import earliest
from school.domain.people import TEACHER, Person, Role, UserId
from school.domain.rest import Calendar, PersonalRest, Rest, next_change, rest_at


class RestDesk:
    """Who rests now. Remembers each answer until the moment it can change, because it is asked for every message."""

    __slots__ = ("_answers", "_directory", "_personal", "_roles", "calendars", "may_shorten")

    def __init__(
        self,
        *,
        directory: Directory,
        calendars: Calendars,
        personal: Callable[[UserId], PersonalRest | None],
        roles: Iterable[Role] = (TEACHER,),
        may_shorten: bool = True,
    ) -> None:
        self._directory = directory
        self._personal = personal
        self._roles = frozenset(roles)
        self._answers: dict[UserId, tuple[datetime, datetime | None, Rest | None]] = {}
        self.calendars = calendars
        self.may_shorten = may_shorten
        """Whether pauses count: a school may have its people keep all of its rest."""

    def has_rest(self, user_id: UserId) -> bool:
        """Whether there is rest time for somebody at all: it is for teachers, unless the school says otherwise."""
        return self._person(user_id) is not None

    def rest_of(self, user_id: UserId, now: datetime) -> Rest | None:
        """The rest that somebody is in at `now` (aware); None for everybody whose role has no rest time. The cause
        may be that of an earlier moment of the same rest: `look` knows the one at `now`."""
        known = self._answers.get(user_id)
        if known is not None:
            asked_at, changes_at, rest = known
            if asked_at <= now and (changes_at is None or now < changes_at):
                return rest
        person = self._person(user_id)
        if person is None:
            return None
        calendar, personal = self._said(person)
        rest = rest_at(calendar, personal, now)
        # A rest may go on when an absence is over, but then its deputy is nobody's deputy any more.
        changes_at = earliest((next_change(calendar, personal, now), personal.next_absence_edge(now)))
        self._answers[user_id] = (now, changes_at, rest)
        return rest

    def look(self, user_id: UserId, at: datetime) -> Rest | None:
        """The same, worked out anew for any moment."""
        person = self._person(user_id)
        return None if person is None else rest_at(*self._said(person), at)

    def next_rest(self, user_id: UserId, now: datetime) -> datetime | None:
        """When the next rest of somebody who does not rest at `now` begins."""
        person = self._person(user_id)
        return None if person is None else next_change(*self._said(person), now)

    def _person(self, user_id: UserId) -> Person | None:
        person = self._directory.person(user_id)
        return person if person is not None and person.role in self._roles else None

    def _said(self, person: Person) -> tuple[Calendar, PersonalRest]:
        """What the school and the person say of their time."""
        personal = self._personal(person.user_id) or PersonalRest()
        return self.calendars.of(person), personal if self.may_shorten else replace(personal, pauses=())
