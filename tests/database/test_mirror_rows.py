"""What was done on the homeserver, compared with the directory: what is still to do."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from school.database.locks import end_lock, set_lock
from school.database.mirror import (
    AccountRow,
    GroupRoomRow,
    Seat,
    account_locked,
    account_made,
    account_rows,
    begin_use,
    group_room_rows,
    is_in_one_of,
    missing_seats,
    save_group_room,
    seats_left,
    seats_taken,
    stale_seats,
)
from school.database.tables import RegisterState, groups, joins, memberships, persons
from school.domain.groups import GroupId
from school.domain.people import STUDENT, PersonId, UserId
from school.domain.rooms import RoomKind

KIM, LEA = PersonId("kim"), PersonId("lea")
CHOIR, BAND = GroupId("choir"), GroupId("band")


def user(person_id: str) -> UserId:
    return UserId(f"@{person_id}:school.example")


def room_row(group_id: GroupId, kind: RoomKind = RoomKind.GROUP, **changes: Any) -> GroupRoomRow:
    is_space = kind is RoomKind.SPACE
    values: dict[str, Any] = {
        "group_id": group_id,
        "kind": kind,
        "room_id": f"!{'space' if is_space else 'room'}-{group_id}",
        "name": group_id.title(),
        "linked": not is_space,
        "lets_in": None if is_space else (f"!space-{group_id}",),
    }
    return GroupRoomRow(**values | changes)


def seat(person_id: str, group_id: str, *, space: bool = False) -> Seat:
    row = room_row(GroupId(group_id), RoomKind.SPACE if space else RoomKind.GROUP)
    return Seat(
        user_id=user(person_id),
        person_id=PersonId(person_id),
        room_id=row.room_id,
        is_space=space,
        lets_in=row.lets_in,
    )


async def fill(connection: AsyncConnection, *, in_groups: Iterable[tuple[str, str]] = ()) -> None:
    """Kim and Lea, choir and band with their rooms; both have accounts, Kim's is in use."""
    await connection.execute(
        insert(persons),
        [
            {"id": one, "user_id": user(one), "given_name": one.title(), "family_name": "Groß", "role": "student"}
            for one in (KIM, LEA)
        ],
    )
    await connection.execute(
        insert(groups),
        [{"id": one, "key": one, "name": one.title(), "kind": "club", "origin": "register"} for one in (CHOIR, BAND)],
    )
    for group_id in (CHOIR, BAND):
        await save_group_room(connection, room_row(group_id, RoomKind.SPACE))
        await save_group_room(connection, room_row(group_id))
    for person_id, group_id in in_groups:
        await connection.execute(insert(memberships).values(person_id=person_id, group_id=group_id))
    for person_id in (KIM, LEA):
        await account_made(connection, person_id, f"{person_id.title()} Groß", STUDENT)
    assert await begin_use(connection, KIM, 1.0)


# Accounts.


async def test_everybody_ever_in_the_register_has_a_row(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await fill(connection)
        await connection.execute(
            insert(persons).values(
                id="max", user_id=user("max"), given_name="Max", family_name="", role="student", standing="left"
            )
        )
        rows = {row.person_id: row for row in await account_rows(connection)}
    assert rows == {
        "kim": AccountRow(
            person_id=KIM,
            user_id=user("kim"),
            name="Kim Groß",
            is_active=True,
            known_name="Kim Groß",
            in_use=True,
            locked=False,
            is_barred=False,
            role=STUDENT,
            known_role=STUDENT,
        ),
        "lea": AccountRow(
            person_id=LEA,
            user_id=user("lea"),
            name="Lea Groß",
            is_active=True,
            known_name="Lea Groß",
            in_use=False,
            locked=False,
            is_barred=False,
            role=STUDENT,
            known_role=STUDENT,
        ),
        "max": AccountRow(
            person_id=PersonId("max"),
            user_id=user("max"),
            name="Max",
            is_active=False,
            known_name=None,
            in_use=False,
            locked=False,
            is_barred=False,
            role=STUDENT,
            known_role=None,
        ),
    }


async def test_whom_the_leadership_has_locked_is_barred(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await fill(connection)
        assert await set_lock(connection, KIM, datetime(2026, 3, 2, tzinfo=UTC))
        assert not await set_lock(connection, KIM, datetime(2026, 3, 2, tzinfo=UTC))
        assert {row.person_id for row in await account_rows(connection) if row.is_barred} == {KIM}
        assert await end_lock(connection, KIM)
        assert not await end_lock(connection, KIM)
        assert {row.person_id for row in await account_rows(connection) if row.is_barred} == set()


async def test_a_lock_is_remembered_and_forgotten(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await fill(connection)
        await account_locked(connection, KIM, locked=True)
        assert {row.person_id for row in await account_rows(connection) if row.locked} == {KIM}
        await account_made(connection, KIM, "Kim Klein", STUDENT)
        assert {row.person_id for row in await account_rows(connection) if row.locked} == {KIM}
        await account_locked(connection, KIM, locked=False)
        assert {row.known_name for row in await account_rows(connection) if not row.locked} == {"Kim Klein", "Lea Groß"}


async def test_only_the_first_login_is_the_first(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await fill(connection)
        assert not await begin_use(connection, KIM, 2.0)
        assert await begin_use(connection, LEA, 2.0)
        assert not await begin_use(connection, LEA, 3.0)
        assert not await begin_use(connection, PersonId("nobody"), 3.0)


# Rooms of groups.


async def test_how_far_the_rooms_of_a_group_are_is_kept(writer: AsyncEngine) -> None:
    new = GroupId("new")
    space = room_row(new, RoomKind.SPACE)
    begun = room_row(new, linked=False, moderators=(user("kim"), user("lea")))
    async with writer.begin() as connection:
        await fill(connection)
        await connection.execute(insert(groups).values(id="new", key="new", name="New", kind="club", origin="register"))
        await save_group_room(connection, begun)
        assert (await group_room_rows(connection))[new] == {RoomKind.GROUP: begun}
        await save_group_room(connection, space)
        whole = room_row(new)
        await save_group_room(connection, whole)
        closed = room_row(new, RoomKind.SPACE, lets_in=())
        await save_group_room(connection, closed)
        rooms = await group_room_rows(connection)
        assert rooms == {
            "new": {RoomKind.SPACE: closed, RoomKind.GROUP: whole},
            "choir": {RoomKind.SPACE: room_row(CHOIR, RoomKind.SPACE), RoomKind.GROUP: room_row(CHOIR)},
            "band": {RoomKind.SPACE: room_row(BAND, RoomKind.SPACE), RoomKind.GROUP: room_row(BAND)},
        }


# Seats.


async def test_missing_are_the_spaces_and_rooms_of_those_who_use_their_account(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await fill(connection, in_groups=[("kim", "choir"), ("kim", "band"), ("lea", "choir")])
        seats = await missing_seats(connection)
    assert len(seats) == 4
    assert set(seats) == {
        seat("kim", "choir", space=True),
        seat("kim", "choir"),
        seat("kim", "band", space=True),
        seat("kim", "band"),
    }


async def test_being_in_a_room_that_opens_another_is_known(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await fill(connection, in_groups=[("kim", "choir")])
        await seats_taken(connection, [seat("kim", "choir", space=True)])
        assert await is_in_one_of(connection, KIM, ["!space-band", "!space-choir"])
        assert not await is_in_one_of(connection, KIM, ["!space-band"])
        assert not await is_in_one_of(connection, LEA, ["!space-choir"])


async def test_a_seat_that_is_taken_is_not_missing(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await fill(connection, in_groups=[("kim", "choir")])
        await seats_taken(connection, [seat("kim", "choir", space=True)])
        assert await missing_seats(connection) == [seat("kim", "choir")]
        await seats_taken(connection, [seat("kim", "choir"), seat("kim", "choir", space=True)])
        assert await missing_seats(connection) == []
        assert await stale_seats(connection) == []


async def test_one_persons_missing_seats_only(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await fill(connection, in_groups=[("kim", "choir"), ("lea", "choir")])
        await begin_use(connection, LEA, 2.0)
        assert {one.person_id for one in await missing_seats(connection, LEA)} == {LEA}
        assert {one.person_id for one in await missing_seats(connection)} == {KIM, LEA}


async def test_a_seat_is_stale_once_its_holder_is_out_of_the_group_or_gone_or_the_group_has_ended(
    writer: AsyncEngine,
) -> None:
    async with writer.begin() as connection:
        await fill(connection, in_groups=[("kim", "choir"), ("kim", "band"), ("lea", "choir")])
        taken = [
            seat(one, group_id, space=space)
            for one, group_id in (("kim", "choir"), ("kim", "band"), ("lea", "choir"))
            for space in (True, False)
        ]
        await seats_taken(connection, taken)
        assert await stale_seats(connection) == []

        await connection.execute(memberships.delete().where(memberships.c.group_id == "band"))
        assert {(one.person_id, one.room_id) for one in await stale_seats(connection)} == {
            ("kim", "!space-band"),
            ("kim", "!room-band"),
        }
        await connection.execute(update(persons).where(persons.c.id == "lea").values(standing=RegisterState.LEFT))
        assert {one.person_id for one in await stale_seats(connection)} == {"kim", "lea"}
        await connection.execute(update(groups).values(standing=RegisterState.LEFT))
        stale = await stale_seats(connection)
        assert len(stale) == 6

        await seats_left(connection, stale)
        assert await stale_seats(connection) == []
        assert (await connection.execute(select(joins))).all() == []


async def test_a_sync_and_a_first_login_may_take_the_same_seat_at_once(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await fill(connection, in_groups=[("kim", "choir")])

    async def take() -> None:
        async with writer.begin() as connection:
            await seats_taken(connection, [seat("kim", "choir")])
            await asyncio.sleep(0.2)

    await asyncio.gather(take(), take(), take())
    async with writer.connect() as connection:
        assert (await connection.execute(select(joins))).all() == [("!room-choir", "kim")]
