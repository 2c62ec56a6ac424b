import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from builders import BEN

from appservice.endpoints import Endpoints
from appservice.homeserver import TryLaterError
from school.domain.decisions import Reason
from school.domain.first_code import SignedInWith
from school.domain.people import UserId

HOMESERVER = {"Authorization": "Bearer from-homeserver"}
MODULE = {"Authorization": "Bearer from-module"}
TRANSACTION = "/_matrix/app/v1/transactions/1"
START, LOGIN, SIGNED_IN, REFUSAL, PROFILE = (
    f"/_schulbote/module/{name}" for name in ("start", "login", "signed_in", "refusal", "profile")
)


class Program:
    """What the routes lead to."""

    def __init__(self) -> None:
        self.events: list[Sequence[Mapping[str, Any]]] = []
        self.starts = 0
        self.times_behind = 0
        self.logins: list[UserId] = []
        self.signed_in: list[tuple[UserId, SignedInWith, datetime]] = []
        self.refusals: list[tuple[UserId, Reason]] = []
        self.profiles: list[UserId] = []
        self.first: ClientResponse | None = None
        self.error: Exception | None = None
        self.may_finish = asyncio.Event()
        self.may_finish.set()

    async def on_events(self, events: Sequence[Mapping[str, Any]]) -> None:
        self.events.append(events)
        if self.error is not None:
            raise self.error

    def on_start(self) -> None:
        self.starts += 1

    async def on_behind(self) -> None:
        self.times_behind += 1

    async def on_login(self, user_id: UserId) -> None:
        await self.may_finish.wait()
        self.logins.append(user_id)

    async def on_signed_in(self, user_id: UserId, with_what: SignedInWith, at: datetime) -> None:
        self.signed_in.append((user_id, with_what, at))

    async def on_refusal(self, user_id: UserId, reason: Reason) -> None:
        self.refusals.append((user_id, reason))

    async def on_profile(self, user_id: UserId) -> None:
        self.profiles.append(user_id)
        if self.error is not None:
            raise self.error


Client = TestClient[web.Request, web.Application]


@pytest.fixture
def program() -> Program:
    return Program()


@pytest.fixture
async def client(program: Program) -> AsyncIterator[Client]:
    endpoints = Endpoints(
        homeserver_token="from-homeserver",
        module_token="from-module",
        on_events=program.on_events,
        on_start=program.on_start,
        on_behind=program.on_behind,
        on_login=program.on_login,
        on_signed_in=program.on_signed_in,
        on_refusal=program.on_refusal,
        on_profile=program.on_profile,
    )
    application = web.Application()
    application.add_routes(endpoints.routes())
    async with TestClient(TestServer(application)) as client:
        program.first = await push(client, 0)
        yield client


async def push(client: Client, number: int = 1, *events: dict[str, Any]) -> ClientResponse:
    return await client.put(f"/_matrix/app/v1/transactions/{number}", json={"events": list(events)}, headers=HOMESERVER)


# --- Who may call -----------------------------------------------------------------------------------------------

ROUTES = [
    ("PUT", TRANSACTION, HOMESERVER),
    ("POST", "/_matrix/app/v1/ping", HOMESERVER),
    ("GET", "/_matrix/app/v1/users/@x:y", HOMESERVER),
    ("GET", "/_matrix/app/v1/rooms/%23x:y", HOMESERVER),
    ("POST", LOGIN, MODULE),
    ("POST", SIGNED_IN, MODULE),
    ("POST", REFUSAL, MODULE),
    ("POST", PROFILE, MODULE),
]


@pytest.mark.parametrize(("method", "path", "right"), ROUTES, ids=[path for _, path, _ in ROUTES])
async def test_without_the_right_token_nothing_happens(
    method: str, path: str, right: dict[str, str], client: Client, program: Program
) -> None:
    others = MODULE if right is HOMESERVER else HOMESERVER
    wrong: list[dict[str, str]] = [
        {}, others, {"Authorization": ""}, {"Authorization": "Bearer "}, {"Authorization": "from-homeserver"},
        {"Authorization": right["Authorization"] + "x"}, {"Authorization": right["Authorization"][:-1]},
        {"Authorization": "Bearer tökn"}, {"Authorization": "bearer " + right["Authorization"].removeprefix("Bearer ")},
    ]  # fmt: skip
    for headers in wrong:
        answer = await client.request(method, path, headers=headers, json={"user_id": BEN.user_id})
        assert answer.status == 403, headers
        assert (await answer.json())["errcode"] == "M_FORBIDDEN"
    assert (program.events, program.logins, program.signed_in) == ([], [], [])
    assert (program.refusals, program.profiles) == ([], [])


async def test_a_token_in_the_address_is_no_token(client: Client) -> None:
    answer = await client.put(f"{TRANSACTION}?access_token=from-homeserver", json={"events": []})
    assert answer.status == 403


async def test_a_token_that_is_no_text_is_wrong(client: Client) -> None:
    """Bytes that no client library would send."""
    assert client.port is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    writer.write(b"POST /_matrix/app/v1/ping HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\n\r\n")
    status = await reader.readline()
    writer.close()
    await writer.wait_closed()
    assert b" 403 " in status


@pytest.mark.parametrize("token", ["from-homeserver", "from-module"])
async def test_tokens_are_compared_in_constant_time(
    token: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[bytes] = []
    monkeypatch.setattr(
        "appservice.endpoints.hmac.compare_digest", lambda given, expected: bool(compared.append(expected))
    )
    path = TRANSACTION if token == "from-homeserver" else LOGIN
    answer = await client.request("PUT" if path == TRANSACTION else "POST", path, json={})
    assert answer.status == 403
    assert compared == [f"Bearer {token}".encode()]


# --- Transactions -----------------------------------------------------------------------------------------------


async def test_a_transaction_is_handed_on_and_answered(client: Client, program: Program) -> None:
    answer = await push(client, 1, {"event_id": "$a"}, {"event_id": "$b"})
    assert (answer.status, await answer.json()) == (200, {})
    assert program.events == [[{"event_id": "$a"}, {"event_id": "$b"}]]


async def test_the_first_transaction_after_a_start_fails_so_that_older_ones_come_first(
    client: Client, program: Program
) -> None:
    assert program.first is not None
    assert (program.first.status, program.events, program.times_behind) == (503, [], 1)
    event = {"event_id": "$1"}
    assert (await push(client, 0, event)).status == 200
    assert program.events == [[event]]


async def test_it_is_so_after_a_start_of_synapse_too(client: Client, program: Program) -> None:
    assert (await client.post(START, json={}, headers=MODULE)).status == 200
    assert program.starts == 1
    assert (await push(client, 1)).status == 503
    assert (await push(client, 1)).status == 200
    assert program.times_behind == 2


async def test_a_transaction_that_comes_again_is_handled_once(client: Client, program: Program) -> None:
    for _ in range(3):
        assert (await push(client, 1, {"event_id": "$a"})).status == 200
    assert len(program.events) == 1


async def test_another_transaction_is_another(client: Client, program: Program) -> None:
    for number in (1, 2, 3):
        await push(client, number)
    assert len(program.events) == 3


async def test_what_could_not_be_stored_comes_again(client: Client, program: Program) -> None:
    program.error = RuntimeError("the database is away")
    assert (await push(client, 1, {"event_id": "$a"})).status == 500
    program.error = None
    assert (await push(client, 1, {"event_id": "$a"})).status == 200
    assert len(program.events) == 2
    await push(client, 1, {"event_id": "$a"})
    assert len(program.events) == 2


async def test_the_same_number_with_other_events_is_another_transaction(client: Client, program: Program) -> None:
    """A Synapse on SQLite counts from the beginning again when it is restarted."""
    await push(client, 1, {"event_id": "$a"})
    await push(client, 1, {"event_id": "$b"})
    assert program.events == [[{"event_id": "$a"}], [{"event_id": "$b"}]]


async def test_only_so_many_transactions_are_remembered(client: Client, program: Program) -> None:
    for number in range(150):
        await push(client, number)
    await push(client, 149)
    assert len(program.events) == 150
    await push(client, 0)
    assert len(program.events) == 151


async def test_a_transaction_without_events(client: Client, program: Program) -> None:
    assert (await client.put(TRANSACTION, json={}, headers=HOMESERVER)).status == 200
    assert program.events == [[]]


# --- The others -------------------------------------------------------------------------------------------------


async def test_a_ping_is_answered(client: Client) -> None:
    assert (await client.post("/_matrix/app/v1/ping", json={"transaction_id": "x"}, headers=HOMESERVER)).status == 200


@pytest.mark.parametrize("path", ["/_matrix/app/v1/users/@ghost:school.test", "/_matrix/app/v1/rooms/%23x:school.test"])
async def test_nobody_and_no_room_is_made_because_somebody_asks(path: str, client: Client) -> None:
    answer = await client.get(path, headers=HOMESERVER)
    assert answer.status == 404
    assert (await answer.json())["errcode"] == "M_NOT_FOUND"


async def test_a_login_is_answered_when_it_is_done(client: Client, program: Program) -> None:
    assert (await client.post(LOGIN, json={"user_id": BEN.user_id}, headers=MODULE)).status == 200
    assert program.logins == [BEN.user_id]


async def test_a_login_is_finished_also_if_the_module_has_hung_up(client: Client, program: Program) -> None:
    program.may_finish.clear()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client.post(LOGIN, json={"user_id": BEN.user_id}, headers=MODULE), 0.1)
    program.may_finish.set()
    for _ in range(100):
        if program.logins:
            break
        await asyncio.sleep(0.01)
    assert program.logins == [BEN.user_id]


WITH_CODE = {"user_id": BEN.user_id, "with": "first_code", "at": 1786953600.5}


async def test_what_somebody_signed_in_with_is_handed_on_with_its_moment(client: Client, program: Program) -> None:
    assert (await client.post(SIGNED_IN, json=WITH_CODE, headers=MODULE)).status == 200
    at = datetime(2026, 8, 17, 8, 0, 0, 500_000, tzinfo=UTC)
    assert program.signed_in == [(BEN.user_id, SignedInWith.FIRST_CODE, at)]


@pytest.mark.parametrize("change", [{"with": "a key"}, {"at": "noon"}, {"at": None}, {"with": None}])
async def test_a_way_to_sign_in_that_cannot_be_read_is_not_taken_for_another(
    client: Client, program: Program, change: dict[str, Any]
) -> None:
    assert (await client.post(SIGNED_IN, json=WITH_CODE | change, headers=MODULE)).status == 500
    assert program.signed_in == []


async def test_a_refusal_is_handed_on_as_a_reason(client: Client, program: Program) -> None:
    body = {"user_id": BEN.user_id, "reason": "no_rooms"}
    assert (await client.post(REFUSAL, json=body, headers=MODULE)).status == 200
    assert program.refusals == [(BEN.user_id, Reason.NO_ROOMS)]


async def test_a_changed_profile_is_answered_when_it_is_clean(client: Client, program: Program) -> None:
    assert (await client.post(PROFILE, json={"user_id": BEN.user_id}, headers=MODULE)).status == 200
    assert program.profiles == [BEN.user_id]


async def test_a_profile_that_could_not_be_cleaned_is_not_answered_as_if_it_was(
    client: Client, program: Program
) -> None:
    program.error = TryLaterError("the homeserver is away")
    assert (await client.post(PROFILE, json={"user_id": BEN.user_id}, headers=MODULE)).status == 500
