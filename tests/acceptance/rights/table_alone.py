"""The paths of one person: making rooms, changing them, calls and widgets in them, and the server itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from acceptance.client import Answer, Client, Json, wait_until
from acceptance.people import PROMISED_JOIN, SLACK, Person
from acceptance.rights.table_cast import Stage
from acceptance.rights.table_outcomes import Attempt, outcome

Path = Callable[[Stage, Person, None], Attempt]


@dataclass(frozen=True)
class Place:
    """A room that somebody is in, and somebody else who sees what happens there."""

    room: str
    witness: Person


class Places:
    """The rooms that one of the three has beforehand, and those of others."""

    def __init__(self, stage: Stage, one: Person) -> None:
        self._stage, self._one = stage, one
        groups = {
            stage.teacher: ("Klasse 8.2", stage.child),
            stage.pupil: ("Klasse 9.1", stage.classmate),
            stage.guardian: ("Sorgeberechtigte 8.2", stage.one_of_the_class),
        }
        group, self._peer = groups[one]
        self.group = Place(stage.demo.info["rooms"][group], self._peer)

    @property
    def direct(self) -> Place:
        return Place(self._stage.direct_room_of(self._one), self._stage.host)

    @property
    def with_a_peer(self) -> Place:
        return Place(self._stage.direct_room_of_two(self._one, self._peer).ok()["room_id"], self._peer)

    @property
    def own_chat(self) -> Place:
        return Place(self._stage.chat_of(self._one).ok()["room_id"], self._one)

    @property
    def teachers_chat(self) -> Place:
        return Place(self._stage.teachers_chat(self._one), self._stage.host)

    @property
    def direct_of_others(self) -> Place:
        s = self._stage
        one, other = (s.guardian, s.one_of_the_class) if self._one is s.pupil else (s.pupil, s.classmate)
        return Place(s.direct_room_of_two(one, other).ok()["room_id"], one)

    @property
    def chat_of_others(self) -> Place:
        other = self._stage.guardian if self._one is self._stage.teacher else self._stage.teacher
        return Place(self._stage.chat_of(other).ok()["room_id"], other)


# How a path is written down


def _makes(**request: Any) -> Path:
    def path(stage: Stage, one: Person, _: None) -> Attempt:
        yield ""
        answer = one.try_create_room(**request)
        yield outcome(answer)
        assert one.members(answer.body["room_id"]) == {one.user_id}

    return path


def _sends(place: str, event_type: str, content: Json) -> Path:
    def path(stage: Stage, one: Person, _: None) -> Attempt:
        where = _place(stage, one, place)
        yield ""
        answer = one.try_send(where.room, content, event_type)
        yield outcome(answer)
        assert where.witness.event(where.room, answer.body["event_id"])["type"] == event_type

    return path


def _sets(place: str, event_type: str, content: Json, state_key: Callable[[Person], str] = lambda _: "") -> Path:
    def path(stage: Stage, one: Person, _: None) -> Attempt:
        where = _place(stage, one, place)
        yield ""
        answer = one.set_state(where.room, event_type, content, state_key(one))
        yield outcome(answer)
        assert where.witness.state(where.room, event_type, state_key(one)).ok() == content

    return path


def _asks(place: str, request: Callable[[Stage, Person, str], Answer]) -> Path:
    """One request about a room, whose answer says everything."""

    def path(stage: Stage, one: Person, _: None) -> Attempt:
        room = _place(stage, one, place).room
        yield ""
        yield outcome(request(stage, one, room))

    return path


def _place(stage: Stage, one: Person, place: str) -> Place:
    return getattr(Places(stage, one), place)


# Rooms


def _opens_a_room_with_the_bot(stage: Stage, one: Person, _: None) -> Attempt:
    bot = stage.demo.info["bot"]
    yield ""
    answer = one.try_create_room(is_direct=True, invite=[bot])
    yield outcome(answer)
    wait_until(lambda: bot in one.members(answer.body["room_id"]), PROMISED_JOIN + SLACK)


def _brings_a_third(stage: Stage, one: Person, room: str) -> Answer:
    return one.invite(room, stage.colleague.user_id)


def _gives_an_address(stage: Stage, one: Person, room: str) -> Answer:
    return one.put(f"directory/room/%23klassenfest:{stage.demo.info['server_name']}", {"room_id": room})


def _lists(stage: Stage, one: Person, room: str) -> Answer:
    return one.put(f"directory/list/room/{room}", {"visibility": "public"})


def _upgrades(stage: Stage, one: Person, room: str) -> Answer:
    return one.post(f"rooms/{room}/upgrade", {"new_version": "12"})


def _enters(stage: Stage, one: Person, room: str) -> Answer:
    return one.join(room)


def _knocks(stage: Stage, one: Person, room: str) -> Answer:
    return one.post(f"knock/{room}", {"reason": "Bitte lasst mich herein."})


def _reads(stage: Stage, one: Person, room: str) -> Answer:
    return one.get(f"rooms/{room}/messages", dir="b")


def _opens_a_direct_room_with_a_name(stage: Stage, one: Person, _: str) -> Answer:
    return one.try_create_room(invite=[stage.host.user_id], is_direct=True, name="Unter uns")


# Calls, widgets, encryption


_OFFER = {"type": "offer", "sdp": "v=0"}
_CALL = {"call_id": "1", "party_id": "1", "version": "1", "lifetime": 60_000, "offer": _OFFER}
_ANSWER = {"call_id": "1", "party_id": "2", "version": "1", "answer": _OFFER | {"type": "answer"}}
_HANGUP = {"call_id": "1", "party_id": "2", "version": "1", "reason": "user_hangup"}
_RING = {"notify_type": "ring", "application": "m.call", "call_id": "", "m.mentions": {"user_ids": [], "room": True}}
_IN_CALL = {"application": "m.call", "call_id": "", "scope": "m.room", "device_id": "GERAET", "foci_preferred": []}
_WIDGET = {"id": "tafel", "type": "m.custom", "url": "https://example.org/tafel", "name": "Tafel", "data": {}}
_CIPHER = {"algorithm": "m.megolm.v1.aes-sha2"}
_ENCRYPTED = _CIPHER | {"ciphertext": "x", "session_id": "x", "sender_key": "x", "device_id": "GERAET"}

_IN_ELEMENT_CALL = "org.matrix.msc3401.call.member"
_ELEMENT_WIDGET = "im.vector.modular.widgets"


def _own_id(one: Person) -> str:
    return one.user_id


# The server


def _lists_accounts(stage: Stage, one: Person, _: str) -> Answer:
    return one.get("/_synapse/admin/v2/users")


def _makes_an_account(stage: Stage, one: Person, _: str) -> Answer:
    new = f"/_synapse/admin/v2/users/@neu:{stage.demo.info['server_name']}"
    answer = one.put(new, {"password": "geheim-geheim"})
    assert stage.admin.get(new).status == 404
    return answer


def _registers(stage: Stage, one: Person, _: str) -> Answer:
    request = {"username": "neu", "password": "geheim-geheim", "auth": {"type": "m.login.dummy"}}
    return Client(one.homeserver).post("register", request)


def _becomes_server_admin(stage: Stage, one: Person, _: str) -> Answer:
    return one.put(f"/_synapse/admin/v1/users/{one.user_id}/admin", {"admin": True})


def _becomes_room_admin(stage: Stage, one: Person, room: str) -> Answer:
    levels = one.state(room, "m.room.power_levels").ok()
    answer = one.set_state(room, "m.room.power_levels", levels | {"users": levels["users"] | {one.user_id: 100}})
    assert one.state(room, "m.room.power_levels").ok() == levels
    return answer


def _sets_a_password(stage: Stage, one: Person, _: str) -> Answer:
    answer = one.post(f"/_synapse/admin/v1/reset_password/{stage.child.user_id}", {"new_password": "geheim-geheim"})
    assert Client(one.homeserver).try_login(stage.child.user_id, "geheim-geheim").status == 403
    return answer


def _takes_another_name(stage: Stage, one: Person, _: str) -> Answer:
    answer = one.put(f"profile/{one.user_id}/displayname", {"displayname": "Die Schulleitung"})
    assert one.get(f"profile/{one.user_id}").ok()["displayname"] == one.name
    return answer


def _closes_the_account(stage: Stage, one: Person, _: str) -> Answer:
    who = {"type": "m.id.user", "user": one.user_id}
    proof = {"type": "m.login.password", "identifier": who, "password": one.account["password"]}
    answer = one.post("account/deactivate", {"auth": proof})
    one.get("account/whoami").ok()
    return answer


def _tells_the_school(stage: Stage, one: Person, _: str) -> Answer:
    web = Client(stage.demo.info["web"], token=one.token)
    return web.post("/_schulbote/module/login", {"user_id": stage.another_guardian.user_id})


PATHS = {
    "make a chat": _makes(preset="private_chat"),
    "make a chat with a name and a topic": _makes(preset="private_chat", name="Klassenfest", topic="Wer bringt was?"),
    "make a chat with an address": _makes(name="Klassenfest", room_alias_name="klassenfest"),
    "make a chat that is listed": _makes(name="Klassenfest", visibility="public"),
    "make a chat that anybody may enter": _makes(name="Klassenfest", preset="public_chat"),
    "rename a chat of their own": _sets("own_chat", "m.room.name", {"name": "Sommerfest"}),
    "open a chat of their own to everybody": _sets("own_chat", "m.room.join_rules", {"join_rule": "public"}),
    "make a space": _makes(name="Unser Bereich", creation_content={"type": "m.space"}),
    "open a direct room with the bot": _opens_a_room_with_the_bot,
    "open a direct room that has a name": _asks("direct", _opens_a_direct_room_with_a_name),
    "name their direct room": _sets("direct", "m.room.name", {"name": "Unter uns"}),
    "bring a third into their direct room": _asks("direct", _brings_a_third),
    "give their direct room an address": _asks("direct", _gives_an_address),
    "list their direct room": _asks("direct", _lists),
    "upgrade their direct room": _asks("direct", _upgrades),
    "enter a direct room of others": _asks("direct_of_others", _enters),
    "knock at a direct room of others": _asks("direct_of_others", _knocks),
    "read a direct room of others": _asks("direct_of_others", _reads),
    "enter a chat of others, uninvited": _asks("chat_of_others", _enters),
    "call somebody in a direct room": _sends("direct", "m.call.invite", _CALL),
    "call, as Element Call rings": _sends("direct", "org.matrix.msc4075.rtc.notification", _RING),
    "answer a teacher's call": _sends("direct", "m.call.answer", _ANSWER),
    "hang up a teacher's call": _sends("direct", "m.call.hangup", _HANGUP),
    "answer somebody who may not call": _sends("with_a_peer", "m.call.answer", _ANSWER),
    "join Element Call in a direct room": _sets("direct", _IN_ELEMENT_CALL, _IN_CALL, _own_id),
    "call in the room of their group": _sends("group", "m.call.invite", _CALL),
    "join Element Call in the room of their group": _sets("group", _IN_ELEMENT_CALL, _IN_CALL, _own_id),
    "put a widget into the room of their group": _sets("group", _ELEMENT_WIDGET, _WIDGET, lambda _: "tafel"),
    "call in a teacher's chat": _sends("teachers_chat", "m.call.invite", _CALL),
    "put a widget into a teacher's chat": _sets("teachers_chat", _ELEMENT_WIDGET, _WIDGET, lambda _: "tafel"),
    "put a widget into a direct room": _sets("direct", _ELEMENT_WIDGET, _WIDGET, lambda _: "tafel"),
    "encrypt a direct room": _sets("direct", "m.room.encryption", _CIPHER),
    "encrypt a chat of their own": _sets("own_chat", "m.room.encryption", _CIPHER),
    "write something encrypted": _sends("direct", "m.room.encrypted", _ENCRYPTED),
    "list all accounts": _asks("direct", _lists_accounts),
    "make an account": _asks("direct", _makes_an_account),
    "register an account, without being signed in": _asks("direct", _registers),
    "become an administrator of the server": _asks("direct", _becomes_server_admin),
    "become an administrator of the group's room": _asks("group", _becomes_room_admin),
    "set the password of somebody else": _asks("direct", _sets_a_password),
    "take another name": _asks("direct", _takes_another_name),
    "close the own account": _asks("direct", _closes_the_account),
    "tell the school that somebody has come": _asks("direct", _tells_the_school),
}

_BLOCKS = ("BY THEMSELVES", "CALLS, WIDGETS AND ENCRYPTION", "IMPORT PEOPLE, CHANGE RIGHTS (nobody may)")


def people(stage: Stage) -> dict[tuple[str, str], tuple[Person, None]]:
    """Who acts, by the heads of block and column."""
    three = {"a teacher": stage.teacher, "a pupil": stage.pupil, "a guardian": stage.guardian}
    return {(block, column): (one, None) for block in _BLOCKS for column, one in three.items()}
