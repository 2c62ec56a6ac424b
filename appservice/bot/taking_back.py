"""Takes back what the bot has told somebody and nobody should find later: a new code, a new password.

1. The answer is marked as a secret. When its minutes are over the bot deletes it, as people delete a message.
2. Nothing is remembered for that but the audit log: whoever has reset a password in the last day has their rooms with
   the bot looked through, until nothing can come any more. So it is done, too, if this program was away meanwhile.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.replies import TAKEN_BACK_KEY
from appservice.desks.handing_out import MINUTES
from appservice.homeserver import Homeserver, HomeserverError
from school.clock import Clock, utc_now
from school.database.audit import Action, newest_of_each
from school.database.control import control_rooms_of
from school.domain.people import Person, PersonId

log = structlog.get_logger()

_LOOKS_BACK: Final = timedelta(days=1)
_NOTHING_MORE: Final = MINUTES + timedelta(minutes=15)
"""After this long no answer comes any more, however busy the homeserver was (`appservice.patience`)."""
_LOOKED_AT: Final = 200


class TakingBack:
    """Looks whether something is due."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        person_of: Callable[[PersonId], Person | None],
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._person_of = person_of
        self._clock = clock
        self._clean: dict[PersonId, datetime] = {}
        """Of whom nothing is left, of all that came until when."""

    async def look(self) -> None:
        """Deletes what is due.

        Raises:
            CannotDecideError: nobody can be known just now.
        """
        now = self._clock()
        async with self._engine.connect() as connection:
            newest = await newest_of_each(connection, Action.PASSWORD_RESET, since=now - _LOOKS_BACK)
        for name, at in newest.items():
            actor = PersonId(name)
            if self._clean.get(actor) == at:
                continue
            try:
                await self._clear(actor, now)
            except HomeserverError as error:
                log.warning("secret_not_taken_back", actor=actor, error=str(error))
                continue
            if at < now - _NOTHING_MORE:
                self._clean[actor] = at

    async def _clear(self, actor: PersonId, now: datetime) -> None:
        person, bot = self._person_of(actor), self._homeserver.bot
        if person is None:  # the operator, or somebody who has left and whose rooms are gone
            return
        async with self._engine.connect() as connection:
            rooms = await control_rooms_of(connection, person.user_id)
        until_ms = (now - MINUTES).timestamp() * 1000
        for room_id in rooms:
            for event in await self._homeserver.newest_events(room_id, sender=bot, limit=_LOOKED_AT):
                if event["content"].get(TAKEN_BACK_KEY) and event["origin_server_ts"] <= until_ms:
                    event_id = event["event_id"]
                    await self._homeserver.redact(room_id, event_id, txn_id=f"take-back-{event_id}", as_user=bot)
