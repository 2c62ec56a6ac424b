"""Reads school.yaml into plain values (mappings, lists, text, numbers, true, false, nothing), each with its line.

Keys and dates stay the text that stands there: `00123` as a person's id keeps its zeros.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from school.config.errors import ConfigError

Place = tuple[str | int, ...]
"""Where a value stands: keys, and positions in lists, from the top. The same as pydantic's `loc`."""

_TAG: Final = "tag:yaml.org,2002:"
_TEXT_TAGS: Final = frozenset({f"{_TAG}str", f"{_TAG}timestamp"})
_INDENTED_WITH_TAB: Final = re.compile(r"^ *\t[ \t]*[^\s#]", re.MULTILINE)
_ADVICE: Final = "often a colon, a quotation mark or a bracket is missing, or lines are not indented alike"


@dataclass(frozen=True, slots=True)
class Source:
    """What stands in the file. `lines` are those of the keys and list entries, the first line being 1."""

    path: Path
    data: dict[str, Any]
    lines: Mapping[Place, int]

    @property
    def folder(self) -> Path:
        """What relative paths in the file are relative to."""
        return self.path.parent

    def line_of(self, place: Place) -> int | None:
        """The line of `place`, or of the nearest thing around it that has one."""
        while place:
            if place in self.lines:
                return self.lines[place]
            place = place[:-1]
        return None


def read_source(path: Path) -> Source:
    """Reads the file at `path`.

    Raises:
        ConfigError: there is no such file, or it is not YAML with keys and values.
    """
    text = _read_text(path)
    try:
        root = YAML(typ="rt", pure=True).compose(text)
    except YAMLError as error:
        raise _not_yaml(path, text, error) from None
    except RecursionError:
        raise ConfigError.at(path, None, "brackets or blocks are nested too deeply to be a configuration.") from None
    if root is None:
        raise ConfigError.at(path, None, "the file is empty; begin with a copy of config/school.yaml.")
    if not isinstance(root, MappingNode):
        raise ConfigError.at(
            path, _line(root), "the file must consist of keys and values, such as `school:`; see config/school.yaml."
        )
    reader = _NodeReader(path)
    data = reader.mapping(root, ())
    if reader.problems:
        raise ConfigError(reader.problems)
    return Source(path.absolute(), data, MappingProxyType(reader.lines))


class _NodeReader:
    """Turns the nodes of a YAML document into values, and collects lines and problems on the way."""

    def __init__(self, path: Path) -> None:
        self.lines: dict[Place, int] = {}
        self.problems: list[str] = []
        self._path = path
        self._open: set[int] = set()

    def mapping(self, node: MappingNode, place: Place) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self._problem(key_node, "a key must be text, not a list or a mapping.")
                continue
            key = str(key_node.value)
            here = (*place, key)
            if key in result:
                first = self.lines[here]
                self._problem(key_node, f"{dotted(here)} stands here again; it is in line {first} already. Keep one.")
                continue
            self.lines[here] = _line(key_node)
            result[key] = self._value(value_node, here)
        return result

    def _value(self, node: Node, place: Place) -> Any:
        if isinstance(node, ScalarNode):
            return self._scalar(node, place)
        if id(node) in self._open:
            self._problem(node, f"{dotted(place)} contains itself (an alias `*name` inside its own `&name`).")
            return None
        self._open.add(id(node))
        try:
            if isinstance(node, MappingNode):
                return self.mapping(node, place)
            return self._sequence(node.value, place)
        finally:
            self._open.remove(id(node))

    def _sequence(self, nodes: list[Node], place: Place) -> list[Any]:
        result = []
        for index, item in enumerate(nodes):
            here = (*place, index)
            self.lines[here] = _line(item)
            result.append(self._value(item, here))
        return result

    def _scalar(self, node: ScalarNode, place: Place) -> Any:
        text, tag = str(node.value), str(node.tag)
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            self._problem(node, f"{dotted(place)} holds half a character (an escape `\\ud8…`); write it as it is.")
            return None
        if tag in _TEXT_TAGS:
            return text
        if tag == f"{_TAG}null":
            return None
        if tag == f"{_TAG}bool":
            return text.lower() in {"true", "yes", "on"}
        if tag in {f"{_TAG}int", f"{_TAG}float"}:
            return _number(text)
        self._problem(node, f"{dotted(place)} has a tag (`!…`), which means nothing here; take it out.")
        return None

    def _problem(self, node: Node, problem: str) -> None:
        self.problems.append(str(ConfigError.at(self._path, _line(node), problem)))


def dotted(place: Place) -> str:
    """A place as people write it, `rest.reachable.mon`. The line number says which entry of a list is meant."""
    return ".".join(key for key in place if isinstance(key, str))


def _read_text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError.at(
            path, None, "there is no such file; copy config/school.yaml there, or name another file."
        ) from None
    except IsADirectoryError:
        raise ConfigError.at(path, None, "this is a folder; name the school.yaml in it.") from None
    except PermissionError:
        raise ConfigError.at(path, None, "this user may not read the file; change its owner or its mode.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no file can have this name"
        raise ConfigError.at(path, None, f"the file cannot be read ({reason}).") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError.at(path, line, "this is not UTF-8; save the file with the encoding UTF-8.") from None


def _not_yaml(path: Path, text: str, error: YAMLError) -> ConfigError:
    if tab := _INDENTED_WITH_TAB.search(text):
        line = text.count("\n", 0, tab.start()) + 1
        return ConfigError.at(path, line, "the line begins with a tab; indent with blanks.")
    if isinstance(error, MarkedYAMLError) and error.problem_mark is not None:
        return ConfigError.at(path, error.problem_mark.line + 1, f"this is not YAML ({error.problem}); {_ADVICE}.")
    # What is left is a character that no text contains.
    position = getattr(error, "position", None)
    line_or_none = text.count("\n", 0, position) + 1 if isinstance(position, int) else None
    return ConfigError.at(path, line_or_none, "there is a character that cannot be printed; take it out.")


def _number(text: str) -> int | float | str:
    """A number as YAML 1.2 writes it; the text itself where Python cannot read it."""
    digits = text.replace("_", "")
    for read in (int, lambda written: int(written, 0), float):
        try:
            return read(digits)
        except ValueError:
            continue
    return text


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1
