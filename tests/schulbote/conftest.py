from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import pytest
from click.testing import CliRunner

from schulbote.cli import main

SAMPLE_REGISTER = Path(__file__).parents[2] / "config" / "sample-register"


@dataclass(frozen=True)
class Answer:
    """What a command said. A stack trace would be an exception that is no `SystemExit`."""

    status: int
    out: str
    err: str


@pytest.fixture
def schulbote() -> Callable[..., Answer]:
    """Runs `schulbote ARGUMENTS` in this process."""

    def run(*arguments: object) -> Answer:
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        failure: tuple[type[BaseException], BaseException, TracebackType | None] | None = result.exc_info
        if failure is not None and not issubclass(failure[0], SystemExit):
            raise failure[1]
        assert "Traceback" not in result.output
        return Answer(status=result.exit_code, out=result.stdout, err=result.stderr)

    return run


@pytest.fixture
def school(schulbote: Callable[..., Answer], tmp_path: Path) -> Path:
    """The folder that `schulbote init` makes, with the sample's people as register."""
    folder = tmp_path / "school"
    values = {
        "--name": "Schule am See",
        "--server-name": "schule-am-see.de",
        "--public-url": "https://matrix.schule-am-see.de",
        "--homeserver-url": "http://127.0.0.1:1",
    }
    answer = schulbote("init", folder, *(part for option in values.items() for part in option))
    assert answer.status == 0, answer.err
    with (folder / "school.yaml").open("a") as file:
        file.write(f"register: {{folder: '{SAMPLE_REGISTER}'}}\n")
    return folder
