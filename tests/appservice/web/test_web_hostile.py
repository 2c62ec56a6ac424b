"""Requests that no page of ours sends. Whatever comes: nothing happens, nobody is signed in or out, no password is
changed, and what is answered is a kind page."""

from collections.abc import Mapping
from typing import Any

import pytest
from builders import BEN, IDA
from pages_world import NEW, PASSWORD, Browser, World, heading
from sqlalchemy import select
from yarl import URL

from school.database.tables import web_sessions

FORMS = ["/login", "/logout", "/password", "/account/device", "/account/everywhere", "/language", "/reset"]
FIELDS = {
    "/login": {"name": "ida", "password": PASSWORD},
    "/logout": {},
    "/password": {"current": PASSWORD, "new": NEW, "again": NEW},
    "/account/device": {"device": "PHONE"},
    "/account/everywhere": {},
    "/language": {"language": "en"},
    "/reset": {"person": BEN.user_id, "sure": "yes"},
}
TOKENS = {
    "none": None,
    "an empty one": "",
    "a made-up one": "AAAAAAAAAAAA.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
    "one with bytes that are no text": "\udcff\udcfe",
    "a very long one": "A" * 20_000,
    "one with a line break": "a.b.c\r\nX: y",
    "only dots": "....",
}


class Attempt:
    """One hostile request against somebody who is signed in, and everything that must be as before."""

    def __init__(self, world: World, browser: Browser) -> None:
        self.world = world
        self.browser = browser

    async def state(self) -> Any:
        async with self.world.engine.connect() as connection:
            rows = sorted(tuple(row) for row in await connection.execute(select(web_sessions.c.token_hash)))
        homeserver = self.world.homeserver
        cookies = {name: value for name, value in self.browser.cookies.items() if "browser" not in name}
        reset = list(self.world.ways_in.made_for)
        return rows, list(homeserver.chosen), list(homeserver.signed_out), reset, cookies


@pytest.fixture
async def attempt(world: World) -> Attempt:
    return Attempt(world, await world.signed_in(IDA))


async def assert_nothing_happens(attempt: Attempt, request: Any, *statuses: int) -> str:
    before = await attempt.state()
    answer = await request
    page = await answer.text()
    assert answer.status in statuses, (answer.status, page[:500])
    assert await attempt.state() == before
    assert "Traceback" not in page
    if page.startswith("<!doctype"):
        assert heading(page)
        assert answer.headers["Content-Security-Policy"]
    return page


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
async def test_a_form_without_a_right_token(attempt: Attempt, form: str, token: str | None) -> None:
    body = b"&".join(
        f"{name}=".encode() + value.encode(errors="surrogateescape").replace(b" ", b"+").replace(b"\r\n", b"%0d%0a")
        for name, value in ({} if token is None else {"form_token": token}).items()
    )
    rest = "&".join(f"{name}={value}" for name, value in FIELDS[form].items()).replace(" ", "+").replace("ö", "%C3%B6")
    sent = b"&".join(part for part in (body, rest.encode()) if part)
    await assert_nothing_happens(attempt, attempt.browser.post(form, sent), 400, 403)


@pytest.mark.parametrize("form", FORMS)
async def test_a_form_from_another_site(attempt: Attempt, form: str) -> None:
    """With a right token even: the browser says whence it comes."""
    token = await attempt.browser.token("/account")
    fields = {"form_token": token, **FIELDS[form]}
    for site in ("cross-site", "same-site", "nonsense"):
        await assert_nothing_happens(attempt, attempt.browser.post(form, fields, **{"Sec-Fetch-Site": site}), 403)
    for origin in ("https://evil.example", "http://127.0.0.1:9999", "https://127.0.0.1:8009", "x"):
        await assert_nothing_happens(attempt, attempt.browser.post(form, fields, Origin=origin), 403)


@pytest.mark.parametrize("form", FORMS)
async def test_a_form_by_another_browser_of_the_same_person(attempt: Attempt, form: str) -> None:
    other = await attempt.world.signed_in(IDA)
    fields = {"form_token": await other.token("/account"), **FIELDS[form]}
    await assert_nothing_happens(attempt, attempt.browser.post(form, fields), 403)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "HEAD", "PROPFIND", "MKCOL"])
async def test_another_method(attempt: Attempt, form: str, method: str) -> None:
    """What a form does is done by POST only, whatever else the address says."""
    token = await attempt.browser.token("/account")
    fields = {"form_token": token, **FIELDS[form]}
    request = attempt.browser.client.request(
        method,
        form,
        params=fields | {"_method": "POST"},
        headers=attempt.browser.headers | {"X-HTTP-Method-Override": "POST"},
        allow_redirects=False,
    )
    await assert_nothing_happens(attempt, request, 200, 405)


BODIES: Mapping[str, tuple[str | bytes, str, tuple[int, ...]]] = {
    "no form at all": (b"", "application/x-www-form-urlencoded", (403,)),
    "JSON": (b'{"form_token": "x"}', "application/json", (400,)),
    "plain text": (b"form_token=x", "text/plain", (400,)),
    "parts": (
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--',
        "multipart/form-data; boundary=x",
        (400,),
    ),
    "parts without an end": (b"--x\r\n", "multipart/form-data; boundary=x", (400,)),
    "an unknown type": (b"a=b", "application/x-evil", (400,)),
    "an unknown alphabet": (b"a=b", "application/x-www-form-urlencoded; charset=utf-99", (403,)),
    "bytes that are no text": (b"form_token=\xff\xfe&a=\x00", "application/x-www-form-urlencoded", (400,)),
    "encoded bytes that are no text": (b"form_token=%ff%fe", "application/x-www-form-urlencoded", (400,)),
    "half a field": (b"form_token", "application/x-www-form-urlencoded", (400,)),
    "a field twice": (b"form_token=a&form_token=b", "application/x-www-form-urlencoded", (400,)),
    "very many fields": (b"&".join(b"f%d=x" % n for n in range(500)), "application/x-www-form-urlencoded", (400,)),
    "far too much": (b"a=" + b"x" * 200_000, "application/x-www-form-urlencoded", (413,)),
    "very far too much": (b"a=" + b"x" * 5_000_000, "application/x-www-form-urlencoded", (413,)),
}


@pytest.mark.parametrize(("body", "kind", "statuses"), BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("form", ["/login", "/password"])
async def test_what_is_no_form(
    attempt: Attempt, form: str, body: str | bytes, kind: str, statuses: tuple[int, ...]
) -> None:
    await assert_nothing_happens(attempt, attempt.browser.post(form, body, **{"Content-Type": kind}), *statuses)


COOKIES = {
    "another sign": lambda value: value[:-2] + ("A" if value[-2] != "A" else "B") + value[-1],
    "another beginning": lambda value: ("A" if value[0] != "A" else "B") + value[1:],
    "without the signature": lambda value: value.rpartition(".")[0],
    "with an empty signature": lambda value: value.rpartition(".")[0] + ".",
    "signed for something else": lambda _: "",
    "nothing but a dot": lambda _: ".",
    "very long": lambda value: value * 40,
    "not ASCII": lambda _: "\u00fc\u00e4.\u00f6",
    "of another program": lambda _: "eyJhbGciOiJub25lIn0.eyJzdWIiOiJpZGEifQ.",
}


@pytest.mark.parametrize("change", COOKIES.values(), ids=COOKIES)
async def test_a_cookie_that_was_tampered_with(world: World, change: Any) -> None:
    browser = await world.signed_in(IDA)
    browser.set_cookie("schulbote_session", change(browser.cookies["schulbote_session"]))
    answer = await browser.get("/account")
    assert answer.status == 303


async def test_the_cookies_do_not_stand_for_each_other(world: World) -> None:
    browser = await world.signed_in(IDA)
    session, number = browser.cookies["schulbote_session"], browser.cookies["schulbote_browser"]
    browser.set_cookie("schulbote_session", number)
    assert (await browser.get("/account")).status == 303
    browser.set_cookie("schulbote_browser", session)
    answer = await browser.post("/language", {"form_token": "x", "language": "en"})
    assert heading(await answer.text()) == "Dein Browser nimmt keine Cookies an"


@pytest.mark.parametrize(
    "next_path", ["//evil.example", "https://evil.example", "/\\evil.example", "/%09/evil.example", "javascript:x"]
)
@pytest.mark.parametrize("way", ["login", "language"])
async def test_a_way_to_another_site(world: World, way: str, next_path: str) -> None:
    world.has_password(IDA)
    browser = world.browser()
    page = await (await browser.get(f"/login?next={next_path}")).text()
    assert "evil" not in page.replace("&amp;", "&").replace("evil.example</", "")
    if way == "login":
        answer = await browser.submit("/login", name="ida", password=PASSWORD, next=next_path)
    else:
        answer = await browser.submit("/login", "/language", language="en", next=next_path)
    assert answer.status == 303
    assert answer.headers["Location"] in {"/account", "/"}


PATHS = [
    "/../../etc/passwd",
    "/static/../pages.py",
    "/static/..%2f..%2fhost.py",
    "/static/style.css",
    "/static/%00",
    "/static/.",
    "/link/",
    "/link/a/b",
    "/link/" + "x" * 3000,
    "/link/%ff",
    "/link/{{12345*67890}}",
    "/link/..%2f..%2faccount",
    "/account/../login/x",
    "//evil.example/account",
    "/%2e%2e/",
    "/?done=<script>",
    "/?done=" + "x" * 3000,
    "/login?next=" + "/" * 3000,
    "/login/sso/back?state=x&loginToken=y",
    "/login/sso/back?state=" + "x" * 3000,
    "/login/sso/back",
    "/login?lang=<script>",
    "/_schulbote",
    "/.env",
    "/wp-login.php",
    "/account%00",
    "/account;jsessionid=1",
]


@pytest.mark.parametrize("path", PATHS)
async def test_an_address_that_no_page_of_ours_has(attempt: Attempt, path: str) -> None:
    request = attempt.browser.client.session.get(
        URL(str(attempt.browser.client.make_url("/")).rstrip("/") + path, encoded=True), allow_redirects=False
    )
    page = await assert_nothing_happens(attempt, request, 200, 303, 400, 403, 404, 410)
    assert "<script" not in page
    assert "838102050" not in page


async def test_somebody_elses_link_with_somebody_elses_token(world: World) -> None:
    """A link is for whose it is: with it Ida cannot become Ben without seeing whose it is, nor Ben Ida."""
    browser = await world.signed_in(IDA)
    link = await world.link(BEN)
    answer = await browser.post(link, {"form_token": await browser.token("/account")})
    assert answer.status == 303, "the same browser may: its page has said whose it is"
    stranger = world.browser()
    link = await world.link(BEN)
    assert (await stranger.post(link, {"form_token": await browser.token("/account")})).status == 403
    assert (await world.browser().get(link)).status == 200, "and it still is Ben's"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "1.2.3.4"},
        {"X-Forwarded-For": "x" * 3000},
        {"X-Forwarded-For": ",,,"},
        {"X-Forwarded-Host": "evil.example"},
        {"Host": "evil.example"},
        {"X-Forwarded-Proto": "https"},
        {"X-Original-URL": "/account/everywhere"},
        {"Accept-Language": "en" * 1500},
        {"Cookie": "schulbote_session=x; schulbote_session=y; =; ;"},
        {"Authorization": "Bearer x"},
    ],
)
async def test_headers_that_lie(world: World, headers: dict[str, str]) -> None:
    answer = await world.browser().get("/login", **headers)
    page = await answer.text()
    assert answer.status == 200
    assert "evil" not in page
    answer = await world.browser().get("/account", **headers)
    assert (answer.status, answer.headers["Location"]) == (303, "/login?next=/account")
