"""How the bot explains its commands: one line for each in the list, and a longer text with examples."""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from enum import StrEnum
from typing import Final, Protocol

from appservice.bot.spelling import plain_forms
from school.texts import Language, Texts

_MARKS: Final = re.compile(r"[\s!/]+")
_LIKE: Final = 0.7


class Topic(StrEnum):
    """What commands are about, in the order in which they are listed."""

    GENERAL = "general"
    PEOPLE = "people"
    GROUPS = "groups"
    ROOMS = "rooms"
    REST = "rest"
    LEADERSHIP = "leadership"


class Explained(Protocol):
    """A command, as far as it is explained."""

    @property
    def help(self) -> str: ...
    @property
    def topic(self) -> Topic: ...
    @property
    def names(self) -> Sequence[tuple[Language, str]]: ...


def name_in(language: Language, command: Explained) -> str:
    """What a command is called in a language."""
    names = dict(reversed(command.names))
    return names.get(language) or command.names[0][1]


def list_commands(commands: Iterable[Explained], texts: Texts) -> str:
    """One line for each, by what they are about."""
    offered = list(commands)
    said = [texts.say("help.list")]
    for topic in Topic:
        lines = [f"{_written(each, texts)} – {texts.help(each.help)}" for each in offered if each.topic is topic]
        if lines:
            said += ["", texts.topic(topic), *lines]
    return "\n".join((*said, "", texts.say("help.list_end")))


def explain(command: Explained, texts: Texts) -> str:
    """All that is to be known of one."""
    other = ", ".join(f"!{name}" for language, name in command.names if language is not texts.language)
    said = [f"{_written(command, texts)} – {texts.help(command.help)}", texts.help(command.help, in_full=True)]
    return "\n".join((*said, texts.say("help.also", names=other)) if other else said)


def plain_names(word: str) -> set[str]:
    """A command's name without its mark, in small plain letters: "!Nur-Lehrkräfte" is "nur-lehrkraefte" and
    "nur-lehrkrafte"."""
    return plain_forms(_MARKS.sub("", word))


def nearest_name(word: str, commands: Iterable[Explained]) -> str | None:
    """The plain name that somebody may have meant."""
    names = [plain for command in commands for _, name in command.names for plain in plain_names(name)]
    return next(iter(get_close_matches(max(plain_names(word), key=len), names, 1, _LIKE)), None)


def _written(command: Explained, texts: Texts) -> str:
    return f"!{name_in(texts.language, command)}"
