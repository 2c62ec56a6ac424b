"""A question as people type it: PERSON may ACTION [PERSON|GROUP|ROOM], or rest PERSON [AT].

An action is a verb or the name of a right. Names of several words need no quotation marks where it is clear where they
end.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from school.domain.directory import Directory
from school.domain.groups import Group
from school.domain.people import Person, UserId
from school.domain.rights import Right
from school.domain.week import instant
from school.errors import WrongUseError
from schulbote.named import NotMeantError, described, did_you_mean, find_group, find_person

_MAY: Final = "may"
_REST: Final = "rest"
_DAY: Final = r"(?:(?P<iso>\d{4}-\d\d-\d\d)|(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4}))"
_CLOCK: Final = r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)"
_AT: Final = re.compile(rf"(?P<who>.*?)\s+(?:{_DAY}(?:(?:T|,?\s+){_CLOCK})?|{_CLOCK.replace('<', '<only_')})")
_NOON: Final = 12 * 60


class NotAskedError(WrongUseError):
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RestQuestion:
    """Whether somebody rests at an instant."""

    person: Person
    at: datetime


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


def is_about_rest(words: Sequence[str]) -> bool:
    """Whether it begins with `rest`, and is not asked of somebody of that name."""
    return words[:1] == (_REST,) and _MAY not in words


def read_rest_question(words: Sequence[str], directory: Directory, *, now: datetime, zone: ZoneInfo) -> RestQuestion:
    """Who is asked about, and which moment: now, a time of today, a day (at noon), a day and a time.

    Raises:
        NotAskedError: nobody is named, or there is no such day.
        NotMeantError: somebody in it does not exist, or is named by words that mean several.
    """
    text = " ".join(words[1:]).strip()
    if not text:
        raise NotAskedError('Ask like this: rest PERSON [AT], such as rest T00001 "2026-12-24 10:00".')
    found = _AT.fullmatch(text)
    if found is None:
        return RestQuestion(person=find_person(directory, text), at=now)
    parts = found.groupdict()
    today = now.astimezone(zone).date()
    try:
        day = date.fromisoformat(parts["iso"]) if parts["iso"] else today
        if parts["day"]:
            day = date(*(int(parts[name]) for name in ("year", "month", "day")))
    except ValueError:
        raise NotAskedError(f'There is no such day: "{text}".') from None
    clock = [parts["hour"] or parts["only_hour"], parts["minute"] or parts["only_minute"]]
    minute = int(clock[0]) * 60 + int(clock[1]) if clock[0] else _NOON
    return RestQuestion(person=find_person(directory, parts["who"]), at=instant(zone, day, minute))


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
