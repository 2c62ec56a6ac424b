"""Bringing people into the rooms of their groups, and taking them out.

Somebody who has never logged in is in no room: an account that nobody uses costs nothing (docs/adr). At the first
login they come into all of their rooms at once, and read there what was written before.
"""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import zip_longest
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import Homeserver, HomeserverError, RefusedError
from school.clock import Clock, utc_now
from school.database.mirror import (
    Seat,
    account_rows,
    begin_use,
    is_in_one_of,
    missing_seats,
    seats_left,
    seats_taken,
)
from school.domain.people import PersonId, UserId

log = structlog.get_logger()

_AT_ONCE: Final = 8
_PEOPLE_AT_ONCE: Final = 3
"""So many of those who log in for the first time are brought in at once: who came first is done first."""
_NOT_IN_THE_ROOM: Final = frozenset({403, 404})
"""What a homeserver answers to a kick if somebody has left the room already, or the room is gone."""


class Seats:
    """Keeps the homeserver's memberships of group rooms equal to the directory."""

    def __init__(self, *, engine: AsyncEngine, homeserver: Homeserver, clock: Clock = utc_now) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._clock = clock
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._entering = asyncio.Semaphore(_PEOPLE_AT_ONCE)
        self._people: dict[PersonId, asyncio.Lock] = {}
        self._coming = 0

    @property
    def is_busy(self) -> bool:
        """Whether somebody is being brought into their rooms."""
        return self._coming > 0

    async def logged_in(self, user_id: UserId, person_id: PersonId) -> None:
        """Somebody has logged in: the first time they are brought into their rooms."""
        self._coming += 1
        try:
            await self._let_in(user_id, person_id)
        finally:
            self._coming -= 1

    async def _let_in(self, user_id: UserId, person_id: PersonId) -> None:
        async with self._people.setdefault(person_id, asyncio.Lock()):
            async with self._engine.begin() as connection:
                first = await begin_use(connection, person_id, self._clock().timestamp())
                seats = await missing_seats(connection, person_id)
            if first:
                log.info("first_login", user=user_id, seats=len(seats))
            async with self._entering:
                await self.take(seats)

    async def take(self, seats: Sequence[Seat]) -> int:
        """Joins people, several at once; returns how many could not be. First come the spaces that let in nobody but
        the invited: being in one can open others. Then the other spaces, which open the rooms."""
        failed = 0
        for rank in (0, 1, 2):
            of_rank = [seat for seat in seats if _rank(seat) == rank]
            done = await asyncio.gather(*(self._take(seat) for seat in _spread(of_rank)))
            failed += done.count(False)
        return failed

    async def _take(self, seat: Seat) -> bool:
        async with self._slots:
            try:
                if await self._needs_invitation(seat):
                    with suppress(RefusedError):  # who is in it already cannot be invited; joining tells the rest
                        await self._homeserver.invite(seat.room_id, seat.user_id)
                await self._homeserver.join(seat.room_id, as_user=seat.user_id)
            except HomeserverError as error:
                log.warning("not_joined", user=seat.user_id, room=seat.room_id, error=str(error))
                return False
            # At once: a seat that nobody knows of would be kept for ever when the person leaves the group.
            async with self._engine.begin() as connection:
                await seats_taken(connection, [seat])
            return True

    async def _needs_invitation(self, seat: Seat) -> bool:
        if not seat.lets_in:
            return seat.lets_in is not None
        async with self._engine.connect() as connection:
            return not await is_in_one_of(connection, seat.person_id, seat.lets_in)

    async def free(self, seats: Sequence[Seat]) -> int:
        """Takes people out who are not in the group any more; returns how many could not be."""
        done = await asyncio.gather(*(self._free(seat) for seat in seats))
        freed = [seat for seat, ok in zip(seats, done, strict=True) if ok]
        async with self._engine.begin() as connection:
            await seats_left(connection, freed)
        return len(seats) - len(freed)

    async def _free(self, seat: Seat) -> bool:
        async with self._slots:
            try:
                await self._homeserver.kick(seat.room_id, seat.user_id)
            except HomeserverError as error:
                if error.status in _NOT_IN_THE_ROOM:
                    return True
                log.warning("not_removed", user=seat.user_id, room=seat.room_id, error=str(error))
                return False
            return True

    async def look_for_first_logins(self) -> None:
        """Finds people who logged in while nobody was told (a crash, or logins that never reach Synapse), and takes
        the seats that could not be taken earlier."""
        async with self._engine.connect() as connection:
            unused = {row.user_id: row for row in await account_rows(connection) if row.known_name and not row.in_use}
        if unused:
            async for account in self._homeserver.accounts():
                row = unused.get(UserId(account["name"]))
                if row is not None and account.get("last_seen_ts"):
                    await self.logged_in(row.user_id, row.person_id)
        async with self._engine.connect() as connection:
            seats = await missing_seats(connection)
        await self.take(seats)


def _spread(seats: Iterable[Seat]) -> list[Seat]:
    """One of each room in turn: the homeserver works on one membership of a room at a time."""
    by_room: dict[str, list[Seat]] = {}
    for seat in seats:
        by_room.setdefault(seat.room_id, []).append(seat)
    return [seat for round_ in zip_longest(*by_room.values()) for seat in round_ if seat is not None]


def _rank(seat: Seat) -> int:
    if not seat.is_space:
        return 2
    return 1 if seat.lets_in else 0
