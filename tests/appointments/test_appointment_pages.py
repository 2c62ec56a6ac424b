"""The life of an appointment: made, told, answered, changed, called off, forgotten; and what nobody else may do."""

import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from builders import BEN, BERLIN, CARL, EVERYBODY, GABI, GROUPS, IDA, OTTO, standing
from icalendar import Calendar
from pages_world import Browser, World, heading, token_in, words_of
from recurring_ical_events import of as occurrences_of
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from appointments.announcing import Announcing
from appointments.calendar_entries import AppointmentEntries
from appointments.desk import AppointmentDesk
from appointments.web import PAGES
from appointments.web.pages import AppointmentPages
from appointments.web.routes import appointment_routes
from appservice.calendar.feeds import Feeds, feed_routes
from appservice.homeserver import RefusedError, TryLaterError
from school.database.appointment_tables import appointment_answers, appointments
from school.database.tables import audit_log, group_rooms, groups, persons
from school.domain.appointments import Keeping
from school.domain.people import Person
from school.domain.school_groups import SchoolYear
from school.texts import Language

URL = "http://127.0.0.1:8009"
ROOMS = {"5a": "!room-5a", "6b": "!room-6b"}
FORM = {"title": "Wandertag", "place": "Bahnhof", "group-5a": "1", "first_day": "2026-10-16", "start": "08:00"}
WHOLE_DAY = {"title": "Wandertag", "group-5a": "1", "whole_day": "1", "first_day": "2026-10-16"}
WEEKLY = FORM | {"title": "Chor", "start": "14:00", "end": "15:00", "weeks": "1", "until": "2026-11-06"}


class FakeBot:
    """What the bot has written: in which room, and with which name."""

    def __init__(self) -> None:
        self.said: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self.trouble: Exception | None = None

    async def send(self, room_id: str, event_type: str, content: Mapping[str, Any], *, txn_id: str) -> str:
        if self.trouble is not None:
            raise self.trouble
        self.said.setdefault(txn_id, (room_id, content))
        return f"$event-of-{txn_id}"

    def texts(self, room_id: str) -> list[str]:
        return [content["body"] for room, content in self.said.values() if room == room_id]


class School:
    """The pages, the rooms, the calendars."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.bot = FakeBot()
        world.clock.now = datetime(2026, 10, 12, 12, 0, tzinfo=UTC)
        parts: dict[str, Any] = {"engine": world.engine, "view": world.view, "clock": world.clock}
        self.desk = AppointmentDesk(zone=BERLIN, **parts)
        self.feeds = Feeds(public_url=URL, name="Termine", host="school.test", **parts)
        entries = AppointmentEntries(
            engine=world.engine,
            view=world.view,  # type: ignore[arg-type] # as far as it needs one
            zone=BERLIN,
            language=Language.GERMAN,
            public_url=URL,
        )
        self.feeds.add(entries.of)
        self.announcing = Announcing(
            engine=world.engine,
            bot=self.bot,
            zone=BERLIN,
            language=Language.GERMAN,
            public_url=URL,
            clock=world.clock,
        )
        pages = AppointmentPages(desk=self.desk, feeds=self.feeds, clock=world.clock)
        routes = [*appointment_routes(world.pages.host, pages), *feed_routes(self.feeds)]
        world.server = TestServer(world.pages.application(routes, largest_bytes=2**20))

    async def makes(self, browser: Browser, **fields: str) -> str:
        """Makes an appointment; where its page is."""
        answer = await browser.submit("/appointments/new", **(fields or FORM))
        assert answer.status == 303, words_of(await answer.text())
        return answer.headers["Location"].partition("?")[0]

    async def entries(self, person: Person) -> list[Any]:
        """What stands in somebody's calendar, read by another program."""
        token = (await self.feeds.make(person)).removeprefix(f"{URL}/calendar/").removesuffix(".ics")
        found = await self.feeds.read(token)
        assert found is not None
        return list(Calendar.from_ical(found).walk("VEVENT"))

    async def rows(self, table: Any) -> list[Any]:
        async with self.world.engine.connect() as connection:
            return list((await connection.execute(select(table))).all())


@pytest.fixture
async def school(engine: AsyncEngine, tmp_path: Path) -> AsyncIterator[School]:
    school = School(World(engine, tmp_path, page_sets=(PAGES,)))
    async with engine.begin() as connection:
        for group in GROUPS:
            values = {"id": group.id, "key": group.id, "name": group.name, "kind": group.kind, "origin": "register"}
            await connection.execute(insert(groups).values(values))
        for group_id, room_id in ROOMS.items():
            row = {"group_id": group_id, "kind": "group", "room_id": room_id, "name": "x", "moderators": []}
            await connection.execute(insert(group_rooms).values(row | {"linked": True, "lets_in": []}))
        for each in EVERYBODY:
            name = {"given_name": each.given_name, "family_name": each.family_name, "role": each.role}
            await connection.execute(insert(persons).values(id=each.id, user_id=each.user_id, **name))
    await school.world.server.start_server()
    yield school
    for browser in school.world.browsers:
        await browser.client.close()
    await school.world.server.close()


# Made, and told


async def test_an_appointment_is_made_and_stands_in_the_room_on_the_page_and_in_the_calendar(school: School) -> None:
    ida, ben = await school.world.signed_in(IDA), await school.world.signed_in(BEN)
    page = await school.makes(ida)
    assert school.bot.said == {}
    await school.announcing.tell()
    assert school.bot.texts("!room-5a") == [
        f"📅 Wandertag\nFr, 16. Oktober 2026, 8:00 Uhr – 9:00 Uhr, Bahnhof\nMehr: {URL}{page}"
    ]
    assert "Wandertag" in words_of(await ben.text("/appointments"))
    assert heading(await ben.text(page)) == "Wandertag"
    words = words_of(await ben.text(page))
    assert "Fr, 16. Oktober 2026, 8:00 Uhr – 9:00 Uhr" in words
    assert "Kommst du" not in words
    assert "Termin absagen" not in words
    [event] = await school.entries(BEN)
    assert str(event["summary"]) == "Wandertag · Klasse 5a"
    assert (str(event["location"]), str(event["url"])) == ("Bahnhof", URL + page)
    assert event.decoded("dtstart") == datetime(2026, 10, 16, 6, 0, tzinfo=UTC)
    assert (event["sequence"], "status" in event) == (0, False)
    assert await school.entries(CARL) == []
    assert await school.entries(GABI) == []


async def test_it_is_told_once_however_often_it_is_looked_at(school: School) -> None:
    await school.makes(await school.world.signed_in(IDA))
    for _ in range(3):
        await school.announcing.tell()
    assert len(school.bot.said) == 1


async def test_what_could_not_be_told_is_told_later_under_the_same_name(school: School) -> None:
    await school.makes(await school.world.signed_in(IDA), **FORM, **{"group-6b": "1"})
    school.bot.trouble = TryLaterError("HTTP 503", status=503)
    with pytest.raises(TryLaterError):
        await school.announcing.tell()
    school.bot.trouble = None
    await school.announcing.tell()
    assert [len(school.bot.texts(room)) for room in ROOMS.values()] == [1, 1]
    school.bot.trouble = RefusedError("HTTP 403", status=403)
    await school.makes(await school.world.signed_in(IDA))
    await school.announcing.tell()
    school.bot.trouble = None
    await school.announcing.tell()
    assert len(school.bot.said) == 2, "a room that will never take it is not asked for ever"


async def test_a_whole_day_is_a_date_in_every_calendar(school: School) -> None:
    ida = await school.world.signed_in(IDA)
    page = await school.makes(ida, **WHOLE_DAY, last_day="2026-10-18")
    assert "Fr, 16. Oktober 2026 – So, 18. Oktober 2026" in words_of(await ida.text(page))
    [event] = await school.entries(IDA)
    assert (str(event.decoded("dtstart")), str(event.decoded("dtend"))) == ("2026-10-16", "2026-10-19")


@pytest.mark.parametrize(
    ("fields", "wall", "utc"),
    [
        pytest.param(WEEKLY, {"Fri 14:00"}, [12, 12, 13, 13], id="autumn"),
        pytest.param(
            WEEKLY | {"first_day": "2027-03-19", "until": "2027-04-02"}, {"Fri 14:00"}, [13, 13, 12], id="spring"
        ),
    ],
)
async def test_other_programs_read_the_same_hour_across_the_change_of_the_clocks(
    school: School, fields: dict[str, str], wall: set[str], utc: list[int]
) -> None:
    await school.makes(await school.world.signed_in(IDA), **fields)
    token = (await school.feeds.make(BEN)).removeprefix(f"{URL}/calendar/").removesuffix(".ics")
    written = await school.feeds.read(token)
    assert written is not None
    assert b"VTIMEZONE" not in written
    first = datetime.fromisoformat(fields["first_day"]).replace(tzinfo=UTC)
    read = occurrences_of(Calendar.from_ical(written)).between(first, first + timedelta(days=60))
    starts = sorted(event.decoded("dtstart") for event in read)
    assert [start.hour for start in starts] == utc
    assert {start.astimezone(BERLIN).strftime("%a %H:%M") for start in starts} == wall
    assert {event.decoded("dtend") - event.decoded("dtstart") for event in read} == {timedelta(hours=1)}


# Changed, called off


async def changed(browser: Browser, page: str, number: int, **fields: str) -> Any:
    return await browser.submit(f"{page}/change", number=str(number), **fields)


async def test_a_change_edits_the_message_and_keeps_the_entry(school: School) -> None:
    ida = await school.world.signed_in(IDA)
    page = await school.makes(ida, **WEEKLY)
    await school.announcing.tell()
    before = await school.entries(BEN)
    answer = await changed(ida, page, 0, **WEEKLY | {"start": "15:00", "end": "16:00", "until": "2026-10-23"})
    assert answer.headers["Location"] == f"{page}?done=changed"
    await school.announcing.tell()
    [(_, first), (_, edit)] = school.bot.said.values()
    assert edit["m.relates_to"]["rel_type"] == "m.replace"
    assert "15:00 Uhr – 16:00 Uhr, Bahnhof, jede Woche bis Fr, 23. Oktober 2026" in edit["m.new_content"]["body"]
    assert "14:00 Uhr" in first["body"]
    after = await school.entries(BEN)
    assert [event["uid"] for event in after] == [event["uid"] for event in before], "also of those that are none now"
    assert {event["sequence"] for event in after} == {1}
    assert [str(event.get("status", "")) for event in after] == ["", "", "CANCELLED", "CANCELLED"]
    assert [event.decoded("dtstart").hour for event in after] == [13, 13, 13, 13]


async def test_what_is_called_off_says_so_everywhere(school: School) -> None:
    ida, ben = await school.world.signed_in(IDA), await school.world.signed_in(BEN)
    page = await school.makes(ida, **FORM, asks="1")
    await school.announcing.tell()
    answer = await ida.submit(page, f"{page}/off")
    assert answer.headers["Location"] == f"{page}?done=off"
    await school.announcing.tell()
    assert school.bot.texts("!room-5a")[-1].startswith("* 📅 Abgesagt: Wandertag")
    words = words_of(await ben.text(page))
    assert "Abgesagt" in words
    assert "Kommst du" not in words
    [event] = await school.entries(BEN)
    assert (str(event["status"]), event["sequence"]) == ("CANCELLED", 1)
    logged = [(row.action, row.actor, row.details["off"]) for row in await school.rows(audit_log)]
    assert logged == [("appointment_made", IDA.id, False), ("appointment_changed", IDA.id, True)]
    assert (await ida.get(f"{page}/change")).status == 404, "it stays off"


async def test_a_single_time_is_called_off_and_the_others_stay(school: School) -> None:
    ida, ben = await school.world.signed_in(IDA), await school.world.signed_in(BEN)
    page = await school.makes(ida, **WEEKLY)
    await school.announcing.tell()
    answer = await ida.submit(page, f"{page}/off", time="1")
    assert answer.headers["Location"] == f"{page}?done=left_out"
    await school.announcing.tell()
    said = school.bot.texts("!room-5a")[-1]
    assert "Fr, 16. Oktober 2026, 14:00 Uhr" in said
    assert "Fällt aus: Fr, 23. Oktober 2026, 14:00 Uhr – 15:00 Uhr" in said
    assert "Fällt aus Fr, 23. Oktober 2026" in words_of(await ben.text(page))
    events = await school.entries(BEN)
    assert [str(event.get("status", "")) for event in events] == ["", "CANCELLED", "", ""]
    assert (await ida.submit(page, f"{page}/off", time="1")).status == 503, "it is off already"
    for wrong in ("77", "x", "-1"):
        assert (await ida.submit(page, f"{page}/off", time=wrong)).status == 503
    token = token_in(await ben.text(page))
    assert (await ben.post(f"{page}/off", {"form_token": token, "time": "0"})).status == 404
    await changed(ida, page, 1, **WEEKLY | {"place": "Aula"})
    assert [str(event.get("status", "")) for event in await school.entries(BEN)] == ["", "CANCELLED", "", ""]
    for number in ("0", "2", "3"):
        await ida.submit(page, f"{page}/off", time=number)
    await school.announcing.tell()
    assert school.bot.texts("!room-5a")[-1].startswith("* 📅 Abgesagt: Chor"), "with the last one all of it is off"


async def test_a_group_that_it_is_not_for_any_more_reads_that_it_is_off(school: School) -> None:
    ida = await school.world.signed_in(IDA)
    page = await school.makes(ida, **FORM, **{"group-6b": "1"})
    await school.announcing.tell()
    await changed(ida, page, 0, **FORM)
    await school.announcing.tell()
    assert school.bot.texts("!room-6b")[-1] == "* 📅 Abgesagt: Wandertag"
    assert (await (await school.world.signed_in(CARL)).get(page)).status == 404
    assert await school.entries(CARL) == []


async def test_two_who_change_at_once_do_not_overwrite_each_other(school: School) -> None:
    ida = await school.world.signed_in(IDA)
    page = await school.makes(ida)
    assert (await changed(ida, page, 0, **FORM | {"place": "Schulhof"})).status == 303
    answer = await changed(ida, page, 0, **FORM | {"place": "Mensa"})
    assert "Inzwischen hat jemand diesen Termin geändert" in words_of(await answer.text())
    assert "Schulhof" in words_of(await ida.text(page))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (FORM | {"title": " "}, "was es ist"),
        (FORM | {"title": "x" * 121}, "was es ist"),
        (FORM | {"first_day": ""}, "Wähle bitte einen Tag"),
        (FORM | {"first_day": "16.10."}, "Wähle bitte einen Tag"),
        (FORM | {"start": ""}, "Schreib bitte eine Uhrzeit"),
        (FORM | {"start": "25:00"}, "Schreib bitte eine Uhrzeit"),
        (FORM | {"end": "07:00"}, "endet, bevor er beginnt"),
        (FORM | {"first_day": "2026-10-01"}, "schon vorbei"),
        (FORM | {"weeks": "1"}, "zum letzten Mal"),
        (FORM | {"weeks": "1", "until": "2029-01-01"}, "höchstens ein Jahr"),
        (FORM | {"last_day": "2026-12-31"}, "höchstens 31 Tage"),
        ({key: value for key, value in FORM.items() if key != "group-5a"}, "mindestens eine Gruppe"),
        (FORM | {"first_day": "9999-12-31", "last_day": "9999-12-31"}, "drei Jahre"),
    ],
    ids=str,
)
async def test_what_is_wrong_is_a_sentence_and_nothing_written_is_lost(
    school: School, fields: dict[str, str], sentence: str
) -> None:
    ida = await school.world.signed_in(IDA)
    answer = await ida.submit("/appointments/new", **fields)
    page = await answer.text()
    assert answer.status == 200
    assert sentence in words_of(page)
    assert 'value="Bahnhof"' in page
    assert await school.rows(appointments) == []


# Answers


async def test_answers_are_given_changed_and_read_by_the_teachers_alone(school: School) -> None:
    ida, ben = await school.world.signed_in(IDA), await school.world.signed_in(BEN)
    page = await school.makes(ida, **FORM, asks="1")
    await school.announcing.tell()
    assert f"Bitte antworte: {URL}{page}" in school.bot.texts("!room-5a")[0]
    assert (await ben.submit(page, f"{page}/answer", answer="yes")).headers["Location"] == f"{page}?done=answered"
    assert "Ja: bisher 1 Ben Groß" in words_of(await ida.text(page))
    await ben.submit(page, f"{page}/answer", answer="maybe")
    words = words_of(await ida.text(page))
    assert "Vielleicht: bisher 1 Ben Groß" in words
    assert "Noch keine Antwort: 2 Bea Groß, Ida Groß" in words
    mine = words_of(await ben.text(page))
    assert "Deine Antwort: Vielleicht" in mine
    assert "Bea" not in mine
    assert len(await school.rows(appointment_answers)) == 1
    assert (await ben.submit(page, f"{page}/answer", answer="later")).status == 400


async def test_no_answer_is_taken_when_it_has_begun(school: School) -> None:
    page = await school.makes(await school.world.signed_in(IDA), **FORM, asks="1")
    school.world.clock.now = datetime(2026, 10, 16, 6, 0, tzinfo=UTC)
    ben = await school.world.signed_in(BEN)
    assert "Kommst du" not in words_of(await ben.text(page))
    assert (await ben.submit(page, f"{page}/answer", answer="yes")).status == 404
    assert await school.rows(appointment_answers) == []


# Who may


async def test_nobody_else_sees_changes_or_answers_it(school: School) -> None:
    ida = await school.world.signed_in(IDA)
    page = await school.makes(ida, **FORM, asks="1")
    for person in (CARL, GABI, OTTO):
        other = await school.world.signed_in(person)
        assert "Wandertag" not in await other.text("/appointments")
        token = token_in(await other.text("/appointments"))
        assert [(await other.get(page + more)).status for more in ("", "/change")] == [404, 404]
        for more, fields in (("/change", FORM | {"number": "0"}), ("/off", {}), ("/answer", {"answer": "yes"})):
            assert (await other.post(page + more, {"form_token": token, **fields})).status == 404
    ben = await school.world.signed_in(BEN)
    token = token_in(await ben.text(page))
    for more, fields in (("/change", FORM | {"number": "0"}), ("/off", {})):
        assert (await ben.post(page + more, {"form_token": token, **fields})).status == 404
    assert (await ben.get("/appointments/new")).status == 404
    assert (await ben.post("/appointments/new", {"form_token": token, **FORM})).status == 404
    [row] = await school.rows(appointments)
    assert (row.number, row.is_off) == (0, False)
    assert await school.rows(appointment_answers) == []


async def test_who_has_left_the_class_does_not_see_it_any_more(school: School) -> None:
    page = await school.makes(await school.world.signed_in(IDA))
    ben = await school.world.signed_in(BEN)
    moved = Person(
        id=BEN.id, user_id=BEN.user_id, given_name="Ben", family_name="Groß", role=BEN.role, groups=CARL.groups
    )
    school.world.view.school = standing(people=[IDA, moved])
    assert (await ben.get(page)).status == 404
    assert await school.entries(moved) == []


async def test_a_group_that_was_not_offered_is_not_chosen(school: School) -> None:
    ida = await school.world.signed_in(IDA)
    answer = await ida.submit("/appointments/new", **FORM | {"group-nowhere": "1", "group-5a": ""})
    assert "mindestens eine Gruppe" in words_of(await answer.text())


# The calendar


async def test_the_address_of_a_calendar_is_shown_once_and_taken_back(school: School) -> None:
    ben = await school.world.signed_in(BEN)
    answer = await ben.submit("/appointments", "/appointments/calendar")
    [address] = re.findall(rf"{URL}(/calendar/[\w-]+\.ics)", await answer.text())
    assert address not in await ben.text("/appointments")
    stranger = school.world.browser()
    assert (await stranger.get(address)).status == 200
    await ben.submit("/appointments", "/appointments/calendar")
    assert (await stranger.get(address)).status == 404, "a new one ends it"
    await ben.submit("/appointments", "/appointments/calendar", remove="1")
    assert not await school.feeds.is_there(BEN)


async def test_no_name_of_a_child_stands_in_a_calendar(school: School) -> None:
    await school.makes(await school.world.signed_in(IDA), **FORM | {"title": "Gespräch über Ben", "place": "Bei Bea"})
    [event] = await school.entries(IDA)
    assert str(event["summary"]) == "Termin · Klasse 5a"
    assert "location" not in event


async def test_a_calendar_that_has_not_changed_is_not_sent_again(school: School) -> None:
    ida = await school.world.signed_in(IDA)
    page = await school.makes(ida)
    address = (await school.feeds.make(BEN)).removeprefix(URL)
    first = await ida.get(address)
    school.world.clock.pass_by(minutes=5)
    tag = first.headers["ETag"]
    assert (await ida.get(address, **{"If-None-Match": tag})).status == 304
    await changed(ida, page, 0, **FORM | {"place": "Schulhof"})
    assert (await ida.get(address, **{"If-None-Match": tag})).status == 200


# Forgotten


@pytest.mark.parametrize(
    ("days", "last_day"),
    [(None, datetime(2027, 7, 31, 12, tzinfo=UTC)), (30, datetime(2026, 11, 15, 12, tzinfo=UTC))],
    ids=["the end of the school year", "so many days"],
)
async def test_what_is_long_over_is_forgotten_with_its_answers(
    school: School, days: int | None, last_day: datetime
) -> None:
    page = await school.makes(await school.world.signed_in(IDA), **FORM, asks="1")
    ben = await school.world.signed_in(BEN)
    await ben.submit(page, f"{page}/answer", answer="yes")
    keeping = Keeping(days=days, year=SchoolYear(month=7, day=31, notice=timedelta(days=1)))
    school.world.clock.now = last_day
    await school.desk.forget(keeping)
    assert len(await school.rows(appointments)) == 1
    school.world.clock.now = last_day + timedelta(days=1)
    await school.desk.forget(keeping)
    assert await school.rows(appointments) == await school.rows(appointment_answers) == []


async def test_an_appointment_stays_when_who_made_it_is_erased(school: School) -> None:
    page = await school.makes(await school.world.signed_in(OTTO), **FORM)
    async with school.world.engine.begin() as connection:
        await connection.execute(appointments.update().values(person_id=None))
    assert "Ändern" in words_of(await (await school.world.signed_in(IDA)).text(page))
