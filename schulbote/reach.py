"""The commands about people, groups and rooms, put together: whom one reaches, and how."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.commands import Command
from appservice.bot.contacts_command import ContactsCommand
from appservice.bot.enter_command import EnterCommand
from appservice.bot.in_rooms import RoomCommand
from appservice.bot.lock_command import LockCommand
from appservice.bot.rights_command import RightsCommand
from appservice.bot.sync_news import Tell
from appservice.bot.teachers_only_command import TeachersOnlyCommand
from appservice.bot.to_command import ToCommand
from appservice.bot.who_command import WhoCommand
from appservice.desks.circulars import CircularDesk
from appservice.desks.contacts import ContactsDesk
from appservice.desks.entering import EnteringDesk
from appservice.desks.locks import LockDesk
from appservice.desks.members import MembersDesk
from appservice.desks.rights import RightsDesk
from appservice.desks.teachers_only import TeachersOnlyDesk
from appservice.homeserver import Homeserver
from appservice.school_view import SchoolView
from school.clock import Clock
from school.domain.people import UserId
from school.sealing import Keyring


class Reach:
    """The desks, and the commands that ask them."""

    def __init__(
        self, *, engine: AsyncEngine, homeserver: Homeserver, view: SchoolView, keyring: Keyring, clock: Clock
    ) -> None:
        every: dict[str, Any] = {"engine": engine, "homeserver": homeserver, "view": view, "clock": clock}
        is_admin = homeserver.is_admin
        self._view = view
        self._clock = clock
        self._entering = EnteringDesk(**every)
        self._hushing = TeachersOnlyDesk(**every)
        self._members = MembersDesk(engine=engine, view=view)
        self._locks = LockDesk(engine=engine, homeserver=homeserver, is_admin=is_admin, clock=clock)
        self._rights = RightsDesk(view=view, is_admin=is_admin)
        circulars = CircularDesk(keyring=keyring, entering=self._entering, hushing=self._hushing, **every)
        self._to = ToCommand(desk=circulars, view=view)
        self._teachers_only = TeachersOnlyCommand(engine=engine, desk=self._hushing, view=view)

    def commands(self) -> Iterator[Command]:
        """All that are asked in control rooms."""
        view = self._view
        yield ContactsCommand(desk=ContactsDesk(view=view)).command()
        yield WhoCommand(desk=self._members, view=view).command()
        yield self._to.command()
        yield from EnterCommand(desk=self._entering, view=view).commands()
        yield self._teachers_only.command()
        yield RightsCommand(desk=self._rights, locks=self._locks, view=view).command()
        yield from LockCommand(desk=self._locks, view=view, clock=self._clock).commands()

    def in_rooms(self) -> Iterator[RoomCommand]:
        """All that are asked in the room that they are about."""
        yield self._teachers_only.in_room()

    async def came(self, room_id: str, user_id: UserId) -> None:
        """Somebody has come into a room."""
        await self._hushing.came(room_id, user_id)

    async def finish_circulars(self, tell: Tell) -> None:
        """Sends what was left open."""
        await self._to.finish(tell)
