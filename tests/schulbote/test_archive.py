"""An archive is there whole or not at all, and takes no other file's place."""

from pathlib import Path
from zipfile import ZipFile

import pytest

from schulbote.archive import NoPlaceError, new_archive, require_place


def test_it_is_its_owners_only_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    out = tmp_path / "a.zip"
    with new_archive(out) as archive:
        archive.writestr("a.txt", "ä")
        assert not out.exists()
        [beside] = tmp_path.iterdir()
        assert beside.stat().st_mode & 0o777 == 0o600
    assert [*tmp_path.iterdir()] == [out]
    assert out.stat().st_mode & 0o777 == 0o600
    assert ZipFile(out).read("a.txt").decode() == "ä"


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with new_archive(tmp_path / "a.zip") as archive:
            archive.writestr("a.txt", "a")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert [*tmp_path.iterdir()] == []


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    out = tmp_path / "a.zip"

    def write() -> None:
        with new_archive(out) as archive:
            archive.writestr("a.txt", "a")
            out.write_text("other")

    with pytest.raises(NoPlaceError, match="is there already"):
        write()
    assert out.read_text() == "other"
    assert [*tmp_path.iterdir()] == [out]


def test_where_there_can_be_no_new_file_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.zip").touch()
    (tmp_path / "link.zip").symlink_to(tmp_path / "nowhere")
    for out, why in (
        (tmp_path, "is a folder"),
        (tmp_path / "a.zip", "is there already"),
        (tmp_path / "link.zip", "is there already"),
        (tmp_path / "no" / "a.zip", "There is no folder"),
    ):
        with pytest.raises(NoPlaceError, match=why):
            require_place(out)
