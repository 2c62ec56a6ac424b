"""What somebody hears when their rest is over: how many messages came meanwhile that did not have to wait, and where.

What waited or was urgent rings by itself and is not counted, nor is what they wrote themselves, what the bot said to
them, notices and edits. What the bot writes into the room of a group is: the office reads there who will be absent.
Nothing of what was written is kept: the homeserver is asked for what came since the place in its stream of events that
was noted when the rest began.
"""

import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.homeserver import Homeserver, HomeserverError, NotThereError, RefusedError
from appservice.school_view import SchoolView
from school.database.bot_words import Word, keep_word
from school.database.control import newest_control_room
from school.database.mirror import group_room_rows
from school.database.silences import SilenceRow, forget_silence, read_silences
from school.domain.people import UserId
from school.sealing import URGENT_KEY
from school.texts import Texts

log = structlog.get_logger()

_TYPES: Final = ("m.room.message", "m.room.encrypted", "m.sticker")
_IN_A_ROOM: Final = 100
"""So many messages of one room are looked at."""
_ROOMS_NAMED: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many messages came in one place; `where` says which, as a part of a sentence."""

    where: str
    number: int
    is_all: bool = True


Also: TypeAlias = Callable[[UserId, datetime, datetime], Awaitable[str]]
"""What else somebody is told of the time between two instants; nothing, if that is all."""


async def _nothing_else(_user_id: UserId, _after: datetime, _before: datetime) -> str:
    return ""


class Summaries:
    """Makes of every silence that has ended a word of the bot. `also`: what else there is to tell."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        view: SchoolView,
        texts: Texts,
        also: Also = _nothing_else,
    ) -> None:
        self._also = also
        self._engine = engine
        self._homeserver = homeserver
        self._view = view
        self._texts = texts

    async def make(self) -> None:
        """Makes all that are owed, one after the other: it is the hour in which what waited is delivered."""
        async with self._engine.connect() as connection:
            rows = await read_silences(connection, ended=True)
            rooms = await group_room_rows(connection) if rows else {}
        names = {room.room_id: room.name for of_group in rooms.values() for room in of_group.values()}
        for row in rows:
            try:
                text = await self._text(row, names)
            except (RefusedError, NotThereError) as error:
                log.info("no_summary", user=row.user_id, error=str(error))
                text = None
            except HomeserverError as error:
                log.warning("summary_waits", user=row.user_id, error=str(error))
                continue
            await self._keep(row, text)

    async def _keep(self, row: SilenceRow, text: str | None) -> None:
        async with self._engine.begin() as connection:
            if not await forget_silence(connection, row) or text is None or row.ended_at is None:
                return
            at = row.ended_at.timestamp()
            word = Word(txn_id=f"summary-{row.user_id}-{at}", user_id=row.user_id, body=text, at=at)
            await keep_word(connection, word)

    async def _text(self, row: SilenceRow, names: Mapping[str, str]) -> str | None:
        async with self._engine.connect() as connection:
            control_room = await newest_control_room(connection, row.user_id)
        if row.sync_token is None or row.ended_at is None or control_room is None:
            return None
        news = await self._homeserver.news_since(
            row.user_id,
            row.sync_token,
            types=_TYPES,
            not_senders=[row.user_id],
            limit=_IN_A_ROOM,
        )
        between = range(int(row.since.timestamp() * 1000), int(row.ended_at.timestamp() * 1000))
        counts = [
            Count(where=await self._where(room_id, row.user_id, names), number=number, is_all=of_room.is_all)
            for room_id, of_room in news.items()
            if room_id != control_room
            and (number := sum(counts_as_message(event, between) for event in of_room.events))
        ]
        more = await self._also(row.user_id, row.since, row.ended_at)
        return "\n".join(filter(None, (say_summary(counts, self._texts), more))) or None

    async def _where(self, room_id: str, reader: UserId, names: Mapping[str, str]) -> str:
        name = names.get(room_id)
        if name is None:
            with contextlib.suppress(NotThereError):
                name = (await self._homeserver.state(room_id, "m.room.name", as_user=reader)).get("name")
        if isinstance(name, str) and name:
            return f"in {name}"  # the same in both languages
        directory = self._view.now.policy.directory
        members = sorted(await self._homeserver.members(room_id, as_user=reader) - {reader})
        people = [person.display_name for user_id in members if (person := directory.person(user_id)) is not None]
        return self._texts.say("summary.from_person", name=people[0]) if len(people) == 1 else ""


def counts_as_message(event: Mapping[str, Any], between: range) -> bool:
    """Whether an event is a message of the time `between` (milliseconds) that somebody would want to know of."""
    content = event["content"]
    relation = content.get("m.relates_to")
    if event["origin_server_ts"] not in between or not content or content.get("msgtype") == "m.notice":
        return False
    if content.get(URGENT_KEY) is True:
        return False
    return not (isinstance(relation, Mapping) and relation.get("rel_type") == "m.replace")


def say_summary(counts: Sequence[Count], texts: Texts) -> str | None:
    """The summary in words, the rooms with most messages first; None if there is nothing to tell."""
    ordered = sorted(counts, key=lambda count: (-count.number, count.where))
    named = [count for count in ordered if count.where][:_ROOMS_NAMED]
    others = [count for count in ordered if count not in named]
    if others:
        named.append(
            Count(
                where=texts.say("summary.elsewhere"),
                number=sum(count.number for count in others),
                is_all=all(count.is_all for count in others),
            )
        )
    if not named:
        return None
    first, *more = named
    if first.number == 1 and first.is_all:
        beginning = texts.say("summary.one", where=first.where)
    else:
        beginning = texts.say("summary.many", number=_number(first, texts), where=first.where)
    return texts.say(
        "summary", news=", ".join([beginning, *(f"{_number(count, texts)} {count.where}" for count in more)])
    )


def _number(count: Count, texts: Texts) -> str:
    return str(count.number) if count.is_all else texts.say("summary.more_than", number=count.number)
