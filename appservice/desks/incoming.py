"""What waits for somebody who rests: how much, from whom, since when, and when the next one comes.

No word of it, and nothing that the notices in the rooms do not say as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.held_words import HeldWords
from appservice.holds import HoldLook
from appservice.homeserver import Homeserver
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.database import held
from school.domain.intervals import earliest
from school.domain.people import Person, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class From:
    """What waits from one person."""

    person: Person
    number: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """All that waits for somebody; those come first who wait longest."""

    senders: Sequence[From] = ()
    next_one: datetime | None = None
    """When the first comes: now, if nothing keeps it any more. None: no end of the rest is known."""

    @property
    def number(self) -> int:
        """How many messages."""
        return sum(sender.number for sender in self.senders)


class IncomingDesk:
    """Looks at what waits for people."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        view: SchoolView,
        words: HeldWords,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._view = view
        self._words = words
        self._clock = clock

    async def look(self, user_id: UserId) -> Incoming:
        """What waits for somebody now.

        Raises:
            HomeserverError: it is not known what is in the rooms.
        """
        now = self._clock()
        async with self._engine.connect() as connection:
            rooms = await held.waiting(connection)
        memberships = await self._homeserver.memberships(user_id) if rooms else {}
        own = {room: messages for room, messages in rooms.items() if memberships.get(room) in ("join", "invite")}
        holds = HoldLook(homeserver=self._homeserver, standing=lambda: self._view.now)
        await holds.learn(own, now)
        # Who has left the school sends nothing any more.
        directory = self._view.now.policy.directory
        waits = {
            wait.message.event_id: wait
            for messages in own.values()
            for wait in holds.waits(messages, now)
            if wait.message.sender != user_id and directory.person(UserId(wait.message.sender)) is not None
        }
        coming = await self._words.that_will_come([wait.message for wait in waits.values()])
        by_sender: dict[str, list[datetime]] = {}
        for message in coming:
            by_sender.setdefault(message.sender, []).append(message.written_at)
        senders = [
            From(person=person, number=len(written), since=min(written))
            for sender, written in by_sender.items()
            if (person := directory.person(UserId(sender))) is not None
        ]
        return Incoming(
            senders=sorted(senders, key=lambda sender: sender.since),
            next_one=earliest(waits[message.event_id].until for message in coming),
        )
