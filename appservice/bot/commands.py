"""Commands: which word leads to what. The language of the word is the language of the answer.

A command is a function of a person and the words behind it that returns the answer; it knows nothing of rooms and
chats, so that a page can call it as well.
"""

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from school.domain.decisions import Reason
from school.domain.people import Person, PersonId, Role, UserId
from school.standing import Standing
from school.texts import Language, Texts

Show: TypeAlias = Callable[[str], Awaitable[None]]


async def _show_nobody(_text: str) -> None: ...


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


Run: TypeAlias = Callable[[Request], Awaitable[str | None]]
"""Returns the answer; None where `show` said, or will say, all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command and its names in each language."""

    names: tuple[tuple[Language, str], ...]
    run: Run


_WORDS: Final = re.compile(r"\s*[!/]?\s*(\S+)\s*(.*?)\s*", re.DOTALL)


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
        self._by_name = {name: (spoken, command.run) for command in commands for spoken, name in command.names}

    async def answer(self, user_id: UserId, message: str, show: Show = _show_nobody) -> str | None:
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
        language, run = self._by_name.get(name.casefold(), (self._language, None))
        texts = self._texts[language]
        if run is None:
            return texts.say("bot.unknown")
        return await run(Request(person=person, words=words, texts=texts, show=show))


def _admin(user_id: UserId) -> Person:
    """An admin of the homeserver who is nobody in the register: may ask the bot, and belongs to nothing."""
    return Person(id=PersonId(user_id), user_id=user_id, given_name="", family_name="", role=Role("admin"))


async def _help(request: Request) -> str:
    return request.texts.say("bot.help")


HELP: Final = Command(names=((Language.GERMAN, "hilfe"), (Language.ENGLISH, "help")), run=_help)
