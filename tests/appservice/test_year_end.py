"""Groups at the end of the school year, and groups that nobody owns any more."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from a_school import GERMAN, HEAD, School, a_school
from builders import BEN, IDA, OTTO
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import RefusedError, TryLaterError
from appservice.year_end import YearEnd
from school.database import school_groups
from school.database.school_groups import SchoolGroup, read_school_groups
from school.database.tables import Part, RegisterState, persons
from school.database.versions import bump
from school.domain.groups import GroupId, GroupKind
from school.domain.people import Person, UserId
from school.domain.school_groups import SchoolYear

THIS, NEXT = date(2026, 7, 31), date(2027, 7, 31)
ENDS = "📅 Theater-AG endet mit dem Schuljahr: am Fr, 31. Juli."
UNOWNED = "Theater-AG leitet niemand mehr"


def noon(month: int, day: int, year: int = 2026) -> datetime:
    return datetime(year, month, day, 10, tzinfo=UTC)


@dataclass
class Keeper:
    """What is done each hour, in a school of two classes with one group of a teacher."""

    school: School
    group: GroupId
    now: datetime = datetime(2026, 3, 2, 10, tzinfo=UTC)
    told: list[tuple[UserId, str]] = field(default_factory=list)
    without_room: set[UserId] = field(default_factory=set)
    errors: dict[UserId, Exception] = field(default_factory=dict)
    changes: int = 0

    async def tell(self, user_id: UserId, text: str, *, txn_id: str) -> bool:
        if user_id in self.errors:
            raise self.errors[user_id]
        if user_id in self.without_room:
            return False
        assert user_id in txn_id
        self.told.append((user_id, text))
        return True

    def changed(self) -> None:
        self.changes += 1

    async def look(self, at: datetime) -> list[tuple[UserId, str]]:
        """Who is told what at a moment, by the beginning of it."""
        self.now, self.told = at, []
        work = YearEnd(
            engine=self.school.engine,
            view=self.school.view,
            year=SchoolYear(month=7, day=31, notice=timedelta(days=56)),
            tell=self.tell,
            changed=self.changed,
            texts=GERMAN,
            clock=lambda: self.now,
        )
        await work.look()
        await self.school.view.refresh()
        return [(who, UNOWNED if text.startswith(UNOWNED) else text.partition(" Wenn")[0]) for who, text in self.told]

    async def known(self) -> SchoolGroup | None:
        async with self.school.engine.connect() as connection:
            return (await read_school_groups(connection)).get(self.group)

    async def leaves(self, person: Person) -> None:
        async with self.school.engine.begin() as connection:
            of = update(persons).where(persons.c.id == person.id)
            await connection.execute(of.values(standing=RegisterState.LEFT))
            await bump(connection, Part.PEOPLE)
        await self.school.view.refresh()

    async def keep(self) -> None:
        async with self.school.engine.begin() as connection:
            await school_groups.keep_until(connection, self.group, NEXT)


@pytest.fixture
async def keeper(database: Path, engine: AsyncEngine) -> AsyncIterator[Keeper]:
    async with a_school(database, engine) as school:
        async with engine.begin() as connection:
            group = await school_groups.add_school_group(
                connection, name="Theater-AG", kind=GroupKind.CLUB, ends_on=THIS, owner=IDA.id
            )
            await school_groups.add_owners(connection, group.id, [OTTO.id])
            await school_groups.add_members(connection, group.id, [IDA.id, BEN.id])
            await bump(connection, Part.PEOPLE)
        await school.view.refresh()
        yield Keeper(school, group.id)


async def test_owners_are_told_weeks_before_and_once(keeper: Keeper) -> None:
    assert await keeper.look(noon(6, 4)) == []
    assert sorted(await keeper.look(noon(6, 5))) == [(IDA.user_id, ENDS), (OTTO.user_id, ENDS)]
    assert keeper.told[0][1].endswith("schreib mir: !gruppe Theater-AG behalten")
    assert await keeper.look(noon(6, 6)) == []
    assert await keeper.look(noon(7, 31)) == []


async def test_nobody_is_told_at_night(keeper: Keeper) -> None:
    assert await keeper.look(datetime(2026, 6, 5, 5, 59, tzinfo=UTC)) == []
    assert len(await keeper.look(datetime(2026, 6, 5, 6, tzinfo=UTC))) == 2


async def test_then_the_group_ends(keeper: Keeper) -> None:
    await keeper.look(noon(6, 5))
    await keeper.look(noon(7, 31))
    assert await keeper.known() is not None
    assert await keeper.look(noon(8, 1)) == []
    assert await keeper.known() is None
    assert keeper.school.view.now.policy.directory.group(keeper.group) is None
    assert keeper.school.view.now.policy.directory.members(keeper.group) == ()
    assert keeper.changes == 1
    assert await keeper.school.logged() == [("group_ended", "schulbote run", keeper.group, "groups.year_ends")]


async def test_a_group_that_is_kept_stays_and_its_owners_are_told_in_the_next_year(keeper: Keeper) -> None:
    await keeper.look(noon(6, 5))
    await keeper.keep()
    assert await keeper.look(noon(8, 1)) == []
    assert await keeper.known() is not None
    assert len(await keeper.look(noon(6, 5, 2027))) == 2


async def test_where_nobody_was_there_to_tell_in_time_it_ends_later(keeper: Keeper) -> None:
    assert (await keeper.look(noon(9, 1)))[0][1] == "📅 Theater-AG endet mit dem Schuljahr: am Di, 27. Oktober."
    await keeper.look(noon(10, 27))
    assert await keeper.known() is not None
    await keeper.look(noon(10, 28))
    assert await keeper.known() is None


async def test_where_no_owner_can_be_told_the_leadership_is(keeper: Keeper) -> None:
    keeper.without_room = {IDA.user_id}
    keeper.errors = {OTTO.user_id: RefusedError("HTTP 403: left the room", status=403)}
    assert await keeper.look(noon(6, 5)) == [(HEAD.user_id, ENDS)]
    assert await keeper.look(noon(6, 6)) == []


async def test_a_homeserver_that_does_not_answer_is_asked_again(keeper: Keeper) -> None:
    keeper.errors = {IDA.user_id: TryLaterError("HTTP 503"), OTTO.user_id: TryLaterError("HTTP 503")}
    assert await keeper.look(noon(6, 5)) == []
    keeper.errors = {}
    assert len(await keeper.look(noon(6, 6))) == 2


async def test_when_the_last_owner_leaves_the_leadership_is_told_once(keeper: Keeper) -> None:
    await keeper.leaves(IDA)
    assert await keeper.look(noon(3, 2)) == []
    await keeper.leaves(OTTO)
    assert await keeper.look(noon(3, 2)) == [(HEAD.user_id, UNOWNED)]
    assert await keeper.look(noon(3, 3)) == []


async def test_it_is_told_again_when_somebody_owned_the_group_meanwhile(keeper: Keeper) -> None:
    await keeper.leaves(IDA)
    await keeper.leaves(OTTO)
    await keeper.look(noon(3, 2))
    async with keeper.school.engine.begin() as connection:
        await school_groups.add_owners(connection, keeper.group, [HEAD.id])
    assert await keeper.look(noon(3, 3)) == []
    async with keeper.school.engine.begin() as connection:
        await school_groups.remove_owners(connection, keeper.group, [HEAD.id])
    assert await keeper.look(noon(3, 4)) == [(HEAD.user_id, UNOWNED)]


async def test_where_nobody_of_the_leadership_can_be_told_it_is_tried_again(keeper: Keeper) -> None:
    await keeper.leaves(IDA)
    await keeper.leaves(OTTO)
    keeper.without_room = {HEAD.user_id}
    assert await keeper.look(noon(3, 2)) == []
    keeper.without_room = set()
    assert await keeper.look(noon(3, 2)) == [(HEAD.user_id, UNOWNED)]


async def test_the_leadership_hears_that_a_group_ends_which_nobody_owns(keeper: Keeper) -> None:
    await keeper.leaves(IDA)
    await keeper.leaves(OTTO)
    assert await keeper.look(noon(6, 5)) == [(HEAD.user_id, ENDS), (HEAD.user_id, UNOWNED)]
