"""Conferences inside Element: the widget as the bot places it, in a frame of a page that plays Element's side."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from icalendar import Calendar
from playwright.sync_api import Frame, Route, expect

from acceptance.browsing import AXE, DESKTOP, PHONE
from acceptance.client import Client, Json, wait_until
from acceptance.element_window import LIBRARY, Window, element_is_served, window
from acceptance.people import People, Person, assert_refused
from acceptance.running import Demo, schulbote, small_register
from bbb_widget.web.texts.de import SENTENCES as PAGES
from bbb_widget.widget.web.texts.de import SENTENCES as GERMAN
from bbb_widget.widget.web.texts.en import SENTENCES as ENGLISH

CLASS, OTHER = "Klasse 5a", "Klasse 5b"
WIDGET, LAYOUT, ID = "im.vector.modular.widgets", "io.element.widgets.layout", "schulbote_conference"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def element() -> Iterator[str]:
    if not LIBRARY.exists():
        pytest.skip("matrix-widget-api is not installed (npm)")
    with element_is_served() as element:
        yield element


@pytest.fixture(scope="module")
def demo(tmp_path_factory, bbb, element) -> Iterator[Demo]:
    """A small school whose groups have the widget."""
    folder = tmp_path_factory.mktemp("with_widgets")
    demo = Demo(folder / "home", small_register(folder / "register"))
    demo.has_rules(
        f"bbb: {{url: '{bbb.url}', secret_file: '{bbb.secret_file}'}}\n"
        f"web: {{element_url: '{element}'}}\nconferences: {{widget: true}}\n"
    )
    with demo.running():
        yield demo


@pytest.fixture(scope="module")
def people(demo) -> People:
    return People(demo)


@pytest.fixture(scope="module")
def teacher(people) -> Person:
    return people.teacher(of=CLASS)


@pytest.fixture(scope="module")
def pupil(people) -> Person:
    return people.pupil(of=CLASS)


@pytest.fixture(scope="module")
def stranger(people) -> Person:
    return people.pupil(not_of=CLASS)


@pytest.fixture(scope="module")
def room(demo) -> str:
    return demo.info["rooms"][CLASS]


@pytest.fixture(scope="module")
def widget(pupil, room) -> Json:
    return pupil.state(room, WIDGET, ID).ok()


@pytest.fixture
def nothing_goes_on(teacher) -> Iterator[None]:
    yield
    teacher.ask("!konferenz ende")


def button(frame: Frame, name: str, words: Json = GERMAN):
    return frame.get_by_role("button", name=words[f"widget.do.{name}"], exact=True)


def says(frame: Frame, sentence: str, words: Json = GERMAN) -> None:
    expect(frame.get_by_text(words[f"widget.{sentence}"], exact=True)).to_be_visible(timeout=30_000)


def assert_good(frame: Frame) -> None:
    """As on every page: axe finds nothing, and nothing sticks out."""
    frame.evaluate(AXE.read_text(encoding="utf-8"))
    found = frame.evaluate("rules => axe.run({runOnly: {type: 'tag', values: rules}})", RULES)
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found["violations"]] == []
    wide, inner = frame.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= inner


def in_the_new_tab(opened: Window, frame: Frame) -> str:
    """What BigBlueButton says to who pressed "join"."""
    with opened.context.expect_page() as tab:
        button(frame, "join").click()
    page = tab.value
    page.wait_for_load_state()
    assert "/conference/in/" in page.url
    assert page.evaluate("window.opener") is None
    page.get_by_role("button", name=PAGES["conference.enter"], exact=True).click()
    page.wait_for_url("**/bigbluebutton/**")
    return page.content()


def test_a_teacher_starts_a_pupil_waits_and_joins_and_it_ends(
    demo, browser, element, teacher, pupil, room, widget, nothing_goes_on
):
    with window(browser, element, viewport=DESKTOP) as hers, window(browser, element, viewport=PHONE) as his:
        frame, waiting = hers.opens(teacher, room, widget), his.opens(pupil, room, widget)
        says(waiting, "none")
        expect(button(waiting, "start")).to_have_count(0)
        button(frame, "start").click()
        says(frame, "sight.open")
        says(waiting, "sight.wait")
        assert_good(waiting)
        expect(button(waiting, "join")).to_have_count(0)
        told = [event for event in pupil.events(room) if "/conference/" in event["content"].get("body", "")]
        assert told[-1]["sender"] == demo.info["bot"]

        assert f"{teacher.name}: MODERATOR" in in_the_new_tab(hers, frame)
        expect(button(waiting, "join")).to_be_visible(timeout=40_000)
        assert_good(waiting)
        assert f"{pupil.name}: VIEWER" in in_the_new_tab(his, waiting)
        link = waiting.locator("#ways a").get_attribute("href")
        assert Client(demo.info["web"]).request("POST", link.removeprefix(demo.info["web"]), raw=True).status == 410

        expect(button(waiting, "end")).to_have_count(0)
        button(frame, "end").click()
        frame.get_by_role("button", name=GERMAN["widget.sure.end"]).click()
        says(frame, "over")
        expect(button(frame, "start")).to_be_visible(timeout=40_000)
        says(waiting, "none")
        assert his.page.evaluate("capabilities") == [], "it asks Element for nothing but who is looking"
    for log in demo.logs():
        assert link.rpartition("/")[2] not in log.read_text(errors="replace")


def test_it_goes_without_a_mouse(browser, element, teacher, room, widget, nothing_goes_on):
    with window(browser, element, viewport=DESKTOP) as opened:
        frame = opened.opens(teacher, room, widget)
        button(frame, "start").focus()
        opened.page.keyboard.press("Enter")
        expect(button(frame, "join")).to_be_focused()
        read_out = frame.get_by_role("status").filter(has_text=f"{CLASS}: {GERMAN['widget.sight.open']}")
        expect(read_out).to_have_count(1)
        with opened.context.expect_page():
            opened.page.keyboard.press("Space")
        expect(button(frame, "join")).to_be_focused()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_it_is_good_to_read_in_elements_language_and_theme(
    browser, element, teacher, room, widget, nothing_goes_on, theme, viewport
):
    with window(browser, element, viewport=viewport) as opened:
        frame = opened.opens(teacher, room, widget, theme=theme, language="en")
        says(frame, "none", ENGLISH)
        assert frame.evaluate("document.documentElement.lang") == "en"
        expect(frame.get_by_role("heading", level=1)).to_have_text(ENGLISH["widget.title"])
        assert frame.evaluate("getComputedStyle(document.documentElement).colorScheme") == theme
        assert_good(frame)
        button(frame, "start", ENGLISH).click()
        says(frame, "sight.open", ENGLISH)
        assert_good(frame)
        other = "dark" if theme == "light" else "light"
        opened.page.evaluate("name => messaging.updateTheme({ name })", other)
        wait_until(lambda: frame.evaluate("document.documentElement.dataset.theme") == other, 5)
        assert_good(frame)


def test_who_does_not_want_to_be_known_is_told_and_may_think_again(browser, element, teacher, room, widget):
    with window(browser, element) as opened:
        opened.allows = False
        frame = opened.opens(teacher, room, widget)
        says(frame, "refused")
        assert teacher.name not in frame.inner_text("body")
        assert_good(frame)
        opened.allows = True
        frame.get_by_role("button", name=GERMAN["widget.again"]).click()
        says(frame, "none")
        assert opened.page.evaluate("asked") == [False, True]


def test_a_token_of_another_server_is_nobodys(browser, element, teacher, room, widget):
    with window(browser, element) as opened:
        opened.foreign = "matrix.example.org"
        frame = opened.opens(teacher, room, widget)
        says(frame, "not_known")
        assert teacher.name not in frame.inner_text("body")


def test_a_token_counts_once_whoever_comes_with_it(demo, browser, element, pupil, room, widget):
    with window(browser, element) as opened:
        says(opened.opens(pupil, room, widget), "none")
        [token] = opened.tokens
    again = {"access_token": token["access_token"], "matrix_server_name": token["matrix_server_name"]}
    assert Client(demo.info["web"]).post("/widget/session", again).status == 410


def test_who_is_not_in_the_room_sees_nothing_of_it(browser, element, teacher, stranger, room, widget, nothing_goes_on):
    with window(browser, element) as opened:
        frame = opened.opens(teacher, room, widget)
        button(frame, "start").click()
        says(frame, "sight.open")
        frame = opened.opens(stranger, room, widget)
        says(frame, "stranger")
        expect(frame.get_by_role("button")).to_have_count(0)
        assert CLASS not in frame.inner_text("body")


def test_on_a_shared_computer_the_next_person_is_nobody_else(browser, element, teacher, pupil, room, widget):
    with window(browser, element) as opened:
        frame = opened.opens(teacher, room, widget)
        expect(frame.get_by_text(GERMAN["widget.who"].format(name=teacher.name))).to_be_visible()
        frame = opened.opens(pupil, room, widget)
        expect(frame.get_by_text(GERMAN["widget.who"].format(name=pupil.name))).to_be_visible()
        expect(button(frame, "start")).to_have_count(0)
        opened.allows = False
        frame = opened.opens(pupil, room, widget)
        says(frame, "refused")
        assert pupil.name not in frame.inner_text("body")


def test_another_site_cannot_show_it(browser, element, pupil, room, widget):
    with element_is_served() as elsewhere, window(browser, elsewhere) as opened:
        opened.who = pupil
        opened.page.goto(elsewhere)
        opened.page.evaluate("([widget]) => openWidget(widget, {})", [widget])
        frame = opened.page.wait_for_selector("iframe").content_frame()
        frame.wait_for_url("chrome-error://**")
        assert opened.tokens == []


def test_outside_of_element_it_says_where_it_belongs(demo, browser, element):
    with window(browser, element) as opened:
        opened.page.goto(demo.info["web"] + "/widget/conference")
        expect(opened.page.get_by_text(GERMAN["widget.outside"])).to_be_visible()


def test_an_expired_session_is_renewed_by_itself(browser, element, pupil, room, widget):
    with window(browser, element) as opened:
        frame = opened.opens(pupil, room, widget)
        says(frame, "none")
        opened.context.clear_cookies()
        frame.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        wait_until(lambda: frame.evaluate("true") and len(opened.tokens) == 2, 20)
        says(frame, "none")


# When something is missing


def test_where_the_browser_keeps_nothing_it_says_what_to_do(browser, element, pupil, room, widget):
    with window(browser, element) as opened:

        def forgets(route: Route) -> None:
            opened.context.clear_cookies()
            route.continue_()

        opened.context.route("**/widget/conference/state", forgets)
        frame = opened.opens(pupil, room, widget)
        says(frame, "no_cookies")
        assert_good(frame)


def test_while_bigbluebutton_is_down_it_says_so(browser, element, teacher, room, widget, bbb, nothing_goes_on):
    with window(browser, element) as opened:
        frame = opened.opens(teacher, room, widget)
        with bbb.broken():
            button(frame, "start").click()
            says(frame, "trouble.down")
            assert_good(frame)
        button(frame, "start").click()
        says(frame, "sight.open")


def test_without_a_connection_it_says_so_and_goes_on_when_there_is_one(browser, element, teacher, room, widget):
    with window(browser, element) as opened:
        frame = opened.opens(teacher, room, widget)
        expect(button(frame, "start")).to_be_visible()
        opened.context.set_offline(True)
        frame.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        says(frame, "offline")
        opened.context.set_offline(False)
        frame.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        says(frame, "none")


def test_where_nobody_answers_for_element_it_says_so(browser, element, widget):
    with window(browser, element) as opened:
        opened.page.goto(element)
        url = widget["url"].replace("#", "?widgetId=x#")
        add = "url => void document.body.append(Object.assign(document.createElement('iframe'), { src: url }))"
        opened.page.evaluate(add, url)
        frame = opened.page.wait_for_selector("iframe").content_frame()
        says(frame, "no_answer")


def test_a_planned_one_is_a_file_for_calendars(browser, element, teacher, pupil, room, widget, nothing_goes_on):
    assert "📅" in teacher.ask(f"!konferenz Mathe mit {CLASS} jeden Freitag um 14:00")
    with window(browser, element, viewport=PHONE) as opened:
        frame = opened.opens(pupil, room, widget)
        link = frame.get_by_role("link", name=GERMAN["widget.calendar"])
        assert_good(frame)
        with opened.page.expect_download() as download:
            link.click()
        calendar = Calendar.from_ical(Path(download.value.path()).read_bytes())
        assert {str(event["summary"]) for event in calendar.walk("VEVENT")} == {f"Mathe · {CLASS}"}


# Placing it


def test_the_bot_places_it_above_the_messages_of_every_group(demo, people, teacher, room, widget):
    assert widget["url"].startswith(f"{demo.info['web']}/widget/conference#?")
    assert teacher.state(room, LAYOUT).ok()["widgets"][ID]["container"] == "top"
    [event] = [event for event in teacher.get(f"rooms/{room}/state").ok() if event["type"] == WIDGET]
    assert event["sender"] == demo.info["bot"]
    before = len(teacher.events(room))
    assert demo.sync().returncode == 0
    assert len(teacher.events(room)) == before, "a sync finds it in its place"


def test_elements_button_places_the_same_in_a_teachers_chat(demo, browser, element, teacher, pupil):
    chat = teacher.create_room(name="Projekt", invite=[pupil.user_id])
    pupil.join(chat).ok()
    with window(browser, element) as opened:
        opened.page.goto(element)
        asks = "url => fetch(url).then(answer => answer.json())"
        build = opened.page.evaluate(asks, f"{demo.info['web']}/widget/conference/build?roomId={chat}")
    content = build["widget"] | {"io.element.managed_hybrid": True, "creatorUserId": teacher.user_id}
    assert_refused(pupil.set_state(chat, WIDGET, content, build["widget_id"]), "no_conferences")
    teacher.set_state(chat, WIDGET, content, build["widget_id"]).ok()
    assert teacher.state(chat, WIDGET, build["widget_id"]).ok() == build["widget"]
    teacher.set_state(chat, LAYOUT, {"widgets": {ID: build["layout"]}}).ok()
    assert_refused(pupil.set_state(chat, LAYOUT, {"widgets": {ID: build["layout"]}}), "no_conferences")
    well_known = Client(demo.homeserver).get("/.well-known/matrix/client").ok()
    asked = well_known["io.element.call_behaviour"]["widget_build_url"]
    assert asked == f"{demo.info['web']}/widget/conference/build"


def test_no_pupil_and_no_guardian_gets_a_page_of_theirs_shown(demo, people, teacher, pupil, room, widget):
    guardian = people.guardian(of="Sorgeberechtigte 5a")
    foreign = {"type": "m.custom", "url": "https://example.org", "name": "Videokonferenz", "id": ID, "data": {}}
    for who, place in ((pupil, room), (guardian, demo.info["rooms"]["Sorgeberechtigte 5a"])):
        for kind in (WIDGET, "m.widget", LAYOUT):
            for key in (ID, "x", "", f"_{who.user_id}_x", who.user_id):
                for content in (foreign, widget, {}, widget | {"url": "https://example.org"}):
                    assert who.set_state(place, kind, content, key).status in (400, 403)
        assert who.try_send(place, foreign, WIDGET).status in (400, 403)
    assert pupil.state(room, WIDGET, ID).ok() == widget
    account = pupil.put(f"user/{pupil.user_id}/account_data/m.widgets", {"x": {"content": foreign}})
    assert account.status == 200, "what only they see is theirs"


def test_nobody_shows_another_page_under_the_schools_name(teacher, room, widget):
    for content in (widget | {"url": "https://example.org"}, {"type": "m.custom", "url": "https://example.org"}):
        assert_refused(teacher.set_state(room, WIDGET, content, ID), "not_offered")
        assert_refused(teacher.set_state(room, "m.widget", content, ID), "not_offered")
    assert teacher.state(room, WIDGET, ID).ok() == widget


def test_switched_off_it_is_taken_away_and_switched_on_it_is_back(demo, teacher, room, widget):
    config = Path(demo.info["config"])
    written = config.read_text()
    try:
        config.write_text(re.sub(r"widget: true", "widget: false", written))
        assert demo.sync().returncode == 0
        assert teacher.state(room, WIDGET, ID).ok() == {}
        assert teacher.state(room, LAYOUT).ok() == {}
    finally:
        config.write_text(written)
        assert demo.sync().returncode == 0
    assert teacher.state(room, WIDGET, ID).ok() == widget


def test_check_says_whether_a_widget_can_ask_who_somebody_is(demo):
    checked = schulbote("-c", demo.info["config"], "check")
    assert checked.returncode == 0, checked.stderr
    assert "OpenID" in checked.stdout
