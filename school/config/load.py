"""school.yaml -> Settings, or every problem of the file at once."""

import json
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from school.config.errors import ConfigError, sentence_at
from school.config.schema import Settings
from school.config.section import Section
from school.config.sentences import FOLLOW_UP, explain
from school.config.source import Place, Source, dotted, read_source
from school.config.values import sample_host
from school.domain.people import BUILT_IN_ROLES, Role

SAMPLE_NAME: Final = "Schule am Beispielweg"
"""The name of the school in config/school.yaml."""

_HOSTS: Final = (
    ("matrix", "server_name"),
    ("matrix", "homeserver_url"),
    ("matrix", "public_url"),
    ("web", "public_url"),
    ("web", "element_url"),
    ("database", "url"),
    ("bbb", "url"),
)
_Problem = tuple[int | None, str]


def load_settings(path: Path) -> Settings:
    """Everything in the school.yaml at `path`. Files with secrets are not read.

    Raises:
        ConfigError: the file cannot be read or used; the text has a sentence for every problem.
    """
    source = read_source(path)
    problems: list[_Problem] = list(_sample_values(source))
    settings = None
    try:
        # JSON, because pydantic is strict about it and still knows that a list is a tuple and a text a path.
        settings = Settings.model_validate_json(json.dumps(_with_all_sections(source.data)), context=source)
    except ValidationError as error:
        details = [detail for detail in error.errors(include_url=False) if detail["type"] != FOLLOW_UP]
        problems += [explain(detail, source, Settings) for detail in details]
    if settings is not None:
        problems += [*_unknown_roles(settings, source), *_widget_nobody_sees(settings, source)]
    if settings is None or problems:
        # From top to bottom; what has no line comes last.
        problems.sort(key=lambda problem: (problem[0] is None, problem[0]))
        raise ConfigError(sentence_at(path, line, text) for line, text in problems)
    return settings


def _with_all_sections(data: dict[str, Any], model: type[Section] = Settings) -> dict[str, Any]:
    """`data` with an empty section for each that is missing or has all its lines commented out."""
    result = dict(data)
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            key = field.alias or name
            written = {} if data.get(key) is None else data[key]
            result[key] = _with_all_sections(written, field.annotation) if isinstance(written, dict) else written
    return result


def _sample_values(source: Source) -> Iterator[_Problem]:
    """What nobody has changed since copying the sample. Only `schulbote demo` may run with it."""
    if source.data.get("demo") is True:
        return
    for place in _HOSTS:
        value = _at(source, place)
        if isinstance(value, str) and (host := sample_host(value)):
            yield _sample_value(source, place, host)
    if _at(source, ("school", "name")) == SAMPLE_NAME:
        yield _sample_value(source, ("school", "name"), SAMPLE_NAME)


def _sample_value(source: Source, place: Place, value: str) -> _Problem:
    key = dotted(place)
    return source.line_of(place), f'school.yaml still holds the sample value "{value}" for {key}; write your own.'


def _unknown_roles(settings: Settings, source: Source) -> Iterator[_Problem]:
    """Roles that are neither built in nor added."""
    added = settings.rights.added_roles
    for index, role in enumerate(added):
        if role in BUILT_IN_ROLES:
            place: Place = ("rights", "added_roles", index)
            yield source.line_of(place), f'rights.added_roles: the role "{role}" is built in; take it out.'
    known = sorted(settings.rights.all_roles)
    for role in settings.rights.roles:
        if role not in known:
            yield source.line_of(("rights", "roles", role)), f"rights.roles.{role}: {_no_role(role, known)}"
    for role in settings.register.roles:
        if role not in added:
            yield (
                source.line_of(("register", "roles", role)),
                f'register.roles.{role}: only roles in rights.added_roles can be given here; add "{role}" there.',
            )
    for key, named in (
        ("rights.roles_in_groups", settings.rights.roles_in_groups),
        ("files.roles", settings.files.roles),
    ):
        for role in named:
            if role not in known:
                yield source.line_of((*key.split("."), role)), f"{key}.{role}: {_no_role(role, known)}"
    for section, roles in (("rest", settings.rest.roles), ("encryption", settings.encryption.roles)):
        for index, role in enumerate(roles):
            if role not in known:
                yield source.line_of((section, "roles", index)), f"{section}.roles: {_no_role(role, known)}"


def _widget_nobody_sees(settings: Settings, source: Source) -> Iterator[_Problem]:
    """A widget without conferences, or without an Element that may show it."""
    needed = {"bbb.url": settings.bbb.url, "web.element_url": settings.web.element_url}
    missing = [key for key, value in needed.items() if value is None]
    if settings.conferences.widget and missing:
        yield (
            source.line_of(("conferences", "widget")),
            f"conferences.widget: a widget needs {' and '.join(missing)}; write that, or take this line out.",
        )


def _no_role(role: str, known: list[Role]) -> str:
    near = get_close_matches(role, known, 1)
    hint = f'did you mean "{near[0]}"?' if near else f"roles are {', '.join(known)}."
    return f'there is no role "{role}"; add it to rights.added_roles, or {hint}'


def _at(source: Source, place: tuple[str, ...]) -> object:
    value: object = source.data
    for key in place:
        value = value.get(key) if isinstance(value, dict) else None
    return value
