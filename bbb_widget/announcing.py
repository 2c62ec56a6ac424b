"""What rooms read of conferences: that one begins or is planned, soon begins, is over.

In the room of a group the bot writes it, with the same address for everybody: its page asks who one is. In a room
without the bot it stands in the place of the command, in the name of whoever wrote that. What is over says so in the
same message. Nothing here breaks a rest: rooms are silent for those who rest, and what is told to a person waits.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.in_rooms import put_in_place
from appservice.bot.sync_news import Tell
from appservice.homeserver import Homeserver, HomeserverError
from appservice.school_view import SchoolView
from bbb_widget.circles import Circles
from bbb_widget.conferences import Place
from bbb_widget.meetings import Meetings
from school.clock import Clock, utc_now
from school.database.conferences import Conference, Message, keep_messages
from school.database.room_rests import room_of_group
from school.domain.conferences import ConferenceState
from school.domain.groups import GroupId
from school.domain.people import Person, UserId
from school.sealing import Keyring
from school.texts import Language, Texts

log = structlog.get_logger()


class Announcing:
    """Writes into rooms about conferences. `tell` says something in somebody's control room."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        view: SchoolView,
        keyring: Keyring,
        meetings: Meetings,
        circles: Circles,
        zone: ZoneInfo,
        tell: Callable[[], Tell],
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._view = view
        self._keyring = keyring
        self._meetings = meetings
        self._circles = circles
        self._zone = zone
        self._tell = tell
        self._clock = clock

    async def in_groups(self, conference: Conference, *, but: str | None = None) -> list[GroupId]:
        """Tells the rooms of its groups of a conference, except one room; returns the groups that have none.

        Raises:
            HomeserverError: one of them could not be told.
        """
        texts = Texts(Language(conference.language))
        told, roomless = list(conference.messages), []
        for group in sorted(conference.groups):
            async with self._engine.connect() as connection:
                room_id = await room_of_group(connection, group)
            if room_id is None:
                roomless.append(group)
            elif room_id != but:
                event_id = await self._write(room_id, self.words(conference, texts), f"conference-{conference.id}")
                told.append(Message(room_id=room_id, event_id=event_id))
        await self.keep(conference, told)
        return roomless

    async def begun(self, conference: Conference, starter: Person) -> None:
        """Tells of a conference that nobody wrote of: the bot does in the rooms of groups, the starter elsewhere.

        Raises:
            HomeserverError: one of the rooms could not be told.
        """
        if conference.groups or conference.room_id is None:
            await self.in_groups(conference)
            return
        text = self.words(conference, Texts(Language(conference.language)))
        name = f"conference-{conference.id}-{starter.user_id}"
        event_id = await self._write(conference.room_id, text, name, as_user=starter.user_id)
        await self.keep(conference, [Message(room_id=conference.room_id, event_id=event_id, by_starter=True)])

    async def keep(self, conference: Conference, messages: Iterable[Message]) -> None:
        """Remembers the messages that tell of a conference, to change them when it is over."""
        async with self._engine.begin() as connection:
            await keep_messages(connection, conference.id, list(messages))

    def words(self, conference: Conference, texts: Texts) -> str:
        """What is said of a conference while it is not over."""
        link, title = self._meetings.page(conference.id), conference.title
        if conference.planned_at is None:
            return texts.say("conference.begins", title=title, link=link)
        when = self.when(conference.planned_at, texts)
        if conference.weekly:
            return texts.say("conference.planned_weekly", title=title, when=when, link=link)
        return texts.say("conference.planned", title=title, when=when, link=link)

    def when(self, moment: datetime, texts: Texts) -> str:
        """A moment as people say it."""
        return texts.when(moment, self._zone, now=self._clock())

    async def ended(self, conference: Conference) -> None:
        """Changes what the rooms read: it is over, or until its next time."""
        texts = Texts(Language(conference.language))
        if conference.state is ConferenceState.PLANNED and conference.planned_at is not None:
            when, link = self.when(conference.planned_at, texts), self._meetings.page(conference.id)
            said = texts.say("conference.over_until", title=conference.title, when=when, link=link)
        else:
            said = texts.say("conference.over", title=conference.title)
        for message in conference.messages:
            try:
                await self._change(conference, message, said)
            except HomeserverError as error:
                log.info("conference_end_not_told", conference=conference.id, error=str(error))

    async def remind(self, conference: Conference) -> None:
        """Says that a planned conference comes soon."""
        texts = Texts(Language(conference.language))
        when = "" if conference.planned_at is None else self.when(conference.planned_at, texts)
        link = self._meetings.page(conference.id)
        said = texts.say("conference.soon", title=conference.title, when=when, link=link)
        name = f"conference-soon-{conference.id}-{conference.planned_at}"
        for group in sorted(conference.groups):
            async with self._engine.connect() as connection:
                room_id = await room_of_group(connection, group)
            if room_id is not None:
                await self._write(room_id, said, name)
        if not conference.groups and conference.room_id is not None:
            for person in await self._circles.people(Place(room_id=conference.room_id)):
                await self._tell()(person.user_id, said, txn_id=f"{name}-{person.user_id}")

    async def _write(self, room_id: str, text: str, name: str, *, as_user: UserId | None = None) -> str:
        content = {"msgtype": "m.text", "body": text, "m.mentions": {}}
        txn_id = f"{name}-{room_id}"
        return await self._homeserver.send(room_id, "m.room.message", content, txn_id=txn_id, as_user=as_user)

    async def _change(self, conference: Conference, message: Message, text: str) -> None:
        name = f"conference-over-{conference.id}-{conference.meeting_id}-{message.event_id}"
        if message.by_starter:
            starter = self._starter(conference)
            if starter is not None:
                await put_in_place(
                    self._homeserver,
                    self._keyring,
                    room_id=message.room_id,
                    event_id=message.event_id,
                    sender=starter,
                    text=text,
                    txn_id=name,
                    at=self._clock(),
                )
            return
        content = {"msgtype": "m.notice", "body": text, "m.mentions": {}}
        edit = content | {
            "body": f"* {text}",
            "m.new_content": content,
            "m.relates_to": {"rel_type": "m.replace", "event_id": message.event_id},
        }
        await self._homeserver.send(message.room_id, "m.room.message", edit, txn_id=name)

    def _starter(self, conference: Conference) -> UserId | None:
        person = self._view.now.policy.directory.person_by_id(conference.starter)
        return None if person is None else person.user_id
