"""Tasks, put together from what school.yaml says."""

from collections.abc import Callable, Sequence

import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.sync_news import Tell
from appservice.homeserver import HomeserverError
from appservice.school_view import SchoolView
from appservice.web.host import WebHost
from school.clock import Clock
from school.config import ConfigError, Settings, read_keys
from school.domain.people import Person
from school.domain.tasks import Task
from school.texts import Language, Texts
from tasks.book import TaskBook
from tasks.checking_desk import CheckingDesk
from tasks.giving_files import GivingFiles
from tasks.keeping import TaskKeeping
from tasks.keys import TaskKeys
from tasks.scanning import Scanner
from tasks.setting_desk import SettingDesk
from tasks.store import FileStore
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
        view: SchoolView,
        tell: Callable[[], Tell],
        clock: Clock,
    ) -> None:
        self._tell = tell
        self._clock = clock
        self._texts = Texts(Language(settings.school.language))
        self._url = settings.web.public_url
        self._zone = settings.zone
        self.parts: PageParts | None = None
        self._keeping: TaskKeeping | None = None
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
        self._keeping = TaskKeeping(
            book, store=store, uploads=uploads, year=settings.groups.school_year, days=settings.keep.tasks_days
        )

    def routes(self, host: WebHost) -> list[web.RouteDef]:
        """The pages."""
        return [] if self.parts is None else task_routes(host, self.parts, remind=self.remind)

    async def keep(self) -> None:
        """What is to be done every hour."""
        if self._keeping is not None:
            await self._keeping.keep()

    async def remind(self, task: Task, people: Sequence[Person]) -> None:
        """The bot tells people what they owe, each in their room with it; nobody twice on one day."""
        day = self._clock().astimezone(self._zone).date()
        for person in people:
            due = self._texts.when(task.dates_of(person.id).due, self._zone, now=self._clock())
            words = self._texts.say("tasks.reminder", title=task.title, due=due, link=f"{self._url}/task/{task.id}")
            try:
                await self._tell()(person.user_id, words, txn_id=f"task-reminder-{task.id}-{person.user_id}-{day}")
            except HomeserverError as error:
                log.warning("not_reminded", task=task.id, error=str(error))
