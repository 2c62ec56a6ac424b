"""`!ruhe-raum halten | stumm` / `!rest-room hold | silent`: whether what is written in a room waits while its teachers
rest (`school.domain.hold`).

Said by a teacher, in the room itself or, with the name of one of their groups, in the control room. The bot is not in
every room: so the answer takes the place of the command there, in the teacher's name, and everybody in the room reads
how it is now.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.commands import Command, Request
from appservice.bot.help_words import Topic
from appservice.bot.offers import to_who_rests
from appservice.direct_rooms import RoomStamps
from appservice.homeserver import Homeserver, NotThereError, RefusedError
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.database import audit
from school.database.room_rests import room_of_group, set_room_rest
from school.domain.groups import Group
from school.domain.hold import RoomMode
from school.domain.people import Person, UserId
from school.domain.rooms import RoomKind, RoomStamp
from school.sealing import HELD_KEY, Binding, Keyring, Purpose
from school.texts import Language, Texts

log = structlog.get_logger()

NAMES: Final = ((Language.GERMAN, "ruhe-raum"), (Language.ENGLISH, "rest-room"))
ROOM_REST: Final = "room_rest"
"""What the audit log names as the right by which teachers say what waits in their rooms."""
_LANGUAGES: Final = {name: language for language, name in NAMES}
_COMMAND: Final = re.compile(rf"\s*[!/]\s*({'|'.join(_LANGUAGES)})(?:\s+(.*?))?\s*", re.DOTALL | re.IGNORECASE)
_MODES: Final = {
    "halten": RoomMode.HOLD,
    "hold": RoomMode.HOLD,
    "stumm": RoomMode.SILENT,
    "silent": RoomMode.SILENT,
}


class RoomRestCommand:
    """Says what waits in a room. Answers when every Synapse process knows of it."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        view: SchoolView,
        stamps: RoomStamps,
        keyring: Keyring,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._view = view
        self._stamps = stamps
        self._keyring = keyring
        self._clock = clock

    def command(self) -> Command:
        """To be registered with the bot's commands."""
        return Command(
            names=NAMES,
            help="rest_room",
            run=self.run,
            topic=Topic.REST,
            offered=to_who_rests,
        )

    async def run(self, request: Request) -> str:
        """Answers one request in the control room, where the room has to be named by its group."""
        word, _, name = request.words.partition(" ")
        if not name.strip():
            return request.texts.say("room_rest.which")
        group = self._own_group(request.person, name)
        if group is None:
            return request.texts.say("room_rest.no_such_group", name=name.strip())
        async with self._engine.connect() as connection:
            room_id = await room_of_group(connection, group.id)
        if room_id is None:
            return request.texts.say("room_rest.no_such_group", name=group.name)
        stamp = RoomStamp(kind=RoomKind.GROUP, group=group.id)
        answer = await self._answer(request.person, room_id, stamp, word, request.texts)
        return f"{group.name}: {answer}"

    async def message(self, event: Mapping[str, Any]) -> None:
        """Answers a message, if it is the command and was written in the room that it is about."""
        content, sender = event["content"], UserId(event["sender"])
        body = content.get("body")
        if content.get("msgtype") != "m.text" or not isinstance(body, str) or HELD_KEY in content:
            return
        match = _COMMAND.fullmatch(body)
        if match is None:
            return
        stamp = await self._stamps.of(event["room_id"], seen_by=sender)
        person = self._view.now.policy.directory.person(sender)
        if stamp is None or person is None or stamp.kind is RoomKind.CONTROL:
            return
        name, words = match.groups(default="")
        texts = Texts(_LANGUAGES[name.casefold()])
        answer = await self._answer(person, event["room_id"], stamp, words, texts)
        try:
            await self._replace(event, answer)
        except (RefusedError, NotThereError) as error:
            log.info("command_not_answered", room=event["room_id"], error=str(error))

    async def _answer(self, person: Person, room_id: str, stamp: RoomStamp, word: str, texts: Texts) -> str:
        if stamp.kind not in {RoomKind.GROUP, RoomKind.CHAT}:
            return texts.say("room_rest.not_here")
        if not self._is_a_teacher_of(person, stamp):
            return texts.say("room_rest.teachers_only")
        if not word:
            return _how_it_is(self._view.now.mode_of(room_id) or (RoomMode.SILENT if stamp.group else None), texts)
        mode = _MODES.get(word.casefold())
        if mode is None:
            return texts.say("room_rest.not_understood")
        async with self._engine.begin() as connection:
            if await set_room_rest(connection, room_id, mode):
                await audit.record(
                    connection,
                    at=self._clock(),
                    actor=person.id,
                    action=audit.Action.ROOM_REST_SET,
                    target=room_id,
                    by_right=ROOM_REST,
                    details={"mode": mode.value},
                )
        await self._view.until_known_everywhere()
        return texts.say("room_rest.set.hold") if mode is RoomMode.HOLD else texts.say("room_rest.set.silent")

    def _is_a_teacher_of(self, person: Person, stamp: RoomStamp) -> bool:
        """Somebody who has rest time, and belongs to the group if it is a group's room: no visitor."""
        if not self._view.now.desk.has_rest(person.user_id):
            return False
        return stamp.group is None or stamp.group in person.groups

    def _own_group(self, person: Person, name: str) -> Group | None:
        wanted = name.casefold().split()
        groups = self._view.now.policy.directory.groups
        own = (groups[group] for group in person.groups if group in groups)
        return next((group for group in own if group.name.casefold().split() == wanted), None)

    async def _replace(self, event: Mapping[str, Any], text: str) -> None:
        """Puts a text in the place of a person's message, in their name (Matrix spec, "Event replacements")."""
        room_id, sender, ts = event["room_id"], event["sender"], int(self._clock().timestamp() * 1000)
        content = {
            "msgtype": "m.notice",
            "body": f"* {text}",
            "m.new_content": {"msgtype": "m.notice", "body": text, "m.mentions": {}},
            "m.relates_to": {"rel_type": "m.replace", "event_id": event["event_id"]},
            "m.mentions": {},
        }
        binding = Binding(room_id=room_id, sender=sender, event_type="m.room.message", origin_server_ts=ts)
        signed = self._keyring.sign(content, binding, purpose=Purpose.NOTICE, held=event["event_id"])
        await self._homeserver.send(
            room_id,
            "m.room.message",
            signed,
            txn_id=f"room-rest-{sender}-{event['event_id']}",
            as_user=UserId(sender),
            origin_server_ts=ts,
        )


def _how_it_is(mode: RoomMode | None, texts: Texts) -> str:
    match mode:
        case RoomMode.HOLD:
            return texts.say("room_rest.now.hold")
        case RoomMode.SILENT:
            return texts.say("room_rest.now.silent")
        case None:
            return texts.say("room_rest.now.by_itself")
