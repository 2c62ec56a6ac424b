"""Which files are taken: one good example of each kind, and what is dressed up as one."""

import io
import re
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from tasks.file_kinds import FileFault, endings, fault_in, kind_of

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
FTYP = b"\0\0\0\x18ftyp"


def zipped(*names: str) -> bytes:
    file = io.BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, "x")
    return file.getvalue()


DOCX = ("[Content_Types].xml", "word/document.xml")
GOOD = {
    "a.pdf": b"\n%PDF-1.7 ...",
    "a.JPG": b"\xff\xd8\xff\xe0...",
    "a.jpeg": b"\xff\xd8\xff\xe1...",
    "a.png": b"\x89PNG\r\n\x1a\n...",
    "a.gif": b"GIF89a...",
    "a.webp": b"RIFF\0\0\0\0WEBP...",
    "a.heic": FTYP + b"heic...",
    "a.heif": FTYP + b"mif1...",
    "a.mp3": b"\xff\xfb\x90...",
    "b.mp3": b"ID3\x03...",
    "a.wav": b"RIFF\0\0\0\0WAVE...",
    "a.ogg": b"OggS...",
    "a.oga": b"OggS...",
    "a.opus": b"OggS...",
    "a.m4a": FTYP + b"M4A ...",
    "a.mp4": FTYP + b"isom...",
    "a.3gp": FTYP + b"3gp4...",
    "a.mov": FTYP + b"qt  ...",
    "a.webm": b"\x1a\x45\xdf\xa3...",
    "a.docx": zipped(*DOCX),
    "a.xlsx": zipped("[Content_Types].xml", "xl/workbook.xml"),
    "a.pptx": zipped("[Content_Types].xml", "ppt/presentation.xml"),
    "a.odt": zipped("mimetype", "content.xml"),
    "a.ods": zipped("mimetype", "content.xml"),
    "a.odp": zipped("mimetype", "content.xml"),
    "a.odg": zipped("mimetype", "content.xml"),
    "a.pages": zipped("Index/Document.iwa"),
    "a.numbers": zipped("Index/Document.iwa"),
    "a.key": zipped("Index/Presentation.iwa"),
    "a.ggb": zipped("geogebra.xml"),
    "a.sb3": zipped("project.json"),
    "a.zip": zipped("a.txt"),
    "a.doc": OLE,
    "a.xls": OLE,
    "a.ppt": OLE,
    "a.rtf": b"{\\rtf1 ...",
    "a.txt": "Über".encode(),
    "b.txt": "Über".encode("cp1252"),
    "a.md": b"# Gedicht",
    "a.tex": b"\\documentclass{article}",
    "a.py": b"print('hallo')",
    "a.java": b"class A {}",
    "a.csv": b"a;b\n1;2",
}


@pytest.mark.parametrize("name", GOOD)
def test_what_schools_hand_in_is_taken(name: str) -> None:
    assert fault_in(name, io.BytesIO(GOOD[name])) is None


def test_there_is_a_good_example_of_every_kind() -> None:
    assert {f".{name.rpartition('.')[2].lower()}" for name in GOOD} == set(endings())


@pytest.mark.parametrize("name", ["a.exe", "a.html", "a.svg", "a.docm", "a.js", "a.bat", "a.apk", "a", "pdf", ""])
def test_what_runs_or_is_unknown_is_not(name: str) -> None:
    assert kind_of(name) is None
    assert fault_in(name, io.BytesIO(b"%PDF-1.7")) is FileFault.KIND


PROGRAM = b"MZ\x90\0" + bytes(500)


@pytest.mark.parametrize("ending", sorted(endings()))
def test_a_program_with_another_name_is_found_out(ending: str) -> None:
    assert fault_in(f"a{ending}", io.BytesIO(PROGRAM)) is FileFault.NOT_WHAT_IT_SAYS


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        pytest.param("a.docx", zipped(*DOCX, "word/vbaProject.bin"), FileFault.MACROS, id="a docm called docx"),
        pytest.param("a.docx", zipped(*DOCX, "word/VBAPROJECT.BIN"), FileFault.MACROS, id="in capital letters"),
        pytest.param("a.xlsx", zipped("xl/workbook.xml", "xl/vbaProject.bin"), FileFault.MACROS, id="an xlsm"),
        pytest.param("a.odt", zipped("content.xml", "Basic/script-lc.xml"), FileFault.MACROS, id="an odt with macros"),
        pytest.param(
            "a.doc", OLE + bytes(70_000) + "_VBA_PROJECT".encode("utf-16-le"), FileFault.MACROS, id="an old document"
        ),
        pytest.param(
            "a.doc",
            OLE.ljust(65_530, b"\0") + "_VBA_PROJECT".encode("utf-16-le"),
            FileFault.MACROS,
            id="over the border of two pieces",
        ),
        pytest.param("a.docx", zipped("a.txt"), FileFault.NOT_WHAT_IT_SAYS, id="any zip called docx"),
        pytest.param("a.docx", OLE, FileFault.NOT_WHAT_IT_SAYS, id="an old document called docx"),
        pytest.param("a.zip", zipped("a.txt")[:-30], FileFault.NOT_WHAT_IT_SAYS, id="half a zip"),
        pytest.param("a.zip", b"PK\x03\x04" + bytes(10), FileFault.NOT_WHAT_IT_SAYS, id="a zip without contents"),
        pytest.param("a.pdf", b"<html><script>", FileFault.NOT_WHAT_IT_SAYS, id="a page called pdf"),
        pytest.param("a.txt", b"\xef\xbb\xbf <HTML>", FileFault.NOT_WHAT_IT_SAYS, id="a page called txt"),
        pytest.param("a.txt", b"<svg onload=", FileFault.NOT_WHAT_IT_SAYS, id="a drawing with a script called txt"),
        pytest.param("a.csv", b"a;b" * 5000 + b"\0", FileFault.NOT_WHAT_IT_SAYS, id="no text further on"),
        pytest.param("a.jpg", b"\x89PNG\r\n\x1a\n", FileFault.NOT_WHAT_IT_SAYS, id="a png called jpg"),
        pytest.param("a.pdf", b"", FileFault.EMPTY, id="nothing in it"),
    ],
)
def test_what_is_dressed_up_is_not_taken(name: str, content: bytes, fault: FileFault) -> None:
    assert fault_in(name, io.BytesIO(content)) is fault


def test_a_zip_whose_list_of_contents_would_fill_the_memory_is_not_read() -> None:
    short = zipped("a.txt")
    end = short.rfind(b"PK\x05\x06")
    said = short[: end + 12] + (2**31).to_bytes(4, "little") + short[end + 16 :]
    assert fault_in("a.zip", io.BytesIO(said)) is FileFault.NOT_WHAT_IT_SAYS
    many = zipped(*(f"{number:060}" for number in range(12_000)))
    assert fault_in("a.zip", io.BytesIO(many)) is FileFault.NOT_WHAT_IT_SAYS


def test_browsers_are_told_no_type_that_they_would_run() -> None:
    types = {kind.media_type for name in GOOD if (kind := kind_of(name)) is not None}
    assert not [one for one in types if re.search("html|svg|script|xml$", one)]


def test_this_very_file_is_text() -> None:
    with Path(__file__).open("rb") as file:
        assert fault_in("test.py", file) is None
