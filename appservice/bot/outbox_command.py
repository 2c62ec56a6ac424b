"""`!ausgang` / `!outbox`: what somebody has written that waits, with its words, by numbers. `!zurück N` / `!withdraw N`
takes it back, as deleting the notice does.

Nobody else is shown it: the answer stands in the control room of the one who wrote it.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from appservice.bot.commands import Command, Request
from appservice.bot.help_words import Topic
from appservice.bot.people_words import in_order
from appservice.bot.shown_numbers import ShownNumbers
from appservice.desks.outbox import Entry, Fate, OutboxDesk
from appservice.held_words import Opened
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.domain.people import names_of
from school.texts import Language, Texts

_LISTED: Final = 30
_LONGEST: Final = 120
_PEOPLE_NAMED: Final = 3
_FILES: Final = frozenset({"m.image", "m.file", "m.video", "m.audio"})
_NUMBERS: Final = re.compile(r"#?\d{1,6}\.?(?:(?:[\s,;]|\bund\b|\band\b)+#?\d{1,6}\.?)*")
_NUMBER: Final = re.compile(r"\d+")
_QUOTED: Final = re.compile(r"(?:> .*\n)+\n")
"""What older clients put before a reply: the message that it answers (Matrix spec 1.12, "Fallbacks for rich replies").
"""


class OutboxCommand:
    """Shows people what they have waiting, and takes it back."""

    def __init__(self, *, desk: OutboxDesk, view: SchoolView, clock: Clock = utc_now) -> None:
        self._desk = desk
        self._view = view
        self._clock = clock
        self._numbers = ShownNumbers()

    def commands(self) -> Iterable[Command]:
        """To be registered with the bot's commands."""
        yield Command(
            names=((Language.GERMAN, "ausgang"), (Language.ENGLISH, "outbox")),
            help="outbox",
            run=self.show,
            topic=Topic.REST,
        )
        yield Command(
            names=((Language.GERMAN, "zurück"), (Language.ENGLISH, "withdraw")),
            help="withdraw",
            run=self.withdraw,
            topic=Topic.REST,
        )

    async def show(self, request: Request) -> str:
        """Answers one request to see what waits: the newest of it."""
        user_id, texts = request.person.user_id, request.texts
        entries = await self._desk.look(user_id)
        listed = entries[-_LISTED:]
        numbers = self._numbers.give(user_id, [entry.message.event_id for entry in listed])
        if not listed:
            return texts.say("outbox.none")
        now = self._clock()
        lines = [self._line(number, entry, texts, now) for number, entry in zip(numbers, listed, strict=True)]
        if len(entries) > len(listed):
            lines.insert(0, texts.say("outbox.older", number=len(entries) - len(listed)))
        return texts.say("outbox.listed", lines="\n".join(lines), number=numbers[-1])

    def _line(self, number: int, entry: Entry, texts: Texts, now: datetime) -> str:
        if entry.until is None:
            due = texts.say("outbox.due.after_rest")
        elif entry.until <= now:
            due = texts.say("outbox.due.soon")
        else:
            due = texts.when(entry.until, self._view.zone, now=now)
        return texts.say(
            "outbox.line",
            number=number,
            to=_names(entry, texts),
            written=texts.when(entry.message.written_at, self._view.zone, now=now),
            due=due,
            words=_in_words(entry.opened, texts),
        )

    async def withdraw(self, request: Request) -> str:
        """Answers one request to take back what has these numbers. Nothing is, if one of them means nothing."""
        user_id, texts = request.person.user_id, request.texts
        if not _NUMBERS.fullmatch(request.words):
            return texts.say("withdraw.how")
        numbers = list(dict.fromkeys(map(int, _NUMBER.findall(request.words))))
        meant = {number: self._numbers.meant(user_id, number) for number in numbers}
        if unknown := [number for number, event_id in meant.items() if event_id is None]:
            return texts.say("withdraw.not_shown", numbers=_listed(unknown))
        fates = await self._desk.withdraw(user_id, [event_id for event_id in meant.values() if event_id is not None])
        by_fate: dict[Fate, list[int]] = {fate: [] for fate in Fate}
        for number, event_id in meant.items():
            by_fate[fates[event_id or ""]].append(number)
        answers = []
        if taken := by_fate[Fate.TAKEN_BACK]:
            answers.append(texts.say("withdraw.done", numbers=_listed(taken)))
        if delivered := by_fate[Fate.DELIVERED]:
            answers.append(texts.say("withdraw.delivered", numbers=_listed(delivered)))
        if gone := by_fate[Fate.GONE]:
            answers.append(texts.say("withdraw.gone", numbers=_listed(gone)))
        return "\n".join(answers)


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


def _names(entry: Entry, texts: Texts) -> str:
    names = names_of(in_order(entry.to))
    if not names:
        return texts.say("outbox.nobody")
    more = len(names) - _PEOPLE_NAMED
    named = ", ".join(names[:_PEOPLE_NAMED])
    return texts.say("outbox.more_people", names=named, number=more) if more > 0 else named


def _in_words(one: Opened, texts: Texts) -> str:
    """A message in one line, a file by its name."""
    if one.content is None:
        return texts.say("outbox.closed")
    new = one.content.get("m.new_content") if one.is_change else one.content
    words = _told(new if isinstance(new, dict) else one.content, texts)
    return texts.say("outbox.change", words=words) if one.is_change else words


def _told(content: dict[str, Any], texts: Texts) -> str:
    body = content.get("body")
    words = body if isinstance(body, str) else ""
    if content.get("msgtype") in _FILES:
        name = content.get("filename")
        named = name if isinstance(name, str) and name else words
        return f"📎 {_short(named if named == words else f'{named} – {words}')}"
    relation = content.get("m.relates_to")
    if isinstance(relation, dict) and "m.in_reply_to" in relation:
        words = _QUOTED.sub("", words, count=1)
    return texts.say("outbox.words", words=_short(words))


def _short(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1].rstrip() + "…"
