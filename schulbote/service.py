"""The appservice as a program: puts its parts together and runs them until it is told to stop."""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.commands import HELP, Commands
from appservice.bot.control_rooms import ControlRooms
from appservice.bot.rest_command import RestCommand
from appservice.delivery import Delivery
from appservice.direct_rooms import DirectRooms, RoomStamps
from appservice.endpoints import Endpoints
from appservice.events import EventRouter
from appservice.free_days import free_days
from appservice.homeserver import Homeserver, HomeserverError
from appservice.profiles import Profiles
from appservice.rest_queue import RestQueue
from appservice.school_view import SchoolView, keep_trying
from appservice.seats import Seats
from school.config import Settings, read_keys, read_secret
from school.database import rests
from school.database.migrate import upgrade
from school.database.reader import open_reader
from school.database.writer import open_writer
from school.domain.people import UserId
from school.sealing import Keyring
from school.standing import StandingKeeper
from school.texts import Language, Texts
from schulbote.homeserver_config import APPSERVICE_ID

log = structlog.get_logger()

_FIRST_LOGINS_SECONDS: Final = 300.0
_HOUSEKEEPING_SECONDS: Final = 3600.0
_HELLO_PAUSE_SECONDS: Final = 0.5
_KEEP_RESTS: Final = timedelta(days=1)


class AddressInUseError(Exception):
    """The address of the web pages is taken. The text says which and what to do."""


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """The database, with all tables that this program needs."""
    await asyncio.to_thread(upgrade, settings.database.sqlalchemy_url("sync"))
    engine = open_writer(settings.database.sqlalchemy_url("async"))
    try:
        yield engine
    finally:
        await engine.dispose()


def open_homeserver(settings: Settings) -> Homeserver:
    """The connection to Synapse as the appservice."""
    return Homeserver(
        base_url=settings.matrix.homeserver_url,
        token=read_secret(settings.secrets.appservice_token),
        bot=settings.matrix.bot_user_id,
    )


async def serve(settings: Settings) -> None:
    """Runs until SIGINT or SIGTERM.

    Raises:
        AddressInUseError: another program listens where this one should.
        ConfigError: a secret is missing.
        UnknownHolidaysError: the holidays that school.yaml names are not known.
    """
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    free_days(settings, datetime.now(settings.zone).date())  # before anything runs: it may be a mistake in the file
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(open_database(settings))
        homeserver = await stack.enter_async_context(open_homeserver(settings))
        service = _Service(settings, engine, homeserver)
        await service.view.refresh()
        await _listen(stack, settings, service.endpoints)
        tasks = [asyncio.create_task(work) for work in service.background()]
        stack.push_async_callback(_cancel, tasks)
        log.info("ready", address=f"http://{settings.web.listen_host}:{settings.web.listen_port}")
        await stop.wait()


class _Service:
    """The parts of the appservice, each given just what it needs."""

    def __init__(self, settings: Settings, engine: AsyncEngine, homeserver: Homeserver) -> None:
        language = Language(settings.school.language)
        texts = Texts(language)
        keeper = StandingKeeper(settings, open_reader(settings.database.sqlalchemy_url("sync")), time.monotonic)
        self._settings = settings
        self._engine = engine
        self._homeserver = homeserver
        self._texts = texts
        self.view = SchoolView(keeper, settings.zone)
        self._seats = Seats(engine=engine, homeserver=homeserver)
        self._queue = RestQueue(
            engine=engine,
            homeserver=homeserver,
            view=self.view,
            delivery=Delivery(
                engine=engine,
                homeserver=homeserver,
                keyring=Keyring(read_keys(settings.secrets.message_keys)),
                texts=texts,
                zone=settings.zone,
            ),
        )
        stamps = RoomStamps(homeserver)
        commands = Commands(
            [HELP, RestCommand(engine=engine, view=self.view).command()],
            standing=lambda: self.view.now,
            language=language,
        )
        control = ControlRooms(
            engine=engine,
            homeserver=homeserver,
            stamps=stamps,
            commands=commands,
            texts=texts,
            where_to_ask=lambda user_id: self.view.now.policy.where_to_ask(user_id),
        )
        router = EventRouter(
            bot=settings.matrix.bot_user_id,
            queue=self._queue,
            stamps=stamps,
            direct_rooms=DirectRooms(homeserver, stamps),
            control=control,
        )
        self.endpoints = Endpoints(
            homeserver_token=read_secret(settings.secrets.homeserver_token),
            module_token=read_secret(settings.secrets.module_token),
            on_events=router.take,
            on_login=self._logged_in,
            on_refusal=control.explain,
            on_profile=Profiles(homeserver).clean,
        )

    def background(self) -> list[Coroutine[Any, Any, None]]:
        """What runs beside the answers to Synapse."""
        return [
            self.view.run(),
            self._queue.run(),
            self._say_hello(),
            keep_trying("first_logins", self._seats.look_for_first_logins, pause=_FIRST_LOGINS_SECONDS),
            keep_trying("housekeeping", self._housekeeping, pause=_HOUSEKEEPING_SECONDS),
        ]

    async def _logged_in(self, user_id: UserId) -> None:
        person = self.view.now.policy.directory.person(user_id)
        if person is not None:
            await self._seats.logged_in(user_id, person.id)

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
        now = datetime.now(UTC)
        days = free_days(self._settings, now.astimezone(self._settings.zone).date())
        async with self._engine.begin() as connection:
            await rests.set_free_days(connection, days)
            await rests.forget_past(connection, before=now - _KEEP_RESTS)


async def _listen(stack: AsyncExitStack, settings: Settings, endpoints: Endpoints) -> None:
    application = web.Application(client_max_size=64 * 1024 * 1024)
    application.add_routes(endpoints.routes())
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    host, port = settings.web.listen_host, settings.web.listen_port
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise AddressInUseError(
            f"Nothing can listen on {host}:{port} ({error.strerror}). End the other program or choose another "
            "web.listen_port in school.yaml."
        ) from error


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
