"""What somebody wants of a group: `neu Theater-AG`, `Theater-AG + Anna Koch, Klasse 8.1 - Ben Braun`, `Theater-AG
auflösen`.

`+` and `-` stand between blanks, because names have hyphens. Words that say what to do stand behind the name (or before
it); where a group is called exactly so, its name comes first: there may be a "Projekt Leitung".
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_OPERATOR: Final = re.compile(r"\s+([+\-–−])(?:\s+|$)")
_MISPLACED: Final = re.compile(r"\+|(?:^|\s)[-–−]")
_PLUS: Final = "+"
_RENAME: Final = re.compile(
    r"(?P<name>.+?)\s+(?:umbenennen|rename|heißt|heisst|called)\s+(?:(?:in|zu|to|as)\s+)?(?P<new>.+)", re.IGNORECASE
)
_RENAME_FIRST: Final = re.compile(r"(?:umbenennen|rename)\s+(?P<name>.+?)\s+(?:in|zu|to)\s+(?P<new>.+)", re.IGNORECASE)


class What(StrEnum):
    """What to do."""

    LIST = "list"
    MAKE = "make"
    SHOW = "show"
    CHANGE = "change"
    OWNERS = "owners"
    RENAME = "rename"
    KEEP = "keep"
    END = "end"


_WORDS: Final = {
    What.MAKE: {"neu", "neue", "new", "anlegen", "make", "create"},
    What.OWNERS: {"leitung", "leiter", "leiterin", "owners", "owner"},
    What.KEEP: {"behalten", "keep"},
    What.END: {"auflösen", "aufloesen", "beenden", "löschen", "end", "disband", "dissolve", "delete"},
}
_LISTS: Final = {"liste", "alle", "list", "all"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to do with which group. `add` and `remove` are lists of people and groups."""

    what: What
    name: str = ""
    add: str = ""
    remove: str = ""
    new_name: str = ""


def read_wish(words: str, is_group: Callable[[str], bool]) -> Wish | None:
    """What the words behind the command say; None if nothing. `is_group` tells whether a group is called exactly so."""
    if not words or words.casefold() in _LISTS:
        return Wish(what=What.LIST)
    head, *rest = _OPERATOR.split(words)
    head = " ".join(head.split())
    if not rest:
        return _without_people(head, is_group)
    signs, lists = rest[::2], [one.strip() for one in rest[1::2]]
    if not head or not all(lists):
        return None
    add = ", ".join(one for sign, one in zip(signs, lists, strict=True) if sign == _PLUS)
    remove = ", ".join(one for sign, one in zip(signs, lists, strict=True) if sign != _PLUS)
    what, name = _what(head, is_group, (What.MAKE, What.OWNERS))
    if not name:
        return None
    return Wish(what=What.CHANGE if what is What.SHOW else what, name=name, add=add, remove=remove)


def _without_people(head: str, is_group: Callable[[str], bool]) -> Wish | None:
    if not is_group(head) and (match := _RENAME_FIRST.fullmatch(head) or _RENAME.fullmatch(head)):
        return Wish(what=What.RENAME, name=match["name"], new_name=match["new"])
    what, name = _what(head, is_group, tuple(_WORDS))
    if not name or (what is What.SHOW and not is_group(name) and _MISPLACED.search(name)):
        return None
    return Wish(what=What.SHOW if what is What.OWNERS else what, name=name)


def _what(head: str, is_group: Callable[[str], bool], known: tuple[What, ...]) -> tuple[What, str]:
    """What the first or the last word says, and the rest; a new group's word stands first."""
    if is_group(head):
        return What.SHOW, head
    first, _, behind = head.partition(" ")
    before, _, last = head.rpartition(" ")
    for what in known:
        if first.casefold() in _WORDS[what]:
            return what, behind.strip()
        if last.casefold() in _WORDS[what] and what is not What.MAKE:
            return what, before.strip()
    return What.SHOW, head
