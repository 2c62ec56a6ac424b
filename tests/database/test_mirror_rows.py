"""What was done on the homeserver, compared with the directory: what is still to do."""

import asyncio
from collections.abc import Iterable
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from school.database.mirror import (
    AccountRow,
    GroupRoomRow,
    Seat,
    account_locked,
    account_made,
    account_rows,
    begin_use,
    group_room_rows,
    missing_seats,
    save_group_room,
    seats_left,
    seats_taken,
    stale_seats,
)
from school.database.tables import RegisterState, groups, joins, memberships, persons
from school.domain.groups import GroupId
from school.domain.people import PersonId, UserId

KIM, LEA = PersonId("kim"), PersonId("lea")
CHOIR, BAND = GroupId("choir"), GroupId("band")


def user(person_id: str) -> UserId:
    return UserId(f"@{person_id}:school.example")


def room_row(group_id: GroupId, **changes: Any) -> GroupRoomRow:
    values: dict[str, Any] = {
        "group_id": group_id,
        "space_id": f"!space-{group_id}",
        "room_id": f"!room-{group_id}",
        "linked": True,
        "is_open": True,
        "name": group_id.title(),
        "moderators": (),
    }
    return GroupRoomRow(**values | changes)


def seat(person_id: str, group_id: str, *, space: bool = False) -> Seat:
    room_id = f"!{'space' if space else 'room'}-{group_id}"
    return Seat(user_id=user(person_id), person_id=PersonId(person_id), room_id=room_id, is_space=space)


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
        await save_group_room(connection, room_row(group_id))
    for person_id, group_id in in_groups:
        await connection.execute(insert(memberships).values(person_id=person_id, group_id=group_id))
    for person_id in (KIM, LEA):
        await account_made(connection, person_id, f"{person_id.title()} Groß")
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
        ),
        "lea": AccountRow(
            person_id=LEA,
            user_id=user("lea"),
            name="Lea Groß",
            is_active=True,
            known_name="Lea Groß",
            in_use=False,
            locked=False,
        ),
        "max": AccountRow(
            person_id=PersonId("max"),
            user_id=user("max"),
            name="Max",
            is_active=False,
            known_name=None,
            in_use=False,
            locked=False,
        ),
    }


async def test_a_lock_is_remembered_and_forgotten(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await fill(connection)
        await account_locked(connection, KIM, locked=True)
        assert {row.person_id for row in await account_rows(connection) if row.locked} == {KIM}
        await account_made(connection, KIM, "Kim Klein")
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


async def test_how_far_a_groups_rooms_are_is_kept(writer: AsyncEngine) -> None:
    begun = room_row(GroupId("new"), room_id=None, linked=False, moderators=(user("kim"), user("lea")))
    async with writer.begin() as connection:
        await fill(connection)
        await connection.execute(insert(groups).values(id="new", key="new", name="New", kind="club", origin="register"))
        await save_group_room(connection, begun)
        assert (await group_room_rows(connection))[GroupId("new")] == begun
        whole = room_row(GroupId("new"), moderators=())
        await save_group_room(connection, whole)
        assert await group_room_rows(connection) == {
            "new": whole,
            "choir": room_row(CHOIR),
            "band": room_row(BAND),
        }


# Seats.


async def test_missing_are_the_spaces_and_rooms_of_those_who_use_their_account_spaces_first(
    writer: AsyncEngine,
) -> None:
    async with writer.begin() as connection:
        await fill(connection, in_groups=[("kim", "choir"), ("kim", "band"), ("lea", "choir")])
        seats = await missing_seats(connection)
    assert [one.is_space for one in seats] == [True, True, False, False]
    assert set(seats) == {
        seat("kim", "choir", space=True),
        seat("kim", "choir"),
        seat("kim", "band", space=True),
        seat("kim", "band"),
    }


async def test_into_a_closed_space_people_come_by_invitation(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await fill(connection, in_groups=[("kim", "choir"), ("kim", "band")])
        await save_group_room(connection, room_row(CHOIR, is_open=False))
        seats = {one.room_id: one.by_invitation for one in await missing_seats(connection)}
    assert seats == {"!space-choir": True, "!room-choir": False, "!space-band": False, "!room-band": False}


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


async def test_a_space_without_a_room_has_one_seat(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await fill(connection, in_groups=[("kim", "choir")])
        await save_group_room(connection, room_row(CHOIR, room_id=None, linked=False))
        assert await missing_seats(connection) == [seat("kim", "choir", space=True)]


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
