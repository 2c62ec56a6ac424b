"""The register in the database, beyond what tests/roster_sync/test_apply.py shows of it."""

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from school.database.register import (
    Known,
    end_groups,
    mark_left,
    people_changed,
    read_known,
    write_group,
    write_memberships,
    write_people,
    write_wards,
)
from school.database.tables import Part, groups, memberships, versions
from school.domain.groups import GroupKind
from school.domain.people import GUARDIAN, STUDENT, PersonId, UserId
from school.domain.roster import GroupKey, Roster, RosterGroup, RosterPerson

CHOIR = RosterGroup(key=GroupKey("choir"), name="Chor", kind=GroupKind.CLUB)
KIM = RosterPerson(id=PersonId("kim"), given_name="Kim", family_name="Groß", role=STUDENT)
UTE = RosterPerson(
    id=PersonId("ute"), given_name="Ute", family_name="Groß", role=GUARDIAN, wards=frozenset({PersonId("kim")})
)
IDS = {PersonId("kim"): UserId("@kim:school.example"), PersonId("ute"): UserId("@ute:school.example")}


async def known(engine: AsyncEngine) -> Known:
    async with engine.connect() as connection:
        return await read_known(connection)


async def test_an_empty_database_knows_nobody(writer: AsyncEngine) -> None:
    assert await known(writer) == Known(roster=Roster(persons={}, groups={}))


async def test_guardians_may_be_written_before_their_children(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await write_people(connection, [UTE, KIM], IDS)
        await write_wards(connection, [UTE, KIM])
    assert (await known(writer)).roster.persons == {"ute": UTE, "kim": KIM}


async def test_wards_are_made_equal_not_added_to(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await write_people(connection, [UTE, KIM], IDS)
        await write_wards(connection, [UTE])
        childless = RosterPerson(id=UTE.id, given_name="Ute", family_name="Groß", role=GUARDIAN)
        await write_wards(connection, [childless])
    assert (await known(writer)).roster.persons[UTE.id] == childless


async def test_a_group_that_a_teacher_made_is_not_of_the_register(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await write_people(connection, [KIM], IDS)
        await connection.execute(
            insert(groups).values(
                id="own", key="own", name="Redaktion", kind="club", origin="school", standing="active"
            )
        )
        await connection.execute(insert(memberships).values(person_id="kim", group_id="own"))
    assert await known(writer) == Known(roster=Roster(persons={KIM.id: KIM}, groups={}), user_ids={KIM.id: IDS[KIM.id]})


async def test_ids_of_groups_are_random_and_never_given_twice(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await write_group(connection, CHOIR)
        await write_group(connection, RosterGroup(key=GroupKey("band"), name="Band", kind=GroupKind.CLUB))
    ids = (await known(writer)).group_ids
    assert len(set(ids.values())) == 2
    assert all(len(group_id) == 16 for group_id in ids.values())


async def test_an_ended_group_is_empty_and_remembered(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await write_people(connection, [KIM], IDS)
        await write_group(connection, CHOIR)
        await write_memberships(connection, added=[(KIM.id, CHOIR.key)], removed=[])
        await end_groups(connection, [CHOIR.key])
    now = await known(writer)
    assert now.roster == Roster(persons={KIM.id: KIM}, groups={})
    assert list(now.group_ids) == [CHOIR.key]
    async with writer.connect() as connection:
        assert (await connection.execute(select(memberships))).all() == []


async def test_a_guardian_of_somebody_who_left_has_no_ward(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await write_people(connection, [UTE, KIM], IDS)
        await write_wards(connection, [UTE])
        await mark_left(connection, [KIM.id], 1.0)
    now = await known(writer)
    assert now.roster.persons[UTE.id].wards == frozenset()
    assert now.user_ids == IDS


async def test_readers_are_told(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await people_changed(connection)
        await people_changed(connection)
    async with writer.connect() as connection:
        assert (await connection.execute(select(versions))).all() == [(Part.PEOPLE, 2)]
