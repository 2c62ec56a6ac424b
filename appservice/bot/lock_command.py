"""`!sperren NAME` / `!lock` and `!entsperren NAME` / `!unlock`: for the leadership.

A lock is asked for twice, the second time with `bestätigen`: who is locked is signed out everywhere at once.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from appservice.bot.commands import Command, Request
from appservice.bot.help_words import Topic
from appservice.bot.offers import to_leadership
from appservice.bot.people_words import named_person, told_apart
from appservice.desks.locks import LockDesk, Locking
from appservice.school_view import SchoolView
from school.clock import Clock, utc_now
from school.domain.people import Person, PersonId
from school.texts import Language, Texts

_CONFIRM: Final = re.compile(r"(.*?)\s+(?:bestätigen|bestaetigen|confirm)\s*", re.IGNORECASE | re.DOTALL)
_PATIENCE: Final = timedelta(minutes=10)


class LockCommand:
    """Locks accounts and opens them."""

    def __init__(self, *, desk: LockDesk, view: SchoolView, clock: Clock = utc_now) -> None:
        self._desk = desk
        self._view = view
        self._clock = clock
        self._asked: dict[tuple[PersonId, PersonId], datetime] = {}

    def commands(self) -> Iterable[Command]:
        """To be registered with the bot's commands."""
        yield Command(
            names=((Language.GERMAN, "sperren"), (Language.ENGLISH, "lock")),
            help="lock",
            run=self.lock,
            topic=Topic.LEADERSHIP,
            offered=to_leadership,
        )
        yield Command(
            names=((Language.GERMAN, "entsperren"), (Language.ENGLISH, "unlock")),
            help="unlock",
            run=self.unlock,
            topic=Topic.LEADERSHIP,
            offered=to_leadership,
        )

    async def lock(self, request: Request) -> str:
        """Answers one request to lock an account."""
        texts = request.texts
        if not await self._desk.may(request.person):
            return texts.say("lock.leadership_only")
        confirmed = _CONFIRM.fullmatch(request.words)
        name = confirmed[1] if confirmed else request.words
        if not name:
            return texts.say("lock.how")
        whom = self._named(name, texts)
        if isinstance(whom, str):
            return whom
        if (refused := await self._desk.look(request.person, whom)) is not None:
            return _said(refused, whom, texts)
        if not (confirmed and self._was_asked(request.person, whom)):
            self._asked[request.person.id, whom.id] = self._clock()
            sign = whom.user_id.partition(":")[0]
            return texts.say("lock.confirm", person=self._described(whom, texts), sign=sign)
        return _said(await self._desk.lock(request.person, whom), whom, texts)

    async def unlock(self, request: Request) -> str:
        """Answers one request to open an account."""
        texts = request.texts
        if not await self._desk.may(request.person):
            return texts.say("lock.leadership_only")
        if not request.words:
            return texts.say("unlock.how")
        whom = self._named(request.words, texts)
        if isinstance(whom, str):
            return whom
        match await self._desk.unlock(request.person, whom):
            case Locking.DONE:
                return texts.say("unlock.done", name=whom.display_name)
            case Locking.IS_SO:
                return texts.say("unlock.is_open", name=whom.display_name)
            case refused:
                return _said(refused, whom, texts)

    def _named(self, name: str, texts: Texts) -> Person | str:
        return named_person(name, self._view.now.policy.directory.people, texts)

    def _was_asked(self, actor: Person, whom: Person) -> bool:
        asked = self._asked.pop((actor.id, whom.id), None)
        return asked is not None and self._clock() - asked <= _PATIENCE

    def _described(self, whom: Person, texts: Texts) -> str:
        groups = self._view.now.policy.directory.groups
        names = sorted(groups[own].name for own in whom.groups if own in groups)
        return f"{told_apart([whom])} – {', '.join((texts.one_of(whom.role), *names))}"


def _said(locking: Locking, whom: Person, texts: Texts) -> str:
    match locking:
        case Locking.DONE:
            return texts.say("lock.done", name=whom.display_name, sign=whom.user_id.partition(":")[0])
        case Locking.IS_SO:
            return texts.say("lock.is_locked", name=whom.display_name)
        case Locking.ONESELF:
            return texts.say("lock.oneself")
        case Locking.ADMIN:
            return texts.say("lock.admin", name=whom.display_name)
        case Locking.NOT_LEADERSHIP:
            return texts.say("lock.leadership_only")
