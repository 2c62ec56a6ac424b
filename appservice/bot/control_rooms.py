"""Control rooms: the bot joins whoever opens one, and answers what is written there."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.commands import Commands
from appservice.direct_rooms import RoomStamps
from appservice.homeserver import Homeserver, HomeserverError
from school.database.control import newest_control_room, remember_control_room
from school.domain.decisions import Reason
from school.domain.groups import Group
from school.domain.people import UserId
from school.domain.rooms import RoomKind
from school.texts import Texts

log = structlog.get_logger()


class ControlRooms:
    """The bot's side of its direct rooms."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        stamps: RoomStamps,
        commands: Commands,
        texts: Texts,
        where_to_ask: Callable[[UserId], Group | None],
    ) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._stamps = stamps
        self._commands = commands
        self._texts = texts
        self._where_to_ask = where_to_ask

    async def invited(self, room_id: str, inviter: UserId) -> None:
        """Somebody invited the bot: it comes, and remembers whose room this is."""
        await self._homeserver.join(room_id)
        stamp = await self._stamps.of(room_id, seen_by=inviter)
        if stamp is not None and stamp.kind is RoomKind.CONTROL:
            async with self._engine.begin() as connection:
                await remember_control_room(connection, room_id, inviter, time.time())

    async def message(self, event: Mapping[str, Any]) -> None:
        """Answers a message, if it was written in a control room."""
        room_id, sender = event["room_id"], UserId(event["sender"])
        stamp = await self._stamps.of(room_id, seen_by=sender)
        if stamp is None or stamp.kind is not RoomKind.CONTROL:
            return
        content = event["content"]
        if content.get("msgtype") != "m.text" or not isinstance(content.get("body"), str):
            return
        try:
            answer = await self._commands.answer(sender, content["body"])
        except HomeserverError as error:
            log.warning("command_failed", error=str(error))
            answer = self._texts.say("bot.failed")
        except Exception:
            log.exception("command_failed")
            answer = self._texts.say("bot.failed")
        await self._say(room_id, answer, txn_id=f"answer-{event['event_id']}")

    async def explain(self, user_id: UserId, reason: Reason) -> None:
        """Says why something was refused, where the person's client may not have said it. A person who never opened
        a control room is not given one for that: a refusal leaves nothing behind."""
        async with self._engine.connect() as connection:
            room_id = await newest_control_room(connection, user_id)
        if room_id is not None:
            # The minute in the transaction id makes a client's repeated attempts one explanation.
            txn_id = f"refusal-{user_id}-{reason}-{int(time.time() // 60)}"
            group = self._where_to_ask(user_id)
            await self._say(room_id, self._texts.refusal(reason, ask_in=group.name if group else None), txn_id=txn_id)

    async def _say(self, room_id: str, text: str, *, txn_id: str) -> None:
        content = {"msgtype": "m.notice", "body": text, "m.mentions": {}}
        await self._homeserver.send(room_id, "m.room.message", content, txn_id=txn_id)
