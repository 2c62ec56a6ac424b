"""In which language a page speaks: the one that was chosen, else what the browser asks for, else the school's."""

from typing import Final

from school.texts import Language

_MOST_LOOKED_AT: Final = 20


def language_for(chosen: str | None, accepted: str, otherwise: Language) -> Language:
    """`chosen` is what the switch on a page has set, `accepted` the header `Accept-Language` (RFC 9110, 12.5.4)."""
    if chosen in set(Language):
        return Language(chosen)
    wishes = sorted(map(_wish, accepted.split(",")[:_MOST_LOOKED_AT]), key=lambda wish: -wish[1])
    known = (tag for tag, weight in wishes if weight > 0 and tag in set(Language))
    return Language(next(known, otherwise))


def _wish(part: str) -> tuple[str, float]:
    tag, _, parameters = part.partition(";")
    name, _, number = parameters.strip().partition("=")
    try:
        weight = float(number) if name.strip() == "q" else 1.0
    except ValueError:
        weight = 0.0
    return tag.strip().lower().partition("-")[0], weight
