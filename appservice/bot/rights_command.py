"""`!rechte NAME` / `!rights`: what somebody may do and why; `!rechte NAME an NAME`: whether one may write to the other.

For the leadership. Changes nothing.
"""

import re
from collections.abc import Iterable
from typing import Final

from appservice.bot.commands import Command, Request
from appservice.bot.help_words import Topic
from appservice.bot.offers import to_leadership
from appservice.bot.people_words import find_by_name, named_person, told_apart
from appservice.desks.locks import LockDesk
from appservice.desks.rights import RightHeld, RightsDesk
from appservice.school_view import SchoolView
from school.domain.people import Person
from school.domain.rights import Level, Rule
from school.texts import Language, Texts

_TO: Final = re.compile(r"\s+(?:an|to|>|→|->)\s+", re.IGNORECASE)


class RightsCommand:
    """Shows rights."""

    def __init__(self, *, desk: RightsDesk, locks: LockDesk, view: SchoolView) -> None:
        self._desk = desk
        self._locks = locks
        self._view = view

    def command(self) -> Command:
        """To be registered with the bot's commands."""
        return Command(
            names=((Language.GERMAN, "rechte"), (Language.ENGLISH, "rights")),
            help="rights",
            run=self.run,
            topic=Topic.LEADERSHIP,
            offered=to_leadership,
        )

    async def run(self, request: Request) -> str:
        """Answers one request."""
        texts = request.texts
        if not await self._desk.may(request.person):
            return texts.say("rights.leadership_only")
        if not request.words:
            return texts.say("rights.how")
        everybody = list(self._view.now.policy.directory.people)
        names = [request.words]
        if not find_by_name(request.words, everybody):  # "an" may be a part of a name
            names = _TO.split(request.words, maxsplit=1)
        people = [named_person(name, everybody, texts) for name in names]
        unclear = [answer for answer in people if isinstance(answer, str)]
        match [person for person in people if isinstance(person, Person)]:
            case [person, other] if not unclear:
                return self._between(person, other, texts)
            case [person] if not unclear:
                return "\n".join(await self._lines(person, texts))
        return "\n".join(unclear)

    def _between(self, person: Person, other: Person, texts: Texts) -> str:
        decision = self._desk.between(person, other)
        if decision.reason is None:
            said = texts.say("rights.may_write", person=person.display_name, other=other.display_name)
        else:
            said = texts.say("rights.may_not_write", person=person.display_name, other=other.display_name)
        return f"{said}\n{texts.say('rights.rule', rule=decision.rule)}"

    async def _lines(self, person: Person, texts: Texts) -> Iterable[str]:
        groups = self._view.now.policy.directory.groups
        names = sorted(groups[own].name for own in person.groups if own in groups)
        lines = [f"{told_apart([person])} – {', '.join((texts.one_of(person.role), *names))}"]
        if person.leadership:
            lines.append(texts.say("rights.leads"))
        if await self._locks.is_locked(person):
            lines.append(texts.say("rights.locked"))
        lines += [self._line(held, texts) for held in self._desk.of(person)]
        return [*lines, texts.say("rights.changed_by_it")]

    def _line(self, held: RightHeld, texts: Texts) -> str:
        return f"{'✅' if held.holds else '⛔'} {texts.right(held.right)} – {self._why(held.rule, texts)}"

    def _why(self, rule: Rule | None, texts: Texts) -> str:
        if rule is None:
            return texts.say("rights.nothing")
        if rule.level is Level.ROLE:
            if rule.id.startswith("default:"):
                return texts.say("rights.by_default")
            return texts.say("rights.by_role", rule=rule.id)
        if rule.level is Level.PERSON:
            return texts.say("rights.by_person", rule=rule.id)
        group = next((g.name for g in self._view.now.policy.directory.groups.values() if g.id == rule.subject), "")
        return texts.say("rights.by_group", group=group, rule=rule.id)
