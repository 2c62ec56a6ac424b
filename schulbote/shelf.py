"""The file shelves, put together."""

from collections.abc import Coroutine, Iterator
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import Homeserver
from appservice.school_view import SchoolView
from appservice.web.host import WebHost
from school.clock import Clock
from shelf.desk import ShelfDesk
from shelf.index import ShelfIndex
from shelf.looking_back import LookingBack
from shelf.web.files import FilePages
from shelf.web.pages import ShelfPages
from shelf.web.routes import shelf_routes


class Shelves:
    """The parts that others need."""

    def __init__(self, *, engine: AsyncEngine, homeserver: Homeserver, view: SchoolView, clock: Clock) -> None:
        self.index = ShelfIndex(engine=engine, events=homeserver)
        self.looking_back = LookingBack(engine=engine, rooms=homeserver, index=self.index, clock=clock)
        self.desk = ShelfDesk(engine=engine, view=view, messenger=homeserver, index=self.index, clock=clock)
        self._pages = ShelfPages(desk=self.desk, limits=homeserver)
        self._files = FilePages(pages=self._pages, desk=self.desk, index=self.index, files=homeserver)

    def routes(self, host: WebHost) -> list[web.RouteDef]:
        """Their pages."""
        return shelf_routes(host, self._pages, self._files)

    def background(self) -> Iterator[Coroutine[Any, Any, None]]:
        """What goes on by itself."""
        yield self.index.run()
        yield self.looking_back.run()
