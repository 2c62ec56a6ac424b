"""Groups as people write them: "8.1" for "Klasse 8.1", "Eltern 8.1" for "Sorgeberechtigte 8.1", "theater" for
"Theater-AG", "Klase 8.1".

The most exact kind of match counts: the whole name, the name without the word for what kind of group it is, some words
of it, their beginnings, one slip of the pen. Numbers are never guessed: "8.2" means no group but 8.2; and guardians are
never meant where nobody wrote of them. Who gets several groups asks which of them is meant, and who gets none offers
the `nearest_groups`; nothing is done before it is clear.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from appservice.bot.spelling import is_slip, plain_forms
from school.domain.groups import Group
from school.texts import Texts

_PARTS: Final = re.compile(r"\d+(?:[./-]\d+)*(?:\s?[a-z]\b)?|[a-z]+")
_SEPARATORS: Final = re.compile(r"[/-]")
_LISTED: Final = re.compile(r"[,;\n]")
_AND: Final = re.compile(r"\s+(?:und|and|&|\+)\s+")
_FILLERS: Final = frozenset({"der", "die", "das", "den", "dem", "des", "von", "the", "of", "for", "fuer", "fur"})
_KINDS_OF_GROUPS: Final = frozenset(
    {"klasse", "klassen", "jahrgang", "jahrgangsstufe", "stufe", "kurs", "gruppe"}
    | {"fachkonferenz", "fachschaft", "konferenz", "ag"}
)
_GUARDIANS: Final = ("eltern", "erziehungsberechtigte", "sorgeberechtigten", "elternschaft", "guardians", "parents")
_TEACHERS: Final = ("lehrer", "lehrkraefte", "lehrkrafte", "teachers", "staff")
_PEOPLE: Final = ("sorgeberechtigte", "kollegium")
_SAME: Final = (
    dict.fromkeys(_GUARDIANS, _PEOPLE[0])
    | dict.fromkeys(_TEACHERS, _PEOPLE[1])
    | {"class": "klasse", "year": "jahrgang", "course": "kurs", "group": "gruppe", "club": "ag"}
)
_SHORTEST_BEGINNING: Final = 3
_LIKE: Final = 0.6
_SAME_NUMBERS: Final = 0.6
_OFFERED: Final = 3
_LISTED_GROUPS: Final = 8
_Words = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedGroup:
    """What somebody wrote, and the groups that it can mean: clear if it is one."""

    written: str
    found: Sequence[Group]

    @property
    def group(self) -> Group | None:
        """The one that is meant, if that is clear."""
        return self.found[0] if len(self.found) == 1 else None


def find_groups(written: str, groups: Iterable[Group]) -> Sequence[Group]:
    """Those that `written` can mean, in order of their names. Of two with the same name it is the register's."""
    named = [(group, _forms(group.name)) for group in sorted(groups, key=lambda group: group.name)]
    wanted = _forms(written)
    for kind in _KINDS:
        if found := [group for group, forms in named if any(kind(a, b) for a in wanted for b in forms)]:
            of_register = {group.name.casefold() for group in found if group.in_register}
            return [group for group in found if group.in_register or group.name.casefold() not in of_register]
    return ()


def is_called(group: Group, written: str) -> bool:
    """Whether somebody wrote the whole name of a group, and not just something that can mean it."""
    return any(_whole_name(a, b) for a in _forms(written) for b in _forms(group.name))


def find_each_group(written: str, groups: Iterable[Group]) -> list[NamedGroup]:
    """Each of several groups with commas, or "und", between them; a name may have an "und" of its own."""
    known, named = list(groups), []
    for part in (part.strip() for part in _LISTED.split(written)):
        if not part:
            continue
        found = find_groups(part, known)
        parts = [part] if found else _AND.split(part)
        named += [NamedGroup(written=each, found=found or find_groups(each, known)) for each in parts]
    return named


def nearest_groups(written: str, groups: Iterable[Group]) -> Sequence[Group]:
    """Up to three groups with similar names or the same numbers, the most similar first."""
    wanted = _forms(written)

    def likeness(group: Group) -> float:
        return max((_likeness(a, b) for a in wanted for b in _forms(group.name)), default=0.0)

    liked = sorted(((likeness(group), group) for group in groups), key=lambda each: (-each[0], each[1].name))
    return [group for like, group in liked[:_OFFERED] if like >= _LIKE]


def _likeness(written: _Words, name: _Words) -> float:
    like = SequenceMatcher(None, " ".join(written), " ".join(name)).ratio()
    numbers = {word for word in written if not word.isalpha()}
    return like + _SAME_NUMBERS if numbers and numbers <= set(name) else like


def named_group(written: str, groups: Iterable[Group], texts: Texts) -> Group | str:
    """The one group that is meant; if that is not clear, what to say."""
    known = list(groups)
    named = NamedGroup(written=written, found=find_groups(written, known))
    return named.group or ask_which(named, known, texts)


def ask_which(named: NamedGroup, groups: Iterable[Group], texts: Texts) -> str:
    """What to say about a name that is not clear."""
    near = named.found or nearest_groups(named.written, groups)
    listed = ", ".join(group.name for group in near[:_LISTED_GROUPS])
    if not near:
        return texts.say("groups.unknown", name=named.written)
    if len(named.found) > _LISTED_GROUPS:
        return texts.say("groups.many", name=named.written, groups=listed)
    if named.found:
        return texts.say("groups.several", name=named.written, groups=listed)
    return texts.say("groups.near", name=named.written, groups=listed)


def _forms(text: str) -> set[_Words]:
    """The words of a name: letters and numbers, without what says nothing."""
    return {_words(form) for form in plain_forms(text)} - {()}


def _words(plain: str) -> _Words:
    words = [_SEPARATORS.sub(".", part.replace(" ", "")) for part in _PARTS.findall(plain)]
    return tuple(_SAME.get(word, word) for word in words if word not in _FILLERS) or tuple(words)


def _whole_name(written: _Words, name: _Words) -> bool:
    return "".join(written) == "".join(name)


def _without_its_kind(written: _Words, name: _Words) -> bool:
    """ "8.1" is "Klasse 8.1"; "Klasse 8" is not "Jahrgang 8"."""
    core = [word for word in written if word not in _KINDS_OF_GROUPS]
    if not core or core != [word for word in name if word not in _KINDS_OF_GROUPS]:
        return False
    kinds, own = set(written) - set(core), set(name) - set(core)
    return kinds <= own or not own


def _some_words(written: _Words, name: _Words) -> bool:
    return _each(written, name, lambda a, b: a == b)


def _beginnings(written: _Words, name: _Words) -> bool:
    return _each(written, name, lambda a, b: a == b or (_is_word(a) and b.startswith(a)))


def _with_a_slip(written: _Words, name: _Words) -> bool:
    return _each(written, name, lambda a, b: a == b or (a.isalpha() and is_slip(a, b)))


def _each(written: _Words, name: _Words, fits: Callable[[str, str], bool]) -> bool:
    """Whether each word that was written fits one of the name's; words for kinds of groups alone say nothing."""
    if any(people in name and not any(fits(word, people) for word in written) for people in _PEOPLE):
        return False
    says_something = any(word not in _KINDS_OF_GROUPS for word in written) or len(name) == 1
    return says_something and all(any(fits(word, own) for own in name) for word in written)


def _is_word(word: str) -> bool:
    return word.isalpha() and len(word) >= _SHORTEST_BEGINNING


_KINDS: Final[Sequence[Callable[[_Words, _Words], bool]]] = (
    _whole_name,
    _without_its_kind,
    _some_words,
    _beginnings,
    _with_a_slip,
)
