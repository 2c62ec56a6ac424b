"""Groups of teachers on a homeserver that counts: made without a sync, finished after a kill, left alone by the
register."""

import asyncio
import copy
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine
from test_mirror import (
    SCHOOL,
    SERVER,
    FakeHomeserver,
    KilledError,
    end_state,
    filled,
    follow,
    group,
    mirror,
    next_day,
    person,
    user,
)

from appservice import school_view
from appservice.group_keeper import GroupKeeper
from appservice.group_mirror import GROUP_ROOMS
from appservice.group_rooms import GroupRooms
from appservice.school_view import SchoolView
from appservice.seats import Seats
from roster_sync.plan import Guard, make_plan
from school.config import load_settings
from school.database import school_groups
from school.database.leases import LeaseTakenError, lease
from school.database.mirror import group_room_rows
from school.database.reader import open_reader
from school.database.register import read_known
from school.database.tables import Part
from school.database.versions import bump
from school.database.writer import open_writer
from school.domain.groups import Group, GroupId, GroupKind
from school.domain.people import TEACHER, PersonId
from school.domain.rooms import RoomKind
from school.standing import StandingKeeper

IDA, TOM, KIM, LEA, UTE = map(PersonId, ("ida", "tom", "kim", "lea", "ute"))


async def make(engine: AsyncEngine, *members: PersonId, name: str = "Theatre", owner: PersonId = IDA) -> Group:
    """A group as the desk leaves it in the database."""
    async with engine.begin() as connection:
        made = await school_groups.add_school_group(
            connection, name=name, kind=GroupKind.CLUB, ends_on=date(2026, 7, 31), owner=owner
        )
        await school_groups.add_members(connection, made.id, members)
        await bump(connection, Part.PEOPLE)
    return made


async def change(engine: AsyncEngine, work: Callable[[Any], Any]) -> None:
    async with engine.begin() as connection:
        await work(connection)
        await bump(connection, Part.PEOPLE)


@asynccontextmanager
async def keeper_of(engine: AsyncEngine, homeserver: Any) -> AsyncIterator[GroupKeeper]:
    """A process that looks after groups."""
    folder = Path(engine.url.database or "").parent
    path = folder / "school.yaml"
    server = f'{{server_name: {SERVER}, homeserver_url: "http://127.0.0.1:8008"}}'
    path.write_text(f"demo: true\nschool: {{name: Gesamtschule am See}}\nmatrix: {server}\n")
    reader = open_reader(URL.create("sqlite", database=engine.url.database))
    view = SchoolView(StandingKeeper(load_settings(path), reader, lambda: 0.0), ZoneInfo("Europe/Berlin"))
    await view.refresh()
    yield GroupKeeper(
        engine=engine,
        rooms=GroupRooms(engine=engine, homeserver=homeserver, server_name=SERVER),
        seats=Seats(engine=engine, homeserver=homeserver),
        view=view,
        again_seconds=0.01,
    )
    reader.dispose()


async def keep(engine: AsyncEngine, homeserver: Any) -> bool:
    async with keeper_of(engine, homeserver) as keeper:
        return await keeper.keep()


async def members(engine: AsyncEngine, homeserver: FakeHomeserver, group_id: GroupId) -> dict[RoomKind, set[str]]:
    """Who is in the rooms of a group, the bot left out."""
    async with engine.connect() as connection:
        rows = (await group_room_rows(connection)).get(group_id, {})
    return {kind: homeserver.rooms[row.room_id]["members"] - {homeserver.bot} for kind, row in rows.items()}


pytestmark = pytest.mark.parametrize("empty", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _nobody_has_to_hear_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(school_view, "KNOWN_EVERYWHERE_SECONDS", 0)


# --- Making and changing ----------------------------------------------------------------------------------------


async def test_a_group_gets_its_rooms_without_a_sync_and_who_is_in_use_is_in_them(writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    theatre = await make(writer, IDA, KIM, UTE)
    assert await keep(writer, homeserver)
    inside = {user("ida"), user("kim")}  # Ute has never signed in
    assert await members(writer, homeserver, theatre.id) == {RoomKind.SPACE: inside, RoomKind.GROUP: inside}
    async with writer.connect() as connection:
        rows = (await group_room_rows(connection))[theatre.id]
    room, space = (homeserver.rooms[rows[kind].room_id]["state"] for kind in (RoomKind.GROUP, RoomKind.SPACE))
    allowed = [{"type": "m.room_membership", "room_id": rows[RoomKind.SPACE].room_id}]
    assert room["m.room.join_rules", ""] == {"join_rule": "restricted", "allow": allowed}
    assert space["m.room.join_rules", ""]["join_rule"] == "invite"
    assert room["m.room.power_levels", ""]["users"] == {user("ida"): 50}


async def test_a_new_group_costs_no_look_at_all_rooms_and_one_event_for_each_seat(writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    await make(writer, IDA, KIM, LEA)
    await keep(writer, homeserver)
    asked = [call[0] for call in homeserver.calls]
    assert "rooms_made_by_bot" not in asked
    assert "invite" not in asked
    assert (asked.count("create_room"), asked.count("join")) == (2, 6)


async def test_where_nothing_changed_nothing_is_asked(writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    await make(writer, IDA, KIM)
    await keep(writer, homeserver)
    homeserver.calls.clear()
    assert await keep(writer, homeserver)
    assert homeserver.calls == []


async def test_who_comes_later_is_brought_in_and_who_goes_is_taken_out(writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    theatre = await make(writer, IDA, KIM)
    await keep(writer, homeserver)

    async def swap(connection: Any) -> None:
        await school_groups.add_members(connection, theatre.id, [LEA, TOM])
        await school_groups.remove_members(connection, theatre.id, [KIM])

    await change(writer, swap)
    assert await keep(writer, homeserver)
    inside = {user("ida"), user("lea"), user("tom")}
    assert await members(writer, homeserver, theatre.id) == {RoomKind.SPACE: inside, RoomKind.GROUP: inside}
    async with writer.connect() as connection:
        room = homeserver.rooms[(await group_room_rows(connection))[theatre.id][RoomKind.GROUP].room_id]
    assert room["state"]["m.room.power_levels", ""]["users"] == {user("ida"): 50, user("tom"): 50}


async def test_when_a_group_ends_everybody_leaves_its_rooms(writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    theatre = await make(writer, IDA, KIM)
    await keep(writer, homeserver)
    await change(writer, lambda connection: school_groups.end_school_group(connection, theatre.id))
    assert await keep(writer, homeserver)
    assert await members(writer, homeserver, theatre.id) == {RoomKind.SPACE: set(), RoomKind.GROUP: set()}


async def test_a_new_name_reaches_the_rooms(writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    theatre = await make(writer, IDA)
    await keep(writer, homeserver)
    await change(writer, lambda connection: school_groups.rename_school_group(connection, theatre.id, "Stage"))
    await keep(writer, homeserver)
    async with writer.connect() as connection:
        rows = (await group_room_rows(connection))[theatre.id].values()
    assert {homeserver.rooms[row.room_id]["state"]["m.room.name", ""]["name"] for row in rows} == {"Stage"}


async def test_groups_of_the_register_are_left_to_the_sync(writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    await follow(writer, next_day())
    await make(writer, IDA)
    await keep(writer, homeserver)
    assert {call[1] for call in homeserver.calls if call[0] == "create_room"} == {"Theatre"}
    assert [call for call in homeserver.calls if call[0] in {"kick", "put_account"}] == []


# --- What fails, and who waits ----------------------------------------------------------------------------------


async def test_what_fails_is_tried_again(writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    theatre = await make(writer, IDA, KIM)
    homeserver.fails = lambda asked: asked[0] == "join" and asked[2] == user("kim")
    assert not await keep(writer, homeserver)
    homeserver.fails = lambda _: False
    assert await keep(writer, homeserver)
    assert (await members(writer, homeserver, theatre.id))[RoomKind.GROUP] == {user("ida"), user("kim")}


async def test_it_works_in_the_background_until_all_is_done(writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    failing = [True, True]
    homeserver.fails = lambda asked: asked[0] == "create_room" and bool(failing and failing.pop())
    async with keeper_of(writer, homeserver) as keeper:
        task = asyncio.create_task(keeper.run())
        theatre = await make(writer, IDA)
        keeper.changed()
        while not await members(writer, homeserver, theatre.id):  # noqa: ASYNC110 - another task is at it
            await asyncio.sleep(0.01)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert await keep(writer, homeserver)


async def test_while_a_sync_makes_rooms_it_waits(writer: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appservice.group_keeper._PATIENCE_SECONDS", 0)
    homeserver = await filled(writer)
    theatre = await make(writer, IDA)
    async with lease(writer, GROUP_ROOMS, "a sync", seconds=60, now=lambda: datetime.now(UTC)):
        with pytest.raises(LeaseTakenError):
            await keep(writer, homeserver)
        assert await members(writer, homeserver, theatre.id) == {}
    assert await keep(writer, homeserver)


# --- Beside the register ----------------------------------------------------------------------------------------


async def test_a_plan_does_not_know_of_groups_of_teachers(writer: AsyncEngine) -> None:
    await filled(writer)
    await make(writer, IDA, KIM, LEA)
    async with writer.connect() as connection:
        known = await read_known(connection)
    plan = make_plan(SCHOOL, known.roster, Guard(people=0, share=0.0))
    assert plan.is_empty
    assert plan.blocked is None
    assert [one.name for one in known.roster.groups.values()] == ["Choir", "Band"]


async def test_a_sync_of_another_day_touches_nothing_of_a_teachers_group(writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    theatre = await make(writer, IDA, TOM, LEA)
    await keep(writer, homeserver)
    async with writer.connect() as connection:
        own = {row.room_id for row in (await group_room_rows(connection))[theatre.id].values()}
    homeserver.calls.clear()
    directory = await follow(writer, next_day())
    assert (await mirror(writer, homeserver)).failures == []
    assert homeserver.writes
    assert [call for call in homeserver.writes if own & set(call)] == []
    assert {one.id for one in directory.members(theatre.id)} == {IDA, TOM, LEA}


async def test_a_sync_makes_the_rooms_that_the_appservice_could_not(writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    theatre = await make(writer, IDA, KIM)
    assert (await mirror(writer, homeserver)).failures == []
    inside = {user("ida"), user("kim")}
    assert await members(writer, homeserver, theatre.id) == {RoomKind.SPACE: inside, RoomKind.GROUP: inside}
    homeserver.calls.clear()
    await keep(writer, homeserver)
    assert homeserver.calls == []


async def test_who_leaves_the_school_leaves_the_group_and_comes_back_into_it(writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    theatre = await make(writer, IDA, KIM)
    await keep(writer, homeserver)
    without_kim = replace(SCHOOL, persons={one: it for one, it in SCHOOL.persons.items() if one != "kim"})
    directory = await follow(writer, without_kim)
    await mirror(writer, homeserver)
    assert {one.id for one in directory.members(theatre.id)} == {IDA}
    assert (await members(writer, homeserver, theatre.id))[RoomKind.GROUP] == {user("ida")}
    directory = await follow(writer, SCHOOL)
    await mirror(writer, homeserver)
    assert {one.id for one in directory.members(theatre.id)} == {IDA, KIM}
    assert (await members(writer, homeserver, theatre.id))[RoomKind.GROUP] == {user("ida"), user("kim")}


async def test_an_owner_who_left_owns_nothing_until_they_come_back(writer: AsyncEngine) -> None:
    await filled(writer)
    theatre = await make(writer, IDA, KIM)

    async def owners() -> frozenset[PersonId]:
        async with writer.connect() as connection:
            return (await school_groups.read_school_groups(connection))[theatre.id].owners

    await follow(writer, replace(SCHOOL, persons={one: it for one, it in SCHOOL.persons.items() if one != "ida"}))
    assert await owners() == frozenset()
    await follow(writer, SCHOOL)
    assert await owners() == {IDA}


async def test_a_group_of_the_register_with_the_same_name_is_another_group(writer: AsyncEngine) -> None:
    homeserver = await filled(writer)
    theatre = await make(writer, IDA, KIM)
    await keep(writer, homeserver)
    people = SCHOOL.persons | {"lea": person("lea", "choir", "theatre"), "tom": person("tom", "theatre", role=TEACHER)}
    register = replace(SCHOOL, persons=people, groups=SCHOOL.groups | {"theatre": group("theatre")})
    directory = await follow(writer, register)
    await mirror(writer, homeserver)
    named = {one.id: one.origin for one in directory.groups.values() if one.name == "Theatre"}
    assert sorted(named.values()) == ["register", "school"]
    (other,) = named.keys() - {theatre.id}
    assert (await members(writer, homeserver, theatre.id))[RoomKind.GROUP] == {user("ida"), user("kim")}
    assert (await members(writer, homeserver, other))[RoomKind.GROUP] == {user("tom"), user("lea")}


# --- Killed at any moment ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("finished_by", ["the next start", "a sync"])
@pytest.mark.parametrize("after_it", [False, True], ids=["before the homeserver did it", "after it"])
async def test_killed_at_any_call_it_is_finished(
    writer: AsyncEngine, tmp_path: Path, after_it: bool, finished_by: str
) -> None:
    before = await filled(writer)
    await make(writer, IDA, KIM, LEA)
    await writer.dispose()  # so that all of it is in the file
    template = tmp_path / "school.db"

    async def copied(name: str) -> AsyncEngine:
        shutil.copy(template, tmp_path / name)
        return open_writer(URL.create("sqlite+aiosqlite", database=str(tmp_path / name)))

    engine, undisturbed = await copied("undisturbed.db"), copy.deepcopy(before)
    assert await keep(engine, undisturbed)
    wanted = await end_state(engine, undisturbed)
    await engine.dispose()
    assert wanted["orphans"] == set()
    last = len(undisturbed.calls)
    assert last > 10

    for number in range(1, last + 1):
        engine, homeserver = await copied(f"{number}.db"), copy.deepcopy(before)
        homeserver.dies_at, homeserver.dies_after_it = number, after_it
        with pytest.raises(KilledError):
            await keep(engine, homeserver)
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()}, return_exceptions=True)
        await engine.dispose()
        engine = open_writer(engine.url)
        homeserver.dies_at = None
        if finished_by == "a sync":
            await follow(engine, SCHOOL)
            assert (await mirror(engine, homeserver)).failures == []
        assert await keep(engine, homeserver), f"killed at call {number}"
        assert await end_state(engine, homeserver) == wanted, f"killed at call {number}"
        await engine.dispose()
