"""`!dringend NAME (GRUND): TEXT` / `!urgent NAME (REASON): TEXT`: the leadership reaches a teacher who rests."""

import re
from collections.abc import Sequence
from secrets import token_hex
from typing import Final

from appservice.bot.commands import Command, Request
from appservice.bot.help_words import Topic
from appservice.bot.offers import Asker
from appservice.bot.people_words import find_by_name, nearest, told_apart
from appservice.desks.urgent import LONGEST_REASON, LONGEST_TEXT, Ending, UrgentDesk
from school.domain.people import Person
from school.texts import Language, Texts

_GRAMMAR: Final = re.compile(
    r"(?P<name>[^():]+(?::[^():\s]+)?)(?:\((?P<id>@[^()\s]+)\))?\s*\((?P<reason>[^()]*)\)\s*:\s*(?P<text>.*\S)\s*",
    re.DOTALL,
)
_WITHOUT_REASON: Final = re.compile(r"[^():]+:.*\S.*", re.DOTALL)


class UrgentCommand:
    """Sends urgent messages."""

    def __init__(self, *, desk: UrgentDesk) -> None:
        self._desk = desk

    def command(self) -> Command:
        """To be registered with the bot's commands."""
        return Command(
            names=((Language.GERMAN, "dringend"), (Language.ENGLISH, "urgent")),
            help="urgent",
            run=self.run,
            topic=Topic.LEADERSHIP,
            offered=self._is_offered,
        )

    def _is_offered(self, asker: Asker) -> bool:
        return self._desk.may_send(asker.person) is None

    async def run(self, request: Request) -> str:
        """Answers one request."""
        texts = request.texts
        if (ending := self._desk.may_send(request.person)) is not None:
            return self._say(ending, texts)
        read = _GRAMMAR.fullmatch(request.words)
        if read is None:
            named = _WITHOUT_REASON.fullmatch(request.words)
            return texts.say("urgent.reason_missing") if named else texts.say("urgent.how")
        name, reason = " ".join((read["id"] or read["name"]).split()), " ".join(read["reason"].split())
        recipients = self._desk.recipients()
        found = find_by_name(name, recipients)
        if len(found) != 1:
            return _ask_back(name, found, recipients, texts)
        urgent = await self._desk.send(
            request.person,
            found[0],
            reason=reason,
            text=read["text"],
            request_id=request.event_id or token_hex(8),
        )
        return self._say(urgent.ending, texts, name=found[0].display_name, left=urgent.left, why=urgent.why)

    def _say(self, ending: Ending, texts: Texts, *, name: str = "", left: int = 0, why: str = "") -> str:
        match ending:
            case Ending.SENT:
                return texts.say("urgent.sent", name=name, left=left)
            case Ending.LEADERSHIP_ONLY:
                return texts.say("urgent.leadership_only")
            case Ending.SWITCHED_OFF:
                return texts.say("urgent.not_here")
            case Ending.NO_REASON:
                return texts.say("urgent.reason_missing")
            case Ending.TOO_LONG:
                return texts.say("urgent.too_long", reason=LONGEST_REASON, text=LONGEST_TEXT)
            case Ending.TO_ONESELF:
                return texts.say("urgent.to_oneself")
            case Ending.TOO_MANY:
                return texts.say("urgent.too_many", number=self._desk.per_day)
            case Ending.REFUSED:
                return texts.say("urgent.refused", name=name, why=why).strip()
            case Ending.UNCERTAIN:
                return texts.say("urgent.uncertain", name=name)


def _ask_back(name: str, found: Sequence[Person], recipients: Sequence[Person], texts: Texts) -> str:
    if found:
        return texts.say("urgent.several", names=told_apart(found))
    near = nearest(name, recipients)
    if near is not None:
        return texts.say("urgent.near", name=name, near=near.display_name)
    return texts.say("urgent.unknown", name=name)
