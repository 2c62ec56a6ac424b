"""All that has to do with groups of teachers and with inviting groups: their commands, and what looks after them."""

from collections.abc import Coroutine, Iterator
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.commands import Command
from appservice.bot.group_command import GroupCommand
from appservice.bot.in_rooms import RoomCommand
from appservice.bot.invite_command import InviteCommand
from appservice.bot.sync_news import Tell
from appservice.chats import Chats
from appservice.desks.groups import GroupsDesk
from appservice.desks.invitations import InvitationsDesk
from appservice.direct_rooms import RoomStamps
from appservice.group_keeper import GroupKeeper
from appservice.guest_lists import GuestLists
from appservice.homeserver import Homeserver
from appservice.inviting import Inviting
from appservice.school_view import SchoolView
from appservice.seats import Seats
from appservice.year_end import YearEnd
from school.clock import Clock
from school.config import Settings
from school.texts import Language, Texts
from schulbote.syncing import group_rooms


class GroupParts:
    """Puts them together."""

    def __init__(
        self,
        settings: Settings,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        view: SchoolView,
        seats: Seats,
        stamps: RoomStamps,
        clock: Clock,
    ) -> None:
        self._year = settings.groups.school_year
        self._texts = Texts(Language(settings.school.language))
        self._common: dict[str, Any] = {"engine": engine, "view": view, "clock": clock}
        self._homeserver = homeserver
        self._keeper = GroupKeeper(rooms=group_rooms(settings, engine, homeserver), seats=seats, **self._common)
        self._chats = Chats(homeserver=homeserver, stamps=stamps)
        self._inviting = Inviting(
            homeserver=homeserver, view=view, colleagues_pass=settings.rest.colleagues_pass, clock=clock
        )
        groups = GroupsDesk(year=self._year, changed=self._keeper.changed, **self._common)
        invitations = InvitationsDesk(chats=self._chats, inviting=self._inviting, **self._common)
        self._group = GroupCommand(desk=groups, view=view, clock=clock)
        self._invite = InviteCommand(desk=invitations, view=view)

    def commands(self) -> Iterator[Command]:
        """For control rooms."""
        yield self._group.command()
        yield self._invite.command()

    def in_room(self) -> RoomCommand:
        """For the rooms that it is about."""
        return self._invite.in_room()

    def background(self, tell: Tell) -> Iterator[Coroutine[Any, Any, None]]:
        """What runs beside the answers; `tell` says something in somebody's control room."""
        told: dict[str, Any] = {"tell": tell, "texts": self._texts, **self._common}
        yield self._keeper.run()
        yield YearEnd(year=self._year, changed=self._keeper.changed, **told).run()
        yield GuestLists(homeserver=self._homeserver, chats=self._chats, inviting=self._inviting, **told).run()
