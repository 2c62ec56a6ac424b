"""The file that SVWS-Server exports for Lernplattformen: JSON, as it is or packed with gzip.

It has pupils, teachers, classes, years and Lerngruppen, and neither guardians nor marks of leadership. Read are ids,
names and who belongs where. Whatever does not fit is an error that names its place in the file, never the value.

* Pupils and teachers have numbers of their own, so a teacher's id gets an L in front. The server gives classes and
  courses new numbers every half-year, so a group is known by its name.
* A pupil whose status is not "active" is left out; where the file has no status, the server has left the others out.
* A Lerngruppe that is the lessons of one class is no group: its teachers belong to the class. Every other is a course;
  where several courses have one name, the year is added.
* A Lerngruppe may name teachers who are not in the file, because some servers export class teachers only. They cannot
  be anywhere, and a doubt says in how many Lerngruppen somebody is missing.
"""

from codecs import BOM_UTF8
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

from roster_sync.sources.extract import Extract
from roster_sync.sources.files import read_whole, unzipped
from roster_sync.sources.groups import full_name
from roster_sync.sources.options import RegisterOptions
from roster_sync.sources.svws_json import Course, Named, Person, Pupil, SvwsFile
from roster_sync.sources.text import normal, problem_of_short
from school.domain.groups import GroupKind
from school.domain.people import STUDENT, TEACHER, PersonId, Role
from school.domain.roster import GroupKey, RosterGroup, RosterPerson

_ACTIVE: Final = 2  # LernplattformV1Schueler.status: 0 new, 1 waiting, 2 active, 3 on leave, 6 external, 8 and 9 left
_Known = TypeVar("_Known")


def read_svws(file: Path, options: RegisterOptions) -> Extract:
    """Read the file.

    Raises:
        RegisterError: it is missing or cannot be used as it is.
    """
    data = unzipped(file.name, read_whole(file)).removeprefix(BOM_UTF8)
    return _Reading(SvwsFile(file.name, data), options).extract()


class _Reading:
    """One reading of one file: the groups found so far, and who is in them."""

    def __init__(self, file: SvwsFile, options: RegisterOptions) -> None:
        self._file = file
        self._options = options
        self._groups: dict[GroupKey, RosterGroup] = {}
        self._groups_of: defaultdict[PersonId, set[GroupKey]] = defaultdict(set)
        everybody = file.by_id("schueler", file.export.schueler)
        self._teachers = file.by_id("lehrer", file.export.lehrer)
        self._pupils = {ident: found for ident, found in everybody.items() if found[1].status in (None, _ACTIVE)}
        self._left_out = len(everybody) - len(self._pupils)

    def extract(self) -> Extract:
        """People and groups."""
        for name, found in (("schueler", self._pupils), ("lehrer", self._teachers)):
            if not found:
                raise self._file.error(name, "nobody who is active is in it; export the file again, with everybody")
        doubts = [*self._read_groups()]
        if self._left_out:
            doubts.append(f"{self._file.name}: {self._left_out} schueler are left out; their status is not active.")
        people: list[tuple[PersonId, Role, str, Person]] = []
        people += [(_pupil_id(ident), STUDENT, *found) for ident, found in self._pupils.items()]
        people += [(_teacher_id(ident), TEACHER, *found) for ident, found in self._teachers.items()]
        return Extract(
            source=self._file.name,
            persons={ident: self._person(ident, role, place, person) for ident, role, place, person in people},
            groups=self._groups,
            doubts=tuple(doubts),
            places={ident: f"{self._file.name}, {place}" for ident, _, place, _ in people},
        )

    def _read_groups(self) -> Iterable[str]:
        """Finds all groups and who is in them; the doubts about it."""
        export = self._file.export
        years = self._named("jahrgaenge", export.jahrgaenge, GroupKind.YEAR)
        classes = self._named("klassen", export.klassen, GroupKind.CLASS)
        courses = self._file.by_id("lerngruppen", export.lerngruppen)
        pupils_in: defaultdict[int, list[Pupil]] = defaultdict(list)
        for place, pupil in self._pupils.values():
            groups = self._groups_of[_pupil_id(pupil.id)]
            groups.add(self._known(years, pupil.year, f"{place}.idJahrgang"))
            groups.add(self._known(classes, pupil.class_, f"{place}.idKlasse"))
            for index, ident in enumerate(pupil.courses):
                self._known(courses, ident, f"{place}.idsLerngruppen[{index}]")
                pupils_in[ident].append(pupil)
        for number, class_ in enumerate(export.klassen):
            for index, ident in enumerate(class_.teachers):
                self._known(self._teachers, ident, f"klassen[{number}].idsKlassenlehrer[{index}]")
                self._groups_of[_teacher_id(ident)].add(classes[class_.id])
        names = Counter(course.name for course in export.lerngruppen if not _is_of_class(course, pupils_in[course.id]))
        incomplete = 0
        for place, course in courses.values():
            pupils = pupils_in[course.id]
            if _is_of_class(course, pupils) and course.inner_id in classes:
                key = classes[course.inner_id]
            else:
                of_years = sorted({self._groups[years[pupil.year]].name for pupil in pupils})
                name = self._text(course.name, f"{place}.bezeichnung")
                name += f" ({', '.join(of_years)})" if names[course.name] > 1 else ""
                key = self._add(name, self._options.kind_of(name), f"{place}.bezeichnung")
            for pupil in pupils:
                self._groups_of[_pupil_id(pupil.id)].add(key)
            for ident in self._teachers.keys() & set(course.teachers):
                self._groups_of[_teacher_id(ident)].add(key)
            incomplete += not self._teachers.keys() >= set(course.teachers)
        if incomplete:
            yield f"{self._file.name}: {incomplete} lerngruppen have teachers who are not in lehrer; they are left out."

    def _named(self, listed: str, items: Sequence[Named], kind: GroupKind) -> Mapping[int, GroupKey]:
        found = {}
        for ident, (place, item) in self._file.by_id(listed, items).items():
            field = "kuerzelAnzeige" if item.shown else "kuerzel"
            name = full_name(self._text(item.shown or item.official, f"{place}.{field}"), kind, self._options)
            found[ident] = self._add(name, kind, f"{place}.{field}")
        return found

    def _add(self, name: str, kind: GroupKind, place: str) -> GroupKey:
        key = GroupKey(name)
        if key in self._groups:
            raise self._file.error(place, "another group has this name, too; give each a name of its own")
        self._groups[key] = RosterGroup(key=key, name=name, kind=kind)
        return key

    def _known(self, known: Mapping[int, _Known], ident: int, place: str) -> _Known:
        if ident not in known:
            raise self._file.error(place, "this ID stands nowhere in the file; export it again")
        return known[ident]

    def _person(self, ident: PersonId, role: Role, place: str, person: Person) -> RosterPerson:
        return RosterPerson(
            id=ident,
            given_name=self._text(person.given, f"{place}.vorname"),
            family_name=self._text(person.family, f"{place}.nachname"),
            role=role,
            groups=frozenset(self._groups_of[ident]),
        )

    def _text(self, text: str | None, place: str) -> str:
        kept = normal(text or "")
        if problem := problem_of_short(kept, "text"):
            raise self._file.error(place, problem)
        return kept


def _pupil_id(ident: int) -> PersonId:
    return PersonId(f"{ident}")


def _teacher_id(ident: int) -> PersonId:
    return PersonId(f"L{ident}")


def _is_of_class(course: Course, pupils: Sequence[Pupil]) -> bool:
    return course.type is None and all(pupil.class_ == course.inner_id for pupil in pupils)
