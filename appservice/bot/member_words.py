"""Who is meant where somebody lists people and groups: "Anna Koch, Klasse 8.1, Eltern von Ben Braun".

A group stands for everybody in it now, "Eltern von …" for the guardians of a pupil or of all pupils of a group, "… mit
Eltern" for both. A name that fits a group exactly means the group. What is not clear is named with those who can be
meant; nobody acts on a list of which a part is not clear.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from appservice.bot.group_words import find_groups, is_called, nearest_groups
from appservice.bot.people_words import find_by_name, nearest
from school.domain.directory import Directory
from school.domain.groups import Group
from school.domain.people import Person
from school.texts import Texts

_LISTED: Final = re.compile(r"[,;\n]")
_AND: Final = re.compile(r"\s+(?:und|and|&)\s+")
_GUARDIANS: Final = r"(?:die\s+)?(?:eltern|sorgeberechtigten?|erziehungsberechtigten?|guardians|parents)"
_GUARDIANS_OF: Final = re.compile(rf"{_GUARDIANS}\s+(?:von|der|des|of)\s+(.+)", re.IGNORECASE)
_WITH_GUARDIANS: Final = re.compile(rf"(.+?)\s+(?:mit|und|with|and)\s+(?:ihren\s+)?{_GUARDIANS}n?", re.IGNORECASE)
_OFFERED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """A part of a list that can mean several, or nobody; then `near` is the name that is most like it."""

    written: str
    people: Sequence[Person] = ()
    groups: Sequence[Group] = ()
    near: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """Everybody who is meant, each once; and what is not clear."""

    people: Sequence[Person] = ()
    unclear: Sequence[Unclear] = ()


class MemberWords:
    """Reads lists against one state of the directory."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def read(self, written: str, *, rather: Collection[Person] = ()) -> Meant:
        """Reads a list. A name that fits somebody of `rather` means nobody else: who is in a group, where people are
        to be taken out of it."""
        people: dict[Person, None] = {}
        unclear: list[Unclear] = []
        for part in self._parts(written):
            found = self._read_part(part, rather)
            if isinstance(found, Unclear):
                unclear.append(found)
            else:
                people.update(dict.fromkeys(found))
        return Meant(people=list(people), unclear=unclear)

    def _parts(self, written: str) -> Iterable[str]:
        """Between commas; an "und" parts only what is nobody's name as a whole."""
        for part in (part.strip().rstrip(".!") for part in _LISTED.split(written)):
            if not part:
                continue
            several = _AND.split(part)
            is_one = len(several) == 1 or bool(_WITH_GUARDIANS.fullmatch(part)) or bool(find_groups(part, self._groups))
            yield from [part] if is_one else several

    def _read_part(self, part: str, rather: Collection[Person]) -> Sequence[Person] | Unclear:
        groups = find_groups(part, self._groups)
        if len(groups) == 1 and is_called(groups[0], part):
            return self._directory.members(groups[0].id)
        if not groups and (match := _GUARDIANS_OF.fullmatch(part)):
            found = self._read_part(match[1], ())
            return found if isinstance(found, Unclear) else self._guardians_of(found)
        if match := _WITH_GUARDIANS.fullmatch(part):
            found = self._read_part(match[1], rather)
            return found if isinstance(found, Unclear) else [*found, *self._guardians_of(found)]
        people = find_by_name(part, rather) or find_by_name(part, self._directory.people)
        if len(groups) + len(people) == 1:
            return self._directory.members(groups[0].id) if groups else people
        return Unclear(written=part, people=people, groups=groups, near=None if people or groups else self._near(part))

    def _guardians_of(self, pupils: Iterable[Person]) -> Sequence[Person]:
        wards = {pupil.id for pupil in pupils}
        return [person for person in self._directory.people if not wards.isdisjoint(person.wards)]

    def _near(self, part: str) -> str | None:
        person = nearest(part, self._directory.people)
        groups = nearest_groups(part, self._groups)
        # A number in it means a group: nobody is called so.
        is_group = groups and (person is None or any(sign.isdigit() for sign in part))
        if is_group:
            return groups[0].name
        return person.display_name if person else None

    @property
    def _groups(self) -> Collection[Group]:
        return self._directory.groups.values()


def ask_back(unclear: Iterable[Unclear], directory: Directory, texts: Texts) -> str:
    """What to say about a list of which a part is not clear: each choice begins with what can be copied."""
    lines = [texts.say("members.unclear")]
    for one in unclear:
        choices = [_told(person, directory) for person in one.people] + [group.name for group in one.groups]
        if not choices and one.near is None:
            lines.append(texts.say("members.unknown", name=one.written))
        elif not choices:
            lines.append(texts.say("members.near", name=one.written, near=one.near))
        else:
            lines.append(texts.say("members.several", name=one.written))
            lines += [f"   {choice}" for choice in choices[:_OFFERED]]
            if len(choices) > _OFFERED:
                lines.append(f"   {texts.say('members.more', number=len(choices) - _OFFERED)}")
    return "\n".join((*lines, texts.say("members.again")))


def _told(person: Person, directory: Directory) -> str:
    groups = sorted(group.name for own in person.groups if (group := directory.group(own)))
    return " – ".join((person.user_id.partition(":")[0], person.display_name, ", ".join(groups[:2])))
