"""Helping somebody to get in again, on the web page: in a real browser, on a phone and on a desktop."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page

from acceptance.browsing import DESKTOP, PHONE, assert_good, link_in, opened, sign_in
from acceptance.client import Client, Json
from acceptance.codes import as_in_demo_json
from acceptance.people import Person

CODE = re.compile(r"\b[2-9b-z]{4}-[2-9b-z]{5}-[2-9b-z]{5}\b")


def search(page: Page, name: str) -> None:
    page.get_by_label("Wer kommt nicht hinein?").fill(name)
    page.get_by_role("button", name="Suchen").click()


def choose(page: Page, account: Json) -> None:
    """By the user name: others may have the same name."""
    user = account["user_id"][1:].partition(":")[0]
    page.get_by_role("button", name=f"Auswählen: {account['name']}, Benutzername {user}", exact=True).click()


def shown_code(page: Page) -> str:
    [code] = CODE.findall(page.inner_text("main"))
    return str(code)


def letter(page: Page, folder: Path) -> str:
    """What is read on the letter that the page hands out."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Brief herunterladen (PDF)").click()
    file = folder / "letter.pdf"
    download.value.save_as(file)
    assert download.value.suggested_filename == "brief.pdf"
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is missing")
    text = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True).stdout
    assert text.count("\f") == 1, "one page"
    return text


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_from_a_name_to_the_letter_without_javascript(demo, people, browser, viewport, tmp_path):
    teacher, account = people.teacher("Klasse 8.2"), people.account("student", of="Klasse 8.2")
    online = Person(demo, account).enter()
    room, _ = online.greeting
    with opened(browser, demo, viewport=viewport, java_script_enabled=False) as page:
        sign_in(page, teacher)
        page.goto("/")
        page.get_by_role("link", name="Jemandem wieder hineinhelfen").click()
        search(page, account["name"])
        choose(page, account)
        assert online.get("account/whoami").status == 200, "nothing is done yet"
        page.get_by_role("button", name="Ja, zurücksetzen").click()
        code = shown_code(page)
        assert account["name"] in page.get_by_role("status").inner_text()
        page.get_by_label("Zweite Sprache auf dem Brief").select_option("uk")
        read = letter(page, tmp_path)
        assert code in read
        assert account["name"] in read
        assert "Ім’я користувача" in read
        page.reload()
        assert CODE.findall(page.inner_text("main")) == [], "it is shown once"
        assert code in letter(page, tmp_path)
    assert online.get("account/whoami").status == 401
    assert Client(demo.homeserver).try_login(account["user_id"], account["password"]).status == 403
    again = Client(demo.homeserver)
    again.login(account["user_id"], code)
    assert any(f"{teacher.name} hat dein Passwort zurückgesetzt" in text for text in again.texts(room))
    written = [code.encode(), code.replace("-", "").encode()]
    files = [path for path in demo.home.rglob("*") if path.is_file()]
    assert {"schulbote.db", "homeserver.db", "homeserver.log"} <= {path.name for path in files}
    for path in [*files, demo.output]:
        assert not any(one in path.read_bytes() for one in written), path
    as_in_demo_json(demo, account, code)
    people.back(account)


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_every_step_is_good_to_read_and_to_use(demo, people, browser, viewport):
    teacher, pupil = people.teacher("Klasse 8.3"), people.pupil("Klasse 8.3")
    with opened(browser, demo, viewport=viewport) as page:
        sign_in(page, pupil)
        page.wait_for_url("**/password")
        page.goto("/reset")
        assert "Passwörter setzt eine Lehrkraft zurück" in page.get_by_role("alert").inner_text()
        assert_good(page)
    with opened(browser, demo, viewport=viewport) as page:
        page.goto("/reset")
        assert "/login" in page.url, "who is signed out signs in first"
        sign_in(page, teacher)
        page.wait_for_url("**/password")
        for path in ("/", "/reset", "/reset/nowhere"):
            page.goto(path)
            assert_good(page)
        page.goto("/reset")
        search(page, "Niemand Dieses Namens")
        assert "finde ich unter denen nicht" in page.get_by_role("alert").inner_text()
        assert_good(page)
        search(page, people.teacher().user_id)  # others may bear the name, too
        assert "nur Passwörter von Schüler/innen" in page.get_by_role("alert").inner_text()
        assert_good(page)
        page.goto("/reset")
        search(page, pupil.name)
        assert_good(page)
        choose(page, pupil.account)
        assert_good(page)
        page.get_by_role("button", name="Ja, zurücksetzen").click()
        code = shown_code(page)
        assert_good(page)
        page.get_by_role("button", name="English").click()
        page.wait_for_load_state()
        assert "there is still the letter" in page.get_by_role("status").inner_text()
        assert_good(page)
    as_in_demo_json(demo, pupil.account, code)
    people.back(pupil.account)


def test_the_bots_answer_leads_to_the_letter(demo, people, browser, tmp_path):
    teacher, account = people.teacher("Klasse 8.1"), people.account("guardian", of="Sorgeberechtigte 8.1")
    answer = teacher.ask(f"!passwort {account['user_id'].partition(':')[0]}")
    link = link_in(answer)
    [code] = CODE.findall(answer.replace(link, ""))
    with opened(browser, demo, viewport=PHONE) as page:
        page.goto(link)
        page.get_by_role("button", name=re.compile("Ja, weiter als")).click()
        assert shown_code(page) == code
        read = letter(page, tmp_path)
    assert code in read
    assert account["user_id"][1:].partition(":")[0] in read
    as_in_demo_json(demo, account, code)
    people.back(account)
