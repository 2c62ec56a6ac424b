"""Commands: which word leads to what. The language of the word is the language of the answer.

A command is a function of a person and the words behind it that returns the answer; it knows nothing of rooms and
chats, so that a page can call it as well.
"""

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from school.domain.decisions import Reason
from school.domain.people import Person, UserId
from school.standing import Standing
from school.texts import Language, Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody wants from the bot."""

    person: Person
    words: str
    """What stands behind the command's name, without blanks around it."""
    texts: Texts


Run: TypeAlias = Callable[[Request], Awaitable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command and its names in each language."""

    names: tuple[tuple[Language, str], ...]
    run: Run


_WORDS: Final = re.compile(r"\s*[!/]?\s*(\S+)\s*(.*?)\s*", re.DOTALL)


class Commands:
    """Finds the command that a message means and runs it."""

    def __init__(self, commands: Iterable[Command], *, standing: Callable[[], Standing], language: Language) -> None:
        self._standing = standing
        self._texts = {each: Texts(each) for each in Language}
        self._language = language
        self._by_name = {name: (spoken, command.run) for command in commands for spoken, name in command.names}

    async def answer(self, user_id: UserId, message: str) -> str:
        """The answer to a message.

        Raises:
            CannotDecideError: nobody can be known just now.
        """
        person = self._standing().policy.directory.person(user_id)
        if person is None:
            return self._texts[self._language].refusal(Reason.UNKNOWN_PERSON)
        match = _WORDS.fullmatch(message)
        name, words = match.groups() if match else ("", "")
        language, run = self._by_name.get(name.casefold(), (self._language, None))
        texts = self._texts[language]
        if run is None:
            return texts.say("bot.unknown")
        return await run(Request(person=person, words=words, texts=texts))


async def _help(request: Request) -> str:
    return request.texts.say("bot.help")


HELP: Final = Command(names=((Language.GERMAN, "hilfe"), (Language.ENGLISH, "help")), run=_help)
