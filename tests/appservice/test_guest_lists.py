"""Chats that follow a group: what is done when people come into it and leave it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from a_school import GERMAN, School, a_school
from builders import BEA, BEN, CARL, IDA, NOON, OTTO, person
from some_chats import FakeChats
from sqlalchemy import delete, insert, update
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice import guest_lists as work
from appservice.chats import Chats
from appservice.guest_lists import GuestLists
from appservice.homeserver import RefusedError, TryLaterError
from appservice.inviting import Inviting
from school.database.guest_lists import keep_list, note_guests, read_guest_lists
from school.database.tables import Part, RegisterState, memberships, persons
from school.database.versions import bump
from school.domain.groups import GroupId
from school.domain.people import STUDENT, Person, PersonId, UserId

BEES, CLASS, OTHER = "!bees", GroupId("5a"), GroupId("6b")
LEO = person("leo", STUDENT)


@dataclass
class Following:
    """Ida's chat follows class 5a, of which Ben and Bea are in it."""

    school: School
    server: FakeChats
    told: list[tuple[UserId, str]] = field(default_factory=list)

    async def tell(self, user_id: UserId, text: str, *, txn_id: str) -> bool:
        self.told.append((user_id, text))
        return True

    def lists(self) -> GuestLists:
        chats = Chats(homeserver=self.school.homeserver, stamps=self.school.homeserver)
        inviting = Inviting(
            homeserver=self.school.homeserver, view=self.school.view, colleagues_pass=False, clock=lambda: NOON, pause=0
        )
        return GuestLists(
            engine=self.school.engine,
            homeserver=self.school.homeserver,
            chats=chats,
            inviting=inviting,
            view=self.school.view,
            tell=self.tell,
            texts=GERMAN,
            clock=lambda: NOON,
        )

    async def follow(self) -> list[tuple[str, str, UserId, UserId | None]]:
        """What is asked of the homeserver in one look."""
        self.server.asked.clear()
        await self.lists().follow()
        return self.server.asked

    async def joins(self, person: Person, group: GroupId = CLASS) -> None:
        async with self.school.engine.begin() as connection:
            await connection.execute(insert(memberships).values(person_id=person.id, group_id=group))
            await bump(connection, Part.PEOPLE)
        await self.school.view.refresh()

    async def leaves(self, person: Person, group: GroupId = CLASS) -> None:
        async with self.school.engine.begin() as connection:
            here = (memberships.c.person_id == person.id) & (memberships.c.group_id == group)
            await connection.execute(delete(memberships).where(here))
            await bump(connection, Part.PEOPLE)
        await self.school.view.refresh()

    async def leaves_school(self, person: Person) -> None:
        async with self.school.engine.begin() as connection:
            left = update(persons).where(persons.c.id == person.id).values(standing=RegisterState.LEFT)
            await connection.execute(left)
            await bump(connection, Part.PEOPLE)
        await self.school.view.refresh()

    async def guests(self, group: GroupId = CLASS) -> set[PersonId] | None:
        async with self.school.engine.connect() as connection:
            found = [one for one in await read_guest_lists(connection) if one.group_id == group]
        return set(found[0].guests) if found else None


@pytest.fixture
async def following(database: Path, engine: AsyncEngine) -> AsyncIterator[Following]:
    async with a_school(database, engine, more=[LEO]) as school:
        server = school.homeserver = FakeChats(**vars(school.homeserver))
        server.chat(BEES, "Projekt Bienen", IDA, BEN, BEA)
        async with engine.begin() as connection:
            await keep_list(connection, BEES, CLASS, IDA.id)
            await note_guests(connection, BEES, CLASS, [BEN.id, BEA.id])
        yield Following(school, server)


async def test_where_nothing_changed_nobody_is_asked(following: Following) -> None:
    assert await following.follow() == []
    assert following.server.looks == 0


async def test_who_comes_into_the_group_is_invited_once(following: Following) -> None:
    await following.joins(LEO)
    assert await following.follow() == [("invite", BEES, LEO.user_id, IDA.user_id)]
    assert await following.guests() == {BEN.id, BEA.id, LEO.id}
    following.server.invited[BEES].clear()  # they decline
    assert await following.follow() == []
    assert (await following.school.logged())[-1] == ("group_invited", "schulbote run", BEES, "guest_list")


async def test_who_leaves_the_group_is_taken_out(following: Following) -> None:
    await following.leaves(BEN)
    assert await following.follow() == [("kick", BEES, BEN.user_id, IDA.user_id)]
    assert await following.guests() == {BEA.id}
    assert (await following.school.logged())[-1] == ("guest_removed", "schulbote run", BEES, "guest_list")
    assert await following.follow() == []


async def test_who_came_in_another_way_stays(following: Following) -> None:
    following.server.joined[BEES].add(CARL.user_id)
    await following.joins(CARL)
    assert await following.follow() == []
    assert await following.guests() == {BEN.id, BEA.id, CARL.id}


async def test_who_leads_the_room_stays(following: Following) -> None:
    following.server.levels[BEES]["users"][BEN.user_id] = 50
    following.server.creators[BEES] = OTTO.user_id
    following.server.levels[BEES]["users"][IDA.user_id] = 50
    await following.leaves(BEN)
    assert await following.follow() == []
    assert BEN.user_id in following.server.joined[BEES]
    assert await following.guests() == {BEA.id}


async def test_who_moves_to_another_group_that_the_room_follows_stays(following: Following) -> None:
    async with following.school.engine.begin() as connection:
        await keep_list(connection, BEES, OTHER, IDA.id)
        await note_guests(connection, BEES, OTHER, [OTTO.id, CARL.id])
    await following.leaves(BEN)
    await following.joins(BEN, OTHER)
    assert await following.follow() == []
    assert await following.guests() == {BEA.id}
    assert await following.guests(OTHER) == {OTTO.id, CARL.id, BEN.id}


async def test_who_leaves_the_school_is_forgotten_here(following: Following) -> None:
    await following.leaves_school(BEN)
    assert await following.follow() == []
    assert await following.guests() == {BEA.id}


async def test_what_the_homeserver_could_not_do_is_tried_again(following: Following) -> None:
    await following.joins(LEO)
    await following.leaves(BEN)
    following.server.errors[BEES] = TryLaterError("HTTP 503")
    await following.follow()
    assert await following.guests() == {BEN.id, BEA.id}
    following.server.errors.clear()
    assert len(await following.follow()) == 2
    assert await following.guests() == {BEA.id, LEO.id}


async def test_whoever_refuses_is_not_asked_again(following: Following) -> None:
    await following.joins(LEO)
    following.server.refusing[LEO.user_id] = RefusedError("HTTP 403: blocks invitations", status=403)
    assert len(await following.follow()) == 1
    assert await following.follow() == []


@pytest.mark.parametrize("why", ["left the room", "no moderator any more", "the room is gone"])
async def test_a_list_whose_host_can_do_no_more_ends_and_the_host_hears_of_it(why: str, following: Following) -> None:
    match why:
        case "left the room":
            following.server.joined[BEES].remove(IDA.user_id)
        case "no moderator any more":
            following.server.creators[BEES] = OTTO.user_id
        case _:
            del following.server.names[BEES], following.server.stamps[BEES]
    await following.joins(LEO)
    assert await following.follow() == []
    assert await following.guests() is None
    said = (
        []
        if why == "the room is gone"
        else [(IDA.user_id, GERMAN.say("invite.ended", room="Projekt Bienen", group="Klasse 5a"))]
    )
    assert following.told == said


async def test_a_list_of_somebody_who_left_the_school_sleeps(following: Following) -> None:
    await following.leaves_school(IDA)
    await following.joins(LEO)
    await following.leaves(BEN)
    assert await following.follow() == []
    assert await following.guests() == {BEN.id, BEA.id}


async def test_it_looks_by_itself_when_people_change(following: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "KNOWN_EVERYWHERE_SECONDS", 0)
    task = asyncio.create_task(following.lists().run())
    await asyncio.sleep(0.1)
    following.server.asked.clear()
    await following.joins(LEO)
    for _ in range(100):
        if following.server.asked:
            break
        await asyncio.sleep(0.02)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert following.server.asked == [("invite", BEES, LEO.user_id, IDA.user_id)]
