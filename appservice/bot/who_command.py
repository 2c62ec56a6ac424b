"""`!wer` / `!who`: who is in a group, and, for its teachers, who has never signed in."""

from collections.abc import Iterable, Sequence
from typing import Final

from appservice.bot.commands import Command, Request
from appservice.bot.group_words import named_group
from appservice.bot.help_words import Topic
from appservice.bot.replies import Line, Reply, listed, reply
from appservice.desks.members import Members, MembersDesk
from appservice.desks.reach import groups_in_reach
from appservice.school_view import SchoolView
from school.domain.people import Person
from school.texts import Language, Texts

_WITH_LINKS: Final = 150
"""The links of more people would not go into one message."""
_MOST: Final = 1000


class WhoCommand:
    """Tells who is in a group."""

    def __init__(self, *, desk: MembersDesk, view: SchoolView) -> None:
        self._desk = desk
        self._view = view

    def command(self) -> Command:
        """To be registered with the bot's commands."""
        return Command(
            names=((Language.GERMAN, "wer"), (Language.ENGLISH, "who")), help="who", run=self.run, topic=Topic.GROUPS
        )

    async def run(self, request: Request) -> str | Reply:
        """Answers one request."""
        if not request.words:
            return request.texts.say("who.which")
        group = named_group(request.words, groups_in_reach(self._view.now, request.person), request.texts)
        if isinstance(group, str):
            return group
        members = await self._desk.look(request.person, group)
        if members.decision.reason is not None:
            return request.texts.refusal(members.decision.reason)
        return reply(_lines(group.name, members, request.texts))


def _lines(name: str, members: Members, texts: Texts) -> Iterable[Line]:
    number = sum(map(len, members.by_role.values()))
    yield [texts.say("who.group", group=name, number=number)]
    for role, people in members.by_role.items():
        yield [f"{texts.people_of(role)} ({len(people)}): ", *_names(people, texts, links=number <= _WITH_LINKS)]
    if members.never_signed_in:
        absent = _names(members.never_signed_in, texts, links=number <= _WITH_LINKS)
        yield [texts.say("who.never", number=len(members.never_signed_in)), " ", *absent]
    elif members.never_signed_in is not None and number:
        yield [texts.say("who.all_signed_in")]


def _names(people: Sequence[Person], texts: Texts, *, links: bool) -> Line:
    if links:
        return listed(people)
    more = len(people) - _MOST
    names = ", ".join(person.display_name for person in people[:_MOST])
    return [names, *([" ", texts.say("who.more", number=more)] if more > 0 else [])]
