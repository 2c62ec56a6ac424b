"""Why messages wait, and until when: worked out as the rest queue does, from those who are in the rooms now.

Only looks. Who is in a room is asked of the homeserver, once for each look or, where the same is asked again and again,
once in a while.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from appservice.homeserver import Homeserver, HomeserverError
from school.database.held import HeldMessage
from school.domain.hold import Hold, hold_for
from school.domain.people import UserId
from school.standing import Standing

_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """One message that waits. `until` is when it comes: the moment that was asked about, if nothing keeps it any more;
    None: no end is known. `hold` is why, None where it only waits for its turn."""

    message: HeldMessage
    hold: Hold | None
    until: datetime | None


class HoldLook:
    """Looks at rooms in which messages wait."""

    def __init__(
        self, *, homeserver: Homeserver, standing: Callable[[], Standing], remember: timedelta = timedelta(0)
    ) -> None:
        self._homeserver = homeserver
        self._standing = standing
        self._remember = remember
        self._members: dict[str, tuple[datetime, frozenset[UserId]]] = {}

    async def learn(self, rooms: Mapping[str, Sequence[HeldMessage]], now: datetime) -> None:
        """Learns who is in these rooms.

        Raises:
            HomeserverError: it does not say.
        """
        self._members = {
            room_id: known
            for room_id, known in self._members.items()
            if room_id in rooms and now - known[0] < self._remember
        }
        slots = asyncio.Semaphore(_AT_ONCE)
        firsts = (messages[0] for room_id, messages in rooms.items() if room_id not in self._members)
        await asyncio.gather(*(self._learn(slots, message, now) for message in firsts))

    async def _learn(self, slots: asyncio.Semaphore, message: HeldMessage, now: datetime) -> None:
        async with slots:
            try:
                members = await self._homeserver.members(message.room_id, as_user=UserId(message.sender))
            except HomeserverError as error:
                if error.status not in (403, 404):
                    raise
                members = frozenset()  # the sender has left: there is nobody to wait for
            self._members[message.room_id] = (now, members)

    def members(self, room_id: str) -> frozenset[UserId]:
        """Who is in a room that was learnt."""
        return self._members[room_id][1]

    def hold(self, message: HeldMessage, at: datetime) -> Hold | None:
        """Why a message in a room that was learnt waits at `at`; None if it does not."""
        standing = self._standing()
        return hold_for(
            UserId(message.sender),
            self.members(message.room_id),
            directory=standing.policy.directory,
            rest_of=lambda user_id: standing.desk.look(user_id, at),  # what is remembered is the queue's, of now
            bot=self._homeserver.bot,
            has_rest=standing.desk.has_rest,
            mode=standing.mode_of(message.room_id),
        )

    def waits(self, messages: Sequence[HeldMessage], now: datetime) -> list[Wait]:
        """Until when each of one room's messages waits."""
        holds = [(message, self.hold(message, now)) for message in messages]
        return [Wait(message=message, hold=hold, until=now if hold is None else hold.until) for message, hold in holds]
