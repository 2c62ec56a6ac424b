"""Who belongs to a conference now: from the directory, and from who is in its room."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Final

from appservice.school_view import SchoolView
from bbb_widget.conferences import Place
from school.database.conferences import Conference
from school.domain.conferences import Circle, Entitled, may_take_part
from school.domain.groups import GroupId
from school.domain.people import Person, PersonId, UserId
from school.domain.rights import Right

REMEMBERED_SECONDS: Final = 2.0
_MOST_ROOMS: Final = 1000
RoomMembers = Callable[[str], Awaitable[Collection[UserId]]]
RoomsOf = Callable[[Collection[GroupId]], Awaitable[Collection[str]]]


class Circles:
    """Asks the homeserver only where the directory does not say enough, and once for all who come at the same time.
    Whoever was taken out of a room is out of its conference two seconds later."""

    def __init__(
        self,
        *,
        view: SchoolView,
        room_members: RoomMembers,
        rooms_of: RoomsOf,
        remember_seconds: float = REMEMBERED_SECONDS,
    ) -> None:
        """`rooms_of` are the rooms in which groups talk."""
        self._view = view
        self._ask = room_members
        self._rooms_of = rooms_of
        self._remember_seconds = remember_seconds
        self._known: dict[str, tuple[float, asyncio.Future[frozenset[UserId]]]] = {}

    async def circle(self, place: Place, person: Person, starter: PersonId | None = None) -> Circle:
        """The circle of a place, as far as it concerns one person.

        Raises:
            HomeserverError: the homeserver does not say who is in the room.
        """
        rooms = [] if place.room_id is None else [place.room_id]
        if place.groups:
            rooms = [*rooms, *await self._rooms_of(place.groups)] if self._visits(place, person) else []
        for room_id in dict.fromkeys(rooms):
            if person.user_id in await self.in_room(room_id):
                return Circle(groups=place.groups, in_room=True, starter=starter)
        return Circle(groups=place.groups, starter=starter)

    async def entitled(self, conference: Conference, person: Person | None) -> Entitled:
        """As what somebody may come in now."""
        rights, person = self._view.now.policy.rights, self.today(person)
        if person is None:
            return may_take_part(None, Circle(), rights)
        place = Place(room_id=conference.room_id, groups=conference.groups)
        return may_take_part(person, await self.circle(place, person, conference.starter), rights)

    def today(self, person: Person | None) -> Person | None:
        """Somebody as the directory has them now: who asks may have looked earlier."""
        return None if person is None else self._view.now.policy.directory.person(person.user_id)

    async def people(self, place: Place) -> list[Person]:
        """Everybody for whom a conference in a place is."""
        directory = self._view.now.policy.directory
        found = {each.id: each for group in place.groups for each in directory.members(group)}
        if place.room_id is not None and not place.groups:
            known = (directory.person(user_id) for user_id in await self.in_room(place.room_id))
            found |= {each.id: each for each in known if each is not None}
        return list(found.values())

    async def in_room(self, room_id: str) -> frozenset[UserId]:
        """Who is in a room."""
        loop = asyncio.get_running_loop()
        asked_at, answer = self._known.get(room_id, (0.0, None))
        if answer is None or loop.time() - asked_at > self._remember_seconds:
            if len(self._known) >= _MOST_ROOMS:
                self._known.clear()
            answer = asyncio.ensure_future(self._look(room_id))
            self._known[room_id] = loop.time(), answer
        return await asyncio.shield(answer)

    async def _look(self, room_id: str) -> frozenset[UserId]:
        return frozenset(await self._ask(room_id))

    def _visits(self, place: Place, person: Person) -> bool:
        """Whether somebody is in none of the groups, and may be in their rooms all the same."""
        rights = self._view.now.policy.rights
        return place.groups.isdisjoint(person.groups) and rights.holds(person, Right.WRITE_TO_GROUPS)
