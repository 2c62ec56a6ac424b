"""Commands that are written in the room that they are about.

The bot is not in every room: so the answer takes the place of the command there, in the name of whoever wrote it, and
everybody in the room reads how it is now.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

import structlog

from appservice.bot.commands import EXPLAIN, Command
from appservice.bot.help_words import explain, plain_names
from appservice.direct_rooms import RoomStamps
from appservice.homeserver import Homeserver, HomeserverError, NotThereError, RefusedError
from appservice.patience import patiently
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.domain.people import Person, UserId
from school.domain.rooms import RoomKind, RoomStamp
from school.sealing import HELD_KEY, Binding, Keyring, Purpose
from school.standing import CannotDecideError
from school.texts import Texts

log = structlog.get_logger()

_COMMAND: Final = re.compile(r"\s*[!/]\s*(\S+)(?:\s+(.*?))?\s*", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomRequest:
    """What somebody wants of the room that they write in."""

    person: Person
    room_id: str
    stamp: RoomStamp
    words: str
    texts: Texts
    event_id: str = ""
    """The message that asks, in whose place the answer comes."""
    replies_to: str | None = None
    """The message to which that is a reply."""


Answer: TypeAlias = Callable[[RoomRequest], Awaitable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomCommand:
    """A command, and what answers it in a room."""

    command: Command
    answer: Answer


class InRooms:
    """Hears commands in all rooms but control rooms, which answer themselves."""

    def __init__(
        self,
        commands: Iterable[RoomCommand],
        *,
        homeserver: Homeserver,
        view: SchoolView,
        stamps: RoomStamps,
        keyring: Keyring,
        clock: Clock = utc_now,
    ) -> None:
        self._by_name = {
            plain: (language, each)
            for each in commands
            for language, name in each.command.names
            for plain in plain_names(name)
        }
        self._homeserver = homeserver
        self._view = view
        self._stamps = stamps
        self._keyring = keyring
        self._clock = clock

    async def message(self, event: Mapping[str, Any]) -> None:
        """Answers a message, if it is such a command; a homeserver that is busy is waited for."""
        content, sender = event["content"], UserId(event["sender"])
        body = content.get("body")
        if content.get("msgtype") != "m.text" or not isinstance(body, str) or HELD_KEY in content:
            return
        match = _COMMAND.fullmatch(_without_quote(body) if _replied_to(content) else body)
        known = (self._by_name.get(plain) for plain in plain_names(match[1])) if match else ()
        found = next((each for each in known if each is not None), None)
        if match is None or found is None:
            return
        stamp, person = await patiently(lambda: self._where_and_who(event["room_id"], sender))
        if stamp is None or person is None or stamp.kind is RoomKind.CONTROL:
            return
        language, command = found
        request = RoomRequest(
            person=person,
            room_id=event["room_id"],
            stamp=stamp,
            words=match[2] or "",
            texts=Texts(language),
            event_id=event["event_id"],
            replies_to=_replied_to(content),
        )
        try:
            answer = await self._answer(command, request)
            await patiently(lambda: self._in_place_of(event["room_id"], event["event_id"], sender, answer))
        except (RefusedError, NotThereError) as error:
            log.info("command_not_answered", room=event["room_id"], error=str(error))

    async def _where_and_who(self, room_id: str, sender: UserId) -> tuple[RoomStamp | None, Person | None]:
        return await self._stamps.of(room_id, seen_by=sender), self._view.now.policy.directory.person(sender)

    async def _answer(self, command: RoomCommand, request: RoomRequest) -> str:
        if request.words.casefold() in EXPLAIN:
            return explain(command.command, request.texts)
        try:
            return await command.answer(request)
        except (HomeserverError, CannotDecideError) as error:
            log.warning("command_failed", error=str(error))
        except Exception:
            log.exception("command_failed")
        return request.texts.say("bot.failed")

    async def _in_place_of(self, room_id: str, event_id: str, sender: UserId, text: str) -> None:
        await put_in_place(
            self._homeserver,
            self._keyring,
            room_id=room_id,
            event_id=event_id,
            sender=sender,
            text=text,
            txn_id=f"in-room-{sender}-{event_id}",
            at=self._clock(),
        )


def _replied_to(content: Mapping[str, Any]) -> str | None:
    relation = content.get("m.relates_to")
    reply = relation.get("m.in_reply_to") if isinstance(relation, Mapping) else None
    found = reply.get("event_id") if isinstance(reply, Mapping) else None
    return found if isinstance(found, str) else None


def _without_quote(body: str) -> str:
    """What somebody wrote; older clients put before it what they reply to (Matrix spec 1.12, "Fallbacks for rich
    replies")."""
    lines = body.split("\n")
    while lines and lines[0].startswith(">"):
        del lines[0]
    return "\n".join(lines)


async def put_in_place(
    homeserver: Homeserver,
    keyring: Keyring,
    *,
    room_id: str,
    event_id: str,
    sender: UserId,
    text: str,
    txn_id: str,
    at: datetime,
) -> None:
    """Puts a text in the place of a person's message, in their name (Matrix spec, "Event replacements")."""
    ts = int(at.timestamp() * 1000)
    content = {
        "msgtype": "m.notice",
        "body": f"* {text}",
        "m.new_content": {"msgtype": "m.notice", "body": text, "m.mentions": {}},
        "m.relates_to": {"rel_type": "m.replace", "event_id": event_id},
        "m.mentions": {},
    }
    binding = Binding(room_id=room_id, sender=sender, event_type="m.room.message", origin_server_ts=ts)
    signed = keyring.sign(content, binding, purpose=Purpose.NOTICE, held=event_id)
    await homeserver.send(room_id, "m.room.message", signed, txn_id=txn_id, as_user=sender, origin_server_ts=ts)
