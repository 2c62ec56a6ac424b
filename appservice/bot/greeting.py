"""The greeting: after somebody's first login the bot opens a control room with them, says in five lines what this is,
and gives them the link to the page where they choose their password.

1. Everybody is greeted once. What was done is written down step by step; whoever takes it up after a crash looks in the
   room whether the greeting is there, and whether a room was made of which nobody knows.
2. It comes a moment after the login, when the messenger shows the person's rooms: to one at a time, and only while
   nobody waits for rooms (unless somebody has waited for a greeting for a minute).
3. Somebody who rests is greeted when the rest is over.
4. The room is one for the greeting: in one that a person has opened it could stand between a question and its answer.
   There the bot goes on talking with who opened one; with everybody else it talks here.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from appservice.bot.control_rooms import WORD_KEY
from appservice.direct_rooms import DirectRooms
from appservice.homeserver import Homeserver, NotThereError, RefusedError, TryLaterError
from appservice.web.links import WITH_GREETING, Links
from appservice.web.ports import FirstCodes
from school.clock import Clock, utc_now
from school.database.control import remember_control_room, rooms_of_bot
from school.database.greetings import Newcomer, greeting_begun, greeting_has_room, greeting_said, newcomers
from school.domain.people import UserId
from school.domain.rooms import HISTORY, ROOM_VERSION, STAMP_KEY, RoomKind, RoomStamp, power_levels
from school.texts import Texts

log = structlog.get_logger()

GREETING: Final = "greeting"
"""What tells a greeting from all else that the bot says."""
_FOR_KEY: Final = "org.schulbote.for"
"""In the first event of a room that the bot makes for somebody: for whom."""
_LOOKED_AT: Final = 100
_SHORTEST_WAIT_SECONDS: Final = 2.0
_LONGEST_WAIT_SECONDS: Final = 60.0

Words = Callable[[Newcomer], Awaitable[str]]
"""What is said to somebody."""


class Greetings:
    """Greets newcomers. `is_busy` says whether somebody waits for their rooms."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        homeserver: Homeserver,
        direct_rooms: DirectRooms,
        words: Words,
        is_silent: Callable[[UserId], bool],
        is_busy: Callable[[], bool],
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._homeserver = homeserver
        self._direct_rooms = direct_rooms
        self._words = words
        self._is_silent = is_silent
        self._is_busy = is_busy
        self._clock = clock
        self._refused: set[UserId] = set()

    async def greet(self) -> None:
        """Greets everybody who is still to be greeted and does not rest."""
        async with self._engine.connect() as connection:
            waiting = await newcomers(connection)
        for newcomer in waiting:
            if self._is_silent(newcomer.user_id) or newcomer.user_id in self._refused:
                continue
            waits_for = self._now() - newcomer.in_use_since
            if waits_for < (_LONGEST_WAIT_SECONDS if self._is_busy() else _SHORTEST_WAIT_SECONDS):
                return  # who came later waits, too
            try:
                await self._greet(newcomer)
            except TryLaterError as error:
                log.warning("not_greeted", user=newcomer.user_id, error=str(error))
                return
            except (RefusedError, NotThereError) as error:
                # Tried again when this program starts anew: an account that is locked now may be open then.
                log.warning("not_greeted", user=newcomer.user_id, error=str(error))
                self._refused.add(newcomer.user_id)

    async def _greet(self, newcomer: Newcomer) -> None:
        async with self._engine.begin() as connection:
            await greeting_begun(connection, newcomer.person_id, self._now())
        room_id = await self._room_with(newcomer)
        if not (newcomer.begun and await self._was_said(room_id)):
            await self._say(newcomer, room_id)
        async with self._engine.begin() as connection:
            await greeting_said(connection, newcomer.person_id, self._now())
        log.info("greeted", user=newcomer.user_id)

    async def _room_with(self, newcomer: Newcomer) -> str:
        """The room that was made, or is made now."""
        room_id = newcomer.room_id
        if room_id is None and newcomer.begun:
            room_id = await self._unknown_room_for(newcomer.user_id)
        if room_id is None:
            room_id = await self._homeserver.create_room(_request(newcomer.user_id))
        async with self._engine.begin() as connection:
            await remember_control_room(connection, room_id, newcomer.user_id, self._now())
            await greeting_has_room(connection, newcomer.person_id, room_id)
        await self._homeserver.join(room_id, as_user=newcomer.user_id)
        await self._direct_rooms.remember(room_id, newcomer.user_id, self._homeserver.bot)
        return room_id

    async def _unknown_room_for(self, user_id: UserId) -> str | None:
        """A room that was made for somebody, and of which nobody lived to write it down. One that the homeserver did
        not live to make whole is deleted: nobody was in it."""
        async with self._engine.connect() as connection:
            known = await rooms_of_bot(connection)
        for room_id in sorted(await self._homeserver.rooms_made_by_bot() - known):
            state = await self._homeserver.whole_state(room_id)
            made_for = next(
                (event["content"].get(_FOR_KEY) for event in state if event["type"] == "m.room.create"), None
            )
            if made_for != user_id:
                continue
            if any(event["type"] == "m.room.member" and event["state_key"] == user_id for event in state):
                return room_id
            await self._homeserver.delete_room(room_id)
        return None

    async def _was_said(self, room_id: str) -> bool:
        """Whether the greeting is in a room: the answer was lost, or a process died after it."""
        events = await self._homeserver.newest_events(room_id, sender=self._homeserver.bot, limit=_LOOKED_AT)
        return any(event["content"].get(WORD_KEY) == GREETING for event in events)

    async def _say(self, newcomer: Newcomer, room_id: str) -> None:
        content = {"msgtype": "m.notice", "body": await self._words(newcomer), "m.mentions": {}, WORD_KEY: GREETING}
        txn_id = f"{GREETING}-{newcomer.person_id}"
        await self._homeserver.send(room_id, "m.room.message", content, txn_id=txn_id)

    def _now(self) -> float:
        return self._clock().timestamp()


class GreetingWords:
    """What is said, in the language of the school."""

    def __init__(self, *, texts: Texts, links: Links, codes: FirstCodes) -> None:
        self._texts = texts
        self._links = links
        self._codes = codes

    async def for_newcomer(self, newcomer: Newcomer) -> str:
        """Five lines, with a link that is made for this greeting."""
        texts, user_id = self._texts, newcomer.user_id
        if await self._codes.valid_until(newcomer.person_id) is None:
            link = await self._links.personal(user_id, "/account", lasts=WITH_GREETING)
            where = texts.say("greeting.account", link=link)
        else:
            link = await self._links.personal(user_id, "/password", lasts=WITH_GREETING)
            where = texts.say("greeting.password", link=link)
        return "\n".join(
            (
                texts.say("greeting.hello", name=newcomer.given_name),
                where,
                texts.say("greeting.link"),
                texts.say("greeting.rooms"),
                texts.say("greeting.help"),
            )
        )


def _request(user_id: UserId) -> dict[str, Any]:
    """What makes a control room, with its person invited."""
    kind = RoomKind.CONTROL
    return {
        "preset": "private_chat",
        "visibility": "private",
        "room_version": ROOM_VERSION,
        "is_direct": True,
        "invite": [user_id],
        "creation_content": {"m.federate": False, STAMP_KEY: RoomStamp(kind=kind).to_content(), _FOR_KEY: user_id},
        "power_level_content_override": power_levels(kind),
        "initial_state": [
            {"type": "m.room.history_visibility", "content": {"history_visibility": HISTORY[kind]}},
            {"type": "m.room.guest_access", "content": {"guest_access": "forbidden"}},
        ],
    }
