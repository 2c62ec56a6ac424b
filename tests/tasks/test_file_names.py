import pytest

from tasks.file_names import folder_name, tidy_file_name


@pytest.mark.parametrize(
    ("name", "tidy"),
    [
        ("Gedicht.pdf", "Gedicht.pdf"),
        ("Übung ß – 3.docx", "Übung ß – 3.docx"),
        ("U\u0308bung.pdf", "Übung.pdf"),
        ("C:\\Users\\ben\\Bild.JPG", "Bild.JPG"),
        ("../../etc/passwd", "passwd"),
        ("a/b/.hidden", "hidden"),
        ("Was? \"Das\": <ich>*.pdf", "Was_ _Das__ _ich__.pdf"),
        ("rechnung\u202egpj.exe.pdf", "rechnunggpj.exe.pdf"),
        ("zwei\nZeilen\x00.txt", "zweiZeilen.txt"),
        ("  viel   Platz  .txt", "viel Platz.txt"),
        ("con.txt", "_con.txt"),
        ("LPT1.pdf", "_LPT1.pdf"),
        ("konto.pdf", "konto.pdf"),
        ("", "Datei"),
        ("...", "Datei"),
        (".pdf", "pdf"),
        ("/", "Datei"),
    ],
)  # fmt: skip
def test_names_that_every_system_can_write(name: str, tidy: str) -> None:
    assert tidy_file_name(name) == tidy


def test_a_long_name_is_cut_and_keeps_its_ending() -> None:
    name = tidy_file_name("ä" * 300 + ".pdf")
    assert len(name) == 120
    assert name.endswith("ä.pdf")
    assert len(tidy_file_name("a" * 300)) == 120
    assert len(tidy_file_name("a." + "b" * 300)) < 120


def test_a_folder_has_no_ending_and_no_path() -> None:
    assert folder_name("Groß, Ben (8.1)") == "Groß, Ben (8 1)"
    assert folder_name("Groß/Klein, Ben") == "Groß Klein, Ben"
    assert folder_name("../..") == "Ordner"
