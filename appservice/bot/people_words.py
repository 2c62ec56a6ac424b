"""People as people write them: "Frau Lange", "lange", "B. Lange", "Lange, Ben", "Groß" as "Gross".

The most exact kind of match counts: the whole name, the family name, the given name, a part of a double name. A search
shows what fits less well, too: beginnings of names, and where nothing fits, names with one slip of the pen.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from appservice.bot.spelling import is_slip, plain_forms
from school.domain.people import Person
from school.texts import Texts

_TITLES: Final = frozenset(
    {"frau", "fr", "herr", "herrn", "hr", "dr", "prof", "kollege", "kollegen", "kollegin"}
    | {"mr", "mrs", "ms", "miss", "mx", "durch", "ist", "macht", "by", "is"}
)
_LETTERS: Final = re.compile(r"[a-z]+")
_LISTED: Final = 5
_Words = tuple[str, ...]


def find_by_name(words: str, people: Iterable[Person]) -> Sequence[Person]:
    """Those whom `words` can mean. What begins with an @ is a Matrix id or its first part, which nobody shares."""
    everybody = list(people)
    if (wanted := words.strip().casefold()).startswith("@"):
        return [person for person in everybody if wanted in (person.user_id, person.user_id.partition(":")[0])]
    written = _without_titles(words)
    for kind in _KINDS:
        if found := [person for person in everybody if any(kind(form, person) for form in written)]:
            return found
    return ()


def search(words: str, people: Iterable[Person]) -> Sequence[Person]:
    """Those whom `words` can mean in any way, those first whom they mean most exactly; among equals by name."""
    everybody = in_order(people)
    if words.strip().startswith("@"):
        return find_by_name(words, everybody)
    written = _without_titles(words)
    found: dict[Person, None] = {}
    for kinds in ((*_KINDS, _beginnings), (_with_a_slip,)):
        for kind in kinds:
            found.update((person, None) for person in everybody if any(kind(form, person) for form in written))
        if found:
            break
    return list(found)


def in_order(people: Iterable[Person]) -> list[Person]:
    """By family name, then by given name."""
    return sorted(people, key=lambda person: (_sorted_as(person.family_name), _sorted_as(person.given_name), person.id))


def nearest(words: str, people: Iterable[Person]) -> Person | None:
    """Somebody with a similar name."""
    by_name = {" ".join(form): person for person in people for form in _forms(person.display_name)}
    by_name |= {" ".join(form): person for person in by_name.values() for form in _forms(person.family_name)}
    near = (get_close_matches(" ".join(form), by_name, 1) for form in _without_titles(words))
    return next((by_name[names[0]] for names in near if names), None)


def told_apart(people: Sequence[Person]) -> str:
    """The first few of these people, told apart by what they sign in with, which `find_by_name` knows as well."""
    return ", ".join(f"{person.display_name} ({person.user_id.partition(':')[0]})" for person in people[:_LISTED])


def named_person(written: str, people: Iterable[Person], texts: Texts) -> Person | str:
    """The one person who is meant; if that is not clear, what to say."""
    known = list(people)
    found = find_by_name(written, known)
    if len(found) == 1:
        return found[0]
    if found:
        return texts.say("people.several", name=written, people=told_apart(in_order(found)))
    near = nearest(written, known)
    if near is None:
        return texts.say("people.unknown", name=written)
    return texts.say("people.near", name=written, near=told_apart([near]))


@lru_cache(maxsize=20_000)
def _forms(text: str) -> frozenset[_Words]:
    """The words of a name in small plain letters: "Krüger" is "krueger" and "kruger", "Łuczak" is "luczak"."""
    return frozenset(tuple(_LETTERS.findall(form)) for form in plain_forms(text))


def _sorted_as(name: str) -> str:
    """Where a dictionary has it: "Özil" beside "Ozil"."""
    return min(plain_forms(name), key=len)


def _without_titles(words: str) -> set[_Words]:
    """What is left, but never nothing: somebody may be called Herr."""
    forms = _forms(words)
    return {tuple(word for word in form if word not in _TITLES) or form[-1:] for form in forms} - {()}


def _whole_name(written: _Words, person: Person) -> bool:
    given, family = _forms(person.given_name), _forms(person.family_name)
    return any(written in (g + f, f + g) for g in given for f in family)


def _family_name(written: _Words, person: Person) -> bool:
    return written in _forms(person.family_name)


def _some_given_names(written: _Words, person: Person) -> bool:
    """One of several given names, or the first letter."""
    for family in _forms(person.family_name):
        before = written[: -len(family)]
        if written[-len(family) :] == family and before:
            return any(all(any(g.startswith(b) for g in given) for b in before) for given in _forms(person.given_name))
    return False


def _given_name(written: _Words, person: Person) -> bool:
    return written in _forms(person.given_name)


def _part_of_family_name(written: _Words, person: Person) -> bool:
    return any(set(written) <= set(family) for family in _forms(person.family_name))


def _beginnings(written: _Words, person: Person) -> bool:
    return bool(written) and _each(written, person, lambda word, own: len(word) > 1 and own.startswith(word))


def _with_a_slip(written: _Words, person: Person) -> bool:
    return bool(written) and _each(written, person, lambda word, own: word == own or is_slip(word, own))


def _each(written: _Words, person: Person, fits: Callable[[str, str], bool]) -> bool:
    """Whether each word that was written fits a word of the name."""
    names = _forms(person.given_name) | _forms(person.family_name)
    own = {word for form in names for word in form}
    return all(any(fits(word, name) for name in own) for word in written)


_KINDS: Final[Sequence[Callable[[_Words, Person], bool]]] = (
    _whole_name,
    _family_name,
    _some_given_names,
    _given_name,
    _part_of_family_name,
)
