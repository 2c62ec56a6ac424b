"""Holding: whether a message waits, and until when.

1. Nothing waits where nobody is who has rest time: teachers, unless the school says otherwise.
2. A message waits while everybody else in the room (joined or invited, the bot not counted) rests, until the first of
   them is back.
3. A room may hold for its teachers' sake. There a message also waits while others are in it who have no rest time:
   it waits for the first teacher. So nobody avoids the rest by adding a second parent.
4. What somebody with rest time of their own writes follows 2 in every room: colleagues need no holding for their sake,
   and what a resting teacher writes to parents goes out at once.
5. Chats and rooms for two hold as in 3 by themselves while at most two people without rest time are in them, rooms of
   groups do not; a teacher may say otherwise for a room.
6. A message also waits in a room in which earlier ones are still waiting, so that nothing overtakes.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

from school.domain.directory import Directory
from school.domain.people import Person, UserId
from school.domain.rest import Rest, first_back

RestOf: TypeAlias = Callable[[UserId], Rest | None]

MOST_BESIDE_TEACHERS: Final = 2
"""So many people without rest time, the sender among them, may be in a room that holds by itself: a child's parents."""


class RoomMode(StrEnum):
    """What becomes of a message to a room in which some rest and others have no rest time."""

    HOLD = "hold"
    """It waits until the first teacher is back."""
    SILENT = "silent"
    """It is delivered at once; with those who rest nothing rings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A message waits for `resting` until `until` (UTC; None: no end is known). Nobody rests in `resting`: the room
    is still being drained."""

    until: datetime | None
    resting: tuple[Person, ...] = ()
    deputy: Person | None = None
    """Who does the work of the one who rests, if there is one alone and they are absent."""


def hold_for(
    sender: UserId,
    members: Iterable[UserId],
    *,
    directory: Directory,
    rest_of: RestOf,
    has_rest: Callable[[UserId], bool],
    bot: UserId,
    mode: RoomMode | None = None,
) -> Hold | None:
    """Why a message by `sender` has to wait; None if it goes out at once. Stops at the first who is there.

    `has_rest` says for whom there is rest time at all. `mode` None: as the number of people tells.
    """
    if has_rest(sender):
        mode = RoomMode.SILENT
    beside_teachers = 1
    resting: list[Person] = []
    rests: list[Rest] = []
    for member in members:
        if member in (sender, bot):
            continue
        person = directory.person(member)
        if person is not None and has_rest(member):
            rest = rest_of(member)
            if rest is None:
                return None
            resting.append(person)
            rests.append(rest)
        elif mode is RoomMode.SILENT:
            return None
        elif mode is None:
            beside_teachers += 1
            if beside_teachers > MOST_BESIDE_TEACHERS:
                return None
    if not rests:
        return None
    return Hold(until=first_back(rests), resting=tuple(resting), deputy=_deputy(rests, directory))


def _deputy(rests: list[Rest], directory: Directory) -> Person | None:
    deputy = rests[0].deputy if len(rests) == 1 else None
    return None if deputy is None else directory.person_by_id(deputy)
