"""Groups of teachers and guest lists in both databases."""

import asyncio
from datetime import date

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from school.database import guest_lists, school_groups
from school.database.guest_lists import GuestList, read_guest_lists
from school.database.register import mark_left, read_known
from school.database.school_groups import SchoolGroup, read_school_group, read_school_groups
from school.database.tables import Part, groups, memberships, persons
from school.database.versions import bump, lock
from school.domain.groups import Group, GroupId, GroupKind, GroupOrigin
from school.domain.people import PersonId

IDA, KIM, LEA = map(PersonId, ("ida", "kim", "lea"))
JULY = date(2026, 7, 31)


async def fill(connection: AsyncConnection) -> Group:
    """Three people, a class with all of them, and a group of one."""
    for name in (IDA, KIM, LEA):
        values = {"given_name": name.title(), "family_name": "Groß", "role": "teacher"}
        await connection.execute(insert(persons).values(id=name, user_id=f"@{name}:school.test", **values))
    row = {"id": "5a", "key": "5a", "name": "Klasse 5a", "kind": "class", "origin": "register"}
    await connection.execute(insert(groups).values(row))
    everybody = [{"person_id": name, "group_id": "5a"} for name in (IDA, KIM, LEA)]
    await connection.execute(insert(memberships), everybody)
    return await make(connection, "Theater-AG")


async def make(connection: AsyncConnection, name: str) -> Group:
    return await school_groups.add_school_group(connection, name=name, kind=GroupKind.CLUB, ends_on=JULY, owner=IDA)


async def test_a_group_is_known_with_its_owners_until_it_ends(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        group = await fill(connection)
        await school_groups.add_members(connection, group.id, [IDA, KIM])
        await school_groups.add_members(connection, group.id, [KIM, LEA])
    async with writer.begin() as connection:
        assert await read_school_group(connection, group.id) == SchoolGroup(
            group=Group(id=group.id, name="Theater-AG", kind=GroupKind.CLUB, origin=GroupOrigin.SCHOOL),
            ends_on=JULY,
            owners=frozenset({IDA}),
        )
        assert await school_groups.members_of(connection, group.id) == {IDA, KIM, LEA}
        assert sorted(await school_groups.names_in_use(connection)) == ["Klasse 5a", "Theater-AG"]
        await school_groups.end_school_group(connection, group.id)
        assert await read_school_groups(connection) == {}
        assert await school_groups.members_of(connection, group.id) == set()
        assert await school_groups.names_in_use(connection) == ["Klasse 5a"]
        assert await school_groups.all_school_groups(connection) == {group.id}


async def test_what_was_told_is_told_anew_when_the_end_or_the_owners_change(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        group = await fill(connection)
        await school_groups.end_told(connection, group.id, date(2026, 6, 5))
        await school_groups.unowned_was_told(connection, group.id)
        await school_groups.rooms_are_begun(connection, [group.id])
    async with writer.begin() as connection:
        told = await read_school_group(connection, group.id)
        assert told is not None
        assert (told.told_on, told.unowned_told, told.rooms_begun) == (date(2026, 6, 5), True, True)
        await school_groups.keep_until(connection, group.id, date(2027, 7, 31))
        await school_groups.add_owners(connection, group.id, [KIM])
        after = await read_school_group(connection, group.id)
        assert after is not None
        assert (after.ends_on, after.told_on, after.unowned_told) == (date(2027, 7, 31), None, False)
        assert after.owners == {IDA, KIM}


async def test_who_leaves_keeps_a_place_in_groups_of_teachers_only(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        group = await fill(connection)
        await school_groups.add_members(connection, group.id, [IDA, KIM])
        await mark_left(connection, [IDA, KIM], 1.0)
    async with writer.connect() as connection:
        left = {tuple(row) for row in await connection.execute(select(memberships))}
        assert left == {(IDA, group.id), (KIM, group.id), (LEA, "5a")}
        found = await read_school_group(connection, group.id)
        assert found is not None
        assert found.owners == frozenset()
        known = await read_known(connection)
    assert [one.name for one in known.roster.groups.values()] == ["Klasse 5a"]
    assert known.group_ids.keys() == {"5a"}


async def test_who_changes_groups_waits_for_who_is_at_it(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await fill(connection)
        await bump(connection, Part.PEOPLE)
    order: list[str] = []

    async def first() -> None:
        async with writer.begin() as connection:
            await lock(connection, Part.PEOPLE)
            order.append("first begins")
            await asyncio.sleep(0.2)
            await make(connection, "Chor")
            order.append("first ends")

    async def second() -> None:
        await asyncio.sleep(0.05)
        async with writer.begin() as connection:
            await lock(connection, Part.PEOPLE)
            order.append("second begins")
            assert "Chor" in await school_groups.names_in_use(connection)

    await asyncio.gather(first(), second())
    assert order == ["first begins", "first ends", "second begins"]


async def test_a_guest_list_has_its_guests_and_is_the_last_hosts(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await fill(connection)
        await guest_lists.keep_list(connection, "!bees", GroupId("5a"), IDA)
        await guest_lists.keep_list(connection, "!bees", GroupId("5a"), KIM)
        await guest_lists.note_guests(connection, "!bees", GroupId("5a"), [LEA, IDA])
        await guest_lists.note_guests(connection, "!bees", GroupId("5a"), [LEA])
        await guest_lists.forget_guests(connection, "!bees", GroupId("5a"), [IDA])
        kept = GuestList(room_id="!bees", group_id=GroupId("5a"), host=KIM, guests=frozenset({LEA}))
        assert await read_guest_lists(connection) == [kept]
        assert await guest_lists.end_list(connection, "!bees", GroupId("5a"))
        assert not await guest_lists.end_list(connection, "!bees", GroupId("5a"))
        assert await read_guest_lists(connection) == []


async def test_the_lists_of_somebody_who_is_erased_end(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        group = await fill(connection)
        for room, host in (("!bees", IDA), ("!ants", KIM)):
            await guest_lists.keep_list(connection, room, group.id, host)
            await guest_lists.note_guests(connection, room, group.id, [LEA])
        await guest_lists.forget_lists_of(connection, IDA)
        assert [one.room_id for one in await read_guest_lists(connection)] == ["!ants"]
