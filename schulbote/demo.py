"""`schulbote demo`: a whole school on this machine, from a register to a running messenger."""

import asyncio
import contextlib
import shutil
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from functools import partial
from pathlib import Path
from secrets import token_bytes
from typing import Any, Final

from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import Homeserver, NotThereError, RefusedError, TryLaterError
from roster_sync.mirror import MirrorReport
from roster_sync.sources import RegisterOptions, read_files, read_register
from roster_sync.sync import RosterSync
from school.config import Settings, read_secret
from school.database.mirror import RoomsOfGroup, group_room_rows
from school.database.snapshot import read_snapshot
from school.domain.directory import Directory
from school.domain.groups import GroupId
from school.domain.people import GUARDIAN, STUDENT, TEACHER, PersonId, UserId
from school.domain.rooms import RoomKind
from school.domain.roster import Roster
from school.errors import FailedError, WrongUseError
from schulbote.connections import open_database, open_homeserver
from schulbote.demo_codes import DemoCodes
from schulbote.demo_files import SERVER_NAME, DemoHome
from schulbote.files import write_json
from schulbote.processes import Processes, end_leftovers
from schulbote.progress import shown
from schulbote.syncing import mirror, require_folder, roster_sync

_SYNAPSE: Final = ("-m", "synapse.app.homeserver", "-c")
_READY_SECONDS: Final = 180.0
_STEP_SECONDS: Final = 0.1


class DemoError(WrongUseError):
    """The demo cannot be started like this. Nothing was changed; the text says what to do."""


class DemoFailedError(FailedError):
    """Something that the demo needs did not come up. The text says where to look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What was asked for on the command line."""

    home: Path
    register: Path
    port: int
    reset: bool = False


async def run_demo(options: DemoOptions, console: Console) -> None:
    """Runs a demo until SIGINT or SIGTERM.

    Raises:
        DemoError, NoRegisterError, RegisterError: it cannot be started; nothing was made.
        DemoFailedError: it could be started but did not come up.
    """
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    home = _checked(options)
    demo = asyncio.create_task(_Demo(options, home, console).run())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({demo, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    demo.cancel()  # once and from here only: a second time would interrupt it while it ends its processes
    with contextlib.suppress(asyncio.CancelledError):
        await demo


def _checked(options: DemoOptions) -> DemoHome:
    """Asks everything that can be asked before anything is made."""
    require_folder(options.register)
    # Read once with a key that is thrown away: a register that cannot be used must not leave a home, or empty one.
    read_register(options.register, RegisterOptions(identity_key=token_bytes(32)))
    if not 1 <= options.port <= 65_534:
        raise DemoError(f"Port {options.port} cannot be used: choose one from 1024 to 65534.")
    home = DemoHome(options.home)
    if not home.is_free and not home.is_demo:
        raise DemoError(f"{options.home} is not empty and no demo's home. Choose a new folder with --home.")
    if home.is_demo:
        with _alone_in(home):
            end_leftovers(home.processes)
    for port in (options.port, options.port + 1):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise DemoError(
                    f"Port {port} is in use ({error.strerror}): end the other program or choose another --port "
                    "(the demo needs it and the next one)."
                ) from error
    return home


@contextmanager
def _alone_in(home: DemoHome) -> Iterator[None]:
    """Keeps a second demo out of the home. Whatever becomes of this process, nothing has to be cleared away."""
    with home.lock.open("ab") as lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except BlockingIOError as error:
            raise DemoError(
                f"A demo is running in {home.folder}. End it first, or choose another folder with --home."
            ) from error
        yield


class _Demo:
    def __init__(self, options: DemoOptions, home: DemoHome, console: Console) -> None:
        self._options = options
        self._home = home
        self._console = console
        self._started = time.monotonic()

    async def run(self) -> None:
        """Runs until it is cancelled."""
        options, home = self._options, self._home
        if options.reset and options.home.exists():
            shutil.rmtree(options.home)
        home.demo_json.unlink(missing_ok=True)
        settings = home.prepare(register=options.register, port=options.port)
        with _alone_in(home):
            await self._run(settings)

    async def _run(self, settings: Settings) -> None:
        home = self._home
        async with open_database(settings) as engine, open_homeserver(settings) as homeserver:
            sync = roster_sync(settings, engine, (partial(read_files, self._options.register),))
            await self._read_register(sync)
            processes = Processes(home.processes, home.folder)
            try:
                await processes.start("synapse", [*_SYNAPSE, str(home.homeserver_yaml)])
                await processes.start("appservice", ["-m", "schulbote", "-c", str(home.school_yaml), "run"])
                self._say("Synapse is starting")
                await _until_up(homeserver, processes, home)
                await _until_settled(homeserver)
                processes.keep_alive()
                await self._fill(settings, engine, homeserver, sync)
                await asyncio.Event().wait()
            finally:
                self._say("Ending")
                await processes.end()

    async def _read_register(self, sync: RosterSync) -> None:
        register: Roster = sync.read()
        self._say(f"Register: {len(register.persons)} people, {len(register.groups)} groups")
        await sync.apply(register, actor="schulbote demo", confirmed=False)

    async def _fill(self, settings: Settings, engine: AsyncEngine, homeserver: Homeserver, sync: RosterSync) -> None:
        demo_codes = DemoCodes(settings, engine, read_secret(self._home.password_key))
        admin, password = UserId(f"@admin:{SERVER_NAME}"), demo_codes.of("admin")
        await homeserver.put_account(admin, password=password, admin=True, displayname="Admin")
        with shown(self._console) as progress:
            report = await sync.mirror(mirror(settings, engine, homeserver, progress=progress), wait=False)
        self._report(report)
        async with engine.connect() as connection:
            directory = (await connection.run_sync(read_snapshot)).directory
            rooms = await group_room_rows(connection)
        codes = await demo_codes.ensure(list(directory.people))
        write_json(
            self._home.demo_json,
            {
                "homeserver": settings.matrix.public_url,
                "web": settings.web.public_url,
                "server_name": SERVER_NAME,
                "bot": settings.matrix.bot_user_id,
                "config": str(self._home.school_yaml),
                "database": settings.database.url,
                "synapse_database": str(self._home.synapse_database),
                "admin": {"user_id": admin, "password": password},
                "accounts": _accounts(directory, codes),
                "rooms": _by_group(directory, rooms, RoomKind.GROUP),
                "spaces": _by_group(directory, rooms, RoomKind.SPACE),
            },
        )
        self._tell_ready(settings, directory, codes)

    def _report(self, report: MirrorReport) -> None:
        for user_id in report.locked_by_admin:
            self._say(f"{user_id} is locked by an administrator and stays so")
        for failure in report.failures:
            self._say(f"Not done: {failure}")

    def _tell_ready(self, settings: Settings, directory: Directory, codes: Mapping[PersonId, str]) -> None:
        seconds = time.monotonic() - self._started
        self._say(f"Ready after {seconds:.0f} s")
        self._say(f"  Matrix server for your client: {settings.matrix.public_url}")
        self._say(f"  Bot: {settings.matrix.bot_user_id}")
        for role in (TEACHER, STUDENT, GUARDIAN):
            person = next((p for p in directory.people if p.role == role and p.id in codes), None)
            if person is not None:
                self._say(f"  {role}: {person.user_id}  password {codes[person.id]}  ({person.display_name})")
        self._say(f"  Everybody else is in {self._home.demo_json}. End with Ctrl-C.")

    def _say(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)


def _by_group(directory: Directory, rooms: Mapping[GroupId, RoomsOfGroup], kind: RoomKind) -> dict[str, str]:
    names = {group.id: group.name for group in directory.groups.values() if group.in_register}
    return {names[group]: own[kind].room_id for group, own in rooms.items() if group in names and kind in own}


def _accounts(directory: Directory, codes: Mapping[PersonId, str]) -> list[dict[str, Any]]:
    return [
        {
            "person": person.id,
            "user_id": person.user_id,
            "password": codes.get(person.id),
            "role": person.role,
            "name": person.display_name,
            "groups": sorted(group.name for own in person.groups if (group := directory.groups[own]).in_register),
        }
        for person in directory.people
    ]


async def _until_up(homeserver: Homeserver, processes: Processes, home: DemoHome) -> None:
    """Waits until the bot can use the admin API: then Synapse and the module in it are there."""
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        with contextlib.suppress(TryLaterError, RefusedError, NotThereError):
            await homeserver.background_updates()
            return
        if not processes.is_running("synapse"):
            raise DemoFailedError(f"Synapse did not start. Its reasons are at the end of {home.folder}/synapse.out.")
        if time.monotonic() > deadline:
            raise DemoFailedError(f"Synapse did not come up in time. Look into {home.folder}/synapse/homeserver.log.")
        await asyncio.sleep(_STEP_SECONDS)


async def _until_settled(homeserver: Homeserver) -> None:
    """A fresh Synapse empties and refills its user directory in the background; accounts come after that."""
    while await homeserver.background_updates():  # noqa: ASYNC110 - it happens in another process
        await asyncio.sleep(_STEP_SECONDS)
