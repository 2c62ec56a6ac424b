"""The rooms of groups and who is in them, as the directory says: the part of the mirror that is also wanted when a
teacher makes or changes a group.

Works from what is written down about what was done, so it takes up whatever an earlier run left. Only one process may
be at it at a time (`GROUP_ROOMS`).
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.group_rooms import GroupRooms
from appservice.seats import Seats
from appservice.stages import Stages
from school.database.mirror import (
    GroupRoomRow,
    RoomsOfGroup,
    Seat,
    group_room_rows,
    groups_in_use,
    missing_seats,
    stale_seats,
)
from school.database.school_groups import rooms_are_begun
from school.domain.directory import Directory
from school.domain.groups import Group, GroupId, GroupKind
from school.domain.people import TEACHER, UserId

GROUP_ROOMS: Final = "rooms of groups"
"""The lease of whoever makes rooms of groups: one room in the making looks to another process like one that a killed
process has left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMirror:
    """Rooms first, then who is in them, then the doors. `only` are the groups that it works on, also ended ones; None:
    on all."""

    engine: AsyncEngine
    rooms: GroupRooms
    seats: Seats
    stages: Stages
    only: Collection[GroupId] | None = None

    async def is_done(self, directory: Directory) -> bool:
        """Whether there is nothing to do."""
        known, missing, stale = await self._known(), *await self._open_seats()
        wrong = [group for group in self._groups(directory) if not self._is_right(directory, group, known)]
        return not (wrong or missing or stale or self._ajar(directory, known))

    async def make_rooms(self, directory: Directory, *, may_be_there: Callable[[Group], bool] = lambda _: True) -> int:
        """Makes and changes rooms; returns for how many groups there was something to do. `may_be_there` tells of
        which groups there may be rooms that nobody remembers: looking for them takes a list of all rooms."""
        known = await self._known()
        groups = self._groups(directory)
        lacking = [group for group in groups if self.rooms.lacks_rooms(group, known.get(group.id, {}))]
        if any(map(may_be_there, lacking)):
            known = await self.rooms.take_up(known)
        due = [group for group in groups if not self._is_right(directory, group, known)]
        async with self.engine.begin() as connection:
            await rooms_are_begun(connection, [group.id for group in lacking if not group.in_register])
        async with self.engine.connect() as connection:
            waited_for = await groups_in_use(connection)
        doors: tuple[str, ...] = ()
        changed = 0

        async def ensure(group: Group) -> None:
            nonlocal changed
            lets_in = None if group.id in waited_for else doors
            await self.rooms.ensure(group, moderators_of(directory, group), known.get(group.id, {}), lets_in=lets_in)
            changed += 1

        # The spaces of the staff come first: they open the others.
        of_staff = [group for group in due if group.kind is GroupKind.STAFF]
        await self.stages.each("rooms of staff", of_staff, ensure, lambda group: group.name)
        doors = self.rooms.spaces_of_staff(directory.groups, await self._known())
        others = [group for group in due if group.kind is not GroupKind.STAFF]
        await self.stages.each("rooms", others, ensure, lambda group: group.name)
        return changed

    async def seat_people(self, known: Callable[[], Awaitable[None]]) -> None:
        """Brings people in and takes them out. `known` returns when all modules know the directory, and so whom they
        may let in."""
        await known()
        missing, stale = await self._open_seats()
        self.stages.progress("memberships", 0, len(missing))
        failed = await self.seats.take(missing) + await self.seats.free(stale)
        self.stages.progress("memberships", len(missing), len(missing))
        if failed:
            self.stages.failures.append(f"{failed} memberships could not be changed")

    async def close_doors(self, directory: Directory) -> None:
        """Closes what stood open for those who are in now."""

        async def close(item: tuple[GroupRoomRow, tuple[str, ...]]) -> None:
            await self.rooms.close(*item)

        ajar = self._ajar(directory, await self._known())
        await self.stages.each("rooms closed", ajar, close, lambda item: item[0].name)

    def _groups(self, directory: Directory) -> list[Group]:
        return [group for group in directory.groups.values() if self._is_ours(group.id)]

    def _is_ours(self, group_id: GroupId) -> bool:
        return self.only is None or group_id in self.only

    def _is_right(self, directory: Directory, group: Group, known: Mapping[GroupId, RoomsOfGroup]) -> bool:
        return self.rooms.are_right(group, moderators_of(directory, group), known.get(group.id, {}))

    def _ajar(
        self, directory: Directory, known: Mapping[GroupId, RoomsOfGroup]
    ) -> list[tuple[GroupRoomRow, tuple[str, ...]]]:
        return [item for item in self.rooms.ajar(directory.groups, known) if self._is_ours(item[0].group_id)]

    async def _known(self) -> dict[GroupId, RoomsOfGroup]:
        async with self.engine.connect() as connection:
            return await group_room_rows(connection)

    async def _open_seats(self) -> tuple[list[Seat], list[Seat]]:
        """Those that are missing, and those that are stale."""
        async with self.engine.connect() as connection:
            missing, stale = await missing_seats(connection), await stale_seats(connection)
        if self.only is None:
            return missing, stale
        known = await self._known()
        ours = {row.room_id for group_id in self.only for row in known.get(group_id, {}).values()}
        return [seat for seat in missing if seat.room_id in ours], [seat for seat in stale if seat.room_id in ours]


def moderators_of(directory: Directory, group: Group) -> frozenset[UserId]:
    """Who moderates a group's room: the teachers in the group."""
    return frozenset(person.user_id for person in directory.members(group.id) if person.role == TEACHER)
