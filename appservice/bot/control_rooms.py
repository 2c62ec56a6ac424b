"""Control rooms: the bot joins whoever opens one, and answers what is written there."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.commands import Commands, nobody_is
from appservice.bot.replies import TAKEN_BACK_KEY, Reply
from appservice.direct_rooms import RoomStamps
from appservice.homeserver import Homeserver, HomeserverError, NotThereError, RefusedError, TryLaterError
from appservice.patience import patiently
from school.clock import Clock, utc_now
from school.database.bot_words import Word, keep_word, kept_words, word_is_said
from school.database.control import newest_control_room, remember_control_room
from school.domain.decisions import Reason
from school.domain.groups import Group
from school.domain.people import UserId
from school.domain.rooms import RoomKind
from school.texts import Texts

log = structlog.get_logger()

WORD_KEY: Final = "org.schulbote.word"
"""What tells a word that had to wait, or is said once, from all others, so that it is not said twice."""
_LOOKED_AT: Final = 100
_CLOCKS: Final = 60.0
"""So many seconds the homeserver's clock may be behind ours."""


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
        is_admin: Callable[[UserId], Awaitable[bool]] = nobody_is,
        is_silent: Callable[[UserId], bool] = lambda _: False,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._stamps = stamps
        self._commands = commands
        self._texts = texts
        self._where_to_ask = where_to_ask
        self._is_admin = is_admin
        self._is_silent = is_silent
        self._clock = clock
        self._started_at = clock().timestamp()
        self._tried: set[str] = set()

    async def invited(self, room_id: str, inviter: UserId) -> None:
        """Somebody invited the bot: it comes, and remembers whose room this is."""
        await self._homeserver.join(room_id)
        stamp = await self._stamps.of(room_id, seen_by=inviter)
        if stamp is not None and stamp.kind is RoomKind.CONTROL:
            async with self._engine.begin() as connection:
                await remember_control_room(connection, room_id, inviter, self._clock().timestamp())

    async def message(self, event: Mapping[str, Any]) -> None:
        """Answers a message, if it was written in a control room; a homeserver that is busy is waited for."""
        room_id, sender, content = event["room_id"], UserId(event["sender"]), event["content"]
        if content.get("msgtype") != "m.text" or not isinstance(content.get("body"), str) or is_edit(content):
            return
        if not await patiently(lambda: self._is_control(room_id, sender)):
            return
        note = _Note(self._homeserver, room_id, txn_id=f"answer-{event['event_id']}")
        answer: str | Reply | None
        try:
            answer = await self._commands.answer(sender, content["body"], note.show, event_id=event["event_id"])
        except HomeserverError as error:
            log.warning("command_failed", error=str(error))
            answer = self._texts.say("bot.failed")
        except Exception:
            log.exception("command_failed")
            answer = self._texts.say("bot.failed")
        if answer is not None:
            await note.show_at_last(answer)

    async def _is_control(self, room_id: str, sender: UserId) -> bool:
        stamp = await self._stamps.of(room_id, seen_by=sender)
        if stamp is not None:
            return stamp.kind is RoomKind.CONTROL
        # What admins make has no stamp: of their rooms it is one that nobody else is in.
        if not await self._is_admin(sender):
            return False
        return await self._homeserver.members(room_id, as_user=self._homeserver.bot) == {sender, self._homeserver.bot}

    async def explain(self, user_id: UserId, reason: Reason) -> None:
        """Says why something was refused, where the person's client may not have said it. A person who never opened
        a control room is not given one for that: a refusal leaves nothing behind."""
        async with self._engine.connect() as connection:
            room_id = await newest_control_room(connection, user_id)
        if room_id is not None:
            # The minute in the transaction id makes a client's repeated attempts one explanation.
            txn_id = f"refusal-{user_id}-{reason}-{int(self._clock().timestamp() // 60)}"
            group = self._where_to_ask(user_id)
            await self._say(room_id, self._texts.refusal(reason, ask_in=group.name if group else None), txn_id=txn_id)

    async def tell(self, user_id: UserId, text: str, *, txn_id: str) -> bool:
        """Says something that nobody asked for; False: the person never opened a control room.

        This is the place for all that the bot says by itself, and so the one where it waits for the end of a rest.
        """
        async with self._engine.connect() as connection:
            room_id = await newest_control_room(connection, user_id)
        if room_id is None:
            return False
        if not self._is_silent(user_id):
            await self._say(room_id, text, txn_id=txn_id)
            return True
        async with self._engine.begin() as connection:
            await keep_word(connection, Word(txn_id=txn_id, user_id=user_id, body=text, at=self._clock().timestamp()))
        return True

    async def say_what_waited(self) -> None:
        """Says what was kept for people who hear again, in the order in which it was kept."""
        async with self._engine.connect() as connection:
            words = await kept_words(connection)
        later: set[UserId] = set()
        for word in words:
            if word.user_id in later or self._is_silent(word.user_id):
                continue
            try:
                await self._say_kept(word)
            except TryLaterError as error:
                log.warning("word_not_said", user=word.user_id, error=str(error))
                later.add(word.user_id)

    async def _say_kept(self, word: Word) -> None:
        async with self._engine.connect() as connection:
            room_id = await newest_control_room(connection, word.user_id)
        try:
            if room_id is not None and not await self._was_said(word, room_id):
                await _Note(self._homeserver, room_id, txn_id=word.txn_id, **{WORD_KEY: word.txn_id}).show(word.body)
        except (RefusedError, NotThereError) as error:
            log.info("word_cannot_be_said", user=word.user_id, error=str(error))
        async with self._engine.begin() as connection:
            await word_is_said(connection, word)
        self._tried.discard(word.txn_id)

    async def _was_said(self, word: Word, room_id: str) -> bool:
        """Whether a word was said, but could not be noted as said: the answer was lost, or a process died. A
        transaction id alone is forgotten when the homeserver restarts."""
        if word.at >= self._started_at and word.txn_id not in self._tried:
            self._tried.add(word.txn_id)
            return False
        return any(
            event["content"].get(WORD_KEY) == word.txn_id and event["origin_server_ts"] / 1000 > word.at - _CLOCKS
            for event in await self._homeserver.newest_events(room_id, sender=self._homeserver.bot, limit=_LOOKED_AT)
        )

    async def _say(self, room_id: str, text: str, *, txn_id: str) -> None:
        await _Note(self._homeserver, room_id, txn_id=txn_id).show(text)


def is_edit(content: Mapping[str, Any]) -> bool:
    """Whether a message takes the place of an earlier one: a command is obeyed once, as it was written first."""
    relation = content.get("m.relates_to")
    return isinstance(relation, Mapping) and relation.get("rel_type") == "m.replace"


class _Note:
    """One message of the bot. What is shown first is sent, what is shown after it takes its place (Matrix spec,
    "Event replacements")."""

    def __init__(self, homeserver: Homeserver, room_id: str, *, txn_id: str, **more: str) -> None:
        self._more = more
        self._homeserver = homeserver
        self._room_id = room_id
        self._txn_id = txn_id
        self._event_id: str | None = None
        self._edits = 0

    async def show(self, text: str | Reply) -> None:
        """Shows a text instead of the one before."""
        content: dict[str, Any] = {"msgtype": "m.notice", **_written(text), "m.mentions": {}, **self._more}
        if self._event_id is None:
            self._event_id = await self._send(content, self._txn_id)
            return
        self._edits += 1
        edit = content | {
            "body": f"* {content['body']}",
            "m.new_content": content,
            "m.relates_to": {"rel_type": "m.replace", "event_id": self._event_id},
        }
        await self._send(edit, f"{self._txn_id}-{self._edits}")

    async def show_at_last(self, text: str | Reply) -> None:
        """The same, however long the homeserver is busy: what the text tells is done, and nobody would know."""
        edits = self._edits

        async def attempt() -> None:
            self._edits = edits  # it is the same message each time
            await self.show(text)

        await patiently(attempt)

    async def _send(self, content: Mapping[str, Any], txn_id: str) -> str:
        return await self._homeserver.send(self._room_id, "m.room.message", content, txn_id=txn_id)


def _written(text: str | Reply) -> dict[str, str | bool]:
    if isinstance(text, str):
        return {"body": text}
    marks = {TAKEN_BACK_KEY: True} if text.is_secret else {}
    return {"body": text.body, "format": "org.matrix.custom.html", "formatted_body": text.html, **marks}
