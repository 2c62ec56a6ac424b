"""The pages of conferences in a real browser: a teacher begins, a pupil waits and is moved on, a guest in the lobby. On
a phone and on a desktop, with and without JavaScript. The BigBlueButton in the new tab is the simulated one."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Page

from acceptance.browsing import DESKTOP, assert_good, link_in, opened, sign_in
from acceptance.client import wait_until
from acceptance.conferences import PAGE, say_in_room, title_for_one_story, way_in
from bbb_widget.simulated.words import WORDS
from bbb_widget.web.texts import SENTENCES
from school.texts import Language
from school.texts.de_conferences import SENTENCES as SAID

PHONE = {"width": 390, "height": 844}
HERE, THERE = SENTENCES[Language.GERMAN], WORDS[Language.GERMAN]
EVERYWHERE = pytest.mark.parametrize(
    "how",
    [
        pytest.param({"viewport": PHONE}, id="on a phone"),
        pytest.param({"viewport": DESKTOP}, id="on a desktop"),
        pytest.param({"viewport": PHONE, "java_script_enabled": False}, id="without JavaScript"),
    ],
)


def look(page: Page, how: dict[str, Any]) -> None:
    """Every page and state is good, as far as a script can tell."""
    if how.get("java_script_enabled", True):
        assert_good(page)


def at_the_door(page: Page, person, url: str) -> None:
    """Opens the link of the room, says who one is, and is back at it."""
    page.goto(url)
    page.get_by_label("Benutzername").fill(person.user_id[1:].partition(":")[0])
    page.get_by_label("Passwort").fill(person.account["password"])
    page.get_by_role("button", name="Anmelden").click()
    page.wait_for_url(url)


@contextmanager
def new_tab(page: Page, button: str) -> Iterator[Page]:
    """What opens when somebody presses this."""
    with page.context.expect_page() as opens:
        page.get_by_role("button", name=button, exact=True).click()
    tab = opens.value
    tab.wait_for_load_state()
    yield tab
    tab.close()


def says(page: Page, words: str) -> None:
    page.get_by_role("status").filter(has_text=words).wait_for()


@EVERYWHERE
def test_a_teacher_begins_from_the_link_in_the_room_and_a_pupil_waits_and_is_moved_on(demo, people, bbb, browser, how):
    teacher, pupil = people.teacher(of="Klasse 8.1"), people.pupil(of="Klasse 8.1")
    room, title = demo.info["rooms"]["Klasse 8.1"], title_for_one_story()
    url = PAGE.search(say_in_room(teacher, room, f"!konferenz {title}"))[0]
    with opened(browser, demo, **how) as waiting, opened(browser, demo, **how) as leading:
        at_the_door(waiting, pupil, url)
        says(waiting, HERE["conference.wait"])
        assert waiting.get_by_role("button", name=HERE["conference.enter"]).count() == 0
        look(waiting, how)

        at_the_door(leading, teacher, url)
        look(leading, how)
        leading.get_by_label(HERE["conference.cameras"]).uncheck()
        with new_tab(leading, HERE["conference.start"]) as conference:
            assert THERE["simulated"] in conference.inner_text("body")
            assert f"{teacher.name}: MODERATOR" in conference.inner_text("main")
            look(conference, how)

            button = waiting.get_by_role("button", name=HERE["conference.enter"])
            button.wait_for()  # by itself
            look(waiting, how)
            assert button.evaluate("button => document.activeElement === button")
            assert pupil.name in waiting.inner_text("main")
            with new_tab(waiting, HERE["conference.enter"]) as inside:
                assert f"{pupil.name}: VIEWER" in inside.inner_text("main")
                look(inside, how)
                newest = bbb.created(title)[-1]
                assert newest["lockSettingsDisableCam"] == "true"
                assert newest["lockSettingsDisableMic"] == "false"
                wait_until(lambda: _is_listed(leading, url, pupil.name), 40)
                look(leading, how)

                leading.goto(url)
                look(leading, how)
                leading.get_by_text(HERE["conference.end"], exact=True).click()
                leading.get_by_role("button", name=HERE["conference.end_now"]).click()
                says(leading, HERE["conference.over"])
                look(leading, how)
                says(inside, THERE["over"])
        waiting.reload()
        says(waiting, HERE["conference.over"])
        look(waiting, how)
        leading.get_by_role("link", name=HERE["conference.attendance"]).click()
        assert pupil.name in leading.inner_text("table")


def _is_listed(page: Page, url: str, name: str) -> bool:
    page.goto(f"{url}/attendance")
    return name in page.inner_text("main")


@EVERYWHERE
def test_one_guest_is_let_in_from_the_lobby_and_another_is_not(demo, people, browser, how):
    teacher = people.teacher(of="Klasse 8.2")
    room, title = demo.info["rooms"]["Klasse 8.2"], title_for_one_story()
    url = PAGE.search(say_in_room(teacher, room, f"!konferenz {title}"))[0]
    with (
        opened(browser, demo, **how) as leading,
        opened(browser, demo, **how) as petra,
        opened(browser, demo, **how) as uwe,
    ):
        at_the_door(leading, teacher, url)
        leading.get_by_label(HERE["conference.guest_name"]).fill("123")
        leading.get_by_role("button", name=HERE["conference.guest_invite"]).click()
        leading.get_by_text(HERE["conference.guest_name_wrong"]).wait_for()
        look(leading, how)
        links = {name: _invited(leading, name) for name in ("Petra Lehmann", "Uwe Ortlieb", "Rita Falsch")}
        look(leading, how)
        leading.get_by_role("button", name="Link zurücknehmen: Rita Falsch").click()
        says(leading, HERE["conference.guest_revoked"])
        assert "Rita" not in leading.inner_text("main")
        look(leading, how)

        petra.goto(links["Rita Falsch"])
        says(petra, HERE["conference.guest_over"])
        look(petra, how)
        for page, name in ((petra, "Petra Lehmann"), (uwe, "Uwe Ortlieb")):
            page.goto(links[name])
            says(page, HERE["conference.wait_guest"])
            words = page.inner_text("main")
            assert f"{teacher.name} lädt dich" in words
            assert HERE["conference.not_recorded"] in words
            look(page, how)
        with new_tab(leading, HERE["conference.start"]) as conference:
            for page in (petra, uwe):
                page.get_by_role("button", name=HERE["conference.enter"]).wait_for()  # by itself
                look(page, how)
            with new_tab(petra, HERE["conference.enter"]) as accepted, new_tab(uwe, HERE["conference.enter"]) as denied:
                says(accepted, THERE["lobby"])
                look(accepted, how)
                accept = conference.get_by_role("button", name=f"{THERE['accept']}: Petra Lehmann (Gast)")
                accept.wait_for()
                look(conference, how)
                accept.click()
                conference.get_by_role("button", name=f"{THERE['deny']}: Uwe Ortlieb (Gast)").click()
                says(accepted, THERE["inside"])
                says(denied, THERE["denied"])
                assert "Petra Lehmann (Gast): VIEWER" in conference.inner_text("main")
                assert "Uwe" not in conference.inner_text("main")
    say_in_room(teacher, room, "!konferenz ende")


def _invited(page: Page, name: str) -> str:
    """The link of a guest, which is shown once."""
    page.get_by_label(HERE["conference.guest_name"]).fill(name)
    page.get_by_role("button", name=HERE["conference.guest_invite"]).click()
    says(page, name)
    return page.locator("code.once").inner_text()


@EVERYWHERE
def test_who_is_taken_out_of_the_group_while_waiting_is_told_so_and_not_let_in(demo, people, browser, how):
    teacher, pupil = people.teacher(of="Klasse 8.3"), people.pupil(of="Klasse 8.3")
    title = title_for_one_story()
    group = f"AG {title}"
    assert group in teacher.ask(f"!gruppe neu {group} + {pupil.name}")
    url = wait_until(lambda: PAGE.search(teacher.ask(f"!konferenz {title} mit {group}")), 20)[0]
    with opened(browser, demo, **how) as page:
        at_the_door(page, pupil, url)
        says(page, HERE["conference.wait"])
        teacher.ask(f"!gruppe {group} - {pupil.name}")
        says(page, SAID["refused.not_in_conference"])  # by itself
        look(page, how)
        assert title not in page.inner_text("main")
        with opened(browser, demo, **how) as leading:
            at_the_door(leading, teacher, url)
            with new_tab(leading, HERE["conference.start"]):
                answer = page.goto(url)
                assert answer is not None
                assert answer.status == 403
                assert page.get_by_role("button", name=HERE["conference.enter"]).count() == 0
    teacher.ask("!konferenz ende")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_other_state_is_good_to_read(demo, people, bbb, browser, scheme):
    teacher, pupil, stranger = (
        people.teacher(of="Klasse 9.1"),
        people.pupil(of="Klasse 9.1"),
        people.pupil(not_of="Klasse 9.1"),
    )
    title = title_for_one_story()
    url = PAGE.search(teacher.ask(f"!konferenz {title} mit Klasse 9.1 jeden Freitag um 14:00"))[0]
    how = {"viewport": PHONE, "color_scheme": scheme}
    with opened(browser, demo, **how) as page, opened(browser, demo, **how) as leading:
        at_the_door(page, stranger, url)
        says(page, SAID["refused.not_in_conference"])
        look(page, how)
        page.goto(f"{demo.info['web']}/conference/nothing")
        says(page, HERE["conference.unknown"])
        look(page, how)
        page.goto("/conferences")
        look(page, how)
        page.goto("/")
        page.get_by_role("link", name=HERE["conference.list"]).wait_for()
        look(page, how)

        at_the_door(leading, teacher, url)
        look(leading, how)
        leading.goto("/conferences")
        assert leading.get_by_role("link", name=title).is_visible()
        look(leading, how)
        with bbb.broken():
            leading.goto(url)
            with leading.context.expect_page() as opens:
                leading.get_by_role("button", name=HERE["conference.start"]).click()
            tab = opens.value
            says(tab, HERE["conference.down"])
            look(tab, how)
            tab.close()
        leading.goto(url)
        leading.get_by_role("button", name="English").click()
        english = SENTENCES[Language.ENGLISH]
        leading.get_by_role("button", name=english["conference.start"]).wait_for()
        look(leading, how)
        leading.get_by_role("button", name="Deutsch").click()
    with opened(browser, demo, **how) as page:
        at_the_door(page, pupil, url)
        says(page, "Die Konferenz beginnt")
        look(page, how)
        page.get_by_role("link", name=HERE["conference.stay_still"]).click()
        page.get_by_role("link", name=HERE["conference.look_again"]).wait_for()
        look(page, how)
    teacher.ask("!konferenz ende")


def test_with_the_keyboard_alone_one_comes_in(demo, people, browser):
    teacher = people.teacher(of="Klasse 9.2")
    room, title = demo.info["rooms"]["Klasse 9.2"], title_for_one_story()
    url = PAGE.search(say_in_room(teacher, room, f"!konferenz {title}"))[0]
    with opened(browser, demo, viewport=DESKTOP) as page:
        page.goto(link_in(teacher.ask("!konto")))
        page.get_by_role("button", name=re.compile("Ja, weiter als")).click()
        page.goto(url)
        with page.context.expect_page() as opens:
            page.keyboard.press("Enter")
        assert f"{teacher.name}: MODERATOR" in opens.value.inner_text("main")
    say_in_room(teacher, room, "!konferenz ende")


def test_the_link_that_the_bot_gives_leads_in_once(demo, people, browser):
    teacher = people.teacher(of="Klasse 9.2")
    title = title_for_one_story()
    teacher.ask(f"!konferenz {title} mit Klasse 9.2")
    link = way_in(teacher, title)
    with opened(browser, demo, viewport=PHONE) as page:
        page.goto(link)
        assert_good(page)
        page.keyboard.press("Enter")
        page.get_by_text(f"{teacher.name}: MODERATOR").first.wait_for()
        page.goto(link)
        page.get_by_role("button", name=HERE["conference.enter"]).click()
        page.get_by_role("alert").filter(has_text=HERE["conference.way_is_over"]).wait_for()
        assert_good(page)
    teacher.ask("!konferenz ende")


def test_looking_at_a_guests_link_does_not_sit_in_the_conference(demo, people, bbb, browser):
    teacher = people.teacher(of="Klasse 9.3")
    room, title = demo.info["rooms"]["Klasse 9.3"], title_for_one_story()
    url = PAGE.search(say_in_room(teacher, room, f"!konferenz {title}"))[0]
    with opened(browser, demo, viewport=PHONE) as leading, opened(browser, demo, viewport=PHONE) as preview:
        sign_in(leading, teacher)
        leading.goto(url)
        link = _invited(leading, "Petra Lehmann")
        leading.goto(url)
        with new_tab(leading, HERE["conference.start"]):
            preview.goto(link)
            preview.get_by_role("button", name=HERE["conference.enter"]).wait_for()
            for _ in range(25):
                preview.goto(link)
            [meeting] = [each for each in bbb.seen["meetings"].values() if each["name"] == title]
            assert meeting["lobby"] == []
    for log in demo.logs():
        assert link.rpartition("/")[2] not in log.read_text(errors="replace")
    say_in_room(teacher, room, "!konferenz ende")
