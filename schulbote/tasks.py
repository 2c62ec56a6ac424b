"""Tasks, put together from what school.yaml says."""

from collections.abc import Callable, Iterator
from datetime import datetime

import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.commands import Command
from appservice.bot.sync_news import Tell
from appservice.calendar.feeds import Feeds
from appservice.homeserver import Homeserver
from appservice.school_view import SchoolView
from appservice.web.host import WebHost
from school.clock import Clock
from school.config import ConfigError, Settings, read_keys
from school.domain.people import UserId
from school.texts import Language, Texts
from tasks.book import TaskBook
from tasks.calendar_entries import TaskEntries
from tasks.checking_desk import CheckingDesk
from tasks.giving_files import GivingFiles
from tasks.keeping import TaskKeeping
from tasks.keys import TaskKeys
from tasks.scanning import Scanner
from tasks.setting_desk import SettingDesk
from tasks.store import FileStore
from tasks.task_command import TaskCommands
from tasks.telling import Telling
from tasks.uploads import Limits, Uploads
from tasks.web.parts import PageParts
from tasks.web.routes import task_routes
from tasks.working_desk import WorkingDesk

log = structlog.get_logger()


class TasksOfSchool:
    """The parts that others need. Without `secrets/task_keys` there are no tasks, and all else goes on: a school that
    is older than tasks has none."""

    def __init__(
        self,
        settings: Settings,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        view: SchoolView,
        tell: Callable[[], Tell],
        feeds: Feeds,
        clock: Clock,
    ) -> None:
        self.parts: PageParts | None = None
        self._keeping: TaskKeeping | None = None
        self._telling: Telling | None = None
        self._commands: TaskCommands | None = None
        store = FileStore(settings.tasks.folder)
        try:
            keys = TaskKeys(read_keys(settings.secrets.task_keys))
            store.ensure_can_be_used()
        except (ConfigError, OSError) as error:
            log.warning("no_tasks", why=str(error))
            return
        book = TaskBook(engine=engine, view=view, keys=keys, school=settings.tasks, clock=clock)
        uploads = Uploads(
            engine=engine,
            store=store,
            keys=keys,
            scanner=Scanner(settings.tasks.clamd),
            limits=Limits(max_bytes=settings.tasks.max_bytes, most_files=settings.tasks.most_files),
            clock=clock,
        )
        self.parts = PageParts(
            book=book,
            setting=SettingDesk(book),
            working=WorkingDesk(book),
            checking=CheckingDesk(book),
            giving=GivingFiles(book, store),
            uploads=uploads,
            store=store,
            view=view,
        )
        entries = TaskEntries(
            book,
            working=self.parts.working,
            checking=self.parts.checking,
            texts=Texts(Language(settings.school.language)),
            public_url=settings.web.public_url,
        )
        feeds.add(entries.of)
        self._telling = Telling(
            book,
            bot=homeserver,
            tell=tell,
            texts=Texts(Language(settings.school.language)),
            public_url=settings.web.public_url,
        )
        self._commands = TaskCommands(
            book=book,
            view=view,
            setting=self.parts.setting,
            working=self.parts.working,
            checking=self.parts.checking,
            public_url=settings.web.public_url,
        )
        self._keeping = TaskKeeping(
            book, store=store, uploads=uploads, year=settings.groups.school_year, days=settings.keep.tasks_days
        )

    def routes(self, host: WebHost) -> list[web.RouteDef]:
        """The pages."""
        if self.parts is None or self._telling is None:
            return []
        return task_routes(host, self.parts, remind=self._telling.remind)

    async def keep(self) -> None:
        """What is to be done every hour."""
        if self._keeping is not None:
            await self._keeping.keep()

    def commands(self) -> Iterator[Command]:
        """What the bot is asked."""
        if self._commands is not None:
            yield from self._commands.commands()

    async def tell(self) -> None:
        """Tells people what they were not told yet."""
        if self._telling is not None:
            await self._telling.look()

    async def came_in(self, user_id: UserId, after: datetime, before: datetime) -> str:
        """What a teacher is told after a rest."""
        return "" if self._telling is None else await self._telling.came_in(user_id, after, before)
