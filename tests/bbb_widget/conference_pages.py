"""The pages of a school with conferences, and browsers that keep cookies."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builders import IDA
from conference_school import CLASS, Conferences, with_conferences
from pages_world import Browser, World
from sqlalchemy.ext.asyncio import AsyncEngine

from bbb_widget.conferences import Wish
from bbb_widget.web import PAGES
from bbb_widget.web.calendar_file import CalendarFile
from bbb_widget.web.parts import PageParts
from bbb_widget.web.routes import page_routes
from school.database.conferences import Conference
from school.domain.people import Person


@dataclass
class Pages:
    """A school's conferences, and their pages."""

    it: Conferences
    world: World

    async def as_person(self, person: Person) -> Browser:
        return await self.world.by_link(person)

    async def conference(self, **wish: Any) -> tuple[Conference, str]:
        """Ida's, and its page."""
        conference = await self.it.started(Wish(place=CLASS, title="Mathe", **wish))
        return conference, f"/conference/{conference.id}"

    async def guest(self, conference: Conference, name: str = "Petra Lehmann") -> str:
        """The path of a guest's page."""
        invited = await self.it.guests.invite(IDA, conference, name)
        return f"/conference/guest/{invited.token}"


@asynccontextmanager
async def with_pages(database: Path, engine: AsyncEngine, folder: Path, **settings: Any) -> AsyncIterator[Pages]:
    async with with_conferences(database, engine, **settings) as it:
        parts = PageParts(desk=it.desk, guests=it.guests, school=it.settings, view=it.school.view, clock=lambda: it.now)
        world = World(
            engine,
            folder,
            page_sets=(PAGES,),
            view=it.school.view,
            more=lambda pages: page_routes(
                pages.host, parts, CalendarFile(it.entries, it.feeds), misses=pages.limits.proofs, leads_to="https:"
            ),
        )
        await world.server.start_server()
        yield Pages(it, world)
        for browser in world.browsers:
            await browser.client.close()
        await world.server.close()
