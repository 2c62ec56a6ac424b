"""Whom a school writes letters to: who is in a class and who belongs to it, in the order in which they are handed out.

1. Without a role a group means its pupils, the guardians of these pupils and the guardians in it. A group that has
   neither (the staff) means all of its members.
2. With a role it means those of this role among its members and the guardians of its pupils.
3. Each pupil comes right before their guardians, so that a teacher hands out child by child.
4. Nobody gets two letters, however many groups and children name them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from appservice.bot.people_words import in_order
from appservice.letters.printing import Letter
from school.domain.directory import Directory
from school.domain.groups import Group
from school.domain.people import GUARDIAN, STUDENT, Person, PersonId, Role, names_of
from school.texts import Texts

_Guardians = Mapping[PersonId, Sequence[Person]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Somebody to whom a letter goes, by which group, and through which of its pupils."""

    person: Person
    group: Group
    wards: tuple[Person, ...] = ()


def recipients(directory: Directory, groups: Sequence[Group], role: Role | None = None) -> list[Recipient]:
    """Everybody to whom the letters of these groups go, group by group."""
    guardians = _guardians_of(directory.people)
    found: dict[PersonId, Recipient] = {}
    for group in groups:
        for recipient in _of_group(directory, group, role, guardians):
            found.setdefault(recipient.person.id, recipient)
    return list(found.values())


def _of_group(directory: Directory, group: Group, role: Role | None, guardians: _Guardians) -> Iterator[Recipient]:
    members = in_order(directory.members(group.id))
    pupils = [person for person in members if person.role == STUDENT]
    everybody = list(_child_by_child(pupils, members, guardians))
    if role is not None:
        wanted = [person for person in everybody if person.role == role]
    else:
        wanted = [person for person in everybody if person.role in (STUDENT, GUARDIAN)] or everybody
    for person in wanted:
        wards = tuple(pupil for pupil in pupils if pupil.id in person.wards)
        yield Recipient(person=person, group=group, wards=wards)


def _child_by_child(pupils: Iterable[Person], members: Iterable[Person], guardians: _Guardians) -> Iterator[Person]:
    """The pupils and their guardians, then the other members."""
    for pupil in pupils:
        yield pupil
        yield from guardians.get(pupil.id, ())
    yield from (person for person in members if person.role != STUDENT)


def _guardians_of(people: Iterable[Person]) -> _Guardians:
    found: defaultdict[PersonId, list[Person]] = defaultdict(list)
    for person in in_order(person for person in people if person.wards):
        for ward in person.wards:
            found[ward].append(person)
    return found


def letter_to(recipient: Recipient, code: str | None, texts: Texts) -> Letter:
    """The letter with a code, or without one where people sign in with something else."""
    way = recipient.group.name
    if recipient.wards:
        way += " · " + texts.say("letters.child", names=", ".join(names_of(recipient.wards)))
    return letter_for(recipient.person, code, way)


def letter_for(person: Person, code: str | None, way: str = "") -> Letter:
    """The letter of somebody who comes for it, or the way that it takes to them."""
    user_name = person.user_id.partition(":")[0].removeprefix("@")
    return Letter(name=person.display_name, user_name=user_name, way=way, code=code)
