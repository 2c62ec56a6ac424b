"""The commands about what waits, what must not wait, and who will be absent, each with its desk."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.commands import Command
from appservice.bot.outbox_command import OutboxCommand
from appservice.bot.sick_command import SickCommand
from appservice.bot.urgent_command import UrgentCommand
from appservice.bot.waiting_command import WaitingCommand
from appservice.desks.incoming import IncomingDesk
from appservice.desks.office import OfficeDesk
from appservice.desks.outbox import OutboxDesk, TakeBack
from appservice.desks.urgent import UrgentDesk
from appservice.direct_rooms import DirectRooms
from appservice.held_words import HeldWords
from appservice.homeserver import Homeserver
from appservice.school_view import SchoolView
from school.clock import Clock
from school.config import Settings
from school.sealing import Keyring
from school.texts import Language, Texts


def commands_about_waiting(
    settings: Settings,
    *,
    engine: AsyncEngine,
    homeserver: Homeserver,
    view: SchoolView,
    keyring: Keyring,
    direct_rooms: DirectRooms,
    take_back: TakeBack,
    clock: Clock,
) -> Iterator[Command]:
    """All of them."""
    texts = Texts(Language(settings.school.language))
    words = HeldWords(engine=engine, homeserver=homeserver, keyring=keyring)
    every: dict[str, Any] = {"engine": engine, "homeserver": homeserver, "view": view, "clock": clock}
    yield WaitingCommand(desk=IncomingDesk(words=words, **every), view=view, clock=clock).command()
    outbox = OutboxDesk(words=words, take_back=take_back, **every)
    yield from OutboxCommand(desk=outbox, view=view, clock=clock).commands()
    yield SickCommand(desk=OfficeDesk(office=settings.rest.office, texts=texts, **every)).command()
    yield UrgentCommand(
        desk=UrgentDesk(
            direct_rooms=direct_rooms, keyring=keyring, texts=texts, per_day=settings.rest.urgent_per_day, **every
        )
    ).command()
