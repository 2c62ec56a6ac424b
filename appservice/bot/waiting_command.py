"""`!wartend` / `!waiting`: how many messages wait for a teacher, from whom, since when, and when the next one comes."""

from datetime import datetime
from typing import Final

from appservice.bot.commands import Command, Request
from appservice.bot.help_words import Topic
from appservice.bot.offers import to_who_rests
from appservice.desks.incoming import Incoming, IncomingDesk
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.texts import Language, Texts

_LISTED: Final = 20


class WaitingCommand:
    """Tells people what waits for them."""

    def __init__(self, *, desk: IncomingDesk, view: SchoolView, clock: Clock = utc_now) -> None:
        self._desk = desk
        self._view = view
        self._clock = clock

    def command(self) -> Command:
        """To be registered with the bot's commands."""
        return Command(
            names=((Language.GERMAN, "wartend"), (Language.ENGLISH, "waiting")),
            help="waiting",
            run=self.run,
            topic=Topic.REST,
            offered=to_who_rests,
        )

    async def run(self, request: Request) -> str:
        """Answers one request."""
        texts = request.texts
        if not self._view.now.desk.has_rest(request.person.user_id):
            return texts.say("waiting.teachers_only")
        incoming = await self._desk.look(request.person.user_id)
        if not incoming.number:
            return texts.say("waiting.none")
        now, number = self._clock(), incoming.number
        head = texts.say("waiting.many", number=number) if number > 1 else texts.say("waiting.one")
        return "\n".join([head, *self._by_sender(incoming, texts, now), self._say_when(incoming.next_one, texts, now)])

    def _by_sender(self, incoming: Incoming, texts: Texts, now: datetime) -> list[str]:
        lines = [
            texts.say(
                "waiting.from",
                number=sender.number,
                name=sender.person.display_name,
                since=texts.when(sender.since, self._view.zone, now=now),
            )
            for sender in incoming.senders[:_LISTED]
        ]
        more = len(incoming.senders) - len(lines)
        return [*lines, texts.say("waiting.more", number=more)] if more else lines

    def _say_when(self, until: datetime | None, texts: Texts, now: datetime) -> str:
        if until is None:
            return texts.say("waiting.next.after_rest")
        if until <= now:
            return texts.say("waiting.next.soon")
        return texts.say("waiting.next", when=texts.when(until, self._view.zone, now=now))
