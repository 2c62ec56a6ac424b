"""`!nur-lehrkraefte an | aus` / `!teachers-only on | off`: whether only teachers write in a room.

Said in the room itself or, with the name of one of the teacher's groups, in the control room.
"""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.commands import Command, Request
from appservice.bot.group_words import named_group
from appservice.bot.help_words import Topic
from appservice.bot.in_rooms import RoomCommand, RoomRequest
from appservice.bot.offers import to_teachers
from appservice.desks.reach import own_groups
from appservice.desks.teachers_only import Hush, TeachersOnlyDesk
from appservice.school_view import SchoolView
from school.database.room_rests import room_of_group
from school.domain.decisions import Reason
from school.domain.people import Person
from school.domain.rooms import RoomKind, RoomStamp
from school.texts import Language, Texts

_ON: Final = frozenset({"an", "ein", "ja", "on", "yes"})
_OFF: Final = frozenset({"aus", "nein", "off", "no"})


class TeachersOnlyCommand:
    """Hushes rooms for teachers."""

    def __init__(self, *, engine: AsyncEngine, desk: TeachersOnlyDesk, view: SchoolView) -> None:
        self._engine = engine
        self._desk = desk
        self._view = view

    def command(self) -> Command:
        """To be registered with the bot's commands."""
        return Command(
            names=((Language.GERMAN, "nur-lehrkraefte"), (Language.ENGLISH, "teachers-only")),
            help="teachers_only",
            run=self.run,
            topic=Topic.ROOMS,
            offered=to_teachers,
        )

    def in_room(self) -> RoomCommand:
        """To be heard in rooms."""
        return RoomCommand(command=self.command(), answer=self._in_room)

    async def run(self, request: Request) -> str:
        """Answers one request in the control room, where the room has to be named by its group."""
        word, _, name = request.words.partition(" ")
        if word.casefold() not in _ON | _OFF:  # the name alone asks how it is
            word, name = "", request.words
        if not name.strip():
            return request.texts.say("teachers_only.which")
        group = named_group(name.strip(), own_groups(self._view.now, request.person), request.texts)
        if isinstance(group, str):
            return group
        async with self._engine.connect() as connection:
            room_id = await room_of_group(connection, group.id)
        if room_id is None:
            return request.texts.say("groups.no_room", group=group.name)
        stamp = RoomStamp(kind=RoomKind.GROUP, group=group.id)
        return f"{group.name}: {await self._answer(request.person, room_id, stamp, word, request.texts)}"

    async def _in_room(self, request: RoomRequest) -> str:
        return await self._answer(request.person, request.room_id, request.stamp, request.words, request.texts)

    async def _answer(self, person: Person, room_id: str, stamp: RoomStamp, word: str, texts: Texts) -> str:
        wish = word.casefold()
        if wish in _ON | _OFF:
            hush = await self._desk.set(person, room_id, stamp, on=wish in _ON)
        else:
            hush = await self._desk.look(person, room_id, stamp)
        if hush.decision.reason is Reason.NOT_OFFERED:
            return texts.say("teachers_only.not_here")
        if not hush.decision:
            return texts.say("teachers_only.not_you")
        if wish and wish not in _ON | _OFF:
            return texts.say("teachers_only.not_understood")
        return _told(hush, texts, changed=bool(wish))


def _told(hush: Hush, texts: Texts, *, changed: bool) -> str:
    if changed:
        return texts.say("teachers_only.set.on") if hush.on else texts.say("teachers_only.set.off")
    return texts.say("teachers_only.now.on") if hush.on else texts.say("teachers_only.now.off")
