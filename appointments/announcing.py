"""What rooms read of appointments: one message for each, in the room of each of its groups, by the bot. It changes with
the appointment, and says when it is off.

What is to be told stands in the database: `tell` tells it, and tells it again if it was interrupted, under the same
transaction id. Nothing here breaks a rest: rooms are silent for those who rest.
"""

from collections.abc import Mapping
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from appointments.words import slot_in_words
from appservice.homeserver import NotThereError, RefusedError
from school.clock import Clock, utc_now
from school.database.appointments import Untold, appointment_is_told, untold_appointments
from school.database.room_rests import room_of_group
from school.domain.appointment_times import Times, slots_of
from school.domain.appointments import Appointment
from school.texts import Language, Texts

log = structlog.get_logger()

PAGE: Final = "/appointments"
_MESSAGE: Final = "m.room.message"


class Bot(Protocol):
    """Who writes into the rooms of groups."""

    async def send(self, room_id: str, event_type: str, content: Mapping[str, Any], *, txn_id: str) -> str: ...


class Announcing:
    """Tells the rooms."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        bot: Bot,
        zone: ZoneInfo,
        language: Language,
        public_url: str,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._bot = bot
        self._zone = zone
        self._texts = Texts(language)
        self._public_url = public_url
        self._clock = clock

    async def tell(self) -> None:
        """Tells all that was not told.

        Raises:
            TryLaterError: the homeserver does not answer now.
        """
        async with self._engine.connect() as connection:
            untold = await untold_appointments(connection)
        for each in untold:
            await self._tell_of(each)

    def words(self, appointment: Appointment) -> str:
        """What is said of an appointment."""
        texts = self._texts
        slots = slots_of(appointment.times, self._zone)
        coming = next(iter(appointment.coming(self._clock(), self._zone)), slots[-1])
        said = [slot_in_words(coming, texts, self._zone), appointment.place, self._series(appointment.times)]
        title, when = appointment.title, ", ".join(filter(None, said))
        for slot in appointment.left_out(self._clock(), self._zone):
            when += "\n" + texts.say("appointment.left_out", when=slot_in_words(slot, texts, self._zone))
        if appointment.is_off:
            return texts.say("appointment.room_off", title=title, when=when)
        link = f"{self._public_url}{PAGE}/{appointment.id}"
        if appointment.asks:
            return texts.say("appointment.room_asks", title=title, when=when, link=link)
        return texts.say("appointment.room", title=title, when=when, link=link)

    def _series(self, times: Times) -> str:
        if not times.weeks or times.until is None:
            return ""
        until = self._texts.full_day(times.until)
        if times.weeks == 1:
            return self._texts.say("appointment.series", until=until)
        return self._texts.say("appointment.series_weeks", weeks=times.weeks, until=until)

    async def _tell_of(self, untold: Untold) -> None:
        appointment, messages = untold.appointment, dict(untold.messages)
        wanted: list[str] = []
        for group in sorted(appointment.groups):
            async with self._engine.connect() as connection:
                room_id = await room_of_group(connection, group)
            if room_id is not None:
                wanted.append(room_id)
        text = self.words(appointment)
        for room_id in wanted:
            if room_id in messages:
                await self._change(appointment, room_id, messages[room_id], text)
            elif not appointment.is_off and (sent := await self._write(appointment, room_id, text)):
                messages[room_id] = sent
        for room_id in [room_id for room_id in messages if room_id not in wanted]:  # it is not for them any more
            not_yours = self._texts.say("appointment.room_not_yours", title=appointment.title)
            await self._change(appointment, room_id, messages.pop(room_id), not_yours)
        async with self._engine.begin() as connection:
            await appointment_is_told(connection, appointment.id, appointment.number, messages)

    async def _write(self, appointment: Appointment, room_id: str, text: str) -> str | None:
        content = {"msgtype": "m.text", "body": text, "m.mentions": {}}
        try:
            return await self._bot.send(room_id, _MESSAGE, content, txn_id=_name(appointment, room_id))
        except (NotThereError, RefusedError) as error:
            log.warning("appointment_not_told", appointment=appointment.id, room=room_id, error=str(error))
            return None

    async def _change(self, appointment: Appointment, room_id: str, event_id: str, text: str) -> None:
        content = {"msgtype": "m.text", "body": text, "m.mentions": {}}
        edit = content | {
            "body": f"* {text}",
            "m.new_content": content,
            "m.relates_to": {"rel_type": "m.replace", "event_id": event_id},
        }
        try:
            await self._bot.send(room_id, _MESSAGE, edit, txn_id=_name(appointment, room_id))
        except (NotThereError, RefusedError) as error:
            log.warning("appointment_not_told", appointment=appointment.id, room=room_id, error=str(error))


def _name(appointment: Appointment, room_id: str) -> str:
    return f"appointment-{appointment.id}-{appointment.number}-{room_id}"
