"""Asking the homeserver who somebody is, over the wire: what is sent, and what becomes of each answer."""

import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from appservice.homeserver import Homeserver, TryLaterError
from appservice.proofs import LoginRefusal, LoginWays, Proofs, Provider
from school.domain.people import UserId

IDA = UserId("@ida:school.test")
APPSERVICE_TOKEN = "the appservice's token"
Answers = Callable[[web.Request, Any], tuple[int, Any]]


class Wire:
    """A homeserver that answers as it is told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: Answers = lambda _request, _body: (200, {"user_id": IDA, "access_token": "a-session"})
        self.asked: list[tuple[str, str, Any, str | None, str | None]] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        text = await request.text()
        body = json.loads(text) if text else None
        headers = request.headers
        seen = (request.method, request.path_qs, body, headers.get("Authorization"), headers.get("X-Forwarded-For"))
        self.asked.append(seen)
        status, answer = self.answers(request, body)
        return web.json_response(answer, status=status)


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
async def proofs(wire: Wire) -> AsyncIterator[Proofs]:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", wire.handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    bot = UserId("@bote:school.test")
    async with Homeserver(base_url=f"http://{host}:{port}", token=APPSERVICE_TOKEN, bot=bot) as connection:
        yield Proofs(connection, server_name="school.test")
    await runner.cleanup()


async def test_a_login_asks_with_nobodys_rights_and_ends_its_session(proofs: Proofs, wire: Wire) -> None:
    assert await proofs.by_password("ida", "vier-lange-wörter", address="203.0.113.9") == IDA
    login, logout = wire.asked
    assert login == (
        "POST",
        "/_matrix/client/v3/login",
        {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": "ida"},
            "password": "vier-lange-wörter",
            "initial_device_display_name": "Schulbote",
        },
        None,
        "203.0.113.9",
    )
    assert logout == ("POST", "/_matrix/client/v3/logout", {}, "Bearer a-session", None)


async def test_what_single_sign_on_gave_is_asked_for_the_same_way(proofs: Proofs, wire: Wire) -> None:
    assert await proofs.by_token("t") == IDA
    assert wire.asked[0][2] == {"type": "m.login.token", "token": "t", "initial_device_display_name": "Schulbote"}
    assert wire.asked[1][1] == "/_matrix/client/v3/logout"


async def test_that_the_session_cannot_be_ended_keeps_nobody_out(proofs: Proofs, wire: Wire) -> None:
    def answers(request: web.Request, _body: Any) -> tuple[int, Any]:
        return (503, {}) if request.path.endswith("logout") else (200, {"user_id": IDA, "access_token": "a"})

    wire.answers = answers
    assert await proofs.by_password("ida", "x") == IDA


@pytest.mark.parametrize(
    ("status", "code", "refusal"),
    [
        (403, "M_FORBIDDEN", LoginRefusal.WRONG),
        (401, "M_USER_LOCKED", LoginRefusal.LOCKED),
        (403, "M_USER_DEACTIVATED", LoginRefusal.WRONG),
        (400, "M_UNKNOWN", LoginRefusal.WRONG),
        (404, "M_UNRECOGNIZED", LoginRefusal.WRONG),
        (429, "M_LIMIT_EXCEEDED", LoginRefusal.TOO_MANY),
    ],
)
async def test_a_no_is_told_apart_by_its_code(
    proofs: Proofs, wire: Wire, status: int, code: str, refusal: LoginRefusal
) -> None:
    wire.answers = lambda _request, _body: (status, {"errcode": code, "error": "no"})
    assert await proofs.by_password("ida", "x") is refusal
    assert await proofs.by_token("x") is refusal


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_what_cannot_be_told_now_is_no_no(proofs: Proofs, wire: Wire, status: int) -> None:
    wire.answers = lambda _request, _body: (status, {})
    for question in (proofs.by_password("ida", "x"), proofs.by_token("x"), proofs.by_widget("x", "school.test")):
        with pytest.raises(TryLaterError):
            await question


@pytest.mark.parametrize("name", ["", "@", ":school.test", "ida:other.example", "@ida:other.example", "x" * 600])
async def test_what_cannot_be_a_name_is_not_even_asked(proofs: Proofs, wire: Wire, name: str) -> None:
    assert await proofs.by_password(name, "x") is LoginRefusal.WRONG
    assert wire.asked == []


async def test_somebody_of_another_server_is_nobody_whatever_ours_says(proofs: Proofs, wire: Wire) -> None:
    wire.answers = lambda _request, _body: (200, {"user_id": "@ida:other.example", "access_token": "a"})
    assert await proofs.by_password("ida", "x") is LoginRefusal.WRONG


class TestWidgets:
    async def test_its_token_is_asked_about_at_our_own_server(self, proofs: Proofs, wire: Wire) -> None:
        wire.answers = lambda _request, _body: (200, {"sub": IDA})
        assert await proofs.by_widget("a b", "school.test") == IDA
        path = "/_matrix/federation/v1/openid/userinfo?access_token=a+b"
        assert wire.asked == [("GET", path, None, None, None)]

    async def test_a_token_of_another_server_is_not_even_asked_about(self, proofs: Proofs, wire: Wire) -> None:
        assert await proofs.by_widget("a", "other.example") is LoginRefusal.WRONG
        assert wire.asked == []

    @pytest.mark.parametrize("answer", [{"sub": "@ida:other.example"}, {"sub": 5}, {}, {"sub": "ida"}])
    async def test_whom_our_server_does_not_know_is_nobody(self, proofs: Proofs, wire: Wire, answer: Any) -> None:
        wire.answers = lambda _request, _body: (200, answer)
        assert await proofs.by_widget("a", "school.test") is LoginRefusal.WRONG

    @pytest.mark.parametrize("status", [401, 403, 404])
    async def test_a_no_is_a_no(self, proofs: Proofs, wire: Wire, status: int) -> None:
        wire.answers = lambda _request, _body: (status, {"errcode": "M_UNRECOGNIZED", "error": "no"})
        assert await proofs.by_widget("a", "school.test") is LoginRefusal.WRONG

    @pytest.mark.parametrize(
        ("status", "code", "serves"),
        [(401, "M_UNKNOWN_TOKEN", True), (404, "M_UNRECOGNIZED", False), (200, "", True)],
    )
    async def test_whether_tokens_are_answered_at_all_is_seen_without_one(
        self, proofs: Proofs, wire: Wire, status: int, code: str, serves: bool
    ) -> None:
        wire.answers = lambda _request, _body: (status, {"errcode": code})
        assert await proofs.serves_widgets() is serves


class TestWays:
    @pytest.mark.parametrize(
        ("flows", "ways"),
        [
            ([{"type": "m.login.password"}], LoginWays(password=True)),
            ([{"type": "m.login.token"}], LoginWays()),
            ([{"type": "m.login.sso"}], LoginWays(providers=(Provider(id="", name=""),))),
            (
                [
                    {"type": "m.login.password"},
                    {"type": "m.login.sso", "identity_providers": [{"id": "i", "name": "N"}]},
                ],
                LoginWays(password=True, providers=(Provider(id="i", name="N"),)),
            ),
        ],
    )
    async def test_they_are_what_the_homeserver_offers(
        self, proofs: Proofs, wire: Wire, flows: Any, ways: LoginWays
    ) -> None:
        wire.answers = lambda _request, _body: (200, {"flows": flows})
        assert await proofs.ways() == ways

    async def test_where_another_program_does_the_logins_there_are_none(self, proofs: Proofs, wire: Wire) -> None:
        wire.answers = lambda _request, _body: (404, {"errcode": "M_UNRECOGNIZED", "error": "no"})
        assert await proofs.ways() == LoginWays()

    async def test_the_way_to_single_sign_on(self, proofs: Proofs) -> None:
        back = "https://bote.test/login/sso/back?state=a.b&c"
        where = "redirectUrl=https%3A%2F%2Fbote.test%2Flogin%2Fsso%2Fback%3Fstate%3Da.b%26c"
        assert proofs.sso_path("", back_to=back) == f"/_matrix/client/v3/login/sso/redirect?{where}"
        assert proofs.sso_path("a/b?c", back_to=back) == f"/_matrix/client/v3/login/sso/redirect/a%2Fb%3Fc?{where}"


async def test_no_log_has_a_password_or_a_token(proofs: Proofs, wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(1, logger="")
    logging.getLogger("mau").setLevel(1)
    await proofs.by_password("ida", "geheimes-fernglas")
    await proofs.by_token("geheimes-zeichen")
    wire.answers = lambda _request, _body: (200, {"sub": IDA})
    await proofs.by_widget("geheimes-wort", "school.test")
    assert "geheimes" not in caplog.text
    assert "a-session" not in caplog.text
