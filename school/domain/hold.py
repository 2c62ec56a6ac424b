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
from school.domain.people import Person, UserId
from school.domain.rest import Rest, first_back

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
