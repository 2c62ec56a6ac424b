from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from builders import BEN, CARL, IDA, NOON, OTTO
from conference_school import CLASS, URL, Conferences, with_conferences
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from bbb_widget.api import Attendee, Role
from bbb_widget.conferences import Gate, Wish
from bbb_widget.guest_desk import MOST_GUESTS, MOST_USES, name_of_guest
from school.database.conference_guests import guests_of
from school.database.conferences import Conference
from school.database.tables import conference_guests
from school.domain.decisions import Reason
from school.domain.people import Person

FRIDAY = NOON + timedelta(days=3)


@pytest.fixture
async def it(database: Path, engine: AsyncEngine) -> AsyncIterator[Conferences]:
    async with with_conferences(database, engine) as it:
        yield it


async def invited(it: Conferences, conference: Conference, name: str = "Petra Lehmann") -> str:
    found = await it.guests.invite(IDA, conference, name)
    assert found.token is not None
    assert it.guests.link(found) == f"{URL}/conference/guest/{found.token}"
    return found.token


async def test_a_guest_is_seen_to_be_one_and_goes_through_the_lobby(it: Conferences) -> None:
    conference = await it.started()
    token = await invited(it, conference)
    assert (await it.guests.join(token)).gate is Gate.WAIT, "nobody is there to let them in"
    await it.open_for(conference)
    entrance = await it.guests.join(token)
    assert entrance.gate is Gate.OPEN
    assert await it.desk.redeem(entrance.ticket or "")
    assert (it.bbb.last.full_name, it.bbb.last.guest) == ("Petra Lehmann (Gast)", True)
    assert it.bbb.last.role is Role.VIEWER


async def test_a_guest_is_told_nothing_of_the_conference_but_the_way_in(it: Conferences) -> None:
    conference = await it.started()
    await it.open_for(conference)
    assert (await it.guests.join(await invited(it, conference))).conference is None


@pytest.mark.parametrize("who", [BEN, CARL, OTTO], ids=lambda person: person.given_name)
async def test_only_moderators_invite_and_take_back(who: Person, it: Conferences) -> None:
    conference = await it.started()
    refused = await it.guests.invite(who, conference, "Petra")
    assert (refused.token, bool(refused.decision)) == (None, False)
    await invited(it, conference)
    [guest] = await it.guests.guests(conference)
    assert not await it.guests.revoke(who, conference, guest.id)
    assert len(await it.guests.guests(conference)) == 1


async def test_a_link_that_was_taken_back_leads_nowhere_nor_does_its_ticket(it: Conferences) -> None:
    conference = await it.started()
    await it.open_for(conference)
    token = await invited(it, conference)
    ticket = (await it.guests.join(token)).ticket or ""
    [guest] = await it.guests.guests(conference)
    assert await it.guests.revoke(IDA, conference, guest.id)
    assert (await it.guests.join(token)).gate is Gate.UNKNOWN
    assert await it.desk.redeem(ticket) is None
    assert await it.guests.guests(conference) == []


async def test_a_guest_of_one_conference_is_not_taken_back_by_another(it: Conferences) -> None:
    conference = await it.started()
    token = await invited(it, conference)
    [guest] = await it.guests.guests(conference)
    other = await it.started(Wish(place=CLASS, title="x", planned_at=FRIDAY))
    assert await it.guests.revoke(IDA, other, guest.id)
    assert await it.guests.look(token) is not None


async def test_a_link_ends_with_its_days_and_then_nothing_is_kept(it: Conferences) -> None:
    planned = await it.started(Wish(place=CLASS, title="x", planned_at=FRIDAY))
    token = await invited(it, planned)
    it.now = FRIDAY + timedelta(days=7, seconds=-1)
    assert (await it.guests.join(token)).gate is Gate.WAIT
    it.later(seconds=1)
    assert (await it.guests.join(token)).gate is Gate.UNKNOWN
    it.later(seconds=1)
    await it.watch.forget()
    async with it.school.engine.connect() as connection:
        assert await guests_of(connection, planned.id) == []


async def test_a_link_ends_with_the_conference(it: Conferences) -> None:
    conference = await it.started()
    token = await invited(it, conference)
    await it.desk.end(IDA, conference.id)
    assert (await it.guests.join(token)).gate is Gate.OVER


async def test_a_link_is_not_used_without_end(it: Conferences) -> None:
    conference = await it.started()
    await it.open_for(conference)
    token = await invited(it, conference)
    for _ in range(MOST_USES):
        assert await it.desk.redeem((await it.guests.join(token)).ticket or "")
    assert (await it.guests.join(token)).gate is Gate.TOO_OFTEN


async def test_a_conference_has_so_many_guests_and_no_more(it: Conferences) -> None:
    conference = await it.started()
    for number in range(MOST_GUESTS):
        await invited(it, conference, f"Gast {number}")
    refused = await it.guests.invite(IDA, conference, "noch wer")
    assert (refused.decision.reason, refused.token) == (Reason.TOO_MANY, None)


@pytest.mark.parametrize("token", ["", "x", "a" * 5000, "../x"])
async def test_a_made_up_link_leads_nowhere(token: str, it: Conferences) -> None:
    await it.started()
    assert (await it.guests.join(token)).gate is Gate.UNKNOWN


async def test_the_database_has_no_link_and_the_log_no_name(it: Conferences) -> None:
    token = await invited(it, await it.started())
    async with it.school.engine.connect() as connection:
        [row] = (await connection.execute(select(conference_guests))).all()
    assert token not in str(row)
    assert "Petra" not in str(await it.school.logged())


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("  Petra   Lehmann ", "Petra Lehmann"),
        ("Nguyễn", "Nguyễn"),
        ("", None),
        ("123", None),
        ("a" * 61, None),
        ("Petra\x00", None),
        ("\u202egnp", None),
    ],
)
def test_what_a_guest_can_be_called(words: str, name: str | None) -> None:
    assert name_of_guest(words) == name


# Who was there


async def test_moderators_see_who_was_there_and_from_when_until_when(it: Conferences) -> None:
    conference = await it.started()
    await it.open_for(conference)
    await it.desk.redeem((await it.desk.join(BEN, conference.id)).ticket or "")
    await it.desk.redeem((await it.guests.join(await invited(it, conference))).ticket or "")
    await it.watch.look()
    meeting_id = conference.meeting_id or ""
    it.later(minutes=30)
    it.bbb.attendees[meeting_id] = [each for each in it.bbb.attendees[meeting_id] if each.full_name != "Ben Groß"]
    it.bbb.attendees[meeting_id].append(Attendee(user_id="made-up", full_name="Niemand", role=Role.VIEWER))
    await it.watch.look()
    decision, there = await it.guests.attendance(IDA, conference)
    assert decision
    assert [(each.name, each.person_id, each.left_at - each.came_at) for each in there] == [
        ("Ben Groß", BEN.id, timedelta()),
        ("Ida Groß", IDA.id, timedelta(minutes=30)),
        ("Petra Lehmann (Gast)", None, timedelta(minutes=30)),
    ]
    assert (await it.school.logged())[-1][0] == "attendance_seen"


async def test_nobody_else_sees_it(it: Conferences) -> None:
    conference = await it.started()
    await it.open_for(conference)
    await it.watch.look()
    for who in (BEN, CARL, OTTO):
        decision, there = await it.guests.attendance(who, conference)
        assert (bool(decision), there) == (False, [])


async def test_it_is_gone_after_its_days(it: Conferences) -> None:
    conference = await it.started()
    await it.open_for(conference)
    await it.watch.look()
    await it.desk.end(IDA, conference.id)
    for days, people in ((14, 1), (1, 0)):
        it.later(days=days)
        await it.watch.forget()
        _, there = await it.guests.attendance(IDA, conference)
        assert len(there) == people
    assert await it.desk.look(IDA, conference.id) is None


async def test_a_school_can_keep_no_list(database: Path, engine: AsyncEngine) -> None:
    async with with_conferences(database, engine, attendance_days=0) as it:
        conference = await it.started()
        await it.open_for(conference)
        await it.watch.look()
        assert (await it.guests.attendance(IDA, conference))[1] == []


# In the background


async def test_what_nobody_said_is_over_is_found_out(it: Conferences) -> None:
    conference = await it.started()
    it.bbb.gone(conference.meeting_id or "")
    await it.watch.look()
    await it.watch.look()
    assert [each.id for each in it.over] == [conference.id]


async def test_while_bbb_is_down_nothing_is_over(it: Conferences) -> None:
    await it.started()
    it.bbb.down = True
    await it.watch.look()
    assert it.over == []


async def test_a_planned_one_is_announced_once_shortly_before(it: Conferences) -> None:
    planned = await it.started(Wish(place=CLASS, title="x", planned_at=FRIDAY, weekly=True))
    for minutes in (-11, -10, -5):
        it.now = FRIDAY + timedelta(minutes=minutes)
        await it.watch.look()
    assert [each.id for each in it.reminded] == [planned.id]


async def test_a_weekly_one_to_which_nobody_came_has_its_next_time_and_is_announced_again(it: Conferences) -> None:
    await it.started(Wish(place=CLASS, title="x", planned_at=FRIDAY, weekly=True))
    it.now = FRIDAY + timedelta(hours=3)
    await it.watch.look()
    it.now = FRIDAY + timedelta(weeks=1, minutes=-3)
    await it.watch.look()
    [announced] = it.reminded
    assert announced.planned_at == FRIDAY + timedelta(weeks=1)


async def test_one_to_which_nobody_came_is_over_after_a_day(it: Conferences) -> None:
    planned = await it.started(Wish(place=CLASS, title="x", planned_at=FRIDAY))
    it.now = FRIDAY + timedelta(hours=25)
    await it.watch.look()
    assert [each.id for each in it.over] == [planned.id]
