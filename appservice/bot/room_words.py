"""Rooms as people write them: capital letters, umlauts, hyphens and one slip of the pen do not matter, and some words
of the name are enough."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from appservice.bot.spelling import is_slip, plain_forms
from appservice.chats import Chat

_WORDS: Final = re.compile(r"[a-z0-9]+")
_Words = tuple[str, ...]


def find_rooms(written: str, chats: Iterable[Chat]) -> Sequence[Chat]:
    """Those that can be meant; the most exact kind of match counts."""
    named = [(chat, _forms(chat.name)) for chat in chats]
    wanted = _forms(written)
    for kind in _KINDS:
        if found := [chat for chat, forms in named if any(kind(a, b) for a in wanted for b in forms)]:
            return found
    return ()


def _forms(text: str) -> set[_Words]:
    return {tuple(_WORDS.findall(form)) for form in plain_forms(text)} - {()}


def _whole_name(written: _Words, name: _Words) -> bool:
    return "".join(written) == "".join(name)


def _some_words(written: _Words, name: _Words) -> bool:
    return set(written) <= set(name)


def _with_a_slip(written: _Words, name: _Words) -> bool:
    return all(any(word == own or (word.isalpha() and is_slip(word, own)) for own in name) for word in written)


_KINDS: Final[Sequence[Callable[[_Words, _Words], bool]]] = (_whole_name, _some_words, _with_a_slip)
