"""The connection to the homeserver: what goes over the wire, and which of three errors comes of an answer."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from mautrix.api import Method

from appservice.homeserver import Homeserver, HomeserverError, NotThereError, RefusedError, TryLaterError
from school.domain.people import UserId

BOT = UserId("@schulbote:school.example")
KIM = UserId("@kim:school.example")
TOKEN = "the appservice's token"


@dataclass
class Wire:
    """A homeserver that answers what it is told to, and remembers what it was asked."""

    answer: Callable[[web.Request], tuple[int, Any]] = lambda _: (200, {})
    asked: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        text = await request.text()
        path = request.rel_url.raw_path
        self.asked.append((request.method, path, dict(request.query), json.loads(text) if text else None))
        status, body = self.answer(request)
        if isinstance(body, str):
            return web.Response(status=status, text=body, content_type="text/html")
        return web.json_response(body, status=status)


@pytest.fixture
async def wire() -> Wire:
    return Wire()


@pytest.fixture
async def homeserver(wire: Wire) -> AsyncIterator[Homeserver]:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", wire.handle)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    async with Homeserver(base_url=f"http://{host}:{port}", token=TOKEN, bot=BOT) as connection:
        yield connection
    await runner.cleanup()


# Errors.


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RefusedError),
        (401, RefusedError),
        (403, RefusedError),
        (404, NotThereError),
        (409, RefusedError),
        (413, RefusedError),
        (429, TryLaterError),
        (500, TryLaterError),
        (502, TryLaterError),
        (503, TryLaterError),
        (504, TryLaterError),
    ],
)
@pytest.mark.parametrize("body", [{"errcode": "M_OTHER", "error": "Not today."}, "<html>proxy</html>", {}])
async def test_errors_are_told_apart_by_what_to_do(
    homeserver: Homeserver, wire: Wire, status: int, kind: type[HomeserverError], body: Any
) -> None:
    wire.answer = lambda _: (status, body)
    with pytest.raises(HomeserverError) as caught:
        await homeserver.create_room({})
    assert type(caught.value) is kind
    assert str(status) in str(caught.value)


@pytest.mark.parametrize("errcode", ["M_FORBIDDEN", "M_LIMIT_EXCEEDED", "M_NOT_FOUND", "M_UNKNOWN", "ORG.SCHULE"])
async def test_the_homeservers_own_words_are_kept(homeserver: Homeserver, wire: Wire, errcode: str) -> None:
    wire.answer = lambda _: (403, {"errcode": errcode, "error": "Das darf nur Ida.", "org.schulbote.reason": "x"})
    with pytest.raises(RefusedError) as caught:
        await homeserver.create_room({})
    assert caught.value.words == "Das darf nur Ida."


async def test_a_homeserver_that_is_not_there_is_tried_later() -> None:
    async with Homeserver(base_url="http://127.0.0.1:1", token=TOKEN, bot=BOT) as nobody:
        with pytest.raises(TryLaterError, match="cannot be reached"):
            await nobody.background_updates()


async def test_a_connection_that_breaks_is_tried_later() -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Homeserver(base_url=f"http://127.0.0.1:{port}", token=TOKEN, bot=BOT) as broken:
        with pytest.raises(TryLaterError):
            await broken.create_room({})


async def test_nothing_is_repeated(homeserver: Homeserver, wire: Wire) -> None:
    wire.answer = lambda _: (503, {"errcode": "M_UNKNOWN", "error": ""})
    with pytest.raises(TryLaterError):
        await homeserver.create_room({})
    assert len(wire.asked) == 1


async def test_neither_words_nor_the_token_are_logged(
    homeserver: Homeserver, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wire.answer = lambda _: (200, {"event_id": "$1"})
    await homeserver.send("!r", "m.room.message", {"body": "nightingale"}, txn_id="t", as_user=KIM)
    await homeserver.put_account(KIM, password="nightingale")
    assert "nightingale" not in caplog.text
    assert TOKEN not in caplog.text


# Requests.


async def test_query_values_are_written_as_matrix_wants_them(homeserver: Homeserver, wire: Wire) -> None:
    await homeserver.call(
        Method.GET, "/_matrix/x", as_user=KIM, start="s1", guests=False, locked=True, limit=5, none=None
    )
    assert wire.asked == [
        (
            "GET",
            "/_matrix/x",
            {"guests": "false", "locked": "true", "limit": "5", "from": "s1", "user_id": KIM},
            None,
        )
    ]


async def test_an_event_is_sent_as_a_person_with_its_time(homeserver: Homeserver, wire: Wire) -> None:
    wire.answer = lambda _: (200, {"event_id": "$1"})
    sent = await homeserver.send(
        "!r", "m.room.message", {"body": "hi"}, txn_id="delivery-@kim-$a/b", as_user=KIM, origin_server_ts=5
    )
    assert sent == "$1"
    assert wire.asked == [
        (
            "PUT",
            "/_matrix/client/v3/rooms/%21r/send/m.room.message/delivery-%40kim-%24a%2Fb",
            {"user_id": KIM, "ts": "5"},
            {"body": "hi"},
        )
    ]


async def test_the_bot_acts_as_itself(homeserver: Homeserver, wire: Wire) -> None:
    await homeserver.set_state("!r", "m.room.name", "", {"name": "Chor"})
    await homeserver.kick("!r", KIM)
    assert [(method, query, body) for method, _, query, body in wire.asked] == [
        ("PUT", {}, {"name": "Chor"}),
        ("POST", {}, {"user_id": KIM}),
    ]


async def test_having_the_bot_already_is_fine(homeserver: Homeserver, wire: Wire) -> None:
    wire.answer = lambda _: (400, {"errcode": "M_USER_IN_USE", "error": "taken"})
    await homeserver.register_bot()
    assert wire.asked[0][3] == {
        "type": "m.login.application_service",
        "username": "schulbote",
        "inhibit_login": True,
    }
    wire.answer = lambda _: (503, {})
    with pytest.raises(TryLaterError):
        await homeserver.register_bot()


async def test_members_are_the_joined_and_the_invited(homeserver: Homeserver, wire: Wire) -> None:
    wire.answer = lambda _: (
        200,
        {
            "chunk": [
                {"state_key": f"@{name}:s", "content": {"membership": name}}
                for name in ("join", "invite", "leave", "ban", "knock")
            ]
        },
    )
    assert await homeserver.members("!r", as_user=KIM) == {"@join:s", "@invite:s"}


async def test_missing_account_data_is_empty(homeserver: Homeserver, wire: Wire) -> None:
    wire.answer = lambda _: (404, {"errcode": "M_NOT_FOUND", "error": ""})
    assert await homeserver.account_data(KIM, "m.direct") == {}
    wire.answer = lambda _: (200, {"@ida:s": ["!r"]})
    assert await homeserver.account_data(KIM, "m.direct") == {"@ida:s": ["!r"]}
    assert wire.asked[-1][2] == {"user_id": KIM}


async def test_accounts_come_page_by_page(homeserver: Homeserver, wire: Wire) -> None:
    pages = {"0": ({"users": [{"name": "a"}], "next_token": "1"}), "1": {"users": [{"name": "b"}]}}
    wire.answer = lambda request: (200, pages[request.query["from"]])
    assert [account["name"] async for account in homeserver.accounts()] == ["a", "b"]
    assert {(query["guests"], query["locked"], query["deactivated"]) for _, _, query, _ in wire.asked} == {
        ("false", "true", "false")
    }


async def test_rooms_made_by_the_bot_are_the_bots_only(homeserver: Homeserver, wire: Wire) -> None:
    pages = {
        "0": {"rooms": [{"room_id": "!a", "creator": BOT}, {"room_id": "!b", "creator": KIM}], "next_batch": 2},
        "2": {"rooms": [{"room_id": "!c", "creator": BOT}]},
    }
    wire.answer = lambda request: (200, pages[request.query["from"]])
    assert await homeserver.rooms_made_by_bot() == {"!a", "!c"}


async def test_what_was_sent_since_an_event_comes_page_by_page_and_from_one_sender(
    homeserver: Homeserver, wire: Wire
) -> None:
    pages = {"t0": {"chunk": [{"n": 1}], "end": "t1"}, "t1": {"chunk": [{"n": 2}]}}

    def answer(request: web.Request) -> tuple[int, Any]:
        if "/context/" in request.path:
            return 200, {"end": "t0"}
        return 200, pages[request.query["from"]]

    wire.answer = answer
    assert [one["n"] async for one in homeserver.events_since("!r", "$e", as_user=KIM, sender=KIM)] == [1, 2]
    assert all(json.loads(query["filter"]) == {"senders": [KIM]} for _, _, query, _ in wire.asked)
    assert all(query["user_id"] == KIM for _, _, query, _ in wire.asked)
    assert [query.get("dir") for _, _, query, _ in wire.asked] == [None, "f", "f"]


async def test_ending_sessions_deletes_every_device(homeserver: Homeserver, wire: Wire) -> None:
    wire.answer = lambda request: (
        (200, {"devices": [{"device_id": "A"}, {"device_id": "B"}]}) if request.method == "GET" else (200, {})
    )
    await homeserver.end_sessions(KIM)
    assert wire.asked[-1][1].endswith("/delete_devices")
    assert wire.asked[-1][3] == {"devices": ["A", "B"]}


async def test_an_account_is_put_with_just_the_values_given(homeserver: Homeserver, wire: Wire) -> None:
    await homeserver.put_account(KIM, displayname="Kim Groß", locked=False)
    assert wire.asked == [
        (
            "PUT",
            "/_synapse/admin/v2/users/%40kim%3Aschool.example",
            {},
            {"displayname": "Kim Groß", "locked": False},
        )
    ]


async def test_background_updates_are_counted(homeserver: Homeserver, wire: Wire) -> None:
    wire.answer = lambda _: (200, {"enabled": True, "current_updates": {"master": {}}})
    assert await homeserver.background_updates() == 1
    wire.answer = lambda _: (200, {"enabled": True, "current_updates": {}})
    assert await homeserver.background_updates() == 0


async def test_the_ways_of_signing_in_are_asked_for(homeserver: Homeserver, wire: Wire) -> None:
    wire.answer = lambda _: (200, {"flows": [{"type": "m.login.password"}, {"type": "m.login.sso"}]})
    assert await homeserver.login_types() == {"m.login.password", "m.login.sso"}
    wire.answer = lambda _: (404, {"errcode": "M_UNRECOGNIZED", "error": ""})
    assert await homeserver.login_types() == frozenset()


async def test_a_profile_is_read_as_its_person_and_cleaned_as_an_admin(homeserver: Homeserver, wire: Wire) -> None:
    wire.answer = lambda _: (200, {"displayname": "Kim Groß", "m.tz": "x"})
    assert await homeserver.profile(KIM) == {"displayname": "Kim Groß", "m.tz": "x"}
    await homeserver.delete_profile_field(KIM, "org.x/../y z")
    assert [(method, path, query) for method, path, query, _ in wire.asked] == [
        ("GET", "/_matrix/client/v3/profile/%40kim%3Aschool.example", {"user_id": KIM}),
        ("DELETE", "/_matrix/client/v3/profile/%40kim%3Aschool.example/org.x%2F..%2Fy%20z", {}),
    ]


async def test_a_profile_field_that_is_gone_already_is_fine(homeserver: Homeserver, wire: Wire) -> None:
    wire.answer = lambda _: (404, {"errcode": "M_NOT_FOUND", "error": ""})
    await homeserver.delete_profile_field(KIM, "m.tz")
    for status, kind in ((403, RefusedError), (503, TryLaterError)):
        wire.answer = lambda _, status=status: (status, {})
        with pytest.raises(kind):
            await homeserver.delete_profile_field(KIM, "m.tz")


async def test_every_room_comes_whoever_made_it(homeserver: Homeserver, wire: Wire) -> None:
    pages = {
        "0": {"rooms": [{"room_id": "!a"}, {"room_id": "!b"}], "next_batch": 2},
        "2": {"rooms": [{"room_id": "!c"}]},
    }
    wire.answer = lambda request: (200, pages[request.query["from"]])
    assert [room["room_id"] async for room in homeserver.list_rooms()] == ["!a", "!b", "!c"]
    assert [path for _, path, _, _ in wire.asked] == ["/_synapse/admin/v1/rooms"] * 2


async def test_the_whole_state_of_a_room_is_read_by_the_admin(homeserver: Homeserver, wire: Wire) -> None:
    wire.answer = lambda _: (200, {"state": [{"type": "m.room.create"}]})
    assert await homeserver.whole_state("!r/x") == [{"type": "m.room.create"}]
    assert [(path, query) for _, path, query, _ in wire.asked] == [("/_synapse/admin/v1/rooms/%21r%2Fx/state", {})]


async def test_push_rules_are_those_of_the_person(homeserver: Homeserver, wire: Wire) -> None:
    wire.answer = lambda request: (200, {"override": [{"rule_id": "x"}], "room": []} if request.method == "GET" else {})
    assert await homeserver.override_rules(KIM) == [{"rule_id": "x"}]
    await homeserver.put_override_rule(KIM, "org.x", {"conditions": [], "actions": []})
    await homeserver.switch_on_override_rule(KIM, "org.x")
    await homeserver.delete_override_rule(KIM, "org.x")
    rules = "/_matrix/client/v3/pushrules/global"
    assert wire.asked == [
        ("GET", f"{rules}/", {"user_id": KIM}, None),
        ("PUT", f"{rules}/override/org.x", {"user_id": KIM}, {"conditions": [], "actions": []}),
        ("PUT", f"{rules}/override/org.x/enabled", {"user_id": KIM}, {"enabled": True}),
        ("DELETE", f"{rules}/override/org.x", {"user_id": KIM}, {}),
    ]


async def test_a_push_rule_that_is_gone_already_is_fine(homeserver: Homeserver, wire: Wire) -> None:
    wire.answer = lambda _: (404, {"errcode": "M_NOT_FOUND", "error": ""})
    await homeserver.delete_override_rule(KIM, "org.x")
    wire.answer = lambda _: (503, {})
    with pytest.raises(TryLaterError):
        await homeserver.delete_override_rule(KIM, "org.x")


async def test_a_room_is_made_by_the_bot_or_as_a_person(homeserver: Homeserver, wire: Wire) -> None:
    wire.answer = lambda _: (200, {"room_id": "!r"})
    assert await homeserver.create_room({"invite": [KIM]}) == "!r"
    assert await homeserver.create_room({"invite": [BOT]}, as_user=KIM) == "!r"
    assert [query for _, _, query, _ in wire.asked] == [{}, {"user_id": KIM}]


async def test_the_rooms_of_somebody_come_with_how_they_are_in_them(homeserver: Homeserver, wire: Wire) -> None:
    wire.answer = lambda _: (200, {"memberships": {"!a": "join", "!b": "leave"}})
    assert await homeserver.memberships(KIM) == {"!a": "join", "!b": "leave"}
    [(method, path, _, _)] = wire.asked
    assert (method, path.endswith("/memberships")) == ("GET", True)


async def test_the_place_in_the_stream_costs_no_room(homeserver: Homeserver, wire: Wire) -> None:
    wire.answer = lambda _: (200, {"next_batch": "s5"})
    assert await homeserver.place_in_stream(KIM) == "s5"
    [(_, _, query, _)] = wire.asked
    assert json.loads(query["filter"])["room"] == {"rooms": []}
    assert (query["user_id"], query["timeout"], query["set_presence"]) == (KIM, "0", "offline")
    assert "since" not in query


async def test_news_come_by_room_and_say_whether_they_are_all(homeserver: Homeserver, wire: Wire) -> None:
    rooms = {
        "!a": {"timeline": {"events": [{"n": 1}], "limited": False}},
        "!b": {"timeline": {"events": [{"n": 2}], "limited": True}},
        "!c": {"timeline": {"events": [], "limited": False}},
    }
    wire.answer = lambda _: (200, {"rooms": {"join": rooms, "invite": {"!d": {}}}})
    news = await homeserver.news_since(KIM, "s5", types=["m.room.message"], not_senders=[BOT], limit=9)
    assert {room_id: (list(of_room.events), of_room.is_all) for room_id, of_room in news.items()} == {
        "!a": ([{"n": 1}], True),
        "!b": ([{"n": 2}], False),
    }
    [(_, _, query, _)] = wire.asked
    assert query["since"] == "s5"
    timeline = {"types": ["m.room.message"], "not_senders": [BOT], "limit": 9}
    assert json.loads(query["filter"])["room"]["timeline"] == timeline
    wire.answer = lambda _: (200, {"next_batch": "s6"})
    assert await homeserver.news_since(KIM, "s5", types=[], not_senders=[], limit=9) == {}


async def test_the_newest_events_of_a_room_are_read_by_the_bot(homeserver: Homeserver, wire: Wire) -> None:
    wire.answer = lambda _: (200, {"chunk": [{"n": 2}, {"n": 1}]})
    assert await homeserver.newest_events("!r", sender=BOT, limit=2) == [{"n": 2}, {"n": 1}]
    only = json.dumps({"senders": [BOT]}, separators=(",", ":"))
    assert wire.asked[0][2] == {"dir": "b", "limit": "2", "filter": only}


# Deleting what somebody sent who is gone.


async def test_what_was_sent_at_a_moment_is_deleted_and_waited_for(homeserver: Homeserver, wire: Wire) -> None:
    states = iter(["scheduled", "active", "complete"])

    def answer(request: web.Request) -> tuple[int, Any]:
        return 200, {"redact_id": "r/1"} if request.method == "POST" else {"status": next(states)}

    wire.answer = answer
    await homeserver.redact_sent_at(KIM, "!room:school.example", at_ms=17)
    begun, *looks = wire.asked
    assert begun == (
        "POST",
        "/_synapse/admin/v1/user/%40kim%3Aschool.example/redact",
        {},
        {"rooms": ["!room:school.example"], "after_ts": 17, "before_ts": 17},
    )
    assert [path for _, path, _, _ in looks] == ["/_synapse/admin/v1/user/redact_status/r%2F1"] * 3


async def test_a_redaction_that_fails_is_over(homeserver: Homeserver, wire: Wire) -> None:
    wire.answer = lambda request: (200, {"redact_id": "1"} if request.method == "POST" else {"status": "failed"})
    await homeserver.redact_sent_at(KIM, "!room:school.example", at_ms=17)
