"""Appointments, put together."""

from collections.abc import Coroutine, Iterator
from typing import Any, Final

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from appointments.announcing import Announcing
from appointments.calendar_entries import AppointmentEntries
from appointments.desk import AppointmentDesk
from appointments.web.pages import AppointmentPages
from appointments.web.routes import appointment_routes
from appservice.calendar.feeds import Feeds
from appservice.homeserver import Homeserver
from appservice.school_view import SchoolView, keep_trying
from appservice.web.host import WebHost
from school.clock import Clock
from school.config import Settings
from school.domain.appointments import Keeping
from school.texts import Language

_TELL_SECONDS: Final = 2.0


class Appointments:
    """The parts that others need."""

    def __init__(
        self,
        settings: Settings,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        view: SchoolView,
        feeds: Feeds,
        clock: Clock,
    ) -> None:
        language, public_url = Language(settings.school.language), settings.web.public_url
        self.desk = AppointmentDesk(engine=engine, view=view, zone=settings.zone, clock=clock)
        self._keeping = Keeping(days=settings.keep.appointments_days, year=settings.groups.school_year)
        self._announcing = Announcing(
            engine=engine,
            bot=homeserver,
            zone=settings.zone,
            language=language,
            public_url=public_url,
            clock=clock,
        )
        entries = AppointmentEntries(
            engine=engine, view=view, zone=settings.zone, language=language, public_url=public_url
        )
        feeds.add(entries.of)
        self._pages = AppointmentPages(desk=self.desk, feeds=feeds, clock=clock)

    def routes(self, host: WebHost) -> list[web.RouteDef]:
        """Their pages."""
        return appointment_routes(host, self._pages)

    def background(self) -> Iterator[Coroutine[Any, Any, None]]:
        """What goes on by itself."""
        yield keep_trying("appointments", self._announcing.tell, pause=_TELL_SECONDS)

    async def forget(self) -> None:
        """Forgets what the school does not keep any more."""
        await self.desk.forget(self._keeping)
