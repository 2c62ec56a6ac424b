"""Makes the rooms of groups that teachers made, as soon as they are made, and keeps them as the directory says: without
a sync of the register, which does the same for all groups.

A desk changes the directory and says so; what is to be done on the homeserver is worked out anew each time. So a
process that dies in the middle loses nothing: the next start, or the next sync, finishes it. The register's groups are
left alone.
"""

import asyncio
import contextlib
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.group_mirror import GROUP_ROOMS, GroupMirror
from appservice.group_rooms import GroupRooms
from appservice.school_view import SchoolView
from appservice.seats import Seats
from appservice.stages import Stages
from school.clock import Clock, utc_now
from school.database.holders import holder
from school.database.leases import LeaseTakenError, patient_lease
from school.database.school_groups import all_school_groups, read_school_groups
from school.domain.groups import Group

log = structlog.get_logger()

_LEASE_SECONDS: Final = 60.0
_PATIENCE_SECONDS: Final = 30.0
_AGAIN_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 300.0


class GroupKeeper:
    """Works through what desks have changed. `run` works until it is cancelled."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        rooms: GroupRooms,
        seats: Seats,
        view: SchoolView,
        again_seconds: float = _AGAIN_SECONDS,
        look_seconds: float = _LOOK_SECONDS,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._rooms = rooms
        self._seats = seats
        self._view = view
        self._again_seconds = again_seconds
        self._look_seconds = look_seconds
        self._clock = clock
        self._wake = asyncio.Event()

    def changed(self) -> None:
        """A group was made, changed or ended."""
        self._wake.set()

    async def run(self) -> None:
        """Begins with what an earlier process has left; then whenever something was changed, and now and then. What
        failed is tried again, after pauses that grow."""
        pause = self._again_seconds
        while True:
            self._wake.clear()
            done = False
            try:
                done = await self.keep()
            except LeaseTakenError as error:
                log.info("groups_wait", why=str(error))
            except Exception:
                log.exception("groups_not_kept")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._look_seconds if done else pause):
                    await self._wake.wait()
            pause = self._again_seconds if done else min(2 * pause, self._look_seconds)

    async def keep(self) -> bool:
        """Does all that is to be done now. False: something failed.

        Raises:
            LeaseTakenError: a sync is at it.
        """
        stages = Stages(failures=[])
        await self._view.refresh()
        if await (await self._mirror(stages)).is_done(self._view.now.policy.directory):
            return True
        async with patient_lease(
            self._engine,
            GROUP_ROOMS,
            holder("the groups of teachers"),
            seconds=_LEASE_SECONDS,
            now=self._clock,
            patience=_PATIENCE_SECONDS,
        ):
            await self._view.refresh()
            directory = self._view.now.policy.directory
            mirror = await self._mirror(stages)
            async with self._engine.connect() as connection:
                school_groups = await read_school_groups(connection)

            def may_be_there(group: Group) -> bool:
                return group.id not in school_groups or school_groups[group.id].rooms_begun

            await mirror.make_rooms(directory, may_be_there=may_be_there)
            await mirror.seat_people(self._view.until_known_everywhere)
            await mirror.close_doors(directory)
        return not stages.failures

    async def _mirror(self, stages: Stages) -> GroupMirror:
        async with self._engine.connect() as connection:
            ours = await all_school_groups(connection)
        return GroupMirror(engine=self._engine, rooms=self._rooms, seats=self._seats, stages=stages, only=ours)
