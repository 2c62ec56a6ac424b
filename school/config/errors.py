"""What is raised when the configuration cannot be used."""

from collections.abc import Iterable
from pathlib import Path
from typing import Self

from school.errors import WrongUseError


class ConfigError(WrongUseError):
    """The configuration cannot be used. The text is one sentence a line, for the person who looks after it; it never
    contains a secret."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))

    @classmethod
    def at(cls, path: Path, line: int | None, problem: str) -> Self:
        """One problem at one place."""
        return cls([sentence_at(path, line, problem)])


def sentence_at(path: Path, line: int | None, problem: str) -> str:
    """How every problem begins: the file and, where there is one, the line."""
    return f"{path}: {problem}" if line is None else f"{path}, line {line}: {problem}"
