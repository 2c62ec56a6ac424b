"""Holding: whether a message waits, and until when.

A message waits when everybody else in the room (joined or invited, the bot not counted) is off. It waits until the
first of them is back. It also waits in a room in which earlier messages are still waiting, so that nothing overtakes.
Where nobody else is, nothing waits.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from school.domain.directory import Directory
from school.domain.people import TEACHER, Person, Role, UserId
from school.domain.rest import Calendar, PersonalRest, Rest, first_back, next_change, rest_at

RestOf: TypeAlias = Callable[[UserId], Rest | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A message waits for `resting` until `until` (UTC; None: no end is known). Nobody rests in `resting`: the room
    is still being drained."""

    until: datetime | None
    resting: tuple[Person, ...] = ()


def hold_for(
    sender: UserId, members: Iterable[UserId], *, directory: Directory, rest_of: RestOf, bot: UserId
) -> Hold | None:
    """Why a message by `sender` has to wait; None if it goes out at once. Stops at the first who is there."""
    resting: list[Person] = []
    rests: list[Rest] = []
    for member in members:
        if member in (sender, bot):
            continue
        person = directory.person(member)
        rest = None if person is None else rest_of(member)
        if person is None or rest is None:
            return None
        resting.append(person)
        rests.append(rest)
    return Hold(until=first_back(rests), resting=tuple(resting)) if rests else None


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
