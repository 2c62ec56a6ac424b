"""Where the files are: a folder or a zip, which is read in place and cannot fill the memory."""

import gzip
import zipfile
from pathlib import Path

import pytest
from register_formats import zipped

from roster_sync.sources import files, read_register
from roster_sync.sources.files import read_whole, unzipped
from school.domain.roster import RegisterError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small IServ register."""
    head = "Import-ID;Vorname;Nachname;Klasse/Information;Gruppen\n"
    (made := tmp_path / "iserv").mkdir()
    (made / "schueler.csv").write_text(head + "S1;Anna;Koch;8.1;Klasse 8.1\n")
    (made / "lehrer.csv").write_text(head + "T1;Ida;Groß;;Klasse 8.1\n")
    return made


def refusal(path: Path, options) -> str:
    with pytest.raises(RegisterError) as caught:
        read_register(path, options)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


@pytest.mark.parametrize("inside", ["", "register/"])
def test_a_zip_says_what_its_folder_says(folder, tmp_path, options, inside):
    archive = zipped(folder, tmp_path / "register.zip", inside)
    assert read_register(archive, options) == read_register(folder, options)


def test_what_a_mac_puts_beside_the_folder_is_not_looked_at(folder, tmp_path, options):
    archive = zipped(folder, tmp_path / "register.zip", "register/")
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr("__MACOSX/register/._schueler.csv", b"\0")
    assert read_register(archive, options) == read_register(folder, options)


def test_nothing_of_a_zip_is_written(folder, tmp_path, options, monkeypatch):
    archive = zipped(folder, tmp_path / "register.zip")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    read_register(archive, options)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_a_register_in_the_second_folder_down_is_not_found(folder, tmp_path, options):
    archive = zipped(folder, tmp_path / "register.zip", "a/b/")
    assert "register.zip holds no register; put either" in refusal(archive, options)


def test_two_folders_with_a_register_in_a_zip_are_an_error(folder, tmp_path, options):
    archive = zipped(folder, tmp_path / "register.zip", "day1/")
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr("day2/schueler.csv", "")
    assert "several folders with a register" in refusal(archive, options)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_that_a_zip_holds_twice_is_an_error(folder, tmp_path, options):
    archive = zipped(folder, tmp_path / "register.zip")
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr("schueler.csv", "")
    assert "holds a file twice" in refusal(archive, options)


def test_an_error_in_a_zip_names_file_row_and_column(folder, tmp_path, options):
    (folder / "lehrer.csv").write_text("Import-ID;Vorname;Nachname;Klasse/Information;Gruppen\nT1;;Groß;;\n")
    text = refusal(zipped(folder, tmp_path / "register.zip"), options)
    assert text == "lehrer.csv, row 2, column Vorname: this cell is empty; fill it in."


def test_a_file_missing_in_a_zip_is_put_into_the_zip(folder, tmp_path, options):
    (folder / "lehrer.csv").unlink()
    archive = zipped(folder, tmp_path / "register.zip")
    assert refusal(archive, options) == f"lehrer.csv is missing; put it into {archive}."


def test_a_file_that_is_called_zip_but_is_none_is_damaged(tmp_path, options):
    (tmp_path / "register.zip").write_bytes(b"PK\x03\x04 cut off")
    assert "is a damaged zip file; pack it again" in refusal(tmp_path / "register.zip", options)


def test_an_encrypted_file_in_a_zip_is_said_so(folder, tmp_path, options):
    archive = zipped(folder, tmp_path / "register.zip")
    data = bytearray(archive.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # APPNOTE.TXT 4.3.7 and 4.3.12
        start = -1
        while (start := data.find(signature, start + 1)) >= 0:
            data[start + flags] |= 1
    archive.write_bytes(data)
    assert "is encrypted in" in refusal(archive, options)
    assert "without a password" in refusal(archive, options)


def test_a_file_damaged_inside_a_zip_is_said_so(folder, tmp_path, options):
    archive = tmp_path / "register.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as opened:
        for file in folder.iterdir():
            opened.write(file, file.name)
    archive.write_bytes(archive.read_bytes().replace(b"Anna", b"Anne"))
    assert refusal(archive, options).startswith("schueler.csv is damaged in")


def test_a_zip_bomb_is_refused_before_it_is_unpacked_whole(folder, tmp_path, options, monkeypatch):
    monkeypatch.setattr(files, "LARGEST", 1_000_000)
    with (folder / "schueler.csv").open("ab") as stream:
        stream.write(b"\n" * 1_000_001)
    archive = zipped(folder, tmp_path / "register.zip")
    assert archive.stat().st_size < 10_000
    assert refusal(archive, options).startswith("schueler.csv has more than")


def test_a_zip_bomb_that_lies_about_its_size_is_refused(folder, tmp_path, options, monkeypatch):
    """Only so much is unpacked as was said, and that is not what the checksum is of."""
    with (folder / "schueler.csv").open("ab") as stream:
        stream.write(b"\n" * 1_000_001)
    archive = zipped(folder, tmp_path / "register.zip")
    size = (folder / "schueler.csv").stat().st_size.to_bytes(4, "little")
    assert archive.read_bytes().count(size) == 2
    archive.write_bytes(archive.read_bytes().replace(size, (1000).to_bytes(4, "little")))
    assert refusal(archive, options).startswith("schueler.csv is damaged in")


def test_the_limit_holds_for_files_in_a_folder_and_for_gzip(folder, monkeypatch):
    monkeypatch.setattr(files, "LARGEST", 10)
    with pytest.raises(RegisterError, match=r"schueler\.csv has more than"):
        read_whole(folder / "schueler.csv")
    with pytest.raises(RegisterError, match="a has more than"):
        unzipped("a", gzip.compress(b"x" * 11))
    assert unzipped("a", gzip.compress(b"x" * 10)) == b"x" * 10


def test_a_gzip_file_that_is_cut_off_is_damaged():
    with pytest.raises(RegisterError, match="damaged gzip file"):
        unzipped("a", gzip.compress(b"x" * 1000)[:-10])
