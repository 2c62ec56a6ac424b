"""`!kontakte` / `!contacts`: whom somebody may write to, with links.

A client asks the server for a few names first and hides those that one may not see, so that among many equal names it
finds nobody. Here everybody is looked through.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from appservice.bot.commands import Command, Request
from appservice.bot.help_words import Topic, name_in
from appservice.bot.replies import Line, Reply, listed, reply
from appservice.desks.contacts import ContactsDesk, OwnContacts
from school.domain.people import Person
from school.texts import Language, Texts

_PAGE: Final = 15
_TEACHERS: Final = 15
_OF_A_GROUP: Final = 5
_GROUPS_TOLD: Final = 3
_NUMBER_OF_PAGE: Final = re.compile(r"(.*?\S)\s+(?:(?:seite|s\.|page|p\.)\s*)?(\d{1,4})", re.IGNORECASE | re.DOTALL)


class ContactsCommand:
    """Finds people."""

    def __init__(self, *, desk: ContactsDesk) -> None:
        self._desk = desk

    def command(self) -> Command:
        """To be registered with the bot's commands."""
        return Command(
            names=((Language.GERMAN, "kontakte"), (Language.ENGLISH, "contacts")),
            help="contacts",
            run=self.run,
            topic=Topic.PEOPLE,
        )

    async def run(self, request: Request) -> str | Reply:
        """Answers one request."""
        if not request.words:
            return reply(_own(self._desk.own(request.person), request.texts))
        paged = _NUMBER_OF_PAGE.fullmatch(request.words)
        words, page = (paged[1], max(int(paged[2]), 1)) if paged else (request.words, 1)
        found = await self._desk.find(request.person, words)
        if not found:
            near = await self._desk.nearest(request.person, words)
            if near is None:
                return request.texts.say("contacts.nobody", name=words)
            return reply([[request.texts.say("contacts.near", name=words)], self._line(request, near)])
        return reply(self._page(request, words, found, page))

    def _page(self, request: Request, words: str, found: Sequence[Person], page: int) -> Iterable[Line]:
        pages = (len(found) + _PAGE - 1) // _PAGE
        page = min(page, pages)
        for person in found[(page - 1) * _PAGE : page * _PAGE]:
            yield self._line(request, person)
        if page < pages:
            ask = f"!{name_in(request.texts.language, self.command())} {words} {page + 1}"
            yield [request.texts.say("contacts.page", page=page, pages=pages, number=len(found), ask=ask)]

    def _line(self, request: Request, person: Person) -> Line:
        groups = [group.name for group in self._desk.shared_groups(request.person, person)]
        told = groups[:_GROUPS_TOLD] + (["…"] if len(groups) > _GROUPS_TOLD else [])
        return ["• ", person, f" – {', '.join((request.texts.one_of(person.role), *told))}"]


def _own(own: OwnContacts, texts: Texts) -> Iterable[Line]:
    if own.reaches_everybody:
        yield [texts.say("contacts.everybody")]
    elif own.reaches_teachers:
        yield [texts.say("contacts.teachers_and_groups")]
    else:
        yield [texts.say("contacts.groups")]
    if own.teachers:
        yield _some(texts.say("contacts.own_teachers"), own.teachers, _TEACHERS, texts)
    for name, people in own.groups.items():
        yield _some(f"{name}:", people, _OF_A_GROUP, texts)
    yield [texts.say("contacts.how_to_search")]


def _some(before: str, people: Sequence[Person], most: int, texts: Texts) -> Line:
    more = len(people) - most
    return [before, " ", *listed(people[:most]), *([" ", texts.say("who.more", number=more)] if more > 0 else [])]
