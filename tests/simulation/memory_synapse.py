"""Synapse in memory, with the real module inside and the real appservice beside it, in simulated time.

1. It does one thing at a time, and everything takes a moment: a read `READ` seconds, a write `WRITE`.
2. What anybody sends is a real event, and goes through the module with the state of its room.
3. The appservice is told of every event in transactions, one after the other, again and again until it takes them.
4. Transaction ids are remembered until it is restarted.
5. The module's clocks are this one's, and Twisted's own (`twisted.internet.task.Clock`) for what it does each second.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import create_autospec

from aiohttp.web import HTTPException, RouteDef
from builders import BOT
from simulated_time import SimulatedLoop
from synapse.api.room_versions import RoomVersions
from synapse.events import EventBase, make_event_from_dict
from synapse.module_api import ModuleApi
from synapse.module_api.errors import SynapseError
from twisted.internet.defer import Deferred, ensureDeferred, succeed
from twisted.internet.task import Clock, LoopingCall

from appservice.accounts import RoomNews
from appservice.homeserver import NotThereError, RefusedError, TryLaterError
from school.domain.people import Person, UserId
from school.domain.rooms import STAMP_KEY, RoomStamp, power_levels
from school.sealing import SIGNED_KEY
from synapse_modules import School

READ, WRITE = 0.002, 0.02
HEADERS = {"transactions": "Bearer homeserver-token", "module": "Bearer module-token"}
MASTER = {"rule_id": ".m.rule.master", "default": True, "enabled": False, "conditions": [], "actions": []}
MENTION = {"rule_id": ".m.rule.is_user_mention", "default": True, "enabled": True, "conditions": [], "actions": []}
OWN = {"rule_id": "my own", "default": False, "enabled": True, "conditions": [], "actions": ["notify"]}
API: Any = create_autospec(ModuleApi, instance=True)  # slow to make, so it is made once


@dataclass(frozen=True)
class Sent:
    """An event as clients are shown it, when it came, and with whom it rang."""

    event: dict[str, Any]
    at: datetime
    rang_with: frozenset[UserId]

    @property
    def content(self) -> dict[str, Any]:
        content: dict[str, Any] = self.event["content"]
        return content

    @property
    def purpose(self) -> str | None:
        """For what it was signed by the school's own hand."""
        purpose: str | None = self.content.get(SIGNED_KEY, {}).get("purpose")
        return purpose


@dataclass
class Room:
    """What was sent into a room, and what holds in it now."""

    state: dict[tuple[str, str], EventBase] = field(default_factory=dict)
    timeline: list[dict[str, Any]] = field(default_factory=list)

    def members(self) -> frozenset[UserId]:
        joined = (key for (kind, key), event in self.state.items() if kind == "m.room.member" and _is_in(event))
        return frozenset(map(UserId, joined))


def _is_in(event: EventBase) -> bool:
    return event.content["membership"] in ("join", "invite")


class MemorySynapse:
    """The homeserver, and (`appservice.homeserver.Homeserver`) the connection of the appservice to it."""

    def __init__(self, school_yaml: Path) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        self.loop = loop
        self.bot = BOT
        self.rooms: dict[str, Room] = {}
        self.stream: list[Sent] = []
        self.sent: dict[str, Sent] = {}
        """The same by their ids."""
        self.rules: defaultdict[UserId, list[dict[str, Any]]] = defaultdict(lambda: [MASTER, dict(OWN), MENTION])
        self.account_data_of: defaultdict[tuple[UserId, str], dict[str, Any]] = defaultdict(dict)
        self.lost: Callable[[], str] = lambda: ""
        """What becomes of the appservice's next request or its answer: "request" and "answer" are lost."""
        self.is_down = False
        self._school_yaml = school_yaml
        self._worker = asyncio.Lock()
        self._appservice: dict[str, Callable[[Any], Awaitable[Any]]] = {}
        self._told = 0
        self._transactions: dict[str, str] = {}
        self._numbers = count(1)
        self._news, self._pinged = asyncio.Event(), asyncio.Event()
        self._working: set[asyncio.Task[Any]] = set()
        self._start()
        self._begin(self._tell_appservice())
        self._begin(self._run_reactor())

    # --- Itself ---

    def _start(self) -> None:
        self._reactor = Clock()
        self._module = School(self._school_yaml, self._api(), clock=self.loop.now, monotonic=self.loop.time)

    def restart(self) -> None:
        """What was in memory only is gone."""
        self._transactions.clear()
        self._start()

    def connect(self, routes: Iterable[RouteDef]) -> None:
        """There is an appservice now."""
        self._appservice = {route.path.removesuffix("/{id}"): route.handler for route in routes}

    def disconnect(self) -> None:
        """There is none any more."""
        self._appservice = {}

    async def stop(self) -> None:
        for task in self._working:
            task.cancel()
        done = await asyncio.gather(*self._working, return_exceptions=True)
        assert all(isinstance(error, asyncio.CancelledError | None) for error in done), done

    def _begin(self, work: Awaitable[Any]) -> asyncio.Task[Any]:
        task = asyncio.ensure_future(work)
        self._working.add(task)
        task.add_done_callback(self._is_done)
        return task

    def _is_done(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled() and task.exception() is None:
            self._working.discard(task)

    async def _run_reactor(self) -> None:
        while True:
            await asyncio.sleep(0.5)
            self._reactor.advance(0.5)

    def _api(self) -> ModuleApi:
        """Synapse's public module API, as far as the module uses it here."""
        api = API
        api.reset_mock(return_value=True, side_effect=True)

        def looping(work: Callable[[], Any], msec: float, **_: Any) -> None:
            call = LoopingCall(lambda: ensureDeferred(work()))
            call.clock = self._reactor
            call.start(msec / 1000, now=False)

        def in_background(_desc: str, work: Callable[..., Awaitable[Any]], *args: Any) -> SimpleNamespace:
            self._begin(work(*args))
            return SimpleNamespace(called=False)

        async def post(url: str, body: dict[str, Any], _headers: Any) -> None:
            await self._ask_appservice("/" + url.split("/", 3)[3], "module", body)

        def author(_desc: str, _transaction: Any, event_id: str) -> Deferred[str | None]:
            return succeed(self.sent[event_id].event["sender"] if event_id in self.sent else None)

        api.is_mine.side_effect = lambda user_id: True
        api.is_user_admin.side_effect = lambda user_id: False
        api.check_user_exists.side_effect = succeed
        api.defer_to_thread.side_effect = lambda work: work()
        api.looping_background_call.side_effect = looping
        api.delayed_background_call.side_effect = lambda msec, work, **_: self._begin(work())
        api.run_as_background_process.side_effect = in_background
        api.run_db_interaction.side_effect = author
        api.sleep.side_effect = asyncio.sleep
        api.http_client = SimpleNamespace(post_json_get_json=post)
        return api

    async def _tell_appservice(self) -> None:
        pause = 1.0
        while True:
            self._news.clear()
            events = [sent.event for sent in self.stream[self._told : self._told + 100]]
            if not events:
                await self._news.wait()
                continue
            if await self._ask_appservice("/_matrix/app/v1/transactions", "transactions", {"events": events}):
                self._told, pause = self._told + len(events), 1.0
                continue
            self._pinged.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._pinged.wait(), pause)
            pause *= 2

    async def _ask_appservice(self, path: str, who: str, body: Mapping[str, Any]) -> bool:
        handler = self._appservice.get(path)
        if handler is None:
            return False
        headers = {"Authorization": HEADERS[who]}
        request: Any = SimpleNamespace(
            headers=headers, match_info={"id": str(self._told)}, json=lambda: asyncio.sleep(0, body)
        )
        try:
            return (await handler(request)).status == 200
        except HTTPException:
            return False

    # --- Rooms and events ---

    def make_room(self, stamp: RoomStamp, *members: Person | UserId) -> str:
        """A room as it was made before; by the bot if it is a group's, else by the first of its members."""
        ids = [member.user_id if isinstance(member, Person) else member for member in members]
        creator = BOT if stamp.group else ids[0]
        create = make_event_from_dict(
            _raw("m.room.create", creator, {STAMP_KEY: stamp.to_content()}, next(self._numbers)) | {"state_key": ""},
            RoomVersions.V12,
        )
        room = self.rooms[create.room_id] = Room()
        room.state["m.room.create", ""] = create
        for user_id in {creator, *ids}:
            self._put_state(create.room_id, "m.room.member", user_id, user_id, {"membership": "join"})
        self._put_state(create.room_id, "m.room.power_levels", "", creator, power_levels(stamp.kind))
        return create.room_id

    def _put_state(self, room_id: str, event_type: str, key: str, sender: UserId, content: dict[str, Any]) -> None:
        raw = _raw(event_type, sender, content, next(self._numbers)) | {"state_key": key, "room_id": room_id}
        self.rooms[room_id].state[event_type, key] = make_event_from_dict(raw, RoomVersions.V12)

    async def say(self, who: Person, room_id: str, content: Mapping[str, Any], *, kind: str = "m.room.message") -> str:
        """Somebody writes."""
        return await self._write(room_id, kind, content, sender=who.user_id, ts=None)

    async def _write(
        self, room_id: str, kind: str, content: Mapping[str, Any], *, sender: UserId, ts: int | None
    ) -> str:
        async with self._worker:
            await asyncio.sleep(WRITE)
            return await self._add(room_id, kind, content, sender, ts)

    async def _add(self, room_id: str, kind: str, content: Mapping[str, Any], sender: UserId, ts: int | None) -> str:
        room = self.rooms[room_id]
        if sender not in room.members():
            raise RefusedError("HTTP 403: not in the room", status=403)
        now = int(self.loop.now().timestamp() * 1000)
        raw = _raw(kind, sender, content, next(self._numbers))
        raw |= {"room_id": room_id, "origin_server_ts": now if ts is None else ts}
        event = make_event_from_dict(raw, RoomVersions.V12)
        try:
            is_allowed, instead = await self._module.check_event_allowed(event, room.state)
        except SynapseError as error:
            refused = TryLaterError if error.code >= 429 else RefusedError
            raise refused(f"HTTP {error.code}: {error.msg}", words=error.msg, status=error.code) from error
        assert is_allowed
        if instead is not None:
            event = make_event_from_dict(raw | {"content": instead["content"]}, RoomVersions.V12)
        return self._append(room, event)

    def _append(self, room: Room, event: EventBase) -> str:
        shown = {
            "type": event.type, "room_id": event.room_id, "sender": event.sender, "event_id": event.event_id,
            "content": dict(event.content), "origin_server_ts": event.origin_server_ts,
        }  # fmt: skip
        if event.type == "m.room.redaction":
            self._event(event.room_id, event.content["redacts"])["content"] = {}
        room.timeline.append(shown)
        self.sent[event.event_id] = Sent(shown, self.loop.now(), room.members() - self.silent())
        self.stream.append(self.sent[event.event_id])
        self._news.set()
        return event.event_id

    def _event(self, room_id: str, event_id: str) -> dict[str, Any]:
        sent = self.sent.get(event_id)
        if sent is None or sent.event["room_id"] != room_id:
            raise NotThereError("HTTP 404", status=404)
        return sent.event

    async def delete(self, who: Person, room_id: str, event_id: str) -> None:
        """Somebody deletes what they wrote."""
        await self.say(who, room_id, {"redacts": event_id}, kind="m.room.redaction")

    def silent(self) -> set[UserId]:
        """With whom nothing rings."""
        return {user_id for user_id, rules in self.rules.items() if "org.schulbote.rest" in map(_id, rules)}

    # --- What the appservice asks ---

    @asynccontextmanager
    async def _request(self, seconds: float, as_user: UserId | None = None, room_id: str | None = None) -> Any:
        if self.is_down:
            raise TryLaterError("the homeserver cannot be reached")
        async with self._worker:
            await asyncio.sleep(seconds)
            lost = self.lost()
            if lost == "request":
                raise TryLaterError("HTTP 503", status=503)
            if as_user is not None and room_id is not None and as_user not in self.rooms[room_id].members():
                raise RefusedError("HTTP 403: not in the room", status=403)
            yield
        if lost == "answer":
            raise TryLaterError("HTTP 504", status=504)

    async def send(
        self, room_id: str, event_type: str, content: Mapping[str, Any], *, txn_id: str, as_user: UserId | None = None,
        origin_server_ts: int | None = None,
    ) -> str:  # fmt: skip
        async with self._request(WRITE):
            if txn_id not in self._transactions:
                self._transactions[txn_id] = await self._add(
                    room_id, event_type, content, as_user or self.bot, origin_server_ts
                )
            return self._transactions[txn_id]

    async def redact(self, room_id: str, event_id: str, *, txn_id: str, as_user: UserId) -> None:
        await self.send(room_id, "m.room.redaction", {"redacts": event_id}, txn_id=txn_id, as_user=as_user)

    async def event(self, room_id: str, event_id: str, *, as_user: UserId) -> dict[str, Any]:
        async with self._request(READ, as_user, room_id):
            reference = {"rel_type": "m.reference", "event_id": event_id}
            chunk = [
                {"event_id": event["event_id"]}
                for event in self.rooms[room_id].timeline
                if event["content"].get("m.relates_to") == reference
            ]
            return self._event(room_id, event_id) | {"unsigned": {"m.relations": {"m.reference": {"chunk": chunk}}}}

    async def events_since(
        self, room_id: str, event_id: str, *, as_user: UserId, sender: UserId
    ) -> AsyncIterator[dict[str, Any]]:
        async with self._request(READ, as_user, room_id):
            timeline = list(self.rooms[room_id].timeline)
        after = timeline.index(self._event(room_id, event_id)) + 1
        for event in timeline[after:]:
            if event["sender"] == sender:
                yield event

    async def newest_events(self, room_id: str, *, sender: UserId, limit: int) -> list[dict[str, Any]]:
        async with self._request(READ, self.bot, room_id):
            return [event for event in reversed(self.rooms[room_id].timeline) if event["sender"] == sender][:limit]

    async def state(
        self, room_id: str, event_type: str, state_key: str = "", *, as_user: UserId | None = None
    ) -> dict[str, Any]:
        async with self._request(READ, as_user, room_id):
            event = self.rooms[room_id].state.get((event_type, state_key))
            if event is None:
                raise NotThereError("HTTP 404", status=404)
            return dict(event.content)

    async def members(self, room_id: str, *, as_user: UserId) -> frozenset[UserId]:
        async with self._request(READ, as_user, room_id):
            return self.rooms[room_id].members()

    async def room_members(self, room_id: str) -> list[UserId]:
        async with self._request(READ):
            return sorted(self.rooms[room_id].members())

    async def place_in_stream(self, user_id: UserId) -> str:
        async with self._request(READ):
            return str(len(self.stream))

    async def news_since(
        self, user_id: UserId, place: str, *, types: Sequence[str], not_senders: Sequence[UserId], limit: int
    ) -> dict[str, RoomNews]:
        news: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        async with self._request(READ):
            for event in (sent.event for sent in self.stream[int(place) :]):
                if event["type"] not in types or event["sender"] in not_senders:
                    continue
                if user_id in self.rooms[event["room_id"]].members():
                    news[event["room_id"]].append(event)
        return {
            room_id: RoomNews(events=events[-limit:], is_all=len(events) <= limit) for room_id, events in news.items()
        }

    async def messages_after(
        self, room_id: str, place: str, *, types: Sequence[str], as_user: UserId
    ) -> AsyncIterator[dict[str, Any]]:
        async with self._request(READ, as_user, room_id):
            events = [sent.event for sent in self.stream[int(place) :] if sent.event["room_id"] == room_id]
        for event in events:
            if event["type"] in types:
                yield event

    async def override_rules(self, user_id: UserId) -> list[dict[str, Any]]:
        async with self._request(READ):
            return [dict(rule) for rule in self.rules[user_id]]

    async def put_override_rule(self, user_id: UserId, rule_id: str, rule: Mapping[str, Any]) -> None:
        async with self._request(WRITE):
            others = [known for known in self.rules[user_id] if known["rule_id"] != rule_id]
            new = {"rule_id": rule_id, "default": False, "enabled": True, **rule}
            self.rules[user_id] = [others[0], new, *others[1:]]

    async def delete_override_rule(self, user_id: UserId, rule_id: str) -> None:
        async with self._request(WRITE):
            self.rules[user_id] = [rule for rule in self.rules[user_id] if rule["rule_id"] != rule_id]

    async def account_data(self, user_id: UserId, data_type: str) -> dict[str, Any]:
        async with self._request(READ):
            return self.account_data_of[user_id, data_type]

    async def set_account_data(self, user_id: UserId, data_type: str, content: Mapping[str, Any]) -> None:
        async with self._request(WRITE):
            self.account_data_of[user_id, data_type] = dict(content)

    async def is_admin(self, user_id: UserId) -> bool:
        return False

    async def register_bot(self) -> None:
        async with self._request(WRITE):
            pass

    async def put_account(self, user_id: UserId, **values: Any) -> None:
        async with self._request(WRITE):
            pass

    async def ping_back(self, appservice_id: str) -> None:
        async with self._request(READ):
            self._pinged.set()


def _id(rule: Mapping[str, Any]) -> str:
    return str(rule["rule_id"])


def _raw(event_type: str, sender: str, content: Mapping[str, Any], number: int) -> dict[str, Any]:
    return {
        "type": event_type, "sender": sender, "content": dict(content), "depth": number, "origin_server_ts": 1,
        "auth_events": [], "prev_events": [], "hashes": {}, "signatures": {},
    }  # fmt: skip
