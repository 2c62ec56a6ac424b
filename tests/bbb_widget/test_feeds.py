from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from a_school import GERMAN
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from builders import BEN, BERLIN, CARL, GABI, IDA
from conference_school import CHAT, CLASS, URL, Conferences, with_conferences
from icalendar import Calendar
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.calendar.entries import calendar_of, without_names
from appservice.calendar.feeds import feed_routes
from bbb_widget.calendar_entries import entries_of, starts_of
from bbb_widget.conferences import Place, Wish
from school.database.tables import conference_feeds
from school.domain.conferences import Times

NOW = datetime(2026, 10, 12, 12, 0, tzinfo=UTC)
FRIDAY = datetime(2026, 10, 16, 14, 0, tzinfo=BERLIN).astimezone(UTC)


def written(*, weekly: bool = False, now: datetime = NOW) -> bytes:
    starts = starts_of(Times(first=FRIDAY, weekly=weekly), now, BERLIN)
    entries = entries_of("c-1", "Mathe, mit; Zeichen · Klasse 8.1", "https://bote/conference/c-1", starts)
    return calendar_of(entries, name="Konferenzen", host="school.test", now=now)


def events_of(*, weekly: bool = False, now: datetime = NOW) -> list[Any]:
    return list(Calendar.from_ical(written(weekly=weekly, now=now)).walk("VEVENT"))


def test_a_planned_conference_is_an_entry_in_utc() -> None:
    [event] = events_of()
    assert event["summary"] == "Mathe, mit; Zeichen · Klasse 8.1"
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (FRIDAY, FRIDAY + timedelta(hours=1))
    assert event["uid"] == "c-1-20261016@school.test"
    assert event["url"] == "https://bote/conference/c-1"
    assert b"DTSTART:20261016T120000Z" in written()
    assert b"VTIMEZONE" not in written()


def test_a_weekly_one_is_an_entry_for_each_time_and_keeps_its_hour() -> None:
    starts = [event.decoded("dtstart") for event in events_of(weekly=True)]
    assert len(starts) == 26
    assert {start.astimezone(BERLIN).strftime("%a %H:%M") for start in starts} == {"Fri 14:00"}
    assert len({start.hour for start in starts}) == 2, "in UTC there are two hours"


def test_what_is_over_is_not_in_it() -> None:
    assert events_of(now=FRIDAY + timedelta(hours=2)) == []
    assert len(events_of(now=FRIDAY + timedelta(minutes=30))) == 1, "what goes on is"


@pytest.mark.parametrize(
    ("title", "told"),
    [
        ("Mathe", "Mathe"),
        ("Gespräch über Ben", "Konferenz"),
        ("GESPRÄCH ÜBER BEN", "Konferenz"),
        ("Benachrichtigung", "Benachrichtigung"),
        ("Gabi und wir", "Konferenz"),
        ("Stunde bei Ida", "Stunde bei Ida"),
    ],
)
def test_no_title_names_a_pupil_or_a_guardian(title: str, told: str) -> None:
    people = [replace(IDA, family_name="Lang"), BEN, GABI]
    assert without_names(title, people, otherwise="Konferenz") == told


# Addresses


@pytest.fixture
async def it(database: Path, engine: AsyncEngine) -> AsyncIterator[Conferences]:
    async with with_conferences(database, engine) as it:
        it.now = NOW
        yield it


def token_of(address: str) -> str:
    return address.removeprefix(f"{URL}/calendar/").removesuffix(".ics")


async def summaries(it: Conferences, token: str) -> list[str] | None:
    found = await it.feeds.read(token)
    return None if found is None else [str(event["summary"]) for event in Calendar.from_ical(found).walk("VEVENT")]


async def test_everybody_sees_what_is_planned_for_them(it: Conferences) -> None:
    await it.started(Wish(place=CLASS, title="Mathe", planned_at=FRIDAY))
    await it.started(Wish(place=Place(room_id=CHAT), title="Projekt mit Gabi", planned_at=FRIDAY))
    tokens = {who: token_of(await it.feeds.make(who)) for who in (BEN, CARL, GABI)}
    assert await summaries(it, tokens[BEN]) == ["Mathe · Klasse 5a", "Konferenz"]
    assert await summaries(it, tokens[GABI]) == ["Konferenz"]
    assert await summaries(it, tokens[CARL]) == []


async def test_a_new_address_ends_the_one_before_and_it_can_be_taken_back(it: Conferences) -> None:
    first, second = token_of(await it.feeds.make(BEN)), token_of(await it.feeds.make(BEN))
    assert await summaries(it, first) is None
    assert await summaries(it, second) == []
    assert [await it.feeds.end(BEN) for _ in range(2)] == [True, False]
    assert await summaries(it, second) is None
    assert await summaries(it, "") is None


async def test_the_database_does_not_have_it(it: Conferences) -> None:
    token = token_of(await it.feeds.make(BEN))
    async with it.school.engine.connect() as connection:
        [row] = (await connection.execute(select(conference_feeds))).all()
    assert token not in str(row)


async def test_who_has_left_the_school_has_no_calendar(it: Conferences) -> None:
    token = token_of(await it.feeds.make(BEN))
    await it.school.rename(BEN, standing="left")
    assert await summaries(it, token) is None


async def test_programs_ask_by_http_and_are_told_what_has_not_changed(it: Conferences) -> None:
    await it.started(Wish(place=CLASS, title="Mathe", planned_at=FRIDAY))
    token = token_of(await it.feeds.make(BEN))
    application = web.Application()
    application.add_routes(feed_routes(it.feeds))
    async with TestServer(application) as server, ClientSession() as session:
        url = server.make_url(f"/calendar/{token}.ics")
        async with session.get(url) as answer:
            assert (answer.status, answer.content_type) == (200, "text/calendar")
            tag = answer.headers["ETag"]
        it.later(minutes=5)
        async with session.get(url, headers={"If-None-Match": tag}) as answer:
            assert answer.status == 304
        await it.started(Wish(place=CLASS, title="Deutsch", planned_at=FRIDAY))
        async with session.get(url, headers={"If-None-Match": tag}) as answer:
            assert answer.status == 200
        async with session.get(server.make_url("/calendar/x.ics")) as answer:
            assert answer.status == 404


async def test_the_bot_tells_what_is_planned_and_the_address(it: Conferences) -> None:
    command = it.command.command()
    assert await it.school.ask(command, "geplant", BEN) == GERMAN.say("conference.nothing_planned")
    planned = await it.started(Wish(place=CLASS, title="Mathe", planned_at=FRIDAY))
    assert it.meetings.page(planned.id) in str(await it.school.ask(command, "geplant", BEN))
    told = str(await it.school.ask(command, "kalender", BEN))
    [address] = [word for word in told.split() if word.startswith(URL)]
    assert await summaries(it, token_of(address)) == ["Mathe · Klasse 5a"]
    assert await it.school.ask(command, "kalender aus", BEN) == GERMAN.say("conference.calendar_ended")
    assert await it.school.ask(command, "kalender aus", BEN) == GERMAN.say("conference.calendar_none")
