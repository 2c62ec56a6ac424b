"""A school that lives in simulated time: its files, its database, Synapse with the module, and the appservice as
`schulbote run` puts it together."""

import asyncio
from base64 import b64encode
from collections.abc import Iterable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from builders import BOT
from memory_synapse import MemorySynapse
from school_week import MINIMUM, OF_GROUPS, SCHOOL, Hours, School
from simulated_time import SimulatedLoop
from sqlalchemy import insert
from structlog.testing import capture_logs

from school.config import Settings, load_settings
from school.database.control import remember_control_room
from school.database.mirror import GroupRoomRow, Seat, save_group_room, seats_taken
from school.database.tables import accounts, groups, memberships, persons
from school.domain.groups import GroupId
from school.domain.people import Person
from school.domain.rooms import RoomKind, RoomStamp
from schulbote.connections import open_database
from schulbote.service import Service

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
QUIET_SECONDS: Final = 3
_SHORTLY_BEFORE: Final = timedelta(seconds=1.5)
SURPRISES: Final = ("audit_log_changed", "rest_queue_failed", "silence_failed")
_LONGEST_SECONDS: Final = 60


def write_files(folder: Path, school: School) -> Path:
    """school.yaml and the secrets."""
    lines = [
        "school: {name: Gesamtschule am See}",
        'matrix: {server_name: school.test, homeserver_url: "http://127.0.0.1:8008", bot: bote}',
        # The machine sleeps for hours between two moments of the story.
        "module: {directory_max_age_seconds: 10000000}",
        "rest:",
        f"  reachable: {_week(SCHOOL)}",
        f"  minimum: {_week(MINIMUM)}",
        f"  free_days: [{', '.join(map(str, sorted(school.holidays)))}]",
        "  groups:",
        *(f"    {name}: {{reachable: {_week(hours)}}}" for name, hours in OF_GROUPS.items()),
        "  persons:",
        *(
            f"    {who.person.id}: {{reachable: {_week(who.hours)}, free_days: [{', '.join(map(str, who.free))}]}}"
            for who in school.teachers
            if who.own
        ),
    ]
    (folder / "school.yaml").write_text("\n".join(lines) + "\n")
    (folder / "secrets").mkdir()
    key = b64encode(b"k" * 32).decode()
    tokens = {name: name.replace("_", "-") for name in ("homeserver_token", "module_token")}
    for name, secret in {"message_keys": key, "identity_key": key, "code_key": key, "web_key": key, **tokens}.items():
        (folder / "secrets" / name).write_text(secret)
        (folder / "secrets" / name).chmod(0o600)
    return folder / "school.yaml"


def _week(hours: list[Hours]) -> str:
    days: dict[str, list[str]] = {}
    for weekdays, start, end in hours:
        for day in weekdays:
            days.setdefault(WEEKDAYS[day], []).append(f'"{_clock(start)}-{_clock(end % 1440)}"')
    return "{" + ", ".join(f"{day}: [{', '.join(spans)}]" for day, spans in days.items()) + "}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


class LivingSchool:
    """Everything that runs. Use as an async context manager."""

    def __init__(self, folder: Path, school: School, others: Iterable[Person]) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        self.loop = loop
        self.school_yaml = write_files(folder, school)
        self.people = [*(who.person for who in school.teachers), *others]
        self.settings: Settings = load_settings(self.school_yaml)
        self.control: dict[str, str] = {}
        """The control rooms of people."""

    async def __aenter__(self) -> "LivingSchool":
        self._stack = AsyncExitStack()
        self.logged = self._stack.enter_context(capture_logs())
        self.engine = await self._stack.enter_async_context(open_database(self.settings))
        await self._fill_database()
        self.synapse = MemorySynapse(self.school_yaml)
        self._tasks: list[asyncio.Task[Any]] = []
        await self.start_appservice()
        return self

    async def __aexit__(self, error: type[BaseException] | None, *_: object) -> None:
        await self.kill_appservice()
        await self.synapse.stop()
        await self._stack.aclose()
        surprises = [line for line in self.logged if line["event"] in SURPRISES]
        assert error or not surprises

    async def _fill_database(self) -> None:
        async with self.engine.begin() as connection:
            for group in sorted({group for person in self.people for group in person.groups}):
                values = {"id": group, "key": group, "name": group, "kind": "class", "origin": "register"}
                await connection.execute(insert(groups).values(**values))
            for person in self.people:
                name = {"given_name": person.given_name, "family_name": person.family_name, "role": person.role}
                await connection.execute(insert(persons).values(id=person.id, user_id=person.user_id, **name))
                await connection.execute(
                    insert(accounts).values(person_id=person.id, display_name=person.display_name, in_use_since=1.0)
                )
                for group in person.groups:
                    await connection.execute(insert(memberships).values(person_id=person.id, group_id=group))

    async def open_control_room(self, person: Person) -> None:
        """Somebody has written to the bot before."""
        room_id = self.synapse.make_room(RoomStamp(kind=RoomKind.CONTROL), person, BOT)
        self.control[person.user_id] = room_id
        async with self.engine.begin() as connection:
            await remember_control_room(connection, room_id, person.user_id, 1.0)

    async def open_group_room(self, group: GroupId, *members: Person) -> str:
        """The room of a class."""
        room_id = self.synapse.make_room(RoomStamp(kind=RoomKind.GROUP, group=group), BOT, *members)
        row = GroupRoomRow(group_id=group, kind=RoomKind.GROUP, room_id=room_id, name=group, moderators=(), linked=True)
        async with self.engine.begin() as connection:
            await save_group_room(connection, row)
            seats = [Seat(user_id=member.user_id, person_id=member.id, room_id=room_id) for member in members]
            await seats_taken(connection, seats)
        return room_id

    async def start_appservice(self) -> None:
        """Starts, with nothing but the database."""
        homeserver: Any = self.synapse
        service = Service(self.settings, self.engine, homeserver, clock=self.loop.now)
        await service.view.refresh()
        self.synapse.connect(service.endpoints.routes())
        self._tasks = [asyncio.ensure_future(work) for work in service.background()]

    async def kill_appservice(self) -> None:
        """Ends in the middle of whatever it does."""
        self.synapse.disconnect()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def until(self, moment: datetime) -> None:
        """Goes on to a moment. What is far away is slept through until shortly before it: between two moments of the
        story nothing happens that anybody knows of, and if something does after all, it shows then."""
        if moment - self.loop.now() > 2 * _SHORTLY_BEFORE:
            self.loop.leap(moment - _SHORTLY_BEFORE)
        await asyncio.sleep((moment - self.loop.now()).total_seconds())

    async def until_quiet(self) -> None:
        """Until nothing has been sent for some seconds."""
        began = self.loop.time()
        while self.loop.time() - began < _LONGEST_SECONDS:
            sent = len(self.synapse.stream)
            await asyncio.sleep(QUIET_SECONDS)
            if len(self.synapse.stream) == sent:
                return
