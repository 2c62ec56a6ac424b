"""Tasks against a real Synapse, in a real browser: set by the bot, worked on from a phone that loses its connection,
without scripts, checked and returned; an upload that is broken off at ten places."""

import hashlib
import io
import os
import re
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page

from acceptance.browsing import DESKTOP, PHONE, assert_good, opened, sign_in
from acceptance.client import wait_until
from acceptance.people import Person

SOON = 20
CLASS, OTHER = "Klasse 9.1", "Klasse 9.3"
NAME = "Übung ß.png"
PICTURE = b"\x89PNG\r\n\x1a\n" + secrets.token_bytes(5 * 1024 * 1024)
PICTURES = os.environ.get("SCREENSHOTS")


def picture_of(page: Page, name: str) -> None:
    """For docs/, where somebody asks for it."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


def in_days(days: int, hour: int = 18) -> datetime:
    at = datetime.now(ZoneInfo("Europe/Berlin")).replace(hour=hour, minute=0, second=0, microsecond=0)
    return at + timedelta(days=days)


@contextmanager
def losing(browser: Browser, demo: Any, **options: Any) -> Iterator[Page]:
    """A page that may complain of its connection, and of nothing else."""
    context = browser.new_context(base_url=demo.info["web"], locale="de-DE", **options)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_default_timeout(20_000)
    yield page
    expected = ("the server responded with a status", "net::ERR_")
    assert [words for words in complaints if not any(one in words for one in expected)] == []
    context.close()


@pytest.fixture(scope="module")
def cast(people) -> dict[str, Person]:
    return {
        "teacher": people.teacher(CLASS),
        "pupil": people.pupil(CLASS),
        "stranger": people.pupil(OTHER),
        "guardian": people.guardian(),
    }


@pytest.fixture(scope="module")
def classmate(demo, people, cast) -> Person:
    """Another pupil of the class."""
    found = next(
        account
        for account in demo.info["accounts"]
        if account["role"] == "student" and CLASS in account["groups"] and account["user_id"] != cast["pupil"].user_id
    )
    return people.by_id(found["person"])


def test_the_life_of_a_task(demo, cast, classmate, browser):
    teacher, pupil, room = cast["teacher"], cast["pupil"], demo.info["rooms"][CLASS]
    title, due = f"Gedicht {secrets.token_hex(3)}", in_days(3)
    answer = teacher.ask(f"!aufgabe neu {title} bis {due:%d.%m.%Y} 18:00 für {CLASS}")
    assert f"Die Aufgabe „{title}“ ist gestellt" in answer
    [link] = re.findall(r"http://\S+/task/[\w-]+", answer)
    page_of_task = urlsplit(link).path
    wait_until(lambda: any(title in words and link in words for words in pupil.texts(room)), SOON)
    assert title in pupil.ask("!aufgaben")
    assert title not in cast["stranger"].ask("!aufgaben")

    with losing(browser, demo, viewport=PHONE) as page:
        sign_in(page, pupil)
        page.goto("/tasks")
        assert_good(page)
        page.get_by_role("link", name=title).click()
        assert_good(page)
        picture_of(page, "task-phone")
        page.route("**/uploads/**", lambda route: page.context.set_offline(True) or route.abort(), times=1)
        page.get_by_label("Dateien").set_input_files({"name": NAME, "mimeType": "image/png", "buffer": PICTURE})
        page.get_by_text("Keine Verbindung.").wait_for()
        page.context.set_offline(False)
        page.get_by_text(f"{NAME} ist angekommen.").wait_for()
        page.get_by_label("Text").fill("Es war einmal")
        page.get_by_role("button", name="Abgeben", exact=True).click()
        page.get_by_text("Abgegeben. Unten steht deine Quittung.").wait_for()
        assert hashlib.sha256(PICTURE).hexdigest() in page.content()
        assert_good(page)
        picture_of(page, "task-receipt")

    with losing(browser, demo, viewport=PHONE, java_script_enabled=False) as page:
        sign_in(page, classmate)
        page.goto(page_of_task)
        page.get_by_label("Dateien").set_input_files({"name": NAME, "mimeType": "image/png", "buffer": PICTURE[:9000]})
        page.get_by_label("Text").fill("Ohne Skript")
        page.get_by_role("button", name="Abgeben", exact=True).click()
        assert hashlib.sha256(PICTURE[:9000]).hexdigest() in page.content()

    with opened(browser, demo, viewport=DESKTOP) as page:
        sign_in(page, teacher)
        page.goto(page_of_task)
        assert_good(page)
        picture_of(page, "task-overview")
        page.get_by_role("link", name=f"Abgabe von {pupil.name} nachsehen").click()
        assert_good(page)
        picture_of(page, "task-check")
        first = page.url
        key, back = ("ArrowRight", "ArrowLeft") if page.locator("a[rel=next]").count() else ("ArrowLeft", "ArrowRight")
        page.keyboard.press(key)
        page.wait_for_url(lambda url: url != first)
        assert classmate.name in page.inner_text("h1")
        page.keyboard.press(back)
        page.wait_for_url(first)
        page.get_by_label("Rückmeldung", exact=True).fill("Bitte länger")
        page.get_by_role("button", name="Zurückgeben", exact=True).click()
        page.get_by_text("Zurückgegeben.", exact=True).wait_for()
        page.goto(page_of_task)
        with page.expect_download() as download:
            page.get_by_role("link", name="Alles als ZIP").click()
        archive = ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))
        content = {name.partition("/")[2]: archive.read(name) for name in archive.namelist() if "/" in name}
        assert PICTURE in [archive.read(name) for name in archive.namelist() if name.endswith(NAME)]
        assert content["Rückmeldung/Rückmeldung.txt"].decode("utf-8-sig") == "Bitte länger"
        page.goto("/tasks/new")
        assert_good(page)
        picture_of(page, "task-new")

    with opened(browser, demo, viewport=PHONE) as page:
        sign_in(page, pupil)
        page.goto(page_of_task)
        assert "zurückgegeben" in page.inner_text("main")
        assert "Bitte länger" in page.inner_text("main")
        assert_good(page)


def test_nobody_else_sees_it(demo, cast, browser):
    teacher = cast["teacher"]
    title = f"Geheim {secrets.token_hex(3)}"
    answer = teacher.ask(f"!aufgabe neu {title} bis {in_days(2):%d.%m.%Y} für {CLASS}")
    [link] = re.findall(r"http://\S+/task/[\w-]+", answer)
    for who in ("stranger", "guardian"):
        with opened(browser, demo, viewport=PHONE) as page:
            sign_in(page, cast[who])
            answer = page.goto(urlsplit(link).path)
            assert answer.status == 403
            assert title not in page.content()
            assert_good(page)
            page.goto("/tasks")
            assert title not in page.content()


PLACES = (0, 1, 1000, 65_535, 65_536, 65_537, 200_000, 1_048_576, 2_000_001, 5_000_000)


def test_an_upload_that_is_broken_off_at_ten_places_arrives_whole(demo, cast, browser):
    answer = cast["teacher"].ask(f"!aufgabe neu Film bis {in_days(2):%d.%m.%Y} für {CLASS}")
    [link] = re.findall(r"http://\S+/task/[\w-]+", answer)
    with losing(browser, demo, viewport=PHONE) as page:
        sign_in(page, cast["pupil"])
        page.goto(urlsplit(link).path)
        token = page.locator("input[name=form_token]").first.get_attribute("value")
        headers = {"Tus-Resumable": "1.0.0", "X-Form-Token": token}
        announced = page.request.post(
            f"{urlsplit(link).path}/uploads",
            headers=headers
            | {"Upload-Length": str(len(PICTURE)), "Upload-Metadata": "filename RmlsbS5wbmc=", "Origin": "null"},
        )
        assert announced.status == 201, announced.text()
        upload = announced.headers["location"]
        cookies = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in page.context.cookies())

        def received() -> int:
            answer = page.request.head(upload, headers=headers)
            assert answer.status == 200
            return int(answer.headers["upload-offset"])

        def broken_off(offset: int, until: int) -> None:
            """Sends a part that ends in the middle, as a phone in a tunnel does."""
            host = urlsplit(demo.info["web"])
            lines = [
                f"PATCH {upload} HTTP/1.1",
                f"Host: {host.netloc}",
                f"Cookie: {cookies}",
                "Content-Type: application/offset+octet-stream",
                f"Content-Length: {len(PICTURE) - offset}",
                f"Upload-Offset: {offset}",
                *(f"{name}: {value}" for name, value in headers.items()),
            ]
            with socket.create_connection((host.hostname or "", host.port or 80)) as connection:
                connection.sendall("\r\n".join((*lines, "", "")).encode() + PICTURE[offset:until])
                time.sleep(0.5)  # else what was not read yet is lost with the connection

        has, parts = 0, 0
        for place in PLACES:
            broken_off(has, place)
            before, has = has, received()  # who asks ends what is still being read
            assert before <= has <= place
            parts += has > before
        assert parts > 5
        last = page.request.patch(
            upload,
            headers=headers | {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(has)},
            data=PICTURE[has:],
        )
        assert last.status == 204, last.text()
        page.reload()
        page.get_by_label("Text").fill("Fertig")
        page.get_by_role("button", name="Abgeben", exact=True).click()
        assert hashlib.sha256(PICTURE).hexdigest() in page.content()
