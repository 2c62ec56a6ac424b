"""One sync: read the register, plan, apply the plan to the directory, mirror the directory on the homeserver."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.group_mirror import GROUP_ROOMS
from appservice.school_view import KNOWN_EVERYWHERE_SECONDS
from roster_sync.apply import apply_plan
from roster_sync.logins import logins_of, strayed
from roster_sync.mirror import Mirror, MirrorReport
from roster_sync.plan import Guard, Plan, make_plan
from roster_sync.sources import Reader, RegisterOptions, read_sources
from school.clock import Clock, utc_now
from school.database.holders import holder
from school.database.leases import lease, patient_lease
from school.database.register import Known, read_known
from school.database.snapshot import read_snapshot
from school.domain.people import PersonId
from school.domain.roster import Roster
from school.errors import FailedError

LEASE: Final = "sync"
"""Of whoever changes the directory, or makes the homeserver what it says."""
_LEASE_SECONDS: Final = 60.0
_PATIENCE_SECONDS: Final = 120.0
"""For how long is waited until the appservice has made the rooms of a group that a teacher made."""


class BlockedError(FailedError):
    """The plan needs a person's word. Nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterSync:
    """Everything that a sync needs to know of the school."""

    engine: AsyncEngine
    server_name: str
    reserved: frozenset[str]
    readers: tuple[Reader, ...]
    options: RegisterOptions
    guard: Guard
    by_login: bool = False
    """Whether accounts are named by the logins that people have at the school's LDAP or single sign-on."""
    clock: Clock = utc_now

    def read(self) -> Roster:
        """The register as it is now.

        Raises:
            RegisterError: it cannot be used as it is.
        """
        return read_sources(self.readers, self.options)

    async def plan(self, register: Roster) -> Plan:
        """What a sync would change."""
        async with self.engine.connect() as connection:
            known = await read_known(connection)
        return self._plan(register, known)[0]

    def _plan(self, register: Roster, known: Known) -> tuple[Plan, Mapping[PersonId, str] | None]:
        """The plan, and everybody's login where it names their account."""
        plan = make_plan(register, known.roster, self.guard, known.aliases)
        if not self.by_login:
            return plan, None
        own = {**known.aliases, **plan.people_recognised}
        people = [replace(person, id=own.get(ident, ident)) for ident, person in register.persons.items()]
        logins = logins_of(people, known.user_ids, reserved=self.reserved)
        return replace(plan, doubts=(*plan.doubts, *strayed(logins, known.user_ids))), logins

    async def apply(self, register: Roster, *, actor: str, confirmed: bool = False) -> Plan:
        """Makes the directory what the register says.

        Raises:
            BlockedError: the plan is blocked and nobody confirmed it.
            LeaseTakenError: another sync is running.
            RegisterError: accounts are named by logins, and somebody has none.
        """
        async with (
            lease(self.engine, LEASE, holder(actor), seconds=_LEASE_SECONDS, now=self.clock),
            self.engine.begin() as connection,
        ):
            known = await read_known(connection)
            plan, logins = self._plan(register, known)
            if plan.blocked and not confirmed:
                raise BlockedError(plan.blocked)
            await apply_plan(
                connection,
                plan,
                known,
                server_name=self.server_name,
                reserved=self.reserved,
                at=self.clock(),
                actor=actor,
                logins=logins,
            )
        return plan

    async def mirror(self, mirror: Mirror, *, wait: bool) -> MirrorReport:
        """Makes the homeserver what the directory says. `wait`: the directory has just changed, so the modules need a
        moment to know whom they may let in; rooms are made meanwhile."""
        loop = asyncio.get_running_loop()
        known_at = loop.time() + (KNOWN_EVERYWHERE_SECONDS if wait else 0)

        async def known() -> None:
            await asyncio.sleep(known_at - loop.time())

        async with (
            lease(self.engine, LEASE, holder("the mirror"), seconds=_LEASE_SECONDS, now=self.clock),
            patient_lease(
                self.engine,
                GROUP_ROOMS,
                holder("the mirror"),
                seconds=_LEASE_SECONDS,
                now=self.clock,
                patience=_PATIENCE_SECONDS,
            ),
        ):
            async with self.engine.connect() as connection:
                snapshot = await connection.run_sync(read_snapshot)
            return await mirror.run(snapshot.directory, known=known)
