"""One planned conference as a file, read back as a calendar program reads it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builders import BEN, BERLIN, CARL, GABI, IDA
from conference_pages import Pages, with_pages
from conference_school import CHAT, CLASS, Conferences
from icalendar import Calendar
from sqlalchemy.ext.asyncio import AsyncEngine

from bbb_widget.conferences import Place, Wish
from school.database.conferences import Conference

NOW = datetime(2026, 10, 12, 12, 0, tzinfo=UTC)
FRIDAY = datetime(2026, 10, 16, 14, 0, tzinfo=BERLIN).astimezone(UTC)


@pytest.fixture
async def pages(database: Path, engine: AsyncEngine, tmp_path: Path) -> AsyncIterator[Pages]:
    async with with_pages(database, engine, tmp_path) as pages:
        pages.it.now = NOW
        yield pages


@pytest.fixture
def it(pages: Pages) -> Conferences:
    return pages.it


async def planned(it: Conferences, title: str = "Mathe", *, place: Place = CLASS, weekly: bool = False) -> Conference:
    return await it.started(Wish(place=place, title=title, planned_at=FRIDAY, weekly=weekly))


async def test_it_has_one_entry_in_utc_which_leads_to_the_door(it: Conferences) -> None:
    conference = await planned(it)
    found = await it.file_of(BEN, conference.id)
    assert found is not None
    calendar = Calendar.from_ical(found)
    [event] = calendar.walk("VEVENT")
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (FRIDAY, FRIDAY + timedelta(hours=1))
    assert b"DTSTART:20261016T120000Z" in found
    assert str(event["summary"]) == "Mathe · Klasse 5a"
    assert str(event["url"]) == it.meetings.page(conference.id)
    token = (await it.feeds.make(BEN)).rpartition("/")[2].removesuffix(".ics")
    subscribed = Calendar.from_ical(await it.feeds.read(token) or b"")
    assert [each["uid"] for each in subscribed.walk("VEVENT")] == [event["uid"]], "there once, not twice"


async def test_a_weekly_one_has_each_of_its_times(it: Conferences) -> None:
    found = await it.file_of(BEN, (await planned(it, weekly=True)).id)
    events = Calendar.from_ical(found or b"").walk("VEVENT")
    assert len(events) == len({event["uid"] for event in events}) == 26
    assert {event.decoded("dtstart").astimezone(BERLIN).strftime("%a %H:%M") for event in events} == {"Fri 14:00"}


async def test_it_names_no_pupil_and_no_guardian(it: Conferences) -> None:
    conference = await planned(it, "Gespräch über Ben mit Gabi", place=Place(room_id=CHAT))
    found = await it.file_of(IDA, conference.id)
    assert found is not None
    for name in (BEN.given_name, GABI.given_name, BEN.user_id, GABI.user_id, "Gespräch"):
        assert name.encode() not in found


async def test_others_and_what_is_not_planned_have_none(it: Conferences) -> None:
    conference = await planned(it)
    assert await it.file_of(CARL, conference.id) is None
    assert await it.file_of(BEN, "unknown") is None
    await it.desk.end(IDA, conference.id)
    assert await it.file_of(BEN, conference.id) is None, "it was called off"
    assert await it.file_of(BEN, (await it.started()).id) is None, "it goes on now"


async def test_the_door_of_what_is_planned_leads_to_its_file(pages: Pages) -> None:
    it, world = pages.it, pages.world
    conference, now = await planned(it), await it.started()
    ben = await world.by_link(BEN)
    path = f"/conference/{conference.id}/calendar.ics"
    assert f'href="{path}" download' in await ben.text(f"/conference/{conference.id}")
    answer = await ben.get(path)
    assert (answer.status, answer.content_type) == (200, "text/calendar")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="conference.ics"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert len(Calendar.from_ical(await answer.read()).walk("VEVENT")) == 1
    assert "calendar.ics" not in await ben.text(f"/conference/{now.id}")
    assert (await ben.get(f"/conference/{now.id}/calendar.ics")).status == 404
    assert (await (await world.by_link(CARL)).get(path)).status == 404
    assert (await world.browser().get(path)).headers["Location"] == f"/login?next={path}"
