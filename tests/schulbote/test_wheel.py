"""What is installed is whole: also the files that are no Python."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = {
    "letter.typ": "appservice/letters/letter.typ",
    "school.yaml": "schulbote/samples/school.yaml",
    "element.json": "schulbote/samples/element.json",
    "LICENSE of matrix-widget-api": "bbb_widget/widget/web/static/matrix-widget-api.LICENSE",
}


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The files in the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = folder.iterdir()
    with ZipFile(wheel) as opened:
        return set(opened.namelist())


@pytest.mark.parametrize("path", SOURCES.values(), ids=SOURCES.keys())
def test_the_wheel_has_what_is_no_python(names: set[str], path: str) -> None:
    assert path in names


def test_the_wheel_has_every_file_of_the_packages(names: set[str]) -> None:
    files = [
        path
        for package in ("appservice", "bbb_widget", "school")
        for path in (ROOT / package).rglob("*")
        if path.is_file()
    ]
    wanted = {str(path.relative_to(ROOT)) for path in files if path.suffix != ".pyc"}
    assert len(wanted) > 100
    assert wanted - names == set()
