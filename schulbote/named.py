"""Who is meant by what somebody types: people by id, Matrix id or name, groups by name or id."""

from collections.abc import Iterable
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Final

from appservice.bot.group_words import find_groups, nearest_groups
from school.database.everybody import KnownPerson
from school.domain.directory import Directory
from school.domain.groups import Group, GroupKind
from school.domain.people import Person, Role
from school.errors import WrongUseError

_LISTED: Final = 10
_MAY_DO_NOTHING: Final = " Who is not in the directory may do nothing."


class NotMeantError(WrongUseError):
    """Nobody is meant, or more than one. The text says who could be."""


def find_person(directory: Directory, words: str) -> Person:
    """The person with this id in the register, this Matrix id (with or without the server), or this name.

    Raises:
        NotMeantError: there is none, or more than one.
    """
    wanted = words.casefold()
    found = [person for person in directory.people if wanted in {name.casefold() for name in _names(person)}]
    if len(found) == 1:
        return found[0]
    if found:
        found.sort(key=lambda person: person.id)
        listed = ", ".join(f"{described(person)} {person.user_id}" for person in found[:_LISTED])
        more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
        raise NotMeantError(f'"{words}" may mean {len(found)} people: {listed}{more}. Name one by the Matrix id.')
    near = did_you_mean(words, (name for person in directory.people for name in _names(person)))
    raise NotMeantError(
        f'Nobody in the directory has the id, the Matrix id or the name "{words}"'
        f"{f'; {near}' if near else f'.{_MAY_DO_NOTHING}'}"
    )


def find_known(everybody: Iterable[KnownPerson], words: str) -> KnownPerson:
    """As `find_person`, also among those who have left or were erased.

    Raises:
        NotMeantError: there is none, or more than one.
    """
    by_id = {known.person.id: known for known in everybody}
    try:
        return by_id[find_person(Directory(known.person for known in by_id.values()), words).id]
    except NotMeantError as error:
        raise NotMeantError(str(error).removesuffix(_MAY_DO_NOTHING)) from None


def find_group(directory: Directory, words: str) -> Group:
    """The group with this name or id.

    Raises:
        NotMeantError: there is none, or more than one.
    """
    wanted = words.casefold()
    found = [group for group in directory.groups.values() if wanted in (group.name.casefold(), group.id.casefold())]
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(f"{group.name} ({group.id})" for group in found)
        raise NotMeantError(f'"{words}" may mean {len(found)} groups: {listed}. Name one by the id.')
    near = did_you_mean(words, (group.name for group in directory.groups.values()))
    raise NotMeantError(f'There is no group "{words}"{f"; {near}" if near else "."}')


def chosen_groups(directory: Directory, names: Iterable[str]) -> list[Group]:
    """The groups that are named: as people write them, or with `*` for any of them.

    Raises:
        NotMeantError: a name means no group, or more than one.
    """
    found: dict[Group, None] = {}
    for name in names:
        found |= dict.fromkeys(_groups_like(name, directory) if "*" in name else [_group_called(name, directory)])
    return list(found)


def _groups_like(pattern: str, directory: Directory) -> list[Group]:
    found = [group for group in directory.groups.values() if fnmatchcase(group.name, pattern)]
    if not found:
        raise NotMeantError(f'No group has a name like "{pattern}".')
    return sorted(found, key=lambda group: (group.kind != GroupKind.CLASS, group.name))


def _group_called(name: str, directory: Directory) -> Group:
    groups = directory.groups.values()
    found = find_groups(name, groups)
    if len(found) == 1:
        return found[0]
    listed = ", ".join(f'"{group.name}"' for group in (found or nearest_groups(name, groups))[:_LISTED])
    if found:
        raise NotMeantError(f'"{name}" may mean several groups: {listed}. Write the whole name of one.')
    raise NotMeantError(f'There is no group "{name}"{f"; did you mean {listed}?" if listed else "."}')


def find_role(known: Iterable[Role], name: str) -> Role:
    """The role of this name.

    Raises:
        NotMeantError: there is none.
    """
    roles = sorted(known)
    if name in roles:
        return Role(name)
    hint = did_you_mean(name, roles) or f"roles are {', '.join(roles)}."
    raise NotMeantError(f'There is no role "{name}"; {hint}')


def described(person: Person) -> str:
    """A person's name, with what tells people of one name apart."""
    return f"{person.display_name} ({person.id}, {person.role})"


def did_you_mean(words: str, known: Iterable[str]) -> str:
    """`did you mean "…"?`, or nothing if nothing is alike."""
    names = {name.casefold(): name for name in known}
    near = get_close_matches(words.casefold(), names, 1)
    return f'did you mean "{names[near[0]]}"?' if near else ""


def _names(person: Person) -> tuple[str, ...]:
    localpart = person.user_id.partition(":")[0]
    return person.id, person.user_id, localpart, localpart[1:], person.display_name
