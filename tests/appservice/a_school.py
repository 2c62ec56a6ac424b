"""A school in a real database, as the desks and commands of the appservice see it, and a homeserver that remembers
who is in which room."""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from builders import BEA, BEN, BERLIN, BOT, CARL, GABI, GERD, GROUPS, HANNA, IDA, NOON, OTTO, person
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.commands import Command, Commands, Request
from appservice.bot.replies import Reply
from appservice.homeserver import HomeserverError, NotThereError, RefusedError
from appservice.school_view import SchoolView
from school.config import load_settings
from school.database.mirror import account_made, begin_use
from school.database.reader import open_reader
from school.database.tables import Part, audit_log, group_rooms, groups, memberships, persons
from school.database.versions import bump
from school.domain.groups import GroupId
from school.domain.people import TEACHER, Person, UserId
from school.domain.rooms import STAMP_KEY, RoomKind, RoomStamp, power_levels
from school.standing import StandingKeeper
from school.texts import Language, Texts

CONFIG = """\
school: {name: Gesamtschule am See}
matrix: {server_name: school.test, homeserver_url: "http://127.0.0.1:8008", bot: bote}
"""
HEAD = person("head", TEACHER, leadership=True)
PEOPLE = (IDA, OTTO, BEN, BEA, CARL, GABI, GERD, HANNA, HEAD)
GERMAN, ENGLISH = Texts(Language.GERMAN), Texts(Language.ENGLISH)


def space(group: str) -> str:
    return f"!space-{group}"


def room(group: str) -> str:
    return f"!room-{group}"


@dataclass
class FakeHomeserver:
    """Rooms, who is in them, and what is sent. `errors` are raised by whatever concerns a room, or somebody's
    account."""

    bot: UserId = BOT
    joined: dict[str, set[UserId]] = field(default_factory=lambda: defaultdict(set))
    invited: dict[str, set[UserId]] = field(default_factory=lambda: defaultdict(set))
    opened_by: dict[str, set[str]] = field(default_factory=dict)
    stamps: dict[str, RoomStamp] = field(default_factory=dict)
    creators: dict[str, UserId] = field(default_factory=dict)
    levels: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    errors: dict[str, HomeserverError] = field(default_factory=dict)
    admins: set[UserId] = field(default_factory=set)
    locked: dict[UserId, bool] = field(default_factory=dict)
    signed_out: list[UserId] = field(default_factory=list)

    def _look(self, room_id: str) -> None:
        if room_id in self.errors:
            raise self.errors[room_id]

    async def joined_rooms(self, user_id: UserId) -> list[str]:
        return [room_id for room_id, members in self.joined.items() if user_id in members]

    async def invite(self, room_id: str, user_id: UserId, *, as_user: UserId | None = None) -> None:
        self._look(room_id)
        if user_id in self.joined[room_id]:
            raise RefusedError("HTTP 403: is already in the room", status=403)
        self.invited[room_id].add(user_id)

    async def join(self, room_id: str, *, as_user: UserId) -> None:
        self._look(room_id)
        is_let_in = any(as_user in self.joined[door] for door in self.opened_by.get(room_id, ()))
        if not (is_let_in or as_user in self.invited[room_id] or as_user in self.joined[room_id]):
            raise RefusedError("HTTP 403: not invited", status=403)
        self.joined[room_id].add(as_user)

    async def leave(self, room_id: str, *, as_user: UserId) -> None:
        self._look(room_id)
        self.joined[room_id].remove(as_user)

    async def room_members(self, room_id: str) -> list[UserId]:
        self._look(room_id)
        return sorted(self.joined[room_id])

    async def members(self, room_id: str, *, as_user: UserId) -> frozenset[UserId]:
        return frozenset(self.joined[room_id])

    async def is_admin(self, user_id: UserId) -> bool:
        return user_id in self.admins

    # Accounts

    async def put_account(self, user_id: UserId, *, locked: bool) -> None:
        self._look(user_id)
        self.locked[user_id] = locked

    async def end_sessions(self, user_id: UserId) -> None:
        self._look(user_id)
        self.signed_out.append(user_id)

    # State and events

    async def of(self, room_id: str, *, seen_by: UserId) -> RoomStamp | None:
        return self.stamps.get(room_id)

    async def state(
        self, room_id: str, event_type: str, state_key: str = "", *, as_user: UserId | None = None
    ) -> dict[str, Any]:
        self._look(room_id)
        if event_type == "m.room.create":
            return {STAMP_KEY: self.stamps[room_id].to_content()}
        if event_type == "m.room.power_levels" and room_id in self.levels:
            return self.levels[room_id]
        raise NotThereError("HTTP 404", status=404)

    async def whole_state(self, room_id: str) -> list[dict[str, Any]]:
        self._look(room_id)
        create = {"type": "m.room.create", "sender": self.creators.get(room_id, BOT), "content": {}}
        create["content"] = {STAMP_KEY: self.stamps[room_id].to_content()}
        return [create, {"type": "m.room.power_levels", "content": self.levels[room_id]}]

    async def set_state(
        self,
        room_id: str,
        event_type: str,
        state_key: str,
        content: Mapping[str, Any],
        *,
        as_user: UserId | None = None,
    ) -> None:
        self._look(room_id)
        assert event_type == "m.room.power_levels"
        assert (as_user or BOT) == self.creators.get(room_id, BOT), "nobody else may"
        self.levels[room_id] = dict(content)


@dataclass
class School:
    """Everything a desk is made of."""

    engine: AsyncEngine
    view: SchoolView
    homeserver: Any
    clock: Callable[[], datetime] = lambda: NOON

    async def ask(self, command: Command, words: str, who: Person = IDA, texts: Texts = GERMAN) -> str | Reply | None:
        """What a command answers."""
        return await command.run(Request(person=who, words=words, texts=texts, event_id="$asked"))

    async def listed(self, command: Command, who: Person) -> bool:
        """Whether help offers a command to somebody."""
        commands = Commands(
            [command],
            standing=lambda: self.view.now,
            language=Language.GERMAN,
            is_admin=self.homeserver.is_admin,
        )
        return f"!{command.names[0][1]} – " in str(await commands.answer(who.user_id, "!hilfe"))

    async def logged(self) -> list[tuple[str, str, str, str]]:
        """Action, actor, target and right of every line of the audit log."""
        async with self.engine.connect() as connection:
            rows = await connection.execute(select(audit_log).order_by(audit_log.c.id))
            return [(row.action, row.actor, row.target, row.by_right) for row in rows]

    async def rename(self, person: Person, **values: str) -> None:
        """Changes what the register says of somebody."""
        async with self.engine.begin() as connection:
            await connection.execute(update(persons).where(persons.c.id == person.id).values(**values))
            await bump(connection, Part.PEOPLE)
        await self.view.refresh()


@asynccontextmanager
async def a_school(
    database: Path,
    engine: AsyncEngine,
    *,
    config: str = "",
    absent: Collection[Person] = (),
    more: Collection[Person] = (),
) -> AsyncIterator[School]:
    """Two classes and the guardians of each. Everybody has signed in, but for those who are absent."""
    path = database.parent / "school.yaml"
    path.write_text(CONFIG + config)
    settings = load_settings(path)
    homeserver = FakeHomeserver()
    async with engine.begin() as connection:
        for group in GROUPS:
            values = {"id": group.id, "key": group.id, "name": group.name, "kind": group.kind, "origin": "register"}
            await connection.execute(insert(groups).values(values))
            row = {"group_id": group.id, "name": group.name, "moderators": [], "linked": True}
            made = [
                row | {"kind": "space", "room_id": space(group.id), "lets_in": []},
                row | {"kind": "group", "room_id": room(group.id), "lets_in": [space(group.id)]},
            ]
            await connection.execute(insert(group_rooms), made)
            homeserver.opened_by[room(group.id)] = {space(group.id)}
            homeserver.stamps[room(group.id)] = RoomStamp(kind=RoomKind.GROUP, group=group.id)
            homeserver.levels[room(group.id)] = power_levels(RoomKind.GROUP)
        for each in (*PEOPLE, *more):
            name = {"given_name": each.given_name, "family_name": each.family_name, "leadership": each.leadership}
            await connection.execute(insert(persons).values(id=each.id, user_id=each.user_id, role=each.role, **name))
            for own in each.groups:
                await connection.execute(insert(memberships).values(person_id=each.id, group_id=own))
            await account_made(connection, each.id, each.display_name, each.role)
            if each in absent:
                continue
            await begin_use(connection, each.id, 1.0)
            for own in each.groups:
                for joined in (space(own), room(own)):
                    homeserver.joined[joined].add(each.user_id)
        await bump(connection, Part.PEOPLE)
    reader = open_reader(settings.database.sqlalchemy_url("sync"))
    view = SchoolView(StandingKeeper(settings, reader, lambda: 0.0), BERLIN)
    await view.refresh()
    yield School(engine, view, homeserver)
    reader.dispose()


def group_named(school: School, group: str) -> Any:
    found = school.view.now.policy.directory.group(GroupId(group))
    assert found is not None
    return found
