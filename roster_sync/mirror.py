"""The mirror: makes the homeserver what the directory says.

Works from what is written down about what was done, not from a plan: so it takes up whatever an earlier run left,
and has nothing to do when nothing changed. One thing that fails does not stop the rest; it is named in the report
and tried again in the next run.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.departures import Departures
from appservice.group_mirror import GroupMirror
from appservice.group_rooms import GroupRooms
from appservice.homeserver import Homeserver, NotThereError, RefusedError
from appservice.seats import Seats
from appservice.stages import Progress, Stages
from school.database.erasure import Leaver
from school.database.mirror import (
    AccountRow,
    account_locked,
    account_looked_through,
    account_made,
    account_rows,
    forget_room,
    forget_seats,
    group_room_rows,
    save_group_room,
    seated,
)
from school.domain.directory import Directory
from school.domain.policy import Policy
from school.domain.rooms import Room, RoomKind, RoomStamp


@dataclass(slots=True, kw_only=True)
class MirrorReport:
    """What a run did, and what it could not do."""

    accounts_made: int = 0
    accounts_renamed: int = 0
    accounts_closed: int = 0
    people_erased: int = 0
    rooms_changed: int = 0
    locked_by_admin: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


async def _at_once() -> None: ...


class Mirror:
    """One run over everything. Accounts are made without a password."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        rooms: GroupRooms,
        seats: Seats,
        departures: Departures,
        erase_after_days: int,
        policy_of: Callable[[Directory], Policy],
        progress: Progress = lambda *_: None,
    ) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._departures = departures
        self._erase_after_days = erase_after_days
        self._policy_of = policy_of
        self._report = MirrorReport()
        self._stages = Stages(failures=self._report.failures, progress=progress)
        self._groups = GroupMirror(engine=engine, rooms=rooms, seats=seats, stages=self._stages)
        self._known: Callable[[], Awaitable[None]] = _at_once

    async def run(self, directory: Directory, *, known: Callable[[], Awaitable[None]] = _at_once) -> MirrorReport:
        """Accounts first, then rooms, then who is in them; who left goes out of the rooms before the door is closed.
        `known` returns when all modules know the directory, and so whom they may let in."""
        self._known = known
        async with self._engine.connect() as connection:
            rows = await account_rows(connection)
        existing = {account["name"]: account async for account in self._homeserver.accounts()}
        await self._accounts(rows, existing)
        await self._look_for_drift()
        self._report.rooms_changed = await self._groups.make_rooms(directory)
        await self._groups.seat_people(known)
        await self._groups.close_doors(directory)
        await self._roles(directory, rows)
        await self._close([row for row in rows if not row.is_active and row.known_name and not row.locked])
        await self._erase()
        return self._report

    async def _accounts(self, rows: Sequence[AccountRow], existing: dict[str, dict[str, Any]]) -> None:
        active = [row for row in rows if row.is_active]
        for row in active:
            if existing.get(row.user_id, {}).get("locked") and not (row.locked or row.is_barred):
                self._report.locked_by_admin.append(row.user_id)
        foreign = {row.user_id for row in active if existing.get(row.user_id, {}).get("admin") and not row.known_name}
        for user_id in sorted(foreign):
            self._report.failures.append(f"{user_id} is an administrator's account and was not given to a person")
        due = [row for row in active if row.user_id not in foreign and _differs(row, existing.get(row.user_id))]
        await self._stages.each("accounts", due, self._account, lambda row: row.user_id)

    async def _account(self, row: AccountRow) -> None:
        values: dict[str, Any] = {"displayname": row.name}
        if row.locked:  # somebody who had left is back
            values["locked"] = row.is_barred
        await self._homeserver.put_account(row.user_id, **values)
        if row.is_barred:  # said once more: an account that has just been made is open whatever is asked for
            await self._homeserver.put_account(row.user_id, locked=True)
            await self._homeserver.end_sessions(row.user_id)
        if row.locked:
            await self._known()
            await self._departures.come_back(row.person_id, row.user_id)
        async with self._engine.begin() as connection:
            await account_made(connection, row.person_id, row.name, row.role)
            if row.locked:
                await account_locked(connection, row.person_id, locked=False)
        if row.known_name is None:
            self._report.accounts_made += 1
        else:
            self._report.accounts_renamed += 1

    async def _close(self, left: Sequence[AccountRow]) -> None:
        async def close(row: AccountRow) -> None:
            await self._departures.close(row.person_id, row.user_id)
            self._report.accounts_closed += 1

        await self._stages.each("accounts of people who left", left, close, lambda row: row.user_id)

    async def _erase(self) -> None:
        async def erase(leaver: Leaver) -> None:
            await self._departures.erase(leaver)
            self._report.people_erased += 1

        due = await self._departures.due(after_days=self._erase_after_days)
        await self._stages.each("people erased", due, erase, lambda leaver: leaver.user_id)

    async def _look_for_drift(self) -> None:
        """Somebody else may have changed a room of a group: an admin took a member out, gave it another name, or
        deleted it. One list of all rooms tells which; what is forgotten here is done again by the steps that follow."""
        async with self._engine.connect() as connection:
            known = await group_room_rows(connection)
            inside = await seated(connection)
        rows = {row.room_id: row for rooms in known.values() for row in rooms.values()}
        if not rows:
            return
        deleted = dict(rows)
        async for room in self._homeserver.list_rooms():
            row = deleted.pop(room["room_id"], None)
            if row is None:
                continue
            expected = inside.get(row.room_id, set())
            async with self._engine.begin() as connection:
                if row.name and room["name"] != row.name:
                    await save_group_room(connection, replace(row, name=""))
                if room["joined_members"] <= len(expected):  # the bot is one of them
                    gone = expected - set(await self._homeserver.room_members(row.room_id))
                    await forget_seats(connection, row.room_id, sorted(gone))
        async with self._engine.begin() as connection:
            for row in deleted.values():
                if row.kind is RoomKind.SPACE:  # the rooms that were in it are in none
                    for other in known[row.group_id].values():
                        await save_group_room(connection, replace(other, linked=False))
            for room_id in deleted:
                await forget_room(connection, room_id)

    async def _roles(self, directory: Directory, rows: Sequence[AccountRow]) -> None:
        """Whose role is another one may be a guest in rooms of groups that they may not enter any more."""
        async with self._engine.connect() as connection:
            known = await group_room_rows(connection)
        policy = self._policy_of(directory)
        rooms_of_groups = {
            row.room_id: Room(stamp=RoomStamp(kind=kind, group=group), creator=policy.bot, members=frozenset())
            for group, rooms in known.items()
            for kind, row in rooms.items()
        }

        async def look_through(row: AccountRow) -> None:
            for room_id in await self._homeserver.joined_rooms(row.user_id):
                room = rooms_of_groups.get(room_id)
                if room is not None and not policy.may_enter_group(row.user_id, room):
                    with suppress(RefusedError, NotThereError):
                        await self._homeserver.kick(room_id, row.user_id)
            async with self._engine.begin() as connection:
                await account_looked_through(connection, row.person_id, row.role)

        due = [row for row in rows if row.is_active and row.known_name and row.known_role != row.role]
        await self._stages.each("roles", due, look_through, lambda row: row.user_id)


def _differs(row: AccountRow, account: Mapping[str, Any] | None) -> bool:
    """Whether an account is not what it should be, or what somebody else has made of it."""
    shown = row.name if account is None else account.get("displayname", row.name)
    is_open = account is None or not account.get("locked")
    return row.known_name != row.name or shown != row.name or row.locked or (row.is_barred and is_open)
