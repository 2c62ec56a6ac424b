"""Who rests now: asked for every message, so each answer is remembered until the moment it can change."""

from collections.abc import Callable, Iterable
from datetime import datetime

from school.domain.directory import Directory
from school.domain.people import TEACHER, Role, UserId
from school.domain.rest import Calendar, PersonalRest, Rest, next_change, rest_at


class RestDesk:
    """Who rests now. Remembers each answer until the moment it can change, because it is asked for every message."""

    __slots__ = ("_answers", "_calendar", "_directory", "_personal", "_roles")

    def __init__(
        self,
        *,
        directory: Directory,
        calendar: Calendar,
        personal: Callable[[UserId], PersonalRest | None],
        roles: Iterable[Role] = (TEACHER,),
    ) -> None:
        self._directory = directory
        self._calendar = calendar
        self._personal = personal
        self._roles = frozenset(roles)
        self._answers: dict[UserId, tuple[datetime, datetime | None, Rest | None]] = {}

    def has_rest(self, user_id: UserId) -> bool:
        """Whether there is rest time for somebody at all: it is for teachers, unless the school says otherwise."""
        person = self._directory.person(user_id)
        return person is not None and person.role in self._roles

    def rest_of(self, user_id: UserId, now: datetime) -> Rest | None:
        """The rest that somebody is in at `now` (aware); None for everybody whose role has no rest time."""
        known = self._answers.get(user_id)
        if known is not None:
            asked_at, changes_at, rest = known
            if asked_at <= now and (changes_at is None or now < changes_at):
                return rest
        if not self.has_rest(user_id):
            return None
        personal = self._personal(user_id) or PersonalRest()
        rest = rest_at(self._calendar, personal, now)
        self._answers[user_id] = (now, next_change(self._calendar, personal, now), rest)
        return rest

    def next_rest(self, user_id: UserId, now: datetime) -> datetime | None:
        """When the next rest of somebody who does not rest at `now` begins."""
        return next_change(self._calendar, self._personal(user_id) or PersonalRest(), now)
