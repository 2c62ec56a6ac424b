"""A gate, rooms and events for it, and the few words that are needed to ask it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from builders import BEN, BERLIN, BOT, IDA, NOON, OTTO, resting, standing

from school.domain.decisions import Reason
from school.domain.people import TEACHER, Person, UserId
from school.domain.rights import Level, Right, Rule
from school.domain.rooms import CONFERENCE_STATE, MEGOLM, STAMP_KEY, RoomKind, power_levels
from school.sealing import HELD_KEY, Binding, Keyring
from school.standing import Standing
from school.texts import Language, Texts
from synapse_modules.events import Pass, Refuse, State, Verdict
from synapse_modules.gate import Gate

KEYRING = Keyring([b"k" * 32])
MESSAGE_TS = int(NOON.timestamp() * 1000)
AT_NOON = Gate(
    bot=BOT,
    zone=BERLIN,
    texts=Texts(Language.GERMAN),
    keyring=KEYRING,
    clock=lambda: NOON + timedelta(milliseconds=500),
)
ROOM = "!room"
THROUGH = Pass()
TEXT = {"msgtype": "m.text", "body": "Mein Kind ist krank"}


@dataclass(frozen=True, kw_only=True)
class FakeEvent:
    """As much of an event as the gate reads."""

    type: str = "m.room.message"
    sender: str = BEN.user_id
    room_id: str = ROOM
    content: Mapping[str, Any] = field(default_factory=lambda: TEXT)
    origin_server_ts: int = MESSAGE_TS
    state_key: str | None = None
    event_id: str = "$this"

    def is_state(self) -> bool:
        return self.state_key is not None

    def get_state_key(self) -> str | None:
        return self.state_key


def state_event(event_type: str, content: Mapping[str, Any], *, sender: str, state_key: str = "") -> FakeEvent:
    return FakeEvent(type=event_type, content=content, sender=sender, state_key=state_key)


def member(who: Person | UserId, membership: str, *, sender: str = "", **content: Any) -> FakeEvent:
    """A membership event; by the person, if nobody else is named."""
    user_id = who.user_id if isinstance(who, Person) else who
    return state_event(
        "m.room.member", {"membership": membership} | content, sender=sender or user_id, state_key=user_id
    )


def room(
    kind: RoomKind | None,
    *joined: Person | UserId,
    invited: tuple[Person, ...] = (),
    group: str | None = None,
    creator: str = "",
    being_made: bool = False,
) -> dict[tuple[str, str], FakeEvent]:
    """The state of a room of the first of its members; no kind: a room without a stamp. The teachers of a group
    moderate its room."""
    first = joined[0] if joined else BOT
    maker = creator or (BOT if group else first.user_id if isinstance(first, Person) else first)
    stamp: dict[str, str] = {} if kind is None else {"kind": kind.value} | ({"group": group} if group else {})
    events = [state_event("m.room.create", {STAMP_KEY: stamp} if stamp else {}, sender=maker)]
    events += [member(each, "join") for each in joined]
    events += [member(each, "invite", sender=maker) for each in invited]
    if not being_made:
        teachers = [p.user_id for p in joined if isinstance(p, Person) and p.role == TEACHER and group in p.groups]
        events.append(state_event("m.room.power_levels", power_levels(kind or RoomKind.CHAT, teachers), sender=maker))
    return {(event.type, event.state_key or ""): event for event in events}


def class_room(*joined: Person) -> State:
    return room(RoomKind.GROUP, BOT, *joined, group="5a")


SCHOOL = standing()
IDA_RESTS = standing(rests={IDA: resting()})
DIRECT = room(RoomKind.DIRECT, BEN, IDA)


def judge(event: FakeEvent, state: State, school: Standing = SCHOOL, gate: Gate = AT_NOON) -> Verdict:
    return gate.judge(school, event, state)


def says(sender: Person, state: State, content: Mapping[str, Any] = TEXT, school: Standing = SCHOOL) -> Verdict:
    return judge(FakeEvent(sender=sender.user_id, content=content), state, school)


def with_policy(school: Standing, **changes: Any) -> Standing:
    """The same school with other settings."""
    return replace(school, policy=replace(school.policy, **changes))


def with_line(right: Right, subject: str, *, allow: bool, level: Level = Level.ROLE) -> Standing:
    """The same school with one line more in its table of rights."""
    return standing(Rule(level=level, subject=subject, right=right, allow=allow, id="school.yaml:9"))


def opened(verdict: Verdict, sender: Person = BEN, event_type: str = "m.room.message") -> dict[str, Any]:
    """What is sealed in a verdict."""
    assert isinstance(verdict, Pass)
    assert verdict.content is not None
    binding = Binding(room_id=ROOM, sender=sender.user_id, event_type=event_type, origin_server_ts=MESSAGE_TS)
    return KEYRING.open(verdict.content[HELD_KEY], binding)


def is_held(verdict: Verdict) -> bool:
    return isinstance(verdict, Pass) and verdict.content is not None and HELD_KEY in verdict.content


NO_CALLS, PLAIN, WAITS = Refuse(Reason.NO_CONFERENCES), Refuse(Reason.NOT_ENCRYPTED), Refuse(Reason.MUST_WAIT)
RTC, WIDGET = "org.matrix.msc3401.call.member", "im.vector.modular.widgets"
PIN = {"pinned": ["$a"]}
REACTION = {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$a", "key": "👍"}}


def sends(sender: Person, event_type: str, state: State, school: Standing = SCHOOL) -> Verdict:
    """A message of a type, or state of one, as the type asks for it."""
    key = "" if event_type in CONFERENCE_STATE else None
    return judge(FakeEvent(type=event_type, sender=sender.user_id, content={}, state_key=key), state, school)


AMONG_TEACHERS = with_policy(SCHOOL, encryption=frozenset({TEACHER}))
COLLEAGUES = room(RoomKind.DIRECT, OTTO, IDA)


def encrypted(state: State) -> State:
    how = state_event("m.room.encryption", {"algorithm": MEGOLM}, sender=OTTO.user_id)
    return {**state, ("m.room.encryption", ""): how}


def switch_on(content: Mapping[str, Any], sender: Person = OTTO) -> FakeEvent:
    return FakeEvent(type="m.room.encryption", sender=sender.user_id, content=content, state_key="")


CIPHER = FakeEvent(
    type="m.room.encrypted", sender=OTTO.user_id, content={"algorithm": MEGOLM, "ciphertext": "x", "session_id": "y"}
)
