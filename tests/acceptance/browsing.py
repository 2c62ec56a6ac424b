"""A real browser: Debian's Chromium, and what is asked of every page in it."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from acceptance.people import Person

AXE = Path(__file__).parent / "clients" / "node_modules" / "axe-core" / "axe.min.js"
PHONE, DESKTOP = {"width": 320, "height": 640}, {"width": 1280, "height": 900}


def _missing(what: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(f"{what}, and in CI nothing is left out")
    pytest.skip(what)


@contextmanager
def chromium(*more: str) -> Iterator[Browser]:
    """The browser, or a skipped story. `more` are arguments of its own."""
    found = shutil.which("chromium")
    if found is None:
        _missing("Chromium is not installed (apt-get install chromium)")
    if not AXE.exists():
        _missing("axe-core is not installed (npm)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", *more])
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, demo: Any, **options: Any) -> Iterator[Page]:
    """A page in a browser of its own. What it says on its console, it says because something is wrong."""
    context = browser.new_context(base_url=demo.info["web"], locale="de-DE", **options)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_default_timeout(20_000)
    try:
        yield page
        # That an answer is no 200 is no complaint: so are problems told.
        assert [words for words in complaints if "the server responded with a status" not in words] == []
    finally:
        context.close()


def sign_in(page: Page, person: Person, password: str | None = None) -> None:
    page.goto("/login")
    sign_in_here(page, person.user_id[1:].partition(":")[0], password or person.account["password"])


def sign_in_here(page: Page, name: str, password: str) -> None:
    """On the page to which somebody was led."""
    page.get_by_label("Benutzername").fill(name)
    page.get_by_label("Passwort").fill(password)
    page.get_by_role("button", name="Anmelden").click()


def choose(page: Page, new: str, current: str | None = None) -> None:
    """Chooses a password, on its page."""
    if current is not None:
        page.get_by_label("Dein jetziges Passwort").fill(current)
    page.get_by_label("Dein neues Passwort").fill(new)
    page.get_by_label("Noch einmal dasselbe").fill(new)
    page.get_by_role("button", name="Passwort wählen").click()


def assert_good(page: Page) -> None:
    """What is asked of every page: axe finds nothing (WCAG 2.2 AA and best practice), and nothing sticks out."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("rules => axe.run({runOnly: {type: 'tag', values: rules}})", rules)
    bad = [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found["violations"]]
    assert bad == [], page.url
    wide, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= window, page.url


def link_in(words: str) -> str:
    [link] = re.findall(r"http://\S+/link/[\w-]+", words)
    return str(link)
