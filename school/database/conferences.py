"""Video conferences: what is planned, what goes on, what is over.

A conference that is repeated is one row; each of its occasions has a meeting of its own, with a random id, so that an
address for one leads into no other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, Select, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from school.database.tables import conference_attendance, conferences
from school.domain.conferences import ConferenceId, ConferenceState
from school.domain.groups import GroupId
from school.domain.people import PersonId

GOING_ON = (ConferenceState.WAITING.value, ConferenceState.RUNNING.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message that tells a room of a conference: the bot's, or (`by_starter`) that of whoever started it."""

    room_id: str
    event_id: str
    by_starter: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Slides:
    """A PDF in the messenger: its `mxc://` address, and what it is called."""

    uri: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conference:
    """One conference. `meeting_id` and `create_time_ms` are those of the occasion that goes on, or was the last."""

    id: ConferenceId
    starter: PersonId
    room_id: str | None
    groups: frozenset[GroupId]
    title: str
    language: str
    choices: dict[str, bool]
    state: ConferenceState
    planned_at: datetime | None = None
    weekly: bool = False
    meeting_id: str | None = None
    create_time_ms: int | None = None
    begun_at: datetime | None = None
    ended_at: datetime | None = None
    messages: Sequence[Message] = field(default=())
    slides: Slides | None = None

    @property
    def goes_on(self) -> bool:
        """Whether there is a meeting to come into, or to wait for."""
        return self.state in GOING_ON


async def add_conference(connection: AsyncConnection, conference: Conference) -> None:
    """A new one."""
    await connection.execute(
        insert(conferences).values(
            id=conference.id,
            person_id=conference.starter,
            room_id=conference.room_id,
            for_groups=sorted(conference.groups),
            title=conference.title,
            language=conference.language,
            choices=conference.choices,
            state=conference.state.value,
            planned_at=_seconds(conference.planned_at),
            weekly=conference.weekly,
            meeting_id=conference.meeting_id,
            create_time_ms=conference.create_time_ms,
            begun_at=_seconds(conference.begun_at),
            messages=[],
        )
    )


async def read_conference(connection: AsyncConnection, conference_id: str) -> Conference | None:
    """One of them."""
    return await _first(connection, select(conferences).where(conferences.c.id == conference_id))


async def conference_of_meeting(connection: AsyncConnection, meeting_id: str) -> Conference | None:
    """The one whose present or last occasion this is."""
    return await _first(connection, select(conferences).where(conferences.c.meeting_id == meeting_id))


async def conferences_going_on(connection: AsyncConnection) -> list[Conference]:
    """Those with a meeting now, oldest first."""
    query = select(conferences).where(conferences.c.state.in_(GOING_ON)).order_by(conferences.c.begun_at)
    return await _all(connection, query)


async def planned_conferences(connection: AsyncConnection) -> list[Conference]:
    """Those that have a time, earliest first; those that are over excepted."""
    has_time = conferences.c.planned_at.is_not(None) & (conferences.c.state != ConferenceState.ENDED.value)
    return await _all(connection, select(conferences).where(has_time).order_by(conferences.c.planned_at))


async def conferences_of_room(
    connection: AsyncConnection, room_id: str, group: GroupId | None = None
) -> list[Conference]:
    """Those of one room, or also of its group, that are not over: what goes on before what is planned."""
    query = select(conferences).where(conferences.c.state != ConferenceState.ENDED.value)
    if group is None:
        query = query.where(conferences.c.room_id == room_id)
    found = await _all(connection, query.order_by(conferences.c.planned_at))
    here = [each for each in found if each.room_id == room_id or group in each.groups]
    return sorted(here, key=lambda each: not each.goes_on)


async def conferences_started_by(connection: AsyncConnection, person_id: PersonId) -> list[Conference]:
    """Those of one person, the newest first."""
    query = select(conferences).where(conferences.c.person_id == person_id)
    return await _all(connection, query.order_by(conferences.c.begun_at.desc()))


async def begin_meeting(
    connection: AsyncConnection, conference_id: str, *, meeting_id: str, create_time_ms: int, at: datetime
) -> None:
    """An occasion begins: there is a meeting now, and no moderator in it."""
    here = update(conferences).where(conferences.c.id == conference_id)
    await connection.execute(
        here.values(
            meeting_id=meeting_id,
            create_time_ms=create_time_ms,
            state=ConferenceState.WAITING.value,
            begun_at=at.timestamp(),
            ended_at=None,
        )
    )


async def meeting_runs(connection: AsyncConnection, meeting_id: str) -> bool:
    """A moderator has come; False if that was known."""
    waiting = (conferences.c.meeting_id == meeting_id) & (conferences.c.state == ConferenceState.WAITING.value)
    return await _changed(connection, update(conferences).where(waiting), state=ConferenceState.RUNNING.value)


async def end_meeting(
    connection: AsyncConnection, meeting_id: str, *, at: datetime, next_time: datetime | None = None
) -> bool:
    """An occasion is over; False if it was already. `next_time`: there is another one."""
    state = ConferenceState.ENDED if next_time is None else ConferenceState.PLANNED
    on = (conferences.c.meeting_id == meeting_id) & conferences.c.state.in_(GOING_ON)
    moved = {} if next_time is None else {"planned_at": next_time.timestamp()}
    return await _changed(
        connection, update(conferences).where(on), state=state.value, ended_at=at.timestamp(), **moved
    )


async def call_off(connection: AsyncConnection, conference_id: str, *, at: datetime) -> bool:
    """What was planned will not be."""
    planned = (conferences.c.id == conference_id) & (conferences.c.state == ConferenceState.PLANNED.value)
    ended = ConferenceState.ENDED.value
    return await _changed(connection, update(conferences).where(planned), state=ended, ended_at=at.timestamp())


async def move_on(connection: AsyncConnection, conference_id: str, next_time: datetime) -> None:
    """Nobody came to an occasion of what is repeated."""
    here = update(conferences).where(conferences.c.id == conference_id)
    await connection.execute(here.values(planned_at=next_time.timestamp()))


async def reminded(connection: AsyncConnection, conference_id: str, planned_at: datetime) -> bool:
    """People are reminded of one occasion now; False if they were already."""
    seconds = planned_at.timestamp()
    unsaid = or_(conferences.c.reminded_for.is_(None), conferences.c.reminded_for != seconds)
    here = (conferences.c.id == conference_id) & unsaid
    return await _changed(connection, update(conferences).where(here), reminded_for=seconds)


async def keep_messages(connection: AsyncConnection, conference_id: str, messages: Sequence[Message]) -> None:
    """Which messages tell of it."""
    written = [[each.room_id, each.event_id, each.by_starter] for each in messages]
    await connection.execute(update(conferences).where(conferences.c.id == conference_id).values(messages=written))


async def keep_choices(connection: AsyncConnection, conference_id: str, choices: dict[str, bool]) -> None:
    """What the teacher chose for it."""
    await connection.execute(update(conferences).where(conferences.c.id == conference_id).values(choices=choices))


async def attach_slides(connection: AsyncConnection, conference_id: str, slides: Slides) -> None:
    """From now on a conference begins with these."""
    here = update(conferences).where(conferences.c.id == conference_id)
    await connection.execute(here.values(slides=[slides.uri, slides.name]))


async def forget_conferences(connection: AsyncConnection, *, ended_before: datetime) -> None:
    """Forgets what is long over, and who was there."""
    before = ended_before.timestamp()
    await connection.execute(delete(conference_attendance).where(conference_attendance.c.left_at < before))
    over = (conferences.c.state == ConferenceState.ENDED.value) & (conferences.c.ended_at < before)
    await connection.execute(delete(conferences).where(over))


async def _changed(connection: AsyncConnection, statement: Any, **values: Any) -> bool:
    return bool((await connection.execute(statement.values(**values))).rowcount)


async def _first(connection: AsyncConnection, query: Select[Any]) -> Conference | None:
    row = (await connection.execute(query)).first()
    return None if row is None else _conference(row)


async def _all(connection: AsyncConnection, query: Select[Any]) -> list[Conference]:
    return [_conference(row) for row in await connection.execute(query)]


def _conference(row: Row[Any]) -> Conference:
    return Conference(
        id=ConferenceId(row.id),
        starter=PersonId(row.person_id),
        room_id=row.room_id,
        groups=frozenset(map(GroupId, row.for_groups)),
        title=row.title,
        language=row.language,
        choices=row.choices,
        state=ConferenceState(row.state),
        planned_at=_moment(row.planned_at),
        weekly=row.weekly,
        meeting_id=row.meeting_id,
        create_time_ms=row.create_time_ms,
        begun_at=_moment(row.begun_at),
        ended_at=_moment(row.ended_at),
        messages=tuple(Message(room_id=room, event_id=event, by_starter=own) for room, event, own in row.messages),
        slides=None if row.slides is None else Slides(uri=row.slides[0], name=row.slides[1]),
    )


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
