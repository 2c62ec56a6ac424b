"""The mirror: makes the homeserver what the directory says.

Works from what is written down about what was done, not from a plan: so it takes up whatever an earlier run left,
and has nothing to do when nothing changed. One thing that fails does not stop the rest; it is named in the report
and tried again in the next run.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.departures import Departures
from appservice.group_rooms import GroupRooms
from appservice.homeserver import Homeserver, HomeserverError, NotThereError, RefusedError
from appservice.seats import Seats
from school.database.erasure import Leaver
from school.database.mirror import (
    AccountRow,
    GroupRoomRow,
    account_locked,
    account_looked_through,
    account_made,
    account_rows,
    forget_room,
    forget_seats,
    group_room_rows,
    groups_in_use,
    missing_seats,
    save_group_room,
    seated,
)
from school.domain.directory import Directory
from school.domain.groups import Group, GroupKind
from school.domain.people import TEACHER, PersonId, UserId
from school.domain.policy import Policy
from school.domain.rooms import Room, RoomKind, RoomStamp

log = structlog.get_logger()

_AT_ONCE: Final = 8

Progress = Callable[[str, int, int], None]
"""Told the name of a stage, how much of it is done and how much there is."""

T = TypeVar("T")


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
    """One run over everything. `password_for` gives a new account its first password, or none."""

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
        password_for: Callable[[PersonId], str | None] = lambda _: None,
        progress: Progress = lambda *_: None,
    ) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._rooms = rooms
        self._seats = seats
        self._departures = departures
        self._erase_after_days = erase_after_days
        self._policy_of = policy_of
        self._password_for = password_for
        self._progress = progress
        self._report = MirrorReport()
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
        await self._group_rooms(directory)
        await self._memberships()
        await self._doors(directory)
        await self._roles(directory, rows)
        await self._close([row for row in rows if not row.is_active and row.known_name and not row.locked])
        await self._erase()
        return self._report

    async def _accounts(self, rows: Sequence[AccountRow], existing: dict[str, dict[str, Any]]) -> None:
        active = [row for row in rows if row.is_active]
        for row in active:
            if existing.get(row.user_id, {}).get("locked") and not row.locked:
                self._report.locked_by_admin.append(row.user_id)
        foreign = {row.user_id for row in active if existing.get(row.user_id, {}).get("admin") and not row.known_name}
        for user_id in sorted(foreign):
            self._report.failures.append(f"{user_id} is an administrator's account and was not given to a person")
        due = [row for row in active if row.user_id not in foreign and _differs(row, existing.get(row.user_id))]
        await self._each("accounts", due, self._account, lambda row: row.user_id)

    async def _account(self, row: AccountRow) -> None:
        values: dict[str, Any] = {"displayname": row.name}
        if row.known_name is None and (password := self._password_for(row.person_id)):
            values["password"] = password
        if row.locked:  # somebody who had left is back
            values["locked"] = False
        await self._homeserver.put_account(row.user_id, **values)
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

    async def _group_rooms(self, directory: Directory) -> None:
        async with self._engine.connect() as connection:
            known = await group_room_rows(connection)
        if any(self._rooms.lacks_rooms(group, known.get(group.id, {})) for group in directory.groups.values()):
            known = await self._rooms.take_up(known)

        due = [
            (group, moderators)
            for group in directory.groups.values()
            if not self._rooms.are_right(group, moderators := moderators_of(directory, group), known.get(group.id, {}))
        ]

        async with self._engine.connect() as connection:
            waited_for = await groups_in_use(connection)
        doors: tuple[str, ...] = ()

        async def ensure(item: tuple[Group, frozenset[UserId]]) -> None:
            group, moderators = item
            lets_in = None if group.id in waited_for else doors
            await self._rooms.ensure(group, moderators, known.get(group.id, {}), lets_in=lets_in)
            self._report.rooms_changed += 1

        # The spaces of the staff come first: they open the others.
        of_staff = [item for item in due if item[0].kind is GroupKind.STAFF]
        await self._each("rooms of staff", of_staff, ensure, lambda item: item[0].name)
        async with self._engine.connect() as connection:
            doors = self._rooms.spaces_of_staff(directory.groups, await group_room_rows(connection))
        others = [item for item in due if item[0].kind is not GroupKind.STAFF]
        await self._each("rooms", others, ensure, lambda item: item[0].name)

    async def _memberships(self) -> None:
        async with self._engine.connect() as connection:
            seats = await missing_seats(connection)
        await self._known()
        self._progress("memberships", 0, len(seats))
        failed = await self._seats.take(seats) + await self._seats.free_stale()
        self._progress("memberships", len(seats), len(seats))
        if failed:
            self._report.failures.append(f"{failed} memberships could not be changed")

    async def _doors(self, directory: Directory) -> None:
        async with self._engine.connect() as connection:
            known = await group_room_rows(connection)

        async def close(item: tuple[GroupRoomRow, tuple[str, ...]]) -> None:
            await self._rooms.close(*item)

        ajar = self._rooms.ajar(directory.groups, known)
        await self._each("rooms closed", ajar, close, lambda item: item[0].name)

    async def _close(self, left: Sequence[AccountRow]) -> None:
        async def close(row: AccountRow) -> None:
            await self._departures.close(row.person_id, row.user_id)
            self._report.accounts_closed += 1

        await self._each("accounts of people who left", left, close, lambda row: row.user_id)

    async def _erase(self) -> None:
        async def erase(leaver: Leaver) -> None:
            await self._departures.erase(leaver)
            self._report.people_erased += 1

        due = await self._departures.due(after_days=self._erase_after_days)
        await self._each("people erased", due, erase, lambda leaver: leaver.user_id)

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
        await self._each("roles", due, look_through, lambda row: row.user_id)

    async def _each(
        self, stage: str, items: Sequence[T], work: Callable[[T], Awaitable[None]], name: Callable[[T], str]
    ) -> None:
        """Does `work` for all, several at once; a failure is named in the report and stops nothing."""
        slots = asyncio.Semaphore(_AT_ONCE)
        done = 0
        self._progress(stage, done, len(items))

        async def one(item: T) -> None:
            nonlocal done
            async with slots:
                try:
                    await work(item)
                except HomeserverError as error:
                    log.warning("mirror_item_failed", stage=stage, item=name(item), error=str(error))
                    self._report.failures.append(f"{stage}: {name(item)}: {error}")
            done += 1
            self._progress(stage, done, len(items))

        await asyncio.gather(*(one(item) for item in items))


def _differs(row: AccountRow, account: Mapping[str, Any] | None) -> bool:
    """Whether an account is not what it should be, or what somebody else has made of it."""
    shown = row.name if account is None else account.get("displayname", row.name)
    return row.known_name != row.name or shown != row.name or row.locked


def moderators_of(directory: Directory, group: Group) -> frozenset[UserId]:
    """Who moderates a group's room: the teachers in the group."""
    return frozenset(person.user_id for person in directory.members(group.id) if person.role == TEACHER)
