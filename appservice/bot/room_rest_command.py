"""`!ruhe-raum halten | stumm` / `!rest-room hold | silent`: whether what is written in a room waits while its teachers
rest (`school.domain.hold`).

Said by a teacher, in the room itself or, with the name of one of their groups, in the control room.
"""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.commands import Command, Request
from appservice.bot.group_words import named_group
from appservice.bot.help_words import Topic
from appservice.bot.in_rooms import RoomCommand, RoomRequest
from appservice.bot.offers import to_who_rests
from appservice.desks.reach import own_groups
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.database import audit
from school.database.room_rests import room_of_group, set_room_rest
from school.domain.hold import RoomMode
from school.domain.people import Person
from school.domain.rooms import RoomKind, RoomStamp
from school.texts import Language, Texts

ROOM_REST: Final = "room_rest"
"""What the audit log names as the right by which teachers say what waits in their rooms."""
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
        view: SchoolView,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._view = view
        self._clock = clock

    def command(self) -> Command:
        """To be registered with the bot's commands."""
        return Command(
            names=((Language.GERMAN, "ruhe-raum"), (Language.ENGLISH, "rest-room")),
            help="rest_room",
            run=self.run,
            topic=Topic.REST,
            offered=to_who_rests,
        )

    def in_room(self) -> RoomCommand:
        """To be heard in rooms."""
        return RoomCommand(command=self.command(), answer=self._in_room)

    async def run(self, request: Request) -> str:
        """Answers one request in the control room, where the room has to be named by its group."""
        word, _, name = request.words.partition(" ")
        if not name.strip():
            return request.texts.say("room_rest.which")
        group = named_group(name.strip(), own_groups(self._view.now, request.person), request.texts)
        if isinstance(group, str):
            return group
        async with self._engine.connect() as connection:
            room_id = await room_of_group(connection, group.id)
        if room_id is None:
            return request.texts.say("groups.no_room", group=group.name)
        stamp = RoomStamp(kind=RoomKind.GROUP, group=group.id)
        answer = await self._answer(request.person, room_id, stamp, word, request.texts)
        return f"{group.name}: {answer}"

    async def _in_room(self, request: RoomRequest) -> str:
        return await self._answer(request.person, request.room_id, request.stamp, request.words, request.texts)

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


def _how_it_is(mode: RoomMode | None, texts: Texts) -> str:
    match mode:
        case RoomMode.HOLD:
            return texts.say("room_rest.now.hold")
        case RoomMode.SILENT:
            return texts.say("room_rest.now.silent")
        case None:
            return texts.say("room_rest.now.by_itself")
