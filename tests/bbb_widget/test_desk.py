import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from a_school import School, room
from builders import BEA, BEN, CARL, GABI, IDA, NOON, OTTO
from conference_school import CHAT, CLASS, URL, Conferences, with_conferences
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine

from bbb_widget.api import Role
from bbb_widget.conferences import Gate, Place, Trouble, Wish
from bbb_widget.meeting_settings import Choices
from school.database.conferences import read_conference
from school.database.locks import set_lock
from school.database.rests import set_rest
from school.database.tables import Part as DirectoryPart
from school.database.tables import memberships
from school.database.versions import bump
from school.domain.conferences import ConferenceState, Part
from school.domain.decisions import Decision, Reason
from school.domain.groups import GroupId
from school.domain.people import Person

IN_CHAT = Wish(place=Place(room_id=CHAT), title="Projekt")
FRIDAY = NOON + timedelta(days=3)


@pytest.fixture
async def it(database: Path, engine: AsyncEngine) -> AsyncIterator[Conferences]:
    async with with_conferences(database, engine) as it:
        yield it


async def state_of(it: Conferences, conference_id: str) -> ConferenceState:
    async with it.school.engine.connect() as connection:
        found = await read_conference(connection, conference_id)
    assert found is not None
    return found.state


async def leaves_group(school: School, person: Person) -> None:
    async with school.engine.begin() as connection:
        await connection.execute(delete(memberships).where(memberships.c.person_id == person.id))
        await bump(connection, DirectoryPart.PEOPLE)
    await school.view.refresh()


# Starting


async def test_a_teacher_starts_one_and_it_is_logged(it: Conferences) -> None:
    conference = await it.started()
    [meeting] = it.bbb.made
    assert (meeting.name, meeting.meeting_id) == ("Mathe", conference.meeting_id)
    assert meeting.settings["logoutURL"] == f"{URL}/conference/{conference.id}"
    assert conference.state is ConferenceState.WAITING
    assert await it.school.logged() == [
        ("conference_started", IDA.id, conference.id, "default:teacher:start_conferences")
    ]


@pytest.mark.parametrize(
    ("who", "place", "reason"),
    [
        pytest.param(BEN, CLASS, Reason.NO_CONFERENCES, id="a pupil"),
        pytest.param(GABI, Place(room_id=CHAT), Reason.NO_CONFERENCES, id="a guardian"),
        pytest.param(OTTO, Place(room_id=CHAT), Reason.NOT_IN_CONFERENCE, id="a teacher who is not in the room"),
    ],
)
async def test_nobody_else_starts_one(who: Person, place: Place, reason: Reason, it: Conferences) -> None:
    started = await it.desk.start(who, Wish(place=place, title="x"))
    assert started.decision.reason is reason
    assert (it.bbb.made, await it.school.logged()) == ([], [])


async def test_who_starts_a_second_one_in_the_same_place_is_shown_the_first(it: Conferences) -> None:
    first = await it.started()
    again = await it.desk.start(IDA, Wish(place=CLASS, title="noch eine"))
    assert (again.was_there, again.conference) == (True, first)
    await it.started(IN_CHAT)
    assert len(it.bbb.made) == 2, "elsewhere there is another one"


async def test_many_who_start_at_the_same_moment_start_one(it: Conferences) -> None:
    started = await asyncio.gather(*(it.desk.start(IDA, Wish(place=CLASS, title="Mathe")) for _ in range(20)))
    assert len({each.conference.id for each in started if each.conference}) == 1
    assert len(it.bbb.made) == 1
    assert sum(each.was_there for each in started) == 19


async def test_one_whose_meeting_is_gone_makes_room_for_the_next(it: Conferences) -> None:
    first = await it.started()
    it.bbb.gone(first.meeting_id or "")
    second = await it.started()
    assert second.id != first.id
    assert [each.id for each in it.over] == [first.id]


async def test_without_bbb_or_when_it_is_down_nothing_is_started(it: Conferences) -> None:
    it.bbb.down = True
    down = await it.desk.start(IDA, Wish(place=CLASS, title="x"))
    assert (down.trouble, down.conference) == (Trouble.DOWN, None)
    assert await it.school.logged() == []
    assert await it.desk.in_room(CLASS.room_id or "") == []


async def test_the_starter_hears_who_rests_then(it: Conferences) -> None:
    async with it.school.engine.begin() as connection:
        for who in (IDA, OTTO):
            await set_rest(connection, who.id, "rest", NOON, NOON + timedelta(hours=1))
    await it.school.view.refresh()
    both = Wish(place=Place(groups=frozenset({GroupId("5a"), GroupId("6b")})), title="x")
    started = await it.desk.start(IDA, both)
    assert (started.starter_rests, started.others_rest) == (True, 1)
    later = await it.desk.start(IDA, replace(both, planned_at=FRIDAY))
    assert (later.starter_rests, later.others_rest) == (False, 0)


# Coming in


async def test_a_moderator_comes_in_with_the_name_of_the_register_and_an_opaque_id(it: Conferences) -> None:
    conference = await it.started()
    entrance = await it.desk.join(IDA, conference.id)
    assert (entrance.gate, entrance.part) == (Gate.OPEN, Part.MODERATOR)
    assert it.desk.way_in(entrance) == f"{URL}/conference/in/{entrance.ticket}"
    assert (await it.desk.redeem(entrance.ticket or "") or "").startswith("https://bbb/join?")
    joining = it.bbb.last
    assert (joining.full_name, joining.role, joining.guest) == ("Ida Groß", Role.MODERATOR, False)
    assert (joining.meeting_id, joining.create_time) == (conference.meeting_id, conference.create_time_ms)
    assert "ida" not in joining.user_id
    assert IDA.id not in joining.user_id


async def test_nobody_has_the_same_id_in_two_meetings(it: Conferences) -> None:
    first, second = await it.started(), await it.started(IN_CHAT)
    ids = {it.keys.attendee(each.meeting_id or "", IDA.id) for each in (first, second)}
    assert len(ids) == 2


async def test_others_wait_until_a_moderator_is_there(it: Conferences) -> None:
    conference = await it.started()
    assert (await it.desk.join(BEN, conference.id)).gate is Gate.WAIT
    await it.open_for(conference)
    entrance = await it.desk.join(BEN, conference.id)
    assert (entrance.gate, entrance.part) == (Gate.OPEN, Part.VIEWER)
    await it.desk.redeem(entrance.ticket or "")
    assert (it.bbb.last.full_name, it.bbb.last.role) == ("Ben Groß", Role.VIEWER)
    assert await state_of(it, conference.id) is ConferenceState.RUNNING


async def test_who_comes_when_the_moderator_has_gone_waits(it: Conferences) -> None:
    conference = await it.started()
    await it.open_for(conference)
    it.bbb.attendees.clear()
    assert (await it.desk.join(BEN, conference.id)).gate is Gate.WAIT


async def test_a_school_can_let_them_in_at_once(database: Path, engine: AsyncEngine) -> None:
    async with with_conferences(database, engine, wait_for_moderator=False) as it:
        conference = await it.started()
        assert (await it.desk.join(BEN, conference.id)).gate is Gate.OPEN


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        pytest.param(CARL, Reason.NOT_IN_CONFERENCE, id="a pupil of another class"),
        pytest.param(OTTO, Reason.NOT_IN_CONFERENCE, id="a teacher who does not visit the room"),
        pytest.param(GABI, Reason.NOT_IN_CONFERENCE, id="a guardian"),
        pytest.param(None, Reason.UNKNOWN_PERSON, id="nobody"),
    ],
)
async def test_others_do_not_come_in(who: Person | None, reason: Reason, it: Conferences) -> None:
    conference = await it.started()
    await it.open_for(conference)
    entrance = await it.desk.join(who, conference.id)
    assert (entrance.gate, entrance.ticket) == (Gate.REFUSED, None)
    assert entrance.decision is not None
    assert entrance.decision.reason is reason
    seen = await it.desk.look(who, conference.id)
    assert seen is not None
    assert (seen.conference, seen.entitled.part) == (None, None)


async def test_who_is_taken_out_of_the_group_while_waiting_does_not_come_in(it: Conferences) -> None:
    conference = await it.started()
    assert (await it.desk.join(BEN, conference.id)).gate is Gate.WAIT
    await it.open_for(conference)
    await leaves_group(it.school, BEN)
    assert (await it.desk.join(BEN, conference.id)).gate is Gate.REFUSED


async def test_nor_with_the_ticket_of_before(it: Conferences) -> None:
    conference = await it.started()
    await it.open_for(conference)
    entrance = await it.desk.join(BEN, conference.id)
    await leaves_group(it.school, BEN)
    assert await it.desk.redeem(entrance.ticket or "") is None


async def test_whose_account_is_locked_is_nobody_also_with_a_ticket(it: Conferences) -> None:
    conference = await it.started()
    await it.open_for(conference)
    entrance = await it.desk.join(BEN, conference.id)
    async with it.school.engine.begin() as connection:
        await set_lock(connection, BEN.id, it.now)
    assert await it.desk.redeem(entrance.ticket or "") is None
    refused = await it.desk.join(BEN, conference.id)
    assert (refused.gate, refused.ticket) == (Gate.REFUSED, None)
    assert refused.decision is not None
    assert refused.decision.reason is Reason.UNKNOWN_PERSON


async def test_who_is_taken_out_of_the_room_does_not_come_in(it: Conferences) -> None:
    conference = await it.started(IN_CHAT)
    await it.open_for(conference)
    assert (await it.desk.join(GABI, conference.id)).gate is Gate.OPEN
    it.school.homeserver.joined[CHAT].remove(GABI.user_id)
    assert (await it.desk.join(GABI, conference.id)).gate is Gate.REFUSED


async def test_a_visiting_teacher_leads(it: Conferences) -> None:
    conference = await it.started()
    it.school.homeserver.joined[room("5a")].add(OTTO.user_id)
    assert (await it.desk.join(OTTO, conference.id)).part is Part.MODERATOR


async def test_a_visiting_teacher_leads_also_where_several_groups_meet(it: Conferences) -> None:
    both = Place(groups=frozenset({GroupId("5a"), GroupId("parents-5a")}))
    conference = await it.started(Wish(place=both, title="Mathe"))
    assert (await it.desk.join(OTTO, conference.id)).gate is Gate.REFUSED
    it.school.homeserver.joined[room("5a")] |= {OTTO.user_id, CARL.user_id}
    assert (await it.desk.join(OTTO, conference.id)).part is Part.MODERATOR
    assert (await it.desk.join(CARL, conference.id)).gate is Gate.REFUSED, "a pupil does not visit"


async def test_a_ticket_counts_once(it: Conferences) -> None:
    conference = await it.started()
    ticket = (await it.desk.join(IDA, conference.id)).ticket or ""
    assert await it.desk.redeem(ticket)
    assert await it.desk.redeem(ticket) is None


async def test_a_ticket_counts_for_a_minute(it: Conferences) -> None:
    conference = await it.started()
    ticket = (await it.desk.join(IDA, conference.id)).ticket or ""
    it.later(seconds=60)
    assert await it.desk.redeem(ticket) is None


async def test_a_new_ticket_ends_the_one_before(it: Conferences) -> None:
    conference = await it.started()
    first = (await it.desk.join(IDA, conference.id)).ticket or ""
    second = (await it.desk.join(IDA, conference.id)).ticket or ""
    assert await it.desk.redeem(first) is None
    assert await it.desk.redeem(second)


async def test_a_ticket_ends_with_the_conference(it: Conferences) -> None:
    conference = await it.started()
    ticket = (await it.desk.join(IDA, conference.id)).ticket or ""
    await it.desk.end(IDA, conference.id)
    assert await it.desk.redeem(ticket) is None


@pytest.mark.parametrize("ticket", ["", "x", "../../end", "a" * 5000])
async def test_a_made_up_ticket_leads_nowhere(ticket: str, it: Conferences) -> None:
    await it.started()
    assert await it.desk.redeem(ticket) is None


async def test_three_hundred_who_press_at_once_are_one_look_and_one_meeting(
    database: Path, engine: AsyncEngine
) -> None:
    async with with_conferences(database, engine, remember_seconds=2.0) as it:
        planned = await it.started(Wish(place=CLASS, title="Mathe", planned_at=NOON))
        comers = [IDA, *[BEN, BEA] * 149, IDA]
        entrances = await asyncio.gather(*(it.desk.join(who, planned.id) for who in comers))
        assert {each.gate for each in entrances} == {Gate.OPEN, Gate.WAIT}
        assert len(it.bbb.made) == 1
        assert it.bbb.looks <= 2


async def test_nobody_hangs_where_bbb_does(database: Path, engine: AsyncEngine) -> None:
    async with with_conferences(database, engine, patience_seconds=0.05) as it:
        conference = await it.started()
        planned = await it.started(replace(IN_CHAT, planned_at=FRIDAY))
        it.bbb.hangs = True
        async with asyncio.timeout(5):
            for known in (conference, planned):
                entrance = await it.desk.join(IDA, known.id)
                assert (entrance.gate, entrance.trouble) == (Gate.TROUBLE, Trouble.DOWN)
            assert await it.desk.end(IDA, conference.id) is Trouble.DOWN
            assert (await it.desk.start(IDA, IN_CHAT)).trouble is Trouble.DOWN


async def test_bbb_down_is_said_at_the_door(it: Conferences) -> None:
    conference = await it.started()
    it.bbb.down = True
    for who in (IDA, BEN):
        entrance = await it.desk.join(who, conference.id)
        assert (entrance.gate, entrance.trouble) == (Gate.TROUBLE, Trouble.DOWN)
    it.bbb.down = False
    assert (await it.desk.join(IDA, conference.id)).gate is Gate.OPEN


async def test_there_is_no_such_conference(it: Conferences) -> None:
    assert (await it.desk.join(IDA, "nothing")).gate is Gate.UNKNOWN
    assert await it.desk.look(IDA, "nothing") is None
    assert await it.desk.end(IDA, "nothing") is None


# Planned


async def test_a_planned_one_is_begun_by_its_first_moderator(it: Conferences) -> None:
    planned = await it.started(Wish(place=CLASS, title="Mathe", planned_at=FRIDAY))
    assert (planned.state, it.bbb.made) == (ConferenceState.PLANNED, [])
    assert (await it.desk.join(BEN, planned.id)).gate is Gate.WAIT
    assert it.bbb.made == []
    assert (await it.desk.join(IDA, planned.id)).gate is Gate.OPEN
    assert len(it.bbb.made) == 1


async def test_a_planned_one_is_open_from_a_quarter_of_an_hour_before(it: Conferences) -> None:
    planned = await it.started(Wish(place=CLASS, title="Mathe", planned_at=FRIDAY))
    for minutes, known in ((16, []), (15, [planned.id]), (-30, [planned.id])):
        it.now = FRIDAY - timedelta(minutes=minutes)
        assert [each.id for each in await it.desk.open_for(BEN)] == known
        assert await it.desk.open_for(CARL) == []


async def test_a_weekly_one_waits_for_its_next_time_with_a_meeting_of_its_own(it: Conferences) -> None:
    planned = await it.started(Wish(place=CLASS, title="Mathe", planned_at=FRIDAY, weekly=True))
    it.now = FRIDAY
    await it.open_for(planned)
    ticket = (await it.desk.join(BEN, planned.id)).ticket
    await it.desk.end(IDA, planned.id)
    [over] = it.over
    assert (over.state, over.planned_at) == (ConferenceState.PLANNED, FRIDAY + timedelta(weeks=1))
    await it.open_for(planned)
    assert await it.desk.redeem(ticket or "") is None, "the way into one occasion leads into no other"
    assert len({each.meeting_id for each in it.bbb.made}) == 2


async def test_a_planned_one_is_called_off(it: Conferences) -> None:
    planned = await it.started(Wish(place=CLASS, title="Mathe", planned_at=FRIDAY))
    assert [each.id for each in await it.desk.planned_for(BEN)] == [planned.id]
    assert await it.desk.planned_for(CARL) == []
    await it.desk.end(IDA, planned.id)
    assert (await it.desk.join(IDA, planned.id)).gate is Gate.OVER
    assert await it.desk.planned_for(BEN) == []


# Ending


async def test_a_moderator_ends_it_for_everybody_and_it_is_told_once(it: Conferences) -> None:
    conference = await it.started()
    for _ in range(2):
        decision = await it.desk.end(IDA, conference.id)
        assert isinstance(decision, Decision)
        assert decision
    assert (it.bbb.open, [each.id for each in it.over]) == ({}, [conference.id])
    assert (await it.desk.join(IDA, conference.id)).gate is Gate.OVER


@pytest.mark.parametrize("who", [BEN, CARL, GABI, OTTO], ids=lambda person: person.given_name)
async def test_nobody_else_ends_it(who: Person, it: Conferences) -> None:
    conference = await it.started()
    decision = await it.desk.end(who, conference.id)
    assert isinstance(decision, Decision)
    assert not decision
    assert it.over == []


async def test_bbb_says_three_times_that_it_is_over_and_it_is_told_once(it: Conferences) -> None:
    conference = await it.started()
    address = it.bbb.made[0].settings["meetingEndedURL"]
    meeting_id, proof = address.removeprefix(f"{URL}/conference/ended/").split("/")
    it.bbb.gone(meeting_id)
    for _ in range(3):
        assert await it.desk.occasions.on_ended(meeting_id, proof)
    assert [each.id for each in it.over] == [conference.id]


@pytest.mark.parametrize("proof", ["", "0" * 32, "ü"])
async def test_nobody_else_says_that_it_is_over(proof: str, it: Conferences) -> None:
    conference = await it.started()
    assert not await it.desk.occasions.on_ended(conference.meeting_id or "", proof)
    other = it.keys.ended("another meeting")
    assert not await it.desk.occasions.on_ended(conference.meeting_id or "", other)
    assert await state_of(it, conference.id) is ConferenceState.WAITING


async def test_what_cannot_be_ended_now_is_not_over(it: Conferences) -> None:
    conference = await it.started()
    it.bbb.down = True
    assert await it.desk.end(IDA, conference.id) is Trouble.DOWN
    assert await state_of(it, conference.id) is ConferenceState.WAITING


async def test_the_teachers_choices_are_kept_until_the_meeting_is_made(it: Conferences) -> None:
    wish = Wish(place=CLASS, title="Mathe", planned_at=FRIDAY, choices=Choices(cameras=False, lobby=True))
    planned = await it.started(wish)
    await it.open_for(planned)
    assert it.bbb.made[0].settings["lockSettingsDisableCam"] == "true"
    assert not it.bbb.last.guest, "moderators need no lobby"
    await it.desk.redeem((await it.desk.join(BEN, planned.id)).ticket or "")
    assert it.bbb.last.guest
