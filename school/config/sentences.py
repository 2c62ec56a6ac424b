"""Turns what pydantic found into sentences for the person who looks after school.yaml.

One dict says it for every type of error that the schema can raise; a test feeds the schema with all kinds of
wrong values and compares. What a value holds is repeated only where it cannot be a password.
"""

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from school.config.source import Place, Source, dotted
from school.domain.rights import Right

_KEY_MARK: Final = "[key]"
"""What pydantic adds to the place of an error in a mapping's key."""

_NEEDS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "bool_type": lambda _: "must be true or false, without quotation marks.",
    "dict_type": lambda _: "must be keys with values, each on an indented line of its own.",
    "enum": lambda context: f"must be one of {_choices(context)}.",
    "float_type": lambda _: "must be a number, such as 0.05, without quotation marks.",
    "greater_than_equal": lambda context: f"is too small; write {context['ge']} or more.",
    "int_type": lambda _: "must be a whole number, without quotation marks.",
    "less_than_equal": lambda context: f"is too large; write {context['le']} at most.",
    "literal_error": lambda context: f"must be one of {_choices(context)}.",
    "model_type": lambda _: "must be keys with values, each on an indented line of its own.",
    "string_type": lambda _: "must be text; put quotation marks around it.",
    "tuple_type": lambda _: "must be a list; put square brackets around it, or begin each entry with a dash.",
    "value_error": lambda context: str(context["error"]),
}
FOLLOW_UP: Final = "default_factory_not_called"
"""The type of an error that only says that another one is why a default could not be computed."""

KNOWN_ERRORS: Final = frozenset(_NEEDS) | {"extra_forbidden", "missing", FOLLOW_UP}
"""The types of pydantic's errors that have a sentence of their own."""


def explain(error: ErrorDetails, source: Source, root: type[BaseModel]) -> tuple[int | None, str]:
    """The line of an error, and a sentence that begins with the key."""
    place = tuple(part for part in error["loc"] if part != _KEY_MARK)
    line, name = source.line_of(place), dotted(place)
    if error["type"] == "extra_forbidden":
        return line, f"{name} is no key that Schulbote knows.{_did_you_mean(place, root)}"
    if error["type"] == "missing":
        section, key = dotted(place[:-1]), place[-1]
        return line, f'{name} is missing; add a line "{key}: …" under "{section}:".'
    if error["type"] == "enum" and _KEY_MARK in error["loc"]:
        near = get_close_matches(str(place[-1]), list(Right), 1)
        hint = f'did you mean "{near[0]}"?' if near else f"rights are {', '.join(Right)}."
        return line, f'{name}: there is no right "{place[-1]}"; {hint}'
    if error["input"] is None:
        return line, f"{name} has no value; write one behind the colon, or take the line out."
    return line, f"{name or source.path.name} {_need(error)}"


def keys_of(model: type[BaseModel], place: Place = ()) -> Iterator[Place]:
    """The places of all keys in the schema, sections before what is in them."""
    for name, field in model.model_fields.items():
        here = (*place, field.alias or name)
        yield here
        if inner := _model_in(field.annotation):
            yield from keys_of(inner, here)


def _need(error: ErrorDetails) -> str:
    say = _NEEDS.get(error["type"])
    return say(error.get("ctx", {})) if say else "cannot be used as it is; see docs/configuration.md."


def _did_you_mean(place: Place, root: type[BaseModel]) -> str:
    """The key that was probably meant: one with a similar name beside it, or one of this name in another section."""
    around = tuple(part for part in place[:-1] if isinstance(part, str))
    written = str(place[-1]).lower().replace("-", "_")
    known = list(keys_of(root))
    siblings = {str(key[-1]): key for key in known if key[:-1] in (around, around[:-1])}  # around: a name, a role
    near = [siblings[name] for name in get_close_matches(written, siblings, 1)]
    meant = near or [key for key in known if key[-1] == written]
    return f" Did you mean {dotted(meant[0])}?" if len(meant) == 1 else ""


def _model_in(annotation: object) -> type[BaseModel] | None:
    """The section that an annotation contains, if it contains one: `HolidaySettings | None`, `tuple[Entry, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


def _choices(context: Mapping[str, Any]) -> str:
    """pydantic's "'a', 'b' or 'c'", in the quotation marks of all our sentences."""
    return str(context["expected"]).replace("'", '"')
