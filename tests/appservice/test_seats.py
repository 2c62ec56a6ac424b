import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from builders import BEA, BEN, IDA, person
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import HomeserverError, NotThereError, RefusedError, TryLaterError
from appservice.seats import Seats
from school.database.mirror import Seat, account_made, stale_seats
from school.database.tables import RegisterState, group_rooms, groups, joins, memberships, persons
from school.domain.people import Person, UserId

SPACE, ROOM = "!space", "!class"


class FakeHomeserver:
    """Who has joined what, in which order; and what cannot be done."""

    def __init__(self) -> None:
        self.joined: list[tuple[str, UserId]] = []
        self.invited: list[tuple[str, UserId]] = []
        self.kicked: list[tuple[str, UserId]] = []
        self.errors: dict[str, HomeserverError] = {}
        self.seen: set[UserId] = set()
        self.at_once = self.most_at_once = 0

    async def join(self, room_id: str, *, as_user: UserId) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if room_id in self.errors:
            raise self.errors[room_id]
        self.joined.append((room_id, as_user))

    async def invite(self, room_id: str, user_id: UserId) -> None:
        if (room_id, user_id) in self.joined:
            raise RefusedError("HTTP 403: is already in the room", status=403)
        self.invited.append((room_id, user_id))

    async def kick(self, room_id: str, user_id: UserId) -> None:
        if room_id in self.errors:
            raise self.errors[room_id]
        self.kicked.append((room_id, user_id))

    async def accounts(self) -> AsyncIterator[dict[str, Any]]:
        for user_id in {IDA.user_id, BEN.user_id, BEA.user_id} | self.seen:
            yield {"name": user_id, "last_seen_ts": 1 if user_id in self.seen else None}


async def add(engine: AsyncEngine, *people: Person) -> None:
    """People of class 5a with accounts that nobody has used."""
    async with engine.begin() as connection:
        known = (await connection.execute(select(groups.c.id))).scalar()
        if known is None:
            values = {"id": "5a", "key": "5a", "name": "5a", "kind": "class", "origin": "register"}
            await connection.execute(insert(groups).values(**values))
            row = {"group_id": "5a", "name": "5a", "moderators": [], "linked": True}
            space = {"kind": "space", "room_id": SPACE, "lets_in": []}
            room = {"kind": "group", "room_id": ROOM, "lets_in": [SPACE]}
            await connection.execute(insert(group_rooms), [row | space, row | room])
        for each in people:
            name = {"given_name": each.given_name, "family_name": each.family_name, "role": each.role}
            await connection.execute(insert(persons).values(id=each.id, user_id=each.user_id, **name))
            await connection.execute(insert(memberships).values(person_id=each.id, group_id="5a"))
            await account_made(connection, each.id, each.display_name, each.role)


async def taken(engine: AsyncEngine) -> set[tuple[str, str]]:
    async with engine.connect() as connection:
        return {(row.room_id, row.person_id) for row in await connection.execute(select(joins))}


async def stale(engine: AsyncEngine) -> list[Seat]:
    async with engine.connect() as connection:
        return await stale_seats(connection)


@pytest.fixture
async def homeserver(engine: AsyncEngine) -> FakeHomeserver:
    await add(engine, BEN)
    return FakeHomeserver()


def seats_of(engine: AsyncEngine, homeserver: Any) -> Seats:
    return Seats(engine=engine, homeserver=homeserver)


async def test_at_the_first_login_somebody_comes_into_space_and_room(
    engine: AsyncEngine, homeserver: FakeHomeserver
) -> None:
    await seats_of(engine, homeserver).logged_in(BEN.user_id, BEN.id)
    assert homeserver.joined == [(SPACE, BEN.user_id), (ROOM, BEN.user_id)]
    assert homeserver.invited == [(SPACE, BEN.user_id)]
    assert await taken(engine) == {(SPACE, BEN.id), (ROOM, BEN.id)}


async def test_at_the_second_login_nothing_is_left_to_do(engine: AsyncEngine, homeserver: FakeHomeserver) -> None:
    seats = seats_of(engine, homeserver)
    for _ in range(2):
        await seats.logged_in(BEN.user_id, BEN.id)
    assert len(homeserver.joined) == 2


async def test_a_space_that_is_open_needs_no_invitation(engine: AsyncEngine, homeserver: FakeHomeserver) -> None:
    async with engine.begin() as connection:
        await connection.execute(update(group_rooms).where(group_rooms.c.kind == "space").values(lets_in=None))
    await seats_of(engine, homeserver).logged_in(BEN.user_id, BEN.id)
    assert homeserver.invited == []
    assert len(homeserver.joined) == 2


async def test_who_is_in_a_space_that_opens_another_needs_no_invitation(
    engine: AsyncEngine, homeserver: FakeHomeserver
) -> None:
    async with engine.begin() as connection:
        staff = {"id": "staff", "key": "staff", "name": "Lehrer", "kind": "staff", "origin": "register"}
        await connection.execute(insert(groups).values(**staff))
        row = {"group_id": "staff", "name": "Lehrer", "moderators": [], "linked": True}
        await connection.execute(insert(group_rooms).values(**row, kind="space", room_id="!staff", lets_in=[]))
        await connection.execute(update(group_rooms).where(group_rooms.c.room_id == SPACE).values(lets_in=["!staff"]))
        await connection.execute(insert(memberships).values(person_id=BEN.id, group_id="staff"))
    await seats_of(engine, homeserver).logged_in(BEN.user_id, BEN.id)
    assert homeserver.joined == [("!staff", BEN.user_id), (SPACE, BEN.user_id), (ROOM, BEN.user_id)]
    assert homeserver.invited == [("!staff", BEN.user_id)]


async def test_who_came_into_the_space_alone_is_not_lost(engine: AsyncEngine, homeserver: FakeHomeserver) -> None:
    homeserver.joined.append((SPACE, BEN.user_id))
    await seats_of(engine, homeserver).logged_in(BEN.user_id, BEN.id)
    assert await taken(engine) == {(SPACE, BEN.id), (ROOM, BEN.id)}


async def test_two_logins_at_the_same_moment_take_every_seat_once(
    engine: AsyncEngine, homeserver: FakeHomeserver
) -> None:
    seats = seats_of(engine, homeserver)
    await asyncio.gather(*(seats.logged_in(BEN.user_id, BEN.id) for _ in range(3)))
    assert len(homeserver.joined) == 2


async def test_what_could_not_be_joined_is_tried_again_later(engine: AsyncEngine, homeserver: FakeHomeserver) -> None:
    seats = seats_of(engine, homeserver)
    homeserver.errors[ROOM] = TryLaterError("HTTP 503")
    await seats.logged_in(BEN.user_id, BEN.id)
    assert await taken(engine) == {(SPACE, BEN.id)}
    homeserver.errors.clear()
    await seats.look_for_first_logins()
    assert await taken(engine) == {(SPACE, BEN.id), (ROOM, BEN.id)}


async def test_who_never_logged_in_is_brought_nowhere(engine: AsyncEngine, homeserver: FakeHomeserver) -> None:
    await seats_of(engine, homeserver).look_for_first_logins()
    assert homeserver.joined == []


async def test_a_login_that_nobody_told_of_is_found(engine: AsyncEngine, homeserver: FakeHomeserver) -> None:
    await add(engine, BEA)
    homeserver.seen = {BEA.user_id, IDA.user_id}
    await seats_of(engine, homeserver).look_for_first_logins()
    assert homeserver.joined == [(SPACE, BEA.user_id), (ROOM, BEA.user_id)]


async def test_only_a_few_join_at_once(engine: AsyncEngine, homeserver: FakeHomeserver) -> None:
    crowd = [person(f"p{number}", BEN.role) for number in range(30)]
    await add(engine, *crowd)
    homeserver.seen = {each.user_id for each in crowd}
    seats = seats_of(engine, homeserver)
    await asyncio.gather(*(seats.logged_in(each.user_id, each.id) for each in crowd))
    assert len(homeserver.joined) == 60
    assert homeserver.most_at_once <= 8


async def leaves(engine: AsyncEngine, who: Person) -> None:
    async with engine.begin() as connection:
        await connection.execute(delete(memberships).where(memberships.c.person_id == who.id))


@pytest.mark.parametrize("reason", ["left the class", "left the school", "the class has ended"])
async def test_who_is_not_in_the_group_any_more_is_taken_out(
    engine: AsyncEngine, homeserver: FakeHomeserver, reason: str
) -> None:
    seats = seats_of(engine, homeserver)
    await seats.logged_in(BEN.user_id, BEN.id)
    async with engine.begin() as connection:
        match reason:
            case "left the class":
                await connection.execute(delete(memberships))
            case "left the school":
                await connection.execute(update(persons).values(standing=RegisterState.LEFT))
            case _:
                await connection.execute(update(groups).values(standing=RegisterState.LEFT))
    assert await seats.free(await stale(engine)) == 0
    assert set(homeserver.kicked) == {(SPACE, BEN.user_id), (ROOM, BEN.user_id)}
    assert await taken(engine) == set()


async def test_who_is_in_the_group_stays(engine: AsyncEngine, homeserver: FakeHomeserver) -> None:
    seats = seats_of(engine, homeserver)
    await seats.logged_in(BEN.user_id, BEN.id)
    assert await seats.free(await stale(engine)) == 0
    assert homeserver.kicked == []


@pytest.mark.parametrize(
    ("error", "left"),
    [
        pytest.param(RefusedError("HTTP 403", status=403), 0, id="not in the room any more"),
        pytest.param(NotThereError("HTTP 404", status=404), 0, id="the room is gone"),
        pytest.param(RefusedError("HTTP 401", status=401), 1, id="a token that does not hold says nothing of the room"),
        pytest.param(TryLaterError("HTTP 503"), 1, id="a busy homeserver: the seat is still to be freed"),
    ],
)
async def test_what_cannot_be_freed(
    engine: AsyncEngine, homeserver: FakeHomeserver, error: HomeserverError, left: int
) -> None:
    seats = seats_of(engine, homeserver)
    await seats.logged_in(BEN.user_id, BEN.id)
    await leaves(engine, BEN)
    homeserver.errors[ROOM] = error
    assert await seats.free(await stale(engine)) == left
    assert len(await taken(engine)) == left
