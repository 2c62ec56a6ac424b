"""`!abwesend` / `!away`: days on which somebody is not there, and who does their work meanwhile.

Why somebody is absent is not asked for and not kept.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from appservice.bot.commands import Command, Request
from appservice.bot.date_words import Days, NoDays, read_days
from appservice.bot.help_words import Topic
from appservice.bot.offers import to_who_rests
from appservice.bot.people_words import find_by_name, nearest, told_apart
from appservice.bot.rest_command import OWN_TIME
from appservice.bot.time_words import read_end
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.database import audit, rests
from school.domain.intervals import Span
from school.domain.people import TEACHER, Person, PersonId
from school.domain.rest import OPEN_END, Absence
from school.domain.week import days
from school.texts import Language

_DEPUTY: Final = re.compile(
    r"[,;]?\s*\b(?:vertretung(?:en)?|vertreter(?:in)?|vertr\.|deputy|substitute|cover|stand-in)(?!\w)[:\s]*(.*)",
    re.IGNORECASE | re.DOTALL,
)
_LISTED: Final = 5
_MOMENT: Final = timedelta(microseconds=1)


class AbsenceCommand:
    """Sets people's absences. Answers when every Synapse process knows of the change."""

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
            names=((Language.GERMAN, "abwesend"), (Language.ENGLISH, "away")),
            help="away",
            run=self.run,
            topic=Topic.REST,
            offered=to_who_rests,
        )

    async def run(self, request: Request) -> str:
        """Answers one request."""
        if not self._view.now.desk.has_rest(request.person.user_id):
            return request.texts.say("rest.teachers_only")
        now = self._clock()
        if not request.words:
            return self._say_what_is_entered(request, now)
        if read_end(request.words):
            return await self._end(request, now)
        written = _DEPUTY.search(request.words)
        when = read_days(request.words[: written.start()] if written else request.words, today=self._day(now))
        match when:
            case NoDays.NOT_UNDERSTOOD:
                return request.texts.say("absence.not_understood")
            case NoDays.BACKWARD:
                return request.texts.say("absence.backward")
            case NoDays.OVER:
                return request.texts.say("absence.over")
        if written is None:
            return await self._enter(request, when, None, now)
        named = written[1].strip().rstrip(".!")
        found = find_by_name(named, self._teachers())
        if len(found) != 1:
            return self._ask_back(request, named, found)
        if found[0].id == request.person.id:
            return request.texts.say("absence.deputy_self")
        return await self._enter(request, when, found[0].id, now)

    async def _enter(self, request: Request, when: Days, deputy: PersonId | None, now: datetime) -> str:
        zone = self._view.zone
        span = days(zone, when.first, when.first if when.last is None else when.last)
        if when.last is None:
            span = Span(span.start, OPEN_END)
        async with self._engine.begin() as connection:
            # "I can be reached" was said before this.
            await rests.end_overrides(connection, request.person.id, at=max(now, span.start), kinds=["pause"])
            await rests.set_absence(connection, request.person.id, span, deputy=deputy)
            await self._log(request, connection, audit.Action.REST_STARTED, now)
        await self._view.until_known_everywhere()
        return request.texts.say("absence.entered", what=self._told(request, Absence(span, deputy), now))

    async def _end(self, request: Request, now: datetime) -> str:
        """Ends the one that runs; if none does, the next one is taken back."""
        absence = next(iter(self._absences(request, now)), None)
        if absence is None:
            return request.texts.say("absence.none")
        runs = absence.span.start <= now
        async with self._engine.begin() as connection:
            if runs:
                await rests.end_overrides(connection, request.person.id, at=now, kinds=["absence"])
            else:
                await rests.take_back_absence(connection, request.person.id, starts_at=absence.span.start)
            await self._log(request, connection, audit.Action.REST_ENDED, now)
        await self._view.until_known_everywhere()
        if not runs:
            return request.texts.say("absence.taken_back", what=self._told(request, absence, now))
        return request.texts.say("absence.ended")

    def _say_what_is_entered(self, request: Request, now: datetime) -> str:
        absences = self._absences(request, now)
        if not absences:
            return request.texts.say("absence.none")
        lines = [f"• {self._told(request, absence, now)}" for absence in absences[:_LISTED]]
        return request.texts.say("absence.listed", lines="\n".join(lines))

    def _ask_back(self, request: Request, named: str, found: Sequence[Person]) -> str:
        if found:
            return request.texts.say("absence.deputy_several", names=told_apart(found))
        near = nearest(named, self._teachers()) if named else None
        if near is not None:
            return request.texts.say("absence.deputy_near", name=named, near=near.display_name)
        return request.texts.say("absence.deputy_unknown")

    def _told(self, request: Request, absence: Absence, now: datetime) -> str:
        """`Di, 24. Nov. bis Sa, 28. Nov., Vertretung: Vera Lange`."""
        today, texts = self._day(now), request.texts
        first, last = self._day(absence.span.start), self._day(absence.span.end - _MOMENT)
        told = texts.days(first, None if absence.span.end == OPEN_END else last, today=today)
        deputy = None
        if absence.deputy is not None:
            deputy = self._view.now.policy.directory.person_by_id(absence.deputy)
        return told if deputy is None else texts.say("absence.with_deputy", days=told, name=deputy.display_name)

    def _absences(self, request: Request, now: datetime) -> Sequence[Absence]:
        """Those that are not over, in order."""
        personal = self._view.now.snapshot.rest.personal.get(request.person.user_id)
        return [absence for absence in personal.absences if absence.span.end > now] if personal else []

    def _teachers(self) -> list[Person]:
        return [person for person in self._view.now.policy.directory.people if person.role == TEACHER]

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(self._view.zone).date()

    async def _log(self, request: Request, connection: AsyncConnection, action: audit.Action, now: datetime) -> None:
        await audit.record(
            connection,
            at=now,
            actor=request.person.id,
            action=action,
            target=request.person.id,
            by_right=OWN_TIME,
            details={"kind": "absence"},  # not the days: what stands here is never forgotten
        )
