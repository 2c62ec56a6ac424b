"""`!ruhe` / `!rest`: what holds now, a rest from now on, the end of a rest.

Everybody may lengthen their rest. The school's rest is shortened only where the school allows it, and its minimum by
nobody. What somebody is absent for (`!abwesend`) stays: `!ruhe 2h` does not touch it, `!ruhe aus bis 18:00` interrupts
it, only `!ruhe aus` ends it.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from appservice.bot.commands import Command, Request
from appservice.bot.help_words import Topic
from appservice.bot.offers import to_who_rests
from appservice.bot.time_words import TimeWish, read_time_wish
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.database import audit, rests
from school.domain.intervals import earliest
from school.domain.rest import Rest
from school.texts import Language

_LONGEST: Final = timedelta(days=60)
OWN_TIME: Final = "own_rest"
"""What the audit log names as the right by which somebody sets their own rest."""


class RestCommand:
    """Sets people's own rests. Answers when every Synapse process knows of the change."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        view: SchoolView,
        clock: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._view = view
        self._clock = clock

    def command(self) -> Command:
        """To be registered with the bot's commands."""
        return Command(
            names=((Language.GERMAN, "ruhe"), (Language.ENGLISH, "rest")),
            help="rest",
            run=self.run,
            topic=Topic.REST,
            offered=to_who_rests,
        )

    async def run(self, request: Request) -> str:
        """Answers one request."""
        standing = self._view.now
        if not standing.desk.has_rest(request.person.user_id):
            return request.texts.say("rest.teachers_only")
        now = self._clock()
        if not request.words:
            return self._say_what_holds(request, now)
        wish = read_time_wish(request.words, now=now, zone=self._view.zone)
        if wish is None:
            return request.texts.say("rest.not_understood")
        if wish.until is not None and wish.until - now > _LONGEST:
            return request.texts.say("rest.too_long", days=_LONGEST.days)
        return await (self._start if wish.on else self._end)(request, wish, now)

    def _say_what_holds(self, request: Request, now: datetime) -> str:
        rest = self._rest_now(request, now)
        if rest is not None:
            why = request.texts.say(f"rest.cause.{rest.cause}")
            if rest.until is None:
                return request.texts.say("rest.now_no_end", why=why)
            return request.texts.say("rest.now_until", until=self._when(request, rest.until, now), why=why)
        begins = self._view.now.desk.next_rest(request.person.user_id, now)
        if begins is None:
            return request.texts.say("rest.none")
        return request.texts.say("rest.none_next", next=self._when(request, begins, now))

    async def _start(self, request: Request, wish: TimeWish, now: datetime) -> str:
        if wish.until is None:
            return request.texts.say("rest.not_understood")
        async with self._engine.begin() as connection:
            await rests.end_overrides(connection, request.person.id, at=now, kinds=rests.HOURS)
            await rests.set_rest(connection, request.person.id, "rest", now, wish.until)
            await self._log(connection, request, audit.Action.REST_STARTED, now, wish.until)
        await self._view.until_known_everywhere()
        rest = self._rest_now(request, now)
        until = rest.until if rest and rest.until else wish.until
        return request.texts.say("rest.started", until=self._when(request, until, now))

    async def _end(self, request: Request, wish: TimeWish, now: datetime) -> str:
        async with self._engine.begin() as connection:
            kinds = rests.ALL if wish.until is None else rests.HOURS
            await rests.end_overrides(connection, request.person.id, at=now, kinds=kinds)
            await self._log(connection, request, audit.Action.REST_ENDED, now, wish.until)
        await self._view.refresh()
        still = self._rest_now(request, now)
        pause_until = wish.until or (still.until if still else None)
        if pause_until is not None and self._view.now.desk.may_shorten:
            async with self._engine.begin() as connection:
                await rests.set_rest(connection, request.person.id, "pause", now, pause_until)
        await self._view.until_known_everywhere()
        return self._say_what_ended(request, wish, now)

    def _say_what_ended(self, request: Request, wish: TimeWish, now: datetime) -> str:
        """Not always what was wished for: the school may keep its rest, and its minimum is never shortened."""
        desk = self._view.now.desk
        rest = self._rest_now(request, now)
        if not desk.may_shorten and (rest is not None or wish.until is not None):
            return request.texts.say("rest.school_keeps_it")
        if rest is not None and rest.until is not None:
            return request.texts.say("rest.minimum", until=self._when(request, rest.until, now))
        if wish.until is None:
            return request.texts.say("rest.ended")
        until = earliest((wish.until, desk.next_rest(request.person.user_id, now))) or wish.until
        return request.texts.say("rest.paused_until", until=self._when(request, until, now))

    def _rest_now(self, request: Request, now: datetime) -> Rest | None:
        return self._view.now.desk.look(request.person.user_id, max(now, self._clock()))

    def _when(self, request: Request, moment: datetime, now: datetime) -> str:
        return request.texts.when(moment, self._view.zone, now=now)

    async def _log(
        self,
        connection: AsyncConnection,
        request: Request,
        action: audit.Action,
        now: datetime,
        until: datetime | None,
    ) -> None:
        await audit.record(
            connection,
            at=now,
            actor=request.person.id,
            action=action,
            target=request.person.id,
            by_right=OWN_TIME,
            details={} if until is None else {"until": until.isoformat()},
        )
