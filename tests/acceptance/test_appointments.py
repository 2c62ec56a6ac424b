"""Appointments against a real Synapse and in a real browser: made on a telephone, read in the room, answered, changed,
called off, and seen by a calendar program."""

import re
import secrets
from datetime import UTC, date, datetime, timedelta
from urllib.request import urlopen
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar
from playwright.sync_api import Page
from recurring_ical_events import of as occurrences_of

from acceptance.browsing import DESKTOP, PHONE, assert_good, opened, sign_in
from acceptance.client import is_edit, wait_until
from acceptance.people import Person

SOON = 12
CLASS, OTHER = "Klasse 9.1", "Klasse 9.3"
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(scope="module")
def cast(people) -> dict[str, Person]:
    return {
        "teacher": people.teacher(CLASS),
        "pupil": people.pupil(CLASS),
        "classmate": people.pupil(CLASS),
        "stranger": people.pupil(OTHER),
    }


def new_title(name: str) -> str:
    return f"{name} {secrets.token_hex(3)}"


def shown_in(person: Person, room: str, title: str) -> str | None:
    """What a message about an appointment says now, its edits taken in."""
    events = [event for event in person.events(room) if title in str(event["content"].get("body", ""))]
    if not events:
        return None
    edits = [event for event in events if is_edit(event["content"])]
    return str(edits[-1]["content"]["m.new_content"]["body"] if edits else events[0]["content"]["body"])


def fill(page: Page, title: str, day: date, **more: str) -> None:
    page.get_by_label("Was", exact=True).fill(title)
    page.get_by_label("Ort", exact=True).fill("Aula")
    page.get_by_label("Tag", exact=True).fill(day.isoformat())
    page.get_by_label("Von", exact=True).fill("14:00")
    page.get_by_label("Bis", exact=True).fill("15:30")
    if "until" in more:
        page.get_by_label("Wiederholen", exact=True).select_option("1")
        page.get_by_label(re.compile("Zum letzten Mal")).fill(more["until"])
    page.get_by_label(CLASS, exact=True).check()


def entries(address: str) -> Calendar:
    with urlopen(address, timeout=20) as answer:
        assert answer.headers["Content-Type"].startswith("text/calendar")
        return Calendar.from_ical(answer.read())


@pytest.mark.parametrize(
    ("viewport", "scripts"), [(PHONE, True), (DESKTOP, False)], ids=["phone", "desktop without JavaScript"]
)
def test_the_life_of_an_appointment(demo, cast, browser, viewport, scripts):
    teacher, pupil, room = cast["teacher"], cast["pupil"], demo.info["rooms"][CLASS]
    title, day = new_title("Probe"), datetime.now(BERLIN).date() + timedelta(days=3)
    until = day + timedelta(weeks=30)  # across a change of the clocks

    def checked(page: Page) -> None:
        if scripts:
            assert_good(page)

    with opened(browser, demo, viewport=viewport, java_script_enabled=scripts) as page:
        sign_in(page, teacher)
        page.goto("/appointments")
        checked(page)
        page.get_by_role("link", name="Neuer Termin").click()
        checked(page)
        fill(page, title, day, until=until.isoformat())
        page.get_by_label(re.compile("Um eine Antwort bitten")).check()
        page.get_by_role("button", name="Termin anlegen").click()
        assert "Der Termin ist angelegt." in page.inner_text("main")
        checked(page)
        made = page.url.partition("?")[0]
    said = wait_until(lambda: shown_in(pupil, room, title), SOON)
    assert said.startswith(f"📅 {title}\n")
    assert "14:00 Uhr – 15:30 Uhr, Aula, jede Woche bis" in said
    assert said.endswith(f"Bitte antworte: {made}")

    with opened(browser, demo, viewport=viewport, java_script_enabled=scripts) as page:
        sign_in(page, pupil)
        page.goto(made)
        page.get_by_role("button", name="Vielleicht").click()
        assert "Danke, deine Antwort ist angekommen." in page.inner_text("main")
        page.get_by_role("button", name="Ja", exact=True).click()
        assert "Deine Antwort: Ja." in page.inner_text("main")
        assert "Termin absagen" not in page.inner_text("main")
        checked(page)
        page.goto("/appointments")
        page.get_by_role("button", name=re.compile("Adresse machen")).click()
        address = page.locator("code").inner_text()
        checked(page)
    calendar = entries(address)
    first = datetime(day.year, day.month, day.day, tzinfo=UTC)
    times = [
        each
        for each in occurrences_of(calendar).between(first, first + timedelta(weeks=40))
        if title in each["summary"]
    ]
    assert len(times) == 31
    walls = {each.decoded("dtstart").astimezone(BERLIN).strftime("%H:%M") for each in times}
    assert walls == {"14:00"}
    assert len({each.decoded("dtstart").hour for each in times}) == 2, "the clocks change in between"
    assert pupil.name not in str(calendar.to_ical())

    with opened(browser, demo, viewport=viewport, java_script_enabled=scripts) as page:
        sign_in(page, teacher)
        page.goto(made)
        assert re.search(rf"Ja: bisher 1\s+{pupil.name}", page.inner_text("main"))
        page.get_by_role("link", name="Ändern").click()
        page.get_by_label("Ort", exact=True).fill("Turnhalle")
        page.get_by_role("button", name="Speichern").click()
        assert "Der Termin ist geändert." in page.inner_text("main")
        wait_until(lambda: "Turnhalle" in (shown_in(pupil, room, title) or ""), SOON)
        page.get_by_role("button", name="Termin absagen").click()
        assert "Der Termin ist abgesagt." in page.inner_text("main")
        checked(page)
    wait_until(lambda: (shown_in(pupil, room, title) or "").startswith(f"📅 Abgesagt: {title}"), SOON)
    off = [event for event in entries(address).walk("VEVENT") if title in event["summary"]]
    assert {(str(event["status"]), event["sequence"]) for event in off} == {("CANCELLED", 2)}
    assert {event["uid"] for event in off} == {
        event["uid"] for event in calendar.walk("VEVENT") if title in event["summary"]
    }
    messages = [event for event in pupil.events(room) if event["sender"] == demo.info["bot"]]
    about = [event for event in messages if title in event["content"].get("body", "")]
    assert sum(not is_edit(event["content"]) for event in about) == 1, "one message, that changes"


def test_nobody_else_comes_near_it(demo, cast, browser):
    title, day = new_title("Elternabend"), datetime.now(BERLIN).date() + timedelta(days=5)
    with opened(browser, demo, viewport=PHONE) as page:
        sign_in(page, cast["teacher"])
        page.goto("/appointments/new")
        fill(page, title, day)
        page.get_by_role("button", name="Termin anlegen").click()
        made = page.url.partition("?")[0]
    for who, sees in (("classmate", True), ("stranger", False)):
        with opened(browser, demo, viewport=PHONE) as page:
            sign_in(page, cast[who])
            page.goto("/appointments")
            assert (title in page.inner_text("main")) is sees
            assert page.request.get(made).status == (200 if sees else 404)
            assert page.request.get(made + "/change").status == 404
            assert page.request.get(demo.info["web"] + "/appointments/new").status == 404
    with opened(browser, demo) as page:
        assert page.request.get(made, max_redirects=0).status == 303


def test_the_bot_leads_to_the_files_and_the_appointments(demo, cast, browser):
    pupil = cast["pupil"]
    for words, path in (("!dateien", "/shelf"), ("!termine", "/appointments")):
        [link] = re.findall(r"http://\S+/link/[\w-]+", pupil.ask(words))
        with opened(browser, demo, viewport=PHONE) as page:
            page.goto(link)
            page.get_by_role("button", name=re.compile("Ja, weiter als")).click()
            assert page.url.endswith(path)
            assert_good(page)
