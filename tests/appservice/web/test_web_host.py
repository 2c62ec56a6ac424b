"""What holds for every page: headers, errors, languages, forms, files."""

import asyncio
import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from builders import BEN, IDA, standing
from pages_world import CODE, World, heading
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from school.standing import CannotDecideError

PAGES = ["/", "/login", "/account", "/password", "/logout", "/nowhere", "/link/unknown", "/login/sso/back"]


class TestHeaders:
    @pytest.mark.parametrize("path", PAGES)
    async def test_every_answer_keeps_the_browser_from_everything_else(self, world: World, path: str) -> None:
        for browser in (world.browser(), await world.signed_in(IDA)):
            answer = await browser.get(path)
            headers = answer.headers
            policy = headers["Content-Security-Policy"].split("; ")
            assert {"default-src 'none'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"} <= set(
                policy
            )
            assert "unsafe" not in headers["Content-Security-Policy"]
            assert "script-src" not in headers["Content-Security-Policy"]
            assert headers["X-Frame-Options"] == "DENY"
            assert headers["Referrer-Policy"] == "no-referrer"
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Cache-Control"] == "no-store"
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert headers["X-Robots-Tag"] == "noindex, nofollow"
            assert headers["Server"] == "Schulbote"

    async def test_a_page_for_a_frame_is_shown_by_the_schools_element_alone(self, world: World) -> None:
        answer = await world.browser().post("/widget/session", "{", **{"Content-Type": "application/json"})
        policy = answer.headers["Content-Security-Policy"].split("; ")
        assert "frame-ancestors https://element.schule-am-see.de vector://vector" in policy, "and by Element Desktop"
        assert "script-src 'self'" in policy
        assert "X-Frame-Options" not in answer.headers

    async def test_no_page_has_a_script_or_a_style_of_its_own(self, world: World) -> None:
        world.has_code(IDA)
        browser = await world.signed_in(IDA, CODE)
        for path in PAGES:
            page = await (await browser.get(path)).text()
            assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|javascript:", page)

    async def test_the_other_listeners_on_the_port_are_left_alone(self, world: World) -> None:
        answer = await world.browser().client.post("/_matrix/app/v1/ping", data=b"x" * 200_000)
        assert (answer.status, await answer.json()) == (200, {})
        assert "Content-Security-Policy" not in answer.headers
        assert (await world.browser().get("/metrics")).status == 200


class TestErrors:
    @pytest.mark.parametrize(
        ("path", "status", "words"),
        [
            ("/nowhere", 404, "Diese Seite gibt es nicht"),
            ("/language", 405, "So lässt sich diese Seite nicht aufrufen"),
        ],
    )
    async def test_they_are_pages_that_lead_on(self, world: World, path: str, status: int, words: str) -> None:
        answer = await world.browser().get(path)
        page = await answer.text()
        assert (answer.status, heading(page)) == (status, words)
        assert 'href="/"' in page

    async def test_a_wrong_method_says_which_are_right(self, world: World) -> None:
        answer = await world.browser().get("/language")
        assert answer.headers["Allow"] == "POST"

    async def test_a_bug_shows_nothing_of_itself_and_its_log_no_address(self, world: World) -> None:
        browser = await world.signed_in(IDA)
        world.view.trouble = RuntimeError("secret words of a bug")
        with capture_logs() as logged:
            answer = await browser.get("/link/a-token-of-somebody")
        assert answer.status == 500
        page = await answer.text()
        assert heading(page) == "Das hat nicht geklappt"
        assert "secret words" not in page
        assert "Traceback" not in page
        assert logged == [{"event": "page_failed", "log_level": "error", "page": "/link/{token}", "exc_info": True}]

    @pytest.mark.parametrize("error", [CannotDecideError("x"), OperationalError("SELECT 1", {}, Exception("away"))])
    async def test_what_cannot_be_known_now_is_worth_another_try(self, world: World, error: Exception) -> None:
        browser = await world.signed_in(IDA)
        world.view.trouble = error
        answer = await browser.get("/account")
        assert answer.status == 503
        assert answer.headers["Retry-After"]
        assert heading(await answer.text()) == "Das geht gerade nicht"


class TestLanguages:
    async def test_a_page_speaks_what_the_browser_asks_for(self, world: World) -> None:
        english = world.browser(**{"Accept-Language": "en-GB,en;q=0.9"})
        page = await english.text("/login")
        assert heading(page) == "Sign in"
        assert '<html lang="en">' in page
        assert heading(await world.browser().text("/login")) == "Anmelden"

    async def test_otherwise_it_speaks_the_schools(self, new_world: Any) -> None:
        world = new_world(language="en")
        await world.server.start_server()
        assert heading(await world.browser(**{"Accept-Language": "tr"}).text("/login")) == "Sign in"

    async def test_the_switch_holds_and_leads_back(self, world: World) -> None:
        browser = world.browser()
        answer = await browser.submit("/login", "/language", language="en", next="/login")
        assert (answer.status, answer.headers["Location"]) == (303, "/login")
        assert heading(await browser.text("/login")) == "Sign in"
        await browser.submit("/login", "/language", language="de", next="/login")
        assert heading(await browser.text("/login")) == "Anmelden"

    async def test_errors_speak_it_too(self, world: World) -> None:
        answer = await world.browser(**{"Accept-Language": "en"}).get("/nowhere")
        assert heading(await answer.text()) == "There is no such page"

    @pytest.mark.parametrize("path", PAGES)
    async def test_every_page_can_be_read_in_both(self, world: World, path: str) -> None:
        browser = await world.signed_in(IDA)
        for language in ("de", "en"):
            page = await (await browser.get(path, **{"Accept-Language": language})).text()
            if page:
                assert f'<html lang="{language}">' in page


class TestForms:
    async def test_every_form_has_a_token(self, world: World) -> None:
        world.homeserver.devices_of[IDA.user_id] = [{"device_id": "A"}, {"device_id": "B"}]
        browser = await world.signed_in(IDA)
        for path in ("/", "/login", "/account", "/password", "/logout", "/nowhere"):
            page = await (await browser.get(path)).text()
            forms = re.findall(r"<form.*?</form>", page, re.DOTALL)
            assert forms
            assert all('name="form_token"' in form and 'method="post"' in form for form in forms)

    async def test_no_two_tokens_look_alike(self, world: World) -> None:
        browser = world.browser()
        assert await browser.token("/login") != await browser.token("/login")

    async def test_a_token_fits_one_browser(self, world: World) -> None:
        mine, yours = world.browser(), world.browser()
        await yours.get("/login")
        answer = await yours.post("/language", {"form_token": await mine.token("/login"), "language": "en"})
        assert answer.status == 403
        assert heading(await answer.text()) == "Diese Seite lag zu lange offen"

    async def test_a_token_from_before_signing_in_fits_no_more(self, world: World) -> None:
        world.has_password(IDA)
        browser = world.browser()
        before = await browser.token("/login")
        await browser.submit("/login", name="ida", password="vier-lange-wörter")
        answer = await browser.post("/account/everywhere", {"form_token": before})
        assert answer.status == 403
        assert world.homeserver.signed_out == []

    async def test_a_browser_without_cookies_is_told(self, world: World) -> None:
        token = await world.browser().token("/login")
        answer = await world.browser().post("/login", {"form_token": token, "name": "ida", "password": "x"})
        assert answer.status == 403
        assert heading(await answer.text()) == "Dein Browser nimmt keine Cookies an"

    async def test_a_form_that_never_ends_is_not_waited_for(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("appservice.web.forms._MOST_SECONDS", 0.1)
        browser = world.browser()
        await browser.get("/login")

        async def slowly() -> Any:
            yield b"form_token=x"
            await asyncio.sleep(30)
            yield b"&a=b"

        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await browser.client.post("/login", data=slowly(), headers=headers, allow_redirects=False)
        assert answer.status == 408


class TestFiles:
    async def test_their_names_change_with_what_is_in_them(self, world: World) -> None:
        browser = world.browser()
        page = await browser.text("/")
        names = re.findall(r'href="(/static/[^"]+)"', page)
        assert [re.sub(r"\.[0-9a-f]{12}\.", ".", name) for name in names] == ["/static/icon.svg", "/static/style.css"]
        for name, kind in zip(names, ("image/svg+xml", "text/css"), strict=True):
            answer = await browser.get(name)
            assert answer.status == 200
            assert answer.content_type == kind
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"

    async def test_a_file_needs_neither_a_session_nor_the_database(self, world: World) -> None:
        browser = await world.signed_in(IDA)
        world.view.trouble = CannotDecideError("x")
        [css] = re.findall(r'href="(/static/style[^"]+)"', await (await browser.get("/nowhere")).text())
        assert (await browser.get(css)).status == 200


async def test_names_are_only_text_everywhere(world: World) -> None:
    evil = replace(BEN, given_name='<script>alert("x")</script>', family_name="{{ 7*7 }} & 'so'")
    world.view.school = standing(people=[evil])
    browser = await world.by_link(evil)
    for path in ("/", "/account", "/password", await world.link(evil)):
        page = await browser.text(path)
        assert "<script" not in page
        assert evil.display_name in unescape(page)
