"""The appservice as a program: puts its parts together and runs them until it is told to stop."""

import asyncio
import contextlib
import signal
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.absence_command import AbsenceCommand
from appservice.bot.commands import Commands
from appservice.bot.control_rooms import ControlRooms
from appservice.bot.in_rooms import InRooms
from appservice.bot.rest_command import RestCommand
from appservice.bot.room_rest_command import RoomRestCommand
from appservice.bot.sync_command import SyncCommand
from appservice.bot.sync_news import SyncNews
from appservice.calendar.feeds import Feeds, feed_routes
from appservice.catching_up import CatchingUp
from appservice.direct_rooms import DirectRooms, RoomStamps
from appservice.endpoints import Endpoints
from appservice.events import EventRouter
from appservice.free_days import FreeDays, free_days
from appservice.heard_delivery import HeardDelivery
from appservice.homeserver import Homeserver, HomeserverError
from appservice.profiles import Profiles
from appservice.rest_queue import RestQueue
from appservice.school_view import SchoolView, keep_trying
from appservice.seats import Seats
from appservice.silence import Silence
from appservice.summary import Summaries
from appservice.waiting import WaitingLook
from bbb_widget.api import Bbb
from roster_sync.runner import Outcome
from roster_sync.sync import RosterSync
from school.clock import Clock, utc_now
from school.config import ConfigError, Settings, read_keys, read_secret
from school.database import rests, sync_runs
from school.database.reader import open_reader
from school.domain.first_code import SignedInWith
from school.domain.people import Person, UserId
from school.domain.roster import RegisterError
from school.errors import WrongUseError
from school.sealing import Keyring
from school.standing import CannotDecideError, StandingKeeper
from school.texts import Language, Texts
from schulbote.appointments import Appointments
from schulbote.audit_keeper import AuditKeeper
from schulbote.conferences import conferences_of, open_bbb
from schulbote.connections import audit_keys, open_database, open_first_codes, open_homeserver, open_runner
from schulbote.demo_bbb import simulated_routes
from schulbote.group_parts import GroupParts
from schulbote.homeserver_config import APPSERVICE_ID
from schulbote.metrics import SyncMetrics, metrics_routes, rest_metrics
from schulbote.own_pages import OwnPages
from schulbote.reach import Reach
from schulbote.rest_words import commands_about_waiting
from schulbote.schedule import Schedule, Why, watched_paths
from schulbote.shelf import Shelves
from schulbote.syncing import NoRegisterError, readers_of, roster_sync
from schulbote.tasks import TasksOfSchool

log = structlog.get_logger()

_FIRST_LOGINS_SECONDS: Final = 300.0
_WORDS_SECONDS: Final = 2.0
_CIRCULARS_SECONDS: Final = 5.0
_CONFERENCES_SECONDS: Final = 15.0
_TASKS_SECONDS: Final = 5.0
_HOUSEKEEPING_SECONDS: Final = 3600.0
_HELLO_PAUSE_SECONDS: Final = 0.5
_AGAIN_SECONDS: Final = 5.0
_LARGEST_BYTES: Final = 64 * 1024 * 1024
"""A transaction of Synapse; pages take less (`appservice.web.forms`)."""
_KEEP_RESTS: Final = timedelta(days=1)


class AddressInUseError(WrongUseError):
    """The address of the web pages is taken. The text says which and what to do."""


async def serve(settings: Settings) -> None:
    """Runs until SIGINT or SIGTERM.

    Raises:
        AddressInUseError: another program listens where this one should.
        CalendarFileError: a file with free days cannot be used.
        ConfigError: a secret is missing.
        UnknownHolidaysError: the holidays that school.yaml names are not known.
    """
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, log.info, "not_ready")
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    free_days(settings, datetime.now(settings.zone).date())  # before anything runs: it may be a mistake in the file
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(open_database(settings))
        homeserver = await stack.enter_async_context(open_homeserver(settings))
        bbb = await stack.enter_async_context(open_bbb(settings))
        service = Service(settings, engine, homeserver, bbb=bbb)
        await service.view.refresh()
        looks = (service.metrics, rest_metrics(engine, service.waiting))
        others = [
            *service.endpoints.routes(),
            *service.conferences.routes(service.own_pages.pages),
            *simulated_routes(settings),
            *feed_routes(service.feeds),
            *service.appointments.routes(service.own_pages.pages.host),
            *service.shelves.routes(service.own_pages.pages.host),
            *service.tasks.routes(service.own_pages.pages.host),
            *metrics_routes(settings.web.listen_host, *looks),
        ]
        application = service.own_pages.pages.application(others, largest_bytes=_LARGEST_BYTES)
        await _listen(stack, settings, application)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, service.schedule.ask, Why.SIGNAL)
        tasks = [asyncio.create_task(work) for work in service.background()]
        stack.push_async_callback(_cancel, tasks)
        stack.push_async_callback(service.sync_command.stop)
        log.info("ready", address=f"http://{settings.web.listen_host}:{settings.web.listen_port}")
        await stop.wait()


class Service:
    """The parts of the appservice, each given just what it needs."""

    def __init__(
        self,
        settings: Settings,
        engine: AsyncEngine,
        homeserver: Homeserver,
        *,
        bbb: Bbb | None = None,
        clock: Clock = utc_now,
    ) -> None:
        language = Language(settings.school.language)
        texts = Texts(language)
        reader = open_reader(settings.database.sqlalchemy_url("sync"))
        keeper = StandingKeeper(settings, reader, asyncio.get_running_loop().time)
        self._settings = settings
        self._engine = engine
        self._homeserver = homeserver
        self._texts = texts
        self._clock = clock
        self.view = SchoolView(keeper, settings.zone)
        self._seats = Seats(engine=engine, homeserver=homeserver, clock=clock)
        self._codes = open_first_codes(settings, engine, clock=clock)
        self._free_days = FreeDays(settings, engine)
        self._audit_keeper = AuditKeeper(
            reader=reader, writer=engine, keys=audit_keys(settings), days=settings.keep.audit_days
        )
        self.waiting = WaitingLook(engine=engine, homeserver=homeserver, standing=lambda: self.view.now)
        self._silence = Silence(engine=engine, homeserver=homeserver, view=self.view, clock=clock)
        self._summaries = Summaries(
            engine=engine,
            homeserver=homeserver,
            view=self.view,
            texts=texts,
            also=lambda *rest: self.tasks.came_in(*rest),
        )
        keyring = Keyring(read_keys(settings.secrets.message_keys))
        self._queue = RestQueue(
            engine=engine,
            homeserver=homeserver,
            view=self.view,
            delivery=HeardDelivery(
                silence=self._silence,
                engine=engine,
                homeserver=homeserver,
                keyring=keyring,
                texts=texts,
                zone=settings.zone,
                clock=clock,
            ),
            clock=clock,
        )
        self._catching_up = CatchingUp(
            engine=engine, homeserver=homeserver, view=self.view, take_in=self._queue.take_in_late, clock=clock
        )
        stamps = RoomStamps(homeserver)
        self._runner = open_runner(settings, engine, homeserver, sync=self._roster_sync, clock=clock)
        self.sync_command = SyncCommand(syncs=self._runner, is_admin=homeserver.is_admin)
        room_rest = RoomRestCommand(engine=engine, view=self.view, clock=clock)
        self._reach = Reach(engine=engine, homeserver=homeserver, view=self.view, keyring=keyring, clock=clock)
        self._groups = GroupParts(
            settings,
            engine=engine,
            homeserver=homeserver,
            view=self.view,
            seats=self._seats,
            stamps=stamps,
            clock=clock,
        )
        self.feeds = Feeds(
            engine=engine,
            view=self.view,
            public_url=settings.web.public_url,
            name=texts.say("calendar.name"),
            host=settings.matrix.server_name,
            clock=clock,
        )
        self.conferences = conferences_of(
            settings,
            bbb=bbb,
            engine=engine,
            homeserver=homeserver,
            view=self.view,
            keyring=keyring,
            tell=lambda: self._control.tell,
            is_silent=self._silence.is_silent,
            stamps=stamps,
            feeds=self.feeds,
            clock=clock,
        )
        self.appointments = Appointments(
            settings, engine=engine, homeserver=homeserver, view=self.view, feeds=self.feeds, clock=clock
        )
        self.shelves = Shelves(engine=engine, homeserver=homeserver, view=self.view, clock=clock)
        self.tasks = TasksOfSchool(
            settings,
            engine=engine,
            homeserver=homeserver,
            view=self.view,
            tell=lambda: self._control.tell,
            feeds=self.feeds,
            clock=clock,
        )
        in_rooms = InRooms(
            [
                room_rest.in_room(),
                *self._reach.in_rooms(),
                self._groups.in_room(),
                self.conferences.command.in_room(),
            ],
            homeserver=homeserver,
            view=self.view,
            stamps=stamps,
            keyring=keyring,
            clock=clock,
        )
        direct_rooms = DirectRooms(homeserver, stamps)
        self.own_pages = OwnPages(
            settings,
            engine=engine,
            homeserver=homeserver,
            view=self.view,
            codes=self._codes,
            direct_rooms=direct_rooms,
            is_silent=self._silence.is_silent,
            is_busy=lambda: self._seats.is_busy,
            tell=lambda: self._control.tell,
            clock=clock,
        )
        about_waiting = commands_about_waiting(
            settings,
            engine=engine,
            homeserver=homeserver,
            view=self.view,
            keyring=keyring,
            direct_rooms=direct_rooms,
            take_back=self._queue.take_back,
            clock=clock,
        )
        commands = Commands(
            [
                RestCommand(engine=engine, view=self.view, clock=clock).command(),
                AbsenceCommand(engine=engine, view=self.view, clock=clock).command(),
                room_rest.command(),
                *about_waiting,
                *self._reach.commands(),
                self.conferences.command.command(),
                self.sync_command.command(),
                *self._groups.commands(),
                *self.tasks.commands(),
                *self.own_pages.commands(),
            ],
            standing=lambda: self.view.now,
            language=language,
            is_admin=homeserver.is_admin,
        )
        self._control = ControlRooms(
            engine=engine,
            homeserver=homeserver,
            stamps=stamps,
            commands=commands,
            texts=texts,
            where_to_ask=lambda user_id: self.view.now.policy.where_to_ask(user_id),
            is_admin=homeserver.is_admin,
            is_silent=self._silence.is_silent,
            clock=clock,
        )
        self._news = SyncNews(
            engine=engine,
            people=self._people,
            tell=self._control.tell,
            has_seen=self.sync_command.has_seen,
            texts=texts,
            clock=clock,
        )
        self.schedule = self._schedule()
        router = EventRouter(
            bot=settings.matrix.bot_user_id,
            queue=self._queue,
            stamps=stamps,
            direct_rooms=direct_rooms,
            control=self._control,
            commands_in_rooms=[in_rooms.message],
            on_join=self._reach.came,
            also=[self.shelves.index.take],
        )
        self.endpoints = Endpoints(
            homeserver_token=read_secret(settings.secrets.homeserver_token),
            module_token=read_secret(settings.secrets.module_token),
            on_events=router.take,
            on_start=self._synapse_started,
            on_behind=self._hurry,
            on_login=self._logged_in,
            on_signed_in=self._signed_in,
            on_refusal=self._control.explain,
            on_profile=Profiles(homeserver).clean,
        )

    def background(self) -> list[Coroutine[Any, Any, None]]:
        """What runs beside the answers to Synapse."""
        return [
            self.view.run(),
            self._silence.run(),
            self._catching_up.run(),
            self._release(),
            *self._groups.background(self._control.tell),
            *self.own_pages.background(),
            *self.shelves.background(),
            *self.appointments.background(),
            self._say_hello(),
            keep_trying("schedule", self.schedule.run, pause=_AGAIN_SECONDS),
            keep_trying("first_logins", self._seats.look_for_first_logins, pause=_FIRST_LOGINS_SECONDS),
            keep_trying("summaries", self._summaries.make, pause=_WORDS_SECONDS),
            keep_trying("circulars", self._finish_circulars, pause=_CIRCULARS_SECONDS),
            keep_trying("words", self._control.say_what_waited, pause=_WORDS_SECONDS),
            keep_trying("conferences", self.conferences.watch.look, pause=_CONFERENCES_SECONDS),
            keep_trying("tasks", self.tasks.tell, pause=_TASKS_SECONDS),
            keep_trying("housekeeping", self._housekeeping, pause=_HOUSEKEEPING_SECONDS),
        ]

    async def _finish_circulars(self) -> None:
        await self._reach.finish_circulars(self._control.tell)

    async def metrics(self) -> SyncMetrics:
        """What can be seen of the sync now."""
        async with self._engine.connect() as connection:
            last = await sync_runs.last_sync(connection)
        directory = None
        with contextlib.suppress(CannotDecideError):
            directory = self.view.now.policy.directory
        return SyncMetrics(self._runner.state, last, directory)

    def _schedule(self) -> Schedule:
        """A demo syncs only when somebody asks for it."""
        register, by_itself = self._settings.register, not self._settings.demo
        return Schedule(
            attempt=self._attempt,
            tell=self._tell_news,
            zone=self._settings.zone,
            cron=register.schedule if by_itself else None,
            watched=watched_paths(self._settings) if register.watch and by_itself else (),
            unfinished=self._is_unfinished if by_itself else None,
            clock=self._clock,
        )

    def _roster_sync(self) -> RosterSync:
        try:
            return roster_sync(self._settings, self._engine, readers_of(self._settings), clock=self._clock)
        except (NoRegisterError, ConfigError) as error:  # told like a register that cannot be read
            raise RegisterError(str(error)) from error

    async def _attempt(self, actor: str) -> Outcome:
        return await self._runner.attempt(actor=actor)

    async def _tell_news(self, outcome: Outcome, actor: str) -> None:
        await self.view.refresh()
        await self._news.about(outcome, actor=actor)

    def _people(self) -> list[Person]:
        return list(self.view.now.policy.directory.people)

    async def _is_unfinished(self) -> bool:
        async with self._engine.connect() as connection:
            return (await sync_runs.last_sync(connection)).unfinished

    async def _logged_in(self, user_id: UserId) -> None:
        person = self.view.now.policy.directory.person(user_id)
        if person is not None:
            await self._seats.logged_in(user_id, person.id)

    async def _signed_in(self, user_id: UserId, with_what: SignedInWith, at: datetime) -> None:
        person = self.view.now.policy.directory.person(user_id)
        if person is not None:
            await self._codes.signed_in(person.id, with_what, at=at)

    async def _release(self) -> None:
        """Delivers, once it is known what waits."""
        await self._catching_up.until_done()
        await self._queue.run()

    def _synapse_started(self) -> None:
        self._queue.nothing_is_certain()
        self._catching_up.again()
        self.shelves.looking_back.again()

    async def _hurry(self) -> None:
        """Lets the homeserver send again what was not taken, as soon as it knows."""
        await asyncio.sleep(_HELLO_PAUSE_SECONDS)
        with contextlib.suppress(HomeserverError):
            await self._homeserver.ping_back(APPSERVICE_ID)

    async def _say_hello(self) -> None:
        """Makes the bot's account, and wakes the homeserver's queue of events: after a longer absence it would keep
        silent for minutes."""
        while True:
            with contextlib.suppress(HomeserverError):
                await self._homeserver.register_bot()
                await self._homeserver.ping_back(APPSERVICE_ID)
                await self._homeserver.put_account(self._homeserver.bot, displayname=self._texts.say("bot.name"))
                return
            await asyncio.sleep(_HELLO_PAUSE_SECONDS)

    async def _housekeeping(self) -> None:
        now = self._clock()
        await self._free_days.renew(now)
        await self.own_pages.pages.forget_old()
        async with self._engine.begin() as connection:
            await rests.forget_past(connection, before=now - _KEEP_RESTS)
        await self.conferences.watch.forget()
        await self.appointments.forget()
        await self.tasks.keep()
        await self._audit_keeper.keep(now)


async def _listen(stack: AsyncExitStack, settings: Settings, application: web.Application) -> None:
    server = web.AppRunner(application, access_log=None)
    await server.setup()
    stack.push_async_callback(server.cleanup)
    host, port = settings.web.listen_host, settings.web.listen_port
    try:
        await web.TCPSite(server, host, port).start()
    except OSError as error:
        raise AddressInUseError(
            f"Nothing can listen on {host}:{port} ({error.strerror}). End the other program or choose another "
            "web.listen_port in school.yaml."
        ) from error


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
