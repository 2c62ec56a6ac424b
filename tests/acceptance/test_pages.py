"""The web pages in a real browser, on a phone and on a desktop, with and without JavaScript, and the bot that leads to
them."""

import json
import re
import socket
import time
from contextlib import closing, suppress

import pytest

from acceptance.browsing import DESKTOP, PHONE, assert_good, choose, link_in, opened, sign_in
from acceptance.client import Client, wait_until
from acceptance.people import Person

NEW, NEWER = "Butterbrot fliegt nach Potsdam", "Zebra mit sieben Streifen"


def test_who_comes_for_the_first_time_is_greeted_once_in_five_lines_with_a_link(demo, people, browser):
    pupil = people.pupil("Klasse 9.1")
    room, words = pupil.greeting
    assert len(words.split("\n")) == 5
    assert words.startswith(f"Willkommen, {pupil.name.split()[0]}!")
    assert pupil.direct_rooms()[demo.info["bot"]] == [room]
    assert pupil.members(room) == {pupil.user_id, demo.info["bot"]}
    # The room is one like those that people open: the bot answers there.
    asked = pupil.send(room, "!hilfe")
    wait_until(lambda: any("!hilfe" in text and "–" in text for text in pupil.texts(room)), 10)
    assert asked
    pupil.another_client()
    time.sleep(3)
    assert sum(text.startswith("Willkommen") for text in pupil.texts(room)) == 1
    with opened(browser, demo, viewport=PHONE) as page:
        page.goto(link_in(words))
        assert_good(page)
        page.get_by_role("button", name=re.compile("Ja, weiter als")).click()
        assert page.url.endswith("/password")
        assert pupil.name in page.inner_text("main")


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_every_page_is_good_to_read_and_to_use(demo, people, browser, viewport):
    teacher = people.teacher("Klasse 9.1")
    with opened(browser, demo, viewport=viewport) as page:
        for path in ("/", "/login", "/nowhere", "/link/unknown"):
            page.goto(path)
            assert_good(page)
        sign_in(page, teacher, "falsch")
        assert_good(page)
        sign_in(page, teacher)
        page.wait_for_url("**/password")
        for path in ("/account", "/password", "/logout", "/", "/?done=password_chosen"):
            page.goto(path)
            assert_good(page)
        page.goto("/password")
        page.get_by_label("Dein neues Passwort").fill("kurz")
        page.get_by_label("Noch einmal dasselbe").fill("kürzer")
        page.get_by_role("button", name="Passwort wählen").click()
        assert page.get_by_role("alert").is_visible()
        assert page.evaluate("document.activeElement.id") == "new", "one is where something is missing"
        assert_good(page)
        page.get_by_role("button", name="English").click()
        page.wait_for_load_state()
        page.goto("/account")
        assert page.get_by_role("heading", name="My account").is_visible()
        assert_good(page)


def test_in_the_dark_it_is_good_to_read_too(demo, people, browser):
    with opened(browser, demo, viewport=PHONE, color_scheme="dark") as page:
        page.goto("/login")
        assert_good(page)
        sign_in(page, people.pupil("Klasse 9.1"))
        page.wait_for_url("**/password")
        assert_good(page)
        page.goto("/account")
        assert_good(page)
        page.goto("/password")
        page.get_by_role("button", name="Passwort wählen").click()
        assert_good(page)


def test_with_the_keyboard_alone(demo, people, browser):
    pupil = people.pupil("Klasse 9.1")
    with opened(browser, demo, viewport=DESKTOP) as page:
        page.goto("/login")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        box = page.locator(".skip").bounding_box()
        assert box is not None
        assert box["x"] >= 0, "it can be seen now"
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.type(pupil.user_id)
        page.keyboard.press("Tab")
        page.keyboard.type(pupil.account["password"])
        page.keyboard.press("Enter")
        page.wait_for_url("**/password")


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_from_the_code_of_the_letter_to_the_first_message_without_javascript(demo, people, admin, browser, viewport):
    account = people.account("guardian", of="Sorgeberechtigte 9.1")
    guardian, code = Person(demo, account), account["password"]
    with opened(browser, demo, viewport=viewport, java_script_enabled=False) as page:
        sign_in(page, guardian)
        assert page.url.endswith("/password"), "with a code one chooses a password first"
        assert page.get_by_label("Dein jetziges Passwort").count() == 0
        choose(page, NEW)
        assert "Dein Passwort ist gewählt" in page.get_by_role("status").inner_text()
        assert account["user_id"][1:].partition(":")[0] in page.inner_text("main")
        page.goto("/password")
        choose(page, NEWER, current=NEW)
        assert "Dein Passwort ist gewählt" in page.get_by_role("status").inner_text()
        page.goto("/account")
        page.get_by_role("button", name="English").click()
        assert page.get_by_role("heading", name="My account").is_visible()
        page.get_by_role("link", name="Sign out", exact=True).click()
        page.get_by_role("button", name="Sign out", exact=True).click()
        assert "You are signed out" in page.get_by_role("status").inner_text()
    for over in (code, NEW):
        assert Client(demo.homeserver).try_login(guardian.user_id, over).status == 403
    guardian.login(guardian.user_id, NEWER)
    room = demo.info["rooms"]["Sorgeberechtigte 9.1"]
    wait_until(lambda: room in guardian.joined_rooms(), 20)
    guardian.send(room, "Guten Tag")
    assert "Guten Tag" in guardian.texts(room)
    # For the stories to come, what is in demo.json lets in again.
    admin.put(f"/_synapse/admin/v2/users/{guardian.user_id}", {"password": code, "logout_devices": False}).ok()


def test_a_link_from_the_bot_works_once_whoever_looked_at_it_before(demo, people, browser):
    teacher = people.teacher("Klasse 9.2")
    link = link_in(teacher.ask("!passwort"))
    with opened(browser, demo, viewport=PHONE) as preview:
        preview.goto(link)
    with opened(browser, demo, viewport=PHONE) as page:
        page.goto(link)
        page.get_by_role("button", name=re.compile("Ja, weiter als")).click()
        assert page.url.endswith("/password")
    with opened(browser, demo, viewport=PHONE) as page:
        answer = page.goto(link)
        assert answer is not None
        assert answer.status == 410
        assert page.get_by_role("heading", name="Dieser Link gilt nicht mehr").is_visible()
    for log in demo.logs():
        assert link.rpartition("/")[2] not in log.read_text(errors="replace")


def test_signing_out_a_device_and_everywhere(demo, people, browser):
    pupil = people.pupil("Klasse 9.2")
    lost, kept = pupil.another_client(), pupil.another_client()
    lost.put(f"devices/{lost.get('account/whoami').ok()['device_id']}", {"display_name": "Verlorenes Handy"}).ok()
    with opened(browser, demo, viewport=PHONE) as page:
        sign_in(page, pupil)
        page.goto("/account")
        page.get_by_role("button", name="Abmelden: Verlorenes Handy").click()
        assert "Das Gerät ist abgemeldet" in page.get_by_role("status").inner_text()
        assert lost.get("account/whoami").status == 401
        assert kept.get("account/whoami").status == 200
        page.get_by_role("button", name="Überall abmelden").click()
        assert "Du bist überall abgemeldet" in page.get_by_role("status").inner_text()
        page.goto("/account")
        assert "/login" in page.url
    assert kept.get("account/whoami").status == 401
    pupil.enter()


def test_a_messengers_openid_token_is_taken_once(demo, people):
    pupil = people.pupil("Klasse 9.2")
    token = pupil.post(f"user/{pupil.user_id}/openid/request_token").ok()
    assert token["matrix_server_name"] == demo.info["server_name"]
    pages = Client(demo.info["web"])
    offered = {"access_token": token["access_token"], "matrix_server_name": token["matrix_server_name"]}
    assert pages.post("/widget/session", offered).status == 200
    assert pages.post("/widget/session", offered).status == 410
    assert pages.post("/widget/session", offered | {"access_token": "guessed"}).status == 410


def test_a_login_on_the_pages_leaves_no_device_behind_and_is_a_first_login(demo, people, browser):
    account = people.newcomer()
    newcomer = Person(demo, account)
    with opened(browser, demo, viewport=PHONE) as page:
        sign_in(page, newcomer)
        page.wait_for_url("**/password")
        page.goto("/account")
        assert "Du bist in keinem Messenger angemeldet" in page.inner_text("main")
    newcomer.enter()
    own = {demo.info[kind][group] for kind in ("rooms", "spaces") for group in account["groups"]}
    wait_until(lambda: own <= newcomer.joined_rooms(), 10)


def test_what_is_not_even_http_gets_no_stack_trace(demo):
    for sent in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nA" + b"a" * 70_000 + b": b\r\n\r\n",
        b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nxyz",
        b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ):
        with closing(socket.create_connection(("127.0.0.1", demo.port + 1), timeout=10)) as connection:
            connection.settimeout(5)
            answer = b""
            with suppress(OSError):  # it may hang up before all is sent, or wait for more
                connection.sendall(sent)
                answer = connection.recv(65536)
        assert b"Traceback" not in answer
        assert not answer or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4", b"HTTP/1.1 2")), answer[:200]
    assert Client(demo.info["web"]).request("GET", "/", raw=True).status == 200


def test_nobody_learns_from_outside_what_is_only_for_synapse(demo):
    pages = Client(demo.info["web"])
    for path in ("/_schulbote/module/login", "/_matrix/app/v1/ping"):
        answer = pages.post(path, {})
        assert (answer.status, answer.body["errcode"]) == (403, "M_FORBIDDEN")
    assert json.dumps(answer.body)
