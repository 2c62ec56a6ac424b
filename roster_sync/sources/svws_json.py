"""The JSON that SVWS-Server exports for Lernplattformen (LernplattformV1Export), as far as it is read.

Two spellings of the ids are in use, `idKlasse` and `klasseId`. The file itself tells which it has: the server leaves
`revision` at -1 in both.
"""

from collections.abc import Sequence
from typing import Any, Final, TypeVar

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from school.domain.roster import RegisterError

_OTHER_SPELLING: Final = {
    "idJahrgang": "jahrgangId",
    "idKlasse": "klasseId",
    "idsLerngruppen": "lerngruppenIds",
    "idsKlassenlehrer": "klassenlehrer",
    "idIntern": "kId",
    "idKursart": "kursartId",
    "idsLehrer": "lehrerIds",
}


def _spelled(name: str) -> Any:
    return Field(validation_alias=AliasChoices(name, _OTHER_SPELLING[name]))


class _Part(BaseModel):
    """What is read of one thing in the file. Everything else in it is not even looked at."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", hide_input_in_errors=True)


class Item(_Part):
    """Whatever has a number."""

    id: int


class Named(Item):
    """A year or a class: the short form that the school shows, and that of the statistics."""

    shown: str | None = Field(default=None, validation_alias="kuerzelAnzeige")
    official: str | None = Field(default=None, validation_alias="kuerzel")


class Class(Named):
    """A class, with the numbers of its teachers."""

    teachers: tuple[int, ...] = _spelled("idsKlassenlehrer")


class Course(Item):
    """A Lerngruppe: a course, or the lessons of the class with the number `inner_id`; then it has no type."""

    name: str | None = Field(validation_alias="bezeichnung")
    inner_id: int = _spelled("idIntern")
    type: int | None = _spelled("idKursart")
    teachers: tuple[int, ...] = _spelled("idsLehrer")


class Person(Item):
    """A pupil or a teacher."""

    given: str | None = Field(validation_alias="vorname")
    family: str | None = Field(validation_alias="nachname")


class Pupil(Person):
    """A pupil, with the numbers of year, class and Lerngruppen."""

    year: int = _spelled("idJahrgang")
    class_: int = _spelled("idKlasse")
    courses: tuple[int, ...] = _spelled("idsLerngruppen")
    status: int | None = None


class Export(_Part):
    """The whole file."""

    jahrgaenge: tuple[Named, ...]
    klassen: tuple[Class, ...]
    lehrer: tuple[Person, ...]
    lerngruppen: tuple[Course, ...]
    schueler: tuple[Pupil, ...]


_AnyItem = TypeVar("_AnyItem", bound=Item)


class SvwsFile:
    """One file, read. A place in it is written `schueler[3].idKlasse`, in the spelling of the file.

    Raises:
        RegisterError: it is no such file.
    """

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self._has_other_spelling = b'"klasseId"' in data
        try:
            self.export = Export.model_validate_json(data)
        except ValidationError as error:
            detail = error.errors(include_input=False, include_url=False)[0]
            if detail["type"] == "json_invalid":
                raise RegisterError(f"{name}: this is no JSON, or it is cut off; export the file again.") from None
            place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in detail["loc"])
            what = "is missing" if detail["type"] == "missing" else "is not of the kind that belongs there"
            raise self.error(place.removeprefix("."), f"this {what}; export the file again") from None

    def error(self, place: str, sentence: str) -> RegisterError:
        """An error about one place; the sentence says what is wrong and what to do."""
        where = f"{self.name}, {self._spelled(place)}" if place else self.name
        return RegisterError(f"{where}: {sentence}.")

    def by_id(self, name: str, items: Sequence[_AnyItem]) -> dict[int, tuple[str, _AnyItem]]:
        """Place and content of each thing in a list by its number, which stands nowhere twice."""
        found: dict[int, tuple[str, _AnyItem]] = {}
        for index, item in enumerate(items):
            place = f"{name}[{index}]"
            first, known = found.setdefault(item.id, (place, item))
            if known is not item:
                raise self.error(f"{place}.id", f"the same ID already stands in {first}; export the file again")
        return found

    def _spelled(self, place: str) -> str:
        start, dot, field = place.rpartition(".")
        name, bracket, index = field.partition("[")
        other = _OTHER_SPELLING.get(name, name) if self._has_other_spelling else name
        return f"{start}{dot}{other}{bracket}{index}"
