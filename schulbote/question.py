"""A question about rights as people type it: PERSON may ACTION [PERSON|GROUP|ROOM].

An action is a verb or the name of a right. Names of several words need no quotation marks where it is clear where they
end.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from school.domain.directory import Directory
from school.domain.groups import Group
from school.domain.people import Person, UserId
from school.domain.rights import Right
from schulbote.named import NotMeantError, described, did_you_mean, find_group, find_person

_MAY: Final = "may"


class NotAskedError(Exception):
    """This is no question that can be answered. The text says how to ask."""


class Other(NamedTuple):
    """Somebody to whom it is done: a person or the bot."""

    user_id: UserId
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Who may do what to whom, and where: in the room of a group, or in one that has to be looked at first."""

    asking: Person
    action: str
    others: tuple[Other, ...] = ()
    group: Group | None = None
    room_id: str | None = None


class Action(NamedTuple):
    """What follows after a verb: one person, or as many as one likes; and a group or a room."""

    usage: str
    one: bool = False
    many: bool = False
    place: bool = False


ACTIONS: Final[Mapping[str, Action]] = {
    "message": Action("PERSON", one=True),
    "see": Action("PERSON", one=True),
    "create_room": Action("[PERSON …]", many=True),
    "invite": Action("PERSON GROUP|ROOM", one=True, place=True),
    "enter": Action("GROUP|ROOM", place=True),
    "write": Action("GROUP|ROOM", place=True),
    "leave": Action("GROUP|ROOM", place=True),
}


def read_question(words: Sequence[str], directory: Directory, bot: UserId) -> Question:
    """What is asked.

    Raises:
        NotAskedError: it is no question.
        NotMeantError: somebody or something in it does not exist, or is named by words that mean several.
    """
    before, found, after = _split(words)
    if not (before and found and after):
        raise NotAskedError("Ask like this: PERSON may ACTION [PERSON|GROUP|ROOM], such as S00001 may message T00001.")
    name, rest = after[0], after[1:]
    if name not in ACTIONS and name not in set(Right):
        hint = did_you_mean(name, [*ACTIONS, *Right]) or f"actions are {', '.join([*ACTIONS, *Right])}."
        raise NotAskedError(f'There is no action "{name}"; {hint}')
    who = " ".join(before)
    if _is_bot(who, bot):
        raise NotAskedError("The bot is not asked: it may do everything.")
    asking = find_person(directory, who)
    if name not in ACTIONS:
        if rest:
            raise NotAskedError(f'Nothing follows after the right "{name}": leave out "{" ".join(rest)}".')
        return Question(asking=asking, action=name)
    return _with_targets(Question(asking=asking, action=name), ACTIONS[name], rest, directory, bot)


def _split(words: Sequence[str]) -> tuple[Sequence[str], bool, Sequence[str]]:
    at = words.index(_MAY) if _MAY in words else len(words)
    return words[:at], at < len(words), words[at + 1 :]


def _with_targets(
    question: Question, action: Action, words: Sequence[str], directory: Directory, bot: UserId
) -> Question:
    where = ""
    if action.place:
        end = _end_of_person(words, directory, bot) if action.one else 0
        words, where = words[:end], " ".join(words[end:])
    people = [*words] if action.many else [" ".join(words)] if words else []
    if bool(people) < action.one or bool(where) < action.place:
        raise NotAskedError(f'After "{question.action}" stands {action.usage}.')
    others = tuple(_other(directory, name, bot) for name in people)
    is_room = where.startswith("!")
    return Question(
        asking=question.asking,
        action=question.action,
        others=others,
        group=_group(directory, where, question.action) if where and not is_room else None,
        room_id=where if is_room else None,
    )


def _end_of_person(words: Sequence[str], directory: Directory, bot: UserId) -> int:
    """Behind how many words the first person's name ends; something is left for the place."""
    if words and _is_bot(words[0], bot):
        return 1
    ends = range(len(words) - 1, 0, -1)
    return next((end for end in ends if _means(find_person, directory, " ".join(words[:end]))), max(len(words) - 1, 0))


def _is_bot(words: str, bot: UserId) -> bool:
    localpart = bot.partition(":")[0]
    return words in (bot, localpart, localpart[1:])


def _other(directory: Directory, words: str, bot: UserId) -> Other:
    if _is_bot(words, bot):
        return Other(bot, "the bot")
    try:
        person = find_person(directory, words)
    except NotMeantError:
        if words.startswith("!") or _means(find_group, directory, words):
            raise NotAskedError(f'"{words}" is no person; in a group or a room one may "write".') from None
        raise
    return Other(person.user_id, described(person))


def _group(directory: Directory, words: str, action: str) -> Group:
    try:
        return find_group(directory, words)
    except NotMeantError:
        if _means(find_person, directory, words):
            raise NotAskedError(f'"{words}" is a person: one may "message" them, but not "{action}".') from None
        raise


def _means(find: Callable[[Directory, str], object], directory: Directory, words: str) -> bool:
    try:
        find(directory, words)
    except NotMeantError:
        return False
    return True
