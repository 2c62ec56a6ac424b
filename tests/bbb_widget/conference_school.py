"""A school with conferences: the desks over a BigBlueButton that only remembers."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from a_school import School, a_school, room
from builders import BEN, BERLIN, BOT, GABI, IDA, NOON
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.calendar.feeds import Feeds
from appservice.homeserver import NotThereError
from bbb_widget.announcing import Announcing
from bbb_widget.api import Attendee, BbbUnreachableError, Created, Joining, MeetingInfo, NewMeeting
from bbb_widget.calendar_entries import ConferenceEntries
from bbb_widget.circles import Circles
from bbb_widget.conference_command import ConferenceCommand
from bbb_widget.conferences import Place, Wish
from bbb_widget.desk import ConferenceDesk
from bbb_widget.guest_desk import GuestDesk
from bbb_widget.keys import ConferenceKeys
from bbb_widget.meetings import Meetings
from bbb_widget.slides import SlidesDesk
from bbb_widget.watching import ConferenceWatch
from school.config.conferences import ConferenceSettings
from school.database.conferences import Conference, add_conference
from school.database.room_rests import rooms_of_groups
from school.domain.conferences import ConferenceId, ConferenceState
from school.domain.groups import GroupId
from school.domain.people import Person
from school.domain.rooms import RoomKind, RoomStamp
from school.sealing import Keyring
from school.texts import Language

CHAT = "!chat"
CLASS = Place(room_id=room("5a"), groups=frozenset({GroupId("5a")}))
URL = "https://bote.school.test"


@dataclass
class FakeBbb:
    """Meetings that only are. `down`: it does not answer."""

    made: list[NewMeeting] = field(default_factory=list)
    open: dict[str, Created] = field(default_factory=dict)
    attendees: dict[str, list[Attendee]] = field(default_factory=dict)
    looks: int = 0
    down: bool = False
    hangs: bool = False
    """It takes what it is asked, and says nothing."""

    async def _answer(self) -> None:
        if self.hangs:
            await asyncio.Event().wait()
        if self.down:
            raise BbbUnreachableError("BigBlueButton cannot be reached (fake).")

    async def create(self, meeting: NewMeeting) -> Created:
        await self._answer()
        self.made.append(meeting)
        created = Created(meeting_id=meeting.meeting_id, create_time=1000 + len(self.made), was_there=False)
        self.open[meeting.meeting_id] = created
        return created

    async def end(self, meeting_id: str) -> bool:
        await self._answer()
        return self.open.pop(meeting_id, None) is not None

    async def info(self, meeting_id: str) -> MeetingInfo | None:
        await self._answer()
        self.looks += 1
        if meeting_id not in self.open:
            return None
        return MeetingInfo(
            meeting_id=meeting_id,
            create_time=self.open[meeting_id].create_time,
            name="",
            running=True,
            ended_at=None,
            attendees=self.attendees.get(meeting_id, []),
        )

    def join_address(self, joining: Joining) -> str:
        attendee = Attendee(user_id=joining.user_id, full_name=joining.full_name, role=joining.role)
        self.attendees.setdefault(joining.meeting_id, []).append(attendee)
        self.last = joining
        return f"https://bbb/join?{joining.user_id}"

    def gone(self, meeting_id: str) -> None:
        self.open.pop(meeting_id, None)


@dataclass
class Sent:
    """What the bot, or somebody by the school's hand, wrote."""

    room_id: str
    body: str
    as_user: str | None
    replaces: str | None


@dataclass
class Conferences:
    """The desks, and what they stand on."""

    school: School
    bbb: FakeBbb
    settings: ConferenceSettings
    keys: ConferenceKeys
    now: datetime = NOON
    over: list[Conference] = field(default_factory=list)
    reminded: list[Conference] = field(default_factory=list)
    remember_seconds: float = 0.0
    patience_seconds: float | None = None
    has_bbb: bool = True
    sent: list[Sent] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    deaf: set[str] = field(default_factory=set)
    """Who has no control room."""
    silent: set[str] = field(default_factory=set)
    """Who rests."""

    def __post_init__(self) -> None:
        common: dict[str, Any] = {"engine": self.school.engine, "school": self.settings, "clock": lambda: self.now}
        view = self.school.view
        short = {"remember_seconds": self.remember_seconds}
        patience = {} if self.patience_seconds is None else {"patience_seconds": self.patience_seconds}
        members = self.school.homeserver.room_members
        self.circles = Circles(view=view, room_members=members, rooms_of=self._rooms_of, **short)
        bbb: Any = self.bbb if self.has_bbb else None
        self.meetings = Meetings(bbb=bbb, school=self.settings, keys=self.keys, public_url=URL, **short, **patience)
        desk = {"view": view, "circles": self.circles, "keys": self.keys} | common
        self.desk = ConferenceDesk(meetings=self.meetings, **desk)
        self.school.homeserver.send = self._send
        announcing = Announcing(
            engine=self.school.engine,
            homeserver=self.school.homeserver,
            view=view,
            keyring=Keyring([bytes(32)]),
            meetings=self.meetings,
            circles=self.circles,
            zone=BERLIN,
            tell=lambda: self._tell,
            clock=lambda: self.now,
        )
        self.announcing = announcing
        self.desk.occasions.on_end += [self._ended, announcing.ended]
        self.guests = GuestDesk(desk=self.desk, **common)
        self.watch = ConferenceWatch(desk=self.desk, remind=self._remind, **desk)
        self.feeds = Feeds(
            engine=self.school.engine,
            view=view,
            public_url=URL,
            name="Termine",
            host="school.test",
            clock=lambda: self.now,
        )
        self.entries = ConferenceEntries(
            view=view,
            desk=self.desk,
            circles=self.circles,
            zone=BERLIN,
            language=Language.GERMAN,
            clock=lambda: self.now,
        )
        self.feeds.add(self.entries.of)
        self.school.homeserver.event = self._event
        self.school.homeserver.file = self._file
        self.slides = SlidesDesk(
            engine=self.school.engine,
            view=view,
            files=self.school.homeserver,
            desk=self.desk,
            keys=self.keys,
            clock=lambda: self.now,
        )
        self.command = ConferenceCommand(
            engine=self.school.engine,
            view=view,
            desk=self.desk,
            guests=self.guests,
            announcing=announcing,
            feeds=self.feeds,
            slides=self.slides,
            zone=BERLIN,
            tell=lambda: self._tell,
            is_silent=self.silent.__contains__,
            clock=lambda: self.now,
        )

    async def file_of(self, person: Person, conference_id: str) -> bytes | None:
        """The file with one planned conference."""
        entries = await self.entries.one(person, conference_id)
        return None if entries is None else self.feeds.written(entries)

    async def _rooms_of(self, groups: Collection[GroupId]) -> Collection[str]:
        async with self.school.engine.connect() as connection:
            return await rooms_of_groups(connection, groups)

    async def _ended(self, conference: Conference) -> None:
        self.over.append(conference)

    async def _remind(self, conference: Conference) -> None:
        self.reminded.append(conference)
        await self.announcing.remind(conference)

    async def _send(
        self,
        room_id: str,
        event_type: str,
        content: dict[str, Any],
        *,
        txn_id: str,
        as_user: str | None = None,
        origin_server_ts: int | None = None,
    ) -> str:
        replaces = content.get("m.relates_to", {}).get("event_id")
        body = content["m.new_content"]["body"] if replaces else content["body"]
        self.sent.append(Sent(room_id=room_id, body=body, as_user=as_user, replaces=replaces))
        return f"$sent-{len(self.sent)}"

    async def _event(self, room_id: str, event_id: str, *, as_user: str) -> dict[str, Any]:
        if event_id not in self.messages:
            raise NotThereError("HTTP 404", status=404)
        return {"content": self.messages[event_id]}

    @asynccontextmanager
    async def _file(self, uri: str, *, as_user: str) -> AsyncIterator[AsyncIterator[bytes]]:
        if uri not in self.files:
            raise NotThereError("HTTP 404", status=404)

        async def pieces() -> AsyncIterator[bytes]:
            yield self.files[uri]

        yield pieces()

    async def _tell(self, user_id: str, text: str, *, txn_id: str) -> bool:
        if user_id not in self.deaf:
            self.told.append((user_id, text))
        return user_id not in self.deaf

    def later(self, **by: float) -> None:
        """Time goes on."""
        self.now += timedelta(**by)

    async def started(self, wish: Wish | None = None) -> Conference:
        """Ida's conference with her class."""
        started = await self.desk.start(IDA, wish or Wish(place=CLASS, title="Mathe"))
        assert started.conference is not None
        return started.conference

    async def had_planned(self, *, at: datetime) -> Conference:
        """A conference that Ida planned earlier, when there was a BigBlueButton."""
        planned = Conference(
            id=ConferenceId("planned-before"),
            starter=IDA.id,
            room_id=CLASS.room_id,
            groups=CLASS.groups,
            title="Mathe",
            language="de",
            choices={},
            state=ConferenceState.PLANNED,
            planned_at=at,
        )
        async with self.school.engine.begin() as connection:
            await add_conference(connection, planned)
        return planned

    async def open_for(self, conference: Conference) -> None:
        """Ida comes in."""
        entrance = await self.desk.join(IDA, conference.id)
        assert entrance.ticket is not None
        assert await self.desk.redeem(entrance.ticket)


@asynccontextmanager
async def with_conferences(
    database: Path,
    engine: AsyncEngine,
    *,
    config: str = "",
    remember_seconds: float = 0.0,
    patience_seconds: float | None = None,
    has_bbb: bool = True,
    **settings: Any,
) -> AsyncIterator[Conferences]:
    async with a_school(database, engine, config=config) as school:
        school.homeserver.stamps[CHAT] = RoomStamp(kind=RoomKind.CHAT)
        school.homeserver.joined[CHAT] = {IDA.user_id, BEN.user_id, GABI.user_id, BOT}
        yield Conferences(
            school=school,
            bbb=FakeBbb(),
            settings=ConferenceSettings(**settings),
            keys=ConferenceKeys(bytes(32)),
            remember_seconds=remember_seconds,
            patience_seconds=patience_seconds,
            has_bbb=has_bbb,
        )
