"""Commands: which word leads to what. The language of the word is the language of the answer.

A command is a function of a person and the words behind it that returns the answer; it knows nothing of rooms and
chats, so that a page can call it as well. Each says for whom it is offered and how it is explained; `!hilfe`, `!befehl
hilfe` and the answer to a word that nobody knows are made from that.
"""

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from appservice.bot.help_words import Topic, explain, list_commands, name_in, nearest_name, plain_names
from appservice.bot.offers import Asker, Offered, to_everybody
from appservice.bot.replies import Reply
from school.domain.decisions import Reason
from school.domain.people import Person, PersonId, Role, UserId
from school.standing import Standing
from school.texts import Language, Texts

Show: TypeAlias = Callable[[str | Reply], Awaitable[None]]


async def _show_nobody(_text: str | Reply) -> None: ...


async def nobody_is(_user_id: UserId) -> bool:
    """Where there are no admins, such as in most tests."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody wants from the bot."""

    person: Person
    words: str
    """What stands behind the command's name, without blanks around it."""
    texts: Texts
    show: Show = _show_nobody
    """Says how far a long command is. Each text takes the place of the one before, as the answer does."""
    event_id: str = ""
    """The message that asks, where it is one: the same request never has two."""


Run: TypeAlias = Callable[[Request], Awaitable[str | Reply | None]]
"""Returns the answer; None where `show` said, or will say, all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command: its names in each language, the first of which is the one that is told; the name of its two help
    texts; among what it is listed; for whom. A new one stands in docs/using.md, too."""

    names: tuple[tuple[Language, str], ...]
    help: str
    run: Run
    topic: Topic = Topic.GENERAL
    offered: Offered = to_everybody


_WORDS: Final = re.compile(r"[\s!/]*(\S*)\s*(.*?)\s*", re.DOTALL)
EXPLAIN: Final = frozenset({"?", "hilfe", "help", "-h", "--help"})
"""What behind a command asks for its help."""


class Commands:
    """Finds the command that a message means and runs it."""

    def __init__(
        self,
        commands: Iterable[Command],
        *,
        standing: Callable[[], Standing],
        language: Language,
        is_admin: Callable[[UserId], Awaitable[bool]] = nobody_is,
    ) -> None:
        self._standing = standing
        self._is_admin = is_admin
        self._texts = {each: Texts(each) for each in Language}
        self._language = language
        self._commands = (
            Command(names=((Language.GERMAN, "hilfe"), (Language.ENGLISH, "help")), help="help", run=self._help),
            *commands,
        )
        self._by_name = {
            plain: (said, one) for one in self._commands for said, name in one.names for plain in plain_names(name)
        }

    async def answer(
        self, user_id: UserId, message: str, show: Show = _show_nobody, *, event_id: str = ""
    ) -> str | Reply | None:
        """The answer to a message. None: `show` has said it.

        Raises:
            CannotDecideError: nobody can be known just now.
        """
        person = self._standing().policy.directory.person(user_id)
        if person is None and await self._is_admin(user_id):
            person = _admin(user_id)
        if person is None:
            return self._texts[self._language].refusal(Reason.UNKNOWN_PERSON)
        match = _WORDS.fullmatch(message)
        name, words = match.groups() if match else ("", "")
        language, command = self._find(name) or (self._language, None)
        request = Request(person=person, words=words, texts=self._texts[language], show=show, event_id=event_id)
        if command is None:
            return await self._say_what_is_near(name, request)
        if words.casefold() in EXPLAIN:
            return explain(command, request.texts)
        return await command.run(request)

    async def _help(self, request: Request) -> str:
        """Everything that somebody can do, or one thing in full."""
        offered = await self._offered_to(request.person)
        if not request.words:
            return list_commands(offered, request.texts)
        found = self._find(request.words) or self._find(nearest_name(request.words, offered) or "")
        if found is None:
            return f"{request.texts.say('help.unknown')}\n{list_commands(offered, request.texts)}"
        if found[1] not in offered:
            return request.texts.say("help.not_for_you")
        return explain(found[1], request.texts)

    def _find(self, name: str) -> tuple[Language, Command] | None:
        """The command that has this name in some language."""
        return next((self._by_name[plain] for plain in plain_names(name) if plain in self._by_name), None)

    async def _say_what_is_near(self, name: str, request: Request) -> str:
        near = nearest_name(name, await self._offered_to(request.person))
        if near is None:
            return request.texts.say("bot.unknown")
        language, command = self._by_name[near]
        return self._texts[language].say("bot.unknown_near", near=name_in(language, command))

    async def _offered_to(self, person: Person) -> list[Command]:
        is_admin = await self._is_admin(person.user_id)
        asker = Asker(person=person, standing=self._standing(), is_admin=is_admin)
        return [command for command in self._commands if command.offered(asker)]


def _admin(user_id: UserId) -> Person:
    """An admin of the homeserver who is nobody in the register: may ask the bot, and belongs to nothing."""
    return Person(id=PersonId(user_id), user_id=user_id, given_name="", family_name="", role=Role("admin"))
