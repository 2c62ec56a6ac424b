"""How files are told of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from appservice.web.texts import PageTexts
from appservice.web.visit import Visit
from school.domain.people import UserId
from school.domain.shelf import SharedFile
from school.domain.shelf_files import PDF, PICTURES, can_be_shown
from shelf.desk import Shelf

_LONGEST_SIGN: Final = 5
_UNITS: Final = ("kB", "MB", "GB")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A file in words. `id` stands in its address."""

    id: str
    name: str
    sign: str
    """What stands where others have a small picture: the ending of the name."""
    kind: str
    size: str
    who: str
    when: str
    folder: str | None
    is_picture: bool
    can_be_shown: bool


def told(file: SharedFile, shelf: Shelf, names: Mapping[UserId, str], visit: Visit) -> Told:
    """A file as this visitor reads of it."""
    texts = visit.texts
    folder = None if file.folder is None else shelf.folder(file.folder)
    return Told(
        id=address_of(file.event_id),
        name=file.name,
        sign=_ending(file.name),
        kind="PDF" if file.media_type == PDF else texts.say(f"shelf.kind.{file.kind}"),
        size=size_in_words(file.size, texts),
        who=names.get(file.sender) or texts.say("shelf.nobody"),
        when=texts.moment(file.sent_at, visit.site.zone),
        folder=None if folder is None else folder.name,
        is_picture=file.media_type in PICTURES,
        can_be_shown=can_be_shown(file.media_type),
    )


def _ending(name: str) -> str:
    ending = name.rpartition(".")[2] if "." in name else ""
    return ending.upper() if len(ending) <= _LONGEST_SIGN else "…"


def address_of(event_id: str) -> str:
    """What stands for a message in an address."""
    return event_id.removeprefix("$")


def event_of(address: str) -> str:
    """The message for which this stands."""
    return f"${address}"


def size_in_words(size: int | None, texts: PageTexts) -> str:
    """A size as people read it; empty if it is not known."""
    if size is None:
        return ""
    number, unit = float(size), "B"
    for larger in _UNITS:
        if number < 1000:
            break
        number, unit = number / 1000, larger
    return f"{texts.number(round(number, 1 if number < 10 and unit != 'B' else 0))} {unit}"
